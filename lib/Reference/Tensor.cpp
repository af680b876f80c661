//===- Tensor.cpp - the tensor dialect, element by element ----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::noodle::reference {

/// Extents of a type, with the operands that state its dynamic ones.
static SmallVector<int64_t> extentsOf(Frame &frame, RankedTensorType type,
                                      ValueRange dynamic) {
  SmallVector<int64_t> extents(type.getShape());
  for (int64_t &extent : extents)
    if (ShapedType::isDynamic(extent)) {
      extent = frame.integer(dynamic.front());
      dynamic = dynamic.drop_front();
    }
  return extents;
}

/// A dense tensor for an op's result.
static TensorRef make(Machine &machine, Operation *op, RankedTensorType type,
                      ArrayRef<int64_t> extents) {
  if (*layoutOf(type) != NOODLE_RT_DENSE) {
    if (llvm::any_of(extents, [](int64_t e) { return e < 0; })) {
      (void)machine.fail(op, NOODLE_RT_SHAPE_MISMATCH, "negative extent");
      return nullptr;
    }
    return machine.sparse(op, *elementType(type.getElementType()),
                          *layoutOf(type), extents, 0);
  }
  return machine.dense(op, *elementType(type.getElementType()), extents);
}

/// The contents are open, so they are zeros.
static LogicalResult empty(Machine &machine, Frame &frame, tensor::EmptyOp op) {
  TensorRef result = make(machine, op, op.getType(),
                          extentsOf(frame, op.getType(), op.getDynamicSizes()));
  if (!result)
    return failure();
  frame.set(op.getResult(), result);
  return success();
}

static LogicalResult splat(Machine &machine, Frame &frame, tensor::SplatOp op) {
  RankedTensorType type = op.getType();
  if (type.getEncoding())
    return machine.uncovered(op, "of a sparse tensor");
  TensorRef result =
      make(machine, op, type, extentsOf(frame, type, op.getDynamicSizes()));
  if (!result)
    return failure();
  for (int64_t k = 0, e = result->size(); k < e; ++k) {
    if (failed(machine.step(op)))
      return failure();
    result->set(k, frame.scalar(op.getInput()));
  }
  frame.set(op.getResult(), result);
  return success();
}

static LogicalResult fromElements(Machine &machine, Frame &frame,
                                  tensor::FromElementsOp op) {
  auto type = cast<RankedTensorType>(op.getType());
  if (type.getEncoding())
    return machine.uncovered(op, "of a sparse tensor");
  TensorRef result = make(machine, op, type, type.getShape());
  if (!result)
    return failure();
  for (auto [k, element] : llvm::enumerate(op.getElements()))
    result->set(k, frame.scalar(element));
  frame.set(op.getResult(), result);
  return success();
}

/// Offset of an element, if it exists.
static LogicalResult locate(Machine &machine, Frame &frame, Operation *op,
                            const Tensor &tensor, ValueRange indices,
                            SmallVectorImpl<int64_t> &at) {
  for (auto [d, index] : llvm::enumerate(indices)) {
    int64_t i = frame.integer(index);
    if (i < 0 || i >= tensor.extents[d])
      return machine.fail(op, NOODLE_RT_INDEX_RANGE,
                          "index " + Twine(i) + " is out of range for extent " +
                              Twine(tensor.extents[d]) + " of dimension " +
                              Twine(d));
    at.push_back(i);
  }
  return success();
}

static LogicalResult extract(Machine &machine, Frame &frame,
                             tensor::ExtractOp op) {
  const Tensor &tensor = frame.tensor(op.getTensor());
  SmallVector<int64_t> at;
  if (failed(locate(machine, frame, op, tensor, op.getIndices(), at)))
    return failure();
  if (isSparse(tensor)) {
    int64_t k = findEntry(tensor, at[0], at[1]);
    frame.set(op.getResult(), k >= 0 ? tensor.get(k) : zeroScalar(tensor.type));
    return success();
  }
  frame.set(op.getResult(),
            tensor.get(offsetOf(at, stridesOf(tensor.extents))));
  return success();
}

