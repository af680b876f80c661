//===- TileContractions.cpp - register tiles for dense contractions -------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A contraction over buffers becomes loops around a register tile of vectors.
// The body of the linalg op is cloned at vector type, so every semiring whose
// arithmetic is elementwise gets the same code shape. The vector runs along
//  - a parallel dimension that is contiguous in the output and the operands
//    that have it (C = A B), or else
//  - a reduction dimension that is contiguous in the operands that have it
//    (A x, A B^T); then the lanes are added up at the end.
//
//===----------------------------------------------------------------------===//
#include "ProductNest.h"
#include "TileNest.h"

#include "noodle/Transforms/Passes.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLETILECONTRACTIONSPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

/// Rows and columns of a block that one thread works on at a time. With these a
/// panel of B stays in the second-level cache: 64 rows measured best on Zen 5
/// (facts in docs/Rationale.md), the columns are a guess.
static constexpr int64_t kBlockRows = 64, kBlockColumns = 512;

namespace {

/// Whether dimension `dim` is the last one of every map that has it.
bool contiguous(linalg::GenericOp op, unsigned dim, bool inOutput) {
  for (auto [map, operand] :
       llvm::zip(op.getIndexingMapsArray(), op->getOperands())) {
    bool last =
        map.getNumResults() && map.getResults().back().isFunctionOfDim(dim);
    if (map.isFunctionOfDim(dim) && !last)
      return false;
    auto type = cast<MemRefType>(operand.getType());
    int64_t offset;
    SmallVector<int64_t> strides;
    if (last && (failed(type.getStridesAndOffset(strides, offset)) ||
                 strides.back() != 1))
      return false;
  }
  return op.getIndexingMapsArray().back().isFunctionOfDim(dim) == inOutput;
}

/// The single op that adds to the output, if its lanes may be added up in any
/// order by that op alone.
Operation *combiner(linalg::GenericOp op) {
  Block &body = op.getRegion().front();
  Value sum = body.getTerminator()->getOperand(0);
  Operation *add = sum.getDefiningOp();
  if (!add || add->getBlock() != &body || add->getNumOperands() != 2)
    return nullptr;
  Value out = body.getArguments().back();
  if (!out.hasOneUse() || !llvm::is_contained(add->getOperands(), out))
    return nullptr;
  if (!isa<arith::AddFOp, arith::AddIOp, arith::MaximumFOp, arith::MinimumFOp,
           arith::MaxSIOp, arith::MinSIOp>(add))
    return nullptr;
  return arith::getNeutralElement(add) ? add : nullptr;
}

bool supported(linalg::GenericOp op) {
  if (!op.hasPureBufferSemantics() || op.getNumDpsInits() != 1)
    return false;
  for (AffineMap map : op.getIndexingMapsArray())
    if (!map.isProjectedPermutation())
      return false;
  for (Value operand : op->getOperands()) {
    auto type = dyn_cast<MemRefType>(operand.getType());
    // Vectors of i1 are packed bits in memory, buffers of i1 are bytes.
    if (!type || !type.getElementType().isIntOrFloat() ||
        type.getElementType().isInteger(1))
      return false;
  }
  for (Operation &inner : op.getRegion().front().without_terminator())
    if (inner.getNumResults() != 1 || inner.getNumRegions() ||
        !(isa<arith::ConstantOp>(inner) ||
          OpTrait::hasElementwiseMappableTraits(&inner)))
      return false;
  // A yielded argument or outside value has no sum to form.
  return op.getRegion().front().getTerminator()->getOperand(0).getDefiningOp();
}

/// Constant iterations of the whole op, or -1.
int64_t staticWork(linalg::GenericOp op) {
  int64_t work = 1;
  for (int64_t extent : op.getStaticLoopRanges())
    if (ShapedType::isDynamic(extent) ||
        __builtin_mul_overflow(work, extent, &work))
      return -1;
  return work;
}

struct TileContractions
    : noodle::impl::NoodleTileContractionsPassBase<TileContractions> {
  using NoodleTileContractionsPassBase::NoodleTileContractionsPassBase;

  void runOnOperation() override {
    SmallVector<linalg::GenericOp> work;
    getOperation().walk([&](linalg::GenericOp op) {
      auto schedule = op->getAttrOfType<StringAttr>("noodle.schedule");
      if (schedule && schedule.getValue() == "tiled" && supported(op))
        work.push_back(op);
    });
    for (linalg::GenericOp op : work)
      tile(op);
    SmallVector<FusedContractOp> contractions;
    getOperation().walk([&](FusedContractOp op) {
      if (op.onBuffers())
        contractions.push_back(op);
    });
    for (FusedContractOp op : contractions)
      tile(op);
  }

  void tile(FusedContractOp op) {
    IndexBuilder builder(op);
    ContractionLoops loops(op, builder);
    TileEmitter emitter(loops, vectorBytes);
    ProductShape shape = loops.shape();
    shape.lanesMayFold = emitter.canAddSums();
    DensePlan plan =
        planProduct(shape, MachineModel::ofVectorBytes(vectorBytes));
    bool serial = op->getParentOfType<scf::ParallelOp>() ||
                  op->getParentOfType<scf::ForallOp>();
    ProductNest(loops, emitter, plan, serial).run();
    op.erase();
  }

  void tile(linalg::GenericOp op) {
    SmallVector<unsigned> parallel, reduction;
    op.getParallelDims(parallel);
    op.getReductionDims(reduction);
    if (reduction.empty())
      return;
    TilePlan plan;
    plan.combiner = combiner(op);
    for (unsigned dim : parallel)
      if (contiguous(op, dim, /*inOutput=*/true))
        plan.vector = dim;
    plan.alongReduction = !plan.vector;
    if (!plan.vector && plan.combiner)
      for (unsigned dim : reduction)
        if (contiguous(op, dim, /*inOutput=*/false))
          plan.vector = dim;
    if (!plan.vector)
      return;
    unsigned bits = 8;
    for (Value operand : op->getOperands())
      bits = std::max(
          bits, cast<MemRefType>(operand.getType()).getElementTypeBitWidth());
    plan.lanes = std::max<int64_t>(2, vectorBytes * 8 / bits);
    // AVX-512 has 32 registers, the rest 16.
    plan.rows = plan.alongReduction ? 4 : vectorBytes == 64 ? 8 : 4;
    plan.vectors = plan.alongReduction ? 1 : 2;
    for (unsigned dim : parallel)
      if (dim != *plan.vector)
        plan.row = dim;
    for (unsigned dim : parallel)
      if (dim != *plan.vector && dim != *plan.row)
        plan.outer.push_back(dim);
    for (unsigned dim : reduction)
      if (dim != *plan.vector)
        plan.reductions.push_back(dim);
    plan.blockRows = kBlockRows;
    plan.blockColumns = kBlockColumns;
    int64_t known = staticWork(op);
    plan.parallel = known < 0 || known > serialWork;
    emitTileNest(op, plan);
    op.erase();
  }
};

} // namespace
