//===- Category.h - morphisms, diagrams and functors ------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_DIALECT_CATEGORY_H
#define NOODLE_DIALECT_CATEGORY_H

#include "noodle/Dialect/Noodle.h"
#include "noodle/Dialect/Semiring.h"

#define GET_TYPEDEF_CLASSES
#include "noodle/Dialect/NoodleCategoryTypes.h.inc"
#define GET_OP_CLASSES
#include "noodle/Dialect/NoodleCategoryOps.h.inc"

namespace mlir::noodle {

/// One wire: its extent (ShapedType::kDynamic where only the call knows), or in
/// a diagram the name of its object.
struct Wire {
  int64_t extent = 0;
  StringAttr object;

  bool operator==(const Wire &other) const {
    return extent == other.extent && object == other.object;
  }
  /// Whether two wires may be joined: dynamic extents are compared when called.
  bool agrees(const Wire &other) const;
  std::string str() const;
};

/// What a morphism lies between.
struct Boundary {
  SmallVector<Wire> dom, cod;
};

/// The boundary of a HomType or ArrowType.
Boundary boundaryOf(Type type);

/// "[2, 3] -> [4]".
std::string boundaryText(const Boundary &boundary);

/// The diagrams that `apply` leads to, its generators included: fails where one
/// is missing, contains itself, or where the functor does not cover it.
LogicalResult verifyApplication(ApplyOp op, SymbolTableCollection &symbols);

/// The type that a functor gives to an arrow; null, with an error at `at`,
/// where it maps no such object.
Type mapArrow(FunctorOp functor, ArrowType type,
              function_ref<InFlightDiagnostic()> emitError);

/// Traits of a hom type's semiring that an op needs; fails with an error.
LogicalResult verifyTraits(Operation *op, SymbolTableCollection &symbols);

} // namespace mlir::noodle

#endif // NOODLE_DIALECT_CATEGORY_H
