//===- Emit.cpp - core ops of a network -----------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One contraction for all tensors of a network, after its functions have been
// made gathers and scatters.
//
//===----------------------------------------------------------------------===//
#include "Network.h"

#include "noodle/Dialect/SparseOps.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;
using namespace mlir::noodle::category;

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

void Emitter::requireEqual(Value a, Value b, StringRef message) {
  Location loc = op->getLoc();
  Value same =
      arith::CmpIOp::create(rewriter, loc, arith::CmpIPredicate::eq, a, b);
  CheckOp::create(rewriter, loc, same, rewriter.getStringAttr(message),
                  rewriter.getI32IntegerAttr(NOODLE_RT_SHAPE_MISMATCH));
}

FailureOr<Semiring> Emitter::resolve(const Network &network) {
  return Semiring::resolve(network.semiring, network.element, op,
                           [&] { return op->emitOpError(); });
}

/// The extent of a node; null where nothing tells.
Value Emitter::sizeOf(const Network &network, unsigned node) {
  Location loc = op->getLoc();
  const Node &wires = network.nodes[node];
  if (!ShapedType::isDynamic(wires.extent))
    return arith::ConstantIndexOp::create(rewriter, loc, wires.extent);
  if (!wires.sizes.empty())
    return wires.sizes.front();
  for (const Factor &factor : network.factors)
    for (auto [d, other] : llvm::enumerate(factor.nodes))
      if (other == node && !(factor.isFunction && d == 1))
        return tensor::DimOp::create(rewriter, loc, factor.value, d);
  return {};
}

/// Extents that joined wires state apart from each other agree. A contraction
/// compares the dimensions of its operands by itself, but for static extents
/// of 1, which it would broadcast.
LogicalResult Emitter::checkExtents(Network &network) {
  Location loc = op->getLoc();
  for (auto [number, node] : llvm::enumerate(network.nodes)) {
    bool isStatic = !ShapedType::isDynamic(node.extent);
    Value first;
    auto compare = [&](Value size) {
      if (!first)
        first = isStatic ? Value(arith::ConstantIndexOp::create(rewriter, loc,
                                                                node.extent))
                         : size;
      if (first != size)
        requireEqual(first, size, "joined wires have different extents");
    };
    for (Value size : node.sizes)
      compare(size);
    // Without sizes and static extents only the contraction has to compare.
    if (!isStatic && !first)
      continue;
    for (const Factor &factor : network.factors)
      for (auto [d, other] : llvm::enumerate(factor.nodes))
        if (other == number && !(factor.isFunction && d == 1) &&
            ShapedType::isDynamic(factor.type().getDimSize(d)))
          compare(tensor::DimOp::create(rewriter, loc, factor.value, d));
  }
  return success();
}

Value Emitter::filled(RankedTensorType type, Value value, ValueRange sizes) {
  return tensor::SplatOp::create(rewriter, op->getLoc(), value, type, sizes);
}

Value Emitter::densified(Value tensor, SemiringAttr semiring) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.getEncoding())
    return tensor;
  auto dense = RankedTensorType::get(type.getShape(), type.getElementType());
  FailureOr<Semiring> resolved = Semiring::resolve(
      semiring, type.getElementType(), op, [&] { return op->emitOpError(); });
  // The semiring has been verified.
  if (TypedAttr zero = resolved->zeroAttr())
    return ConvertOp::create(rewriter, op->getLoc(), dense, tensor, zero,
                             StrategyKindAttr());
  return ContractOp::create(rewriter, op->getLoc(), dense,
                            rewriter.getStringAttr("ij->ij"), tensor,
                            /*mask=*/Value(), /*init=*/Value(), semiring,
                            /*accumulator=*/TypeAttr(),
                            /*mask_valued=*/UnitAttr(),
                            /*mask_complement=*/UnitAttr(), StrategyKindAttr());
}

