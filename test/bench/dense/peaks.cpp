//===- peaks.cpp - what this core can do at most --------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Loops on registers alone: enough independent chains to hide the latency, no
// load, no store. Compiled for this machine. `sizes` is {steps, threads}; one
// step of a peak does bench_peak_ops(kind) operations.
//
//===----------------------------------------------------------------------===//
#include <algorithm>
#include <cstdint>
#include <immintrin.h>
#include <thread>
#include <vector>

namespace {
#ifdef __AVX512F__
constexpr int bytes = 64;
using F = __m512;
using D = __m512d;
using I = __m512i;
F set(float x) { return _mm512_set1_ps(x); }
D set(double x) { return _mm512_set1_pd(x); }
I set(int64_t x) { return _mm512_set1_epi64(x); }
F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
D fma(D a, D b, D c) { return _mm512_fmadd_pd(a, b, c); }
F addMin(F a, F b, F c) { return _mm512_min_ps(_mm512_add_ps(a, b), c); }
D addMin(D a, D b, D c) { return _mm512_min_pd(_mm512_add_pd(a, b), c); }
I andOr(I a, I b, I c) { return _mm512_ternarylogic_epi64(a, b, c, 0xEA); }
#else
constexpr int bytes = 32;
using F = __m256;
using D = __m256d;
using I = __m256i;
F set(float x) { return _mm256_set1_ps(x); }
D set(double x) { return _mm256_set1_pd(x); }
I set(int64_t x) { return _mm256_set1_epi64x(x); }
F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
D fma(D a, D b, D c) { return _mm256_fmadd_pd(a, b, c); }
F addMin(F a, F b, F c) { return _mm256_min_ps(_mm256_add_ps(a, b), c); }
D addMin(D a, D b, D c) { return _mm256_min_pd(_mm256_add_pd(a, b), c); }
I andOr(I a, I b, I c) { return _mm256_or_si256(_mm256_and_si256(a, b), c); }
#endif

constexpr int chains = 12;

/// Keeps a value in a register and the loop alive.
template <typename V> void keep(V &v) { asm volatile("" : "+v"(v)); }

template <typename V, typename Step>
void chain(int64_t steps, V start, Step s) {
  V acc[chains], a = start, b = start;
  keep(a);
  keep(b);
  for (V &v : acc)
    v = start;
  for (int64_t i = 0; i < steps; ++i) {
#pragma clang loop unroll(full)
    for (int c = 0; c < chains; ++c) {
      keep(a); // else a step's inner half would leave the loop
      acc[c] = s(a, b, acc[c]);
      keep(acc[c]);
    }
  }
}

template <typename Body> void onThreads(int64_t count, Body body) {
  std::vector<std::thread> others;
  for (int64_t t = 1; t < count; ++t)
    others.emplace_back([=] { body(t); });
  body(0);
  for (std::thread &other : others)
    other.join();
}
} // namespace

extern "C" {
void bench_peak_f32(const int64_t *s, void *const *) {
  onThreads(s[1], [=](int64_t) {
    chain(s[0], set(1e-3f), [](F a, F b, F c) { return fma(a, b, c); });
  });
}
void bench_peak_f64(const int64_t *s, void *const *) {
  onThreads(s[1], [=](int64_t) {
    chain(s[0], set(1e-3), [](D a, D b, D c) { return fma(a, b, c); });
  });
}
void bench_peak_minplus_f32(const int64_t *s, void *const *) {
  onThreads(s[1], [=](int64_t) {
    chain(s[0], set(1e-3f), [](F a, F b, F c) { return addMin(a, b, c); });
  });
}
void bench_peak_minplus_f64(const int64_t *s, void *const *) {
  onThreads(s[1], [=](int64_t) {
    chain(s[0], set(1e-3), [](D a, D b, D c) { return addMin(a, b, c); });
  });
}
void bench_peak_orand_i8(const int64_t *s, void *const *) {
  onThreads(s[1], [=](int64_t) {
    chain(s[0], set(int64_t(3)), [](I a, I b, I c) { return andOr(a, b, c); });
  });
}
#ifdef __AVX512BF16__
void bench_peak_bf16(const int64_t *s, void *const *) {
  onThreads(s[1], [=](int64_t) {
    chain(s[0], set(1e-3f), [](F a, F b, F c) {
      return _mm512_dpbf16_ps(c, (__m512bh)a, (__m512bh)b);
    });
  });
}
#endif
#ifdef __AVX512VNNI__
void bench_peak_i8(const int64_t *s, void *const *) {
  onThreads(s[1], [=](int64_t) {
    chain(s[0], set(int64_t(3)),
          [](I a, I b, I c) { return _mm512_dpbusd_epi32(c, a, b); });
  });
}
#endif
/// Operations of one step of one thread on elements of `width` bytes.
int64_t bench_peak_ops(int64_t width) { return 2 * chains * bytes / width; }

/// naive_chain of naive.cpp with 4 steps as one loop: {n}; pointers a, b, out.
void bench_chain(const int64_t *s, void *const *p) {
  const float *__restrict a = static_cast<const float *>(p[0]);
  const float *__restrict b = static_cast<const float *>(p[1]);
  float *__restrict out = static_cast<float *>(p[2]);
  for (int64_t i = 0; i < s[0]; ++i) {
    float v = a[i] + b[i];
#pragma clang loop unroll(full)
    for (int step = 0; step < 4; ++step)
      v = v * a[i] + b[i];
    out[i] = v;
  }
}

/// a = b + 3 c on {elements, threads}; pointers a, b, c.
void bench_stream(const int64_t *s, void *const *p) {
  int64_t share = (s[0] + s[1] - 1) / s[1];
  onThreads(s[1], [=](int64_t t) {
    float *a = static_cast<float *>(p[0]);
    const float *b = static_cast<const float *>(p[1]);
    const float *c = static_cast<const float *>(p[2]);
    int64_t end = std::min(s[0], (t + 1) * share);
    for (int64_t i = t * share; i < end; ++i)
      __builtin_nontemporal_store(b[i] + 3.0f * c[i], a + i);
  });
}
}