static LogicalResult insert(Machine &machine, Frame &frame,
                            tensor::InsertOp op) {
  const Tensor &dest = frame.tensor(op.getDest());
  if (isSparse(dest))
    return machine.uncovered(op, "into a sparse tensor");
  SmallVector<int64_t> at;
  if (failed(locate(machine, frame, op, dest, op.getIndices(), at)))
    return failure();
  TensorRef result = machine.copy(op, dest);
  if (!result)
    return failure();
  result->set(offsetOf(at, stridesOf(dest.extents)),
              frame.scalar(op.getScalar()));
  frame.set(op.getResult(), result);
  return success();
}

static LogicalResult dim(Machine &machine, Frame &frame, tensor::DimOp op) {
  const Tensor &tensor = frame.tensor(op.getSource());
  int64_t d = frame.integer(op.getIndex());
  if (d < 0 || d >= int64_t(tensor.extents.size()))
    return machine.fail(op, NOODLE_RT_INDEX_RANGE,
                        "there is no dimension " + Twine(d));
  frame.set(op.getResult(), Scalar(tensor.extents[d]));
  return success();
}

static LogicalResult rank(Machine &machine, Frame &frame, tensor::RankOp op) {
  frame.set(op.getResult(),
            Scalar(int64_t(frame.tensor(op.getTensor()).extents.size())));
  return success();
}

/// The result's type is checked after every op.
static LogicalResult castTensor(Machine &machine, Frame &frame,
                                tensor::CastOp op) {
  frame.set(op.getResult(), frame.get(op.getSource()));
  return success();
}

static LogicalResult bitcastTensor(Machine &machine, Frame &frame,
                                   tensor::BitcastOp op) {
  TensorRef result = machine.copy(op, frame.tensor(op.getSource()));
  if (!result)
    return failure();
  result->type =
      *elementType(cast<RankedTensorType>(op.getType()).getElementType());
  frame.set(op.getResult(), result);
  return success();
}

/// The same elements under other extents.
static LogicalResult reshapeTo(Machine &machine, Frame &frame, Operation *op,
                               const Tensor &source,
                               ArrayRef<int64_t> extents) {
  if (isSparse(source))
    return machine.uncovered(op, "on a sparse tensor");
  int64_t count = 1, zero = 0;
  for (int64_t extent : extents) {
    if (extent < 0 || (extent && __builtin_mul_overflow(count, extent, &count)))
      return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                          shapeText(extents) + " is not a shape");
    zero |= extent == 0;
  }
  if (zero)
    count = 0;
  if (count != source.size())
    return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                        shapeText(source.extents) + " cannot be reshaped to " +
                            shapeText(extents));
  TensorRef result = machine.copy(op, source);
  if (!result)
    return failure();
  result->extents.assign(extents.begin(), extents.end());
  frame.set(op->getResult(0), result);
  return success();
}

static LogicalResult expand(Machine &machine, Frame &frame,
                            tensor::ExpandShapeOp op) {
  return reshapeTo(machine, frame, op, frame.tensor(op.getSrc()),
                   indicesOf(frame, op.getMixedOutputShape()));
}

static LogicalResult collapse(Machine &machine, Frame &frame,
                              tensor::CollapseShapeOp op) {
  const Tensor &source = frame.tensor(op.getSrc());
  SmallVector<int64_t> extents;
  for (const auto &group : op.getReassociationIndices()) {
    int64_t &extent = extents.emplace_back(1);
    for (int64_t d : group)
      if (__builtin_mul_overflow(extent, source.extents[d], &extent))
        return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                            "an extent exceeds 64 bits");
  }
  return reshapeTo(machine, frame, op, source, extents);
}

static LogicalResult reshape(Machine &machine, Frame &frame,
                             tensor::ReshapeOp op) {
  const Tensor &shape = frame.tensor(op.getShape());
  SmallVector<int64_t> extents;
  for (int64_t k = 0, e = shape.size(); k < e; ++k)
    extents.push_back(toInteger(shape.get(k)));
  return reshapeTo(machine, frame, op, frame.tensor(op.getSource()), extents);
}

