//===- InsertHostAccess.cpp - the host asks before it touches a buffer ----===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The unit is the outermost op of a block that neither launches nor branches:
// a whole loop nest asks once for each buffer from outside it. Which side holds
// the newest contents is the runtime's to know, by address. All that is found
// out here is which buffers no kernel can have written or read: two values
// belong to one class where one may be a name of the other's memory.
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/Noodle.h"
#include "noodle/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEINSERTHOSTACCESSPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

namespace {

/// Buffers that an op touches, and whether it may write.
using Accesses = llvm::MapVector<Value, bool>;
/// The same, of what the host has asked for since the last launch.
using Known = llvm::SmallDenseMap<Value, bool>;

/// The buffer that a view shows a part of.
Value baseOf(Value buffer) {
  while (Operation *op = buffer.getDefiningOp()) {
    if (auto view = dyn_cast<ViewLikeOpInterface>(op))
      buffer = view.getViewSource();
    else if (auto apart = dyn_cast<memref::ExtractStridedMetadataOp>(op))
      buffer = apart.getSource();
    else
      break;
  }
  return buffer;
}

bool isBuffer(Value value) { return isa<BaseMemRefType>(value.getType()); }

/// Which buffers kernels may touch.
class DeviceBuffers {
public:
  DeviceBuffers(ModuleOp module, SymbolTableCollection &symbols);

  /// Whether the host must ask before it reads, or writes.
  bool concerns(Value buffer, bool write) const {
    auto leader = classes.findLeader(key(buffer));
    if (leader == classes.member_end())
      return true;
    return written.contains(*leader) || (write && read.contains(*leader));
  }

private:
  using Key = const void *;
  static Key key(Value value) { return value.getAsOpaquePointer(); }
  void join(Value a, Value b) {
    if (isBuffer(a) && isBuffer(b))
      classes.unionSets(key(a), key(b));
  }
  void join(ValueRange from, ValueRange to) {
    for (auto [a, b] : llvm::zip(from, to))
      join(a, b);
  }
  void follow(Operation *op, SymbolTableCollection &symbols);

  llvm::EquivalenceClasses<Key> classes;
  llvm::DenseSet<Key> read, written;
};

/// What one unit touches.
class Collector {
public:
  Collector(Operation *unit, SymbolTableCollection &symbols)
      : unit(unit), symbols(symbols) {}

  Accesses run() {
    unit->walk([&](Operation *op) { touch(op); });
    return std::move(accesses);
  }

private:
  void touch(Operation *op);
  /// Adds the buffers from outside the unit that `buffer` may be.
  void add(Value buffer, bool write);

  Operation *unit;
  SymbolTableCollection &symbols;
  Accesses accesses;
  llvm::DenseSet<Value> seen[2]; ///< read, written
};

} // namespace

DeviceBuffers::DeviceBuffers(ModuleOp module, SymbolTableCollection &symbols) {
  module.walk([&](Operation *op) {
    auto insert = [&](Value value) {
      if (isBuffer(value))
        classes.insert(key(value));
    };
    llvm::for_each(op->getResults(), insert);
    for (Region &region : op->getRegions())
      for (Block &block : region)
        llvm::for_each(block.getArguments(), insert);
    follow(op, symbols);
  });
  module.walk([&](LaunchOp launch) {
    for (Value input : launch.getInputs())
      read.insert(*classes.findLeader(key(input)));
    written.insert(*classes.findLeader(key(launch.getOut())));
  });
}

/// Joins what `op` may make names of each other.
void DeviceBuffers::follow(Operation *op, SymbolTableCollection &symbols) {
  if (isa<memref::AllocOp, memref::AllocaOp, LaunchOp>(op))
    return;
  if (auto call = dyn_cast<func::CallOp>(op)) {
    auto callee =
        symbols.lookupNearestSymbolFrom<func::FuncOp>(op, call.getCalleeAttr());
    // The interpreter's results are blocks of their own.
    if (!callee || callee.isDeclaration())
      return;
    join(call.getOperands(), callee.getArguments());
    for (Block &block : callee.getBody())
      if (block.getTerminator()->hasTrait<OpTrait::ReturnLike>())
        join(call.getResults(), block.getTerminator()->getOperands());
    return;
  }
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    join(loop.getInitArgs(), loop.getRegionIterArgs());
    join(loop.getInitArgs(), loop.getYieldedValues());
    return join(loop.getInitArgs(), loop.getResults());
  }
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    for (Region &region : branch->getRegions())
      if (!region.empty())
        join(region.front().getTerminator()->getOperands(),
             branch.getResults());
    return;
  }
  if (auto loop = dyn_cast<scf::WhileOp>(op)) {
    join(loop.getInits(), loop.getBeforeArguments());
    join(loop.getInits(), loop.getYieldOp().getOperands());
    join(loop.getConditionOp().getArgs(), loop.getAfterArguments());
    return join(loop.getConditionOp().getArgs(), loop.getResults());
  }
  if (auto branch = dyn_cast<BranchOpInterface>(op)) {
    for (auto [k, block] : llvm::enumerate(op->getSuccessors())) {
      SuccessorOperands passed = branch.getSuccessorOperands(k);
      for (unsigned at = 0; at < passed.size(); ++at)
        if (Value value = passed[at])
          join(value, block->getArgument(at));
    }
    return;
  }
  if (isa<func::FuncOp, ModuleOp>(op))
    return;
  // Views, and whatever else: all that goes in and comes out.
  SmallVector<Value> names;
  llvm::append_range(names, op->getResults());
  for (Region &region : op->getRegions())
    for (Block &block : region) {
      llvm::append_range(names, block.getArguments());
      if (block.mightHaveTerminator())
        llvm::append_range(names, block.getTerminator()->getOperands());
    }
  if (llvm::none_of(names, isBuffer))
    return;
  llvm::append_range(names, op->getOperands());
  Value first;
  for (Value name : names)
    if (isBuffer(name)) {
      if (first)
        join(first, name);
      else
        first = name;
    }
}

