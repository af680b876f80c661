//===- SparseTest.cpp - sparse views through the C API --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "noodle-c/noodle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace {

const std::string kHead =
    "#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : "
    "compressed), posWidth = 32, crdWidth = 32}>\n"
    "!s = tensor<?x?xf64, #csr>\n"
    "!m = tensor<?x?xf64>\n";
const std::string kSquare = kHead +
                            "func.func @main(%a: !s, %x: !m) -> !s {\n"
                            "  %r = noodle.matmul %a, %a : !s, !s -> !s\n"
                            "  return %r : !s\n}\n";
const std::string kWide = kHead + "func.func @main(%a: !s, %x: !m) -> !m {\n"
                                  "  %r = noodle.matmul %a, %x : !s, !m -> !m\n"
                                  "  return %r : !m\n}\n";
const std::string kMasked =
    kHead +
    "func.func @main(%a: !s, %x: !m) -> !s {\n"
    "  %r = noodle.contract \"ij,jk->ik\" (%a, %a) mask(%a : !s) : (!s, !s) "
    "-> !s\n"
    "  return %r : !s\n}\n";
const std::string kTotal =
    kHead + "func.func @main(%a: !s, %x: !m) -> tensor<f64> {\n"
            "  %r = noodle.contract \"ij,jk,ik->\" (%a, %a, %a) : (!s, !s, !s) "
            "-> tensor<f64>\n"
            "  return %r : tensor<f64>\n}\n";
const std::string kUnion = kHead + R"(func.func @main(%a: !s, %x: !m) -> !s {
  %b = noodle.matmul %a, %a : !s, !s -> !s
  %r = noodle.merge union (%a, %b) : (!s, !s) -> !s {
  ^bb0(%u: f64, %v: f64):
    %t = arith.subf %u, %v : f64
    noodle.entry %t : f64
  }
  return %r : !s
}
)";

void expectOk(noodle_status *status) {
  EXPECT_EQ(status, nullptr) << noodle_status_message(status);
  noodle_status_release(status);
}

/// Rows with few entries, and one with many, so that chunks end within it.
struct Matrix {
  Matrix(int rows, int each, unsigned seed) : rows(rows) {
    std::mt19937 random(seed);
    for (int i = 0; i < rows; ++i) {
      std::set<int32_t> places;
      int count = i == rows / 3 ? rows : int(random() % (2 * each));
      for (int k = 0; k < count; ++k)
        places.insert(int32_t(random() % rows));
      columns.insert(columns.end(), places.begin(), places.end());
      positions.push_back(int32_t(columns.size()));
    }
    for (size_t k = 0; k < columns.size(); ++k)
      values.push_back(double(random() % 1000) / 7 - 50);
    dense.resize(size_t(rows) * 3);
    for (double &x : dense)
      x = double(random() % 1000) / 9 - 40;
  }
  noodle_tensor view() const {
    return noodle_tensor_csr(NOODLE_F64, rows, rows, int64_t(columns.size()), 4,
                             positions.data(), columns.data(), values.data());
  }
  noodle_tensor wide() const {
    int64_t extents[] = {rows, 3};
    return noodle_tensor_dense(NOODLE_F64, 2, extents, dense.data());
  }

  int rows;
  std::vector<int32_t> positions{0}, columns;
  std::vector<double> values, dense;
};

class Program {
public:
  Program(const std::string &text, int threads) {
    noodle_engine_options options{};
    options.struct_size = sizeof options;
    options.threads = threads;
    expectOk(noodle_engine_create(&options, &engine));
    expectOk(noodle_region_create(engine, 0, nullptr, &region));
    expectOk(noodle_program_compile(engine, text.data(), text.size(), nullptr,
                                    &program));
  }
  ~Program() {
    noodle_region_clear(region);
    EXPECT_EQ(noodle_region_used_bytes(region), 0);
    noodle_program_release(program);
    noodle_region_release(region);
    noodle_engine_release(engine);
  }
  noodle_status *call(noodle_tensor matrix, noodle_tensor wide,
                      noodle_tensor &result) {
    noodle_tensor arguments[] = {matrix, wide};
    return noodle_program_call(program, arguments, 2, region, &result, 1,
                               nullptr);
  }
  /// All bytes of a call's result, and the number of its entries.
  std::string bytes(const Matrix &matrix) {
    noodle_tensor result{};
    expectOk(call(matrix.view(), matrix.wide(), result));
    std::string all;
    auto append = [&](const void *data, int64_t count, int64_t width) {
      if (count)
        all.append(static_cast<const char *>(data), size_t(count * width));
    };
    if (result.layout == NOODLE_CSR) {
      append(result.positions, result.extents[0] + 1, 4);
      append(result.coordinates, result.stored, 4);
      append(result.values, result.stored, 8);
    } else {
      int64_t count = 1;
      for (int d = 0; d < result.rank; ++d)
        count *= result.extents[d];
      append(result.values, count, 8);
    }
    noodle_region_clear(region);
    return all;
  }

  noodle_engine *engine = nullptr;
  noodle_region *region = nullptr;
  noodle_program *program = nullptr;
};

