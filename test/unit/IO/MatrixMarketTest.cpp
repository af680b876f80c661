//===- MatrixMarketTest.cpp - reading and writing .mtx --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Support.h"

#include <cmath>
#include <limits>
#include <random>

using namespace noodle::rt::io;

namespace {
using Ints = std::vector<int64_t>;
using Reals = std::vector<double>;

std::string real(std::string_view body) {
  return "%%MatrixMarket matrix coordinate real general\n" + std::string(body);
}

/// The one value of a 1 x 1 matrix.
double valueOf(const std::string &text) {
  Coo coo;
  Error error = readMtxText(real("1 1 1\n1 1 " + text + "\n"), coo);
  EXPECT_TRUE(error.ok()) << error.str();
  return coo.reals.empty() ? 12345 : coo.reals[0];
}

std::string written(const Coo &coo) {
  MemoryOutput output;
  Error error = writeMtx(output, coo);
  EXPECT_TRUE(error.ok()) << error.str();
  return output.text;
}
} // namespace

TEST(MatrixMarket, ReadsEntriesInFileOrder) {
  Coo coo;
  Error error = readMtxText(real("2 3 3\n2 3 1.5\n1 1 -2\n1 3 0\n"), coo);
  ASSERT_TRUE(error.ok()) << error.str();
  EXPECT_EQ(coo.format, Format::Coordinate);
  EXPECT_EQ(coo.field, Field::Real);
  EXPECT_EQ(coo.symmetry, Symmetry::General);
  EXPECT_EQ(coo.rows, 2);
  EXPECT_EQ(coo.cols, 3);
  EXPECT_EQ(coo.row, (Ints{1, 0, 0}));
  EXPECT_EQ(coo.col, (Ints{2, 0, 2}));
  EXPECT_EQ(coo.reals, (Reals{1.5, -2, 0}));
  EXPECT_TRUE(coo.integers.empty());
}

TEST(MatrixMarket, LayoutOfTheTextIsFree) {
  Coo plain, free;
  ASSERT_TRUE(readMtxText(real("2 2 2\n1 2 3\n2 1 4\n"), plain).ok());
  Error error =
      readMtxText("%%matrixmarket\tMATRIX Coordinate REAL  General \r\n"
                  "%%GraphBLAS type fp64\r\n\r\n  % indented\r\n"
                  "  2\t2  2 \r\n\r\n% in between\r\n1  2\t3\r\n   \r\n2 1 4",
                  free);
  ASSERT_TRUE(error.ok()) << error.str();
  expectSame(plain, free);
  EXPECT_EQ(free.lineOf(0), 8);
  EXPECT_EQ(free.lineOf(1), 10);
}

TEST(MatrixMarket, ReadsAPipe) {
  std::string text = real("3 3 3\n% c\n1 1 1\n\n2 2 2.5\n3 3 -3e5\n");
  Coo whole;
  ASSERT_TRUE(readMtxText(text, whole).ok());
  for (int64_t chunk : {1, 2, 3, 10, 1000}) {
    PipeInput input(text, chunk);
    Coo coo;
    Error error = readMtx(input, coo);
    ASSERT_TRUE(error.ok()) << error.str();
    expectSame(whole, coo);
  }
}

TEST(MatrixMarket, BuffersHoldLinesAcrossTheirEdge) {
  // Some 4 MB of lines of odd lengths cross the buffer's edge at many places.
  std::string text = real("100000 100000 200000\n");
  for (int k = 0; k < 200000; ++k)
    text += std::to_string(k % 100000 + 1) + " " +
            std::to_string(k * 7 % 99991 + 1) + " " + std::to_string(k) + "\n";
  for (bool pipe : {false, true}) {
    Coo coo;
    PipeInput input(text, 4096);
    Error error = pipe ? readMtx(input, coo) : readMtxText(text, coo);
    ASSERT_TRUE(error.ok()) << error.str();
    ASSERT_EQ(coo.entries(), 200000);
    for (int k = 0; k < 200000; ++k) {
      ASSERT_EQ(coo.row[size_t(k)], k % 100000);
      ASSERT_EQ(coo.col[size_t(k)], k * 7 % 99991);
      ASSERT_EQ(coo.reals[size_t(k)], k);
      ASSERT_EQ(coo.lineOf(k), k + 3);
    }
  }
}

