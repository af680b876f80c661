//===- FuzzTest.cpp - the C API under random misuse -----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Programs with random edits, and calls with random descriptors over valid
// buffers. Every outcome is a status or a result; the process lives. Prints its
// seed; NOODLE_RANDOM_SEED and NOODLE_RANDOM_COUNT change what is run.
//
//===----------------------------------------------------------------------===//

#include "noodle-c/noodle.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace {

uint64_t fromEnvironment(const char *name, uint64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

const char *const kPrograms[] = {
    R"(#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
func.func @main(%a: tensor<?x?xf64, #csr>, %x: tensor<?xf64>) -> tensor<?xf64> {
  %y = noodle.contract "ij,j->i" (%a, %x) {semiring = #noodle.semiring<min_plus>} : (tensor<?x?xf64, #csr>, tensor<?xf64>) -> tensor<?xf64>
  return %y : tensor<?xf64>
}
)",
    R"(func.func @main(%a: tensor<4x5xf32>, %b: tensor<5x6xf32>) -> tensor<4x6xf32> {
  %c = noodle.matmul %a, %b : tensor<4x5xf32>, tensor<5x6xf32> -> tensor<4x6xf32>
  %s = noodle.softmax %c {axis = 1 : i64} : tensor<4x6xf32>
  return %s : tensor<4x6xf32>
}
)",
    R"(func.func @main(%a: tensor<?x4xi64>, %i: tensor<?xi32>, %n: i64) -> (tensor<?x4xi64>, i64) {
  %g = noodle.gather %a[%i] {axis = 0 : i64} : tensor<?x4xi64>, tensor<?xi32> -> tensor<?x4xi64>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %r = scf.for %k = %c0 to %c3 step %c1 iter_args(%t = %g) -> (tensor<?x4xi64>) {
    %m = noodle.map (%t, %n) : (tensor<?x4xi64>, i64) -> tensor<?x4xi64> {
    ^bb0(%x: i64, %y: i64):
      %z = arith.addi %x, %y : i64
      noodle.yield %z : i64
    }
    scf.yield %m : tensor<?x4xi64>
  }
  return %r, %n : tensor<?x4xi64>, i64
}
)"};

struct Session {
  noodle_engine *engine = nullptr;
  noodle_region *region = nullptr;
  Session() {
    noodle_engine_options options{};
    options.struct_size = sizeof options;
    options.threads = 1;
    options.cache_bytes = 1 << 20;
    EXPECT_EQ(noodle_engine_create(&options, &engine), nullptr);
    EXPECT_EQ(noodle_region_create(engine, int64_t(64) << 20, nullptr, &region),
              nullptr);
  }
  ~Session() {
    noodle_region_release(region);
    noodle_engine_release(engine);
  }
};

/// One error, one line.
void expectOneLine(const noodle_status *status) {
  std::string message = noodle_status_message(status);
  EXPECT_FALSE(message.empty());
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

TEST(Fuzz, EditedPrograms) {
  uint64_t seed = fromEnvironment("NOODLE_RANDOM_SEED", 20);
  uint64_t count = fromEnvironment("NOODLE_RANDOM_COUNT", 400);
  std::printf("seed %llu\n", (unsigned long long)seed);
  std::mt19937_64 random(seed);
  // Token soup: what an edit may insert besides what is there.
  const char *const tokens[] = {
      "noodle.", "tensor<", "?x",   "f64",
      "->",      "{",       "}",    "(",
      ")",       "%a",      "#csr", "i1",
      "\"",      ",",       "-1",   "99999999999999999999",
      "0x7F",    "i32",     ":"};
  Session session;
  std::map<int, int> outcomes;
  for (uint64_t n = 0; n < count; ++n) {
    std::string text = kPrograms[random() % std::size(kPrograms)];
    for (uint64_t edits = 1 + (random() % 3 == 0) * 3; edits > 0; --edits) {
      size_t at = random() % (text.size() + 1);
      size_t length = std::min<size_t>(random() % 12, text.size() - at);
      switch (random() % 9) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, tokens[random() % std::size(tokens)]);
        break;
      case 2:
        text.insert(random() % (text.size() + 1), text.substr(at, length));
        break;
      case 3:
        if (at < text.size())
          text[at] = char(random());
        break;
      default: { // a number becomes another
        size_t digit = text.find_first_of("0123456789", at);
        if (digit != std::string::npos)
          text[digit] = char('0' + random() % 10);
      }
      }
    }
    noodle_program *program = nullptr;
    noodle_status *status = noodle_program_compile(
        session.engine, text.data(), text.size(), nullptr, &program);
    ++outcomes[noodle_status_code(status)];
    if (status)
      expectOneLine(status);
    EXPECT_EQ(status == nullptr, program != nullptr);
    EXPECT_NE(noodle_status_code(status), NOODLE_INTERNAL)
        << noodle_status_message(status) << "\n"
        << text;
    noodle_status_release(status);
    noodle_program_release(program);
  }
  std::printf("%d compiled, %d refused\n", outcomes[NOODLE_OK],
              int(count) - outcomes[NOODLE_OK]);
  EXPECT_GT(outcomes[NOODLE_INVALID_PROGRAM], 0);
}

