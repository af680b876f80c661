//===- Samples.h - values on which laws are tried ---------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ALGEBRA_SAMPLES_H
#define NOODLE_LIB_ALGEBRA_SAMPLES_H

#include "noodle/Reference/Interpreter.h"

namespace mlir::noodle::samples {

using Column = std::vector<reference::Scalar>;

/// Sample values of an element type; `negative` ones too.
Column samplesOf(noodle_rt_type type, bool negative = true);
/// Equal up to a few roundings.
bool close(const reference::Scalar &a, const reference::Scalar &b);
std::string text(const reference::Scalar &value);

/// A vector of the values, and back.
reference::Tensor columnTensor(noodle_rt_type type, const Column &column);
Column tensorColumn(const reference::Tensor &tensor);

} // namespace mlir::noodle::samples

#endif // NOODLE_LIB_ALGEBRA_SAMPLES_H
