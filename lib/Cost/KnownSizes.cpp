//===- KnownSizes.cpp - extents and entries known when compiling ----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Cost/KnownSizes.h"

#include "noodle/Dialect/ContractSpec.h"
#include "noodle/Dialect/Noodle.h"
#include "noodle/Dialect/Semiring.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SparseTensor/IR/SparseTensor.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::noodle;

/// Of a function.
static bool isParameter(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  return argument && argument.getOwner()->isEntryBlock() &&
         isa<FunctionOpInterface>(argument.getOwner()->getParentOp());
}

static StatsAttr statsOf(Value value) {
  if (!isParameter(value))
    return nullptr;
  auto argument = cast<BlockArgument>(value);
  auto function = cast<FunctionOpInterface>(argument.getOwner()->getParentOp());
  return function.getArgAttrOfType<StatsAttr>(argument.getArgNumber(),
                                              "noodle.stats");
}

/// What a loop's argument or result, or a branch's result, starts as.
static Value sourceOf(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    Operation *owner = argument.getOwner()->getParentOp();
    unsigned number = argument.getArgNumber();
    if (auto loop = dyn_cast<scf::ForOp>(owner))
      return number ? loop.getInitArgs()[number - 1] : Value();
    if (auto loop = dyn_cast<scf::WhileOp>(owner)) {
      if (argument.getOwner() == loop.getBeforeBody())
        return loop.getInits()[number];
      return loop.getConditionOp().getArgs()[number];
    }
    return nullptr;
  }
  auto result = cast<OpResult>(value);
  if (auto loop = dyn_cast<scf::ForOp>(result.getOwner()))
    return loop.getInitArgs()[result.getResultNumber()];
  if (auto loop = dyn_cast<scf::WhileOp>(result.getOwner()))
    return loop.getConditionOp().getArgs()[result.getResultNumber()];
  if (auto branch = dyn_cast<scf::IfOp>(result.getOwner()))
    return branch.thenYield().getOperand(result.getResultNumber());
  return nullptr;
}

std::optional<int64_t> KnownSizes::index(Value value) {
  if (auto constant = getConstantIntValue(value))
    return constant;
  if (auto dim = value.getDefiningOp<tensor::DimOp>()) {
    auto d = getConstantIntValue(dim.getIndex());
    if (d && isa<RankedTensorType>(dim.getSource().getType()))
      return extent(dim.getSource(), *d);
  }
  if (auto cast = value.getDefiningOp<arith::IndexCastOp>())
    return index(cast.getIn());
  return std::nullopt;
}

std::optional<int64_t> KnownSizes::extent(Value tensor, int64_t d) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (d < 0 || d >= type.getRank())
    return std::nullopt;
  if (!type.isDynamicDim(d))
    return type.getDimSize(d);
  return remember({tensor, d}, [&] { return findExtent(tensor, d); });
}

std::optional<int64_t>
KnownSizes::remember(Key key,
                     llvm::function_ref<std::optional<int64_t>()> find) {
  // An entry first: a loop's yield may lead back to where it came from.
  auto [entry, first] = known.insert({key, std::nullopt});
  if (!first) {
    lacked |= lacking.contains(key);
    return entry->second;
  }
  bool before = std::exchange(lacked, false);
  std::optional<int64_t> found = find();
  known[key] = found;
  if (!found && lacked)
    lacking.insert(key);
  lacked = before || (!found && lacked);
  return found;
}

