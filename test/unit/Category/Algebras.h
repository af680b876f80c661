//===- Algebras.h - semirings of laws, programs over them -------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_CATEGORY_ALGEBRAS_H
#define NOODLE_TEST_CATEGORY_ALGEBRAS_H

#include "Harness.h"

#include <limits>

namespace noodle::test {

inline constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
inline constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();

/// A semiring over an element type, and the entries that laws are tried on.
struct Algebra {
  const char *semiring, *element;
  noodle_rt_type type;
  int64_t low, high, zero, one;
};

inline const Algebra kAlgebras[] = {
    {"plus_times", "i64", NOODLE_RT_I64, -2, 2, 0, 1},
    {"plus_times", "f64", NOODLE_RT_F64, -2, 2, 0, 1},
    {"min_plus", "i64", NOODLE_RT_I64, 0, 9, kMost, 0},
    {"min_plus", "f64", NOODLE_RT_F64, 0, 9, kMost, 0},
    {"max_plus", "f64", NOODLE_RT_F64, -9, 9, kLeast, 0},
    {"max_times", "i64", NOODLE_RT_I64, 0, 3, 0, 1},
    {"max_min", "i64", NOODLE_RT_I64, -9, 9, kLeast, kMost},
    {"min_max", "i64", NOODLE_RT_I64, -9, 9, kMost, kLeast},
    {"or_and", "i1", NOODLE_RT_I1, 0, 1, 0, 1},
    {"xor_and", "i1", NOODLE_RT_I1, 0, 1, 0, 1},
};

/// A matrix of a law: its name in programs and its type.
struct Matrix {
  std::string name, dom, cod; // "2, 3"
};

/// The numbers in a list such as "2, 3".
std::vector<int64_t> numbers(const std::string &list);

/// A program that takes the matrices as tensors, runs `body`, whose last value
/// is %r of type dom -> cod, and returns its entries. "<2 3 -> 4>" in the body
/// stands for a hom type over the algebra.
std::string program(const Algebra &algebra, const std::vector<Matrix> &matrices,
                    const std::string &body, const std::string &dom,
                    const std::string &cod);

} // namespace noodle::test

#endif // NOODLE_TEST_CATEGORY_ALGEBRAS_H
