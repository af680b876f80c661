//===- NoodleOps.td - the core ops ------------------------------*- td -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_OPS
#define NOODLE_OPS

include "noodle/Dialect/NoodleOpBase.td"

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

def Noodle_ContractOp : Noodle_TensorOp<"contract",
    [AttrSizedOperandSegments,
     DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "n-ary contraction over a semiring";
  let description = [{
    For each setting of the output letters, adds over all settings of the others
    the product of the operands' entries. The equation is einsum's: one letter
    per dimension, or names separated by spaces where letters run out. A letter
    repeated in one operand takes its diagonal; an output letter no operand has
    repeats the value along an extent that the result type states. Dimensions of
    one letter agree (dynamic ones are checked when called), but for static
    extents of 1, which broadcast.

    Operands are converted to the accumulator's type, multiplied in operand
    order and added; the sum is converted, once, to the result's element type,
    which is the operands' or the accumulator's.

    | operands | accumulator, the default first |
    |---|---|
    | f16, bf16 | f32, f64, their own |
    | f32 | f32, f64 |
    | i8 | i32, i64, i8 |
    | i32 | i32, i64 |
    | complex<f32> | complex<f32>, complex<f64> |
    | f64, i64, i1, complex<f64> | their own |

    A user-defined semiring's default is the operands' type. A wider integer
    accumulator suits plus_times and max_times alone, whose zero is 0 in every
    type: elsewhere i8's default is i8. Sums too large for an integer result
    wrap, as NumPy's do. With `into` the result is init + sum. With
    `mask` only entries where the mask is present are computed; the others keep
    init, or the zero. A mask is structural: presence is being stored.
    `mask_valued` asks for a stored value other than 0; a dense mask must be
    valued. `mask_complement` inverts.

    Example:

    ```mlir
    %y = noodle.contract "ij,j->i" (%a, %x) {semiring = #noodle.semiring<min_plus>}
      : (tensor<4x5xf64>, tensor<5xf64>) -> tensor<4xf64>
    ```
  }];
  let arguments = (ins
    StrAttr:$equation,
    Variadic<Noodle_Tensor>:$inputs,
    Optional<Noodle_Tensor>:$mask,
    Optional<Noodle_Tensor>:$init,
    DefaultValuedAttr<Noodle_SemiringAttr,
      "::mlir::noodle::SemiringAttr::get($_builder.getContext(), SemiringKind::PlusTimes)">:$semiring,
    OptionalAttr<TypeAttr>:$accumulator,
    UnitAttr:$mask_valued,
    UnitAttr:$mask_complement,
    OptionalAttr<Noodle_StrategyAttr>:$strategy);
  let results = (outs Noodle_Tensor:$result);
  let assemblyFormat = [{
    $equation `(` $inputs `)`
    (`mask` `(` $mask^ `:` type($mask) `)`)?
    (`into` `(` $init^ `:` type($init) `)`)?
    attr-dict `:` functional-type($inputs, $result)
  }];
  let extraClassDeclaration = [{
    /// The equation; the verifier has made sure that it parses.
    ::mlir::noodle::ContractSpec getSpec();
    /// The element type sums are formed in: the attribute, or its default.
    ::mlir::Type getAccumulatorType();
  }];
}

def Noodle_MatmulOp : Noodle_TensorOp<"matmul",
    [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "matrix product, by NumPy's rules";
  let description = [{
    Sugar for a contraction. A rank-1 left operand is a row, a rank-1 right one
    a column, and that dimension does not appear in the result; leading
    dimensions are batches, aligned from the right, and static 1 broadcasts.
    The inner dimensions agree; there a static 1 does not broadcast.

    Example:

    ```mlir
    %c = noodle.matmul %a, %b : tensor<4x5xf32>, tensor<5x6xf32> -> tensor<4x6xf32>
    ```
  }];
  let arguments = (ins
    Noodle_Tensor:$lhs, Noodle_Tensor:$rhs,
    DefaultValuedAttr<Noodle_SemiringAttr,
      "::mlir::noodle::SemiringAttr::get($_builder.getContext(), SemiringKind::PlusTimes)">:$semiring,
    OptionalAttr<TypeAttr>:$accumulator,
    OptionalAttr<Noodle_StrategyAttr>:$strategy);
  let results = (outs Noodle_Tensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)
  }];
  let extraClassDeclaration = [{
    /// The contraction this stands for.
    ::mlir::noodle::ContractSpec getSpec();
    /// The element type sums are formed in: the attribute, or its default.
    ::mlir::Type getAccumulatorType();
  }];
}

//===----------------------------------------------------------------------===//
// Entry by entry
//===----------------------------------------------------------------------===//

