//===- Contraction.h - what the contraction kernels share -------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_TRANSFORMS_GPU_CONTRACTION_H
#define NOODLE_LIB_TRANSFORMS_GPU_CONTRACTION_H

#include "ChipTable.h"
#include "KernelCode.h"

#include "noodle/Strategy/DeviceForm.h"

#include <optional>

namespace mlir::noodle {

/// A contraction as out[b, r, c] = sum over k of lhs[b, r, k] * rhs[b, k, c]:
/// its numbers, and the code around the sum. `lhs` is the operand with the
/// rows, whichever comes first in the program.
class Product {
public:
  enum Place { Lhs, Rhs, Out };
  enum Group { Rows, Columns, Inner };

  /// Host side: appends inputs, scalars and extents to `spec`.
  Product(Offload &offload, KernelSpec &spec);

  Offload &offload;
  KernelSpec &spec;
  ContractOp op;
  ProductForm form;
  Semiring semiring; ///< at `sum`
  Type element;      ///< of the operands
  Type sum;          ///< what products are added in
  Type result;       ///< of the contraction, before the epilogue
  /// What registers and shared buffers hold. Bits are whole words there; the
  /// built-in semirings also compute with them so.
  Type compute, stored;
  ContractionCost cost;
  /// A product of two zeros may be added to any sum.
  bool pads;

  //===--- Numbers: products of letters' extents
  //---------------------------===//

  using Number = unsigned;
  Number extent(Group group) const { return groupExtents[group]; }
  /// Elements from one step of the group to the next; 0 where the operand has
  /// none of its letters.
  Number stride(Place place, Group group) const {
    return strides[place][group];
  }
  bool hasStride(Place place, Group group, int64_t stride) const {
    return fixed(this->stride(place, group)) == stride;
  }
  /// The number, ShapedType::kDynamic where it is a scalar of the kernel.
  int64_t fixed(Number number) const { return numbers[number].fixed; }
  /// What is known of a group's extent, and of the batches in all; else -1.
  int64_t known(Group group) const { return knownProduct(lettersOf(group)); }
  int64_t knownBatch() const { return knownProduct(form.batch); }
  /// Host side.
  Value hostExtent(Group group);
  /// Host side: sets the grid, a block for every `rows` rows of the group, for
  /// each of `columns` and each batch. What it returns goes to `inBatch`.
  Number setGrid(Group rowGroup, int64_t rows, Value columns);
  /// Names the kernel for people.
  void describe(const std::string &shape);

  /// Lets the runtime run `rows` of the group at a time, where the operands'
  /// order allows it. Call once all inputs are known.
  void allowSplit(Group group, int64_t rows);

  //===--- The kernel's side
  //-----------------------------------------------===//

  /// The kernel's parameters, and where the block stands.
  struct Frame {
    KernelCode &code;
    ValueRange buffers, scalars, workgroup;
    /// Offsets of the batch in both operands and the output.
    SmallVector<Value> base = {};
    /// Per letter: the index, for batch letters.
    SmallVector<Value> index = {};
  };
  Value get(Frame &frame, Number number) const;
  Value extent(Frame &frame, Group group) const {
    return get(frame, groupExtents[group]);
  }
  Value stride(Frame &frame, Place place, Group group) const {
    return get(frame, strides[place][group]);
  }
  /// Emits `body` for the block's batch, with `frame.base` set. It gets the
  /// block's place among the columns.
  void inBatch(Frame &frame, Number columnBlocks,
               llvm::function_ref<void(Value)> body) const;
  /// Whether all numbers, and the steps of `place` from batch to batch, are
  /// multiples of `lanes`.
  Value divisible(Frame &frame, ArrayRef<Number> what, Place place,
                  int64_t lanes) const;

  /// An entry of an operand, of `element` or a vector of it, as `stored`.
  Value toStored(KernelCode &code, Value value) const;
  /// What a shared buffer holds as what is computed with.
  Value toCompute(KernelCode &code, Value value) const;
  /// The semiring's zero and operations on `compute`, or vectors of it where
  /// `wide` allows. Factors are those of lhs and rhs.
  Value zero(KernelCode &code) const;
  bool wide() const { return cost != ContractionCost::Function; }
  Value add(KernelCode &code, Value x, Value y) const;
  /// sum + left * right
  Value addProduct(KernelCode &code, Value sum, Value left, Value right) const;
  /// The entry of the output for a sum at this row and column, which lie within
  /// it: with init, and through the epilogue.
  Value finish(Frame &frame, Value sum, Value row, Value column) const;
  /// Position of an entry of the output.
  Value outPosition(Frame &frame, Value row, Value column) const;
  Type outElement() const {
    return offload.cluster.resultType().getElementType();
  }

private:
  struct Entry {
    SmallVector<int64_t> key; ///< static factor, then dynamic letters
    int64_t fixed;
    unsigned scalar;
  };
  Number number(ArrayRef<unsigned> letters);
  Number stepOf(Place place, unsigned letter);
  Value hostProduct(ArrayRef<unsigned> letters);
  int64_t knownProduct(ArrayRef<unsigned> letters) const;
  ArrayRef<unsigned> lettersOf(Group group) const {
    return group == Rows      ? form.rows
           : group == Columns ? form.columns
                              : form.inner;
  }
  void setIndices(Frame &frame, Group group, Value position,
                  SmallVectorImpl<Value> &index) const;

  ContractSpec equation;
  SmallVector<int64_t> fixedExtents; ///< per letter
  SmallVector<Value> hostExtents;    ///< per letter
  SmallVector<unsigned> stepping[3]; ///< letters of lhs, rhs, out
  SmallVector<Entry> numbers;
  Number groupExtents[3];
  Number strides[3][3];
  struct BatchLetter {
    unsigned letter;
    Number extent;
    Number strides[3];
  };
  SmallVector<BatchLetter> batch;
  /// Per group of several letters: each letter's extent, and steps of the group
  /// from one of its indices to the next. For the epilogue.
  struct Part {
    unsigned letter;
    Number extent, steps;
  };
  SmallVector<Part> parts[3];
  std::optional<unsigned> initBuffer;
  std::optional<Semiring> final; ///< at `result`; none for a user's, elsewhere
  std::optional<Epilogue> epilogue;
};

/// The chip that the module's kernels are made for.
const Chip &chipOf(const Offload &offload);

/// The kernels: tiles of a matrix, and sums for one row or column.
LaunchOp emitTiledContraction(Offload &offload);
LaunchOp emitThinContraction(Offload &offload);

} // namespace mlir::noodle

#endif // NOODLE_LIB_TRANSFORMS_GPU_CONTRACTION_H
