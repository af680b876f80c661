//===- FusedContract.cpp - contractions with what is fused to them --------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

namespace mlir::noodle::reference {

namespace {

/// One op being run: its loops, and the element each operand has at a point.
class FusedContract {
public:
  FusedContract(Machine &machine, Frame &frame, FusedContractOp op)
      : machine(machine), frame(frame), op(op) {}
  LogicalResult run();

private:
  LogicalResult findExtents();
  LogicalResult sum(Scalar &value);
  LogicalResult body(Region &region, SmallVector<Slot> arguments,
                     bool takesScalars, Scalar &value);
  int64_t offset(unsigned shaped) const {
    int64_t at = 0;
    for (auto [expr, stride] :
         llvm::zip_equal(op.getMap(shaped).getResults(), strides[shaped]))
      if (auto loop = dyn_cast<AffineDimExpr>(expr))
        at += point[loop.getPosition()] * stride;
    return at;
  }
  SmallVector<Slot> elements(unsigned first, unsigned count) const {
    SmallVector<Slot> values;
    for (unsigned k = first; k < first + count; ++k)
      values.push_back(tensors[k]->get(offset(k)));
    return values;
  }
  /// The next point over these loops, the last fastest; false at the end.
  bool step(ArrayRef<unsigned> loops) {
    for (unsigned loop : llvm::reverse(loops)) {
      if (++point[loop] < extents[loop])
        return true;
      point[loop] = 0;
    }
    return false;
  }
  bool noSteps(ArrayRef<unsigned> loops) const {
    return llvm::any_of(loops, [&](unsigned l) { return extents[l] == 0; });
  }

  Machine &machine;
  Frame &frame;
  mutable FusedContractOp op;
  TensorRef out;
  SmallVector<const Tensor *> tensors;
  SmallVector<SmallVector<int64_t>> strides;
  SmallVector<int64_t> extents, point;
  SmallVector<unsigned> outer, inner;
};

} // namespace

LogicalResult FusedContract::findExtents() {
  extents.assign(op.getNumLoops(), -1);
  for (auto [k, tensor] : llvm::enumerate(tensors))
    for (auto [d, expr] : llvm::enumerate(op.getMap(k).getResults())) {
      auto loop = dyn_cast<AffineDimExpr>(expr);
      if (!loop) {
        if (tensor->extents[d] == 0)
          return machine.fail(op, NOODLE_RT_INDEX_RANGE,
                              "operand " + Twine(k) + " is empty");
        continue;
      }
      int64_t &extent = extents[loop.getPosition()];
      if (extent < 0)
        extent = tensor->extents[d];
      if (extent != tensor->extents[d])
        return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                            "operand " + Twine(k) + " has extent " +
                                Twine(tensor->extents[d]) + " in dimension " +
                                Twine(d) + ", but another has " +
                                Twine(extent));
    }
  return success();
}

LogicalResult FusedContract::body(Region &region, SmallVector<Slot> arguments,
                                  bool takesScalars, Scalar &value) {
  if (takesScalars)
    llvm::append_range(arguments, frame.gather(op.getScalars()));
  SmallVector<Slot> yielded;
  if (failed(machine.step(op)) ||
      failed(machine.run(op, frame, region, arguments, yielded)))
    return failure();
  value = std::get<Scalar>(yielded.front());
  return success();
}

/// Over the summed loops, at a point of the others.
LogicalResult FusedContract::sum(Scalar &value) {
  value = op.getAccumulate() ? out->get(offset(tensors.size() - 1))
                             : scalarFromAttr(op.getZero());
  if (noSteps(inner))
    return success();
  unsigned lhs = op.getLhs().size(), rhs = op.getRhs().size();
  do {
    Scalar x, y;
    if (failed(body(op.getLhsBody(), elements(0, lhs), true, x)) ||
        failed(body(op.getRhsBody(), elements(lhs, rhs), true, y)) ||
        failed(body(op.getCombine(), {x, y, value}, false, value)))
      return failure();
  } while (step(inner));
  return success();
}

LogicalResult FusedContract::run() {
  if (op.onBuffers())
    return machine.uncovered(op, "on buffers");
  if (!(out = machine.copy(op, frame.tensor(op.getOut()))))
    return failure();
  for (mlir::Value value : op.getShaped())
    tensors.push_back(&frame.tensor(value));
  tensors.back() = out.get();
  for (const Tensor *tensor : tensors)
    strides.push_back(stridesOf(tensor->extents));
  frame.set(op.getResult(), out);
  if (failed(findExtents()))
    return failure();
  point.assign(extents.size(), 0);
  for (unsigned loop = 0; loop < extents.size(); ++loop)
    (op.isSum(loop) ? inner : outer).push_back(loop);
  if (noSteps(outer))
    return success();
  unsigned first = op.getLhs().size() + op.getRhs().size();
  do {
    Scalar total;
    if (failed(sum(total)))
      return failure();
    SmallVector<Slot> arguments{total};
    llvm::append_range(arguments, elements(first, op.getExtras().size()));
    if (failed(body(op.getEpilogue(), arguments, true, total)))
      return failure();
    out->set(offset(tensors.size() - 1), total);
  } while (step(outer));
  return success();
}

static LogicalResult fusedContract(Machine &machine, Frame &frame,
                                   FusedContractOp op) {
  return FusedContract(machine, frame, op).run();
}

void addFusedContractHandlers(Handlers &handlers) {
  handlers.add<FusedContractOp, fusedContract>();
}

} // namespace mlir::noodle::reference
