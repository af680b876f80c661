//===- VectorizeRows.cpp - structured ops become loops over vectors -------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "VectorNest.h"

#include "noodle/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEVECTORIZEROWSPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

namespace {
struct VectorizeRows
    : noodle::impl::NoodleVectorizeRowsPassBase<VectorizeRows> {
  using NoodleVectorizeRowsPassBase::NoodleVectorizeRowsPassBase;

  void runOnOperation() override {
    SmallVector<linalg::GenericOp> work;
    getOperation().walk([&](linalg::GenericOp op) { work.push_back(op); });
    for (linalg::GenericOp op : work) {
      if (auto plan = planVectors(op, vectorBytes, streamBytes))
        emitVectorNest(op, *plan);
      else if (auto tiles = planTranspose(op, vectorBytes, streamBytes))
        emitTransposeTiles(op, *tiles);
      else
        continue;
      op.erase();
    }
  }
};
} // namespace
