//===- PlaceScratch.cpp - small buffers of parallel bodies ----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEPLACESCRATCHPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;

/// Bytes of a buffer of constant size, with room for its alignment; none for
/// others.
static std::optional<int64_t> bytesOf(memref::AllocOp op) {
  MemRefType type = op.getType();
  if (!type.hasStaticShape() || !type.getElementType().isIntOrFloat())
    return std::nullopt;
  int64_t bytes = (type.getElementTypeBitWidth() + 7) / 8;
  for (int64_t extent : type.getShape())
    if (__builtin_mul_overflow(bytes, extent, &bytes))
      return std::nullopt;
  return bytes + op.getAlignment().value_or(1);
}

namespace {
struct PlaceScratch : noodle::impl::NoodlePlaceScratchPassBase<PlaceScratch> {
  using NoodlePlaceScratchPassBase::NoodlePlaceScratchPassBase;

  void runOnOperation() override {
    getOperation().walk([&](scf::ParallelOp loop) {
      // Only an outermost loop becomes a function with a stack of its own.
      if (loop.getNumResults() || loop->getParentOfType<scf::ParallelOp>())
        return;
      int64_t left = mostBytes;
      for (auto alloc : llvm::make_early_inc_range(
               loop.getBody()->getOps<memref::AllocOp>())) {
        auto bytes = bytesOf(alloc);
        if (!bytes || *bytes > left)
          continue;
        left -= *bytes;
        OpBuilder b(alloc);
        auto place = memref::AllocaOp::create(
            b, alloc.getLoc(), alloc.getType(), alloc.getAlignmentAttr());
        alloc.replaceAllUsesWith(place.getResult());
        alloc.erase();
      }
    });
  }
};
} // namespace
