//===- Codegen.cpp - LLVM IR becomes machine code -------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Diagnostics.h"

#include "noodle/Target/Target.h"

#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ProfileSummaryInfo.h"
#include "llvm/Analysis/TargetTransformInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/Transforms/Utils/Cloning.h"
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

/// Puts functions with one caller, and no other use, into it: a program's entry
/// point unpacks descriptors and calls its one function. Every function passes
/// some hundred passes of code generation.
static void inlineOnlyCallees(llvm::Module &module) {
  for (llvm::Function &function : llvm::make_early_inc_range(module)) {
    if (function.isDeclaration() || !function.hasLocalLinkage() ||
        !function.hasOneUse())
      continue;
    auto *call = llvm::dyn_cast<llvm::CallInst>(function.user_back());
    if (!call || call->getCalledFunction() != &function ||
        call->getFunction() == &function)
      continue;
    llvm::InlineFunctionInfo info;
    if (llvm::InlineFunction(*call, info).isSuccess() && function.use_empty())
      function.eraseFromParent();
  }
}

/// What each level runs on a function. Cleaning up and hoisting give explicit
/// vector code the speed of O3; loops that arrive scalar want the rest. Without
/// hoisting, products of 1024 and unknown size took 45 ms instead of 25 on
/// Zen 4: addresses were computed anew in the loops around the tiles.
static const char *pipelineText(int optLevel) {
  switch (optLevel) {
  case 1:
    return "sroa,early-cse<memssa>,simplifycfg,"
           "instcombine<no-verify-fixpoint>,loop-mssa(loop-rotate,licm),"
           "instcombine<no-verify-fixpoint>,simplifycfg,early-cse<memssa>";
  case 2:
    return "sroa,early-cse<memssa>,simplifycfg,"
           "instcombine<no-verify-fixpoint>,loop-mssa(loop-rotate,licm),"
           "loop(indvars),loop-vectorize,loop-mssa(licm),"
           "instcombine<no-verify-fixpoint>,simplifycfg,early-cse<memssa>";
  default:
    return "sroa,early-cse<memssa>,simplifycfg,"
           "instcombine<no-verify-fixpoint>,loop-mssa(loop-rotate,licm),"
           "loop(indvars),loop-vectorize,slp-vectorizer,loop-mssa(licm),"
           "loop-unroll<O3>,instcombine<no-verify-fixpoint>,simplifycfg,"
           "early-cse<memssa>";
  }
}

/// Makes stores of one lane of a vector stores of a scalar. LLVM 22.1.8 for
/// x86-64 with AVX-512 merges a truncation into a masked store and then, where
/// the mask has one lane, stores all of the wide element:
/// masked.store(trunc <16 x i32> to <16 x i16>, <1, 0, 0, ..>) writes 4 bytes.
static void storeSingleLanes(llvm::Module &module) {
  for (llvm::Function &function : module) {
    if (function.getIntrinsicID() != llvm::Intrinsic::masked_store)
      continue;
    for (llvm::User *user : llvm::make_early_inc_range(function.users())) {
      auto *call = llvm::cast<llvm::CallInst>(user);
      auto *mask = llvm::dyn_cast<llvm::Constant>(call->getArgOperand(2));
      auto *type = llvm::dyn_cast<llvm::FixedVectorType>(
          call->getArgOperand(0)->getType());
      if (!mask || !type)
        continue;
      std::optional<unsigned> lane;
      unsigned lanes = 0;
      for (unsigned k = 0; k < type->getNumElements(); ++k) {
        llvm::Constant *bit = mask->getAggregateElement(k);
        // Unknown lanes are as good as taken.
        if (!bit || !bit->isNullValue())
          lane = k, ++lanes;
      }
      if (lanes != 1 || !mask->getAggregateElement(*lane))
        continue;
      llvm::IRBuilder<> builder(call);
      llvm::Value *element =
          builder.CreateExtractElement(call->getArgOperand(0), *lane);
      llvm::Value *place = call->getArgOperand(1);
      builder.CreateAlignedStore(
          element,
          *lane
              ? builder.CreateConstGEP1_64(type->getElementType(), place, *lane)
              : place,
          *lane ? llvm::Align(1) : call->getParamAlign(1).valueOrOne());
      call->eraseFromParent();
    }
  }
}

/// Whether an innermost loop reads or writes scalars and computes no vectors:
/// there the vectoriser has something to do.
static bool hasScalarLoop(llvm::Function &function) {
  llvm::DominatorTree dominators(function);
  llvm::LoopInfo loops(dominators);
  for (llvm::Loop *loop : loops.getLoopsInPreorder()) {
    if (!loop->isInnermost())
      continue;
    bool scalars = false, vectors = false;
    for (llvm::BasicBlock *block : loop->blocks())
      for (llvm::Instruction &op : *block) {
        vectors |= op.getType()->isVectorTy();
        scalars |= llvm::isa<llvm::LoadInst, llvm::StoreInst>(op);
      }
    if (scalars && !vectors)
      return true;
  }
  return false;
}

struct CodeGenerator::Impl {
  CpuTarget target;
  int optLevel = 0;
  std::unique_ptr<llvm::TargetMachine> machine;
  // In this order: each is used by those before it when they are destroyed.
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graph;
  llvm::ModuleAnalysisManager modules;
  std::unique_ptr<llvm::PassBuilder> builder;
  /// For functions with and without scalar loops; made when first used.
  std::unique_ptr<llvm::FunctionPassManager> full, lean;

