//===- Passes.h - passes of the device pipeline ---------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TARGET_PASSES_H
#define NOODLE_TARGET_PASSES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::noodle {

#define GEN_PASS_DECL
#include "noodle/Target/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "noodle/Target/Passes.h.inc"

} // namespace mlir::noodle

#endif // NOODLE_TARGET_PASSES_H
