//===- DeviceTest.cpp - device code, and machines without a device ----===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Main.cpp hides the devices of this machine, so that the same is tested
// everywhere. What runs on a device is tested with the emulator.
//
//===----------------------------------------------------------------------===//
#include "TestPrograms.h"
#include "noodle/Engine/DeviceImage.h"

using namespace noodle;
using namespace noodle::engine;
using namespace noodle::engine::test;

namespace {

const char *const kDouble = R"(
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
  %y = noodle.map (%x) : (tensor<?xf32>) -> tensor<?xf32> {
  ^bb0(%a: f32):
    %b = arith.addf %a, %a : f32
    noodle.yield %b : f32
  }
  return %y : tensor<?xf32>
})";

CompileOptions forDevice(const char *chip = "native") {
  CompileOptions options;
  options.target = "cuda";
  options.strategy = "gpu";
  options.chip = chip;
  return options;
}

std::shared_ptr<const DeviceImageExtender>
extender(std::string name, std::function<llvm::Error(std::string &)> extend) {
  auto made = std::make_shared<DeviceImageExtender>();
  made->name = std::move(name);
  made->extend = [extend](mlir::ModuleOp module, llvm::StringRef chip,
                          std::string &image) {
    EXPECT_EQ(chip, "sm_80");
    EXPECT_FALSE(module.getOps().empty());
    return extend(image);
  };
  return made;
}

} // namespace

TEST(Device, OptionsAreChecked) {
  CompileOptions options;
  options.target = "rocm";
  Status status = checkOptions(options);
  EXPECT_EQ(status.code, Code::InvalidArgument);
  EXPECT_NE(status.message.find("cpu, cuda, auto"), std::string::npos);
  options = forDevice("sm_1");
  status = checkOptions(options);
  EXPECT_EQ(status.code, Code::InvalidArgument);
  EXPECT_NE(status.message.find("sm_1"), std::string::npos) << status.message;
  EXPECT_NE(status.message.find("sm_80"), std::string::npos) << status.message;
  options = {};
  options.strategy = "gpu";
  status = checkOptions(options);
  EXPECT_EQ(status.message, "strategy 'gpu' needs the target cuda or auto");
  EXPECT_TRUE(checkOptions(forDevice("sm_90")).ok());
}

TEST(Device, IdentificationsTellTargetsApart) {
  auto options = [](const char *target, const char *chip) {
    CompileOptions options;
    options.target = target;
    options.chip = chip;
    return options;
  };
  auto keyFor = [](const CompileOptions &options) {
    return keyOf(identify(kDouble, options));
  };
  EXPECT_NE(keyFor(options("cpu", "native")),
            keyFor(options("cuda", "native")));
  EXPECT_NE(keyFor(options("auto", "sm_80")), keyFor(options("cuda", "sm_80")));
  EXPECT_NE(keyFor(options("cuda", "sm_80")), keyFor(options("cuda", "sm_90")));
  EXPECT_EQ(keyFor(options("cuda", "native")),
            keyFor(options("cuda", kDefaultChip)));
  EXPECT_EQ(keyFor(options("cpu", "sm_90")), keyFor(options("cpu", "native")));
  CompileOptions extended = options("cuda", "sm_80");
  extended.extender = extender("one", nullptr);
  EXPECT_NE(keyFor(extended), keyFor(options("cuda", "sm_80")));
}

