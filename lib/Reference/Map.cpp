//===- Map.cpp - entry by entry ops ---------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

#include <cmath>

namespace mlir::noodle::reference {

//===----------------------------------------------------------------------===//
// map
//===----------------------------------------------------------------------===//

namespace {
/// Evaluates a map's function at one place.
class MapBody {
public:
  MapBody(Machine &machine, MapOp op) : machine(machine), op(op) {}

  LogicalResult operator()(ArrayRef<Slot> arguments, Scalar &out) {
    if (failed(machine.step(op)))
      return failure();
    LogicalResult status =
        op.getCallee()
            ? machine.call(op, op.getCalleeAttr(), arguments, yielded)
            : machine.run(op, frame, op.getBody(), arguments, yielded);
    if (failed(status))
      return failure();
    out = std::get<Scalar>(yielded.front());
    return success();
  }

private:
  Machine &machine;
  MapOp op;
  Frame frame;
  SmallVector<Slot> yielded;
};
} // namespace

/// Extents of a map's result, which its operands agree on.
static LogicalResult mapExtents(Machine &machine, Frame &frame, MapOp op,
                                SmallVectorImpl<int64_t> &extents) {
  llvm::append_range(extents, op.getResult().getType().getShape());
  for (auto [k, input] : llvm::enumerate(op.getInputs())) {
    auto type = dyn_cast<RankedTensorType>(input.getType());
    if (!type)
      continue;
    for (auto [d, extent] : llvm::enumerate(frame.tensor(input).extents)) {
      if (type.getDimSize(d) == 1)
        continue;
      if (ShapedType::isDynamic(extents[d]))
        extents[d] = extent;
      if (extents[d] != extent)
        return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                            "operand #" + Twine(k) + " has extent " +
                                Twine(extent) + " in dimension " + Twine(d) +
                                ", but the others have " + Twine(extents[d]));
    }
  }
  for (int64_t &extent : extents)
    if (ShapedType::isDynamic(extent))
      extent = 1;
  return success();
}

static LogicalResult map(Machine &machine, Frame &frame, MapOp op) {
  RankedTensorType resultType = op.getResult().getType();
  noodle_rt_type type = *elementType(resultType.getElementType());
  SmallVector<int64_t> extents;
  if (failed(mapExtents(machine, frame, op, extents)))
    return failure();
  const Tensor *pattern = nullptr; // the sparse operand
  SmallVector<Slot> arguments;
  SmallVector<SmallVector<int64_t>> strides;
  for (mlir::Value input : op.getInputs()) {
    arguments.push_back(frame.get(input));
    SmallVector<int64_t> &stride = strides.emplace_back();
    if (!isa<RankedTensorType>(input.getType()))
      continue;
    const Tensor &tensor = frame.tensor(input);
    stride = stridesOf(tensor.extents);
    // An extent of 1 is read at 0, broadcast or not.
    for (auto [d, extent] : llvm::enumerate(tensor.extents))
      if (extent == 1)
        stride[d] = 0;
    if (isSparse(tensor))
      pattern = &tensor;
  }
  MapBody body(machine, op);
  // The element of operand k at an index; `entry` is the sparse one's.
  auto fetch = [&](ArrayRef<int64_t> index, int64_t entry) {
    SmallVector<Slot> in;
    for (auto [k, input] : llvm::enumerate(op.getInputs())) {
      if (!isa<RankedTensorType>(input.getType())) {
        in.push_back(arguments[k]);
        continue;
      }
      const Tensor &tensor = *std::get<TensorRef>(arguments[k]);
      if (!isSparse(tensor)) {
        in.push_back(tensor.get(offsetOf(index, strides[k])));
        continue;
      }
      int64_t at = entry;
      if (op.getVisited() == MapOver::All)
        at = findEntry(tensor, tensor.extents[0] == 1 ? 0 : index[0],
                       tensor.extents[1] == 1 ? 0 : index[1]);
      in.push_back(at >= 0              ? tensor.get(at)
                   : op.getAbsentAttr() ? scalarFromAttr(op.getAbsentAttr())
                                        : zeroScalar(tensor.type));
    }
    return in;
  };

  Scalar out;
  if (op.getVisited() == MapOver::All || !pattern) {
    TensorRef result = machine.dense(op, type, extents);
    if (!result)
      return failure();
    frame.set(op.getResult(), result);
    if (isEmpty(extents))
      return success();
    SmallVector<int64_t> index(extents.size(), 0);
    int64_t k = 0;
    do {
      if (failed(body(fetch(index, -1), out)))
        return failure();
      result->set(k++, out);
    } while (next(index, extents));
    return success();
  }

  if (ArrayRef<int64_t>(pattern->extents) != ArrayRef<int64_t>(extents))
    return machine.uncovered(op, "over stored entries that broadcast");
  Charge charge(machine);
  std::vector<Entry> entries;
  if (failed(entriesOf(machine, op, charge, *pattern, entries)))
    return failure();
  for (auto [k, entry] : llvm::enumerate(entries)) {
    if (failed(body(fetch({entry.row, entry.column}, k), out)))
      return failure();
    entry.value = out;
  }
  noodle_rt_layout layout = *layoutOf(resultType);
  TensorRef result;
  if (layout == NOODLE_RT_DENSE) {
    result = machine.dense(op, type, extents);
    if (!result)
      return failure();
    Scalar absent = op.getAbsentAttr() ? scalarFromAttr(op.getAbsentAttr())
                                       : zeroScalar(type);
    for (int64_t k = 0, e = result->size(); k < e; ++k) {
      if (failed(machine.step(op)))
        return failure();
      result->set(k, absent);
    }
    for (const Entry &entry : entries)
      result->set(entry.row * extents[1] + entry.column, entry.value);
  } else {
    result = fromEntries(machine, op, type, layout, extents, entries);
    if (!result)
      return failure();
  }
  frame.set(op.getResult(), result);
  return success();
}

