//===- ElaborateMorphisms.cpp - morphisms become core ops -----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Ops are read in program order; each morphism is kept as a network until its
// entries are needed. What is computed, and where:
//
//   compose     one contraction of all factors; an operand that is itself a
//               composition or a sum is formed first, next to its own op
//   tensor      nothing: its factors go into the composition one by one
//   wires, dagger, trace, diag    nothing: they rename or join letters
//   everything else               of the entries
//
//===----------------------------------------------------------------------===//
#include "Network.h"
#include "Operators.h"

#include "noodle/Algebra/Passes.h"
#include "noodle/Dialect/SparseOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEELABORATEMORPHISMSPASS
#include "noodle/Algebra/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;
using namespace mlir::noodle::category;

namespace {

bool isMorphismOp(Operation *op) {
  return isa<FromTensorOp, ToTensorOp, WiresOp, DiagOp, ComposeOp,
             TensorProductOp, AddOp, BlockOp, DaggerOp, TraceOp, HomMapOp,
             IndexFunctionOp, PowerOp, StarOp, InverseOp>(op);
}

RankedTensorType entriesType(HomType type, Attribute encoding = {}) {
  SmallVector<int64_t> shape(type.getDom());
  llvm::append_range(shape, type.getCod());
  return RankedTensorType::get(shape, type.getElement(), encoding);
}

class Elaborator {
public:
  explicit Elaborator(ModuleOp module)
      : module(module), rewriter(module.getContext()) {}

  LogicalResult run();

private:
  LogicalResult refuseCrossing();
  LogicalResult elaborate(Operation *op);

  FailureOr<Network> wires(WiresOp op);
  FailureOr<Network> composed(ComposeOp op);
  FailureOr<Network> product(TensorProductOp op);
  FailureOr<Network> traced(TraceOp op);
  FailureOr<Network> turned(DaggerOp op);
  FailureOr<Network> sum(AddOp op);
  FailureOr<Network> blocks(BlockOp op);
  FailureOr<Network> mapped(HomMapOp op);
  FailureOr<Network> function(IndexFunctionOp op);
  /// The entries of a star, power or inverse, next to its op.
  LogicalResult formOperatorOf(Value value);
  /// A composition in which stars, powers and inverses are applied to what is
  /// beside them.
  FailureOr<Network> applied(ComposeOp op);

  /// A morphism as it is, but formed where several would form it again.
  FailureOr<Network> as(Value value);
  /// A morphism as a factor of a product.
  FailureOr<Network> asFactor(Value value);
  /// All its entries, as a dense tensor, or as it is where it is sparse.
  FailureOr<Value> entriesOf(Value value, bool mayBeSparse);
  /// A tensor mapped by the code of a region with one block.
  Value mapEntries(Location loc, Value tensor, Type element, Block &code,
                   TypedAttr absent);

  ModuleOp module;
  IRRewriter rewriter;
  DenseMap<Value, Network> networks;
};

} // namespace

//===----------------------------------------------------------------------===//
// What an operand is
//===----------------------------------------------------------------------===//

LogicalResult Elaborator::formOperatorOf(Value value) {
  Operation *op = value.getDefiningOp();
  if (!isOperator(op) || networks.contains(value))
    return success();
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointAfter(op);
  auto type = cast<HomType>(value.getType());
  FailureOr<Value> matrix =
      entriesOf(op->getOperand(0), /*mayBeSparse=*/!isa<InverseOp>(op));
  if (failed(matrix))
    return failure();
  FailureOr<Value> made =
      formOperator(rewriter, op, *matrix, Side::Alone, Value(), HomType());
  if (failed(made))
    return failure();
  networks[value] = Network::ofTensor(type, *made);
  return success();
}

FailureOr<Network> Elaborator::asFactor(Value value) {
  if (failed(formOperatorOf(value)))
    return failure();
  Network &network = networks[value];
  if (!network.isOpen())
    return network;
  // Next to its op, so that every use sees it.
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointAfter(value.getDefiningOp());
  FailureOr<Network> made =
      Emitter(rewriter, value.getDefiningOp()).formed(network);
  if (failed(made))
    return failure();
  networks[value] = *made;
  return made;
}

