//===- library.cpp - routines of cuBLAS and cuSPARSE ----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "library.h"

#include "vendor_api.h"

#include <algorithm>
#include <dlfcn.h>
#include <limits>
#include <mutex>
#include <vector>

namespace noodle::rt {

using namespace vendor;
using Buffer = VendorLibraries::Buffer;
using Workspace = VendorLibraries::Workspace;

VendorLibraries::Workspace::~Workspace() = default;

#define VENDOR_FUNCTION(name, symbol, parameters) int(*name) parameters;
namespace {
struct Blas {
  NOODLE_BLAS_FUNCTIONS(VENDOR_FUNCTION)
};
struct Sparse {
  NOODLE_SPARSE_FUNCTIONS(VENDOR_FUNCTION)
};
#undef VENDOR_FUNCTION

struct Symbol {
  const char *name;
  size_t offset;
};
#define VENDOR_FUNCTION(name, symbol, parameters)                              \
  {#symbol, offsetof(Blas, name)},
constexpr Symbol kBlasSymbols[] = {NOODLE_BLAS_FUNCTIONS(VENDOR_FUNCTION)};
#undef VENDOR_FUNCTION
#define VENDOR_FUNCTION(name, symbol, parameters)                              \
  {#symbol, offsetof(Sparse, name)},
constexpr Symbol kSparseSymbols[] = {NOODLE_SPARSE_FUNCTIONS(VENDOR_FUNCTION)};
#undef VENDOR_FUNCTION

/// A library, its functions and a handle on the device. Opened once, whatever
/// comes of it.
template <typename Functions> class Opened {
public:
  Functions functions{};
  Handle handle = nullptr;
  std::string version;

  /// Empty, or why it cannot be used.
  const std::string &open(const char *what, std::span<const char *const> names,
                          std::span<const Symbol> symbols) {
    if (tried)
      return whyNot;
    tried = true;
    for (const char *name : names)
      if (!library)
        library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
      whyNot = std::string(names.front()) + " not found (nor";
      for (const char *name : names.subspan(1))
        whyNot += std::string(" ") + name;
      whyNot += ")";
      return whyNot;
    }
    for (const Symbol &symbol : symbols) {
      void *address = dlsym(library, symbol.name);
      if (!address) {
        whyNot = std::string(what) + " has no " + symbol.name;
        return whyNot;
      }
      *reinterpret_cast<void **>(reinterpret_cast<char *>(&functions) +
                                 symbol.offset) = address;
    }
    if (int status = functions.create(&handle)) {
      handle = nullptr;
      whyNot =
          std::string(what) + " cannot start: status " + std::to_string(status);
      return whyNot;
    }
    int major = 0, minor = 0, patch = 0;
    functions.property(kMajorVersion, &major);
    functions.property(kMinorVersion, &minor);
    functions.property(kPatchLevel, &patch);
    version = std::string(what) + " " + std::to_string(major) + "." +
              std::to_string(minor) + "." + std::to_string(patch);
    return whyNot;
  }

  /// The library itself stays: CUDA's do not bear to be unloaded.
  ~Opened() {
    if (handle)
      functions.destroy(handle);
  }

private:
  bool tried = false;
  void *library = nullptr;
  std::string whyNot;
};

constexpr const char *kBlasNames[] = {"libcublas.so.13", "libcublas.so.12",
                                      "libcublas.so.11"};
constexpr const char *kSparseNames[] = {"libcusparse.so.12",
                                        "libcusparse.so.11"};

/// What a routine says where it does not run.
bool refuse(std::string &whyNot, std::string reason) {
  whyNot = std::move(reason);
  return false;
}

bool failed(std::string &whyNot, const char *what, int status) {
  if (status)
    whyNot = std::string(what) + " failed: status " + std::to_string(status);
  return status != 0;
}

template <typename T> T *at(const Buffer &buffer) {
  return reinterpret_cast<T *>(buffer.address);
}

/// Row-major out = lhs rhs is column-major out^T = rhs^T lhs^T, whence the
/// order of operands.
template <typename T, typename One, typename Many>
bool gemm(Handle handle, One one, Many many, std::span<const Buffer> buffers,
          std::span<const int64_t> scalars, std::string &whyNot) {
  enum { M, N, K, Batch, LhsT, RhsT, LdL, LdR, LdO, StepL, StepR, StepO, All };
  if (buffers.size() != 3 || scalars.size() != All)
    return refuse(whyNot, "gemm takes 3 buffers and 12 scalars");
  for (int i : {M, N, K, Batch, LdL, LdR, LdO})
    if (scalars[i] > std::numeric_limits<int>::max())
      return refuse(whyNot, "an extent of " + std::to_string(scalars[i]) +
                                " is beyond cuBLAS's integers");
  auto number = [&](int i) { return int(std::max<int64_t>(scalars[i], 1)); };
  if (!scalars[M] || !scalars[N] || !scalars[Batch])
    return true;
  const T alpha = 1, beta = 0;
  int m = int(scalars[M]), n = int(scalars[N]), k = int(scalars[K]);
  int left = scalars[RhsT] ? kTranspose : kNoTranspose;
  int right = scalars[LhsT] ? kTranspose : kNoTranspose;
  if (scalars[Batch] == 1)
    return !failed(whyNot, "cuBLAS gemm",
                   one(handle, left, right, n, m, k, &alpha,
                       at<const T>(buffers[1]), number(LdR),
                       at<const T>(buffers[0]), number(LdL), &beta,
                       at<T>(buffers[2]), number(LdO)));
  return !failed(whyNot, "cuBLAS batched gemm",
                 many(handle, left, right, n, m, k, &alpha,
                      at<const T>(buffers[1]), number(LdR), scalars[StepR],
                      at<const T>(buffers[0]), number(LdL), scalars[StepL],
                      &beta, at<T>(buffers[2]), number(LdO), scalars[StepO],
                      int(scalars[Batch])));
}

/// Destroyed with the scope.
struct Held {
  Descriptor value = nullptr;
  int (*destroy)(Descriptor);
  explicit Held(int (*destroy)(Descriptor)) : destroy(destroy) {}
  Held(const Held &) = delete;
  ~Held() {
    if (value)
      destroy(value);
  }
};

template <typename T>
bool csr(const Sparse &f, Handle handle, bool vector,
         std::span<const Buffer> buffers, std::span<const int64_t> scalars,
         CUstream stream, Workspace &workspace, std::string &whyNot) {
  enum { Rows, Inner, Columns, Same, All };
  if (buffers.size() != 5 || scalars.size() != All)
    return refuse(whyNot, "a CSR product takes 5 buffers and 4 scalars");
  int64_t rows = scalars[Rows], inner = scalars[Inner],
          columns = vector ? 1 : scalars[Columns];
  if (!rows || !columns)
    return true;
  if (!inner || !buffers[2].count)
    return refuse(whyNot, "nothing is stored");
  const Buffer &positions = buffers[0], &coordinates = buffers[1];
  if (positions.elementBytes != coordinates.elementBytes)
    return refuse(whyNot, "cuSPARSE needs positions and coordinates of one "
                          "width");
  int index = positions.elementBytes == 4 ? kIndex32 : kIndex64;
  int type = sizeof(T) == 4 ? kReal32 : kReal64;
  const T alpha = 1, beta = 0;
  Held matrix(f.destroySparse);
  Held x(vector ? f.destroyVector : f.destroyMatrix);
  Held y(vector ? f.destroyVector : f.destroyMatrix);
  if (failed(whyNot, "cusparseCreateCsr",
             f.createCsr(&matrix.value, rows, inner, buffers[2].count,
                         at<void>(positions), at<void>(coordinates),
                         at<void>(buffers[2]), index, index, kBaseZero, type)))
    return false;
  size_t bytes = 0;
  int algorithm;
  if (vector) {
    algorithm = scalars[Same] ? kSpmvCsrSame : kSpmvCsr;
    if (failed(whyNot, "cusparseCreateDnVec",
               f.createVector(&x.value, inner, at<void>(buffers[3]), type)) ||
        failed(whyNot, "cusparseCreateDnVec",
               f.createVector(&y.value, rows, at<void>(buffers[4]), type)) ||
        failed(whyNot, "cusparseSpMV_bufferSize",
               f.spmvBytes(handle, kNoTranspose, &alpha, matrix.value, x.value,
                           &beta, y.value, type, algorithm, &bytes)))
      return false;
  } else {
    algorithm = scalars[Same] ? kSpmmCsrSame : kSpmmCsrRows;
    if (failed(whyNot, "cusparseCreateDnMat",
               f.createMatrix(&x.value, inner, columns, columns,
                              at<void>(buffers[3]), type, kRowMajor)) ||
        failed(whyNot, "cusparseCreateDnMat",
               f.createMatrix(&y.value, rows, columns, columns,
                              at<void>(buffers[4]), type, kRowMajor)) ||
        failed(whyNot, "cusparseSpMM_bufferSize",
               f.spmmBytes(handle, kNoTranspose, kNoTranspose, &alpha,
                           matrix.value, x.value, &beta, y.value, type,
                           algorithm, &bytes)))
      return false;
  }
  CUdeviceptr room = bytes ? workspace.allocate(bytes, stream) : 0;
  if (bytes && !room)
    return refuse(whyNot,
                  "no room for cuSPARSE's " + std::to_string(bytes) + " bytes");
  void *extra = reinterpret_cast<void *>(room);
  int status =
      vector ? f.spmv(handle, kNoTranspose, &alpha, matrix.value, x.value,
                      &beta, y.value, type, algorithm, extra)
             : f.spmm(handle, kNoTranspose, kNoTranspose, &alpha, matrix.value,
                      x.value, &beta, y.value, type, algorithm, extra);
  if (room)
    workspace.release(room, stream);
  return !failed(whyNot, vector ? "cusparseSpMV" : "cusparseSpMM", status);
}
} // namespace

struct VendorLibraries::Impl {
  mutable std::mutex mutex; ///< a handle has one stream at a time
  Opened<Blas> blas;
  Opened<Sparse> sparse;