//===----------------------------------------------------------------------===//
// Normalisations
//===----------------------------------------------------------------------===//

/// Calls `line(first, stride, n)` for each line of a tensor along an axis.
static LogicalResult
eachLine(Machine &machine, Operation *op, ArrayRef<int64_t> extents,
         int64_t axis,
         llvm::function_ref<LogicalResult(int64_t, int64_t, int64_t)> line) {
  if (isEmpty(extents))
    return success();
  SmallVector<int64_t> strides = stridesOf(extents), outer(extents);
  outer[axis] = 1;
  SmallVector<int64_t> index(extents.size(), 0);
  do {
    if (failed(machine.step(op)) ||
        failed(line(offsetOf(index, strides), strides[axis], extents[axis])))
      return failure();
  } while (next(index, outer));
  return success();
}

/// F is the element type: every operation rounds to it.
template <typename F>
static LogicalResult softmaxOf(Machine &machine, SoftmaxOp op, const Tensor &in,
                               Tensor &out) {
  return eachLine(machine, op, in.extents, op.getAxis(),
                  [&](int64_t first, int64_t stride, int64_t n) {
                    auto x = [&](int64_t k) {
                      return std::get<F>(in.get(first + k * stride));
                    };
                    F max = x(0);
                    for (int64_t k = 1; k < n; ++k) {
                      F value = x(k);
                      if (std::isnan(value) || value > max)
                        max = value;
                      if (std::isnan(max))
                        break;
                    }
                    F sum = 0;
                    for (int64_t k = 0; k < n; ++k) {
                      if (failed(machine.step(op)))
                        return failure();
                      F power = F(std::exp(double(F(x(k) - max))));
                      out.set(first + k * stride, power);
                      sum = F(sum + power);
                    }
                    for (int64_t k = 0; k < n; ++k) {
                      int64_t at = first + k * stride;
                      out.set(at, F(std::get<F>(out.get(at)) / sum));
                    }
                    return success();
                  });
}

/// A tensor's elements as another type.
static TensorRef converted(Machine &machine, Operation *op, const Tensor &from,
                           noodle_rt_type to) {
  TensorRef result = machine.dense(op, to, from.extents);
  for (int64_t k = 0, e = result ? result->size() : 0; k < e; ++k) {
    if (failed(machine.step(op)))
      return nullptr;
    result->set(k, convertScalar(from.get(k), to));
  }
  return result;
}

/// What `op` computes in: f32 for f16 and bf16.
static noodle_rt_type normType(noodle_rt_type type) {
  return type == NOODLE_RT_F64 ? NOODLE_RT_F64 : NOODLE_RT_F32;
}

