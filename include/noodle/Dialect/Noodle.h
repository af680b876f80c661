//===- Noodle.h - the noodle dialect --------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_DIALECT_NOODLE_H
#define NOODLE_DIALECT_NOODLE_H

#include "noodle/Dialect/ContractSpec.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SparseTensor/IR/SparseTensor.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "noodle/Dialect/NoodleDialect.h.inc"
#include "noodle/Dialect/NoodleEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "noodle/Dialect/NoodleAttributes.h.inc"
#define GET_OP_CLASSES
#include "noodle/Dialect/NoodleOps.h.inc"

#endif // NOODLE_DIALECT_NOODLE_H
