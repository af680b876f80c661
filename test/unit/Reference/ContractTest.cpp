//===- ContractTest.cpp - letters, formats, masks -------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Harness.h"

#include <random>

using namespace noodle_test;

/// A function of one op over these arguments.
static std::string contract(StringRef parameters, StringRef op,
                            StringRef result) {
  return ("func.func @main(" + parameters + ") -> " + result +
          " {\n  %r = " + op + "\n  return %r : " + result + "\n}")
      .str();
}

TEST(Contract, DiagonalAndTrace) {
  Tensor a = dense<int64_t>({3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  expectRun(contract("%a: tensor<3x3xi64>",
                     "noodle.contract \"ii->i\" (%a) : (tensor<3x3xi64>) -> "
                     "tensor<3xi64>",
                     "tensor<3xi64>"),
            {a}, dense<int64_t>({3}, {1, 5, 9}));
  expectRun(contract("%a: tensor<?x?xi64>",
                     "noodle.contract \"ii->\" (%a) : (tensor<?x?xi64>) -> "
                     "tensor<i64>",
                     "tensor<i64>"),
            {a}, dense<int64_t>({}, {15}));
}

TEST(Contract, FreeLetterRepeats) {
  expectRun(contract("%a: tensor<2xi32>",
                     "noodle.contract \"i->ki\" (%a) : (tensor<2xi32>) -> "
                     "tensor<3x2xi32>",
                     "tensor<3x2xi32>"),
            {dense<int32_t>({2}, {4, 5})},
            dense<int32_t>({3, 2}, {4, 5, 4, 5, 4, 5}));
}

TEST(Contract, StaticOneBroadcasts) {
  expectRun(contract("%a: tensor<2x1xi64>, %b: tensor<2x3xi64>",
                     "noodle.contract \"ij,ij->ij\" (%a, %b) : "
                     "(tensor<2x1xi64>, tensor<2x3xi64>) -> tensor<2x3xi64>",
                     "tensor<2x3xi64>"),
            {dense<int64_t>({2, 1}, {10, 20}),
             dense<int64_t>({2, 3}, {1, 2, 3, 4, 5, 6})},
            dense<int64_t>({2, 3}, {10, 20, 30, 80, 100, 120}));
}

TEST(Contract, NamesAndOuterProducts) {
  expectRun(contract("%a: tensor<2xi64>, %b: tensor<3xi64>",
                     "noodle.contract \"r0, r1 -> r1 r0\" (%a, %b) : "
                     "(tensor<2xi64>, tensor<3xi64>) -> tensor<3x2xi64>",
                     "tensor<3x2xi64>"),
            {dense<int64_t>({2}, {1, 2}), dense<int64_t>({3}, {3, 4, 5})},
            dense<int64_t>({3, 2}, {3, 6, 4, 8, 5, 10}));
}

TEST(Contract, EmptyExtents) {
  expectRun(contract("%a: tensor<?x?xf64>, %b: tensor<?x?xf64>",
                     "noodle.matmul %a, %b : tensor<?x?xf64>, "
                     "tensor<?x?xf64> -> tensor<?x?xf64>",
                     "tensor<?x?xf64>"),
            {dense<double>({2, 0}, {}), dense<double>({0, 3}, {})},
            dense<double>({2, 3}, {0, 0, 0, 0, 0, 0}));
  expectRun(contract("%a: tensor<?x?xf64, #csr>, %b: tensor<?x?xf64>",
                     "noodle.matmul %a, %b : tensor<?x?xf64, #csr>, "
                     "tensor<?x?xf64> -> tensor<?x?xf64>",
                     "tensor<?x?xf64>"),
            {csr<double>({0, 2}, {0}, {}, {}), dense<double>({2, 1}, {1, 1})},
            dense<double>({0, 1}, {}));
}

TEST(Contract, MatmulByNumPyRules) {
  expectRun(contract("%a: tensor<2xi64>, %b: tensor<3x2x2xi64>",
                     "noodle.matmul %a, %b : tensor<2xi64>, "
                     "tensor<3x2x2xi64> -> tensor<3x2xi64>",
                     "tensor<3x2xi64>"),
            {dense<int64_t>({2}, {1, 10}),
             dense<int64_t>({3, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2})},
            dense<int64_t>({3, 2}, {31, 42, 75, 86, 19, 20}));
  expectRun(contract("%a: tensor<1x2x3xi64>, %b: tensor<2x3x1xi64>",
                     "noodle.matmul %a, %b : tensor<1x2x3xi64>, "
                     "tensor<2x3x1xi64> -> tensor<2x2x1xi64>",
                     "tensor<2x2x1xi64>"),
            {dense<int64_t>({1, 2, 3}, {1, 2, 3, 4, 5, 6}),
             dense<int64_t>({2, 3, 1}, {1, 1, 1, 2, 0, 1})},
            dense<int64_t>({2, 2, 1}, {6, 15, 5, 14}));
}

//===----------------------------------------------------------------------===//
// Sparse
//===----------------------------------------------------------------------===//

TEST(Contract, AbsentEntriesAnnihilate) {
  // [[0, 1], [2, 0]] times (inf, 1): NaN where the 0 is an entry.
  std::string sparse =
      contract("%a: tensor<?x?xf64, #csr>, %x: tensor<?xf64>",
               "noodle.matmul %a, %x : tensor<?x?xf64, #csr>, tensor<?xf64> -> "
               "tensor<?xf64>",
               "tensor<?xf64>");
  Tensor x = dense<double>({2}, {inf, 1});
  expectRun(sparse, {csr<double>({2, 2}, {0, 1, 2}, {1, 0}, {1, 2}), x},
            dense<double>({2}, {1, inf}));
  expectRun(sparse,
            {csr<double>({2, 2}, {0, 2, 4}, {0, 1, 0, 1}, {0, 1, 2, 0}), x},
            dense<double>({2}, {nan64, inf}));
}

TEST(Contract, ZeroWeightEdgesStay) {
  expectRun(contract("%a: tensor<?x?xi64, #csr>, %x: tensor<?xi64>",
                     "noodle.matmul %a, %x {semiring = "
                     "#noodle.semiring<min_plus>} : tensor<?x?xi64, #csr>, "
                     "tensor<?xi64> -> tensor<?xi64>",
                     "tensor<?xi64>"),
            {csr<int64_t>({3, 3}, {0, 1, 2, 2}, {1, 0}, {0, 3}),
             dense<int64_t>({3}, {5, 7, 1})},
            dense<int64_t>({3}, {7, 8, max64}));
}

TEST(Contract, SparseResultKeepsComputedZeros) {
  // Rows (1, -1) and (0, 0 as entries): products that cancel stay stored.
  expectRun(contract("%a: tensor<?x?xf64, #csr>, %b: tensor<?x?xf64, #csc>",
                     "noodle.matmul %a, %b : tensor<?x?xf64, #csr>, "
                     "tensor<?x?xf64, #csc> -> tensor<?x?xf64, #csr>",
                     "tensor<?x?xf64, #csr>"),
            {csr<double>({2, 3}, {0, 2, 3}, {0, 2, 1}, {1, -1, 4}),
             csc<double>({3, 2}, {0, 2, 3}, {0, 2, 0}, {1, 1, 5})},
            csr<double>({2, 2}, {0, 2, 2}, {0, 1}, {0, 5}));
}

TEST(Contract, SparseResultInEitherFormat) {
  std::vector<Value> arguments = {
      csr<int64_t>({2, 3}, {0, 2, 3}, {0, 2, 1}, {1, 2, 3}),
      dense<int64_t>({3}, {10, 20, 30})};
  expectRun(contract("%a: tensor<2x3xi64, #csr>, %x: tensor<3xi64>",
                     "noodle.contract \"ij,j->ji\" (%a, %x) : "
                     "(tensor<2x3xi64, #csr>, tensor<3xi64>) -> "
                     "tensor<3x2xi64, #csr>",
                     "tensor<3x2xi64, #csr>"),
            arguments,
            csr<int64_t>({3, 2}, {0, 1, 2, 3}, {0, 1, 0}, {10, 60, 60}));
  expectRun(contract("%a: tensor<2x3xi64, #csr>, %x: tensor<3xi64>",
                     "noodle.contract \"ij,j->ij\" (%a, %x) : "
                     "(tensor<2x3xi64, #csr>, tensor<3xi64>) -> "
                     "tensor<2x3xi64, #csc>",
                     "tensor<2x3xi64, #csc>"),
            arguments,
            csc<int64_t>({2, 3}, {0, 1, 2, 3}, {0, 1, 0}, {10, 60, 60}));
}

TEST(Contract, TriangleCount) {
  // The complete graph on four nodes has four triangles, each counted 6 times.
  std::vector<int64_t> positions = {0, 3, 6, 9, 12},
                       coordinates = {1, 2, 3, 0, 2, 3, 0, 1, 3, 0, 1, 2},
                       ones(12, 1);
  expectRun(contract("%a: tensor<?x?xi64, #csr>",
                     "noodle.contract \"ij,jk,ki->\" (%a, %a, %a) : "
                     "(tensor<?x?xi64, #csr>, tensor<?x?xi64, #csr>, "
                     "tensor<?x?xi64, #csr>) -> tensor<i64>",
                     "tensor<i64>"),
            {csr<int64_t>({4, 4}, positions, coordinates, ones)},
            dense<int64_t>({}, {24}));
}

TEST(Contract, DiagonalOfSparse) {
  Tensor a = csr<int64_t>({3, 3}, {0, 2, 2, 3}, {0, 1, 2}, {7, 8, 9});
  expectRun(contract("%a: tensor<?x?xi64, #csr>",
                     "noodle.contract \"ii->i\" (%a) {semiring = "
                     "#noodle.semiring<max_plus>} : (tensor<?x?xi64, #csr>) "
                     "-> tensor<?xi64>",
                     "tensor<?xi64>"),
            {a}, dense<int64_t>({3}, {7, min64, 9}));
}

TEST(Contract, SparseBroadcast) {
  expectRun(contract("%a: tensor<1x3xi64, #csr>, %b: tensor<2x3xi64>",
                     "noodle.contract \"ij,ij->ij\" (%a, %b) : "
                     "(tensor<1x3xi64, #csr>, tensor<2x3xi64>) -> "
                     "tensor<2x3xi64>",
                     "tensor<2x3xi64>"),
            {csr<int64_t>({1, 3}, {0, 2}, {0, 2}, {2, 3}),
             dense<int64_t>({2, 3}, {1, 2, 3, 4, 5, 6})},
            dense<int64_t>({2, 3}, {2, 0, 9, 8, 0, 18}));
  expectRun(contract("%a: tensor<1x1xi64, #csc>, %b: tensor<2x3xi64>",
                     "noodle.contract \"ij,ij->ij\" (%a, %b) : "
                     "(tensor<1x1xi64, #csc>, tensor<2x3xi64>) -> "
                     "tensor<2x3xi64, #csr>",
                     "tensor<2x3xi64, #csr>"),
            {csc<int64_t>({1, 1}, {0, 0}, {}, {}),
             dense<int64_t>({2, 3}, {1, 2, 3, 4, 5, 6})},
            csr<int64_t>({2, 3}, {0, 0, 0}, {}, {}));
}

//===----------------------------------------------------------------------===//
// Masks and accumulation
//===----------------------------------------------------------------------===//

static const char *maskedParameters =
    "%a: tensor<2x2xi64>, %b: tensor<2x2xi64>, %m: tensor<2x2xi64, #csr>, "
    "%d: tensor<2x2xi1>, %c: tensor<2x2xi64>";

static std::vector<Value> maskedArguments() {
  return {dense<int64_t>({2, 2}, {1, 2, 3, 4}),
          dense<int64_t>({2, 2}, {5, 6, 7, 8}),
          csr<int64_t>({2, 2}, {0, 1, 3}, {1, 0, 1}, {9, 0, 1}),
          dense<bool>({2, 2}, {true, false, false, true}),
          dense<int64_t>({2, 2}, {100, 200, 300, 400})};
}

static void expectMasked(StringRef clauses, StringRef attributes,
                         std::vector<int64_t> expected) {
  expectRun(contract(maskedParameters,
                     ("noodle.contract \"ik,kj->ij\" (%a, %b) " + clauses +
                      " {" + attributes +
                      "} : (tensor<2x2xi64>, tensor<2x2xi64>) -> "
                      "tensor<2x2xi64>")
                         .str(),
                     "tensor<2x2xi64>"),
            maskedArguments(), dense<int64_t>({2, 2}, expected));
}

// a * b is 19 22 43 50.
TEST(Contract, Masks) {
  StringRef sparse = "mask(%m : tensor<2x2xi64, #csr>)";
  StringRef boolean = "mask(%d : tensor<2x2xi1>)";
  expectMasked("", "", {19, 22, 43, 50});
  expectMasked(sparse, "", {0, 22, 43, 50});
  expectMasked(sparse, "mask_complement", {19, 0, 0, 0});
  expectMasked(sparse, "mask_valued", {0, 22, 0, 50});
  expectMasked(sparse, "mask_valued, mask_complement", {19, 0, 43, 0});
  expectMasked(boolean, "mask_valued", {19, 0, 0, 50});
  expectMasked(boolean, "mask_valued, mask_complement", {0, 22, 43, 0});
  expectMasked(sparse, "semiring = #noodle.semiring<min_plus>",
               {max64, 7, 8, 9});
}

TEST(Contract, InitKeepsWhatTheMaskLeavesOut) {
  std::string both = "mask(%m : tensor<2x2xi64, #csr>) "
                     "into(%c : tensor<2x2xi64>)";
  expectMasked("into(%c : tensor<2x2xi64>)", "", {119, 222, 343, 450});
  expectMasked(both, "", {100, 222, 343, 450});
  expectMasked(both, "mask_complement", {119, 200, 300, 400});
  expectMasked(both, "semiring = #noodle.semiring<max_plus>",
               {100, 200, 300, 400});
}

TEST(Contract, SparseInitIsAUnion) {
  std::string program = contract(
      "%a: tensor<?x?xi64, #csr>, %c: tensor<?x?xi64, #csr>, "
      "%m: tensor<?x?xi64, #csr>",
      "noodle.contract \"ij->ij\" (%a) into(%c : tensor<?x?xi64, #csr>) : "
      "(tensor<?x?xi64, #csr>) -> tensor<?x?xi64, #csr>",
      "tensor<?x?xi64, #csr>");
  Tensor a = csr<int64_t>({2, 3}, {0, 2, 3}, {0, 2, 1}, {1, 2, 3});
  Tensor c = csr<int64_t>({2, 3}, {0, 1, 3}, {2, 0, 1}, {10, 20, -3});
  Tensor m = csr<int64_t>({2, 3}, {0, 1, 2}, {0, 1}, {1, 1});
  expectRun(program, {a, c, m},
            csr<int64_t>({2, 3}, {0, 2, 4}, {0, 2, 0, 1}, {1, 12, 20, 0}));
  expectRun(contract("%a: tensor<?x?xi64, #csr>, %c: tensor<?x?xi64, #csr>, "
                     "%m: tensor<?x?xi64, #csr>",
                     "noodle.contract \"ij->ij\" (%a) mask(%m : "
                     "tensor<?x?xi64, #csr>) into(%c : tensor<?x?xi64, #csr>) "
                     ": (tensor<?x?xi64, #csr>) -> tensor<?x?xi64, #csr>",
                     "tensor<?x?xi64, #csr>"),
            {a, c, m},
            csr<int64_t>({2, 3}, {0, 2, 4}, {0, 2, 0, 1}, {1, 10, 20, 0}));
}

//===----------------------------------------------------------------------===//
// Sparse against dense
//===----------------------------------------------------------------------===//

/// Over integers an absent entry and a stored zero mean the same, so every
/// combination of formats gives the dense answer.
TEST(Contract, EveryFormatAgrees) {
  std::mt19937_64 random(20240611);
  struct Equation {
    const char *text;
    int operands;
    const char *result;
  } equations[] = {{"ij,jk->ik", 2, "?x?"},    {"ij,kj->ki", 2, "?x?"},
                   {"ij,jk,ki->", 3, ""},      {"ij,ij->j", 2, "?"},
                   {"ij,jk,kl->il", 3, "?x?"}, {"ii,ij->j", 2, "?"},
                   {"ij,kl->ik", 2, "?x?"},    {"ji,jk,ik->i", 3, "?"}};
  const char *formats[] = {"", ", #csr", ", #csc"};
  for (const Equation &equation : equations) {
    int64_t n = 4;
    int choices = equation.operands == 2 ? 9 : 27;
    std::vector<std::vector<int64_t>> values(equation.operands);
    for (auto &list : values)
      for (int64_t k = 0; k < n * n; ++k)
        list.push_back(random() % 2 ? int64_t(random() % 7) - 3 : 0);
    Value expected;
    for (int choice = 0; choice < choices; ++choice) {
      std::string parameters, names, types;
      std::vector<Value> arguments;
      for (int o = 0, c = choice; o < equation.operands; ++o, c /= 3) {
        std::string type = std::string("tensor<?x?xi64") + formats[c % 3] + ">";
        std::string separator = o ? ", " : "";
        names += separator + "%a" + std::to_string(o);
        types += separator + type;
        parameters += separator + "%a" + std::to_string(o) + ": " + type;
        if (c % 3 == 0) {
          arguments.push_back(dense<int64_t>({n, n}, values[o]));
          continue;
        }
        std::vector<int64_t> positions = {0}, coordinates, stored;
        for (int64_t i = 0; i < n; ++i) {
          for (int64_t j = 0; j < n; ++j)
            if (int64_t v = values[o][c % 3 == 1 ? i * n + j : j * n + i]) {
              coordinates.push_back(j);
              stored.push_back(v);
            }
          positions.push_back(coordinates.size());
        }
        arguments.push_back(
            compressed<int64_t>(c % 3 == 1 ? NOODLE_RT_CSR : NOODLE_RT_CSC,
                                {n, n}, positions, coordinates, stored));
      }
      std::string shape = equation.result;
      std::string result =
          "tensor<" + shape + (shape.empty() ? "" : "x") + "i64>";
      Value actual =
          run(contract(parameters,
                       "noodle.contract \"" + std::string(equation.text) +
                           "\" (" + names + ") : (" + types + ") -> " + result,
                       result),
              arguments);
      if (choice == 0)
        expected = actual;
      EXPECT_EQ(compare(actual, expected), "")
          << equation.text << " with formats " << types;
      // The pattern of a sparse result covers every value that is not 0.
      if (shape != "?x?")
        continue;
      result = "tensor<?x?xi64, #csc>";
      EXPECT_EQ(
          compare(run(contract(parameters,
                               "noodle.contract \"" +
                                   std::string(equation.text) + "\" (" + names +
                                   ") : (" + types + ") -> " + result,
                               result),
                      arguments),
                  expected),
          "")
          << equation.text << " to csc with formats " << types;
    }
  }
}
