//===- Pipelines.h - the named phases of the compiler ---------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each phase is a function that fills a pass manager anchored on
// builtin.module, a pass pipeline of noodle-opt and a value of
// `noodle-jit --emit=`. They are cumulative: each contains those before it.
// A verifier pass at each border says which dialects may pass it.
//
//   phase        noodle-opt pipeline         leaves behind
//
//   elaborated   noodle-elaborate-pipeline   core noodle ops; symbols resolved
//
//   planned      noodle-plan-pipeline        contractions of at most two
//                                            operands
//
//   selected     noodle-select-pipeline      a strategy and a reason on every
//                                            op
//
//   structured   noodle-structure-pipeline   linalg, sparse_tensor, tensor,
//                                            scf; of noodle: check, poll, mark,
//                                            launch; kernels in gpu.module
//
//   scheduled    noodle-schedule-pipeline    fused ops; loops over stored
//                                            entries; kernels as an attribute
//
//   buffers      noodle-buffer-pipeline      memref, scf, vector; register
//                                            tiles; no tensors
//
//   llvm         noodle-llvm-pipeline        the LLVM dialect alone
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_PIPELINES_PIPELINES_H
#define NOODLE_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include <memory>
#include <optional>

namespace mlir {
class DialectRegistry;
}

namespace mlir::noodle {
class OrderCache;

enum class Phase {
  Elaborated,
  Planned,
  Selected,
  Structured,
  Scheduled,
  Buffers,
  LLVM
};

/// The phase of an `--emit` name ("elaborated", ...); nullopt if there is none.
std::optional<Phase> parsePhase(StringRef name);
StringRef phaseName(Phase phase);

/// What a compilation may be told. Plain values, so that every tool and the
/// engine fill the same struct.
struct PipelineOptions : public PassPipelineOptions<PipelineOptions> {
  /// Strategy for every op that does not name one: auto, reference, loops,
  /// tiled, strassen, sparse, gpu, library.
  PassOptions::Option<std::string> strategy{
      *this, "strategy", llvm::cl::desc("strategy where an op names none"),
      llvm::cl::init("auto")};
  /// Float policy of modules that do not state one.
  PassOptions::Option<std::string> fp{
      *this, "fp", llvm::cl::desc("float policy: strict, reassoc or fast"),
      llvm::cl::init("strict")};
  /// Bytes that planning keeps what a contraction makes within; 0: no limit.
  PassOptions::Option<int64_t> memoryLimit{
      *this, "memory-limit",
      llvm::cl::desc("bytes that what a contraction makes may take"),
      llvm::cl::init(0)};
  /// Least extent that strategy strassen halves; 0: as measured.
  PassOptions::Option<int64_t> strassenFrom{
      *this, "strassen-from",
      llvm::cl::desc("least extent that strategy strassen halves"),
      llvm::cl::init(0)};
  /// Marks around op sites, for measured times in the receipt.
  PassOptions::Option<bool> profile{
      *this, "profile", llvm::cl::desc("mark op sites for measured times"),
      llvm::cl::init(false)};
  /// Bytes of the widest vector register of the target CPU.
  PassOptions::Option<int64_t> vectorBytes{
      *this, "vector-bytes", llvm::cl::desc("bytes of a vector register"),
      llvm::cl::init(32)};
  /// What the target CPU has beyond its level: avx512bf16, avx512vnni.
  PassOptions::Option<std::string> features{
      *this, "features", llvm::cl::desc("CPU features: avx512bf16, avx512vnni"),
      llvm::cl::init("")};
  /// What ops may run on: cpu; cuda, every op that has a kernel there; auto,
  /// each op where it is predicted to be done first.
  PassOptions::Option<std::string> target{
      *this, "target", llvm::cl::desc("where ops run: cpu, cuda or auto"),
      llvm::cl::init("cpu")};
  /// The device that predictions and tiles are for.
  PassOptions::Option<std::string> chip{
      *this, "chip", llvm::cl::desc("device chip, such as sm_80"),
      llvm::cl::init("sm_80")};
  /// Orders of products found before; null: none. Changes how long planning
  /// takes, never what it makes.
  std::shared_ptr<OrderCache> orders;
};

void buildElaboratePipeline(OpPassManager &pm, const PipelineOptions &options);
void buildPlanPipeline(OpPassManager &pm, const PipelineOptions &options);
void buildSelectPipeline(OpPassManager &pm, const PipelineOptions &options);
void buildStructurePipeline(OpPassManager &pm, const PipelineOptions &options);
void buildSchedulePipeline(OpPassManager &pm, const PipelineOptions &options);
void buildBufferPipeline(OpPassManager &pm, const PipelineOptions &options);
void buildLLVMPipeline(OpPassManager &pm, const PipelineOptions &options);

/// The pipeline of `phase`.
void buildPipeline(Phase phase, OpPassManager &pm,
                   const PipelineOptions &options);

/// What follows the structured phase, for IR that starts there: tests and
/// front ends of their own. Registered as noodle-lower-structured-pipeline (to
/// the last phase).
void buildPipelineFromStructured(Phase phase, OpPassManager &pm,
                                 const PipelineOptions &options);

/// Registers every dialect that programs and phases use, the interfaces their
/// ops need in passes, and the translations to LLVM IR. Every context that runs
/// a pipeline is made from such a registry.
void registerPipelineDialects(DialectRegistry &registry);

/// Registers the pipelines under their noodle-opt names.
void registerNoodlePipelines();

} // namespace mlir::noodle

#endif // NOODLE_PIPELINES_PIPELINES_H
