//===- Harness.h - compile structured IR and call it ----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The back half of the lowering alone: text at the structured border becomes
// object code, which LLJIT links with the symbols of ir_symbols.def.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_LOWERING_HARNESS_H
#define NOODLE_TEST_LOWERING_HARNESS_H

#include "noodle-rt/abi.h"
#include "noodle-rt/runtime.h"

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace noodle::test {

/// A compiled module. Functions are looked up by their source names.
class Program {
public:
  /// Empty error when it worked. `strassenFrom`: the least extent that is
  /// halved, 0: as measured.
  static std::unique_ptr<Program> compile(const std::string &text,
                                          std::string &error, int optLevel = 2,
                                          int64_t strassenFrom = 0);
  noodle_rt_entry entry(const std::string &name);

  double passMillis = 0, translateMillis = 0, optimiseMillis = 0,
         codegenMillis = 0;

private:
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

template <typename T> constexpr noodle_rt_type typeOf();
template <> constexpr noodle_rt_type typeOf<bool>() { return NOODLE_RT_I1; }
template <> constexpr noodle_rt_type typeOf<int32_t>() { return NOODLE_RT_I32; }
template <> constexpr noodle_rt_type typeOf<int64_t>() { return NOODLE_RT_I64; }
template <> constexpr noodle_rt_type typeOf<float>() { return NOODLE_RT_F32; }
template <> constexpr noodle_rt_type typeOf<double>() { return NOODLE_RT_F64; }

template <typename T>
noodle_rt_tensor dense(T *values, std::vector<int64_t> extents) {
  noodle_rt_tensor t = {};
  t.layout = NOODLE_RT_DENSE;
  t.type = typeOf<T>();
  t.rank = extents.size();
  t.values = values;
  int64_t stride = 1;
  for (size_t k = extents.size(); k-- > 0;) {
    t.extents[k] = extents[k];
    t.strides[k] = stride;
    stride *= extents[k];
  }
  return t;
}

template <typename T> noodle_rt_tensor scalar(T *value) {
  noodle_rt_tensor t = {};
  t.layout = NOODLE_RT_SCALAR;
  t.type = typeOf<T>();
  t.values = value;
  return t;
}

/// A CSR matrix that owns its arrays; `P` is the type of its indices.
template <typename T, typename P> struct Csr {
  int64_t rows = 0, cols = 0;
  std::vector<P> positions{0}, coordinates;
  std::vector<T> values;

  /// From a dense matrix and where it is present.
  static Csr from(int64_t rows, int64_t cols, const std::vector<T> &dense,
                  T absent = T(0)) {
    Csr m;
    m.rows = rows;
    m.cols = cols;
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < cols; ++j)
        if (dense[i * cols + j] != absent) {
          m.coordinates.push_back(j);
          m.values.push_back(dense[i * cols + j]);
        }
      m.positions.push_back(m.values.size());
    }
    return m;
  }
  noodle_rt_tensor view(noodle_rt_layout layout = NOODLE_RT_CSR) {
    noodle_rt_tensor t = {};
    t.layout = layout;
    t.type = typeOf<T>();
    t.rank = 2;
    t.position_width = t.coordinate_width = sizeof(P);
    t.stored = values.size();
    t.values = values.data();
    t.positions = positions.data();
    t.coordinates = coordinates.data();
    t.extents[0] = layout == NOODLE_RT_CSR ? rows : cols;
    t.extents[1] = layout == NOODLE_RT_CSR ? cols : rows;
    return t;
  }
};

/// Dense values of a CSR result.
template <typename T, typename P>
std::vector<T> densify(const noodle_rt_tensor &t, T absent = T(0)) {
  std::vector<T> result(t.extents[0] * t.extents[1], absent);
  auto *positions = static_cast<P *>(t.positions);
  auto *coordinates = static_cast<P *>(t.coordinates);
  auto *values = static_cast<T *>(t.values);
  bool csr = t.layout == NOODLE_RT_CSR;
  int64_t outer = csr ? t.extents[0] : t.extents[1];
  for (int64_t i = 0; i < outer; ++i)
    for (P k = positions[i]; k < positions[i + 1]; ++k)
      (csr ? result[i * t.extents[1] + coordinates[k]]
           : result[coordinates[k] * t.extents[1] + i]) = values[k];
  return result;
}

/// One call: its context lives until this dies, so results may be read.
class Call {
public:
  explicit Call(rt::CallOptions options = {}) : context(pool, options) {}
  noodle_rt_status operator()(noodle_rt_entry entry,
                              std::vector<noodle_rt_tensor> arguments,
                              size_t resultCount) {
    results.assign(resultCount, {});
    for (noodle_rt_tensor &result : results)
      result.values = new int64_t(0),
      spaces.emplace_back(static_cast<int64_t *>(result.values));
    return status = context.finish(
               entry(context.handle(), arguments.data(), results.data()));
  }
  std::string message() const { return context.message(); }

  rt::Pool pool;
  rt::Context context;
  std::vector<noodle_rt_tensor> results;
  std::vector<std::unique_ptr<int64_t>> spaces;
  noodle_rt_status status = 0;
};

} // namespace noodle::test

#endif // NOODLE_TEST_LOWERING_HARNESS_H
