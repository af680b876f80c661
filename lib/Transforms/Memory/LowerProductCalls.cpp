//===- LowerProductCalls.cpp - products by a BLAS as runtime calls --------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "BodyLowering.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

LogicalResult BodyLowering::lower(BlasProductOp op) {
  Type element = getElementTypeOrSelf(op.getOut().getType());
  noodle_rt_type code = runtimeType(element);
  if (!code)
    return op.emitError("elements of ")
           << element << " have no form at the runtime's border";
  ImplicitLocOpBuilder b(op.getLoc(), op);
  SlotBuilder slots(b, converter);
  Value buffers[] = {op.getLhs(), op.getRhs(), op.getOut()};
  SmallVector<MemRefDescriptor> forms;
  SmallVector<AffineMap> maps;
  for (auto [k, buffer] : llvm::enumerate(buffers)) {
    forms.emplace_back(slots.lowered(buffer));
    maps.push_back(cast<AffineMapAttr>(op.getIndexingMaps()[k]).getValue());
  }

  unsigned loopCount = maps.front().getNumDims();
  constexpr int64_t size = sizeof(noodle_rt_product_loop);
  Value loops = entryAlloca(op.getLoc(), b.getI64Type(),
                            std::max<int64_t>(loopCount, 1) * size / 8);
  for (unsigned loop = 0; loop < loopCount; ++loop) {
    auto put = [&](Value value, size_t field) {
      slots.store(value, loops, loop * size + int64_t(field));
    };
    Value extent;
    int64_t in = 0;
    for (unsigned k = 0; k < 3; ++k) {
      Value stride;
      for (auto [d, expr] : llvm::enumerate(maps[k].getResults())) {
        if (!expr.isFunctionOfDim(loop))
          continue;
        if (!extent)
          extent = forms[k].size(b, b.getLoc(), unsigned(d));
        Value step = forms[k].stride(b, b.getLoc(), unsigned(d));
        stride =
            stride ? LLVM::AddOp::create(b, stride, step).getResult() : step;
      }
      if (stride)
        in |= int64_t(NOODLE_RT_LHS) << k;
      put(stride ? stride : slots.i64(0),
          offsetof(noodle_rt_product_loop, strides) + 8 * k);
    }
    put(extent, offsetof(noodle_rt_product_loop, extent));
    put(slots.i64(in), offsetof(noodle_rt_product_loop, in));
  }

  Value product =
      entryAlloca(op.getLoc(), b.getI64Type(), sizeof(noodle_rt_product) / 8);
  auto put = [&](Value value, size_t field) {
    slots.store(value, product, int64_t(field));
  };
  constexpr size_t pointers[] = {offsetof(noodle_rt_product, lhs),
                                 offsetof(noodle_rt_product, rhs),
                                 offsetof(noodle_rt_product, out)};
  for (auto [buffer, form, field] : llvm::zip(buffers, forms, pointers))
    put(form.bufferPtr(b, b.getLoc(), converter,
                       cast<MemRefType>(buffer.getType())),
        field);
  put(slots.i64(op.getSite().value_or(-1)), offsetof(noodle_rt_product, site));
  put(slots.i64(loopCount), offsetof(noodle_rt_product, loop_count));
  put(loops, offsetof(noodle_rt_product, loops));
  put(slots.i64(code), offsetof(noodle_rt_product, type));
  put(slots.i64(op.getAccumulate()), offsetof(noodle_rt_product, accumulate));

  Value status = LLVM::CallOp::create(b, runtime.get("noodle_ir_product"),
                                      ValueRange{context, product})
                     .getResult();
  // Statuses are positive, "compute it yourself" is negative.
  failUnless(b,
             LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::sle, status,
                                  i32(b, NOODLE_RT_OK)),
             status);
  Value formed = LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::eq, status,
                                      i32(b, NOODLE_RT_OK));
  op.getFormed().replaceAllUsesWith(formed);
  op.erase();
  return success();
}
