//===- StoredMaps.h - functions of stored entries ---------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_TRANSFORMS_SPARSIFICATION_STOREDMAPS_H
#define NOODLE_LIB_TRANSFORMS_SPARSIFICATION_STOREDMAPS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::noodle {

/// Whether the op makes of each stored entry of one CSR matrix an entry at the
/// same place.
bool isStoredMap(linalg::GenericOp op);
/// Replaces the op by loops.
void emitStoredMap(linalg::GenericOp op);

} // namespace mlir::noodle

#endif // NOODLE_LIB_TRANSFORMS_SPARSIFICATION_STOREDMAPS_H
