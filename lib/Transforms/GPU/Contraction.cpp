//===- Contraction.cpp - contractions as kernels --------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Contraction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

//===----------------------------------------------------------------------===//
// The host's side
//===----------------------------------------------------------------------===//

static Semiring resolve(ContractOp op, Type type) {
  return *Semiring::resolve(op.getSemiring(), type, op,
                            [&] { return op.emitOpError(); });
}

static ContractionCost costOf(const Semiring &semiring) {
  bool integers = semiring.elementType().isInteger();
  switch (semiring.kind()) {
  case SemiringKind::User:
  case SemiringKind::LogPlus:
    return ContractionCost::Function;
  case SemiringKind::MinPlus:
  case SemiringKind::MaxPlus:
    return integers ? ContractionCost::Several : ContractionCost::Instruction;
  default:
    return ContractionCost::Instruction;
  }
}

Product::Product(Offload &offload, KernelSpec &spec)
    : offload(offload), spec(spec), op(cast<ContractOp>(offload.cluster.root)),
      form(productForm(op).form),
      semiring(resolve(op, op.getAccumulatorType())),
      element(getElementTypeOrSelf(op.getInputs()[0])),
      sum(op.getAccumulatorType()), result(op.getType().getElementType()),
      cost(costOf(semiring)), pads(semiring.traits().annihilating),
      equation(op.getSpec()), fixedExtents(letterExtents(op)) {
  Type word = offload.host.getI32Type();
  bool bits = sum.isInteger(1);
  stored = bits ? word : sum;
  compute = bits && wide() ? word : sum;
  for (unsigned letter = 0; letter < equation.letterCount(); ++letter) {
    Value extent;
    if (!ShapedType::isDynamic(fixedExtents[letter]))
      extent = offload.index(fixedExtents[letter]);
    for (auto [k, input] : llvm::enumerate(op.getInputs()))
      for (auto [d, other] : llvm::enumerate(equation.operands[k]))
        if (!extent && other == letter &&
            cast<RankedTensorType>(input.getType()).isDynamicDim(d))
          extent = offload.dim(input, d);
    hostExtents.push_back(extent);
  }
  unsigned lhs = form.swapped ? 1 : 0;
  stepping[Lhs] = steppingLetters(op, lhs);
  stepping[Rhs] = steppingLetters(op, 1 - lhs);
  stepping[Out] = steppingLetters(op, 2);
  spec.inputs = {op.getInputs()[lhs], op.getInputs()[1 - lhs]};
  if (Value init = op.getInit()) {
    initBuffer = spec.inputs.size();
    spec.inputs.push_back(init);
    if (semiring.kind() != SemiringKind::User)
      final = resolve(op, result);
  }
  for (unsigned letter : equation.output)
    spec.extents.push_back(hostExtents[letter]);
  // The rows are a scalar even where known: the runtime may run some of them
  // at a time. Nothing else uses this number then.
  for (Group group : {Rows, Columns}) {
    groupExtents[group] = numbers.size();
    numbers.push_back(
        {{-1}, ShapedType::kDynamic, unsigned(spec.scalars.size())});
    if (lettersOf(group).empty()) {
      numbers.back().fixed = 1;
      continue;
    }
    // Columns are split only where there are no rows.
    if (group == Columns && !form.rows.empty()) {
      numbers.pop_back();
      groupExtents[group] = number(form.columns);
      continue;
    }
    spec.scalars.push_back(offload.scalar(hostProduct(lettersOf(group))));
  }
  groupExtents[Inner] = number(form.inner);
  for (Place place : {Lhs, Rhs, Out})
    for (Group group : {Rows, Columns, Inner}) {
      ArrayRef<unsigned> letters = lettersOf(group);
      strides[place][group] =
          letters.empty() ? stepOf(place, ~0u) : stepOf(place, letters.back());
    }
  for (unsigned letter : form.batch)
    batch.push_back(
        {letter,
         number(letter),
         {stepOf(Lhs, letter), stepOf(Rhs, letter), stepOf(Out, letter)}});
  for (Group group : {Rows, Columns})
    for (auto [at, letter] : llvm::enumerate(lettersOf(group)))
      if (lettersOf(group).size() > 1 && !offload.cluster.maps.empty())
        parts[group].push_back({letter, number(letter),
                                number(lettersOf(group).drop_front(at + 1))});
  epilogue.emplace(offload, spec);
}

