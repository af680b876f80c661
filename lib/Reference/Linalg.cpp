//===- Linalg.cpp - structured ops on dense tensors -----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Any linalg op is a body evaluated over a box of loops, so one handler serves
// those it is registered for.
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::noodle::reference {

/// Extents of the loops, from the operands whose maps name them.
static LogicalResult loopExtents(Machine &machine, Frame &frame,
                                 linalg::LinalgOp op,
                                 SmallVectorImpl<int64_t> &extents) {
  extents.assign(op.getNumLoops(), ShapedType::kDynamic);
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<RankedTensorType>(operand.get().getType()))
      continue;
    const Tensor &tensor = frame.tensor(operand.get());
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (auto [d, expr] : llvm::enumerate(map.getResults())) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      if (!dim)
        continue;
      int64_t &extent = extents[dim.getPosition()];
      if (ShapedType::isDynamic(extent))
        extent = tensor.extents[d];
      if (extent != tensor.extents[d])
        return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                            "operand #" + Twine(operand.getOperandNumber()) +
                                " has extent " + Twine(tensor.extents[d]) +
                                " in dimension " + Twine(d) +
                                ", but another has " + Twine(extent));
    }
  }
  if (llvm::any_of(extents, ShapedType::isDynamic))
    return machine.uncovered(op, "with a loop that no operand states");
  return success();
}

/// Offset of the element a map gives at a point.
static LogicalResult locate(Machine &machine, Operation *op, AffineMap map,
                            ArrayRef<int64_t> point, const Tensor &tensor,
                            ArrayRef<int64_t> strides, int64_t &offset) {
  offset = 0;
  for (auto [d, expr] : llvm::enumerate(map.getResults())) {
    int64_t i;
    if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
      i = point[dim.getPosition()];
    } else {
      SmallVector<Attribute> dims;
      Builder builder(op->getContext());
      for (int64_t p : point)
        dims.push_back(builder.getIndexAttr(p));
      SmallVector<Attribute> folded;
      AffineMap one =
          AffineMap::get(map.getNumDims(), map.getNumSymbols(), expr);
      if (failed(one.constantFold(dims, folded)))
        return machine.uncovered(op, "with this indexing map");
      i = cast<IntegerAttr>(folded.front()).getInt();
    }
    if (i < 0 || i >= tensor.extents[d])
      return machine.fail(op, NOODLE_RT_INDEX_RANGE,
                          "index " + Twine(i) + " is out of range for extent " +
                              Twine(tensor.extents[d]));
    offset += i * strides[d];
  }
  return success();
}

static LogicalResult structured(Machine &machine, Frame &frame,
                                Operation *operation) {
  auto op = cast<linalg::LinalgOp>(operation);
  if (!op.hasPureTensorSemantics())
    return machine.uncovered(op, "on buffers");
  for (mlir::Value operand : op->getOperands())
    if (isa<RankedTensorType>(operand.getType()) &&
        isSparse(frame.tensor(operand)))
      return machine.uncovered(op, "on a sparse tensor");
  SmallVector<int64_t> extents;
  if (failed(loopExtents(machine, frame, op, extents)))
    return failure();
  SmallVector<TensorRef> outs;
  for (mlir::Value init : op.getDpsInits()) {
    TensorRef copy = machine.copy(op, frame.tensor(init));
    if (!copy)
      return failure();
    outs.push_back(copy);
  }
  frame.bind(op->getResults(), SmallVector<Slot>(outs.begin(), outs.end()));
  if (isEmpty(extents))
    return success();

  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<SmallVector<int64_t>> strides;
  SmallVector<const Tensor *> tensors;
  unsigned inputs = op.getNumDpsInputs();
  for (auto [k, operand] : llvm::enumerate(op->getOperands())) {
    bool isTensor = isa<RankedTensorType>(operand.getType());
    tensors.push_back(!isTensor     ? nullptr
                      : k >= inputs ? outs[k - inputs].get()
                                    : &frame.tensor(operand));
    strides.push_back(isTensor ? stridesOf(tensors.back()->extents)
                               : SmallVector<int64_t>());
  }
  Block &block = *op.getBlock();
  SmallVector<linalg::IndexOp> indices(block.getOps<linalg::IndexOp>());
  SmallVector<int64_t> point(extents.size(), 0), offsets(tensors.size(), 0);
  SmallVector<Slot> arguments(tensors.size()), yielded;
  do {
    for (auto [k, tensor] : llvm::enumerate(tensors)) {
      if (!tensor) {
        arguments[k] = frame.get(op->getOperand(k));
        continue;
      }
      if (failed(locate(machine, op, maps[k], point, *tensor, strides[k],
                        offsets[k])))
        return failure();
      arguments[k] = tensor->get(offsets[k]);
    }
    for (linalg::IndexOp index : indices)
      frame.set(index.getResult(), Scalar(point[index.getDim()]));
    frame.bind(block.getArguments(), arguments);
    if (failed(machine.step(op)) || failed(machine.run(frame, block, yielded)))
      return failure();
    for (auto [k, out] : llvm::enumerate(outs))
      out->set(offsets[inputs + k], std::get<Scalar>(yielded[k]));
  } while (next(point, extents));
  return success();
}

/// The op around it has set the result.
static LogicalResult index(Machine &machine, Frame &, Operation *op) {
  if (isa_and_nonnull<linalg::LinalgOp>(op->getParentOp()))
    return success();
  return machine.uncovered(op, "inside another region");
}

void addLinalgHandlers(Handlers &handlers) {
  // Qualified: noodle has ops of some of these names.
  handlers.addAll<linalg::GenericOp, linalg::FillOp, linalg::MatmulOp,
                  linalg::BatchMatmulOp, linalg::MatvecOp, linalg::VecmatOp,
                  linalg::DotOp, linalg::TransposeOp, linalg::BroadcastOp,
                  linalg::ReduceOp, linalg::MapOp, linalg::CopyOp,
                  linalg::AddOp, linalg::SubOp, linalg::MulOp>(structured);
  handlers.addAll<linalg::IndexOp>(index);
}

} // namespace mlir::noodle::reference
