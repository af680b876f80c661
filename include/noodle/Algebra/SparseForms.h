//===- SparseForms.h - sparse tensors brought into CSR ----------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_ALGEBRA_SPARSEFORMS_H
#define NOODLE_ALGEBRA_SPARSEFORMS_H

#include "mlir/IR/BuiltinOps.h"

namespace mlir::noodle {

/// Makes CSR of all COO and DCSR matrices, of BSR matrices that of their blocks
/// (NoodleBlockOps.td), and of each sparse vector the CSR matrix whose one row
/// it is. `noodle.signature` keeps what it says. The
/// module is verified; fails where an op is not for sparse vectors.
LogicalResult compressForms(ModuleOp module);

} // namespace mlir::noodle

#endif // NOODLE_ALGEBRA_SPARSEFORMS_H
