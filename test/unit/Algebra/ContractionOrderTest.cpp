//===- ContractionOrderTest.cpp - orders against all orders ---------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Algebra/ContractionOrder.h"
#include "noodle/Algebra/OrderCache.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "gtest/gtest.h"
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>
#include <set>

using namespace mlir::noodle;

namespace {

using Set = std::set<unsigned>;

/// The network's cost by the definition, with sets: what priceOrder must find.
struct Price {
  double flops = 0, largest = 0;
};

struct Part {
  Set letters;
  double density = 1;
};

double entries(const ContractionNetwork &network, const Set &letters) {
  double product = 1;
  for (unsigned letter : letters)
    product *= network.extents[letter];
  return product;
}

/// The result of joining x and y where `rest` and the output are what is left.
Part join(const ContractionNetwork &network, const Part &x, const Part &y,
          const std::vector<Part> &rest, Price &price) {
  Set all = x.letters;
  all.insert(y.letters.begin(), y.letters.end());
  Part made;
  for (unsigned letter : all) {
    bool needed = llvm::is_contained(network.output, letter) ||
                  llvm::any_of(rest, [&](const Part &p) {
                    return p.letters.count(letter);
                  });
    if (needed)
      made.letters.insert(letter);
  }
  double density = x.density * y.density;
  price.flops += entries(network, all) * density;
  if (!network.denseResults)
    made.density = std::min(1.0, density * entries(network, all) /
                                     entries(network, made.letters));
  price.largest =
      std::max(price.largest, entries(network, made.letters) * made.density);
  return made;
}

std::vector<Part> partsOf(const ContractionNetwork &network) {
  std::vector<Part> parts;
  for (auto [k, letters] : llvm::enumerate(network.operands))
    parts.push_back({Set(letters.begin(), letters.end()),
                     k < network.density.size() ? network.density[k] : 1});
  return parts;
}

Price priceOf(const ContractionNetwork &network,
              llvm::ArrayRef<ContractionStep> steps) {
  std::vector<Part> parts = partsOf(network);
  std::vector<bool> gone(parts.size());
  Price price;
  for (ContractionStep step : steps) {
    EXPECT_LT(step.lhs, parts.size());
    EXPECT_LT(step.rhs, parts.size());
    EXPECT_FALSE(gone[step.lhs] || gone[step.rhs] || step.lhs == step.rhs);
    gone[step.lhs] = gone[step.rhs] = true;
    std::vector<Part> rest;
    for (size_t k = 0; k < parts.size(); ++k)
      if (!gone[k])
        rest.push_back(parts[k]);
    Part made = join(network, parts[step.lhs], parts[step.rhs], rest, price);
    parts.push_back(made);
    gone.push_back(false);
  }
  EXPECT_EQ(llvm::count(gone, false), 1);
  return price;
}

/// The least flops over every order.
double leastOf(const ContractionNetwork &network, std::vector<Part> parts,
               double spent, double least) {
  if (parts.size() == 1)
    return std::min(least, spent);
  for (size_t x = 0; x < parts.size(); ++x)
    for (size_t y = x + 1; y < parts.size(); ++y) {
      std::vector<Part> rest;
      for (size_t k = 0; k < parts.size(); ++k)
        if (k != x && k != y)
          rest.push_back(parts[k]);
      Price price;
      Part made = join(network, parts[x], parts[y], rest, price);
      if (spent + price.flops >= least)
        continue;
      rest.push_back(made);
      least = leastOf(network, rest, spent + price.flops, least);
    }
  return least;
}

ContractionNetwork randomNetwork(std::mt19937 &random, unsigned tensors,
                                 bool sparse) {
  auto below = [&](unsigned n) { return unsigned(random() % n); };
  ContractionNetwork network;
  network.operands.resize(tensors);
  unsigned letters = tensors + below(tensors + 1);
  for (unsigned letter = 0; letter < letters; ++letter) {
    network.extents.push_back(1 + below(9));
    // Hyperedges, and letters of one tensor, among them.
    unsigned holders = 1 + below(letter % 5 == 0 ? 4 : 2);
    for (unsigned k = 0; k < holders; ++k) {
      auto &operand = network.operands[below(tensors)];
      if (!llvm::is_contained(operand, letter))
        operand.push_back(letter);
    }
    if (below(5) == 0)
      network.output.push_back(letter);
  }
  network.denseResults = below(2);
  if (sparse)
    for (unsigned k = 0; k < tensors; ++k)
      network.density.push_back(below(3) ? 1 : 0.01 * (1 + below(50)));
  return network;
}

ContractionNetwork chain(llvm::ArrayRef<double> extents) {
  ContractionNetwork network;
  network.extents.assign(extents.begin(), extents.end());
  for (unsigned k = 0; k + 1 < extents.size(); ++k)
    network.operands.push_back({k, k + 1});
  network.output = {0, unsigned(extents.size()) - 1};
  return network;
}

/// Multiplications of the best parentheses, by the textbook's recurrence.
double bestChain(llvm::ArrayRef<double> p) {
  size_t n = p.size() - 1;
  std::vector<std::vector<double>> m(n, std::vector<double>(n, 0));
  for (size_t length = 2; length <= n; ++length)
    for (size_t i = 0; i + length <= n; ++i) {
      size_t j = i + length - 1;
      m[i][j] = 1e300;
      for (size_t k = i; k < j; ++k)
        m[i][j] = std::min(m[i][j],
                           m[i][k] + m[k + 1][j] + p[i] * p[k + 1] * p[j + 1]);
    }
  return m[0][n - 1];
}

std::mt19937 seeded(const char *what) {
  unsigned seed = 20240;
  if (const char *given = std::getenv("NOODLE_TEST_SEED"))
    seed = std::strtoul(given, nullptr, 10);
  std::printf("%s: NOODLE_TEST_SEED=%u\n", what, seed);
  return std::mt19937(seed);
}

TEST(ContractionOrder, FewTensorsAreOrderedBest) {
  std::mt19937 random = seeded("few tensors");
  for (unsigned round = 0; round < 300; ++round) {
    ContractionNetwork network =
        randomNetwork(random, 3 + round % 4, /*sparse=*/false);
    ContractionOrder order = orderContractions(network);
    double best = leastOf(network, partsOf(network), 0, 1e300);
    EXPECT_NEAR(order.flops, best, best * 1e-9) << "round " << round;
    EXPECT_NEAR(priceOf(network, order.steps).flops, order.flops,
                order.flops * 1e-9);
  }
}

TEST(ContractionOrder, PriceIsThatOfTheDefinition) {
  std::mt19937 random = seeded("price");
  for (unsigned round = 0; round < 200; ++round) {
    ContractionNetwork network =
        randomNetwork(random, 2 + round % 30, /*sparse=*/round % 2);
    for (OrderEffort effort : {OrderEffort::Least, OrderEffort::Quick}) {
      OrderOptions options;
      options.effort = effort;
      ContractionOrder order = orderContractions(network, options);
      Price price = priceOf(network, order.steps);
      EXPECT_NEAR(order.flops, price.flops, price.flops * 1e-9)
          << "round " << round << ", " << order.method.str();
      EXPECT_NEAR(order.largest, price.largest, price.largest * 1e-9);
      EXPECT_LE(order.flops, orderAsWritten(network).flops * (1 + 1e-9));
    }
  }
}

TEST(ContractionOrder, ChainsAreOrderedBest) {
  std::mt19937 random = seeded("chains");
  for (unsigned length : {2, 3, 5, 10, 40, 80, 160}) {
    std::vector<double> extents;
    for (unsigned k = 0; k <= length; ++k)
      extents.push_back(1 + random() % 200);
    ContractionOrder order = orderContractions(chain(extents));
    double best = bestChain(extents);
    EXPECT_NEAR(order.flops, best, best * 1e-9) << length;
    if (length > 2)
      EXPECT_TRUE(order.optimal);
  }
}

TEST(ContractionOrder, AChainInAnyOrderOfItsTensors) {
  std::mt19937 random = seeded("shuffled chain");
  std::vector<double> extents;
  for (unsigned k = 0; k <= 30; ++k)
    extents.push_back(1 + random() % 90);
  ContractionNetwork network = chain(extents);
  std::shuffle(network.operands.begin(), network.operands.end(), random);
  ContractionOrder order = orderContractions(network);
  EXPECT_NEAR(order.flops, bestChain(extents), 1e-6 * order.flops);
  EXPECT_NEAR(priceOf(network, order.steps).flops, order.flops,
              1e-9 * order.flops);
}

TEST(ContractionOrder, ARingIsNoChain) {
  ContractionNetwork network;
  network.extents = {4, 5, 6, 7};
  network.operands = {{0, 1}, {1, 2}, {2, 3}, {3, 0}};
  ContractionOrder order = orderContractions(network);
  EXPECT_NE(order.method, "chain");
  EXPECT_NEAR(order.flops, leastOf(network, partsOf(network), 0, 1e300), 1e-6);
}

TEST(ContractionOrder, SlicesKeepResultsSmall) {
  std::mt19937 random = seeded("slices");
  unsigned sliced = 0;
  for (unsigned round = 0; round < 60; ++round) {
    ContractionNetwork network = randomNetwork(random, 8 + round % 20, false);
    network.output.clear();
    ContractionOrder whole = orderContractions(network);
    OrderOptions options;
    options.mostEntries = std::max(1.0, whole.largest / 20);
    ContractionOrder order = orderContractions(network, options);
    EXPECT_LE(order.largest, options.mostEntries * (1 + 1e-9));
    // All slices together, by the definition.
    ContractionNetwork slice = network;
    double times = 1;
    for (unsigned letter : order.sliced) {
      times *= network.extents[letter];
      slice.extents[letter] = 1;
    }
    EXPECT_NEAR(priceOf(slice, order.steps).flops * times, order.flops,
                order.flops * 1e-9);
    sliced += !order.sliced.empty();
  }
  EXPECT_GT(sliced, 20u);
}

namespace {
/// The fewest entries alive at once over all orders of the steps that are left.
double leastAlive(llvm::ArrayRef<ContractionStep> steps,
                  llvm::ArrayRef<double> entries, unsigned leaves,
                  std::vector<bool> made, double alive) {
  double least = 1e300;
  bool any = false;
  for (unsigned k = 0; k < steps.size(); ++k) {
    if (made[leaves + k] || !made[steps[k].lhs] || !made[steps[k].rhs])
      continue;
    any = true;
    double top = alive + entries[leaves + k];
    std::vector<bool> next = made;
    next[leaves + k] = true;
    double after = top - entries[steps[k].lhs] - entries[steps[k].rhs];
    least = std::min(
        least, std::max(top, leastAlive(steps, entries, leaves, next, after)));
  }
  return any ? least : alive;
}
} // namespace

TEST(ContractionOrder, StepsAreArrangedForLeastMemory) {
  std::mt19937 random = seeded("memory");
  for (unsigned round = 0; round < 40; ++round) {
    ContractionNetwork network = randomNetwork(random, 3 + round % 5, false);
    ContractionOrder order = orderContractions(network);
    unsigned leaves = network.operands.size();
    auto letters = lettersOf(network, order);
    std::vector<double> size(letters.size());
    std::vector<bool> made(letters.size());
    for (unsigned k = 0; k < letters.size(); ++k) {
      made[k] = k < leaves;
      if (k >= leaves)
        size[k] = entries(network, Set(letters[k].begin(), letters[k].end()));
    }
    double least = leastAlive(order.steps, size, leaves, made, 0);
    Price before = priceOf(network, order.steps);
    EXPECT_NEAR(arrangeSteps(network, order), least, least * 1e-9);
    EXPECT_NEAR(priceOf(network, order.steps).flops, before.flops,
                before.flops * 1e-9);
  }
}

TEST(ContractionOrder, EqualArgumentsGiveEqualOrders) {
  std::mt19937 random = seeded("equal");
  ContractionNetwork network = randomNetwork(random, 40, false);
  ContractionOrder first = orderContractions(network);
  ContractionOrder second = orderContractions(network);
  ASSERT_EQ(first.steps.size(), second.steps.size());
  for (auto [x, y] : llvm::zip(first.steps, second.steps)) {
    EXPECT_EQ(x.lhs, y.lhs);
    EXPECT_EQ(x.rhs, y.rhs);
  }
}

TEST(ContractionOrder, SmallestNetworks) {
  ContractionNetwork network;
  EXPECT_TRUE(orderContractions(network).steps.empty());
  network.extents = {3};
  network.operands = {{0}};
  EXPECT_TRUE(orderContractions(network).steps.empty());
  network.operands = {{0}, {}};
  EXPECT_EQ(orderContractions(network).steps.size(), 1u);
  network.operands = {{}, {}, {}};
  EXPECT_EQ(orderContractions(network).steps.size(), 2u);
}

TEST(ContractionOrder, TooManyLettersStayAsWritten) {
  ContractionNetwork network = chain(std::vector<double>(2000, 2.0));
  ContractionOrder order = orderContractions(network);
  EXPECT_EQ(order.method, "as written");
  EXPECT_EQ(order.steps.size(), network.operands.size() - 1);
}

TEST(ContractionOrder, HugeResultsDoNotOverflow) {
  // 300 tensors around a ring, each with an open end: 2^300 entries.
  ContractionNetwork network;
  for (unsigned k = 0; k < 300; ++k)
    network.operands.push_back({k, (k + 1) % 300, 300 + k});
  network.extents.assign(600, 2.0);
  for (unsigned k = 0; k < 300; ++k)
    network.output.push_back(300 + k);
  ContractionOrder order = orderContractions(network);
  EXPECT_TRUE(std::isfinite(order.flops));
  EXPECT_GE(order.flops, std::exp2(300));
}

/// A ring of matrices, of which one letter has extent `extent`.
ContractionNetwork ring(unsigned count, double extent) {
  ContractionNetwork network;
  for (unsigned k = 0; k < count; ++k) {
    network.extents.push_back(k ? 2 + k % 3 : extent);
    network.operands.push_back({k, (k + 1) % count});
  }
  return network;
}

TEST(OrderCache, FindsWhatWasSearched) {
  OrderCache cache;
  OrderOptions options;
  for (int round = 0; round < 2; ++round)
    for (double extent : {2.0, 50.0}) {
      ContractionOrder found = cache.order(ring(12, extent), options);
      ContractionOrder again = orderContractions(ring(12, extent), options);
      EXPECT_EQ(found.flops, again.flops);
      ASSERT_EQ(found.steps.size(), again.steps.size());
      for (auto [x, y] : llvm::zip(found.steps, again.steps)) {
        EXPECT_EQ(x.lhs, y.lhs);
        EXPECT_EQ(x.rhs, y.rhs);
      }
    }
  EXPECT_EQ(cache.stats().searched, 2);
  EXPECT_EQ(cache.stats().found, 2);
  // Everything an order depends on tells networks apart.
  ContractionNetwork network = ring(12, 2);
  network.density.assign(12, 0.5);
  cache.order(network, options);
  network.output = {3};
  cache.order(network, options);
  network.whole = {4};
  cache.order(network, options);
  network.denseResults = true;
  cache.order(network, options);
  options.mostEntries = 8;
  cache.order(network, options);
  options.effort = OrderEffort::Least;
  cache.order(network, options);
  EXPECT_EQ(cache.stats().searched, 8);
}

TEST(OrderCache, ForgetsTheLeastUsed) {
  OrderCache cache;
  for (unsigned k = 0; k < 2 * OrderCache::kMost; ++k) {
    cache.order(ring(3, 2), {}); // always in use
    cache.order(ring(3, 3 + k), {});
  }
  EXPECT_EQ(cache.stats().searched, int64_t(1 + 2 * OrderCache::kMost));
  cache.order(ring(3, 3), {});
  EXPECT_EQ(cache.stats().searched, int64_t(2 + 2 * OrderCache::kMost));
}

} // namespace
