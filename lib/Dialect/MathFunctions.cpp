//===- MathFunctions.cpp - which functions need no library ----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/MathFunctions.h"

#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

bool noodle::hasPolynomial(StringRef name) {
  return llvm::is_contained({"math.erf", "math.exp", "math.expm1", "math.log",
                             "math.log1p", "math.log2", "math.tanh"},
                            name);
}

bool noodle::hasDeviceMath(Operation *op) {
  return isa<math::AbsFOp, math::AbsIOp, math::CeilOp, math::ClampFOp,
             math::CopySignOp, math::CountLeadingZerosOp,
             math::CountTrailingZerosOp, math::CtPopOp, math::FloorOp,
             math::FmaOp, math::IsFiniteOp, math::IsInfOp, math::IsNaNOp,
             math::IsNormalOp, math::RoundEvenOp, math::RoundOp, math::RsqrtOp,
             math::SqrtOp, math::TruncOp>(op) ||
         hasPolynomial(op->getName().getStringRef());
}

bool noodle::hasComplexForm(Operation *op) {
  return isa<complex::AbsOp, complex::AddOp, complex::AngleOp, complex::ConjOp,
             complex::ConstantOp, complex::CreateOp, complex::DivOp,
             complex::EqualOp, complex::ExpOp, complex::ImOp, complex::LogOp,
             complex::MulOp, complex::NegOp, complex::NotEqualOp, complex::ReOp,
             complex::SqrtOp, complex::SubOp>(op);
}

StringRef noodle::complexForms() {
  return "abs, add, angle, conj, constant, create, div, eq, exp, im, log, mul, "
         "neg, neq, re, sqrt and sub";
}
