//===- Target.h - from the LLVM dialect to machine code -------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Thread-safe: every call works on its own module and target machine, and no
// command-line option of LLVM is read or set. Failures are llvm::Errors; LLVM's
// diagnostics never reach a terminal or end the process.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TARGET_TARGET_H
#define NOODLE_TARGET_TARGET_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <string>

namespace mlir {
class DialectRegistry;
class ModuleOp;
} // namespace mlir

namespace mlir::noodle {

/// The CPU that code is generated for, in LLVM's words.
struct CpuTarget {
  std::string cpu;
  std::string features;
  /// Bytes of a vector register that code should use.
  int64_t vectorBytes = 16;
  /// LLVM's names, in a list, of the features beyond a level that generated
  /// code asks for by itself; of the CPU at hand its caches too, which say how
  /// products are cut.
  std::string kernelFeatures;

  /// The CPU this process runs on.
  static CpuTarget host();
  /// "native", or a level that runs on every CPU with its instructions:
  /// "x86-64", "avx2" (x86-64-v3) or "avx512" (x86-64-v4).
  static llvm::Expected<CpuTarget> get(llvm::StringRef name);
  /// Whether the CPU this process runs on executes code for this one.
  bool runsOnHost() const;
};

/// Lets `translateToLLVMIR` know how dialects become LLVM IR. Call on the
/// registry of every context whose modules are translated.
void registerTranslations(mlir::DialectRegistry &registry);

/// The module as LLVM IR in `context`. The module holds nothing but the LLVM
/// dialect.
llvm::Expected<std::unique_ptr<llvm::Module>>
translateToLLVMIR(mlir::ModuleOp module, llvm::LLVMContext &context);

/// Makes machine code of one module after the other for one CPU at one level;
/// keeps the target machine, the analyses and the passes between them.
/// Thread-compatible.
class CodeGenerator {
public:
  static llvm::Expected<std::unique_ptr<CodeGenerator>>
  create(const CpuTarget &target, int optLevel);
  ~CodeGenerator();

  /// As the functions of these names below.
  llvm::Error optimise(llvm::Module &module);
  llvm::Expected<llvm::SmallVector<char, 0>> emitObject(llvm::Module &module);
  llvm::Expected<std::string> emitAssembly(llvm::Module &module);

private:
  CodeGenerator();
  struct Impl;
  std::unique_ptr<Impl> self;
};

/// Runs LLVM's optimisations for `target`. Level 0 does nothing, 1 cleans up
/// and hoists, 2 also vectorises the loops of functions that have any over
/// scalars, 3 does so in all and unrolls them. No level changes a result's
/// bits.
llvm::Error optimise(llvm::Module &module, const CpuTarget &target,
                     int optLevel);

/// Relocatable machine code; position-independent, with no code that is
/// compiled lazily.
llvm::Expected<llvm::SmallVector<char, 0>>
emitObject(llvm::Module &module, const CpuTarget &target, int optLevel);

/// The same as assembly text.
llvm::Expected<std::string> emitAssembly(llvm::Module &module,
                                         const CpuTarget &target, int optLevel);

} // namespace mlir::noodle

#endif // NOODLE_TARGET_TARGET_H
