//===- Passes.td - elaboration and planning --------------------*- td -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_ALGEBRA_PASSES
#define NOODLE_ALGEBRA_PASSES

include "mlir/Pass/PassBase.td"

def NoodleTestSemiringsPass
    : Pass<"noodle-test-semirings", "::mlir::ModuleOp"> {
  let summary = "test the laws of user-defined semirings on sample values";
  let description = [{
    Evaluates the regions of every `noodle.semiring` on sample values of its
    type and looks for a counterexample: addition must be associative and
    commutative with `zero` its identity, `one` must be an identity of the
    multiplication, and each declared trait must hold. Float sums and products
    may differ by rounding. A counterexample is an error at the op, which names
    the law and the values.

    Precondition: verified semirings. Postcondition: the same module.

    Example:

    ```mlir
    noodle.semiring @wrong : i64 zero {
      %z = arith.constant 1 : i64
      noodle.yield %z : i64
    } one { ... } add {
    ^bb0(%a: i64, %b: i64):
      %s = arith.addi %a, %b : i64
      noodle.yield %s : i64
    } mul { ... }
    ```

    is refused: zero + x is not x.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def NoodleTestHomomorphismsPass
    : Pass<"noodle-test-homomorphisms", "::mlir::ModuleOp"> {
  let summary = "test changes of base on sample values";
  let description = [{
    Evaluates the body of every `noodle.hom_map` that promises a homomorphism on
    sample values: it must map zero to zero and one to one, and sums and products
    to sums and products. A counterexample is an error, which names the law and
    the values.

    Precondition: a verified program. Postcondition: the same module.

    Example:

    ```mlir
    %b = noodle.hom_map %f {homomorphism}
      : !noodle.hom<[2] -> [2], i64> -> !noodle.hom<[2] -> [2], i1, #noodle.semiring<or_and>> {
    ^bb0(%x: i64):
      %c = arith.constant 0 : i64
      %y = arith.cmpi ne, %x, %c : i64
      noodle.return %y : i1
    }
    ```

    is refused: 1 + -1 is 0, but true or true is true. With `nonnegative` it is
    accepted.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def NoodleInlineDiagramsPass
    : Pass<"noodle-inline-diagrams", "::mlir::ModuleOp"> {
  let summary = "replace applied functors by the morphisms they make";
  let description = [{
    Every `noodle.apply` becomes the ops of its diagram, with the functor's wires
    for objects and the given morphisms, or the functor's diagrams, for
    generators. Diagrams and functors are erased.

    Precondition: a verified program. Postcondition: no diagrams, functors and
    arrows.

    Example:

    ```mlir
    %far = noodle.apply @costs to @two_hops (road = %r)
      : (!noodle.hom<[3] -> [3], f64>) -> !noodle.hom<[3] -> [3], f64>
    ```

    becomes

    ```mlir
    %far = noodle.compose %r, %r
      : (!noodle.hom<[3] -> [3], f64>, !noodle.hom<[3] -> [3], f64>) -> !noodle.hom<[3] -> [3], f64>
    ```
  }];
  let dependentDialects = ["::mlir::noodle::NoodleDialect"];
}

def NoodleElaborateMorphismsPass
    : Pass<"noodle-elaborate-morphisms", "::mlir::ModuleOp"> {
  let summary = "bring morphisms into contractions and other core ops";
  let description = [{
    A composition becomes one `noodle.contract`, whose letters are joined wires:
    the factors of tensor products take part one by one, and wires, daggers and
    traces rename or join letters. A composition within another one stays a
    contraction of its own, so that `strict` keeps its meaning. Sums become maps,
    blocks become concatenations, functions become gathers and scatters.

    Precondition: no applications of diagrams. Postcondition: no morphisms.

    Example:

    ```mlir
    %ab = noodle.tensor %a, %b
      : (!noodle.hom<[2] -> [3], f64>, !noodle.hom<[4] -> [5], f64>) -> !noodle.hom<[2, 4] -> [3, 5], f64>
    %y = noodle.compose %x, %ab
      : (!noodle.hom<[] -> [2, 4], f64>, !noodle.hom<[2, 4] -> [3, 5], f64>) -> !noodle.hom<[] -> [3, 5], f64>
    %t = noodle.to_tensor %y : !noodle.hom<[] -> [3, 5], f64> -> tensor<3x5xf64>
    ```

    becomes

    ```mlir
    %t = noodle.contract "ab,ac,bd->cd" (%x, %a, %b)
      : (tensor<2x4xf64>, tensor<2x3xf64>, tensor<4x5xf64>) -> tensor<3x5xf64>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::noodle::NoodleDialect",
                           "::mlir::tensor::TensorDialect"];
}

def NoodleElaboratePass : Pass<"noodle-elaborate", "::mlir::ModuleOp"> {
  let summary = "bring a program into core ops";
  let description = [{
    Refuses ops of dialects that programs may not use, with one error each.
    COO and DCSR become CSR, and a sparse vector the CSR matrix whose one row it
    is; `noodle.signature` keeps them. `noodle.matmul` becomes `noodle.contract`; the function that a `noodle.map`
    names becomes its region. Loops get a `noodle.poll`, public functions note
    their type as `noodle.signature`, and ops that a strategy executes are
    numbered as `noodle.site` in program order. A module that states no
    `noodle.fp` gets `fp`, unless that is `strict`.

    Precondition: a verified program. Postcondition: of noodle no matmul and no
    map with a callee; every site is numbered.

    Example:

    ```mlir
    %c = noodle.matmul %a, %x : tensor<4x5xf32>, tensor<5xf32> -> tensor<4xf32>
    ```

    becomes

    ```mlir
    %c = noodle.contract "mk,k->m" (%a, %x) {noodle.site = 0 : i64}
      : (tensor<4x5xf32>, tensor<5xf32>) -> tensor<4xf32>
    ```
  }];
  let options = [Option<"fp", "fp", "std::string", /*default=*/"\"strict\"",
                        "float policy of modules that state none: strict, "
                        "reassoc or fast">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::noodle::NoodleDialect",
                           "::mlir::tensor::TensorDialect"];
}

def NoodlePlanContractionsPass
    : Pass<"noodle-plan-contractions", "::mlir::ModuleOp"> {
  let summary = "choose the order of products";
  let description = [{
    Contract_Associativity, law 1: an n-ary contraction is split where its
    semiring is associative and distributive, in the order of fewest
    multiplications where it also commutes, else from left to right. An
    intermediate keeps the letters that other operands or the output still need.
    Contractions that feed one another and nobody else are taken for one where
    the semiring is exact or the float policy lets products be grouped anew, and
    where that leaves fewer multiplications. Where an intermediate would not fit
    in memory, the contraction stays one loop nest, or under `memory-limit` runs
    an index at a time of some of its letters. `noodle.plan` on the result says
    what was done or why not.

    Precondition: elaborated ops. Postcondition: the same values; pieces keep the
    site of their contraction.

    Example:

    ```mlir
    %d = noodle.contract "ij,jk,kl->il" (%a, %b, %c)
      : (tensor<2x3xf64>, tensor<3x4xf64>, tensor<4x5xf64>) -> tensor<2x5xf64>
    ```

    becomes

    ```mlir
    %t = noodle.contract "ij,jk->ik" (%a, %b)
      : (tensor<2x3xf64>, tensor<3x4xf64>) -> tensor<2x4xf64>
    %d = noodle.contract "ik,kl->il" (%t, %c)
      : (tensor<2x4xf64>, tensor<4x5xf64>) -> tensor<2x5xf64>
    ```
  }];
  let options = [
    Option<"memoryLimit", "memory-limit", "int64_t", /*default=*/"0",
           "bytes that what a contraction makes may take; 0: no limit">,
    Option<"thorough", "thorough", "bool", /*default=*/"false",
           "search half a second for every order, and not only for those of "
           "more than 3e10 multiplications">
  ];
  let dependentDialects = [
    "::mlir::noodle::NoodleDialect", "::mlir::arith::ArithDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"
  ];
}

def NoodleInferPropertiesPass
    : Pass<"noodle-infer-properties", "::mlir::ModuleOp"> {
  let summary = "say what is known of matrices";
  let description = [{
    For people and tests: every op whose result is a matrix of which something is
    known gets the names as `noodle.properties`. They come from `noodle.assume`,
    constants, and through transposes, products, sums, Kronecker products,
    inverses, powers and closures. They speak of matrices without NaN and
    infinities.

    Precondition: elaborated ops. Postcondition: the same module.

    Example:

    ```mlir
    %l = noodle.assume %a {props = ["lower"]} : tensor<4x4xf64>
    %u = noodle.transpose %l {permutation = array<i64: 1, 0>} : tensor<4x4xf64> -> tensor<4x4xf64>
    ```

    gives the transpose `noodle.properties = "upper"`.
  }];
}

def NoodleApplyLawsPass : Pass<"noodle-apply-laws", "::mlir::ModuleOp"> {
  let summary = "use what is known of matrices";
  let description = [{
    Laws 3 to 16 of docs/Laws.md: products with identities, zeros, diagonals and
    functions, traces of products, sums with products, inverses by structure, and
    inverses, closures and powers beside a thin operand. `noodle.plan` on what an
    op became, or on the function, names the law.

    Precondition: elaborated ops. Postcondition: the same values, up to the
    rounding that the float policy allows.

    Example:

    ```mlir
    %l = noodle.assume %a {props = ["lower"]} : tensor<4x4xf64>
    %x = noodle.solve %l apply(%b : tensor<4xf64>) : tensor<4x4xf64> -> tensor<4xf64>
    ```

    becomes

    ```mlir
    %x = noodle.solve %l apply(%b : tensor<4xf64>)
      {noodle.plan = "law 10, Solve_Structure", structure = "lower"}
      : tensor<4x4xf64> -> tensor<4xf64>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::noodle::NoodleDialect",
                           "::mlir::tensor::TensorDialect"];
}

#endif // NOODLE_ALGEBRA_PASSES
