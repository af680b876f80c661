//===- EinsumTest.cpp - equations with known exact answers ----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Harness.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SHA256.h"
#include <cstdlib>

using namespace noodle_test;
namespace json = llvm::json;

static std::string dataFile(StringRef name) {
  if (const char *folder = std::getenv("NOODLE_DATA_DIR"))
    return (StringRef(folder) + "/" + name).str();
  return (StringRef(NOODLE_SOURCE_DIR) + "/../shared/data/" + name).str();
}

static uint64_t splitmix64(uint64_t x) {
  uint64_t z = x + 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

enum class Kind { PlusTimes, MinPlus, OrAnd };

/// The operand of a case, generated from its seed.
static Tensor operand(Kind kind, std::vector<int64_t> extents, uint64_t seed) {
  int64_t size = 1;
  for (int64_t extent : extents)
    size *= extent;
  std::vector<int64_t> values;
  for (int64_t i = 0; i < size; ++i) {
    uint64_t random = splitmix64((seed << 32) + i);
    values.push_back(kind == Kind::PlusTimes ? int64_t(random % 3) - 1
                     : kind == Kind::MinPlus ? int64_t(random % 10)
                                             : int64_t(random % 10 >= 6));
  }
  if (kind != Kind::OrAnd)
    return dense<int64_t>(std::move(extents), values);
  return dense<bool>(std::move(extents),
                     std::vector<bool>(values.begin(), values.end()));
}

static std::string tensorType(Kind kind, llvm::ArrayRef<int64_t> extents) {
  std::string text = "tensor<";
  for (int64_t extent : extents)
    text += std::to_string(extent) + "x";
  return text + (kind == Kind::OrAnd ? "i1>" : "i64>");
}

static std::string sha256(const Tensor &tensor) {
  llvm::SHA256 hash;
  hash.update(
      llvm::ArrayRef(reinterpret_cast<const uint8_t *>(tensor.values.data()),
                     tensor.values.size()));
  return llvm::toHex(hash.final(), /*LowerCase=*/true);
}

static void checkCase(Kind kind, StringRef equation, const json::Object &dims,
                      uint64_t number, StringRef expected) {
  auto extentsOf = [&](StringRef letters) {
    std::vector<int64_t> extents;
    for (char letter : letters)
      extents.push_back(*dims.getInteger(StringRef(&letter, 1)));
    return extents;
  };
  auto [inputs, output] = equation.split("->");
  llvm::SmallVector<StringRef> operands;
  inputs.split(operands, ',');
  std::vector<Value> arguments;
  std::vector<std::string> names, types, parameters;
  for (auto [k, letters] : llvm::enumerate(operands)) {
    std::vector<int64_t> extents = extentsOf(letters);
    names.push_back("%a" + std::to_string(k));
    types.push_back(tensorType(kind, extents));
    parameters.push_back(names.back() + ": " + types.back());
    arguments.push_back(operand(kind, extents, 1000 * (number + 1) + k));
  }
  std::string result = tensorType(kind, extentsOf(output));
  StringRef semiring = kind == Kind::PlusTimes ? "plus_times"
                       : kind == Kind::MinPlus ? "min_plus"
                                               : "or_and";
  std::string program = "func.func @main(" + llvm::join(parameters, ", ") +
                        ") -> " + result + " {\n  %r = noodle.contract \"" +
                        equation.str() + "\" (" + llvm::join(names, ", ") +
                        ") {semiring = #noodle.semiring<" + semiring.str() +
                        ">} : (" + llvm::join(types, ", ") + ") -> " + result +
                        "\n  return %r : " + result + "\n}\n";
  Value value = run(program, arguments);
  ASSERT_TRUE(std::holds_alternative<Tensor>(value));
  const Tensor &tensor = std::get<Tensor>(value);
  EXPECT_EQ(sha256(tensor), expected)
      << equation.str() << " over " << semiring.str() << " gives "
      << toString(value);
}

TEST(Einsum, ExactAnswers) {
  std::string path = dataFile("algebra/einsum_expected.json");
  auto file = llvm::MemoryBuffer::getFile(path);
  if (!file)
    GTEST_SKIP() << "SKIPPED 72 equations: there is no " << path
                 << "; name the folder of the data in NOODLE_DATA_DIR";
  llvm::Expected<json::Value> parsed = json::parse((*file)->getBuffer());
  ASSERT_TRUE(bool(parsed)) << llvm::toString(parsed.takeError());
  const json::Object &root = *parsed->getAsObject();
  const json::Array &cases = *root.getArray("cases");
  EXPECT_EQ(cases.size(), 24u);
  for (const json::Value &entry : cases) {
    const json::Object &c = *entry.getAsObject();
    StringRef equation = *c.getString("eq");
    uint64_t number = *c.getInteger("index");
    auto hash = [&](StringRef kind, StringRef name) {
      return *c.getObject(kind)->getString(name);
    };
    const json::Object &dims = *root.getObject("dims");
    checkCase(Kind::PlusTimes, equation, dims, number,
              hash("plus_times", "sha256_i64le"));
    checkCase(Kind::MinPlus, equation, dims, number,
              hash("min_plus", "sha256_i64le"));
    checkCase(Kind::OrAnd, equation, dims, number, hash("or_and", "sha256_u8"));
  }
}
