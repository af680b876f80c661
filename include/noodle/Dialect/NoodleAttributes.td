//===- NoodleAttributes.td - semirings, policies, statistics ---*- td -*---===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_ATTRIBUTES
#define NOODLE_ATTRIBUTES

include "noodle/Dialect/NoodleBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

class Noodle_Attr<string cppName, string attrMnemonic>
    : AttrDef<Noodle_Dialect, cppName> {
  let mnemonic = attrMnemonic;
}

//===----------------------------------------------------------------------===//
// Semirings
//===----------------------------------------------------------------------===//

def Noodle_SemiringKind : I32EnumAttr<"SemiringKind", "a built-in semiring", [
    I32EnumAttrCase<"PlusTimes", 0, "plus_times">,
    I32EnumAttrCase<"MinPlus", 1, "min_plus">,
    I32EnumAttrCase<"MaxPlus", 2, "max_plus">,
    I32EnumAttrCase<"MaxTimes", 3, "max_times">,
    I32EnumAttrCase<"MaxMin", 4, "max_min">,
    I32EnumAttrCase<"MinMax", 5, "min_max">,
    I32EnumAttrCase<"OrAnd", 6, "or_and">,
    I32EnumAttrCase<"XorAnd", 7, "xor_and">,
    I32EnumAttrCase<"LogPlus", 8, "log_plus">,
    I32EnumAttrCase<"User", 100, "user">]> {
  let cppNamespace = "::mlir::noodle";
}

def Noodle_SemiringAttr : Noodle_Attr<"Semiring", "semiring"> {
  let summary = "the semiring an operation works over";
  let description = [{
    `#noodle.semiring<min_plus>` names a built-in one, `#noodle.semiring<@name>`
    a `noodle.semiring` symbol of the module.

    | name | zero, one | add, mul | types |
    |---|---|---|---|
    | plus_times | 0, 1 | +, * | floats, integers (which wrap), complex |
    | min_plus | +inf, 0 | min, + | floats, integers |
    | max_plus | -inf, 0 | max, + | floats, integers |
    | max_times | 0, 1 | max, * | floats, integers, values not negative |
    | max_min | -inf, +inf | max, min | floats, integers |
    | min_max | +inf, -inf | min, max | floats, integers |
    | or_and | false, true | or, and | i1 |
    | xor_and | false, true | xor, and | i1 |
    | log_plus | -inf, 0 | log(exp a + exp b), + | floats |

    Floats are f16, bf16, f32 and f64, integers i8, i32 and i64, complex are
    complex<f32> and complex<f64>: those and i1 have no order. A complex product
    is (ac - bd) + (ad + bc)i, whatever infinities it meets.

    For integers, infinity is the type's extreme value; the + of min_plus and
    max_plus saturates and its zero annihilates, so that INT_MAX + 1 never
    wraps; sums that do saturate depend on how products are grouped. Float min
    and max propagate NaN; which of two zeros they give is open. A float zero of a dense operand is
    combined as IEEE says; an absent entry of a sparse one annihilates.
  }];
  let parameters = (ins "SemiringKind":$kind,
                        OptionalParameter<"::mlir::FlatSymbolRefAttr">:$symbol);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let constBuilderCall = "$0";
  let builders = [
    AttrBuilder<(ins "SemiringKind":$kind), [{
      return $_get($_ctxt, kind, FlatSymbolRefAttr());
    }]>
  ];
}

def Noodle_SemiringTrait : I32BitEnumAttr<"SemiringTrait",
    "a law that a user-defined semiring declares", [
    I32BitEnumAttrCaseNone<"None", "none">,
    I32BitEnumAttrCaseBit<"Associative", 0, "associative">,
    I32BitEnumAttrCaseBit<"Commutative", 1, "commutative">,
    I32BitEnumAttrCaseBit<"Distributive", 2, "distributive">,
    I32BitEnumAttrCaseBit<"Annihilating", 3, "annihilating">,
    I32BitEnumAttrCaseBit<"Idempotent", 4, "idempotent">]> {
  let cppNamespace = "::mlir::noodle";
  let separator = ", ";
  let genSpecializedAttr = 0;
}
def Noodle_SemiringTraitAttr
    : EnumAttr<Noodle_Dialect, Noodle_SemiringTrait, "traits"> {
  let summary = "laws a user-defined semiring declares, tested when compiled";
  let assemblyFormat = ?;
  let hasCustomAssemblyFormat = 1;
}

//===----------------------------------------------------------------------===//
// Policies
//===----------------------------------------------------------------------===//

