//===- Strassen.h - seven products where eight are written ------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TRANSFORMS_TILING_STRASSEN_H
#define NOODLE_TRANSFORMS_TILING_STRASSEN_H

#include "noodle/Dialect/Noodle.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/SymbolTable.h"
#include <array>
#include <functional>

namespace mlir::noodle {

/// A buffer of rank 2; `transposed`: its first dimension is columns.
struct Matrix {
  Value buffer;
  bool transposed = false;
};
struct Quarters {
  Matrix q11, q12, q21, q22;
};

/// A function made for some levels of halving.
struct StrassenFunction {
  func::FuncOp function;
  int64_t levels;
  unsigned transposed; ///< a bit for each operand
};

/// Emits the form at the builder's place, in the arithmetic of `like`, a plain
/// contraction. Functions are shared through `functions`.
class Strassen {
public:
  using Known = StrassenFunction;
  /// Temporaries are parts of `memory`, bytes, of which it needs `scratch`.
  Strassen(ImplicitLocOpBuilder &b, FusedContractOp like, SymbolTable &table,
           SmallVectorImpl<Known> &functions, int64_t vectorBytes, Value memory)
      : b(b), like(like), table(table), functions(functions),
        vectorBytes(vectorBytes), memory(memory),
        used(arith::ConstantIndexOp::create(b, 0)) {}
  /// The bytes of temporaries for a product of these extents; with `sums` also
  /// of a matrix like the output.
  static Value scratch(ImplicitLocOpBuilder &b, Type element, Value rows,
                       Value columns, Value inner, int64_t levels, bool sums);

  /// c = a bm, with `levels` of halving; what no power of two divides is done
  /// by thin products.
  void whole(const Matrix &a, const Matrix &bm, const Matrix &c,
             int64_t levels);
  /// c += r, element by element.
  void addTo(const Matrix &c, const Matrix &r) {
    pass({c, r}, c, [](OpBuilder &at, Location loc, ArrayRef<Value> v) {
      return SmallVector<Value>{add(at, loc, v[0], v[1])};
    });
  }
  Matrix allocate(OpFoldResult rows, OpFoldResult columns, bool transposed);
  /// The extents of a buffer, as they lie.
  std::pair<OpFoldResult, OpFoldResult> sizes(const Matrix &matrix);

private:
  using Sum = std::function<Value(OpBuilder &, Location, ArrayRef<Value>)>;
  using Sums =
      std::function<SmallVector<Value>(OpBuilder &, Location, ArrayRef<Value>)>;

  static Value add(OpBuilder &at, Location loc, Value x, Value y);
  static Value sub(OpBuilder &at, Location loc, Value x, Value y);

  static Value bytesOf(ImplicitLocOpBuilder &b, Type element, Value rows,
                       Value columns);
  Value extent(const Matrix &matrix, unsigned dim);
  Matrix part(const Matrix &matrix, OpFoldResult row, OpFoldResult column,
              OpFoldResult rows, OpFoldResult columns);
  Quarters quarters(const Matrix &matrix, OpFoldResult rows,
                    OpFoldResult columns);
  std::array<OpFoldResult, 3> halves(const Matrix &a, const Matrix &c);

  /// One pass over matrices that lie alike: `out` from `in`.
  void pass(ArrayRef<Matrix> in, ArrayRef<Matrix> out, Sums sums);
  /// One product by the emitter: factors are sums of matrices, `end` makes the
  /// output's element of the sum and those of `extras`.
  void product(ArrayRef<Matrix> lhs, ArrayRef<Matrix> rhs, const Matrix &out,
               ArrayRef<Matrix> extras, bool accumulate, Sum lhsSum, Sum rhsSum,
               Sum end);
  void innermost(const Matrix &a, const Matrix &bm, const Matrix &c);
  void outer(const Matrix &a, const Matrix &bm, const Matrix &c,
             int64_t levels);
  /// c = a bm by a function of its own; extents are multiples of 2^levels.
  void call(const Matrix &a, const Matrix &bm, const Matrix &c, int64_t levels);

  ImplicitLocOpBuilder &b;
  FusedContractOp like;
  SymbolTable &table;
  SmallVectorImpl<Known> &functions;
  const int64_t vectorBytes;
  Value memory, used; ///< of the function that is emitted
};

} // namespace mlir::noodle

#endif // NOODLE_TRANSFORMS_TILING_STRASSEN_H
