//===- NoodleSolverOps.td - closures, powers, linear systems ----*- td -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Ops on square matrices that are series or inverses of contractions, and what
// a program may promise of a matrix.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_SOLVER_OPS
#define NOODLE_SOLVER_OPS

include "noodle/Dialect/NoodleOpBase.td"

def Noodle_ClosureOp : Noodle_TensorOp<"closure",
    [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the sum of all powers of a square matrix";
  let description = [{
    A* = I + A + A A + ... Over min_plus the lengths of the shortest paths, over
    or_and what can be reached, over plus_times the inverse of I - A. With
    `apply` the result is A* B without A* itself, with `left` B A*; B is a
    vector or a matrix.

    A sum that does not end, or does not converge, ends the call with an error:

    | semiring | how it is computed | what diverges |
    |---|---|---|
    | min_plus, max_plus, max_times, max_min, min_max, or_and | elimination of one node after the other; with `apply` at most n products | a cycle better than `one` |
    | log_plus | elimination | cycles whose weights add up to 1 or more |
    | plus_times of floats | a linear system | spectral radius not below 1: no norm of 40 repeated squares is below 1 |
    | plus_times of integers, xor_and, user-defined ones that are not idempotent | products of I + A^(2^k) | A^N is not 0, N the least power of two not below n |
    | user-defined, idempotent | squares of I + A | it still changes after 2^k >= n |

    Sparse with `apply` over plus_times of floats: at most 10000 products, until
    a step changes no entry by more than 4 units in the last place of the
    greatest entry. Complex numbers are refused.

    Example:

    ```mlir
    %d = noodle.closure %w {semiring = #noodle.semiring<min_plus>}
      : tensor<?x?xf64> -> tensor<?x?xf64>
    %x = noodle.closure %w apply(%b : tensor<?xf64>) {semiring = #noodle.semiring<min_plus>}
      : tensor<?x?xf64> -> tensor<?xf64>
    ```
  }];
  let arguments = (ins Noodle_Tensor:$input, Optional<Noodle_Tensor>:$rhs,
    UnitAttr:$left,
    DefaultValuedAttr<Noodle_SemiringAttr,
      "::mlir::noodle::SemiringAttr::get($_builder.getContext(), SemiringKind::PlusTimes)">:$semiring);
  let results = (outs Noodle_Tensor:$result);
  let assemblyFormat = [{
    $input (`apply` `(` $rhs^ `:` type($rhs) `)`)? attr-dict
    `:` type($input) `->` type($result)
  }];
}

def Noodle_MatrixPowerOp : Noodle_TensorOp<"matrix_power",
    [AttrSizedOperandSegments,
     DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a square matrix times itself n times";
  let description = [{
    A^n, by squaring where the semiring is associative; A^0 is the identity.
    With `apply` A^n B by n products, with `left` B A^n. n is an attribute or
    an operand; a negative one ends the call with an error. Like the operands of
    one contraction, the factors may be grouped in any way.

    Example:

    ```mlir
    %p = noodle.matrix_power %a {n = 10 : i64} : tensor<?x?xf64> -> tensor<?x?xf64>
    %x = noodle.matrix_power %a to(%k) apply(%b : tensor<?xf64>)
      : tensor<?x?xf64> -> tensor<?xf64>
    ```
  }];
  let arguments = (ins Noodle_Tensor:$input, Optional<I64>:$exponent,
    Optional<Noodle_Tensor>:$rhs,
    OptionalAttr<ConfinedAttr<I64Attr, [IntNonNegative]>>:$n, UnitAttr:$left,
    DefaultValuedAttr<Noodle_SemiringAttr,
      "::mlir::noodle::SemiringAttr::get($_builder.getContext(), SemiringKind::PlusTimes)">:$semiring);
  let results = (outs Noodle_Tensor:$result);
  let assemblyFormat = [{
    $input (`to` `(` $exponent^ `)`)?
    (`apply` `(` $rhs^ `:` type($rhs) `)`)? attr-dict
    `:` type($input) `->` type($result)
  }];
}

def Noodle_SolveOp : Noodle_TensorOp<"solve"> {
  let summary = "the solution of linear equations, or an inverse";
  let description = [{
    X of A X = B, with `left` of X A = B; without B the inverse of A. A is a
    dense square matrix of f32 or f64, B a vector or a matrix of its type.
    `structure` says what is known of A, and nothing else of A is read:

    | structure | how it is solved |
    |---|---|
    | `general` | elimination, in each column the greatest entry first |
    | `lower`, `upper` | substitution |
    | `unit_lower`, `unit_upper` | the same, where the diagonal is 1 |
    | `spd` | elimination without exchanges, symmetric and positive definite |

    A pivot that is 0 ends the call with an error, and so does one that is not
    positive where the structure is `spd`.

    Example:

    ```mlir
    %x = noodle.solve %a apply(%b : tensor<?xf64>) : tensor<?x?xf64> -> tensor<?xf64>
    %i = noodle.solve %a {structure = "lower"} : tensor<?x?xf64> -> tensor<?x?xf64>
    ```
  }];
  let arguments = (ins Noodle_Tensor:$input, Optional<Noodle_Tensor>:$rhs,
    UnitAttr:$left, DefaultValuedStrAttr<StrAttr, "general">:$structure);
  let results = (outs Noodle_Tensor:$result);
  let assemblyFormat = [{
    $input (`apply` `(` $rhs^ `:` type($rhs) `)`)? attr-dict
    `:` type($input) `->` type($result)
  }];
}

def Noodle_AssumeOp : Noodle_TensorOp<"assume",
    [AllTypesMatch<["input", "result"]>]> {
  let summary = "promise properties of a matrix";
  let description = [{
    The matrix as it is. Laws may use the properties; compiled code does not
    test them, the interpreter does, so that a run with `--check` ends with an
    error that names a property and an entry where it does not hold. Floats are
    compared exactly, but for `orthogonal` and `row_stochastic`, which hold up to
    n roundings.

    `zero`, `identity`, `diagonal`, `lower`, `upper`, `unit_diag`, `symmetric`,
    `spd` (symmetric, positive definite), `orthogonal`, `permutation` (one 1 in
    each row and column), `function` (one 1 in each row), `row_stochastic` (not
    negative, rows add up to 1), `nonneg`, `nonsingular`, `toeplitz`,
    `circulant`. All speak of the numbers 0 and 1, whatever semiring the matrix
    is used with; absent entries are 0.

    Example:

    ```mlir
    %l = noodle.assume %a {props = ["lower", "nonsingular"]} : tensor<?x?xf64>
    ```
  }];
  let arguments = (ins Noodle_Tensor:$input, StrArrayAttr:$props);
  let results = (outs Noodle_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
}

#endif // NOODLE_SOLVER_OPS
