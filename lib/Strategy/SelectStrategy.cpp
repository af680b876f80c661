//===- SelectStrategy.cpp - choose a strategy for every op ----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Placement.h"
#include "SiteText.h"

#include "noodle/Cost/SiteCost.h"
#include "noodle/Dialect/BlockOps.h"
#include "noodle/Strategy/DenseForm.h"
#include "noodle/Strategy/DeviceForm.h"
#include "noodle/Strategy/LibraryForm.h"
#include "noodle/Strategy/Lowerable.h"
#include "noodle/Strategy/Passes.h"
#include "noodle/Strategy/StrassenForm.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/StringSwitch.h"

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

/// What `auto` does with a dense op.
Choice chooseAuto(Operation *op, KnownSizes &sizes,
                  const MachineModel &machine) {
  auto contract = dyn_cast<ContractOp>(op);
  if (!contract)
    return {StrategyKind::Loops, "one pass over the entries"};
  DenseChoice choice = chooseDense(contract, sizes, machine);
  return {choice.kind, choice.why};
}

/// Why an op on dense tensors cannot have the strategy it asks for; empty where
/// it can.
std::string whyNotDense(Operation *op, StrategyKind wanted) {
  if (wanted == StrategyKind::Sparse)
    return "no tensor is sparse";
  auto contract = dyn_cast<ContractOp>(op);
  if (!contract)
    return "that is for contractions";
  for (const DenseStrategy &strategy : denseStrategies())
    if (strategy.kind == wanted)
      return strategy.whyNot(contract, denseForm(contract));
  return "the host has no such strategy for it";
}

/// `strassenFrom`: the least extent that is halved, 0: as measured.
Choice choose(Operation *op, StrategyKind wanted, bool named, KnownSizes &sizes,
              const MachineModel &machine, int64_t strassenFrom) {
  std::string refused = whyNotLowered(op);
  std::string who = named ? "the op" : "the option";
  // The interpreter's tensors have a value an entry.
  bool blocks = isa<BlockProductOp, ExpandBlocksOp, PackBlocksOp>(op);
  if (wanted == StrategyKind::Reference && !blocks)
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
    if (wanted != StrategyKind::Auto && wanted != StrategyKind::Sparse)
      why += other("that is for dense tensors");
    return {StrategyKind::Sparse, why};
  }
  if (wanted == StrategyKind::Loops)
    return {wanted, who + " asks for it"};
  if (wanted == StrategyKind::Auto)
    return chooseAuto(op, sizes, machine);
  std::string why = whyNotDense(op, wanted);
  if (why.empty() && wanted == StrategyKind::Strassen) {
    auto contract = cast<ContractOp>(op);
    DenseForm form = denseForm(contract);
    why = whyNotHalved(form, form.atSizes(contract, sizes), strassenFrom);
  }
  if (why.empty())
    return {wanted, who + " asks for it"};
  Choice choice = chooseAuto(op, sizes, machine);
  choice.why += choice.why == why
                    ? " (" + who + " asks for " +
                          stringifyStrategyKind(wanted).str() + ")"
                    : other(why);
  return choice;
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
    KnownSizes sizes;
    MachineModel machine = MachineModel::ofVectorBytes(vectorBytes);
    function->walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (!isTensorOp(op))
        return;
      auto given = op->getAttrOfType<StrategyKindAttr>("strategy");
      bool named = given && given.getValue() != StrategyKind::Auto;
      StrategyKind wanted = named ? given.getValue() : standard;
      bool asked =
          wanted == StrategyKind::Gpu || wanted == StrategyKind::Library;
      // On the host a library is a strategy among others.
      bool onDevice =
          wanted == StrategyKind::Gpu || (asked && place != Target::Cpu);
      // What the host does if the device does not.
      Choice choice = choose(op, onDevice ? StrategyKind::Auto : wanted, named,
                             sizes, machine, strassenFrom);
      if (choice.strategy == StrategyKind::Strassen) {
        auto contract = cast<ContractOp>(op);
        DenseForm form = denseForm(contract);
        choice.why += ": " + strassenText(form, form.atSizes(contract, sizes),
                                          strassenFrom);
      }
      PlacedOp &placed = ops.emplace_back();
      placed.op = op;
      placed.host = choice.strategy;
      std::string who = named ? "the op" : "the option";
      if (onDevice || (place != Target::Cpu && wanted == StrategyKind::Auto)) {
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
    noodle::place(ops, machine, DeviceModel::of(chip));
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
      times = readableTime(placed.kernelSeconds) + " kernel + " +
              readableTime(placed.transferSeconds) + " transfer";
    if (placed.onDevice) {
      op->setAttr("noodle.fallback",
                  StrategyKindAttr::get(&getContext(), choice.strategy));
      choice.strategy =
          placed.library ? StrategyKind::Library : StrategyKind::Gpu;
      if (placed.known)
        times += " against " + readableTime(placed.hostSeconds) + " on the cpu";
      choice.why = placed.why;
      if (!times.empty())
        choice.why += (choice.why.empty() ? "" : ": ") + times;
    } else if (placed.mayDevice) {
      choice.why += placed.known ? "; on the gpu " + times + " against " +
                                       readableTime(placed.hostSeconds)
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
    fields.set("text", builder.getStringAttr(siteText(op)));
    fields.set("place", builder.getStringAttr(placeOf(op->getLoc())));
    fields.set("strategy",
               builder.getStringAttr(stringifyStrategyKind(choice.strategy)));
    fields.set("why", builder.getStringAttr(choice.why));
    // What the planner says of the op.
    for (auto [name, note] :
         {std::pair<StringRef, StringRef>{"plan", "noodle.plan"},
          {"lost", "noodle.lost"},
          {"order", "noodle.order"}})
      if (Attribute said = op->getAttr(note))
        fields.set(name, said);
    fields.set("flops", termsAttr(builder, cost.flops));
    fields.set("bytes", termsAttr(builder, cost.bytes));
    fields.set("sizes", builder.getArrayAttr(sizes));
    if (auto contract = dyn_cast<ContractOp>(op);
        contract && !touchesSparse(op) && contract.getInputs().size() <= 2)
      fields.set("product", product(contract, cost, builder));
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

  /// For predictions at the sizes a call meets.
  Attribute product(ContractOp op, const SiteCost &cost, Builder &builder) {
    DenseForm form = denseForm(op);
    ProductTerms terms;
    terms.shape = form.shape;
    terms.narrow = form.narrow;
    auto sizesOf = [&](ArrayRef<unsigned> letters) {
      SmallVector<unsigned> numbers;
      for (unsigned letter : letters)
        if (cost.letterSizes[letter] != ~0u)
          numbers.push_back(cost.letterSizes[letter]);
      return numbers;
    };
    terms.batch = sizesOf(form.batch);
    terms.rows = sizesOf(form.rows);
    terms.columns = sizesOf(form.columns);
    terms.inner = sizesOf(form.inner);
    return productAttr(builder, terms);
  }

  SmallVector<Attribute> sites;
};

} // namespace
