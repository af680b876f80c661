//===- VectorPlan.cpp - which loop vectors run along ----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "VectorNest.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::noodle;

/// Vectors per step of the main loop: of plain arithmetic, of functions that
/// are polynomials, of partial sums. An addition takes 3 to 4 cycles and two
/// start per cycle, so four sums are most of the way; more is a guess.
static constexpr int64_t kVectors = 4, kVectorsOfFunctions = 2, kSums = 4;
/// Rows per pass over sums in memory: eight streams are within what hardware
/// prefetch follows. A guess.
static constexpr int64_t kRows = 8, kRowsOfFunctions = 2;

static bool isElement(Type type) {
  if (!type.isIntOrFloat())
    return false;
  // Vectors of i1 are bits in memory, buffers of i1 bytes.
  unsigned bits = type.getIntOrFloatBitWidth();
  return bits == 8 || bits == 16 || bits == 32 || bits == 64;
}

bool noodle::hasVectorBody(linalg::GenericOp op) {
  for (Operation &inner : op.getRegion().front().without_terminator()) {
    if (isa<linalg::IndexOp>(inner))
      continue;
    if (inner.getNumResults() != 1 || inner.getNumRegions() ||
        !isMemoryEffectFree(&inner))
      return false;
    if (!inner.hasTrait<OpTrait::ConstantLike>() &&
        !OpTrait::hasElementwiseMappableTraits(&inner))
      return false;
    Type type = inner.getResult(0).getType();
    if (!type.isIntOrIndexOrFloat())
      return false;
  }
  return true;
}

unsigned noodle::widestBits(linalg::GenericOp op) {
  unsigned bits = 8;
  auto see = [&](Type type) {
    if (type.isIndex())
      bits = std::max(bits, 64u);
    else if (type.isIntOrFloat())
      bits = std::max(bits, type.getIntOrFloatBitWidth());
  };
  Block &body = op.getRegion().front();
  for (BlockArgument argument : body.getArguments())
    see(argument.getType());
  for (Operation &inner : body.without_terminator())
    if (!inner.hasTrait<OpTrait::ConstantLike>())
      see(inner.getResult(0).getType());
  return bits;
}

bool noodle::isContiguous(linalg::GenericOp op, OpOperand &operand,
                          unsigned loop) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  if (map.getNumResults() == 0 ||
      map.getResults().back() != getAffineDimExpr(loop, op.getContext()))
    return false;
  auto [strides, offset] =
      cast<MemRefType>(operand.get().getType()).getStridesAndOffset();
  return strides.back() == 1;
}

/// Buffers of plain elements, each dimension a loop of its own or the first
/// place of a broadcast one.
static bool hasPlainOperands(linalg::GenericOp op) {
  if (!op.hasPureBufferSemantics() || op.getNumLoops() == 0)
    return false;
  for (OpOperand &operand : op->getOpOperands()) {
    Type type = operand.get().getType();
    if (auto buffer = dyn_cast<MemRefType>(type)) {
      int64_t offset;
      SmallVector<int64_t> strides;
      if (!isElement(buffer.getElementType()) ||
          failed(buffer.getStridesAndOffset(strides, offset)))
        return false;
    } else if (!isElement(type)) {
      return false;
    }
    llvm::SmallBitVector seen(op.getNumLoops());
    for (AffineExpr expr : op.getMatchingIndexingMap(&operand).getResults()) {
      if (auto zero = dyn_cast<AffineConstantExpr>(expr)) {
        if (zero.getValue() != 0)
          return false;
        continue;
      }
      auto dim = dyn_cast<AffineDimExpr>(expr);
      if (!dim || seen.test(dim.getPosition()))
        return false;
      seen.set(dim.getPosition());
    }
  }
  return true;
}

Operation *noodle::findCombiner(linalg::GenericOp op, unsigned k) {
  Block &body = op.getRegion().front();
  Operation *add = body.getTerminator()->getOperand(k).getDefiningOp();
  Value old = body.getArgument(op.getDpsInitOperand(k)->getOperandNumber());
  if (!add || add->getBlock() != &body || add->getNumOperands() != 2 ||
      !add->hasOneUse() || !old.hasOneUse() ||
      !llvm::is_contained(add->getOperands(), old))
    return nullptr;
  if (!isa<arith::AddFOp, arith::AddIOp, arith::MulFOp, arith::MulIOp,
           arith::MaximumFOp, arith::MinimumFOp, arith::MaxNumFOp,
           arith::MinNumFOp, arith::MaxSIOp, arith::MinSIOp, arith::OrIOp,
           arith::AndIOp, arith::XOrIOp>(add))
    return nullptr;
  return arith::getNeutralElement(add) ? add : nullptr;
}

