//===- OutlineParallel.cpp - parallel loops become functions --------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "../Memory/RuntimeAbi.h"

#include "noodle/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEOUTLINEPARALLELPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

/// Innermost iterations that are worth a chunk of their own: about 20 us of
/// scalar work against 0.25 us for an empty region on two threads of Zen 5.
static constexpr int64_t kGrainWork = 1 << 15;
/// Iterations of a loop whose bounds are only known inside. A guess.
static constexpr int64_t kUnknownTrips = 64;

namespace {

/// Outlines one loop.
class Outliner {
public:
  Outliner(scf::ParallelOp loop, func::FuncOp runtimeLoop, SymbolTable &table,
           const LLVMTypeConverter &converter)
      : loop(loop), runtimeLoop(runtimeLoop), table(table),
        converter(converter), b(loop.getLoc(), loop) {}

  void run();

private:
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  /// Innermost iterations under one iteration of the loop, as a value.
  Value work(Region &region);
  Value word(Value value) {
    return arith::IndexCastOp::create(b, b.getI64Type(), value);
  }
  /// A struct of the captures' LLVM forms.
  LLVM::LLVMStructType capturesType(ArrayRef<Value> captures);
  func::FuncOp buildBody(ArrayRef<Value> captures, LLVM::LLVMStructType type);

  scf::ParallelOp loop;
  func::FuncOp runtimeLoop;
  SymbolTable &table;
  const LLVMTypeConverter &converter;
  ImplicitLocOpBuilder b;
  SmallVector<Value> trips; ///< per dimension
};

} // namespace

/// A constant that the value is, or that bounds it as a block's size does.
static std::optional<int64_t> atMost(Value value) {
  if (auto least = value.getDefiningOp<arith::MinSIOp>())
    for (Value side : least->getOperands())
      if (auto known = getConstantIntValue(side))
        return known;
  return getConstantIntValue(value);
}

/// x of x - x % n, which is where whole vectors end; else null.
static Value wholeOf(Value value) {
  auto whole = value.getDefiningOp<arith::SubIOp>();
  auto rest = whole ? whole.getRhs().getDefiningOp<arith::RemUIOp>() : nullptr;
  return rest && rest.getLhs() == whole.getLhs() ? whole.getLhs() : Value();
}

Value Outliner::work(Region &region) {
  Value total = index(1);
  for (Operation &op : region.front()) {
    // What is usual stands in the first branch.
    if (auto branch = dyn_cast<scf::IfOp>(op))
      total = arith::AddIOp::create(b, total, work(branch.getThenRegion()));
    auto inner = dyn_cast<scf::ForOp>(op);
    if (!inner)
      continue;
    auto outside = [&](Value value) {
      return loop.isDefinedOutsideOfLoop(value);
    };
    Value count;
    auto low = getConstantIntValue(inner.getLowerBound()),
         high = atMost(inner.getUpperBound()),
         step = getConstantIntValue(inner.getStep());
    if (low && high && step)
      count = index(std::max<int64_t>(0, (*high - *low + *step - 1) / *step));
    else if (wholeOf(inner.getLowerBound()))
      count = index(1);
    else if (Value end = wholeOf(inner.getUpperBound());
             end && low && step && outside(end))
      count = arith::CeilDivSIOp::create(b, end, index(*step));
    else if (step && outside(inner.getUpperBound()) &&
             outside(inner.getLowerBound()))
      count = arith::CeilDivSIOp::create(
          b,
          arith::SubIOp::create(b, inner.getUpperBound(),
                                inner.getLowerBound()),
          index(*step));
    else
      count = index(kUnknownTrips);
    // A loop that carries or stores vectors does as much as their lanes.
    int64_t lanes = 1;
    auto see = [&](Type type) {
      if (auto vector = dyn_cast<VectorType>(type))
        lanes += vector.getNumElements();
    };
    llvm::for_each(inner.getResultTypes(), see);
    for (Operation &step : *inner.getBody())
      if (auto store = dyn_cast<vector::StoreOp>(step))
        see(store.getVectorType());
      else if (auto masked = dyn_cast<vector::MaskedStoreOp>(step))
        see(masked.getVectorType());
    Value below =
        arith::MulIOp::create(b, work(inner.getRegion()), index(lanes));
    total =
        arith::AddIOp::create(b, total, arith::MulIOp::create(b, count, below));
  }
  return total;
}

