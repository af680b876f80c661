//===- SiteCost.cpp - flops and bytes of an op ----------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Cost/SiteCost.h"

#include "noodle/Dialect/BlockOps.h"
#include "noodle/Dialect/Semiring.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SparseTensor/IR/SparseTensor.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::noodle;

namespace {

bool isSparse(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getEncoding();
}

/// Collects sizes and terms of one op.
class Counter {
public:
  explicit Counter(Operation *op) : op(op) {}
  SiteCost run();

private:
  unsigned size(const std::string &name, Value tensor, int64_t dimension) {
    for (auto [k, known] : llvm::enumerate(cost.sizes))
      if (known.name == name)
        return k;
    cost.sizes.push_back({name, tensor, dimension});
    return cost.sizes.size() - 1;
  }
  std::string operandName(Value tensor) {
    for (auto [k, operand] : llvm::enumerate(op->getOperands()))
      if (operand == tensor)
        return k < 26 ? std::string(1, 'A' + k) : "T" + std::to_string(k);
    return "R";
  }
  unsigned stored(Value tensor) {
    return size("stored(" + operandName(tensor) + ")", tensor, -1);
  }
  /// Factors whose product is the number of entries that are visited.
  SmallVector<unsigned> entries(Value tensor) {
    if (isSparse(tensor))
      return {stored(tensor)};
    SmallVector<unsigned> factors;
    auto type = cast<RankedTensorType>(tensor.getType());
    for (int64_t d = 0; d < type.getRank(); ++d) {
      auto letter = letters.find({tensor, d});
      if (letter != letters.end())
        factors.push_back(letter->second);
      else if (type.getDimSize(d) != 1)
        factors.push_back(
            size(operandName(tensor) + "." + std::to_string(d), tensor, d));
    }
    return factors;
  }
  void moveOperands();
  void contract(ContractSpec spec, ValueRange inputs);
  std::optional<unsigned> rowTerms(const ContractSpec &spec, ValueRange inputs);
  void finishContract(const ContractSpec &spec,
                      SmallVector<unsigned> letterSize);
  void perEntry(Value tensor, int64_t flops) {
    cost.flops.push_back({flops, entries(tensor)});
  }

  Operation *op;
  SiteCost cost;
  /// Dimensions whose extent is a letter's.
  llvm::DenseMap<std::pair<Value, int64_t>, unsigned> letters;
};

} // namespace

/// Values, and 4 or 8 bytes of coordinate for each stored entry.
void Counter::moveOperands() {
  auto move = [&](Value tensor, SmallVector<unsigned> factors) {
    auto type = cast<RankedTensorType>(tensor.getType());
    int64_t bytes = elementBytes(type.getElementType());
    if (auto encoding =
            sparse_tensor::getSparseTensorEncoding(tensor.getType()))
      bytes += encoding.getCrdWidth() == 32 ? 4 : 8;
    cost.bytes.push_back({bytes, std::move(factors)});
  };
  for (Value operand : op->getOperands())
    if (isa<RankedTensorType>(operand.getType()))
      move(operand, entries(operand));
}

/// A term of two sparse rows touches the mark and the sum of its column, a line
/// of the caches each: 3 ns at the rate of bytes. Measured 1.9 ns a term on a
/// small 27-point stencil, 5.5 on wiki-Vote, 9 on a uniform matrix (Zen 5).
static constexpr int64_t kTermBytes = 128;

