//===- Functions.cpp - index vectors instead of matrices ------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A function f between nodes i and j stands for the matrix d(f[i] = j), so by
// the laws of a semiring whose zero annihilates
//
//   sum_j d(f[i] = j) X[j] = X[f[i]]           what follows it is gathered
//   sum_i d(f[i] = j) X[i] = scatter(X, f)[j]  what precedes it is scattered
//
// and matrices of ones and zeros are made only where both sides are asked for.
//
//===----------------------------------------------------------------------===//
#include "Network.h"

#include "noodle/Dialect/SparseOps.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::noodle;
using namespace mlir::noodle::category;

static int64_t dimOf(Value value, unsigned dim) {
  return cast<RankedTensorType>(value.getType()).getDimSize(dim);
}

/// Whether composing `count` functions from the last back pays, given the
/// extents of what they are defined on: not where the first has few values, and
/// not where all that is read at random stays in a core's own cache.
static bool pays(unsigned count, llvm::function_ref<int64_t(unsigned)> extent) {
  // 1 MiB of 64-bit values.
  constexpr int64_t kInCache = 1 << 17;
  double backwards = 0;
  for (unsigned k = 0; k < count; ++k) {
    int64_t size = extent(k);
    // Unknown, or beyond 32 bits.
    if (size < 0 || size > std::numeric_limits<int32_t>::max() ||
        (k > 0 && size < kInCache))
      return false;
    backwards += k + 1 < count ? double(size) : 0;
  }
  return backwards <= double(extent(0)) * (count - 1);
}

/// The matrix of a function. Its values are checked here, as nothing that
/// gathers or scatters by them does.
Value Emitter::oneHot(const Network &network, const Factor &function) {
  Location loc = op->getLoc();
  FailureOr<Semiring> semiring = resolve(network);
  Value indices = function.value;
  Type integer = function.type().getElementType();
  int64_t rows = dimOf(indices, 0);
  int64_t columns = network.nodes[function.nodes[1]].extent;
  Value size = sizeOf(network, function.nodes[1]);
  // All values are below the size: compared without sign.
  Value bound = arith::IndexCastOp::create(rewriter, loc, integer, size);
  auto flags = RankedTensorType::get({rows}, rewriter.getI1Type());
  Value outside = mapped({indices, bound}, flags,
                         [&](OpBuilder &builder, ValueRange entries) -> Value {
                           return arith::CmpIOp::create(
                               builder, loc, arith::CmpIPredicate::uge,
                               entries[0], entries[1]);
                         });
  Value any = ReduceOp::create(
      rewriter, loc, RankedTensorType::get({}, rewriter.getI1Type()), outside,
      rewriter.getDenseI64ArrayAttr({0}),
      SemiringAttr::get(rewriter.getContext(), SemiringKind::OrAnd),
      TypedAttr(), StrategyKindAttr());
  Value wrong = tensor::ExtractOp::create(rewriter, loc, any, ValueRange{});
  Value fine = arith::XOrIOp::create(
      rewriter, loc, wrong,
      arith::ConstantIntOp::create(rewriter, loc, /*value=*/1, /*width=*/1));
  CheckOp::create(
      rewriter, loc, fine,
      rewriter.getStringAttr("a function's value is outside of its codomain"),
      rewriter.getI32IntegerAttr(NOODLE_RT_INDEX_RANGE));

  // Column numbers beside the values.
  Value numbers = tensor::GenerateOp::create(
      rewriter, loc, RankedTensorType::get({1, columns}, integer),
      ShapedType::isDynamic(columns) ? ValueRange(size) : ValueRange(),
      [&](OpBuilder &builder, Location loc, ValueRange at) {
        Value number = arith::IndexCastOp::create(builder, loc, integer, at[1]);
        tensor::YieldOp::create(builder, loc, number);
      });
  return mapped({withUnits(indices, {false, true}), numbers},
                RankedTensorType::get({rows, columns}, network.element),
                [&](OpBuilder &builder, ValueRange entries) -> Value {
                  Value hit = arith::CmpIOp::create(builder, loc,
                                                    arith::CmpIPredicate::eq,
                                                    entries[0], entries[1]);
                  return arith::SelectOp::create(builder, loc, hit,
                                                 semiring->one(builder, loc),
                                                 semiring->zero(builder, loc));
                });
}

