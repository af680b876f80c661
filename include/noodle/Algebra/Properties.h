//===- Properties.h - what is known of matrices -----------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_ALGEBRA_PROPERTIES_H
#define NOODLE_ALGEBRA_PROPERTIES_H

#include "noodle/Dialect/Solver.h"

#include "llvm/ADT/DenseMap.h"

namespace mlir::noodle {

/// Properties of matrices, from what `noodle.assume` promises and what ops make
/// of it. Of what comes around a loop nothing is known. Answers are kept until
/// `forget`. Single-thread.
class PropertyAnalysis {
public:
  Properties of(Value tensor);
  bool has(Value tensor, Property property) { return of(tensor) & property; }
  void forget() { known.clear(); }

private:
  Properties find(Value tensor);

  llvm::DenseMap<Value, Properties> known;
};

} // namespace mlir::noodle

#endif // NOODLE_ALGEBRA_PROPERTIES_H
