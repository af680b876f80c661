//===- NoodleBlockOps.td - matrices of dense blocks -------------*- td -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Programs do not hold these: elaboration makes them of ops on BSR matrices.
// Such a matrix is from then on the CSR matrix of its blocks, whose values are
// those of all blocks, each row-major: br * bc times as many as coordinates.
// Nothing else may touch its values.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_BLOCK_OPS
#define NOODLE_BLOCK_OPS

include "noodle/Dialect/NoodleOpBase.td"

def Noodle_BlockProductOp : Noodle_TensorOp<"block_product",
    [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a matrix of blocks times a dense vector or matrix";
  let description = [{
    The product over a semiring of the BSR matrix whose blocks of `block`
    (rows, columns) are the entries of the CSR matrix `matrix`, and of a dense
    vector or matrix. All entries of a stored block take part, zeros too.

    Example:

    ```mlir
    %y = noodle.block_product %a, %x {block = array<i64: 2, 2>}
      : tensor<?x?xf64, #csr>, tensor<?xf64> -> tensor<?xf64>
    ```
  }];
  let arguments = (ins Noodle_Tensor:$matrix, Noodle_Tensor:$dense,
    DenseI64ArrayAttr:$block,
    DefaultValuedAttr<Noodle_SemiringAttr,
      "::mlir::noodle::SemiringAttr::get($_builder.getContext(), SemiringKind::PlusTimes)">:$semiring,
    OptionalAttr<Noodle_StrategyAttr>:$strategy);
  let results = (outs Noodle_Tensor:$result);
  let assemblyFormat = [{
    $matrix `,` $dense attr-dict `:` type($matrix) `,` type($dense) `->`
    type($result)
  }];
}

def Noodle_ExpandBlocksOp : Noodle_TensorOp<"expand_blocks"> {
  let summary = "a BSR matrix as CSR";
  let description = [{
    The matrix whose blocks of `block` (rows, columns) are the entries of
    `matrix`. All entries of a stored block are stored, zeros too.

    Example:

    ```mlir
    %c = noodle.expand_blocks %a {block = array<i64: 2, 3>}
      : tensor<?x?xf64, #csr> -> tensor<?x?xf64, #csr>
    ```
  }];
  let arguments = (ins Noodle_Tensor:$matrix, DenseI64ArrayAttr:$block,
    OptionalAttr<Noodle_StrategyAttr>:$strategy);
  let results = (outs Noodle_Tensor:$result);
  let assemblyFormat = "$matrix attr-dict `:` type($matrix) `->` type($result)";
}

def Noodle_PackBlocksOp : Noodle_TensorOp<"pack_blocks"> {
  let summary = "a CSR matrix as BSR";
  let description = [{
    The blocks of `block` (rows, columns) in which the CSR matrix stores an
    entry; `absent` (0 unless given) stands for what it does not store in them.
    Extents that are no multiple of the block end the call.

    Example:

    ```mlir
    %b = noodle.pack_blocks %c {block = array<i64: 2, 3>}
      : tensor<?x?xf64, #csr> -> tensor<?x?xf64, #csr>
    ```
  }];
  let arguments = (ins Noodle_Tensor:$matrix, DenseI64ArrayAttr:$block,
    OptionalAttr<TypedAttrInterface>:$absent,
    OptionalAttr<Noodle_StrategyAttr>:$strategy);
  let results = (outs Noodle_Tensor:$result);
  let assemblyFormat = "$matrix attr-dict `:` type($matrix) `->` type($result)";
}

#endif // NOODLE_BLOCK_OPS
