//===- FormsTest.cpp - sparse vectors, COO and DCSR against plain loops ---===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A sparse vector times a matrix in each form, both ways round, over semirings
// of integers. What is wanted is computed here from lists of entries, so that
// nothing of the compiler, the interpreter or the engine is believed.
//
//===----------------------------------------------------------------------===//
#include "noodle/Engine/Engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <random>

using namespace noodle;

namespace {

struct Ring {
  const char *name;
  int64_t (*add)(int64_t, int64_t);
  int64_t (*mul)(int64_t, int64_t);
};

int64_t plus(int64_t x, int64_t y) { return x + y; }
int64_t times(int64_t x, int64_t y) { return x * y; }
int64_t least(int64_t x, int64_t y) { return std::min(x, y); }
int64_t most(int64_t x, int64_t y) { return std::max(x, y); }

const Ring kRings[] = {{"plus_times", plus, times},
                       {"min_plus", least, plus},
                       {"max_plus", most, plus}};

using Entries = std::map<std::pair<int64_t, int64_t>, int64_t>;

/// Entries as a tensor of a form.
template <class P, class C> struct Stored {
  std::vector<P> positions;
  std::vector<C> rows, columns;
  std::vector<int64_t> values;
  noodle_rt_tensor view{};

  Stored(noodle_rt_layout layout, int rank, int64_t m, int64_t n,
         const Entries &entries) {
    bool coo = layout == NOODLE_RT_COO, lists = coo || layout == NOODLE_RT_DCSR;
    bool columnsFirst = layout == NOODLE_RT_CSC;
    std::vector<std::array<int64_t, 3>> sorted;
    for (auto [at, value] : entries)
      sorted.push_back({columnsFirst ? at.second : at.first,
                        columnsFirst ? at.first : at.second, value});
    std::sort(sorted.begin(), sorted.end());
    int64_t lines = columnsFirst ? n : m;
    if (!lists)
      positions.assign(size_t(lines) + 1, 0);
    for (auto [line, other, value] : sorted) {
      if (coo || (lists && (rows.empty() || rows.back() != C(line)))) {
        rows.push_back(C(line));
        positions.push_back(P(columns.size()));
      }
      columns.push_back(C(other));
      values.push_back(value);
      if (!lists)
        ++positions[size_t(line) + 1];
    }
    for (size_t k = 1; !lists && k < positions.size(); ++k)
      positions[k] += positions[k - 1];
    if (lists)
      positions.push_back(P(columns.size()));
    view.layout = layout;
    view.type = NOODLE_RT_I64;
    view.rank = uint8_t(rank);
    view.position_width = sizeof(P);
    view.coordinate_width = sizeof(C);
    view.stored = int64_t(columns.size());
    view.values = values.data();
    view.positions = coo ? nullptr : positions.data();
    view.coordinates = columns.data();
    view.rows = lists ? rows.data() : nullptr;
    view.stored_rows = lists && !coo ? int64_t(rows.size()) : 0;
    view.extents[0] = rank == 1 ? n : m;
    view.extents[1] = rank == 1 ? 0 : n;
  }
};

int64_t at(const void *indices, uint8_t width, int64_t k) {
  return width == 4 ? static_cast<const int32_t *>(indices)[k]
                    : static_cast<const int64_t *>(indices)[k];
}

/// The entries of a sparse vector.
Entries entriesOf(const noodle_rt_tensor &vector) {
  Entries entries;
  EXPECT_EQ(vector.rank, 1);
  EXPECT_EQ(vector.layout, NOODLE_RT_CSR);
  EXPECT_EQ(at(vector.positions, vector.position_width, 0), 0);
  EXPECT_EQ(at(vector.positions, vector.position_width, 1), vector.stored);
  int64_t last = -1;
  for (int64_t k = 0; k < vector.stored; ++k) {
    int64_t j = at(vector.coordinates, vector.coordinate_width, k);
    EXPECT_GT(j, last);
    EXPECT_LT(j, vector.extents[0]);
    last = j;
    entries[{0, j}] = static_cast<const int64_t *>(vector.values)[k];
  }
  return entries;
}

const std::pair<const char *, noodle_rt_layout> kForms[] = {
    {"d0 : dense, d1 : compressed", NOODLE_RT_CSR},
    {"d1 : dense, d0 : compressed", NOODLE_RT_CSC},
    {"d0 : compressed(nonunique), d1 : singleton(soa)", NOODLE_RT_COO},
    {"d0 : compressed, d1 : compressed", NOODLE_RT_DCSR}};

template <class P, class C>
std::string program(const char *levels, const Ring &ring, bool push) {
  std::string widths = ", posWidth = " + std::to_string(8 * sizeof(P)) +
                       ", crdWidth = " + std::to_string(8 * sizeof(C)) + "}>\n";
  std::string equation = push ? "\"i,ij->j\" (%x, %a)" : "\"ij,j->i\" (%a, %x)";
  std::string types = push ? "(!v, !m)" : "(!m, !v)";
  std::string semiring =
      std::string("{semiring = #noodle.semiring<") + ring.name + ">} : ";
  return "#v = #sparse_tensor.encoding<{map = (d0) -> (d0 : compressed)" +
         widths + "#m = #sparse_tensor.encoding<{map = (d0, d1) -> (" + levels +
         ")" + widths +
         "!v = tensor<?xi64, #v>\n!m = tensor<?x?xi64, #m>\n"
         "func.func @main(%x: !v, %a: !m) -> (!v, tensor<?xi64>) {\n"
         "  %y = noodle.contract " +
         equation + semiring + types + " -> !v\n  %z = noodle.contract " +
         equation + semiring + types +
         " -> tensor<?xi64>\n  return %y, %z : !v, tensor<?xi64>\n}\n";
}

class Forms : public ::testing::Test {
protected:
  Forms() {
    if (const char *text = std::getenv("NOODLE_RANDOM_SEED"))
      seed = std::strtoull(text, nullptr, 10);
    std::printf("seed %llu\n", (unsigned long long)seed);
    random.seed(seed);
    engine::EngineOptions options;
    options.threads = 2;
    EXPECT_TRUE(engine::Engine::create(options, engine).ok());
  }