TEST(Device, ArtifactsHoldKernels) {
  // An extender keeps the image in the form of text.
  CompileOptions options = forDevice("sm_80");
  options.extender =
      extender("text", [](std::string &) { return llvm::Error::success(); });
  Artifact artifact;
  Status status = compileArtifact(kDouble, options, artifact);
  ASSERT_TRUE(status.ok()) << status.str();
  EXPECT_EQ(artifact.deviceFailure, "");
  EXPECT_EQ(artifact.device.chip, "sm_80");
  ASSERT_EQ(artifact.device.kernels.size(), 1u);
  const rt::KernelInfo &kernel = artifact.device.kernels[0];
  const std::string &image = artifact.device.image;
  EXPECT_NE(image.find(".target sm_80"), std::string::npos) << image;
  EXPECT_NE(image.find(".entry " + kernel.name), std::string::npos) << image;
  EXPECT_EQ(image.back(), '\0');
  EXPECT_GE(artifact.footprint(), int64_t(image.size()));
  ASSERT_EQ(artifact.sites.size(), 1u);
  EXPECT_EQ(artifact.sites[0].strategy, "gpu");

  // Kept by the file format, and made by a worker too.
  Artifact read, there;
  ASSERT_TRUE(deserialize(serialize(artifact), read).ok());
  EXPECT_EQ(read.device.image, image);
  EXPECT_EQ(read.device.kernels[0].name, kernel.name);
  EXPECT_EQ(read.device.kernels[0].threads, kernel.threads);
  status =
      compileInWorker("/proc/self/exe", kDouble, forDevice("sm_90"), {}, there);
  ASSERT_TRUE(status.ok()) << status.str();
  EXPECT_EQ(there.id, identify(kDouble, forDevice("sm_90")));
  EXPECT_EQ(there.device.chip, "sm_90");
  EXPECT_EQ(there.device.kernels[0].name, kernel.name);
  EXPECT_NE(there.device.image, "");
}

TEST(Device, ImpossibleDeviceCodeIsRefused) {
  Artifact artifact, read;
  ASSERT_TRUE(compileArtifact(kDouble, forDevice(), artifact).ok());
  Artifact broken = artifact;
  broken.device.kernels[0].threads = 1 << 20;
  EXPECT_FALSE(deserialize(serialize(broken), read).ok());
  broken = artifact;
  broken.device.image.clear();
  EXPECT_FALSE(deserialize(serialize(broken), read).ok());
  broken = artifact;
  broken.device.kernels[0].name.clear();
  EXPECT_FALSE(deserialize(serialize(broken), read).ok());
  EXPECT_TRUE(deserialize(serialize(artifact), read).ok());
}

TEST(Device, ProgramsWithoutKernelsHaveNoImage) {
  Artifact artifact;
  CompileOptions options;
  options.target = "cuda";
  ASSERT_TRUE(compileArtifact(kAdd, options, artifact).ok());
  EXPECT_EQ(artifact.device.image, "");
  EXPECT_EQ(artifact.deviceFailure, "");
}

TEST(Device, ProgramsBringNoDeviceCode) {
  for (const char *name : {"device", "kernels"}) {
    Artifact artifact;
    std::string program = "module attributes {noodle." + std::string(name) +
                          " = \"\"} {" + kAdd + "}";
    Status status = compileArtifact(program, {}, artifact);
    EXPECT_EQ(status.code, Code::InvalidProgram) << name;
    EXPECT_NE(status.message.find(name), std::string::npos) << status.message;
  }
}

TEST(Device, ImagesAreExtended) {
  CompileOptions options = forDevice();
  options.extender = extender("tail", [](std::string &image) {
    EXPECT_EQ(image.back(), '\0');
    image += "tail";
    return llvm::Error::success();
  });
  Artifact artifact;
  Status status = compileArtifact(kDouble, options, artifact);
  ASSERT_TRUE(status.ok()) << status.str();
  EXPECT_TRUE(artifact.device.image.ends_with(std::string("\0tail", 5)));
}

TEST(Device, AFailedCompileLeavesTheCpu) {
  CompileOptions options = forDevice();
  options.extender = extender("broken", [](std::string &) {
    return llvm::createStringError("no such instruction");
  });
  Artifact artifact;
  Status status = compileArtifact(kDouble, options, artifact);
  ASSERT_TRUE(status.ok()) << status.str();
  EXPECT_TRUE(artifact.device.kernels.empty());
  EXPECT_NE(artifact.deviceFailure.find("no such instruction"),
            std::string::npos);
  // The launches in the object fall back.
  std::shared_ptr<const Kernel> kernel;
  ASSERT_TRUE(Kernel::load(artifact, kernel).ok());
  rt::Pool pool;
  {
    rt::Region region(pool);
    float values[] = {1, 2, 3};
    noodle_rt_tensor arguments[] = {dense(NOODLE_RT_F32, values, {3})};
    noodle_rt_tensor results[1];
    Receipt receipt;
    CallOptions call;
    call.receipt = &receipt;
    status =
        engine::call(pool, kernel, "main", arguments, region, results, call);
    ASSERT_TRUE(status.ok()) << status.str();
    EXPECT_EQ(static_cast<float *>(results[0].values)[2], 6);
    ASSERT_EQ(receipt.device.used.steps.size(), 1u);
    EXPECT_EQ(receipt.device.used.steps[0].step, "compile");
    EXPECT_EQ(receipt.sites[0].ran, "cpu");
  }
  options.strict = true;
  status = compileArtifact(kDouble, options, artifact);
  EXPECT_EQ(status.code, Code::DeviceFailed);
  EXPECT_NE(status.message.find("no such instruction"), std::string::npos);
}

