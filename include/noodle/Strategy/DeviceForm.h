//===- DeviceForm.h - which ops have a kernel, and which --------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_STRATEGY_DEVICEFORM_H
#define NOODLE_STRATEGY_DEVICEFORM_H

#include "noodle/Dialect/Noodle.h"
#include "noodle/Dialect/Semiring.h"

namespace mlir::noodle {

enum class KernelKind { None, Contraction, Rows, Elementwise, SparseRows };

/// The kernel that can run an op on a device; None and a reason otherwise.
struct DeviceForm {
  KernelKind kind = KernelKind::None;
  std::string whyNot;
};
DeviceForm deviceForm(Operation *op);

/// A dense contraction of two operands as a batched matrix product: each group
/// of letters is one loop whose steps through an operand are even.
struct ProductForm {
  /// Letters of each group, outermost first, without those whose extent is
  /// known to be 1. A group may be empty: extent 1. The letters of rows,
  /// columns and inner each step evenly through the operands and the output
  /// that have them; batch letters step on their own, and an operand may lack
  /// some.
  SmallVector<unsigned> batch, rows, columns, inner;
  /// The rows are operand 1's, so that the columns end the output.
  bool swapped = false;
};
/// Failure reasons are words such as "letter i is repeated in operand 0".
struct ProductFormResult {
  ProductForm form;
  std::string whyNot; ///< empty: `form` holds
};
ProductFormResult productForm(ContractOp op);

/// Letters that step through operand `operand` (the output after the last
/// input), outermost first: not those whose extent is 1 there.
SmallVector<unsigned> steppingLetters(ContractOp op, unsigned operand);
/// The static extent of each letter, ShapedType::kDynamic where unknown.
SmallVector<int64_t> letterExtents(ContractOp op);

/// Whether scalar code (of a map's body or a semiring) can run in a kernel:
/// every op is arith's or a math function that has an instruction or a
/// polynomial. Else the reason.
std::string whyNotInKernel(Region &body);
/// The same of a semiring at a type.
std::string whyNotInKernel(const Semiring &semiring);

/// Per-kind halves of deviceForm, each empty where a kernel exists.
std::string whyNoContraction(ContractOp op);
std::string whyNoSparseRows(ContractOp op);
std::string whyNoRows(Operation *op);
std::string whyNoElementwise(Operation *op);

} // namespace mlir::noodle

#endif // NOODLE_STRATEGY_DEVICEFORM_H
