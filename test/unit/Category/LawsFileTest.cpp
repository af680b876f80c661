//===- LawsFileTest.cpp - the laws and counterexamples of laws.json -------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every law of the file is named beside the tests that execute it over the
// semirings it is claimed for, and every counterexample is executed here with
// the file's numbers. An entry that nothing here knows is a failure; so is one
// that is known and missing. Skips, saying what it skipped, where the data is
// absent.
//
//===----------------------------------------------------------------------===//
#include "Algebras.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>

using namespace noodle;
using namespace noodle::test;
using llvm::json::Object;

namespace {

/// Law of the file -> the tests that execute it, by suite and name.
const std::map<std::string, std::vector<std::string>> kLaws = {
    {"assoc", {"Semirings/Laws.Associativity"}},
    {"interchange (f(x)g);(h(x)k)==(f;h)(x)(g;k)",
     {"Semirings/Laws.Interchange"}},
    {"vec trick", {"Semirings/Laws.VecTrick", "LawsFile.VecTrick"}},
    {"trace cyclic tr(f;g)=tr(g;f), f m->n", {"Semirings/Laws.TraceIsCyclic"}},
    {"snake (cap(x)id);(id(x)cup)=id", {"Semirings/Laws.Snake"}},
    {"special spider: copy;merge=id", {"Semirings/Laws.SpecialSpider"}},
    {"spider fusion", {"Semirings/Laws.SpiderFusion"}},
    {"swap natural", {"Semirings/Laws.SwapIsNatural"}},
    {"discard natural f;!=!", {"Semirings/Natural.Discard"}},
    {"copy natural f;copy=copy;(f(x)f)", {"Semirings/Natural.Copy"}},
    {"change of base h(f;g)=h(f);h(g)", {"LawsFile.ChangeOfBase"}},
    {"star unfold A*=1+A;A*", {"Semirings/Closed.StarUnfolds"}},
    {"block star", {"Semirings/Closed.StarOfBlocks"}}};

/// Rows of numbers; "inf" and "nan" are strings, booleans 0 and 1.
double number(const llvm::json::Value &value) {
  if (auto text = value.getAsString())
    return *text == "inf"   ? INFINITY
           : *text == "nan" ? NAN
                            : std::strtod(text->str().c_str(), nullptr);
  if (auto flag = value.getAsBoolean())
    return *flag;
  return *value.getAsNumber();
}

Tensor tensor(noodle_rt_type type, std::vector<int64_t> extents,
              const std::vector<double> &values) {
  Tensor made = denseTensor(type, std::move(extents),
                            std::vector<int64_t>(values.size()));
  for (size_t k = 0; k < values.size(); ++k)
    switch (type) {
    case NOODLE_RT_F32:
      made.set(int64_t(k), float(values[k]));
      break;
    case NOODLE_RT_F64:
      made.set(int64_t(k), values[k]);
      break;
    case NOODLE_RT_I1:
      made.set(int64_t(k), values[k] != 0);
      break;
    default:
      made.set(int64_t(k), int64_t(values[k]));
    }
  return made;
}

std::vector<double> flat(const llvm::json::Array &rows) {
  std::vector<double> values;
  for (const llvm::json::Value &row : rows)
    if (const llvm::json::Array *inner = row.getAsArray())
      for (const llvm::json::Value &value : *inner)
        values.push_back(number(value));
    else
      values.push_back(number(row));
  return values;
}

Tensor matrix(noodle_rt_type type, const Object &from, const char *name) {
  const llvm::json::Array &rows = *from.getArray(name);
  std::vector<double> values = flat(rows);
  int64_t count = int64_t(rows.size());
  return tensor(type, {count, int64_t(values.size()) / count}, values);
}

class LawsFile : public ::testing::Test {
protected:
  /// The parsed file, or the test is skipped.
  const Object *load(int checks) {
    const char *data = std::getenv("NOODLE_DATA_DIR");
    std::string path =
        (data ? std::string(data) : NOODLE_SOURCE_DIR "/../shared/data") +
        "/algebra/laws.json";
    auto file = llvm::MemoryBuffer::getFile(path);
    if (!file) {
      std::printf("SKIPPED: no %s: %d laws and counterexamples not matched\n",
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

  /// The results, the same in all four ways.
  std::vector<Tensor> run(const std::string &text,
                          const std::vector<Tensor> &arguments) {
    std::vector<Tensor> first;
    for (Way way : kWays) {
      std::vector<Tensor> results;
      std::string error = evaluator.run(way, text, arguments, results);
      EXPECT_EQ(error, "") << wayName(way) << "\n" << text;
      if (!error.empty())
        return {};
      if (way == Way::Definition)
        first = results;
      for (size_t k = 0; k < results.size(); ++k)
        EXPECT_EQ(difference(first[k], results[k]), "") << wayName(way) << "\n"
                                                        << text;
    }
    return first;
  }
  void expect(const std::string &text, const std::vector<Tensor> &arguments,
              const std::vector<Tensor> &wanted) {
    std::vector<Tensor> results = run(text, arguments);
    ASSERT_EQ(results.size(), wanted.size());
    for (size_t k = 0; k < wanted.size(); ++k)
      EXPECT_EQ(difference(wanted[k], results[k]), "") << "result " << k << "\n"
                                                       << text;
  }
  void refused(const std::string &text, const std::vector<Tensor> &arguments,
               const std::string &message) {
    // Definitions are for programs that were accepted.
    for (Way way : {Way::Elaborated, Way::Planned, Way::Compiled}) {
      std::vector<Tensor> results;
      std::string error = evaluator.run(way, text, arguments, results);
      EXPECT_NE(error.find(message), std::string::npos)
          << wayName(way) << ": " << error;
    }
  }

  llvm::json::Value parsed = nullptr;
  Evaluator evaluator;
};

#define LOAD(checks)                                                           \
  const Object *root = load(checks);                                           \
  if (!root)                                                                   \
    GTEST_SKIP();

//===----------------------------------------------------------------------===//
// Laws
//===----------------------------------------------------------------------===//

TEST_F(LawsFile, EachLawHasItsTests) {
  LOAD(13)
  std::map<std::string, bool> tests;
  const auto &unit = *::testing::UnitTest::GetInstance();
  for (int s = 0; s < unit.total_test_suite_count(); ++s) {
    const auto &suite = *unit.GetTestSuite(s);
    for (int t = 0; t < suite.total_test_count(); ++t) {
      std::string name = suite.GetTestInfo(t)->name();
      tests[std::string(suite.name()) + "." + name.substr(0, name.find('/'))] =
          true;
    }
  }
  std::map<std::string, bool> seen;
  for (const llvm::json::Value &value : *root->getArray("must_hold")) {
    std::string law = value.getAsObject()->getString("law")->str();
    auto known = kLaws.find(law);
    if (known == kLaws.end()) {
      ADD_FAILURE() << "no test executes the law '" << law << "'";
      continue;
    }
    seen[law] = true;
    for (const std::string &test : known->second)
      EXPECT_TRUE(tests[test]) << law << ": there is no test " << test;
  }
  EXPECT_EQ(seen.size(), kLaws.size());
}

// y = x;(A x B), with the file's numbers.
TEST_F(LawsFile, VecTrick) {
  LOAD(1)
  for (const llvm::json::Value &value : *root->getArray("must_hold")) {
    const Object &law = *value.getAsObject();
    if (*law.getString("law") != "vec trick")
      continue;
    expect(R"(
!a = !noodle.hom<[2] -> [3], i64>
!b = !noodle.hom<[4] -> [5], i64>
!x = !noodle.hom<[] -> [2, 4], i64>
!y = !noodle.hom<[] -> [3, 5], i64>
func.func @main(%ta: tensor<2x3xi64>, %tb: tensor<4x5xi64>, %tx: tensor<2x4xi64>) -> tensor<3x5xi64> {
  %a = noodle.from_tensor %ta : tensor<2x3xi64> -> !a
  %b = noodle.from_tensor %tb : tensor<4x5xi64> -> !b
  %x = noodle.from_tensor %tx : tensor<2x4xi64> -> !x
  %ab = noodle.tensor %a, %b : (!a, !b) -> !noodle.hom<[2, 4] -> [3, 5], i64>
  %y = noodle.compose %x, %ab : (!x, !noodle.hom<[2, 4] -> [3, 5], i64>) -> !y
  %t = noodle.to_tensor %y : !y -> tensor<3x5xi64>
  return %t : tensor<3x5xi64>
}
)",
           {matrix(NOODLE_RT_I64, law, "A"), matrix(NOODLE_RT_I64, law, "B"),
            tensor(NOODLE_RT_I64, {2, 4}, flat(*law.getArray("x")))},
           {tensor(NOODLE_RT_I64, {3, 5}, flat(*law.getArray("y")))});
  }
}

/// Functions, in the matrices of a semiring: one 1 in each row.
class Natural : public ::testing::TestWithParam<Algebra> {
protected:
  void holds(const std::string &cod, const std::string &left,
             const std::string &right) {
    const Algebra &algebra = GetParam();
    for (int64_t seed = 0; seed < 4; ++seed) {
      std::vector<int64_t> entries(2 * 3, algebra.zero);
      entries[size_t(seed % 3)] = entries[size_t(3 + seed * 2 % 3)] =
          algebra.one;
      std::vector<Tensor> arguments{denseTensor(algebra.type, {2, 3}, entries)},
          expected, results;
      for (const std::string &body : {left, right})
        for (Way way : kWays) {
          std::string text =
              program(algebra, {{"f", "2", "3"}}, body, "2", cod);
          ASSERT_EQ(evaluator.run(way, text, arguments, results), "") << text;
          if (expected.empty())
            expected = results;
          EXPECT_EQ(difference(expected[0], results[0]), "")
              << wayName(way) << "\n"
              << text;
        }
    }
  }
  Evaluator evaluator;
};

TEST_P(Natural, Copy) {
  holds("3 3",
        R"(  %copy = noodle.wires copy : <3 -> 3 3>
  %r = noodle.compose %f, %copy : (<2 -> 3>, <3 -> 3 3>) -> <2 -> 3 3>
)",
        R"(  %copy = noodle.wires copy : <2 -> 2 2>
  %ff = noodle.tensor %f, %f : (<2 -> 3>, <2 -> 3>) -> <2 2 -> 3 3>
  %r = noodle.compose %copy, %ff : (<2 -> 2 2>, <2 2 -> 3 3>) -> <2 -> 3 3>
)");
}

TEST_P(Natural, Discard) {
  holds("",
        R"(  %discard = noodle.wires discard : <3 -> >
  %r = noodle.compose %f, %discard : (<2 -> 3>, <3 -> >) -> <2 -> >
)",
        R"(  %d = noodle.wires discard : <2 -> >
  %r = noodle.compose %d : (<2 -> >) -> <2 -> >
)");
}

INSTANTIATE_TEST_SUITE_P(Semirings, Natural, ::testing::ValuesIn(kAlgebras),
                         [](const auto &info) {
                           return std::string(info.param.semiring) + "_" +
                                  info.param.element;
                         });

/// h(f;g) and h(f);h(g) for h = "is not 0"; `attributes` of the maps.
std::string changeOfBase(const std::string &attributes) {
  auto map = [&](const char *to, const char *from, const char *source,
                 const char *result) {
    return std::string("  ") + to + " = noodle.hom_map " + from + " {" +
           attributes + "} : " + source + " -> " + result + R"( {
  ^bb0(%x: i64):
    %c = arith.constant 0 : i64
    %y = arith.cmpi ne, %x, %c : i64
    noodle.return %y : i1
  }
)";
  };
  return R"(
