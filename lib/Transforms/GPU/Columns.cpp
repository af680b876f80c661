//===- Columns.cpp - kernels of softmax along another axis ----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Neighbouring threads do neighbouring lines, so that accesses run along
// memory; several threads share a line, each with every eighth entry.
//
//===----------------------------------------------------------------------===//
#include "RowKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"

#include <limits>

using namespace mlir;
using namespace mlir::noodle;

/// Threads of a line.
static constexpr int64_t kShare = 8;

/// Folds what the threads of a line hold; all get the result.
static Value overLine(KernelCode &code, Value value, Value shared, Value x,
                      Value y, int64_t share,
                      llvm::function_ref<Value(Value, Value)> fold) {
  code.store(value, shared, code.add(code.mul(y, kWarp), x));
  code.barrier();
  Value all = code.load(shared, x);
  return code
      .loop(code.index(kWarp), code.index(share * kWarp), code.index(kWarp),
            all,
            [&](Value k, ValueRange carried) {
              return KernelCode::Values{
                  fold(carried[0], code.load(shared, code.add(x, k)))};
            })
      .front();
}

LaunchOp noodle::emitColumnSoftmax(Offload &offload) {
  using Values = KernelCode::Values;
  auto op = cast<SoftmaxOp>(offload.cluster.root);
  Value input = op.getInput();
  RankedTensorType type = op.getType();
  Type element = type.getElementType();
  int64_t axis = op.getAxis(), rank = type.getRank();
  KernelSpec spec;
  spec.kind = "rows";
  spec.threads = kWarp * kShare;
  spec.text = "softmax" + mapsText(offload.cluster) + " " + typeText(element) +
              ", " + std::to_string(kShare) + " threads a line";
  spec.inputs.push_back(input);
  for (int64_t d = 0; d < rank; ++d)
    spec.extents.push_back(offload.dim(input, d));
  Epilogue epilogue(offload, spec);
  SmallVector<KernelNumber> extents;
  for (Value extent : spec.extents)
    extents.emplace_back(offload, spec, extent);
  ArrayRef<Value> all = spec.extents;
  Value outer = offload.product(all.take_front(axis));
  Value innerExtent = offload.product(all.drop_front(axis + 1));
  Value lines = offload.product({outer, innerExtent});
  KernelNumber lineCount(offload, spec, lines);
  KernelNumber innerCount(offload, spec, innerExtent);
  spec.gridX = gridExtent(offload, offload.ceilDiv(lines, kWarp));
  // The folds for maximum and sum.
  for (int k = 0; k < 2; ++k)
    spec.workgroup.push_back(sharedBuffer(kWarp * kShare, element));
  return offload.launch(spec, [&](ImplicitLocOpBuilder &b, ValueRange buffers,
                                  ValueRange scalars, ValueRange workgroup) {
    KernelCode code(b);
    Value thread = code.thread();
    Value x = code.rem(thread, kWarp), y = code.div(thread, kWarp);
    Value line = code.add(code.mul(code.blockX(), kWarp), x);
    Value inner = innerCount.get(code, scalars);
    Value extent = extents[axis].get(code, scalars);
    // Threads without a line go along, as the barriers need them, with nothing
    // to read.
    Value end = code.select(code.less(line, lineCount.get(code, scalars)),
                            extent, code.index(0));
    Value safe = b.createOrFold<arith::MaxUIOp>(inner, code.index(1));
    Value before = code.div(line, safe), behind = code.rem(line, safe);
    Value start = code.add(code.mul(code.mul(before, extent), inner), behind);
    auto number = [&](double value) -> Value {
      return arith::ConstantOp::create(b, b.getFloatAttr(element, value));
    };
    auto along = [&](Value carried,
                     llvm::function_ref<Value(Value, Value, Value)> body) {
      SmallVector<Value> first;
      if (carried)
        first.push_back(carried);
      Values results = code.loop(
          y, end, code.index(kShare), first, [&](Value k, ValueRange carried) {
            Value at = code.add(start, code.mul(k, inner));
            Value made = body(k, at, carried.empty() ? Value() : carried[0]);
            return made ? Values{made} : Values();
          });
      return results.empty() ? Value() : results[0];
    };
    auto max = [&](Value a, Value c) -> Value {
      Value first = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, a, c);
      Value ordered = arith::SelectOp::create(b, first, a, c);
      Value isNaN = arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, a, a);
      return arith::SelectOp::create(b, isNaN, a, ordered);
    };
    auto sumOf = [&](Value a, Value c) -> Value {
      return arith::AddFOp::create(b, a, c);
    };
    Value top = along(number(-std::numeric_limits<double>::infinity()),
                      [&](Value, Value at, Value carried) {
                        return max(carried, code.load(buffers[0], at));
                      });
    top = overLine(code, top, workgroup[0], x, y, kShare, max);
    auto power = [&](Value at) -> Value {
      Value below = arith::SubFOp::create(b, code.load(buffers[0], at), top);
      return math::ExpOp::create(b, below);
    };
    Value sum = along(number(0.0), [&](Value, Value at, Value carried) {
      return sumOf(carried, power(at));
    });
    sum = overLine(code, sum, workgroup[1], x, y, kShare, sumOf);
    along(Value(), [&](Value k, Value at, Value) {
      Value result = arith::DivFOp::create(b, power(at), sum);
      if (!epilogue.empty()) {
        SmallVector<Value> sizes;
        for (const KernelNumber &size : extents)
          sizes.push_back(size.get(code, scalars));
        SmallVector<Value> indices =
            delinearize(code, before, ArrayRef<Value>(sizes).take_front(axis));
        indices.push_back(k);
        llvm::append_range(
            indices, delinearize(code, behind,
                                 ArrayRef<Value>(sizes).drop_front(axis + 1)));
        result = epilogue.apply(b, result, indices, buffers, scalars);
      }
      code.store(result, buffers.back(), at);
      return Value();
    });
  });
}
