//===- SelectStrategy.cpp - choose a strategy for every op ----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Placement.h"

#include "noodle/Cost/SiteCost.h"
#include "noodle/Strategy/DeviceForm.h"
#include "noodle/Strategy/LibraryForm.h"
#include "noodle/Strategy/Lowerable.h"
#include "noodle/Strategy/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLESELECTSTRATEGYPASS
#include "noodle/Strategy/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

namespace {

struct Choice {
  StrategyKind strategy;
  std::string why;
};

/// Whether stored entries drive the op; a mask does not.
bool touchesSparse(Operation *op) {
  if (auto contract = dyn_cast<ContractOp>(op))
    return isSparse(contract.getResult()) ||
           llvm::any_of(contract.getInputs(),
                        [](Value v) { return isSparse(v); });
  return llvm::any_of(op->getOperands(), [](Value v) { return isSparse(v); }) ||
         llvm::any_of(op->getResults(), [](Value v) { return isSparse(v); });
}

/// Contractions whose loops are worth tiles: two operands or more, a sum, and
/// no extent known to be small.
Choice chooseDense(Operation *op) {
  auto contract = dyn_cast<ContractOp>(op);
  if (!contract)
    return {StrategyKind::Loops, "one pass over the entries"};
  ContractSpec spec = contract.getSpec();
  if (contract.getInputs().size() < 2 ||
      spec.letterCount() == spec.output.size())
    return {StrategyKind::Loops, "one pass over the entries"};
  if (contract.getInputs().size() > 2)
    return {StrategyKind::Loops, "one loop nest over more than two operands"};
  if (contract.getSemiring().getKind() == SemiringKind::User)
    return {StrategyKind::Loops, "the semiring is user-defined"};
  if (spec.output.empty())
    return {StrategyKind::Loops, "a single sum"};
  if (contract.getAccumulatorType().isInteger(1))
    return {StrategyKind::Loops, "vectors of i1 are packed"};
  return {StrategyKind::Tiled, "a dense contraction of two operands"};
}

Choice choose(Operation *op, StrategyKind wanted, bool named) {
  std::string refused = whyNotLowered(op);
  std::string who = named ? "the op" : "the option";
  if (wanted == StrategyKind::Reference)
    return {wanted, who + " asks for it"};
  if (!refused.empty())
    return {StrategyKind::Reference, refused};
  bool sparse = touchesSparse(op);
  auto other = [&](StringRef why) {
    return " (" + who + " asks for " + stringifyStrategyKind(wanted).str() +
           ", but " + why.str() + ")";
  };
  if (sparse) {
    std::string why;
    for (auto [k, operand] : llvm::enumerate(op->getOperands()))
      if (why.empty() && isSparse(operand))
        why = "operand " + std::to_string(k) + " is sparse";
    if (why.empty())
      why = "the result is sparse";
    if (wanted == StrategyKind::Loops || wanted == StrategyKind::Tiled)
      why += other("that is for dense tensors");
    return {StrategyKind::Sparse, why};
  }
  if (wanted == StrategyKind::Loops)
    return {wanted, who + " asks for it"};
  Choice choice = chooseDense(op);
  if (wanted == StrategyKind::Tiled) {
    if (choice.strategy == StrategyKind::Tiled)
      return {wanted, who + " asks for it"};
    choice.why += other("only contractions are tiled");
  }
  if (wanted == StrategyKind::Sparse)
    choice.why += other("no tensor is sparse");
  return choice;
}

std::string placeOf(Location location) {
  std::string place;
  location->walk([&](Location inner) {
    auto file = dyn_cast<FileLineColLoc>(inner);
    if (!file)
      return WalkResult::advance();
    place = (file.getFilename().getValue() + ":" + Twine(file.getLine()) + ":" +
             Twine(file.getColumn()))
                .str();
    return WalkResult::interrupt();
  });
  return place;
}

/// "ij,j->i min_plus f64 csr": what the op does, in few words.
std::string textOf(Operation *op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  SemiringAttr semiring = op->getAttrOfType<SemiringAttr>("semiring");
  if (auto contract = dyn_cast<ContractOp>(op)) {
    stream << contract.getEquation() << ' ';
    semiring = contract.getSemiring();
  } else if (auto reduce = dyn_cast<ReduceOp>(op)) {
    semiring = reduce.getSemiring();
  } else if (auto scatter = dyn_cast<ScatterOp>(op)) {
    semiring = scatter.getSemiring();
  }
  if (semiring) {
    if (semiring.getKind() == SemiringKind::User)
      stream << semiring.getSymbol() << ' ';
    else
      stream << stringifySemiringKind(semiring.getKind()) << ' ';
  }
  if (auto map = dyn_cast<MapOp>(op))
    stream << "over " << stringifyMapOver(map.getVisited()) << ' ';
  stream << getElementTypeOrSelf(op->getResult(0).getType());
  bool csr = false, csc = false;
  auto see = [&](Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type || !type.getEncoding())
      return;
    FailureOr<SparseFormat> format = getSparseFormat(type);
    csr |= succeeded(format) && *format == SparseFormat::CSR;
    csc |= succeeded(format) && *format == SparseFormat::CSC;
  };
  llvm::for_each(op->getOperands(), see);
  llvm::for_each(op->getResults(), see);
  stream << (csr ? " csr" : "") << (csc ? " csc" : "");
  return text;
}

