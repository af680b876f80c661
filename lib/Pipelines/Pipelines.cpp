//===- Pipelines.cpp - the named phases of the compiler -------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Pipelines/Pipelines.h"

#include "noodle/Pipelines/Passes.h"
#include "noodle/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SparseTensor/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::noodle;

namespace {

struct PhaseEntry {
  Phase phase;
  StringLiteral name;
  StringLiteral pipeline;
  StringLiteral summary;
  void (*build)(OpPassManager &, const PipelineOptions &);
};

constexpr PhaseEntry kPhases[] = {
    {Phase::Elaborated, "elaborated", "noodle-elaborate-pipeline",
     "core noodle ops; symbols resolved", buildElaboratePipeline},
    {Phase::Planned, "planned", "noodle-plan-pipeline",
     "contractions of at most two operands", buildPlanPipeline},
    {Phase::Selected, "selected", "noodle-select-pipeline",
     "a strategy and a reason on every op", buildSelectPipeline},
    {Phase::Structured, "structured", "noodle-structure-pipeline",
     "linalg, sparse_tensor, tensor, scf", buildStructurePipeline},
    {Phase::Scheduled, "scheduled", "noodle-schedule-pipeline",
     "tiled and vectorised loops", buildSchedulePipeline},
    {Phase::Buffers, "buffers", "noodle-buffer-pipeline",
     "memref and scf; no tensors", buildBufferPipeline},
    {Phase::LLVM, "llvm", "noodle-llvm-pipeline", "the LLVM dialect",
     buildLLVMPipeline},
};

void verifyBorder(OpPassManager &pm, Phase phase) {
  NoodleVerifyBorderPassOptions options;
  options.phase = phaseName(phase).str();
  pm.addPass(createNoodleVerifyBorderPass(options));
}

} // namespace

std::optional<Phase> mlir::noodle::parsePhase(StringRef name) {
  for (const PhaseEntry &entry : kPhases)
    if (entry.name == name)
      return entry.phase;
  return std::nullopt;
}

StringRef mlir::noodle::phaseName(Phase phase) {
  return kPhases[static_cast<unsigned>(phase)].name;
}

//===----------------------------------------------------------------------===//
// Accepts: noodle, func, scf, arith, math, tensor
//===----------------------------------------------------------------------===//

void mlir::noodle::buildElaboratePipeline(OpPassManager &pm,
                                          const PipelineOptions &options) {}

void mlir::noodle::buildPlanPipeline(OpPassManager &pm,
                                     const PipelineOptions &options) {
  buildElaboratePipeline(pm, options);
}

void mlir::noodle::buildSelectPipeline(OpPassManager &pm,
                                       const PipelineOptions &options) {
  buildPlanPipeline(pm, options);
}

void mlir::noodle::buildStructurePipeline(OpPassManager &pm,
                                          const PipelineOptions &options) {
  buildSelectPipeline(pm, options);
  verifyBorder(pm, Phase::Structured);
}

//===----------------------------------------------------------------------===//
// Accepts: func, scf, arith, math, tensor, linalg, sparse_tensor; of noodle
// check, poll and mark
//===----------------------------------------------------------------------===//

void mlir::noodle::buildSchedulePipeline(OpPassManager &pm,
                                         const PipelineOptions &options) {
  buildStructurePipeline(pm, options);
  pm.addPass(createNoodleSparsifyPass());
  verifyBorder(pm, Phase::Scheduled);
}

//===----------------------------------------------------------------------===//
// Accepts: the same and vector
//===----------------------------------------------------------------------===//

void mlir::noodle::buildBufferPipeline(OpPassManager &pm,
                                       const PipelineOptions &options) {
  buildSchedulePipeline(pm, options);
  pm.addPass(bufferization::createEmptyTensorEliminationPass());
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = true;
  bufferize.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  bufferize.allowReturnAllocsFromLoops = true;
  pm.addPass(bufferization::createOneShotBufferizePass(bufferize));
  pm.addNestedPass<func::FuncOp>(createConvertLinalgToLoopsPass());
  pm.addNestedPass<func::FuncOp>(createNoodleInsertPollsPass());
  bufferization::buildBufferDeallocationPipeline(pm);
  pm.addPass(createConvertBufferizationToMemRefPass());
  pm.addNestedPass<func::FuncOp>(createNoodleExpandCopiesPass());
  verifyBorder(pm, Phase::Buffers);
}

//===----------------------------------------------------------------------===//
// Accepts: func, scf, arith, math, memref, vector; of noodle check, poll, mark
//===----------------------------------------------------------------------===//

void mlir::noodle::buildLLVMPipeline(OpPassManager &pm,
                                     const PipelineOptions &options) {
  buildBufferPipeline(pm, options);
  pm.addPass(createStorageSpecifierToLLVMPass());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createNoodleLowerRuntimeCallsPass());
  pm.addPass(createNoodleConvertToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  verifyBorder(pm, Phase::LLVM);
}

void mlir::noodle::buildPipeline(Phase phase, OpPassManager &pm,
                                 const PipelineOptions &options) {
  kPhases[static_cast<unsigned>(phase)].build(pm, options);
}

void mlir::noodle::registerNoodlePipelines() {
  for (const PhaseEntry &entry : kPhases)
    PassPipelineRegistration<PipelineOptions>(entry.pipeline, entry.summary,
                                              entry.build);
}