std::optional<int64_t> KnownSizes::findExtent(Value tensor, int64_t d) {
  if (StatsAttr stats = statsOf(tensor)) {
    ArrayRef<int64_t> extents = stats.getExtents();
    if (size_t(d) < extents.size() && extents[d] >= 0)
      return extents[d];
    lacked = true;
    return std::nullopt;
  }
  if (isParameter(tensor)) {
    lacked = true;
    return std::nullopt;
  }
  if (Value source = sourceOf(tensor))
    return extent(source, d);
  Operation *op = tensor.getDefiningOp();
  if (!op)
    return std::nullopt;
  auto dynamic = [&](ValueRange sizes) -> std::optional<int64_t> {
    auto type = cast<RankedTensorType>(tensor.getType());
    return index(sizes[type.getDynamicDimIndex(d)]);
  };
  using Result = std::optional<int64_t>;
  return TypeSwitch<Operation *, Result>(op)
      .Case<ContractOp>([&](ContractOp op) -> Result {
        ContractSpec spec = op.getSpec();
        for (auto [input, letters] : llvm::zip(op.getInputs(), spec.operands))
          for (auto [at, letter] : llvm::enumerate(letters))
            if (letter == spec.output[d])
              if (Result size = extent(input, at); size && *size != 1)
                return size;
        return op.getInit() ? extent(op.getInit(), d) : Result();
      })
      .Case<MatmulOp>([&](MatmulOp) -> Result { return {}; })
      .Case<MapOp>([&](MapOp op) -> Result {
        for (Value input : op.getInputs()) {
          auto type = dyn_cast<RankedTensorType>(input.getType());
          if (type && type.isDynamicDim(d))
            if (Result size = extent(input, d))
              return size;
        }
        return {};
      })
      .Case<TransposeOp>([&](TransposeOp op) {
        return extent(op.getInput(), op.getPermutation()[d]);
      })
      .Case<ReduceOp>([&](ReduceOp op) -> Result {
        int64_t kept = -1;
        auto type = cast<RankedTensorType>(op.getInput().getType());
        for (int64_t at = 0; at < type.getRank(); ++at)
          if (!llvm::is_contained(op.getDims(), at) && ++kept == d)
            return extent(op.getInput(), at);
        return {};
      })
      .Case<SoftmaxOp, LayerNormOp, ConvertOp>(
          [&](auto op) { return extent(op.getInput(), d); })
      .Case<ScatterOp>([&](ScatterOp op) { return extent(op.getInit(), d); })
      .Case<tensor::CastOp>(
          [&](tensor::CastOp op) { return extent(op.getSource(), d); })
      .Case<tensor::InsertOp, tensor::InsertSliceOp>(
          [&](auto op) { return extent(op.getDest(), d); })
      .Case<tensor::SplatOp>(
          [&](tensor::SplatOp op) { return dynamic(op.getDynamicSizes()); })
      .Case<tensor::EmptyOp>(
          [&](tensor::EmptyOp op) { return dynamic(op.getDynamicSizes()); })
      .Case<tensor::GenerateOp>([&](tensor::GenerateOp op) {
        return dynamic(op.getDynamicExtents());
      })
      .Default([](Operation *) { return Result(); });
}

std::optional<int64_t> KnownSizes::stored(Value tensor) {
  return remember({tensor, -1}, [&] { return findStored(tensor); });
}

std::optional<int64_t> KnownSizes::findStored(Value tensor) {
  if (isParameter(tensor)) {
    StatsAttr stats = statsOf(tensor);
    if (stats && stats.getStored() >= 0)
      return stats.getStored();
    lacked = true;
    return std::nullopt;
  }
  if (Value source = sourceOf(tensor))
    return stored(source);
  auto isSparse = [](Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    return type && type.getEncoding();
  };
  // One operand's pattern handed on.
  Operation *op = tensor.getDefiningOp();
  if (isa_and_nonnull<MapOp, TransposeOp, ConvertOp>(op)) {
    SmallVector<Value> sparse(
        llvm::make_filter_range(op->getOperands(), isSparse));
    if (sparse.size() == 1)
      return stored(sparse.front());
  }
  return std::nullopt;
}

std::optional<double> KnownSizes::bytes(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  double each = elementBytes(type.getElementType());
  if (auto encoding = sparse_tensor::getSparseTensorEncoding(type)) {
    std::optional<int64_t> entries = stored(tensor);
    if (!entries)
      return std::nullopt;
    return *entries * (each + (encoding.getCrdWidth() == 32 ? 4 : 8));
  }
  for (int64_t d = 0; d < type.getRank(); ++d) {
    std::optional<int64_t> size = extent(tensor, d);
    if (!size)
      return std::nullopt;
    each *= double(*size);
  }
  return each;
}

std::optional<double> KnownSizes::sum(const SiteCost &cost,
                                      ArrayRef<CostTerm> terms) {
  double total = 0;
  for (const CostTerm &term : terms) {
    double product = double(term.coefficient);
    for (unsigned factor : term.factors) {
      const SizeSource &source = cost.sizes[factor];
      std::optional<int64_t> size =
          source.dimension < 0 ? stored(source.tensor)
                               : extent(source.tensor, source.dimension);
      if (!size)
        return std::nullopt;
      product *= double(*size);
    }
    total += product;
  }
  return total;
}