FailureOr<Network> Elaborator::as(Value value) {
  if (failed(formOperatorOf(value)))
    return failure();
  return value.hasOneUse() ? FailureOr<Network>(networks[value])
                           : asFactor(value);
}

FailureOr<Value> Elaborator::entriesOf(Value value, bool mayBeSparse) {
  FailureOr<Network> network = as(value);
  if (failed(network))
    return failure();
  Operation *at = value.getDefiningOp();
  Attribute encoding;
  // A matrix by itself, as it is or turned.
  bool isMatrix = network->factors.size() == 1 && network->nodes.size() == 2 &&
                  network->dom.size() + network->cod.size() == 2 &&
                  network->hidden() == 0 && !network->factors[0].isFunction;
  if (mayBeSparse && isMatrix)
    encoding = network->factors[0].type().getEncoding();
  return Emitter(rewriter, at)
      .entries(*network, entriesType(cast<HomType>(value.getType()), encoding));
}

//===----------------------------------------------------------------------===//
// Op by op
//===----------------------------------------------------------------------===//

FailureOr<Network> Elaborator::wires(WiresOp op) {
  auto type = cast<HomType>(op.getType());
  Network network(type);
  SmallVector<unsigned> joined = op.getJoined();
  unsigned count = 0;
  for (unsigned number : joined)
    count = std::max(count, number + 1);
  network.nodes.resize(count);
  SmallVector<int64_t> extents(type.getDom());
  llvm::append_range(extents, type.getCod());
  for (auto [number, extent] : llvm::zip_equal(joined, extents))
    if (!ShapedType::isDynamic(extent))
      network.nodes[number].extent = extent;
  for (auto [number, size] : llvm::zip_equal(op.getSized(), op.getSizes()))
    network.nodes[number].sizes.push_back(size);
  network.dom.append(joined.begin(), joined.begin() + type.getDom().size());
  network.cod.append(joined.begin() + type.getDom().size(), joined.end());
  return network;
}

FailureOr<Network> Elaborator::composed(ComposeOp op) {
  auto error = [&] { return op.emitOpError(); };
  if (op.getInputs().size() == 1)
    return as(op.getInputs()[0]);
  if (llvm::any_of(op.getInputs(), [&](Value input) {
        return isOperator(input.getDefiningOp()) && !networks.contains(input);
      }))
    return applied(op);
  unsigned withEntries = 0;
  for (Value input : op.getInputs())
    withEntries += !networks[input].isWires();
  // Wires after one morphism: its own contraction, unless they sum over what
  // another sum or product made.
  if (withEntries <= 1) {
    std::vector<Network> parts;
    unsigned before = 0;
    bool open = false;
    for (Value input : op.getInputs()) {
      FailureOr<Network> part = as(input);
      if (failed(part))
        return failure();
      before += part->hidden();
      open |= part->isOpen();
      parts.push_back(*part);
    }
    FailureOr<Network> whole = category::compose(parts, error);
    if (failed(whole) || !open || whole->hidden() == before)
      return whole;
  }
  std::vector<Network> parts;
  for (Value input : op.getInputs()) {
    FailureOr<Network> part = asFactor(input);
    if (failed(part))
      return failure();
    parts.push_back(*part);
  }
  FailureOr<Network> whole = category::compose(parts, error);
  if (succeeded(whole))
    whole->isProduct = withEntries > 1;
  return whole;
}

FailureOr<Network> Elaborator::product(TensorProductOp op) {
  std::vector<Network> parts;
  for (Value input : op.getInputs()) {
    FailureOr<Network> part =
        op.getInputs().size() == 1 ? as(input) : asFactor(input);
    if (failed(part))
      return failure();
    parts.push_back(*part);
  }
  return parts.size() == 1 ? parts[0] : category::tensor(parts);
}