TEST(MatrixMarket, LongestLineIsAccepted) {
  std::string line = "1 1 " + std::string((1 << 20) - 6, ' ') + "7";
  ASSERT_EQ(line.size(), (1u << 20) - 1);
  Coo coo;
  Error error = readMtxText(real("1 1 1\n" + line + "\n"), coo);
  ASSERT_TRUE(error.ok()) << error.str();
  EXPECT_EQ(coo.reals, Reals{7});
}

TEST(MatrixMarket, ReadsEveryWritingOfAReal) {
  EXPECT_EQ(valueOf("+1.5"), 1.5);
  EXPECT_EQ(valueOf(".5"), 0.5);
  EXPECT_EQ(valueOf("5."), 5.0);
  EXPECT_EQ(valueOf("-1E2"), -100.0);
  EXPECT_EQ(valueOf("1.0D+02"), 100.0);
  EXPECT_EQ(valueOf("-2.5d-1"), -0.25);
  EXPECT_EQ(valueOf("+4D0"), 4.0);
  EXPECT_EQ(valueOf("inf"), INFINITY);
  EXPECT_EQ(valueOf("-Infinity"), -INFINITY);
  EXPECT_EQ(valueOf("+inf"), INFINITY);
  EXPECT_TRUE(std::isnan(valueOf("NaN")));
  EXPECT_TRUE(std::signbit(valueOf("-nan")));
}

