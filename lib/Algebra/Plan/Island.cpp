//===- Island.cpp - contractions that feed one another --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Island.h"

#include "noodle/Dialect/ContractSpec.h"

#include "llvm/ADT/SmallBitVector.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace mlir::noodle;

/// More letters than any search takes, see ContractionOrder.cpp.
static constexpr size_t kMostLetters = 1024;

static SmallVector<std::string> namesOf(const ContractSpec &spec,
                                        ArrayRef<unsigned> letters) {
  return llvm::map_to_vector(letters,
                             [&](unsigned l) { return spec.letters[l]; });
}

Island::Island(ContractOp root) : root(root) {
  ContractSpec spec = root.getSpec();
  for (auto [value, letters] : llvm::zip(root.getInputs(), spec.operands))
    factors.push_back({value, namesOf(spec, letters)});
  output = namesOf(spec, spec.output);
  for (const std::string &letter : spec.letters)
    used.insert(letter);
}

bool Island::needs(StringRef letter, ArrayRef<Factor> rest) const {
  return llvm::is_contained(output, letter) ||
         llvm::any_of(rest, [&](const Factor &f) { return f.has(letter); });
}

SmallVector<std::string> Island::keptOf(ArrayRef<Factor> parts,
                                        ArrayRef<Factor> rest) const {
  SmallVector<std::string> kept;
  for (const Factor &part : parts)
    for (const std::string &letter : part.letters)
      if (needs(letter, rest) && !llvm::is_contained(kept, letter))
        kept.push_back(letter);
  return kept;
}

//===----------------------------------------------------------------------===//
// Equations
//===----------------------------------------------------------------------===//

std::string noodle::equationOf(ArrayRef<Factor> factors,
                               ArrayRef<std::string> output) {
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
    text += (&factor == factors.begin() ? "" : ", ") + term(factor.letters);
  text += " -> " + term(output);
  if (single)
    llvm::erase(text, ' ');
  return text;
}

std::string Island::equation() const { return equationOf(factors, output); }

//===----------------------------------------------------------------------===//
// Taking in
//===----------------------------------------------------------------------===//

/// Whether the extents that a contraction's result promises are those of its
/// operands, so that nothing is lost with the result.
static bool extentsComeFromOperands(ContractOp op, const ContractSpec &spec) {
  for (auto [d, letter] : llvm::enumerate(spec.output)) {
    int64_t promised = op.getType().getDimSize(d);
    bool any = false, all = true, found = false;
    for (auto [value, letters] : llvm::zip(op.getInputs(), spec.operands))
      for (auto [e, other] : llvm::enumerate(letters)) {
        if (other != letter)
          continue;
        int64_t size = cast<RankedTensorType>(value.getType()).getDimSize(e);
        any |= size == promised;
        all &= size == promised;
        found = true;
      }
    // An extent of 1 is one only where every operand says so.
    if (!found || (promised == 1 ? !all : !any))
      return false;
  }
  return true;
}

/// A name that no letter has had: a single one while there are any.
std::string Island::fresh() {
  static constexpr StringRef letters =
      "ijklmnopqrstuvwxyzabcdefghABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (size_t k = used.size() < letters.size() ? 0 : letters.size();
       k < letters.size(); ++k)
    if (used.insert(letters.substr(k, 1)).second)
      return letters.substr(k, 1).str();
  for (size_t number = used.size();; ++number)
    if (std::string name = "x" + std::to_string(number);
        used.insert(name).second)
      return name;
}

bool Island::takeIn(unsigned factor, bool dropZeros) {
  SmallVector<std::string> outer = factors[factor].letters;
  Value value = factors[factor].value;
  SmallVector<Operation *> between;
  while (auto transpose = value.getDefiningOp<TransposeOp>()) {
    if (!value.hasOneUse() || transpose.getType().getEncoding())
      return false;
    SmallVector<std::string> letters(outer.size());
    for (auto [k, from] : llvm::enumerate(transpose.getPermutation()))
      letters[from] = outer[k];
    outer = letters;
    value = transpose.getInput();
    between.push_back(transpose);
  }
  auto op = value.getDefiningOp<ContractOp>();
  if (!op || !value.hasOneUse() || op->getBlock() != root->getBlock() ||
      op.getMask() || op.getInit() || op.getSemiring() != root.getSemiring() ||
      op.getAccumulatorType() != root.getAccumulatorType() ||
      op.getStrategyAttr() != root.getStrategyAttr())
    return false;
  auto element = [](Value v) {
    return cast<RankedTensorType>(v.getType()).getElementType();
  };
  if (element(op.getResult()) != op.getAccumulatorType() ||
      element(op.getInputs()[0]) != op.getAccumulatorType() ||
      (op.getType().getEncoding() && !dropZeros))
    return false;
  ContractSpec spec = op.getSpec();
  if (!extentsComeFromOperands(op, spec))
    return false;

  llvm::StringMap<std::string> names;
  for (auto [letter, name] : llvm::zip(spec.output, outer))
    names[spec.letters[letter]] = name;
  for (const std::string &letter : spec.letters)
    if (!names.contains(letter))
      names[letter] = fresh();
  SmallVector<Factor> taken;
  for (auto [input, its] : llvm::zip(op.getInputs(), spec.operands)) {
    Factor &made = taken.emplace_back();
    made.value = input;
    for (unsigned letter : its)
      made.letters.push_back(names[spec.letters[letter]]);
    llvm::SmallDenseSet<StringRef> seen;
    for (StringRef letter : made.letters)
      if (!seen.insert(letter).second && made.isSparse())
        return false;
  }
  factors.erase(factors.begin() + factor);
  factors.insert(factors.begin() + factor, taken.begin(), taken.end());
  llvm::append_range(inner, between);
  inner.push_back(op);
  return true;
}