TEST(Device, WithoutADeviceTheCpuAnswers) {
  auto engine = makeEngine();
  rt::DeviceStep whyNot;
  EXPECT_EQ(engine->device(whyNot), nullptr);
  EXPECT_TRUE(whyNot.step == "driver" || whyNot.step == "device")
      << whyNot.step;
  EXPECT_NE(whyNot.reason, "");
  for (const char *target : {"cuda", "auto"}) {
    CompileOptions options;
    options.target = target;
    options.profile = true;
    std::shared_ptr<Program> program;
    Status status = Program::compile(engine, kDouble, options, program);
    ASSERT_TRUE(status.ok()) << status.str();
    EXPECT_TRUE(program->kernel()->artifact().device.kernels.empty());
    float values[] = {1, 2, 3};
    noodle_rt_tensor arguments[] = {dense(NOODLE_RT_F32, values, {3})};
    noodle_rt_tensor results[1];
    Receipt receipt;
    CallOptions call;
    call.receipt = &receipt;
    rt::Region region(engine->pool());
    status = program->call(arguments, region, results, call);
    ASSERT_TRUE(status.ok()) << status.str();
    EXPECT_EQ(static_cast<float *>(results[0].values)[2], 6);
    EXPECT_EQ(receipt.device.target, target);
    EXPECT_EQ(receipt.device.name, "");
    EXPECT_EQ(receipt.device.share, 0);
    ASSERT_EQ(receipt.device.used.steps.size(), 1u);
    EXPECT_EQ(receipt.device.used.steps[0].reason, whyNot.reason);
    EXPECT_NE(receiptText(receipt).find("step " + whyNot.step + ": "),
              std::string::npos);
    EXPECT_NE(receiptJson(receipt).find("\"share\": 0"), std::string::npos);
  }
}

TEST(Device, StrictWantsOne) {
  auto engine = makeEngine();
  CompileOptions options;
  options.target = "cuda";
  options.strict = true;
  std::shared_ptr<Program> program;
  Status status = Program::compile(engine, kDouble, options, program);
  EXPECT_EQ(status.code, Code::DeviceFailed);
  rt::DeviceStep whyNot;
  engine->device(whyNot);
  EXPECT_NE(status.message.find(whyNot.reason), std::string::npos)
      << status.message;
  // Where the CPU may be chosen, it is no fallback.
  options.target = "auto";
  EXPECT_TRUE(Program::compile(engine, kDouble, options, program).ok());
}

TEST(Device, EnginesRefuseNegativeIndices) {
  EngineOptions options;
  options.device = -1;
  std::shared_ptr<Engine> engine;
  EXPECT_EQ(Engine::create(options, engine).code, Code::InvalidArgument);
}

TEST(Device, EveryStageIsEmitted) {
  for (auto [stage, part] :
       {std::pair("gpu", "gpu.module"), std::pair("nvvm", "llvm.func"),
        std::pair("ptx", ".target sm_80")}) {
    std::string text;
    Status status = emitPhase(kDouble, forDevice(), stage, text);
    ASSERT_TRUE(status.ok()) << status.str();
    EXPECT_NE(text.find(part), std::string::npos) << text;
    EXPECT_EQ(text.find('\0'), std::string::npos);
    status = emitPhase(kDouble, {}, stage, text);
    EXPECT_EQ(status.code, Code::InvalidArgument);
  }
}
