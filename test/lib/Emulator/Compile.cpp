//===- Compile.cpp - kernels become a shared object -----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Emulator.h"
#include "EmulatorAbi.h"
#include "Lower.h"

#include "noodle/Target/Passes.h"
#include "noodle/Target/Target.h"
#include "noodle/Transforms/Passes.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace noodle::emu {

void registerEmulator(DialectRegistry &registry) {
  registry.insert<affine::AffineDialect, arith::ArithDialect,
                  cf::ControlFlowDialect, func::FuncDialect, gpu::GPUDialect,
                  LLVM::LLVMDialect, math::MathDialect, memref::MemRefDialect,
                  scf::SCFDialect, vector::VectorDialect>();
  mlir::noodle::registerTranslations(registry);
}

/// From gpu.func to the LLVM dialect. Expanding math comes first, with the
/// device's own pass.
static LogicalResult lower(ModuleOp module, Listing &listing) {
  PassManager math(module.getContext());
  math.nest<gpu::GPUModuleOp>().addPass(
      mlir::noodle::createNoodleExpandKernelMathPass());
  if (failed(math.run(module)) || failed(convertKernels(module, listing)))
    return failure();
  PassManager passes(module.getContext());
  passes.addPass(createLowerAffinePass());
  passes.addPass(createSCFToControlFlowPass());
  passes.addPass(mlir::noodle::createNoodleConvertToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  if (failed(passes.run(module)) || failed(watchAccesses(module, listing)))
    return failure();
  std::string text = metadata(listing);
  text.push_back('\0');
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  LLVM::GlobalOp::create(b, module.getLoc(),
                         LLVM::LLVMArrayType::get(b.getI8Type(), text.size()),
                         /*isConstant=*/true, LLVM::Linkage::External,
                         kMetadataSymbol, b.getStringAttr(text));
  return success();
}

/// Runs the linker on one object.
static llvm::Expected<std::string> link(ArrayRef<char> object) {
  using namespace llvm;
  SmallString<128> from, to, said;
  int fd;
  scope_exit remove([&] {
    for (const auto &path : {from, to, said})
      if (!path.empty())
        sys::fs::remove(path);
  });
  if (auto error = sys::fs::createTemporaryFile("noodle-emu", "o", fd, from))
    return createStringError(error, "no temporary file for the emulator");
  {
    raw_fd_ostream stream(fd, /*shouldClose=*/true);
    stream.write(object.data(), object.size());
    if (stream.error())
      return createStringError(stream.error(), "cannot write the object");
  }
  if (auto error = sys::fs::createTemporaryFile("noodle-emu", "so", to))
    return createStringError(error, "no temporary file for the emulator");
  if (auto error = sys::fs::createTemporaryFile("noodle-emu", "txt", said))
    return createStringError(error, "no temporary file for the emulator");
  StringRef output = said;
  std::optional<StringRef> redirects[] = {StringRef(""), output, output};
  StringRef arguments[] = {"ld.lld", "-shared", "--build-id=none",
                           "-o",     to,        from};
  std::string why;
  if (sys::ExecuteAndWait(NOODLE_LLD, arguments, std::nullopt, redirects, 0, 0,
                          &why)) {
    if (auto text = MemoryBuffer::getFile(said))
      why += (*text)->getBuffer();
    return createStringError("the emulator's linker failed: " + why);
  }
  auto bytes = MemoryBuffer::getFile(to, /*IsText=*/false,
                                     /*RequiresNullTerminator=*/false);
  if (!bytes)
    return createStringError(bytes.getError(), "cannot read what was linked");
  return (*bytes)->getBuffer().str();
}

llvm::Expected<std::string> compile(ModuleOp module) {
  std::string message;
  ScopedDiagnosticHandler handler(
      module.getContext(), [&](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() == DiagnosticSeverity::Error &&
            message.empty())
          message = diagnostic.str();
        return success();
      });
  // The caller's context may know no more than the kernels' dialects.
  DialectRegistry registry;
  registerEmulator(registry);
  module.getContext()->appendDialectRegistry(registry);
  for (StringRef name : registry.getDialectNames())
    module.getContext()->getOrLoadDialect(name);
  Listing listing;
  if (failed(lower(module, listing)))
    return llvm::createStringError("the emulator cannot lower the kernels: " +
                                   message);
  llvm::LLVMContext context;
  auto translated = mlir::noodle::translateToLLVMIR(module, context);
  if (!translated)
    return translated.takeError();
  auto target = mlir::noodle::CpuTarget::host();
  // The clean-up alone: kernels are compiled often and run on small data.
  if (llvm::Error error = mlir::noodle::optimise(**translated, target, 1))
    return error;
  auto object = mlir::noodle::emitObject(**translated, target, 1);
  if (!object)
    return object.takeError();
  return link(*object);
}

void appendBlob(std::string &image, llvm::StringRef object) {
  uint64_t size = object.size();
  if (image.empty() || image.back() != '\0')
    image.push_back('\0');
  image.append(kMagic, 8);
  image.append(reinterpret_cast<const char *>(&size), 8);
  image.append(object.data(), object.size());
}

} // namespace noodle::emu
