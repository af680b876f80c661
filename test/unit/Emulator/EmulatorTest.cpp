//===- EmulatorTest.cpp - right kernels run, wrong ones are reported ------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Harness.h"

#include "gtest/gtest.h"
#include <algorithm>

using namespace noodle::emu;
using namespace noodle::emu::test;

namespace {

/// Transposes a square of 32 x 32 through shared memory, a row a warp and then
/// a column; each row of the tile is one longer so that banks do not collide.
const char *kTranspose = R"(
gpu.func @transpose(%in: memref<?xf32>, %out: memref<?xf32>, %n: i64)
    workgroup(%tile: memref<1056xf32, #gpu.address_space<workgroup>>)
    kernel attributes {known_block_size = array<i32: 256, 1, 1>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %warps = arith.constant 8 : index
  %side = arith.constant 32 : index
  %pitch = arith.constant 33 : index
  %t = gpu.thread_id x
  %lane = arith.remui %t, %side : index
  %warp = arith.divui %t, %side : index
  scf.for %row = %warp to %side step %warps {
    %a = arith.muli %row, %side : index
    %from = arith.addi %a, %lane : index
    %v = memref.load %in[%from] : memref<?xf32>
    %b = arith.muli %row, %pitch : index
    %to = arith.addi %b, %lane : index
    memref.store %v, %tile[%to] : memref<1056xf32, #gpu.address_space<workgroup>>
  }
  gpu.barrier
  scf.for %row = %warp to %side step %warps {
    %b = arith.muli %lane, %pitch : index
    %from = arith.addi %b, %row : index
    %v = memref.load %tile[%from] : memref<1056xf32, #gpu.address_space<workgroup>>
    %a = arith.muli %row, %side : index
    %to = arith.addi %a, %lane : index
    memref.store %v, %out[%to] : memref<?xf32>
  }
  gpu.return
}
)";

struct Transpose {
  TestMemory memory;
  uint64_t in, out;
  LaunchResult result;
  bool right = false;

  explicit Transpose(const std::string &plant = "",
                     const std::string &text = kTranspose) {
    auto module = build(text, plant);
    if (!module)
      return;
    std::vector<float> values(1024);
    for (size_t k = 0; k < values.size(); ++k)
      values[k] = float(k);
    in = memory.add(values);
    out = memory.addEmpty(4096);
    result =
        run(*module, memory,
            Parameters().buffer(in, 1024).buffer(out, 1024).scalar(32), 1, 256);
    right = true;
    std::vector<float> got = memory.get<float>(out);
    for (size_t i = 0; i < 32; ++i)
      for (size_t j = 0; j < 32; ++j)
        right = right && got[i * 32 + j] == float(j * 32 + i);
  }
};

std::string faults(const LaunchResult &result) {
  std::string text;
  for (const Fault &fault : result.faults)
    text += fault.str() + "\n";
  return text;
}

bool has(const LaunchResult &result, FaultKind kind) {
  return std::any_of(result.faults.begin(), result.faults.end(),
                     [&](const Fault &fault) { return fault.kind == kind; });
}

TEST(Emulator, RightKernelHasNoFaults) {
  Transpose run;
  EXPECT_EQ(faults(run.result), "");
  EXPECT_TRUE(run.right);
  EXPECT_EQ(run.result.accesses, 4 * 1024);
  // 4 turns of 8 warps, each to and from memory.
  EXPECT_EQ(run.result.counts.globalRequests, 64);
  EXPECT_EQ(run.result.counts.uncoalesced, 0);
  EXPECT_EQ(run.result.counts.sectors, run.result.counts.neededSectors);
  EXPECT_EQ(run.result.counts.bankConflicts, 0);
}

TEST(Emulator, RemovedBarrierIsARace) {
  Transpose run("barrier:0");
  ASSERT_TRUE(has(run.result, FaultKind::SharedRace)) << faults(run.result);
  const Fault &fault = run.result.faults.front();
  EXPECT_NE(fault.str().find("kernel transpose, block (0,0,0), thread "),
            std::string::npos)
      << fault.str();
  EXPECT_NE(fault.place.find("memref.load"), std::string::npos) << fault.place;
}

TEST(Emulator, ShiftedIndexIsOutOfBoundsOrWrong) {
  // Load of the input, store to the tile, load of the tile, store of the
  // output.
  for (int site = 0; site < 4; ++site) {
    Transpose run("index:" + std::to_string(site));
    EXPECT_FALSE(run.right && run.result.faults.empty()) << site;
    if (site == 0 || site == 3) {
      ASSERT_TRUE(has(run.result, FaultKind::OutOfBounds));
      EXPECT_TRUE(run.result.illegal);
      EXPECT_NE(faults(run.result).find("4 bytes at offset 4096 of buffer"),
                std::string::npos)
          << faults(run.result);
    }
  }
}

TEST(Emulator, WrongStrideIsFound) {
  // remui 32, divui 32, and the strides of rows: each made one smaller.
  for (int site = 0; site < 6; ++site) {
    Transpose run("swizzle:" + std::to_string(site));
    EXPECT_FALSE(run.right && run.result.faults.empty()) << site;
  }
}

TEST(Emulator, CollidingBanksAndScatteredAccessesAreCounted) {
  std::string text = kTranspose;
  text.replace(text.find("constant 33"), 11, "constant 32");
  Transpose run("", text);
  EXPECT_TRUE(run.right);
  EXPECT_EQ(faults(run.result), "");
  // Each of 32 column reads takes 31 passes more.
  EXPECT_EQ(run.result.counts.bankConflicts, 32 * 31);

  const char *strided = R"(
gpu.func @strided(%in: memref<?xf32>, %out: memref<?xf32>) kernel
    attributes {known_block_size = array<i32: 32, 1, 1>} {
  %t = gpu.thread_id x
  %stride = arith.constant 16 : index
  %at = arith.muli %t, %stride : index
  %v = memref.load %in[%at] : memref<?xf32>
  memref.store %v, %out[%t] : memref<?xf32>
  gpu.return
})";
  auto module = build(strided);
  ASSERT_TRUE(module);
  TestMemory memory;
  uint64_t in = memory.add(std::vector<float>(512)), out = memory.addEmpty(128);
  LaunchResult result = ::noodle::emu::test::run(
      *module, memory, Parameters().buffer(in, 512).buffer(out, 32), 1, 32);
  EXPECT_EQ(result.counts.globalRequests, 2);
  EXPECT_EQ(result.counts.uncoalesced, 1);
  EXPECT_EQ(result.counts.sectors, 32 + 4);
  EXPECT_EQ(result.counts.neededSectors, 4 + 4);
}

