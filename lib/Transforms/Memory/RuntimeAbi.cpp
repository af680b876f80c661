//===- RuntimeAbi.cpp - generated code's view of the runtime ABI ----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "RuntimeAbi.h"

#include "noodle/Dialect/SparseForms.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include <cstddef>

using namespace mlir;
using namespace mlir::noodle;

LLVM::LLVMFuncOp RuntimeFunctions::get(StringRef name) {
  if (auto known = module.lookupSymbol<LLVM::LLVMFuncOp>(name))
    return known;
  MLIRContext *context = module.getContext();
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  Type ptr = LLVM::LLVMPointerType::get(context);
  Type i64 = builder.getI64Type(), i32 = builder.getI32Type();
  Type none = LLVM::LLVMVoidType::get(context);
  Type result = i32;
  SmallVector<Type> arguments;
  if (name == "noodle_ir_alloc") {
    result = ptr;
    arguments = {ptr, i64};
  } else if (name == "noodle_ir_try_alloc" || name == "noodle_ir_result") {
    result = ptr;
    arguments = {ptr, i64, i64};
  } else if (name == "noodle_ir_free") {
    result = none;
    arguments = {ptr, ptr};
  } else if (name == "noodle_ir_fail") {
    arguments = {ptr, i32, ptr, i64};
  } else if (name == "noodle_ir_fail_at") {
    arguments = {ptr, i32, ptr, i64, ptr, i64};
  } else if (name == "noodle_ir_parallel_for") {
    arguments = {ptr, i64, i64, ptr, ptr};
  } else if (name == "noodle_ir_reference_call") {
    arguments = {ptr, i64, ptr, i64, ptr, i64};
  } else if (name == "noodle_ir_launch" || name == "noodle_ir_product" ||
             name == "noodle_ir_transpose_storage") {
    arguments = {ptr, ptr};
  } else if (name == "noodle_ir_host_access") {
    arguments = {ptr, ptr, i32};
  } else {
    assert(name == "noodle_ir_mark" && "not a runtime function");
    result = none;
    arguments = {ptr, i64, i64, ptr, i64};
  }
  auto function =
      LLVM::LLVMFuncOp::create(builder, module.getLoc(), name,
                               LLVM::LLVMFunctionType::get(result, arguments));
  if (result == ptr)
    function.setResultAttr(0, LLVM::LLVMDialect::getNoAliasAttrName(),
                           builder.getUnitAttr());
  function.setPassthroughAttr(
      builder.getArrayAttr({builder.getStringAttr("nounwind")}));
  return function;
}

static bool isSparse(Type type) {
  return isa<RankedTensorType>(type) &&
         sparse_tensor::getSparseTensorEncoding(type);
}

FailureOr<SmallVector<AbiSlot>>
mlir::noodle::matchSlots(Operation *op, ArrayRef<Type> source,
                         ArrayRef<Type> lowered) {
  SmallVector<AbiSlot> slots;
  unsigned next = 0;
  for (Type type : source) {
    AbiSlot slot{type, next, isSparse(type) ? 4u : 1u};
    next += slot.count;
    bool fits = next <= lowered.size();
    Type element = getElementTypeOrSelf(type);
    if (fits && slot.count == 1)
      fits = isa<RankedTensorType>(type)
                 ? isa<MemRefType>(lowered[slot.first]) &&
                       cast<MemRefType>(lowered[slot.first])
                           .getLayout()
                           .isIdentity()
                 : lowered[slot.first] == type;
    if (!fits || !runtimeType(element)) {
      op->emitError("type ")
          << type << " of the signature has no form at the runtime's border";
      return failure();
    }
    slots.push_back(slot);
  }
  if (next != lowered.size()) {
    op->emitError("signature and lowered function type do not fit");
    return failure();
  }
  return slots;
}

Value SlotBuilder::i64(int64_t value) {
  return LLVM::ConstantOp::create(b, b.getI64Type(),
                                  b.getI64IntegerAttr(value));
}

Value SlotBuilder::offset(Value base, int64_t bytes) {
  if (bytes == 0)
    return base;
  return LLVM::GEPOp::create(b, base.getType(), b.getI8Type(), base,
                             ArrayRef<LLVM::GEPArg>{int32_t(bytes)});
}

Value SlotBuilder::load(Type type, Value base, int64_t bytes) {
  return LLVM::LoadOp::create(b, type, offset(base, bytes));
}

void SlotBuilder::store(Value value, Value base, int64_t bytes) {
  LLVM::StoreOp::create(b, value, offset(base, bytes));
}

