//===- IndexSpaces.cpp - dimensions that may be renumbered ----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Algebra/IndexSpaces.h"

#include "noodle/Dialect/ContractSpec.h"
#include "noodle/Dialect/Noodle.h"
#include "noodle/Dialect/Semiring.h"
#include "noodle/Dialect/SparseForms.h"
#include "noodle/Dialect/SparseOps.h"

#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace mlir::noodle;

namespace {

/// Dimensions of values in sets; a set with a reason keeps its numbers.
class Spaces {
public:
  explicit Spaces(func::FuncOp function) : function(function) {}
  IndexSpaces run();

private:
  unsigned find(unsigned node) {
    while (parents[node] != node)
      node = parents[node] = parents[parents[node]];
    return node;
  }
  unsigned node(Value value, unsigned d);
  void join(unsigned a, unsigned b);
  void keep(unsigned node, const Twine &why) {
    std::string &reason = reasons[find(node)];
    if (reason.empty())
      reason = why.str();
  }
  void keepAll(Value value, const Twine &why);
  void sameDims(Value a, Value b);
  void contract(Operation *op, const ContractSpec &spec, ValueRange inputs,
                ValueRange others);
  void visit(Operation *op);
  /// Storage that has something for each index keeps it.
  void border(Value value);

  func::FuncOp function;
  llvm::DenseMap<std::pair<Value, unsigned>, unsigned> nodes;
  std::vector<unsigned> parents;
  std::vector<std::string> reasons; ///< by root
};

} // namespace

static RankedTensorType tensorOf(Value value) {
  return dyn_cast_or_null<RankedTensorType>(value ? value.getType() : Type());
}

static bool isSparse(Value value) {
  RankedTensorType type = tensorOf(value);
  return type && type.getEncoding();
}

unsigned Spaces::node(Value value, unsigned d) {
  auto [it, fresh] = nodes.try_emplace({value, d}, parents.size());
  if (!fresh)
    return it->second;
  unsigned made = it->second;
  parents.push_back(made);
  reasons.emplace_back();
  RankedTensorType type = tensorOf(value);
  if (!type.getEncoding())
    reasons[made] = "a dense tensor has an element for each";
  else if (!type.isDynamicDim(d))
    reasons[made] = "a type says how many there are";
  else if (getBlockShape(type))
    reasons[made] = "a BSR matrix has blocks of them";
  return made;
}

void Spaces::join(unsigned a, unsigned b) {
  a = find(a);
  b = find(b);
  if (a == b)
    return;
  parents[b] = a;
  if (reasons[a].empty())
    reasons[a] = std::move(reasons[b]);
}

void Spaces::keepAll(Value value, const Twine &why) {
  if (RankedTensorType type = tensorOf(value))
    for (int64_t d = 0; d < type.getRank(); ++d)
      keep(node(value, d), why);
}

void Spaces::sameDims(Value a, Value b) {
  RankedTensorType x = tensorOf(a), y = tensorOf(b);
  if (!x || !y || x.getRank() != y.getRank())
    return;
  for (int64_t d = 0; d < x.getRank(); ++d)
    join(node(a, d), node(b, d));
}

void Spaces::contract(Operation *op, const ContractSpec &spec,
                      ValueRange inputs, ValueRange others) {
  llvm::MapVector<unsigned, unsigned> letters;
  auto take = [&](Value value, ArrayRef<unsigned> names) {
    for (auto [d, letter] : llvm::enumerate(names)) {
      auto [it, fresh] = letters.insert({letter, node(value, d)});
      if (!fresh)
        join(it->second, node(value, d));
    }
  };
  for (auto [input, names] : llvm::zip_equal(inputs, spec.operands))
    take(input, names);
  for (auto [d, letter] : llvm::enumerate(spec.output))
    if (!letters.count(letter))
      keep(node(op->getResult(0), d), "a product repeats entries along it");
  take(op->getResult(0), spec.output);
  for (Value other : others)
    if (other)
      take(other, spec.output);
}

