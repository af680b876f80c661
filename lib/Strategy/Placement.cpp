//===- Placement.cpp - which ops run on the device ------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Placement.h"

#include "noodle/Cost/KnownSizes.h"
#include "noodle/Cost/SiteCost.h"
#include "noodle/Dialect/Semiring.h"
#include "noodle/Strategy/DenseForm.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

/// Iterations of a loop that does not say. A guess.
static constexpr double kUnknownTrips = 16;
/// How often all ops are looked at again.
static constexpr int kMostSweeps = 8;

namespace {

/// A tensor some op of the function makes or takes.
struct Tensor {
  double bytes = 0;
  double times = 1; ///< how often it is made
  int maker = -1;   ///< number of the op; -1: the host's own code
  /// Numbers of ops, -1 for the host's own code, and how often each needs it.
  SmallVector<std::pair<int, double>> users;
};

class Placer {
public:
  Placer(MutableArrayRef<PlacedOp> ops, const MachineModel &host,
         const DeviceModel &device)
      : ops(ops), host(host), device(device) {
    for (auto [number, placed] : llvm::enumerate(ops)) {
      numbers[placed.op] = number;
      times.push_back(timesOf(placed.op));
    }
    for (PlacedOp &placed : ops)
      estimate(placed);
    for (auto [number, placed] : llvm::enumerate(ops)) {
      for (Value operand : placed.op->getOperands())
        note(operand, number);
      note(placed.op->getResult(0), number);
    }
  }

  void choose();
  void finish();

private:
  static double timesOf(Operation *op);
  void estimate(PlacedOp &placed);
  void note(Value value, int touching);
  Value originOf(Value value, llvm::SmallDenseSet<Value> &seen);
  void usersOf(Value value, Tensor &tensor, llvm::SmallDenseSet<Value> &seen);
  double moves(const Tensor &tensor) const;
  /// Seconds of op `number` and the transfers of what it touches.
  double around(int number) const;
  double total() const;

  MutableArrayRef<PlacedOp> ops;
  const MachineModel &host;
  const DeviceModel &device;
  KnownSizes sizes;
  llvm::DenseMap<Operation *, int> numbers;
  SmallVector<double> times;
  std::vector<Tensor> tensors;
  llvm::DenseMap<Value, int> tensorOf;
  std::vector<SmallVector<int>> touched; ///< tensors of each op
};

} // namespace

double Placer::timesOf(Operation *op) {
  double result = 1;
  for (Operation *parent = op->getParentOp(); parent;
       parent = parent->getParentOp()) {
    if (isa<scf::WhileOp>(parent))
      result *= kUnknownTrips;
    if (auto loop = dyn_cast<scf::ForOp>(parent)) {
      auto low = getConstantIntValue(loop.getLowerBound()),
           high = getConstantIntValue(loop.getUpperBound()),
           step = getConstantIntValue(loop.getStep());
      result *= low && high && step && *step > 0
                    ? double(std::max<int64_t>(
                          0, llvm::divideCeilSigned(*high - *low, *step)))
                    : kUnknownTrips;
    }
  }
  return result;
}

/// Whether a product and a sum are one instruction.
static bool isFused(Operation *op) {
  auto contract = dyn_cast<ContractOp>(op);
  return contract &&
         contract.getSemiring().getKind() == SemiringKind::PlusTimes;
}

void Placer::estimate(PlacedOp &placed) {
  SiteCost cost = siteCost(placed.op);
  std::optional<double> flops = sizes.sum(cost, cost.flops),
                        bytes = sizes.sum(cost, cost.bytes),
                        result = sizes.bytes(placed.op->getResult(0));
  placed.known = flops && bytes && result;
  if (!placed.known)
    return;
  std::string name = stringifyStrategyKind(placed.host).str();
  placed.hostSeconds = host.seconds(name.c_str(), *flops, *bytes);
  auto contract = dyn_cast<ContractOp>(placed.op);
  if (contract && placed.host == StrategyKind::Tiled)
    placed.hostSeconds =
        predictDense(name, denseForm(contract).atSizes(contract, sizes), host)
            .seconds;
  Type element = getElementTypeOrSelf(placed.op->getResult(0).getType());
  placed.kernelSeconds = device.kernelSeconds(
      !isa<IntegerType>(element), unsigned(8 * elementBytes(element)),
      isFused(placed.op), *flops, *bytes);
}

/// What the value is in all iterations but the first: what loops yield and
/// branches' first sides; an op's result or a function's argument.
Value Placer::originOf(Value value, llvm::SmallDenseSet<Value> &seen) {
  if (!seen.insert(value).second)
    return value;
  Value next;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    unsigned number = argument.getArgNumber();
    Operation *owner = argument.getOwner()->getParentOp();
    if (auto loop = dyn_cast<scf::ForOp>(owner); loop && number > 0) {
      next = loop.getYieldedValues()[number - 1];
      if (next == value)
        next = loop.getInitArgs()[number - 1];
    } else if (auto loop = dyn_cast<scf::WhileOp>(owner)) {
      next = argument.getOwner() == loop.getBeforeBody()
                 ? loop.getYieldOp().getOperand(number)
                 : loop.getConditionOp().getArgs()[number];
    }
  } else {
    unsigned number = cast<OpResult>(value).getResultNumber();
    Operation *op = value.getDefiningOp();
    if (auto loop = dyn_cast<scf::ForOp>(op))
      next = loop.getYieldedValues()[number];
    else if (auto loop = dyn_cast<scf::WhileOp>(op))
      next = loop.getConditionOp().getArgs()[number];
    else if (auto branch = dyn_cast<scf::IfOp>(op))
      next = branch.thenYield().getOperand(number);
  }
  return next ? originOf(next, seen) : value;
}

