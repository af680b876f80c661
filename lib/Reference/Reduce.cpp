//===- Reduce.cpp - reduce and scatter ------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

#include "noodle/Dialect/Semiring.h"

#include "mlir/IR/TypeUtilities.h"

namespace mlir::noodle::reference {

/// Fills a tensor with one value.
static LogicalResult fill(Machine &machine, Operation *op, Tensor &tensor,
                          const Scalar &value) {
  for (int64_t k = 0, e = tensor.size(); k < e; ++k) {
    if (failed(machine.step(op)))
      return failure();
    tensor.set(k, value);
  }
  return success();
}

static LogicalResult reduce(Machine &machine, Frame &frame, ReduceOp op) {
  const Tensor &in = frame.tensor(op.getInput());
  Algebra algebra;
  Type element = getElementTypeOrSelf(op.getInput());
  noodle_rt_type sumType =
      *elementType(reductionType(op.getSemiring(), element));
  if (failed(machine.algebra(op, op.getSemiring(), sumType, algebra)))
    return failure();
  SmallVector<int64_t> extents, kept;
  for (auto [d, extent] : llvm::enumerate(in.extents))
    if (!llvm::is_contained(op.getDims(), int64_t(d))) {
      extents.push_back(extent);
      kept.push_back(d);
    }

  Charge charge(machine);
  std::vector<Entry> entries;
  if (isSparse(in)) {
    if (failed(entriesOf(machine, op, charge, in, entries)))
      return failure();
    // Index order, whatever the storage order.
    sortByRow(entries);
  }
  // Nothing is summed: a sparse result keeps the pattern.
  if (noodle_rt_layout layout = *layoutOf(op.getResult().getType());
      layout != NOODLE_RT_DENSE) {
    if (!isSparse(in) || op.getAbsentAttr())
      return machine.uncovered(op, "with this sparse result");
    TensorRef result =
        fromEntries(machine, op, in.type, layout, extents, entries);
    if (!result)
      return failure();
    frame.set(op.getResult(), result);
    return success();
  }

  TensorRef sums = machine.dense(op, sumType, extents);
  if (!sums || failed(fill(machine, op, *sums, algebra.zero)))
    return failure();
  SmallVector<int64_t> strides = stridesOf(extents);
  auto add = [&](ArrayRef<int64_t> index, const Scalar &value) {
    int64_t k = 0;
    for (auto [d, stride] : llvm::zip_equal(kept, strides))
      k += index[d] * stride;
    sums->set(k, algebra.add(sums->get(k), convertScalar(value, sumType)));
    return machine.step(op);
  };
  // The sums, rounded once.
  auto finish = [&] {
    TensorRef result = sums;
    if (sumType != in.type) {
      if (!(result = machine.dense(op, in.type, extents)))
        return failure();
      for (int64_t k = 0, e = sums->size(); k < e; ++k)
        result->set(k, convertScalar(sums->get(k), in.type));
    }
    frame.set(op.getResult(), result);
    return success();
  };
  if (isSparse(in) && !op.getAbsentAttr()) {
    for (const Entry &entry : entries)
      if (failed(add({entry.row, entry.column}, entry.value)))
        return failure();
    return finish();
  }
  if (isEmpty(in.extents))
    return finish();
  SmallVector<int64_t> index(in.extents.size(), 0);
  int64_t k = 0;
  do {
    if (!isSparse(in)) {
      if (failed(add(index, in.get(k++))))
        return failure();
      continue;
    }
    Scalar value = scalarFromAttr(op.getAbsentAttr());
    if (size_t(k) < entries.size() && entries[k].row == index[0] &&
        entries[k].column == index[1])
      value = entries[k++].value;
    if (failed(add(index, value)))
      return failure();
  } while (next(index, in.extents));
  return finish();
}

static LogicalResult scatter(Machine &machine, Frame &frame, ScatterOp op) {
  const Tensor &updates = frame.tensor(op.getUpdates());
  const Tensor &indices = frame.tensor(op.getIndices());
  const Tensor &init = frame.tensor(op.getInit());
  int64_t axis = op.getAxis();
  Algebra algebra;
  if (failed(machine.algebra(op, op.getSemiring(), init.type, algebra)))
    return failure();
  SmallVector<int64_t> expected = llvm::to_vector(init.extents);
  expected[axis] = indices.extents[0];
  if (ArrayRef<int64_t>(updates.extents) != ArrayRef<int64_t>(expected))
    return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                        "updates are " + shapeText(updates.extents) +
                            ", but init and indices need " +
                            shapeText(expected));
  for (int64_t k = 0, e = indices.size(); k < e; ++k)
    if (int64_t at = toInteger(indices.get(k));
        at < 0 || at >= init.extents[axis])
      return machine.fail(op, NOODLE_RT_INDEX_RANGE,
                          "index " + Twine(at) +
                              " is out of range for extent " +
                              Twine(init.extents[axis]));
  TensorRef result = machine.copy(op, init);
  if (!result)
    return failure();
  frame.set(op.getResult(), result);
  if (isEmpty(updates.extents))
    return success();
  SmallVector<int64_t> strides = stridesOf(init.extents);
  SmallVector<int64_t> index(expected.size(), 0);
  int64_t k = 0;
  // Slices along other axes do not meet, so index order keeps the slices'.
  do {
    SmallVector<int64_t> to(index);
    to[axis] = toInteger(indices.get(index[axis]));
    int64_t at = offsetOf(to, strides);
    result->set(at, algebra.add(result->get(at), updates.get(k++)));
    if (failed(machine.step(op)))
      return failure();
  } while (next(index, expected));
  return success();
}

void addReduceHandlers(Handlers &handlers) {
  handlers.add<ReduceOp, reduce>();
  handlers.add<ScatterOp, scatter>();
}

} // namespace mlir::noodle::reference
