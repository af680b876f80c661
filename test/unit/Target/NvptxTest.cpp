//===- NvptxTest.cpp - chips, PTX, ptxas ----------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Target/Nvptx.h"
#include "noodle/Target/Target.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"

#include "gtest/gtest.h"
#include <thread>

using namespace mlir;
using namespace mlir::noodle;

namespace {

const char *kKernels = R"(
gpu.module @noodle_device {
  gpu.func @twice(%in: memref<?xf32>, %out: memref<?xf32>)
      kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
    %t = gpu.thread_id x
    %v = memref.load %in[%t] : memref<?xf32>
    %w = arith.addf %v, %v : f32
    memref.store %w, %out[%t] : memref<?xf32>
    gpu.return
  }
  gpu.func @swap(%buffer: memref<?xi64>)
      workgroup(%tile: memref<64xi64, #gpu.address_space<workgroup>>)
      kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %last = arith.constant 63 : index
    %t = gpu.thread_id x
    %u = arith.subi %last, %t : index
    %v = memref.load %buffer[%t] : memref<?xi64>
    memref.store %v, %tile[%t] : memref<64xi64, #gpu.address_space<workgroup>>
    gpu.barrier
    %w = memref.load %tile[%u] : memref<64xi64, #gpu.address_space<workgroup>>
    memref.store %w, %buffer[%t] : memref<?xi64>
    gpu.return
  }
}
)";

