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
    ranked tensors, static or dynamic, dense or with a CSR or CSC encoding, of
    f32, f64, i32, i64 or i1, and mix with the func, scf, arith, math and tensor
    dialects.

    A sparse tensor is a pattern plus values. The semiring belongs to the op: an
    absent entry reads as the op's zero. An op that turns absence into a value
    states the value (`absent`). Explicit zeros are values and survive.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::sparse_tensor::SparseTensorDialect"];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 0;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let extraClassDeclaration = [{
    void registerAttributes();
  }];
}

#endif // NOODLE_BASE