void Collector::add(Value buffer, bool write) {
  if (!isBuffer(buffer))
    return;
  buffer = baseOf(buffer);
  if (!seen[write].insert(buffer).second)
    return;
  Operation *op = buffer.getDefiningOp();
  // Neither the stack nor constants are ever a kernel's output.
  if (isa_and_nonnull<memref::AllocaOp, memref::GetGlobalOp>(op))
    return;
  Operation *owner = op ? op : buffer.getParentBlock()->getParentOp();
  bool inside = op ? unit->isAncestor(op)
                   : unit->isAncestor(owner) && !isa<func::FuncOp>(owner);
  if (!inside) {
    accesses[buffer] |= write;
    return;
  }
  // Made inside: what it may be a name of. Loops and branches pass operands
  // and yielded values on.
  if (isa<memref::AllocOp>(owner) || isa<func::CallOp>(owner))
    return;
  for (Value operand : owner->getOperands())
    add(operand, write);
  for (Region &region : owner->getRegions())
    for (Block &block : region)
      for (Value operand : block.getTerminator()->getOperands())
        add(operand, write);
}

void Collector::touch(Operation *op) {
  if (auto call = dyn_cast<func::CallOp>(op)) {
    // Functions with bodies ask for themselves; the interpreter cannot.
    auto callee =
        symbols.lookupNearestSymbolFrom<func::FuncOp>(op, call.getCalleeAttr());
    if (!callee || callee.isDeclaration())
      for (Value operand : op->getOperands())
        add(operand, /*write=*/false);
    return;
  }
  if (op->hasTrait<OpTrait::HasRecursiveMemoryEffects>() ||
      isMemoryEffectFree(op))
    return;
  auto all = [&] {
    for (Value operand : op->getOperands())
      add(operand, /*write=*/true);
  };
  auto interface = dyn_cast<MemoryEffectOpInterface>(op);
  if (!interface)
    return all();
  SmallVector<MemoryEffects::EffectInstance> effects;
  interface.getEffects(effects);
  for (const MemoryEffects::EffectInstance &effect : effects) {
    bool write = isa<MemoryEffects::Write>(effect.getEffect());
    if (!write && !isa<MemoryEffects::Read>(effect.getEffect()))
      continue;
    if (!effect.getValue())
      return all();
    add(effect.getValue(), write);
  }
}

namespace {

struct InsertHostAccess
    : noodle::impl::NoodleInsertHostAccessPassBase<InsertHostAccess> {
  using NoodleInsertHostAccessPassBase::NoodleInsertHostAccessPassBase;

  void runOnOperation() override {
    launching.clear();
    ModuleOp module = getOperation();
    SymbolTableCollection symbols;
    if (!module.walk([](LaunchOp) { return WalkResult::interrupt(); })
             .wasInterrupted())
      return markAllAnalysesPreserved();
    // Callers of functions that launch, until there are no more.
    for (bool more = true; more;) {
      more = false;
      for (auto function : module.getOps<func::FuncOp>())
        if (mayLaunch(function))
          more |= launching.insert(function.getNameAttr()).second;
    }
    DeviceBuffers buffers(module, symbols);
    device = &buffers;
    for (auto function : module.getOps<func::FuncOp>())
      for (Block &block : function.getBody())
        visit(block, Known(), symbols);
    device = nullptr;
  }

private:
  bool mayLaunch(Operation *op) {
    return op
        ->walk([&](Operation *inner) {
          auto call = dyn_cast<func::CallOp>(inner);
          return isa<LaunchOp>(inner) ||
                         (call &&
                          launching.contains(call.getCalleeAttr().getAttr()))
                     ? WalkResult::interrupt()
                     : WalkResult::advance();
        })
        .wasInterrupted();
  }

  void visit(Block &block, Known known, SymbolTableCollection &symbols) {
    for (Operation &op : llvm::make_early_inc_range(block)) {
      bool launches = mayLaunch(&op);
      if (launches || isa<scf::IfOp>(op)) {
        // An iteration may follow a launch of the one before it.
        if (launches && !isa<scf::IfOp>(op))
          known.clear();
        for (Region &region : op.getRegions())
          for (Block &inner : region)
            visit(inner, known, symbols);
        if (launches)
          known.clear();
        continue;
      }
      // Nobody but the host has seen a new block.
      if (auto alloc = dyn_cast<memref::AllocOp>(op)) {
        known[alloc.getResult()] = true;
        continue;
      }
      for (auto [buffer, write] : Collector(&op, symbols).run()) {
        if (!device->concerns(buffer, write))
          continue;
        auto [entry, first] = known.insert({buffer, write});
        if (!first && (entry->second || !write))
          continue;
        entry->second |= write;
        OpBuilder b(&op);
        HostAccessOp::create(b, op.getLoc(), buffer, write);
      }
    }
  }

  DenseSet<StringAttr> launching;
  const DeviceBuffers *device = nullptr; ///< of the module at hand
};

} // namespace
