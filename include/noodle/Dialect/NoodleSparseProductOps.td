//===- NoodleSparseProductOps.td - products of sparse matrices --*- td -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Programs do not hold these: they live in the structured phase.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_SPARSE_PRODUCT_OPS
#define NOODLE_SPARSE_PRODUCT_OPS

include "noodle/Dialect/NoodleOpBase.td"

def Noodle_SparseProductOp : Noodle_Op<"sparse_product", [NoMemoryEffect]> {
  let summary = "a product of which only some entries exist";
  let description = [{
    The sums, from `start` on, of `mul` of entries of row i of `lhs` and of row
    k of `rhs`: two CSR matrices of M x K and K x N. An entry exists where there
    is a term. With a CSR mask of M x N it must also be stored there, with
    `valued` as something other than 0; with `complement`, it must not be.

    Or two dense matrices of M x K and N x K, whose rows meet, and a mask that is
    not complemented, which then says alone what exists.

    `finish` makes an element of an entry's sum; with `scaled` it also gets the
    mask's entry. The result is a CSR matrix of them, in the mask's pattern where
    operands are dense, or, of CSR matrices under a mask, their sum, by `add`,
    from `start` on: of each row (a vector) or of all (rank 0). `finish` then
    gets terms, not sums.

    Example: triangles of an undirected graph of which the lower half is stored.

    ```mlir
    %n = noodle.sparse_product (%l, %l) mask(%l : tensor<?x?xi64, #csr>)
      from(%zero : i64) {scaled} mul {
    ^bb0(%x: i64, %y: i64):
      %p = arith.muli %x, %y : i64
      noodle.product_yield %p : i64
    } add {
    ^bb0(%x: i64, %y: i64):
      %s = arith.addi %x, %y : i64
      noodle.product_yield %s : i64
    } finish {
    ^bb0(%p: i64, %z: i64):
      %t = arith.muli %p, %z : i64
      noodle.product_yield %t : i64
    } : (tensor<?x?xi64, #csr>, tensor<?x?xi64, #csr>) -> tensor<i64>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$lhs, AnyRankedTensor:$rhs,
    AnyType:$start, Optional<AnyRankedTensor>:$mask,
    UnitAttr:$complement, UnitAttr:$valued, UnitAttr:$scaled);
  let results = (outs AnyRankedTensor:$result);
  let regions = (region SizedRegion<1>:$mul, SizedRegion<1>:$add,
                        SizedRegion<1>:$finish);
  let assemblyFormat = [{
    `(` $lhs `,` $rhs `)` (`mask` `(` $mask^ `:` type($mask) `)`)?
    `from` `(` $start `:` type($start) `)` attr-dict
    `mul` $mul `add` $add `finish` $finish
    `:` `(` type($lhs) `,` type($rhs) `)` `->` type($result)
  }];
  let extraClassDeclaration = [{
    /// The type sums are formed in.
    ::mlir::Type getSumType() { return getStart().getType(); }
    /// Whether lhs and rhs are sparse.
    bool isSparseProduct();
  }];
  let hasVerifier = 1;
}

def Noodle_ProductYieldOp : Noodle_Op<"product_yield",
    [Pure, ReturnLike, Terminator, HasParent<"SparseProductOp">]> {
  let summary = "result of a sparse product's region";
  let description = [{
    Ends each region of a `noodle.sparse_product`.

    Example:

    ```mlir
    noodle.product_yield %p : i64
    ```
  }];
  let arguments = (ins AnyType:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

#endif // NOODLE_SPARSE_PRODUCT_OPS
