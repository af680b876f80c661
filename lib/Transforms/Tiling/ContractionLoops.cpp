//===- ContractionLoops.cpp - a contraction as rows, columns and a sum ----===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "ContractionLoops.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::noodle;

//===----------------------------------------------------------------------===//
// Index arithmetic
//===----------------------------------------------------------------------===//

IndexBuilder::IndexBuilder(Operation *op)
    : ImplicitLocOpBuilder(op->getLoc(), op) {
  // Constants stand before everything that is emitted for this op.
  front = arith::ConstantIndexOp::create(*this, 0);
  constants[0] = front->getResult(0);
}

std::optional<int64_t> noodle::known(Value value) {
  if (auto constant = value.getDefiningOp<arith::ConstantIndexOp>())
    return constant.value();
  return std::nullopt;
}

Value IndexBuilder::at(int64_t value) {
  Value &constant = constants[value];
  if (!constant) {
    OpBuilder::InsertionGuard guard(*this);
    setInsertionPoint(front);
    constant = arith::ConstantIndexOp::create(*this, value);
  }
  return constant;
}

/// x' and c, where x is x' + c.
static std::pair<Value, int64_t> split(Value x) {
  if (auto sum = x.getDefiningOp<arith::AddIOp>())
    if (auto c = known(sum.getRhs()))
      return {sum.getLhs(), *c};
  return {x, 0};
}

Value IndexBuilder::add(Value x, Value y) {
  auto p = known(x), q = known(y);
  if (p && q)
    return at(*p + *q);
  if (p)
    return *p ? add(y, x) : y;
  if (q && *q == 0)
    return x;
  // Constants go outside, where they become displacements of one address: code
  // generation keeps a register for each row of a tile otherwise.
  if (auto [inner, c] = split(x); c)
    return q ? add(inner, at(c + *q)) : add(add(inner, y), at(c));
  if (auto [inner, c] = split(y); c)
    return add(add(x, inner), at(c));
  return arith::AddIOp::create(*this, x, y);
}

Value IndexBuilder::sub(Value x, Value y) {
  auto p = known(x), q = known(y);
  if (p && q)
    return at(*p - *q);
  if (q && *q == 0)
    return x;
  return x == y ? at(0) : arith::SubIOp::create(*this, x, y).getResult();
}

Value IndexBuilder::mul(Value x, Value y) {
  auto p = known(x), q = known(y);
  if (p && q)
    return at(*p * *q);
  if (p)
    return mul(y, x);
  if (q && *q == 0)
    return y;
  if (q && *q == 1)
    return x;
  if (q)
    if (auto [inner, c] = split(x); c)
      return add(mul(inner, y), at(c * *q));
  return arith::MulIOp::create(*this, x, y);
}

Value IndexBuilder::min(Value x, Value y) {
  auto p = known(x), q = known(y);
  if (p && q)
    return at(std::min(*p, *q));
  return x == y ? x : arith::MinSIOp::create(*this, x, y).getResult();
}

Value IndexBuilder::max(Value x, Value y) {
  auto p = known(x), q = known(y);
  if (p && q)
    return at(std::max(*p, *q));
  return x == y ? x : arith::MaxSIOp::create(*this, x, y).getResult();
}

Value IndexBuilder::ceilDiv(Value x, int64_t y) {
  if (y == 1)
    return x;
  if (auto p = known(x))
    return at((*p + y - 1) / y);
  return arith::DivUIOp::create(*this, add(x, y - 1), at(y));
}

Value IndexBuilder::wholeSteps(Value from, Value to, int64_t step) {
  if (step == 1)
    return to;
  Value size = sub(to, from);
  if (auto p = known(size))
    return sub(to, at(*p % step));
  return sub(to, arith::RemUIOp::create(*this, size, at(step)));
}

void IndexBuilder::loop(Value from, Value to, int64_t step, Body body) {
  auto low = known(from), high = known(to);
  if (low && high) {
    if (*low >= *high)
      return;
    if (*low + step >= *high)
      return body(from);
  }
  auto nest = scf::ForOp::create(*this, from, to, at(step));
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(nest.getBody());
  body(nest.getInductionVar());
}