def Noodle_MapOp : Noodle_TensorOp<"map",
    [IsolatedFromAbove, SingleBlockImplicitTerminator<"YieldOp">,
     DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "apply a function to corresponding entries";
  let description = [{
    Operands are tensors of the result's rank, static extents of 1 broadcast,
    or scalars. The body is a region of arith, math and complex ops, or a named
    function of the module (`callee`) and then the region is empty. Arithmetic
    and functions on f16 and bf16 are those of f32, rounded after each op.

    `over = stored` visits the stored entries of the one sparse operand: a
    sparse result has that operand's pattern, in a dense one the other entries
    are `absent`. `over = all` visits every entry; absent entries of sparse
    operands read as `absent` and the result is dense. `stored` is the default
    where an operand is sparse. `absent` is 0 unless given; its type is the
    sparse operands' element type (over all) or the result's (over stored).

    Example:

    ```mlir
    %r = noodle.map (%x, %k) : (tensor<?x4xf32>, f32) -> tensor<?x4xf32> {
    ^bb0(%a: f32, %b: f32):
      %m = arith.mulf %a, %b : f32
      noodle.yield %m : f32
    }
    %s = noodle.map @relu (%r) : (tensor<?x4xf32>) -> tensor<?x4xf32>
    ```
  }];
  let arguments = (ins
    Variadic<Noodle_TensorOrScalar>:$inputs,
    OptionalAttr<FlatSymbolRefAttr>:$callee,
    OptionalAttr<Noodle_MapOverAttr>:$over,
    OptionalAttr<TypedAttrInterface>:$absent,
    OptionalAttr<Noodle_StrategyAttr>:$strategy);
  let results = (outs Noodle_Tensor:$result);
  let regions = (region MaxSizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    /// `over` with its default resolved.
    ::mlir::noodle::MapOver getVisited();
  }];
  let hasRegionVerifier = 1;
}

