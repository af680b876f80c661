//===- PackDeviceCode.cpp - kernels leave the module as text --------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "DeviceAttributes.h"
#include "Kernels.h"

#include "noodle/Transforms/Passes.h"

#include "mlir/IR/BuiltinOps.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEPACKDEVICECODEPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

/// Bytes of static memory that the threads of a block share.
static int64_t sharedBytes(gpu::GPUFuncOp kernel) {
  int64_t bytes = 0;
  for (Value buffer : kernel.getWorkgroupAttributions()) {
    auto type = cast<MemRefType>(buffer.getType());
    Type element = type.getElementType();
    int64_t width = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
    bytes += type.getNumElements() * llvm::divideCeil(width, 8);
  }
  return bytes;
}

/// A name for a library's routine: there is no code.
static bool isRoutine(gpu::GPUFuncOp kernel) {
  auto notes = kernel->getAttrOfType<DictionaryAttr>(kKernelAttr);
  return notes && notes.contains(kRoutineAttr);
}

static DictionaryAttr describe(gpu::GPUFuncOp kernel, Builder &b) {
  auto notes = kernel->getAttrOfType<DictionaryAttr>(kKernelAttr);
  auto note = [&](StringRef name) -> Attribute {
    auto text = notes ? notes.getAs<StringAttr>(name) : StringAttr();
    return text ? text : b.getStringAttr("");
  };
  int64_t threads = 0;
  if (std::optional<ArrayRef<int32_t>> size = kernel.getKnownBlockSize())
    threads = int64_t((*size)[0]) * (*size)[1] * (*size)[2];
  NamedAttrList entry;
  entry.set("name", b.getStringAttr(kernel.getName()));
  entry.set("kind", note("kind"));
  entry.set("text", note("text"));
  entry.set("threads", b.getI64IntegerAttr(threads));
  entry.set("shared", b.getI64IntegerAttr(sharedBytes(kernel)));
  if (isRoutine(kernel))
    entry.set(kRoutineAttr, note(kRoutineAttr));
  return entry.getDictionary(b.getContext());
}

namespace {
struct PackDeviceCode
    : noodle::impl::NoodlePackDeviceCodePassBase<PackDeviceCode> {
  using NoodlePackDeviceCodePassBase::NoodlePackDeviceCodePassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto device = module.lookupSymbol<gpu::GPUModuleOp>(kDeviceModule);
    if (!device)
      return markAllAnalysesPreserved();
    Builder b(&getContext());
    SmallVector<Attribute> kernels;
    for (auto kernel : device.getOps<gpu::GPUFuncOp>()) {
      if (!kernel.isKernel())
        continue;
      if (!kernel.getKnownBlockSize()) {
        kernel.emitError("a kernel must state its known_block_size");
        return signalPassFailure();
      }
      kernels.push_back(describe(kernel, b));
    }
    for (auto kernel :
         llvm::make_early_inc_range(device.getOps<gpu::GPUFuncOp>()))
      if (isRoutine(kernel))
        kernel.erase();
    OwningOpRef<ModuleOp> apart = ModuleOp::create(module.getLoc());
    device->remove();
    apart->push_back(device);
    std::string text;
    llvm::raw_string_ostream stream(text);
    apart->print(stream);
    module->setAttr(kDeviceAttr, b.getStringAttr(text));
    module->setAttr(kKernelsAttr, b.getArrayAttr(kernels));
  }
};
} // namespace
