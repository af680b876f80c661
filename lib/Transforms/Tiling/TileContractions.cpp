//===- TileContractions.cpp - register tiles for dense contractions -------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// ContractionLoops says what the op's loops are, DensePlan how they are cut,
// ScalarOps what a step is; ProductNest emits.
//
//===----------------------------------------------------------------------===//
#include "ComplexProduct.h"
#include "ProductNest.h"
#include "ScalarNest.h"

#include "noodle/Transforms/Passes.h"

#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLETILECONTRACTIONSPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

namespace {

/// Steps of the sum, in groups, of a block: 1024 words.
constexpr int64_t kGroupBlock = 1024;

/// Groups are packed on both sides, which the smallest products do not repay: a
/// guess.
bool fitGroups(const ProductShape &shape, const ScalarOps &ops) {
  auto few = [](int64_t extent, int64_t least) {
    return extent >= 0 && extent < least;
  };
  return ops.grouped() && !few(shape.rows, 4) && !few(shape.columns, 8) &&
         !few(shape.inner, std::min<int64_t>(2 * ops.depth, 16));
}

void planGroups(const ProductShape &shape, const ScalarOps &ops,
                DensePlan &plan) {
  plan.kind = ProductClass::PackBoth;
  plan.packLhs = plan.packRhs = true;
  int64_t block = kGroupBlock * ops.depth;
  if (plan.splitInner > 1) {
    plan.innerBlock =
        std::min(llvm::alignTo(plan.innerBlock, 64), uint64_t(block));
    plan.splitInner = llvm::divideCeil(shape.inner, plan.innerBlock);
    return;
  }
  plan.innerBlock = shape.inner < 0 || shape.inner >= 2 * block ? block : 0;
}

struct TileContractions
    : noodle::impl::NoodleTileContractionsPassBase<TileContractions> {
  using NoodleTileContractionsPassBase::NoodleTileContractionsPassBase;

  void runOnOperation() override {
    SmallVector<FusedContractOp> contractions;
    getOperation().walk([&](FusedContractOp op) {
      if (op.onBuffers())
        contractions.push_back(op);
    });
    for (FusedContractOp op : contractions)
      tile(op);
  }

  void getDependentDialects(DialectRegistry &registry) const override {
    NoodleTileContractionsPassBase::getDependentDialects(registry);
    registry.insert<complex::ComplexDialect, linalg::LinalgDialect>();
  }

  void tile(FusedContractOp op) {
    if (FusedContractOp real = makeReal(op))
      op = real;
    if (needsScalarNest(op)) {
      emitScalarNest(op);
      op.erase();
      return;
    }
    IndexBuilder builder(op);
    MachineModel machine = MachineModel::of(vectorBytes, features);
    ContractionLoops loops(op, builder, machine);
    TileEmitter emitter(loops, machine);
    ProductShape shape = loops.shape();
    shape.lanesMayFold = emitter.canAddSums();
    shape.stepCost = emitter.ops.cost();
    bool groups = fitGroups(shape, emitter.ops);
    if (groups)
      shape.sumBytes = 4;
    DensePlan plan = planProduct(shape, machine);
    if (groups && plan.kind != ProductClass::Row &&
        plan.kind != ProductClass::Dot)
      planGroups(shape, emitter.ops, plan);
    bool serial = op->getParentOfType<scf::ParallelOp>() ||
                  op->getParentOfType<scf::ForallOp>();
    ProductNest(loops, emitter, plan, serial).run();
    op.erase();
  }
};

} // namespace
