//===- SplitElementwise.cpp - blocks of large linalg ops ------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLESPLITELEMENTWISEPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;

/// Iterations of a block, about what fills a first-level cache with f32.
static constexpr int64_t kBlockWork = 8192;

/// Whether the op's first dimension may be cut, each block by itself.
static bool splits(linalg::GenericOp op, int64_t serialWork) {
  if (!op.hasPureBufferSemantics() || op.hasIndexSemantics() ||
      op.getNumLoops() == 0 ||
      op.getIteratorTypesArray().front() != utils::IteratorType::parallel ||
      op->getParentOfType<scf::ParallelOp>())
    return false;
  for (AffineMap map : op.getIndexingMapsArray())
    if (!map.isProjectedPermutation())
      return false;
  for (OpOperand &init : op.getDpsInitsMutable())
    if (!op.getMatchingIndexingMap(&init).isFunctionOfDim(0))
      return false;
  int64_t work = 1;
  for (int64_t extent : op.getStaticLoopRanges()) {
    // Splitting doubles an op's code and with it the time to compile. Unknown
    // vectors are rarely long enough to be worth that.
    if (ShapedType::isDynamic(extent))
      return op.getNumLoops() > 1;
    if (__builtin_mul_overflow(work, extent, &work))
      return true;
  }
  return work > serialWork;
}

static void split(linalg::GenericOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  // A whole number of iterations of the first dimension per block.
  int64_t inner = 1;
  for (int64_t extent : ArrayRef(op.getStaticLoopRanges()).drop_front())
    inner *= ShapedType::isDynamic(extent) ? 256 : std::max<int64_t>(extent, 1);
  int64_t size = std::max<int64_t>(1, kBlockWork / std::max<int64_t>(inner, 1));
  SmallVector<Range> ranges =
      cast<linalg::LinalgOp>(op.getOperation()).createLoopRanges(b, b.getLoc());
  Value extent =
      getValueOrCreateConstantIndexOp(b, b.getLoc(), ranges.front().size);
  Value block = arith::ConstantIndexOp::create(b, size);
  auto loop = scf::ParallelOp::create(
      b, ValueRange{arith::ConstantIndexOp::create(b, 0)}, ValueRange{extent},
      ValueRange{block});
  b.setInsertionPointToStart(loop.getBody());
  Value start = loop.getInductionVars().front();
  Value count =
      arith::MinSIOp::create(b, block, arith::SubIOp::create(b, extent, start));
  SmallVector<Value> operands;
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    Value buffer = operand.get();
    if (isa<MemRefType>(buffer.getType()) && map.isFunctionOfDim(0)) {
      SmallVector<OpFoldResult> offsets, sizes, strides;
      for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
        bool cut = expr.isFunctionOfDim(0);
        offsets.push_back(cut ? OpFoldResult(start) : b.getIndexAttr(0));
        sizes.push_back(cut ? OpFoldResult(count)
                            : memref::getMixedSize(b, b.getLoc(), buffer, dim));
        strides.push_back(b.getIndexAttr(1));
      }
      buffer = memref::SubViewOp::create(b, buffer, offsets, sizes, strides);
    }
    operands.push_back(buffer);
  }
  auto piece = cast<linalg::GenericOp>(b.clone(*op));
  piece->setOperands(operands);
  op.erase();
}

namespace {
struct SplitElementwise
    : noodle::impl::NoodleSplitElementwisePassBase<SplitElementwise> {
  using NoodleSplitElementwisePassBase::NoodleSplitElementwisePassBase;

  void runOnOperation() override {
    SmallVector<linalg::GenericOp> work;
    getOperation().walk([&](linalg::GenericOp op) {
      if (splits(op, serialWork))
        work.push_back(op);
    });
    for (linalg::GenericOp op : work)
      split(op);
  }
};
} // namespace