void Spaces::visit(Operation *op) {
  auto isTensor = [](Value value) { return bool(tensorOf(value)); };
  if (llvm::none_of(op->getOperands(), isTensor) &&
      llvm::none_of(op->getResults(), isTensor))
    return;
  std::string name = "'" + op->getName().getStringRef().str() + "'";
  if (op->getBlock() == &function.getBody().front()) {
    if (auto contraction = dyn_cast<ContractOp>(op))
      return contract(op, contraction.getSpec(), contraction.getInputs(),
                      {contraction.getMask() ? contraction.getMask()
                                             : contraction.getResult(),
                       contraction.getInit() ? contraction.getInit()
                                             : contraction.getResult()});
    if (auto product = dyn_cast<MatmulOp>(op))
      return contract(op, product.getSpec(), op->getOperands(), {});
    auto map = dyn_cast<MapOp>(op);
    if (isa<MergeOp>(op) || (map && map.getVisited() == MapOver::Stored &&
                             isSparse(map.getResult()))) {
      for (Value operand : op->getOperands())
        sameDims(op->getResult(0), operand);
      return;
    }
    if (auto reduce = dyn_cast<ReduceOp>(op); reduce && !reduce.getAbsent()) {
      unsigned at = 0;
      for (int64_t d = 0, e = tensorOf(reduce.getInput()).getRank(); d < e; ++d)
        if (!llvm::is_contained(reduce.getDims(), d))
          join(node(reduce.getInput(), d), node(reduce.getResult(), at++));
      return;
    }
    if (auto transpose = dyn_cast<TransposeOp>(op)) {
      for (auto [k, d] : llvm::enumerate(transpose.getPermutation()))
        join(node(transpose.getResult(), k), node(transpose.getInput(), d));
      return;
    }
    if (auto convert = dyn_cast<ConvertOp>(op))
      return sameDims(convert.getInput(), convert.getResult());
    // Numbers in one space compare as before.
    if (auto select = dyn_cast<SelectOp>(op);
        select && select.getPart() && select.getDiagonal().value_or(0) == 0) {
      Value input = select.getInputs().front();
      sameDims(input, select.getResult());
      join(node(input, 0), node(input, 1));
      return;
    }
    if (isa<func::ReturnOp>(op))
      return;
  }
  for (Value operand : op->getOperands())
    keepAll(operand, name + " may ask for their numbers");
  for (Value result : op->getResults())
    keepAll(result, name + " may ask for their numbers");
}

void Spaces::border(Value value) {
  RankedTensorType type = tensorOf(value);
  if (!type)
    return;
  FailureOr<SparseFormat> format = getSparseFormat(type);
  if (failed(format))
    return keepAll(value, "its format is not known");
  if (!type.getEncoding() || type.getRank() != 2 ||
      getRowList(type) != RowList::None)
    return;
  bool rows = *format == SparseFormat::CSR;
  keep(node(value, rows ? 0 : 1), rows ? "a CSR matrix has positions of all"
                                       : "a CSC matrix has positions of all");
}

IndexSpaces Spaces::run() {
  IndexSpaces result;
  result.whyNot.resize(function.getNumArguments());
  if (!function.getBody().hasOneBlock())
    return result;
  Block &body = function.getBody().front();
  bool listed = llvm::any_of(body.getArguments(), [](Value argument) {
    return isSparse(argument) && !getBlockShape(tensorOf(argument)) &&
           (tensorOf(argument).getRank() == 1 ||
            getRowList(tensorOf(argument)) != RowList::None);
  });
  if (!listed)
    return result;
  function.walk([&](Operation *op) {
    if (op != function.getOperation())
      visit(op);
  });
  auto returned = cast<func::ReturnOp>(body.getTerminator()).getOperands();
  for (Value argument : body.getArguments())
    border(argument);
  for (Value value : returned)
    border(value);
  llvm::MapVector<unsigned, std::vector<SpaceMember>> members;
  auto take = [&](Value value, bool isResult, unsigned index) {
    if (!isSparse(value))
      return;
    for (unsigned d = 0, e = tensorOf(value).getRank(); d < e; ++d) {
      unsigned root = find(node(value, d));
      if (reasons[root].empty())
        members[root].push_back({isResult, index, d});
      else if (!isResult && d == 0)
        result.whyNot[index] = reasons[root];
    }
  };
  for (auto [k, argument] : llvm::enumerate(body.getArguments()))
    take(argument, false, k);
  for (auto [k, value] : llvm::enumerate(returned))
    take(value, true, k);
  for (auto &[root, list] : members)
    if (llvm::any_of(list, [](auto &member) { return !member.isResult; }))
      result.spaces.push_back(std::move(list));
  return result;
}

IndexSpaces noodle::findIndexSpaces(func::FuncOp function) {
  return Spaces(function).run();
}