!f = !noodle.hom<[1] -> [2], i64>
!g = !noodle.hom<[2] -> [1], i64>
!p = !noodle.hom<[1] -> [1], i64>
!bf = !noodle.hom<[1] -> [2], i1, #noodle.semiring<or_and>>
!bg = !noodle.hom<[2] -> [1], i1, #noodle.semiring<or_and>>
!bp = !noodle.hom<[1] -> [1], i1, #noodle.semiring<or_and>>
func.func @main(%a: tensor<1x2xi64>, %b: tensor<2x1xi64>) -> (tensor<1x1xi1>, tensor<1x1xi1>) {
  %f = noodle.from_tensor %a : tensor<1x2xi64> -> !f
  %g = noodle.from_tensor %b : tensor<2x1xi64> -> !g
  %fg = noodle.compose %f, %g : (!f, !g) -> !p
)" + map("%l", "%fg", "!p", "!bp") +
         map("%hf", "%f", "!f", "!bf") + map("%hg", "%g", "!g", "!bg") +
         R"(  %r = noodle.compose %hf, %hg : (!bf, !bg) -> !bp
  %left = noodle.to_tensor %l : !bp -> tensor<1x1xi1>
  %right = noodle.to_tensor %r : !bp -> tensor<1x1xi1>
  return %left, %right : tensor<1x1xi1>, tensor<1x1xi1>
}
)";
}

