//===- PlanContractions.cpp - split n-ary contractions --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Algebra/ContractionOrder.h"
#include "noodle/Algebra/Passes.h"
#include "noodle/Algebra/Sites.h"
#include "noodle/Cost/KnownSizes.h"
#include "noodle/Dialect/Noodle.h"
#include "noodle/Dialect/Semiring.h"
#include "noodle/Dialect/SparseProduct.h"

#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Format.h"
#include <cmath>

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEPLANCONTRACTIONSPASS
#include "noodle/Algebra/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

/// An extent that nothing tells: of a matrix worth compiling for. A guess.
static constexpr double kUnknownExtent = 256;
/// Entries of the largest intermediate worth its memory: 8 GiB of f64. A guess.
static constexpr double kMostEntries = double(1 << 30);

namespace {

/// A tensor and the letters of its dimensions.
struct Factor {
  Value value;
  SmallVector<std::string> letters;
};

bool has(ArrayRef<std::string> letters, StringRef letter) {
  return llvm::is_contained(letters, letter);
}

bool isSparse(Value value) {
  return cast<RankedTensorType>(value.getType()).getEncoding() != nullptr;
}

/// "20000" or "1.30e+09".
std::string count(double number) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (number < 1e7)
    stream << std::llround(number);
  else
    stream << llvm::format("%.2e", number);
  return text;
}

/// The equation of `factors` -> `output`.
std::string equation(ArrayRef<Factor> factors, ArrayRef<std::string> output) {
  bool single = true;
  auto isLetter = [](const std::string &name) { return name.size() == 1; };
  for (const Factor &factor : factors)
    single &= llvm::all_of(factor.letters, isLetter);
  single &= llvm::all_of(output, isLetter);
  auto term = [&](ArrayRef<std::string> letters) {
    return llvm::join(letters, single ? "" : " ");
  };
  std::string text;
  for (const Factor &factor : factors)
    text += (text.empty() && &factor == factors.begin() ? "" : ", ") +
            term(factor.letters);
  text += " -> " + term(output);
  if (single)
    llvm::erase(text, ' ');
  return text;
}

class Planner {
public:
  Planner(ContractOp op, Semiring semiring, KnownSizes &sizes,
          IRRewriter &rewriter)
      : op(op), semiring(semiring), sizes(sizes), rewriter(rewriter),
        spec(op.getSpec()) {
    for (auto [value, letters] : llvm::zip(op.getInputs(), spec.operands))
      factors.push_back({value, names(letters)});
    output = names(spec.output);
  }

  void run();

private:
  SmallVector<std::string> names(ArrayRef<unsigned> letters) {
    return llvm::map_to_vector(letters,
                               [&](unsigned l) { return spec.letters[l]; });
  }
  std::string whyWhole();
  bool reducePrivate();
  ContractionNetwork network();
  ContractionOrder order(const ContractionNetwork &network);
  /// Letters of `parts` that the output or other factors from `rest` on need.
  SmallVector<std::string> keptOf(ArrayRef<Factor> parts,
                                  ArrayRef<Factor> rest);
  Factor piece(ArrayRef<Factor> parts, ArrayRef<std::string> kept);

  ContractOp op;
  Semiring semiring;
  KnownSizes &sizes;
  IRRewriter &rewriter;
  ContractSpec spec;
  SmallVector<Factor> factors;
  SmallVector<std::string> output;
};

} // namespace

