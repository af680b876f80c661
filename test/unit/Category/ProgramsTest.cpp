//===- ProgramsTest.cpp - programs and equations with known answers -------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The programs of programs_expected.json and the equations of
// einsum_expected.json, written as morphisms, compiled and compared by hash;
// the planned program must hold no tensor larger than its plan promises. Skips,
// saying what it skipped, where the data is absent.
//
//===----------------------------------------------------------------------===//
#include "Harness.h"

#include "noodle/Algebra/ContractionOrder.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SHA256.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>

using namespace noodle;
using namespace noodle::test;

namespace {

uint64_t mixed(uint64_t seed, uint64_t i) {
  uint64_t z = (seed << 32) + i + 0x9E3779B97F4A7C15ull;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

std::vector<int64_t> entries(int64_t count, uint64_t seed, uint64_t m,
                             int64_t offset) {
  std::vector<int64_t> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(int64_t(mixed(seed, uint64_t(i)) % m) - offset);
  return values;
}

Tensor i64(std::vector<int64_t> extents, uint64_t seed, uint64_t m,
           int64_t offset) {
  int64_t count = 1;
  for (int64_t extent : extents)
    count *= extent;
  return denseTensor(NOODLE_RT_I64, std::move(extents),
                     entries(count, seed, m, offset));
}

/// A CSR matrix of coordinates, values added up.
Tensor csr(int64_t rows, int64_t columns,
           const std::map<std::pair<int64_t, int64_t>, int64_t> &cells) {
  Tensor tensor;
  tensor.type = NOODLE_RT_I64;
  tensor.layout = NOODLE_RT_CSR;
  tensor.extents = {rows, columns};
  tensor.positions.assign(size_t(rows) + 1, 0);
  std::vector<int64_t> values;
  for (const auto &[at, value] : cells) {
    ++tensor.positions[size_t(at.first) + 1];
    tensor.coordinates.push_back(at.second);
    values.push_back(value);
  }
  for (int64_t i = 0; i < rows; ++i)
    tensor.positions[size_t(i) + 1] += tensor.positions[size_t(i)];
  tensor.values.resize(values.size() * 8);
  for (size_t k = 0; k < values.size(); ++k)
    tensor.set(int64_t(k), values[k]);
  return tensor;
}

std::string hash(const Tensor &tensor) {
  auto digest = llvm::SHA256::hash(
      llvm::ArrayRef(reinterpret_cast<const uint8_t *>(tensor.values.data()),
                     tensor.values.size()));
  return llvm::toHex(digest, /*LowerCase=*/true);
}

int64_t number(const Tensor &tensor, int64_t k) {
  return std::get<int64_t>(tensor.get(k));
}

const std::string kCsr =
    "#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : "
    "compressed), posWidth = 64, crdWidth = 64}>\n";

class Data : public ::testing::Test {
protected:
  /// The parsed file; null, with the test marked as skipped, where absent.
  const llvm::json::Object *load(const std::string &name, int checks) {
    const char *data = std::getenv("NOODLE_DATA_DIR");
    std::string path =
        (data ? std::string(data) : NOODLE_SOURCE_DIR "/../shared/data") +
        "/algebra/" + name;
    auto file = llvm::MemoryBuffer::getFile(path);
    if (!file) {
      std::printf("SKIPPED: no %s: %d exact answers not compared\n",
                  path.c_str(), checks);
      return nullptr;
    }
    auto value = llvm::json::parse((*file)->getBuffer());
    if (!value) {
      ADD_FAILURE() << path << ": " << llvm::toString(value.takeError());
      return nullptr;
    }
    parsed = std::move(*value);
    return parsed.getAsObject();
  }

  /// Compiled and run; the result.
  Tensor run(const std::string &text, const std::vector<Tensor> &arguments) {
    std::vector<Tensor> results(1);
    EXPECT_EQ(evaluator.run(Way::Compiled, text, arguments, results), "");
    return results[0];
  }

  llvm::json::Value parsed = nullptr;
  Evaluator evaluator;
};

#define LOAD(name, checks)                                                     \
  const llvm::json::Object *root = load(name, checks);                         \
  if (!root)                                                                   \
    GTEST_SKIP();

std::string hashOf(const llvm::json::Object &root, const char *program) {
  return root.getObject(program)
      ->getObject("expect")
      ->getString("sha256_i64le")
      ->str();
}

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

// Q;K^T;V as one composition: A(BC), never 4096x4096.
TEST_F(Data, B01ChainOfAttention) {
  LOAD("programs_expected.json", 1)
  std::string text = R"(
!m = !noodle.hom<[4096] -> [64], i64>
func.func @main(%q: tensor<4096x64xi64>, %k: tensor<4096x64xi64>, %v: tensor<4096x64xi64>) -> tensor<4096x64xi64> {
  %Q = noodle.from_tensor %q : tensor<4096x64xi64> -> !m
  %K = noodle.from_tensor %k : tensor<4096x64xi64> -> !m
  %V = noodle.from_tensor %v : tensor<4096x64xi64> -> !m
  %Kt = noodle.dagger %K : !m -> !noodle.hom<[64] -> [4096], i64>
  %o = noodle.compose %Q, %Kt, %V : (!m, !noodle.hom<[64] -> [4096], i64>, !m) -> !m
  %t = noodle.to_tensor %o : !m -> tensor<4096x64xi64>
  return %t : tensor<4096x64xi64>
}
)";
  Tensor out = run(text, {i64({4096, 64}, 1, 5, 2), i64({4096, 64}, 2, 5, 2),
                          i64({4096, 64}, 3, 5, 2)});
  EXPECT_EQ(hash(out), hashOf(*root, "B01_chain_attention"));
  std::string error, plan = evaluator.planned(text, error);
  EXPECT_NE(plan.find("tensor<64x64xi64>"), std::string::npos) << plan;
  EXPECT_EQ(plan.find("4096x4096"), std::string::npos) << plan;
}

// A;X;W with a sparse A: A(XW).
TEST_F(Data, B02GraphConvolution) {
  LOAD("programs_expected.json", 1)
  constexpr int64_t n = 20000;
  std::map<std::pair<int64_t, int64_t>, int64_t> edges;
  for (uint64_t e = 0; e < 1000000; ++e)
    edges[{int64_t(mixed(11, 2 * e) % n), int64_t(mixed(11, 2 * e + 1) % n)}] =
        1;
  std::string text = kCsr + R"(
!a = !noodle.hom<[20000] -> [20000], i64>
!x = !noodle.hom<[20000] -> [512], i64>
!w = !noodle.hom<[512] -> [16], i64>
!h = !noodle.hom<[20000] -> [16], i64>
func.func @main(%a: tensor<20000x20000xi64, #csr>, %x: tensor<20000x512xi64>, %w: tensor<512x16xi64>) -> tensor<20000x16xi64> {
  %A = noodle.from_tensor %a : tensor<20000x20000xi64, #csr> -> !a
  %X = noodle.from_tensor %x : tensor<20000x512xi64> -> !x
  %W = noodle.from_tensor %w : tensor<512x16xi64> -> !w
  %H = noodle.compose %A, %X, %W : (!a, !x, !w) -> !h
  %t = noodle.to_tensor %H : !h -> tensor<20000x16xi64>
  return %t : tensor<20000x16xi64>
}
)";
  Tensor out = run(text, {csr(n, n, edges), i64({n, 512}, 12, 3, 1),
                          i64({512, 16}, 13, 3, 1)});
  EXPECT_EQ(hash(out), hashOf(*root, "B02_gcn_AXW"));
  std::string error, plan = evaluator.planned(text, error);
  EXPECT_NE(plan.find("(tensor<20000x512xi64>, tensor<512x16xi64>) -> "
                      "tensor<20000x16xi64>"),
            std::string::npos)
      << plan;
}

