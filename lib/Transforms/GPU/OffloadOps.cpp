//===- OffloadOps.cpp - ops of strategy gpu become launches ---------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "CheckExtents.h"
#include "Kernels.h"

#include "noodle/Strategy/DeviceForm.h"
#include "noodle/Strategy/LibraryForm.h"
#include "noodle/Strategy/Lowerable.h"
#include "noodle/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SparseTensor/IR/SparseTensor.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEOFFLOADOPSPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

/// Ops behind a root in one kernel: each is code in the kernel's last step, and
/// its tensors are parameters, of which there is an end. A guess.
static constexpr size_t kMostMaps = 8;

static bool wantsDevice(Operation *op) {
  auto strategy = op->getAttrOfType<StrategyKindAttr>("strategy");
  // An op of a library of the host's has no fallback.
  return isTensorOp(op) && strategy &&
         (strategy.getValue() == StrategyKind::Gpu ||
          (strategy.getValue() == StrategyKind::Library &&
           op->hasAttr("noodle.fallback")));
}

/// Whether a vendor's routine is to be tried before the kernel.
static bool wantsLibrary(Operation *op) {
  return op->getAttrOfType<StrategyKindAttr>("strategy").getValue() ==
             StrategyKind::Library &&
         libraryForm(op).whyNot.empty();
}

/// Whether a mark stands between two ops of a block: each op of a program that
/// is being measured runs by itself.
static bool marked(Operation *first, Operation *second) {
  for (Operation *op = first->getNextNode(); op != second;
       op = op->getNextNode())
    if (isa<MarkOp>(op))
      return true;
  return false;
}

/// The map that may run in the same kernel behind `op`.
static MapOp follower(Operation *op) {
  Value value = op->getResult(0);
  MapOp map;
  for (Operation *user : value.getUsers()) {
    // Extents can be had from what the kernel reads.
    if (auto dim = dyn_cast<tensor::DimOp>(user);
        dim && getConstantIntValue(dim.getIndex()))
      continue;
    auto other = dyn_cast<MapOp>(user);
    if (!other || (map && other != map))
      return nullptr;
    map = other;
  }
  if (!map || !wantsDevice(map) || map->getBlock() != op->getBlock() ||
      marked(op, map))
    return nullptr;
  // The same entries, each computed from the one at its own place.
  auto shape = cast<RankedTensorType>(value.getType());
  RankedTensorType result = map.getType();
  if (shape.getShape() != result.getShape() || shape.getEncoding() ||
      result.getEncoding() || deviceForm(map).kind != KernelKind::Elementwise)
    return nullptr;
  return map;
}

static Cluster clusterOf(Operation *root) {
  Cluster cluster{root, {}};
  // A routine runs nothing behind its product.
  while (!wantsLibrary(root) && cluster.maps.size() < kMostMaps) {
    MapOp map = follower(cluster.last());
    if (!map)
      break;
    cluster.maps.push_back(map);
  }
  return cluster;
}

static LaunchOp emit(KernelKind kind, Offload &offload) {
  switch (kind) {
  case KernelKind::Contraction:
    return emitContraction(offload);
  case KernelKind::Rows:
    return emitRows(offload);
  case KernelKind::Elementwise:
    return emitElementwise(offload);
  case KernelKind::SparseRows:
    return emitSparseRows(offload);
  case KernelKind::None:
    break;
  }
  return nullptr;
}

namespace {
struct OffloadOps : noodle::impl::NoodleOffloadOpsPassBase<OffloadOps> {
  using NoodleOffloadOpsPassBase::NoodleOffloadOpsPassBase;