/// An operand in that type.
static TensorRef normOperand(Machine &machine, Frame &frame, Operation *op,
                             mlir::Value operand) {
  const TensorRef &tensor = std::get<TensorRef>(frame.get(operand));
  noodle_rt_type type = normType(tensor->type);
  return type == tensor->type ? tensor : converted(machine, op, *tensor, type);
}

/// A result of that type, rounded to the op's.
static LogicalResult setNorm(Machine &machine, Frame &frame, Operation *op,
                             TensorRef out, noodle_rt_type type) {
  if (out->type != type && !(out = converted(machine, op, *out, type)))
    return failure();
  frame.set(op->getResult(0), out);
  return success();
}

static LogicalResult softmax(Machine &machine, Frame &frame, SoftmaxOp op) {
  noodle_rt_type type = frame.tensor(op.getInput()).type;
  TensorRef in = normOperand(machine, frame, op, op.getInput());
  TensorRef out = in ? machine.dense(op, in->type, in->extents) : nullptr;
  if (!out || failed(in->type == NOODLE_RT_F32
                         ? softmaxOf<float>(machine, op, *in, *out)
                         : softmaxOf<double>(machine, op, *in, *out)))
    return failure();
  return setNorm(machine, frame, op, out, type);
}

template <typename F>
static LogicalResult layerNormOf(Machine &machine, LayerNormOp op,
                                 const Tensor &in, const Tensor *scale,
                                 const Tensor *shift, Tensor &out) {
  F epsilon = F(op.getEpsilon().convertToDouble());
  return eachLine(machine, op, in.extents, int64_t(in.extents.size()) - 1,
                  [&](int64_t first, int64_t, int64_t n) {
                    auto x = [&](int64_t k) {
                      return std::get<F>(in.get(first + k));
                    };
                    F sum = 0;
                    for (int64_t k = 0; k < n; ++k)
                      sum = F(sum + x(k));
                    F mean = F(sum / F(n));
                    F squares = 0;
                    for (int64_t k = 0; k < n; ++k) {
                      F difference = F(x(k) - mean);
                      F square = F(difference * difference);
                      squares = F(squares + square);
                    }
                    F variance = F(squares / F(n));
                    F deviation = F(std::sqrt(F(variance + epsilon)));
                    for (int64_t k = 0; k < n; ++k) {
                      if (failed(machine.step(op)))
                        return failure();
                      F difference = F(x(k) - mean);
                      F y = F(difference / deviation);
                      if (scale)
                        y = F(y * std::get<F>(scale->get(k)));
                      if (shift)
                        y = F(y + std::get<F>(shift->get(k)));
                      out.set(first + k, y);
                    }
                    return success();
                  });
}

static LogicalResult layerNorm(Machine &machine, Frame &frame, LayerNormOp op) {
  TensorRef held = normOperand(machine, frame, op, op.getInput());
  if (!held)
    return failure();
  const Tensor &in = *held;
  TensorRef vectors[2];
  const Tensor *along[2] = {nullptr, nullptr};
  for (int k : {0, 1}) {
    mlir::Value operand = k ? op.getShift() : op.getScale();
    if (!operand)
      continue;
    if (!(vectors[k] = normOperand(machine, frame, op, operand)))
      return failure();
    along[k] = vectors[k].get();
    if (in.extents.empty() || along[k]->extents.size() != 1 ||
        along[k]->extents[0] != in.extents.back())
      return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                          Twine(k ? "shift" : "scale") + " is " +
                              shapeText(along[k]->extents) +
                              ", but the input is " + shapeText(in.extents));
  }
  if (in.extents.empty())
    return machine.uncovered(op, "of rank 0");
  TensorRef out = machine.dense(op, in.type, in.extents);
  if (!out ||
      failed(
          in.type == NOODLE_RT_F32
              ? layerNormOf<float>(machine, op, in, along[0], along[1], *out)
              : layerNormOf<double>(machine, op, in, along[0], along[1], *out)))
    return failure();
  return setNorm(machine, frame, op, out, frame.tensor(op.getInput()).type);
}

void addMapHandlers(Handlers &handlers) {
  handlers.add<MapOp, map>();
  handlers.add<SoftmaxOp, softmax>();
  handlers.add<LayerNormOp, layerNorm>();
}

} // namespace mlir::noodle::reference