// x;(A x B x C): the Kronecker product would take 550 GB.
TEST_F(Data, B03Kronecker) {
  LOAD("programs_expected.json", 1)
  std::string text = R"(
!f = !noodle.hom<[64] -> [64], i64>
!x = !noodle.hom<[] -> [64, 64, 64], i64>
!k = !noodle.hom<[64, 64, 64] -> [64, 64, 64], i64>
func.func @main(%x: tensor<64x64x64xi64>, %a: tensor<64x64xi64>, %b: tensor<64x64xi64>, %c: tensor<64x64xi64>) -> tensor<64x64x64xi64> {
  %X = noodle.from_tensor %x : tensor<64x64x64xi64> -> !x
  %A = noodle.from_tensor %a : tensor<64x64xi64> -> !f
  %B = noodle.from_tensor %b : tensor<64x64xi64> -> !f
  %C = noodle.from_tensor %c : tensor<64x64xi64> -> !f
  %K = noodle.tensor %A, %B, %C : (!f, !f, !f) -> !k
  %y = noodle.compose %X, %K : (!x, !k) -> !x
  %t = noodle.to_tensor %y : !x -> tensor<64x64x64xi64>
  return %t : tensor<64x64x64xi64>
}
)";
  Tensor out = run(text, {i64({64, 64, 64}, 24, 3, 1), i64({64, 64}, 21, 3, 1),
                          i64({64, 64}, 22, 3, 1), i64({64, 64}, 23, 3, 1)});
  EXPECT_EQ(hash(out), hashOf(*root, "B03_kron3"));
  std::string error, plan = evaluator.planned(text, error);
  EXPECT_EQ(plan.find("64x64x64x64"), std::string::npos) << plan;
}

