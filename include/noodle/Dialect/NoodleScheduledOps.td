//===- NoodleScheduledOps.td - ops that passes make -------------*- td -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Programs do not hold these: they live between the structured phase and the
// last. NoodleOps.td includes this file.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_SCHEDULED_OPS
#define NOODLE_SCHEDULED_OPS

//===----------------------------------------------------------------------===//
// Contractions with what is fused to them
//===----------------------------------------------------------------------===//

def Noodle_FusedContractOp : Noodle_Op<"fused_contract",
    [AttrSizedOperandSegments, IsolatedFromAbove,
     DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "a contraction, its converted operands and its epilogue";
  let description = [{
    For each setting of the output's loops: the sum, over the settings of the
    other loops, of `combine`; then `epilogue` of the sum is stored. `lhs_body`
    and `rhs_body` make the two factors from elements of the `lhs` and the `rhs`
    operands, so that conversions and elementwise producers run while operands
    are packed; with no rhs operand `rhs_body` makes a constant. Every body but
    `combine` also gets all `scalars`, last.

    `indexing_maps` hold one map for each of lhs, rhs, extras and out, in this
    order. A result is a loop or the constant 0, which broadcasts; a loop that
    an input has twice walks a diagonal. Out has each of its loops once. A loop
    out lacks is summed over, and one that no input has repeats.

    Sums start from `zero`, the semiring's, or with `accumulate` from what out
    holds; out then has the type sums are formed in. Out overlaps no other
    operand. Operands are tensors, and after bufferization buffers of any
    strided layout. One lhs tensor may be a CSR matrix: its absent entries have no
    part in any sum.

    Example:

    ```mlir
    %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>)
      extras(%bias : tensor<16xf32>) outs(%c : tensor<4x16xf32>)
      {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>,
                        affine_map<(i, j, k) -> (j)>, affine_map<(i, j, k) -> (i, j)>],
       zero = 0.0 : f32}
      lhs_body {
      ^bb0(%x: f32):
        noodle.yield %x : f32
      } rhs_body {
      ^bb0(%y: f32):
        noodle.yield %y : f32
      } combine {
      ^bb0(%x: f32, %y: f32, %sum: f32):
        %p = arith.mulf %x, %y : f32
        %s = arith.addf %sum, %p : f32
        noodle.yield %s : f32
      } epilogue {
      ^bb0(%sum: f32, %shift: f32):
        %o = arith.addf %sum, %shift : f32
        noodle.yield %o : f32
      } : tensor<4x16xf32>
    ```
  }];
  let arguments = (ins
    Variadic<AnyType>:$lhs, Variadic<AnyType>:$rhs, Variadic<AnyType>:$extras,
    Variadic<AnyType>:$scalars, AnyType:$out,
    AffineMapArrayAttr:$indexing_maps,
    DefaultValuedAttr<Noodle_SemiringAttr,
      "::mlir::noodle::SemiringAttr::get($_builder.getContext(), SemiringKind::PlusTimes)">:$semiring,
    TypedAttrInterface:$zero,
    UnitAttr:$accumulate);
  let results = (outs Optional<Noodle_Tensor>:$result);
  let regions = (region SizedRegion<1>:$lhs_body, SizedRegion<1>:$rhs_body,
                        SizedRegion<1>:$combine, SizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    `lhs` `(` $lhs `:` type($lhs) `)` (`rhs` `(` $rhs^ `:` type($rhs) `)`)?
    (`extras` `(` $extras^ `:` type($extras) `)`)?
    (`scalars` `(` $scalars^ `:` type($scalars) `)`)?
    `outs` `(` $out `:` type($out) `)` attr-dict
    `lhs_body` $lhs_body `rhs_body` $rhs_body `combine` $combine
    `epilogue` $epilogue (`:` type($result)^)?
  }];
  let extraClassDeclaration = [{
    /// Loops of the nest.
    unsigned getNumLoops();
    /// Whether out lacks the loop, so that it is summed over.
    bool isSum(unsigned loop);
    /// lhs, rhs, extras, then out: operands as the maps count them.
    ::mlir::SmallVector<::mlir::Value> getShaped();
    ::mlir::AffineMap getMap(unsigned shaped);
    /// An operand (as getShaped counts) and the dimension of it whose extent
    /// the loop runs over. Every loop has one.
    std::pair<unsigned, unsigned> getExtentSource(unsigned loop);
    /// The static extent of a loop, or ShapedType::kDynamic.
    int64_t getStaticExtent(unsigned loop);
    /// The type sums are formed in.
    ::mlir::Type getSumType() { return getZero().getType(); }
    bool onBuffers();
  }];
  let hasVerifier = 1;
}

