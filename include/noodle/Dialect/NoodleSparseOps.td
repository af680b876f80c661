//===- NoodleSparseOps.td - ops on stored entries ---------------*- td -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Ops that decide which entries a sparse matrix stores: joining patterns,
// selecting entries, submatrices, Kronecker products.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_SPARSE_OPS
#define NOODLE_SPARSE_OPS

include "noodle/Dialect/NoodleOpBase.td"

def Noodle_MergeOp : Noodle_TensorOp<"merge",
    [IsolatedFromAbove]> {
  let summary = "join the patterns of sparse matrices, entry by entry";
  let description = [{
    The result stores an entry where any sparse operand does (`union`) or where
    all of them do (`intersection`). Its value is the body's: of each sparse
    operand it gets the stored value, or `absent` (0 unless given) where that
    operand stores nothing; dense operands, in which a static extent of 1
    broadcasts, are read at the entry, scalars are what they are. What the body
    computes is stored, 0 too. Sparse operands have the result's shape, each in
    any format. In a union under `absent` all sparse operands have the element
    type of it; a semiring's sum takes the semiring's zero for it.

    Example:

    ```mlir
    %c = noodle.merge union (%a, %b) {absent = 0x7FF0000000000000 : f64}
      : (tensor<?x?xf64, #csr>, tensor<?x?xf64, #csr>) -> tensor<?x?xf64, #csr> {
    ^bb0(%x: f64, %y: f64):
      %m = arith.minimumf %x, %y : f64
      noodle.entry %m : f64
    }
    ```
  }];
  let arguments = (ins UnitAttr:$intersection,
    Variadic<Noodle_TensorOrScalar>:$inputs,
    OptionalAttr<TypedAttrInterface>:$absent,
    OptionalAttr<Noodle_StrategyAttr>:$strategy);
  let results = (outs Noodle_Tensor:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    (`intersection` $intersection^) : (`union`)? `(` $inputs `)` attr-dict
    `:` functional-type($inputs, $result) $body
  }];
  let hasRegionVerifier = 1;
}

def Noodle_SelectOp : Noodle_TensorOp<"select",
    [IsolatedFromAbove]> {
  let summary = "keep the stored entries for which something holds";
  let description = [{
    The body gets an entry's value, its row and its column (i64) and then the
    scalar operands; the entry stays where it keeps true. Instead of a body
    `part` names a part of the matrix, counted from the diagonal
    `column - row = diagonal`: `lower` (column - row <= diagonal), `upper`
    (>=), `diagonal` (==) or `off_diagonal`.

    Example:

    ```mlir
    %l = noodle.select (%a) {part = "lower", diagonal = -1 : i64}
      : (tensor<?x?xf64, #csr>) -> tensor<?x?xf64, #csr>
    %t = noodle.select (%a, %least) : (tensor<?x?xf64, #csr>, f64) -> tensor<?x?xf64, #csr> {
    ^bb0(%value: f64, %row: i64, %column: i64, %bound: f64):
      %keep = arith.cmpf oge, %value, %bound : f64
      noodle.keep %keep
    }
    ```
  }];
  let arguments = (ins Variadic<Noodle_TensorOrScalar>:$inputs,
    OptionalAttr<StrAttr>:$part, OptionalAttr<I64Attr>:$diagonal,
    OptionalAttr<Noodle_StrategyAttr>:$strategy);
  let results = (outs Noodle_Tensor:$result);
  let regions = (region MaxSizedRegion<1>:$body);
  let assemblyFormat = [{
    `(` $inputs `)` attr-dict `:` functional-type($inputs, $result) ($body^)?
  }];
  let hasRegionVerifier = 1;
}

def Noodle_KronOp : Noodle_TensorOp<"kron",
    [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Kronecker product of two matrices";
  let description = [{
    Entry (i m + k, j n + l) is the semiring's product of entry (i, j) of the
    left and (k, l) of the right operand, which is m x n. Both are dense, and
    then the result is, or both are sparse, and then it is.

    Example:

    ```mlir
    %k = noodle.kron %a, %b {semiring = #noodle.semiring<max_plus>}
      : tensor<?x?xf64, #csr>, tensor<?x?xf64, #csr> -> tensor<?x?xf64, #csr>
    ```
  }];
  let arguments = (ins Noodle_Tensor:$lhs, Noodle_Tensor:$rhs,
    DefaultValuedAttr<Noodle_SemiringAttr,
      "::mlir::noodle::SemiringAttr::get($_builder.getContext(), SemiringKind::PlusTimes)">:$semiring,
    OptionalAttr<Noodle_StrategyAttr>:$strategy);
  let results = (outs Noodle_Tensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)
  }];
}

def Noodle_ExtractOp : Noodle_TensorOp<"extract", [AttrSizedOperandSegments]> {
  let summary = "rows and columns of a sparse matrix, by index";
  let description = [{
    Row k of the result is row rows[k], column l column columns[l]; without
    `rows` or `columns` all of them in order. Indices come in any order, more
    than once too; one out of range ends the call with an error. Sparse
    matrices; of dense tensors noodle.gather takes slices.

    Example:

    ```mlir
    %s = noodle.extract %a rows(%i : tensor<?xi64>) columns(%j : tensor<?xi64>)
      : tensor<?x?xf64, #csr> -> tensor<?x?xf64, #csr>
    ```
  }];
  let arguments = (ins Noodle_Tensor:$input,
    Optional<Noodle_IndexTensor>:$rows, Optional<Noodle_IndexTensor>:$columns,
    OptionalAttr<Noodle_StrategyAttr>:$strategy);
  let results = (outs Noodle_Tensor:$result);
  let assemblyFormat = [{
    $input (`rows` `(` $rows^ `:` type($rows) `)`)?
    (`columns` `(` $columns^ `:` type($columns) `)`)? attr-dict
    `:` type($input) `->` type($result)
  }];
}

