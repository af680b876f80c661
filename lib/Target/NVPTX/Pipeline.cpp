//===- Pipeline.cpp - from the gpu dialect to NVVM ------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Target/Nvptx.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::noodle;

namespace {

/// The polynomials of noodle-expand-math. What has none, and no instruction, is
/// refused: a kernel can call no library.
struct ExpandDeviceMath
    : PassWrapper<ExpandDeviceMath, OperationPass<gpu::GPUModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ExpandDeviceMath)
  StringRef getArgument() const override { return "noodle-expand-device-math"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, math::MathDialect,
                    vector::VectorDialect>();
  }

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateMathPolynomialApproximationPatterns(patterns, [](StringRef name) {
      return llvm::is_contained({"math.erf", "math.exp", "math.expm1",
                                 "math.log", "math.log1p", "math.log2",
                                 "math.tanh"},
                                name);
    });
    math::populateExpansionPatterns(patterns,
                                    {"rsqrt", "fpowi", "clampf", "sincos"});
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    getOperation().walk([&](Operation *op) {
      if (!isa<math::MathDialect>(op->getDialect()) ||
          isa<math::AbsFOp, math::AbsIOp, math::CeilOp, math::CopySignOp,
              math::CountLeadingZerosOp, math::CountTrailingZerosOp,
              math::CtPopOp, math::FloorOp, math::FmaOp, math::IsFiniteOp,
              math::IsInfOp, math::IsNaNOp, math::IsNormalOp, math::RoundOp,
              math::RoundEvenOp, math::SqrtOp, math::TruncOp>(op))
        return;
      op->emitError("'") << op->getName()
                         << "' has neither an instruction nor a polynomial in "
                            "a kernel";
      signalPassFailure();
    });
  }
};

/// What leaves the pipeline is LLVM's and NVVM's, and calls nothing.
struct VerifyKernels
    : PassWrapper<VerifyKernels, OperationPass<gpu::GPUModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(VerifyKernels)
  StringRef getArgument() const override { return "noodle-verify-kernels"; }

  void runOnOperation() override {
    getOperation().walk([&](Operation *op) {
      if (op == getOperation())
        return;
      std::string why;
      if (!isa<LLVM::LLVMDialect, NVVM::NVVMDialect>(op->getDialect()))
        why = "it was not lowered";
      else if (isa<LLVM::CallOp>(op))
        why = "kernels call nothing";
      else if (auto function = dyn_cast<LLVM::LLVMFuncOp>(op);
               function && function.isExternal())
        why = "kernels call nothing";
      if (why.empty())
        return;
      op->emitError("'") << op->getName() << "' must not be left in a kernel: "
                         << why;
      signalPassFailure();
    });
    markAllAnalysesPreserved();
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// Accepts: gpu.module of gpu.func with gpu, scf, arith, math, memref, vector
//===----------------------------------------------------------------------===//

void mlir::noodle::buildDevicePipeline(OpPassManager &pm,
                                       const GpuTarget &target) {
  GpuNVVMAttachTargetOptions attach;
  attach.chip = target.chip;
  attach.features = "+ptx" + std::to_string(target.ptxVersion);
  attach.optLevel = 3;
  pm.addPass(createGpuNVVMAttachTarget(attach));
  OpPassManager &kernels = pm.nest<gpu::GPUModuleOp>();
  kernels.addPass(createCanonicalizerPass());
  kernels.addPass(createCSEPass());
  kernels.addPass(createLoopInvariantCodeMotionPass());
  kernels.addPass(std::make_unique<ExpandDeviceMath>());
  kernels.addPass(memref::createExpandStridedMetadataPass());
  kernels.addPass(createLowerAffinePass());
  kernels.addPass(createSCFToControlFlowPass());
  ConvertGpuOpsToNVVMOpsOptions nvvm;
  nvvm.indexBitwidth = 64;
  kernels.addPass(createConvertGpuOpsToNVVMOps(nvvm));
  kernels.addPass(createConvertVectorToLLVMPass());
  kernels.addPass(createArithToLLVMConversionPass());
  kernels.addPass(createConvertIndexToLLVMPass());
  kernels.addPass(createUBToLLVMConversionPass());
  kernels.addPass(createCanonicalizerPass());
  kernels.addPass(createCSEPass());
  kernels.addPass(createConvertNVVMToLLVMPass());
  kernels.addPass(createReconcileUnrealizedCastsPass());
  kernels.addPass(std::make_unique<VerifyKernels>());
}

namespace {
struct DeviceOptions : public PassPipelineOptions<DeviceOptions> {
  Option<std::string> chip{*this, "chip", llvm::cl::desc("such as sm_80"),
                           llvm::cl::init("sm_80")};
};
} // namespace

void mlir::noodle::registerDevicePipeline() {
  PassPipelineRegistration<DeviceOptions>(
      "noodle-device-pipeline",
      "from gpu.module @noodle_device to the NVVM dialect",
      [](OpPassManager &pm, const DeviceOptions &options) {
        auto target = GpuTarget::get(options.chip);
        if (!target) {
          // A pipeline cannot fail: the attached chip is refused by its name.
          llvm::consumeError(target.takeError());
          target = GpuTarget{options.chip, 70};
        }
        buildDevicePipeline(pm, *target);
      });
}