/// Why the contraction must stay one loop nest; empty where it may be split.
std::string Planner::whyWhole() {
  SemiringTraits traits = semiring.traits();
  if (!traits.associative || !traits.distributive)
    return "the semiring is not associative and distributive";
  // Summing first makes an absent entry a zero, which IEEE multiplies: 0 * inf
  // is NaN where skipping gives 0.
  auto sparse = [](const Factor &factor) { return isSparse(factor.value); };
  if (llvm::any_of(factors, sparse) && !traits.exact)
    return "absent entries would become float zeros";
  if (llvm::any_of(factors, sparse) && !traits.annihilating)
    return "the semiring's zero does not annihilate";
  if (isSparse(op.getResult()))
    return "the result is sparse";
  if (sparseProductForm(op))
    return "one operand says where the product of the others is needed";
  // Operands of a contraction have one element type.
  if (cast<RankedTensorType>(op.getInputs()[0].getType()).getElementType() !=
      op.getAccumulatorType())
    return "intermediates would have the accumulator's type";
  return {};
}

SmallVector<std::string> Planner::keptOf(ArrayRef<Factor> parts,
                                         ArrayRef<Factor> rest) {
  SmallVector<std::string> kept;
  for (const Factor &part : parts)
    for (const std::string &letter : part.letters) {
      bool needed =
          has(output, letter) || llvm::any_of(rest, [&](const Factor &factor) {
            return has(factor.letters, letter);
          });
      if (needed && !has(kept, letter))
        kept.push_back(letter);
    }
  return kept;
}

/// A contraction of `parts` into a dense tensor over the kept letters.
Factor Planner::piece(ArrayRef<Factor> parts, ArrayRef<std::string> kept) {
  SmallVector<int64_t> shape;
  for (const std::string &letter : kept) {
    // A static extent other than 1 rules, then an unknown one.
    int64_t extent = 1;
    for (const Factor &part : parts)
      for (auto [d, name] : llvm::enumerate(part.letters)) {
        int64_t size =
            cast<RankedTensorType>(part.value.getType()).getDimSize(d);
        if (name != letter || size == 1)
          continue;
        if (extent == 1 || ShapedType::isDynamic(extent))
          extent = size;
      }
    shape.push_back(extent);
  }
  Type acc = op.getAccumulatorType();
  SmallVector<Value> inputs =
      llvm::map_to_vector(parts, [](const Factor &part) { return part.value; });
  auto contract = ContractOp::create(
      rewriter, op.getLoc(), RankedTensorType::get(shape, acc),
      rewriter.getStringAttr(equation(parts, kept)), inputs, /*mask=*/Value(),
      /*init=*/Value(), op.getSemiring(), /*accumulator=*/TypeAttr(),
      /*mask_valued=*/UnitAttr(), /*mask_complement=*/UnitAttr(),
      op.getStrategyAttr());
  return {contract.getResult(), SmallVector<std::string>(kept)};
}

/// Contract_Distributivity: a letter of one operand alone is summed first where
/// that keeps it out of the other operands' loops. Says whether it did.
bool Planner::reducePrivate() {
  bool changed = false;
  for (auto [k, factor] : llvm::enumerate(factors)) {
    SmallVector<Factor> rest(factors);
    rest.erase(rest.begin() + k);
    SmallVector<std::string> kept = keptOf(factor, rest);
    bool more = llvm::any_of(rest, [&](const Factor &other) {
      return llvm::any_of(other.letters, [&](const std::string &letter) {
        return !has(factor.letters, letter);
      });
    });
    bool repeats = llvm::any_of(factor.letters, [&](const std::string &l) {
      return llvm::count(factor.letters, l) > 1;
    });
    bool summed = llvm::any_of(factor.letters, [&](const std::string &letter) {
      return !has(kept, letter);
    });
    if (!more || !summed || repeats)
      continue;
    factor = piece(factor, kept);
    changed = true;
  }
  return changed;
}

