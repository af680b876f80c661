//===- FakeBlas.cpp - cuBLAS on the fake driver ---------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "FakeVendor.h"

using namespace fake_vendor;
using noodle::rt::vendor::Handle;

#define VENDOR_FUNCTION(name, symbol, parameters)                              \
  FAKE_EXPORT int symbol parameters;
NOODLE_BLAS_FUNCTIONS(VENDOR_FUNCTION)
#undef VENDOR_FUNCTION

int cublasCreate_v2(Handle *handle) { return create(handle); }
int cublasDestroy_v2(Handle handle) { return destroy(handle); }
int cublasSetStream_v2(Handle handle, CUstream stream) {
  return setStream(handle, stream);
}
int cublasSetMathMode(Handle, int mode) {
  return mode ? InvalidValue : Success;
}
int cublasGetProperty(int which, int *value) { return property(which, value); }

namespace {
/// A column-major operand: `rows` by `columns` as it is stored.
struct Operand {
  int rows, columns, leading;
  long long step;
  bool transposed;

  int64_t entries(int batch) const {
    if (!rows || !columns)
      return 0;
    return step * (batch - 1) + int64_t(leading) * (columns - 1) + rows;
  }
  /// Of row `i` and column `j` after transposing.
  int64_t at(int batch, int i, int j) const {
    return step * batch +
           (transposed ? j + int64_t(leading) * i : i + int64_t(leading) * j);
  }
};

template <typename T>
int gemm(const char *name, Handle handle, int opA, int opB, int m, int n, int k,
         const T *alpha, const T *a, int lda, long long stepA, const T *b,
         int ldb, long long stepB, const T *beta, T *c, int ldc,
         long long stepC, int batch) {
  log("%s %c%c m=%d n=%d k=%d lda=%d ldb=%d ldc=%d batch=%d\n", name,
      opA ? 'T' : 'N', opB ? 'T' : 'N', m, n, k, lda, ldb, ldc, batch);
  Operand lhs{opA ? k : m, opA ? m : k, lda, stepA, opA != 0};
  Operand rhs{opB ? n : k, opB ? k : n, ldb, stepB, opB != 0};
  Operand out{m, n, ldc, stepC, false};
  // As the manual says of wrong parameters.
  for (const Operand *each : {&lhs, &rhs, &out})
    if (each->rows < 0 || each->columns < 0 ||
        each->leading < (each->rows > 1 ? each->rows : 1) || each->step < 0)
      return InvalidValue;
  T scale = *alpha;
  if (*beta != 0)
    return InvalidValue;
  fake_cuda::HostWork work{name, static_cast<State *>(handle)->stream, {}, {}};
  work.buffers = {{addressOf(a), lhs.entries(batch) * int64_t(sizeof(T))},
                  {addressOf(b), rhs.entries(batch) * int64_t(sizeof(T))},
                  {addressOf(c), out.entries(batch) * int64_t(sizeof(T))}};
  work.run = [=](const std::vector<char *> &storage) {
    auto *x = reinterpret_cast<const T *>(storage[0]);
    auto *y = reinterpret_cast<const T *>(storage[1]);
    auto *z = reinterpret_cast<T *>(storage[2]);
    for (int g = 0; g < batch; ++g)
      for (int j = 0; j < n; ++j)
        for (int i = 0; i < m; ++i) {
          T sum = 0;
          for (int p = 0; p < k; ++p)
            sum += x[lhs.at(g, i, p)] * y[rhs.at(g, p, j)];
          z[out.at(g, i, j)] = scale * sum;
        }
  };
  return enqueue(work);
}
} // namespace

int cublasSgemm_v2(Handle handle, int opA, int opB, int m, int n, int k,
                   const float *alpha, const float *a, int lda, const float *b,
                   int ldb, const float *beta, float *c, int ldc) {
  return gemm("cublasSgemm", handle, opA, opB, m, n, k, alpha, a, lda, 0, b,
              ldb, 0, beta, c, ldc, 0, 1);
}

int cublasDgemm_v2(Handle handle, int opA, int opB, int m, int n, int k,
                   const double *alpha, const double *a, int lda,
                   const double *b, int ldb, const double *beta, double *c,
                   int ldc) {
  return gemm("cublasDgemm", handle, opA, opB, m, n, k, alpha, a, lda, 0, b,
              ldb, 0, beta, c, ldc, 0, 1);
}

int cublasSgemmStridedBatched(Handle handle, int opA, int opB, int m, int n,
                              int k, const float *alpha, const float *a,
                              int lda, long long stepA, const float *b, int ldb,
                              long long stepB, const float *beta, float *c,
                              int ldc, long long stepC, int batch) {
  return gemm("cublasSgemmStridedBatched", handle, opA, opB, m, n, k, alpha, a,
              lda, stepA, b, ldb, stepB, beta, c, ldc, stepC, batch);
}

int cublasDgemmStridedBatched(Handle handle, int opA, int opB, int m, int n,
                              int k, const double *alpha, const double *a,
                              int lda, long long stepA, const double *b,
                              int ldb, long long stepB, const double *beta,
                              double *c, int ldc, long long stepC, int batch) {
  return gemm("cublasDgemmStridedBatched", handle, opA, opB, m, n, k, alpha, a,
              lda, stepA, b, ldb, stepB, beta, c, ldc, stepC, batch);
}
