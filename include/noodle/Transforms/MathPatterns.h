//===- MathPatterns.h - functions of the math dialect as code ---*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TRANSFORMS_MATHPATTERNS_H
#define NOODLE_TRANSFORMS_MATHPATTERNS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::noodle {

/// What CPU and devices share: polynomials for the functions that
/// `hasPolynomial` (noodle/Dialect/MathFunctions.h) names, at f32 and f64,
/// scalars and vectors, and expansions of ops that are a few others.
void populateMathPatterns(RewritePatternSet &patterns);

/// The f64 half: fused multiply-adds, arithmetic on bits, no branches and no
/// tables.
void populatePolynomials64Patterns(RewritePatternSet &patterns);

} // namespace mlir::noodle

#endif // NOODLE_TRANSFORMS_MATHPATTERNS_H