def Noodle_AssignOp : Noodle_TensorOp<"assign",
    [AttrSizedOperandSegments, AllTypesMatch<["init", "result"]>]> {
  let summary = "replace a submatrix of a sparse matrix";
  let description = [{
    The result is `init`, but what it stores at rows `rows` and columns
    `columns` is what `input` stores there: its entry (k, l) goes to
    (rows[k], columns[l]). Without `rows` or `columns` all of them in order.
    Indices increase strictly; other ones, or one out of range, end the call
    with an error. Sparse matrices.

    Example:

    ```mlir
    %r = noodle.assign %s into %a rows(%i : tensor<?xi64>) columns(%j : tensor<?xi64>)
      : tensor<?x?xf64, #csr>, tensor<?x?xf64, #csr>
    ```
  }];
  let arguments = (ins Noodle_Tensor:$input, Noodle_Tensor:$init,
    Optional<Noodle_IndexTensor>:$rows, Optional<Noodle_IndexTensor>:$columns,
    OptionalAttr<Noodle_StrategyAttr>:$strategy);
  let results = (outs Noodle_Tensor:$result);
  let assemblyFormat = [{
    $input `into` $init (`rows` `(` $rows^ `:` type($rows) `)`)?
    (`columns` `(` $columns^ `:` type($columns) `)`)? attr-dict
    `:` type($input) `,` type($init)
  }];
}

def Noodle_EntryOp : Noodle_Op<"entry",
    [Pure, ReturnLike, Terminator, HasParent<"MergeOp">]> {
  let summary = "the value of the entry that a noodle.merge stores";
  let description = [{
    Example:

    ```mlir
    noodle.entry %m : f64
    ```
  }];
  let arguments = (ins AnyType:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

def Noodle_KeepOp : Noodle_Op<"keep",
    [Pure, ReturnLike, Terminator, HasParent<"SelectOp">]> {
  let summary = "whether a noodle.select keeps the entry";
  let description = [{
    Example:

    ```mlir
    noodle.keep %keep
    ```
  }];
  let arguments = (ins I1:$kept);
  let assemblyFormat = "$kept attr-dict";
}

//===----------------------------------------------------------------------===//
// Between the structured phase and LLVM
//===----------------------------------------------------------------------===//

def Noodle_TransposeStorageOp : Noodle_Op<"transpose_storage",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "sort the storage of a sparse matrix by its other dimension";
  let description = [{
    Positions, coordinates and values of a matrix with `rows` rows, compressed
    by rows, and then the buffers that its columns are written to. A counting
    sort of the runtime; only values move, so it serves every element type.

    Example:

    ```mlir
    noodle.transpose_storage %m, %n, %p, %c, %v, %q, %d, %w
      : memref<?xi32>, memref<?xi32>, memref<?xf64>, memref<?xi32>, memref<?xi32>, memref<?xf64>
    ```
  }];
  let arguments = (ins Index:$rows, Index:$columns,
    AnyMemRef:$positions, AnyMemRef:$coordinates, AnyMemRef:$values,
    AnyMemRef:$outPositions, AnyMemRef:$outCoordinates, AnyMemRef:$outValues);
  let assemblyFormat = [{
    $rows `,` $columns `,` $positions `,` $coordinates `,` $values `,`
    $outPositions `,` $outCoordinates `,` $outValues attr-dict
    `:` type($positions) `,` type($coordinates) `,` type($values) `,`
    type($outPositions) `,` type($outCoordinates) `,` type($outValues)
  }];
}

def Noodle_CopyRunOp : Noodle_Op<"copy_run",
    [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "copy adjacent elements from one buffer to another";
  let description = [{
    `count` elements from `from` on go to where `to` says. The buffers are
    distinct. One memcpy.

    Example:

    ```mlir
    noodle.copy_run %v[%from] to %w[%to], %count : memref<?xf64>, memref<?xf64>
    ```
  }];
  let arguments = (ins AnyMemRef:$source, Index:$from, AnyMemRef:$target,
    Index:$to, Index:$count);
  let assemblyFormat = [{
    $source `[` $from `]` `to` $target `[` $to `]` `,` $count attr-dict
    `:` type($source) `,` type($target)
  }];
}

def Noodle_ClearRunOp : Noodle_Op<"clear_run", [MemoryEffects<[MemWrite]>]> {
  let summary = "make adjacent elements of a buffer 0";
  let description = [{
    The first `count` elements. One memset, which unlike a loop takes no time
    to compile.

    Example:

    ```mlir
    noodle.clear_run %v, %count : memref<?xi32>
    ```
  }];
  let arguments = (ins AnyMemRef:$target, Index:$count);
  let assemblyFormat = "$target `,` $count attr-dict `:` type($target)";
}

#endif // NOODLE_SPARSE_OPS