/// The factors as a network; intermediates are dense.
ContractionNetwork Planner::network() {
  ContractionNetwork network;
  network.denseResults = true;
  llvm::StringMap<unsigned> numbers;
  SmallVector<std::optional<double>> extents;
  auto number = [&](const std::string &name) {
    auto [at, made] = numbers.try_emplace(name, extents.size());
    if (made)
      extents.push_back(std::nullopt);
    return at->second;
  };
  for (const Factor &factor : factors) {
    SmallVector<unsigned> letters;
    std::optional<double> entries = 1;
    for (auto [d, name] : llvm::enumerate(factor.letters)) {
      unsigned letter = number(name);
      if (!llvm::is_contained(letters, letter))
        letters.push_back(letter);
      std::optional<int64_t> extent = sizes.extent(factor.value, d);
      // A 1 gives way to what another operand says: it broadcasts.
      if (extent)
        extents[letter] =
            std::max<double>(extents[letter].value_or(1), *extent);
      if (extent && entries)
        *entries *= *extent;
      else
        entries = std::nullopt;
    }
    std::optional<int64_t> stored;
    if (isSparse(factor.value))
      stored = sizes.stored(factor.value);
    bool known = stored && entries && *entries > 0;
    network.density.push_back(known ? *stored / *entries : 1);
    network.operands.push_back(letters);
  }
  for (const std::string &name : output)
    network.output.push_back(number(name));
  for (unsigned letter = 0; letter < extents.size(); ++letter)
    network.extents.push_back(
        std::max(1.0, extents[letter].value_or(kUnknownExtent)));
  return network;
}

ContractionOrder Planner::order(const ContractionNetwork &network) {
  // Neighbours are joined in any grouping, others only where products commute.
  if (!semiring.traits().commutative)
    return orderAsWritten(network);
  return orderContractions(network);
}

void Planner::run() {
  if (factors.size() < 2)
    return;
  std::string why = whyWhole();
  auto stays = [&] {
    if (factors.size() > 2)
      op->setAttr("noodle.plan",
                  rewriter.getStringAttr("one loop nest: " + why));
  };
  if (!why.empty())
    return stays();
  ContractionNetwork net = network();
  ContractionOrder plan = order(net);
  if (plan.largest > kMostEntries) {
    why = "an intermediate would have " + count(plan.largest) + " entries";
    return stays();
  }
  rewriter.setInsertionPoint(op);
  bool changed = reducePrivate();
  if (!changed && plan.steps.size() < 2)
    return;
  std::string text = "split from " + op.getEquation().str();
  if (plan.steps.size() > 1)
    text += (": " + plan.method + ", " + count(plan.flops) + " multiplications")
                .str();
  // Factors of steps by number; the last step is the op itself.
  SmallVector<Factor> made(factors);
  llvm::SmallBitVector used(factors.size() + plan.steps.size());
  for (ContractionStep step : ArrayRef(plan.steps).drop_back()) {
    used.set(step.lhs);
    used.set(step.rhs);
    SmallVector<Factor> rest;
    for (unsigned k = 0; k < made.size(); ++k)
      if (!used.test(k))
        rest.push_back(made[k]);
    Factor parts[] = {made[step.lhs], made[step.rhs]};
    made.push_back(piece(parts, keptOf(parts, rest)));
  }
  factors = {made[plan.steps.back().lhs], made[plan.steps.back().rhs]};
  SmallVector<Value> inputs =
      llvm::map_to_vector(factors, [](const Factor &f) { return f.value; });
  rewriter.modifyOpInPlace(op, [&] {
    op.getInputsMutable().assign(inputs);
    op.setEquation(equation(factors, output));
    op->setAttr("noodle.plan", rewriter.getStringAttr(text));
  });
}

namespace {
struct PlanContractions
    : noodle::impl::NoodlePlanContractionsPassBase<PlanContractions> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    KnownSizes sizes;
    SmallVector<ContractOp> ops;
    getOperation()->walk([&](ContractOp op) { ops.push_back(op); });
    for (ContractOp op : ops) {
      FailureOr<Semiring> semiring =
          Semiring::resolve(op.getSemiring(), op.getAccumulatorType(), op,
                            [&] { return op.emitOpError(); });
      if (failed(semiring))
        return signalPassFailure();
      Planner(op, *semiring, sizes, rewriter).run();
    }
    numberSites(getOperation());
  }
};
} // namespace
