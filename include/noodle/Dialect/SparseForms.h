//===- SparseForms.h - forms that are computed with as CSR ------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// COO and DCSR list the rows of their entries where CSR has positions for all;
// coordinates and values are the same. Programs name them in types, and ops
// take them, as getSparseFormat says, for CSR. Elaboration makes CSR of them;
// in signatures they stay, where the engine goes from one to the other.
// The buffers of a sparse vector are those of a CSR matrix of one row.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_DIALECT_SPARSEFORMS_H
#define NOODLE_DIALECT_SPARSEFORMS_H

#include "mlir/IR/BuiltinTypes.h"

namespace mlir::noodle {

enum class RowList { None, COO, DCSR };

/// Of a type that getSparseFormat accepts: whether it lists its rows.
RowList getRowList(RankedTensorType type);

/// The CSR type with the index widths of a type that lists its rows; of a
/// sparse vector the one whose only row it is; other types as they are.
RankedTensorType compressedRows(RankedTensorType type);

} // namespace mlir::noodle

#endif // NOODLE_DIALECT_SPARSEFORMS_H