  void runOnOperation() override {
    SmallVector<Operation *> roots;
    llvm::DenseSet<Operation *> covered;
    // Program order: a root comes before the maps behind it.
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (wantsDevice(op))
        roots.push_back(op);
    });
    if (roots.empty())
      return markAllAnalysesPreserved();
    for (Operation *root : roots) {
      if (covered.contains(root))
        continue;
      Cluster cluster = clusterOf(root);
      covered.insert(cluster.maps.begin(), cluster.maps.end());
      if (failed(offload(cluster)))
        return signalPassFailure();
    }
  }

  LogicalResult offload(const Cluster &cluster) {
    SmallVector<Operation *> members = {cluster.root};
    llvm::append_range(members, cluster.maps);
    for (Operation *op : members)
      if (failed(mayFallBack(op)))
        return failure();
    DeviceForm form = deviceForm(cluster.root);
    if (form.kind == KernelKind::None)
      return cluster.root->emitOpError() << "has no kernel: " << form.whyNot;
    OpBuilder b(cluster.last());
    for (Operation *op : members)
      checkExtents(op, b);
    if (wantsLibrary(cluster.root)) {
      Offload offload(cluster, deviceModule());
      launchOr(emitLibrary(offload), members);
      cluster.root->setAttr(
          "strategy", StrategyKindAttr::get(&getContext(), StrategyKind::Gpu));
    }
    Offload offload(cluster, deviceModule());
    LaunchOp launch = emit(form.kind, offload);
    if (!launch)
      return cluster.root->emitOpError() << "has no kernel";
    launchOr(launch, members);
    for (Operation *op : members) {
      op->setAttr("strategy", op->getAttr("noodle.fallback"));
      op->removeAttr("noodle.fallback");
    }
    return success();
  }

  /// The tensors between the cluster's ops exist where the host computes them
  /// alone: their extents are taken from what the cluster reads.
  static void moveUp(tensor::DimOp dim, ArrayRef<Operation *> members) {
    std::pair<Value, int64_t> source = {dim.getSource(),
                                        *getConstantIntValue(dim.getIndex())};
    while (Operation *op = source.first.getDefiningOp()) {
      if (!llvm::is_contained(members, op))
        break;
      source = extentSource(op, source.second);
    }
    ImplicitLocOpBuilder b(dim.getLoc(), dim);
    Value d = arith::ConstantIndexOp::create(b, source.second);
    dim.replaceAllUsesWith(b.createOrFold<tensor::DimOp>(source.first, d));
    dim.erase();
  }

  /// The launch's result, or where it did not run that of `members`.
  static void launchOr(LaunchOp launch, ArrayRef<Operation *> members) {
    Operation *last = members.back();
    Location loc = last->getLoc();
    for (Operation *op : members.drop_back())
      for (Operation *user :
           llvm::make_early_inc_range(op->getResult(0).getUsers()))
        if (auto dim = dyn_cast<tensor::DimOp>(user))
          moveUp(dim, members);
    OpBuilder b(last);
    auto branch = scf::IfOp::create(b, loc, last->getResultTypes(),
                                    launch.getRan(), /*withElseRegion=*/true);
    last->replaceAllUsesWith(branch);
    b.setInsertionPointToEnd(branch.thenBlock());
    scf::YieldOp::create(b, loc, launch.getResult());
    b.setInsertionPointToEnd(branch.elseBlock());
    Operation *exit = scf::YieldOp::create(b, loc, last->getResults());
    for (Operation *op : members)
      op->moveBefore(exit);
  }

  /// The host must be able to compute the op too.
  LogicalResult mayFallBack(Operation *op) {
    auto fallback = op->getAttrOfType<StrategyKindAttr>("noodle.fallback");
    if (!fallback)
      return op->emitOpError()
             << "has the strategy gpu but no 'noodle.fallback'";
    switch (fallback.getValue()) {
    case StrategyKind::Loops:
    case StrategyKind::Tiled:
    case StrategyKind::Strassen:
    case StrategyKind::Sparse:
      break;
    default:
      return op->emitOpError() << "cannot fall back to the strategy "
                               << stringifyStrategyKind(fallback.getValue());
    }
    std::string why = whyNotLowered(op);
    if (!why.empty())
      return op->emitOpError() << "cannot fall back to the host: " << why;
    return success();
  }

  gpu::GPUModuleOp deviceModule() {
    ModuleOp module = getOperation();
    if (auto known = module.lookupSymbol<gpu::GPUModuleOp>(kDeviceModule))
      return known;
    auto b = OpBuilder::atBlockEnd(module.getBody());
    return gpu::GPUModuleOp::create(b, module.getLoc(), kDeviceModule);
  }
};
} // namespace