void Counter::contract(ContractSpec spec, ValueRange inputs) {
  SmallVector<unsigned> letterSize(spec.letterCount(), ~0u);
  SmallVector<bool> bound(spec.letterCount(), false);
  for (auto [input, operand] : llvm::zip(inputs, spec.operands))
    for (auto [d, letter] : llvm::enumerate(operand)) {
      auto type = cast<RankedTensorType>(input.getType());
      if (type.getDimSize(d) == 1)
        continue;
      if (letterSize[letter] == ~0u)
        letterSize[letter] = size(spec.letters[letter], input, d);
      letters[{input, int64_t(d)}] = letterSize[letter];
    }
  // The first sparse operand drives; the others are counted as one pass.
  CostTerm term{0, {}};
  bool first = true;
  if (std::optional<unsigned> terms = rowTerms(spec, inputs)) {
    cost.flops.push_back({2, {*terms}});
    cost.bytes.push_back({kTermBytes, {*terms}});
    return finishContract(spec, std::move(letterSize));
  }
  for (auto [input, operand] : llvm::zip(inputs, spec.operands)) {
    if (!isSparse(input))
      continue;
    if (first)
      term.factors.push_back(stored(input));
    else
      cost.flops.push_back({2, {stored(input)}});
    first = false;
    for (unsigned letter : operand)
      bound[letter] = true;
  }
  for (unsigned letter = 0; letter < spec.letterCount(); ++letter)
    if (!bound[letter] && letterSize[letter] != ~0u)
      term.factors.push_back(letterSize[letter]);
  bool sums = spec.letterCount() > spec.output.size();
  term.coefficient =
      std::max<int64_t>(1, int64_t(inputs.size()) - 1 + (sums ? 1 : 0));
  cost.flops.push_back(term);
  finishContract(spec, std::move(letterSize));
}

/// The number of terms where the first two operands are multiplied row by row.
std::optional<unsigned> Counter::rowTerms(const ContractSpec &spec,
                                          ValueRange inputs) {
  if (inputs.size() < 2)
    return std::nullopt;
  for (Value input : inputs.take_front(2)) {
    if (!isSparse(input))
      return std::nullopt;
    FailureOr<SparseFormat> format =
        getSparseFormat(cast<RankedTensorType>(input.getType()));
    if (failed(format) || *format != SparseFormat::CSR)
      return std::nullopt;
  }
  if (spec.operands[0][1] != spec.operands[1][0] ||
      spec.operands[0][0] == spec.operands[1][1])
    return std::nullopt;
  unsigned number = size("terms(" + operandName(inputs[0]) + "," +
                             operandName(inputs[1]) + ")",
                         inputs[0], -1);
  cost.sizes[number].other = inputs[1];
  return number;
}

/// Bytes, and what letters mean.
void Counter::finishContract(const ContractSpec &spec,
                             SmallVector<unsigned> letterSize) {
  moveOperands();
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (!type.getEncoding()) {
    SmallVector<unsigned> factors;
    int64_t constant = elementBytes(type.getElementType());
    for (auto [d, letter] : llvm::enumerate(spec.output)) {
      if (letterSize[letter] != ~0u)
        factors.push_back(letterSize[letter]);
      else if (!type.isDynamicDim(d))
        constant *= type.getDimSize(d);
    }
    cost.bytes.push_back({constant, factors});
  }
  cost.letterSizes = std::move(letterSize);
}

SiteCost Counter::run() {
  TypeSwitch<Operation *>(op)
      .Case<ContractOp, MatmulOp>([&](auto product) {
        if constexpr (std::is_same_v<decltype(product), ContractOp>)
          contract(product.getSpec(), product.getInputs());
        else
          contract(product.getSpec(), product->getOperands());
      })
      .Case<BlockProductOp>([&](BlockProductOp product) {
        SmallVector<unsigned> factors = entries(product.getMatrix());
        if (product.getType().getRank() == 2)
          factors.push_back(size("B.1", product.getDense(), 1));
        cost.flops.push_back({2, factors});
        moveOperands();
      })
      .Case<MapOp>([&](MapOp map) {
        int64_t flops = 1;
        if (!map.getBody().empty())
          flops = std::max<int64_t>(
              1, llvm::range_size(map.getBody().front().without_terminator()));
        Value widest;
        auto rank = [](Value v) {
          auto type = dyn_cast<RankedTensorType>(v.getType());
          return type ? type.getRank() : -1;
        };
        bool drives = map.getVisited() == MapOver::Stored;
        for (Value input : map.getInputs())
          if (!widest || (drives && isSparse(input) && !isSparse(widest)) ||
              rank(input) > rank(widest))
            widest = input;
        if (widest && rank(widest) >= 0)
          perEntry(widest, flops);
        moveOperands();
      })
      .Case<SoftmaxOp>([&](SoftmaxOp softmax) {
        // max, subtract, exp, add, divide; exp counted as one.
        perEntry(softmax.getInput(), 5);
        moveOperands();
      })
      .Case<LayerNormOp>([&](LayerNormOp norm) {
        // sum; subtract, square, add; subtract, divide, scale, shift.
        perEntry(norm.getInput(), 8);
        moveOperands();
      })
      .Case<ReduceOp>([&](ReduceOp reduce) {
        perEntry(reduce.getInput(), 1);
        moveOperands();
      })
      .Default([&](Operation *) { moveOperands(); });
  return std::move(cost);
}