/// Sum of a warp by shuffles, of every type that moves through one.
TEST(Emulator, ShufflesMoveValues) {
  const char *text = R"(
gpu.func @sum(%in: memref<?xf64>, %out: memref<?xf64>, %flags: memref<?xi32>)
    kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c2 = arith.constant 2 : i32
  %c4 = arith.constant 4 : i32
  %c8 = arith.constant 8 : i32
  %c16 = arith.constant 16 : i32
  %c32 = arith.constant 32 : i32
  %t = gpu.thread_id x
  %v0 = memref.load %in[%t] : memref<?xf64>
  %s1, %p1 = gpu.shuffle xor %v0, %c1, %c32 : f64
  %v1 = arith.addf %v0, %s1 : f64
  %s2, %p2 = gpu.shuffle xor %v1, %c2, %c32 : f64
  %v2 = arith.addf %v1, %s2 : f64
  %s3, %p3 = gpu.shuffle xor %v2, %c4, %c32 : f64
  %v3 = arith.addf %v2, %s3 : f64
  %s4, %p4 = gpu.shuffle xor %v3, %c8, %c32 : f64
  %v4 = arith.addf %v3, %s4 : f64
  %s5, %p5 = gpu.shuffle xor %v4, %c16, %c32 : f64
  %v5 = arith.addf %v4, %s5 : f64
  memref.store %v5, %out[%t] : memref<?xf64>
  %small = arith.truncf %v0 : f64 to f32
  %up, %pu = gpu.shuffle up %small, %c1, %c32 : f32
  %u = arith.fptosi %up : f32 to i32
  %down, %pd = gpu.shuffle down %u, %c1, %c32 : i32
  %first, %pf = gpu.shuffle idx %down, %c0, %c32 : i32
  %pu1 = arith.extui %pu : i1 to i32
  %pd1 = arith.extui %pd : i1 to i32
  %a = arith.muli %pd1, %c2 : i32
  %b = arith.addi %a, %pu1 : i32
  %c = arith.muli %first, %c4 : i32
  %d = arith.addi %b, %c : i32
  memref.store %d, %flags[%t] : memref<?xi32>
  gpu.return
})";
  auto module = build(text);
  ASSERT_TRUE(module);
  TestMemory memory;
  std::vector<double> values(64);
  double sums[2] = {};
  for (size_t k = 0; k < 64; ++k) {
    values[k] = double(3 * k + 1);
    sums[k / 32] += values[k];
  }
  uint64_t in = memory.add(values), out = memory.addEmpty(512),
           flags = memory.addEmpty(256);
  LaunchResult result =
      run(*module, memory,
          Parameters().buffer(in, 64).buffer(out, 64).buffer(flags, 64), 1, 64);
  EXPECT_EQ(faults(result), "");
  std::vector<double> got = memory.get<double>(out);
  std::vector<int32_t> bits = memory.get<int32_t>(flags);
  for (size_t k = 0; k < 64; ++k) {
    EXPECT_EQ(got[k], sums[k / 32]);
    // Lane 1 got what lane 0 had, and lane 0 got that of lane 1.
    int first = int(values[k / 32 * 32]);
    EXPECT_EQ(bits[k], 4 * first + (k % 32 ? 1 : 0) + (k % 32 < 31 ? 2 : 0));
  }
}

