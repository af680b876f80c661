//===- VectorBody.cpp - scalar code on vectors ----------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "VectorBody.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::noodle;

Type noodle::wideType(Type element, int64_t lanes) {
  return lanes == 1 ? element : Type(VectorType::get({lanes}, element));
}

Value noodle::splat(OpBuilder &b, Location loc, Value value, int64_t lanes) {
  if (lanes == 1 || isa<VectorType>(value.getType()))
    return value;
  return vector::BroadcastOp::create(
      b, loc, VectorType::get({lanes}, value.getType()), value);
}

bool noodle::handsOn(Region &region) {
  Block &body = region.front();
  return body.getNumArguments() &&
         body.getTerminator()->getOperand(0) == body.getArgument(0);
}

Value noodle::cloneWide(OpBuilder &b, Location loc, Region &region,
                        ValueRange arguments, int64_t lanes) {
  Block &body = region.front();
  IRMapping mapping;
  mapping.map(body.getArguments(), arguments);
  for (Operation &inner : body.without_terminator()) {
    bool vectors = llvm::any_of(inner.getOperands(), [&](Value operand) {
      return isa<VectorType>(mapping.lookup(operand).getType());
    });
    if (vectors)
      for (Value operand : inner.getOperands())
        mapping.map(operand, splat(b, loc, mapping.lookup(operand), lanes));
    Operation *clone = b.clone(inner, mapping);
    for (auto [from, to] : llvm::zip(inner.getResults(), clone->getResults())) {
      if (vectors)
        to.setType(wideType(from.getType(), lanes));
      mapping.map(from, to);
    }
  }
  return splat(b, loc, mapping.lookup(body.getTerminator()->getOperand(0)),
               lanes);
}