FailureOr<Network> Elaborator::traced(TraceOp op) {
  FailureOr<Network> network = as(op.getInput());
  if (failed(network))
    return failure();
  for (unsigned k = 0; k < op.getWires(); ++k) {
    if (failed(network->join(network->dom.back(), network->cod.back(),
                             [&] { return op.emitOpError(); })))
      return failure();
    network->dom.pop_back();
    network->cod.pop_back();
  }
  network->settle();
  return network;
}

Value Elaborator::mapEntries(Location loc, Value tensor, Type element,
                             Block &code, TypedAttr absent) {
  auto from = cast<RankedTensorType>(tensor.getType());
  // With a value for absent entries all are visited, else the stored ones.
  auto type = RankedTensorType::get(from.getShape(), element,
                                    absent ? Attribute() : from.getEncoding());
  MapOverAttr over;
  if (absent)
    over = MapOverAttr::get(rewriter.getContext(), MapOver::All);
  auto map = MapOp::create(rewriter, loc, type, tensor, FlatSymbolRefAttr(),
                           over, absent, StrategyKindAttr());
  OpBuilder::InsertionGuard guard(rewriter);
  Block *body =
      rewriter.createBlock(&map.getBody(), {}, {from.getElementType()}, {loc});
  IRMapping mapping;
  mapping.map(code.getArguments(), body->getArguments());
  for (Operation &inner : code.without_terminator())
    rewriter.clone(inner, mapping);
  YieldOp::create(
      rewriter, loc,
      ValueRange{mapping.lookupOrDefault(code.getTerminator()->getOperand(0))});
  return map;
}

FailureOr<Network> Elaborator::turned(DaggerOp op) {
  FailureOr<Network> network = as(op.getInput());
  if (failed(network))
    return failure();
  std::swap(network->dom, network->cod);
  auto complex = dyn_cast<ComplexType>(network->element);
  if (!op.getConjugate() || !complex)
    return network;
  // Conjugation keeps sums and products.
  Block code;
  Value argument = code.addArgument(complex, op.getLoc());
  {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointToStart(&code);
    Value turned = complex::ConjOp::create(rewriter, op.getLoc(), argument);
    YieldOp::create(rewriter, op.getLoc(), ValueRange{turned});
  }
  for (Factor &factor : network->factors)
    if (!factor.isFunction)
      factor.value =
          mapEntries(op.getLoc(), factor.value, complex, code, TypedAttr());
  code.dropAllReferences();
  return network;
}

FailureOr<Network> Elaborator::sum(AddOp op) {
  auto type = cast<HomType>(op.getType());
  Location loc = op.getLoc();
  FailureOr<Semiring> semiring =
      Semiring::resolve(type.getSemiring(), type.getElement(), op,
                        [&] { return op.emitOpError(); });
  if (failed(semiring))
    return failure();
  if (op.getInputs().size() == 1)
    return as(op.getInputs()[0]);
  Emitter emitter(rewriter, op);
  if (op.getInputs().empty())
    return Network::ofTensor(
        type,
        emitter.filled(entriesType(type), semiring->zero(rewriter, loc), {}));
  SmallVector<Value> dense, sparse;
  for (Value input : op.getInputs()) {
    FailureOr<Value> entries = entriesOf(input, /*mayBeSparse=*/true);
    if (failed(entries))
      return failure();
    bool isSparse =
        cast<RankedTensorType>(entries->getType()).getEncoding() != nullptr;
    (isSparse ? sparse : dense).push_back(*entries);
  }
  // Sparse matrices have a sparse sum, where absence is the zero.
  TypedAttr zero = semiring->zeroAttr();
  if (dense.empty() && zero) {
    auto merge = MergeOp::create(rewriter, loc, sparse[0].getType(),
                                 /*intersection=*/UnitAttr(), sparse, zero,
                                 StrategyKindAttr());
    OpBuilder::InsertionGuard guard(rewriter);
    Block *body = rewriter.createBlock(
        &merge.getBody(), {},
        SmallVector<Type>(sparse.size(), type.getElement()),
        SmallVector<Location>(sparse.size(), loc));
    Value all = body->getArgument(0);
    for (Value next : body->getArguments().drop_front())
      all = semiring->add(rewriter, loc, all, next);
    EntryOp::create(rewriter, loc, all);
    return Network::ofTensor(type, merge);
  }
  if (dense.empty()) {
    dense.push_back(emitter.densified(sparse.front(), type.getSemiring()));
    sparse.erase(sparse.begin());
  }
  Value total;
  if (dense.size() == 1)
    total = dense[0];
  if (dense.size() > 1) {
    auto map = MapOp::create(rewriter, loc, entriesType(type), dense,
                             FlatSymbolRefAttr(), MapOverAttr(), TypedAttr(),
                             StrategyKindAttr());
    OpBuilder::InsertionGuard guard(rewriter);
    Block *body = rewriter.createBlock(
        &map.getBody(), {}, SmallVector<Type>(dense.size(), type.getElement()),
        SmallVector<Location>(dense.size(), loc));
    Value all = body->getArgument(0);
    for (Value next : body->getArguments().drop_front())
      all = semiring->add(rewriter, loc, all, next);
    YieldOp::create(rewriter, loc, ValueRange{all});
    total = map;
  }
  for (Value next : sparse)
    total = ContractOp::create(
        rewriter, loc, total.getType(), rewriter.getStringAttr("ij->ij"), next,
        /*mask=*/Value(), /*init=*/total, type.getSemiring(),
        /*accumulator=*/TypeAttr(), /*mask_valued=*/UnitAttr(),
        /*mask_complement=*/UnitAttr(), StrategyKindAttr());
  return Network::ofTensor(type, total);
}