/// The same vector with elements of 32 bits where those do; what they cannot
/// tell stays above all of them, so that reading by it fails as before.
Value Emitter::narrowed(Value function) {
  auto type = cast<RankedTensorType>(function.getType());
  if (!type.getElementType().isInteger(64))
    return function;
  Type narrow = rewriter.getI32Type();
  return mapped(
      function, RankedTensorType::get(type.getShape(), narrow),
      [&](OpBuilder &builder, ValueRange entries) -> Value {
        Location loc = op->getLoc();
        Value most = arith::ConstantOp::create(
            builder, loc,
            builder.getI64IntegerAttr(std::numeric_limits<int32_t>::max()));
        Value least =
            arith::MinUIOp::create(builder, loc, entries.front(), most);
        return arith::TruncIOp::create(builder, loc, narrow, least);
      });
}

/// Functions one after the other are composed from the last back,
/// f;(g;h)[i] = h[g[i]] before f: what is read at random is then a vector made
/// here, half as wide and on large pages, and the caller's are read in order.
/// 16 functions of a million: 77 ms forwards, 69 backwards, 47 with elements of
/// 32 bits, 30 on large pages too (one core of a Zen 4).
void Emitter::composeFunctions(Network &network,
                               SmallVectorImpl<unsigned> &dead) {
  auto &factors = network.factors;
  auto readers = [&](unsigned node) {
    return llvm::count_if(factors, [&](const Factor &factor) {
      return llvm::is_contained(factor.nodes, node);
    });
  };
  auto extent = [](const Factor &f) { return f.type().getDimSize(0); };
  /// The function that alone reads what `first` gives.
  auto next = [&](const Factor &first) -> Factor * {
    unsigned to = first.nodes[1];
    if (network.onBoundary(to) || readers(to) != 2)
      return nullptr;
    for (Factor &factor : factors)
      if (factor.isFunction && factor.nodes[0] == to && factor.nodes[1] != to)
        return &factor;
    return nullptr;
  };
  for (unsigned k = 0; k < factors.size(); ++k) {
    Factor &first = factors[k];
    if (!first.isFunction || first.nodes[0] == first.nodes[1])
      continue;
    SmallVector<Factor *> chain = {&first};
    while (Factor *after = next(*chain.back()))
      if (llvm::is_contained(chain, after))
        break;
      else
        chain.push_back(after);
    int64_t values = network.nodes[chain.back()->nodes[1]].extent;
    bool fits = values >= 0 && values <= std::numeric_limits<int32_t>::max();
    if (chain.size() < 3 || !fits ||
        !pays(chain.size(), [&](unsigned at) { return extent(*chain[at]); }))
      continue;
    Value made = narrowed(chain.back()->value);
    for (Factor *function : llvm::reverse(ArrayRef(chain).drop_back()))
      made = GatherOp::create(
          rewriter, op->getLoc(),
          RankedTensorType::get(
              extent(*function),
              cast<RankedTensorType>(made.getType()).getElementType()),
          made, function->value, rewriter.getI64IntegerAttr(0),
          StrategyKindAttr());
    made.getDefiningOp()->setAttr(
        "noodle.plan",
        rewriter.getStringAttr(
            "law 17, Function_Associativity: " + Twine(chain.size()) +
            " functions from the last back"));
    first.value = made;
    first.nodes[1] = chain.back()->nodes[1];
    SmallVector<unsigned> done;
    for (Factor *function : ArrayRef(chain).drop_front()) {
      done.push_back(function - factors.data());
      dead.push_back(function->nodes[0]);
    }
    llvm::sort(done, std::greater<unsigned>());
    for (unsigned at : done) {
      factors.erase(factors.begin() + at);
      k -= at < k;
    }
  }
}

