//===- LibraryForm.h - which ops a vendor's library has ---------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_STRATEGY_LIBRARYFORM_H
#define NOODLE_STRATEGY_LIBRARYFORM_H

#include "noodle/Strategy/DenseForm.h"

namespace mlir::noodle {

/// The routine of cuBLAS or cuSPARSE that computes an op that has a kernel:
/// "gemm_f32", "csrmm_f64" and so on, as the runtime knows them; none and a
/// reason otherwise.
struct LibraryForm {
  std::string routine;
  std::string whyNot;
};
LibraryForm libraryForm(Operation *op);

/// Why no BLAS forms a dense contraction on the host; empty where one may. What
/// only the run sees, such as strides, it may refuse still.
std::string whyNotHostLibrary(ContractOp op, const DenseForm &form);

} // namespace mlir::noodle

#endif // NOODLE_STRATEGY_LIBRARYFORM_H
