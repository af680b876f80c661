//===- Emulator.h - kernels for the CPU, with their accesses watched ------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The same gpu.module that becomes PTX becomes a shared object whose kernels
// run a thread at a time under Run.h's scheduler. Only for tests. Thread-safe.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_EMULATOR_H
#define NOODLE_TEST_EMULATOR_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <string>

namespace noodle::emu {

/// A fault put into every kernel on purpose.
struct Plant {
  enum Kind { None, Barrier, Index, Swizzle } kind = None;
  /// Which of the candidates of a kernel, counted from 0 in program order.
  int number = 0;
  /// Only kernels whose name begins with this.
  std::string kernel;
};

/// "barrier:2" or "index:0@contract"; an error says what is wrong.
llvm::Expected<Plant> parsePlant(llvm::StringRef text);

/// Plants into the kernels of `module`; returns how many were changed.
/// Barrier erases the chosen gpu.barrier; Index adds one to the last index of
/// the chosen load or store; Swizzle changes the constant of the chosen
/// xor, shift, remainder, product or shuffle that an index is made with.
/// Where none has so many candidates, `places` is the most that one has.
int plantFault(mlir::ModuleOp module, const Plant &plant,
               int *places = nullptr);

/// Adds the dialects and interfaces that compiling needs.
void registerEmulator(mlir::DialectRegistry &registry);

/// Compiles the kernels of the gpu.modules in `module` (which is changed) into
/// the bytes of a shared object.
llvm::Expected<std::string> compile(mlir::ModuleOp module);

/// Appends the blob that the fake driver looks for to a driver's image.
void appendBlob(std::string &image, llvm::StringRef object);

} // namespace noodle::emu

#endif // NOODLE_TEST_EMULATOR_H
