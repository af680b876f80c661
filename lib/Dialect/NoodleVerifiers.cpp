//===- NoodleVerifiers.cpp - what makes an op well formed -----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/Noodle.h"
#include "noodle/Dialect/Semiring.h"

using namespace mlir;
using namespace mlir::noodle;

LogicalResult ContractOp::verify() { return ContractSpec::parse(getEquation(), [&] { return emitOpError(); }); }
LogicalResult MatmulOp::verify() { return success(); }
LogicalResult MapOp::verify() { return success(); }
LogicalResult SoftmaxOp::verify() { return success(); }
LogicalResult LayerNormOp::verify() { return success(); }
LogicalResult ReduceOp::verify() { return success(); }
LogicalResult TransposeOp::verify() { return success(); }
LogicalResult ConcatOp::verify() { return success(); }
LogicalResult GatherOp::verify() { return success(); }
LogicalResult ScatterOp::verify() { return success(); }
LogicalResult ConvertOp::verify() { return success(); }
LogicalResult CheckOp::verify() { return success(); }
LogicalResult SemiringOp::verify() { return success(); }
LogicalResult ContractOp::verifySymbolUses(SymbolTableCollection &) { return success(); }
LogicalResult MatmulOp::verifySymbolUses(SymbolTableCollection &) { return success(); }
LogicalResult MapOp::verifySymbolUses(SymbolTableCollection &) { return success(); }
LogicalResult ReduceOp::verifySymbolUses(SymbolTableCollection &) { return success(); }
LogicalResult ScatterOp::verifySymbolUses(SymbolTableCollection &) { return success(); }
