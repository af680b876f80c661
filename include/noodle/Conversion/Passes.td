//===- Passes.td - from noodle to structured ops ---------------*- td -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_CONVERSION_PASSES
#define NOODLE_CONVERSION_PASSES

include "mlir/Pass/PassBase.td"

def NoodleMarkSitesPass : Pass<"noodle-mark-sites", "::mlir::ModuleOp"> {
  let summary = "mark op sites for measured times";
  let description = [{
    Puts `noodle.mark begin` before and `noodle.mark end` after every op that a
    strategy executes. The sizes are those of the op's cost: extents, then
    numbers of stored entries.

    Precondition: ops have `noodle.site`. Postcondition: the same program with
    marks; nothing else changes.

    Example:

    ```mlir
    %r = noodle.transpose %x {noodle.site = 0 : i64, permutation = array<i64: 1, 0>}
      : tensor<?x4xf32> -> tensor<4x?xf32>
    ```

    becomes

    ```mlir
    %m = tensor.dim %x, %c0 : tensor<?x4xf32>
    noodle.mark begin 0 (%m, %c4)
    %r = noodle.transpose ...
    noodle.mark end 0
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::sparse_tensor::SparseTensorDialect",
                           "::mlir::tensor::TensorDialect"];
}

def NoodleOutlineReferencePass
    : Pass<"noodle-outline-reference", "::mlir::ModuleOp"> {
  let summary = "make ops of strategy reference calls of the interpreter";
  let description = [{
    Each such op becomes a call of a private declaration
    `@__noodle_reference_k`, and a module with one function `@site` that holds
    the op, with the semirings it names, joins the list `noodle.reference` as
    text. Ops that are equal share one.

    Precondition: strategies are selected. Postcondition: no op has the strategy
    `reference`, no argument `noodle.stats`.

    Example:

    ```mlir
    %r = noodle.concat (%a, %b) {axis = 0 : i64, strategy = #noodle.strategy<reference>}
      : (tensor<2x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    ```

    becomes

    ```mlir
    func.func private @__noodle_reference_0(tensor<2x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
      attributes {noodle.reference_site = 0 : i64, noodle.signature = (tensor<2x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>}
    %r = call @__noodle_reference_0(%a, %b) : (tensor<2x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    ```
  }];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def NoodleGuardOpsPass : Pass<"noodle-guard-ops", "::mlir::ModuleOp"> {
  let summary = "check what a program's own arith, tensor and scf ops assume";
  let description = [{
    Where upstream's meaning is undefined behaviour, the call ends with an error
    instead: integer division by zero or of the least value by -1, indices and
    slices out of range, negative extents, casts to an extent that is another,
    loops whose step is not positive. What constants show to be right is not
    checked.

    Precondition: elaborated ops. Postcondition: the same with `noodle.check`s;
    bodies of maps and semirings are left alone.

    Example:

    ```mlir
    %v = tensor.extract %x[%i] : tensor<?xf64>
    ```

    becomes

    ```mlir
    %n = tensor.dim %x, %c0 : tensor<?xf64>
    %in = arith.cmpi ult, %i, %n : index
    noodle.check %in, "index 0 is out of range" {status = 4 : i32}
    %v = tensor.extract %x[%i] : tensor<?xf64>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::noodle::NoodleDialect",
                           "::mlir::tensor::TensorDialect"];
}

def ConvertNoodleToLinalgPass
    : Pass<"convert-noodle-to-linalg", "::mlir::ModuleOp"> {
  let summary = "lower noodle ops to linalg, sparse_tensor and loops";
  let description = [{
    Dense ops become `linalg.generic`. Contractions with sparse operands become
    generics for the sparsifier where it is right for them: their products and
    sums sit in `sparse_tensor.binary` and `sparse_tensor.reduce` unless the
    sparsifier knows the semiring. With two summed letters and a custom sum, a
    broadcast or a repeated letter they become loops over stored entries. CSC
    operands are seen as CSR of the transpose, which is free. Extents that must
    agree and indices are guarded by `noodle.check` with status 3 and 4.

    Precondition: elaborated ops, none of strategy `reference`.
    Postcondition: of noodle only check, poll and mark; what is made carries
    `noodle.site`.

    Example:

    ```mlir
    %c = noodle.contract "ij,jk->ik" (%a, %b)
      : (tensor<4x5xf32>, tensor<5x6xf32>) -> tensor<4x6xf32>
    ```

    becomes

    ```mlir
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x6xf32>) -> tensor<4x6xf32>
    %c = linalg.generic {indexing_maps = [(i, k, j) -> (i, j), (i, k, j) -> (j, k), (i, k, j) -> (i, k)],
                         iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%a, %b : tensor<4x5xf32>, tensor<5x6xf32>) outs(%z : tensor<4x6xf32>) {
    ^bb0(%x: f32, %y: f32, %s: f32):
      %p = arith.mulf %x, %y : f32
      %t = arith.addf %s, %p : f32
      linalg.yield %t : f32
    } -> tensor<4x6xf32>
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect",
    "::mlir::bufferization::BufferizationDialect",
    "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::sparse_tensor::SparseTensorDialect",
    "::mlir::tensor::TensorDialect"];
}

def NoodleExpandSolversPass
    : Pass<"noodle-expand-solvers", "::mlir::ModuleOp"> {
  let summary = "closures, powers and linear systems as loops of contractions";
  let description = [{
    Becomes loops around contractions: powers by squaring, closures by blocks
    that are eliminated in turn or by products until nothing changes, systems by
    elimination of blocks of 64 rows. What diverges or is singular ends the call
    through a `noodle.check`. Promises are dropped: `noodle.assume` becomes its
    operand.

    Precondition: elaborated ops. Postcondition: none of closure, matrix_power,
    solve and assume.

    Example:

    ```mlir
    %p = noodle.matrix_power %a {n = 2 : i64} : tensor<?x?xf64> -> tensor<?x?xf64>
    ```

    becomes, beside the check that the matrix is square,

    ```mlir
    %p = noodle.contract "ij,jk->ik" (%a, %a)
      : (tensor<?x?xf64>, tensor<?x?xf64>) -> tensor<?x?xf64>
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::complex::ComplexDialect",
    "::mlir::math::MathDialect", "::mlir::noodle::NoodleDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

#endif // NOODLE_CONVERSION_PASSES
