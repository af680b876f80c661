//===- Harness.cpp - compile structured IR and call it --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Harness.h"

#include "noodle-rt/ir.h"
#include "noodle/Pipelines/Pipelines.h"
#include "noodle/Target/Target.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/Support/TargetSelect.h"
#include <chrono>
#include <dlfcn.h>

using namespace noodle::test;

static double millis() {
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::unique_ptr<Program> Program::compile(const std::string &text,
                                          std::string &error, int optLevel,
                                          int64_t strassenFrom) {
  auto program = std::make_unique<Program>();
  auto fail = [&](llvm::Error problem) {
    error += llvm::toString(std::move(problem));
    return nullptr;
  };
  mlir::DialectRegistry registry;
  mlir::noodle::registerPipelineDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  mlir::ScopedDiagnosticHandler handler(
      &context, [&](mlir::Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error)
          error += diagnostic.str() + "\n";
      });
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module)
    return nullptr;
  auto target = mlir::noodle::CpuTarget::host();
  double start = millis();
  mlir::PassManager passes(&context);
  passes.enableVerifier(false);
  mlir::noodle::PipelineOptions options;
  options.vectorBytes = target.vectorBytes;
  options.strassenFrom = strassenFrom;
  options.features = target.kernelFeatures;
  mlir::noodle::buildPipelineFromStructured(mlir::noodle::Phase::LLVM, passes,
                                            options);
  if (mlir::failed(passes.run(*module)))
    return nullptr;
  double passed = millis();
  auto llvmContext = std::make_unique<llvm::LLVMContext>();
  auto code = mlir::noodle::translateToLLVMIR(*module, *llvmContext);
  if (!code)
    return fail(code.takeError());
  double translated = millis();
  if (llvm::Error problem = mlir::noodle::optimise(**code, target, optLevel))
    return fail(std::move(problem));
  double optimised = millis();
  auto object = mlir::noodle::emitObject(**code, target, optLevel);
  if (!object)
    return fail(object.takeError());
  program->passMillis = passed - start;
  program->translateMillis = translated - passed;
  program->optimiseMillis = optimised - translated;
  program->codegenMillis = millis() - optimised;
  llvm::InitializeNativeTarget();
  auto jit = llvm::orc::LLJITBuilder().create();
  if (!jit)
    return fail(jit.takeError());
  program->jit = std::move(*jit);
  llvm::orc::SymbolMap symbols;
  auto bind = [&](const char *name, auto *address) {
    symbols[program->jit->mangleAndIntern(name)] = {
        llvm::orc::ExecutorAddr::fromPtr(address),
        llvm::JITSymbolFlags::Exported};
  };
#define NOODLE_IR_SYMBOL(name) bind(#name, &name);
  // By name, because math functions are overloaded in C++.
#define NOODLE_C_SYMBOL(name)                                                  \
  if (void *address = dlsym(RTLD_DEFAULT, #name))                              \
    bind(#name, static_cast<char *>(address));
#include "noodle-rt/ir_symbols.def"
  if (llvm::Error problem = program->jit->getMainJITDylib().define(
          llvm::orc::absoluteSymbols(std::move(symbols))))
    return fail(std::move(problem));
  if (llvm::Error problem =
          program->jit->addObjectFile(llvm::MemoryBuffer::getMemBufferCopy(
              llvm::StringRef(object->data(), object->size()), "kernel")))
    return fail(std::move(problem));
  return program;
}

noodle_rt_entry Program::entry(const std::string &name) {
  auto address = jit->lookup("noodle_entry_" + name);
  if (!address) {
    llvm::consumeError(address.takeError());
    return nullptr;
  }
  return address->toPtr<noodle_rt_entry>();
}