// The trace of A;B without the product.
TEST_F(Data, B05TraceOfProduct) {
  LOAD("programs_expected.json", 1)
  std::string text = R"(
!m = !noodle.hom<[2048] -> [2048], i64>
!s = !noodle.hom<[] -> [], i64>
func.func @main(%a: tensor<2048x2048xi64>, %b: tensor<2048x2048xi64>) -> tensor<i64> {
  %A = noodle.from_tensor %a : tensor<2048x2048xi64> -> !m
  %B = noodle.from_tensor %b : tensor<2048x2048xi64> -> !m
  %AB = noodle.compose %A, %B : (!m, !m) -> !m
  %r = noodle.trace %AB : !m -> !s
  %t = noodle.to_tensor %r : !s -> tensor<i64>
  return %t : tensor<i64>
}
)";
  Tensor out =
      run(text, {i64({2048, 2048}, 41, 7, 3), i64({2048, 2048}, 42, 7, 3)});
  EXPECT_EQ(number(out, 0),
            *root->getObject("B05_trace_product")->getInteger("expect"));
  std::string error, plan = evaluator.planned(text, error);
  EXPECT_EQ(plan.find("-> tensor<2048x2048xi64>"), std::string::npos) << plan;
}

// All shortest paths, with edges of weight 0.
TEST_F(Data, B06ShortestPaths) {
  LOAD("programs_expected.json", 1)
  constexpr int64_t n = 512, none = std::numeric_limits<int64_t>::max();
  std::map<std::pair<int64_t, int64_t>, int64_t> edges;
  for (uint64_t e = 0; e < 4096; ++e) {
    auto at = std::pair(int64_t(mixed(51, 2 * e) % n),
                        int64_t(mixed(51, 2 * e + 1) % n));
    auto weight = int64_t(mixed(52, e) % 100);
    auto [known, isNew] = edges.try_emplace(at, weight);
    known->second = std::min(known->second, weight);
  }
  std::string text = kCsr + R"(
!a = !noodle.hom<[512] -> [512], i64, #noodle.semiring<min_plus>>
func.func @main(%a: tensor<512x512xi64, #csr>) -> tensor<512x512xi64> {
  %A = noodle.from_tensor %a : tensor<512x512xi64, #csr> -> !a
  %D = noodle.star %A : !a
  %t = noodle.to_tensor %D : !a -> tensor<512x512xi64>
  return %t : tensor<512x512xi64>
}
)";
  Tensor out = run(text, {csr(n, n, edges)});
  for (int64_t k = 0; k < out.size(); ++k)
    if (number(out, k) == none)
      out.set(k, int64_t(-1));
  EXPECT_EQ(hash(out), hashOf(*root, "B06_apsp_minplus_star"));
}