FailureOr<Network> Elaborator::blocks(BlockOp op) {
  Location loc = op.getLoc();
  unsigned rows = op.getRows(), columns = op.getInputs().size() / rows;
  SmallVector<Value> entries;
  bool allSparse = true;
  for (Value input : op.getInputs()) {
    FailureOr<Value> one = entriesOf(input, /*mayBeSparse=*/true);
    if (failed(one))
      return failure();
    allSparse &= cast<RankedTensorType>(one->getType()).getEncoding() ==
                     cast<RankedTensorType>(
                         (entries.empty() ? *one : entries[0]).getType())
                         .getEncoding() &&
                 cast<RankedTensorType>(one->getType()).getEncoding();
    entries.push_back(*one);
  }
  if (!allSparse)
    for (Value &one : entries)
      one = Emitter(rewriter, op).densified(one, op.getType().getSemiring());
  auto concat = [&](ArrayRef<Value> parts, int64_t axis) -> Value {
    if (parts.size() == 1)
      return parts[0];
    auto first = cast<RankedTensorType>(parts[0].getType());
    SmallVector<int64_t> shape(first.getShape());
    for (Value part : parts.drop_front()) {
      int64_t extent = cast<RankedTensorType>(part.getType()).getDimSize(axis);
      bool known =
          !ShapedType::isDynamic(extent) && !ShapedType::isDynamic(shape[axis]);
      shape[axis] = known ? shape[axis] + extent : ShapedType::kDynamic;
    }
    auto type = RankedTensorType::get(shape, first.getElementType(),
                                      first.getEncoding());
    return ConcatOp::create(rewriter, loc, type, parts,
                            rewriter.getI64IntegerAttr(axis),
                            StrategyKindAttr());
  };
  SmallVector<Value> lines;
  for (unsigned row = 0; row < rows; ++row) {
    auto line = ArrayRef(entries).slice(row * columns, columns);
    int64_t wiresBefore =
        cast<HomType>(op.getInputs()[row * columns].getType()).getDom().size();
    lines.push_back(concat(line, wiresBefore));
  }
  return Network::ofTensor(op.getType(), concat(lines, 0));
}

