//===- PlainProduct.cpp - a contraction by itself -------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "PlainProduct.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

StringRef noodle::scheduleOf(Operation *op) {
  auto schedule = op->getAttrOfType<StringAttr>("noodle.schedule");
  return schedule ? schedule.getValue() : StringRef();
}

void noodle::setSchedule(Operation *op, StringRef schedule) {
  op->setAttr("noodle.schedule", StringAttr::get(op->getContext(), schedule));
}

/// Whether a body hands its first argument on.
static bool isIdentity(Region &body) {
  Block &block = body.front();
  return block.getNumArguments() &&
         block.back().getOperand(0) == block.getArgument(0);
}

namespace {

class Plain {
public:
  explicit Plain(FusedContractOp op) : op(op), b(op.getLoc(), op) {}
  FusedContractOp run();

private:
  Value extent(unsigned loop);
  Value allocate(Type element, ArrayRef<unsigned> loops);
  /// A map over `loops` alone.
  AffineMap over(AffineMap map, ArrayRef<unsigned> loops);
  /// The factor of operands [first, first + count): the buffer it is in, with
  /// its map.
  std::pair<Value, AffineMap> factor(unsigned first, unsigned count,
                                     Region &body);
  /// `body` as a pass over `loops`. Its arguments are the elements of `inputs`
  /// and the scalars, with `fromOut` after that of out.
  void pass(ArrayRef<Value> inputs, ArrayRef<AffineMap> maps, Value out,
            ArrayRef<unsigned> loops, bool fromOut, Region &body);
  void fillBody(Region &region, ArrayRef<Type> types);

  FusedContractOp op;
  ImplicitLocOpBuilder b;
};

} // namespace

Value Plain::extent(unsigned loop) {
  auto [operand, dim] = op.getExtentSource(loop);
  return memref::DimOp::create(b, op.getShaped()[operand], dim);
}

Value Plain::allocate(Type element, ArrayRef<unsigned> loops) {
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  for (unsigned loop : loops) {
    shape.push_back(op.getStaticExtent(loop));
    if (ShapedType::isDynamic(shape.back()))
      dynamic.push_back(extent(loop));
  }
  return memref::AllocOp::create(b, MemRefType::get(shape, element), dynamic);
}

AffineMap Plain::over(AffineMap map, ArrayRef<unsigned> loops) {
  SmallVector<AffineExpr> dims(op.getNumLoops(), b.getAffineConstantExpr(0));
  for (auto [k, loop] : llvm::enumerate(loops))
    dims[loop] = b.getAffineDimExpr(k);
  return map.replaceDimsAndSymbols(dims, {}, loops.size(), 0);
}

void Plain::pass(ArrayRef<Value> inputs, ArrayRef<AffineMap> maps, Value out,
                 ArrayRef<unsigned> loops, bool fromOut, Region &body) {
  SmallVector<Value> operands(inputs);
  SmallVector<AffineMap> all(maps);
  for (Value scalar : op.getScalars()) {
    operands.push_back(scalar);
    all.push_back(AffineMap::get(loops.size(), 0, b.getContext()));
  }
  all.push_back(b.getMultiDimIdentityMap(loops.size()));
  SmallVector<utils::IteratorType> iterators(loops.size(),
                                             utils::IteratorType::parallel);
  linalg::GenericOp::create(
      b, TypeRange(), operands, ValueRange(out), all, iterators,
      [&](OpBuilder &inner, Location loc, ValueRange arguments) {
        IRMapping mapping;
        SmallVector<Value> elements;
        if (fromOut)
          elements.push_back(arguments.back());
        llvm::append_range(elements, arguments.drop_back());
        mapping.map(body.front().getArguments(), elements);
        for (Operation &each : body.front().without_terminator())
          inner.clone(each, mapping);
        linalg::YieldOp::create(
            inner, loc,
            mapping.lookupOrDefault(body.front().back().getOperand(0)));
      });
}

