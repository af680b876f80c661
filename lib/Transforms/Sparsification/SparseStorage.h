//===- SparseStorage.h - sparse matrices as buffers -------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_TRANSFORMS_SPARSIFICATION_SPARSESTORAGE_H
#define NOODLE_LIB_TRANSFORMS_SPARSIFICATION_SPARSESTORAGE_H

#include "../Tiling/ContractionLoops.h"

namespace mlir::noodle {

/// The buffers of a CSR matrix, which is not written to.
struct SparseRows {
  Value positions, coordinates, values;
  Value rows, columns; ///< extents

  static SparseRows of(IndexBuilder &b, Value matrix);
};

/// An element of positions or coordinates as an index; they are not negative.
Value loadIndex(IndexBuilder &b, Value buffer, Value at);
/// The reverse.
void storeIndex(IndexBuilder &b, Value index, Value buffer, Value at);

/// Calls `body` with `base` and each bit set in a word of 64, lowest first, and
/// with what it returned before.
Value eachBit(IndexBuilder &b, Value word, Value base, Value carried,
              llvm::function_ref<Value(Value at, Value carried)> body);

/// A CSR result in the making: positions first, then what they say is needed.
class SparseResult {
public:
  SparseResult(IndexBuilder &b, RankedTensorType type, Value rows,
               Value columns);

  /// Each row's count is stored at row + 1; then `place` adds them up and takes
  /// memory for exactly that many entries. More than positions or coordinates
  /// can count end the call.
  void place();
  /// Memory for so many entries; positions are complete.
  void take(Value entries);
  /// The tensor, when all is written.
  Value assemble();

  Value positions, coordinates, values;
  Value rows, columns, entries;

private:
  IndexBuilder &b;
  RankedTensorType type;
};

} // namespace mlir::noodle

#endif // NOODLE_LIB_TRANSFORMS_SPARSIFICATION_SPARSESTORAGE_H
