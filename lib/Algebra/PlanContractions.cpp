//===- PlanContractions.cpp - split n-ary contractions --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Algebra/Passes.h"
#include "noodle/Algebra/Sites.h"
#include "noodle/Dialect/Noodle.h"
#include "noodle/Dialect/Semiring.h"

#include "mlir/IR/PatternMatch.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEPLANCONTRACTIONSPASS
#include "noodle/Algebra/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

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
  Planner(ContractOp op, Semiring semiring, IRRewriter &rewriter)
      : op(op), semiring(semiring), rewriter(rewriter), spec(op.getSpec()) {
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
  bool fits(ArrayRef<Factor> pair, ArrayRef<std::string> kept);
  /// Letters of `parts` that the output or other factors from `rest` on need.
  SmallVector<std::string> keptOf(ArrayRef<Factor> parts,
                                  ArrayRef<Factor> rest);
  Factor piece(ArrayRef<Factor> parts, ArrayRef<std::string> kept);

  ContractOp op;
  Semiring semiring;
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

/// Whether an intermediate has no more letters than what is there anyway.
bool Planner::fits(ArrayRef<Factor> pair, ArrayRef<std::string> kept) {
  size_t most = output.size();
  for (const Factor &factor : factors)
    most = std::max(most, factor.letters.size());
  return kept.size() <= most;
}

void Planner::run() {
  if (factors.size() < 2)
    return;
  std::string why = whyWhole();
  if (!why.empty()) {
    if (factors.size() > 2)
      op->setAttr("noodle.plan",
                  rewriter.getStringAttr("one loop nest: " + why));
    return;
  }
  rewriter.setInsertionPoint(op);
  bool changed = reducePrivate();
  while (factors.size() > 2) {
    ArrayRef<Factor> all(factors);
    SmallVector<std::string> kept =
        keptOf(all.take_front(2), all.drop_front(2));
    if (!fits(all.take_front(2), kept)) {
      why = "an intermediate of " + std::to_string(kept.size()) +
            " letters would be larger than any operand";
      break;
    }
    Factor joined = piece(all.take_front(2), kept);
    factors.erase(factors.begin());
    factors.front() = joined;
    changed = true;
  }
  if (!changed) {
    if (!why.empty())
      op->setAttr("noodle.plan",
                  rewriter.getStringAttr("one loop nest: " + why));
    return;
  }
  SmallVector<Value> inputs =
      llvm::map_to_vector(factors, [](const Factor &f) { return f.value; });
  std::string text = "split from " + op.getEquation().str() +
                     (why.empty() ? "" : "; the rest is one loop nest: " + why);
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
    SmallVector<ContractOp> ops;
    getOperation()->walk([&](ContractOp op) { ops.push_back(op); });
    for (ContractOp op : ops) {
      FailureOr<Semiring> semiring =
          Semiring::resolve(op.getSemiring(), op.getAccumulatorType(), op,
                            [&] { return op.emitOpError(); });
      if (failed(semiring))
        return signalPassFailure();
      Planner(op, *semiring, rewriter).run();
    }
    numberSites(getOperation());
  }
};
} // namespace