LLVM::LLVMStructType Outliner::capturesType(ArrayRef<Value> captures) {
  SmallVector<Type> types;
  for (Value capture : captures)
    types.push_back(converter.convertType(capture.getType()));
  return LLVM::LLVMStructType::getLiteral(b.getContext(), types);
}

func::FuncOp Outliner::buildBody(ArrayRef<Value> captures,
                                 LLVM::LLVMStructType type) {
  OpBuilder::InsertionGuard guard(b);
  auto parent = loop->getParentOfType<func::FuncOp>();
  b.clearInsertionPoint();
  Type ptr = LLVM::LLVMPointerType::get(b.getContext());
  Type i64 = b.getI64Type();
  auto function = func::FuncOp::create(
      b, (parent.getName() + ".parallel").str(),
      b.getFunctionType({ptr, i64, i64, ptr}, b.getI32Type()));
  function.setPrivate();
  function->setAttr(kParallelBodyAttr, b.getUnitAttr());
  table.insert(function, std::next(Block::iterator(parent)));
  Block *entry = function.addEntryBlock();
  b.setInsertionPointToStart(entry);
  SlotBuilder slots(b, converter);
  IRMapping mapping;
  Value packed = LLVM::LoadOp::create(b, type, entry->getArgument(3));
  for (auto [k, capture] : llvm::enumerate(captures)) {
    Value field = LLVM::ExtractValueOp::create(b, packed, int64_t(k));
    mapping.map(capture, slots.raised(capture.getType(), field));
  }
  // What is constant outside is constant here.
  llvm::SetVector<Value> constants;
  getUsedValuesDefinedAbove(loop.getRegion(), constants);
  for (Value value : constants)
    if (Operation *op = value.getDefiningOp();
        op && op->hasTrait<OpTrait::ConstantLike>())
      b.clone(*op, mapping);
  for (Value bound : llvm::concat<Value>(loop.getLowerBound(), loop.getStep()))
    if (Operation *op = bound.getDefiningOp();
        op && op->hasTrait<OpTrait::ConstantLike>() && !mapping.contains(bound))
      b.clone(*op, mapping);

  auto asIndex = [&](Value value) {
    return arith::IndexCastOp::create(b, b.getIndexType(), value);
  };
  auto chunk = scf::ForOp::create(b, asIndex(entry->getArgument(1)),
                                  asIndex(entry->getArgument(2)), index(1));
  // Stores past the caches are ordered by nothing else.
  bool streams = loop.walk([](vector::StoreOp store) {
                       return store.getNontemporal() ? WalkResult::interrupt()
                                                     : WalkResult::advance();
                     })
                     .wasInterrupted();
  if (streams)
    LLVM::FenceOp::create(b, LLVM::AtomicOrdering::seq_cst);
  Value zero = arith::ConstantIntOp::create(b, 0, 32);
  func::ReturnOp::create(b, zero);
  b.setInsertionPointToStart(chunk.getBody());
  // The last dimension runs fastest.
  Value rest = chunk.getInductionVar();
  for (int64_t dim = loop.getNumLoops() - 1; dim >= 0; --dim) {
    Value trip = mapping.lookupOrDefault(trips[dim]);
    Value place = rest;
    if (dim) {
      place = arith::RemUIOp::create(b, rest, trip);
      rest = arith::DivUIOp::create(b, rest, trip);
    }
    Value scaled = arith::MulIOp::create(
        b, place, mapping.lookupOrDefault(loop.getStep()[dim]));
    mapping.map(
        loop.getInductionVars()[dim],
        arith::AddIOp::create(
            b, scaled, mapping.lookupOrDefault(loop.getLowerBound()[dim])));
  }
  for (Operation &op : loop.getBody()->without_terminator()) {
    Operation *clone = b.clone(op, mapping);
    // An iteration's stack is the next one's.
    if (auto space = dyn_cast<memref::AllocaOp>(clone))
      if (space->getNumOperands() == 0)
        space->moveBefore(chunk);
  }
  return function;
}

