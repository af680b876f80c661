//===- Nvptx.h - kernels become PTX ---------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// From a module that holds gpu.module @noodle_device (kernels in the op set of
// lib/Transforms/GPU/Kernels.h) to PTX text. No toolkit is needed; ptxas, where
// there is one, makes machine code of the text and tells what it takes.
// Everything here is thread-safe and reports failures as llvm::Error.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TARGET_NVPTX_H
#define NOODLE_TARGET_NVPTX_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace mlir {
class DialectRegistry;
class ModuleOp;
class OpPassManager;
} // namespace mlir

namespace mlir::noodle {

/// The chip that device code is generated for.
struct GpuTarget {
  std::string chip; ///< "sm_80"
  /// PTX ISA version times ten: the lowest that knows the chip, so that the
  /// oldest driver that knows it accepts the text.
  int ptxVersion = 70;

  /// Both in the words of LLVM's backend.
  std::string features() const { return "+ptx" + std::to_string(ptxVersion); }
  /// Fails for a name that is no chip, listing those there are.
  static llvm::Expected<GpuTarget> get(llvm::StringRef chip);
  /// The newest known chip whose code runs on a device of this compute
  /// capability; empty where it is older than all of them.
  static std::string forDevice(int major, int minor);
  /// All names, oldest first.
  static std::vector<std::string> chips();
};

/// The newest PTX ISA version (times ten) that a driver of this CUDA version
/// (12040 is 12.4) accepts.
int newestPtxVersion(int driverVersion);

/// What the passes below, and the translation, need registered.
void registerDeviceTranslations(mlir::DialectRegistry &registry);

/// Lowers gpu.module @noodle_device of a module to the NVVM dialect. What comes
/// out calls nothing; an op that it would have to call for is an error.
void buildDevicePipeline(mlir::OpPassManager &pm, const GpuTarget &target);
/// Registers it as `noodle-device-pipeline{chip=sm_80}`.
void registerDevicePipeline();

/// PTX of a module that the pipeline has lowered. Level 0 to 3. Products and
/// sums are fused where the program says so alone, denormal numbers are kept,
/// division and square root are rounded to nearest: as on the CPU.
llvm::Expected<std::string> translateDeviceToPTX(mlir::ModuleOp module,
                                                 const GpuTarget &target,
                                                 int optLevel = 3);

/// PTX without a kernel.
std::string emptyPtx(const GpuTarget &target);

/// What ptxas says of a kernel. Bytes, but for registers.
struct KernelResources {
  std::string name;
  int registers = 0;
  int shared = 0;
  int stack = 0;
  int spillStores = 0;
  int spillLoads = 0;
};

struct Assembled {
  std::string cubin;
  std::vector<KernelResources> kernels;
};

/// Path of the ptxas that CMake found with the CUDA Toolkit; empty without.
llvm::StringRef configuredPtxas();
/// The chips that machine code is made for where there is one.
std::vector<std::string> configuredChips();

/// Runs ptxas on `ptx`.
llvm::Expected<Assembled> assemble(llvm::StringRef ptx, llvm::StringRef chip,
                                   llvm::StringRef ptxas);

/// An image for drivers: machine code for those of `chips` that run `target`'s
/// code, and the PTX itself for every other device. Takes the toolkit's
/// fatbinary, beside `ptxas`.
llvm::Expected<std::string> makeFatbin(llvm::StringRef ptx,
                                       const GpuTarget &target,
                                       llvm::ArrayRef<std::string> chips,
                                       llvm::StringRef ptxas);

} // namespace mlir::noodle

#endif // NOODLE_TARGET_NVPTX_H
