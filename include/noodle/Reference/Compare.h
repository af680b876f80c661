//===- Compare.h - comparing and showing interpreted values ---------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_REFERENCE_COMPARE_H
#define NOODLE_REFERENCE_COMPARE_H

#include "noodle/Reference/Interpreter.h"
#include <optional>

namespace mlir::noodle::reference {

struct Tolerance {
  /// Floats agree where |a - b| <= absolute + relative * max(|a|, |b|), where
  /// both are NaN, or where they are the same infinity. Integers agree where
  /// they are the same.
  double relative = 0;
  double absolute = 0;
  /// What an absent entry of a sparse tensor reads as; 0 unless given.
  std::optional<Scalar> absent;
};

/// Compares two values; extents and element types must be the same, formats
/// need not be. Returns an empty text, or where they first differ in row-major
/// order and how.
std::string compare(const Value &actual, const Value &expected,
                    const Tolerance &tolerance = {});

/// The value in one line, with at most `limit` elements.
std::string toString(const Value &value, int64_t limit = 16);

} // namespace mlir::noodle::reference

#endif // NOODLE_REFERENCE_COMPARE_H
