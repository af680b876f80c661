//===- ScheduledOps.cpp - ops that passes make ----------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/Noodle.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

//===----------------------------------------------------------------------===//
// Contractions with what is fused to them
//===----------------------------------------------------------------------===//

static AffineMap mapAt(ArrayAttr maps, unsigned k) {
  return cast<AffineMapAttr>(maps[k]).getValue();
}

unsigned FusedContractOp::getNumLoops() {
  return mapAt(getIndexingMaps(), 0).getNumDims();
}

AffineMap FusedContractOp::getMap(unsigned shaped) {
  return mapAt(getIndexingMaps(), shaped);
}

bool FusedContractOp::isSum(unsigned loop) {
  return !getMap(getIndexingMaps().size() - 1).isFunctionOfDim(loop);
}

SmallVector<Value> FusedContractOp::getShaped() {
  SmallVector<Value> shaped(getLhs());
  llvm::append_range(shaped, getRhs());
  llvm::append_range(shaped, getExtras());
  shaped.push_back(getOut());
  return shaped;
}

std::pair<unsigned, unsigned> FusedContractOp::getExtentSource(unsigned loop) {
  std::pair<unsigned, unsigned> found = {~0u, 0};
  for (auto [k, value] : llvm::enumerate(getShaped()))
    for (auto [d, expr] : llvm::enumerate(getMap(k).getResults())) {
      if (!expr.isFunctionOfDim(loop))
        continue;
      if (!cast<ShapedType>(value.getType()).isDynamicDim(d))
        return {k, d};
      if (found.first == ~0u)
        found = {k, d};
    }
  return found;
}

int64_t FusedContractOp::getStaticExtent(unsigned loop) {
  auto [k, d] = getExtentSource(loop);
  return cast<ShapedType>(getShaped()[k].getType()).getDimSize(d);
}

bool FusedContractOp::onBuffers() {
  return isa<MemRefType>(getOut().getType());
}

void FusedContractOp::getEffects(
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  if (!onBuffers())
    return;
  for (MutableOperandRange range :
       {getLhsMutable(), getRhsMutable(), getExtrasMutable()})
    for (OpOperand &operand : range)
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
  effects.emplace_back(MemoryEffects::Write::get(), &getOutMutable());
  if (getAccumulate())
    effects.emplace_back(MemoryEffects::Read::get(), &getOutMutable());
}

/// Operands are all tensors or all buffers, each with a map of its rank.
static LogicalResult verifyMaps(FusedContractOp op) {
  SmallVector<Value> shaped = op.getShaped();
  ArrayAttr maps = op.getIndexingMaps();
  if (op.getLhs().empty())
    return op.emitOpError() << "needs an lhs operand";
  if (maps.size() != shaped.size())
    return op.emitOpError() << "has " << shaped.size() << " operands, but "
                            << maps.size() << " maps";
  llvm::SmallBitVector known(op.getNumLoops());
  for (auto [k, value] : llvm::enumerate(shaped)) {
    auto type = dyn_cast<ShapedType>(value.getType());
    if (!type || !type.hasRank() || isa<VectorType>(type))
      return op.emitOpError() << "operand " << k << " must be a tensor or a "
                              << "buffer, but is " << value.getType();
    if (auto tensor = dyn_cast<RankedTensorType>(type);
        tensor && tensor.getEncoding() && k >= op.getLhs().size())
      return op.emitOpError()
             << "operand " << k << " is sparse: only lhs operands may be";
    if (isa<MemRefType>(type) != op.onBuffers())
      return op.emitOpError() << "mixes tensors and buffers";
    AffineMap map = op.getMap(k);
    if (map.getNumDims() != op.getNumLoops() || map.getNumSymbols() ||
        int64_t(map.getNumResults()) != type.getRank())
      return op.emitOpError() << "map " << k << " does not fit " << type;
    bool isOut = k + 1 == shaped.size();
    llvm::SmallBitVector seen(op.getNumLoops());
    for (auto [d, expr] : llvm::enumerate(map.getResults())) {
      if (auto zero = dyn_cast<AffineConstantExpr>(expr)) {
        if (zero.getValue() == 0 && !isOut)
          continue;
      } else if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
        if (!isOut || !seen.test(dim.getPosition())) {
          seen.set(dim.getPosition());
          continue;
        }
      }
      return op.emitOpError() << "map " << k << ", result " << d << ": "
                              << (isOut ? "out has each of its loops once"
                                        : "must be a loop or the constant 0");
    }
    known |= seen;
  }
  if (!known.all())
    return op.emitOpError() << "loop " << known.find_first_unset()
                            << " has no operand to take its extent from";
  for (unsigned k = 0; k < op.getExtras().size(); ++k)
    for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
      if (op.isSum(loop) &&
          op.getMap(shaped.size() - 1 - op.getExtras().size() + k)
              .isFunctionOfDim(loop))
        return op.emitOpError() << "extra " << k << " steps along loop " << loop
                                << ", which is summed over";
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    int64_t extent = op.getStaticExtent(loop);
    for (auto [k, value] : llvm::enumerate(shaped))
      for (auto [d, expr] : llvm::enumerate(op.getMap(k).getResults())) {
        int64_t other = cast<ShapedType>(value.getType()).getDimSize(d);
        if (expr.isFunctionOfDim(loop) && !ShapedType::isDynamic(other) &&
            other != extent)
          return op.emitOpError() << "loop " << loop << " has extents "
                                  << extent << " and " << other;
      }
  }
  return success();
}

