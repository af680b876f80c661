//===- blas_api.h - what is used of a BLAS --------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Our own declarations of CBLAS with 32-bit integers, in the values of
// Netlib's cblas.h, which every BLAS shares.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RUNTIME_BLAS_BLASAPI_H
#define NOODLE_RUNTIME_BLAS_BLASAPI_H

#include "noodle-rt/blas.h"

namespace noodle::rt {

inline constexpr int kRowMajor = 101, kNoTranspose = 111, kTranspose = 112;

#define NOODLE_BLAS_GEMM(scalar, type)                                         \
  (int order, int opA, int opB, int m, int n, int k, scalar alpha,             \
   const type *a, int lda, const type *b, int ldb, scalar beta, type *c,       \
   int ldc)
#define NOODLE_BLAS_GEMV(scalar, type)                                         \
  (int order, int opA, int m, int n, scalar alpha, const type *a, int lda,     \
   const type *x, int incx, scalar beta, type *y, int incy)

/// name, symbol behind "cblas_", parameters
#define NOODLE_BLAS_ROUTINES(X)                                                \
  X(gemm32, sgemm, NOODLE_BLAS_GEMM(float, float))                             \
  X(gemm64, dgemm, NOODLE_BLAS_GEMM(double, double))                           \
  X(complexGemm32, cgemm, NOODLE_BLAS_GEMM(const void *, void))                \
  X(complexGemm64, zgemm, NOODLE_BLAS_GEMM(const void *, void))                \
  X(gemv32, sgemv, NOODLE_BLAS_GEMV(float, float))                             \
  X(gemv64, dgemv, NOODLE_BLAS_GEMV(double, double))                           \
  X(complexGemv32, cgemv, NOODLE_BLAS_GEMV(const void *, void))                \
  X(complexGemv64, zgemv, NOODLE_BLAS_GEMV(const void *, void))

struct Blas::Impl {
#define NOODLE_BLAS_ROUTINE(name, symbol, parameters) void(*name) parameters;
  NOODLE_BLAS_ROUTINES(NOODLE_BLAS_ROUTINE)
#undef NOODLE_BLAS_ROUTINE
  std::string name;
};

} // namespace noodle::rt

#endif // NOODLE_RUNTIME_BLAS_BLASAPI_H
