//===- Movement.cpp - moving and converting entries, control --------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

namespace mlir::noodle::reference {

static LogicalResult transpose(Machine &machine, Frame &frame, TransposeOp op) {
  const Tensor &in = frame.tensor(op.getInput());
  SmallVector<int64_t> extents, strides, from = stridesOf(in.extents);
  for (int64_t dim : op.getPermutation()) {
    extents.push_back(in.extents[dim]);
    strides.push_back(from[dim]);
  }
  TensorRef result;
  if (isSparse(in)) {
    Charge charge(machine);
    std::vector<Entry> entries;
    if (failed(entriesOf(machine, op, charge, in, entries)))
      return failure();
    if (op.getPermutation()[0] == 1)
      for (Entry &entry : entries)
        std::swap(entry.row, entry.column);
    result = fromEntries(machine, op, in.type,
                         *layoutOf(op.getResult().getType()), extents, entries);
    if (!result)
      return failure();
    frame.set(op.getResult(), result);
    return success();
  }
  result = machine.dense(op, in.type, extents);
  if (!result)
    return failure();
  frame.set(op.getResult(), result);
  if (isEmpty(extents))
    return success();
  SmallVector<int64_t> index(extents.size(), 0);
  int64_t k = 0;
  do {
    result->set(k++, in.get(offsetOf(index, strides)));
    if (failed(machine.step(op)))
      return failure();
  } while (next(index, extents));
  return success();
}

static LogicalResult concat(Machine &machine, Frame &frame, ConcatOp op) {
  int64_t axis = op.getAxis();
  const Tensor &first = frame.tensor(op.getInputs().front());
  SmallVector<int64_t> extents = llvm::to_vector(first.extents);
  for (auto [k, input] : llvm::enumerate(op.getInputs().drop_front())) {
    const Tensor &tensor = frame.tensor(input);
    for (auto [d, extent] : llvm::enumerate(tensor.extents))
      if (int64_t(d) == axis) {
        if (__builtin_add_overflow(extents[d], extent, &extents[d]))
          return machine.fail(op, NOODLE_RT_OUT_OF_MEMORY,
                              "the result's extent exceeds 64 bits");
      } else if (extent != extents[d]) {
        return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                            "operand #" + Twine(k + 1) + " has extent " +
                                Twine(extent) + " in dimension " + Twine(d) +
                                ", but operand #0 has " + Twine(extents[d]));
      }
  }
  TensorRef result;
  int64_t base = 0;
  if (isSparse(first)) {
    Charge charge(machine);
    std::vector<Entry> entries;
    for (mlir::Value input : op.getInputs()) {
      const Tensor &tensor = frame.tensor(input);
      size_t begin = entries.size();
      if (failed(entriesOf(machine, op, charge, tensor, entries)))
        return failure();
      for (Entry &entry : MutableArrayRef(entries).drop_front(begin))
        (axis ? entry.column : entry.row) += base;
      base += tensor.extents[axis];
    }
    result = fromEntries(machine, op, first.type,
                         *layoutOf(op.getResult().getType()), extents, entries);
    if (!result)
      return failure();
    frame.set(op.getResult(), result);
    return success();
  }
  result = machine.dense(op, first.type, extents);
  if (!result)
    return failure();
  frame.set(op.getResult(), result);
  SmallVector<int64_t> strides = stridesOf(extents);
  for (mlir::Value input : op.getInputs()) {
    const Tensor &tensor = frame.tensor(input);
    if (!isEmpty(tensor.extents)) {
      SmallVector<int64_t> index(extents.size(), 0);
      int64_t k = 0;
      do {
        result->set(offsetOf(index, strides) + base * strides[axis],
                    tensor.get(k++));
        if (failed(machine.step(op)))
          return failure();
      } while (next(index, tensor.extents));
    }
    base += tensor.extents[axis];
  }
  return success();
}

static LogicalResult gather(Machine &machine, Frame &frame, GatherOp op) {
  const Tensor &in = frame.tensor(op.getInput());
  const Tensor &indices = frame.tensor(op.getIndices());
  int64_t axis = op.getAxis();
  SmallVector<int64_t> extents = llvm::to_vector(in.extents);
  extents[axis] = indices.extents[0];
  for (int64_t k = 0, e = indices.size(); k < e; ++k)
    if (int64_t at = toInteger(indices.get(k));
        at < 0 || at >= in.extents[axis])
      return machine.fail(op, NOODLE_RT_INDEX_RANGE,
                          "index " + Twine(at) +
                              " is out of range for extent " +
                              Twine(in.extents[axis]));
  TensorRef result = machine.dense(op, in.type, extents);
  if (!result)
    return failure();
  frame.set(op.getResult(), result);
  if (isEmpty(extents))
    return success();
  SmallVector<int64_t> strides = stridesOf(in.extents);
  SmallVector<int64_t> index(extents.size(), 0);
  int64_t k = 0;
  do {
    SmallVector<int64_t> from(index);
    from[axis] = toInteger(indices.get(index[axis]));
    result->set(k++, in.get(offsetOf(from, strides)));
    if (failed(machine.step(op)))
      return failure();
  } while (next(index, extents));
  return success();
}

