//===- MathFunctions.h - which functions need no library --------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_DIALECT_MATHFUNCTIONS_H
#define NOODLE_DIALECT_MATHFUNCTIONS_H

#include "mlir/IR/Operation.h"

namespace mlir::noodle {

/// Whether the op of the math dialect of this name ("math.exp") becomes a
/// polynomial, at f32 and f64. Not sin and cos, whose approximation in MLIR
/// loses every digit of large arguments, nor atan, which is off by 40 units of
/// the last place.
bool hasPolynomial(StringRef name);

/// Whether an op of the math dialect can run in a kernel: it is an instruction,
/// expands to some, or has a polynomial.
bool hasDeviceMath(Operation *op);

/// Whether programs may hold an op of the complex dialect.
bool hasComplexForm(Operation *op);
/// The names of those, for messages.
StringRef complexForms();

} // namespace mlir::noodle

#endif // NOODLE_DIALECT_MATHFUNCTIONS_H