TEST(MatrixMarket, UnderflowRoundsToZeroOrDenormal) {
  EXPECT_EQ(valueOf("4.9e-324"), std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(valueOf("1e-400"), 0.0);
  EXPECT_TRUE(std::signbit(valueOf("-1e-400")));
  EXPECT_EQ(valueOf("0." + std::string(400, '0') + "1"), 0.0);
  EXPECT_EQ(valueOf("1e-99999999999999999999"), 0.0);
  EXPECT_EQ(valueOf("0e99999999999999999999"), 0.0);
  EXPECT_EQ(valueOf("0." + std::string(400, '0') + "1e401"), 1.0);
  EXPECT_EQ(valueOf("1" + std::string(400, '0') + "e-400"), 1.0);
}

TEST(MatrixMarket, IntegersKeep64Bits) {
  Coo coo;
  Error error = readMtxText("%%MatrixMarket matrix coordinate integer general\n"
                            "2 2 3\n1 1 9223372036854775807\n"
                            "1 2 -9223372036854775808\n2 2 +5\n",
                            coo);
  ASSERT_TRUE(error.ok()) << error.str();
  EXPECT_EQ(coo.integers, (Ints{INT64_MAX, INT64_MIN, 5}));
  EXPECT_TRUE(coo.reals.empty());
  Coo again;
  ASSERT_TRUE(readMtxText(written(coo), again).ok());
  expectSame(coo, again);
}

TEST(MatrixMarket, RandomDoublesSurvive) {
  const uint64_t seed = 20240607;
  std::printf("seed %llu\n", (unsigned long long)seed);
  std::mt19937_64 random(seed);
  Coo coo;
  coo.rows = coo.cols = 1 << 20;
  for (int k = 0; k < 20000; ++k) {
    uint64_t bits = random();
    double value;
    memcpy(&value, &bits, 8);
    coo.row.push_back(int64_t(random() >> 44));
    coo.col.push_back(int64_t(random() >> 44));
    coo.reals.push_back(value);
  }
  coo.reals[0] = -0.0;
  coo.reals[1] = INFINITY;
  coo.reals[2] = -INFINITY;
  coo.reals[3] = NAN;
  Coo again;
  Error error = readMtxText(written(coo), again);
  ASSERT_TRUE(error.ok()) << error.str();
  expectSame(coo, again);
}

TEST(MatrixMarket, WritesWhatItSays) {
  Coo coo;
  ASSERT_TRUE(readMtxText(real("2 3 2\n2 3 0.1\n1 1 -1e300\n"), coo).ok());
  EXPECT_EQ(written(coo), "%%MatrixMarket matrix coordinate real general\n"
                          "2 3 2\n2 3 0.1\n1 1 -1e+300\n");
}

TEST(MatrixMarket, KeepsKindAndSymmetry) {
  for (const char *text :
       {"%%MatrixMarket matrix coordinate pattern symmetric\n3 3 2\n2 1\n3 3\n",
        "%%MatrixMarket matrix coordinate pattern general\n2 4 1\n2 4\n",
        "%%MatrixMarket matrix coordinate integer skew-symmetric\n3 3 1\n"
        "2 1 -7\n",
        "%%MatrixMarket matrix array real general\n2 2\n1\n2.5\n-0\nnan\n",
        "%%MatrixMarket matrix array integer symmetric\n2 2\n1\n2\n3\n",
        "%%MatrixMarket matrix array real skew-symmetric\n3 3\n1\n2\n3\n",
        "%%MatrixMarket matrix array real skew-symmetric\n1 1\n",
        "%%MatrixMarket matrix coordinate real symmetric\n0 0 0\n",
        "%%MatrixMarket matrix array real general\n0 5\n"}) {
    Coo coo;
    Error error = readMtxText(text, coo);
    ASSERT_TRUE(error.ok()) << error.str();
    EXPECT_EQ(written(coo), text);
  }
}

TEST(MatrixMarket, NamesLineAndColumn) {
  Coo coo;
  Error error = readMtxText(real("% c\n3 3 2\n\n1 1 1\n2  9 1\n"), coo);
  EXPECT_EQ(error.str(), "t.mtx:6:4: column index 9 is out of range: the "
                         "matrix has 3 columns, counted from 1");
}

TEST(MatrixMarket, FailureLeavesTheResultAlone) {
  Coo coo;
  ASSERT_TRUE(readMtxText(real("1 1 1\n1 1 5\n"), coo).ok());
  EXPECT_FALSE(readMtxText(real("1 1 1\n1 1 x\n"), coo).ok());
  EXPECT_EQ(coo.reals, Reals{5});
}

TEST(MatrixMarket, KeepsTheLimit) {
  Coo coo;
  std::string text = real("2 2 2\n1 1 5\n2 2 6\n");
  EXPECT_TRUE(readMtxText(text, coo, {{48}}).ok());
  Error error = readMtxText(text, coo, {{47}});
  EXPECT_EQ(error.str(), "t.mtx:2:5: 2 entries of 24 bytes exceed the limit of "
                         "47 bytes");
  // A pipe may claim what it likes; the limit still holds.
  text = real("3000000000 3000000000 1000000000000\n1 1 5\n");
  PipeInput claim(text, 100);
  error = readMtx(claim, coo, {{1 << 30}});
  EXPECT_NE(error.message.find("exceed the limit"), std::string::npos);
}

TEST(MatrixMarket, PipeClaimsCostNothing) {
  // 1e8 entries announced, one there: only what arrives takes memory.
  std::string text = real("3000000000 3000000000 100000000\n1 1 5\n");
  PipeInput input(text, 100);
  Coo coo;
  Error error = readMtx(input, coo, {{int64_t(4) << 30}});
  EXPECT_EQ(error.str(),
            "pipe:4:1: the file ends after 1 of 100000000 entries");
}

TEST(MatrixMarket, ManyInterruptionsLoseOnlyLines) {
  std::string text = real("70000 1 70000\n");
  for (int k = 1; k <= 70000; ++k)
    text += "\n" + std::to_string(k) + " 1 1\n";
  Coo coo;
  Error error = readMtxText(text, coo);
  ASSERT_TRUE(error.ok()) << error.str();
  EXPECT_EQ(coo.lineOf(65535), 2 + 2 * 65536);
  EXPECT_EQ(coo.lineOf(69999), 0);
}

TEST(MatrixMarket, EveryPrefixIsSafe) {
  std::string text = "%%MatrixMarket matrix coordinate real symmetric\n% c\n"
                     "3 3 3\n1 1 1.5\n2 1 -2e3\n3 3 4\n";
  // Without the last number the file cannot be complete.
  for (size_t size = 0; size + 2 < text.size(); ++size) {
    Coo coo;
    EXPECT_FALSE(readMtxText(text.substr(0, size), coo).ok()) << size;
    PipeInput input(std::string_view(text).substr(0, size), 3);
    EXPECT_FALSE(readMtx(input, coo).ok()) << size;
  }
}

TEST(MatrixMarket, DuplicatesPolicyAllowsMoreEntriesThanPlaces) {
  std::string text = real("1 1 3\n1 1 1\n1 1 2\n1 1 3\n");
  Coo coo;
  EXPECT_FALSE(readMtxText(text, coo).ok());
  EXPECT_TRUE(readMtxText(text, coo, {{}, Duplicates::Sum}).ok());
}

TEST(MatrixMarket, WriterChecksItsInput) {
  Coo coo;
  coo.rows = coo.cols = 2;
  coo.row = {2};
  coo.col = {0};
  coo.reals = {1};
  MemoryOutput output;
  EXPECT_EQ(writeMtx(output, coo).message, "entry 1 is out of range");
  coo.row = {1};
  coo.reals = {};
  EXPECT_EQ(writeMtx(output, coo).message,
            "the number of values is not the number of entries");
  EXPECT_TRUE(output.text.empty());
}

TEST(MatrixMarket, WritesTensors) {
  int32_t positions[] = {0, 1, 3};
  int64_t coordinates[] = {2, 0, 1};
  float values[] = {0.5f, 0.1f, 0};
  noodle_rt_tensor tensor = {};
  tensor.layout = NOODLE_RT_CSR;
  tensor.type = NOODLE_RT_F32;
  tensor.rank = 2;
  tensor.position_width = 4;
  tensor.coordinate_width = 8;
  tensor.stored = 3;
  tensor.positions = positions;
  tensor.coordinates = coordinates;
  tensor.values = values;
  tensor.extents[0] = 2;
  tensor.extents[1] = 3;
  MemoryOutput csr;
  ASSERT_TRUE(writeMtx(csr, tensor).ok());
  EXPECT_EQ(csr.text, real("2 3 3\n1 3 0.5\n2 1 0.10000000149011612\n2 2 0\n"));

  tensor.layout = NOODLE_RT_CSC;
  std::swap(tensor.extents[0], tensor.extents[1]);
  MemoryOutput csc;
  ASSERT_TRUE(writeMtx(csc, tensor).ok());
  EXPECT_EQ(csc.text, real("3 2 3\n3 1 0.5\n1 2 0.10000000149011612\n2 2 0\n"));

  coordinates[1] = 3;
  MemoryOutput range;
  EXPECT_EQ(writeMtx(range, tensor).message,
            "a coordinate of the sparse tensor is out of range");
  positions[2] = 4;
  EXPECT_EQ(writeMtx(range, tensor).message,
            "the sparse tensor's positions do not match its entries");

  uint8_t flags[] = {1, 0, 1, 1};
  noodle_rt_tensor dense = {};
  dense.layout = NOODLE_RT_DENSE;
  dense.type = NOODLE_RT_I1;
  dense.rank = 2;
  dense.values = flags;
  dense.extents[0] = dense.extents[1] = 2;
  dense.strides[0] = 2;
  dense.strides[1] = 1;
  MemoryOutput array;
  ASSERT_TRUE(writeMtx(array, dense).ok());
  EXPECT_EQ(array.text,
            "%%MatrixMarket matrix array integer general\n2 2\n1\n1\n0\n1\n");
  dense.rank = 3;
  EXPECT_NE(writeMtx(array, dense).message.find("rank 3"), std::string::npos);
}

//===----------------------------------------------------------------------===//
// Complex numbers
//===----------------------------------------------------------------------===//

namespace {
using Complex = std::complex<double>;
using Complexes = std::vector<Complex>;

std::string complexFile(const char *kind, std::string_view body) {
  return std::string("%%MatrixMarket matrix ") + kind + "\n" +
         std::string(body);
}
} // namespace

TEST(MatrixMarket, ReadsComplexEntries) {
  Coo coo;
  Error error = readMtxText(complexFile("coordinate complex general",
                                        "2 3 2\n2 3 1.5 -2\n1 1 nan inf\n"),
                            coo);
  ASSERT_TRUE(error.ok()) << error.str();
  EXPECT_EQ(coo.field, Field::Complex);
  EXPECT_EQ(coo.complexes[0], Complex(1.5, -2));
  EXPECT_TRUE(std::isnan(coo.complexes[1].real()));
  EXPECT_TRUE(coo.reals.empty() && coo.integers.empty());
  Coo again;
  ASSERT_TRUE(readMtxText(written(coo), again).ok());
  expectSame(coo, again);
}

TEST(MatrixMarket, MirrorsOfComplexEntries) {
  struct Case {
    const char *kind, *body;
    Complexes full; // 2 x 2, column by column
  };
  for (const Case &c : {Case{"coordinate complex hermitian",
                             "2 2 2\n1 1 3 0\n2 1 1 2\n",
                             {3, {1, 2}, {1, -2}, 0}},
                        Case{"coordinate complex symmetric",
                             "2 2 2\n1 1 3 1\n2 1 1 2\n",
                             {{3, 1}, {1, 2}, {1, 2}, 0}},
                        Case{"coordinate complex skew-symmetric",
                             "2 2 1\n2 1 1 2\n",
                             {0, {1, 2}, {-1, -2}, 0}},
                        Case{"array complex hermitian",
                             "2 2\n3 0\n1 2\n5 0\n",
                             {3, {1, 2}, {1, -2}, 5}},
                        Case{"array complex skew-symmetric",
                             "2 2\n1 2\n",
                             {0, {1, 2}, {-1, -2}, 0}}}) {
    SCOPED_TRACE(c.kind);
    Coo coo;
    Error error = readMtxText(complexFile(c.kind, c.body), coo);
    ASSERT_TRUE(error.ok()) << error.str();
    Coo again;
    ASSERT_TRUE(readMtxText(written(coo), again).ok());
    expectSame(coo, again);

    Compressed<int32_t, int32_t> csc;
    ASSERT_TRUE(compress(coo, Major::Column, Duplicates::Error, csc).ok());
    Complexes dense(4);
    for (int j : {0, 1})
      for (int32_t k = csc.positions[j]; k < csc.positions[j + 1]; ++k)
        dense[size_t(2 * j + csc.coordinates[k])] = csc.complexes[k];
    EXPECT_EQ(dense, c.full);

    ASSERT_TRUE(expandSymmetry(coo).ok());
    EXPECT_EQ(coo.symmetry, Symmetry::General);
    if (coo.format == Format::Array) {
      Array array;
      ASSERT_TRUE(toArray(coo, array).ok());
      EXPECT_EQ(array.type, NOODLE_RT_C128);
      EXPECT_EQ(memcmp(array.bytes.data(), c.full.data(), 64), 0);
    }
  }
}

TEST(MatrixMarket, HermitianDiagonalsAreReal) {
  Coo coo;
  Error error = readMtxText(
      complexFile("coordinate complex hermitian", "2 2 1\n2 2 1 -1\n"), coo);
  EXPECT_EQ(error.str(),
            "t.mtx:3:7: the diagonal of a hermitian matrix is real");
  // Of an array it is found when the matrix is used.
  ASSERT_TRUE(
      readMtxText(
          complexFile("array complex hermitian", "2 2\n1 0\n2 2\n3 1\n"), coo)
          .ok());
  Compressed<int32_t, int32_t> csr;
  error = compress(coo, Major::Row, Duplicates::Error, csr);
  EXPECT_NE(error.message.find("diagonal of a hermitian"), std::string::npos);
}

TEST(MatrixMarket, ComplexDuplicates) {
  Coo coo;
  ASSERT_TRUE(readMtxText(complexFile("coordinate complex general",
                                      "2 2 2\n1 1 1 2\n1 1 3 4\n"),
                          coo)
                  .ok());
  Compressed<int32_t, int32_t> csr;
  ASSERT_TRUE(compress(coo, Major::Row, Duplicates::Sum, csr).ok());
  EXPECT_EQ(csr.complexes[0], Complex(4, 6));
  ASSERT_TRUE(compress(coo, Major::Row, Duplicates::Or, csr).ok());
  EXPECT_EQ(csr.complexes[0], Complex(1, 0));
  for (Duplicates order : {Duplicates::Min, Duplicates::Max}) {
    Error error = compress(coo, Major::Row, order, csr);
    EXPECT_NE(error.message.find("have no order"), std::string::npos)
        << error.str();
  }
}

TEST(MatrixMarket, WritesNarrowAndComplexTensors) {
  auto dense = [](noodle_rt_type type, const void *values) {
    noodle_rt_tensor tensor{};
    tensor.layout = NOODLE_RT_DENSE;
    tensor.type = type;
    tensor.rank = 1;
    tensor.extents[0] = 2;
    tensor.strides[0] = 1;
    tensor.values = const_cast<void *>(values);
    MemoryOutput output;
    EXPECT_TRUE(writeMtx(output, tensor).ok());
    return output.text;
  };
  const uint16_t halves[] = {0x3e00, 0xc000}, brains[] = {0x3fc0, 0xc000};
  const int8_t bytes[] = {127, -128};
  const std::complex<float> numbers[] = {{1.5f, -2}, {0, 3}};
  EXPECT_EQ(dense(NOODLE_RT_F16, halves),
            "%%MatrixMarket matrix array real general\n2 1\n1.5\n-2\n");
  EXPECT_EQ(dense(NOODLE_RT_BF16, brains),
            "%%MatrixMarket matrix array real general\n2 1\n1.5\n-2\n");
  EXPECT_EQ(dense(NOODLE_RT_I8, bytes),
            "%%MatrixMarket matrix array integer general\n2 1\n127\n-128\n");
  EXPECT_EQ(dense(NOODLE_RT_C64, numbers),
            "%%MatrixMarket matrix array complex general\n2 1\n1.5 -2\n0 3\n");
}
