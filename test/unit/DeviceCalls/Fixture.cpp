//===- Fixture.cpp - an engine over the fake driver -------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Fixture.h"

#include "Emulator.h"

#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>

namespace noodle::engine::test {

const char *const kThreeOps = R"(
func.func @main(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>, %n: tensor<?xi64>)
    -> (tensor<?x?xf32>, tensor<?xi64>) {
  %c = noodle.contract "ij,jk->ik" (%a, %b)
    : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %s = noodle.softmax %c {axis = 1 : i64} : tensor<?x?xf32>
  %m = noodle.map (%n) : (tensor<?xi64>) -> tensor<?xi64> {
  ^bb0(%x: i64):
    %y = arith.addi %x, %x : i64
    noodle.yield %y : i64
  }
  return %s, %m : tensor<?x?xf32>, tensor<?xi64>
})";

std::shared_ptr<const DeviceImageExtender> emulated() {
  auto made = std::make_shared<DeviceImageExtender>();
  made->name = "emulator";
  made->extend = [](mlir::ModuleOp module, llvm::StringRef,
                    std::string &image) -> llvm::Error {
    mlir::DialectRegistry registry;
    emu::registerEmulator(registry);
    module.getContext()->appendDialectRegistry(registry);
    auto object = emu::compile(module);
    if (!object)
      return object.takeError();
    emu::appendBlob(image, *object);
    return llvm::Error::success();
  };
  return made;
}

const Fake &fake() {
  static const Fake functions = [] {
    void *library = dlopen("libcuda.so.1", RTLD_NOW);
    EXPECT_NE(library, nullptr) << dlerror();
    Fake found;
    auto find = [&](auto &function, const char *name) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(
          dlsym(library, name));
      if (!function) {
        std::fprintf(stderr, "the driver in place is not the fake one: %s\n",
                     name);
        std::exit(1);
      }
    };
    find(found.configure, "fake_cuda_configure");
    find(found.adjust, "fake_cuda_adjust");
    find(found.calls, "fake_cuda_calls");
    find(found.callName, "fake_cuda_call_name");
    find(found.launches, "fake_cuda_launches");
    find(found.liveBytes, "fake_cuda_live_bytes");
    find(found.liveObjects, "fake_cuda_live_objects");
    find(found.faults, "fake_cuda_faults");
    find(found.faultText, "fake_cuda_fault_text");
    return found;
  }();
  return functions;
}

HostTensor floats(std::vector<int64_t> extents, uint64_t seed) {
  TensorType type;
  type.element = NOODLE_RT_F32;
  type.extents = std::move(extents);
  HostTensor tensor;
  Status status =
      bindWord("rand:" + std::to_string(seed), type, "argument", {}, tensor);
  EXPECT_TRUE(status.ok()) << status.str();
  return tensor;
}

std::string Outcome::steps() const {
  std::string text;
  for (const rt::DeviceStep &step : receipt.device.used.steps)
    text += (text.empty() ? "" : ", ") + step.step;
  return text;
}

void DeviceCalls::configure(const std::string &text) {
  ASSERT_EQ(fake().configure(text.c_str()), 0) << text;
}

void DeviceCalls::TearDown() {
  expected = {};
  EXPECT_EQ(fake().liveBytes(), 0);
  EXPECT_EQ(fake().liveObjects(), 0);
  EXPECT_EQ(fake().faults(), 0) << fake().faultText();
}

namespace {
/// Kernels of all tests, so that each is compiled once.
struct CacheFolder {
  CacheFolder() {
    if (!::mkdtemp(path.data()))
      path.clear();
  }
  ~CacheFolder() {
    std::error_code ignored;
    if (!path.empty())
      std::filesystem::remove_all(path, ignored);
  }
  std::string path = "/tmp/noodle-device-XXXXXX";
};
} // namespace

std::shared_ptr<Engine> DeviceCalls::makeEngine(int device, int threads) {
  static const CacheFolder folder;
  EngineOptions options;
  options.cacheDirectory = folder.path;
  options.threads = threads;
  options.device = device;
  options.extender = emulated();
  options.workerPath = "/proc/self/exe";
  std::shared_ptr<Engine> engine;
  Status status = Engine::create(options, engine);
  EXPECT_TRUE(status.ok()) << status.str();
  return engine;
}

CompileOptions DeviceCalls::options() {
  CompileOptions options;
  options.target = "cuda";
  return options;
}

std::shared_ptr<Program> DeviceCalls::compile(std::shared_ptr<Engine> engine,
                                              const char *text,
                                              const CompileOptions &options) {
  std::shared_ptr<Program> program;
  Status status = Program::compile(std::move(engine), text, options, program);
  EXPECT_TRUE(status.ok()) << status.str();
  return program;
}

Outcome DeviceCalls::call(std::shared_ptr<Program> program,
                          std::span<const noodle_rt_tensor> arguments,
                          CallOptions options) {
  Outcome outcome;
  outcome.program = program;
  outcome.region = std::make_shared<rt::Region>(program->engine().pool());
  outcome.results.resize(program->signature().results.size());
  options.receipt = &outcome.receipt;
  outcome.status =
      program->call(arguments, *outcome.region, outcome.results, options);
  return outcome;
}

Outcome DeviceCalls::callThreeOps(std::shared_ptr<Program> program) {
  if (arguments.empty()) {
    arguments.push_back(floats({33, 65}, 1));
    arguments.push_back(floats({65, 47}, 2));
    TensorType integers;
    integers.element = NOODLE_RT_I64;
    integers.extents = {1001};
    EXPECT_TRUE(
        bindWord("rand:3", integers, "argument", {}, arguments.emplace_back())
            .ok());
  }
  noodle_rt_tensor views[] = {arguments[0].view, arguments[1].view,
                              arguments[2].view};
  return call(std::move(program), views);
}

void DeviceCalls::expectThreeOps(const Outcome &outcome) {
  ASSERT_TRUE(outcome.status.ok()) << outcome.status.str();
  // The CPU's results are worked out once, by an engine that has no device.
  static const std::shared_ptr<Engine> host = makeEngine();
  static const std::shared_ptr<Program> program = compile(host, kThreeOps, {});
  if (expected.results.empty())
    expected = callThreeOps(program);
  ASSERT_EQ(outcome.results.size(), expected.results.size());
  for (size_t k = 0; k < expected.results.size(); ++k)
    EXPECT_EQ(compareResults(outcome.results[k], expected.results[k], 1e-4), "")
        << "result " << k;
}

} // namespace noodle::engine::test
