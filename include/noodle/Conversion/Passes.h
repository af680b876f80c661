//===- Passes.h - from noodle to structured ops
//------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_CONVERSION_PASSES_H
#define NOODLE_CONVERSION_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mlir {
class ModuleOp;
namespace noodle {

#define GEN_PASS_DECL
#include "noodle/Conversion/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "noodle/Conversion/Passes.h.inc"

} // namespace noodle
} // namespace mlir

#endif // NOODLE_CONVERSION_PASSES_H
