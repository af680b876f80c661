//===- SolverOps.cpp - what makes closures and systems well formed --------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/Solver.h"

#include "Verifiers.h"

#include "noodle/Dialect/Semiring.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mlir::noodle;

#define GET_OP_CLASSES
#include "noodle/Dialect/NoodleSolverOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

static constexpr std::pair<StringLiteral, Property> propertyNames[] = {
    {"zero", PropZero},
    {"identity", PropIdentity},
    {"diagonal", PropDiagonal},
    {"lower", PropLower},
    {"upper", PropUpper},
    {"unit_diag", PropUnitDiag},
    {"symmetric", PropSymmetric},
    {"spd", PropSpd},
    {"orthogonal", PropOrthogonal},
    {"permutation", PropPermutation},
    {"function", PropFunction},
    {"row_stochastic", PropRowStochastic},
    {"nonneg", PropNonneg},
    {"nonsingular", PropNonsingular},
    {"toeplitz", PropToeplitz},
    {"circulant", PropCirculant}};

std::optional<Property> noodle::parseProperty(StringRef name) {
  for (auto [known, property] : propertyNames)
    if (known == name)
      return property;
  return std::nullopt;
}

std::string noodle::propertiesText(Properties properties) {
  SmallVector<StringRef> names;
  for (auto [name, property] : propertyNames)
    if (properties & property)
      names.push_back(name);
  return llvm::join(names, ", ");
}

Properties noodle::closeProperties(Properties p) {
  if (p & PropZero)
    p |= PropDiagonal | PropNonneg | PropCirculant;
  if (p & PropIdentity)
    p |=
        PropDiagonal | PropUnitDiag | PropSpd | PropPermutation | PropCirculant;
  if (p & PropPermutation)
    p |= PropOrthogonal | PropFunction;
  if (p & PropFunction)
    p |= PropRowStochastic;
  if (p & PropRowStochastic)
    p |= PropNonneg;
  if (p & PropDiagonal)
    p |= PropLower | PropUpper | PropSymmetric;
  if ((p & PropLower) && (p & PropUpper))
    p |= PropDiagonal | PropSymmetric;
  if ((p & PropSymmetric) && (p & (PropLower | PropUpper)))
    p |= PropDiagonal | PropLower | PropUpper;
  if (p & PropSpd)
    p |= PropSymmetric | PropNonsingular;
  if (p & PropOrthogonal)
    p |= PropNonsingular;
  if ((p & PropUnitDiag) && (p & (PropLower | PropUpper)))
    p |= PropNonsingular;
  if ((p & PropUnitDiag) && (p & PropDiagonal))
    p |= PropIdentity | PropSpd | PropPermutation | PropCirculant |
         PropOrthogonal | PropFunction | PropRowStochastic | PropNonneg |
         PropNonsingular;
  if (p & PropCirculant)
    p |= PropToeplitz;
  return p;
}

SolveStructure noodle::transposedStructure(SolveStructure structure) {
  switch (structure) {
  case SolveStructure::Lower:
    return SolveStructure::Upper;
  case SolveStructure::Upper:
    return SolveStructure::Lower;
  case SolveStructure::UnitLower:
    return SolveStructure::UnitUpper;
  case SolveStructure::UnitUpper:
    return SolveStructure::UnitLower;
  default:
    return structure;
  }
}

std::optional<SolveStructure> noodle::parseSolveStructure(StringRef name) {
  return llvm::StringSwitch<std::optional<SolveStructure>>(name)
      .Case("general", SolveStructure::General)
      .Case("lower", SolveStructure::Lower)
      .Case("upper", SolveStructure::Upper)
      .Case("unit_lower", SolveStructure::UnitLower)
      .Case("unit_upper", SolveStructure::UnitUpper)
      .Case("spd", SolveStructure::Spd)
      .Default(std::nullopt);
}

ClosureForm noodle::closureForm(SemiringAttr semiring, Type element,
                                SemiringOp symbol) {
  switch (semiring.getKind()) {
  case SemiringKind::PlusTimes:
    return isa<FloatType>(element) ? ClosureForm::Solve
                                   : ClosureForm::Nilpotent;
  case SemiringKind::XorAnd:
    return ClosureForm::Nilpotent;
  case SemiringKind::User: {
    bool idempotent = symbol && bitEnumContainsAll(symbol.getTraits(),
                                                   SemiringTrait::Idempotent);
    return idempotent ? ClosureForm::Squares : ClosureForm::Nilpotent;
  }
  default:
    return ClosureForm::Eliminate;
  }
}

//===----------------------------------------------------------------------===//
// Verifiers
//===----------------------------------------------------------------------===//

static RankedTensorType tensorType(Value value) {
  return value ? dyn_cast<RankedTensorType>(value.getType())
               : RankedTensorType();
}

static bool agree(int64_t a, int64_t b) {
  return a == b || ShapedType::isDynamic(a) || ShapedType::isDynamic(b);
}