/// The conversion all formats share: `absent` stands for what is not stored.
static LogicalResult convertTensor(Machine &machine, Operation *op,
                                   const Tensor &in, noodle_rt_type type,
                                   noodle_rt_layout layout,
                                   const Scalar &absent, TensorRef &result) {
  if (isSparse(in) && layout != NOODLE_RT_DENSE) {
    Charge charge(machine);
    std::vector<Entry> entries;
    if (failed(entriesOf(machine, op, charge, in, entries)))
      return failure();
    for (Entry &entry : entries)
      entry.value = convertScalar(entry.value, type);
    result = fromEntries(machine, op, type, layout, in.extents, entries);
    return result ? success() : failure();
  }
  if (layout != NOODLE_RT_DENSE) {
    Charge charge(machine);
    std::vector<Entry> entries;
    for (int64_t k = 0, e = in.size(); k < e; ++k) {
      if (failed(machine.step(op)))
        return failure();
      Scalar value = in.get(k);
      // As comparisons go: -0 is 0, and NaN differs from every value.
      bool differs = value != absent;
      if (!differs)
        continue;
      if (failed(charge.add(op, sizeof(Entry))))
        return failure();
      entries.push_back(
          {k / in.extents[1], k % in.extents[1], convertScalar(value, type)});
    }
    result = fromEntries(machine, op, type, layout, in.extents, entries);
    return result ? success() : failure();
  }
  result = machine.dense(op, type, in.extents);
  if (!result)
    return failure();
  for (int64_t k = 0, e = result->size(); k < e; ++k) {
    if (failed(machine.step(op)))
      return failure();
    result->set(k, convertScalar(isSparse(in) ? absent : in.get(k), type));
  }
  if (!isSparse(in))
    return success();
  Charge charge(machine);
  std::vector<Entry> entries;
  if (failed(entriesOf(machine, op, charge, in, entries)))
    return failure();
  for (const Entry &entry : entries)
    result->set(entry.row * in.extents[1] + entry.column,
                convertScalar(entry.value, type));
  return success();
}

static LogicalResult convert(Machine &machine, Frame &frame, ConvertOp op) {
  const Tensor &in = frame.tensor(op.getInput());
  RankedTensorType type = op.getResult().getType();
  TensorRef result;
  if (failed(convertTensor(
          machine, op, in, *elementType(type.getElementType()), *layoutOf(type),
          op.getAbsentAttr() ? scalarFromAttr(op.getAbsentAttr())
                             : zeroScalar(in.type),
          result)))
    return failure();
  frame.set(op.getResult(), result);
  return success();
}

//===----------------------------------------------------------------------===//
// sparse_tensor
//===----------------------------------------------------------------------===//

static LogicalResult sparseConvert(Machine &machine, Frame &frame,
                                   sparse_tensor::ConvertOp op) {
  const Tensor &in = frame.tensor(op.getSource());
  auto type = dyn_cast<RankedTensorType>(op.getType());
  if (!type || !layoutOf(type))
    return machine.uncovered(op, "to this format");
  TensorRef result;
  if (failed(convertTensor(machine, op, in, in.type, *layoutOf(type),
                           zeroScalar(in.type), result)))
    return failure();
  frame.set(op->getResult(0), result);
  return success();
}

static LogicalResult storedCount(Machine &machine, Frame &frame,
                                 sparse_tensor::NumberOfEntriesOp op) {
  frame.set(op.getResult(), Scalar(frame.tensor(op.getTensor()).size()));
  return success();
}

//===----------------------------------------------------------------------===//
// Control
//===----------------------------------------------------------------------===//

static LogicalResult check(Machine &machine, Frame &frame, CheckOp op) {
  if (frame.integer(op.getCondition()))
    return success();
  std::string message = op.getMessage().str();
  for (auto [k, value] : llvm::enumerate(op.getValues())) {
    std::string name = "{" + std::to_string(k) + "}";
    std::string number = std::to_string(frame.integer(value));
    for (size_t at = 0; (at = message.find(name, at)) != std::string::npos;
         at += number.size())
      message.replace(at, name.size(), number);
  }
  return machine.fail(op, noodle_rt_status(op.getStatus()), message);
}

static LogicalResult poll(Machine &machine, Frame &, PollOp op) {
  return machine.poll(op);
}

/// Marks measure, symbols are looked up: neither does anything when run.
static LogicalResult nothing(Machine &, Frame &, Operation *) {
  return success();
}

void addMovementHandlers(Handlers &handlers) {
  handlers.add<TransposeOp, transpose>();
  handlers.add<ConcatOp, concat>();
  handlers.add<GatherOp, gather>();
  handlers.add<ConvertOp, convert>();
  handlers.add<sparse_tensor::ConvertOp, sparseConvert>();
  handlers.add<sparse_tensor::NumberOfEntriesOp, storedCount>();
  handlers.add<CheckOp, check>();
  handlers.add<PollOp, poll>();
  handlers.addAll<MarkOp, SemiringOp>(nothing);
}

} // namespace mlir::noodle::reference
