//===- SparseChainTest.cpp - sparse matrices in a row ---------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Products of two to six sparse matrices as one contraction or nested, stored
// by rows or columns, operands in any order and transposed at will, over
// several semirings; empty and odd extents. Whatever order the planner finds,
// compiled and interpreted must store the same entries with the same values.
//
// NOODLE_RANDOM_SEED (the first seed) and NOODLE_SPARSE_CHAIN_COUNT (60)
// change what is run; a failure prints seed and program.
//
//===----------------------------------------------------------------------===//
#include "noodle/Engine/Engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>

using namespace noodle;

namespace {

/// A sparse matrix and the view of it.
struct Matrix {
  bool rows = true;
  int64_t extents[2] = {0, 0};
  std::vector<int64_t> positions, values;
  std::vector<int32_t> coordinates;

  noodle_rt_tensor view() {
    noodle_rt_tensor v{};
    v.layout = rows ? NOODLE_RT_CSR : NOODLE_RT_CSC;
    v.type = NOODLE_RT_I64;
    v.rank = 2;
    v.position_width = 8;
    v.coordinate_width = 4;
    v.extents[0] = extents[0];
    v.extents[1] = extents[1];
    v.stored = int64_t(values.size());
    v.positions = positions.data();
    v.coordinates = coordinates.data();
    v.values = values.data();
    return v;
  }
  std::string type(bool dynamic) const {
    auto text = [&](int64_t extent) {
      return dynamic ? std::string("?") : std::to_string(extent);
    };
    return "tensor<" + text(extents[0]) + "x" + text(extents[1]) + "xi64, " +
           (rows ? "#csr" : "#csc") + ">";
  }
};

using Entries = std::map<std::pair<int64_t, int64_t>, int64_t>;

Entries entriesOf(const noodle_rt_tensor &view) {
  Entries entries;
  bool rows = view.layout == NOODLE_RT_CSR;
  auto positions = static_cast<const int64_t *>(view.positions);
  auto coordinates = static_cast<const int32_t *>(view.coordinates);
  auto values = static_cast<const int64_t *>(view.values);
  for (int64_t i = 0; i < view.extents[rows ? 0 : 1]; ++i)
    for (int64_t p = positions[i]; p < positions[i + 1]; ++p)
      entries[rows ? std::pair<int64_t, int64_t>(i, coordinates[p])
                   : std::pair<int64_t, int64_t>(coordinates[p], i)] =
          values[p];
  return entries;
}

class Generator {
public:
  explicit Generator(uint64_t seed) : random(seed) {}

  std::string text;
  std::vector<Matrix> matrices;

  void run() {
    int64_t count = 2 + pick(5);
    std::vector<int64_t> extents;
    for (int64_t k = 0; k <= count; ++k)
      extents.push_back(pick(12) ? 1 + pick(pick(3) ? 12 : 40) : 0);
    // The planner regroups integers, but not sums that saturate.
    static const char *const semirings[] = {"plus_times", "max_min", "min_plus",
                                            "max_plus"};
    std::string semiring = semirings[pick(std::size(semirings))];
    // Extents of 1 beside others would broadcast only if they differed.
    bool dynamic = pick(2);
    std::vector<std::string> operands, types, names;
    std::string parameters;
    static const std::string letters = "abcdefg";
    for (int64_t k = 0; k < count; ++k) {
      bool turned = pick(3) == 0;
      Matrix &matrix = matrices.emplace_back();
      matrix.rows = pick(4) != 0;
      matrix.extents[0] = extents[k + turned];
      matrix.extents[1] = extents[k + !turned];
      fill(matrix);
      operands.push_back({letters[k + turned], letters[k + !turned]});
      types.push_back(matrix.type(dynamic));
      names.push_back("%m" + std::to_string(k));
      parameters += (k ? ", " : "") + names[k] + ": " + types[k];
    }
    Matrix result;
    result.rows = pick(4) != 0;
    result.extents[0] = extents.front();
    result.extents[1] = extents.back();
    std::string to = result.type(dynamic);
    text = "#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 "
           ": compressed), posWidth = 64, crdWidth = 32}>\n"
           "#csc = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : dense, d0 "
           ": compressed), posWidth = 64, crdWidth = 32}>\n"
           "func.func @main(" +
           parameters + ") -> " + to + " {\n";
    std::string attributes =
        " {semiring = #noodle.semiring<" + semiring + ">} : (";
    if (pick(2)) {
      std::vector<size_t> order(count);
      for (size_t k = 0; k < order.size(); ++k)
        order[k] = k;
      std::shuffle(order.begin(), order.end(), random);
      text += "  %r = noodle.contract \"" + join(operands, order, ",") + "->" +
              letters[0] + letters[count] + "\" (" + join(names, order, ", ") +
              ")" + attributes + join(types, order, ", ") + ") -> " + to + "\n";
    } else {
      // From one end to the other.
      std::string name = names[0], type = types[0], its = operands[0];
      for (int64_t k = 1; k < count; ++k) {
        Matrix made;
        made.rows = k + 1 < count ? pick(4) != 0 : result.rows;
        made.extents[0] = extents[0];
        made.extents[1] = extents[k + 1];
        std::string next = k + 1 < count ? "%t" + std::to_string(k) : "%r";
        std::string out{letters[0], letters[k + 1]};
        text += "  " + next + " = noodle.contract \"" + its + "," +
                operands[k] + "->" + out + "\" (" + name + ", " + names[k] +
                ")" + attributes + type + ", " + types[k] + ") -> " +
                made.type(dynamic) + "\n";
        name = next;
        its = out;
        type = made.type(dynamic);
      }
    }
    text += "  return %r : " + to + "\n}\n";
  }

private:
  int64_t pick(int64_t count) { return int64_t(random() % uint64_t(count)); }

