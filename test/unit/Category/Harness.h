//===- Harness.h - programs of morphisms, evaluated four ways ---*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_CATEGORY_HARNESS_H
#define NOODLE_TEST_CATEGORY_HARNESS_H

#include "noodle/Engine/Engine.h"
#include "noodle/Reference/Interpreter.h"

#include <memory>
#include <string>
#include <vector>

namespace noodle::test {

namespace reference = mlir::noodle::reference;
using reference::Tensor;

/// A dense tensor of integers, converted to its element type. INT64_MAX and
/// INT64_MIN are the extreme values: infinities of floats.
Tensor denseTensor(noodle_rt_type type, std::vector<int64_t> extents,
                   const std::vector<int64_t> &values);
/// A CSR matrix of the entries that differ from `absent`.
Tensor sparseTensor(noodle_rt_type type, std::vector<int64_t> extents,
                    const std::vector<int64_t> &values, int64_t absent);

enum class Way {
  Definition, ///< morphisms interpreted as matrices
  Elaborated, ///< the contractions as written, interpreted
  Planned,    ///< the planned contractions, interpreted
  Compiled,   ///< the machine code
};
inline constexpr Way kWays[] = {Way::Definition, Way::Elaborated, Way::Planned,
                                Way::Compiled};
const char *wayName(Way way);

class Evaluator {
public:
  Evaluator();
  ~Evaluator();

  /// Runs @main. An error is returned as text.
  std::string run(Way way, const std::string &program,
                  const std::vector<Tensor> &arguments,
                  std::vector<Tensor> &results);
  /// The program after elaboration, after planning.
  std::string elaborated(const std::string &program, std::string &error) {
    return printed(Way::Elaborated, program, error);
  }
  std::string planned(const std::string &program, std::string &error) {
    return printed(Way::Planned, program, error);
  }
  /// The ops of the program compiled last.
  std::vector<engine::Site> sites;

private:
  std::string printed(Way way, const std::string &program, std::string &error);
  struct Impl;
  std::unique_ptr<Impl> impl;
};

/// Empty where both are equal, 0 and -0 and all NaN taken as one; where not
/// `exact`, within 1e-9 of each other.
std::string difference(const Tensor &a, const Tensor &b, bool exact = true);

} // namespace noodle::test

#endif // NOODLE_TEST_CATEGORY_HARNESS_H