def Noodle_BlasProductOp : Noodle_Op<"blas_product",
    [DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "have a BLAS form a product, if it can";
  let description = [{
    Writes to `out`, or with `accumulate` adds to it, the sums over the loops
    that it lacks of products of `lhs` and `rhs`. `indexing_maps` are those of
    lhs, rhs and out, as `noodle.fused_contract` has them. `formed` says whether
    it did: without a BLAS, or for what it has no routine for, it is false, `out`
    is as it was, and the program forms the product itself.

    Example:

    ```mlir
    %formed = noodle.blas_product lhs(%a : memref<?x?xf32>) rhs(%b : memref<?x?xf32>)
      outs(%c : memref<?x?xf32>)
      {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>,
                        affine_map<(i, j, k) -> (i, j)>], site = 3 : i64}
    ```
  }];
  let arguments = (ins AnyMemRef:$lhs, AnyMemRef:$rhs, AnyMemRef:$out,
                       AffineMapArrayAttr:$indexing_maps, UnitAttr:$accumulate,
                       OptionalAttr<I64Attr>:$site);
  let results = (outs I1:$formed);
  let assemblyFormat = [{
    `lhs` `(` $lhs `:` type($lhs) `)` `rhs` `(` $rhs `:` type($rhs) `)`
    `outs` `(` $out `:` type($out) `)` attr-dict
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Devices
//===----------------------------------------------------------------------===//

def Noodle_Buffer : AnyTypeOf<[Noodle_Tensor,
    MemRefRankOf<Noodle_AllOf<Noodle_Elements, [], [], [Index]>.types,
                 [0, 1, 2, 3, 4, 5, 6, 7, 8]>],
    "dense tensor or buffer">;

def Noodle_LaunchOp : Noodle_Op<"launch",
    [AttrSizedOperandSegments,
     DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "run a kernel on the call's device, if it can";
  let description = [{
    Runs kernel `kernel` of the module's device code over a grid of blocks. It
    reads `inputs`, writes every element of `out` and gets `scalars`, in this
    order: each buffer is a one-dimensional memref parameter of all its
    elements, row-major, each scalar an i64. `ran` says whether it did: without
    a device, or when the device refuses, it is false, `out` holds nothing of
    use, and the program computes the op itself. On tensors the result is `out`
    as written; on buffers there is none.

    `split`, where given, allows the runtime to run the kernel on some rows at a
    time when the device's memory is short: the number of the scalar that holds
    the number of rows R, the rows a block of grid x computes, and for each
    buffer (inputs, then out) how it is cut: 0 not at all, 1 into R equal parts,
    2 the same with one more element at the end of each part.

    Example:

    ```mlir
    %ran, %y = noodle.launch @scale grid(%blocks, %one, %one)
      ins(%x : tensor<?xf32>) outs(%init : tensor<?xf32>) scalars(%n)
      {site = 3 : i64} : tensor<?xf32>
    ```
  }];
  let arguments = (ins
    FlatSymbolRefAttr:$kernel,
    Index:$gridX, Index:$gridY, Index:$gridZ,
    Variadic<Noodle_Buffer>:$inputs,
    Noodle_Buffer:$out,
    Variadic<I64>:$scalars,
    OptionalAttr<I64Attr>:$site,
    OptionalAttr<DenseI64ArrayAttr>:$split);
  let results = (outs I1:$ran, Optional<Noodle_Tensor>:$result);
  let assemblyFormat = [{
    $kernel `grid` `(` $gridX `,` $gridY `,` $gridZ `)`
    (`ins` `(` $inputs^ `:` type($inputs) `)`)?
    `outs` `(` $out `:` type($out) `)` (`scalars` `(` $scalars^ `)`)?
    attr-dict (`:` type($result)^)?
  }];
  let hasVerifier = 1;
}

def Noodle_HostAccessOp : Noodle_Op<"host_access",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "the host is about to read or write a buffer";
  let description = [{
    Stands before host code that touches a buffer whose newest contents may be
    on a device. Afterwards they are in host memory; with `write` the device's
    copy is stale. The whole block of memory that the buffer lies in is meant.

    Example:

    ```mlir
    noodle.host_access read %y : memref<?xf32>
    ```
  }];
  let arguments = (ins AnyMemRef:$buffer, UnitAttr:$write);
  let assemblyFormat = [{
    (`write` $write^) : (`read`)? $buffer attr-dict `:` type($buffer)
  }];
}

#endif // NOODLE_SCHEDULED_OPS
