//===- Run.h - runs emulated kernels and checks what they do --------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Blocks run one after another, the threads of a block as fibers: each runs
// until it waits at a barrier or a shuffle, or ends. No real memory is touched
// that a kernel has no right to, so a wrong kernel ends in a report. Free of
// LLVM; needs Boost.Context.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_EMULATOR_RUN_H
#define NOODLE_TEST_EMULATOR_RUN_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace noodle::emu {

enum class FaultKind {
  OutOfBounds,         ///< outside of the buffer
  BadBuffer,           ///< a buffer that is no live device memory
  Misaligned,          ///< address % alignment
  SharedRace,          ///< no barrier between two threads' accesses
  SharedUninitialised, ///< read before any thread of the block wrote
  GlobalUninitialised, ///< read before anybody wrote
  GlobalRace,          ///< two threads of the launch, one of which wrote
  DivergentBarrier,    ///< threads end or wait elsewhere
  MissingLanes,        ///< a shuffle without all lanes of the warp
  Endless,             ///< far too many accesses; the launch was given up
};
const char *faultName(FaultKind kind);

struct Fault {
  FaultKind kind;
  std::string kernel, place, detail;
  int64_t block[3], thread; ///< the first that did it
  int64_t count = 1;
  std::string str() const; ///< one line
};

/// How the warps of the first block reached memory.
struct AccessCounts {
  int64_t globalRequests = 0;
  int64_t uncoalesced = 0; ///< touched over twice the sectors they needed
  int64_t sectors = 0, neededSectors = 0; ///< of 32 bytes
  int64_t sharedRequests = 0;
  int64_t bankConflicts = 0; ///< extra passes
  void add(const AccessCounts &other);
};

/// Device memory as the kernels see it.
class Memory {
public:
  struct Window {
    char *storage = nullptr; ///< where the bytes are
    uint8_t *written =
        nullptr; ///< a byte each, not 0 once written; may be null
  };
  virtual ~Memory() = default;
  /// False, with a reason, unless all `bytes` at `address` are of one live
  /// allocation.
  virtual bool find(uint64_t address, uint64_t bytes, Window &window,
                    std::string &whyNot) = 0;
};

struct LaunchResult {
  std::vector<Fault> faults;
  AccessCounts counts;
  int64_t accesses = 0;                     ///< by all threads
  bool illegal = false, misaligned = false; ///< what a device would report
};

struct LaunchLimits {
  int64_t accesses = int64_t(4) << 30; ///< of a launch
};

/// The kernels of one image.
class Module {
public:
  struct Buffer {
    unsigned param;
    int64_t elementBytes;
  };
  struct Workgroup {
    int64_t offset, bytes;
  };
  struct Site {
    unsigned place;
    char kind, space;
    int64_t bytes, alignment;
    int buffer;
  };
  struct Kernel {
    std::string name;
    int64_t threads, sharedBytes, granule;
    std::vector<int64_t> params; ///< bytes of each
    std::vector<Buffer> buffers;
    std::vector<Workgroup> workgroup;
    void *function = nullptr;
  };

  /// Loads a shared object from memory. Null with a reason.
  static std::unique_ptr<Module> load(const void *object, size_t bytes,
                                      std::string &whyNot);
  ~Module();
  const Kernel *find(const std::string &name) const;
  const std::vector<Kernel> &kernels() const { return all; }
  const std::vector<Site> &sites() const { return siteTable; }
  const std::string &place(unsigned number) const { return places[number]; }

  /// The blob behind a PTX text's NUL; empty if there is none. Reads no more
  /// than the blob says.
  static std::pair<const char *, size_t> findBlob(const char *image);

private:
  Module() = default;
  bool parse(const char *text, std::string &whyNot);
  void *handle = nullptr;
  std::vector<Kernel> all;
  std::vector<std::string> places;
  std::vector<Site> siteTable;
};

/// Runs one grid. `params[i]` points at the i-th parameter's bytes.
LaunchResult launch(const Module &module, const Module::Kernel &kernel,
                    const int64_t grid[3], const int64_t block[3],
                    void *const *params, Memory &memory,
                    const LaunchLimits &limits = {});

} // namespace noodle::emu

#endif // NOODLE_TEST_EMULATOR_RUN_H