/// One block with these arguments that yields one value of type `result`, or
/// any where that is null.
static LogicalResult verifyBody(FusedContractOp op, Region &region,
                                StringRef name, TypeRange arguments,
                                Type result) {
  Block &body = region.front();
  if (body.getArgumentTypes() != arguments)
    return op.emitOpError()
           << name << " must take (" << arguments << "), but takes ("
           << body.getArgumentTypes() << ")";
  auto yield = dyn_cast<YieldOp>(body.back());
  if (!yield || yield.getValues().size() != 1 ||
      (result && yield.getValues().front().getType() != result))
    return op.emitOpError() << name << " must yield one value"
                            << (result ? " of the right type" : "");
  return success();
}

LogicalResult FusedContractOp::verify() {
  if (failed(verifyMaps(*this)))
    return failure();
  Type out = getElementTypeOrSelf(getOut().getType());
  if (onBuffers() ? bool(getResult())
                  : !getResult() || getResult().getType() != getOut().getType())
    return emitOpError() << "returns what it writes to a tensor, of that type";
  if (getAccumulate() && out != getSumType())
    return emitOpError() << "accumulates sums of " << getSumType() << " into "
                         << out;
  auto elements = [&](std::initializer_list<Type> first, ValueRange values,
                      bool scalars) {
    SmallVector<Type> types(first);
    for (Value value : values)
      types.push_back(getElementTypeOrSelf(value.getType()));
    if (scalars)
      llvm::append_range(types, getScalars().getTypes());
    return types;
  };
  auto yielded = [](Region &region) {
    return region.front().back().getOperand(0).getType();
  };
  if (failed(verifyBody(*this, getLhsBody(), "lhs_body",
                        elements({}, getLhs(), true), Type())) ||
      failed(verifyBody(*this, getRhsBody(), "rhs_body",
                        elements({}, getRhs(), true), Type())))
    return failure();
  if (failed(verifyBody(
          *this, getCombine(), "combine",
          {yielded(getLhsBody()), yielded(getRhsBody()), getSumType()},
          getSumType())))
    return failure();
  return verifyBody(*this, getEpilogue(), "epilogue",
                    elements({getSumType()}, getExtras(), true), out);
}

void BlasProductOp::getEffects(
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  effects.emplace_back(MemoryEffects::Read::get(), &getLhsMutable());
  effects.emplace_back(MemoryEffects::Read::get(), &getRhsMutable());
  effects.emplace_back(MemoryEffects::Write::get(), &getOutMutable());
  if (getAccumulate())
    effects.emplace_back(MemoryEffects::Read::get(), &getOutMutable());
}

LogicalResult BlasProductOp::verify() {
  if (getIndexingMaps().size() != 3)
    return emitOpError() << "needs maps of lhs, rhs and out";
  Value buffers[] = {getLhs(), getRhs(), getOut()};
  unsigned loops = mapAt(getIndexingMaps(), 0).getNumDims();
  Type element = getElementTypeOrSelf(getOut().getType());
  llvm::SmallBitVector known(loops);
  for (auto [k, buffer] : llvm::enumerate(buffers)) {
    auto type = dyn_cast<MemRefType>(buffer.getType());
    AffineMap map = mapAt(getIndexingMaps(), k);
    if (!type || map.getNumDims() != loops || map.getNumSymbols() ||
        int64_t(map.getNumResults()) != type.getRank())
      return emitOpError() << "map " << k << " does not fit "
                           << buffer.getType();
    if (type.getElementType() != element)
      return emitOpError() << "mixes elements of " << element << " and "
                           << type.getElementType();
    for (AffineExpr expr : map.getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        known.set(dim.getPosition());
  }
  if (!known.all())
    return emitOpError() << "loop " << known.find_first_unset()
                         << " has no buffer to take its extent from";
  return success();
}

//===----------------------------------------------------------------------===//
// Devices
//===----------------------------------------------------------------------===//

void LaunchOp::getEffects(
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  for (OpOperand &input : getInputsMutable())
    if (isa<MemRefType>(input.get().getType()))
      effects.emplace_back(MemoryEffects::Read::get(), &input);
  if (isa<MemRefType>(getOut().getType()))
    effects.emplace_back(MemoryEffects::Write::get(), &getOutMutable());
}

LogicalResult LaunchOp::verify() {
  bool tensors = isa<RankedTensorType>(getOut().getType());
  if (tensors != bool(getResult()))
    return emitOpError() << (tensors ? "must return" : "cannot return")
                         << " what it writes to "
                         << (tensors ? "a tensor" : "a buffer");
  if (getResult() && getResult().getType() != getOut().getType())
    return emitOpError() << "result must have type " << getOut().getType();
  for (Value buffer : getInputs())
    if (auto tensor = dyn_cast<RankedTensorType>(buffer.getType()))
      if (tensor.getEncoding())
        return emitOpError() << "takes a sparse tensor as its buffers";
  ArrayRef<int64_t> split = getSplit().value_or(ArrayRef<int64_t>());
  if (split.empty())
    return success();
  if (split.size() != getInputs().size() + 3 || split[0] < 0 ||
      split[0] >= int64_t(getScalars().size()) || split[1] <= 0)
    return emitOpError() << "split must be the number of a scalar, the rows of "
                            "a block, and a cut for each buffer";
  for (int64_t cut : split.drop_front(2))
    if (cut < 0 || cut > 2)
      return emitOpError() << "cut " << cut << " is not 0, 1 or 2";
  return success();
}