/// Whether every buffer that has the loop is contiguous along it.
static bool allContiguous(linalg::GenericOp op, unsigned loop) {
  for (OpOperand &operand : op->getOpOperands())
    if (op.getMatchingIndexingMap(&operand).isFunctionOfDim(loop) &&
        !isContiguous(op, operand, loop))
      return false;
  return true;
}

static bool hasFunctions(linalg::GenericOp op) {
  for (Operation &inner : op.getRegion().front())
    if (isa<math::MathDialect>(inner.getDialect()) &&
        !isa<math::AbsFOp, math::AbsIOp, math::SqrtOp, math::FmaOp,
             math::FloorOp, math::CeilOp, math::RoundEvenOp>(inner))
      return true;
  return false;
}

//===----------------------------------------------------------------------===//
// Streamed stores
//===----------------------------------------------------------------------===//

/// Whether a value is a multiple of `unit`: constants, and induction variables
/// of loops over multiples.
static bool isMultiple(OpFoldResult value, int64_t unit) {
  if (auto constant = getConstantIntValue(value))
    return *constant % unit == 0;
  auto argument = dyn_cast<BlockArgument>(cast<Value>(value));
  auto loop =
      argument ? dyn_cast<scf::ParallelOp>(argument.getOwner()->getParentOp())
               : scf::ParallelOp();
  if (!loop)
    return false;
  unsigned k = argument.getArgNumber();
  return isMultiple(loop.getLowerBound()[k], unit) &&
         isMultiple(loop.getStep()[k], unit);
}

/// The allocation a view is of, if every row of the view along its last
/// dimension starts at a multiple of a line.
static memref::AllocOp alignedRoot(Value view) {
  auto type = cast<MemRefType>(view.getType());
  int64_t bytes = type.getElementTypeBitWidth() / 8;
  auto [strides, offset] = type.getStridesAndOffset();
  for (int64_t stride : ArrayRef(strides).drop_back())
    if (ShapedType::isDynamic(stride) || stride * bytes % kLineBytes)
      return {};
  while (Operation *op = view.getDefiningOp()) {
    if (auto alloc = dyn_cast<memref::AllocOp>(op))
      return alloc.getAlignment().value_or(1) % kLineBytes ? memref::AllocOp()
                                                           : alloc;
    if (auto collapse = dyn_cast<memref::CollapseShapeOp>(op)) {
      view = collapse.getSrc();
      continue;
    }
    auto part = dyn_cast<memref::SubViewOp>(op);
    if (!part)
      return {};
    auto [from, start] = part.getSourceType().getStridesAndOffset();
    for (auto [at, stride] : llvm::zip(part.getMixedOffsets(), from))
      if (ShapedType::isDynamic(stride) ||
          (stride * bytes % kLineBytes &&
           (stride != 1 || !isMultiple(at, kLineBytes / bytes))))
        return {};
    view = part.getSource();
  }
  return {};
}

/// The allocation or argument behind views.
static Value rootOf(Value view) {
  while (auto op = view.getDefiningOp<ViewLikeOpInterface>())
    view = op.getViewSource();
  return view;
}

bool noodle::isStreamed(linalg::GenericOp op, unsigned output, unsigned loop,
                        int64_t lanes, int64_t bytes) {
  OpOperand &out = *op.getDpsInitOperand(output);
  auto type = cast<MemRefType>(out.get().getType());
  if (bytes <= 0 || !op->getParentOfType<scf::ParallelOp>() ||
      op.payloadUsesValueFromOperand(&out) || !isContiguous(op, out, loop) ||
      lanes * type.getElementTypeBitWidth() / 8 < 16)
    return false;
  memref::AllocOp root = alignedRoot(out.get());
  if (!root || !root.getType().hasStaticShape() ||
      root.getType().getNumElements() * type.getElementTypeBitWidth() / 8 <
          bytes)
    return false;
  for (OpOperand *input : op.getDpsInputOperands())
    if (rootOf(input->get()) == root)
      return false;
  return true;
}

