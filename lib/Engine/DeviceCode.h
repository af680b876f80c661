//===- DeviceCode.h - the device's part of a compilation --------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ENGINE_DEVICECODE_H
#define NOODLE_LIB_ENGINE_DEVICECODE_H

#include "Job.h"

#include "noodle-rt/device.h"
#include "noodle/Engine/Compiler.h"

namespace noodle::engine {

/// InvalidArgument, with the choices, for a name that is neither "native" nor a
/// chip that device code is made for.
Status checkChip(const std::string &chip);

/// The chip of the options, "native" being kDefaultChip.
std::string chipOf(const CompileOptions &options);

/// The newest chip whose code `device` runs; empty where it runs none.
std::string chipFor(const rt::DeviceInfo &device);

/// An index beyond the devices that there are is a mistake: InvalidArgument. A
/// machine without any is not.
Status checkDeviceIndex(int index);

/// What a module at phase llvm carries for the device.
struct DevicePart {
  std::string text;    ///< a module with one gpu.module; empty: no kernels
  std::string whyNone; ///< a line for each op, where there are no kernels
  std::vector<rt::KernelInfo> kernels;
};

/// Takes the attributes noodle.device and noodle.kernels off the module.
DevicePart takeDevicePart(mlir::ModuleOp module);

/// Device code of `part` for the chip of the options.
Status compileDevice(const DevicePart &part, const CompileOptions &options,
                     rt::DeviceCode &code);

/// The same up to `stage` (gpu, nvvm, ptx), as text. Without kernels it is an
/// empty one that says why.
Status emitDevice(const DevicePart &part, const CompileOptions &options,
                  llvm::StringRef stage, std::string &text);

} // namespace noodle::engine

#endif // NOODLE_LIB_ENGINE_DEVICECODE_H
