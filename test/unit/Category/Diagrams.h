//===- Diagrams.h - random programs of morphisms ----------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Programs that always verify, over every built-in semiring and a user-defined
// one, with arguments that fit them, from a seed. Entries are small integers,
// so that all results are exact in any order, but over log_plus. Half of the
// programs are a diagram and a functor that is applied to it.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_CATEGORY_DIAGRAMS_H
#define NOODLE_TEST_CATEGORY_DIAGRAMS_H

#include "Harness.h"

namespace noodle::test {

struct RandomDiagram {
  std::string algebra; ///< "min_plus i64"
  bool exact = true;
  std::string text;
  std::vector<Tensor> arguments;
};

RandomDiagram randomDiagram(uint64_t seed);

} // namespace noodle::test

#endif // NOODLE_TEST_CATEGORY_DIAGRAMS_H