def Noodle_FPPolicy : I32EnumAttr<"FPPolicy", "what may be done to floats", [
    I32EnumAttrCase<"Strict", 0, "strict">,
    I32EnumAttrCase<"Reassoc", 1, "reassoc">,
    I32EnumAttrCase<"Fast", 2, "fast">]> {
  let cppNamespace = "::mlir::noodle";
  let genSpecializedAttr = 0;
}
def Noodle_FPAttr : EnumAttr<Noodle_Dialect, Noodle_FPPolicy, "fp"> {
  let summary = "the float policy of a module or function (`noodle.fp`)";
  let description = [{
    `strict`: as written, though the sums of one contraction may be reordered.
    `reassoc`: products may be regrouped. `fast`: also algorithms with a larger,
    stated error. Integers and exact semirings need no permission.
  }];
  let assemblyFormat = ?;
  let hasCustomAssemblyFormat = 1;
}

def Noodle_StrategyKind : I32EnumAttr<"StrategyKind", "how an op is executed", [
    I32EnumAttrCase<"Auto", 0, "auto">,
    I32EnumAttrCase<"Reference", 1, "reference">,
    I32EnumAttrCase<"Loops", 2, "loops">,
    I32EnumAttrCase<"Tiled", 3, "tiled">,
    I32EnumAttrCase<"Sparse", 4, "sparse">,
    I32EnumAttrCase<"Gpu", 5, "gpu">,
    I32EnumAttrCase<"Library", 6, "library">,
    I32EnumAttrCase<"Strassen", 7, "strassen">]> {
  let cppNamespace = "::mlir::noodle";
  let genSpecializedAttr = 0;
}
def Noodle_StrategyAttr
    : EnumAttr<Noodle_Dialect, Noodle_StrategyKind, "strategy"> {
  let summary = "how an op is executed; `auto` lets the selection choose";
  let description = [{
    `reference`: by the interpreter, through a callback. `loops`: plain loops.
    `tiled`: tiled and vectorised loops. `strassen`: the same over products of
    blocks, of which Winograd's form needs seven where eight are written; only
    over rings, and for floats only under `fast`. `sparse`: loops over stored
    entries. `gpu`: a kernel of a device, with one of the others as its
    fallback. `library`: a routine of a library, that of BLAS on the host, of
    the device's vendor (cuBLAS, cuSPARSE) there, with a kernel of ours and then
    the host as its fallbacks.
  }];
  let assemblyFormat = ?;
  let hasCustomAssemblyFormat = 1;
}

def Noodle_MapOver : I32EnumAttr<"MapOver", "the entries a map visits", [
    I32EnumAttrCase<"All", 0, "all">,
    I32EnumAttrCase<"Stored", 1, "stored">]> {
  let cppNamespace = "::mlir::noodle";
  let genSpecializedAttr = 0;
}
def Noodle_MapOverAttr : EnumAttr<Noodle_Dialect, Noodle_MapOver, "over"> {
  let summary = "whether a map visits all entries or the stored ones";
  let assemblyFormat = ?;
  let hasCustomAssemblyFormat = 1;
}

def Noodle_WiresKind : I32EnumAttr<"WiresKind", "which wires are joined", [
    I32EnumAttrCase<"Id", 0, "id">,
    I32EnumAttrCase<"Swap", 1, "swap">,
    I32EnumAttrCase<"Perm", 2, "perm">,
    I32EnumAttrCase<"Copy", 3, "copy">,
    I32EnumAttrCase<"Merge", 4, "merge">,
    I32EnumAttrCase<"Discard", 5, "discard">,
    I32EnumAttrCase<"Cup", 6, "cup">,
    I32EnumAttrCase<"Cap", 7, "cap">,
    I32EnumAttrCase<"Spider", 8, "spider">]> {
  let cppNamespace = "::mlir::noodle";
}

//===----------------------------------------------------------------------===//
// Statistics
//===----------------------------------------------------------------------===//

def Noodle_StatsAttr : Noodle_Attr<"Stats", "stats"> {
  let summary = "what is known of an argument (`noodle.stats`)";
  let description = [{
    Carried by function arguments, so that every tool sees the same program.
    `stored` is the number of stored entries, `longest` the greatest number in
    one row (CSR) or column (CSC); `extents` the actual extents of a dynamic
    tensor, rounded up to a power of two when they key a variant. -1 is unknown.

    Example: `%a: tensor<?x?xf64, #csr> {noodle.stats = #noodle.stats<extents =
    [64, 64], stored = 128, longest = 16>}`
  }];
  let parameters = (ins
    OptionalArrayRefParameter<"int64_t">:$extents,
    DefaultValuedParameter<"int64_t", "-1">:$stored,
    DefaultValuedParameter<"int64_t", "-1">:$longest);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif // NOODLE_ATTRIBUTES
