//===- Category.h - diagrams, inlined ---------------------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_ALGEBRA_CATEGORY_H
#define NOODLE_ALGEBRA_CATEGORY_H

#include "mlir/IR/BuiltinOps.h"

namespace mlir::noodle {

/// Replaces every `noodle.apply` by the ops of its diagram and erases diagrams
/// and functors. The module is verified.
LogicalResult inlineDiagrams(ModuleOp module);

} // namespace mlir::noodle

#endif // NOODLE_ALGEBRA_CATEGORY_H