Value SlotBuilder::lowered(Value value) {
  Type type = converter.convertType(value.getType());
  if (type == value.getType())
    return value;
  return UnrealizedConversionCastOp::create(b, type, value).getResult(0);
}

Value SlotBuilder::raised(Type type, Value value) {
  if (type == value.getType())
    return value;
  return UnrealizedConversionCastOp::create(b, type, value).getResult(0);
}

Value SlotBuilder::memref(MemRefType type, Value memory,
                          ArrayRef<Value> extents) {
  Location loc = b.getLoc();
  auto descriptor =
      MemRefDescriptor::poison(b, loc, converter.convertType(type));
  descriptor.setAllocatedPtr(b, loc, memory);
  descriptor.setAlignedPtr(b, loc, memory);
  descriptor.setConstantOffset(b, loc, 0);
  Value stride = i64(1);
  for (int64_t dim = type.getRank() - 1; dim >= 0; --dim) {
    Value extent =
        type.isDynamicDim(dim) ? extents[dim] : i64(type.getDimSize(dim));
    descriptor.setSize(b, loc, dim, extent);
    descriptor.setStride(b, loc, dim, stride);
    if (dim)
      stride = LLVM::MulOp::create(b, stride, extent);
  }
  return raised(type, descriptor);
}

static noodle_rt_layout layoutOf(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return NOODLE_RT_SCALAR;
  auto encoding = sparse_tensor::getSparseTensorEncoding(type);
  if (!encoding)
    return NOODLE_RT_DENSE;
  if (getBlockShape(tensor))
    return NOODLE_RT_BSR;
  return encoding.isIdentity() ? NOODLE_RT_CSR : NOODLE_RT_CSC;
}

/// The lowered type of scalar storage: i1 takes a byte.
static constexpr int64_t kSlotBytes = sizeof(noodle_rt_tensor);

void SlotBuilder::read(Value slots, unsigned index, const AbiSlot &slot,
                       ArrayRef<Type> lowered, SmallVectorImpl<Value> &values) {
  Type ptr = LLVM::LLVMPointerType::get(b.getContext());
  Type word = b.getI64Type();
  Value base = offset(slots, kSlotBytes * index);
  Value memory = load(ptr, base, offsetof(noodle_rt_tensor, values));
  auto extent = [&](unsigned dim) {
    return load(word, base, offsetof(noodle_rt_tensor, extents) + 8 * dim);
  };
  switch (layoutOf(slot.type)) {
  case NOODLE_RT_SCALAR: {
    Type type = converter.convertType(slot.type);
    values.push_back(raised(slot.type, load(type, memory, 0)));
    return;
  }
  case NOODLE_RT_DENSE: {
    auto type = cast<MemRefType>(lowered[slot.first]);
    SmallVector<Value> extents;
    for (unsigned dim = 0, rank = type.getRank(); dim < rank; ++dim)
      extents.push_back(type.isDynamicDim(dim) ? extent(dim) : Value());
    values.push_back(memref(type, memory, extents));
    return;
  }
  default:
    break;
  }
  bool csc = layoutOf(slot.type) == NOODLE_RT_CSC;
  Value stored = load(word, base, offsetof(noodle_rt_tensor, stored));
  Value outer = extent(csc ? 1 : 0), inner = extent(csc ? 0 : 1);
  Value named = stored; // by coordinates
  // Generated code sees the CSR matrix of the blocks.
  if (auto block = getBlockShape(cast<RankedTensorType>(slot.type))) {
    auto divide = [&](Value whole, int64_t size) -> Value {
      return LLVM::UDivOp::create(b, whole, i64(size));
    };
    outer = divide(outer, block->rows);
    inner = divide(inner, block->columns);
    named = divide(stored, block->rows * block->columns);
  }
  Value positions = LLVM::AddOp::create(b, outer, i64(1));
  Value positionMemory = load(ptr, base, offsetof(noodle_rt_tensor, positions));
  Value coordinateMemory =
      load(ptr, base, offsetof(noodle_rt_tensor, coordinates));
  values.push_back(
      memref(cast<MemRefType>(lowered[slot.first]), positionMemory, positions));
  values.push_back(memref(cast<MemRefType>(lowered[slot.first + 1]),
                          coordinateMemory, named));
  values.push_back(
      memref(cast<MemRefType>(lowered[slot.first + 2]), memory, stored));
  // The storage specifier: level sizes, then sizes of positions, coordinates
  // and values.
  Type specifierType = lowered[slot.first + 3];
  Value specifier = LLVM::PoisonOp::create(b, specifierType);
  auto insert = [&](Value value, ArrayRef<int64_t> position) {
    specifier = LLVM::InsertValueOp::create(b, specifier, value, position);
  };
  insert(outer, {0, 0});
  insert(inner, {0, 1});
  insert(positions, {1, 0});
  insert(named, {1, 1});
  insert(stored, {1, 2});
  values.push_back(specifier);
}