std::optional<VectorPlan> noodle::planVectors(linalg::GenericOp op,
                                              int64_t vectorBytes,
                                              int64_t streamBytes) {
  if (!hasPlainOperands(op) || !hasVectorBody(op))
    return std::nullopt;
  SmallVector<unsigned> parallel, summed;
  op.getParallelDims(parallel);
  op.getReductionDims(summed);
  VectorPlan plan;
  for (unsigned k = 0; k < op.getNumDpsInits(); ++k)
    plan.combiners.push_back(nullptr);
  auto hasLoop = [&](unsigned k, unsigned loop) {
    return op.getMatchingIndexingMap(op.getDpsInitOperand(k))
        .isFunctionOfDim(loop);
  };
  auto allHave = [&](unsigned loop) {
    for (unsigned k = 0; k < op.getNumDpsInits(); ++k)
      if (!hasLoop(k, loop))
        return false;
    return true;
  };
  std::optional<unsigned> vector;
  for (unsigned loop : parallel)
    if (allHave(loop) && allContiguous(op, loop))
      vector = loop;
  if (!vector) {
    for (unsigned loop : summed)
      if (allContiguous(op, loop))
        vector = loop;
    if (!vector)
      return std::nullopt;
    plan.along = true;
    for (unsigned k = 0; k < op.getNumDpsInits(); ++k) {
      if (hasLoop(k, *vector))
        continue;
      plan.combiners[k] = findCombiner(op, k);
      if (!plan.combiners[k])
        return std::nullopt;
    }
  } else if (!summed.empty()) {
    plan.sum = summed.back();
  }
  plan.vector = *vector;

  unsigned widest = widestBits(op);
  plan.lanes = std::max<int64_t>(2, vectorBytes * 8 / widest);
  bool functions = hasFunctions(op);
  if (plan.along)
    plan.vectors = op.getNumDpsInits() == 1 ? kSums : 2;
  else if (plan.sum)
    plan.rows = functions ? kRowsOfFunctions : kRows;
  else
    plan.vectors = functions ? kVectorsOfFunctions : kVectors;
  // SSE has no masked moves, AVX2 none of elements under 32 bits.
  unsigned narrowest = 64;
  for (OpOperand &operand : op->getOpOperands())
    if (auto type = dyn_cast<MemRefType>(operand.get().getType()))
      narrowest = std::min(narrowest, type.getElementTypeBitWidth());
  for (unsigned k = 0; k < op.getNumDpsInits(); ++k)
    plan.streams.push_back(
        !plan.sum && isStreamed(op, k, plan.vector, plan.lanes, streamBytes));
  plan.masks = vectorBytes >= 64 || (vectorBytes >= 32 && narrowest >= 32);
  return plan;
}

//===----------------------------------------------------------------------===//
// Transposes
//===----------------------------------------------------------------------===//

std::optional<TransposePlan> noodle::planTranspose(linalg::GenericOp op,
                                                   int64_t vectorBytes,
                                                   int64_t streamBytes) {
  if (!hasPlainOperands(op) || !hasVectorBody(op) || op.getNumDpsInits() != 1 ||
      op.getNumParallelLoops() != op.getNumLoops())
    return std::nullopt;
  TransposePlan plan;
  OpOperand &out = *op.getDpsInitOperand(0);
  AffineMap outMap = op.getMatchingIndexingMap(&out);
  auto last = dyn_cast_if_present<AffineDimExpr>(
      outMap.getNumResults() ? outMap.getResults().back() : AffineExpr());
  if (!last || !isContiguous(op, out, last.getPosition()))
    return std::nullopt;
  plan.vector = last.getPosition();
  bool any = false;
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(input);
    if (!map.isFunctionOfDim(plan.vector) ||
        isContiguous(op, *input, plan.vector))
      continue;
    auto other = dyn_cast<AffineDimExpr>(map.getResults().back());
    if (!other || !isContiguous(op, *input, other.getPosition()) ||
        (any && other.getPosition() != plan.other))
      return std::nullopt;
    plan.other = other.getPosition();
    plan.transposed.push_back(input->getOperandNumber());
    any = true;
  }
  if (!any || !outMap.isFunctionOfDim(plan.other))
    return std::nullopt;
  plan.lanes = std::max<int64_t>(2, vectorBytes * 8 / widestBits(op));
  plan.streams = isStreamed(op, 0, plan.vector, plan.lanes, streamBytes);
  return plan;
}
