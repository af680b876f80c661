//===- form.h - a contraction as calls of gemm or gemv --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RUNTIME_BLAS_FORM_H
#define NOODLE_RUNTIME_BLAS_FORM_H

#include "noodle-rt/abi.h"

#include <string>
#include <vector>

namespace noodle::rt {

/// out[m, n] = sum over k of left[m, k] right[k, n], row-major, at each setting
/// of the loops around it.
struct BlasForm {
  /// Nothing is to be added up or there is nothing to write to.
  bool empty = false;
  /// gemv: n is 1, and right and out are vectors with steps.
  bool vector = false;
  /// The left operand is the product's rhs.
  bool swapped = false;
  int64_t m = 1, n = 1, k = 1;
  /// Stored the other way round.
  bool leftTransposed = false, rightTransposed = false;
  /// Leading dimensions; of a vector, the step.
  int64_t leftLeading = 1, rightLeading = 1, outLeading = 1;
  /// Step from row to row and from column to column of left, right and out, to
  /// cut them.
  int64_t leftRow = 0, rightColumn = 0, outRow = 0, outColumn = 0;
  /// Loops around: first those that out has, then sums.
  std::vector<noodle_rt_product_loop> outer, sums;
};

/// False, with the reason, where no BLAS has it.
bool findForm(const noodle_rt_product &product, BlasForm &form,
              std::string &whyNot);

} // namespace noodle::rt

#endif // NOODLE_RUNTIME_BLAS_FORM_H