FailureOr<Network> Elaborator::mapped(HomMapOp op) {
  HomType type = op.getType();
  Block &code = op.getBody().front();
  FailureOr<Network> network = asFactor(op.getInput());
  if (failed(network))
    return failure();
  if (op.getHomomorphism()) {
    // h keeps zero, one, sums and products, so it is applied to the factors.
    for (Factor &factor : network->factors)
      if (!factor.isFunction)
        factor.value = mapEntries(op.getLoc(), factor.value, type.getElement(),
                                  code, TypedAttr());
    network->element = type.getElement();
    network->semiring = type.getSemiring();
    return network;
  }
  FailureOr<Value> entries = entriesOf(op.getInput(), /*mayBeSparse=*/true);
  if (failed(entries))
    return failure();
  TypedAttr absent;
  if (cast<RankedTensorType>(entries->getType()).getEncoding()) {
    FailureOr<Semiring> semiring =
        Semiring::resolve(network->semiring, network->element, op,
                          [&] { return op.emitOpError(); });
    if (failed(semiring))
      return failure();
    absent = semiring->zeroAttr();
    if (!absent)
      entries = Emitter(rewriter, op).densified(*entries, network->semiring);
  }
  return Network::ofTensor(
      type, mapEntries(op.getLoc(), *entries, type.getElement(), code, absent));
}

FailureOr<Network> Elaborator::function(IndexFunctionOp op) {
  HomType type = op.getType();
  Network network(type);
  network.nodes = {{type.getDom()[0], {}}, {type.getCod()[0], {}}};
  if (op.getSize())
    network.nodes[1].sizes.push_back(op.getSize());
  network.dom = {0};
  network.cod = {1};
  Factor &factor = network.factors.emplace_back();
  factor.value = op.getIndices();
  factor.nodes = {0, 1};
  factor.isFunction = true;
  return network;
}

FailureOr<Network> Elaborator::applied(ComposeOp op) {
  auto error = [&] { return op.emitOpError(); };
  auto whole = cast<HomType>(op.getType());
  SmallVector<Value> inputs(op.getInputs());
  // A stretch of operands without operators, and what it has become.
  std::vector<Network> parts;
  std::vector<HomType> types;
  auto entries = [&](const std::vector<Network> &some,
                     HomType type) -> FailureOr<Value> {
    FailureOr<Network> product = category::compose(some, error);
    if (failed(product))
      return failure();
    SmallVector<int64_t> shape(type.getDom());
    llvm::append_range(shape, type.getCod());
    return Emitter(rewriter, op)
        .entries(*product, RankedTensorType::get(shape, type.getElement()));
  };
  // From the thin end on, if a morphism is there to begin with.
  bool begins = !isOperator(inputs.front().getDefiningOp());
  bool ends = !isOperator(inputs.back().getDefiningOp());
  bool fromLeft = begins && (!ends || isThinOnTheLeft(whole));
  if (!fromLeft)
    std::reverse(inputs.begin(), inputs.end());
  for (auto [k, input] : llvm::enumerate(inputs)) {
    Operation *made = input.getDefiningOp();
    auto type = cast<HomType>(input.getType());
    Side side = Side::Alone;
    if (isOperator(made) && !networks.contains(input) &&
        (input.hasOneUse() || isa<InverseOp>(made)) && !parts.empty())
      side = chooseSide(made, whole, fromLeft, !fromLeft);
    if (side == Side::Alone) {
      FailureOr<Network> part = asFactor(input);
      if (failed(part))
        return failure();
      parts.push_back(*part);
      types.push_back(type);
      continue;
    }
    FailureOr<Value> matrix =
        entriesOf(made->getOperand(0), /*mayBeSparse=*/!isa<InverseOp>(made));
    if (failed(matrix))
      return failure();
    HomType first = fromLeft ? types.front() : types.back();
    HomType last = fromLeft ? types.back() : types.front();
    HomType beside =
        HomType::get(op.getContext(), first.getDom(), last.getCod(),
                     whole.getElement(), whole.getSemiring());
    if (!fromLeft)
      std::reverse(parts.begin(), parts.end());
    FailureOr<Value> neighbour = entries(parts, beside);
    if (failed(neighbour))
      return failure();
    HomType result = HomType::get(op.getContext(),
                                  fromLeft ? beside.getDom() : type.getDom(),
                                  fromLeft ? type.getCod() : beside.getCod(),
                                  whole.getElement(), whole.getSemiring());
    FailureOr<Value> value =
        formOperator(rewriter, made, *matrix, side, *neighbour, beside);
    if (failed(value))
      return failure();
    parts = {Network::ofTensor(result, *value)};
    types = {result};
  }
  if (!fromLeft)
    std::reverse(parts.begin(), parts.end());
  FailureOr<Network> product = category::compose(parts, error);
  if (succeeded(product))
    product->isProduct = parts.size() > 1;
  return product;
}