/// Ops that take the value, also as what a loop carries or a branch yields.
void Placer::usersOf(Value value, Tensor &tensor,
                     llvm::SmallDenseSet<Value> &seen) {
  if (!seen.insert(value).second)
    return;
  auto add = [&](int user, Operation *op) {
    tensor.users.push_back({user, std::min(tensor.times, timesOf(op))});
  };
  for (OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    unsigned number = use.getOperandNumber();
    if (auto known = numbers.find(user); known != numbers.end()) {
      add(known->second, user);
    } else if (auto loop = dyn_cast<scf::ForOp>(user)) {
      if (number < 3)
        continue;
      usersOf(loop.getRegionIterArgs()[number - 3], tensor, seen);
      usersOf(loop.getResult(number - 3), tensor, seen);
    } else if (auto loop = dyn_cast<scf::WhileOp>(user)) {
      usersOf(loop.getBeforeArguments()[number], tensor, seen);
    } else if (auto condition = dyn_cast<scf::ConditionOp>(user)) {
      if (number == 0)
        continue;
      auto loop = cast<scf::WhileOp>(user->getParentOp());
      usersOf(loop.getAfterArguments()[number - 1], tensor, seen);
      usersOf(loop.getResult(number - 1), tensor, seen);
    } else if (isa<scf::YieldOp>(user)) {
      Operation *parent = user->getParentOp();
      if (auto loop = dyn_cast<scf::WhileOp>(parent)) {
        usersOf(loop.getBeforeArguments()[number], tensor, seen);
      } else {
        if (auto loop = dyn_cast<scf::ForOp>(parent))
          usersOf(loop.getRegionIterArgs()[number], tensor, seen);
        usersOf(parent->getResult(number), tensor, seen);
      }
    } else if (!isa<tensor::DimOp>(user)) {
      add(-1, user);
    }
  }
}

void Placer::note(Value value, int touching) {
  if (!isa<RankedTensorType>(value.getType()))
    return;
  touched.resize(ops.size());
  // What a loop carries is what its body made; the first time is neglected.
  llvm::SmallDenseSet<Value> seen;
  Value origin = originOf(value, seen);
  auto [entry, first] = tensorOf.insert({origin, int(tensors.size())});
  if (first) {
    Tensor &tensor = tensors.emplace_back();
    Operation *op = origin.getDefiningOp();
    if (auto known = numbers.find(op); known != numbers.end())
      tensor.maker = known->second;
    tensor.bytes = sizes.bytes(origin).value_or(0);
    tensor.times = op ? timesOf(op) : 1;
    llvm::SmallDenseSet<Value> followed;
    usersOf(origin, tensor, followed);
  }
  if (!llvm::is_contained(touched[touching], entry->second))
    touched[touching].push_back(entry->second);
}

/// A tensor is moved once each time it is made, or less often where those of
/// the other side that need it stand outside the loop.
double Placer::moves(const Tensor &tensor) const {
  bool made = tensor.maker >= 0 && ops[tensor.maker].onDevice;
  double times = 0;
  for (auto [user, often] : tensor.users)
    if ((user >= 0 && ops[user].onDevice) != made)
      times = std::max(times, often);
  return times > 0 ? times * device.moveSeconds(tensor.bytes) : 0;
}

double Placer::around(int number) const {
  const PlacedOp &placed = ops[number];
  double seconds = times[number] * (placed.onDevice ? placed.kernelSeconds
                                                    : placed.hostSeconds);
  for (int tensor : touched[number])
    seconds += moves(tensors[tensor]);
  return seconds;
}

double Placer::total() const {
  double seconds = 0;
  for (auto [number, placed] : llvm::enumerate(ops))
    seconds += times[number] *
               (placed.onDevice ? placed.kernelSeconds : placed.hostSeconds);
  for (const Tensor &tensor : tensors)
    seconds += moves(tensor);
  return seconds;
}

void Placer::choose() {
  auto free = [](const PlacedOp &placed) {
    return placed.mayDevice && !placed.mustDevice && placed.known;
  };
  for (PlacedOp &placed : ops)
    placed.onDevice = placed.mustDevice || free(placed);
  for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
    bool changed = false;
    for (auto [number, placed] : llvm::enumerate(ops)) {
      if (!free(placed))
        continue;
      double before = around(number);
      placed.onDevice = !placed.onDevice;
      if (around(number) < before)
        changed = true;
      else
        placed.onDevice = !placed.onDevice;
    }
    if (!changed)
      break;
  }
  // A chain of ops may be dear to leave one by one, and cheap to leave whole.
  double mixed = total();
  SmallVector<bool> found;
  for (PlacedOp &placed : ops) {
    found.push_back(placed.onDevice);
    placed.onDevice = placed.mustDevice;
  }
  if (total() > mixed)
    for (auto [placed, on] : llvm::zip(ops, found))
      placed.onDevice = on;
}

void Placer::finish() {
  for (auto [number, placed] : llvm::enumerate(ops)) {
    bool was = placed.onDevice;
    placed.onDevice = true;
    double seconds = 0;
    for (int tensor : touched[number])
      if (moves(tensors[tensor]) > 0)
        seconds += device.moveSeconds(tensors[tensor].bytes);
    placed.onDevice = was;
    placed.transferSeconds = seconds;
  }
}

void noodle::place(MutableArrayRef<PlacedOp> ops, const MachineModel &host,
                   const DeviceModel &device) {
  if (ops.empty())
    return;
  Placer placer(ops, host, device);
  placer.choose();
  placer.finish();
}
