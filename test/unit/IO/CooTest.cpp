//===- CooTest.cpp - symmetry, duplicates, compression --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Support.h"

#include <cmath>
#include <map>
#include <random>

using namespace noodle::rt::io;

namespace {
using Ints = std::vector<int64_t>;
using Reals = std::vector<double>;

Coo read(const std::string &text) {
  Coo coo;
  Error error =
      readMtxText("%%MatrixMarket matrix " + text, coo, {{}, Duplicates::Sum});
  EXPECT_TRUE(error.ok()) << error.str();
  return coo;
}

template <typename T> std::vector<T> plain(const AlignedVector<T> &v) {
  return {v.begin(), v.end()};
}

using Csr = Compressed<int64_t, int64_t>;

/// What compress must hold: starts at 0, never falls, ends at the number of
/// entries; coordinates rise and stay in range.
template <typename P, typename C>
void expectInvariants(const Compressed<P, C> &m) {
  int64_t majors = m.major == Major::Row ? m.rows : m.cols;
  int64_t minors = m.major == Major::Row ? m.cols : m.rows;
  ASSERT_EQ(int64_t(m.positions.size()), majors + 1);
  ASSERT_EQ(m.positions.front(), 0);
  ASSERT_EQ(size_t(m.positions.back()), m.coordinates.size());
  ASSERT_EQ(m.reals.size(), m.field == Field::Real ? m.coordinates.size() : 0u);
  ASSERT_EQ(m.integers.size(),
            m.field == Field::Integer ? m.coordinates.size() : 0u);
  for (int64_t i = 0; i < majors; ++i) {
    ASSERT_LE(m.positions[size_t(i)], m.positions[size_t(i) + 1]);
    for (P k = m.positions[size_t(i)]; k < m.positions[size_t(i) + 1]; ++k) {
      ASSERT_GE(m.coordinates[size_t(k)], 0);
      ASSERT_LT(int64_t(m.coordinates[size_t(k)]), minors);
      if (k > m.positions[size_t(i)])
        ASSERT_LT(m.coordinates[size_t(k) - 1], m.coordinates[size_t(k)]);
    }
  }
}

template <typename P, typename C>
std::map<std::pair<int64_t, int64_t>, int64_t>
integersOf(const Compressed<P, C> &m) {
  std::map<std::pair<int64_t, int64_t>, int64_t> result;
  for (int64_t i = 0; i + 1 < int64_t(m.positions.size()); ++i)
    for (P k = m.positions[size_t(i)]; k < m.positions[size_t(i) + 1]; ++k) {
      int64_t j = m.coordinates[size_t(k)];
      result[m.major == Major::Row ? std::pair(i, j) : std::pair(j, i)] =
          m.integers[size_t(k)];
    }
  return result;
}
} // namespace

TEST(Coo, ExpandsSymmetry) {
  Coo coo = read("coordinate real symmetric\n3 3 3\n1 1 1\n3 1 2\n3 3 4\n");
  ASSERT_TRUE(expandSymmetry(coo).ok());
  EXPECT_EQ(coo.symmetry, Symmetry::General);
  EXPECT_EQ(coo.row, (Ints{0, 2, 2, 0}));
  EXPECT_EQ(coo.col, (Ints{0, 0, 2, 2}));
  EXPECT_EQ(coo.reals, (Reals{1, 2, 4, 2}));

  coo = read("coordinate integer skew-symmetric\n3 3 2\n2 1 5\n3 2 -6\n");
  ASSERT_TRUE(expandSymmetry(coo).ok());
  EXPECT_EQ(coo.row, (Ints{1, 2, 0, 1}));
  EXPECT_EQ(coo.col, (Ints{0, 1, 1, 2}));
  EXPECT_EQ(coo.integers, (Ints{5, -6, -5, 6}));

  coo = read("coordinate pattern symmetric\n2 2 1\n2 1\n");
  ASSERT_TRUE(expandSymmetry(coo).ok());
  EXPECT_EQ(coo.row, (Ints{1, 0}));

  coo = read("array integer symmetric\n2 2\n1\n2\n3\n");
  ASSERT_TRUE(expandSymmetry(coo).ok());
  EXPECT_EQ(coo.integers, (Ints{1, 2, 2, 3}));

  coo = read("array real skew-symmetric\n3 3\n1\n2\n3\n");
  ASSERT_TRUE(expandSymmetry(coo).ok());
  EXPECT_EQ(coo.reals, (Reals{0, 1, 2, -1, 0, 3, -2, -3, 0}));
}