/// A map whose code `body` makes.
Value Emitter::mapped(ValueRange inputs, RankedTensorType type,
                      llvm::function_ref<Value(OpBuilder &, ValueRange)> body) {
  Location loc = op->getLoc();
  auto map = MapOp::create(rewriter, loc, type, inputs, FlatSymbolRefAttr(),
                           MapOverAttr(), TypedAttr(), StrategyKindAttr());
  OpBuilder::InsertionGuard guard(rewriter);
  auto types = llvm::map_to_vector(
      inputs.getTypes(), [](Type type) { return getElementTypeOrSelf(type); });
  Block *block = rewriter.createBlock(&map.getBody(), {}, types,
                                      SmallVector<Location>(types.size(), loc));
  Value made = body(rewriter, block->getArguments());
  YieldOp::create(rewriter, loc, ValueRange{made});
  return map;
}

/// The tensor with dimensions of extent 1 where `units` says so; the first is
/// none.
Value Emitter::withUnits(Value tensor, ArrayRef<bool> units) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> shape;
  SmallVector<ReassociationIndices> groups;
  int64_t next = 0;
  for (auto [d, isUnit] : llvm::enumerate(units)) {
    if (!isUnit)
      groups.emplace_back();
    groups.back().push_back(d);
    shape.push_back(isUnit ? 1 : type.getDimSize(next++));
  }
  if (groups.size() == units.size())
    return tensor;
  return tensor::ExpandShapeOp::create(
      rewriter, op->getLoc(),
      RankedTensorType::get(shape, type.getElementType()), tensor, groups);
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

/// The factors contracted to the output nodes. Only a contraction of its own
/// makes a sparse tensor of `wanted`'s encoding.
FailureOr<Value> Emitter::contracted(Network &network,
                                     ArrayRef<unsigned> output,
                                     RankedTensorType wanted) {
  Location loc = op->getLoc();
  FailureOr<Semiring> semiring = resolve(network);
  if (failed(semiring))
    return failure();
  SmallVector<int64_t> shape;
  for (unsigned node : output)
    shape.push_back(network.nodes[node].extent);
  if (shape.size() > NOODLE_RT_MAX_RANK)
    return op->emitOpError()
           << "needs a tensor of " << shape.size()
           << " dimensions; the limit is " << NOODLE_RT_MAX_RANK;
  auto type = RankedTensorType::get(shape, network.element);

  // Nodes that no factor has: sums of ones, and repeated entries whose extent
  // no type tells.
  auto hasNode = [&](unsigned node) {
    return llvm::any_of(network.factors, [&](const Factor &factor) {
      return llvm::is_contained(factor.nodes, node);
    });
  };
  SmallVector<unsigned> bare;
  for (unsigned node = 0; node < network.nodes.size(); ++node) {
    bool isOutput = llvm::is_contained(output, node);
    int64_t extent = network.nodes[node].extent;
    if (!hasNode(node) && (!isOutput || ShapedType::isDynamic(extent)))
      bare.push_back(node);
  }
  auto ones = [&](ArrayRef<unsigned> nodes) -> FailureOr<Value> {
    SmallVector<int64_t> extents;
    SmallVector<Value> sizes;
    for (unsigned node : nodes) {
      extents.push_back(network.nodes[node].extent);
      if (!ShapedType::isDynamic(extents.back()))
        continue;
      Value size = sizeOf(network, node);
      if (!size)
        return op->emitOpError()
               << "has a wire '?' whose extent nothing tells; give the "
                  "noodle.wires op its size";
      sizes.push_back(size);
    }
    return filled(RankedTensorType::get(extents, network.element),
                  semiring->one(rewriter, loc), sizes);
  };
  if (network.factors.empty() && bare.size() == network.nodes.size() &&
      output.size() == network.nodes.size())
    return ones(output);
  for (unsigned node : bare) {
    FailureOr<Value> vector = ones(node);
    if (failed(vector))
      return failure();
    Factor factor;
    factor.value = *vector;
    factor.nodes = {node};
    network.factors.push_back(factor);
  }
  if (network.factors.empty())
    return ones(output);

  // One tensor, at most reordered.
  if (network.factors.size() == 1) {
    const Factor &factor = network.factors.front();
    SmallVector<int64_t> permutation;
    for (unsigned node : output) {
      const auto *at = llvm::find(factor.nodes, node);
      if (at == factor.nodes.end() || llvm::count(factor.nodes, node) > 1)
        break;
      permutation.push_back(at - factor.nodes.begin());
    }
    if (permutation.size() == output.size() &&
        factor.nodes.size() == output.size()) {
      if (llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size())))
        return factor.value;
      SmallVector<int64_t> permuted;
      for (int64_t d : permutation)
        permuted.push_back(factor.type().getDimSize(d));
      // What the other order of CSR is, is CSC.
      if (factor.isSparse() && !(wanted && wanted.getEncoding() &&
                                 wanted.getShape() == ArrayRef(permuted))) {
        Factor dense = factor;
        dense.value = densified(factor.value, network.semiring);
        network.factors.front() = dense;
        return contracted(network, output, wanted);
      }
      auto result = RankedTensorType::get(
          permuted, network.element,
          factor.isSparse() ? wanted.getEncoding() : Attribute());
      return Value(TransposeOp::create(
          rewriter, loc, result, factor.value,
          rewriter.getDenseI64ArrayAttr(permutation), StrategyKindAttr()));
    }
  }

  ContractSpec spec;
  unsigned count = network.nodes.size();
  for (unsigned node = 0; node < count; ++node) {
    std::string name;
    if (count <= 52)
      name = std::string(1, char(node < 26 ? 'a' + node : 'A' + node - 26));
    else
      name = "w" + std::to_string(node);
    spec.letters.push_back(name);
  }
  spec.output.append(output.begin(), output.end());
  SmallVector<Value> inputs;
  for (const Factor &factor : network.factors) {
    spec.operands.push_back(factor.nodes);
    inputs.push_back(factor.value);
  }
  // A sparse result stores what its terms touch, so each needs a sparse part.
  bool sparse = wanted && wanted.getEncoding() && output.size() == 2 &&
                wanted.getShape() == type.getShape() &&
                llvm::any_of(network.factors,
                             [](const Factor &f) { return f.isSparse(); });
  if (sparse)
    type = wanted;
  return Value(ContractOp::create(
      rewriter, loc, type, rewriter.getStringAttr(spec.str()), inputs,
      /*mask=*/Value(), /*init=*/Value(), network.semiring,
      /*accumulator=*/TypeAttr(), /*mask_valued=*/UnitAttr(),
      /*mask_complement=*/UnitAttr(), StrategyKindAttr()));
}

