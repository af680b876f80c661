//===- SolverEmitter.h - loops and contractions on square matrices -*- C++ -*-//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_CONVERSION_SOLVEREMITTER_H
#define NOODLE_LIB_CONVERSION_SOLVEREMITTER_H

#include "noodle/Dialect/Semiring.h"
#include "noodle/Dialect/Solver.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::noodle {

/// Rows that are eliminated by scalar loops before a contraction does the rest
/// of the matrix. A guess: three such blocks of f64 fill two thirds of 48 KiB.
inline constexpr int64_t kSolverBlock = 64;

/// A builder in front of an op on a square matrix. Matrices it handles have
/// dynamic extents, so that blocks and wholes have one type.
class SolverEmitter : public ImplicitLocOpBuilder {
public:
  SolverEmitter(Operation *op, SemiringAttr attribute, Semiring semiring)
      : ImplicitLocOpBuilder(op->getLoc(), op), attribute(attribute),
        semiring(semiring), element(semiring.elementType()) {}

  const SemiringAttr attribute;
  const Semiring semiring;
  const Type element;

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(*this, value);
  }
  Value boolean(bool value) {
    return arith::ConstantOp::create(*this, getBoolAttr(value));
  }
  Value number(double value) {
    return arith::ConstantOp::create(*this, getFloatAttr(element, value));
  }
  Value dim(Value tensor, int64_t d);
  Value minus(Value a, Value b) { return arith::SubIOp::create(*this, a, b); }
  Value plus(Value a, Value b) { return arith::AddIOp::create(*this, a, b); }
  Value least(Value a, Value b) { return arith::MinSIOp::create(*this, a, b); }
  Value both(Value a, Value b) { return arith::AndIOp::create(*this, a, b); }
  Value invert(Value a) {
    return arith::XOrIOp::create(*this, a, boolean(true));
  }

  RankedTensorType dense(int64_t rank, Type of = {}) {
    return RankedTensorType::get(
        SmallVector<int64_t>(rank, ShapedType::kDynamic), of ? of : element);
  }
  /// With dynamic extents, and dense.
  Value opened(Value tensor);
  /// As `type`, whose extents are checked where it fixes more.
  Value closed(Value tensor, RankedTensorType type);

  Value at(Value tensor, ValueRange indices) {
    return tensor::ExtractOp::create(*this, tensor, indices);
  }
  Value put(Value scalar, Value tensor, ValueRange indices) {
    return tensor::InsertOp::create(*this, scalar, tensor, indices);
  }
  Value slice(Value tensor, ArrayRef<Value> offsets, ArrayRef<Value> sizes);
  Value putSlice(Value part, Value tensor, ArrayRef<Value> offsets,
                 ArrayRef<Value> sizes);

  using LoopBody =
      llvm::function_ref<SmallVector<Value>(Value index, ValueRange carried)>;
  SmallVector<Value> loop(Value lower, Value upper, int64_t step,
                          ValueRange carried, LoopBody body);
  /// The same with one value that is carried.
  Value loop(Value lower, Value upper, Value carried,
             llvm::function_ref<Value(Value index, Value carried)> body);

  /// While `go` holds of what is carried, `body` makes what is carried next.
  SmallVector<Value>
  repeat(ValueRange carried, llvm::function_ref<Value(ValueRange)> go,
         llvm::function_ref<SmallVector<Value>(ValueRange)> body);

  Value contract(StringRef equation, ValueRange inputs, int64_t rank,
                 Value init = {});
  /// - x, a tensor of its own.
  Value negated(Value x);
  Value add(Value a, Value b) { return semiring.add(*this, getLoc(), a, b); }
  Value mul(Value a, Value b) { return semiring.mul(*this, getLoc(), a, b); }
  Value zero() { return semiring.zero(*this, getLoc()); }
  Value one() { return semiring.one(*this, getLoc()); }

  /// `node` takes the place of {0} in the message.
  void require(Value condition, const Twine &message, int32_t status = 2,
               ValueRange node = {});
  void requireSquare(Value matrix);
  /// A x, or x A where `left`; `init` is added.
  Value apply(Value a, Value x, bool left, Value init = {});
  /// Semiring's one on the diagonal, its zero elsewhere.
  Value identity(Value n);
  /// The matrix with one added to its diagonal.
  Value plusIdentity(Value matrix);
  /// Whether two scalars differ; NaN does not differ from NaN.
  Value differs(Value a, Value b);
  /// The last row in which two tensors of one shape differ, or -1; the last
  /// column where `byColumn` and there are two dimensions.
  Value lastDifference(Value x, Value y, bool byColumn = false);
  /// Whether there was one.
  Value found(Value place);
  /// Whether an entry is other than the semiring's zero.
  Value anyNonzero(Value x);
  /// The greatest of what `each` makes of the entries, at least 0.
  Value greatest(Value x, llvm::function_ref<Value(ValueRange indices)> each);

  /// X of A X = B for tensors with dynamic extents, B of rank 1 or 2; null B:
  /// the inverse. `left`: X A = B.
  Value solve(Value a, Value b, bool left, SolveStructure structure);

private:
  /// An i1 that `each` makes true for an entry.
  Value anyOf(Value x, llvm::function_ref<Value(ValueRange indices)> each);
};

} // namespace mlir::noodle

#endif // NOODLE_LIB_CONVERSION_SOLVEREMITTER_H