TEST(Coo, ArraysBecomeDense) {
  Coo coo = read("array real general\n2 3\n1\n2\n3\n4\n5\n6\n");
  Array array;
  ASSERT_TRUE(toArray(coo, array).ok());
  EXPECT_EQ(array.type, NOODLE_RT_F64);
  EXPECT_EQ(array.shape, (Ints{2, 3}));
  EXPECT_EQ(array.strides, (Ints{1, 2}));
  double value;
  memcpy(&value, array.bytes.data() + 8 * (1 * 1 + 2 * 2), 8);
  EXPECT_EQ(value, 6);

  coo = read("array integer symmetric\n2 2\n1\n2\n3\n");
  ASSERT_TRUE(toArray(coo, array).ok());
  EXPECT_EQ(array.type, NOODLE_RT_I64);
  int64_t values[4];
  memcpy(values, array.bytes.data(), sizeof(values));
  EXPECT_EQ(Ints(values, values + 4), (Ints{1, 2, 2, 3}));
  EXPECT_NE(toArray(coo, array, {31}).message.find("limit of 31 bytes"),
            std::string::npos);

  coo = read("coordinate real general\n1 1 1\n1 1 1\n");
  EXPECT_EQ(toArray(coo, array).message,
            "a coordinate matrix is not a dense array");
}

TEST(Coo, CompressesByRowAndColumn) {
  Coo coo = read("coordinate real general\n3 4 5\n"
                 "3 4 5\n1 3 2\n3 1 0\n1 1 1\n3 2 4\n");
  Csr csr;
  ASSERT_TRUE(compress(coo, Major::Row, Duplicates::Error, csr).ok());
  expectInvariants(csr);
  EXPECT_EQ(plain(csr.positions), (Ints{0, 2, 2, 5}));
  EXPECT_EQ(plain(csr.coordinates), (Ints{0, 2, 0, 1, 3}));
  EXPECT_EQ(plain(csr.reals), (Reals{1, 2, 0, 4, 5})) << "zeros are kept";

  Compressed<int32_t, int32_t> csc;
  ASSERT_TRUE(compress(coo, Major::Column, Duplicates::Error, csc).ok());
  expectInvariants(csc);
  EXPECT_EQ(plain(csc.positions), (std::vector<int32_t>{0, 2, 3, 4, 5}));
  EXPECT_EQ(plain(csc.coordinates), (std::vector<int32_t>{0, 2, 2, 0, 2}));
  EXPECT_EQ(plain(csc.reals), (Reals{1, 0, 4, 2, 5}));
  EXPECT_EQ(uintptr_t(csc.reals.data()) % NOODLE_RT_ALIGNMENT, 0u);
}

TEST(Coo, CompressesSymmetricAndArrays) {
  Coo coo = read("coordinate integer skew-symmetric\n3 3 2\n3 1 7\n2 1 5\n");
  Csr csr;
  ASSERT_TRUE(compress(coo, Major::Row, Duplicates::Error, csr).ok());
  EXPECT_EQ(plain(csr.positions), (Ints{0, 2, 3, 4}));
  EXPECT_EQ(plain(csr.coordinates), (Ints{1, 2, 0, 0}));
  EXPECT_EQ(plain(csr.integers), (Ints{-5, -7, 5, 7}));

  coo = read("array integer symmetric\n2 2\n1\n0\n3\n");
  ASSERT_TRUE(compress(coo, Major::Column, Duplicates::Error, csr).ok());
  EXPECT_EQ(plain(csr.positions), (Ints{0, 2, 4}));
  EXPECT_EQ(plain(csr.integers), (Ints{1, 0, 0, 3}));

  coo = read("coordinate pattern general\n0 0 0\n");
  ASSERT_TRUE(compress(coo, Major::Row, Duplicates::Error, csr).ok());
  EXPECT_EQ(plain(csr.positions), Ints{0});
}

TEST(Coo, DuplicatesAreNamedByLine) {
  Coo coo = read("coordinate real general\n3 3 3\n2 3 1\n\n1 1 1\n2 3 4\n");
  Csr csr;
  Error error = compress(coo, Major::Row, Duplicates::Error, csr);
  EXPECT_EQ(error.str(), "t.mtx:6:1: entry (2, 3) repeats that of line 3; to "
                         "combine them choose sum, min, max or or");
  EXPECT_TRUE(csr.positions.empty());

  coo = read("coordinate real symmetric\n3 3 2\n3 1 1\n1 3 1\n");
  error = compress(coo, Major::Column, Duplicates::Error, csr);
  EXPECT_EQ(error.str(), "t.mtx:4:1: entry (1, 3) mirrors entry (3, 1) of "
                         "line 3; to combine them choose sum, min, max or or");

  coo.lineRuns.clear();
  coo.source = "host";
  error = compress(coo, Major::Column, Duplicates::Error, csr);
  EXPECT_NE(error.str().find("host: entry (1, 3) mirrors entry (3, 1) of "
                             "entry 1"),
            std::string::npos)
      << error.str();
}