/// Removes functions: what reads a function's value reads by index instead;
/// `scattered` are those whose value is on the boundary, to be done last.
LogicalResult Emitter::substituteFunctions(Network &network,
                                           SmallVectorImpl<Factor> &scattered) {
  Location loc = op->getLoc();
  auto &factors = network.factors;
  auto isFunction = [](const Factor &factor) { return factor.isFunction; };
  if (llvm::none_of(factors, isFunction))
    return success();
  FailureOr<Semiring> semiring = resolve(network);
  if (failed(semiring))
    return failure();
  SmallVector<unsigned> dead;
  if (semiring->traits().annihilating)
    composeFunctions(network, dead);
  auto toMatrix = [&](Factor &function) {
    function.value = oneHot(network, function);
    function.isFunction = false;
  };
  for (unsigned k = 0; k < factors.size(); ++k) {
    if (!factors[k].isFunction)
      continue;
    unsigned from = factors[k].nodes[0], to = factors[k].nodes[1];
    if (from == to || !semiring->traits().annihilating) {
      toMatrix(factors[k]);
      continue;
    }
    for (unsigned other = 0; other < factors.size(); ++other) {
      Factor &reader = factors[other];
      if (other == k || !llvm::is_contained(reader.nodes, to))
        continue;
      if (reader.isFunction && reader.nodes[1] == to)
        toMatrix(reader);
      for (auto [d, node] : llvm::enumerate(reader.nodes)) {
        if (node != to || (reader.isFunction && d == 1))
          continue;
        SmallVector<int64_t> shape(reader.type().getShape());
        shape[d] = dimOf(factors[k].value, 0);
        auto type = RankedTensorType::get(shape, reader.type().getElementType(),
                                          reader.type().getEncoding());
        Value rows = d == 0 ? factors[k].value : Value();
        Value columns = d == 1 ? factors[k].value : Value();
        if (reader.isSparse())
          reader.value = ExtractOp::create(rewriter, loc, type, reader.value,
                                           rows, columns, StrategyKindAttr());
        else
          reader.value = GatherOp::create(
              rewriter, loc, type, reader.value, factors[k].value,
              rewriter.getI64IntegerAttr(d), StrategyKindAttr());
        reader.nodes[d] = from;
      }
    }
  }
  SmallVector<Factor> kept;
  for (Factor &factor : factors) {
    if (!factor.isFunction) {
      kept.push_back(factor);
      continue;
    }
    unsigned from = factor.nodes[0], to = factor.nodes[1];
    Node &domain = network.nodes[from];
    if (ShapedType::isDynamic(domain.extent) && domain.sizes.empty())
      domain.sizes.push_back(
          tensor::DimOp::create(rewriter, loc, factor.value, 0));
    if (!network.onBoundary(to)) { // the sum over its values is one
      dead.push_back(to);
      continue;
    }
    bool shared = network.onBoundary(from) ||
                  llvm::any_of(scattered, [&](const Factor &other) {
                    return other.nodes[0] == from;
                  });
    if (!shared) {
      scattered.push_back(factor);
      continue;
    }
    toMatrix(factor);
    kept.push_back(factor);
  }
  factors = std::move(kept);
  // A node that nothing has any more would count as a sum of ones.
  llvm::sort(dead, std::greater<unsigned>());
  for (unsigned node : dead) {
    network.nodes.erase(network.nodes.begin() + node);
    auto shift = [&](SmallVector<unsigned> &list) {
      for (unsigned &other : list)
        other -= other > node;
    };
    shift(network.dom);
    shift(network.cod);
    for (Factor &factor : factors)
      shift(factor.nodes);
    for (Factor &factor : scattered)
      shift(factor.nodes);
  }
  return success();
}

/// Adds slices of `tensor` along `axis` where the function sends them.
Value Emitter::scattered(Network &network, Value tensor, unsigned axis,
                         const Factor &function) {
  Location loc = op->getLoc();
  FailureOr<Semiring> semiring = resolve(network);
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[axis] = network.nodes[function.nodes[1]].extent;
  SmallVector<Value> sizes;
  for (auto [d, extent] : llvm::enumerate(shape))
    if (ShapedType::isDynamic(extent))
      sizes.push_back(
          d == axis ? sizeOf(network, function.nodes[1])
                    : Value(tensor::DimOp::create(rewriter, loc, tensor, d)));
  Value zeros = filled(RankedTensorType::get(shape, type.getElementType()),
                       semiring->zero(rewriter, loc), sizes);
  return ScatterOp::create(
      rewriter, loc, zeros.getType(), tensor, function.value, zeros,
      rewriter.getI64IntegerAttr(axis), network.semiring, StrategyKindAttr());
}
