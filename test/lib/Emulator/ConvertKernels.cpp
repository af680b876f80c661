//===- ConvertKernels.cpp - gpu.func becomes func.func --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "EmulatorAbi.h"
#include "Lower.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace noodle::emu;

namespace {

int64_t elementBytes(Type type) {
  if (type.isIndex())
    return 8;
  return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8u);
}

/// The memref that an op loads from or stores to; null for other ops.
Value accessed(Operation *op) {
  if (auto load = dyn_cast<memref::LoadOp>(op))
    return load.getMemRef();
  if (auto store = dyn_cast<memref::StoreOp>(op))
    return store.getMemRef();
  if (auto load = dyn_cast<vector::LoadOp>(op))
    return load.getBase();
  if (auto store = dyn_cast<vector::StoreOp>(op))
    return store.getBase();
  if (auto rmw = dyn_cast<memref::AtomicRMWOp>(op))
    return rmw.getMemref();
  return {};
}

class KernelConverter {
public:
  KernelConverter(gpu::GPUFuncOp kernel, Listing &listing)
      : kernel(kernel), listing(listing) {}

  LogicalResult run(OpBuilder &where) {
    describe();
    if (failed(namePlaces()))
      return failure();
    auto function = makeFunction(where);
    // The host knows one address space.
    AttrTypeReplacer spaces;
    spaces.addReplacement([](MemRefType type) -> std::optional<Type> {
      return MemRefType::Builder(type).setMemorySpace({});
    });
    spaces.recursivelyReplaceElementsIn(function, /*replaceAttrs=*/true,
                                        /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
    thread = function.getArgument(0);
    LogicalResult result = success();
    function.walk([&](Operation *op) {
      if (isa<gpu::GPUDialect>(op->getDialect()) && failed(convert(op)))
        result = failure();
    });
    return result;
  }

private:
  void describe() {
    shape.name = kernel.getName().str();
    if (auto size = kernel.getKnownBlockSize())
      shape.threads = (*size)[0];
    shape.parameters = kernel.getNumArguments();
    for (Type type : kernel.getArgumentTypes()) {
      if (auto buffer = dyn_cast<MemRefType>(type)) {
        shape.buffers.emplace_back(shape.paramBytes.size(),
                                   elementBytes(buffer.getElementType()));
        // Two pointers, the offset, and an extent and a stride each.
        shape.paramBytes.insert(shape.paramBytes.end(),
                                3 + 2 * buffer.getRank(), 8);
      } else {
        shape.paramBytes.push_back(elementBytes(type));
      }
    }
    for (BlockArgument buffer : kernel.getWorkgroupAttributions()) {
      auto type = cast<MemRefType>(buffer.getType());
      int64_t one = elementBytes(type.getElementType());
      int64_t bytes = type.getNumElements() * one;
      shape.sharedBytes = llvm::alignTo(shape.sharedBytes, 16);
      shape.workgroup.push_back(
          {shape.sharedBytes, bytes, std::vector<int64_t>(type.getShape())});
      shape.sharedBytes += bytes;
      shape.granule = std::min(shape.granule, one);
    }
  }

  LogicalResult namePlaces() {
    AsmState names(kernel,
                   OpPrintingFlags().skipRegions().elideLargeElementsAttrs());
    LogicalResult result = success();
    kernel.walk([&](Operation *op) {
      Place place;
      if (Value memref = accessed(op)) {
        if (!memref.getDefiningOp<memref::AllocaOp>() &&
            failed(findBuffer(op, memref, place)))
          result = failure();
      } else if (!isa<gpu::BarrierOp, gpu::ShuffleOp>(op)) {
        return;
      }
      llvm::raw_string_ostream stream(place.text);
      op->print(stream, names);
      op->setLoc(FileLineColLoc::get(op->getContext(), kPlaceFile,
                                     listing.places.size(), 1));
      listing.places.push_back(std::move(place));
    });
    return result;
  }

  LogicalResult findBuffer(Operation *op, Value memref, Place &place) {
    auto argument = dyn_cast<BlockArgument>(memref);
    if (!argument || argument.getOwner() != &kernel.getBody().front())
      return op->emitError("the emulator expects a parameter or a workgroup "
                           "buffer of the kernel");
    unsigned number = argument.getArgNumber();
    if (number < shape.parameters) {
      place.space = 'g';
      place.buffer = 0;
      for (Type type : kernel.getArgumentTypes().take_front(number))
        place.buffer += isa<MemRefType>(type);
      return success();
    }
    place.space = 'w';
    place.buffer = number - shape.parameters;
    if (place.buffer < int(shape.workgroup.size()))
      return success();
    return op->emitError("private attributions are not emulated");
  }

  func::FuncOp makeFunction(OpBuilder &where) {
    MLIRContext *context = kernel.getContext();
    SmallVector<Type> types = {LLVM::LLVMPointerType::get(context)};
    llvm::append_range(types, kernel.getBody().getArgumentTypes());
    auto function =
        func::FuncOp::create(where, kernel.getLoc(), kernel.getName(),
                             FunctionType::get(context, types, {}));
    function.getBody().takeBody(kernel.getBody());
    function.getBody().front().insertArgument(0u, types[0], kernel.getLoc());
    listing.kernels.push_back(shape);
    kernel.erase();
    return function;
  }

  Value field(ImplicitLocOpBuilder &b, Value base, size_t offset, Type type) {
    auto pointer = LLVM::LLVMPointerType::get(b.getContext());
    Value address = LLVM::GEPOp::create(
        b, pointer, b.getI8Type(), base,
        ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(offset)});
    return LLVM::LoadOp::create(b, type, address);
  }

