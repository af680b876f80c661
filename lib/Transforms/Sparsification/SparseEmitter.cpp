//===- SparseEmitter.cpp - what products of sparse matrices share ---------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "SparseProducts.h"

#include "noodle/Dialect/SparseOps.h"

using namespace mlir;
using namespace mlir::noodle;

Value SparseEmitter::body(Region &region, ArrayRef<Value> arguments) {
  IRMapping mapping;
  Block &block = region.front();
  mapping.map(block.getArguments(), arguments);
  for (Operation &inner : block.without_terminator())
    b.clone(inner, mapping);
  return mapping.lookupOrDefault(block.getTerminator()->getOperand(0));
}

Value SparseEmitter::compare(arith::CmpIPredicate predicate, Value x, Value y) {
  return arith::CmpIOp::create(b, predicate, x, y);
}

void SparseEmitter::inParallel(Value count,
                               function_ref<void(Value)> chunkBody) {
  auto loop = scf::ParallelOp::create(b, ValueRange{b.at(0)}, ValueRange{count},
                                      ValueRange{b.at(1)});
  loop->setAttr("noodle.chunked", b.getUnitAttr());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  PollOp::create(b);
  chunkBody(loop.getInductionVars().front());
}

Value SparseEmitter::buffer(Type element, Value size) {
  return memref::AllocOp::create(
      b, MemRefType::get({ShapedType::kDynamic}, element), size);
}

void SparseEmitter::fillZero(Value buffer, Value size) {
  ClearRunOp::create(b, buffer, size);
}

/// Whether the mask's entry counts.
Value SparseEmitter::counts(Value at) {
  Value entry = memref::LoadOp::create(b, mask.values, at);
  return convertElement(b, b.getLoc(), entry, b.getI1Type());
}

Value SparseEmitter::finish(Value sum, Value maskAt) {
  SmallVector<Value> arguments{sum};
  if (op.getScaled())
    arguments.push_back(memref::LoadOp::create(b, mask.values, maskAt));
  return body(op.getFinish(), arguments);
}
