//===- State.h - what the fake driver keeps -------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One state behind one lock. Work on a stream is kept until somebody waits for
// it, so what forgets to wait sees stale data. Its times are known when it is
// enqueued. Vector clocks say which work is ordered after which.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_FAKE_CUDA_STATE_H
#define NOODLE_TEST_FAKE_CUDA_STATE_H

#include "Run.h"
#include "cuda_api.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace fake_cuda {

using noodle::emu::AccessCounts;

struct Config {
  int devices = 1;
  int64_t memory = int64_t(1) << 30;
  int sm = 90;
  int driver = 12080;
  int64_t fail = 0, die = 0;
  int code = CUDA_ERROR_OUT_OF_MEMORY;
  bool sticky = false, stats = false, pools = true;
  double bandwidth = 50, hbm = 3000;          ///< GB/s
  double launch = 3, call = 0.5, kernel = -1; ///< microseconds
  std::string of; ///< function that `fail` counts; empty: every one
  std::string report, summary;

  /// 0, or the number of the first word that is not understood.
  int parse(const char *text);
};

/// For each stream, how many of its ops are known to be over. Streams are
/// numbered through the life of the process.
using Order = std::map<int, int64_t>;
void merge(Order &into, const Order &from);

struct Allocation {
  uint64_t address = 0;
  int64_t bytes = 0;
  int stream = 0;     ///< where it was ordered; 0: at once
  int64_t number = 0; ///< of the op there
  Order uses;         ///< the last op of each stream
};

/// Memory of one device. Its addresses are mapped without access, so that a
/// host that takes one for its own faults; the bytes are elsewhere.
class Heap {
public:
  explicit Heap(int64_t capacity);
  ~Heap();
  Heap(const Heap &) = delete;
  Heap &operator=(const Heap &) = delete;

  /// 0 if there is no room.
  uint64_t allocate(int64_t bytes, int stream, int64_t number);
  Allocation *find(uint64_t address);
  /// Takes the allocation away; the bytes stay until `discard`.
  Allocation remove(uint64_t address);
  void discard(const Allocation &gone);
  bool owns(uint64_t address) const {
    return address - begin < uint64_t(reserved);
  }
  bool wasFreed(uint64_t address) const;
  char *storage(uint64_t address) const { return bytes + (address - begin); }
  uint8_t *written(uint64_t address) const { return marks + (address - begin); }
  int64_t used() const { return inUse; }
  int64_t capacity() const { return most; }
  const std::map<uint64_t, Allocation> &live() const { return allocations; }
  void forgetAll();

private:
  int64_t most, reserved, inUse = 0;
  uint64_t begin = 0, next = 0;
  char *bytes = nullptr;
  uint8_t *marks = nullptr;
  std::map<uint64_t, Allocation> allocations;
  std::map<uint64_t, int64_t> freed;
};

enum Engine { kIn, kOut, kCompute, kNone };

struct Op {
  int64_t number;
  std::function<void()> run; ///< may be empty
  int awaited = 0;           ///< of another stream: run its ops up to `upTo`
  int64_t upTo = 0;
  uint64_t hostBegin = 0, hostEnd = 0; ///< pinned memory it will touch
};

struct Device;

struct Stream {
  int id;
  Device *device;
  int64_t enqueued = 0; ///< number of the last op
  double ready = 0;     ///< when the last one ends
  Order order;          ///< what the next op comes after
  std::deque<Op> pending;
};

struct Event {
  bool recorded = false;
  int stream = 0;
  int64_t number = 0;
  double time = 0;
  Order order;
  bool asked = false; ///< a query said no once
};

struct Function;
struct Image {
  Device *device;
  std::unique_ptr<noodle::emu::Module> code; ///< null: PTX without a blob
  std::string ptx;
  std::map<std::string, std::unique_ptr<Function>> functions;
};
struct Function {
  Image *image;
  std::string name;
  const noodle::emu::Module::Kernel *kernel; ///< null: PTX only
};

struct Device {
  int ordinal = 0;
  std::unique_ptr<Heap> heap;
  int retained = 0;
  CUresult dead = CUDA_SUCCESS; ///< what every call returns once it is set
  double engineReady[3] = {};
  std::vector<std::pair<double, double>> busy[3]; ///< begin, end
};

struct HostBlock {
  int64_t bytes;
  bool registered; ///< else allocated by the driver
  Device *device;
};

class State {
public:
  static State &get();
  std::recursive_mutex mutex;

  Config config;
  std::vector<std::unique_ptr<Device>> devices;
  std::map<int, std::unique_ptr<Stream>> streams; ///< 0 is not among them
  std::map<uint64_t, std::unique_ptr<Event>> events;
  std::map<uint64_t, std::unique_ptr<Image>> images;
  std::map<uint64_t, HostBlock> host; ///< by address
  bool initialized = false;
  std::vector<const char *> calls;   ///< names, in order
  int64_t failBase = 0, dieBase = 0; ///< `fail` and `die` count from here
  /// Calls that `fail` has counted, the last of the calls among them.
  int64_t counted() const;
  int64_t launches = 0;
  double now = 0;
  Order hostOrder;
  int64_t faults = 0;
  std::string faultText;
  AccessCounts counts;
  std::map<std::string, AccessCounts> countsOfKernels;
  uint64_t nextHandle = 0x1000;

  void start(); ///< makes the devices of `config`
  void leaks(); ///< reports what is alive
  void reset();

  /// A wrong use of the driver, or a kernel's fault.
  void fault(const std::string &line);
  void note(const std::string &line); ///< written, not counted

  Stream *stream(uint64_t handle, Device &device); ///< null: no such stream
  /// Adds work that takes `seconds` of an engine.
  Op &enqueue(Stream &stream, Engine engine, double seconds,
              std::function<void()> run);
  void wait(Stream &stream, const Event &event);
  /// Runs the ops of a stream, up to a number.
  void drain(Stream &stream, int64_t upTo);
  void synchronize(Stream &stream);
  void synchronize(const Event &event);
  void synchronize(Device &device);

  /// Where `bytes` at a device address are, for use by an op of `stream`;
  /// reports why it must not, and returns null. Host memory that is registered
  /// is found too.
  char *use(Device &device, Stream &stream, int64_t number, uint64_t address,
            int64_t bytes, const char *what, uint8_t **written = nullptr);
  /// The pinned block that holds all of these bytes; null if none does.
  HostBlock *pinned(const void *address, int64_t bytes);
  bool isDeviceAddress(const void *address, int64_t bytes) const;

private:
  State();
  int nextStream = 1;

public:
  Stream &makeStream(Device &device);
};

} // namespace fake_cuda

#endif // NOODLE_TEST_FAKE_CUDA_STATE_H
