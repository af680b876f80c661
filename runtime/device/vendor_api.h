//===- vendor_api.h - what is used of cuBLAS and cuSPARSE -----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Declared here so that no header of the CUDA Toolkit is needed. Signatures and
// numbers are those of the libraries' reference manuals; they are the same in
// CUDA 11, 12 and 13. The tests' libraries implement exactly these lists.
// VENDOR_FUNCTION(name in our code, symbol, parameters); all return a status,
// 0 for success.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RUNTIME_DEVICE_VENDOR_API_H
#define NOODLE_RUNTIME_DEVICE_VENDOR_API_H

#include "cuda_api.h"

namespace noodle::rt::vendor {

using Handle = void *;     // cublasHandle_t, cusparseHandle_t
using Descriptor = void *; // cusparseSpMatDescr_t and its like

enum : int {
  kNoTranspose = 0, // CUBLAS_OP_N, CUSPARSE_OPERATION_NON_TRANSPOSE
  kTranspose = 1,   // CUBLAS_OP_T
  // CUBLAS_DEFAULT_MATH: f32 stays f32; TF32 is another mode, asked for.
  kDefaultMath = 0,
  kIndex32 = 2,      // CUSPARSE_INDEX_32I
  kIndex64 = 3,      // CUSPARSE_INDEX_64I
  kBaseZero = 0,     // CUSPARSE_INDEX_BASE_ZERO
  kRowMajor = 2,     // CUSPARSE_ORDER_ROW
  kReal32 = 0,       // CUDA_R_32F
  kReal64 = 1,       // CUDA_R_64F
  kSpmvCsr = 2,      // CUSPARSE_SPMV_CSR_ALG1
  kSpmvCsrSame = 3,  // CUSPARSE_SPMV_CSR_ALG2: the same bits each time
  kSpmmCsrRows = 6,  // CUSPARSE_SPMM_CSR_ALG2: made for row-major
  kSpmmCsrSame = 12, // CUSPARSE_SPMM_CSR_ALG3: the same bits each time
  kMajorVersion = 0, // MAJOR_VERSION, MINOR_VERSION, PATCH_LEVEL
  kMinorVersion = 1,
  kPatchLevel = 2,
};

} // namespace noodle::rt::vendor

#define NOODLE_GEMM(T)                                                         \
  (noodle::rt::vendor::Handle handle, int operationA, int operationB, int m,   \
   int n, int k, const T *alpha, const T *a, int lda, const T *b, int ldb,     \
   const T *beta, T *c, int ldc)
#define NOODLE_GEMM_BATCHED(T)                                                 \
  (noodle::rt::vendor::Handle handle, int operationA, int operationB, int m,   \
   int n, int k, const T *alpha, const T *a, int lda, long long strideA,       \
   const T *b, int ldb, long long strideB, const T *beta, T *c, int ldc,       \
   long long strideC, int batch)

#define NOODLE_BLAS_FUNCTIONS(VENDOR_FUNCTION)                                 \
  VENDOR_FUNCTION(create, cublasCreate_v2,                                     \
                  (noodle::rt::vendor::Handle * handle))                       \
  VENDOR_FUNCTION(destroy, cublasDestroy_v2,                                   \
                  (noodle::rt::vendor::Handle handle))                         \
  VENDOR_FUNCTION(setStream, cublasSetStream_v2,                               \
                  (noodle::rt::vendor::Handle handle, CUstream stream))        \
  VENDOR_FUNCTION(setMathMode, cublasSetMathMode,                              \
                  (noodle::rt::vendor::Handle handle, int mode))               \
  VENDOR_FUNCTION(property, cublasGetProperty, (int property, int *value))     \
  VENDOR_FUNCTION(gemm32, cublasSgemm_v2, NOODLE_GEMM(float))                  \
  VENDOR_FUNCTION(gemm64, cublasDgemm_v2, NOODLE_GEMM(double))                 \
  VENDOR_FUNCTION(gemmBatched32, cublasSgemmStridedBatched,                    \
                  NOODLE_GEMM_BATCHED(float))                                  \
  VENDOR_FUNCTION(gemmBatched64, cublasDgemmStridedBatched,                    \
                  NOODLE_GEMM_BATCHED(double))