void SlotBuilder::write(Value slots, unsigned index, const AbiSlot &slot,
                        ValueRange values, Value scalarSpace) {
  Location loc = b.getLoc();
  Type ptr = LLVM::LLVMPointerType::get(b.getContext());
  Value base = offset(slots, kSlotBytes * index);
  noodle_rt_layout layout = layoutOf(slot.type);
  auto byte = [&](uint8_t value, int64_t at) {
    store(LLVM::ConstantOp::create(b, b.getI8Type(), b.getI8IntegerAttr(value)),
          base, at);
  };
  byte(layout, offsetof(noodle_rt_tensor, layout));
  byte(runtimeType(getElementTypeOrSelf(slot.type)),
       offsetof(noodle_rt_tensor, type));
  if (layout == NOODLE_RT_SCALAR) {
    byte(0, offsetof(noodle_rt_tensor, rank));
    Value place = scalarSpace;
    if (place)
      store(place, base, offsetof(noodle_rt_tensor, values));
    else
      place = load(ptr, base, offsetof(noodle_rt_tensor, values));
    Value value = lowered(values[slot.first]);
    // A byte, so that the host never sees the upper bits of an i1 undefined.
    if (value.getType().isInteger(1))
      value = LLVM::ZExtOp::create(b, b.getI8Type(), value);
    store(value, place, 0);
    return;
  }
  auto tensor = cast<RankedTensorType>(slot.type);
  byte(tensor.getRank(), offsetof(noodle_rt_tensor, rank));
  auto pointerTo = [&](unsigned which) {
    MemRefDescriptor descriptor(lowered(values[slot.first + which]));
    return descriptor.alignedPtr(b, loc);
  };
  auto extentAt = [](unsigned dim) {
    return int64_t(offsetof(noodle_rt_tensor, extents) + 8 * dim);
  };
  if (layout == NOODLE_RT_DENSE) {
    MemRefDescriptor descriptor(lowered(values[slot.first]));
    byte(0, offsetof(noodle_rt_tensor, position_width));
    byte(0, offsetof(noodle_rt_tensor, coordinate_width));
    store(descriptor.alignedPtr(b, loc), base,
          offsetof(noodle_rt_tensor, values));
    Value null = LLVM::ZeroOp::create(b, ptr);
    store(null, base, offsetof(noodle_rt_tensor, positions));
    store(null, base, offsetof(noodle_rt_tensor, coordinates));
    store(i64(0), base, offsetof(noodle_rt_tensor, stored));
    for (unsigned dim = 0, rank = tensor.getRank(); dim < rank; ++dim) {
      store(descriptor.size(b, loc, dim), base, extentAt(dim));
      store(descriptor.stride(b, loc, dim), base,
            offsetof(noodle_rt_tensor, strides) + 8 * dim);
    }
    return;
  }
  auto encoding = sparse_tensor::getSparseTensorEncoding(slot.type);
  auto width = [](unsigned bits) -> uint8_t { return bits ? bits / 8 : 8; };
  byte(width(encoding.getPosWidth()),
       offsetof(noodle_rt_tensor, position_width));
  byte(width(encoding.getCrdWidth()),
       offsetof(noodle_rt_tensor, coordinate_width));
  store(pointerTo(0), base, offsetof(noodle_rt_tensor, positions));
  store(pointerTo(1), base, offsetof(noodle_rt_tensor, coordinates));
  store(pointerTo(2), base, offsetof(noodle_rt_tensor, values));
  Value specifier = values[slot.first + 3];
  auto field = [&](ArrayRef<int64_t> position) {
    return LLVM::ExtractValueOp::create(b, specifier, position);
  };
  store(field({1, 2}), base, offsetof(noodle_rt_tensor, stored));
  Value outer = field({0, 0}), inner = field({0, 1});
  if (auto block = getBlockShape(tensor)) {
    outer = LLVM::MulOp::create(b, outer, i64(block->rows));
    inner = LLVM::MulOp::create(b, inner, i64(block->columns));
    byte(uint8_t(block->rows), offsetof(noodle_rt_tensor, block_rows));
    byte(uint8_t(block->columns), offsetof(noodle_rt_tensor, block_columns));
  }
  bool csc = layout == NOODLE_RT_CSC;
  store(outer, base, extentAt(csc ? 1 : 0));
  store(inner, base, extentAt(csc ? 0 : 1));
}