// Triangles: three edges whose ends are joined in a ring.
TEST_F(Data, B08Triangles) {
  LOAD("programs_expected.json", 1)
  constexpr uint64_t n = 3000;
  std::map<std::pair<int64_t, int64_t>, int64_t> edges;
  for (uint64_t e = 0; e < 60000; ++e) {
    auto a = int64_t(mixed(61, 2 * e) % n),
         b = int64_t(mixed(61, 2 * e + 1) % n);
    if (a != b)
      edges[{std::max(a, b), std::min(a, b)}] = 1; // the lower triangle
  }
  std::string text = kCsr + R"(
!l = !noodle.hom<[3000] -> [3000], i64>
!s = !noodle.hom<[] -> [], i64>
func.func @main(%l: tensor<3000x3000xi64, #csr>) -> tensor<i64> {
  %L = noodle.from_tensor %l : tensor<3000x3000xi64, #csr> -> !l
  %U = noodle.dagger %L : !l -> !l
  %two = noodle.compose %L, %L, %U : (!l, !l, !l) -> !l
  %r = noodle.trace %two : !l -> !s
  %t = noodle.to_tensor %r : !s -> tensor<i64>
  return %t : tensor<i64>
}
)";
  Tensor out = run(text, {csr(n, n, edges)});
  EXPECT_EQ(number(out, 0),
            *root->getObject("B08_triangles")->getInteger("expect"));
}

// Rows of joins, counted without the join.
TEST_F(Data, B09Joins) {
  LOAD("programs_expected.json", 3)
  std::vector<Tensor> relations;
  for (uint64_t r = 0; r < 4; ++r) {
    std::map<std::pair<int64_t, int64_t>, int64_t> bag;
    for (uint64_t e = 0; e < 100000; ++e)
      ++bag[{int64_t(mixed(70 + r, 2 * e) % 1000),
             int64_t(mixed(70 + r, 2 * e + 1) % 1000)}];
    relations.push_back(csr(1000, 1000, bag));
  }
  auto program = [&](int count, bool cycle) {
    std::string parameters, body, names, types;
    for (int k = 0; k < count; ++k) {
      std::string n = std::to_string(k);
      parameters += (k ? ", %r" : "%r") + n + ": tensor<1000x1000xi64, #csr>";
      body += "  %R" + n + " = noodle.from_tensor %r" + n +
              " : tensor<1000x1000xi64, #csr> -> !r\n";
      names += (k ? ", %R" : "%R") + n;
      types += k ? ", !r" : "!r";
    }
    if (cycle)
      body += "  %j = noodle.compose " + names + " : (" + types +
              ") -> !r\n  %s = noodle.trace %j : !r -> !s\n";
    else
      body += "  %end = noodle.wires discard : !d\n  %begin = noodle.dagger "
              "%end : !d -> !b\n  %s = noodle.compose %begin, " +
              names + ", %end : (!b, " + types + ", !d) -> !s\n";
    return kCsr + R"(
!r = !noodle.hom<[1000] -> [1000], i64>
!d = !noodle.hom<[1000] -> [], i64>
!b = !noodle.hom<[] -> [1000], i64>
!s = !noodle.hom<[] -> [], i64>
func.func @main()" +
           parameters + ") -> tensor<i64> {\n" + body +
           "  %t = noodle.to_tensor %s : !s -> tensor<i64>\n  return %t : "
           "tensor<i64>\n}\n";
  };
  const llvm::json::Object &expected = *root->getObject("B09_join_aggregate");
  std::vector<Tensor> three(relations.begin(), relations.begin() + 3);
  EXPECT_EQ(number(run(program(3, false), three), 0),
            *expected.getInteger("count_R0_R1_R2"));
  EXPECT_EQ(number(run(program(4, false), relations), 0),
            *expected.getInteger("count_R0_R1_R2_R3"));
  EXPECT_EQ(number(run(program(4, true), relations), 0),
            *expected.getInteger("count_4cycle_trace"));
  // Nothing as large as a relation is made.
  std::string error, plan = evaluator.planned(program(4, false), error);
  EXPECT_EQ(plan.find("-> tensor<1000x1000xi64"), std::string::npos) << plan;
}

