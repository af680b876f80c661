//===- Semiring.h - what is known of each semiring ------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one place that knows the built-in semirings: traits, constants and the
// scalar code of add and mul. Planner and code generation both ask here; the
// reference interpreter has its own arithmetic, so that it can judge this.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_DIALECT_SEMIRING_H
#define NOODLE_DIALECT_SEMIRING_H

#include "mlir/IR/Builders.h"
#include "noodle-rt/abi.h"
#include "noodle/Dialect/Noodle.h"

namespace mlir::noodle {

/// Laws that hold, deciding which rewrites are legal.
struct SemiringTraits {
  bool associative = true; ///< mul
  bool commutative = true; ///< mul
  bool distributive = true;
  bool annihilating =
      true; ///< zero * x = zero, so absent entries may be skipped
  bool idempotent = false; ///< x + x = x
  bool ring = false;       ///< add has inverses (Strassen needs them)
  /// Regrouping is exact for this element type (integers, min/max, booleans).
  bool exact = false;
};

/// A semiring at an element type, resolved: built-in, or the symbol's op.
class Semiring {
public:
  /// Fails through emitError where the semiring is not defined for the type or
  /// the symbol does not exist or has another element type.
  static FailureOr<Semiring>
  resolve(SemiringAttr attr, Type elementType, Operation *from,
          function_ref<InFlightDiagnostic()> emitError);
  /// The same, where the symbol has been looked up (null where not found, or
  /// where the semiring is built in).
  static FailureOr<Semiring>
  resolve(SemiringAttr attr, Type elementType, SemiringOp symbol,
          function_ref<InFlightDiagnostic()> emitError);

  SemiringTraits traits() const;
  SemiringKind kind() const { return attr.getKind(); }
  Type elementType() const { return type; }
  SemiringOp userOp() const { return op; }

  /// Emit scalar code. `type` may also be a vector of the element type, for
  /// built-in semirings.
  Value zero(OpBuilder &builder, Location loc) const;
  Value one(OpBuilder &builder, Location loc) const;
  Value add(OpBuilder &builder, Location loc, Value a, Value b) const;
  Value mul(OpBuilder &builder, Location loc, Value a, Value b) const;
  /// The zero as an attribute, null for user-defined semirings whose zero
  /// region is not a constant.
  TypedAttr zeroAttr() const;

private:
  SemiringAttr attr;
  Type type;
  SemiringOp op;
};

/// The runtime's name of an element type or index; 0 for other types.
noodle_rt_type runtimeType(Type type);

/// What tensors hold: f16, bf16, f32, f64, i8, i32, i64, i1, complex<f32> and
/// complex<f64>.
bool isElementType(Type type);

/// What one element takes in memory.
int64_t elementBytes(Type type);

/// f16 and bf16, whose arithmetic is f32's, rounded.
bool isNarrowFloat(Type type);

/// The type a contraction of such operands forms its sums in where it names
/// none.
Type defaultAccumulator(SemiringAttr semiring, Type element);

/// The type a reduction forms its sums in.
Type reductionType(SemiringAttr semiring, Type element);

/// A constant of an element type, also of a complex one.
Value elementConstant(OpBuilder &builder, Location loc, TypedAttr value);

/// Whether an attribute is a number of an element type: a FloatAttr, an
/// IntegerAttr or a complex::NumberAttr.
bool isElementAttr(Attribute attr);

/// 0 of an element type.
TypedAttr zeroElement(Type type);

/// Emits the conversion `noodle.convert` and accumulators define between
/// element types: float to integer saturates and NaN gives 0, to i1 is != 0,
/// from i1 is 0 or 1, to complex has no imaginary part. From complex there is
/// only that to complex and to i1.
Value convertElement(OpBuilder &builder, Location loc, Value value, Type to);

/// Storage of a sparse tensor type that Noodle handles.
enum class SparseFormat { Dense, CSR, CSC };

/// The format of a tensor type; failure for encodings Noodle refuses.
FailureOr<SparseFormat> getSparseFormat(RankedTensorType type);

} // namespace mlir::noodle

#endif // NOODLE_DIALECT_SEMIRING_H