/// The product of letters' extents: one constant or scalar for equal ones.
Product::Number Product::number(ArrayRef<unsigned> letters) {
  SmallVector<int64_t> key = {1};
  for (unsigned letter : letters)
    if (ShapedType::isDynamic(fixedExtents[letter]))
      key.push_back(letter);
    else
      key.front() *= fixedExtents[letter];
  llvm::sort(MutableArrayRef(key).drop_front());
  for (auto [number, entry] : llvm::enumerate(numbers))
    if (entry.key == key)
      return number;
  int64_t fixed = key.size() == 1 ? key.front() : ShapedType::kDynamic;
  numbers.push_back({key, fixed, unsigned(spec.scalars.size())});
  if (ShapedType::isDynamic(fixed))
    spec.scalars.push_back(offload.scalar(hostProduct(letters)));
  return numbers.size() - 1;
}

/// How far one step of a letter goes: past all that follows it.
Product::Number Product::stepOf(Place place, unsigned letter) {
  ArrayRef<unsigned> letters = stepping[place];
  const unsigned *at = llvm::find(letters, letter);
  if (at != letters.end())
    return number(ArrayRef(at + 1, letters.end()));
  // None: a product with an extent of 0.
  for (auto [number, entry] : llvm::enumerate(numbers))
    if (entry.key.size() == 1 && entry.fixed == 0)
      return number;
  numbers.push_back({{0}, 0, 0});
  return numbers.size() - 1;
}

Value Product::hostProduct(ArrayRef<unsigned> letters) {
  SmallVector<Value> values;
  for (unsigned letter : letters)
    values.push_back(hostExtents[letter]);
  return offload.product(values);
}

Value Product::hostExtent(Group group) { return hostProduct(lettersOf(group)); }

Product::Number Product::setGrid(Group rowGroup, int64_t rows, Value columns) {
  spec.gridX = offload.ceilDiv(hostExtent(rowGroup), rows);
  spec.gridY = columns;
  if (batch.empty())
    return 0;
  ImplicitLocOpBuilder &host = offload.host;
  Value count = hostProduct(form.batch);
  spec.gridZ =
      host.createOrFold<arith::MinUIOp>(count, offload.index(kGridLimit));
  int64_t known = knownBatch();
  if (known >= 0 && known <= kGridLimit)
    return 0;
  spec.gridY = host.createOrFold<arith::MulIOp>(
      columns, offload.ceilDiv(count, kGridLimit));
  Number number = numbers.size();
  std::optional<int64_t> fixed = getConstantIntValue(columns);
  numbers.push_back({{-1},
                     fixed.value_or(ShapedType::kDynamic),
                     unsigned(spec.scalars.size())});
  if (!fixed)
    spec.scalars.push_back(offload.scalar(columns));
  return number;
}

int64_t Product::knownProduct(ArrayRef<unsigned> letters) const {
  int64_t product = 1;
  for (unsigned letter : letters) {
    if (ShapedType::isDynamic(fixedExtents[letter]))
      return -1;
    product *= fixedExtents[letter];
  }
  return product;
}

void Product::describe(const std::string &shape) {
  SemiringAttr attr = op.getSemiring();
  bool user = attr.getKind() == SemiringKind::User;
  spec.kind = "contract";
  spec.text = op.getEquation().str() + " " +
              (user ? attr.getSymbol().getValue()
                    : stringifySemiringKind(attr.getKind()))
                  .str() +
              " " + typeText(element) +
              (sum == element ? "" : " in " + typeText(sum)) + ", " + shape;
}

