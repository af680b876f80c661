//===- DeviceTest.cpp - the C API's devices, on machines without one ------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The devices of this machine are hidden before the driver is opened, so that
// the same is tested everywhere.
//
//===----------------------------------------------------------------------===//

#include "noodle-c/noodle.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <numeric>
#include <random>

namespace {

const int hidden = ::setenv("CUDA_VISIBLE_DEVICES", "-1", 1);

const char *const kTwice =
    R"(func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
  %y = noodle.map (%x) : (tensor<?xf32>) -> tensor<?xf32> {
  ^bb0(%a: f32):
    %b = arith.addf %a, %a : f32
    noodle.yield %b : f32
  }
  return %y : tensor<?xf32>
}
)";

/// Code and a part of the message of an error, which is released.
void expectError(noodle_status *status, noodle_code code,
                 const std::string &part) {
  ASSERT_NE(status, nullptr) << "no error; expected: " << part;
  EXPECT_EQ(noodle_status_code(status), code) << noodle_status_message(status);
  EXPECT_NE(std::string(noodle_status_message(status)).find(part),
            std::string::npos)
      << noodle_status_message(status);
  noodle_status_release(status);
}

noodle::Engine makeEngine(const char *target) {
  noodle_engine_options options{};
  options.threads = 1;
  options.target = target;
  return noodle::Engine(options);
}

} // namespace

TEST(CAPIDevice, CountsAndRefuses) {
  ASSERT_EQ(hidden, 0);
  size_t count = 7;
  ASSERT_EQ(noodle_device_count(&count), nullptr);
  EXPECT_EQ(count, 0u);
  expectError(noodle_device_count(nullptr), NOODLE_INVALID_ARGUMENT, "count");
  noodle_device_info info{};
  info.struct_size = sizeof info;
  expectError(noodle_device_get_info(0, &info), NOODLE_DEVICE_FAILED, ": ");
  expectError(noodle_device_get_info(0, nullptr), NOODLE_INVALID_ARGUMENT,
              "info");
}

TEST(CAPIDevice, EnginesWithoutOneSayWhy) {
  for (const char *target : {"cpu", "cuda", "auto"}) {
    noodle::Engine engine = makeEngine(target);
    noodle_device_info info{};
    info.struct_size = sizeof info;
    expectError(noodle_engine_device(engine.get(), &info), NOODLE_DEVICE_FAILED,
                std::string(target) == "cpu" ? "target is cpu" : ": ");
    EXPECT_THROW(engine.device(), noodle::Error);
  }
  expectError(noodle_engine_device(nullptr, nullptr), NOODLE_INVALID_ARGUMENT,
              "engine");
}

TEST(CAPIDevice, OptionsAreChecked) {
  noodle_engine_options options{};
  options.struct_size = sizeof options;
  noodle_engine *none = nullptr;
  options.target = "tpu";
  expectError(noodle_engine_create(&options, &none), NOODLE_INVALID_ARGUMENT,
              "cpu, cuda, auto");
  options.target = "cuda";
  options.device = -2;
  expectError(noodle_engine_create(&options, &none), NOODLE_INVALID_ARGUMENT,
              "negative");
  EXPECT_EQ(none, nullptr);
  noodle::Engine engine = makeEngine(nullptr);
  noodle_compile_options compile{};
  compile.target = "cuda";
  compile.chip = "sm_1";
  try {
    engine.compile(kTwice, compile);
    FAIL() << "sm_1 was accepted";
  } catch (const noodle::Error &error) {
    EXPECT_EQ(error.code(), NOODLE_INVALID_ARGUMENT);
    EXPECT_NE(std::string(error.what()).find("sm_80"), std::string::npos);
  }
}

// Hosts compiled against the header before devices pass smaller structs.
TEST(CAPIDevice, OlderStructsStillWork) {
  noodle_engine_options options{};
  options.struct_size = offsetof(noodle_engine_options, target);
  options.target = "nonsense beyond the struct";
  noodle_engine *engine = nullptr;
  ASSERT_EQ(noodle_engine_create(&options, &engine), nullptr);
  noodle_compile_options compile{};
  compile.struct_size = offsetof(noodle_compile_options, target);
  compile.target = "nonsense beyond the struct";
  noodle_program *program = nullptr;
  ASSERT_EQ(noodle_program_compile(engine, kTwice, std::strlen(kTwice),
                                   &compile, &program),
            nullptr);
  noodle_program_release(program);
  noodle_engine_release(engine);
}

