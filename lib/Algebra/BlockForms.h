//===- BlockForms.h - BSR matrices in terms of ops on blocks ----*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ALGEBRA_BLOCKFORMS_H
#define NOODLE_LIB_ALGEBRA_BLOCKFORMS_H

#include "mlir/IR/BuiltinOps.h"

namespace mlir::noodle {

/// Leaves BSR matrices to ops of NoodleBlockOps.td, functions and control flow.
/// Their types stay what they are.
LogicalResult replaceBlockOps(ModuleOp module);

} // namespace mlir::noodle

#endif // NOODLE_LIB_ALGEBRA_BLOCKFORMS_H