// Sixteen functions, composed by gathering; read off by what they map to.
TEST_F(Data, B14Functions) {
  LOAD("programs_expected.json", 1)
  constexpr int64_t n = 1000000;
  std::vector<Tensor> arguments;
  std::string parameters, body, names, types;
  for (int k = 0; k < 16; ++k) {
    arguments.push_back(i64({n}, uint64_t(200 + k), n, 0));
    std::string m = std::to_string(k);
    parameters += "%f" + m + ": tensor<1000000xi64>, ";
    body += "  %F" + m + " = noodle.function %f" + m +
            " : tensor<1000000xi64> -> !f\n";
    names += "%F" + m + ", ";
    types += "!f, ";
  }
  std::vector<int64_t> count;
  for (int64_t k = 0; k < n; ++k)
    count.push_back(k);
  arguments.push_back(denseTensor(NOODLE_RT_I64, {n}, count));
  std::string text =
      R"(
!f = !noodle.hom<[1000000] -> [1000000], i64>
!v = !noodle.hom<[1000000] -> [], i64>
func.func @main()" +
      parameters + "%v: tensor<1000000xi64>) -> tensor<1000000xi64> {\n" +
      body +
      "  %V = noodle.from_tensor %v : tensor<1000000xi64> -> "
      "!v\n  %r = noodle.compose " +
      names + "%V : (" + types +
      "!v) -> !v\n  %t = noodle.to_tensor %r : !v -> "
      "tensor<1000000xi64>\n  return %t : tensor<1000000xi64>\n}\n";
  EXPECT_EQ(hash(run(text, arguments)),
            root->getObject("B14_finfunction_compose")
                ->getString("sha256_i64le")
                ->str());
  std::string error, plan = evaluator.planned(text, error);
  EXPECT_EQ(llvm::StringRef(plan).count("noodle.gather"), 16u) << plan;
  EXPECT_EQ(plan.find("noodle.contract"), std::string::npos) << plan;
}

//===----------------------------------------------------------------------===//
// Equations
//===----------------------------------------------------------------------===//

struct Ring {
  const char *name, *element, *hash;
};
const Ring kRings[] = {{"plus_times", "i64", "sha256_i64le"},
                       {"min_plus", "i64", "sha256_i64le"},
                       {"or_and", "i1", "sha256_u8"}};

