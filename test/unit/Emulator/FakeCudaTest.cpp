//===- FakeCudaTest.cpp - the fake driver itself --------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "FakeCuda.h"
#include "Harness.h"
#include "cuda_api.h"

#include "gtest/gtest.h"

#define CUDA_FUNCTION(name, symbol, parameters)                                \
  extern "C" CUresult symbol parameters;
#include "cuda_driver.def"

using namespace noodle::emu::test;

namespace {

std::string ptx(const char *version, const char *target, const char *name,
                int parameters) {
  std::string text = std::string("//\n.version ") + version + "\n.target " +
                     target + "\n.address_size 64\n.visible .entry " + name +
                     "(\n";
  for (int k = 0; k < parameters; ++k)
    text +=
        ".param .u64 p" + std::to_string(k) + (k + 1 < parameters ? "," : "");
  return text + ")\n{\nret;\n}\n";
}

/// out[t] = in[t] + 1, for 32 threads; `shift` reads further.
std::string addOneImage(int shift = 0) {
  static std::map<int, std::string> made;
  std::string &image = made[shift];
  if (image.empty()) {
    image = ptx("8.0", "sm_80", "add_one", 10);
    std::string object = compileKernels(R"(
gpu.func @add_one(%in: memref<?xf32>, %out: memref<?xf32>) kernel
    attributes {known_block_size = array<i32: 32, 1, 1>} {
  %t = gpu.thread_id x
  %shift = arith.constant )" + std::to_string(shift) +
                                        R"( : index
  %one = arith.constant 1.0 : f32
  %at = arith.addi %t, %shift : index
  %v = memref.load %in[%at] : memref<?xf32>
  %w = arith.addf %v, %one : f32
  memref.store %w, %out[%t] : memref<?xf32>
  gpu.return
})");
    appendCode(image, object);
  }
  return image;
}

