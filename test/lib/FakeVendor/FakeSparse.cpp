//===- FakeSparse.cpp - cuSPARSE on the fake driver -----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "FakeVendor.h"

using namespace fake_vendor;
using namespace noodle::rt::vendor;

#define VENDOR_FUNCTION(name, symbol, parameters)                              \
  FAKE_EXPORT int symbol parameters;
NOODLE_SPARSE_FUNCTIONS(VENDOR_FUNCTION)
#undef VENDOR_FUNCTION

int cusparseCreate(Handle *handle) { return create(handle); }
int cusparseDestroy(Handle handle) { return destroy(handle); }
int cusparseSetStream(Handle handle, CUstream stream) {
  return setStream(handle, stream);
}
int cusparseGetProperty(int which, int *value) {
  return property(which, value);
}

namespace {
/// Any of the three descriptors.
struct Shape {
  int64_t rows, columns, stored;
  void *positions, *coordinates, *values;
  int indexType, valueType;
};
Shape &shapeOf(Descriptor descriptor) {
  return *static_cast<Shape *>(descriptor);
}
int make(Descriptor *descriptor, const Shape &shape) {
  if (shape.rows < 0 || shape.columns < 0 || shape.stored < 0 ||
      (shape.valueType != kReal32 && shape.valueType != kReal64))
    return InvalidValue;
  *descriptor = new Shape(shape);
  return Success;
}
int drop(Descriptor descriptor) {
  delete static_cast<Shape *>(descriptor);
  return Success;
}

constexpr size_t kWorkspace = 256;

template <typename T, typename Index>
int product(const char *name, CUstream stream, T scale, const Shape &a,
            const Shape &x, const Shape &y, void *workspace) {
  auto bytes = [](int64_t count, size_t each) { return count * int64_t(each); };
  fake_cuda::HostWork work{name, stream, {}, {}};
  work.buffers = {{addressOf(a.positions), bytes(a.rows + 1, sizeof(Index))},
                  {addressOf(a.coordinates), bytes(a.stored, sizeof(Index))},
                  {addressOf(a.values), bytes(a.stored, sizeof(T))},
                  {addressOf(x.values), bytes(x.rows * x.columns, sizeof(T))},
                  {addressOf(y.values), bytes(y.rows * y.columns, sizeof(T))}};
  // Lives until the work has run, or the driver reports its use.
  if (!workspace)
    return InvalidValue;
  int64_t rows = a.rows, columns = x.columns;
  work.run = [=](const std::vector<char *> &storage) {
    auto *positions = reinterpret_cast<const Index *>(storage[0]);
    auto *coordinates = reinterpret_cast<const Index *>(storage[1]);
    auto *values = reinterpret_cast<const T *>(storage[2]);
    auto *dense = reinterpret_cast<const T *>(storage[3]);
    auto *out = reinterpret_cast<T *>(storage[4]);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j) {
        T sum = 0;
        for (Index p = positions[i]; p < positions[i + 1]; ++p)
          sum += values[p] * dense[int64_t(coordinates[p]) * columns + j];
        out[i * columns + j] = scale * sum;
      }
  };
  return enqueue(work);
}

int product(const char *name, Handle handle, const void *alpha,
            const void *beta, const Shape &a, const Shape &x, const Shape &y,
            int type, void *workspace) {
  log("%s rows=%lld inner=%lld columns=%lld stored=%lld\n", name,
      (long long)a.rows, (long long)a.columns, (long long)x.columns,
      (long long)a.stored);
  if (type != a.valueType || type != x.valueType || type != y.valueType ||
      a.rows != y.rows || a.columns != x.rows || x.columns != y.columns)
    return InvalidValue;
  CUstream stream = static_cast<State *>(handle)->stream;
  auto run = [&]<typename T>(T) {
    if (*static_cast<const T *>(beta) != 0)
      return int(InvalidValue);
    T scale = *static_cast<const T *>(alpha);
    return a.indexType == kIndex32
               ? product<T, int32_t>(name, stream, scale, a, x, y, workspace)
               : product<T, int64_t>(name, stream, scale, a, x, y, workspace);
  };
  return type == kReal32 ? run(float()) : run(double());
}
} // namespace

int cusparseCreateCsr(Descriptor *matrix, int64_t rows, int64_t columns,
                      int64_t stored, void *positions, void *coordinates,
                      void *values, int positionType, int coordinateType,
                      int base, int valueType) {
  if (positionType != coordinateType || base != kBaseZero ||
      (positionType != kIndex32 && positionType != kIndex64))
    return InvalidValue;
  return make(matrix, {rows, columns, stored, positions, coordinates, values,
                       positionType, valueType});
}

int cusparseCreateDnMat(Descriptor *matrix, int64_t rows, int64_t columns,
                        int64_t leading, void *values, int valueType,
                        int order) {
  if (order != kRowMajor || leading != columns)
    return InvalidValue;
  return make(matrix,
              {rows, columns, 0, nullptr, nullptr, values, 0, valueType});
}

int cusparseCreateDnVec(Descriptor *vector, int64_t size, void *values,
                        int valueType) {
  return make(vector, {size, 1, 0, nullptr, nullptr, values, 0, valueType});
}

int cusparseDestroySpMat(Descriptor matrix) { return drop(matrix); }
int cusparseDestroyDnMat(Descriptor matrix) { return drop(matrix); }
int cusparseDestroyDnVec(Descriptor vector) { return drop(vector); }

int cusparseSpMV_bufferSize(Handle, int, const void *, Descriptor, Descriptor,
                            const void *, Descriptor, int, int algorithm,
                            size_t *bytes) {
  *bytes = kWorkspace;
  return algorithm == kSpmvCsr || algorithm == kSpmvCsrSame ? Success
                                                            : InvalidValue;
}

int cusparseSpMM_bufferSize(Handle, int, int, const void *, Descriptor,
                            Descriptor, const void *, Descriptor, int,
                            int algorithm, size_t *bytes) {
  *bytes = kWorkspace;
  return algorithm == kSpmmCsrRows || algorithm == kSpmmCsrSame ? Success
                                                                : InvalidValue;
}

int cusparseSpMV(Handle handle, int operation, const void *alpha,
                 Descriptor matrix, Descriptor x, const void *beta,
                 Descriptor y, int type, int, void *workspace) {
  if (operation != kNoTranspose)
    return InvalidValue;
  return product("cusparseSpMV", handle, alpha, beta, shapeOf(matrix),
                 shapeOf(x), shapeOf(y), type, workspace);
}

int cusparseSpMM(Handle handle, int opA, int opB, const void *alpha,
                 Descriptor matrix, Descriptor x, const void *beta,
                 Descriptor y, int type, int, void *workspace) {
  if (opA != kNoTranspose || opB != kNoTranspose)
    return InvalidValue;
  return product("cusparseSpMM", handle, alpha, beta, shapeOf(matrix),
                 shapeOf(x), shapeOf(y), type, workspace);
}
