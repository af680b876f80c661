//===- Translate.cpp - NVVM to PTX ----------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "../Diagnostics.h"

#include "noodle/Target/Nvptx.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"
#include <mutex>

using namespace mlir;
using namespace mlir::noodle;

void mlir::noodle::registerDeviceTranslations(DialectRegistry &registry) {
  registerGPUDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
}

/// Bytes of the widest access of a thread.
static constexpr llvm::Align kSharedAlign = llvm::Align::Constant<16>();

static void initialiseTarget() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
}

static llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createMachine(const GpuTarget &target, int optLevel) {
  initialiseTarget();
  std::string message;
  llvm::Triple triple("nvptx64-nvidia-cuda");
  const llvm::Target *found =
      llvm::TargetRegistry::lookupTarget(triple, message);
  if (!found)
    return llvm::createStringError("cannot generate PTX: " + message);
  llvm::TargetOptions options;
  // Products and sums are fused where the program says so, and only there: a
  // kernel gives the same bits as the CPU's code where it adds in its order.
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  std::unique_ptr<llvm::TargetMachine> machine(
      found->createTargetMachine(triple, target.chip, target.features(),
                                 options, std::nullopt, std::nullopt,
                                 llvm::CodeGenOpt::getLevel(optLevel).value_or(
                                     llvm::CodeGenOptLevel::Default)));
  if (!machine)
    return llvm::createStringError("cannot generate PTX for " + target.chip);
  return machine;
}

/// What the passes of LLVM may rely on.
static void describe(llvm::Module &module) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr(llvm::Attribute::NoUnwind);
    // Denormals are kept, as on the CPU.
    function.addFnAttr("denormal-fp-math-f32", "ieee,ieee");
    // Buffers of a launch overlap only where both are read: the written one is
    // a block of its own. Loads of the others then use the read-only cache.
    for (llvm::Argument &argument : function.args())
      if (argument.getType()->isPointerTy())
        argument.addAttr(llvm::Attribute::NoAlias);
  }
  // LLVM combines loads by the alignment that it prefers for an array, and then
  // declares the array with that of its elements.
  for (llvm::GlobalVariable &global : module.globals())
    if (global.getAlign().valueOrOne() < kSharedAlign)
      global.setAlignment(kSharedAlign);
}

static void optimise(llvm::Module &module, llvm::TargetMachine &machine,
                     int optLevel) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  llvm::OptimizationLevel levels[] = {
      llvm::OptimizationLevel::O0, llvm::OptimizationLevel::O1,
      llvm::OptimizationLevel::O2, llvm::OptimizationLevel::O3};
  optLevel = std::clamp(optLevel, 0, 3);
  llvm::ModulePassManager passes =
      optLevel ? builder.buildPerModuleDefaultPipeline(levels[optLevel])
               : builder.buildO0DefaultPipeline(levels[0]);
  passes.run(module, modules);
}

llvm::Expected<std::string>
mlir::noodle::translateDeviceToPTX(ModuleOp module, const GpuTarget &target,
                                   int optLevel) {
  auto kernels = module.getOps<gpu::GPUModuleOp>();
  if (kernels.empty())
    return llvm::createStringError("there is no gpu.module to translate");
  std::string message;
  llvm::LLVMContext context;
  Diagnostics diagnostics(context);
  std::unique_ptr<llvm::Module> translated;
  {
    ScopedDiagnosticHandler handler(
        module.getContext(), [&](Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() == DiagnosticSeverity::Error &&
              message.empty())
            message = diagnostic.str();
          return success();
        });
    translated =
        translateModuleToLLVMIR(*kernels.begin(), context, "noodle_device");
  }
  if (!translated)
    return llvm::createStringError("cannot translate the kernels: " + message);
  auto machine = createMachine(target, optLevel);
  if (!machine)
    return machine.takeError();
  translated->setTargetTriple((*machine)->getTargetTriple());
  translated->setDataLayout((*machine)->createDataLayout());
  describe(*translated);
  std::string broken;
  llvm::raw_string_ostream brokenStream(broken);
  if (llvm::verifyModule(*translated, &brokenStream))
    return llvm::createStringError("the kernels' LLVM IR is malformed: " +
                                   broken);
  optimise(*translated, **machine, optLevel);
  llvm::SmallString<0> ptx;
  llvm::raw_svector_ostream stream(ptx);
  llvm::legacy::PassManager emit;
  if ((*machine)->addPassesToEmitFile(emit, stream, nullptr,
                                      llvm::CodeGenFileType::AssemblyFile))
    return llvm::createStringError("LLVM cannot write PTX");
  emit.run(*translated);
  if (auto failed = diagnostics.take("cannot generate PTX"))
    return failed;
  return ptx.str().str();
}