  Entries some(int64_t m, int64_t n, int percent) {
    Entries entries;
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j)
        if (int(random() % 100) < percent)
          entries[{i, j}] = int64_t(random() % 9) - 4; // 0 is stored too
    return entries;
  }

  template <class P, class C>
  void compare(const char *levels, noodle_rt_layout layout, const Ring &ring,
               bool push) {
    std::string text = program<P, C>(levels, ring, push);
    std::shared_ptr<engine::Program> compiled, interpreted;
    for (auto [strategy, made] :
         {std::pair("auto", &compiled), std::pair("reference", &interpreted)}) {
      engine::CompileOptions options;
      options.strategy = strategy;
      engine::Status status =
          engine::Program::compile(engine, text, options, *made);
      ASSERT_TRUE(status.ok()) << status.str() << text;
    }
    for (int run = 0; run < 8; ++run) {
      static const int64_t sizes[] = {0, 1, 2, 5, 17, 33, 90};
      static const int percents[] = {0, 3, 20, 100};
      int64_t m = sizes[random() % 7], n = sizes[random() % 7];
      Entries a = some(m, n, percents[random() % 4]);
      Entries x = some(1, push ? m : n, percents[random() % 4]), wanted;
      for (auto [place, value] : a) {
        auto [i, j] = push ? place : std::pair(place.second, place.first);
        auto found = x.find({0, i});
        if (found == x.end())
          continue;
        int64_t term = ring.mul(found->second, value);
        auto [sum, fresh] = wanted.try_emplace({0, j}, term);
        if (!fresh)
          sum->second = ring.add(sum->second, term);
      }
      Stored<P, C> matrix(layout, 2, m, n, a);
      Stored<P, C> vector(NOODLE_RT_CSR, 1, 1, push ? m : n, x);
      noodle_rt_tensor arguments[] = {vector.view, matrix.view};
      for (auto &program : {compiled, interpreted}) {
        rt::Region region(engine->pool());
        noodle_rt_tensor results[2] = {};
        engine::Receipt receipt;
        engine::CallOptions call;
        call.receipt = &receipt;
        engine::Status status = program->call(arguments, region, results, call);
        ASSERT_TRUE(status.ok()) << status.str() << text;
        EXPECT_EQ(results[0].extents[0], push ? n : m);
        EXPECT_EQ(entriesOf(results[0]), wanted) << "run " << run << text;
        for (auto [place, value] : wanted)
          EXPECT_EQ(
              static_cast<const int64_t *>(results[1].values)[place.second],
              value)
              << text;
        if (program == compiled)
          left += receipt.referenceCalls > 0 || !receipt.fallback.empty();
        ++runs;
      }
    }
  }

  uint64_t seed = 1;
  std::mt19937_64 random;
  std::shared_ptr<engine::Engine> engine;
  int64_t runs = 0, left = 0;
};

TEST_F(Forms, VectorTimesMatrix) {
  int turn = 0;
  for (auto [levels, layout] : kForms)
    for (const Ring &ring : kRings)
      for (bool push : {true, false}) {
        if (++turn % 3 == 0)
          compare<int32_t, int32_t>(levels, layout, ring, push);
        else if (turn % 3 == 1)
          compare<int64_t, int64_t>(levels, layout, ring, push);
        else
          compare<int64_t, int32_t>(levels, layout, ring, push);
      }
  std::printf("%lld runs, %lld of them with an op left to the interpreter\n",
              (long long)runs, (long long)left);
  EXPECT_EQ(left, 0);
}

} // namespace
