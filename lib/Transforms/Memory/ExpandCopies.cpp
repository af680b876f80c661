//===- ExpandCopies.cpp - strided copies become loops ---------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEEXPANDCOPIESPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;

static void expand(memref::CopyOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  auto type = cast<MemRefType>(op.getSource().getType());
  Value zero = arith::ConstantIndexOp::create(b, 0);
  Value one = arith::ConstantIndexOp::create(b, 1);
  SmallVector<Value> place;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    Value extent = b.createOrFold<memref::DimOp>(op.getSource(), dim);
    auto loop = scf::ForOp::create(b, zero, extent, one);
    place.push_back(loop.getInductionVar());
    b.setInsertionPointToStart(loop.getBody());
  }
  Value value = memref::LoadOp::create(b, op.getSource(), place);
  memref::StoreOp::create(b, value, op.getTarget(), place);
  op.erase();
}

namespace {
struct ExpandCopies : noodle::impl::NoodleExpandCopiesPassBase<ExpandCopies> {
  using NoodleExpandCopiesPassBase::NoodleExpandCopiesPassBase;

  void runOnOperation() override {
    getOperation().walk([](memref::CopyOp op) {
      auto contiguous = [](Value value) {
        auto type = dyn_cast<MemRefType>(value.getType());
        return type && type.getLayout().isIdentity();
      };
      if (!contiguous(op.getSource()) || !contiguous(op.getTarget()))
        expand(op);
    });
  }
};
} // namespace
