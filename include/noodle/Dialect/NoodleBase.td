//===- NoodleBase.td - the noodle dialect and what its ops share -*- td -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_BASE
#define NOODLE_BASE

include "mlir/IR/OpBase.td"

def Noodle_Dialect : Dialect {
  let name = "noodle";
  let cppNamespace = "::mlir::noodle";
  let summary = "Algebraic matrix programs over semirings";
  let description = [{
    The core level of Noodle: tensor operations over any semiring. They work on
    ranked tensors, static or dynamic, dense or with a CSR, CSC, COO or DCSR encoding, of
    f16, bf16, f32, f64, i8, i32, i64, i1, complex<f32> or complex<f64>, and mix
    with the func, scf, arith, math, complex and tensor dialects.

    A sparse tensor is a pattern plus values. The semiring belongs to the op: an
    absent entry reads as the op's zero. An op that turns absence into a value
    states the value (`absent`). Explicit zeros are values and survive.

    Sparse tensors have rank 2, and posWidth and crdWidth of 0, 32 or 64. No
    tensor has a rank above 32 or 2^63 bytes. A result type may leave an extent
    open (`?`) that the operands fix. Only `contract`, `matmul` and `map` may fix
    one that the operands leave open; it is checked when called. The function a
    `map` names and the regions of maps and semirings hold ops of arith, math
    and complex on the element types.

    Attributes of functions and modules: `noodle.fp` states the float policy, on
    an argument `noodle.stats` what is known of it. Other names that begin with
    `noodle.` are refused, but for the notes passes leave for each other.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::complex::ComplexDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::sparse_tensor::SparseTensorDialect"];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let hasConstantMaterializer = 0;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let extraClassDeclaration = [{
    void registerAttributes();
    void registerCategory();
  }];
}

#endif // NOODLE_BASE
