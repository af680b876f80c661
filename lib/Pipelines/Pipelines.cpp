//===- Pipelines.cpp - the named phases of the compiler -------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Pipelines/Pipelines.h"

#include "noodle/Algebra/Passes.h"
#include "noodle/Conversion/Passes.h"
#include "noodle/Cost/MachineModel.h"
#include "noodle/Pipelines/Passes.h"
#include "noodle/Strategy/Passes.h"
#include "noodle/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/Dialect/SparseTensor/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::noodle;

/// Adds passes for modules that have one of the ops (see noodle-when-present).
static void addWhenPresent(OpPassManager &pm, ArrayRef<StringRef> ops,
                           function_ref<void(OpPassManager &)> addPasses) {
  NoodleWhenPresentPassOptions options;
  for (StringRef op : ops)
    options.ops.push_back(op.str());
  OpPassManager passes(ModuleOp::getOperationName());
  addPasses(passes);
  options.passes.push_back(std::move(passes));
  pm.addPass(createNoodleWhenPresentPass(std::move(options)));
}

/// Ops of math that are more than an instruction.
static constexpr StringRef kMathCalls[] = {"math", "-math.fma", "-math.sqrt"};

/// Regions are structured or soon gone: nothing to simplify between blocks.
/// What a rewrite touches is visited again, so a second walk over all ops finds
/// next to nothing.
static std::unique_ptr<Pass> canonicalizer() {
  return createCanonicalizerPass(
      GreedyRewriteConfig()
          .setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled)
          .setUseTopDownTraversal()
          .setMaxIterations(1));
}

static void verifyBorder(OpPassManager &pm, Phase phase) {
  NoodleVerifyBorderPassOptions options;
  options.phase = phaseName(phase).str();
  pm.addPass(createNoodleVerifyBorderPass(options));
}

//===----------------------------------------------------------------------===//
// Accepts: noodle, func, scf, arith, math, tensor
//===----------------------------------------------------------------------===//

static void elaborate(OpPassManager &pm, const PipelineOptions &options) {
  pm.addPass(createNoodleTestSemiringsPass());
  pm.addPass(createNoodleTestHomomorphismsPass());
  pm.addPass(createNoodleInlineDiagramsPass());
  pm.addPass(createNoodleElaborateMorphismsPass());
  NoodleElaboratePassOptions elaborate;
  elaborate.fp = options.fp;
  pm.addPass(createNoodleElaboratePass(elaborate));
}

static void plan(OpPassManager &pm, const PipelineOptions &options) {
  pm.addPass(createNoodleApplyLawsPass());
  addWhenPresent(
      pm,
      {"noodle.closure", "noodle.matrix_power", "noodle.solve",
       "noodle.assume"},
      [](OpPassManager &pm) { pm.addPass(createNoodleExpandSolversPass()); });
  NoodlePlanContractionsPassOptions order;
  order.memoryLimit = options.memoryLimit;
  pm.addPass(createPlanContractions(order, options.orders));
}

static void select(OpPassManager &pm, const PipelineOptions &options) {
  NoodleSelectStrategyPassOptions select;
  select.strategy = options.strategy;
  select.target = options.target;
  select.chip = options.chip;
  select.strassenFrom = options.strassenFrom;
  select.vectorBytes = options.vectorBytes;
  pm.addPass(createNoodleSelectStrategyPass(select));
}

static void structure(OpPassManager &pm, const PipelineOptions &options) {
  pm.addPass(createNoodleGuardOpsPass());
  if (options.profile)
    pm.addPass(createNoodleMarkSitesPass());
  pm.addPass(createNoodleOutlineReferencePass());
  pm.addPass(createNoodleOffloadOpsPass());
  pm.addPass(createConvertNoodleToLinalgPass());
}

//===----------------------------------------------------------------------===//
// Accepts: func, scf, arith, math, tensor, linalg, sparse_tensor, memref; of
// noodle check, poll, mark and launch; kernels in gpu.module
//===----------------------------------------------------------------------===//

static void schedule(OpPassManager &pm, const PipelineOptions &options) {
  // Positions within a tile and a block fit 32 bits. Kept in 64 they cost two
  // registers each, which is what large tiles have least of.
  arith::ArithIntRangeNarrowingOptions narrow;
  narrow.bitwidthsSupported = {32};
  pm.addNestedPass<gpu::GPUModuleOp>(
      arith::createArithIntRangeNarrowing(narrow));
  pm.addPass(createNoodlePackDeviceCodePass());
  // A site's marks stand around its own ops: fusion would empty some sites.
  if (!options.profile) {
    pm.addPass(createNoodleFuseContractionsPass());
    pm.addPass(createNoodleFuseElementwisePass());
    MachineModel machine = MachineModel::ofVectorBytes(options.vectorBytes);
    NoodleFuseRowsPassOptions rows;
    rows.l1Bytes = machine.l1Bytes;
    rows.l2Bytes = machine.l2Bytes;
    pm.addNestedPass<func::FuncOp>(createNoodleFuseRowsPass(rows));
  }
  NoodleEmitRowProductsPassOptions rows;
  rows.vectorBytes = options.vectorBytes;
  pm.addPass(createNoodleEmitRowProductsPass(rows));
  NoodleEmitSparseProductsPassOptions products;
  products.vectorBytes = options.vectorBytes;
  pm.addPass(createNoodleEmitSparseProductsPass(products));
  pm.addPass(createNoodleSparsifyPass());
}

