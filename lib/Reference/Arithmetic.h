//===- Arithmetic.h - scalar arithmetic of the interpreter ----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Written apart from Dialect/Semiring.h on purpose: the interpreter judges the
// code that one emits.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_REFERENCE_ARITHMETIC_H
#define NOODLE_LIB_REFERENCE_ARITHMETIC_H

#include "noodle/Dialect/Noodle.h"
#include "noodle/Reference/Interpreter.h"
#include <optional>

namespace mlir::noodle::reference {

/// The runtime's name of an element type, if tensors may have it.
std::optional<noodle_rt_type> elementType(Type type);

/// 0 of a type.
Scalar zeroScalar(noodle_rt_type type);

/// A value brought into the range of a two's complement integer of this width,
/// sign-extended; 0 or 1 for width 1.
int64_t wrapInteger(int64_t value, unsigned width);

/// The value as an integer without sign.
uint64_t unsignedOf(int64_t value, unsigned width);

/// Float to integer: rounds towards zero, saturates, NaN gives 0.
int64_t integerFromDouble(double value, unsigned width, bool isSigned);

/// The real number a scalar is; of a complex one the real part.
double toDouble(const Scalar &value);
/// A complex number, also of a real scalar.
std::complex<double> toComplex(const Scalar &value);
/// A float, f16 or bf16 as a float.
float toFloat(const Scalar &value);
/// A float's or double's value rounded to the kind of `like`; f16 and bf16 by
/// way of float.
Scalar roundedLike(const Scalar &like, double value);
inline bool isComplex(const Scalar &value) {
  return std::holds_alternative<std::complex<float>>(value) ||
         std::holds_alternative<std::complex<double>>(value);
}
int64_t toInteger(const Scalar &value);

/// Conversion between element types as `noodle.convert` and accumulators
/// define it.
Scalar convertScalar(const Scalar &value, noodle_rt_type to);

/// Whether a scalar differs from 0; NaN does.
bool isNonZero(const Scalar &value);

/// The same bits but for zeros: 0 and -0 are equal, NaN equals NaN.
bool sameValue(const Scalar &a, const Scalar &b);

/// What contractions and reductions compute with.
struct Algebra {
  Scalar zero, one;
  std::function<Scalar(const Scalar &, const Scalar &)> add, mul;
};

/// A built-in semiring at an element type; nothing where it is not defined.
std::optional<Algebra> builtinAlgebra(SemiringKind kind, noodle_rt_type type);

} // namespace mlir::noodle::reference

#endif // NOODLE_LIB_REFERENCE_ARITHMETIC_H