/// A tensor over the different nodes of the boundary, in outputs()' order.
FailureOr<Value> Emitter::compact(Network &network, RankedTensorType wanted) {
  if (failed(checkExtents(network)))
    return failure();
  SmallVector<Factor> last;
  if (failed(substituteFunctions(network, last)))
    return failure();
  SmallVector<unsigned> output = network.outputs();
  if (last.empty())
    return contracted(network, output, wanted);
  // The scattered functions' arguments stand where their values will.
  Network inner = network;
  SmallVector<unsigned> arguments(output);
  for (const Factor &function : last)
    *llvm::find(arguments, function.nodes[1]) = function.nodes[0];
  // Their values are no nodes of the contraction: renumber without them.
  SmallVector<unsigned> numbers(network.nodes.size());
  SmallVector<Node> kept;
  for (unsigned node = 0; node < network.nodes.size(); ++node) {
    bool isValue = llvm::any_of(last, [&](const Factor &function) {
      return function.nodes[1] == node;
    });
    numbers[node] = kept.size();
    if (!isValue)
      kept.push_back(network.nodes[node]);
  }
  inner.nodes = kept;
  for (unsigned &node : arguments)
    node = numbers[node];
  for (Factor &factor : inner.factors)
    for (unsigned &node : factor.nodes)
      node = numbers[node];
  FailureOr<Value> tensor = contracted(inner, arguments, {});
  if (failed(tensor))
    return failure();
  Value result = densified(*tensor, network.semiring);
  for (const Factor &function : last) {
    unsigned axis = llvm::find(output, function.nodes[1]) - output.begin();
    result = scattered(network, result, axis, function);
  }
  return result;
}

