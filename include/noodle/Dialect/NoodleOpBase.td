//===- NoodleOpBase.td - what files of ops share ----------------*- td -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each family of ops is a file of its own, with headers of its own, and
// includes this one.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_OP_BASE
#define NOODLE_OP_BASE

include "noodle/Dialect/NoodleAttributes.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"

defvar Noodle_Floats = [F16, BF16, F32, F64];
defvar Noodle_Integers = [I8, I32, I64, I1];
defvar Noodle_Complexes = [Complex<F32>, Complex<F64>];
class Noodle_AllOf<list<Type> floats, list<Type> integers, list<Type> complexes,
                   list<Type> others = []> {
  list<Type> types = !listconcat(floats, integers, complexes, others);
}
defvar Noodle_Elements =
    Noodle_AllOf<Noodle_Floats, Noodle_Integers, Noodle_Complexes>.types;
def Noodle_Element : AnyTypeOf<Noodle_Elements,
    "f16, bf16, f32, f64, i8, i32, i64, i1, complex<f32> or complex<f64>">;
def Noodle_Tensor : RankedTensorOf<Noodle_Elements>;
def Noodle_FloatTensor : RankedTensorOf<Noodle_Floats>;
def Noodle_IndexTensor : 1DTensorOf<[I32, I64]>;
def Noodle_TensorOrScalar
    : AnyTypeOf<Noodle_AllOf<[Noodle_Tensor], [], [], Noodle_Elements>.types>;

class Noodle_Op<string mnemonic, list<Trait> traits = []>
    : Op<Noodle_Dialect, mnemonic, traits>;

/// Ops that compute tensors: no effects, executed by a strategy. An op that can
/// fail when called (extents, indices) is not hoisted to where it might run
/// though the program as written would not have run it.
class Noodle_TensorOp<string mnemonic, list<Trait> traits = []>
    : Noodle_Op<mnemonic, !listconcat([
        NoMemoryEffect,
        DeclareOpInterfaceMethods<ConditionallySpeculatable>], traits)> {
  let hasVerifier = 1;
}

#endif // NOODLE_OP_BASE
