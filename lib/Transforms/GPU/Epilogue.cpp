//===- Epilogue.cpp - the maps behind a kernel's root ---------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "KernelCode.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

Value noodle::inlineMapBody(ImplicitLocOpBuilder &b, MapOp map,
                            ValueRange values) {
  Block &body = map.getBody().front();
  IRMapping mapping;
  mapping.map(body.getArguments(), values);
  for (Operation &op : body.without_terminator())
    b.clone(op, mapping);
  return mapping.lookupOrDefault(body.getTerminator()->getOperand(0));
}

Epilogue::Epilogue(Offload &offload, KernelSpec &spec, bool withRoot) {
  const Cluster &cluster = offload.cluster;
  RankedTensorType result = cluster.resultType();
  extentNumbers.assign(result.getRank(), -1);
  llvm::SmallDenseMap<Value, Operand> known;
  auto tensor = [&](Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    Operand operand{Operand::Tensor,
                    unsigned(spec.inputs.size()),
                    type.getElementType(),
                    {}};
    bool first = true; // the extent of the first dimension is not needed
    for (int64_t d = 0; d < type.getRank(); ++d) {
      operand.broadcast.push_back(type.getDimSize(d) == 1 &&
                                  result.getDimSize(d) != 1);
      if (operand.broadcast.back())
        continue;
      if (!first && extentNumbers[d] < 0)
        extentNumbers[d] = extents.add(offload, spec, value, d);
      first = false;
    }
    spec.inputs.push_back(value);
    return operand;
  };
  auto step = [&](MapOp map, Value inFlight) {
    Step step{map, {}};
    for (Value input : map.getInputs()) {
      if (input == inFlight) {
        step.operands.push_back(
            {Operand::InFlight, 0, getElementTypeOrSelf(input), {}});
      } else if (isa<RankedTensorType>(input.getType())) {
        auto found = known.find(input);
        if (found == known.end())
          found = known.insert({input, tensor(input)}).first;
        step.operands.push_back(found->second);
      } else {
        step.operands.push_back({Operand::Scalar,
                                 unsigned(spec.scalars.size()),
                                 input.getType(),
                                 {}});
        spec.scalars.push_back(offload.scalar(input));
      }
    }
    steps.push_back(step);
  };
  if (withRoot)
    step(cast<MapOp>(cluster.root), Value());
  Operation *before = cluster.root;
  for (MapOp map : cluster.maps) {
    step(map, before->getResult(0));
    before = map;
  }
}

Value Epilogue::apply(ImplicitLocOpBuilder &b, Value value, ValueRange scalars,
                      llvm::function_ref<Value(const Operand &)> entry) const {
  for (const Step &step : steps) {
    SmallVector<Value> values;
    for (const Operand &operand : step.operands) {
      switch (operand.kind) {
      case Operand::InFlight:
        values.push_back(value);
        break;
      case Operand::Tensor:
        values.push_back(entry(operand));
        break;
      case Operand::Scalar:
        values.push_back(
            unpackScalar(b, scalars[operand.number], operand.type));
        break;
      }
    }
    value = inlineMapBody(b, step.map, values);
  }
  return value;
}

Value Epilogue::apply(ImplicitLocOpBuilder &b, Value value, ValueRange indices,
                      ValueRange buffers, ValueRange scalars) const {
  return apply(b, value, scalars, [&](const Operand &operand) -> Value {
    return memref::LoadOp::create(b, buffers[operand.number],
                                  position(b, operand, indices, scalars));
  });
}

SmallVector<const Epilogue::Operand *> Epilogue::tensors() const {
  SmallVector<const Operand *> tensors;
  llvm::SmallDenseSet<unsigned> seen;
  for (const Step &step : steps)
    for (const Operand &operand : step.operands)
      if (operand.kind == Operand::Tensor && seen.insert(operand.number).second)
        tensors.push_back(&operand);
  return tensors;
}

Value Epilogue::position(ImplicitLocOpBuilder &b, const Operand &operand,
                         ValueRange indices, ValueRange scalars) const {
  KernelCode code(b);
  Value position;
  for (auto [d, index] : llvm::enumerate(indices)) {
    if (operand.broadcast[d])
      continue;
    position =
        position ? code.add(code.mul(position,
                                     extents.get(b, scalars, extentNumbers[d])),
                            index)
                 : index;
  }
  return position ? position : code.index(0);
}

bool Epilogue::appendCuts(SmallVectorImpl<int64_t> &cuts, unsigned dims) const {
  if (steps.empty())
    return true;
  MapOp map = steps.front().map;
  RankedTensorType result = map.getType();
  for (const Operand *operand : tensors()) {
    bool any = false, all = true;
    for (unsigned d = 0; d < dims; ++d) {
      bool along = !operand->broadcast[d] && result.getDimSize(d) != 1;
      any |= along;
      all &= along || result.getDimSize(d) == 1;
    }
    if (any && !all)
      return false;
    cuts.push_back(any);
  }
  return true;
}

unsigned Epilogue::operations() const {
  unsigned count = 0;
  for (const Step &step : steps) {
    MapOp map = step.map;
    count += llvm::range_size(map.getBody().front()) - 1;
  }
  return count;
}

bool Epilogue::hasMath() const {
  return llvm::any_of(steps, [](const Step &step) {
    MapOp map = step.map;
    return llvm::any_of(map.getBody().front(), [](Operation &op) {
      return isa<math::MathDialect>(op.getDialect());
    });
  });
}