// Operands side by side, their wires brought together letter by letter, a
// spider for each letter, and the spiders' legs in the order of the output.
TEST_F(Data, EquationsAsDiagrams) {
  LOAD("einsum_expected.json", 72)
  const llvm::json::Object &dims = *root->getObject("dims");
  int compared = 0;
  for (const llvm::json::Value &value : *root->getArray("cases")) {
    const llvm::json::Object &test = *value.getAsObject();
    std::string equation = test.getString("eq")->str();
    int64_t index = *test.getInteger("index");
    auto [inputs, output] = llvm::StringRef(equation).split("->");
    llvm::SmallVector<llvm::StringRef> operands;
    inputs.split(operands, ',');
    auto extent = [&](char letter) {
      return *dims.getInteger(std::string(1, letter));
    };
    for (const Ring &ring : kRings) {
      auto list = [&](llvm::StringRef letters) {
        std::string text;
        for (char letter : letters)
          text += (text.empty() ? "" : ", ") + std::to_string(extent(letter));
        return "[" + text + "]";
      };
      auto hom = [&](llvm::StringRef dom, llvm::StringRef cod) {
        return "!noodle.hom<" + list(dom) + " -> " + list(cod) + ", " +
               ring.element + ", #noodle.semiring<" + ring.name + ">>";
      };
      auto tensorType = [&](llvm::StringRef letters) {
        std::string text = "tensor<";
        for (char letter : letters)
          text += std::to_string(extent(letter)) + "x";
        return text + ring.element + ">";
      };
      bool boolean = ring.element == std::string("i1");
      bool plus = ring.name == std::string("plus_times");
      std::string parameters, body, names, types, legs;
      std::vector<Tensor> arguments;
      for (auto [k, operand] : llvm::enumerate(operands)) {
        std::string n = std::to_string(k);
        std::vector<int64_t> extents;
        int64_t count = 1;
        for (char letter : operand) {
          extents.push_back(extent(letter));
          count *= extents.back();
        }
        std::vector<int64_t> values =
            entries(count, uint64_t(1000 * (index + 1)) + k, plus ? 3 : 10,
                    plus ? 1 : 0);
        if (boolean)
          for (int64_t &v : values)
            v = v >= 6;
        arguments.push_back(denseTensor(boolean ? NOODLE_RT_I1 : NOODLE_RT_I64,
                                        extents, values));
        parameters += (k ? ", %a" : "%a") + n + ": " + tensorType(operand);
        body += "  %f" + n + " = noodle.from_tensor %a" + n + " : " +
                tensorType(operand) + " -> " + hom("", operand) + "\n";
        names += (k ? ", %f" : "%f") + n;
        types += (k ? ", " : "") + hom("", operand);
        legs += operand;
      }
      // Letters in order of first appearance, and the wires of each.
      std::string letters, gathered, order, spiders, spiderTypes, out;
      for (char letter : legs)
        if (letters.find(letter) == std::string::npos)
          letters += letter;
      for (char letter : letters) {
        std::string in;
        for (size_t w = 0; w < legs.size(); ++w)
          if (legs[w] == letter) {
            in += letter;
            order += (order.empty() ? ": " : ", ") + std::to_string(w);
          }
        std::string leg = output.contains(letter) ? std::string(1, letter) : "";
        std::string name = std::string("%s") + letter;
        body += "  " + name + " = noodle.wires spider : " + hom(in, leg) + "\n";
        spiders += (spiders.empty() ? "" : ", ") + name;
        spiderTypes += (spiderTypes.empty() ? "" : ", ") + hom(in, leg);
        gathered += in;
        out += leg;
      }
      std::string reorder;
      for (char letter : output)
        reorder +=
            (reorder.empty() ? ": " : ", ") + std::to_string(out.find(letter));
      body += "  %all = noodle.tensor " + names + " : (" + types + ") -> " +
              hom("", legs) + "\n";
      std::string last = "%all", lastType = hom("", legs);
      if (!letters.empty()) {
        body += "  %p = noodle.wires perm {permutation = array<i64" + order +
                ">} : " + hom(legs, gathered) + "\n  %s = noodle.tensor " +
                spiders + " : (" + spiderTypes + ") -> " + hom(gathered, out) +
                "\n  %q = noodle.wires perm {permutation = array<i64" +
                reorder + ">} : " + hom(out, output) +
                "\n  %r = noodle.compose %all, %p, %s, %q : (" + lastType +
                ", " + hom(legs, gathered) + ", " + hom(gathered, out) + ", " +
                hom(out, output) + ") -> " + hom("", output) + "\n";
        last = "%r";
        lastType = hom("", output);
      }
      std::string text = "func.func @main(" + parameters + ") -> " +
                         tensorType(output) + " {\n" + body +
                         "  %t = noodle.to_tensor " + last + " : " + lastType +
                         " -> " + tensorType(output) +
                         "\n  return %t : " + tensorType(output) + "\n}\n";
      EXPECT_EQ(hash(run(text, arguments)),
                test.getObject(ring.name)->getString(ring.hash)->str())
          << equation << " over " << ring.name << "\n"
          << text;
      std::string error, made = evaluator.elaborated(text, error);
      if (!letters.empty())
        EXPECT_EQ(llvm::StringRef(made).count("noodle.contract") +
                      llvm::StringRef(made).count("noodle.transpose"),
                  1u)
            << made;
      ++compared;
    }
  }
  EXPECT_GE(compared, 72);
}

TEST_F(Data, ChainsOfMatrices) {
  LOAD("chains.json", 5)
  for (const auto &[name, known] : *root->getObject("_mults")) {
    mlir::noodle::ContractionNetwork network;
    for (const llvm::json::Value &extent : *root->getArray(name.str()))
      network.extents.push_back(double(*extent.getAsInteger()));
    unsigned last = unsigned(network.extents.size()) - 1;
    for (unsigned k = 0; k < last; ++k)
      network.operands.push_back({k, k + 1});
    network.output = {0, last};
    const llvm::json::Object &mults = *known.getAsObject();
    EXPECT_EQ(std::llround(mlir::noodle::orderContractions(network).flops),
              *mults.getInteger("optimal_dp"))
        << name.str();
    EXPECT_EQ(std::llround(mlir::noodle::orderAsWritten(network).flops),
              *mults.getInteger("left_to_right"))
        << name.str();
  }
}

} // namespace