LogicalResult Elaborator::elaborate(Operation *op) {
  rewriter.setInsertionPoint(op);
  if (auto to = dyn_cast<ToTensorOp>(op)) {
    FailureOr<Network> network = as(to.getInput());
    if (failed(network))
      return failure();
    FailureOr<Value> entries =
        Emitter(rewriter, op).entries(*network, to.getType());
    if (failed(entries))
      return failure();
    rewriter.replaceAllUsesWith(to.getResult(), *entries);
    return success();
  }
  if (auto from = dyn_cast<FromTensorOp>(op)) {
    networks[from] = Network::ofTensor(from.getType(), from.getInput());
    return success();
  }
  FailureOr<Network> network = failure();
  if (auto wire = dyn_cast<WiresOp>(op))
    network = wires(wire);
  else if (auto diag = dyn_cast<DiagOp>(op)) {
    network = as(diag.getInput());
    if (succeeded(network))
      network->dom = network->cod;
  } else if (auto compose = dyn_cast<ComposeOp>(op))
    network = composed(compose);
  else if (auto tensor = dyn_cast<TensorProductOp>(op))
    network = product(tensor);
  else if (auto trace = dyn_cast<TraceOp>(op))
    network = traced(trace);
  else if (auto dagger = dyn_cast<DaggerOp>(op))
    network = turned(dagger);
  else if (auto add = dyn_cast<AddOp>(op))
    network = sum(add);
  else if (auto block = dyn_cast<BlockOp>(op))
    network = blocks(block);
  else if (auto map = dyn_cast<HomMapOp>(op))
    network = mapped(map);
  else if (auto index = dyn_cast<IndexFunctionOp>(op))
    network = function(index);
  else // a star, power or inverse: formed where it is needed
    return success();
  if (failed(network))
    return failure();
  networks[op->getResult(0)] = std::move(*network);
  return success();
}

/// Morphisms live within one function.
LogicalResult Elaborator::refuseCrossing() {
  auto isMorphism = [](Type type) { return isa<HomType, ArrowType>(type); };
  WalkResult result = module.walk([&](Operation *op) {
    bool carries = llvm::any_of(op->getOperandTypes(), isMorphism) ||
                   llvm::any_of(op->getResultTypes(), isMorphism);
    for (Region &region : op->getRegions())
      for (Block &block : region)
        carries |= llvm::any_of(block.getArgumentTypes(), isMorphism);
    if (auto function = dyn_cast<func::FuncOp>(op))
      carries |= llvm::any_of(function.getResultTypes(), isMorphism);
    if (!carries || isMorphismOp(op))
      return WalkResult::advance();
    op->emitError("'") << op->getName()
                       << "' carries a morphism: they live within a function; "
                          "use noodle.to_tensor before and noodle.from_tensor "
                          "after";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

LogicalResult Elaborator::run() {
  if (failed(refuseCrossing()))
    return failure();
  SmallVector<Operation *> ops;
  module.walk([&](Operation *op) {
    if (isMorphismOp(op))
      ops.push_back(op);
  });
  for (Operation *op : ops)
    if (failed(elaborate(op)))
      return failure();
  for (Operation *op : llvm::reverse(ops))
    rewriter.eraseOp(op);
  return success();
}

namespace {
struct ElaborateMorphisms
    : noodle::impl::NoodleElaborateMorphismsPassBase<ElaborateMorphisms> {
  void runOnOperation() override {
    if (failed(Elaborator(getOperation()).run()))
      signalPassFailure();
  }
};
} // namespace
