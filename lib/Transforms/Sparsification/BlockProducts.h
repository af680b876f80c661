//===- BlockProducts.h - a matrix of blocks times something dense -*- C++ -*-=//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_TRANSFORMS_SPARSIFICATION_BLOCKPRODUCTS_H
#define NOODLE_LIB_TRANSFORMS_SPARSIFICATION_BLOCKPRODUCTS_H

#include "mlir/IR/BuiltinOps.h"

namespace mlir::noodle {

/// Makes parallel loops of all noodle.block_product.
LogicalResult emitBlockProducts(ModuleOp module, int64_t vectorBytes);

} // namespace mlir::noodle

#endif // NOODLE_LIB_TRANSFORMS_SPARSIFICATION_BLOCKPRODUCTS_H
