//===- Sites.h - the numbers of op sites ------------------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_ALGEBRA_SITES_H
#define NOODLE_ALGEBRA_SITES_H

#include "mlir/IR/BuiltinOps.h"

namespace mlir::noodle {

/// Numbers the ops that a strategy executes, in program order, as
/// `noodle.site`.
void numberSites(ModuleOp module);

} // namespace mlir::noodle

#endif // NOODLE_ALGEBRA_SITES_H
