//===- EinsumTest.cpp - equations with exact answers, compiled ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The equations of einsum_expected.json over plus_times, min_plus and or_and,
// through the JIT and through the interpreter strategy of the same engine.
//
//===----------------------------------------------------------------------===//

#include "noodle/Engine/Engine.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SHA256.h"

#include <gtest/gtest.h>

#include <cstdlib>

using namespace noodle;

namespace {

int64_t entry(uint64_t seed, uint64_t i, int64_t m, int64_t offset) {
  uint64_t z = (seed << 32) + i + 0x9E3779B97F4A7C15ull;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  z ^= z >> 31;
  return int64_t(z % uint64_t(m)) - offset;
}

struct Ring {
  const char *name, *element, *hash;
};
const Ring kRings[] = {{"plus_times", "i64", "sha256_i64le"},
                       {"min_plus", "i64", "sha256_i64le"},
                       {"or_and", "i1", "sha256_u8"}};

class Einsum : public ::testing::TestWithParam<const char *> {};

TEST_P(Einsum, ExactAnswers) {
  const char *data = std::getenv("NOODLE_DATA_DIR");
  std::string path =
      (data ? std::string(data) : NOODLE_SOURCE_DIR "/../shared/data") +
      "/algebra/einsum_expected.json";
  auto file = llvm::MemoryBuffer::getFile(path);
  if (!file)
    GTEST_SKIP() << "no " << path << ": 72 exact answers not compared";
  auto parsed = llvm::json::parse((*file)->getBuffer());
  ASSERT_TRUE(bool(parsed)) << llvm::toString(parsed.takeError());
  const llvm::json::Object &root = *parsed->getAsObject();
  const llvm::json::Object &dims = *root.getObject("dims");

  std::shared_ptr<engine::Engine> engine;
  ASSERT_TRUE(engine::Engine::create({}, engine).ok());
  int compared = 0;
  for (const llvm::json::Value &value : *root.getArray("cases")) {
    const llvm::json::Object &test = *value.getAsObject();
    std::string equation = test.getString("eq")->str();
    int64_t number = *test.getInteger("index");
    llvm::StringRef inputs, output;
    std::tie(inputs, output) = llvm::StringRef(equation).split("->");
    llvm::SmallVector<llvm::StringRef> operands;
    inputs.split(operands, ',');
    for (const Ring &ring : kRings) {
      bool boolean = ring.element == std::string("i1");
      std::vector<std::vector<int64_t>> wide;
      std::vector<std::vector<uint8_t>> narrow;
      std::vector<noodle_rt_tensor> arguments;
      std::string parameters, names, types;
      auto typeOf = [&](llvm::StringRef letters) {
        std::string text = "tensor<";
        for (char c : letters)
          text += std::to_string(*dims.getInteger(std::string(1, c))) + "x";
        return text + ring.element + ">";
      };
      for (size_t k = 0; k < operands.size(); ++k) {
        noodle_rt_tensor view{};
        view.layout = NOODLE_RT_DENSE;
        view.type = boolean ? NOODLE_RT_I1 : NOODLE_RT_I64;
        view.rank = uint8_t(operands[k].size());
        int64_t size = 1;
        for (size_t d = operands[k].size(); d-- > 0;) {
          view.extents[d] = *dims.getInteger(std::string(1, operands[k][d]));
          view.strides[d] = size;
          size *= view.extents[d];
        }
        std::vector<int64_t> &values = wide.emplace_back();
        std::vector<uint8_t> &bits = narrow.emplace_back();
        bool plus = ring.name == std::string("plus_times");
        for (int64_t i = 0; i < size; ++i) {
          values.push_back(
              entry(1000 * (number + 1) + k, i, plus ? 3 : 10, plus ? 1 : 0));
          bits.push_back(values.back() >= 6);
        }
        view.values = boolean ? static_cast<void *>(bits.data())
                              : static_cast<void *>(values.data());
        arguments.push_back(view);
        std::string name = "%a" + std::to_string(k), type = typeOf(operands[k]);
        parameters += (k ? ", " : "") + name + ": " + type;
        names += (k ? ", " : "") + name;
        types += (k ? ", " : "") + type;
      }
      std::string text = "func.func @main(" + parameters + ") -> " +
                         typeOf(output) + " {\n  %r = noodle.contract \"" +
                         equation + "\" (" + names +
                         ") {semiring = #noodle.semiring<" + ring.name +
                         ">} : (" + types + ") -> " + typeOf(output) +
                         "\n  return %r : " + typeOf(output) + "\n}\n";
      engine::CompileOptions options;
      options.strategy = GetParam();
      options.strict = options.strategy == "auto";
      std::shared_ptr<engine::Program> program;
      engine::Status status =
          engine::Program::compile(engine, text, options, program);
      ASSERT_TRUE(status.ok()) << status.str() << "\n" << text;
      rt::Region region(engine->pool());
      noodle_rt_tensor result{};
      status = program->call(arguments, region, {&result, 1});
      ASSERT_TRUE(status.ok()) << status.str() << "\n" << text;
      int64_t bytes = boolean ? 1 : 8;
      for (int d = 0; d < result.rank; ++d)
        bytes *= result.extents[d];
      auto hash = llvm::SHA256::hash(llvm::ArrayRef(
          static_cast<const uint8_t *>(result.values), size_t(bytes)));
      EXPECT_EQ(llvm::toHex(hash, /*LowerCase=*/true),
                test.getObject(ring.name)->getString(ring.hash)->str())
          << equation << " over " << ring.name;
      ++compared;
    }
  }
  EXPECT_EQ(compared % 3, 0);
  EXPECT_GE(compared, 3 * 24);
}

INSTANTIATE_TEST_SUITE_P(Strategies, Einsum,
                         ::testing::Values("auto", "reference"));

} // namespace
