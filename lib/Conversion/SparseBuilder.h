//===- SparseBuilder.h - sparse matrices row by row -------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sparse operands as buffers, and sparse results of exactly the memory they
// need, computed in parallel. "Rows" are those of the storage: of a CSC matrix
// its columns.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_CONVERSION_SPARSEBUILDER_H
#define NOODLE_LIB_CONVERSION_SPARSEBUILDER_H

#include "Lowering.h"

namespace mlir::noodle {

/// The buffers of a sparse matrix, which are not written to.
struct StoredRows {
  Value positions, coordinates, values;
  Value rows, columns; ///< extents of dense and compressed level
};
StoredRows storedRows(Emitter &e, Value tensor);

/// An element of positions or coordinates as an index; they are not negative.
Value loadIndex(Emitter &e, Value buffer, Value at);
void storeIndex(Emitter &e, Value index, Value buffer, Value at);

/// The matrix's entries by its other dimension, sorted by the runtime.
StoredRows transposedRows(Emitter &e, const StoredRows &rows);
/// The same entries with the index widths of `type`; ends the call where they
/// do not fit.
StoredRows withWidths(Emitter &e, const StoredRows &rows,
                      RankedTensorType type);
/// The entries of a matrix in the order of `type`'s storage.
StoredRows rowsInOrder(Emitter &e, Value tensor, RankedTensorType type);
/// A tensor of a sparse type; the buffers have its index widths and order.
/// `held` is how many values there are, where these are not one an entry.
Value assemble(Emitter &e, const StoredRows &rows, RankedTensorType type,
               Value held = {});

/// Whether two matrices of the same extents and index widths store entries at
/// the same places.
Value samePattern(Emitter &e, const StoredRows &x, const StoredRows &y);
/// Where `condition` holds, fills a matrix of the places that x and y share
/// with what `value` makes of their entries.
void fillPattern(Emitter &e, Value condition, const StoredRows &x,
                 const StoredRows &y, const StoredRows &result,
                 llvm::function_ref<Value(Value, Value)> value);

/// A vector of `type`: for each column the sum, from `zero` on, by `add`, of
/// `term` of the column and each entry there. `atRow` is called ahead of the
/// entries of each row, then `adds`, whether these change any sum: null where
/// that is not known. All may be called more than once to emit their code.
Value scatterRows(Emitter &e, const StoredRows &rows, RankedTensorType type,
                  Value zero, llvm::function_ref<void(Value row)> atRow,
                  llvm::function_ref<Value()> adds,
                  llvm::function_ref<Value(Value column, Value entry)> term,
                  llvm::function_ref<Value(Value, Value)> add);

/// Makes a sparse matrix with the index widths and elements of `type` from what
/// a function says each row holds.
class SparseBuilder {
public:
  SparseBuilder(Emitter &e, RankedTensorType type, Value rows, Value columns);

  /// A number that does not fall with the row: the work ahead of it.
  using Weight = llvm::function_ref<Value(Value row)>;
  /// Puts a row's entries from place `at` on, and returns the place behind
  /// them. Called twice, once to count alone.
  using Row = llvm::function_ref<Value(Value row, Value at)>;

  /// Counts first, then fills memory of exactly that size. For rows that are
  /// cheap to count.
  StoredRows build(Weight work, Row row);
  /// Fills scratch memory, where the first `bound(row)` places suffice for the
  /// rows ahead of each row, and moves it together. For rows whose count costs
  /// as much as they do.
  StoredRows buildWithin(Weight bound, Row row);

  /// Where `condition` holds, buildWithin takes memory for so many entries and
  /// leaves all of it to the caller. Ahead of it.
  void leave(Value condition, Value entries) {
    isLeft = condition;
    leftEntries = entries;
  }

  /// Whether entries are only counted.
  bool counting() const { return isCounting; }
  /// An entry, where `condition` is null or holds; `value` is not called while
  /// counting. In scratch memory a place may be written to and not used.
  Value put(Value at, Value column, Value condition,
            llvm::function_ref<Value()> value);

private:
  Value firstRow(Weight work, Value target);
  void chunks(llvm::function_ref<void(Value chunk, Value first, Value last)>,
              Weight work);
  void begin(Weight work);
  /// Adds up what chunks hold, takes memory for all of it.
  void place();

  Emitter &e;
  RankedTensorType type;
  StoredRows result;
  Value count, starts; ///< of chunks: how many; where their entries begin
  Value entries;
  Value isLeft, leftEntries; ///< null where nothing is left to the caller
  Value coordinates, values; ///< put writes here
  bool isCounting = false, isScratch = false;
};

} // namespace mlir::noodle

#endif // NOODLE_LIB_CONVERSION_SPARSEBUILDER_H