void Product::allowSplit(Group group, int64_t rows) {
  // The rows come first in whatever has them, so that no step depends on how
  // many there are.
  ArrayRef<unsigned> letters = lettersOf(group);
  auto leads = [&](Place place) {
    return ArrayRef(stepping[place]).take_front(letters.size()) == letters;
  };
  if (letters.empty() || !batch.empty() || !leads(Out))
    return;
  SmallVector<int64_t> cuts;
  for (Place place : {Lhs, Rhs}) {
    bool has = llvm::is_contained(stepping[place], letters.front());
    if (has && !leads(place))
      return;
    cuts.push_back(has);
  }
  if (initBuffer)
    cuts.push_back(1);
  const unsigned *last = llvm::find(equation.output, letters.back());
  if (!epilogue->appendCuts(cuts, last - equation.output.begin() + 1))
    return;
  cuts.push_back(1);
  spec.splitScalar = numbers[groupExtents[group]].scalar;
  spec.splitRows = rows;
  spec.cuts = cuts;
}

//===----------------------------------------------------------------------===//
// The kernel's side
//===----------------------------------------------------------------------===//

Value Product::get(Frame &frame, Number number) const {
  const Entry &entry = numbers[number];
  if (!ShapedType::isDynamic(entry.fixed))
    return frame.code.index(entry.fixed);
  return unpackScalar(frame.code.b, frame.scalars[entry.scalar],
                      frame.code.b.getIndexType());
}

void Product::inBatch(Frame &frame, Number columnBlocks,
                      llvm::function_ref<void(Value)> body) const {
  KernelCode &code = frame.code;
  frame.base.assign(3, code.index(0));
  frame.index.assign(equation.letterCount(), code.index(0));
  Value column = code.blockY();
  if (batch.empty())
    return body(column);
  auto run = [&](Value at) {
    for (const BatchLetter &letter : llvm::reverse(batch)) {
      Value extent = get(frame, letter.extent);
      bool outermost = &letter == batch.begin();
      Value index = outermost ? at : code.rem(at, extent);
      at = outermost ? at : code.div(at, extent);
      frame.index[letter.letter] = index;
      for (Place place : {Lhs, Rhs, Out})
        if (fixed(letter.strides[place]) != 0)
          frame.base[place] =
              code.add(frame.base[place],
                       code.mul(index, get(frame, letter.strides[place])));
    }
    body(column);
  };
  Value at = gpu::BlockIdOp::create(code.b, gpu::Dimension::z);
  int64_t known = knownBatch();
  if (known >= 0 && known <= kGridLimit)
    return run(at);
  // What the grid's z cannot hold stands one after another along its y.
  Value columns = get(frame, columnBlocks);
  Value round = code.div(column, columns);
  column = code.rem(column, columns);
  at = code.add(code.mul(round, kGridLimit), at);
  Value count = code.index(1);
  for (const BatchLetter &letter : batch)
    count = code.mul(count, get(frame, letter.extent));
  code.when(code.less(at, count), [&] { run(at); });
}

Value Product::divisible(Frame &frame, ArrayRef<Number> what, Place place,
                         int64_t lanes) const {
  KernelCode &code = frame.code;
  SmallVector<Number> all(what);
  for (const BatchLetter &letter : batch)
    all.push_back(letter.strides[place]);
  llvm::sort(all);
  all.erase(llvm::unique(all), all.end());
  Value result = arith::ConstantIntOp::create(code.b, 1, 1);
  for (Number number : all) {
    int64_t known = fixed(number);
    if (!ShapedType::isDynamic(known) && known % lanes)
      return arith::ConstantIntOp::create(code.b, 0, 1);
    if (ShapedType::isDynamic(known))
      result = code.both(result, code.equal(code.rem(get(frame, number), lanes),
                                            code.index(0)));
  }
  return result;
}

/// `element`, or a vector of it as long as `like` is.
static Type likeType(Type element, Value like) {
  if (auto vector = dyn_cast<VectorType>(like.getType()))
    return VectorType::get(vector.getShape(), element);
  return element;
}

Value Product::toStored(KernelCode &code, Value value) const {
  ImplicitLocOpBuilder &b = code.b;
  value = convertElement(b, b.getLoc(), value, likeType(sum, value));
  if (sum == stored)
    return value;
  return arith::ExtUIOp::create(b, likeType(stored, value), value);
}

Value Product::toCompute(KernelCode &code, Value value) const {
  if (compute == stored)
    return value;
  return arith::TruncIOp::create(code.b, likeType(compute, value), value);
}

Value Product::zero(KernelCode &code) const {
  Value zero = semiring.zero(code.b, code.b.getLoc());
  if (compute == sum)
    return zero;
  return arith::ExtUIOp::create(code.b, compute, zero);
}