void Outliner::run() {
  Value count = index(1);
  for (auto [low, high, step] :
       llvm::zip(loop.getLowerBound(), loop.getUpperBound(), loop.getStep())) {
    Value trip = arith::CeilDivSIOp::create(
        b, arith::SubIOp::create(b, high, low), step);
    trip = arith::MaxSIOp::create(b, trip, index(0));
    trips.push_back(trip);
    count = arith::MulIOp::create(b, count, trip);
  }
  // Chunks are of a size worth a thread.
  Value grain = index(1);
  if (loop->hasAttr("noodle.brief"))
    grain = index(-1);
  else if (!loop->hasAttr("noodle.chunked"))
    grain = arith::CeilDivSIOp::create(
        b, index(kGrainWork),
        arith::MaxSIOp::create(b, work(loop.getRegion()), index(1)));

  llvm::SetVector<Value> used;
  getUsedValuesDefinedAbove(loop.getRegion(), used);
  used.insert_range(loop.getLowerBound());
  used.insert_range(loop.getStep());
  used.insert(trips.begin(), trips.end());
  SmallVector<Value> captures;
  for (Value value : used)
    if (Operation *op = value.getDefiningOp();
        !op || !op->hasTrait<OpTrait::ConstantLike>())
      captures.push_back(value);
  LLVM::LLVMStructType type = capturesType(captures);
  func::FuncOp function = buildBody(captures, type);

  auto parent = loop->getParentOfType<func::FuncOp>();
  SlotBuilder slots(b, converter);
  Value space;
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&parent.getBody().front());
    space = LLVM::AllocaOp::create(
        b, LLVM::LLVMPointerType::get(b.getContext()), type, slots.i64(1));
  }
  Value packed = LLVM::PoisonOp::create(b, type);
  for (auto [k, capture] : llvm::enumerate(captures))
    packed = LLVM::InsertValueOp::create(b, packed, slots.lowered(capture),
                                         int64_t(k));
  LLVM::StoreOp::create(b, packed, space);
  auto body = func::ConstantOp::create(b, function.getFunctionType(),
                                       function.getName());
  Value address =
      UnrealizedConversionCastOp::create(
          b, LLVM::LLVMPointerType::get(b.getContext()), body.getResult())
          .getResult(0);
  // A call like any other: it gets the context and its status is tested where
  // runtime calls are lowered.
  func::CallOp::create(b, runtimeLoop,
                       ValueRange{word(count), word(grain), address, space});
  loop.erase();
}

/// Stands for noodle_ir_parallel_for until runtime calls are lowered.
static func::FuncOp declareRuntimeLoop(ModuleOp module, SymbolTable &table) {
  OpBuilder b(module.getContext());
  Type ptr = LLVM::LLVMPointerType::get(module.getContext());
  Type i64 = b.getI64Type();
  auto function =
      func::FuncOp::create(b, module.getLoc(), "parallel_for",
                           b.getFunctionType({i64, i64, ptr, ptr}, {}));
  function.setPrivate();
  function->setAttr(kParallelForAttr, b.getUnitAttr());
  table.insert(function, module.getBody()->begin());
  return function;
}

namespace {
struct OutlineParallel
    : noodle::impl::NoodleOutlineParallelPassBase<OutlineParallel> {
  using NoodleOutlineParallelPassBase::NoodleOutlineParallelPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<scf::ParallelOp> loops;
    module.walk<WalkOrder::PreOrder>([&](scf::ParallelOp loop) {
      if (loop.getNumResults() == 0)
        loops.push_back(loop);
      return WalkResult::skip();
    });
    if (loops.empty())
      return;
    LLVMTypeConverter converter(&getContext());
    SymbolTable table(module);
    func::FuncOp runtimeLoop = declareRuntimeLoop(module, table);
    for (scf::ParallelOp loop : loops)
      Outliner(loop, runtimeLoop, table, converter).run();
  }
};
} // namespace