#define NOODLE_SPARSE_FUNCTIONS(VENDOR_FUNCTION)                               \
  VENDOR_FUNCTION(create, cusparseCreate,                                      \
                  (noodle::rt::vendor::Handle * handle))                       \
  VENDOR_FUNCTION(destroy, cusparseDestroy,                                    \
                  (noodle::rt::vendor::Handle handle))                         \
  VENDOR_FUNCTION(setStream, cusparseSetStream,                                \
                  (noodle::rt::vendor::Handle handle, CUstream stream))        \
  VENDOR_FUNCTION(property, cusparseGetProperty, (int property, int *value))   \
  VENDOR_FUNCTION(createCsr, cusparseCreateCsr,                                \
                  (noodle::rt::vendor::Descriptor * matrix, int64_t rows,      \
                   int64_t columns, int64_t stored, void *positions,           \
                   void *coordinates, void *values, int positionType,          \
                   int coordinateType, int base, int valueType))               \
  VENDOR_FUNCTION(createMatrix, cusparseCreateDnMat,                           \
                  (noodle::rt::vendor::Descriptor * matrix, int64_t rows,      \
                   int64_t columns, int64_t leading, void *values,             \
                   int valueType, int order))                                  \
  VENDOR_FUNCTION(createVector, cusparseCreateDnVec,                           \
                  (noodle::rt::vendor::Descriptor * vector, int64_t size,      \
                   void *values, int valueType))                               \
  VENDOR_FUNCTION(destroySparse, cusparseDestroySpMat,                         \
                  (noodle::rt::vendor::Descriptor matrix))                     \
  VENDOR_FUNCTION(destroyMatrix, cusparseDestroyDnMat,                         \
                  (noodle::rt::vendor::Descriptor matrix))                     \
  VENDOR_FUNCTION(destroyVector, cusparseDestroyDnVec,                         \
                  (noodle::rt::vendor::Descriptor vector))                     \
  VENDOR_FUNCTION(spmvBytes, cusparseSpMV_bufferSize,                          \
                  (noodle::rt::vendor::Handle handle, int operation,           \
                   const void *alpha, noodle::rt::vendor::Descriptor matrix,   \
                   noodle::rt::vendor::Descriptor x, const void *beta,         \
                   noodle::rt::vendor::Descriptor y, int computeType,          \
                   int algorithm, size_t *bytes))                              \
  VENDOR_FUNCTION(spmv, cusparseSpMV,                                          \
                  (noodle::rt::vendor::Handle handle, int operation,           \
                   const void *alpha, noodle::rt::vendor::Descriptor matrix,   \
                   noodle::rt::vendor::Descriptor x, const void *beta,         \
                   noodle::rt::vendor::Descriptor y, int computeType,          \
                   int algorithm, void *workspace))                            \
  VENDOR_FUNCTION(spmmBytes, cusparseSpMM_bufferSize,                          \
                  (noodle::rt::vendor::Handle handle, int operationA,          \
                   int operationB, const void *alpha,                          \
                   noodle::rt::vendor::Descriptor matrix,                      \
                   noodle::rt::vendor::Descriptor dense, const void *beta,     \
                   noodle::rt::vendor::Descriptor out, int computeType,        \
                   int algorithm, size_t *bytes))                              \
  VENDOR_FUNCTION(spmm, cusparseSpMM,                                          \
                  (noodle::rt::vendor::Handle handle, int operationA,          \
                   int operationB, const void *alpha,                          \
                   noodle::rt::vendor::Descriptor matrix,                      \
                   noodle::rt::vendor::Descriptor dense, const void *beta,     \
                   noodle::rt::vendor::Descriptor out, int computeType,        \
                   int algorithm, void *workspace))

#endif // NOODLE_RUNTIME_DEVICE_VENDOR_API_H