  static std::string join(const std::vector<std::string> &parts,
                          const std::vector<size_t> &order,
                          const char *between) {
    std::string text;
    for (size_t k : order)
      text += (text.empty() ? "" : between) + parts[k];
    return text;
  }

  void fill(Matrix &matrix) {
    int64_t percent = 5 + pick(50);
    int64_t lines = matrix.extents[matrix.rows ? 0 : 1],
            width = matrix.extents[matrix.rows ? 1 : 0];
    matrix.positions.push_back(0);
    for (int64_t i = 0; i < lines; ++i) {
      for (int64_t j = 0; j < width; ++j)
        if (pick(100) < percent) {
          matrix.coordinates.push_back(int32_t(j));
          matrix.values.push_back(pick(7) - 3); // stored zeros as well
        }
      matrix.positions.push_back(int64_t(matrix.values.size()));
    }
  }

  std::mt19937_64 random;
};

int64_t fromEnvironment(const char *name, int64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::strtoll(text, nullptr, 10) : otherwise;
}

TEST(SparseChains, CompiledStoresWhatTheInterpreterStores) {
  engine::EngineOptions options;
  options.threads = 2;
  std::shared_ptr<engine::Engine> engine;
  ASSERT_TRUE(engine::Engine::create(options, engine).ok());
  int64_t first = fromEnvironment("NOODLE_RANDOM_SEED", 1),
          count = fromEnvironment("NOODLE_SPARSE_CHAIN_COUNT", 60);
  int64_t regrouped = 0;
  for (int64_t seed = first; seed < first + count; ++seed) {
    Generator program{uint64_t(seed)};
    program.run();
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + program.text);
    std::vector<noodle_rt_tensor> arguments;
    for (Matrix &matrix : program.matrices)
      arguments.push_back(matrix.view());
    engine::CompileOptions compile;
    compile.optLevel = 0;
    compile.strict = true; // nothing falls back to the interpreter
    std::shared_ptr<engine::Program> made;
    engine::Status status =
        engine::Program::compile(engine, program.text, compile, made);
    ASSERT_TRUE(status.ok()) << status.str();
    rt::Region region(engine->pool());
    noodle_rt_tensor result{}, expected{};
    status = made->call(arguments, region, {&result, 1});
    ASSERT_TRUE(status.ok()) << status.str();
    for (const engine::Site &site : made->kernel()->artifact().sites)
      regrouped += site.plan.nodes.size() > 3;

    engine::Artifact artifact;
    status = engine::interpretedArtifact(program.text, {}, artifact);
    ASSERT_TRUE(status.ok()) << status.str();
    std::shared_ptr<const engine::Kernel> kernel;
    status = engine::Kernel::load(std::move(artifact), kernel);
    ASSERT_TRUE(status.ok()) << status.str();
    rt::Region other(engine->pool());
    status = engine::call(engine->pool(), kernel, "main", arguments, other,
                          {&expected, 1});
    ASSERT_TRUE(status.ok()) << status.str();
    ASSERT_EQ(entriesOf(result), entriesOf(expected));
  }
  if (count >= 60) {
    EXPECT_GT(regrouped, count / 10) << "hardly any chain was planned";
  }
}

} // namespace
