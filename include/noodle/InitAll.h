//===- InitAll.h - every dialect and pass of Noodle -----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The only list of them. Header-only, so that a program links what it names.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_INITALL_H
#define NOODLE_INITALL_H

#include "noodle/Algebra/Passes.h"
#include "noodle/Conversion/Passes.h"
#include "noodle/Dialect/Noodle.h"
#include "noodle/Pipelines/Passes.h"
#include "noodle/Pipelines/Pipelines.h"
#include "noodle/Strategy/Passes.h"
#include "noodle/Target/Nvptx.h"
#include "noodle/Target/Passes.h"
#include "noodle/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectRegistry.h"

namespace mlir::noodle {

/// The dialects a program may be written in. Passes load those they lower to.
inline void registerNoodleDialects(DialectRegistry &registry) {
  registry.insert<NoodleDialect, arith::ArithDialect, complex::ComplexDialect,
                  func::FuncDialect, math::MathDialect, scf::SCFDialect,
                  sparse_tensor::SparseTensorDialect, tensor::TensorDialect>();
  registerPipelineDialects(registry);
}

/// Every pass and pipeline, for command lines that name them.
inline void registerNoodlePasses() {
  registerAlgebraPasses();
  registerStrategyPasses();
  registerConversionPasses();
  registerTransformsPasses();
  registerTargetPasses();
  registerPipelinesPasses();
  registerNoodlePipelines();
  registerDevicePipeline();
}

} // namespace mlir::noodle

#endif // NOODLE_INITALL_H