class FakeCuda : public testing::Test {
protected:
  void open(const char *configuration) {
    ASSERT_EQ(fake_cuda_configure(configuration), 0);
    ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
    ASSERT_EQ(cuDevicePrimaryCtxRetain(&context, 0), CUDA_SUCCESS);
    ASSERT_EQ(cuCtxPushCurrent_v2(context), CUDA_SUCCESS);
    ASSERT_EQ(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
    ASSERT_EQ(cuStreamCreate(&other, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
  }
  void TearDown() override {
    cuStreamDestroy_v2(stream);
    cuStreamDestroy_v2(other);
    cuCtxPopCurrent_v2(nullptr);
    cuDevicePrimaryCtxRelease_v2(0);
    EXPECT_EQ(fake_cuda_live_objects(), 0);
    EXPECT_EQ(fake_cuda_live_bytes(), 0);
    ASSERT_EQ(fake_cuda_configure(""), 0);
  }
  void SetUp() override {
    // Kept through later configurations.
    ASSERT_EQ(fake_cuda_configure("report=/dev/null"), 0);
  }

  CUfunction load(const std::string &image) {
    EXPECT_EQ(cuModuleLoadDataEx(&module, image.data(), 0, nullptr, nullptr),
              CUDA_SUCCESS);
    CUfunction function = nullptr;
    EXPECT_EQ(cuModuleGetFunction(&function, module, "add_one"), CUDA_SUCCESS);
    return function;
  }
  CUresult launch(CUfunction function, CUstream where, CUdeviceptr from,
                  CUdeviceptr to, unsigned blocks = 1) {
    Parameters parameters;
    parameters.buffer(from, 32).buffer(to, 32);
    std::vector<void *> pointers = parameters.pointers();
    return cuLaunchKernel(function, blocks, 1, 1, 32, 1, 1, 0, where,
                          pointers.data(), nullptr);
  }
  bool faulted(const char *text) {
    return std::string(fake_cuda_fault_text()).find(text) != std::string::npos;
  }

  CUcontext context = nullptr;
  CUstream stream = nullptr, other = nullptr;
  CUmodule module = nullptr;
};

TEST_F(FakeCuda, WorkIsDoneWhenSomebodyWaits) {
  open("");
  CUfunction function = load(addOneImage());
  CUdeviceptr in, out;
  ASSERT_EQ(cuMemAllocAsync(&in, 128, stream), CUDA_SUCCESS);
  ASSERT_EQ(cuMemAllocAsync(&out, 128, stream), CUDA_SUCCESS);
  void *block;
  ASSERT_EQ(cuMemHostAlloc(&block, 256, 0), CUDA_SUCCESS);
  auto *from = static_cast<float *>(block), *to = from + 32;
  for (int k = 0; k < 32; ++k) {
    from[k] = float(k);
    to[k] = -1;
  }
  ASSERT_EQ(cuMemcpyHtoDAsync_v2(in, from, 128, stream), CUDA_SUCCESS);
  ASSERT_EQ(launch(function, stream, in, out), CUDA_SUCCESS);
  ASSERT_EQ(cuMemcpyDtoHAsync_v2(to, out, 128, stream), CUDA_SUCCESS);
  EXPECT_EQ(to[0], -1);
  ASSERT_EQ(cuStreamSynchronize(stream), CUDA_SUCCESS);
  for (int k = 0; k < 32; ++k)
    EXPECT_EQ(to[k], float(k + 1));
  EXPECT_EQ(cuMemFreeAsync(in, stream), CUDA_SUCCESS);
  EXPECT_EQ(cuMemFreeAsync(out, stream), CUDA_SUCCESS);
  EXPECT_EQ(cuMemFreeHost(block), CUDA_SUCCESS);
  EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
  EXPECT_EQ(fake_cuda_faults(), 0) << fake_cuda_fault_text();
  EXPECT_EQ(fake_cuda_launches(), 1);
  EXPECT_STREQ(fake_cuda_call_name(1), "cuInit");
}

TEST_F(FakeCuda, WrongPointersAreRefused) {
  open("");
  CUdeviceptr memory;
  ASSERT_EQ(cuMemAlloc_v2(&memory, 64), CUDA_SUCCESS);
  char host[64] = {};
  auto address = reinterpret_cast<CUdeviceptr>(&host[0]);
  EXPECT_EQ(cuMemcpyHtoDAsync_v2(address, host, 64, stream),
            CUDA_ERROR_INVALID_VALUE);
  EXPECT_TRUE(faulted("is it a host pointer?"));
  EXPECT_EQ(cuMemcpyHtoDAsync_v2(memory, reinterpret_cast<void *>(memory), 64,
                                 stream),
            CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemcpyHtoDAsync_v2(memory + 32, host, 64, stream),
            CUDA_ERROR_INVALID_VALUE);
  EXPECT_TRUE(faulted("reaches 32 bytes behind"));
  EXPECT_EQ(cuMemcpyDtoHAsync_v2(host, memory, 64, stream), CUDA_SUCCESS);
  EXPECT_TRUE(faulted("were never written"));
  EXPECT_DEATH(*reinterpret_cast<volatile char *>(memory) = 1, "");
  EXPECT_EQ(cuMemFree_v2(memory + 1), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemFree_v2(memory), CUDA_SUCCESS);
  EXPECT_EQ(cuMemFree_v2(memory), CUDA_ERROR_INVALID_VALUE);
  EXPECT_TRUE(faulted("freed twice"));
  EXPECT_EQ(cuMemcpyHtoDAsync_v2(memory, host, 64, stream),
            CUDA_ERROR_INVALID_VALUE);
  EXPECT_TRUE(faulted("was freed"));
}

TEST_F(FakeCuda, StreamsAreOrderedByEventsOnly) {
  open("");
  char host[64] = {};
  CUdeviceptr memory;
  CUevent event;
  ASSERT_EQ(cuEventCreate(&event, CU_EVENT_DISABLE_TIMING), CUDA_SUCCESS);
  ASSERT_EQ(cuMemAllocAsync(&memory, 64, stream), CUDA_SUCCESS);
  EXPECT_EQ(cuMemcpyHtoDAsync_v2(memory, host, 64, other),
            CUDA_ERROR_INVALID_VALUE);
  EXPECT_TRUE(faulted("nothing orders this after it"));
  int64_t before = fake_cuda_faults();
  ASSERT_EQ(cuEventRecord(event, stream), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamWaitEvent(other, event, 0), CUDA_SUCCESS);
  EXPECT_EQ(cuMemcpyHtoDAsync_v2(memory, host, 64, other), CUDA_SUCCESS);
  EXPECT_EQ(fake_cuda_faults(), before);
  // The copy was waited for, so that the free is ordered after it.
  ASSERT_EQ(cuMemFreeAsync(memory, stream), CUDA_SUCCESS);
  EXPECT_EQ(fake_cuda_faults(), before) << fake_cuda_fault_text();
  // A copy that nobody waited for.
  void *block;
  ASSERT_EQ(cuMemHostAlloc(&block, 64, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuMemAlloc_v2(&memory, 64), CUDA_SUCCESS);
  ASSERT_EQ(cuMemcpyHtoDAsync_v2(memory, block, 64, other), CUDA_SUCCESS);
  ASSERT_EQ(cuMemFreeAsync(memory, stream), CUDA_SUCCESS);
  EXPECT_TRUE(faulted("another stream may still use"));
  ASSERT_EQ(cuMemFreeHost(block), CUDA_SUCCESS);
  EXPECT_TRUE(faulted("while a copy still uses"));
  ASSERT_EQ(cuStreamSynchronize(stream), CUDA_SUCCESS);
  ASSERT_EQ(cuEventDestroy_v2(event), CUDA_SUCCESS);
}

TEST_F(FakeCuda, FailsWhereItIsTold) {
  open("memory=1M");
  CUdeviceptr memory = 0;
  ASSERT_EQ(fake_cuda_adjust("fail=2,code=999"), 0);
  EXPECT_EQ(cuStreamSynchronize(stream), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamSynchronize(stream), CUDA_ERROR_UNKNOWN);
  EXPECT_EQ(cuStreamSynchronize(stream), CUDA_SUCCESS);
  EXPECT_EQ(cuMemAlloc_v2(&memory, 2 << 20), CUDA_ERROR_OUT_OF_MEMORY);
  ASSERT_EQ(cuMemAlloc_v2(&memory, 1 << 20), CUDA_SUCCESS);
  size_t free, total;
  ASSERT_EQ(cuMemGetInfo_v2(&free, &total), CUDA_SUCCESS);
  EXPECT_EQ(free, 0u);
  EXPECT_EQ(total, size_t(1) << 20);
  // A release that fails has released.
  ASSERT_EQ(fake_cuda_adjust("fail=1"), 0);
  EXPECT_EQ(cuMemFree_v2(memory), CUDA_ERROR_UNKNOWN);
  EXPECT_EQ(fake_cuda_live_bytes(), 0);
  ASSERT_EQ(fake_cuda_adjust("fail=1,code=700,sticky=1"), 0);
  EXPECT_EQ(cuStreamSynchronize(stream), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_EQ(cuMemAlloc_v2(&memory, 64), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_NE(fake_cuda_configure("devices=1,color=3"), 0);
  open("");
}

TEST_F(FakeCuda, WrongKernelsKillTheContext) {
  open("");
  CUfunction function = load(addOneImage(/*shift=*/1));
  CUdeviceptr memory;
  std::vector<float> host(64);
  ASSERT_EQ(cuMemAlloc_v2(&memory, 256), CUDA_SUCCESS);
  ASSERT_EQ(cuMemcpyHtoDAsync_v2(memory, host.data(), 256, stream),
            CUDA_SUCCESS);
  EXPECT_EQ(launch(function, stream, memory, memory + 128), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamSynchronize(stream), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_EQ(cuMemAlloc_v2(&memory, 64), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_TRUE(faulted("out-of-bounds access: kernel add_one, block (0,0,0), "
                      "thread 31"))
      << fake_cuda_fault_text();
}

TEST_F(FakeCuda, DevicesDieAtALaunch) {
  open("die=2");
  CUfunction function = load(addOneImage());
  CUdeviceptr memory;
  std::vector<float> host(64);
  ASSERT_EQ(cuMemAlloc_v2(&memory, 256), CUDA_SUCCESS);
  ASSERT_EQ(cuMemcpyHtoDAsync_v2(memory, host.data(), 256, stream),
            CUDA_SUCCESS);
  EXPECT_EQ(launch(function, stream, memory, memory + 128), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamSynchronize(stream), CUDA_SUCCESS);
  EXPECT_EQ(launch(function, stream, memory, memory + 128), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamSynchronize(stream), CUDA_ERROR_LAUNCH_FAILED);
  EXPECT_EQ(launch(function, stream, memory, memory + 128),
            CUDA_ERROR_LAUNCH_FAILED);
}

TEST_F(FakeCuda, ImagesMustFitDriverAndDevice) {
  open("sm=80,driver=12000");
  auto load = [&](const std::string &image) {
    CUresult result =
        cuModuleLoadDataEx(&module, image.data(), 0, nullptr, nullptr);
    if (result == CUDA_SUCCESS)
      EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
    return result;
  };
  // What follows the text's NUL is no blob.
  auto text = [](const char *version, const char *target) {
    return ptx(version, target, "add_one", 10) + std::string(16, '\0');
  };
  EXPECT_EQ(load(text("8.0", "sm_80")), CUDA_SUCCESS);
  EXPECT_EQ(load(text("7.0", "sm_52")), CUDA_SUCCESS);
  EXPECT_EQ(load(text("8.1", "sm_80")), CUDA_ERROR_UNSUPPORTED_PTX_VERSION);
  EXPECT_EQ(load(text("8.0", "sm_90")), CUDA_ERROR_NO_BINARY_FOR_GPU);
  EXPECT_EQ(load(text("8.0", "sm_70a")), CUDA_ERROR_NO_BINARY_FOR_GPU);
  EXPECT_EQ(load("no PTX"), CUDA_ERROR_INVALID_PTX);
  std::string bare = text("8.0", "sm_80");
  CUfunction function = this->load(bare);
  EXPECT_EQ(launch(function, stream, 0, 0), CUDA_ERROR_NOT_SUPPORTED);
  EXPECT_TRUE(faulted("has no code for the emulator behind the PTX"));
  EXPECT_EQ(cuModuleGetFunction(&function, module, "other"),
            CUDA_ERROR_NOT_FOUND);
  EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
}

TEST_F(FakeCuda, ClockLetsCopiesRunBesideKernels) {
  open("kernel=1000,bandwidth=1,call=0,launch=0");
  CUfunction function = load(addOneImage());
  CUdeviceptr memory, more;
  void *block;
  ASSERT_EQ(cuMemAlloc_v2(&memory, 256), CUDA_SUCCESS);
  ASSERT_EQ(cuMemAlloc_v2(&more, 1 << 20), CUDA_SUCCESS);
  ASSERT_EQ(cuMemHostAlloc(&block, 1 << 20, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuMemcpyHtoDAsync_v2(memory, block, 256, stream), CUDA_SUCCESS);
  CUevent begin, end;
  ASSERT_EQ(cuEventCreate(&begin, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuEventCreate(&end, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuEventRecord(begin, stream), CUDA_SUCCESS);
  ASSERT_EQ(launch(function, stream, memory, memory + 128), CUDA_SUCCESS);
  ASSERT_EQ(cuEventRecord(end, stream), CUDA_SUCCESS);
  float milliseconds;
  EXPECT_EQ(cuEventElapsedTime(&milliseconds, begin, end),
            CUDA_ERROR_NOT_READY);
  // About 1.05 ms at 1 GB/s, beside the kernel.
  ASSERT_EQ(cuMemcpyHtoDAsync_v2(more, block, 1 << 20, other), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamSynchronize(stream), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamSynchronize(other), CUDA_SUCCESS);
  EXPECT_EQ(cuEventElapsedTime(&milliseconds, begin, end), CUDA_SUCCESS);
  EXPECT_NEAR(milliseconds, 1.0, 1e-3);
  fake_cuda_times times;
  fake_cuda_clock(&times);
  EXPECT_NEAR(times.kernels, 1e-3, 1e-6);
  EXPECT_NEAR(times.in, 1.05e-3, 1e-5);
  EXPECT_GT(times.overlap, 0.95e-3);
  EXPECT_LT(times.now, 2e-3);
  EXPECT_EQ(cuEventDestroy_v2(begin), CUDA_SUCCESS);
  EXPECT_EQ(cuEventDestroy_v2(end), CUDA_SUCCESS);
  EXPECT_EQ(cuMemFree_v2(memory), CUDA_SUCCESS);
  EXPECT_EQ(cuMemFree_v2(more), CUDA_SUCCESS);
  EXPECT_EQ(cuMemFreeHost(block), CUDA_SUCCESS);
  EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
}

TEST_F(FakeCuda, WhatIsAliveIsCounted) {
  open("");
  CUdeviceptr memory;
  ASSERT_EQ(cuMemAlloc_v2(&memory, 100), CUDA_SUCCESS);
  EXPECT_EQ(fake_cuda_live_bytes(), 100);
  // The allocation, two streams, the context.
  EXPECT_EQ(fake_cuda_live_objects(), 4);
  ASSERT_EQ(cuMemFree_v2(memory), CUDA_SUCCESS);
}

} // namespace
