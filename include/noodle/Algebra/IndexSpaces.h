//===- IndexSpaces.h - dimensions that may be renumbered --------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A matrix of a billion rows of which few hold an entry has no place for
// something a row. Where a function only multiplies, merges, adds up and moves
// stored entries, an index that no argument stores could as well not be there:
// the same function of the indices in use, numbered in their order, gives the
// same entries. Dimensions that must have equal extents are one space.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_ALGEBRA_INDEXSPACES_H
#define NOODLE_ALGEBRA_INDEXSPACES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <string>
#include <vector>

namespace mlir::noodle {

/// A dimension of a parameter or a result.
struct SpaceMember {
  bool isResult = false;
  unsigned index = 0, dimension = 0;
};

struct IndexSpaces {
  /// Each with all its dimensions of parameters and results, and at least one
  /// of a parameter.
  std::vector<std::vector<SpaceMember>> spaces;
  /// By parameter: why dimension 0 belongs to none; else empty.
  std::vector<std::string> whyNot;
};

/// Of a function as its author wrote it, with the formats of its signature.
IndexSpaces findIndexSpaces(func::FuncOp function);

} // namespace mlir::noodle

#endif // NOODLE_ALGEBRA_INDEXSPACES_H
