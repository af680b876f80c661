//===- DeviceImage.h - what a host may add to device code -------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_ENGINE_DEVICEIMAGE_H
#define NOODLE_ENGINE_DEVICEIMAGE_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <functional>
#include <string>

namespace noodle::engine {

/// Appends to the image that a driver gets: PTX and its NUL are in it already,
/// and drivers read no further. No machine code is made then. Only embedders in
/// C++ can set one (CompileOptions::extender); tests add code that runs the
/// same kernels on the CPU.
struct DeviceImageExtender {
  /// Part of the identification of every artifact made with it.
  std::string name;
  /// `deviceModule` holds the gpu.module as the passes left it, before it is
  /// lowered for `chip`; it is the callee's own to change. May be called from
  /// several threads at once.
  std::function<llvm::Error(mlir::ModuleOp deviceModule, llvm::StringRef chip,
                            std::string &image)>
      extend;
};

} // namespace noodle::engine

#endif // NOODLE_ENGINE_DEVICEIMAGE_H