/// "0.12 ms"; times below a microsecond in nanoseconds.
std::string readable(double seconds) {
  struct Unit {
    double size;
    const char *name;
  };
  static constexpr Unit units[] = {
      {1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}};
  Unit unit = units[3];
  for (const Unit &candidate : llvm::reverse(units))
    if (seconds >= candidate.size)
      unit = candidate;
  return llvm::formatv("{0:F2} {1}", seconds / unit.size, unit.name).str();
}

enum class Target { Cpu, Cuda, Auto };

std::optional<Target> parseTarget(StringRef name) {
  return llvm::StringSwitch<std::optional<Target>>(name)
      .Case("cpu", Target::Cpu)
      .Case("cuda", Target::Cuda)
      .Case("auto", Target::Auto)
      .Default(std::nullopt);
}

struct SelectStrategy
    : noodle::impl::NoodleSelectStrategyPassBase<SelectStrategy> {
  using NoodleSelectStrategyPassBase::NoodleSelectStrategyPassBase;

  void runOnOperation() override {
    std::optional<StrategyKind> wanted = symbolizeStrategyKind(strategy);
    if (!wanted) {
      getOperation().emitError("noodle-select-strategy: no strategy '")
          << strategy
          << "': use auto, reference, loops, tiled, strassen, "
             "sparse, gpu or library";
      return signalPassFailure();
    }
    std::optional<Target> place = parseTarget(target);
    if (!place) {
      getOperation().emitError("noodle-select-strategy: no target '")
          << target << "': use cpu, cuda or auto";
      return signalPassFailure();
    }
    sites.clear();
    Builder builder(&getContext());
    if (*place != Target::Cpu)
      getOperation()->setAttr("noodle.chip", builder.getStringAttr(chip));
    for (auto function : getOperation().getOps<func::FuncOp>())
      select(function, *wanted, *place);
    getOperation()->setAttr("noodle.sites", builder.getArrayAttr(sites));
  }

  /// Tensors do not leave a function but through its arguments and results,
  /// which lie on the host.
  void select(func::FuncOp function, StrategyKind standard, Target place) {
    SmallVector<PlacedOp> ops;
    SmallVector<Choice> choices;
    function->walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (!isTensorOp(op))
        return;
      auto given = op->getAttrOfType<StrategyKindAttr>("strategy");
      bool named = given && given.getValue() != StrategyKind::Auto;
      StrategyKind wanted = named ? given.getValue() : standard;
      bool asked =
          wanted == StrategyKind::Gpu || wanted == StrategyKind::Library;
      // What the host does if the device does not.
      Choice choice = choose(op, asked ? StrategyKind::Auto : wanted, named);
      PlacedOp &placed = ops.emplace_back();
      placed.op = op;
      placed.host = choice.strategy;
      std::string who = named ? "the op" : "the option";
      if (asked || (place != Target::Cpu && wanted == StrategyKind::Auto)) {
        std::string refused = whyNotOnDevice(op, choice, place);
        placed.mayDevice = refused.empty();
        placed.mustDevice =
            placed.mayDevice && (asked || place == Target::Cuda);
        if (placed.mustDevice)
          placed.why = asked ? who + " asks for it" : "the target is cuda";
        if (placed.mustDevice && wanted == StrategyKind::Library) {
          std::string none = libraryForm(op).whyNot;
          placed.library = none.empty();
          if (!none.empty())
            placed.why = who + " asks for library, but " + none;
        }
        if (!placed.mayDevice && asked)
          choice.why += " (" + who + " asks for " +
                        stringifyStrategyKind(wanted).str() + ", but " +
                        refused + ")";
        else if (!refused.empty())
          choice.why += "; not on the gpu: " + refused;
      }
      choices.push_back(std::move(choice));
    });
    noodle::place(ops, MachineModel(), DeviceModel::of(chip));
    for (auto [placed, choice] : llvm::zip(ops, choices))
      record(placed, choice);
  }

  /// Why no kernel can run the op; empty where one can.
  static std::string whyNotOnDevice(Operation *op, const Choice &choice,
                                    Target place) {
    if (place == Target::Cpu)
      return "the target is cpu";
    DeviceForm form = deviceForm(op);
    if (form.kind == KernelKind::None)
      return form.whyNot;
    // A launch that is refused must have somewhere to go.
    if (choice.strategy == StrategyKind::Reference)
      return "only the interpreter could stand in";
    return {};
  }

  void record(const PlacedOp &placed, Choice &choice) {
    Operation *op = placed.op;
    std::string times;
    if (placed.known)
      times = readable(placed.kernelSeconds) + " kernel + " +
              readable(placed.transferSeconds) + " transfer";
    if (placed.onDevice) {
      op->setAttr("noodle.fallback",
                  StrategyKindAttr::get(&getContext(), choice.strategy));
      choice.strategy =
          placed.library ? StrategyKind::Library : StrategyKind::Gpu;
      if (placed.known)
        times += " against " + readable(placed.hostSeconds) + " on the cpu";
      choice.why = placed.why;
      if (!times.empty())
        choice.why += (choice.why.empty() ? "" : ": ") + times;
    } else if (placed.mayDevice) {
      choice.why += placed.known ? "; on the gpu " + times + " against " +
                                       readable(placed.hostSeconds)
                                 : "; not on the gpu: sizes are unknown";
    }
    Builder builder(&getContext());
    op->setAttr("strategy",
                StrategyKindAttr::get(&getContext(), choice.strategy));
    op->setAttr("noodle.why", builder.getStringAttr(choice.why));
    sites.push_back(site(placed, choice, builder));
  }

  Attribute site(const PlacedOp &placed, const Choice &choice,
                 Builder &builder) {
    Operation *op = placed.op;
    SiteCost cost = siteCost(op);
    SmallVector<Attribute> sizes;
    for (const SizeSource &source : cost.sizes)
      sizes.push_back(builder.getStringAttr(source.name));
    NamedAttrList fields;
    auto number = op->getAttrOfType<IntegerAttr>("noodle.site");
    fields.set("id", number ? number : builder.getI64IntegerAttr(-1));
    fields.set("op", builder.getStringAttr(op->getName().stripDialect()));
    fields.set("text", builder.getStringAttr(textOf(op)));
    fields.set("place", builder.getStringAttr(placeOf(op->getLoc())));
    fields.set("strategy",
               builder.getStringAttr(stringifyStrategyKind(choice.strategy)));
    fields.set("why", builder.getStringAttr(choice.why));
    fields.set("flops", termsAttr(builder, cost.flops));
    fields.set("bytes", termsAttr(builder, cost.bytes));
    fields.set("sizes", builder.getArrayAttr(sizes));
    if (placed.onDevice)
      fields.set("fallback",
                 builder.getStringAttr(stringifyStrategyKind(placed.host)));
    // What was predicted, where the device was an option.
    if (placed.mayDevice && placed.known) {
      fields.set("host_seconds", builder.getF64FloatAttr(placed.hostSeconds));
      fields.set("kernel_seconds",
                 builder.getF64FloatAttr(placed.kernelSeconds));
      fields.set("transfer_seconds",
                 builder.getF64FloatAttr(placed.transferSeconds));
    }
    return fields.getDictionary(&getContext());
  }

  SmallVector<Attribute> sites;
};

} // namespace