llvm::Expected<std::string> toPtx(llvm::StringRef chip) {
  auto target = GpuTarget::get(chip);
  if (!target)
    return target.takeError();
  DialectRegistry registry;
  registry.insert<arith::ArithDialect, cf::ControlFlowDialect, gpu::GPUDialect,
                  memref::MemRefDialect, NVVM::NVVMDialect, scf::SCFDialect>();
  registerTranslations(registry);
  registerDeviceTranslations(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  auto module = parseSourceString<ModuleOp>(kKernels, &context);
  PassManager passes(&context);
  buildDevicePipeline(passes, *target);
  if (!module || failed(passes.run(*module)))
    return llvm::createStringError("the kernels cannot be lowered");
  return translateDeviceToPTX(*module, *target);
}

std::string ptxas() { return std::string(NOODLE_BINARY_DIR) + "/ptxas/ptxas"; }
bool hasPtxas() { return llvm::sys::fs::can_execute(ptxas()); }

TEST(Chips, AreKnownOrRefused) {
  for (const std::string &name : GpuTarget::chips()) {
    auto target = GpuTarget::get(name);
    ASSERT_TRUE(bool(target)) << llvm::toString(target.takeError());
    EXPECT_EQ(target->chip, name);
  }
  EXPECT_EQ(llvm::cantFail(GpuTarget::get("sm_80")).ptxVersion, 70);
  EXPECT_EQ(llvm::cantFail(GpuTarget::get("sm_90")).ptxVersion, 78);
  for (const char *name : {"", "sm_", "sm_1", "sm_90x", "gfx90a", "SM_90"}) {
    auto target = GpuTarget::get(name);
    ASSERT_FALSE(bool(target)) << name;
    std::string why = llvm::toString(target.takeError());
    EXPECT_NE(why.find("unknown chip '" + std::string(name) + "': use one of "),
              std::string::npos)
        << why;
  }
}

TEST(Chips, OfADeviceIsTheNewestThatItRuns) {
  EXPECT_EQ(GpuTarget::forDevice(8, 0), "sm_80");
  EXPECT_EQ(GpuTarget::forDevice(9, 0), "sm_90");
  EXPECT_EQ(GpuTarget::forDevice(9, 9), "sm_90");
  EXPECT_EQ(GpuTarget::forDevice(10, 1), "sm_100");
  EXPECT_EQ(GpuTarget::forDevice(99, 0), GpuTarget::chips().back());
  EXPECT_EQ(GpuTarget::forDevice(6, 1), "");
}

TEST(Chips, PtxOfDrivers) {
  EXPECT_EQ(newestPtxVersion(11000), 70);
  EXPECT_EQ(newestPtxVersion(11080), 78);
  EXPECT_EQ(newestPtxVersion(12000), 80);
  EXPECT_EQ(newestPtxVersion(12040), 84);
  EXPECT_EQ(newestPtxVersion(12060), 85);
  EXPECT_EQ(newestPtxVersion(12080), 87);
  EXPECT_EQ(newestPtxVersion(12090), 88);
  EXPECT_EQ(newestPtxVersion(13000), 90);
  EXPECT_GE(newestPtxVersion(14000), 90);
  // The toolkit that came with a chip knows it.
  EXPECT_LE(llvm::cantFail(GpuTarget::get("sm_80")).ptxVersion,
            newestPtxVersion(11000));
  EXPECT_LE(llvm::cantFail(GpuTarget::get("sm_90")).ptxVersion,
            newestPtxVersion(11080));
  EXPECT_LE(llvm::cantFail(GpuTarget::get("sm_121")).ptxVersion,
            newestPtxVersion(12090));
}

TEST(Ptx, EveryChipHasSome) {
  for (const std::string &chip : GpuTarget::chips()) {
    auto ptx = toPtx(chip);
    ASSERT_TRUE(bool(ptx)) << llvm::toString(ptx.takeError());
    EXPECT_NE(ptx->find(".target " + chip + "\n"), std::string::npos);
    EXPECT_NE(ptx->find(".visible .entry twice("), std::string::npos);
    EXPECT_NE(ptx->find(".visible .entry swap("), std::string::npos);
  }
}

TEST(Ptx, IsTheSameFromManyThreads) {
  std::string alone = llvm::cantFail(toPtx("sm_90"));
  std::vector<std::string> made(4);
  std::vector<std::thread> threads;
  for (std::string &ptx : made)
    threads.emplace_back([&ptx] { ptx = llvm::cantFail(toPtx("sm_90")); });
  for (std::thread &thread : threads)
    thread.join();
  for (const std::string &ptx : made)
    EXPECT_EQ(ptx, alone);
}

TEST(Ptxas, ReportsResources) {
  if (!hasPtxas())
    GTEST_SKIP() << "no ptxas";
  auto assembled = assemble(llvm::cantFail(toPtx("sm_80")), "sm_90", ptxas());
  ASSERT_TRUE(bool(assembled)) << llvm::toString(assembled.takeError());
  EXPECT_EQ(assembled->cubin.substr(0, 4), "\177ELF");
  ASSERT_EQ(assembled->kernels.size(), 2u);
  for (const KernelResources &kernel : assembled->kernels) {
    EXPECT_GT(kernel.registers, 0);
    EXPECT_EQ(kernel.spillStores + kernel.spillLoads + kernel.stack, 0);
    EXPECT_EQ(kernel.shared, kernel.name == "swap" ? 512 : 0) << kernel.name;
  }
}

TEST(Ptxas, ReportsSpills) {
  if (!hasPtxas())
    GTEST_SKIP() << "no ptxas";
  // More values alive at once than the registers that this kernel may have.
  std::string ptx = ".version 7.8\n.target sm_80\n.address_size 64\n"
                    ".visible .entry many(.param .u64 p)\n.maxnreg 24\n{\n"
                    ".reg .b32 %r<65>;\n.reg .b64 %d<2>;\n"
                    "ld.param.b64 %d1, [p];\n";
  for (int k = 0; k < 64; ++k)
    ptx += "ld.volatile.global.b32 %r" + std::to_string(k) + ", [%d1+" +
           std::to_string(4 * k) + "];\n";
  for (int k = 63; k >= 0; --k)
    ptx += "st.volatile.global.b32 [%d1+" + std::to_string(4 * k + 4) +
           "], %r" + std::to_string(k) + ";\n";
  auto assembled = assemble(ptx + "ret;\n}\n", "sm_80", ptxas());
  ASSERT_TRUE(bool(assembled)) << llvm::toString(assembled.takeError());
  ASSERT_EQ(assembled->kernels.size(), 1u);
  EXPECT_EQ(assembled->kernels[0].name, "many");
  EXPECT_GT(assembled->kernels[0].spillStores, 0);
  EXPECT_GT(assembled->kernels[0].spillLoads, 0);
  EXPECT_GT(assembled->kernels[0].stack, 0);
}

TEST(Ptxas, SaysWhatIsWrong) {
  auto none = assemble("", "sm_80", "/nowhere/ptxas");
  ASSERT_FALSE(bool(none));
  EXPECT_NE(llvm::toString(none.takeError()).find("'/nowhere/ptxas'"),
            std::string::npos);
  if (!hasPtxas())
    GTEST_SKIP() << "no ptxas";
  auto broken =
      assemble(".version 7.0\n.target sm_80\nnonsense\n", "sm_80", ptxas());
  ASSERT_FALSE(bool(broken));
  EXPECT_NE(llvm::toString(broken.takeError()).find("line 3"),
            std::string::npos);
  // Code of a newer chip.
  auto newer = assemble(llvm::cantFail(toPtx("sm_90")), "sm_80", ptxas());
  ASSERT_FALSE(bool(newer));
  llvm::consumeError(newer.takeError());
}

TEST(Fatbin, HoldsMachineCodeAndPtx) {
  if (!hasPtxas())
    GTEST_SKIP() << "no ptxas";
  GpuTarget target = llvm::cantFail(GpuTarget::get("sm_90"));
  std::string ptx = llvm::cantFail(toPtx("sm_90"));
  auto size = [&](std::vector<std::string> chips) -> size_t {
    auto image = makeFatbin(ptx, target, chips, ptxas());
    if (!image) {
      ADD_FAILURE() << llvm::toString(image.takeError());
      return 0;
    }
    // The magic number of a fatbin, in the machine's order.
    EXPECT_EQ(image->substr(0, 4), std::string("\x50\xed\x55\xba"));
    return image->size();
  };
  size_t text = size({}), one = size({"sm_90"}),
         two = size({"sm_90", "sm_100"});
  EXPECT_LT(text, one);
  EXPECT_LT(one, two);
  EXPECT_EQ(size({"sm_80", "sm_90"}), one) << "sm_80 runs no code for sm_90";
}

} // namespace
