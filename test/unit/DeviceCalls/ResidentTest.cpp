//===- ResidentTest.cpp - tensors that stay on the device -------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Through the C API, whose engine is exchanged for one that has the emulator.
//
//===----------------------------------------------------------------------===//
#include "Fixture.h"

#include "Handles.h"

#include <dlfcn.h>

using namespace noodle;
using namespace noodle::engine::test;

namespace {

const char *const kSpMV = R"(
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
func.func @main(%a: tensor<?x?xf64, #csr>, %x: tensor<?xf64>) -> tensor<?xf64> {
  %y = noodle.matmul %a, %x {semiring = #noodle.semiring<min_plus>} : tensor<?x?xf64, #csr>, tensor<?xf64> -> tensor<?xf64>
  return %y : tensor<?xf64>
}
)";

class Resident : public DeviceCalls {
protected:
  void SetUp() override {
    DeviceCalls::SetUp();
    noodle_engine_options options{};
    options.struct_size = sizeof options;
    options.threads = 1;
    options.target = "cuda";
    ASSERT_EQ(noodle_engine_create(&options, &engine), nullptr);
    engine->state->engine = makeEngine();
    ASSERT_EQ(noodle_program_compile(engine, kSpMV, std::strlen(kSpMV), nullptr,
                                     &program),
              nullptr);
    ASSERT_EQ(noodle_region_create(engine, 0, nullptr, &region), nullptr);
  }
  void TearDown() override {
    noodle_receipt_release(receipt);
    noodle_region_release(region);
    noodle_program_release(program);
    noodle_engine_release(engine);
    DeviceCalls::TearDown();
  }

  noodle_tensor matrix() const {
    return noodle_tensor_csr(NOODLE_F64, 3, 3, 4, 4, positions, coordinates,
                             values);
  }
  noodle_tensor vector() const {
    int64_t extent = 3;
    return noodle_tensor_dense(NOODLE_F64, 1, &extent, x);
  }
  /// The result's entries, and what the call moved.
  std::vector<double> call(noodle_receipt_device &device) {
    noodle_tensor arguments[] = {matrix(), vector()}, result;
    noodle_receipt_release(receipt);
    receipt = nullptr;
    noodle_call_options options{};
    options.struct_size = sizeof options;
    options.receipt = &receipt;
    noodle_status *status = noodle_program_call(program, arguments, 2, region,
                                                &result, 1, &options);
    EXPECT_EQ(status, nullptr) << noodle_status_message(status);
    device = {};
    device.struct_size = sizeof device;
    if (status) {
      noodle_status_release(status);
      return {};
    }
    EXPECT_EQ(noodle_receipt_get_device(receipt, &device), nullptr);
    const double *data = static_cast<const double *>(result.values);
    return {data, data + 3};
  }