/// Runs `body` with 64 threads on an input and an output of 64 floats.
LaunchResult runBody(const std::string &body, uint64_t outCount = 64) {
  std::string text = R"(
gpu.func @body(%in: memref<?xf32>, %out: memref<?xf32>)
    workgroup(%s: memref<64xf32, #gpu.address_space<workgroup>>) kernel
    attributes {known_block_size = array<i32: 64, 1, 1>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c31 = arith.constant 31 : index
  %w = arith.constant 32 : i32
  %one = arith.constant 1 : i32
  %t = gpu.thread_id x
)" + body + "\n  gpu.return\n}";
  auto module = build(text);
  if (!module)
    return {};
  TestMemory memory;
  uint64_t in = memory.add(std::vector<float>(64, 1.0f)),
           out = memory.addEmpty(256);
  return run(*module, memory,
             Parameters().buffer(in, 64).buffer(out, int64_t(outCount)), 1, 64);
}

TEST(Emulator, DivergentBarrierIsReported) {
  LaunchResult result = runBody(R"(
  %some = arith.cmpi ult, %t, %c31 : index
  scf.if %some {
    gpu.barrier
  })");
  ASSERT_EQ(result.faults.size(), 1u) << faults(result);
  EXPECT_EQ(result.faults[0].kind, FaultKind::DivergentBarrier);
  EXPECT_NE(faults(result).find("33 of the block's 64 threads"),
            std::string::npos)
      << faults(result);
  // Two barriers, each with a part of the threads.
  result = runBody(R"(
  %some = arith.cmpi ult, %t, %c31 : index
  scf.if %some {
    gpu.barrier
  } else {
    gpu.barrier
  })");
  EXPECT_TRUE(has(result, FaultKind::DivergentBarrier)) << faults(result);
}

TEST(Emulator, MissingLaneIsReported) {
  LaunchResult result = runBody(R"(
  %v = memref.load %in[%t] : memref<?xf32>
  %some = arith.cmpi ne, %t, %c31 : index
  scf.if %some {
    %x, %p = gpu.shuffle xor %v, %one, %w : f32
    memref.store %x, %out[%t] : memref<?xf32>
  })");
  ASSERT_EQ(result.faults.size(), 1u) << faults(result);
  EXPECT_EQ(result.faults[0].kind, FaultKind::MissingLanes);
  EXPECT_NE(faults(result).find("1 lanes of the warp"), std::string::npos);
}

TEST(Emulator, MisalignedVectorIsReported) {
  LaunchResult result = runBody(R"(
  %lead = arith.cmpi ult, %t, %c1 : index
  scf.if %lead {
    %v = vector.load %in[%c1] {alignment = 16 : i64} : memref<?xf32>, vector<4xf32>
    vector.store %v, %out[%c0] {alignment = 16 : i64} : memref<?xf32>, vector<4xf32>
  })");
  ASSERT_EQ(result.faults.size(), 1u) << faults(result);
  EXPECT_EQ(result.faults[0].kind, FaultKind::Misaligned);
  EXPECT_TRUE(result.misaligned);
  EXPECT_FALSE(result.illegal);
}

