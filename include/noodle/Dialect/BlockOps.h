//===- BlockOps.h - matrices of dense blocks --------------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_DIALECT_BLOCKOPS_H
#define NOODLE_DIALECT_BLOCKOPS_H

#include "noodle/Dialect/Noodle.h"
#include "noodle/Dialect/SparseForms.h"

#define GET_OP_CLASSES
#include "noodle/Dialect/NoodleBlockOps.h.inc"

namespace mlir::noodle {

/// The block of an op on blocks.
inline BlockShape blockOf(ArrayRef<int64_t> block) {
  return {block[0], block[1]};
}

} // namespace mlir::noodle

#endif // NOODLE_DIALECT_BLOCKOPS_H
