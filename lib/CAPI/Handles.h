//===- Handles.h - what the C API's handles hold --------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// This folder is compiled with exceptions on, so that a failed allocation in it
// becomes a status and never reaches the host.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_CAPI_HANDLES_H
#define NOODLE_CAPI_HANDLES_H

#include "noodle-c/noodle.h"
#include "noodle-rt/device.h"
#include "noodle/Engine/Engine.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string>

struct noodle_status {
  noodle_code code;
  std::string message;
};

namespace noodle::capi {

/// A host's executor behind the runtime's interface.
class HostExecutor final : public rt::Executor {
public:
  explicit HostExecutor(const noodle_executor &host) : host(host) {}
  void run(int64_t chunks, void (*chunk)(void *, int64_t),
           void *data) override {
    host.run(host.data, chunks, chunk, data);
  }
  int concurrency() const override { return host.concurrency; }

private:
  noodle_executor host;
};

/// The engine and what must outlive it; shared by every handle made from it.
struct EngineState {
  std::string target = "cpu"; ///< of programs that name none
  std::unique_ptr<HostExecutor> executor;
  std::shared_ptr<engine::Engine> engine;
};

/// The one status that needs no memory; releasing it does nothing.
noodle_status *outOfMemory();
noodle_status *failure(noodle_code code, std::string message);
/// Null when `status` is ok.
noodle_status *toC(const engine::Status &status);

/// Runs `body`, which returns a noodle_status*, behind the exception border.
template <class Body> noodle_status *guarded(Body &&body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc &) {
    return outOfMemory();
  } catch (const std::exception &error) {
    return failure(NOODLE_INTERNAL, error.what());
  } catch (...) {
    return failure(NOODLE_INTERNAL, "an unknown exception");
  }
}

/// A struct of options as this library knows it: the fields the host's header
/// had, zero in those it had not. Null gives the defaults. Fails for a size
/// that no version of the struct had.
template <class Options>
noodle_status *readOptions(const Options *given, const char *name,
                           Options &options) {
  options = Options{};
  options.struct_size = sizeof(Options);
  if (!given)
    return nullptr;
  size_t size = given->struct_size;
  if (size < sizeof(size_t) || size > 16 * sizeof(Options))
    return failure(NOODLE_INVALID_ARGUMENT,
                   std::string(name) +
                       ".struct_size must be the sizeof of the struct");
  std::memcpy(&options, given, std::min(size, sizeof(Options)));
  return nullptr;
}

inline noodle_status *nullArgument(const char *name) {
  return failure(NOODLE_INVALID_ARGUMENT, std::string(name) + " is NULL");
}

} // namespace noodle::capi

struct noodle_engine {
  std::shared_ptr<noodle::capi::EngineState> state;
};

struct noodle_program {
  // Declared first, so destroyed last: the program's engine may run on the
  // host's executor.
  std::shared_ptr<noodle::capi::EngineState> state;
  std::shared_ptr<noodle::engine::Program> program;
};

struct noodle_region {
  std::shared_ptr<noodle::capi::EngineState> state;
  noodle::rt::Region region;
};

struct noodle_resident {
  std::shared_ptr<noodle::capi::EngineState> state;
  /// Of values, positions and coordinates; empty without a device.
  std::vector<std::unique_ptr<noodle::rt::ResidentBuffer>> buffers;
};

struct noodle_pinned {
  ~noodle_pinned() {
    if (device)
      device->unregisterHost(address);
  }
  std::shared_ptr<noodle::rt::Device> device; ///< null: not locked
  void *address = nullptr;
};

struct noodle_cancel {
  noodle::rt::CancelToken token;
};

struct noodle_receipt {
  noodle::engine::Receipt receipt;
  std::string json, text;
};

struct noodle_call {
  std::shared_ptr<noodle::capi::EngineState> state;
  std::shared_ptr<noodle::engine::Program> program;
  noodle::engine::BoundCall call;
  bool into = false; ///< it has memory for its results
};

// The host's tensor is the ABI's under a name of its own.
static_assert(sizeof(noodle_tensor) == sizeof(noodle_rt_tensor));
static_assert(offsetof(noodle_tensor, element) ==
              offsetof(noodle_rt_tensor, type));
static_assert(offsetof(noodle_tensor, stored) ==
              offsetof(noodle_rt_tensor, stored));
static_assert(offsetof(noodle_tensor, values) ==
              offsetof(noodle_rt_tensor, values));
static_assert(offsetof(noodle_tensor, coordinates) ==
              offsetof(noodle_rt_tensor, coordinates));
static_assert(offsetof(noodle_tensor, rows) ==
              offsetof(noodle_rt_tensor, rows));
static_assert(offsetof(noodle_tensor, stored_rows) ==
              offsetof(noodle_rt_tensor, stored_rows));
static_assert(offsetof(noodle_tensor, extents) ==
              offsetof(noodle_rt_tensor, extents));
static_assert(offsetof(noodle_tensor, strides) ==
              offsetof(noodle_rt_tensor, strides));
static_assert(NOODLE_MAX_RANK == NOODLE_RT_MAX_RANK);
static_assert(int(NOODLE_F64) == NOODLE_RT_F64 &&
              int(NOODLE_INDEX) == NOODLE_RT_INDEX);
static_assert(int(NOODLE_F16) == NOODLE_RT_F16 &&
              int(NOODLE_BF16) == NOODLE_RT_BF16 &&
              int(NOODLE_I8) == NOODLE_RT_I8 &&
              int(NOODLE_C64) == NOODLE_RT_C64 &&
              int(NOODLE_C128) == NOODLE_RT_C128);
static_assert(int(NOODLE_DCSR) == NOODLE_RT_DCSR &&
              int(NOODLE_BSR) == NOODLE_RT_BSR);
static_assert(offsetof(noodle_tensor, block_rows) ==
                  offsetof(noodle_rt_tensor, block_rows) &&
              offsetof(noodle_tensor, block_columns) ==
                  offsetof(noodle_rt_tensor, block_columns));
static_assert(int(NOODLE_INTERNAL) == NOODLE_RT_INTERNAL);
static_assert(int(NOODLE_DEVICE_FAILED) == NOODLE_RT_DEVICE_FAILED);
static_assert(int(NOODLE_IO_ERROR) == int(noodle::engine::Code::IoError));

#endif // NOODLE_CAPI_HANDLES_H
