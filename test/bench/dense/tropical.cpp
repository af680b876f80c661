//===- tropical.cpp - products over semirings, written by hand ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a person writes who knows how BLAS does it, as TropicalGEMM does: B is
// packed in panels, a register tile of C walks along k. No care for NaN.
// `sizes` is {n}, a multiple of 8 and of two vectors; pointers a, b, c, a
// panel's room. One thread. Compiled for this machine.
//
//===----------------------------------------------------------------------===//
#include <cstdint>
#include <cstring>

namespace {
constexpr int rows = 6, bytes = 64;

template <typename T> using Vector __attribute__((vector_size(bytes))) = T;

template <typename T, typename Step>
void product(int64_t n, const T *a, const T *b, T *c, T *panel, T zero,
             Step step) {
  using V = Vector<T>;
  constexpr int64_t lanes = bytes / sizeof(T), width = 2 * lanes;
  constexpr int64_t depth = 256;
  for (int64_t i = 0; i < n * n; ++i)
    c[i] = zero;
  for (int64_t k0 = 0; k0 < n; k0 += depth) {
    int64_t k1 = k0 + depth < n ? k0 + depth : n;
    for (int64_t j = 0; j < n; j += width) {
      for (int64_t k = k0; k < k1; ++k)
        std::memcpy(panel + (k - k0) * width, b + k * n + j, 2 * bytes);
      for (int64_t i = 0; i < n; i += rows) {
        int64_t count = n - i < rows ? n - i : rows;
        const T *from[rows];
        for (int r = 0; r < rows; ++r) // the last tile repeats its last row
          from[r] = a + (i + (r < count ? r : count - 1)) * n;
        V low[rows], high[rows];
        for (int r = 0; r < rows; ++r)
          low[r] = high[r] = zero - V{};
        for (int64_t k = k0; k < k1; ++k) {
          V x, y;
          std::memcpy(&x, panel + (k - k0) * width, bytes);
          std::memcpy(&y, panel + (k - k0) * width + lanes, bytes);
#pragma clang loop unroll(full)
          for (int r = 0; r < rows; ++r) {
            V left = from[r][k] - V{}; // x - 0 is x: one broadcast
            low[r] = step(low[r], left, x);
            high[r] = step(high[r], left, y);
          }
        }
        for (int64_t r = 0; r < count; ++r) {
          V old[2];
          T *to = c + (i + r) * n + j;
          std::memcpy(old, to, 2 * bytes);
          old[0] = step.add(old[0], low[r]);
          old[1] = step.add(old[1], high[r]);
          std::memcpy(to, old, 2 * bytes);
        }
      }
    }
  }
}

struct MinPlus {
  template <typename V> static V add(V x, V y) { return x < y ? x : y; }
  template <typename V> V operator()(V acc, V l, V r) const {
    return add(l + r, acc);
  }
};
struct MaxPlus {
  template <typename V> static V add(V x, V y) { return x > y ? x : y; }
  template <typename V> V operator()(V acc, V l, V r) const {
    return add(l + r, acc);
  }
};
struct OrAnd {
  template <typename V> static V add(V x, V y) { return x | y; }
  template <typename V> V operator()(V acc, V l, V r) const {
    return acc | (l & r);
  }
};

template <typename T, typename Step>
void run(const int64_t *s, void *const *p, T zero, Step step) {
  product(s[0], static_cast<const T *>(p[0]), static_cast<const T *>(p[1]),
          static_cast<T *>(p[2]), static_cast<T *>(p[3]), zero, step);
}
} // namespace

extern "C" {
void min_plus_f32(const int64_t *s, void *const *p) {
  run<float>(s, p, __builtin_inff(), MinPlus());
}
void min_plus_f64(const int64_t *s, void *const *p) {
  run<double>(s, p, __builtin_inf(), MinPlus());
}
void max_plus_f32(const int64_t *s, void *const *p) {
  run<float>(s, p, -__builtin_inff(), MaxPlus());
}
void max_plus_f64(const int64_t *s, void *const *p) {
  run<double>(s, p, -__builtin_inf(), MaxPlus());
}
void or_and_i1(const int64_t *s, void *const *p) {
  run<uint8_t>(s, p, 0, OrAnd());
}
}