def Noodle_SoftmaxOp : Noodle_TensorOp<"softmax",
    [AllTypesMatch<["input", "result"]>]> {
  let summary = "exp(x - max) / sum exp(x - max) along an axis";
  let description = [{
    Dense floats; f16 and bf16 are computed in f32 and rounded once. The
    maximum is subtracted first, so finite input never
    overflows. A row of -inf alone, or one that holds NaN or +inf, gives NaN.
    An empty axis gives an empty result.

    Example:

    ```mlir
    %p = noodle.softmax %x {axis = 1 : i64} : tensor<?x10xf32>
    ```
  }];
  let arguments = (ins Noodle_FloatTensor:$input,
    ConfinedAttr<I64Attr, [IntNonNegative]>:$axis,
    OptionalAttr<Noodle_StrategyAttr>:$strategy);
  let results = (outs Noodle_FloatTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
}

def Noodle_LayerNormOp : Noodle_TensorOp<"layer_norm",
    [AttrSizedOperandSegments, AllTypesMatch<["input", "result"]>]> {
  let summary = "(x - mean) / sqrt(variance + epsilon) along the last axis";
  let description = [{
    Dense floats; f16 and bf16 are computed in f32 and rounded once. The
    variance is the mean of squared differences (divisor n).
    `scale` and `shift`, where given, are vectors along the last axis.

    Example:

    ```mlir
    %y = noodle.layer_norm %x scale(%g : tensor<64xf32>) shift(%b : tensor<64xf32>)
      {epsilon = 1.0e-5 : f64} : tensor<?x64xf32>
    ```
  }];
  let arguments = (ins Noodle_FloatTensor:$input,
    Optional<Noodle_FloatTensor>:$scale, Optional<Noodle_FloatTensor>:$shift,
    DefaultValuedAttr<F64Attr, "1.0e-5">:$epsilon,
    OptionalAttr<Noodle_StrategyAttr>:$strategy);
  let results = (outs Noodle_FloatTensor:$result);
  let assemblyFormat = [{
    $input (`scale` `(` $scale^ `:` type($scale) `)`)?
    (`shift` `(` $shift^ `:` type($shift) `)`)? attr-dict `:` type($input)
  }];
}

//===----------------------------------------------------------------------===//
// Reductions and movement
//===----------------------------------------------------------------------===//

def Noodle_ReduceOp : Noodle_TensorOp<"reduce",
    [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "add over dimensions with a semiring's addition";
  let description = [{
    Dimensions `dims` disappear; the result is dense. An empty one gives the
    semiring's zero. Absent entries of a sparse operand are the zero, so they do
    not count, unless `absent` states another value. A built-in semiring adds
    f16 and bf16 in f32, and rounds the sum once; integers wrap.

    Example:

    ```mlir
    %m = noodle.reduce %x {dims = array<i64: 1>, semiring = #noodle.semiring<max_plus>}
      : tensor<?x?xf64> -> tensor<?xf64>
    ```
  }];
  let arguments = (ins Noodle_Tensor:$input,
    DenseI64ArrayAttr:$dims,
    DefaultValuedAttr<Noodle_SemiringAttr,
      "::mlir::noodle::SemiringAttr::get($_builder.getContext(), SemiringKind::PlusTimes)">:$semiring,
    OptionalAttr<TypedAttrInterface>:$absent,
    OptionalAttr<Noodle_StrategyAttr>:$strategy);
  let results = (outs Noodle_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

def Noodle_TransposeOp : Noodle_TensorOp<"transpose"> {
  let hasFolder = 1;
  let summary = "permute dimensions";
  let description = [{
    Result dimension k is input dimension permutation[k]. Both are dense or both
    sparse. CSR to CSC and back is
    free; a sparse result in the other order is sorted anew.

    Example:

    ```mlir
    %t = noodle.transpose %x {permutation = array<i64: 1, 0>} : tensor<?x4xf32> -> tensor<4x?xf32>
    ```
  }];
  let arguments = (ins Noodle_Tensor:$input, DenseI64ArrayAttr:$permutation,
    OptionalAttr<Noodle_StrategyAttr>:$strategy);
  let results = (outs Noodle_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

def Noodle_ConcatOp : Noodle_TensorOp<"concat"> {
  let summary = "join tensors along an axis";
  let description = [{
    The other extents agree (dynamic ones are checked when called). Either all
    of operands and result are dense or all are sparse.

    Example:

    ```mlir
    %c = noodle.concat (%a, %b) {axis = 0 : i64} : (tensor<2x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Variadic<Noodle_Tensor>:$inputs,
    ConfinedAttr<I64Attr, [IntNonNegative]>:$axis,
    OptionalAttr<Noodle_StrategyAttr>:$strategy);
  let results = (outs Noodle_Tensor:$result);
  let assemblyFormat = [{
    `(` $inputs `)` attr-dict `:` functional-type($inputs, $result)
  }];
}

def Noodle_GatherOp : Noodle_TensorOp<"gather"> {
  let summary = "take slices by index along an axis";
  let description = [{
    Slice k of the result is slice indices[k] of the input. An index out of
    range ends the call with an error. Dense tensors.

    Example:

    ```mlir
    %g = noodle.gather %x[%i] {axis = 0 : i64} : tensor<?x4xf32>, tensor<?xi64> -> tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Noodle_Tensor:$input, Noodle_IndexTensor:$indices,
    DefaultValuedAttr<ConfinedAttr<I64Attr, [IntNonNegative]>, "0">:$axis,
    OptionalAttr<Noodle_StrategyAttr>:$strategy);
  let results = (outs Noodle_Tensor:$result);
  let assemblyFormat = [{
    $input `[` $indices `]` attr-dict
    `:` type($input) `,` type($indices) `->` type($result)
  }];
}

def Noodle_ScatterOp : Noodle_TensorOp<"scatter",
    [AllTypesMatch<["init", "result"]>,
     DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "add slices by index along an axis";
  let description = [{
    The result is `init` where, for each k in order, slice k of `updates` has
    been added, with the semiring's addition, to slice indices[k]. An index out
    of range ends the call with an error. Dense tensors. Each addition is
    rounded to the element type.

    Example:

    ```mlir
    %s = noodle.scatter %u[%i] into %x {axis = 0 : i64}
      : tensor<?x4xf32>, tensor<?xi64>, tensor<9x4xf32>
    ```
  }];
  let arguments = (ins Noodle_Tensor:$updates, Noodle_IndexTensor:$indices,
    Noodle_Tensor:$init,
    DefaultValuedAttr<ConfinedAttr<I64Attr, [IntNonNegative]>, "0">:$axis,
    DefaultValuedAttr<Noodle_SemiringAttr,
      "::mlir::noodle::SemiringAttr::get($_builder.getContext(), SemiringKind::PlusTimes)">:$semiring,
    OptionalAttr<Noodle_StrategyAttr>:$strategy);
  let results = (outs Noodle_Tensor:$result);
  let assemblyFormat = [{
    $updates `[` $indices `]` `into` $init attr-dict
    `:` type($updates) `,` type($indices) `,` type($init)
  }];
}

def Noodle_ConvertOp : Noodle_TensorOp<"convert"> {
  let hasFolder = 1;
  let summary = "change the element type or the format";
  let description = [{
    Shapes agree. Integers and floats convert as arith's casts do, but a float
    outside an integer's range saturates and NaN becomes 0; anything to i1 is
    `x != 0`; i1 to others is 0 or 1. An integer becomes f16 or bf16 by way of
    f32. A real number becomes the complex one without imaginary part; the way
    back is a map with complex.re or complex.abs. Sparse to dense fills with `absent` (0
    unless given); dense to sparse stores the entries that differ from it; from
    one sparse format to another every stored entry survives. `absent` has the
    input's element type.

    Example:

    ```mlir
    %d = noodle.convert %a {absent = 0x7FF0000000000000 : f64} : tensor<?x?xf64, #csr> -> tensor<?x?xf64>
    ```
  }];
  let arguments = (ins Noodle_Tensor:$input,
    OptionalAttr<TypedAttrInterface>:$absent,
    OptionalAttr<Noodle_StrategyAttr>:$strategy);
  let results = (outs Noodle_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

//===----------------------------------------------------------------------===//
// Control
//===----------------------------------------------------------------------===//

def Noodle_CheckOp : Noodle_Op<"check", [MemoryEffects<[MemWrite]>]> {
  let summary = "end the call with an error unless a condition holds";
  let description = [{
    When the condition is false the call ends with the message and its place;
    all memory of the call is released and the host keeps running. `{0}`, `{1}`,
    ... in the message stand for the values, each of which it must name.

    Example:

    ```mlir
    noodle.check %ok, "weights must not be negative"
    noodle.check %good, "the weight of node {0} is negative" (%node)
    ```
  }];
  let arguments = (ins I1:$condition, StrAttr:$message,
    DefaultValuedAttr<I32Attr, "2">:$status, Variadic<Index>:$values);
  let assemblyFormat = "$condition `,` $message (`(` $values^ `)`)? attr-dict";
  let builders = [
    OpBuilder<(ins "Value":$condition, "StringAttr":$message,
      "IntegerAttr":$status), [{
        build($_builder, $_state, condition, message, status, ValueRange());
      }]>
  ];
  let hasVerifier = 1;
  let hasCanonicalizeMethod = 1;
}

def Noodle_PollOp : Noodle_Op<"poll", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "end the call where its deadline passed or it was cancelled";
  let description = [{
    Put at the head of loops by the compiler. One volatile load and a branch.

    Example:

    ```mlir
    noodle.poll
    ```
  }];
  let assemblyFormat = "attr-dict";
}

def Noodle_MarkOp : Noodle_Op<"mark", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "an op site begins or ends, for the receipt's measured times";
  let description = [{
    Put around ops when a program is compiled for profiling. `sizes` are the
    site's extents and stored-entry counts.

    Example:

    ```mlir
    noodle.mark begin 3 (%m, %n)
    noodle.mark end 3
    ```
  }];
  let arguments = (ins UnitAttr:$end, I64Attr:$site, Variadic<Index>:$sizes);
  let assemblyFormat = [{
    (`end` $end^) : (`begin`)? $site (`(` $sizes^ `)`)? attr-dict
  }];
}

def Noodle_YieldOp : Noodle_Op<"yield",
    [Pure, ReturnLike, Terminator,
     ParentOneOf<["MapOp", "SemiringOp", "FusedContractOp"]>]> {
  let summary = "result of a map's, a semiring's or a contraction's region";
  let arguments = (ins Variadic<Noodle_Element>:$values);
  let builders = [OpBuilder<(ins), [{ }]>];
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

//===----------------------------------------------------------------------===//
// Symbols
//===----------------------------------------------------------------------===//

def Noodle_SemiringOp : Noodle_Op<"semiring",
    [IsolatedFromAbove, Symbol]> {
  let summary = "a user-defined semiring";
  let description = [{
    Four regions of arith, math and complex ops over one element type. Addition must be
    associative and commutative with `zero` its identity, `one` must be an
    identity of the multiplication. These and the declared traits are tested on
    sample values when the program is compiled; a counterexample is an error.
    A sparse operand needs `annihilating`, regrouping `associative` and
    `distributive`.

    Example:

    ```mlir
    noodle.semiring @bottleneck : f64
      traits <associative, commutative, distributive, annihilating, idempotent>
      zero {
        %z = arith.constant 0xFFF0000000000000 : f64
        noodle.yield %z : f64
      } one {
        %o = arith.constant 0x7FF0000000000000 : f64
        noodle.yield %o : f64
      } add {
      ^bb0(%a: f64, %b: f64):
        %m = arith.maximumf %a, %b : f64
        noodle.yield %m : f64
      } mul {
      ^bb0(%a: f64, %b: f64):
        %m = arith.minimumf %a, %b : f64
        noodle.yield %m : f64
      }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$element_type,
    DefaultValuedAttr<Noodle_SemiringTraitAttr,
      "::mlir::noodle::SemiringTrait::None">:$traits);
  let regions = (region SizedRegion<1>:$zero, SizedRegion<1>:$one,
                        SizedRegion<1>:$add, SizedRegion<1>:$mul);
  let assemblyFormat = [{
    $sym_name `:` $element_type (`traits` $traits^)?
    `zero` $zero `one` $one `add` $add `mul` $mul
    attr-dict-with-keyword
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

include "noodle/Dialect/NoodleScheduledOps.td"

#endif // NOODLE_OPS
