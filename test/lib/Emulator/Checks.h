//===- Checks.h - what one thread of a kernel may touch -------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_EMULATOR_CHECKS_H
#define NOODLE_TEST_EMULATOR_CHECKS_H

#include "EmulatorAbi.h"
#include "Run.h"

#include <map>

namespace noodle::emu {

/// Checks of one launch. The scheduler tells it of blocks, barriers and faults
/// of waiting; kernels ask it before each access.
class Checks {
public:
  Checks(const Module &module, const Module::Kernel &kernel, int64_t threads,
         LaunchResult &result, const LaunchLimits &limits);

  /// Resolves the buffers of the parameters. False: do not run.
  bool bind(void *const *params, Memory &memory);

  void beginBlock(const EmuThread &first, bool sample);
  void barrier() { ++epoch; }
  void endBlock();

  /// What EmuTable::access promises.
  void *access(const EmuThread &thread, void *address, int32_t site);

  void report(FaultKind kind, int32_t site, const int64_t *block,
              int64_t thread, const std::string &detail);
  /// The launch made more accesses than it may.
  bool endless() const { return result.accesses > limits.accesses; }

private:
  struct Bound {
    uint64_t begin = 0, end = 0;
    char *storage = nullptr;
    uint8_t *written = nullptr;
    uint64_t elementBytes = 1;
    /// Of each element, the thread of the grid that wrote it in this launch,
    /// from 1; empty until one is written. No barrier orders blocks, and no
    /// kernel passes values between its threads through global memory.
    std::vector<uint64_t> writers;
  };
  /// Who last wrote and read a few bytes of shared memory, and between which
  /// barriers. Threads count from 1.
  struct Cell {
    uint32_t writeEpoch = 0, readEpoch = 0;
    uint16_t writer = 0, reader = 0;
  };
  static constexpr uint16_t kSeveral = 0xffff;
  struct Sample {
    int32_t site, warp;
    uint32_t turn; ///< how often the thread had been there
    uint64_t address;
    bool operator<(const Sample &other) const;
  };

  void *global(const EmuThread &thread, uint64_t address, int32_t number,
               const Module::Site &site);
  void *shared(const EmuThread &thread, char *address, int32_t number,
               const Module::Site &site);
  void race(Bound &bound, const EmuThread &thread, size_t offset,
            int32_t number, const Module::Site &site);
  void *refuse(const Module::Site &site);
  void sample(const EmuThread &thread, uint64_t address, int32_t number);
  void countRequest(const Sample *begin, const Sample *end);

  const Module &module;
  const Module::Kernel &kernel;
  LaunchResult &result;
  const LaunchLimits &limits;
  std::vector<Bound> buffers;
  std::vector<Cell> cells;
  uint32_t epoch = 0, blockBegin = 0;
  bool sampling = false;
  std::vector<Sample> samples;
  std::vector<uint32_t> turns; ///< thread by site
  std::map<std::pair<FaultKind, int32_t>, size_t> known;
  alignas(64) char zeros[256];
  alignas(64) char sink[256];
};

} // namespace noodle::emu

#endif // NOODLE_TEST_EMULATOR_CHECKS_H
