//===- NoodleToLinalg.cpp - noodle ops to linalg and sparse_tensor --------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Lowering.h"

#include "noodle/Conversion/Passes.h"
#include "noodle/Strategy/Lowerable.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_CONVERTNOODLETOLINALGPASS
#include "noodle/Conversion/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

namespace {

Value lower(Operation *op) {
  return TypeSwitch<Operation *, Value>(op)
      .Case<ContractOp>(lowerContract)
      .Case<MapOp>(lowerMap)
      .Case<SoftmaxOp>(lowerSoftmax)
      .Case<LayerNormOp>(lowerLayerNorm)
      .Case<ReduceOp>(lowerReduce)
      .Case<TransposeOp>(lowerTranspose)
      .Case<ConcatOp>(lowerConcat)
      .Case<GatherOp>(lowerGather)
      .Case<ScatterOp>(lowerScatter)
      .Case<ConvertOp>(lowerConvert)
      .Case<MergeOp>(lowerMerge)
      .Case<SelectOp>(lowerSelect)
      .Case<KronOp>(lowerKron)
      .Case<ExtractOp>(lowerExtract)
      .Case<AssignOp>(lowerAssign)
      .Case<ExpandBlocksOp>(lowerExpandBlocks)
      .Case<PackBlocksOp>(lowerPackBlocks)
      .Default([](Operation *) { return Value(); });
}

/// The value as `type`, where one knows more extents than the other.
Value refine(Operation *op, Value value, RankedTensorType type) {
  if (value.getType() == type)
    return value;
  Emitter e(op);
  auto have = cast<RankedTensorType>(value.getType());
  for (int64_t d = 0; d < type.getRank(); ++d)
    if (have.isDynamicDim(d) && !type.isDynamicDim(d))
      e.requireEqual(e.dim(value, d), e.index(type.getDimSize(d)),
                     "extent of dimension " + Twine(d) +
                         " of the result is not " + Twine(type.getDimSize(d)));
  return tensor::CastOp::create(e, type, value);
}

struct ConvertNoodleToLinalg
    : noodle::impl::ConvertNoodleToLinalgPassBase<ConvertNoodleToLinalg> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      // Products of blocks are for noodle-emit-row-products.
      if (isTensorOp(op) && !isa<BlockProductOp>(op))
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (Operation *op : ops) {
      std::string why = whyNotLowered(op);
      if (!why.empty() || isa<MatmulOp>(op)) {
        op->emitOpError() << "has no form in linalg: "
                          << (why.empty() ? "elaborate it first" : why);
        return signalPassFailure();
      }
      Value value = lower(op);
      if (!value)
        return signalPassFailure();
      value =
          refine(op, value, cast<RankedTensorType>(op->getResult(0).getType()));
      rewriter.replaceOp(op, value);
    }
    // Semirings are part of the code now.
    for (auto semiring :
         llvm::make_early_inc_range(getOperation().getOps<SemiringOp>()))
      semiring.erase();
  }
};

} // namespace