//===----------------------------------------------------------------------===//
// Accepts: the same but for sparse tensors and kernels
//===----------------------------------------------------------------------===//

static void buffers(OpPassManager &pm, const PipelineOptions &options) {
  pm.addPass(createNoodlePrepareBuffersPass());
  addWhenPresent(pm, {"tensor.empty"}, [](OpPassManager &pm) {
    pm.addPass(bufferization::createEmptyTensorEliminationPass());
    // Of a tensor.empty bufferization assumes no layout, which branches that
    // yield one would hand on.
    pm.addPass(bufferization::createEmptyTensorToAllocTensorPass());
  });
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = true;
  bufferize.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  bufferize.allowReturnAllocsFromLoops = true;
  pm.addPass(bufferization::createOneShotBufferizePass(bufferize));
  pm.addNestedPass<func::FuncOp>(createForallToParallelLoopPass());
  pm.addNestedPass<func::FuncOp>(createNoodlePlaceScratchPass());
  pm.addNestedPass<func::FuncOp>(createNoodleCallBlasPass());
  NoodleExpandStrassenPassOptions strassen;
  strassen.from = options.strassenFrom;
  strassen.vectorBytes = options.vectorBytes;
  pm.addPass(createNoodleExpandStrassenPass(strassen));
  NoodleTileContractionsPassOptions tile;
  tile.vectorBytes = options.vectorBytes;
  tile.features = options.features;
  pm.addNestedPass<func::FuncOp>(createNoodleTileContractionsPass(tile));
  pm.addNestedPass<func::FuncOp>(createNoodleCollapseLoopsPass());
  pm.addNestedPass<func::FuncOp>(createNoodleSplitElementwisePass());
  NoodleVectorizeRowsPassOptions rows;
  rows.vectorBytes = options.vectorBytes;
  pm.addNestedPass<func::FuncOp>(createNoodleVectorizeRowsPass(rows));
  addWhenPresent(pm, {"linalg"}, [](OpPassManager &pm) {
    pm.addNestedPass<func::FuncOp>(createConvertLinalgToLoopsPass());
  });
  pm.addNestedPass<func::FuncOp>(createNoodleInsertPollsPass());
  addWhenPresent(pm, {"memref.realloc"}, [](OpPassManager &pm) {
    memref::ExpandReallocPassOptions realloc;
    realloc.emitDeallocs = false;
    pm.addPass(memref::createExpandReallocPass(realloc));
  });
  pm.addPass(canonicalizer());
  pm.addPass(createNoodleFreeBuffersPass());
  pm.addPass(createCSEPass());
  addWhenPresent(pm, {"bufferization"}, [](OpPassManager &pm) {
    pm.addPass(createConvertBufferizationToMemRefPass());
  });
  pm.addPass(createNoodleInsertHostAccessPass());
  pm.addNestedPass<func::FuncOp>(createNoodleExpandCopiesPass());
}

//===----------------------------------------------------------------------===//
// Accepts: func, scf, arith, math, memref, vector; of noodle check, poll, mark,
// launch and host_access
//===----------------------------------------------------------------------===//

static void llvmDialect(OpPassManager &pm, const PipelineOptions &options) {
  addWhenPresent(pm, {"sparse_tensor", "!sparse_tensor"},
                 [](OpPassManager &pm) {
                   pm.addPass(createStorageSpecifierToLLVMPass());
                 });
  pm.addPass(createNoodleOutlineParallelPass());
  addWhenPresent(pm,
                 {"memref.subview", "memref.collapse_shape",
                  "memref.expand_shape", "memref.extract_strided_metadata",
                  "memref.extract_aligned_pointer_as_index",
                  "memref.assume_alignment", "memref.memory_space_cast"},
                 [](OpPassManager &pm) {
                   pm.addPass(memref::createExpandStridedMetadataPass());
                 });
  addWhenPresent(pm, {"affine"}, [](OpPassManager &pm) {
    pm.addPass(createLowerAffinePass());
  });
  pm.addPass(createSCFToControlFlowPass());
  NoodleExpandElementTypesPassOptions expand;
  // From AVX2 on there is F16C.
  expand.expandHalf = options.vectorBytes < 32;
  pm.addPass(createNoodleExpandElementTypesPass(expand));
  addWhenPresent(pm, kMathCalls, [](OpPassManager &pm) {
    pm.addPass(createConvertMathToFuncs());
  });
  pm.addPass(createNoodleLowerRuntimeCallsPass());
  addWhenPresent(pm, kMathCalls, [](OpPassManager &pm) {
    pm.addPass(createNoodleExpandMathPass());
  });
  pm.addPass(createNoodleConvertToLLVMPass());
  NoodleStoreNarrowTypesPassOptions narrow;
  narrow.storeHalf = options.vectorBytes < 32;
  pm.addPass(createNoodleStoreNarrowTypesPass(narrow));
  pm.addPass(createReconcileUnrealizedCastsPass());
}