/// Bits depend neither on threads nor on who came first.
TEST(Sparse, RunsAreTheSame) {
  Matrix matrix(9000, 8, 3);
  for (const std::string *text :
       {&kSquare, &kWide, &kMasked, &kTotal, &kUnion}) {
    std::string wanted = Program(*text, 1).bytes(matrix);
    ASSERT_FALSE(wanted.empty());
    Program parallel(*text, 3);
    for (int run = 0; run < 8; ++run)
      EXPECT_TRUE(parallel.bytes(matrix) == wanted) << *text << "run " << run;
  }
}

TEST(Sparse, ResultsAreArguments) {
  Matrix matrix(40, 3, 5);
  Program square(kSquare, 1);
  noodle_tensor once{}, twice{};
  expectOk(square.call(matrix.view(), matrix.wide(), once));
  ASSERT_EQ(once.layout, NOODLE_CSR);
  ASSERT_GT(once.stored, 0);
  expectOk(square.call(once, matrix.wide(), twice));
  // ((A A) (A A)) x = A (A (A (A x))) in exact arithmetic.
  std::vector<double> x(40, 1.0), y(40);
  auto multiply = [](const noodle_tensor &m, const std::vector<double> &x) {
    const int32_t *positions = static_cast<const int32_t *>(m.positions);
    const int32_t *columns = static_cast<const int32_t *>(m.coordinates);
    const double *values = static_cast<const double *>(m.values);
    std::vector<double> y(size_t(m.extents[0]), 0.0);
    for (int64_t i = 0; i < m.extents[0]; ++i)
      for (int32_t p = positions[i]; p < positions[i + 1]; ++p)
        y[size_t(i)] += values[p] * x[size_t(columns[p])];
    return y;
  };
  y = x;
  for (int k = 0; k < 4; ++k)
    y = multiply(matrix.view(), y);
  std::vector<double> z = multiply(twice, x);
  double largest = 0;
  for (double value : y)
    largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < 40; ++i)
    EXPECT_NEAR(z[i], y[i], 1e-9 * largest) << i;
}

/// The host's buffers are read where they lie, at each call, and not written.
TEST(Sparse, ViewsAreNotCopied) {
  Matrix matrix(30, 4, 8);
  const Matrix before = matrix;
  Program wide(kWide, 1);
  std::string first = wide.bytes(matrix);
  EXPECT_EQ(matrix.columns, before.columns);
  EXPECT_EQ(matrix.positions, before.positions);
  EXPECT_EQ(matrix.values, before.values);
  for (double &value : matrix.values)
    value *= 2;
  std::string second = wide.bytes(matrix);
  ASSERT_EQ(first.size(), second.size());
  for (size_t k = 0; k < first.size(); k += 8) {
    double one, two;
    std::memcpy(&one, &first[k], 8);
    std::memcpy(&two, &second[k], 8);
    EXPECT_EQ(two, 2 * one); // exact: doubling changes no mantissa
  }
}

TEST(Sparse, RefusesViewsThatLie) {
  Matrix matrix(30, 4, 8);
  Program wide(kWide, 1);
  auto refused = [&](noodle_tensor bad, const char *what) {
    noodle_tensor result{};
    noodle_status *status = wide.call(bad, matrix.wide(), result);
    ASSERT_NE(status, nullptr) << what;
    EXPECT_EQ(noodle_status_code(status), NOODLE_INVALID_ARGUMENT) << what;
    EXPECT_NE(std::string(noodle_status_message(status)).find("argument 0"),
              std::string::npos)
        << noodle_status_message(status);
    noodle_status_release(status);
  };
  noodle_tensor bad = matrix.view();
  bad.stored -= 1;
  refused(bad, "positions end beyond what is stored");
  bad = matrix.view();
  bad.position_width = 8;
  refused(bad, "another width of positions");
  bad = matrix.view();
  bad.coordinate_width = 2;
  refused(bad, "a width there is not");
  bad = matrix.view();
  bad.element = NOODLE_F32;
  refused(bad, "another element");
  bad = matrix.view();
  bad.layout = NOODLE_CSC;
  refused(bad, "another layout");
  bad = matrix.view();
  bad.extents[0] = -1;
  refused(bad, "a negative extent");
  bad = matrix.view();
  bad.coordinates = nullptr;
  refused(bad, "no coordinates");
  bad = matrix.view();
  bad.positions = nullptr;
  refused(bad, "no positions");
  bad = matrix.view();
  bad.extents[1] = 3;
  refused(bad, "columns beyond the extent");
  bad = matrix.view();
  bad.stored = int64_t(1) << 40;
  refused(bad, "more entries than positions of 32 bits count");
}

TEST(Sparse, EmptyOnesNeedNoBuffersOfEntries) {
  int32_t positions[3] = {0, 0, 0};
  double wide[3] = {1, 2, 3};
  int64_t extents[] = {1, 3};
  Program program(kWide, 1);
  noodle_tensor result{};
  expectOk(program.call(
      noodle_tensor_csr(NOODLE_F64, 2, 1, 0, 4, positions, nullptr, nullptr),
      noodle_tensor_dense(NOODLE_F64, 2, extents, wide), result));
  ASSERT_EQ(result.extents[0], 2);
  for (int k = 0; k < 6; ++k)
    EXPECT_EQ(static_cast<const double *>(result.values)[k], 0);
}

} // namespace
