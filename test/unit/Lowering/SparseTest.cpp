//===- SparseTest.cpp - sparse programs through the back half -------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Harness.h"

#include "gtest/gtest.h"
#include <cmath>
#include <random>

using namespace noodle::test;

namespace {

std::unique_ptr<Program> compile(const std::string &text) {
  std::string error;
  auto program = Program::compile(text, error);
  EXPECT_TRUE(program) << error;
  return program;
}

const std::string kHead = R"(
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
#csr64 = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
#csc = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : dense, d0 : compressed), posWidth = 32, crdWidth = 32}>
#M = affine_map<(i, j) -> (i, j)>
#I = affine_map<(i, j) -> (i)>
#J = affine_map<(i, j) -> (j)>
#v = affine_map<(i) -> (i)>
)";

/// Random entries, many of them absent. Seeds are fixed.
std::vector<double> randomMatrix(unsigned seed, int64_t rows, int64_t cols,
                                 double density) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(0, 1);
  std::vector<double> m(rows * cols);
  for (double &x : m)
    x = uniform(random) < density ? std::floor(1 + 8 * uniform(random)) : 0;
  return m;
}

TEST(Sparse, MatrixVectorKeepsItsOperands) {
  auto program = compile(kHead + R"(
func.func @main(%a: tensor<?x?xf64, #csr>, %x: tensor<?xf64>, %y0: tensor<?xf64>) -> (tensor<?xf64>, tensor<?xf64>) {
  %r = linalg.generic {indexing_maps = [#M, #J, #I], iterator_types = ["parallel", "reduction"]} ins(%a, %x: tensor<?x?xf64, #csr>, tensor<?xf64>) outs(%y0 : tensor<?xf64>) {
  ^bb0(%p: f64, %q: f64, %o: f64):
    %m = arith.mulf %p, %q : f64
    %s = arith.addf %o, %m : f64
    linalg.yield %s : f64
  } -> tensor<?xf64>
  %r2 = linalg.generic {indexing_maps = [#v, #v], iterator_types = ["parallel"]} ins(%y0 : tensor<?xf64>) outs(%r : tensor<?xf64>) {
    ^bb0(%p: f64, %o: f64):
      %m = arith.addf %p, %o : f64
      linalg.yield %m : f64
    } -> tensor<?xf64>
  return %r, %r2 : tensor<?xf64>, tensor<?xf64>
})");
  ASSERT_TRUE(program);
  auto dense_ = randomMatrix(1, 30, 20, 0.2);
  auto a = Csr<double, int32_t>::from(30, 20, dense_);
  std::vector<double> x(20), y0(30, 7.0);
  for (int k = 0; k < 20; ++k)
    x[k] = k + 1;
  Call call;
  ASSERT_EQ(call(program->entry("main"),
                 {a.view(), dense(x.data(), {20}), dense(y0.data(), {30})}, 2),
            NOODLE_RT_OK)
      << call.message();
  auto *y = static_cast<double *>(call.results[0].values);
  auto *y2 = static_cast<double *>(call.results[1].values);
  for (int i = 0; i < 30; ++i) {
    double sum = 7;
    for (int j = 0; j < 20; ++j)
      sum += dense_[i * 20 + j] * x[j];
    EXPECT_EQ(y[i], sum) << i;
    EXPECT_EQ(y2[i], sum + 7) << i;
    EXPECT_EQ(y0[i], 7);
  }
}

std::string replaceAll(std::string text, const std::string &from,
                       const std::string &to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos;
       at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

/// Compiles with T standing for a matrix type of an encoding.
std::unique_ptr<Program> compileWith(const std::string &text,
                                     const std::string &encoding) {
  return compile(
      replaceAll(kHead + text, "$T", "tensor<?x?xf64, #" + encoding + ">"));
}

const char *kMapStored = R"(
func.func @main(%a: $T) -> $T {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %a, %c0 : $T
  %n = tensor.dim %a, %c1 : $T
  %e = tensor.empty(%m, %n) : $T
  %r = linalg.generic {indexing_maps = [#M, #M], iterator_types = ["parallel", "parallel"]} ins(%a : $T) outs(%e : $T) {
  ^bb0(%p: f64, %o: f64):
    %u = sparse_tensor.unary %p : f64 to f64 present = {
      ^bb0(%q: f64):
        %k = arith.constant 3.0 : f64
        %t = arith.addf %q, %k : f64
        sparse_tensor.yield %t : f64
    } absent = {}
    linalg.yield %u : f64
  } -> $T
  return %r : $T
})";

template <typename P>
void mapStored(const std::string &encoding, noodle_rt_layout layout) {
  auto program = compileWith(kMapStored, encoding);
  ASSERT_TRUE(program);
  // More than 16 entries and rows, so that the result's buffers must grow.
  auto values = randomMatrix(2, 60, 40, 0.2);
  auto a = Csr<double, P>::from(60, 40, values);
  Call call;
  ASSERT_EQ(call(program->entry("main"), {a.view(layout)}, 1), NOODLE_RT_OK)
      << call.message();
  noodle_rt_tensor &r = call.results[0];
  EXPECT_EQ(r.layout, layout);
  EXPECT_EQ(r.type, NOODLE_RT_F64);
  EXPECT_EQ(r.rank, 2);
  EXPECT_EQ(r.position_width, sizeof(P));
  EXPECT_EQ(r.coordinate_width, sizeof(P));
  ASSERT_EQ(r.stored, int64_t(a.values.size()));
  for (int64_t k = 0; k < r.stored; ++k) {
    EXPECT_EQ(static_cast<double *>(r.values)[k], a.values[k] + 3);
    EXPECT_EQ(static_cast<P *>(r.coordinates)[k], a.coordinates[k]);
  }
  for (int64_t k = 0; k <= 60; ++k)
    EXPECT_EQ(static_cast<P *>(r.positions)[k], a.positions[k]);
  EXPECT_EQ(r.extents[0], layout == NOODLE_RT_CSR ? 60 : 40);
  EXPECT_EQ(r.extents[1], layout == NOODLE_RT_CSR ? 40 : 60);
  for (void *buffer : {r.values, r.positions, r.coordinates})
    EXPECT_TRUE(call.context.owns(buffer));
  // Nothing but the results is left.
  auto live = call.context.liveBytes();
  for (void *buffer : {r.values, r.positions, r.coordinates})
    live -= noodle::rt::Pool::sizeOf(buffer);
  EXPECT_EQ(live, 0);
}

TEST(Sparse, MapStoredCsr32) { mapStored<int32_t>("csr", NOODLE_RT_CSR); }
TEST(Sparse, MapStoredCsr64) { mapStored<int64_t>("csr64", NOODLE_RT_CSR); }
TEST(Sparse, MapStoredCsc32) { mapStored<int32_t>("csc", NOODLE_RT_CSC); }

TEST(Sparse, EmptyMatrix) {
  auto program = compileWith(kMapStored, "csr");
  ASSERT_TRUE(program);
  Csr<double, int32_t> a;
  Call call;
  ASSERT_EQ(call(program->entry("main"), {a.view()}, 1), NOODLE_RT_OK);
  EXPECT_EQ(call.results[0].stored, 0);
}

/// Union with the sum where both are present.
const char *kAdd = R"(
func.func @main(%a: $T, %b: $T) -> $T {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %a, %c0 : $T
  %n = tensor.dim %a, %c1 : $T
  %e = tensor.empty(%m, %n) : $T
  %r = linalg.generic {indexing_maps = [#M, #M, #M], iterator_types = ["parallel", "parallel"]} ins(%a, %b : $T, $T) outs(%e : $T) {
  ^bb0(%p: f64, %q: f64, %o: f64):
    %u = sparse_tensor.binary %p, %q : f64, f64 to f64
      overlap = {
      ^bb0(%x: f64, %y: f64):
        %t = arith.addf %x, %y : f64
        sparse_tensor.yield %t : f64
      } left = identity right = identity
    linalg.yield %u : f64
  } -> $T
  return %r : $T
})";

TEST(Sparse, Add) {
  auto program = compileWith(kAdd, "csr");
  ASSERT_TRUE(program);
  auto x = randomMatrix(3, 50, 30, 0.3), y = randomMatrix(4, 50, 30, 0.3);
  auto a = Csr<double, int32_t>::from(50, 30, x);
  auto b = Csr<double, int32_t>::from(50, 30, y);
  Call call;
  ASSERT_EQ(call(program->entry("main"), {a.view(), b.view()}, 1), NOODLE_RT_OK)
      << call.message();
  auto sum = densify<double, int32_t>(call.results[0]);
  for (size_t k = 0; k < sum.size(); ++k)
    ASSERT_EQ(sum[k], x[k] + y[k]) << k;
}

/// Calls with each allocation failing; how many there are.
int allocationsThatFail(const char *text, int operands) {
  auto program = compileWith(text, "csr");
  EXPECT_TRUE(program);
  auto a = Csr<double, int32_t>::from(60, 40, randomMatrix(2, 60, 40, 0.2));
  for (int failures = 0; program; ++failures) {
    Call call;
    call.pool.failAllocation(failures + 1);
    auto status = operands == 1
                      ? call(program->entry("main"), {a.view()}, 1)
                      : call(program->entry("main"), {a.view(), a.view()}, 1);
    if (status == NOODLE_RT_OK)
      return failures;
    EXPECT_EQ(status, NOODLE_RT_OUT_OF_MEMORY);
    if (status != NOODLE_RT_OUT_OF_MEMORY)
      break;
  }
  return -1;
}

TEST(Sparse, EveryAllocationMayFail) {
  // Positions, coordinates and values, of exactly their number.
  EXPECT_EQ(allocationsThatFail(kMapStored, 1), 3);
  // Upstream's sum grows them.
  EXPECT_GE(allocationsThatFail(kAdd, 2), 6);
}

/// The product of two CSR matrices: upstream's expanded access pattern.
TEST(Sparse, MatrixProduct) {
  auto program = compileWith(R"(
#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @main(%a: $T, %b: $T) -> $T {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %a, %c0 : $T
  %n = tensor.dim %b, %c1 : $T
  %e = tensor.empty(%m, %n) : $T
  %r = linalg.generic {indexing_maps = [#A, #B, #C], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %b : $T, $T) outs(%e : $T) {
  ^bb0(%p: f64, %q: f64, %o: f64):
    %t = arith.mulf %p, %q : f64
    %u = arith.addf %o, %t : f64
    linalg.yield %u : f64
  } -> $T
  return %r : $T
})",
                             "csr");
  ASSERT_TRUE(program);
  auto x = randomMatrix(5, 40, 30, 0.2), y = randomMatrix(6, 30, 50, 0.2);
  auto a = Csr<double, int32_t>::from(40, 30, x);
  auto b = Csr<double, int32_t>::from(30, 50, y);
  Call call;
  ASSERT_EQ(call(program->entry("main"), {a.view(), b.view()}, 1), NOODLE_RT_OK)
      << call.message();
  auto product = densify<double, int32_t>(call.results[0]);
  for (int i = 0; i < 40; ++i)
    for (int j = 0; j < 50; ++j) {
      double sum = 0;
      for (int k = 0; k < 30; ++k)
        sum += x[i * 30 + k] * y[k * 50 + j];
      ASSERT_EQ(product[i * 50 + j], sum) << i << "," << j;
    }
}

TEST(Sparse, ConvertToDenseAndBack) {
  auto program = compileWith(R"(
func.func @main(%a: $T) -> (tensor<?x?xf64>, tensor<?x?xf64, #csc>) {
  %d = sparse_tensor.convert %a : $T to tensor<?x?xf64>
  %s = sparse_tensor.convert %d : tensor<?x?xf64> to tensor<?x?xf64, #csc>
  return %d, %s : tensor<?x?xf64>, tensor<?x?xf64, #csc>
})",
                             "csr");
  ASSERT_TRUE(program);
  auto x = randomMatrix(7, 40, 30, 0.2);
  auto a = Csr<double, int32_t>::from(40, 30, x);
  Call call;
  ASSERT_EQ(call(program->entry("main"), {a.view()}, 2), NOODLE_RT_OK)
      << call.message();
  auto *d = static_cast<double *>(call.results[0].values);
  auto s = densify<double, int32_t>(call.results[1]);
  for (size_t k = 0; k < x.size(); ++k) {
    ASSERT_EQ(d[k], x[k]) << k;
    ASSERT_EQ(s[k], x[k]) << k;
  }
}

/// A sparse loop-carried value, and a dense one written beside it.
TEST(Sparse, LoopOverSparseFreesItsIntermediates) {
  auto program = compileWith(R"(
func.func @main(%a: $T, %n: i64) -> $T {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %to = arith.index_cast %n : i64 to index
  %m = tensor.dim %a, %c0 : $T
  %k = tensor.dim %a, %c1 : $T
  %r = scf.for %i = %c0 to %to step %c1 iter_args(%x = %a) -> ($T) {
    %e = tensor.empty(%m, %k) : $T
    %y = linalg.generic {indexing_maps = [#M, #M], iterator_types = ["parallel", "parallel"]} ins(%x : $T) outs(%e : $T) {
    ^bb0(%p: f64, %o: f64):
      %h = arith.constant 0.5 : f64
      %t = arith.mulf %p, %h : f64
      linalg.yield %t : f64
    } -> $T
    scf.yield %y : $T
  }
  return %r : $T
})",
                             "csr");
  ASSERT_TRUE(program);
  auto x = randomMatrix(8, 20, 20, 0.3);
  auto a = Csr<double, int32_t>::from(20, 20, x);
  int64_t n = 10000;
  noodle::rt::CallOptions options;
  options.memoryLimit = 64 << 10;
  Call call(options);
  ASSERT_EQ(call(program->entry("main"), {a.view(), scalar(&n)}, 1),
            NOODLE_RT_OK)
      << call.message();
  EXPECT_EQ(call.results[0].stored, int64_t(a.values.size()));
  n = 1;
  Call once;
  ASSERT_EQ(once(program->entry("main"), {a.view(), scalar(&n)}, 1),
            NOODLE_RT_OK);
  auto half = densify<double, int32_t>(once.results[0]);
  for (size_t k = 0; k < x.size(); ++k)
    ASSERT_EQ(half[k], x[k] / 2);
}

} // namespace
