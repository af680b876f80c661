//===- Passes.td - passes of the device pipeline ---------------*- td -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TARGET_PASSES
#define NOODLE_TARGET_PASSES

include "mlir/Pass/PassBase.td"

def NoodleExpandKernelMathPass
    : Pass<"noodle-expand-kernel-math", "::mlir::gpu::GPUModuleOp"> {
  let summary = "polynomials for the transcendental functions of kernels";
  let description = [{
    The polynomials of `noodle-expand-math`, so that a kernel computes what the
    CPU does. A kernel can call no library: an op that has neither a polynomial
    nor an instruction is an error that names it.

    Precondition: kernels in the op set of a program's kernels. Postcondition:
    of the math dialect only what the device has instructions for.

    Example: `math.exp` on f32 becomes a polynomial in `math.fma`;
    `%y = math.cos %x : f32` is refused.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

def NoodleConvertKernelsPass
    : Pass<"noodle-convert-kernels", "::mlir::gpu::GPUModuleOp"> {
  let summary = "kernels become the NVVM dialect";
  let description = [{
    Buffers become five parameters each (two pointers, an offset, a size, a
    stride), shared buffers globals of address space 3, an index 64 bits.

    Precondition: `noodle-expand-kernel-math` and `convert-scf-to-cf`.
    Postcondition: LLVM and NVVM dialects; what has no conversion is left.

    Example: `%t = gpu.thread_id x` becomes
    `%t = nvvm.read.ptx.sreg.tid.x : i32` and its extension to i64.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
                           "::mlir::NVVM::NVVMDialect"];
}

def NoodleVerifyKernelsPass
    : Pass<"noodle-verify-kernels", "::mlir::gpu::GPUModuleOp"> {
  let summary = "refuse kernels that cannot run on a device";
  let description = [{
    Reports the first op that a kernel must not have after its lowering: one of
    a dialect other than LLVM's and NVVM's, a call, a function of the module's
    outside.

    Precondition: any gpu.module. Postcondition: the same.

    Example:

    ```mlir
    llvm.func @__nv_cosf(f32) -> f32
    ```

    is refused: no library is linked with a kernel.
  }];
}

#endif // NOODLE_TARGET_PASSES
