//===- WatchAccesses.cpp - loads and stores ask first ---------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "EmulatorAbi.h"
#include "Lower.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace noodle::emu;

namespace {

/// The place that a location names; -1 if it names none.
int placeOf(Location location) {
  int place = -1;
  location->walk([&](Location part) {
    if (auto line = dyn_cast<FileLineColLoc>(part))
      if (line.getFilename() == "noodle-emulator-place")
        place = line.getLine();
    return WalkResult::advance();
  });
  return place;
}

bool isOwn(Location location) {
  auto name = dyn_cast<NameLoc>(location);
  return name && name.getName() == "noodle-emulator";
}

/// Whether a pointer is into the kernel's own stack.
bool isStack(Value pointer) {
  while (Operation *op = pointer.getDefiningOp()) {
    if (isa<LLVM::AllocaOp>(op))
      return true;
    if (!isa<LLVM::GEPOp>(op))
      return false;
    pointer = op->getOperand(0);
  }
  return false;
}

/// Bytes in memory, vectors without padding behind.
int64_t storedBytes(Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    return llvm::divideCeil(vector.getNumElements() *
                                vector.getElementType().getIntOrFloatBitWidth(),
                            8);
  if (isa<LLVM::LLVMPointerType>(type))
    return 8;
  return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8u);
}

struct Watcher {
  LLVM::LLVMFuncOp function;
  Listing &listing;
  Value callee; ///< table->access, loaded once

  LogicalResult run() {
    SmallVector<Operation *> ops;
    function.walk([&](Operation *op) {
      if (isa<LLVM::LoadOp, LLVM::StoreOp, LLVM::AtomicRMWOp,
              LLVM::AtomicCmpXchgOp, LLVM::MaskedLoadOp, LLVM::MaskedStoreOp,
              LLVM::masked_gather, LLVM::masked_scatter>(op))
        ops.push_back(op);
    });
    for (Operation *op : ops)
      if (failed(watch(op)))
        return failure();
    return success();
  }

  LogicalResult watch(Operation *op) {
    if (isOwn(op->getLoc()))
      return success();
    unsigned operand = 0;
    Type type;
    char kind = 'l';
    int64_t alignment = 0;
    if (auto load = dyn_cast<LLVM::LoadOp>(op)) {
      type = load.getType();
      alignment = load.getAlignment().value_or(0);
    } else if (auto store = dyn_cast<LLVM::StoreOp>(op)) {
      kind = 's';
      operand = 1;
      type = store.getValue().getType();
      alignment = store.getAlignment().value_or(0);
    } else if (auto rmw = dyn_cast<LLVM::AtomicRMWOp>(op)) {
      kind = 'a';
      type = rmw.getVal().getType();
    } else {
      return op->emitError("masked and compound accesses are not emulated");
    }
    Value pointer = op->getOperand(operand);
    if (isStack(pointer))
      return success();
    int number = placeOf(op->getLoc());
    if (number < 0)
      return op->emitError("an access that no place of the kernel names");
    const Place &place = listing.places[number];
    int64_t bytes = storedBytes(type);
    if (!alignment)
      alignment = storedBytes(getElementTypeOrSelf(type));
    ImplicitLocOpBuilder b(op->getLoc(), op);
    b.setLoc(own());
    listing.sites.push_back(
        {unsigned(number), kind, place.space, bytes, alignment, place.buffer});
    Value site = LLVM::ConstantOp::create(
        b, b.getI32IntegerAttr(listing.sites.size() - 1));
    auto pointerType = LLVM::LLVMPointerType::get(op->getContext());
    auto type3 = LLVM::LLVMFunctionType::get(
        pointerType, {pointerType, pointerType, b.getI32Type()});
    Value allowed =
        LLVM::CallOp::create(
            b, type3,
            ValueRange{access(), function.getArgument(0), pointer, site})
            .getResult();
    op->setOperand(operand, allowed);
    return success();
  }

  Location own() {
    return NameLoc::get(
        StringAttr::get(function.getContext(), "noodle-emulator"));
  }

  Value access() {
    if (callee)
      return callee;
    auto b =
        ImplicitLocOpBuilder::atBlockBegin(own(), &function.getBody().front());
    auto pointer = LLVM::LLVMPointerType::get(function.getContext());
    static_assert(offsetof(EmuThread, table) == 0 &&
                  offsetof(EmuTable, access) == 0);
    Value table = LLVM::LoadOp::create(b, pointer, function.getArgument(0));
    return callee = LLVM::LoadOp::create(b, pointer, table);
  }
};

