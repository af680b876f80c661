//===- Harness.cpp - kernels in text, run by the emulator -----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Harness.h"
#include "Emulator.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

namespace noodle::emu::test {

bool TestMemory::find(uint64_t address, uint64_t bytes, Window &window,
                      std::string &whyNot) {
  auto it = blocks.upper_bound(address);
  if (it == blocks.begin())
    return false;
  --it;
  uint64_t offset = address - it->first;
  if (offset + bytes > it->second.bytes.size()) {
    whyNot = "it is not in live memory";
    return false;
  }
  window = {it->second.bytes.data() + offset,
            it->second.written.data() + offset};
  return true;
}

std::string compileKernels(const std::string &kernels,
                           const std::string &plant) {
  mlir::DialectRegistry registry;
  registerEmulator(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  std::string text = "gpu.module @noodle_device {\n" + kernels + "\n}\n";
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module) {
    ADD_FAILURE() << "the kernel does not parse";
    return {};
  }
  if (!plant.empty()) {
    auto fault = parsePlant(plant);
    if (!fault) {
      ADD_FAILURE() << llvm::toString(fault.takeError());
      return {};
    }
    EXPECT_EQ(plantFault(*module, *fault), 1) << "nothing to plant in";
  }
  auto object = compile(*module);
  if (!object) {
    ADD_FAILURE() << llvm::toString(object.takeError());
    return {};
  }
  return std::move(*object);
}

void appendCode(std::string &image, const std::string &object) {
  appendBlob(image, object);
}

std::unique_ptr<Module> build(const std::string &kernels,
                              const std::string &plant) {
  std::string object = compileKernels(kernels, plant), image = "// PTX", why;
  if (object.empty())
    return nullptr;
  appendCode(image, object);
  auto [blob, size] = Module::findBlob(image.data());
  EXPECT_EQ(size, object.size());
  auto loaded = Module::load(blob, size, why);
  EXPECT_TRUE(loaded) << why;
  return loaded;
}

LaunchResult run(const Module &module, Memory &memory, Parameters parameters,
                 int64_t blocks, int64_t threads) {
  const int64_t grid[3] = {blocks, 1, 1}, block[3] = {threads, 1, 1};
  std::vector<void *> pointers = parameters.pointers();
  return launch(module, module.kernels().front(), grid, block, pointers.data(),
                memory);
}

} // namespace noodle::emu::test
