//===- Elaborate.cpp - bring a program into core ops ----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Algebra/Passes.h"
#include "noodle/Algebra/Sites.h"
#include "noodle/Algebra/SparseForms.h"
#include "noodle/Dialect/MathFunctions.h"
#include "noodle/Dialect/Noodle.h"
#include "noodle/Dialect/Semiring.h"
#include "noodle/Dialect/SparseOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEELABORATEPASS
#include "noodle/Algebra/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

void noodle::numberSites(ModuleOp module) {
  Builder builder(module.getContext());
  int64_t next = 0;
  module->walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (isa<ContractOp, MatmulOp, MapOp, SoftmaxOp, LayerNormOp, ReduceOp,
            TransposeOp, ConcatOp, GatherOp, ScatterOp, ConvertOp>(op) ||
        isSparseOp(op))
      op->setAttr("noodle.site", builder.getI64IntegerAttr(next++));
  });
}

namespace {

/// Why a program may not hold the op; empty where it may.
std::string whyRefused(Operation *op) {
  StringRef dialect = op->getName().getDialectNamespace();
  static constexpr StringRef accepted[] = {
      "noodle", "func", "scf", "arith", "math", "tensor", "complex"};
  if (isa<ModuleOp>(op))
    return "modules do not nest";
  if (dialect == "cf")
    return "use scf: branches between blocks are not accepted";
  if (!llvm::is_contained(accepted, dialect))
    return "programs are made of noodle, func, scf, arith, math, complex and "
           "tensor ops";
  if (dialect == "complex" && !hasComplexForm(op))
    return ("of complex programs may hold " + complexForms()).str();
  if (isa<func::CallIndirectOp, func::ConstantOp>(op))
    return "functions are called by name";
  if (isa<tensor::ReshapeOp>(op))
    return "use tensor.expand_shape and tensor.collapse_shape";
  if (isa<scf::ParallelOp, scf::ForallOp, scf::InParallelOp>(op))
    return "use scf.for: the compiler decides what runs in parallel";
  // Kernels trust the sizes that the compiler gave them.
  if (isa<FusedContractOp>(op))
    return "only the compiler fuses contractions: use noodle.contract";
  // They trust that there are as many values as blocks have.
  if (isa<BlockProductOp, ExpandBlocksOp, PackBlocksOp>(op))
    return "only the compiler handles blocks: use noodle.convert";
  if (isa<TransposeStorageOp, CopyRunOp, ClearRunOp>(op))
    return "only the compiler handles storage: use noodle.transpose";
  if (isa<LaunchOp, HostAccessOp>(op))
    return "only the compiler launches kernels: give an op the strategy gpu";
  return {};
}

/// Why a type may not cross a public function; empty where it may.
std::string whyRefused(Type type) {
  if (isElementType(type) || type.isIndex())
    return {};
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return "arguments and results are ranked tensors or scalars";
  if (!isElementType(tensor.getElementType()))
    return "elements are f16, bf16, f32, f64, i8, i32, i64, i1, complex<f32> "
           "or complex<f64>";
  if (failed(getSparseFormat(tensor)))
    return "sparse tensors are CSR, CSC, COO, DCSR or BSR matrices, or "
           "vectors, with 32- or 64-bit indices";
  return {};
}

struct Elaborate : noodle::impl::NoodleElaboratePassBase<Elaborate> {
  using NoodleElaboratePassBase::NoodleElaboratePassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(statePolicy(module)) || failed(refuse(module)) ||
        failed(refuseRecursion(module)))
      return signalPassFailure();
    IRRewriter rewriter(&getContext());
    for (auto function : module.getOps<func::FuncOp>())
      if (function.isPublic())
        function->setAttr("noodle.signature",
                          TypeAttr::get(function.getFunctionType()));
    if (failed(compressForms(module)))
      return signalPassFailure();
    module.walk([&](MatmulOp op) { elaborate(op, rewriter); });
    module.walk([&](MapOp op) { inlineCallee(op); });
    module.walk([&](Operation *op) { poll(op); });
    numberSites(module);
  }

  LogicalResult statePolicy(ModuleOp module) {
    std::optional<FPPolicy> policy = symbolizeFPPolicy(fp);
    if (!policy)
      return module.emitError("noodle-elaborate: no float policy '")
             << fp << "': use strict, reassoc or fast";
    if (*policy != FPPolicy::Strict && !module->hasAttr("noodle.fp"))
      module->setAttr("noodle.fp", FPPolicyAttr::get(&getContext(), *policy));
    return success();
  }

  LogicalResult refuse(ModuleOp module) {
    WalkResult result = module->walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (op == module.getOperation())
        return WalkResult::advance();
      std::string why = whyRefused(op);
      if (why.empty())
        return WalkResult::advance();
      op->emitError("'") << op->getName() << "' is not accepted: " << why;
      return WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      return failure();
    for (auto function : module.getOps<func::FuncOp>()) {
      if (function.isExternal())
        return function.emitError("function @")
               << function.getName() << " has no body";
      if (!function.isPublic())
        continue;
      FunctionType type = function.getFunctionType();
      for (auto [k, argument] : llvm::enumerate(type.getInputs()))
        if (std::string why = whyRefused(argument); !why.empty())
          return function.emitError("argument #")
                 << k << " of @" << function.getName() << " has type "
                 << argument << ": " << why;
      for (auto [k, value] : llvm::enumerate(type.getResults()))
        if (std::string why = whyRefused(value); !why.empty())
          return function.emitError("result #")
                 << k << " of @" << function.getName() << " has type " << value
                 << ": " << why;
    }
    return success();
  }

  /// Recursion would end in a stack overflow of the host.
  LogicalResult refuseRecursion(ModuleOp module) {
    enum State { Open, Done };
    llvm::DenseMap<Operation *, State> states;
    SymbolTable symbols(module);
    struct Frame {
      func::FuncOp function;
      SmallVector<func::CallOp> calls;
    };
    for (auto root : module.getOps<func::FuncOp>()) {
      SmallVector<Frame> stack;
      auto enter = [&](func::FuncOp function) {
        states[function] = Open;
        Frame &frame = stack.emplace_back();
        frame.function = function;
        function.walk([&](func::CallOp call) { frame.calls.push_back(call); });
      };
      if (!states.contains(root))
        enter(root);
      while (!stack.empty()) {
        Frame &frame = stack.back();
        if (frame.calls.empty()) {
          states[frame.function] = Done;
          stack.pop_back();
          continue;
        }
        func::CallOp call = frame.calls.pop_back_val();
        auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
        if (!callee)
          continue;
        auto it = states.find(callee);
        if (it == states.end())
          enter(callee);
        else if (it->second == Open)
          return call.emitError("@")
                 << call.getCallee()
                 << " calls itself: write the recursion as a loop";
      }
    }
    return success();
  }

  void elaborate(MatmulOp op, IRRewriter &rewriter) {
    rewriter.setInsertionPoint(op);
    ContractSpec spec = op.getSpec();
    // A static inner extent of 1 broadcasts in a contraction, not in a product.
    std::pair<Value, int64_t> inner[2] = {
        {op.getLhs(), op.getLhs().getType().getRank() - 1},
        {op.getRhs(),
         std::max<int64_t>(op.getRhs().getType().getRank() - 2, 0)}};
    for (unsigned k : {0u, 1u}) {
      auto [one, d] = inner[k];
      auto [other, e] = inner[1 - k];
      if (cast<RankedTensorType>(one.getType()).getDimSize(d) != 1 ||
          !cast<RankedTensorType>(other.getType()).isDynamicDim(e))
        continue;
      Location loc = op.getLoc();
      Value extent = tensor::DimOp::create(rewriter, loc, other, e);
      Value unit = arith::ConstantIndexOp::create(rewriter, loc, 1);
      Value same = arith::CmpIOp::create(
          rewriter, loc, arith::CmpIPredicate::eq, extent, unit);
      CheckOp::create(rewriter, loc, same,
                      rewriter.getStringAttr("the inner extents disagree"),
                      rewriter.getI32IntegerAttr(3));
    }
    auto contract = ContractOp::create(
        rewriter, op.getLoc(), op.getType(), rewriter.getStringAttr(spec.str()),
        ValueRange{op.getLhs(), op.getRhs()}, /*mask=*/Value(),
        /*init=*/Value(), op.getSemiring(), op.getAccumulatorAttr(),
        /*mask_valued=*/UnitAttr(), /*mask_complement=*/UnitAttr(),
        op.getStrategyAttr());
    contract->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    rewriter.replaceOp(op, contract);
  }

  /// The callee is one block of arith and math ops, the verifier has seen to
  /// it.
  void inlineCallee(MapOp op) {
    if (!op.getCalleeAttr())
      return;
    auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
        op, op.getCalleeAttr());
    Block &code = callee.getBody().front();
    OpBuilder builder(op);
    Block *body = builder.createBlock(
        &op.getBody(), {}, code.getArgumentTypes(),
        SmallVector<Location>(code.getNumArguments(), op.getLoc()));
    IRMapping mapping;
    mapping.map(code.getArguments(), body->getArguments());
    for (Operation &inner : code.without_terminator())
      builder.clone(inner, mapping);
    YieldOp::create(builder, op.getLoc(),
                    ValueRange{mapping.lookupOrDefault(
                        code.getTerminator()->getOperand(0))});
    op.removeCalleeAttr();
  }

  void poll(Operation *op) {
    Block *head = nullptr;
    if (auto loop = dyn_cast<scf::ForOp>(op))
      head = loop.getBody();
    else if (auto loop = dyn_cast<scf::WhileOp>(op))
      head = loop.getBeforeBody();
    if (!head || (!head->empty() && isa<PollOp>(head->front())))
      return;
    OpBuilder builder = OpBuilder::atBlockBegin(head);
    PollOp::create(builder, op->getLoc());
  }
};

} // namespace