  bool enqueue(std::string_view routine, std::span<const Buffer> buffers,
               std::span<const int64_t> scalars, CUstream stream,
               Workspace &workspace, std::string &whyNot) {
    if (routine == "gemm_f32" || routine == "gemm_f64") {
      whyNot = blas.open("cuBLAS", kBlasNames, kBlasSymbols);
      const Blas &f = blas.functions;
      if (!whyNot.empty() ||
          failed(whyNot, "cublasSetStream", f.setStream(blas.handle, stream)) ||
          failed(whyNot, "cublasSetMathMode",
                 f.setMathMode(blas.handle, kDefaultMath)))
        return false;
      return routine == "gemm_f32"
                 ? gemm<float>(blas.handle, f.gemm32, f.gemmBatched32, buffers,
                               scalars, whyNot)
                 : gemm<double>(blas.handle, f.gemm64, f.gemmBatched64, buffers,
                                scalars, whyNot);
    }
    if (routine.starts_with("csrmm_") || routine.starts_with("csrmv_")) {
      whyNot = sparse.open("cuSPARSE", kSparseNames, kSparseSymbols);
      const Sparse &f = sparse.functions;
      if (!whyNot.empty() || failed(whyNot, "cusparseSetStream",
                                    f.setStream(sparse.handle, stream)))
        return false;
      bool vector = routine.starts_with("csrmv_");
      return routine.ends_with("f32")
                 ? csr<float>(f, sparse.handle, vector, buffers, scalars,
                              stream, workspace, whyNot)
                 : csr<double>(f, sparse.handle, vector, buffers, scalars,
                               stream, workspace, whyNot);
    }
    return refuse(whyNot, "no routine is named " + std::string(routine));
  }
};

VendorLibraries::VendorLibraries() : self(std::make_unique<Impl>()) {}
VendorLibraries::~VendorLibraries() = default;

bool VendorLibraries::enqueue(std::string_view routine,
                              std::span<const Buffer> buffers,
                              std::span<const int64_t> scalars, CUstream stream,
                              Workspace &workspace, std::string &whyNot) {
  std::lock_guard lock(self->mutex);
  return self->enqueue(routine, buffers, scalars, stream, workspace, whyNot);
}

std::string VendorLibraries::blasVersion() const {
  std::lock_guard lock(self->mutex);
  return self->blas.version;
}

std::string VendorLibraries::sparseVersion() const {
  std::lock_guard lock(self->mutex);
  return self->sparse.version;
}

} // namespace noodle::rt
