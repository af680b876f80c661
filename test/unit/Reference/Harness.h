//===- Harness.h - programs as text, values by hand -----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_UNIT_REFERENCE_HARNESS_H
#define NOODLE_TEST_UNIT_REFERENCE_HARNESS_H

#include "noodle/Reference/Compare.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace noodle_test {

using namespace mlir::noodle::reference;
using mlir::StringRef;

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr float inff = std::numeric_limits<float>::infinity();
constexpr double nan64 = std::numeric_limits<double>::quiet_NaN();
constexpr float nan32 = std::numeric_limits<float>::quiet_NaN();
constexpr int32_t max32 = std::numeric_limits<int32_t>::max();
constexpr int32_t min32 = std::numeric_limits<int32_t>::min();
constexpr int64_t max64 = std::numeric_limits<int64_t>::max();
constexpr int64_t min64 = std::numeric_limits<int64_t>::min();

template <typename T> constexpr noodle_rt_type typeOf() {
  if constexpr (std::is_same_v<T, bool>)
    return NOODLE_RT_I1;
  else if constexpr (std::is_same_v<T, int32_t>)
    return NOODLE_RT_I32;
  else if constexpr (std::is_same_v<T, int64_t>)
    return NOODLE_RT_I64;
  else if constexpr (std::is_same_v<T, float>)
    return NOODLE_RT_F32;
  else if constexpr (std::is_same_v<T, int8_t>)
    return NOODLE_RT_I8;
  else if constexpr (std::is_same_v<T, noodle::rt::Half>)
    return NOODLE_RT_F16;
  else if constexpr (std::is_same_v<T, noodle::rt::Brain>)
    return NOODLE_RT_BF16;
  else if constexpr (std::is_same_v<T, std::complex<float>>)
    return NOODLE_RT_C64;
  else if constexpr (std::is_same_v<T, std::complex<double>>)
    return NOODLE_RT_C128;
  else
    return NOODLE_RT_F64;
}

template <typename T> Scalar scalar(T value) {
  if constexpr (std::is_integral_v<T>)
    return int64_t(value);
  else
    return value;
}

template <typename T>
Tensor dense(std::vector<int64_t> extents, const std::vector<T> &values) {
  Tensor tensor;
  tensor.type = typeOf<T>();
  tensor.extents = std::move(extents);
  tensor.values.resize(values.size() *
                       (std::is_same_v<T, bool> ? 1 : sizeof(T)));
  for (size_t k = 0; k < values.size(); ++k)
    tensor.set(k, scalar<T>(values[k]));
  return tensor;
}

template <typename T>
Tensor compressed(noodle_rt_layout layout, std::vector<int64_t> extents,
                  std::vector<int64_t> positions,
                  std::vector<int64_t> coordinates,
                  const std::vector<T> &values) {
  Tensor tensor = dense<T>(std::move(extents), values);
  tensor.layout = layout;
  tensor.positions = std::move(positions);
  tensor.coordinates = std::move(coordinates);
  return tensor;
}

template <typename T>
Tensor csr(std::vector<int64_t> extents, std::vector<int64_t> positions,
           std::vector<int64_t> coordinates, const std::vector<T> &values) {
  return compressed<T>(NOODLE_RT_CSR, extents, positions, coordinates, values);
}
template <typename T>
Tensor csc(std::vector<int64_t> extents, std::vector<int64_t> positions,
           std::vector<int64_t> coordinates, const std::vector<T> &values) {
  return compressed<T>(NOODLE_RT_CSC, extents, positions, coordinates, values);
}

/// Runs @main of a program; #csr and #csc are defined.
Outcome tryRun(StringRef program, std::vector<Value> arguments,
               std::vector<Value> &results, const Options &options = {});

/// The only result of a program that must succeed.
Value run(StringRef program, std::vector<Value> arguments);

/// Runs a program and compares its only result, formats and patterns too.
void expectRun(StringRef program, std::vector<Value> arguments,
               const Value &expected, const Tolerance &tolerance = {});

} // namespace noodle_test

#endif // NOODLE_TEST_UNIT_REFERENCE_HARNESS_H
