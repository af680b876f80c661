//===- MarkSites.cpp - mark op sites for measured times -------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Conversion/Passes.h"
#include "noodle/Cost/SiteCost.h"
#include "noodle/Strategy/Lowerable.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEMARKSITESPASS
#include "noodle/Conversion/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

namespace {
struct MarkSites : noodle::impl::NoodleMarkSitesPassBase<MarkSites> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isTensorOp(op) && op->hasAttr("noodle.site"))
        ops.push_back(op);
    });
    OpBuilder builder(&getContext());
    for (Operation *op : ops) {
      Location loc = op->getLoc();
      auto site = op->getAttrOfType<IntegerAttr>("noodle.site");
      builder.setInsertionPoint(op);
      SmallVector<Value> sizes = emitSizes(builder, loc, siteCost(op));
      MarkOp::create(builder, loc, /*end=*/UnitAttr(), site, sizes);
      builder.setInsertionPointAfter(op);
      MarkOp::create(builder, loc, builder.getUnitAttr(), site, ValueRange{});
    }
  }
};
} // namespace
