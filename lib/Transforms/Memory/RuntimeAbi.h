//===- RuntimeAbi.h - generated code's view of the runtime ABI ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Builders of LLVM dialect code for the layouts of noodle-rt/abi.h, shared by
// the passes that emit runtime calls.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TRANSFORMS_MEMORY_RUNTIMEABI_H
#define NOODLE_TRANSFORMS_MEMORY_RUNTIMEABI_H

#include "noodle-rt/abi.h"
#include "noodle/Dialect/Semiring.h"

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SparseTensor/IR/SparseTensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::noodle {

/// Names that generated modules use.
inline constexpr StringLiteral kFunctionPrefix = "noodle.";
inline constexpr StringLiteral kEntryPrefix = "noodle_entry_";
inline constexpr StringLiteral kSignatureAttr = "noodle.signature";
inline constexpr StringLiteral kReferenceSiteAttr = "noodle.reference_site";
/// On a function that has the form of noodle_rt_body already.
inline constexpr StringLiteral kParallelBodyAttr = "noodle.parallel_body";
/// On the declaration that stands for noodle_ir_parallel_for.
inline constexpr StringLiteral kParallelForAttr = "noodle.parallel_for";

/// The runtime functions of ir.h, declared in the module on first use.
class RuntimeFunctions {
public:
  explicit RuntimeFunctions(ModuleOp module) : module(module) {}
  LLVM::LLVMFuncOp get(StringRef name);

private:
  ModuleOp module;
};

/// How a value of the source signature travels: as the values of the lowered
/// function type it covers.
struct AbiSlot {
  Type type;          ///< in the source signature
  unsigned first = 0; ///< first lowered value
  unsigned count = 1; ///< a CSR or CSC tensor takes four
};

/// Matches a signature's types with the lowered types, in order; failure with
/// an error on `op` where they do not fit.
FailureOr<SmallVector<AbiSlot>> matchSlots(Operation *op, ArrayRef<Type> source,
                                           ArrayRef<Type> lowered);

/// Emits reads and writes of noodle_rt_tensor slots. `slots` points at an array
/// of them.
class SlotBuilder {
public:
  SlotBuilder(ImplicitLocOpBuilder &b, const LLVMTypeConverter &converter)
      : b(b), converter(converter) {}

  /// The lowered values that slot `index` holds. Dense buffers are contiguous.
  void read(Value slots, unsigned index, const AbiSlot &slot,
            ArrayRef<Type> lowered, SmallVectorImpl<Value> &values);
  /// Fills slot `index` from lowered values. A scalar goes to where the slot's
  /// values pointer points, or, with `scalarSpace`, to that place first.
  void write(Value slots, unsigned index, const AbiSlot &slot,
             ValueRange values, Value scalarSpace = {});

  Value i64(int64_t value);
  Value load(Type type, Value base, int64_t offset);
  void store(Value value, Value base, int64_t offset);
  Value offset(Value base, int64_t bytes);
  /// A memref over `memory`, row-major with these extents.
  Value memref(MemRefType type, Value memory, ArrayRef<Value> extents);
  /// The LLVM form of a value, through a cast where the types differ.
  Value lowered(Value value);
  Value raised(Type type, Value value);

private:
  ImplicitLocOpBuilder &b;
  const LLVMTypeConverter &converter;
};

} // namespace mlir::noodle

#endif // NOODLE_TRANSFORMS_MEMORY_RUNTIMEABI_H