// "is not 0" from the natural numbers to or_and is a homomorphism.
TEST_F(LawsFile, ChangeOfBase) {
  std::string text = changeOfBase("homomorphism, nonnegative");
  for (int64_t bits = 0; bits < 16; ++bits) {
    auto entry = [&](int64_t k) { return double((bits >> k & 1) * (k + 2)); };
    std::vector<Tensor> results =
        run(text, {tensor(NOODLE_RT_I64, {1, 2}, {entry(0), entry(1)}),
                   tensor(NOODLE_RT_I64, {2, 1}, {entry(2), entry(3)})});
    ASSERT_EQ(results.size(), 2u);
    EXPECT_EQ(difference(results[0], results[1]), "") << bits;
  }
}

//===----------------------------------------------------------------------===//
// Counterexamples
//===----------------------------------------------------------------------===//

/// (A B) C and A (B C) of matrices 1x2, 2x1, 1x1 or all 1x1.
std::string groupings(const std::string &before, const std::string &element,
                      const std::string &semiring, int64_t inner) {
  std::string n = std::to_string(inner), end = ", " + element + semiring + ">";
  auto tensors = [&](const std::string &shape) {
    return "tensor<" + shape + "x" + element + ">";
  };
  std::string a = tensors("1x" + n), b = tensors(n + "x1"), c = tensors("1x1");
  return before + "!ab = !noodle.hom<[1] -> [" + n + "]" + end +
         "\n!bc = !noodle.hom<[" + n + "] -> [1]" + end +
         "\n!ac = !noodle.hom<[1] -> [1]" + end + "\nfunc.func @main(%a: " + a +
         ", %b: " + b + ", %c: " + c + ") -> (" + c + ", " + c +
         ") {\n  %A = noodle.from_tensor %a : " + a +
         " -> !ab\n  %B = noodle.from_tensor %b : " + b +
         " -> !bc\n  %C = noodle.from_tensor %c : " + c + R"( -> !ac
  %AB = noodle.compose %A, %B : (!ab, !bc) -> !ac
  %l = noodle.compose %AB, %C : (!ac, !ac) -> !ac
  %BC = noodle.compose %B, %C : (!bc, !ac) -> !bc
  %r = noodle.compose %A, %BC : (!ab, !bc) -> !ac
  %left = noodle.to_tensor %l : !ac -> )" +
         c + "\n  %right = noodle.to_tensor %r : !ac -> " + c +
         "\n  return %left, %right : " + c + ", " + c + "\n}\n";
}

