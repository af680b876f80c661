//===- LowerDeviceCalls.cpp - launches and host accesses as runtime calls -===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "../GPU/DeviceAttributes.h"
#include "BodyLowering.h"

#include "noodle/Dialect/Semiring.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

/// Position of a kernel in the module's table; -1 where it has none.
static int64_t kernelNumber(ModuleOp module, StringRef name) {
  auto kernels = module->getAttrOfType<ArrayAttr>(kKernelsAttr);
  if (!kernels)
    return -1;
  for (auto [number, entry] : llvm::enumerate(kernels)) {
    auto fields = dyn_cast<DictionaryAttr>(entry);
    auto known = fields ? fields.getAs<StringAttr>("name") : StringAttr();
    if (known && known.getValue() == name)
      return number;
  }
  return -1;
}

namespace {

/// The first element of a buffer, and how many it has.
struct Extent {
  Value data, count;
};

Extent extentOf(ImplicitLocOpBuilder &b, SlotBuilder &slots,
                const LLVMTypeConverter &converter, Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  MemRefDescriptor descriptor(slots.lowered(buffer));
  Value data = descriptor.bufferPtr(b, b.getLoc(), converter, type);
  int64_t fixed = 1;
  Value count;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    if (!type.isDynamicDim(dim)) {
      fixed *= type.getDimSize(dim);
      continue;
    }
    Value size = descriptor.size(b, b.getLoc(), dim);
    count = count ? LLVM::MulOp::create(b, count, size).getResult() : size;
  }
  if (!count)
    count = slots.i64(fixed);
  else if (fixed != 1)
    count = LLVM::MulOp::create(b, count, slots.i64(fixed));
  return {data, count};
}

} // namespace

LogicalResult BodyLowering::lower(LaunchOp op) {
  int64_t kernel = kernelNumber(module, op.getKernel());
  if (kernel < 0)
    return op.emitError("no kernel '")
           << op.getKernel() << "' is in the module's " << kKernelsAttr;
  ImplicitLocOpBuilder b(op.getLoc(), op);
  SlotBuilder slots(b, converter);
  auto i8 = [&](uint8_t value) -> Value {
    return LLVM::ConstantOp::create(b, b.getI8Type(),
                                    b.getI8IntegerAttr(value));
  };
  ArrayRef<int64_t> split = op.getSplit().value_or(ArrayRef<int64_t>());

  SmallVector<Value> buffers(op.getInputs());
  buffers.push_back(op.getOut());
  constexpr int64_t stride = sizeof(noodle_rt_launch_buffer);
  Value table =
      entryAlloca(op.getLoc(), b.getI64Type(), buffers.size() * stride / 8);
  for (auto [k, buffer] : llvm::enumerate(buffers)) {
    auto type = dyn_cast<MemRefType>(buffer.getType());
    if (!type || !type.getLayout().isIdentity())
      return op.emitError("buffer ") << k << " has type " << buffer.getType()
                                     << ": kernels take row-major buffers";
    auto [data, count] = extentOf(b, slots, converter, buffer);
    int64_t base = k * stride;
    auto at = [&](size_t field) { return base + int64_t(field); };
    bool last = k + 1 == buffers.size();
    uint8_t cut = split.empty() ? 0 : split[2 + k];
    slots.store(data, table, at(offsetof(noodle_rt_launch_buffer, data)));
    slots.store(count, table, at(offsetof(noodle_rt_launch_buffer, count)));
    Type element = type.getElementType();
    int64_t bytes = elementBytes(element);
    slots.store(i32(b, bytes), table,
                at(offsetof(noodle_rt_launch_buffer, element_bytes)));
    slots.store(i8(last), table, at(offsetof(noodle_rt_launch_buffer, write)));
    slots.store(i8(cut), table, at(offsetof(noodle_rt_launch_buffer, cut)));
  }

  int64_t scalarCount = op.getScalars().size();
  Value scalars =
      scalarCount
          ? entryAlloca(op.getLoc(), b.getI64Type(), scalarCount)
          : LLVM::ZeroOp::create(b, LLVM::LLVMPointerType::get(b.getContext()))
                .getResult();
  for (auto [k, scalar] : llvm::enumerate(op.getScalars()))
    slots.store(scalar, scalars, 8 * k);

  Value launch =
      entryAlloca(op.getLoc(), b.getI64Type(), sizeof(noodle_rt_launch) / 8);
  auto put = [&](Value value, size_t field) {
    slots.store(value, launch, field);
  };
  put(slots.i64(kernel), offsetof(noodle_rt_launch, kernel));
  put(slots.i64(op.getSite().value_or(-1)), offsetof(noodle_rt_launch, site));
  Value grid[] = {op.getGridX(), op.getGridY(), op.getGridZ()};
  for (auto [k, blocks] : llvm::enumerate(grid))
    put(slots.lowered(blocks), offsetof(noodle_rt_launch, grid) + 8 * k);
  put(slots.i64(buffers.size()), offsetof(noodle_rt_launch, buffer_count));
  put(slots.i64(scalarCount), offsetof(noodle_rt_launch, scalar_count));
  put(slots.i64(split.empty() ? -1 : split[0]),
      offsetof(noodle_rt_launch, split_scalar));
  put(slots.i64(split.empty() ? 0 : split[1]),
      offsetof(noodle_rt_launch, split_rows));
  put(table, offsetof(noodle_rt_launch, buffers));
  put(scalars, offsetof(noodle_rt_launch, scalars));

  Value status = LLVM::CallOp::create(b, runtime.get("noodle_ir_launch"),
                                      ValueRange{context, launch})
                     .getResult();
  // Statuses are positive, "compute it yourself" is negative.
  failUnless(b,
             LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::sle, status,
                                  i32(b, NOODLE_RT_OK)),
             status);
  Value ran = LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::eq, status,
                                   i32(b, NOODLE_RT_OK));
  op.getRan().replaceAllUsesWith(ran);
  op.erase();
  return success();
}

void BodyLowering::lower(HostAccessOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  Value form = SlotBuilder(b, converter).lowered(op.getBuffer());
  // Any address inside the block will do, and a view has the block's own too.
  Value address = MemRefDescriptor(form).allocatedPtr(b, op.getLoc());
  Value status =
      LLVM::CallOp::create(b, runtime.get("noodle_ir_host_access"),
                           ValueRange{context, address, i32(b, op.getWrite())})
          .getResult();
  failUnlessOk(b, status);
  op.erase();
}
