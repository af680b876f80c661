//===- Lowering.h - what the lowerings to linalg share ----------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_CONVERSION_LOWERING_H
#define NOODLE_LIB_CONVERSION_LOWERING_H

#include "noodle/Dialect/Noodle.h"
#include "noodle/Dialect/Semiring.h"
#include "noodle/Dialect/SparseOps.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::noodle {

/// A builder of structured ops in front of one noodle op. Ops it makes carry
/// the op's site, and its strategy as `noodle.schedule`.
class Emitter : public ImplicitLocOpBuilder {
public:
  explicit Emitter(Operation *op);

  using Body = llvm::function_ref<Value(OpBuilder &, Location, ValueRange)>;

  Value index(int64_t value);
  /// Extent of a dimension of a tensor, dense or sparse.
  Value dim(Value tensor, int64_t d);
  /// Extents of all dynamic dimensions of `type`, taken from `extents`, which
  /// has one entry per dimension (null where the type is static).
  Value empty(RankedTensorType type, ArrayRef<Value> extents);
  Value filled(RankedTensorType type, ArrayRef<Value> extents, Value scalar);
  /// Extents of a tensor's dimensions, null where static.
  SmallVector<Value> extentsOf(Value tensor);

  /// A linalg.generic of one result over `init`; the body gets one value per
  /// input and the output's. Dimensions of `iterators` are parallel or
  /// reduction.
  Value generic(ValueRange inputs, Value init, ArrayRef<AffineMap> maps,
                ArrayRef<utils::IteratorType> iterators, Body body);
  /// An elementwise generic over dense tensors of one shape and scalars.
  Value elementwise(ValueRange inputs, RankedTensorType type,
                    ArrayRef<Value> extents, Body body);
  /// Elementwise conversion of a dense tensor; the tensor itself where the
  /// element type is already `to`.
  Value cast(Value tensor, Type to);

  /// Ends the call unless two extents are equal; nothing where both are known
  /// to be. `message` reads "operand 0 has ..., but ...".
  void requireEqual(Value a, Value b, const Twine &message);
  void require(Value condition, const Twine &message, int32_t status);

  /// One scf.for over [0, extent) with loop-carried values.
  ValueRange loop(Value extent, ValueRange carried,
                  llvm::function_ref<SmallVector<Value>(Value, ValueRange)>);
  ValueRange loop(Value lower, Value upper, ValueRange carried,
                  llvm::function_ref<SmallVector<Value>(Value, ValueRange)>);

  /// A constant of the element type.
  Value constant(TypedAttr value);
  Value zeroOf(Type elementType);

  /// A dense copy of a sparse tensor with `absent` (of its element type) where
  /// nothing is stored; a dense tensor as it is.
  Value densify(Value tensor, Value absent);
  /// True where a sparse tensor stores an entry (a value other than 0, if
  /// `valued`); a dense one is always judged by value.
  Value presence(Value tensor, bool valued);
  /// The same storage seen as CSR: a CSC matrix becomes its transpose, free.
  Value asRows(Value tensor);
  /// A sparse matrix over transposed coordinates in CSR order: sorted anew.
  Value sortedTranspose(Value rows);
  /// A CSR view as a tensor of `type`, which is CSR or CSC.
  Value fromRows(Value rows, RankedTensorType type);
  /// The CSR type with the encoding widths of `like` and level shape `shape`.
  RankedTensorType rowsType(RankedTensorType like, ArrayRef<int64_t> shape,
                            Type elementType);
  /// The type of a sparse tensor's CSR view.
  RankedTensorType rowsType(RankedTensorType type);

  /// A tensor in the format of `format`, which is sparse, with its own element
  /// type and shape.
  Value toFormat(Value tensor, RankedTensorType format);
  /// A sparse matrix of the same pattern with values `body` of the stored ones.
  Value mapStored(Value tensor, Type elementType,
                  llvm::function_ref<Value(OpBuilder &, Location, Value)> body);

  /// Loops over the stored entries of a CSR or CSC tensor, or over those of one
  /// `row`. The body gets the coordinates of dense and compressed level, the
  /// value and what is carried.
  SmallVector<Value>
  stored(Value tensor, Value row, ValueRange carried,
         llvm::function_ref<SmallVector<Value>(Value row, Value column,
                                               Value value, ValueRange)>
             body);

  Operation *source() const { return op; }

  /// Site and strategy of the op go along with what it becomes.
  void note(Operation *made);

private:
  Operation *op;
};

/// Runs the noodle-to-linalg form of an op; returns the value that replaces its
/// result. The op is lowerable.
Value lowerContract(ContractOp op);
Value lowerMap(MapOp op);
Value lowerSoftmax(SoftmaxOp op);
Value lowerLayerNorm(LayerNormOp op);
Value lowerReduce(ReduceOp op);
Value lowerTranspose(TransposeOp op);
Value lowerConcat(ConcatOp op);
Value lowerGather(GatherOp op);
Value lowerScatter(ScatterOp op);
Value lowerConvert(ConvertOp op);
// SparseLowering.cpp
Value lowerMerge(MergeOp op);
/// Of a union of two sparse matrices: the body is asked where both store an
/// entry; where one does, it is the result's.
Value mergeCommon(MergeOp op);
Value lowerSelect(SelectOp op);
Value lowerKron(KronOp op);
Value lowerExtract(ExtractOp op);
Value lowerAssign(AssignOp op);
// BlockLowering.cpp
Value lowerExpandBlocks(ExpandBlocksOp op);
Value lowerPackBlocks(PackBlocksOp op);
Value concatSparse(Emitter &e, ConcatOp op);
/// The entries of a dense matrix that differ from `absent`.
Value sparsified(Emitter &e, Value dense, RankedTensorType type, Value absent);

} // namespace mlir::noodle

#endif // NOODLE_LIB_CONVERSION_LOWERING_H