/// min and max of f32 that keep NaN are one instruction from sm_80 on. Of f64
/// they are not: the semiring's own code is shorter.
static Value extremum(KernelCode &code, SemiringKind kind, bool isAdd, Value x,
                      Value y) {
  if (!getElementTypeOrSelf(x.getType()).isF32())
    return {};
  bool min = kind == SemiringKind::MinPlus || kind == SemiringKind::MinMax;
  bool lattice = kind == SemiringKind::MaxMin || kind == SemiringKind::MinMax;
  bool max = kind == SemiringKind::MaxPlus || kind == SemiringKind::MaxTimes ||
             kind == SemiringKind::MaxMin;
  if (isAdd ? !(min || max) : !lattice)
    return {};
  if (isAdd ? min : max)
    return arith::MinimumFOp::create(code.b, x, y);
  return arith::MaximumFOp::create(code.b, x, y);
}

Value Product::add(KernelCode &code, Value x, Value y) const {
  if (Value made = extremum(code, semiring.kind(), /*isAdd=*/true, x, y))
    return made;
  return semiring.add(code.b, code.b.getLoc(), x, y);
}

Value Product::addProduct(KernelCode &code, Value sum, Value left,
                          Value right) const {
  if (form.swapped)
    std::swap(left, right);
  // Fused, as on the CPU.
  if (semiring.kind() == SemiringKind::PlusTimes &&
      isa<FloatType>(getElementTypeOrSelf(sum.getType())))
    return math::FmaOp::create(code.b, left, right, sum);
  Value product = extremum(code, semiring.kind(), /*isAdd=*/false, left, right);
  if (!product)
    product = semiring.mul(code.b, code.b.getLoc(), left, right);
  return add(code, sum, product);
}

/// The indices of a group's letters from the group's.
void Product::setIndices(Frame &frame, Group group, Value position,
                         SmallVectorImpl<Value> &index) const {
  KernelCode &code = frame.code;
  if (lettersOf(group).size() == 1)
    index[lettersOf(group).front()] = position;
  for (const Part &part : parts[group]) {
    Value at = code.div(position, get(frame, part.steps));
    if (&part != parts[group].begin())
      at = code.rem(at, get(frame, part.extent));
    index[part.letter] = at;
  }
}

Value Product::outPosition(Frame &frame, Value row, Value column) const {
  KernelCode &code = frame.code;
  Value position = frame.base[Out];
  position = code.add(position, code.mul(row, stride(frame, Out, Rows)));
  return code.add(position, code.mul(column, stride(frame, Out, Columns)));
}

Value Product::finish(Frame &frame, Value value, Value row,
                      Value column) const {
  KernelCode &code = frame.code;
  ImplicitLocOpBuilder &b = code.b;
  Location loc = b.getLoc();
  if (compute != sum)
    value = arith::TruncIOp::create(b, sum, value);
  if (initBuffer) {
    Value init =
        code.load(frame.buffers[*initBuffer], outPosition(frame, row, column));
    if (final)
      value = final->add(b, loc, init, convertElement(b, loc, value, result));
    else
      value = semiring.add(b, loc, convertElement(b, loc, init, sum), value);
  }
  value = convertElement(b, loc, value, result);
  if (epilogue->empty())
    return value;
  SmallVector<Value> index = frame.index;
  setIndices(frame, Rows, row, index);
  setIndices(frame, Columns, column, index);
  SmallVector<Value> at;
  for (unsigned letter : equation.output)
    at.push_back(index[letter]);
  return epilogue->apply(b, value, at, frame.buffers, frame.scalars);
}

const Chip &noodle::chipOf(const Offload &offload) {
  auto module = offload.cluster.root->getParentOfType<ModuleOp>();
  auto chip =
      module ? module->getAttrOfType<StringAttr>("noodle.chip") : StringAttr();
  return chip ? chipNamed(chip.getValue()) : allChips().front();
}

LaunchOp noodle::emitContraction(Offload &offload) {
  ProductForm form = productForm(cast<ContractOp>(offload.cluster.root)).form;
  if (form.rows.empty() || form.columns.empty())
    return emitThinContraction(offload);
  return emitTiledContraction(offload);
}