TEST(CAPIDevice, TheCpuAnswersAndTheReceiptSaysWhy) {
  noodle::Engine engine = makeEngine("cuda");
  noodle_compile_options compile{};
  compile.profile = 1;
  noodle::Program program = engine.compile(kTwice, compile);
  std::vector<float> x(1000);
  std::iota(x.begin(), x.end(), 0.0f);
  int64_t extent = int64_t(x.size());
  noodle_tensor view = noodle_tensor_dense(NOODLE_F32, 1, &extent, x.data());
  noodle_receipt *raw = nullptr;
  noodle_call_options options{};
  options.receipt = &raw;
  auto results = program({view}, options);
  noodle::Receipt receipt(raw);
  EXPECT_EQ(results[0].values<float>()[999], 1998);

  noodle_receipt_device device{};
  device.struct_size = sizeof device;
  ASSERT_EQ(noodle_receipt_get_device(receipt.get(), &device), nullptr);
  EXPECT_STREQ(device.target, "cuda");
  EXPECT_STREQ(device.name, "");
  EXPECT_EQ(device.launches, 0);
  EXPECT_EQ(device.share, 0);
  ASSERT_EQ(device.step_count, 1u);
  noodle_receipt_step step{};
  step.struct_size = sizeof step;
  ASSERT_EQ(noodle_receipt_get_step(receipt.get(), 0, &step), nullptr);
  EXPECT_STRNE(step.reason, "");
  EXPECT_EQ(step.site, -1);
  expectError(noodle_receipt_get_step(receipt.get(), 1, &step),
              NOODLE_INVALID_ARGUMENT, "1 steps");
  noodle_receipt_site site{};
  site.struct_size = sizeof site;
  ASSERT_EQ(noodle_receipt_get_site(receipt.get(), 0, &site), nullptr);
  EXPECT_STREQ(site.ran, "cpu");
  EXPECT_EQ(site.device_seconds, -1);

  compile.strict = 1;
  try {
    engine.compile(kTwice, compile);
    FAIL() << "strict and no device";
  } catch (const noodle::Error &error) {
    EXPECT_EQ(error.code(), NOODLE_DEVICE_FAILED);
    EXPECT_NE(std::string(error.what()).find(step.reason), std::string::npos)
        << error.what();
  }
}

TEST(CAPIDevice, ResidentsDoNothingWithoutADevice) {
  noodle::Engine engine = makeEngine("cuda");
  noodle::Program program = engine.compile(kTwice);
  std::vector<float> x(64, 1.0f);
  int64_t extent = int64_t(x.size());
  noodle_tensor view = noodle_tensor_dense(NOODLE_F32, 1, &extent, x.data());
  noodle::Resident resident = engine.resident(view);
  EXPECT_FALSE(resident.onDevice());
  EXPECT_EQ(program({view})[0].values<float>()[5], 2);
  x[5] = 3;
  resident.update();
  EXPECT_EQ(program({view})[0].values<float>()[5], 6);
}