TEST(Coo, DuplicatesCombine) {
  Coo coo = read("coordinate real general\n1 2 5\n"
                 "1 1 3\n1 2 9\n1 1 -4\n1 1 0\n1 1 2\n");
  const std::pair<Duplicates, double> expected[] = {{Duplicates::Sum, 1},
                                                    {Duplicates::Min, -4},
                                                    {Duplicates::Max, 3},
                                                    {Duplicates::Or, 1}};
  for (auto [policy, value] : expected) {
    Csr csr;
    ASSERT_TRUE(compress(coo, Major::Row, policy, csr).ok());
    EXPECT_EQ(plain(csr.coordinates), (Ints{0, 1}));
    EXPECT_EQ(plain(csr.reals), (Reals{value, 9}));
  }

  coo = read("coordinate real general\n1 1 3\n1 1 1\n1 1 nan\n1 1 2\n");
  for (Duplicates policy :
       {Duplicates::Sum, Duplicates::Min, Duplicates::Max}) {
    Csr csr;
    ASSERT_TRUE(compress(coo, Major::Row, policy, csr).ok());
    EXPECT_TRUE(std::isnan(csr.reals[0]));
  }

  // The sum is taken in file order: (1e16 + 1) - 1e16 is 0.
  coo = read("coordinate real general\n1 1 3\n1 1 1e16\n1 1 1\n1 1 -1e16\n");
  Csr csr;
  ASSERT_TRUE(compress(coo, Major::Row, Duplicates::Sum, csr).ok());
  EXPECT_EQ(csr.reals[0], 0);

  coo = read("coordinate integer general\n1 1 2\n1 1 0\n1 1 0\n");
  ASSERT_TRUE(compress(coo, Major::Row, Duplicates::Or, csr).ok());
  EXPECT_EQ(plain(csr.integers), Ints{0}) << "a zero stays an entry";

  coo = read("coordinate integer general\n1 1 2\n1 1 9223372036854775807\n"
             "1 1 1\n");
  Error error = compress(coo, Major::Row, Duplicates::Sum, csr);
  EXPECT_EQ(error.str(),
            "t.mtx:4:1: the sum with line 3 does not fit in 64 bits");
}

TEST(Coo, PatternDuplicatesCountOnlyUnderSum) {
  Coo coo = read("coordinate pattern general\n2 2 3\n1 1\n2 2\n1 1\n");
  Csr csr;
  ASSERT_TRUE(compress(coo, Major::Row, Duplicates::Max, csr).ok());
  EXPECT_EQ(csr.field, Field::Pattern);
  EXPECT_EQ(plain(csr.coordinates), (Ints{0, 1}));
  EXPECT_TRUE(csr.integers.empty());
  ASSERT_TRUE(compress(coo, Major::Row, Duplicates::Sum, csr).ok());
  EXPECT_EQ(csr.field, Field::Integer);
  EXPECT_EQ(plain(csr.integers), (Ints{2, 1}));
}

TEST(Coo, NarrowIndicesAreChecked) {
  Coo coo;
  coo.field = Field::Pattern;
  coo.rows = 1;
  coo.cols = int64_t(1) << 31;
  coo.row = {0};
  coo.col = {coo.cols - 1};
  Compressed<int64_t, int32_t> narrow;
  EXPECT_NE(compress(coo, Major::Row, Duplicates::Error, narrow)
                .message.find("does not fit in 32-bit coordinates"),
            std::string::npos);
  Csr wide;
  ASSERT_TRUE(compress(coo, Major::Row, Duplicates::Error, wide).ok());
  EXPECT_EQ(wide.coordinates[0], coo.cols - 1);
  coo.cols = (int64_t(1) << 31) - 1;
  coo.col = {coo.cols - 1};
  ASSERT_TRUE(compress(coo, Major::Row, Duplicates::Error, narrow).ok());
  EXPECT_EQ(narrow.coordinates[0], coo.cols - 1);
}

TEST(Coo, CompressKeepsTheLimit) {
  Coo coo;
  coo.field = Field::Pattern;
  for (int64_t rows : {int64_t(1) << 40, INT64_MAX}) {
    coo.rows = coo.cols = rows;
    Csr csr;
    Error error =
        compress(coo, Major::Row, Duplicates::Error, csr, {int64_t(1) << 30});
    EXPECT_NE(error.message.find("limit of 1073741824 bytes"),
              std::string::npos)
        << error.str();
  }
}