/// The boundary's dimensions out of its different nodes': zero where the
/// indices of joined wires differ.
FailureOr<Value> Emitter::spread(Network &network, Value compact,
                                 RankedTensorType type) {
  Location loc = op->getLoc();
  FailureOr<Semiring> semiring = resolve(network);
  if (failed(semiring))
    return failure();
  SmallVector<unsigned> output = network.outputs();
  SmallVector<unsigned> wires(network.dom);
  llvm::append_range(wires, network.cod);
  compact = densified(compact, network.semiring);
  // Which indices are equal, over the wires that repeat.
  SmallVector<bool> units, seen(network.nodes.size(), false);
  SmallVector<int64_t> shape;
  SmallVector<Value> sizes;
  for (auto [d, node] : llvm::enumerate(wires)) {
    units.push_back(seen[node]);
    seen[node] = true;
    bool repeats = llvm::count(wires, node) > 1;
    shape.push_back(repeats ? type.getDimSize(d) : 1);
    if (ShapedType::isDynamic(shape.back())) {
      unsigned at = llvm::find(output, node) - output.begin();
      sizes.push_back(tensor::DimOp::create(rewriter, loc, compact, at));
    }
  }
  Value equal = tensor::GenerateOp::create(
      rewriter, loc, RankedTensorType::get(shape, rewriter.getI1Type()), sizes,
      [&](OpBuilder &builder, Location loc, ValueRange at) {
        Value all;
        for (auto [d, node] : llvm::enumerate(wires)) {
          unsigned first = llvm::find(wires, node) - wires.begin();
          if (first == d)
            continue;
          Value same = arith::CmpIOp::create(
              builder, loc, arith::CmpIPredicate::eq, at[first], at[d]);
          all = all ? Value(arith::AndIOp::create(builder, loc, all, same))
                    : same;
        }
        tensor::YieldOp::create(builder, loc, all);
      });
  return mapped({withUnits(compact, units), equal},
                RankedTensorType::get(type.getShape(), network.element),
                [&](OpBuilder &builder, ValueRange entries) -> Value {
                  return arith::SelectOp::create(builder, loc, entries[1],
                                                 entries[0],
                                                 semiring->zero(builder, loc));
                });
}

//===----------------------------------------------------------------------===//
// The two ways out of a network
//===----------------------------------------------------------------------===//

FailureOr<Value> Emitter::entries(Network network, RankedTensorType type) {
  Location loc = op->getLoc();
  SmallVector<unsigned> wires(network.dom);
  llvm::append_range(wires, network.cod);
  bool repeats = wires.size() != network.outputs().size();
  // Where functions are removed nodes are renumbered, so what is left tells.
  FailureOr<Value> made = compact(network, repeats ? RankedTensorType() : type);
  if (failed(made))
    return failure();
  Value value = *made;
  if (repeats) {
    FailureOr<Value> all = spread(network, value, type);
    if (failed(all))
      return failure();
    value = *all;
  }
  if (value.getType() == type)
    return value;
  // Same shape, other format: or dimensions one side knows and the other not.
  auto is = cast<RankedTensorType>(value.getType());
  FailureOr<Semiring> semiring = resolve(network);
  if (is.getEncoding() != type.getEncoding()) {
    if (is.getEncoding() && !type.getEncoding()) {
      value = densified(value, network.semiring);
    } else {
      TypedAttr absent;
      if (!is.getEncoding() && !(absent = semiring->zeroAttr()))
        return op->emitOpError()
               << "cannot tell which entries of a dense morphism are zero, as "
                  "the semiring's zero is no constant";
      value = ConvertOp::create(rewriter, loc,
                                RankedTensorType::get(is.getShape(),
                                                      network.element,
                                                      type.getEncoding()),
                                value, absent, StrategyKindAttr());
    }
  }
  if (value.getType() != type)
    value = tensor::CastOp::create(rewriter, loc, type, value);
  return value;
}

FailureOr<Network> Emitter::formed(Network network) {
  FailureOr<Value> value = compact(network, {});
  if (failed(value))
    return failure();
  SmallVector<unsigned> output = network.outputs();
  Network result;
  result.element = network.element;
  result.semiring = network.semiring;
  auto place = [&](ArrayRef<unsigned> side, SmallVector<unsigned> &to) {
    for (unsigned node : side)
      to.push_back(llvm::find(output, node) - output.begin());
  };
  place(network.dom, result.dom);
  place(network.cod, result.cod);
  Factor &factor = result.factors.emplace_back();
  factor.value = *value;
  for (auto [d, node] : llvm::enumerate(output)) {
    factor.nodes.push_back(d);
    result.nodes.push_back({network.nodes[node].extent, {}});
  }
  return result;
}
