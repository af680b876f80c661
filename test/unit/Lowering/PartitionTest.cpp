//===- PartitionTest.cpp - how evenly sparse work is cut ------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Work is counted, not timed: entries and rows of A x, terms of A A, on graphs
// whose longest rows are longer than a worker's share. Workers take chunk after
// chunk in order, each the next one as it is done, as the runtime hands them
// out.
//
//===----------------------------------------------------------------------===//
#include "noodle/Transforms/SparsePartition.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <queue>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

using namespace mlir::noodle;
using Work = std::vector<int64_t>; ///< by row, or by chunk

namespace {

struct Pattern {
  std::vector<std::set<int64_t>> rows;

  Work lengths() const {
    Work work;
    for (const std::set<int64_t> &row : rows)
      work.push_back(int64_t(row.size()));
    return work;
  }
  /// Of its product with itself.
  Work terms() const {
    Work work, length = lengths();
    for (const std::set<int64_t> &row : rows) {
      work.push_back(1);
      for (int64_t k : row)
        work.back() += length[size_t(k)];
    }
    return work;
  }
};

/// Positions of a MatrixMarket file of coordinates.
Pattern readPattern(const std::string &path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  bool symmetric = line.find(" symmetric") != std::string::npos;
  while (std::getline(file, line) && line[0] == '%')
    ;
  std::istringstream sizes(line);
  int64_t rows = 0, columns = 0, entries = 0;
  sizes >> rows >> columns >> entries;
  Pattern pattern;
  pattern.rows.resize(size_t(std::max(rows, columns)));
  for (int64_t k = 0; k < entries && std::getline(file, line); ++k) {
    std::istringstream entry(line);
    int64_t i = 0, j = 0;
    entry >> i >> j;
    pattern.rows[size_t(i - 1)].insert(j - 1);
    if (symmetric)
      pattern.rows[size_t(j - 1)].insert(i - 1);
  }
  return pattern;
}

/// Rows and entries of each chunk of A x, rows with their ends.
Work pathChunks(const Work &lengths, int64_t most) {
  std::vector<int64_t> begins{0};
  for (int64_t length : lengths)
    begins.push_back(begins.back() + length + 1);
  int64_t path = begins.back(), chunk = partition::pathChunk(path, most);
  Work work;
  int64_t before = 0;
  for (int64_t place = chunk; before < path; place += chunk) {
    int64_t end = std::min(place, path);
    auto row = std::upper_bound(begins.begin(), begins.end(), end) - 1;
    if (row + 1 != begins.end() && *row < end &&
        (row[1] - *row - 1) * partition::kRowShare < chunk)
      end = row[1];
    work.push_back(end - before);
    before = end;
  }
  return work;
}

/// Terms of each chunk of A A, which are whole rows.
Work termChunks(const Work &terms) {
  int64_t total = 0;
  for (int64_t term : terms)
    total += term;
  int64_t chunk = partition::termChunk(total), sum = 0, before = 0;
  Work work;
  for (int64_t term : terms) {
    sum += term;
    if (sum >= int64_t(work.size() + 1) * chunk) {
      work.push_back(sum - before);
      before = sum;
      while (sum >= int64_t(work.size() + 1) * chunk)
        work.push_back(0);
    }
  }
  work.push_back(sum - before);
  return work;
}

/// What the busiest of so many workers has over the mean.
double imbalance(const Work &chunks, int workers) {
  std::priority_queue<int64_t, Work, std::greater<>> loads;
  for (int k = 0; k < workers; ++k)
    loads.push(0);
  int64_t total = 0, most = 0;
  for (int64_t chunk : chunks) {
    int64_t load = loads.top() + chunk;
    loads.pop();
    loads.push(load);
    most = std::max(most, load);
    total += chunk;
  }
  return total ? double(most) * workers / double(total) - 1 : 0;
}

/// Rows of A A are not cut, so `most` workers at most share its longest ones.
void expectEven(const std::string &name, const Pattern &pattern,
                int most = 64) {
  struct Case {
    const char *op;
    Work chunks;
  };
  Work lengths = pattern.lengths();
  int64_t path = 0;
  for (int64_t length : lengths)
    path += length + 1;
  int64_t longest = *std::max_element(lengths.begin(), lengths.end());
  for (const Case &c : {Case{"A x", pathChunks(lengths, partition::kChunk)},
                        // 128 columns.
                        Case{"A X", pathChunks(lengths, partition::kWideChunk)},
                        Case{"A A", termChunks(pattern.terms())}}) {
    std::printf("%s %s, longest row %lld of %lld, %zu chunks: imbalance",
                name.c_str(), c.op, (long long)longest, (long long)path,
                c.chunks.size());
    for (int workers : {2, 8, 32, 64}) {
      if (c.op == std::string("A A") && workers > most)
        continue;
      double off = imbalance(c.chunks, workers);
      std::printf(" %.2f %% at %d", off * 100, workers);
      EXPECT_LT(off, workers == 2 ? 0.05 : 0.1)
          << name << " " << c.op << " " << workers;
    }
    std::printf("\n");
  }
}

} // namespace

TEST(Partition, RealGraphsAreCutEvenly) {
  const char *given = std::getenv("NOODLE_DATA_DIR");
  std::string folder =
      (given ? std::string(given) : NOODLE_SOURCE_DIR "/../shared/data") +
      "/matrices/";
  int absent = 0;
  for (const char *name : {"as20", "wiki-Vote"}) {
    std::string path = folder + name + ".mtx";
    if (std::filesystem::exists(path))
      expectEven(name, readPattern(path));
    else
      ++absent;
  }
  if (absent)
    GTEST_SKIP() << "SKIPPED: " << absent
                 << " graphs are absent; set NOODLE_DATA_DIR to a folder that "
                    "holds matrices/*.mtx";
}

TEST(Partition, GraphsWithFewLongRowsAreCutEvenly) {
  std::mt19937_64 random(1);
  Pattern pattern;
  pattern.rows.resize(20'000);
  for (size_t i = 0; i < pattern.rows.size(); ++i)
    for (int64_t k = 0, n = i % 1000 ? 6 : 3000; k < n; ++k)
      pattern.rows[i].insert(int64_t(random() % pattern.rows.size()));
  expectEven("a graph with 20 long rows", pattern, 8);
}

TEST(Partition, AllWorkIsInAChunk) {
  for (int64_t rows : {0, 1, 7, 511, 512, 513, 33'000, 5'000'000})
    for (int64_t most : {partition::kWideChunk, partition::kChunk}) {
      int64_t chunk = partition::pathChunk(rows, most);
      EXPECT_GE(chunk, partition::kLeastChunk);
      EXPECT_LE(chunk, most);
      EXPECT_LE(partition::termChunk(rows), partition::kChunkTerms);
    }
  Work work(3000, 5);
  work[17] = 70'000;
  int64_t sum = 0;
  for (int64_t chunk : pathChunks(work, partition::kChunk))
    sum += chunk;
  EXPECT_EQ(sum, 2999 * 6 + 70'001);
  sum = 0;
  for (int64_t chunk : termChunks(work))
    sum += chunk;
  EXPECT_EQ(sum, 2999 * 5 + 70'000);
}
