//===- Sparsify.cpp - loops over stored entries ---------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Upstream's sparsifier, by its code generation path, as passes over tensors
// and ahead of bufferization. Its own mini-pipeline decides about copies first
// and then moves and rewrites the ops it decided about, which gives wrong
// results in dense code. Here each op with a sparse operand and a dense result
// gets a buffer that nothing else uses, so that writing to it in place is right
// by construction; what copies the rest needs is decided once, afterwards.
//
//===----------------------------------------------------------------------===//
#include "noodle/Transforms/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SparseTensor/IR/SparseTensor.h"
#include "mlir/Dialect/SparseTensor/Transforms/Passes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Pass/PassManager.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLESPARSIFYPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;

static bool isSparse(Type type) {
  return isa<RankedTensorType>(type) &&
         sparse_tensor::getSparseTensorEncoding(type);
}

static bool holdsSparse(Operation *root) {
  return root
      ->walk([](Operation *op) {
        bool found = llvm::any_of(op->getResultTypes(), isSparse) ||
                     llvm::any_of(op->getOperandTypes(), isSparse);
        if (auto function = dyn_cast<func::FuncOp>(op))
          found |= llvm::any_of(function.getArgumentTypes(), isSparse) ||
                   llvm::any_of(function.getResultTypes(), isSparse);
        return found ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

/// A tensor of the value of `init` in a buffer of its own.
static Value ownBuffer(OpBuilder &builder, Location loc, Value init) {
  auto type = cast<RankedTensorType>(init.getType());
  auto fill = init.getDefiningOp<linalg::FillOp>();
  bool empty = init.getDefiningOp<tensor::EmptyOp>();
  if (!fill && !empty)
    return bufferization::AllocTensorOp::create(builder, loc, type,
                                                ValueRange(), init);
  SmallVector<Value> extents;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim))
      extents.push_back(builder.createOrFold<tensor::DimOp>(loc, init, dim));
  Value buffer =
      bufferization::AllocTensorOp::create(builder, loc, type, extents);
  if (empty)
    return buffer;
  return linalg::FillOp::create(builder, loc, fill.value(), buffer).result();
}

static void giveOwnBuffers(ModuleOp module) {
  module.walk([](linalg::LinalgOp op) {
    if (!llvm::any_of(op->getOperandTypes(), isSparse))
      return;
    OpBuilder builder(op);
    for (OpOperand &init : op.getDpsInitsMutable())
      if (isa<RankedTensorType>(init.get().getType()) &&
          !isSparse(init.get().getType()))
        init.set(ownBuffer(builder, op.getLoc(), init.get()));
  });
  module.walk([](tensor::EmptyOp op) {
    if (!isSparse(op.getType()))
      return;
    OpBuilder builder(op);
    op.replaceAllUsesWith(
        bufferization::AllocTensorOp::create(builder, op.getLoc(), op.getType(),
                                             op.getDynamicSizes())
            .getResult());
    op.erase();
  });
}

/// Whether nothing is written through `buffer`.
static bool onlyRead(Value buffer) {
  return llvm::all_of(buffer.getUsers(), [](Operation *user) {
    return isa<memref::LoadOp, memref::DimOp>(user);
  });
}

/// Tells bufferization what the sparsifier knows: operands are only read, and
/// what it made a tensor of is a buffer of that tensor alone.
static void stateAccess(ModuleOp module) {
  module.walk([](Operation *op) {
    if (auto read = dyn_cast<bufferization::ToBufferOp>(op)) {
      if (onlyRead(read.getResult()))
        read.setReadOnly(true);
    } else if (auto made = dyn_cast<bufferization::ToTensorOp>(op);
               made &&
               made.getBuffer().getDefiningOp<bufferization::ToBufferOp>()) {
      made.setRestrict(true);
      made.setWritable(true);
    }
  });
}

/// Inlines the insertion helpers. They return buffers they were given, which a
/// callee that owns nothing could only do by copying them.
static void inlineHelpers(ModuleOp module) {
  SymbolTable table(module);
  SmallVector<func::CallOp> calls;
  module.walk([&](func::CallOp call) {
    if (call.getCallee().starts_with("_insert_"))
      calls.push_back(call);
  });
  for (func::CallOp call : calls) {
    auto callee = table.lookup<func::FuncOp>(call.getCallee());
    if (!callee || !callee.getBody().hasOneBlock())
      continue;
    IRMapping mapping;
    mapping.map(callee.getArguments(), call.getOperands());
    OpBuilder builder(call);
    Block &body = callee.getBody().front();
    for (Operation &op : body.without_terminator())
      builder.clone(op, mapping);
    for (auto [result, value] :
         llvm::zip(call.getResults(), body.getTerminator()->getOperands()))
      result.replaceAllUsesWith(mapping.lookupOrDefault(value));
    call.erase();
  }
  for (auto function :
       llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
    if (function.getName().starts_with("_insert_") &&
        SymbolTable::symbolKnownUseEmpty(function, module))
      function.erase();
}

namespace {

struct Sparsify : noodle::impl::NoodleSparsifyPassBase<Sparsify> {
  using NoodleSparsifyPassBase::NoodleSparsifyPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (!holdsSparse(module))
      return markAllAnalysesPreserved();
    // What a sparse type was is only known now.
    for (auto function : module.getOps<func::FuncOp>())
      if (!function->hasAttr("noodle.signature"))
        function->setAttr("noodle.signature",
                          TypeAttr::get(function.getFunctionType()));
    giveOwnBuffers(module);

    OpPassManager loops(ModuleOp::getOperationName());
    loops.addPass(createSparseReinterpretMapPass(ReinterpretMapScope::kAll));
    loops.addPass(createSparsificationPass(
        SparsificationOptions(SparseParallelizationStrategy::kNone,
                              /*enableRT=*/false)));
    loops.addNestedPass<func::FuncOp>(createStageSparseOperationsPass());
    loops.addPass(createLowerSparseOpsToForeachPass(/*enableRT=*/false,
                                                    /*enableConvert=*/true));
    loops.addPass(
        createSparseReinterpretMapPass(ReinterpretMapScope::kExceptGeneric));
    loops.addNestedPass<func::FuncOp>(createLowerForeachToSCFPass());
    if (failed(runPipeline(loops, module)))
      return signalPassFailure();
    stateAccess(module);

    // Sparse buffers are freed by the deallocation that frees all others.
    OpPassManager storage(ModuleOp::getOperationName());
    storage.addPass(
        createSparseTensorCodegenPass(/*createSparseDeallocs=*/false,
                                      /*enableBufferInitialization=*/false));
    storage.addPass(
        createSparseBufferRewritePass(/*enableBufferInitialization=*/false));
    if (failed(runPipeline(storage, module)))
      return signalPassFailure();
    // The sparsifier frees the workspaces of an op with a sparse result itself.
    // Deallocation places all frees, and refuses to share the work.
    module.walk([](memref::DeallocOp op) { op.erase(); });
    inlineHelpers(module);
  }

  void getDependentDialects(DialectRegistry &registry) const override {
    registry
        .insert<arith::ArithDialect, bufferization::BufferizationDialect,
                func::FuncDialect, linalg::LinalgDialect, memref::MemRefDialect,
                scf::SCFDialect, sparse_tensor::SparseTensorDialect,
                tensor::TensorDialect, LLVM::LLVMDialect>();
  }
};

} // namespace