TEST(Fuzz, RandomDescriptors) {
  uint64_t seed = fromEnvironment("NOODLE_RANDOM_SEED", 21);
  std::printf("seed %llu\n", (unsigned long long)seed);
  std::mt19937_64 random(seed);
  Session session;
  std::vector<noodle_program *> programs;
  for (const char *text : kPrograms) {
    programs.push_back(nullptr);
    ASSERT_EQ(noodle_program_compile(session.engine, text, std::strlen(text),
                                     nullptr, &programs.back()),
              nullptr);
  }
  // Whatever a descriptor says, no valid one reaches past this buffer: extents
  // come from {0..8} or are absurd, and absurd ones must be refused.
  std::vector<int64_t> buffer(8 * 8 * 8 * 8);
  const int64_t absurd[] = {-1, INT64_MIN, INT64_MAX, int64_t(1) << 62};
  int accepted = 0;
  for (int n = 0; n < 20000; ++n) {
    for (int k = 0; k < 16; ++k)
      reinterpret_cast<int32_t *>(buffer.data())[random() % 32] =
          int32_t(random() % 9) - 1;
    noodle_program *program = programs[random() % programs.size()];
    size_t count = noodle_program_parameter_count(program);
    if (random() % 16 == 0)
      count = random() % 5;
    std::vector<noodle_tensor> arguments(count);
    for (size_t k = 0; k < count; ++k) {
      noodle_tensor &view = arguments[k];
      noodle_type type{};
      type.struct_size = sizeof type;
      noodle_status_release(noodle_program_parameter(program, k, &type));
      // Mostly what fits, with one field or two that do not.
      view.layout = type.layout;
      view.element = type.element;
      view.rank = type.rank;
      view.position_width = type.position_width;
      view.coordinate_width = type.coordinate_width;
      view.values = view.positions = view.coordinates = buffer.data();
      view.stored = int64_t(random() % 9);
      int64_t stride = 1;
      for (int d = int(type.rank) - 1; d >= 0; --d) {
        view.extents[d] = type.extents[d] >= 0 && random() % 8
                              ? type.extents[d]
                              : int64_t(random() % 7);
        view.strides[d] = stride;
        stride *= view.extents[d];
      }
      if (random() % 4)
        continue;
      switch (random() % 9) {
      case 0:
        view.layout = uint8_t(random());
        break;
      case 1:
        view.element = uint8_t(random());
        break;
      case 2:
        view.rank = uint8_t(random());
        break;
      case 3:
        view.position_width = uint8_t(random());
        break;
      case 4:
        view.coordinate_width = uint8_t(random());
        break;
      case 5:
        view.values = nullptr;
        break;
      case 6:
        view.positions = nullptr;
        break;
      case 7:
        view.extents[random() % 2] = absurd[random() % 4];
        break;
      default:
        view.stored = absurd[random() % 4];
        break;
      }
    }
    noodle_tensor results[2];
    noodle_status *status = noodle_program_call(
        program, arguments.data(), arguments.size(), session.region, results,
        noodle_program_result_count(program), nullptr);
    if (status)
      expectOneLine(status);
    EXPECT_NE(noodle_status_code(status), NOODLE_INTERNAL)
        << noodle_status_message(status);
    accepted += status == nullptr;
    noodle_status_release(status);
    noodle_region_clear(session.region);
  }
  std::printf("%d of 20000 calls accepted\n", accepted);
  EXPECT_GT(accepted, 100);
  for (noodle_program *program : programs)
    noodle_program_release(program);
}

} // namespace