TEST(Coo, ManyColumnsWithoutRowsTakeNoTime) {
  Coo coo = read("array real general\n0 9000000000000000000\n");
  Array array;
  EXPECT_TRUE(toArray(coo, array).ok());
  MemoryOutput output;
  EXPECT_TRUE(writeMtx(output, coo).ok());
  EXPECT_TRUE(writeMtx(output, array.view()).ok());
  Csr csr;
  EXPECT_TRUE(compress(coo, Major::Row, Duplicates::Error, csr).ok());
}

TEST(Coo, RefusesWhatDoesNotAgree) {
  Csr csr;
  auto message = [&](auto change) {
    Coo coo;
    coo.rows = coo.cols = 3;
    coo.row = {0, 1};
    coo.col = {1, 2};
    coo.reals = {1, 2};
    EXPECT_TRUE(validate(coo).ok());
    change(coo);
    std::string text = validate(coo).message;
    EXPECT_FALSE(text.empty());
    EXPECT_EQ(compress(coo, Major::Row, Duplicates::Sum, csr).message, text);
    EXPECT_EQ(expandSymmetry(coo).message, text);
    return text;
  };
  EXPECT_EQ(message([](Coo &c) { c.rows = -1; }), "a negative size");
  EXPECT_EQ(message([](Coo &c) { c.row[1] = 3; }), "entry 2 is out of range");
  EXPECT_EQ(message([](Coo &c) { c.col[0] = -1; }), "entry 1 is out of range");
  EXPECT_EQ(message([](Coo &c) { c.col.pop_back(); }),
            "row and column indices differ in number");
  EXPECT_EQ(message([](Coo &c) { c.integers = {1}; }),
            "the number of values is not the number of entries");
  EXPECT_EQ(message([](Coo &c) {
              c.symmetry = Symmetry::Symmetric;
              c.cols = 4;
            }),
            "a symmetric matrix must be square");
  EXPECT_EQ(message([](Coo &c) {
              c.symmetry = Symmetry::SkewSymmetric;
              c.row[0] = 1;
            }),
            "a skew-symmetric matrix has no entries on the diagonal");
  EXPECT_EQ(message([](Coo &c) {
              c.symmetry = Symmetry::SkewSymmetric;
              c.field = Field::Integer;
              c.reals.clear();
              c.integers = {0, INT64_MIN};
            }),
            "a value's negative does not fit in 64 bits");
  EXPECT_EQ(message([](Coo &c) { c.format = Format::Array; }),
            "an array's number of values does not match its size");
}

TEST(Coo, RandomMatricesCompressAsAMapDoes) {
  const uint64_t seed = 77;
  std::printf("seed %llu\n", (unsigned long long)seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 300; ++round) {
    Coo coo;
    coo.field = Field::Integer;
    coo.symmetry = Symmetry(random() % 3);
    coo.rows = int64_t(random() % 20 + 1);
    coo.cols = coo.symmetry == Symmetry::General ? int64_t(random() % 20 + 1)
                                                 : coo.rows;
    std::map<std::pair<int64_t, int64_t>, int64_t> sum;
    for (uint64_t k = random() % 200; k > 0; --k) {
      int64_t i = int64_t(random() % uint64_t(coo.rows));
      int64_t j = int64_t(random() % uint64_t(coo.cols));
      int64_t value = int64_t(random() % 100) - 50;
      if (coo.symmetry == Symmetry::SkewSymmetric && i == j)
        continue;
      coo.row.push_back(i);
      coo.col.push_back(j);
      coo.integers.push_back(value);
      sum[{i, j}] += value;
      if (coo.symmetry != Symmetry::General && i != j)
        sum[{j, i}] += coo.symmetry == Symmetry::Symmetric ? value : -value;
    }
    Compressed<int32_t, int32_t> csr;
    Compressed<int64_t, int32_t> csc;
    ASSERT_TRUE(compress(coo, Major::Row, Duplicates::Sum, csr).ok());
    ASSERT_TRUE(compress(coo, Major::Column, Duplicates::Sum, csc).ok());
    expectInvariants(csr);
    expectInvariants(csc);
    ASSERT_EQ(integersOf(csr), sum);
    ASSERT_EQ(integersOf(csc), sum);
    ASSERT_TRUE(expandSymmetry(coo).ok());
    ASSERT_TRUE(compress(coo, Major::Row, Duplicates::Sum, csr).ok());
    ASSERT_EQ(integersOf(csr), sum);
  }
}