  static constexpr int64_t kMatrixBytes = 4 * 4 + 4 * 4 + 4 * 8;
  int32_t positions[4] = {0, 2, 3, 4}, coordinates[4] = {0, 1, 2, 0};
  double values[4] = {1, 2, 3, 4}, x[3] = {10, 20, 30};
  noodle_engine *engine = nullptr;
  noodle_program *program = nullptr;
  noodle_region *region = nullptr;
  noodle_receipt *receipt = nullptr;
};

TEST_F(Resident, TheEngineDescribesItsDevice) {
  noodle_device_info info{};
  info.struct_size = sizeof info;
  ASSERT_EQ(noodle_engine_device(engine, &info), nullptr);
  EXPECT_STRNE(info.name, "");
  EXPECT_STRNE(info.uuid, "");
  EXPECT_EQ(info.compute_major, 9);
  EXPECT_EQ(info.memory_bytes, int64_t(1) << 30);
  size_t count = 0;
  ASSERT_EQ(noodle_device_count(&count), nullptr);
  EXPECT_EQ(count, 1u);
  noodle_device_info same{};
  same.struct_size = sizeof same;
  ASSERT_EQ(noodle_device_get_info(0, &same), nullptr);
  EXPECT_STREQ(same.uuid, info.uuid);
  noodle_status *status = noodle_device_get_info(1, &same);
  EXPECT_EQ(noodle_status_code(status), NOODLE_INVALID_ARGUMENT);
  noodle_status_release(status);
}

TEST_F(Resident, CallsMoveNothingOfIt) {
  noodle_receipt_device device;
  const std::vector<double> expected{11, 33, 14};
  EXPECT_EQ(call(device), expected);
  EXPECT_GE(device.launches, 1);
  EXPECT_EQ(device.bytes_in, kMatrixBytes + 24);
  EXPECT_EQ(device.bytes_out, 24);

  noodle_tensor tensor = matrix();
  noodle_resident *resident = nullptr;
  ASSERT_EQ(noodle_resident_create(engine, &tensor, &resident), nullptr);
  EXPECT_EQ(noodle_resident_on_device(resident), 1);
  call(device); // may still be the one that moves it
  for (int k = 0; k < 3; ++k) {
    EXPECT_EQ(call(device), expected);
    EXPECT_EQ(device.bytes_in, 24);
    EXPECT_EQ(device.bytes_reused, kMatrixBytes);
  }
  // New values are seen when the host tells of them, and are moved once.
  values[0] = -5;
  ASSERT_EQ(noodle_resident_update(resident), nullptr);
  call(device);
  EXPECT_EQ(call(device), (std::vector<double>{5, 33, 14}));
  EXPECT_EQ(device.bytes_in, 24);

  // Without it everything moves again.
  noodle_resident_release(resident);
  values[0] = 1;
  EXPECT_EQ(call(device), expected);
  EXPECT_EQ(device.bytes_in, kMatrixBytes + 24);
}

TEST_F(Resident, TwoOfOneBufferAreTwo) {
  noodle_tensor tensor = matrix();
  noodle_resident *first = nullptr, *second = nullptr;
  ASSERT_EQ(noodle_resident_create(engine, &tensor, &first), nullptr);
  // A second handle is another owner of the same copy, or is refused.
  noodle_status *status = noodle_resident_create(engine, &tensor, &second);
  noodle_receipt_device device;
  EXPECT_EQ(call(device), (std::vector<double>{11, 33, 14}));
  noodle_resident_release(first);
  EXPECT_EQ(call(device), (std::vector<double>{11, 33, 14}));
  noodle_resident_release(second);
  noodle_status_release(status);
}

TEST_F(Resident, PinnedMemoryIsReadWhereItIs) {
  noodle_pinned *pinned = nullptr, *again = nullptr;
  ASSERT_EQ(noodle_pinned_create(engine, values, sizeof values, &pinned),
            nullptr);
  noodle_status *status =
      noodle_pinned_create(engine, values, sizeof values, &again);
  EXPECT_EQ(noodle_status_code(status), NOODLE_DEVICE_FAILED);
  noodle_status_release(status);
  noodle_receipt_device device;
  EXPECT_EQ(call(device), (std::vector<double>{11, 33, 14}));
  noodle_pinned_release(pinned);
  EXPECT_EQ(call(device), (std::vector<double>{11, 33, 14}));
}

TEST_F(Resident, DeviceMemoryIsNoArgument) {
  using Allocate = int (*)(uint64_t *, size_t);
  using Release = int (*)(uint64_t);
  void *driver = dlopen("libcuda.so.1", RTLD_NOW);
  auto allocate = reinterpret_cast<Allocate>(dlsym(driver, "cuMemAlloc_v2"));
  auto release = reinterpret_cast<Release>(dlsym(driver, "cuMemFree_v2"));
  ASSERT_TRUE(allocate && release);
  noodle_device_info info{};
  info.struct_size = sizeof info;
  ASSERT_EQ(noodle_engine_device(engine, &info), nullptr);
  auto push =
      reinterpret_cast<int (*)(void *)>(dlsym(driver, "cuCtxPushCurrent_v2"));
  auto pop =
      reinterpret_cast<int (*)(void **)>(dlsym(driver, "cuCtxPopCurrent_v2"));
  auto retain = reinterpret_cast<int (*)(void **, int)>(
      dlsym(driver, "cuDevicePrimaryCtxRetain"));
  auto giveBack = reinterpret_cast<int (*)(int)>(
      dlsym(driver, "cuDevicePrimaryCtxRelease_v2"));
  void *context = nullptr;
  ASSERT_EQ(retain(&context, 0), 0);
  ASSERT_EQ(push(context), 0);
  uint64_t address = 0;
  ASSERT_EQ(allocate(&address, 24), 0);
  noodle_tensor arguments[] = {matrix(), vector()}, result;
  arguments[1].values = reinterpret_cast<void *>(address);
  auto refused = [](noodle_status *status) {
    EXPECT_EQ(noodle_status_code(status), NOODLE_INVALID_ARGUMENT);
    EXPECT_NE(std::string(noodle_status_message(status)).find("device memory"),
              std::string::npos)
        << noodle_status_message(status);
    noodle_status_release(status);
  };
  refused(
      noodle_program_call(program, arguments, 2, region, &result, 1, nullptr));
  noodle_resident *resident = nullptr;
  refused(noodle_resident_create(engine, &arguments[1], &resident));
  noodle_pinned *pinned = nullptr;
  refused(noodle_pinned_create(engine, arguments[1].values, 24, &pinned));
  EXPECT_EQ(release(address), 0);
  EXPECT_EQ(pop(&context), 0);
  EXPECT_EQ(giveBack(0), 0);
  dlclose(driver);
}

TEST_F(Resident, OutlivesTheHandlesItCameFrom) {
  noodle_tensor tensor = matrix();
  noodle_resident *resident = nullptr;
  ASSERT_EQ(noodle_resident_create(engine, &tensor, &resident), nullptr);
  noodle_region_release(region);
  noodle_program_release(program);
  noodle_engine_release(engine);
  region = nullptr;
  program = nullptr;
  engine = nullptr;
  ASSERT_EQ(noodle_resident_update(resident), nullptr);
  noodle_resident_release(resident);
}

TEST_F(Resident, ADeadDeviceRefusesMore) {
  noodle_tensor tensor = matrix();
  noodle_resident *resident = nullptr;
  ASSERT_EQ(noodle_resident_create(engine, &tensor, &resident), nullptr);
  ASSERT_EQ(fake().adjust("die=1"), 0);
  noodle_receipt_device device;
  EXPECT_EQ(call(device), (std::vector<double>{11, 33, 14}));
  EXPECT_EQ(device.redone, 1);
  EXPECT_EQ(call(device), (std::vector<double>{11, 33, 14}));
  noodle_resident_release(resident);
}

} // namespace