/// A square matrix applied to `rhs`, where there is one: from the left side
/// where `left`. The result is dense.
static LogicalResult verifySquare(Operation *op, Value matrix, Value rhs,
                                  bool left) {
  if (failed(verifyTensors(op)))
    return failure();
  RankedTensorType type = tensorType(matrix);
  if (type.getRank() != 2)
    return op->emitOpError() << "needs a matrix, but has " << type;
  if (!agree(type.getDimSize(0), type.getDimSize(1)))
    return op->emitOpError() << "needs a square matrix, but has " << type;
  int64_t extent =
      type.isDynamicDim(0) ? type.getDimSize(1) : type.getDimSize(0);
  auto result = cast<RankedTensorType>(op->getResult(0).getType());
  if (result.getEncoding())
    return op->emitOpError() << "has a sparse result (" << result
                             << "): what it computes is dense; use "
                                "noodle.convert";
  if (!rhs) {
    if (left)
      return op->emitOpError() << "'left' says where a right-hand side stands, "
                                  "but there is none";
    return verifyResult(op, type.getElementType(), {extent, extent});
  }
  RankedTensorType with = tensorType(rhs);
  if (with.getEncoding())
    return op->emitOpError()
           << "needs a dense right-hand side, but has " << with;
  if (with.getRank() != 1 && with.getRank() != 2)
    return op->emitOpError()
           << "needs a vector or a matrix as right-hand side, but has " << with;
  if (with.getElementType() != type.getElementType())
    return op->emitOpError() << "needs a right-hand side of "
                             << type.getElementType() << ", but has " << with;
  unsigned along = left ? with.getRank() - 1 : 0;
  if (!agree(with.getDimSize(along), extent))
    return op->emitOpError()
           << "has a right-hand side of extent " << with.getDimSize(along)
           << " in dimension " << along << ", but the matrix has " << extent;
  SmallVector<int64_t> implied(with.getShape());
  if (ShapedType::isDynamic(implied[along]))
    implied[along] = extent;
  return verifyResult(op, type.getElementType(), implied);
}

LogicalResult ClosureOp::verify() {
  if (failed(verifySquare(*this, getInput(), getRhs(), getLeft())))
    return failure();
  Type element = getInput().getType().getElementType();
  if (isa<ComplexType>(element))
    return emitOpError() << "is not defined for " << element;
  return verifySemiring(*this, getSemiring(), element);
}

LogicalResult ClosureOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifySemiringSymbol(*this, getSemiring(),
                              getInput().getType().getElementType(), symbols,
                              getOperands());
}

LogicalResult MatrixPowerOp::verify() {
  if (failed(verifySquare(*this, getInput(), getRhs(), getLeft())))
    return failure();
  if (bool(getExponent()) == bool(getNAttr()))
    return emitOpError() << "needs either 'n' or an exponent operand";
  return verifySemiring(*this, getSemiring(),
                        getInput().getType().getElementType());
}

LogicalResult MatrixPowerOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifySemiringSymbol(
      *this, getSemiring(), getInput().getType().getElementType(), symbols,
      getRhs() ? ValueRange{getInput(), getRhs()} : ValueRange{getInput()});
}

LogicalResult SolveOp::verify() {
  if (failed(verifySquare(*this, getInput(), getRhs(), getLeft())))
    return failure();
  RankedTensorType type = getInput().getType();
  Type element = type.getElementType();
  if (!element.isF32() && !element.isF64())
    return emitOpError() << "solves in f32 or f64, not in " << element
                         << (isa<IntegerType>(element)
                                 ? ": integers have no quotients"
                                 : "");
  if (type.getEncoding())
    return emitOpError() << "needs a dense matrix, but has " << type
                         << "; use noodle.convert";
  if (!parseSolveStructure(getStructure()))
    return emitOpError()
           << "has no structure '" << getStructure()
           << "': there are general, lower, upper, unit_lower, unit_upper and "
              "spd";
  return success();
}

LogicalResult AssumeOp::verify() {
  if (failed(verifyTensors(*this)))
    return failure();
  RankedTensorType type = getInput().getType();
  if (type.getRank() != 2)
    return emitOpError() << "needs a matrix, but has " << type;
  for (Attribute attr : getProps()) {
    StringRef name = cast<StringAttr>(attr).getValue();
    std::optional<Property> property = parseProperty(name);
    if (!property) {
      SmallVector<StringRef> names;
      for (auto [known, value] : propertyNames)
        names.push_back(known);
      return emitOpError() << "has no property '" << name << "': there are "
                           << llvm::join(names, ", ");
    }
    bool rectangular =
        *property & (PropZero | PropFunction | PropRowStochastic | PropNonneg |
                     PropToeplitz);
    if (!rectangular && !agree(type.getDimSize(0), type.getDimSize(1)))
      return emitOpError() << "'" << name
                           << "' is a property of square matrices, but it has "
                           << type;
    bool real = isa<FloatType>(type.getElementType());
    if (!real && (*property & (PropSpd | PropNonsingular)))
      return emitOpError() << "'" << name
                           << "' is a property of matrices of floats";
    if (isa<ComplexType>(type.getElementType()) &&
        (*property & (PropOrthogonal | PropRowStochastic | PropNonneg)))
      return emitOpError() << "'" << name
                           << "' is a property of matrices of real numbers";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Speculation: extents, pivots and convergence are checked when called
//===----------------------------------------------------------------------===//

Speculation::Speculatability ClosureOp::getSpeculatability() {
  return Speculation::NotSpeculatable;
}
Speculation::Speculatability MatrixPowerOp::getSpeculatability() {
  return Speculation::NotSpeculatable;
}
Speculation::Speculatability SolveOp::getSpeculatability() {
  return Speculation::NotSpeculatable;
}
Speculation::Speculatability AssumeOp::getSpeculatability() {
  return Speculation::NotSpeculatable;
}