/// noodle_emu_k(thread, params): loads the parameters, describes the workgroup
/// buffers, calls k.
LogicalResult makeEntry(LLVM::LLVMFuncOp function, const KernelShape &shape) {
  MLIRContext *context = function.getContext();
  ImplicitLocOpBuilder b(
      NameLoc::get(StringAttr::get(context, "noodle-emulator")),
      function->getContext());
  b.setInsertionPointAfter(function);
  auto pointer = LLVM::LLVMPointerType::get(context);
  auto entry = LLVM::LLVMFuncOp::create(
      b, kKernelPrefix + shape.name,
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context),
                                  {pointer, pointer}));
  Block *block = entry.addEntryBlock(b);
  b.setInsertionPointToStart(block);
  Value thread = block->getArgument(0), params = block->getArgument(1);
  SmallVector<Value> operands = {thread};
  auto at = [&](Value base, int64_t offset) {
    return LLVM::GEPOp::create(b, pointer, b.getI8Type(), base,
                               ArrayRef<LLVM::GEPArg>{int32_t(offset)})
        .getResult();
  };
  auto constant = [&](int64_t value) -> Value {
    return LLVM::ConstantOp::create(b, b.getI64IntegerAttr(value));
  };
  size_t count = shape.paramBytes.size();
  if (function.getNumArguments() < 1 + count)
    return function.emitError("a signature that the emulator does not expect");
  for (size_t k = 0; k < count; ++k) {
    Value where = LLVM::LoadOp::create(b, pointer, at(params, 8 * k));
    operands.push_back(
        LLVM::LoadOp::create(b, function.getArgumentTypes()[1 + k], where));
  }
  Value shared =
      LLVM::LoadOp::create(b, pointer, at(thread, offsetof(EmuThread, shared)));
  for (const KernelShape::Workgroup &buffer : shape.workgroup) {
    Value base = at(shared, buffer.offset);
    operands.append({base, base, constant(0)});
    for (int64_t extent : buffer.extents)
      operands.push_back(constant(extent));
    int64_t stride = 1;
    SmallVector<Value> strides;
    for (int64_t extent : llvm::reverse(buffer.extents)) {
      strides.push_back(constant(stride));
      stride *= extent;
    }
    llvm::append_range(operands, llvm::reverse(strides));
  }
  if (operands.size() != function.getNumArguments())
    return function.emitError("a signature that the emulator does not expect");
  LLVM::CallOp::create(b, function, operands);
  LLVM::ReturnOp::create(b, ValueRange());
  function.setLinkage(LLVM::Linkage::Internal);
  return success();
}

} // namespace

LogicalResult noodle::emu::watchAccesses(ModuleOp module, Listing &listing) {
  for (const KernelShape &shape : listing.kernels) {
    auto function = module.lookupSymbol<LLVM::LLVMFuncOp>(shape.name);
    if (!function)
      return module.emitError("kernel '") << shape.name << "' was lost";
    if (failed(Watcher{function, listing, {}}.run()) ||
        failed(makeEntry(function, shape)))
      return failure();
  }
  return success();
}

std::string noodle::emu::metadata(const Listing &listing) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  for (const KernelShape &kernel : listing.kernels) {
    stream << "kernel\t" << kernel.name << '\t' << kernel.threads << '\t'
           << kernel.sharedBytes << '\t' << kernel.granule << '\n';
    for (int64_t bytes : kernel.paramBytes)
      stream << "param\t" << bytes << '\n';
    for (auto [param, bytes] : kernel.buffers)
      stream << "buffer\t" << param << '\t' << bytes << '\n';
    for (const KernelShape::Workgroup &buffer : kernel.workgroup)
      stream << "workgroup\t" << buffer.offset << '\t' << buffer.bytes << '\n';
  }
  for (const Place &place : listing.places) {
    std::string line = place.text;
    for (char &c : line)
      if (c == '\t' || c == '\n')
        c = ' ';
    stream << "place\t" << line << '\n';
  }
  for (const Site &site : listing.sites)
    stream << "site\t" << site.place << '\t' << site.kind << '\t' << site.space
           << '\t' << site.bytes << '\t' << site.alignment << '\t'
           << site.buffer << '\n';
  return text;
}