void Island::takeInProducers(bool dropZeros) {
  for (unsigned k = 0; k < factors.size() && factors.size() < kMostLetters;)
    if (!takeIn(k, dropZeros))
      ++k;
}

SmallVector<std::string> Island::sparseChain() const {
  auto sparseMatrix = [](const Factor &f) {
    return f.isSparse() && f.letters.size() == 2 &&
           f.letters[0] != f.letters[1];
  };
  if (!ContractOp(root).getType().getEncoding() || output.size() != 2 ||
      output[0] == output[1] || !llvm::all_of(factors, sparseMatrix))
    return {};
  // An extent of 1 beside others broadcasts.
  for (const Factor &factor : factors)
    for (const Factor &other : factors)
      for (int d : {0, 1})
        for (int e : {0, 1})
          if (factor.letters[d] == other.letters[e] &&
              (factor.type().getDimSize(d) == 1) !=
                  (other.type().getDimSize(e) == 1))
            return {};
  SmallVector<std::string> path{output[0]};
  llvm::SmallBitVector walked(factors.size());
  while (path.size() <= factors.size()) {
    int next = -1;
    for (auto [k, factor] : llvm::enumerate(factors)) {
      if (walked.test(k) || !factor.has(path.back()))
        continue;
      if (next >= 0)
        return {}; // a letter of three
      next = int(k);
    }
    if (next < 0)
      return {};
    walked.set(next);
    const auto &letters = factors[next].letters;
    path.push_back(letters[letters[0] == path.back()]);
    if (path.back() == output[1] && path.size() <= factors.size())
      return {};
  }
  return path.back() == output[1] ? path : SmallVector<std::string>();
}

bool Island::inOrder() const {
  SmallVector<std::string> chain = sparseChain();
  for (auto [k, factor] : llvm::enumerate(factors))
    if (chain.empty() || !factor.has(chain[k]) || !factor.has(chain[k + 1]))
      return false;
  return true;
}

//===----------------------------------------------------------------------===//
// Pieces
//===----------------------------------------------------------------------===//

Factor noodle::emitPiece(const Island &island, ArrayRef<Factor> parts,
                         ArrayRef<std::string> kept, IRRewriter &rewriter) {
  ContractOp root = island.root;
  SmallVector<int64_t> shape;
  for (const std::string &letter : kept) {
    // A static extent other than 1 rules, then an unknown one.
    int64_t extent = 1;
    for (const Factor &part : parts)
      for (auto [d, name] : llvm::enumerate(part.letters)) {
        int64_t size = part.type().getDimSize(d);
        if (name != letter || size == 1)
          continue;
        if (extent == 1 || ShapedType::isDynamic(extent))
          extent = size;
      }
    shape.push_back(extent);
  }
  SmallVector<Value> inputs =
      llvm::map_to_vector(parts, [](const Factor &part) { return part.value; });
  auto contract = ContractOp::create(
      rewriter, root.getLoc(),
      RankedTensorType::get(shape, root.getAccumulatorType(), island.pieces),
      rewriter.getStringAttr(equationOf(parts, kept)), inputs, /*mask=*/Value(),
      /*init=*/Value(), root.getSemiring(), /*accumulator=*/TypeAttr(),
      /*mask_valued=*/UnitAttr(), /*mask_complement=*/UnitAttr(),
      root.getStrategyAttr());
  return {contract.getResult(), SmallVector<std::string>(kept)};
}

SmallVector<Factor> noodle::emitSteps(const Island &island,
                                      ArrayRef<ContractionStep> steps,
                                      IRRewriter &rewriter) {
  SmallVector<Factor> made(island.factors);
  if (steps.empty())
    return made;
  // Rows of each product of a chain are those of its first matrix.
  SmallVector<std::string> chain = island.sparseChain();
  llvm::SmallBitVector used(made.size() + steps.size());
  for (ContractionStep step : steps.drop_back()) {
    used.set(step.lhs);
    used.set(step.rhs);
    SmallVector<Factor> rest;
    for (unsigned k = 0; k < made.size(); ++k)
      if (!used.test(k))
        rest.push_back(made[k]);
    Factor parts[] = {made[step.lhs], made[step.rhs]};
    SmallVector<std::string> kept = island.keptOf(parts, rest);
    if (!chain.empty())
      llvm::sort(kept, [&](const std::string &x, const std::string &y) {
        return llvm::find(chain, x) < llvm::find(chain, y);
      });
    made.push_back(emitPiece(island, parts, kept, rewriter));
  }
  return {made[steps.back().lhs], made[steps.back().rhs]};
}
