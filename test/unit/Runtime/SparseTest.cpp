//===- SparseTest.cpp - sparse storage sorted by its other dimension ----===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Fixture.h"

#include <complex>
#include <cstdlib>
#include <random>
#include <vector>

using namespace noodle::rt;

namespace {

template <typename P, typename C, typename V> struct Matrix {
  int64_t rows, columns;
  std::vector<P> positions;
  std::vector<C> coordinates;
  std::vector<V> values;

  Matrix(int64_t rows, int64_t columns, int64_t entries = 0)
      : rows(rows), columns(columns), positions(size_t(rows + 1)),
        coordinates(size_t(entries)), values(size_t(entries)) {}
};

/// Entries with increasing columns in each row; some rows long, some empty.
template <typename P, typename C, typename V>
Matrix<P, C, V> randomMatrix(std::mt19937_64 &random, int64_t rows,
                             int64_t columns, double density) {
  Matrix<P, C, V> m(rows, columns);
  std::uniform_real_distribution<double> uniform(0, 1);
  for (int64_t row = 0; row < rows; ++row) {
    double here = row % 7 == 3 ? 0 : row % 31 == 0 ? 8 * density : density;
    for (int64_t column = 0; column < columns; ++column)
      if (uniform(random) < here) {
        m.coordinates.push_back(C(column));
        m.values.push_back(V(m.values.size() % 100));
      }
    m.positions[size_t(row + 1)] = P(m.values.size());
  }
  return m;
}

template <typename P, typename C, typename V>
noodle_rt_transposition jobOf(const Matrix<P, C, V> &m, Matrix<P, C, V> &out) {
  return {m.rows,
          m.columns,
          m.positions.data(),
          m.coordinates.data(),
          m.values.data(),
          out.positions.data(),
          out.coordinates.data(),
          out.values.data(),
          sizeof(P),
          sizeof(C),
          sizeof(V)};
}

class TransposeStorage : public RuntimeTest {
protected:
  std::unique_ptr<Executor> executor = createWorkerPool(4);

  template <typename P, typename C, typename V>
  void check(std::mt19937_64 &random, int64_t rows, int64_t columns,
             double density, bool parallel) {
    auto m = randomMatrix<P, C, V>(random, rows, columns, density);
    auto entries = int64_t(m.values.size());
    Matrix<P, C, V> out(columns, rows, entries);
    CallOptions options;
    options.executor = parallel ? executor.get() : nullptr;
    Context context(pool, options);
    noodle_rt_transposition job = jobOf(m, out);
    ASSERT_EQ(noodle_ir_transpose_storage(context.handle(), &job),
              NOODLE_RT_OK);
    EXPECT_EQ(context.liveBytes(), 0);
    // By definition: column by column.
    P at = 0;
    for (int64_t column = 0; column < columns; ++column) {
      ASSERT_EQ(out.positions[size_t(column)], at) << column;
      for (int64_t row = 0; row < rows; ++row)
        for (P k = m.positions[size_t(row)]; k < m.positions[size_t(row + 1)];
             ++k)
          if (m.coordinates[size_t(k)] == column) {
            ASSERT_EQ(out.coordinates[size_t(at)], row);
            ASSERT_EQ(out.values[size_t(at)], m.values[size_t(k)]);
            ++at;
          }
    }
    ASSERT_EQ(out.positions[size_t(columns)], at);
    ASSERT_EQ(at, entries);
  }

  template <typename P, typename C, typename V>
  void shapes(std::mt19937_64 &random) {
    for (bool parallel : {false, true}) {
      check<P, C, V>(random, 0, 5, 1, parallel);
      check<P, C, V>(random, 5, 0, 1, parallel);
      check<P, C, V>(random, 1, 40, 0.5, parallel);
      check<P, C, V>(random, 60, 1, 0.5, parallel);
      check<P, C, V>(random, 37, 53, 0.1, parallel);
    }
  }
};

uint64_t seed() {
  const char *text = std::getenv("NOODLE_RANDOM_SEED");
  uint64_t seed = text ? std::strtoull(text, nullptr, 10) : 20240;
  ::testing::Test::RecordProperty("seed", std::to_string(seed));
  return seed;
}

TEST_F(TransposeStorage, EveryWidth) {
  SCOPED_TRACE("seed " + std::to_string(seed()));
  std::mt19937_64 random(seed());
  shapes<int32_t, int32_t, uint8_t>(random);
  shapes<int32_t, int32_t, uint16_t>(random);
  shapes<int32_t, int64_t, float>(random);
  shapes<int64_t, int32_t, double>(random);
  shapes<int64_t, int64_t, int64_t>(random);
  shapes<int32_t, int32_t, std::complex<double>>(random);
}

/// Enough entries that parts count for themselves.
TEST_F(TransposeStorage, PartsAgreeWithTheDefinition) {
  SCOPED_TRACE("seed " + std::to_string(seed()));
  std::mt19937_64 random(seed());
  check<int32_t, int32_t, double>(random, 12000, 40, 0.4, true);
  check<int64_t, int64_t, float>(random, 1300, 130, 0.9, true);
}

TEST_F(TransposeStorage, CountsThatDoNotFitIntoTheBudgetAreAStatus) {
  std::mt19937_64 random(seed());
  auto m = randomMatrix<int32_t, int32_t, double>(random, 12000, 40, 0.4);
  ASSERT_GT(m.values.size(), size_t(1) << 17) << "must be worth parts";
  Matrix<int32_t, int32_t, double> out(40, 12000, int64_t(m.values.size()));
  CallOptions options;
  options.executor = executor.get();
  options.memoryLimit = 64;
  Context context(pool, options);
  noodle_rt_transposition job = jobOf(m, out);
  EXPECT_EQ(noodle_ir_transpose_storage(context.handle(), &job),
            NOODLE_RT_OUT_OF_MEMORY);
}

} // namespace