std::pair<Value, AffineMap> Plain::factor(unsigned first, unsigned count,
                                          Region &body) {
  SmallVector<Value> shaped = op.getShaped();
  if (count == 1 && isIdentity(body))
    return {shaped[first], op.getMap(first)};
  SmallVector<unsigned> loops;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
    for (unsigned k = first; k < first + count; ++k)
      if (op.getMap(k).isFunctionOfDim(loop)) {
        loops.push_back(loop);
        break;
      }
  Value made = allocate(body.front().back().getOperand(0).getType(), loops);
  SmallVector<AffineMap> maps;
  for (unsigned k = first; k < first + count; ++k)
    maps.push_back(over(op.getMap(k), loops));
  pass(ArrayRef(shaped).slice(first, count), maps, made, loops,
       /*fromOut=*/false, body);
  SmallVector<AffineExpr> dims;
  for (unsigned loop : loops)
    dims.push_back(b.getAffineDimExpr(loop));
  return {made, AffineMap::get(op.getNumLoops(), 0, dims, b.getContext())};
}

void Plain::fillBody(Region &region, ArrayRef<Type> types) {
  OpBuilder::InsertionGuard guard(b);
  Block *block = b.createBlock(&region, {}, types,
                               SmallVector<Location>(types.size(), b.getLoc()));
  YieldOp::create(b, block->getArguments().take_front());
}

FusedContractOp Plain::run() {
  unsigned lhsCount = op.getLhs().size(), rhsCount = op.getRhs().size();
  auto [lhs, lhsMap] = factor(0, lhsCount, op.getLhsBody());
  auto [rhs, rhsMap] = factor(lhsCount, rhsCount, op.getRhsBody());
  AffineMap outMap = op.getMap(op.getIndexingMaps().size() - 1);
  Value out = op.getOut(), sums = out;
  SmallVector<unsigned> loops;
  for (AffineExpr expr : outMap.getResults())
    loops.push_back(cast<AffineDimExpr>(expr).getPosition());
  bool ends = !isIdentity(op.getEpilogue());
  bool apart = getElementTypeOrSelf(out.getType()) != op.getSumType();
  if (apart)
    sums = allocate(op.getSumType(), loops);
  auto plain = FusedContractOp::create(
      b, TypeRange(), lhs, rhs, ValueRange(), ValueRange(), sums,
      b.getAffineMapArrayAttr({lhsMap, rhsMap, outMap}), op.getSemiring(),
      op.getZero(), op.getAccumulate());
  plain->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  fillBody(plain.getLhsBody(), getElementTypeOrSelf(lhs.getType()));
  fillBody(plain.getRhsBody(), getElementTypeOrSelf(rhs.getType()));
  IRMapping none;
  op.getCombine().cloneInto(&plain.getCombine(), none);
  fillBody(plain.getEpilogue(), op.getSumType());
  if (ends) {
    SmallVector<Value> inputs;
    SmallVector<AffineMap> maps;
    if (apart) {
      inputs.push_back(sums);
      maps.push_back(b.getMultiDimIdentityMap(loops.size()));
    }
    for (auto [k, extra] : llvm::enumerate(op.getExtras())) {
      inputs.push_back(extra);
      maps.push_back(over(op.getMap(lhsCount + rhsCount + k), loops));
    }
    pass(inputs, maps, out, loops, /*fromOut=*/!apart, op.getEpilogue());
  }
  op.erase();
  return plain;
}

FusedContractOp noodle::makePlain(FusedContractOp op) {
  bool plain = op.getLhs().size() == 1 && op.getRhs().size() == 1 &&
               isIdentity(op.getLhsBody()) && isIdentity(op.getRhsBody()) &&
               isIdentity(op.getEpilogue()) && op.getExtras().empty() &&
               op.getScalars().empty();
  return plain ? op : Plain(op).run();
}
