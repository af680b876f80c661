//===- FreeBuffers.cpp - buffers are freed where they die -----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Upstream's deallocation is right for all programs and takes a quarter of the
// time that lowering a small one takes: it asks of every block which buffers it
// owns and lets three canonicalizations find that nearly none did. Here
// programs are told apart for which the answer can be read off.
//
//===----------------------------------------------------------------------===//
#include "noodle/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEFREEBUFFERSPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;

static bool isBuffer(Type type) { return isa<BaseMemRefType>(type); }

/// Whether each buffer stays in the block that allocates it, or leaves by the
/// function's return. Then `dying` are those to free at their block's end.
static bool isPlain(func::FuncOp function, SmallVectorImpl<Value> &dying) {
  if (function.isDeclaration())
    return true;
  if (!function.getBody().hasOneBlock())
    return false;
  Block *entry = &function.front();
  SmallVector<Value> owned;
  bool plain =
      !function
           .walk<WalkOrder::PreOrder>([&](Operation *op) {
             for (Region &region : op->getRegions()) {
               if (!region.empty() && !region.hasOneBlock())
                 return WalkResult::interrupt();
               if (op != function && !region.empty() &&
                   llvm::any_of(region.getArgumentTypes(), isBuffer))
                 return WalkResult::interrupt();
             }
             if (op->hasTrait<OpTrait::IsTerminator>())
               // What another block yields has two names.
               return op->getBlock() != entry &&
                              llvm::any_of(op->getOperandTypes(), isBuffer)
                          ? WalkResult::interrupt()
                          : WalkResult::advance();
             if (isa<memref::DeallocOp, memref::ReallocOp,
                     bufferization::CloneOp, bufferization::DeallocOp>(op))
               return WalkResult::interrupt();
             if (op == function ||
                 llvm::none_of(op->getResultTypes(), isBuffer))
               return WalkResult::advance();
             if (isa<memref::AllocOp>(op)) {
               owned.push_back(op->getResult(0));
               return WalkResult::advance();
             }
             return isa<ViewLikeOpInterface, memref::GetGlobalOp,
                        memref::AllocaOp, memref::ExtractStridedMetadataOp>(op)
                        ? WalkResult::advance()
                        : WalkResult::interrupt();
           })
           .wasInterrupted();
  if (!plain)
    return false;
  llvm::SmallDenseSet<Value> returned;
  for (Value result : entry->getTerminator()->getOperands()) {
    if (!isBuffer(result.getType()))
      continue;
    auto alloc = result.getDefiningOp<memref::AllocOp>();
    if (!alloc || alloc->getBlock() != entry || !returned.insert(result).second)
      return false;
  }
  for (Value buffer : owned)
    if (!returned.contains(buffer))
      dying.push_back(buffer);
  return true;
}

/// The last op of the buffer's block that may touch it: whatever has a buffer
/// for a result is taken for a view of its operands. Null where the buffer
/// leaves its block, or its address as a number.
static Operation *lastUser(Value buffer) {
  Block *block = buffer.getParentBlock();
  Operation *last = buffer.getDefiningOp();
  llvm::SmallSetVector<Value, 8> names;
  names.insert(buffer);
  for (size_t k = 0; k < names.size(); ++k)
    for (Operation *user : names[k].getUsers()) {
      // Asking whether there is memory keeps no address.
      if (isa<memref::ExtractAlignedPointerAsIndexOp>(user) &&
          !llvm::all_of(user->getUsers(), llvm::IsaPred<arith::CmpIOp>))
        return nullptr;
      if (isa<memref::DeallocOp>(user))
        continue;
      if (user->hasTrait<OpTrait::IsTerminator>()) {
        if (user->getBlock() == block)
          return nullptr;
        user = user->getParentOp();
      }
      Operation *at = block->findAncestorOpInBlock(*user);
      if (!at)
        return nullptr;
      if (last->isBeforeInBlock(at))
        last = at;
      for (Value result : user->getResults())
        if (isBuffer(result.getType()))
          names.insert(result);
    }
  return last;
}

/// Brings deallocations forward to the last use: memory that is free again is
/// what the next buffer takes, and is warm.
static void freeEarly(ModuleOp module) {
  SmallVector<memref::DeallocOp> deallocs;
  module.walk([&](memref::DeallocOp op) { deallocs.push_back(op); });
  for (memref::DeallocOp op : deallocs) {
    auto alloc = op.getMemref().getDefiningOp<memref::AllocOp>();
    if (!alloc || alloc->getBlock() != op->getBlock())
      continue;
    Operation *last = lastUser(alloc.getResult());
    if (last && last->isBeforeInBlock(op))
      op->moveAfter(last);
  }
}

namespace {
struct FreeBuffers : noodle::impl::NoodleFreeBuffersPassBase<FreeBuffers> {
  using NoodleFreeBuffersPassBase::NoodleFreeBuffersPassBase;

  LogicalResult initialize(MLIRContext *) override {
    upstream = OpPassManager(ModuleOp::getOperationName());
    upstream->addPass(
        bufferization::createOwnershipBasedBufferDeallocationPass());
    upstream->addPass(createCanonicalizerPass());
    upstream->addPass(
        bufferization::createBufferDeallocationSimplificationPass());
    upstream->addPass(bufferization::createLowerDeallocationsPass());
    upstream->addPass(createCSEPass());
    upstream->addPass(createCanonicalizerPass());
    return success();
  }

  void runOnOperation() override {
    SmallVector<Value> dying;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!isPlain(function, dying)) {
        if (failed(runPipeline(*upstream, getOperation())))
          return signalPassFailure();
        return freeEarly(getOperation());
      }
    for (Value buffer : dying) {
      OpBuilder builder(buffer.getParentBlock()->getTerminator());
      memref::DeallocOp::create(builder, buffer.getLoc(), buffer);
    }
    freeEarly(getOperation());
  }

  std::optional<OpPassManager> upstream;
};
} // namespace
