//===- Slices.cpp - the tensor dialect, slice by slice --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::noodle::reference {

/// A slice lies within a tensor.
static LogicalResult checkSlice(Machine &machine, Operation *op,
                                const Tensor &tensor, ArrayRef<int64_t> offsets,
                                ArrayRef<int64_t> sizes,
                                ArrayRef<int64_t> strides) {
  if (isSparse(tensor))
    return machine.uncovered(op, "on a sparse tensor");
  for (auto [d, extent] : llvm::enumerate(tensor.extents)) {
    // 128 bits: no product or sum of these overflows.
    __int128 last = __int128(offsets[d]) +
                    __int128(sizes[d] > 0 ? sizes[d] - 1 : 0) * strides[d];
    bool within =
        sizes[d] >= 0 && offsets[d] >= 0 &&
        (sizes[d] == 0 ? offsets[d] <= extent : last >= 0 && last < extent);
    if (!within)
      return machine.fail(op, NOODLE_RT_INDEX_RANGE,
                          "offset " + Twine(offsets[d]) + ", size " +
                              Twine(sizes[d]) + " and stride " +
                              Twine(strides[d]) + " leave extent " +
                              Twine(extent) + " of dimension " + Twine(d));
  }
  return success();
}

/// Offsets within a tensor of the elements of a slice, in order.
static LogicalResult eachElement(Machine &machine, Operation *op,
                                 const Tensor &tensor,
                                 ArrayRef<int64_t> offsets,
                                 ArrayRef<int64_t> sizes,
                                 ArrayRef<int64_t> strides,
                                 llvm::function_ref<void(int64_t)> visit) {
  if (isEmpty(sizes))
    return success();
  SmallVector<int64_t> steps = stridesOf(tensor.extents);
  int64_t base = offsetOf(offsets, steps);
  for (auto [d, stride] : llvm::enumerate(strides))
    steps[d] *= stride;
  SmallVector<int64_t> index(sizes.size(), 0);
  do {
    if (failed(machine.step(op)))
      return failure();
    visit(base + offsetOf(index, steps));
  } while (next(index, sizes));
  return success();
}

static LogicalResult extractSlice(Machine &machine, Frame &frame,
                                  tensor::ExtractSliceOp op) {
  const Tensor &source = frame.tensor(op.getSource());
  SmallVector<int64_t> offsets = indicesOf(frame, op.getMixedOffsets());
  SmallVector<int64_t> sizes = indicesOf(frame, op.getMixedSizes());
  SmallVector<int64_t> strides = indicesOf(frame, op.getMixedStrides());
  if (failed(checkSlice(machine, op, source, offsets, sizes, strides)))
    return failure();
  SmallVector<int64_t> extents;
  llvm::SmallBitVector dropped = op.getDroppedDims();
  for (auto [d, size] : llvm::enumerate(sizes))
    if (!dropped.test(d))
      extents.push_back(size);
  TensorRef result = machine.dense(op, source.type, extents);
  if (!result)
    return failure();
  frame.set(op.getResult(), result);
  int64_t k = 0;
  return eachElement(machine, op, source, offsets, sizes, strides,
                     [&](int64_t at) { result->set(k++, source.get(at)); });
}

LogicalResult writeSlice(Machine &machine, Operation *op, const Tensor &source,
                         Tensor &target, ArrayRef<int64_t> offsets,
                         ArrayRef<int64_t> sizes, ArrayRef<int64_t> strides) {
  if (isSparse(source))
    return machine.uncovered(op, "on a sparse tensor");
  if (failed(checkSlice(machine, op, target, offsets, sizes, strides)))
    return failure();
  auto withoutOnes = [](ArrayRef<int64_t> extents) {
    SmallVector<int64_t> kept;
    llvm::copy_if(extents, std::back_inserter(kept),
                  [](int64_t extent) { return extent != 1; });
    return kept;
  };
  if (withoutOnes(source.extents) != withoutOnes(sizes))
    return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                        "a slice of " + shapeText(sizes) +
                            " cannot take a tensor of " +
                            shapeText(source.extents));
  int64_t k = 0;
  return eachElement(machine, op, target, offsets, sizes, strides,
                     [&](int64_t at) { target.set(at, source.get(k++)); });
}

static LogicalResult insertSlice(Machine &machine, Frame &frame,
                                 tensor::InsertSliceOp op) {
  TensorRef result = machine.copy(op, frame.tensor(op.getDest()));
  if (!result ||
      failed(writeSlice(machine, op, frame.tensor(op.getSource()), *result,
                        indicesOf(frame, op.getMixedOffsets()),
                        indicesOf(frame, op.getMixedSizes()),
                        indicesOf(frame, op.getMixedStrides()))))
    return failure();
  frame.set(op.getResult(), result);
  return success();
}

static LogicalResult concat(Machine &machine, Frame &frame,
                            tensor::ConcatOp op) {
  int64_t axis = op.getDim();
  SmallVector<int64_t> extents =
      llvm::to_vector(frame.tensor(op.getInputs().front()).extents);
  for (mlir::Value input : op.getInputs().drop_front())
    if (__builtin_add_overflow(extents[axis], frame.tensor(input).extents[axis],
                               &extents[axis]))
      return machine.fail(op, NOODLE_RT_OUT_OF_MEMORY,
                          "the result's extent exceeds 64 bits");
  TensorRef result =
      machine.dense(op, frame.tensor(op.getInputs().front()).type, extents);
  if (!result)
    return failure();
  SmallVector<int64_t> offsets(extents.size(), 0), strides(extents.size(), 1);
  for (mlir::Value input : op.getInputs()) {
    const Tensor &source = frame.tensor(input);
    SmallVector<int64_t> sizes(extents);
    sizes[axis] = source.extents[axis];
    if (failed(
            writeSlice(machine, op, source, *result, offsets, sizes, strides)))
      return failure();
    offsets[axis] += sizes[axis];
  }
  frame.set(op.getResult(), result);
  return success();
}

void addSliceHandlers(Handlers &handlers) {
  handlers.add<tensor::ExtractSliceOp, extractSlice>();
  handlers.add<tensor::InsertSliceOp, insertSlice>();
  handlers.add<tensor::ConcatOp, concat>();
}

} // namespace mlir::noodle::reference
