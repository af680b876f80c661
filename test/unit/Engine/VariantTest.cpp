//===- VariantTest.cpp - kernels for the sizes at hand --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "TestPrograms.h"

#include "noodle/Engine/Receipt.h"

using namespace noodle;
using namespace noodle::engine;
using namespace noodle::engine::test;

namespace {

/// Three matrices of which nothing is known: the plan is a guess.
const char *const kChain = R"(
func.func @main(%a: tensor<?x?xi64>, %b: tensor<?x?xi64>, %c: tensor<?x?xi64>)
    -> tensor<?x?xi64> {
  %d = noodle.contract "ij,jk,kl->il" (%a, %b, %c)
      : (tensor<?x?xi64>, tensor<?x?xi64>, tensor<?x?xi64>)
      -> tensor<?x?xi64>
  return %d : tensor<?x?xi64>
})";

const char *const kPair = R"(
func.func @main(%a: tensor<?x?xi64>, %b: tensor<?x?xi64>) -> tensor<?x?xi64> {
  %d = noodle.contract "ij,jk->ik" (%a, %b)
      : (tensor<?x?xi64>, tensor<?x?xi64>) -> tensor<?x?xi64>
  return %d : tensor<?x?xi64>
})";

/// Entries of a join of three, summed: from one end to the other whatever is
/// stored.
const char *const kJoin = R"(
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @main(%a: tensor<100x100xi64, #csr>, %b: tensor<100x100xi64, #csr>, %c: tensor<100x100xi64, #csr>)
    -> tensor<i64> {
  %d = noodle.contract "ij,jk,kl->" (%a, %b, %c)
      : (tensor<100x100xi64, #csr>, tensor<100x100xi64, #csr>, tensor<100x100xi64, #csr>)
      -> tensor<i64>
  return %d : tensor<i64>
})";

/// One call of a chain of matrices of these extents; checks the result.
Receipt callChain(Program &program, std::vector<int64_t> extents) {
  std::vector<std::vector<int64_t>> values;
  std::vector<noodle_rt_tensor> views;
  for (size_t k = 0; k + 1 < extents.size(); ++k) {
    std::vector<int64_t> &its =
        values.emplace_back(extents[k] * extents[k + 1]);
    for (size_t n = 0; n < its.size(); ++n)
      its[n] = int64_t((n * 7 + k * 3 + 1) % 11) - 5;
    views.push_back(
        dense(NOODLE_RT_I64, its.data(), {extents[k], extents[k + 1]}));
  }
  Receipt receipt;
  CallOptions options;
  options.receipt = &receipt;
  rt::Region region(program.engine().pool());
  noodle_rt_tensor result{};
  Status status = program.call(views, region, {&result, 1}, options);
  EXPECT_TRUE(status.ok()) << status.str();
  if (!status.ok())
    return receipt;
  // From the left, whatever was planned.
  std::vector<int64_t> sum = values[0];
  for (size_t k = 1; k < values.size(); ++k) {
    int64_t inner = extents[k], columns = extents[k + 1];
    std::vector<int64_t> next(extents[0] * columns);
    for (int64_t i = 0; i < extents[0]; ++i)
      for (int64_t j = 0; j < inner; ++j)
        for (int64_t l = 0; l < columns; ++l)
          next[i * columns + l] +=
              sum[i * inner + j] * values[k][j * columns + l];
    sum = std::move(next);
  }
  EXPECT_EQ(sum, std::vector<int64_t>(
                     static_cast<const int64_t *>(result.values),
                     static_cast<const int64_t *>(result.values) + sum.size()));
  return receipt;
}

/// Multiplications of the site that was planned.
double products(const Receipt &receipt) {
  for (const SiteReceipt &site : receipt.sites)
    if (!site.site.plan.nodes.empty())
      return site.site.plan.productsAfter;
  ADD_FAILURE() << "nothing was planned";
  return -1;
}

TEST(Variants, GuessedOrdersFollowTheArguments) {
  auto engine = makeEngine();
  auto program = makeProgram(engine, kChain);
  EXPECT_TRUE(program->kernel()->artifact().guessed);
  // Its code waits for arguments.
  EXPECT_TRUE(program->kernel()->artifact().planOnly);
  // A(BC) and (AB)C are each the cheaper order once.
  Receipt right = callChain(*program, {64, 32, 32, 1});
  EXPECT_EQ(products(right), 32 * 32 * 1 + 64 * 32 * 1);
  EXPECT_EQ(right.plannedFor, "64x32, 32x32, 32x1");
  Receipt left = callChain(*program, {1, 32, 32, 64});
  EXPECT_EQ(products(left), 1 * 32 * 32 + 1 * 32 * 64);
  EXPECT_EQ(engine->stats().compiled, 3);
  // The same buckets, and nothing is compiled.
  EXPECT_EQ(products(callChain(*program, {60, 30, 31, 1})),
            32 * 32 * 1 + 64 * 32 * 1);
  callChain(*program, {1, 17, 17, 33});
  EXPECT_EQ(engine->stats().compiled, 3);
}

TEST(Variants, PlansOutliveTheProcess) {
  Folder folder;
  EngineOptions options;
  options.cacheDirectory = folder.path;
  for (int64_t hits : {0, 2}) {
    auto engine = makeEngine(options);
    auto program = makeProgram(engine, kChain);
    EXPECT_TRUE(program->kernel()->artifact().planOnly);
    EXPECT_EQ(products(callChain(*program, {64, 32, 32, 1})),
              32 * 32 * 1 + 64 * 32 * 1);
    EXPECT_EQ(engine->stats().diskHits, hits);
  }
  // Whoever asks for a kernel gets one.
  std::shared_ptr<const Kernel> kernel;
  auto engine = makeEngine(options);
  ASSERT_TRUE(engine->compile(kChain, {}, kernel).ok());
  EXPECT_FALSE(kernel->artifact().planOnly);
  EXPECT_EQ(engine->stats().compiled, 1);
}

TEST(Variants, NothingToChooseNothingToReplan) {
  auto engine = makeEngine();
  auto program = makeProgram(engine, kPair);
  EXPECT_FALSE(program->kernel()->artifact().guessed);
  EXPECT_FALSE(program->kernel()->artifact().planOnly);
  Receipt receipt = callChain(*program, {5, 6, 7});
  EXPECT_EQ(receipt.plannedFor, "");
  EXPECT_EQ(engine->stats().compiled, 1);
  // Nor where no other guess gives another order.
  EXPECT_FALSE(makeProgram(engine, kJoin)->kernel()->artifact().guessed);
}

TEST(Variants, AFewAreKept) {
  auto engine = makeEngine();
  auto program = makeProgram(engine, kChain);
  for (int round = 0; round < 2; ++round)
    for (int64_t k = 0; k < 10; ++k)
      callChain(*program, {int64_t(1) << k, 3, 5, 2});
  // What the program let go of, the engine's cache still had.
  EXPECT_EQ(engine->stats().compiled, 11);
  EXPECT_GT(engine->stats().memoryHits, 0);
}

TEST(Variants, EmptyMatricesHaveABucketToo) {
  auto program = makeProgram(makeEngine(), kChain);
  callChain(*program, {0, 4, 3, 2});
  callChain(*program, {3, 0, 0, 2});
  callChain(*program, {3, 2, 4, 0});
}

} // namespace