SmallVector<Value> IndexBuilder::loop(Value from, Value to, int64_t step,
                                      ValueRange inits, Carry body) {
  if (inits.empty()) {
    loop(from, to, step, [&](Value at) { body(at, {}); });
    return {};
  }
  auto low = known(from), high = known(to);
  if (low && high) {
    if (*low >= *high)
      return llvm::to_vector(inits);
    if (*low + step >= *high)
      return body(from, inits);
  }
  auto nest = scf::ForOp::create(*this, from, to, at(step), inits);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(nest.getBody());
  scf::YieldOp::create(*this,
                       body(nest.getInductionVar(), nest.getRegionIterArgs()));
  return llvm::to_vector_of<Value>(nest.getResults());
}

void IndexBuilder::when(Value condition, llvm::function_ref<void()> body) {
  auto branch = scf::IfOp::create(*this, condition, /*withElse=*/false);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(branch.thenBlock());
  body();
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

bool noodle::copies(Region &body) {
  Block &block = body.front();
  return block.getNumArguments() >= 1 && llvm::hasSingleElement(block) &&
         block.getTerminator()->getOperand(0) == block.getArgument(0);
}

/// The buffer behind `value` as one dimension that begins at its first element.
static FlatOperand flatten(IndexBuilder &b, Value value,
                           SmallVectorImpl<Value> &strides) {
  auto type = cast<MemRefType>(value.getType());
  FlatOperand flat;
  flat.element = type.getElementType();
  SmallVector<int64_t> statics;
  int64_t offset = ShapedType::kDynamic;
  bool strided = succeeded(type.getStridesAndOffset(statics, offset));
  assert(strided && "buffers of contractions are strided");
  (void)strided;
  auto parts = memref::ExtractStridedMetadataOp::create(b, value);
  for (int64_t d = 0; d < type.getRank(); ++d)
    strides.push_back(ShapedType::isDynamic(statics[d]) ? parts.getStrides()[d]
                                                        : b.at(statics[d]));
  OpFoldResult start = ShapedType::isDynamic(offset)
                           ? OpFoldResult(parts.getOffset())
                           : OpFoldResult(b.getIndexAttr(offset));
  auto flatType =
      MemRefType::get({ShapedType::kDynamic}, flat.element,
                      StridedLayoutAttr::get(b.getContext(), offset, {1}),
                      type.getMemorySpace());
  // Its length is not used.
  flat.buffer = memref::ReinterpretCastOp::create(
      b, flatType, parts.getBaseBuffer(), start,
      ArrayRef<OpFoldResult>{OpFoldResult(b.at(0))},
      ArrayRef<OpFoldResult>{OpFoldResult(b.getIndexAttr(1))});
  // Vectors of i1 are packed bits in memory, buffers of i1 are bytes. Both
  // buffers lower to the same descriptor, so the cast cancels.
  flat.bytes = flat.element.isInteger(1);
  if (flat.bytes) {
    auto bytes = MemRefType::get(flatType.getShape(), b.getI8Type(),
                                 flatType.getLayout());
    flat.buffer =
        UnrealizedConversionCastOp::create(b, bytes, flat.buffer).getResult(0);
  }
  return flat;
}

void ContractionLoops::readOperands() {
  unsigned loops = op.getNumLoops();
  for (unsigned loop = 0; loop < loops; ++loop) {
    auto [k, d] = op.getExtentSource(loop);
    int64_t extent = op.getStaticExtent(loop);
    extents.push_back(
        ShapedType::isDynamic(extent)
            ? memref::DimOp::create(b, op.getShaped()[k], d).getResult()
            : b.at(extent));
  }
  for (auto [k, value] : llvm::enumerate(op.getShaped())) {
    SmallVector<Value> ofDimensions;
    FlatOperand flat = flatten(b, value, ofDimensions);
    flat.strides.assign(loops, b.at(0));
    for (auto [d, expr] : llvm::enumerate(op.getMap(k).getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
        Value &stride = flat.strides[dim.getPosition()];
        stride = b.add(stride, ofDimensions[d]);
      }
    operands.push_back(std::move(flat));
  }
  out = operands.size() - 1;
  firstExtra = op.getLhs().size() + op.getRhs().size();
}

/// The loop that has stride 1 in the operand, or none.
unsigned ContractionLoops::innermostOf(unsigned operand) {
  for (auto [loop, stride] : llvm::enumerate(operands[operand].strides))
    if (isKnown(stride, 1) && op.getStaticExtent(loop) != 1)
      return loop;
  return ~0u;
}

/// Neighbours of the right operand from which packing transposes them, and how
/// many runs it takes at a time where that divides them: a line of f32. The
/// first is a guess.
static constexpr int64_t kLeastAcross = 4, kAcross = 16;
/// Steps of a block of the sum, as DensePlan cuts it.
static constexpr int64_t kSteps = 2048;

//===----------------------------------------------------------------------===//
// Roles
//===----------------------------------------------------------------------===//

void ContractionLoops::assignRoles() {
  unsigned lhsCount = op.getLhs().size();
  for (unsigned k = 0; k < lhsCount; ++k)
    left.operands.push_back(k);
  for (unsigned k = lhsCount; k < firstExtra; ++k)
    right.operands.push_back(k);
  left.body = &op.getLhsBody();
  right.body = &op.getRhsBody();
  for (Side *side : {&left, &right}) {
    side->element = side->body->front().back().getOperand(0).getType();
    side->copies = side->operands.size() == 1 && copies(*side->body);
    side->constant = side->operands.empty();
  }
  auto has = [&](const Side &side, unsigned loop) {
    return llvm::any_of(side.operands, [&](unsigned k) {
      return op.getMap(k).isFunctionOfDim(loop);
    });
  };
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    bool inLeft = has(left, loop), inRight = has(right, loop);
    if (op.isSum(loop))
      inner.loops.push_back(loop);
    else if (inLeft == inRight)
      batch.push_back(loop);
    else
      (inLeft ? rows : columns).loops.push_back(loop);
  }
  // Vectors run along columns: the loops that the output, or where it does not
  // matter the operand, has innermost.
  auto oneOf = [&](const Axis &axis, unsigned loop) {
    return llvm::is_contained(axis.loops, loop);
  };
  auto innermost = [&](const Side &side, const Axis &axis) {
    return llvm::any_of(
        side.operands, [&](unsigned k) { return oneOf(axis, innermostOf(k)); });
  };
  unsigned last = innermostOf(out);
  bool change;
  if (columns.loops.empty())
    change = innermost(left, rows);
  else if (rows.loops.empty())
    change = !innermost(right, columns) && innermost(right, inner);
  else if (oneOf(rows, last) || oneOf(columns, last))
    change = oneOf(rows, last);
  else
    change = !innermost(right, columns) && innermost(left, rows);
  // A product of vectors: rows have the longer sum to walk.
  if (change && !(columns.loops.empty() && rows.loops.empty())) {
    std::swap(rows.loops, columns.loops);
    std::swap(left, right);
    swapped = true;
  }
}

/// Outermost first, by the strides of an operand where they are known and by
/// its dimensions otherwise.
void ContractionLoops::order(Axis &axis, unsigned byOperand) {
  AffineMap map = op.getMap(byOperand);
  auto place = [&](unsigned loop) -> int64_t {
    for (auto [d, expr] : llvm::enumerate(map.getResults()))
      if (expr.isFunctionOfDim(loop))
        return d;
    return -1;
  };
  ArrayRef<Value> strides = operands[byOperand].strides;
  bool allKnown = llvm::all_of(
      axis.loops, [&](unsigned loop) { return known(strides[loop]); });
  llvm::stable_sort(axis.loops, [&](unsigned x, unsigned y) {
    if (!allKnown)
      return place(x) < place(y);
    int64_t p = std::abs(*known(strides[x])), q = std::abs(*known(strides[y]));
    // Loops the operand lacks go outside.
    return (p ? p : INT64_MAX) > (q ? q : INT64_MAX);
  });
}

/// Whether the two loops are one loop over the positions of both, for every
/// operand.
bool ContractionLoops::joins(unsigned outer, unsigned inner) {
  for (auto [k, operand] : llvm::enumerate(operands)) {
    auto p = known(operand.strides[outer]), q = known(operand.strides[inner]);
    auto extent = known(extents[inner]);
    if (p && q && ((extent && *p == *q * *extent) || (*p == 0 && *q == 0)))
      continue;
    auto type = cast<MemRefType>(op.getShaped()[k].getType());
    AffineMap map = op.getMap(k);
    if (!type.getLayout().isIdentity())
      return false;
    std::optional<unsigned> at;
    for (auto [d, expr] : llvm::enumerate(map.getResults()))
      if (expr.isFunctionOfDim(outer)) {
        if (at)
          return false;
        at = d;
      }
    if (!at || *at + 1 >= map.getNumResults())
      return false;
    unsigned uses = 0;
    for (AffineExpr expr : map.getResults())
      uses += expr.isFunctionOfDim(inner);
    if (uses != 1 || !map.getResult(*at + 1).isFunctionOfDim(inner))
      return false;
  }
  return true;
}

/// Makes the axis one flat loop.
void ContractionLoops::collapse(Axis &axis) {
  // Loops of one step only add zero.
  llvm::erase_if(axis.loops,
                 [&](unsigned loop) { return isKnown(extents[loop], 1); });
  axis.extent = b.at(1);
  for (unsigned loop : axis.loops)
    axis.extent = b.mul(axis.extent, extents[loop]);
  bool joined = true;
  int64_t run = 1;
  if (!axis.loops.empty()) {
    unsigned k = axis.loops.size() - 1;
    run = known(extents[axis.loops[k]]).value_or(1);
    for (; k > 0 && joins(axis.loops[k - 1], axis.loops[k]); --k)
      run *= known(extents[axis.loops[k - 1]]).value_or(1);
    joined = k == 0;
  }
  for (const FlatOperand &operand : operands) {
    Value step =
        axis.loops.empty() ? b.at(0) : operand.strides[axis.loops.back()];
    axis.innerStep.push_back(step);
    axis.step.push_back(joined ? step : Value());
  }
  if (joined) {
    axis.segment = 0;
    return;
  }
  axis.run = axis.segment ? axis.segment : run;
  tabulate(axis);
}

/// One table of offsets for each operand that moves along the axis.
void ContractionLoops::tabulate(Axis &axis) {
  auto size = known(axis.extent);
  unsigned depths = axis.loops.size();
  if (axis.segment) {
    size = *size / axis.segment;
    --depths;
  }
  auto type =
      MemRefType::get({size.value_or(ShapedType::kDynamic)}, b.getIndexType());
  axis.table.assign(operands.size(), Value());
  SmallVector<unsigned> moving;
  for (auto [k, operand] : llvm::enumerate(operands)) {
    bool moves = llvm::any_of(axis.loops, [&](unsigned loop) {
      return !isKnown(operand.strides[loop], 0);
    });
    if (!moves) {
      axis.step[k] = b.at(0);
      continue;
    }
    moving.push_back(k);
    axis.table[k] = memref::AllocOp::create(
        b, type, size ? ValueRange() : ValueRange(axis.extent));
  }
  SmallVector<Value> offsets(operands.size(), b.at(0));
  std::function<void(unsigned, Value)> walk = [&](unsigned depth, Value place) {
    if (depth == depths) {
      for (unsigned k : moving)
        memref::StoreOp::create(b, offsets[k], axis.table[k], place);
      return;
    }
    unsigned loop = axis.loops[depth];
    b.loop(b.at(0), extents[loop], 1, [&](Value index) {
      SmallVector<Value> before = offsets;
      for (unsigned k : moving)
        offsets[k] = b.add(offsets[k], b.mul(index, operands[k].strides[loop]));
      walk(depth + 1, b.add(b.mul(place, extents[loop]), index));
      offsets = before;
    });
  };
  walk(0, b.at(0));
}

/// A loop that walks `steps` of another at a time.
unsigned ContractionLoops::addLoop(int64_t extent, unsigned along,
                                   int64_t steps) {
  extents.push_back(b.at(extent));
  for (FlatOperand &operand : operands)
    operand.strides.push_back(b.mul(operand.strides[along], steps));
  return extents.size() - 1;
}

/// Where several column loops remain, tiles take parts of the innermost run of
/// the output, so that each stores whole vectors. Neighbours of the right
/// operand may be another loop's: that one then goes directly outside of such a
/// part, and packing transposes between tiles.
void ContractionLoops::cutColumns(const MachineModel &machine) {
  llvm::erase_if(columns.loops,
                 [&](unsigned loop) { return isKnown(extents[loop], 1); });
  auto wide = [&](unsigned k) {
    Type type = operands[k].element;
    return type.isIntOrFloat() && type.getIntOrFloatBitWidth() > 16;
  };
  if (columns.loops.size() < 2 || right.constant || !wide(out) ||
      !llvm::all_of(left.operands, wide) || !llvm::all_of(right.operands, wide))
    return;
  int64_t height = 1, total = 1;
  for (unsigned loop : rows.loops)
    height *= known(extents[loop]).value_or(4);
  for (unsigned loop : columns.loops)
    total *= known(extents[loop]).value_or(0);
  // Few rows do not repay packing.
  if (total == 0 || height < 4)
    return;
  SmallVector<unsigned> &list = columns.loops;
  unsigned last = list.size() - 1, innermost = list.back();
  int64_t run = *known(extents[innermost]);
  for (; last > 0 && joins(list[last - 1], list[last]); --last)
    run *= *known(extents[list[last - 1]]);
  if (last == 0 || !isKnown(operands[out].strides[innermost], 1))
    return;
  int64_t lanes = machine.vectorBytes * 8 /
                  std::max(8u, op.getSumType().getIntOrFloatBitWidth());
  int64_t width = runWidth(run, lanes, machine);
  // A segment of one entry is no loop, and would be dropped as one of extent 1.
  if (width < 2)
    return;
  unsigned source = ~0u;
  if (right.operands.size() == 1)
    source = innermostOf(right.operands.front());
  auto outer = ArrayRef(list).take_front(last);
  bool crosses = llvm::is_contained(outer, source) &&
                 *known(extents[source]) >= kLeastAcross;
  cut.assign(list.begin() + last, list.end());
  list.resize(last);
  if (crosses) {
    llvm::erase(list, source);
    int64_t steps = 1, all = *known(extents[source]);
    for (unsigned loop : inner.loops)
      steps *= known(extents[loop]).value_or(1);
    // The greater of operand and output is walked in its own order.
    if (steps > height)
      order(columns, right.operands.front());
    // Whole rows of memory at a time, as far as a cache has room for them.
    int64_t bytes = std::min<int64_t>(steps, kSteps) * width *
                    (machine.vectorBytes / lanes);
    packedAcross = all;
    for (int64_t lines = all; lines > 0 && all % kAcross == 0; lines -= kAcross)
      if (all % lines == 0) {
        packedAcross = lines;
        if (bytes * lines <= machine.l3Bytes / 8)
          break;
      }
  }
  columns.neighbours = run;
  columns.parts = llvm::divideCeil(run, width);
  if (columns.parts > 1)
    list.push_back(addLoop(columns.parts, innermost, width));
  if (crosses) {
    list.push_back(source);
    columns.partStep = *known(extents[source]);
  }
  list.push_back(addLoop(width, innermost, 1));
  columns.segment = width;
}

ContractionLoops::ContractionLoops(FusedContractOp op, IndexBuilder &builder,
                                   const MachineModel &machine)
    : op(op), b(builder) {
  readOperands();
  assignRoles();
  order(rows, out);
  order(columns, out);
  // The sum runs along what is contiguous.
  unsigned by =
      left.operands.empty() ? right.operands.front() : left.operands.front();
  if (!right.operands.empty() &&
      llvm::is_contained(inner.loops, innermostOf(right.operands.front())))
    by = right.operands.front();
  order(inner, by);
  cutColumns(machine);
  collapse(rows);
  collapse(columns);
  collapse(inner);
}

SmallVector<Value> ContractionLoops::batchOrigins(ValueRange positions) {
  SmallVector<Value> origins(operands.size(), b.at(0));
  for (auto [k, operand] : llvm::enumerate(operands))
    for (auto [loop, position] : llvm::zip(batch, positions))
      origins[k] = b.add(origins[k], b.mul(position, operand.strides[loop]));
  return origins;
}

Value ContractionLoops::offset(const Axis &axis, unsigned operand,
                               Value position) {
  if (axis.step[operand])
    return b.mul(position, axis.step[operand]);
  if (!axis.segment)
    return memref::LoadOp::create(b, axis.table[operand], position);
  auto [first, behind] = split(position);
  if (auto at = known(position))
    first = b.at(0), behind = *at;
  Value entry = b.at(0);
  if (!known(first))
    entry = arith::DivUIOp::create(b, first, b.at(axis.segment));
  entry = b.add(entry, behind / axis.segment);
  return b.add(
      memref::LoadOp::create(b, axis.table[operand], entry).getResult(),
      b.mul(axis.innerStep[operand], behind % axis.segment));
}

bool ContractionLoops::contiguous(const Axis &axis, unsigned operand,
                                  int64_t count) const {
  if (axis.step[operand])
    return isKnown(axis.step[operand], 1);
  return axis.run % count == 0 && isKnown(axis.innerStep[operand], 1);
}

bool ContractionLoops::contiguous(const Axis &axis, const Side &side,
                                  int64_t count) const {
  return !side.operands.empty() && llvm::all_of(side.operands, [&](unsigned k) {
    return contiguous(axis, k, count) || still(axis, k);
  }) && llvm::any_of(side.operands, [&](unsigned k) {
    return !still(axis, k);
  });
}

bool ContractionLoops::still(const Axis &axis, unsigned operand) const {
  return axis.step[operand] && isKnown(axis.step[operand], 0);
}

Value ContractionLoops::partOf(Value column) {
  return arith::RemUIOp::create(
      b,
      arith::DivUIOp::create(b, column,
                             b.at(columns.segment * columns.partStep)),
      b.at(columns.parts));
}

Value ContractionLoops::segmentColumns(Value column) {
  const Axis &axis = columns;
  if (axis.parts * axis.segment == axis.neighbours)
    return b.at(axis.segment);
  return b.min(b.at(axis.segment), b.sub(b.at(axis.neighbours),
                                         b.mul(partOf(column), axis.segment)));
}

ProductShape ContractionLoops::shape() {
  ProductShape shape;
  auto bytes = [](Type type) -> int64_t {
    if (auto complex = dyn_cast<ComplexType>(type))
      return 2 * ((complex.getElementType().getIntOrFloatBitWidth() + 7) / 8);
    return type.isIndex() ? 8 : (type.getIntOrFloatBitWidth() + 7) / 8;
  };
  shape.batch = 1;
  for (unsigned loop : batch) {
    auto extent = known(extents[loop]);
    shape.batch = extent && shape.batch >= 0 ? shape.batch * *extent : -1;
  }
  shape.rows = rows.staticExtent();
  shape.columns = columns.staticExtent();
  shape.inner = inner.staticExtent();
  auto widest = [&](const Side &side) {
    int64_t most = bytes(side.element);
    for (unsigned k : side.operands)
      most = std::max(most, bytes(operands[k].element));
    return most;
  };
  shape.lhsBytes = widest(left);
  shape.rhsBytes = widest(right);
  shape.outBytes = bytes(operands[out].element);
  shape.sumBytes = bytes(op.getSumType());
  constexpr int64_t any = 1;
  shape.lhsInnerContiguous = contiguous(inner, left, any) && !inner.tabulated();
  shape.lhsRowsContiguous = contiguous(rows, left, any) && !rows.tabulated();
  shape.rhsColumnsContiguous =
      contiguous(columns, right, any) && !columns.tabulated();
  shape.rhsInnerContiguous =
      contiguous(inner, right, any) && !inner.tabulated();
  shape.outColumnsContiguous =
      contiguous(columns, out, any) && !columns.tabulated();
  shape.lhsComputed = !left.copies || rows.tabulated() || inner.tabulated();
  shape.rhsComputed = !right.copies || columns.tabulated() || inner.tabulated();
  shape.columnRun = columns.segment;
  shape.columnGroup = columns.segment * packedAcross;
  shape.innerRun = inner.run;
  shape.accumulate = op.getAccumulate();
  shape.outHoldsSums = operands[out].element == op.getSumType();
  return shape;
}
