//===- Passes.h - how each op is executed
//------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_STRATEGY_PASSES_H
#define NOODLE_STRATEGY_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mlir {
class ModuleOp;
namespace noodle {

#define GEN_PASS_DECL
#include "noodle/Strategy/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "noodle/Strategy/Passes.h.inc"

} // namespace noodle
} // namespace mlir

#endif // NOODLE_STRATEGY_PASSES_H