SiteCost noodle::siteCost(Operation *op) { return Counter(op).run(); }

/// One pass over the entries of x.
static Value emitTerms(OpBuilder &builder, Location loc, Value x, Value y) {
  ImplicitLocOpBuilder b(loc, builder);
  auto load = [&](Value buffer, Value at) -> Value {
    Value loaded = memref::LoadOp::create(b, buffer, at);
    if (loaded.getType().isIndex())
      return loaded;
    return arith::IndexCastUIOp::create(b, b.getIndexType(), loaded);
  };
  Value columns = sparse_tensor::ToCoordinatesOp::create(b, x, 1);
  Value positions = sparse_tensor::ToPositionsOp::create(b, y, 1);
  Value rows = b.createOrFold<tensor::DimOp>(y, 0);
  Value zero = arith::ConstantIndexOp::create(b, 0);
  Value one = arith::ConstantIndexOp::create(b, 1);
  Value entries = sparse_tensor::NumberOfEntriesOp::create(b, x);
  auto loop = scf::ForOp::create(b, zero, entries, one, ValueRange{zero});
  b.setInsertionPointToStart(loop.getBody());
  Value row = load(columns, loop.getInductionVar());
  // Whether the extents agree is asked later.
  auto place = [&](Value at) -> Value {
    return arith::MinUIOp::create(b, at, rows);
  };
  Value from = load(positions, place(row));
  Value to = load(positions, place(arith::AddIOp::create(b, row, one)));
  Value sum = arith::AddIOp::create(b, loop.getRegionIterArg(0),
                                    arith::SubIOp::create(b, to, from));
  scf::YieldOp::create(b, sum);
  return loop.getResult(0);
}

SmallVector<Value> noodle::emitSizes(OpBuilder &builder, Location loc,
                                     const SiteCost &cost) {
  SmallVector<Value> values;
  for (const SizeSource &source : cost.sizes) {
    auto type = cast<RankedTensorType>(source.tensor.getType());
    if (source.other)
      values.push_back(emitTerms(builder, loc, source.tensor, source.other));
    else if (source.dimension < 0)
      values.push_back(sparse_tensor::NumberOfEntriesOp::create(builder, loc,
                                                                source.tensor));
    else if (type.isDynamicDim(source.dimension))
      values.push_back(
          tensor::DimOp::create(builder, loc, source.tensor, source.dimension));
    else
      values.push_back(arith::ConstantIndexOp::create(
          builder, loc, type.getDimSize(source.dimension)));
  }
  return values;
}

ArrayAttr noodle::termsAttr(Builder &builder, ArrayRef<CostTerm> terms) {
  SmallVector<Attribute> list;
  for (const CostTerm &term : terms) {
    SmallVector<int64_t> entry{term.coefficient};
    llvm::append_range(entry, term.factors);
    list.push_back(builder.getI64ArrayAttr(entry));
  }
  return builder.getArrayAttr(list);
}
