//===- naive.cpp - the frozen baseline ------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a program without a compiler for it does: plain loops in the order of
// the formula, one thread, a fresh buffer per operation. It is never improved,
// so that figures of different years can be compared. Compiled at -O2 for plain
// x86-64.
//
//===----------------------------------------------------------------------===//
#include <cstdint>
#include <cstdlib>

namespace {
template <typename T, typename Op>
T *elementwise(int64_t n, const T *a, const T *b, Op op) {
  T *out = static_cast<T *>(std::malloc(n * sizeof(T)));
  for (int64_t i = 0; i < n; ++i)
    out[i] = op(a[i], b[i]);
  return out;
}
template <typename T> void product(const int64_t *s, void *const *p) {
  const T *a = static_cast<const T *>(p[0]), *b = static_cast<const T *>(p[1]);
  T *c = static_cast<T *>(p[2]);
  for (int64_t i = 0; i < s[0]; ++i)
    for (int64_t j = 0; j < s[1]; ++j) {
      T sum = 0;
      for (int64_t k = 0; k < s[2]; ++k)
        sum += a[i * s[2] + k] * b[k * s[1] + j];
      c[i * s[1] + j] = sum;
    }
}
constexpr auto add = [](float x, float y) { return x + y; };
constexpr auto mul = [](float x, float y) { return x * y; };
} // namespace

extern "C" {
/// C = A B of {m, n, k}; pointers a, b, c.
void naive_product_f32(const int64_t *s, void *const *p) {
  product<float>(s, p);
}
void naive_product_f64(const int64_t *s, void *const *p) {
  product<double>(s, p);
}

/// out = ((a + b) * a + b) * a + b ..., `steps` times, on {n, steps}: two
/// operations a step, each into a buffer of its own. Pointers a, b, out.
void naive_chain(const int64_t *s, void *const *p) {
  const float *a = static_cast<const float *>(p[0]);
  const float *b = static_cast<const float *>(p[1]);
  float *value = elementwise(s[0], a, b, add);
  for (int64_t i = 0; i < s[1]; ++i) {
    float *scaled = elementwise(s[0], value, a, mul);
    std::free(value);
    value = elementwise(s[0], scaled, b, add);
    std::free(scaled);
  }
  float *out = static_cast<float *>(p[2]);
  for (int64_t i = 0; i < s[0]; ++i)
    out[i] = value[i];
  std::free(value);
}

/// The same without allocations: pointers a, b, out, two buffers.
void naive_chain_given(const int64_t *s, void *const *p) {
  const float *a = static_cast<const float *>(p[0]);
  const float *b = static_cast<const float *>(p[1]);
  float *value = static_cast<float *>(p[3]);
  float *scaled = static_cast<float *>(p[4]);
  for (int64_t i = 0; i < s[0]; ++i)
    value[i] = a[i] + b[i];
  for (int64_t step = 0; step < s[1]; ++step) {
    for (int64_t i = 0; i < s[0]; ++i)
      scaled[i] = value[i] * a[i];
    for (int64_t i = 0; i < s[0]; ++i)
      value[i] = scaled[i] + b[i];
  }
  float *out = static_cast<float *>(p[2]);
  for (int64_t i = 0; i < s[0]; ++i)
    out[i] = value[i];
}
}
