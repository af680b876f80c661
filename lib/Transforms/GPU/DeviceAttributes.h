//===- DeviceAttributes.h - how device code travels with a module -*- C++
//-*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_TRANSFORMS_GPU_DEVICEATTRIBUTES_H
#define NOODLE_LIB_TRANSFORMS_GPU_DEVICEATTRIBUTES_H

#include "llvm/ADT/StringRef.h"

namespace mlir::noodle {

/// On the program's module: the text of a module that holds the gpu.module.
inline constexpr llvm::StringLiteral kDeviceAttr = "noodle.device";
/// On the program's module: [{name, kind, text, threads, shared, routine}], in
/// the order that launches count in; `routine` only of a library's.
inline constexpr llvm::StringLiteral kKernelsAttr = "noodle.kernels";

} // namespace mlir::noodle

#endif // NOODLE_LIB_TRANSFORMS_GPU_DEVICEATTRIBUTES_H
