//===- Pipeline.cpp - from the gpu dialect to NVVM ------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Target/Nvptx.h"
#include "noodle/Target/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::noodle;

//===----------------------------------------------------------------------===//
// Accepts: gpu.module of gpu.func with gpu, scf, arith, math, memref, vector
//===----------------------------------------------------------------------===//

void mlir::noodle::buildDevicePipeline(OpPassManager &pm,
                                       const GpuTarget &target) {
  GpuNVVMAttachTargetOptions attach;
  attach.chip = target.chip;
  attach.features = target.features();
  attach.optLevel = 3;
  pm.addPass(createGpuNVVMAttachTarget(attach));
  OpPassManager &kernels = pm.nest<gpu::GPUModuleOp>();
  kernels.addPass(createNoodleExpandKernelMathPass());
  kernels.addPass(createCanonicalizerPass());
  kernels.addPass(createCSEPass());
  kernels.addPass(createLoopInvariantCodeMotionPass());
  kernels.addPass(memref::createExpandStridedMetadataPass());
  kernels.addPass(createLowerAffinePass());
  kernels.addPass(createSCFToControlFlowPass());
  kernels.addPass(createNoodleConvertKernelsPass());
  kernels.addPass(createCanonicalizerPass());
  kernels.addPass(createCSEPass());
  kernels.addPass(createConvertNVVMToLLVMPass());
  kernels.addPass(createReconcileUnrealizedCastsPass());
  kernels.addPass(createNoodleVerifyKernelsPass());
}

namespace {
struct DeviceOptions : public PassPipelineOptions<DeviceOptions> {
  Option<std::string> chip{*this, "chip", llvm::cl::desc("such as sm_80"),
                           llvm::cl::init("sm_80")};
};
} // namespace

void mlir::noodle::registerDevicePipeline() {
  registerPassPipeline(
      "noodle-device-pipeline",
      "from gpu.module @noodle_device to the NVVM dialect",
      [](OpPassManager &pm, StringRef text,
         function_ref<LogicalResult(const Twine &)> report) {
        DeviceOptions options;
        if (failed(options.parseFromString(text)))
          return failure();
        auto target = GpuTarget::get(options.chip);
        if (!target)
          return report(llvm::toString(target.takeError()));
        buildDevicePipeline(pm, *target);
        return success();
      },
      [](function_ref<void(const mlir::detail::PassOptions &)> show) {
        show(DeviceOptions());
      });
}