  /// Passes that write an object to `bytes`. They serve one module after the
  /// other, as llc's --compile-twice tests: to make them takes as long as many
  /// of them run.
  struct Emitter {
    llvm::SmallVector<char, 0> bytes;
    llvm::raw_svector_ostream stream{bytes};
    llvm::legacy::PassManager passes;
  };
  std::unique_ptr<Emitter> objects;

  llvm::Error passes(int level,
                     std::unique_ptr<llvm::FunctionPassManager> &made) {
    if (made)
      return llvm::Error::success();
    if (!builder) {
      builder = std::make_unique<llvm::PassBuilder>(machine.get());
      builder->registerModuleAnalyses(modules);
      builder->registerCGSCCAnalyses(graph);
      builder->registerFunctionAnalyses(functions);
      builder->registerLoopAnalyses(loops);
      builder->crossRegisterProxies(loops, functions, graph, modules);
    }
    auto parsed = std::make_unique<llvm::FunctionPassManager>();
    if (llvm::Error error =
            builder->parsePassPipeline(*parsed, pipelineText(level)))
      return error;
    made = std::move(parsed);
    return llvm::Error::success();
  }

  llvm::Expected<std::unique_ptr<Emitter>>
  emitter(llvm::CodeGenFileType kind) const {
    auto made = std::make_unique<Emitter>();
    if (machine->addPassesToEmitFile(made->passes, made->stream, nullptr, kind))
      return llvm::createStringError(
          "the target cannot emit this kind of file");
    return made;
  }

  llvm::Error emit(llvm::Module &module, llvm::CodeGenFileType kind,
                   llvm::SmallVectorImpl<char> &bytes) {
    Diagnostics diagnostics(module.getContext());
    prepare(module, *machine, target);
    storeSingleLanes(module);
    std::string broken;
    llvm::raw_string_ostream report(broken);
    if (llvm::verifyModule(module, &report))
      return llvm::createStringError("malformed LLVM IR: " + broken);
    std::unique_ptr<Emitter> used;
    if (kind == llvm::CodeGenFileType::ObjectFile)
      used = std::move(objects);
    if (!used) {
      auto made = emitter(kind);
      if (!made)
        return made.takeError();
      used = std::move(*made);
    }
    used->bytes.clear();
    used->passes.run(module);
    if (llvm::Error error = diagnostics.take("code generation failed"))
      return error; // nor are the passes used again
    bytes.assign(used->bytes.begin(), used->bytes.end());
    if (kind == llvm::CodeGenFileType::ObjectFile)
      objects = std::move(used);
    return llvm::Error::success();
  }
};

CodeGenerator::CodeGenerator() : self(std::make_unique<Impl>()) {}
CodeGenerator::~CodeGenerator() = default;

llvm::Expected<std::unique_ptr<CodeGenerator>>
CodeGenerator::create(const CpuTarget &target, int optLevel) {
  auto machine = createMachine(target, optLevel);
  if (!machine)
    return machine.takeError();
  std::unique_ptr<CodeGenerator> made(new CodeGenerator);
  made->self->target = target;
  made->self->optLevel = optLevel;
  made->self->machine = std::move(*machine);
  return made;
}

llvm::Error CodeGenerator::optimise(llvm::Module &module) {
  Impl &impl = *self;
  Diagnostics diagnostics(module.getContext());
  inlineOnlyCallees(module);
  prepare(module, *impl.machine, impl.target);
  if (impl.optLevel <= 0)
    return llvm::Error::success();
  llvm::Error error = llvm::Error::success();
  for (llvm::Function &function : module) {
    if (function.isDeclaration() || error)
      continue;
    bool whole =
        impl.optLevel >= 3 || (impl.optLevel == 2 && hasScalarLoop(function));
    auto &passes = whole ? impl.full : impl.lean;
    error = impl.passes(whole ? impl.optLevel : 1, passes);
    if (error)
      break;
    // Some function passes ask for module analyses that must be there.
    impl.modules.getResult<llvm::ProfileSummaryAnalysis>(module);
    passes->run(function, impl.functions);
  }
  impl.loops.clear();
  impl.functions.clear();
  impl.graph.clear();
  impl.modules.clear();
  if (error)
    return error;
  return diagnostics.take("optimisation failed");
}

llvm::Expected<llvm::SmallVector<char, 0>>
CodeGenerator::emitObject(llvm::Module &module) {
  llvm::SmallVector<char, 0> bytes;
  if (llvm::Error error =
          self->emit(module, llvm::CodeGenFileType::ObjectFile, bytes))
    return error;
  return bytes;
}

llvm::Expected<std::string> CodeGenerator::emitAssembly(llvm::Module &module) {
  llvm::SmallVector<char, 0> bytes;
  if (llvm::Error error =
          self->emit(module, llvm::CodeGenFileType::AssemblyFile, bytes))
    return error;
  return std::string(bytes.begin(), bytes.end());
}

llvm::Error mlir::noodle::optimise(llvm::Module &module,
                                   const CpuTarget &target, int optLevel) {
  auto generator = CodeGenerator::create(target, optLevel);
  return generator ? (*generator)->optimise(module) : generator.takeError();
}

llvm::Expected<llvm::SmallVector<char, 0>>
mlir::noodle::emitObject(llvm::Module &module, const CpuTarget &target,
                         int optLevel) {
  auto generator = CodeGenerator::create(target, optLevel);
  if (!generator)
    return generator.takeError();
  return (*generator)->emitObject(module);
}

llvm::Expected<std::string> mlir::noodle::emitAssembly(llvm::Module &module,
                                                       const CpuTarget &target,
                                                       int optLevel) {
  auto generator = CodeGenerator::create(target, optLevel);
  if (!generator)
    return generator.takeError();
  return (*generator)->emitAssembly(module);
}
