//===- StrassenForm.h - which products may be halved ------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_STRATEGY_STRASSENFORM_H
#define NOODLE_STRATEGY_STRASSENFORM_H

#include "noodle/Strategy/DenseForm.h"

namespace mlir::noodle {

/// The float policy in force at an op: of its function, else of its module.
FPPolicy fpPolicyAt(Operation *op);

/// Why a contraction is no product of matrices over a ring, or floats that the
/// policy keeps from it; empty where Strassen's form may be used.
std::string whyNotStrassen(ContractOp op, const DenseForm &form);

/// Why extents are not worth halving; empty where they are, or are unknown.
/// `from` is the least that is halved, 0: as measured.
std::string whyNotHalved(const DenseForm &form, const ProductShape &shape,
                         int64_t from);

/// Such as "2 levels of Strassen-Winograd, error bound 4.83 (max|lhs| max|rhs|
/// = 1)"; integers have no error.
std::string strassenText(const DenseForm &form, const ProductShape &shape,
                         int64_t from);

} // namespace mlir::noodle

#endif // NOODLE_STRATEGY_STRASSENFORM_H
