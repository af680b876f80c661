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
// The buffers of a sparse vector are those of a CSR matrix of one row. BSR has
// ops of its own, in NoodleBlockOps.td; what else takes one takes it as CSR.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_DIALECT_SPARSEFORMS_H
#define NOODLE_DIALECT_SPARSEFORMS_H

#include "mlir/IR/BuiltinTypes.h"
#include <optional>

namespace mlir::noodle {

enum class RowList { None, COO, DCSR };

/// Of a type that getSparseFormat accepts: whether it lists its rows.
RowList getRowList(RankedTensorType type);

/// The CSR type with the index widths of a type that lists its rows; of a
/// sparse vector the one whose only row it is; other types as they are.
RankedTensorType compressedRows(RankedTensorType type);

/// The block of a BSR matrix.
struct BlockShape {
  int64_t rows, columns;
  bool operator==(const BlockShape &) const = default;
};
inline constexpr int64_t kLongestBlock = 64;

/// Nothing for types that are not BSR. Widths, extents and sizes of blocks may
/// still be what getSparseFormat refuses.
std::optional<BlockShape> getBlockShape(RankedTensorType type);
/// Of a BSR type the CSR type of its blocks, and that of its entries; other
/// types as they are.
RankedTensorType rowsOfBlocks(RankedTensorType type);
RankedTensorType expandedRows(RankedTensorType type);

} // namespace mlir::noodle

#endif // NOODLE_DIALECT_SPARSEFORMS_H