//===----------------------------------------------------------------------===//
// The phases
//===----------------------------------------------------------------------===//

namespace {
struct PhaseEntry {
  StringLiteral name;
  StringLiteral pipeline;
  StringLiteral summary;
  void (*stage)(OpPassManager &, const PipelineOptions &);
};
} // namespace

/// In the order of Phase.
static constexpr PhaseEntry kPhases[] = {
    {"elaborated", "noodle-elaborate-pipeline",
     "core noodle ops; symbols resolved", elaborate},
    {"planned", "noodle-plan-pipeline", "contractions of at most two operands",
     plan},
    {"selected", "noodle-select-pipeline",
     "a strategy and a reason on every op", select},
    {"structured", "noodle-structure-pipeline",
     "linalg, sparse_tensor, tensor, scf", structure},
    {"scheduled", "noodle-schedule-pipeline",
     "fused ops; loops over stored entries", schedule},
    {"buffers", "noodle-buffer-pipeline",
     "memref, scf, vector; register tiles; no tensors", buffers},
    {"llvm", "noodle-llvm-pipeline", "the LLVM dialect", llvmDialect},
};

std::optional<Phase> mlir::noodle::parsePhase(StringRef name) {
  for (auto [index, entry] : llvm::enumerate(kPhases))
    if (entry.name == name)
      return static_cast<Phase>(index);
  return std::nullopt;
}

StringRef mlir::noodle::phaseName(Phase phase) {
  return kPhases[static_cast<unsigned>(phase)].name;
}

/// The stages from `first` to `last`, each with its border.
static void addStages(OpPassManager &pm, Phase first, Phase last,
                      const PipelineOptions &options) {
  for (auto k = static_cast<unsigned>(first); k <= static_cast<unsigned>(last);
       ++k) {
    kPhases[k].stage(pm, options);
    verifyBorder(pm, static_cast<Phase>(k));
  }
}

void mlir::noodle::buildPipeline(Phase phase, OpPassManager &pm,
                                 const PipelineOptions &options) {
  addStages(pm, Phase::Elaborated, phase, options);
}

void mlir::noodle::buildPipelineFromStructured(Phase phase, OpPassManager &pm,
                                               const PipelineOptions &options) {
  verifyBorder(pm, Phase::Structured);
  addStages(pm, Phase::Scheduled, phase, options);
}

void mlir::noodle::buildElaboratePipeline(OpPassManager &pm,
                                          const PipelineOptions &options) {
  buildPipeline(Phase::Elaborated, pm, options);
}

void mlir::noodle::buildPlanPipeline(OpPassManager &pm,
                                     const PipelineOptions &options) {
  buildPipeline(Phase::Planned, pm, options);
}

void mlir::noodle::buildSelectPipeline(OpPassManager &pm,
                                       const PipelineOptions &options) {
  buildPipeline(Phase::Selected, pm, options);
}

void mlir::noodle::buildStructurePipeline(OpPassManager &pm,
                                          const PipelineOptions &options) {
  buildPipeline(Phase::Structured, pm, options);
}

void mlir::noodle::buildSchedulePipeline(OpPassManager &pm,
                                         const PipelineOptions &options) {
  buildPipeline(Phase::Scheduled, pm, options);
}

void mlir::noodle::buildBufferPipeline(OpPassManager &pm,
                                       const PipelineOptions &options) {
  buildPipeline(Phase::Buffers, pm, options);
}

void mlir::noodle::buildLLVMPipeline(OpPassManager &pm,
                                     const PipelineOptions &options) {
  buildPipeline(Phase::LLVM, pm, options);
}

void mlir::noodle::registerNoodlePipelines() {
  for (auto [index, entry] : llvm::enumerate(kPhases)) {
    auto phase = static_cast<Phase>(index);
    PassPipelineRegistration<PipelineOptions>(
        entry.pipeline, entry.summary,
        [phase](OpPassManager &pm, const PipelineOptions &options) {
          buildPipeline(phase, pm, options);
        });
  }
  PassPipelineRegistration<PipelineOptions>(
      "noodle-lower-structured-pipeline",
      "from structured IR to the LLVM dialect",
      [](OpPassManager &pm, const PipelineOptions &options) {
        buildPipelineFromStructured(Phase::LLVM, pm, options);
      });
}
