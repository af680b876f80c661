//===- Codegen.cpp - LLVM IR becomes machine code -------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Diagnostics.h"

#include "noodle/Target/Target.h"

#include "llvm/Analysis/TargetTransformInfo.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"
#include <mutex>

using namespace mlir::noodle;

static constexpr const char *kTriple = "x86_64-unknown-linux-gnu";

/// Only x86 is linked and initialised.
static void initialiseTarget() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser();
  });
}

static llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createMachine(const CpuTarget &target, int optLevel) {
  initialiseTarget();
  std::string message;
  llvm::Triple triple(kTriple);
  const llvm::Target *found =
      llvm::TargetRegistry::lookupTarget(triple, message);
  if (!found)
    return llvm::createStringError("cannot generate code: " + message);
  auto level = llvm::CodeGenOpt::getLevel(optLevel);
  std::unique_ptr<llvm::TargetMachine> machine(found->createTargetMachine(
      triple, target.cpu, target.features, llvm::TargetOptions(),
      llvm::Reloc::PIC_, llvm::CodeModel::Small,
      level.value_or(llvm::CodeGenOptLevel::Default), /*JIT=*/true));
  if (!machine)
    return llvm::createStringError("cannot generate code for CPU '" +
                                   target.cpu + "'");
  return machine;
}

static void prepare(llvm::Module &module, const llvm::TargetMachine &machine,
                    const CpuTarget &target) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", target.cpu);
    if (!target.features.empty())
      function.addFnAttr("target-features", target.features);
    // LLVM would rather use half of the registers on many CPUs.
    function.addFnAttr("prefer-vector-width",
                       std::to_string(8 * target.vectorBytes));
    function.addFnAttr(llvm::Attribute::NoUnwind);
  }
}

/// What each level runs. The clean-up alone gives explicit vector code the
/// speed of O3 at a tenth of its time; loops that arrive scalar want the rest.
static const char *pipelineText(int optLevel) {
  switch (optLevel) {
  case 1:
    return "function(instcombine<no-verify-fixpoint>,simplifycfg,"
           "early-cse<memssa>)";
  case 2:
    return "function(sroa,early-cse<memssa>,simplifycfg,"
           "instcombine<no-verify-fixpoint>,loop-mssa(loop-rotate,licm),"
           "loop(indvars),loop-vectorize,loop-mssa(licm),"
           "instcombine<no-verify-fixpoint>,simplifycfg,early-cse<memssa>)";
  default:
    return "function(sroa,early-cse<memssa>,simplifycfg,"
           "instcombine<no-verify-fixpoint>,loop-mssa(loop-rotate,licm),"
           "loop(indvars),loop-vectorize,slp-vectorizer,loop-mssa(licm),"
           "loop-unroll<O3>,instcombine<no-verify-fixpoint>,simplifycfg,"
           "early-cse<memssa>)";
  }
}

llvm::Error mlir::noodle::optimise(llvm::Module &module,
                                   const CpuTarget &target, int optLevel) {
  auto machine = createMachine(target, optLevel);
  if (!machine)
    return machine.takeError();
  Diagnostics diagnostics(module.getContext());
  prepare(module, **machine, target);
  if (optLevel <= 0)
    return llvm::Error::success();
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graph;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(machine->get());
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graph, modules);
  llvm::ModulePassManager passes;
  if (llvm::Error error =
          builder.parsePassPipeline(passes, pipelineText(optLevel)))
    return error;
  passes.run(module, modules);
  return diagnostics.take("optimisation failed");
}

static llvm::Error emit(llvm::Module &module, const CpuTarget &target,
                        int optLevel, llvm::CodeGenFileType kind,
                        llvm::SmallVectorImpl<char> &bytes) {
  auto machine = createMachine(target, optLevel);
  if (!machine)
    return machine.takeError();
  Diagnostics diagnostics(module.getContext());
  prepare(module, **machine, target);
  std::string broken;
  llvm::raw_string_ostream report(broken);
  if (llvm::verifyModule(module, &report))
    return llvm::createStringError("malformed LLVM IR: " + broken);
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  if ((*machine)->addPassesToEmitFile(passes, stream, nullptr, kind))
    return llvm::createStringError("the target cannot emit this kind of file");
  passes.run(module);
  return diagnostics.take("code generation failed");
}

llvm::Expected<llvm::SmallVector<char, 0>>
mlir::noodle::emitObject(llvm::Module &module, const CpuTarget &target,
                         int optLevel) {
  llvm::SmallVector<char, 0> bytes;
  if (llvm::Error error = emit(module, target, optLevel,
                               llvm::CodeGenFileType::ObjectFile, bytes))
    return error;
  return bytes;
}

llvm::Expected<std::string> mlir::noodle::emitAssembly(llvm::Module &module,
                                                       const CpuTarget &target,
                                                       int optLevel) {
  llvm::SmallVector<char, 0> bytes;
  if (llvm::Error error = emit(module, target, optLevel,
                               llvm::CodeGenFileType::AssemblyFile, bytes))
    return error;
  return std::string(bytes.begin(), bytes.end());
}
