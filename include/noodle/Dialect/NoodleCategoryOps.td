//===- NoodleCategoryOps.td - morphisms, diagrams, functors -----*- td -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The category level: matrices over a semiring as morphisms between lists of
// wires. docs/Algebra.md teaches it; elaboration turns all of it into core ops.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_CATEGORY_OPS
#define NOODLE_CATEGORY_OPS

include "noodle/Dialect/NoodleOpBase.td"

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

class Noodle_Type<string cppName, string typeMnemonic>
    : TypeDef<Noodle_Dialect, cppName> {
  let mnemonic = typeMnemonic;
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Noodle_Hom : Noodle_Type<"Hom", "hom"> {
  let summary = "a morphism of Mat(S): a matrix between lists of wires";
  let description = [{
    `!noodle.hom<[2, 3] -> [4], f64, #noodle.semiring<min_plus>>` is a matrix
    with a row for each pair of indices below 2 and 3, and a column for each
    index below 4; its entries belong to the semiring, plus_times where none is
    written. As a tensor it has the extents 2x3x4: those of the domain, then
    those of the codomain. A wire's extent is static or `?`. `[] -> [n]` is a
    row vector, `[] -> []` a number.

    A morphism lives within a function: it crosses calls, loops and branches as
    a tensor.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$dom,
                        ArrayRefParameter<"int64_t">:$cod,
                        "::mlir::Type":$element,
                        "::mlir::noodle::SemiringAttr":$semiring);
}

def Noodle_Arrow : Noodle_Type<"Arrow", "arrow"> {
  let summary = "a morphism of a diagram, between lists of named objects";
  let description = [{
    `!noodle.arrow<[City, Hour] -> [City]>`. What the objects are is said by the
    functor that is applied to the diagram.
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::StringAttr">:$dom,
                        ArrayRefParameter<"::mlir::StringAttr">:$cod);
}

def Noodle_Morphism : AnyTypeOf<[Noodle_Hom, Noodle_Arrow],
                                "morphism (!noodle.hom or !noodle.arrow)">;

//===----------------------------------------------------------------------===//
// Morphisms
//===----------------------------------------------------------------------===//

/// An op that makes a morphism out of others. It may fail when called (extents,
/// indices), so it is not hoisted.
class Noodle_MorphismOp<string mnemonic, list<Trait> traits = []>
    : Noodle_Op<mnemonic, !listconcat([
        NoMemoryEffect, DeclareOpInterfaceMethods<SymbolUserOpInterface>],
        traits)> {
  let hasVerifier = 1;
}

def Noodle_FromTensorOp : Noodle_MorphismOp<"from_tensor"> {
  let summary = "a tensor as a morphism";
  let description = [{
    The tensor's extents are those of the domain and then those of the
    codomain. An absent entry of a sparse tensor is the semiring's zero.

    Example:

    ```mlir
    %f = noodle.from_tensor %t : tensor<2x3x4xf64> -> !noodle.hom<[2, 3] -> [4], f64>
    ```
  }];
  let arguments = (ins Noodle_Tensor:$input);
  let results = (outs Noodle_Hom:$result);
  let assemblyFormat = "$input attr-dict `:` qualified(type($input)) `->` qualified(type($result))";
}

def Noodle_ToTensorOp : Noodle_MorphismOp<"to_tensor"> {
  let summary = "the entries of a morphism";
  let description = [{
    A tensor of the domain's extents and then the codomain's. It may be sparse
    where it has two.

    Example:

    ```mlir
    %t = noodle.to_tensor %f : !noodle.hom<[2, 3] -> [4], f64> -> tensor<2x3x4xf64>
    ```
  }];
  let arguments = (ins Noodle_Hom:$input);
  let results = (outs Noodle_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` qualified(type($input)) `->` qualified(type($result))";
}

def Noodle_WiresOp : Noodle_MorphismOp<"wires"> {
  let summary = "a morphism that only connects wires";
  let description = [{
    The semiring's one where the indices of joined wires are equal, its zero
    elsewhere. Never materialised: a contraction reads joined wires as one
    letter. With X a list of wires:

    | kind | type | joins |
    |---|---|---|
    | id | X -> X | each wire to itself |
    | swap | [a, b] -> [b, a] | crosswise |
    | perm | X -> Y | wire k of Y to wire permutation[k] of X |
    | copy | X -> X, X, ... | each wire to its copies |
    | merge | X, X, ... -> X | equal wires: the reverse of copy |
    | discard | X -> [] | nothing: a column of ones |
    | cup | X, X -> [] | the first X to the second |
    | cap | [] -> X, X | the same, from below |
    | spider | [a, a, ...] -> [a, ...] | all wires to each other |

    cup and cap need a semiring whose multiplication commutes. `sizes` are the
    extents of X's `?` wires in order, of a spider the one of all its wires.

    Example:

    ```mlir
    %copy = noodle.wires copy : !noodle.hom<[3] -> [3, 3], f64>
    %cross = noodle.wires perm {permutation = array<i64: 2, 0, 1>}
      : !noodle.hom<[2, 3, 4] -> [4, 2, 3], f64>
    %same = noodle.wires id (%n) : !noodle.hom<[?] -> [?], f64>
    ```
  }];
  let arguments = (ins Noodle_WiresKind:$kind, Variadic<Index>:$sizes,
                       OptionalAttr<DenseI64ArrayAttr>:$permutation);
  let results = (outs Noodle_Morphism:$result);
  let assemblyFormat = [{
    $kind (`(` $sizes^ `)`)? attr-dict `:` qualified(type($result))
  }];
  let extraClassDeclaration = [{
    /// Which wires are joined: a number for each wire of the domain and then of
    /// the codomain, equal where joined, in order of first appearance.
    ::mlir::SmallVector<unsigned> getJoined();
    /// The number, as getJoined has it, of the wires that sizes[k] measures.
    ::mlir::SmallVector<unsigned> getSized();
  }];
}

def Noodle_DiagOp : Noodle_MorphismOp<"diag"> {
  let summary = "the diagonal matrix of a vector";
  let description = [{
    Of [] -> X the X -> X that has the vector's entries where row and column are
    equal, and the semiring's zero elsewhere. Never materialised.

    Example:

    ```mlir
    %d = noodle.diag %v : !noodle.hom<[] -> [3], f64> -> !noodle.hom<[3] -> [3], f64>
    ```
  }];
  let arguments = (ins Noodle_Morphism:$input);
  let results = (outs Noodle_Morphism:$result);
  let assemblyFormat = "$input attr-dict `:` qualified(type($input)) `->` qualified(type($result))";
}

def Noodle_ComposeOp : Noodle_MorphismOp<"compose"> {
  let summary = "one morphism after another: the product of matrices";
  let description = [{
    In diagrammatic order: the first operand is applied first, to rows from the
    left. Each codomain is the next operand's domain, wire by wire.

    The product of all operands is one contraction, so an author who composes
    more than two allows any grouping; one who nests compositions asks for that
    order, which floats keep unless the policy is `reassoc`. Over a semiring
    that is not associative and distributive only two are composed at a time.

    Example:

    ```mlir
    %h = noodle.compose %f, %g
      : (!noodle.hom<[2] -> [3], f64>, !noodle.hom<[3] -> [4], f64>) -> !noodle.hom<[2] -> [4], f64>
    ```
  }];
  let arguments = (ins Variadic<Noodle_Morphism>:$inputs);
  let results = (outs Noodle_Morphism:$result);
  let assemblyFormat = [{
    $inputs attr-dict `:` functional-type($inputs, $result)
  }];
}

def Noodle_TensorProductOp : Noodle_MorphismOp<"tensor"> {
  let summary = "morphisms side by side: the Kronecker product";
  let description = [{
    The wires of the operands one after another. It is not computed: in a
    composition each factor takes part by itself. The multiplication must
    commute, or (f x g);(h x k) were not (f;h) x (g;k).

    Example:

    ```mlir
    %h = noodle.tensor %f, %g
      : (!noodle.hom<[2] -> [3], f64>, !noodle.hom<[4] -> [5], f64>) -> !noodle.hom<[2, 4] -> [3, 5], f64>
    ```
  }];
  let arguments = (ins Variadic<Noodle_Morphism>:$inputs);
  let results = (outs Noodle_Morphism:$result);
  let assemblyFormat = [{
    $inputs attr-dict `:` functional-type($inputs, $result)
  }];
}

def Noodle_AddOp : Noodle_MorphismOp<"add"> {
  let summary = "the sum of morphisms of one type";
  let description = [{
    Entry by entry, by the semiring's addition. Of no operands it is the zero
    morphism, whose extents are static.

    Example:

    ```mlir
    %s = noodle.add %f, %f
      : (!noodle.hom<[2] -> [3], f64>, !noodle.hom<[2] -> [3], f64>) -> !noodle.hom<[2] -> [3], f64>
    ```
  }];
  let arguments = (ins Variadic<Noodle_Morphism>:$inputs);
  let results = (outs Noodle_Morphism:$result);
  let assemblyFormat = [{
    $inputs attr-dict `:` functional-type($inputs, $result)
  }];
}

def Noodle_BlockOp : Noodle_MorphismOp<"block"> {
  let summary = "a matrix of morphisms: the biproduct";
  let description = [{
    One row of blocks for each summand of the domain, one column for each of the
    codomain. The blocks of a row have one domain, those of a column one
    codomain. Where there are several rows each domain is one wire, and the
    result's domain one wire of their sum; columns alike.

    Example:

    ```mlir
    %b = noodle.block [[%f, %g], [%f, %g]]
      : (!noodle.hom<[2] -> [3], f64>, !noodle.hom<[2] -> [4], f64>,
         !noodle.hom<[2] -> [3], f64>, !noodle.hom<[2] -> [4], f64>) -> !noodle.hom<[4] -> [7], f64>
    ```
  }];
  let arguments = (ins Variadic<Noodle_Hom>:$inputs,
                       ConfinedAttr<I64Attr, [IntPositive]>:$rows);
  let results = (outs Noodle_Hom:$result);
  let hasCustomAssemblyFormat = 1;
}

def Noodle_DaggerOp : Noodle_MorphismOp<"dagger"> {
  let summary = "domain and codomain exchanged: the transpose";
  let description = [{
    Free: it renames letters. `conjugate` also takes the complex conjugate of
    each entry.

    Example:

    ```mlir
    %t = noodle.dagger %f : !noodle.hom<[2] -> [3], f64> -> !noodle.hom<[3] -> [2], f64>
    ```
  }];
  let arguments = (ins Noodle_Morphism:$input, UnitAttr:$conjugate);
  let results = (outs Noodle_Morphism:$result);
  let assemblyFormat = "$input attr-dict `:` qualified(type($input)) `->` qualified(type($result))";
}

def Noodle_TraceOp : Noodle_MorphismOp<"trace"> {
  let summary = "the last wires of domain and codomain joined and summed over";
  let description = [{
    Of A, X -> B, X the A -> B whose entries are sums over X, where X is the
    last `wires` wires. The multiplication must commute.

    Example:

    ```mlir
    %t = noodle.trace %f : !noodle.hom<[2, 3] -> [4, 3], f64> -> !noodle.hom<[2] -> [4], f64>
    ```
  }];
  let arguments = (ins Noodle_Morphism:$input,
    DefaultValuedAttr<ConfinedAttr<I64Attr, [IntNonNegative]>, "1">:$wires);
  let results = (outs Noodle_Morphism:$result);
  let assemblyFormat = "$input attr-dict `:` qualified(type($input)) `->` qualified(type($result))";
}

def Noodle_HomMapOp : Noodle_MorphismOp<"hom_map",
    [IsolatedFromAbove, SingleBlock]> {
  let summary = "a function of each entry, or a change of base";
  let description = [{
    The body gets an entry and returns the result's: ops of arith, math and
    complex. Absent entries are mapped too. Wires keep their extents; the
    element type and the semiring may change. With `homomorphism` the body promises to keep zero, one, sums and
    products; that is tested on sample values when compiled, and a
    counterexample is an error; `nonnegative` says that no entry is negative,
    so none is tried. Then wires stay wires, a tensor product stays one, and
    entries that are absent stay absent.

    Example:

    ```mlir
    %known = noodle.hom_map %f {homomorphism}
      : !noodle.hom<[2] -> [3], f64, #noodle.semiring<max_min>> -> !noodle.hom<[2] -> [3], i1, #noodle.semiring<or_and>> {
    ^bb0(%x: f64):
      %c = arith.constant 0.0 : f64
      %y = arith.cmpf ogt, %x, %c : f64
      noodle.return %y : i1
    }
    ```
  }];
  let arguments = (ins Noodle_Hom:$input, UnitAttr:$homomorphism,
                       UnitAttr:$nonnegative);
  let results = (outs Noodle_Hom:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $input attr-dict `:` qualified(type($input)) `->` qualified(type($result)) $body
  }];
  let hasRegionVerifier = 1;
}

def Noodle_IndexFunctionOp : Noodle_MorphismOp<"function"> {
  let summary = "a function between finite sets, as its vector of values";
  let description = [{
    Row i has the semiring's one in column indices[i] and zeros elsewhere. Stored
    as the vector: what follows it in a composition is gathered by index, what
    precedes it is scattered, and functions compose to one vector. An index
    outside of the codomain ends the call with an error when it is used. `size`
    is the codomain's extent where that is `?`.

    Example:

    ```mlir
    %f = noodle.function %v : tensor<9xi64> -> !noodle.hom<[9] -> [4], f64>
    ```
  }];
  let arguments = (ins Noodle_IndexTensor:$indices, Optional<Index>:$size);
  let results = (outs Noodle_Hom:$result);
  let assemblyFormat = [{
    $indices (`size` `(` $size^ `)`)? attr-dict
    `:` type($indices) `->` qualified(type($result))
  }];
}

def Noodle_PowerOp : Noodle_MorphismOp<"power",
    [AllTypesMatch<["input", "result"]>]> {
  let summary = "a morphism composed with itself";
  let description = [{
    X -> X composed n times; of 0 times it is the identity. n is an attribute
    or an operand, which is not negative. Where X is several wires, here and for
    star and inverse, their extents are static.

    Example:

    ```mlir
    %p = noodle.power %a {n = 10 : i64} : !noodle.hom<[3] -> [3], f64>
    %q = noodle.power %a, %k : !noodle.hom<[3] -> [3], f64>
    ```
  }];
  let arguments = (ins Noodle_Hom:$input, Optional<I64>:$exponent,
    OptionalAttr<ConfinedAttr<I64Attr, [IntNonNegative]>>:$n);
  let results = (outs Noodle_Hom:$result);
  let assemblyFormat = [{
    $input (`,` $exponent^)? attr-dict `:` qualified(type($input))
  }];
}

def Noodle_StarOp : Noodle_MorphismOp<"star",
    [AllTypesMatch<["input", "result"]>]> {
  let summary = "the sum of all powers: the reflexive transitive closure";
  let description = [{
    a* = 1 + a + a;a + ..., for a: X -> X. Over min_plus the cheapest paths,
    over or_and what can be reached, over plus_times the inverse of 1 - a. Where
    the sum does not converge the call ends with an error.

    Example:

    ```mlir
    %s = noodle.star %a : !noodle.hom<[3] -> [3], f64>
    ```
  }];
  let arguments = (ins Noodle_Hom:$input);
  let results = (outs Noodle_Hom:$result);
  let assemblyFormat = "$input attr-dict `:` qualified(type($input))";
}

def Noodle_InverseOp : Noodle_MorphismOp<"inverse"> {
  let summary = "the inverse matrix, over floats with plus_times";
  let description = [{
    Of X -> Y with as many rows as columns. In a composition it becomes the
    solution of linear equations; the inverse itself is formed only where its
    entries are asked for. A singular matrix ends the call with an error.

    Example:

    ```mlir
    %i = noodle.inverse %a : !noodle.hom<[3] -> [3], f64> -> !noodle.hom<[3] -> [3], f64>
    ```
  }];
  let arguments = (ins Noodle_Hom:$input);
  let results = (outs Noodle_Hom:$result);
  let assemblyFormat = "$input attr-dict `:` qualified(type($input)) `->` qualified(type($result))";
}

//===----------------------------------------------------------------------===//
// Diagrams and functors
//===----------------------------------------------------------------------===//

def Noodle_DiagramOp : Noodle_Op<"diagram",
    [IsolatedFromAbove, Symbol, SingleBlock]> {
  let summary = "a string diagram over named objects and generators";
  let description = [{
    Morphisms of a free category: `noodle.generator` boxes, wires, and what
    compose, tensor, add, dagger, trace and diag make of them, also other
    diagrams, applied. It has no entries: a functor gives it some.

    Example:

    ```mlir
    noodle.diagram @two_hops : !noodle.arrow<[City] -> [City]> {
      %road = noodle.generator @road : !noodle.arrow<[City] -> [City]>
      %two = noodle.compose %road, %road
        : (!noodle.arrow<[City] -> [City]>, !noodle.arrow<[City] -> [City]>) -> !noodle.arrow<[City] -> [City]>
      noodle.return %two : !noodle.arrow<[City] -> [City]>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       TypeAttrOf<Noodle_Arrow>:$boundary);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `:` $boundary $body attr-dict-with-keyword
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def Noodle_GeneratorOp : Noodle_Op<"generator",
    [NoMemoryEffect, HasParent<"DiagramOp">]> {
  let summary = "a named box of a diagram";
  let description = [{
    One name has one type throughout a diagram.

    Example: in `noodle.diagram`'s.

    ```mlir
    %road = noodle.generator @road : !noodle.arrow<[City] -> [City]>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$name);
  let results = (outs Noodle_Arrow:$result);
  let assemblyFormat = "$name attr-dict `:` qualified(type($result))";
}

def Noodle_ReturnOp : Noodle_Op<"return",
    [NoMemoryEffect, ReturnLike, Terminator,
     ParentOneOf<["DiagramOp", "HomMapOp"]>]> {
  let summary = "what a diagram is, or what an entry is mapped to";
  let description = [{
    Example:

    ```mlir
    noodle.return %two : !noodle.arrow<[City] -> [City]>
    ```
  }];
  let arguments = (ins AnyTypeOf<!listconcat([Noodle_Arrow], Noodle_Elements)>:$value);
  let assemblyFormat = "$value attr-dict `:` qualified(type($value))";
}

def Noodle_FunctorOp : Noodle_Op<"functor", [Symbol]> {
  let summary = "what objects and generators of diagrams mean";
  let description = [{
    `objects` maps a name to a list of wires: extents, `"?"` where only the call
    knows. `generators` maps a name to the type of the morphism that
    `noodle.apply` is given for it, or to a diagram that stands for it.

    Without an element type it is a functor between diagrams: objects are mapped
    to lists of names and generators to diagrams.

    Example:

    ```mlir
    noodle.functor @costs : f64, #noodle.semiring<min_plus>
      objects {City = [3]}
      generators {road = !noodle.hom<[3] -> [3], f64, #noodle.semiring<min_plus>>}
    noodle.functor @detour objects {City = ["City"]} generators {road = @two_hops}
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
    OptionalAttr<TypeAttr>:$element, OptionalAttr<Noodle_SemiringAttr>:$semiring,
    DictionaryAttr:$objects, DictionaryAttr:$generators);
  let assemblyFormat = [{
    $sym_name (`:` $element^ `,` qualified($semiring))?
    `objects` $objects `generators` $generators attr-dict
  }];
  let hasVerifier = 1;
}

def Noodle_ApplyOp : Noodle_Op<"apply",
    [NoMemoryEffect, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the morphism that a functor makes of a diagram";
  let description = [{
    The diagram is inlined, with the functor's wires for its objects and the
    given morphisms, or the functor's diagrams, for its generators; so composing
    functors costs nothing when the program runs. Inside a diagram the result is
    an arrow; without a functor the diagram is inlined as it is.

    Example:

    ```mlir
    %far = noodle.apply @costs to @two_hops (road = %r)
      : (!noodle.hom<[3] -> [3], f64, #noodle.semiring<min_plus>>) -> !noodle.hom<[3] -> [3], f64, #noodle.semiring<min_plus>>
    ```
  }];
  let arguments = (ins OptionalAttr<FlatSymbolRefAttr>:$functor,
                       FlatSymbolRefAttr:$diagram,
                       StrArrayAttr:$names, Variadic<Noodle_Hom>:$inputs);
  let results = (outs Noodle_Morphism:$result);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

#endif // NOODLE_CATEGORY_OPS
