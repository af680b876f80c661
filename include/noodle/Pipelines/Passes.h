//===- Passes.h - verifiers between the phases ----------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_PIPELINES_PASSES_H
#define NOODLE_PIPELINES_PASSES_H

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace mlir {
class ModuleOp;
namespace noodle {

#define GEN_PASS_DECL
#include "noodle/Pipelines/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "noodle/Pipelines/Passes.h.inc"

} // namespace noodle
} // namespace mlir

#endif // NOODLE_PIPELINES_PASSES_H
