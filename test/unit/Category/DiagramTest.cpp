//===- DiagramTest.cpp - random diagrams, evaluated four ways -------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A random diagram is evaluated by definition (matrices, Kronecker products,
// sums over diagonals), as the contractions it is elaborated to, as those the
// planner makes of them, and as machine code. All results are the same bits,
// but for log_plus, which rounds; and no plan multiplies more often than what
// was written.
//
// NOODLE_RANDOM_SEED (the first seed) and NOODLE_DIAGRAM_COUNT (400) change
// what is run; a failure prints seed and program.
//
//===----------------------------------------------------------------------===//
#include "Diagrams.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

using namespace noodle;
using namespace noodle::test;

namespace {

int64_t fromEnvironment(const char *name, int64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::strtoll(text, nullptr, 10) : otherwise;
}

TEST(RandomDiagrams, FourWaysAgree) {
  uint64_t first = uint64_t(fromEnvironment("NOODLE_RANDOM_SEED", 1));
  int64_t count = fromEnvironment("NOODLE_DIAGRAM_COUNT", 400);
  std::printf("seeds %llu to %llu\n", (unsigned long long)first,
              (unsigned long long)(first + uint64_t(count) - 1));
  Evaluator evaluator;
  std::map<std::string, int64_t> algebras;
  int64_t failures = 0, planned = 0;
  // What elaboration made, so that a generator that makes nothing shows.
  std::map<std::string, int64_t> ops = {
      {"noodle.contract", 0}, {"noodle.gather", 0}, {"noodle.scatter", 0},
      {"noodle.map", 0},      {"noodle.concat", 0}, {"tensor.generate", 0}};
  for (int64_t n = 0; n < count && failures < 5; ++n) {
    RandomDiagram diagram = randomDiagram(first + uint64_t(n));
    ++algebras[diagram.algebra];
    if (count == 1) { // one alone is looked at
      std::printf("%s", diagram.text.c_str());
      std::fflush(stdout);
    }
    std::vector<Tensor> expected;
    std::string fault;
    for (Way way : kWays) {
      std::vector<Tensor> results;
      std::string error =
          evaluator.run(way, diagram.text, diagram.arguments, results);
      if (!error.empty())
        fault = std::string(wayName(way)) + ": " + error;
      else if (way == Way::Definition)
        expected = results;
      else if (std::string wrong =
                   difference(expected[0], results[0], diagram.exact);
               !wrong.empty())
        fault = wrong + " (by definition and " + wayName(way) + ")";
      if (!fault.empty())
        break;
    }
    for (const engine::Site &site : evaluator.sites) {
      planned += !site.plan.nodes.empty();
      if (site.plan.productsAfter > site.plan.productsBefore * (1 + 1e-9))
        fault = "planned dearer than as written: " + site.plan.text;
    }
    if (fault.empty()) {
      std::string ignored;
      std::string text =
          n % 4 ? "" : evaluator.elaborated(diagram.text, ignored);
      for (auto &[name, seen] : ops)
        seen += text.find(name) != std::string::npos;
      continue;
    }
    ++failures;
    ADD_FAILURE() << "seed " << first + uint64_t(n) << ", " << diagram.algebra
                  << ": " << fault << "\n"
                  << diagram.text;
  }
  for (const auto &[name, seen] : algebras)
    std::printf("  %s: %lld\n", name.c_str(), (long long)seen);
  std::printf("  of every fourth, elaborated:");
  for (const auto &[name, seen] : ops)
    std::printf(" %s in %lld", name.c_str(), (long long)seen);
  std::printf("\n");
  std::printf("  contractions whose order was planned: %lld\n",
              (long long)planned);
  // The sample misses no semiring and no kind of op.
  if (count < 400)
    return;
  EXPECT_GT(planned, count / 40);
  EXPECT_EQ(algebras.size(), 17u);
  for (const auto &[name, seen] : ops)
    EXPECT_GE(seen * 400, count) << name;
}

} // namespace