TEST(Emulator, UnwrittenMemoryIsReported) {
  LaunchResult result = runBody(R"(
  %v = memref.load %out[%t] : memref<?xf32>
  memref.store %v, %out[%t] : memref<?xf32>)");
  ASSERT_EQ(result.faults.size(), 1u) << faults(result);
  EXPECT_EQ(result.faults[0].kind, FaultKind::GlobalUninitialised);
  result = runBody(R"(
  %v = memref.load %s[%t] : memref<64xf32, #gpu.address_space<workgroup>>
  memref.store %v, %out[%t] : memref<?xf32>)");
  ASSERT_EQ(result.faults.size(), 1u) << faults(result);
  EXPECT_EQ(result.faults[0].kind, FaultKind::SharedUninitialised);
}

/// What one thread wrote and read may be overwritten behind a barrier only.
TEST(Emulator, WriteAfterReadAndTwoWritersAreRaces) {
  std::string share = R"(
  %v = memref.load %in[%t] : memref<?xf32>
  memref.store %v, %s[%t] : memref<64xf32, #gpu.address_space<workgroup>>
  gpu.barrier
  %next = arith.xori %t, %c1 : index
  %x = memref.load %s[%next] : memref<64xf32, #gpu.address_space<workgroup>>
)";
  std::string again = R"(
  memref.store %x, %s[%t] : memref<64xf32, #gpu.address_space<workgroup>>
)";
  LaunchResult racing = runBody(share + again);
  EXPECT_TRUE(has(racing, FaultKind::SharedRace));
  EXPECT_NE(faults(racing).find("writes what is read by"), std::string::npos)
      << faults(racing);
  LaunchResult ordered = runBody(share + "  gpu.barrier\n" + again);
  EXPECT_EQ(faults(ordered), "");
  LaunchResult twice = runBody(R"(
  %v = memref.load %in[%t] : memref<?xf32>
  memref.store %v, %s[%c0] : memref<64xf32, #gpu.address_space<workgroup>>)");
  EXPECT_NE(faults(twice).find("writes what is written by"), std::string::npos)
      << faults(twice);
}

TEST(Emulator, ThreadsMeetingInGlobalMemoryAreARace) {
  LaunchResult result = runBody(R"(
  %v = memref.load %in[%t] : memref<?xf32>
  memref.store %v, %out[%c0] : memref<?xf32>)");
  ASSERT_EQ(result.faults.size(), 1u) << faults(result);
  EXPECT_EQ(result.faults[0].kind, FaultKind::GlobalRace);
  EXPECT_EQ(result.faults[0].count, 63);
  // One reads what another wrote.
  result = runBody(R"(
  %v = memref.load %in[%t] : memref<?xf32>
  memref.store %v, %out[%t] : memref<?xf32>
  %next = arith.xori %t, %c1 : index
  %x = memref.load %out[%next] : memref<?xf32>
  memref.store %x, %s[%t] : memref<64xf32, #gpu.address_space<workgroup>>)");
  EXPECT_TRUE(has(result, FaultKind::GlobalRace)) << faults(result);
}

TEST(Emulator, BufferThatIsNoMemoryIsRefused) {
  // The descriptor claims more than was allocated.
  LaunchResult result = runBody("  %v = memref.load %in[%t] : memref<?xf32>\n"
                                "  memref.store %v, %out[%t] : memref<?xf32>",
                                65);
  ASSERT_EQ(result.faults.size(), 1u);
  EXPECT_EQ(result.faults[0].kind, FaultKind::BadBuffer);
  EXPECT_EQ(result.accesses, 0);
}

TEST(Emulator, EndlessKernelIsGivenUp) {
  auto module = build(R"(
gpu.func @endless(%in: memref<?xf32>) kernel
    attributes {known_block_size = array<i32: 32, 1, 1>} {
  %c0 = arith.constant 0 : index
  scf.while : () -> () {
    %v = memref.load %in[%c0] : memref<?xf32>
    memref.store %v, %in[%c0] : memref<?xf32>
    %go = arith.cmpf oeq, %v, %v : f32
    scf.condition(%go)
  } do {
    scf.yield
  }
  gpu.return
})");
  ASSERT_TRUE(module);
  TestMemory memory;
  Parameters parameters;
  parameters.buffer(memory.add(std::vector<float>(1)), 1);
  std::vector<void *> pointers = parameters.pointers();
  const int64_t grid[3] = {2, 1, 1}, block[3] = {32, 1, 1};
  LaunchResult result = launch(*module, module->kernels()[0], grid, block,
                               pointers.data(), memory, {1000});
  ASSERT_EQ(result.faults.size(), 1u) << faults(result);
  EXPECT_EQ(result.faults[0].kind, FaultKind::Endless);
}

} // namespace
