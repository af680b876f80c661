//===- BodyLowering.h - lowering of one function's runtime calls -*- C++
//-*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TRANSFORMS_MEMORY_BODYLOWERING_H
#define NOODLE_TRANSFORMS_MEMORY_BODYLOWERING_H

#include "RuntimeAbi.h"

#include "noodle/Dialect/SparseOps.h"

#include "noodle/Dialect/Noodle.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace mlir::noodle {

/// Lowers one function's body.
class BodyLowering {
public:
  /// `results`: the allocations that are results of the entry, with their
  /// numbers.
  BodyLowering(func::FuncOp function, StringAttr parallelFor,
               const DenseMap<Operation *, int64_t> &results,
               RuntimeFunctions &runtime, const LLVMTypeConverter &converter)
      : function(function), parallelFor(parallelFor), results(results),
        runtime(runtime), converter(converter),
        module(function->getParentOfType<ModuleOp>()) {}

  LogicalResult run();

private:
  /// Where the function returns the status it is given.
  Block *failureBlock(ImplicitLocOpBuilder &b);
  /// Returns `status` from here on unless `good`; code goes on behind it.
  void failUnless(ImplicitLocOpBuilder &b, Value good, Value status);
  void failUnlessOk(ImplicitLocOpBuilder &b, Value status);
  Value i32(ImplicitLocOpBuilder &b, int32_t value) {
    return LLVM::ConstantOp::create(b, b.getI32Type(),
                                    b.getI32IntegerAttr(value));
  }
  Value entryAlloca(Location loc, Type type, int64_t count);

  LogicalResult lower(memref::AllocOp op);
  void lower(memref::DeallocOp op);
  void lower(CheckOp op);
  void lower(PollOp op);
  void lower(MarkOp op);
  void lower(func::CallOp op);
  // LowerDeviceCalls.cpp
  LogicalResult lower(LaunchOp op);
  void lower(HostAccessOp op);
  // LowerProductCalls.cpp
  LogicalResult lower(BlasProductOp op);
  // LowerSparseCalls.cpp
  void lower(TransposeStorageOp op);
  void lower(CopyRunOp op);
  void lower(ClearRunOp op);

  func::FuncOp function;
  StringAttr parallelFor; ///< what calls of the parallel loop name
  const DenseMap<Operation *, int64_t> &results;
  RuntimeFunctions &runtime;
  const LLVMTypeConverter &converter;
  ModuleOp module;
  Value context;
  Block *failure = nullptr;
};

} // namespace mlir::noodle

#endif // NOODLE_TRANSFORMS_MEMORY_BODYLOWERING_H
