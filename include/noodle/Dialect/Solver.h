//===- Solver.h - closures, powers, linear systems --------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_DIALECT_SOLVER_H
#define NOODLE_DIALECT_SOLVER_H

#include "noodle/Dialect/Noodle.h"

#define GET_OP_CLASSES
#include "noodle/Dialect/NoodleSolverOps.h.inc"

namespace mlir::noodle {

/// What may be known of a matrix; a set is a union of these bits. All speak of
/// the numbers 0 and 1.
enum Property : uint32_t {
  PropZero = 1 << 0,
  PropIdentity = 1 << 1,
  PropDiagonal = 1 << 2,
  PropLower = 1 << 3,
  PropUpper = 1 << 4,
  PropUnitDiag = 1 << 5,
  PropSymmetric = 1 << 6,
  PropSpd = 1 << 7,
  PropOrthogonal = 1 << 8,
  PropPermutation = 1 << 9,
  PropFunction = 1 << 10,
  PropRowStochastic = 1 << 11,
  PropNonneg = 1 << 12,
  PropNonsingular = 1 << 13,
  PropToeplitz = 1 << 14,
  PropCirculant = 1 << 15,
};
using Properties = uint32_t;

std::optional<Property> parseProperty(StringRef name);
/// Names, in the order above, separated by commas.
std::string propertiesText(Properties properties);
/// The set with all that follows from it: an identity is diagonal, and so on.
Properties closeProperties(Properties properties);

/// Structures that noodle.solve has a way for.
enum class SolveStructure { General, Lower, Upper, UnitLower, UnitUpper, Spd };
std::optional<SolveStructure> parseSolveStructure(StringRef name);
/// That of the transpose.
SolveStructure transposedStructure(SolveStructure structure);

/// How a closure is computed.
enum class ClosureForm {
  Eliminate, ///< node after node
  Solve,     ///< (I - A)^-1
  Nilpotent, ///< products of I + A^(2^k), which must end
  Squares    ///< squares of I + A until nothing changes
};
/// `symbol` is that of a user-defined semiring.
ClosureForm closureForm(SemiringAttr semiring, Type element, SemiringOp symbol);

} // namespace mlir::noodle

#endif // NOODLE_DIALECT_SOLVER_H
