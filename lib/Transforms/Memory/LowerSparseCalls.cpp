//===- LowerSparseCalls.cpp - sparse storage by runtime calls -------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "BodyLowering.h"

#include "noodle-rt/sparse.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"

using namespace mlir;
using namespace mlir::noodle;

void BodyLowering::lower(TransposeStorageOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  SlotBuilder slots(b, converter);
  Value job = entryAlloca(op.getLoc(), b.getI64Type(),
                          sizeof(noodle_rt_transposition) / 8);
  auto put = [&](Value value, size_t field) {
    slots.store(value, job, int64_t(field));
  };
  put(slots.lowered(op.getRows()), offsetof(noodle_rt_transposition, rows));
  put(slots.lowered(op.getColumns()),
      offsetof(noodle_rt_transposition, columns));
  auto buffer = [&](Value memory, size_t field) {
    put(MemRefDescriptor(slots.lowered(memory))
            .bufferPtr(b, b.getLoc(), converter,
                       cast<MemRefType>(memory.getType())),
        field);
  };
  buffer(op.getPositions(), offsetof(noodle_rt_transposition, positions));
  buffer(op.getCoordinates(), offsetof(noodle_rt_transposition, coordinates));
  buffer(op.getValues(), offsetof(noodle_rt_transposition, values));
  buffer(op.getOutPositions(),
         offsetof(noodle_rt_transposition, out_positions));
  buffer(op.getOutCoordinates(),
         offsetof(noodle_rt_transposition, out_coordinates));
  buffer(op.getOutValues(), offsetof(noodle_rt_transposition, out_values));
  auto width = [&](Value memory, size_t field) {
    Type element = cast<MemRefType>(memory.getType()).getElementType();
    put(slots.i64(element.isIndex() ? 8 : elementBytes(element)), field);
  };
  width(op.getPositions(), offsetof(noodle_rt_transposition, position_width));
  width(op.getCoordinates(),
        offsetof(noodle_rt_transposition, coordinate_width));
  width(op.getValues(), offsetof(noodle_rt_transposition, value_width));
  Value status =
      LLVM::CallOp::create(b, runtime.get("noodle_ir_transpose_storage"),
                           ValueRange{context, job})
          .getResult();
  failUnlessOk(b, status);
  op.erase();
}

void BodyLowering::lower(CopyRunOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  SlotBuilder slots(b, converter);
  auto type = cast<MemRefType>(op.getSource().getType());
  Type element = converter.convertType(type.getElementType());
  auto place = [&](Value memory, Value at) -> Value {
    Value base = MemRefDescriptor(slots.lowered(memory))
                     .bufferPtr(b, b.getLoc(), converter,
                                cast<MemRefType>(memory.getType()));
    return LLVM::GEPOp::create(b, base.getType(), element, base,
                               ArrayRef<LLVM::GEPArg>{slots.lowered(at)});
  };
  int64_t width = DataLayout::closest(op).getTypeSize(element);
  Value bytes =
      LLVM::MulOp::create(b, slots.lowered(op.getCount()), slots.i64(width));
  LLVM::MemcpyOp::create(b, place(op.getTarget(), op.getTo()),
                         place(op.getSource(), op.getFrom()), bytes,
                         /*isVolatile=*/false);
  op.erase();
}

void BodyLowering::lower(ClearRunOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  SlotBuilder slots(b, converter);
  auto type = cast<MemRefType>(op.getTarget().getType());
  Value base = MemRefDescriptor(slots.lowered(op.getTarget()))
                   .bufferPtr(b, b.getLoc(), converter, type);
  int64_t width = DataLayout::closest(op).getTypeSize(
      converter.convertType(type.getElementType()));
  Value bytes =
      LLVM::MulOp::create(b, slots.lowered(op.getCount()), slots.i64(width));
  Value zero =
      LLVM::ConstantOp::create(b, b.getI8Type(), b.getI8IntegerAttr(0));
  LLVM::MemsetOp::create(b, base, zero, bytes, /*isVolatile=*/false);
  op.erase();
}
