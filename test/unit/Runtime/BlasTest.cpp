//===- BlasTest.cpp - products by a BLAS ----------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Against a BLAS in plain loops (test/lib/FakeCblas), which also refuses wrong
// parameters, and against the machine's own where there is one.
//
//===----------------------------------------------------------------------===//
#include "Fixture.h"

#include "blas/form.h"
#include "noodle-rt/blas.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <random>

using namespace noodle::rt;

namespace {

std::string fake(const char *name) {
  return std::string(NOODLE_BINARY_DIR "/test/lib/fakecblas/lib") + name +
         ".so";
}

std::shared_ptr<const Blas> open(const std::string &path) {
  std::string whyNot;
  auto blas = Blas::open(path, whyNot);
  EXPECT_TRUE(blas) << whyNot;
  return blas;
}

std::shared_ptr<LazyBlas> lazily(const std::string &path) {
  return std::make_shared<LazyBlas>(path);
}

//===----------------------------------------------------------------------===//
// Finding one
//===----------------------------------------------------------------------===//

TEST(Blas, IsFoundByItsPath) {
  EXPECT_EQ(open(fake("fakecblas"))->name(), "OpenBLAS 0.0.0 fake");
  EXPECT_EQ(open(fake("fakecblas_scipy"))->name(), "OpenBLAS 0.0.0 fake");
}

TEST(Blas, SaysWhyThereIsNone) {
  auto reason = [](const std::string &path) {
    std::string whyNot;
    EXPECT_FALSE(Blas::open(path, whyNot)) << path;
    EXPECT_EQ(whyNot.find('\n'), std::string::npos) << whyNot;
    return whyNot;
  };
  auto says = [&](const std::string &path, const char *words) {
    std::string whyNot = reason(path);
    EXPECT_NE(whyNot.find(words), std::string::npos) << whyNot;
  };
  says("/nowhere/libblas.so", "/nowhere/libblas.so");
  says(fake("fakecblas64"), "has integers of 64 bits");
  says(fake("fakecblas64_config"), "has integers of 64 bits");
  says(fake("fakecblas_lacking"), "has no cblas_zgemv");
  says("libm.so.6", "libm.so.6 has no cblas_sgemm");
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// A product over tensors whose dimensions lie in memory in any order, with
/// gaps.
template <typename T> struct Product {
  std::vector<noodle_rt_product_loop> loops;
  std::vector<T> tensors[3];
  std::vector<T> expected;
  bool accumulate = false;

  void layOut(std::mt19937 &random) {
    for (int t = 0; t < 3; ++t) {
      std::vector<size_t> order;
      for (size_t k = 0; k < loops.size(); ++k)
        if (loops[k].in >> t & 1)
          order.push_back(k);
      std::shuffle(order.begin(), order.end(), random);
      int64_t stride = random() % 8 == 0 ? 2 : 1;
      for (size_t k : order) {
        loops[k].strides[t] = stride;
        stride *= std::max<int64_t>(loops[k].extent, 1);
        if (random() % 4 == 0)
          stride += 3;
      }
      for (int64_t k = 0; k < stride; ++k)
        tensors[t].push_back(element(random));
    }
    // Where nothing is accumulated, what is there does not count.
    if (!accumulate)
      for (T &value : tensors[2])
        value = T(std::nan(""));
  }

  static T element(std::mt19937 &random) {
    T value = T(int64_t(random() % 7)) - T(3);
    if constexpr (!std::is_floating_point_v<T>)
      value.imag(typename T::value_type(random() % 5));
    return value;
  }

  void expect() {
    expected = tensors[2];
    std::vector<char> written(expected.size());
    walk(0, 0, 0, 0, [&](int64_t, int64_t, int64_t o) {
      if (!accumulate && !written[size_t(o)])
        expected[size_t(o)] = 0;
      written[size_t(o)] = 1;
    });
    walk(0, 0, 0, 0, [&](int64_t l, int64_t r, int64_t o) {
      expected[size_t(o)] += tensors[0][size_t(l)] * tensors[1][size_t(r)];
    });
    // A sum of nothing.
    if (!accumulate)
      zeros(0, 0, written);
  }

  void zeros(size_t depth, int64_t o, const std::vector<char> &written) {
    if (depth == loops.size()) {
      if (!written[size_t(o)])
        expected[size_t(o)] = 0;
      return;
    }
    const auto &loop = loops[depth];
    for (int64_t k = 0; k < (loop.in & NOODLE_RT_OUT ? loop.extent : 1); ++k)
      zeros(depth + 1, o + k * loop.strides[2], written);
  }

  template <typename Body>
  void walk(size_t depth, int64_t l, int64_t r, int64_t o, Body body) {
    if (depth == loops.size())
      return body(l, r, o);
    const auto &loop = loops[depth];
    for (int64_t k = 0; k < loop.extent; ++k)
      walk(depth + 1, l + k * loop.strides[0], r + k * loop.strides[1],
           o + k * loop.strides[2], body);
  }

  noodle_rt_product raw(noodle_rt_type type) {
    return {tensors[0].data(),
            tensors[1].data(),
            tensors[2].data(),
            7,
            int64_t(loops.size()),
            loops.data(),
            type,
            accumulate};
  }

  /// NaN is what nobody wrote.
  void check() const {
    for (size_t k = 0; k < expected.size(); ++k)
      if (expected[k] != expected[k])
        EXPECT_TRUE(tensors[2][k] != tensors[2][k]) << "written at " << k;
      else
        ASSERT_EQ(tensors[2][k], expected[k]) << "at " << k;
  }
};

class BlasProduct : public RuntimeTest {
protected:
  noodle_rt_status run(BlasSession &session, const noodle_rt_product &product,
                       Executor *executor = nullptr) {
    CallOptions options;
    options.productCalls = &session;
    options.executor = executor;
    Context context(pool, options);
    noodle_rt_status status = noodle_ir_product(context.handle(), &product);
    if (status > 0) {
      EXPECT_EQ(context.finish(status), status);
      message = context.message();
    }
    return status;
  }
  std::string message;
};

constexpr int64_t L = NOODLE_RT_LHS, R = NOODLE_RT_RHS, O = NOODLE_RT_OUT;

template <typename T> Product<T> randomProduct(std::mt19937 &random) {
  Product<T> product;
  auto add = [&](int64_t in, int64_t longest) {
    product.loops.push_back(
        {int64_t(random() % uint64_t(longest + 1)), {0, 0, 0}, in});
    if (random() % 16 && product.loops.back().extent == 0)
      product.loops.back().extent = 1;
  };
  for (int64_t in : {L | O, R | O, L | R})
    for (uint32_t k = random() % 3; k > 0; --k)
      add(in, 9);
  if (random() % 3 == 0)
    add(L | R | O, 3);
  if (random() % 16 == 0)
    add(random() % 2 ? O : L, 3);
  std::shuffle(product.loops.begin(), product.loops.end(), random);
  product.accumulate = random() % 2;
  product.layOut(random);
  return product;
}

template <typename T>
void compareMany(BlasSession &session, noodle_rt_type type, uint32_t seed,
                 Pool &pool) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  int formed = 0, refused = 0;
  for (int k = 0; k < 3000 && !::testing::Test::HasFailure(); ++k) {
    SCOPED_TRACE("product " + std::to_string(k));
    Product<T> product = randomProduct<T>(random);
    auto before = product.tensors[2];
    product.expect();
    CallOptions options;
    options.productCalls = &session;
    Context context(pool, options);
    noodle_rt_product raw = product.raw(type);
    noodle_rt_status status = noodle_ir_product(context.handle(), &raw);
    if (status == NOODLE_RT_FALLBACK) {
      ++refused;
      product.expected = before;
    } else {
      ++formed;
      ASSERT_EQ(status, NOODLE_RT_OK);
    }
    product.check();
  }
  // About one in three has a matrix without neighbours.
  EXPECT_GT(formed, 1000);
  EXPECT_GT(refused, 100);
}

TEST_F(BlasProduct, AgreesWithPlainLoops) {
  BlasSession session(lazily(fake("fakecblas")), false);
  compareMany<float>(session, NOODLE_RT_F32, 1, pool);
  compareMany<double>(session, NOODLE_RT_F64, 2, pool);
  compareMany<std::complex<float>>(session, NOODLE_RT_C64, 3, pool);
  compareMany<std::complex<double>>(session, NOODLE_RT_C128, 4, pool);
}

TEST_F(BlasProduct, AgreesWithPlainLoopsOnThisMachinesBlas) {
  std::string whyNot;
  auto blas = lazily("");
  if (!blas->get(whyNot))
    GTEST_SKIP() << "SKIPPED 12000 products: " << whyNot;
  BlasSession session(blas, false);
  compareMany<float>(session, NOODLE_RT_F32, 5, pool);
  compareMany<double>(session, NOODLE_RT_F64, 6, pool);
  compareMany<std::complex<float>>(session, NOODLE_RT_C64, 7, pool);
  compareMany<std::complex<double>>(session, NOODLE_RT_C128, 8, pool);
}

/// m x k times k x n, as programs have them.
template <typename T> Product<T> matrices(int64_t m, int64_t n, int64_t k) {
  Product<T> product;
  product.loops = {
      {m, {k, 0, n}, L | O}, {n, {0, 1, 1}, R | O}, {k, {1, n, 0}, L | R}};
  std::mt19937 random(5);
  int64_t sizes[] = {m * k, k * n, m * n};
  for (int t = 0; t < 3; ++t)
    for (int64_t e = 0; e < sizes[t]; ++e)
      product.tensors[t].push_back(T(int64_t(random() % 7)) - T(3));
  return product;
}

TEST_F(BlasProduct, IsCutForThreads) {
  auto executor = createWorkerPool(3);
  BlasSession session(lazily(fake("fakecblas")), false);
  // By columns, by rows, a vector, and extents that no part divides.
  const int64_t shapes[][3] = {
      {70, 1100, 61}, {1500, 33, 90}, {3000, 1, 1400}, {129, 300, 131}};
  for (auto [m, n, k] : shapes) {
    Product<float> product = matrices<float>(m, n, k);
    product.expect();
    EXPECT_EQ(run(session, product.raw(NOODLE_RT_F32), executor.get()),
              NOODLE_RT_OK);
    product.check();
  }
  EXPECT_EQ(session.receipt().products, 4);
}

TEST_F(BlasProduct, IsRefusedWithTheReason) {
  BlasSession session(lazily(fake("fakecblas64")), false);
  Product<float> product = matrices<float>(3, 4, 5);
  auto before = product.tensors[2];
  for (int k = 0; k < 2; ++k)
    EXPECT_EQ(run(session, product.raw(NOODLE_RT_F32)), NOODLE_RT_FALLBACK);
  EXPECT_EQ(product.tensors[2], before);
  BlasReceipt receipt = session.receipt();
  EXPECT_EQ(receipt.fallbacks, 2);
  ASSERT_EQ(receipt.refusals.size(), 1u);
  EXPECT_NE(receipt.refusals[0].reason.find("has integers of 64 bits"),
            std::string::npos);
  EXPECT_EQ(receipt.refusals[0].site, 7);
  EXPECT_EQ(receipt.refusals[0].count, 2);
}

TEST_F(BlasProduct, UnderStrictEndsTheCall) {
  BlasSession session(lazily(fake("fakecblas")), true);
  Product<float> product = matrices<float>(3, 4, 5);
  noodle_rt_product raw = product.raw(NOODLE_RT_I64);
  EXPECT_EQ(run(session, raw), NOODLE_RT_HOST_CALL_FAILED);
  EXPECT_EQ(message, "library: BLAS has no such element type");
  product.loops[2].strides[0] = 2;
  product.loops[0].strides[0] = 10;
  product.tensors[0].resize(30);
  raw = product.raw(NOODLE_RT_F32);
  EXPECT_EQ(run(session, raw), NOODLE_RT_HOST_CALL_FAILED);
  EXPECT_EQ(message, "library: a matrix has no dimension whose elements are "
                     "neighbours");
}

TEST_F(BlasProduct, WithoutOneFallsBack) {
  Product<float> product = matrices<float>(3, 4, 5);
  BlasSession session(nullptr, false);
  EXPECT_EQ(run(session, product.raw(NOODLE_RT_F32)), NOODLE_RT_FALLBACK);
  EXPECT_EQ(session.receipt().refusals[0].reason,
            "the call was made without a BLAS");
  Context context(pool, {});
  noodle_rt_product raw = product.raw(NOODLE_RT_F32);
  EXPECT_EQ(noodle_ir_product(context.handle(), &raw), NOODLE_RT_FALLBACK);
}

//===----------------------------------------------------------------------===//
// Forms
//===----------------------------------------------------------------------===//

BlasForm formOf(const std::vector<noodle_rt_product_loop> &loops) {
  noodle_rt_product product = {};
  product.loops = loops.data();
  product.loop_count = int64_t(loops.size());
  BlasForm form;
  std::string whyNot;
  EXPECT_TRUE(findForm(product, form, whyNot)) << whyNot;
  return form;
}

TEST(BlasForm, MergesLoopsThatStepEvenly) {
  // "abk,kcd->abcd" of contiguous tensors is one product.
  BlasForm form = formOf({{2, {35, 0, 462}, L | O},
                          {5, {7, 0, 132}, L | O},
                          {11, {0, 12, 12}, R | O},
                          {12, {0, 1, 1}, R | O},
                          {7, {1, 132, 0}, L | R}});
  EXPECT_EQ(form.outer.size() + form.sums.size(), 1u)
      << "rows of out have a gap";
  form = formOf({{2, {35, 0, 660}, L | O},
                 {5, {7, 0, 132}, L | O},
                 {11, {0, 12, 12}, R | O},
                 {12, {0, 1, 1}, R | O},
                 {7, {1, 132, 0}, L | R}});
  EXPECT_TRUE(form.outer.empty());
  EXPECT_EQ(form.m, 10);
  EXPECT_EQ(form.n, 132);
  EXPECT_EQ(form.k, 7);
}

TEST(BlasForm, TransposesWithoutCopies) {
  // Out is stored by columns: the operands change places.
  BlasForm form = formOf({{30, {1, 0, 1}, L | O},
                          {40, {0, 50, 30}, R | O},
                          {50, {30, 1, 0}, L | R}});
  EXPECT_TRUE(form.swapped);
  EXPECT_FALSE(form.leftTransposed);
  EXPECT_FALSE(form.rightTransposed);
  EXPECT_EQ(form.m, 40);
  EXPECT_EQ(form.n, 30);
  EXPECT_EQ(form.outLeading, 30);
}

} // namespace