/// Fills a tensor from a region of its indices; `place` gives the constant
/// elements that need no region.
static LogicalResult generateInto(
    Machine &machine, Frame &frame, Operation *op, Region &body, Tensor &result,
    llvm::function_ref<std::optional<Scalar>(ArrayRef<int64_t>)> place) {
  if (isEmpty(result.extents))
    return success();
  SmallVector<int64_t> index(result.extents.size(), 0);
  SmallVector<Slot> arguments, yielded;
  int64_t k = 0;
  do {
    if (failed(machine.step(op)))
      return failure();
    if (std::optional<Scalar> known = place(index)) {
      result.set(k++, *known);
      continue;
    }
    arguments.clear();
    for (int64_t i : index)
      arguments.push_back(Scalar(i));
    if (failed(machine.run(op, frame, body, arguments, yielded)))
      return failure();
    result.set(k++, std::get<Scalar>(yielded.front()));
  } while (next(index, result.extents));
  return success();
}

static LogicalResult generate(Machine &machine, Frame &frame,
                              tensor::GenerateOp op) {
  auto type = cast<RankedTensorType>(op.getType());
  if (type.getEncoding())
    return machine.uncovered(op, "of a sparse tensor");
  TensorRef result =
      make(machine, op, type, extentsOf(frame, type, op.getDynamicExtents()));
  if (!result ||
      failed(generateInto(machine, frame, op, op.getBody(), *result,
                          [](ArrayRef<int64_t>) { return std::nullopt; })))
    return failure();
  frame.set(op.getResult(), result);
  return success();
}

static LogicalResult pad(Machine &machine, Frame &frame, tensor::PadOp op) {
  const Tensor &source = frame.tensor(op.getSource());
  if (isSparse(source))
    return machine.uncovered(op, "on a sparse tensor");
  SmallVector<int64_t> low = indicesOf(frame, op.getMixedLowPad());
  SmallVector<int64_t> high = indicesOf(frame, op.getMixedHighPad());
  SmallVector<int64_t> extents = llvm::to_vector(source.extents);
  for (auto [d, extent] : llvm::enumerate(extents))
    if (low[d] < 0 || high[d] < 0 ||
        __builtin_add_overflow(extent, low[d], &extent) ||
        __builtin_add_overflow(extent, high[d], &extent))
      return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                          "padding of dimension " + Twine(d) +
                              " is negative or too large");
  TensorRef result = make(machine, op, op.getResultType(), extents);
  if (!result)
    return failure();
  SmallVector<int64_t> strides = stridesOf(source.extents);
  auto inside = [&](ArrayRef<int64_t> index) -> std::optional<Scalar> {
    int64_t at = 0;
    for (auto [d, i] : llvm::enumerate(index)) {
      if (i < low[d] || i - low[d] >= source.extents[d])
        return std::nullopt;
      at += (i - low[d]) * strides[d];
    }
    return source.get(at);
  };
  if (failed(generateInto(machine, frame, op, op.getRegion(), *result, inside)))
    return failure();
  frame.set(op.getResult(), result);
  return success();
}

void addTensorHandlers(Handlers &handlers) {
  handlers.add<tensor::EmptyOp, empty>();
  handlers.add<tensor::SplatOp, splat>();
  handlers.add<tensor::FromElementsOp, fromElements>();
  handlers.add<tensor::ExtractOp, extract>();
  handlers.add<tensor::InsertOp, insert>();
  handlers.add<tensor::DimOp, dim>();
  handlers.add<tensor::RankOp, rank>();
  handlers.add<tensor::CastOp, castTensor>();
  handlers.add<tensor::BitcastOp, bitcastTensor>();
  handlers.add<tensor::ExpandShapeOp, expand>();
  handlers.add<tensor::CollapseShapeOp, collapse>();
  handlers.add<tensor::ReshapeOp, reshape>();
  handlers.add<tensor::GenerateOp, generate>();
  handlers.add<tensor::PadOp, pad>();
}

} // namespace mlir::noodle::reference
