//===- vendor_api.cpp - our declarations beside the vendor's headers ------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include <cublas_v2.h>
#include <cusparse.h>

#include <type_traits>

// The toolkit has declared the driver's types.
#define NOODLE_RUNTIME_DEVICE_CUDA_API_H
using CUstream = cudaStream_t;
#include "vendor_api.h"

/// Passed alike: opaque handles are pointers, enumerations are integers.
template <class A, class B> constexpr bool alike() {
  if constexpr (std::is_pointer_v<A> || std::is_pointer_v<B>)
    return std::is_pointer_v<A> && std::is_pointer_v<B>;
  else if constexpr (std::is_floating_point_v<A> || std::is_floating_point_v<B>)
    return std::is_same_v<A, B>;
  else
    return sizeof(A) == sizeof(B);
}
template <class R, class... A, class S, class... B>
constexpr bool match(R (*)(A...), S (*)(B...)) {
  if constexpr (sizeof...(A) != sizeof...(B))
    return false;
  else
    return alike<R, S>() && (alike<A, B>() && ...);
}

#define VENDOR_FUNCTION(name, symbol, parameters)                              \
  static_assert(match(static_cast<int(*) parameters>(nullptr),                 \
                      static_cast<decltype(&symbol)>(nullptr)),                \
                #symbol);
NOODLE_BLAS_FUNCTIONS(VENDOR_FUNCTION)
NOODLE_SPARSE_FUNCTIONS(VENDOR_FUNCTION)

using namespace noodle::rt::vendor;
static_assert(int(kNoTranspose) == int(CUBLAS_OP_N));
static_assert(int(kNoTranspose) == int(CUSPARSE_OPERATION_NON_TRANSPOSE));
static_assert(int(kTranspose) == int(CUBLAS_OP_T));
static_assert(int(kDefaultMath) == int(CUBLAS_DEFAULT_MATH));
static_assert(int(kIndex32) == int(CUSPARSE_INDEX_32I));
static_assert(int(kIndex64) == int(CUSPARSE_INDEX_64I));
static_assert(int(kBaseZero) == int(CUSPARSE_INDEX_BASE_ZERO));
static_assert(int(kRowMajor) == int(CUSPARSE_ORDER_ROW));
static_assert(int(kReal32) == int(CUDA_R_32F));
static_assert(int(kReal64) == int(CUDA_R_64F));
static_assert(int(kSpmvCsr) == int(CUSPARSE_SPMV_CSR_ALG1));
static_assert(int(kSpmvCsrSame) == int(CUSPARSE_SPMV_CSR_ALG2));
static_assert(int(kSpmmCsrRows) == int(CUSPARSE_SPMM_CSR_ALG2));
static_assert(int(kSpmmCsrSame) == int(CUSPARSE_SPMM_CSR_ALG3));
static_assert(int(kMajorVersion) == int(MAJOR_VERSION));
static_assert(int(kPatchLevel) == int(PATCH_LEVEL));
#ifdef PLANTED
static_assert(int(kSpmmCsrRows) == int(CUSPARSE_SPMM_CSR_ALG3));
#endif