TEST(CAPIDevice, ResidentsRefuseWhatIsNoTensor) {
  noodle::Engine engine = makeEngine("cuda");
  noodle_resident *none = nullptr;
  float values[6] = {};
  int64_t extents[2] = {2, 3};
  const noodle_tensor good =
      noodle_tensor_dense(NOODLE_F32, 2, extents, values);
  auto refuses = [&](const noodle_tensor &tensor, const char *part) {
    expectError(noodle_resident_create(engine.get(), &tensor, &none),
                NOODLE_INVALID_ARGUMENT, part);
    EXPECT_EQ(none, nullptr);
  };
  noodle_tensor bad = good;
  bad.strides[0] = 4;
  refuses(bad, "row-major");
  bad = good;
  bad.strides[1] = -1;
  refuses(bad, "row-major");
  bad = good;
  bad.extents[0] = -1;
  refuses(bad, "negative");
  bad = good;
  bad.extents[0] = INT64_MAX;
  refuses(bad, "overflows");
  bad = good;
  bad.values = nullptr;
  refuses(bad, "null");
  bad = good;
  bad.element = 99;
  refuses(bad, "element");
  bad = good;
  bad.rank = 33;
  refuses(bad, "rank");
  bad = noodle_tensor_csr(NOODLE_F32, 2, 3, -1, 4, values, values, values);
  refuses(bad, "negative");
  bad = noodle_tensor_csr(NOODLE_F32, 2, 3, 1, 3, values, values, values);
  refuses(bad, "sparse");
  bad = noodle_tensor_csr(NOODLE_F32, 2, 3, 1, 4, nullptr, values, values);
  refuses(bad, "null");
  expectError(noodle_resident_create(nullptr, &good, &none),
              NOODLE_INVALID_ARGUMENT, "engine");
  expectError(noodle_resident_create(engine.get(), nullptr, &none),
              NOODLE_INVALID_ARGUMENT, "tensor");
  expectError(noodle_resident_update(nullptr), NOODLE_INVALID_ARGUMENT,
              "resident");
  EXPECT_EQ(noodle_resident_on_device(nullptr), 0);
  noodle_resident_release(nullptr);
}

TEST(CAPIDevice, PinnedMemoryDoesNothingWithoutADevice) {
  noodle::Engine engine = makeEngine("auto");
  std::vector<float> x(1024);
  {
    noodle::Pinned pinned = engine.pin(x.data(), x.size() * 4);
  }
  noodle_pinned *none = nullptr;
  expectError(noodle_pinned_create(engine.get(), x.data(), 0, &none),
              NOODLE_INVALID_ARGUMENT, "bytes");
  expectError(noodle_pinned_create(engine.get(), nullptr, 4, &none),
              NOODLE_INVALID_ARGUMENT, "address");
  expectError(noodle_pinned_create(nullptr, x.data(), 4, &none),
              NOODLE_INVALID_ARGUMENT, "engine");
  EXPECT_EQ(none, nullptr);
  noodle_pinned_release(nullptr);
}

// Descriptors of random bytes over valid buffers: an error or a handle.
TEST(CAPIDevice, RandomDescriptors) {
  const char *text = std::getenv("NOODLE_RANDOM_SEED");
  uint64_t seed = text ? std::strtoull(text, nullptr, 10) : 11;
  std::printf("seed %llu\n", (unsigned long long)seed);
  std::mt19937_64 random(seed);
  noodle::Engine engine = makeEngine("cuda");
  std::vector<double> buffer(1 << 10);
  int accepted = 0;
  for (int n = 0; n < 4000; ++n) {
    noodle_tensor tensor{};
    tensor.layout = uint8_t(random() % 5);
    tensor.element = uint8_t(random() % 8);
    tensor.rank = uint8_t(random() % 4 ? random() % 4 : random() % 40);
    tensor.position_width = uint8_t(4 * (random() % 4));
    tensor.coordinate_width = uint8_t(4 * (random() % 4));
    auto number = [&]() -> int64_t {
      switch (random() % 8) {
      case 0:
        return int64_t(random());
      case 1:
        return -1;
      case 2:
        return 0;
      default:
        return int64_t(random() % 5);
      }
    };
    tensor.stored = number();
    for (size_t k = 0; k < NOODLE_MAX_RANK; ++k) {
      tensor.extents[k] = number();
      tensor.strides[k] = random() % 2 ? 1 : number();
    }
    tensor.values = random() % 9 ? buffer.data() : nullptr;
    tensor.positions = random() % 9 ? buffer.data() : nullptr;
    tensor.coordinates = random() % 9 ? buffer.data() : nullptr;
    noodle_resident *resident = nullptr;
    noodle_status *status =
        noodle_resident_create(engine.get(), &tensor, &resident);
    EXPECT_EQ(status == nullptr, resident != nullptr);
    accepted += resident != nullptr;
    noodle_status_release(status);
    noodle_resident_release(resident);
  }
  std::printf("%d of 4000 accepted\n", accepted);
  EXPECT_GT(accepted, 100);
}
