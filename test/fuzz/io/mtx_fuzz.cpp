//===- mtx_fuzz.cpp - any bytes as MatrixMarket ---------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Support.h"

using namespace noodle::rt::io;

namespace {
template <typename P, typename C>
void checkCompressed(const Coo &coo, Major major, Duplicates duplicates) {
  Compressed<P, C> m;
  Error error = compress(coo, major, duplicates, m, fuzzLimits);
  checkError(error);
  if (!error.ok())
    return;
  const int64_t majors = major == Major::Row ? m.rows : m.cols;
  const int64_t minors = major == Major::Row ? m.cols : m.rows;
  require(int64_t(m.positions.size()) == majors + 1 && m.positions[0] == 0 &&
              size_t(m.positions.back()) == m.coordinates.size(),
          "positions span the entries");
  for (int64_t i = 0; i < majors; ++i) {
    int64_t begin = m.positions[size_t(i)], end = m.positions[size_t(i) + 1];
    require(begin <= end, "positions do not fall");
    for (int64_t k = begin; k < end; ++k) {
      int64_t j = m.coordinates[size_t(k)];
      require(j >= 0 && j < minors, "coordinates are in range");
      require(k == begin || m.coordinates[size_t(k) - 1] < j,
              "coordinates rise");
    }
  }
}

bool sameReals(const std::vector<double> &a, const std::vector<double> &b) {
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) {
        return memcmp(&x, &y, sizeof(x)) == 0 || (x != x && y != y);
      });
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  const MtxOptions options{fuzzLimits, Duplicates::Sum};
  auto input = memoryInput("fuzz", bytes, int64_t(size));
  Coo coo, piped, again;
  Error error = readMtx(*input, coo, options);
  ShortReads shortReads(bytes, size);
  Error pipedError = readMtx(shortReads, piped, options);
  require(error.ok() == pipedError.ok(), "a pipe gives the same answer", error);
  checkError(error);
  if (!error.ok())
    return 0;
  require(coo.row == piped.row && coo.col == piped.col &&
              sameReals(coo.reals, piped.reals) &&
              coo.integers == piped.integers,
          "a pipe gives the same matrix");
  error = validate(coo);
  require(error.ok(), "what was read is valid", error);

  Collect output;
  error = writeMtx(output, coo);
  require(error.ok(), "what was read can be written", error);
  auto back =
      memoryInput("back", output.text.data(), int64_t(output.text.size()));
  error = readMtx(*back, again, options);
  require(error.ok(), "what was written can be read", error);
  require(coo.format == again.format && coo.field == again.field &&
              coo.symmetry == again.symmetry && coo.rows == again.rows &&
              coo.cols == again.cols,
          "the kind survives");
  require(coo.row == again.row && coo.col == again.col &&
              sameReals(coo.reals, again.reals) &&
              coo.integers == again.integers,
          "entries survive");

  for (Duplicates duplicates :
       {Duplicates::Error, Duplicates::Sum, Duplicates::Min, Duplicates::Max,
        Duplicates::Or})
    for (Major major : {Major::Row, Major::Column}) {
      checkCompressed<int64_t, int64_t>(coo, major, duplicates);
      checkCompressed<int32_t, int32_t>(coo, major, duplicates);
    }
  Array array;
  checkError(toArray(coo, array, fuzzLimits));
  error = expandSymmetry(coo, fuzzLimits);
  checkError(error);
  if (error.ok()) {
    error = validate(coo);
    require(error.ok(), "the expanded matrix is valid", error);
  }
  return 0;
}