  Value id(ImplicitLocOpBuilder &b, size_t offset, gpu::Dimension dimension) {
    Value number =
        field(b, thread, offset + 8 * size_t(dimension), b.getI64Type());
    return arith::IndexCastOp::create(b, b.getIndexType(), number);
  }

  Value tableEntry(ImplicitLocOpBuilder &b, size_t offset) {
    auto pointer = LLVM::LLVMPointerType::get(b.getContext());
    Value table = field(b, thread, offsetof(EmuThread, table), pointer);
    return field(b, table, offset, pointer);
  }

  Value site(ImplicitLocOpBuilder &b, Operation *op, char kind) {
    unsigned place = cast<FileLineColLoc>(op->getLoc()).getLine();
    listing.sites.push_back({place, kind, '-', 0, 1, -1});
    return LLVM::ConstantOp::create(
        b, b.getI32IntegerAttr(listing.sites.size() - 1));
  }

  LogicalResult convert(Operation *op) {
    ImplicitLocOpBuilder b(
        NameLoc::get(StringAttr::get(op->getContext(), kOwnName)), op);
    if (isa<gpu::ReturnOp>(op)) {
      func::ReturnOp::create(b);
    } else if (auto it = dyn_cast<gpu::ThreadIdOp>(op)) {
      op->replaceAllUsesWith(
          ValueRange(id(b, offsetof(EmuThread, threadId), it.getDimension())));
    } else if (auto it = dyn_cast<gpu::BlockIdOp>(op)) {
      op->replaceAllUsesWith(
          ValueRange(id(b, offsetof(EmuThread, blockId), it.getDimension())));
    } else if (auto it = dyn_cast<gpu::BlockDimOp>(op)) {
      op->replaceAllUsesWith(
          ValueRange(id(b, offsetof(EmuThread, blockDim), it.getDimension())));
    } else if (auto it = dyn_cast<gpu::GridDimOp>(op)) {
      op->replaceAllUsesWith(
          ValueRange(id(b, offsetof(EmuThread, gridDim), it.getDimension())));
    } else if (isa<gpu::LaneIdOp, gpu::SubgroupIdOp>(op)) {
      Value x = id(b, offsetof(EmuThread, threadId), gpu::Dimension::x);
      Value warp = arith::ConstantIndexOp::create(b, kWarp);
      Value result = isa<gpu::LaneIdOp>(op)
                         ? arith::RemUIOp::create(b, x, warp).getResult()
                         : arith::DivUIOp::create(b, x, warp).getResult();
      op->replaceAllUsesWith(ValueRange(result));
    } else if (isa<gpu::BarrierOp>(op)) {
      auto type =
          LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(op->getContext()),
                                      {thread.getType(), b.getI32Type()});
      Value callee = tableEntry(b, offsetof(EmuTable, barrier));
      LLVM::CallOp::create(b, type,
                           ValueRange{callee, thread, site(b, op, 'b')});
    } else if (auto it = dyn_cast<gpu::ShuffleOp>(op)) {
      return convertShuffle(b, it);
    } else {
      return op->emitError("not an op that kernels may contain");
    }
    op->erase();
    return success();
  }

  LogicalResult convertShuffle(ImplicitLocOpBuilder &b, gpu::ShuffleOp op) {
    APInt width;
    if (!matchPattern(op.getWidth(), m_ConstantInt(&width)) || width != kWarp)
      return op.emitError("shuffles have a width of 32");
    Type type = op.getValue().getType();
    if (!type.isIntOrFloat())
      return op.emitError("shuffles move scalars");
    Type i64 = b.getI64Type();
    Type bits = b.getIntegerType(type.getIntOrFloatBitWidth());
    Value value = op.getValue();
    if (bits != type)
      value = arith::BitcastOp::create(b, bits, value);
    if (bits != i64)
      value = arith::ExtUIOp::create(b, i64, value);
    Shuffle mode = Shuffle::Xor;
    switch (op.getMode()) {
    case gpu::ShuffleMode::XOR:
      break;
    case gpu::ShuffleMode::UP:
      mode = Shuffle::Up;
      break;
    case gpu::ShuffleMode::DOWN:
      mode = Shuffle::Down;
      break;
    case gpu::ShuffleMode::IDX:
      mode = Shuffle::Index;
      break;
    }
    Value valid;
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointAfterValue(thread);
      Value one = LLVM::ConstantOp::create(b, b.getI64IntegerAttr(1));
      valid = LLVM::AllocaOp::create(b, thread.getType(), b.getI8Type(), one);
    }
    Value modeNumber =
        LLVM::ConstantOp::create(b, b.getI32IntegerAttr(int32_t(mode)));
    Value callee = tableEntry(b, offsetof(EmuTable, shuffle));
    Type i32 = b.getI32Type();
    auto function = LLVM::LLVMFunctionType::get(
        i64, {thread.getType(), i64, i32, i32, i32, thread.getType()});
    Value result =
        LLVM::CallOp::create(b, function,
                             ValueRange{callee, thread, value, op.getOffset(),
                                        modeNumber, site(b, op, 'x'), valid})
            .getResult();
    if (bits != i64)
      result = arith::TruncIOp::create(b, bits, result);
    if (bits != type)
      result = arith::BitcastOp::create(b, type, result);
    Value flag = LLVM::LoadOp::create(b, b.getI8Type(), valid);
    flag = arith::TruncIOp::create(b, b.getI1Type(), flag);
    op->replaceAllUsesWith(ValueRange{result, flag});
    op->erase();
    return success();
  }

public:
  static constexpr StringLiteral kPlaceFile = "noodle-emulator-place";
  static constexpr StringLiteral kOwnName = "noodle-emulator";

private:
  gpu::GPUFuncOp kernel;
  Listing &listing;
  KernelShape shape;
  Value thread;
};

} // namespace

LogicalResult noodle::emu::convertKernels(ModuleOp module, Listing &listing) {
  for (auto device :
       llvm::make_early_inc_range(module.getOps<gpu::GPUModuleOp>())) {
    OpBuilder b(device);
    for (Operation &op : llvm::make_early_inc_range(*device.getBody())) {
      auto kernel = dyn_cast<gpu::GPUFuncOp>(op);
      if (!kernel)
        return op.emitError("the emulator knows kernels only");
      if (failed(KernelConverter(kernel, listing).run(b)))
        return failure();
    }
    device.erase();
  }
  return success();
}
