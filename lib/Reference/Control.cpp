//===- Control.cpp - calls and structured control flow --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Parallel loops run their iterations in order.
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::noodle::reference {

static LogicalResult call(Machine &machine, Frame &frame, func::CallOp op) {
  SmallVector<Slot> results;
  if (failed(machine.call(op, op.getCalleeAttr(),
                          frame.gather(op.getOperands()), results)))
    return failure();
  frame.bind(op.getResults(), results);
  return success();
}

/// A step that makes progress.
static LogicalResult checkStep(Machine &machine, Operation *op, int64_t step) {
  if (step > 0)
    return success();
  return machine.fail(op, NOODLE_RT_CHECK_FAILED,
                      "the loop's step is " + Twine(step) +
                          ", but must be positive");
}

static LogicalResult forLoop(Machine &machine, Frame &frame, scf::ForOp op) {
  int64_t low = frame.integer(op.getLowerBound());
  int64_t high = frame.integer(op.getUpperBound());
  int64_t step = frame.integer(op.getStep());
  if (failed(checkStep(machine, op, step)))
    return failure();
  bool isUnsigned = op.getUnsignedCmp();
  Type type = op.getInductionVar().getType();
  unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  auto below = [&](int64_t i) {
    return isUnsigned ? unsignedOf(i, width) < unsignedOf(high, width)
                      : i < high;
  };
  SmallVector<Slot> carried = frame.gather(op.getInitArgs()), next;
  for (int64_t i = low; below(i);) {
    if (failed(machine.poll(op)))
      return failure();
    frame.set(op.getInductionVar(), Scalar(i));
    frame.bind(op.getRegionIterArgs(), carried);
    carried.clear(); // the frame alone holds them now
    if (failed(machine.run(frame, *op.getBody(), next)))
      return failure();
    carried = next;
    next.clear();
    // The last step may leave the type's range.
    int64_t after;
    if (__builtin_add_overflow(i, step, &after) ||
        wrapInteger(after, width) != after)
      break;
    i = after;
  }
  frame.bind(op.getResults(), carried);
  return success();
}

static LogicalResult whileLoop(Machine &machine, Frame &frame,
                               scf::WhileOp op) {
  SmallVector<Slot> carried = frame.gather(op.getInits()), yielded;
  while (true) {
    if (failed(machine.poll(op)) ||
        failed(machine.run(op, frame, op.getBefore(), carried, yielded)))
      return failure();
    bool goesOn = std::get<int64_t>(std::get<Scalar>(yielded.front()));
    ArrayRef<Slot> forwarded = ArrayRef<Slot>(yielded).drop_front();
    if (!goesOn) {
      frame.bind(op.getResults(), forwarded);
      return success();
    }
    carried.clear();
    SmallVector<Slot> arguments(forwarded);
    yielded.clear();
    if (failed(machine.run(op, frame, op.getAfter(), arguments, carried)))
      return failure();
  }
}

/// Runs the region, or nothing where it is absent, for an op's results.
static LogicalResult runFor(Machine &machine, Frame &frame, Operation *op,
                            Region &region) {
  if (region.empty())
    return success();
  SmallVector<Slot> yielded;
  if (failed(machine.run(op, frame, region, {}, yielded)))
    return failure();
  frame.bind(op->getResults(), yielded);
  return success();
}

static LogicalResult ifOp(Machine &machine, Frame &frame, scf::IfOp op) {
  return runFor(machine, frame, op,
                frame.integer(op.getCondition()) ? op.getThenRegion()
                                                 : op.getElseRegion());
}

static LogicalResult indexSwitch(Machine &machine, Frame &frame,
                                 scf::IndexSwitchOp op) {
  int64_t value = frame.integer(op.getArg());
  for (auto [known, region] :
       llvm::zip_equal(op.getCases(), op.getCaseRegions()))
    if (known == value)
      return runFor(machine, frame, op, region);
  return runFor(machine, frame, op, op.getDefaultRegion());
}

static LogicalResult executeRegion(Machine &machine, Frame &frame,
                                   scf::ExecuteRegionOp op) {
  return runFor(machine, frame, op, op.getRegion());
}

/// Calls `body` for every point of a box of loops.
static LogicalResult
eachPoint(Machine &machine, Operation *op, ArrayRef<int64_t> low,
          ArrayRef<int64_t> high, ArrayRef<int64_t> step,
          llvm::function_ref<LogicalResult(ArrayRef<int64_t>)> body) {
  for (auto [d, s] : llvm::enumerate(step)) {
    if (failed(checkStep(machine, op, s)))
      return failure();
    if (low[d] >= high[d])
      return success();
  }
  SmallVector<int64_t> at(low);
  while (true) {
    if (failed(machine.poll(op)) || failed(body(at)))
      return failure();
    size_t d = at.size();
    for (; d > 0; --d) {
      int64_t after;
      if (!__builtin_add_overflow(at[d - 1], step[d - 1], &after) &&
          after < high[d - 1]) {
        at[d - 1] = after;
        break;
      }
      at[d - 1] = low[d - 1];
    }
    if (d == 0)
      return success();
  }
}

static LogicalResult forall(Machine &machine, Frame &frame, scf::ForallOp op) {
  SmallVector<TensorRef> shared;
  for (mlir::Value output : op.getOutputs()) {
    if (!isa<RankedTensorType>(output.getType()))
      return machine.uncovered(op, "with outputs that are no tensors");
    TensorRef copy = machine.copy(op, frame.tensor(output));
    if (!copy)
      return failure();
    shared.push_back(copy);
  }
  frame.bind(op.getRegionOutArgs(),
             SmallVector<Slot>(shared.begin(), shared.end()));
  LogicalResult status = eachPoint(
      machine, op, indicesOf(frame, op.getMixedLowerBound()),
      indicesOf(frame, op.getMixedUpperBound()),
      indicesOf(frame, op.getMixedStep()), [&](ArrayRef<int64_t> at) {
        for (auto [iv, i] : llvm::zip_equal(op.getInductionVars(), at))
          frame.set(iv, Scalar(i));
        if (failed(machine.runBody(frame, *op.getBody())))
          return failure();
        for (Operation &inner : op.getTerminator().getYieldingOps()) {
          auto slice = dyn_cast<tensor::ParallelInsertSliceOp>(inner);
          if (!slice)
            return machine.uncovered(&inner, "in scf.forall");
          auto argument = cast<BlockArgument>(slice.getDest());
          unsigned k = argument.getArgNumber() - op.getRank();
          if (failed(writeSlice(machine, slice, frame.tensor(slice.getSource()),
                                *shared[k],
                                indicesOf(frame, slice.getMixedOffsets()),
                                indicesOf(frame, slice.getMixedSizes()),
                                indicesOf(frame, slice.getMixedStrides()))))
            return failure();
        }
        return success();
      });
  if (failed(status))
    return failure();
  frame.bind(op.getResults(), SmallVector<Slot>(shared.begin(), shared.end()));
  return success();
}

static LogicalResult parallel(Machine &machine, Frame &frame,
                              scf::ParallelOp op) {
  SmallVector<Slot> sums = frame.gather(op.getInitVals());
  auto integers = [&](ValueRange values) {
    return llvm::map_to_vector(values,
                               [&](mlir::Value v) { return frame.integer(v); });
  };
  LogicalResult status = eachPoint(
      machine, op, integers(op.getLowerBound()), integers(op.getUpperBound()),
      integers(op.getStep()), [&](ArrayRef<int64_t> at) {
        for (auto [iv, i] : llvm::zip_equal(op.getInductionVars(), at))
          frame.set(iv, Scalar(i));
        SmallVector<Slot> terms, sum;
        if (failed(machine.run(frame, *op.getBody(), terms)))
          return failure();
        auto reduce = cast<scf::ReduceOp>(op.getBody()->getTerminator());
        for (auto [k, region] : llvm::enumerate(reduce.getReductions())) {
          if (failed(machine.run(op, frame, region, {sums[k], terms[k]}, sum)))
            return failure();
          sums[k] = sum.front();
        }
        return success();
      });
  if (failed(status))
    return failure();
  frame.bind(op.getResults(), sums);
  return success();
}

void addControlHandlers(Handlers &handlers) {
  handlers.add<func::CallOp, call>();
  handlers.add<scf::ForOp, forLoop>();
  handlers.add<scf::WhileOp, whileLoop>();
  handlers.add<scf::IfOp, ifOp>();
  handlers.add<scf::IndexSwitchOp, indexSwitch>();
  handlers.add<scf::ExecuteRegionOp, executeRegion>();
  handlers.add<scf::ForallOp, forall>();
  handlers.add<scf::ParallelOp, parallel>();
}

} // namespace mlir::noodle::reference
