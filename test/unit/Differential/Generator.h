//===- Generator.h - random typed programs --------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Programs that always verify, with arguments that fit them, from a seed.
// Floats hold small integers and the generator keeps a bound on every value, so
// sums and products are exact in any order; once an op rounds (softmax, exp),
// its results carry `exact = false` and are compared within a bound.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_DIFFERENTIAL_GENERATOR_H
#define NOODLE_TEST_DIFFERENTIAL_GENERATOR_H

#include <cstdint>
#include <string>
#include <vector>

namespace noodle::test {

/// A tensor of a generated program: what its type says and what it really is.
struct Spec {
  std::string element; // any element type of tensors
  std::vector<int64_t> extents;
  std::vector<bool> dynamic; // printed as ?
  std::string format;        // "", "csr", "csc", "coo", "dcsr"
  double bound = 2;          // of finite absolute values
  bool exact = true;
  bool negative = true; // may hold negative values, which max_times excludes
  std::string type() const;
};

inline bool isFloat(const Spec &spec) {
  return spec.element[0] == 'f' || spec.element == "bf16";
}
inline bool isComplex(const Spec &spec) { return spec.element[0] == 'c'; }
/// Below what integers are exact to, also in the parts of a product.
inline double limit(const Spec &spec) {
  return spec.element == "f16"                                     ? 0x1p11
         : spec.element == "bf16"                                  ? 0x1p8
         : spec.element == "f32" || spec.element == "complex<f32>" ? 0x1p22
                                                                   : 0x1p50;
}

/// Values are doubles (exact for every element the generator makes, i64's
/// extreme values aside, which are held as +-inf and clamped when bound).
struct Argument {
  Spec spec;
  std::vector<double> values;       // dense, or the stored ones
  std::vector<int64_t> positions;   // sparse
  std::vector<int64_t> coordinates; // sparse
};

struct Program {
  uint64_t seed;
  std::string text;
  std::vector<Argument> arguments;
  std::vector<Spec> results;
  /// Bytes of sparse matrices' positions and coordinates.
  uint8_t positionWidth, coordinateWidth;
};

Program generate(uint64_t seed);

} // namespace noodle::test

#endif // NOODLE_TEST_DIFFERENTIAL_GENERATOR_H
