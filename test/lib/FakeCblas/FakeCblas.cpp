//===- FakeCblas.cpp - a BLAS in plain loops ------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One line for each call goes to the file that NOODLE_FAKE_BLAS_LOG names.
// Parameters that Netlib's would complain about end the process: no caller may
// pass them.
//
//===----------------------------------------------------------------------===//
#include "blas/blas_api.h"

#include <algorithm>
#include <complex>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#ifndef FAKE_PREFIX
#define FAKE_PREFIX
#endif
#ifndef FAKE_SUFFIX
#define FAKE_SUFFIX
#endif
#define JOIN4(a, b, c, d) a##b##c##d
#define JOIN(a, b, c, d) JOIN4(a, b, c, d)
#define EXPORT extern "C" __attribute__((visibility("default")))
#define ROUTINE(name) EXPORT void JOIN(FAKE_PREFIX, cblas_, name, FAKE_SUFFIX)

using namespace noodle::rt;

namespace {
__attribute__((format(printf, 1, 2))) void log(const char *format, ...) {
  const char *path = std::getenv("NOODLE_FAKE_BLAS_LOG");
  std::FILE *file = path ? std::fopen(path, "a") : nullptr;
  if (!file)
    return;
  va_list arguments;
  va_start(arguments, format);
  std::vfprintf(file, format, arguments);
  va_end(arguments);
  std::fclose(file);
}

void require(bool holds, const char *routine, const char *what) {
  if (holds)
    return;
  std::fprintf(stderr, "fake BLAS: %s: %s\n", routine, what);
  std::abort();
}

char letter(int operation) { return operation == kTranspose ? 'T' : 'N'; }

template <typename T>
void gemm(const char *name, int order, int opA, int opB, int m, int n, int k,
          T alpha, const T *a, int lda, const T *b, int ldb, T beta, T *c,
          int ldc) {
  log("%s %c%c m=%d n=%d k=%d lda=%d ldb=%d ldc=%d beta=%g\n", name,
      letter(opA), letter(opB), m, n, k, lda, ldb, ldc, std::real(beta));
  bool transA = opA == kTranspose, transB = opB == kTranspose;
  require(order == kRowMajor, name, "order");
  require(m >= 0 && n >= 0 && k >= 0, name, "extents");
  require(lda >= std::max(1, transA ? m : k), name, "lda");
  require(ldb >= std::max(1, transB ? k : n), name, "ldb");
  require(ldc >= std::max(1, n), name, "ldc");
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < n; ++j) {
      T sum{};
      for (int p = 0; p < k; ++p)
        sum += (transA ? a[int64_t(p) * lda + i] : a[int64_t(i) * lda + p]) *
               (transB ? b[int64_t(j) * ldb + p] : b[int64_t(p) * ldb + j]);
      T &out = c[int64_t(i) * ldc + j];
      // With 0 what is there, even NaN, does not count.
      out = beta == T(0) ? alpha * sum : alpha * sum + beta * out;
    }
}

template <typename T>
void gemv(const char *name, int order, int opA, int m, int n, T alpha,
          const T *a, int lda, const T *x, int incx, T beta, T *y, int incy) {
  log("%s %c m=%d n=%d lda=%d incx=%d incy=%d beta=%g\n", name, letter(opA), m,
      n, lda, incx, incy, std::real(beta));
  require(order == kRowMajor, name, "order");
  require(m >= 0 && n >= 0, name, "extents");
  require(lda >= std::max(1, n), name, "lda");
  require(incx > 0 && incy > 0, name, "increments");
  bool transA = opA == kTranspose;
  for (int i = 0; i < (transA ? n : m); ++i) {
    T sum{};
    for (int p = 0; p < (transA ? m : n); ++p)
      sum += (transA ? a[int64_t(p) * lda + i] : a[int64_t(i) * lda + p]) *
             x[int64_t(p) * incx];
    T &out = y[int64_t(i) * incy];
    out = beta == T(0) ? alpha * sum : alpha * sum + beta * out;
  }
}

template <typename T> T valueAt(const void *pointer) {
  return *static_cast<const T *>(pointer);
}
} // namespace

#define REAL(letter, type)                                                     \
  ROUTINE(letter##gemm) NOODLE_BLAS_GEMM(type, type) {                         \
    gemm<type>(#letter "gemm", order, opA, opB, m, n, k, alpha, a, lda, b,     \
               ldb, beta, c, ldc);                                             \
  }                                                                            \
  ROUTINE(letter##gemv) NOODLE_BLAS_GEMV(type, type) {                         \
    gemv<type>(#letter "gemv", order, opA, m, n, alpha, a, lda, x, incx, beta, \
               y, incy);                                                       \
  }
#define COMPLEX_GEMM(letter, type)                                             \
  ROUTINE(letter##gemm) NOODLE_BLAS_GEMM(const void *, void) {                 \
    using T = std::complex<type>;                                              \
    gemm<T>(#letter "gemm", order, opA, opB, m, n, k, valueAt<T>(alpha),       \
            static_cast<const T *>(a), lda, static_cast<const T *>(b), ldb,    \
            valueAt<T>(beta), static_cast<T *>(c), ldc);                       \
  }
#define COMPLEX_GEMV(letter, type)                                             \
  ROUTINE(letter##gemv) NOODLE_BLAS_GEMV(const void *, void) {                 \
    using T = std::complex<type>;                                              \
    gemv<T>(#letter "gemv", order, opA, m, n, valueAt<T>(alpha),               \
            static_cast<const T *>(a), lda, static_cast<const T *>(x), incx,   \
            valueAt<T>(beta), static_cast<T *>(y), incy);                      \
  }

REAL(s, float)
REAL(d, double)
COMPLEX_GEMM(c, float)
COMPLEX_GEMV(c, float)
COMPLEX_GEMM(z, double)
#ifndef FAKE_LACKING
COMPLEX_GEMV(z, double)
#endif

EXPORT void JOIN(FAKE_PREFIX, openblas_set_num_threads, FAKE_SUFFIX, )(int n) {
  log("threads %d\n", n);
}
EXPORT const char *JOIN(FAKE_PREFIX, openblas_get_config, FAKE_SUFFIX, )() {
#ifdef FAKE_CONFIG64
  return "OpenBLAS 0.0.0 USE64BITINT fake";
#else
  return "OpenBLAS 0.0.0 fake";
#endif
}