const char *const kPlusMin = R"(
noodle.semiring @plus_min : i64 traits <associative, commutative>
  zero {
    %z = arith.constant 0 : i64
    noodle.yield %z : i64
  } one {
    %o = arith.constant 9223372036854775807 : i64
    noodle.yield %o : i64
  } add {
  ^bb0(%a: i64, %b: i64):
    %m = arith.addi %a, %b : i64
    noodle.yield %m : i64
  } mul {
  ^bb0(%a: i64, %b: i64):
    %m = arith.minsi %a, %b : i64
    noodle.yield %m : i64
  }
)";

/// Takes the left factor: associative, but for the order of factors.
const char *const kLeft = R"(
noodle.semiring @left : i64 traits <associative, distributive>
  zero {
    %z = arith.constant 0 : i64
    noodle.yield %z : i64
  } one {
    %o = arith.constant 0 : i64
    noodle.yield %o : i64
  } add {
  ^bb0(%a: i64, %b: i64):
    %m = arith.maxsi %a, %b : i64
    noodle.yield %m : i64
  } mul {
  ^bb0(%a: i64, %b: i64):
    noodle.yield %a : i64
  }
)";

const char *const kCsr =
    "#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : "
    "compressed), posWidth = 64, crdWidth = 64}>\n";

TEST_F(LawsFile, EachCounterexampleIsRefusedOrKeptApart) {
  LOAD(13)
  auto i64 = [](std::vector<int64_t> extents, std::vector<double> values) {
    return tensor(NOODLE_RT_I64, std::move(extents), values);
  };
  auto f64 = [](std::vector<int64_t> extents, std::vector<double> values) {
    return tensor(NOODLE_RT_F64, std::move(extents), values);
  };
  using Check = std::function<void(const Object &)>;
  std::map<std::string, Check> checks = {
      {"plus_min_reassoc",
       [&](const Object &x) {
         expect(groupings(kPlusMin, "i64", ", #noodle.semiring<@plus_min>", 2),
                {matrix(NOODLE_RT_I64, x, "A"), matrix(NOODLE_RT_I64, x, "B"),
                 matrix(NOODLE_RT_I64, x, "C")},
                {i64({1, 1}, {*x.getNumber("left")}),
                 i64({1, 1}, {*x.getNumber("right")})});
       }},
      {"f32_reassoc_overflow",
       [&](const Object &x) {
         float b = float(number((*(*x.getArray("B"))[0].getAsArray())[0])),
               c = float(number((*(*x.getArray("C"))[0].getAsArray())[0]));
         Tensor left = tensor(NOODLE_RT_F32, {1, 1}, {number(*x.get("left"))});
         Tensor a = matrix(NOODLE_RT_F32, x, "A");
         // The file rounds to 1e30.
         float right =
             float(number((*(*x.getArray("A"))[0].getAsArray())[0])) * (b * c);
         EXPECT_NEAR(right / *x.getNumber("right"), 1, 1e-6);
         expect(
             groupings("", "f32", "", 1),
             {a, matrix(NOODLE_RT_F32, x, "B"), matrix(NOODLE_RT_F32, x, "C")},
             {left, tensor(NOODLE_RT_F32, {1, 1}, {right})});
       }},
      {"max_times_negative",
       [&](const Object &x) {
         // max_times is over what is not negative; who declares it over all
         // integers is told which law fails.
         double a = *x.getNumber("a"), b = *x.getNumber("b"),
                c = *x.getNumber("c");
         EXPECT_EQ(a * std::max(b, c), *x.getNumber("a*max(b,c)"));
         EXPECT_EQ(std::max(a * b, a * c), *x.getNumber("max(a*b,a*c)"));
         refused(R"(
noodle.semiring @signed : i64 traits <associative, commutative, distributive>
  zero {
    %z = arith.constant -9223372036854775808 : i64
    noodle.yield %z : i64
  } one {
    %o = arith.constant 1 : i64
    noodle.yield %o : i64
  } add {
  ^bb0(%a: i64, %b: i64):
    %m = arith.maxsi %a, %b : i64
    noodle.yield %m : i64
  } mul {
  ^bb0(%a: i64, %b: i64):
    %m = arith.muli %a, %b : i64
    noodle.yield %m : i64
  }
func.func @main(%a: tensor<1x1xi64>) -> tensor<1x1xi64> {
  %r = noodle.contract "ij,jk->ik" (%a, %a) {semiring = #noodle.semiring<@signed>} : (tensor<1x1xi64>, tensor<1x1xi64>) -> tensor<1x1xi64>
  return %r : tensor<1x1xi64>
}
)",
                 {i64({1, 1}, {a})}, "does not hold");
       }},
      {"i64_min_plus_wrap",
       [&](const Object &x) {
         EXPECT_EQ(*x.getInteger("correct"), kMost);
         auto one = [](int64_t value) {
           return denseTensor(NOODLE_RT_I64, {1, 1}, {value});
         };
         expect(groupings("", "i64", ", #noodle.semiring<min_plus>", 1),
                {one(kMost), one(1), one(1)}, {one(kMost), one(kMost)});
       }},
      {"sparse_zero_times_inf",
       [&](const Object &x) {
         // What is absent annihilates; a dense zero is multiplied.
         std::vector<int64_t> entries;
         for (double value : flat(*x.getArray("A")))
           entries.push_back(int64_t(value));
         expect(std::string(kCsr) + R"(
func.func @main(%s: tensor<2x2xf64, #csr>, %d: tensor<2x2xf64>, %x: tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>) {
  %p = noodle.contract "ij,j->i" (%s, %x) : (tensor<2x2xf64, #csr>, tensor<2xf64>) -> tensor<2xf64>
  %q = noodle.contract "ij,j->i" (%d, %x) : (tensor<2x2xf64>, tensor<2xf64>) -> tensor<2xf64>
  return %p, %q : tensor<2xf64>, tensor<2xf64>
}
)",
                {sparseTensor(NOODLE_RT_F64, {2, 2}, entries, 0),
                 matrix(NOODLE_RT_F64, x, "A"),
                 f64({2}, flat(*x.getArray("x")))},
                {f64({2}, flat(*x.getArray("mlir22_csr"))),
                 f64({2}, flat(*x.getArray("mlir22_dense")))});
       }},
      {"pattern_Z_to_Bool",
       [&](const Object &x) {
         std::vector<Tensor> arguments{matrix(NOODLE_RT_I64, x, "A"),
                                       matrix(NOODLE_RT_I64, x, "B")};
         refused(changeOfBase("homomorphism"), arguments,
                 "is no homomorphism: h(a + b) = h(a) + h(b) does not hold");
         // As a map of entries it is kept apart.
         expect(changeOfBase(""), arguments,
                {matrix(NOODLE_RT_I1, x, "pattern(AB)"),
                 matrix(NOODLE_RT_I1, x, "pattern(A)pattern(B)")});
       }},
      {"copy_not_natural",
       [&](const Object &x) {
         expect(R"(
!f = !noodle.hom<[2] -> [2], i64>
!two = !noodle.hom<[2] -> [2, 2], i64>
!ff = !noodle.hom<[2, 2] -> [2, 2], i64>
func.func @main(%t: tensor<2x2xi64>) -> (tensor<2x2x2xi64>, tensor<2x2x2xi64>) {
  %f = noodle.from_tensor %t : tensor<2x2xi64> -> !f
  %copy = noodle.wires copy : !two
  %l = noodle.compose %f, %copy : (!f, !two) -> !two
  %ff = noodle.tensor %f, %f : (!f, !f) -> !ff
  %r = noodle.compose %copy, %ff : (!two, !ff) -> !two
  %left = noodle.to_tensor %l : !two -> tensor<2x2x2xi64>
  %right = noodle.to_tensor %r : !two -> tensor<2x2x2xi64>
  return %left, %right : tensor<2x2x2xi64>, tensor<2x2x2xi64>
}
)",
                {matrix(NOODLE_RT_I64, x, "f")},
                {i64({2, 2, 2}, flat(*x.getArray("f;copy (2x4)"))),
                 i64({2, 2, 2}, flat(*x.getArray("copy;(f(x)f) (2x4)")))});
       }},
      {"discard_not_natural",
       [&](const Object &x) {
         expect(R"(
!f = !noodle.hom<[2] -> [2], i64>
!none = !noodle.hom<[2] -> [], i64>
func.func @main(%t: tensor<2x2xi64>) -> (tensor<2xi64>, tensor<2xi64>) {
  %f = noodle.from_tensor %t : tensor<2x2xi64> -> !f
  %d = noodle.wires discard : !none
  %l = noodle.compose %f, %d : (!f, !none) -> !none
  %left = noodle.to_tensor %l : !none -> tensor<2xi64>
  %right = noodle.to_tensor %d : !none -> tensor<2xi64>
  return %left, %right : tensor<2xi64>, tensor<2xi64>
}
)",
                {matrix(NOODLE_RT_I64, x, "f")},
                {i64({2}, flat(*x.getArray("f;!"))),
                 i64({2}, flat(*x.getArray("!")))});
       }},
      {"interchange_noncommutative",
       [&](const Object &) {
         refused(std::string(kLeft) + R"(
!h = !noodle.hom<[1] -> [1], i64, #noodle.semiring<@left>>
!hh = !noodle.hom<[1, 1] -> [1, 1], i64, #noodle.semiring<@left>>
func.func @main(%a: tensor<1x1xi64>) -> tensor<1x1x1x1xi64> {
  %f = noodle.from_tensor %a : tensor<1x1xi64> -> !h
  %ff = noodle.tensor %f, %f : (!h, !h) -> !hh
  %t = noodle.to_tensor %ff : !hh -> tensor<1x1x1x1xi64>
  return %t : tensor<1x1x1x1xi64>
}
)",
                 {i64({1, 1}, {1})},
                 "does not declare 'commutative', so (f x g);(h x k) would");
       }},
      {"zero_weight_edge_min_plus",
       [&](const Object &) {
         // Stores what differs from "no edge"; then a step from each node.
         expect(
             std::string(kCsr) + R"(
func.func @main(%d: tensor<2x2xf64>, %x: tensor<2xf64>) -> (tensor<2x2xf64, #csr>, tensor<2xf64>) {
  %s = noodle.convert %d {absent = 0x7FF0000000000000 : f64} : tensor<2x2xf64> -> tensor<2x2xf64, #csr>
  %y = noodle.contract "ij,j->i" (%s, %x) {semiring = #noodle.semiring<min_plus>} : (tensor<2x2xf64, #csr>, tensor<2xf64>) -> tensor<2xf64>
  return %s, %y : tensor<2x2xf64, #csr>, tensor<2xf64>
}
)",
             {f64({2, 2}, {INFINITY, 0, 3, INFINITY}), f64({2}, {5, 7})},
             {sparseTensor(NOODLE_RT_F64, {2, 2}, {kMost, 0, 3, kMost}, kMost),
              f64({2}, {7, 8})});
       }},
      {"neg_cycle_min_plus_star",
       [&](const Object &x) {
         std::vector<int64_t> edges(4, kMost);
         for (const llvm::json::Value &value : *x.getArray("edges")) {
           std::vector<double> edge = flat(*value.getAsArray());
           edges[size_t(edge[0] * 2 + edge[1])] = int64_t(edge[2]);
         }
         refused(R"(
!h = !noodle.hom<[2] -> [2], i64, #noodle.semiring<min_plus>>
func.func @main(%a: tensor<2x2xi64>) -> tensor<2x2xi64> {
  %A = noodle.from_tensor %a : tensor<2x2xi64> -> !h
  %s = noodle.star %A : !h
  %t = noodle.to_tensor %s : !h -> tensor<2x2xi64>
  return %t : tensor<2x2xi64>
}
)",
                 {denseTensor(NOODLE_RT_I64, {2, 2}, edges)},
                 "a cycle through node 1 is better than staying");
       }},
      {"neg_zero",
       [&](const Object &) {
         // Differences that are 0 stay stored; sums begin with +0.
         std::vector<Tensor> results =
             run(std::string(kCsr) + R"(
func.func @main(%a: tensor<2x2xf64, #csr>, %x: tensor<2xf64>) -> (tensor<2x2xf64, #csr>, tensor<f64>) {
  %d = noodle.merge union (%a, %a) : (tensor<2x2xf64, #csr>, tensor<2x2xf64, #csr>) -> tensor<2x2xf64, #csr> {
  ^bb0(%p: f64, %q: f64):
    %m = arith.subf %p, %q : f64
    noodle.entry %m : f64
  }
  %s = noodle.contract "i->" (%x) : (tensor<2xf64>) -> tensor<f64>
  return %d, %s : tensor<2x2xf64, #csr>, tensor<f64>
}
)",
                 {sparseTensor(NOODLE_RT_F64, {2, 2}, {0, 1, -2, 0}, 0),
                  f64({2}, {-0.0, -0.0})});
         ASSERT_EQ(results.size(), 2u);
         EXPECT_EQ(results[0].coordinates.size(), 2u);
         EXPECT_FALSE(std::signbit(std::get<double>(results[1].get(0))));
       }},
      {"nan_min", [&](const Object &x) {
         EXPECT_TRUE(std::isnan(number(*x.get("minimumf"))));
         expect(R"(
func.func @main(%x: tensor<2xf64>) -> tensor<f64> {
  %m = noodle.contract "i->" (%x) {semiring = #noodle.semiring<min_plus>} : (tensor<2xf64>) -> tensor<f64>
  return %m : tensor<f64>
}
)",
                {f64({2}, {number(*x.get("a")), number(*x.get("b"))})},
                {f64({}, {NAN})});
       }}};
  std::map<std::string, bool> seen;
  for (const llvm::json::Value &value : *root->getArray("counterexamples")) {
    const Object &example = *value.getAsObject();
    std::string id = example.getString("id")->str();
    SCOPED_TRACE(id);
    auto known = checks.find(id);
    if (known == checks.end()) {
      ADD_FAILURE() << "no check executes the counterexample";
      continue;
    }
    seen[id] = true;
    known->second(example);
  }
  EXPECT_EQ(seen.size(), checks.size());
}

} // namespace
