//===- Verifiers.h - checks that families of ops share ----------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_DIALECT_VERIFIERS_H
#define NOODLE_LIB_DIALECT_VERIFIERS_H

#include "noodle/Dialect/Noodle.h"

namespace mlir::noodle {

/// Rank, format and size of all operands and results that are tensors.
LogicalResult verifyTensors(Operation *op);

/// The result has the element type of an operand and the extents `implied`; it
/// may leave some open, but not fix what the operands do not.
LogicalResult verifyResult(Operation *op, Type element,
                           ArrayRef<int64_t> implied);

/// `absent`, where given, is a scalar of the type.
LogicalResult verifyAbsent(Operation *op, TypedAttr absent, Type type);

/// A built-in semiring is defined for the type; symbols are looked at later.
LogicalResult verifySemiring(Operation *op, SemiringAttr semiring, Type type);
LogicalResult verifySemiringSymbol(Operation *op, SemiringAttr semiring,
                                   Type type, SymbolTableCollection &symbols,
                                   ValueRange multiplied = {});

/// Ops of arith, math and complex over Noodle's element types, but for the
/// terminator.
LogicalResult verifyScalarCode(Operation *op, StringRef what, Block &block);

} // namespace mlir::noodle

#endif // NOODLE_LIB_DIALECT_VERIFIERS_H
