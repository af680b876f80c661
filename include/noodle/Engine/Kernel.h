//===- Kernel.h - a loaded program and calls of it --------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_ENGINE_KERNEL_H
#define NOODLE_ENGINE_KERNEL_H

#include "noodle-rt/device.h"
#include "noodle/Engine/Receipt.h"

#include <array>
#include <memory>
#include <span>

namespace noodle::engine {

class Promotion;   // lib/Engine/Tiers.h
class Renumbering; // lib/Engine/IndexSpaces.h

/// Machine code in memory, or a program for the interpreter. Immutable,
/// thread-safe, shared by those who call it.
class Kernel {
public:
  /// Links the artifact's code into this process. It may call what
  /// ir_symbols.def lists and nothing else: another symbol is an error that
  /// names it. `promotion`: the artifact is tier-0, and calls go over to the
  /// kernel that takes its place.
  static Status load(Artifact artifact, std::shared_ptr<const Kernel> &kernel,
                     std::shared_ptr<Promotion> promotion = nullptr);
  ~Kernel();
  Kernel(const Kernel &) = delete;
  Kernel &operator=(const Kernel &) = delete;

  /// What it was made of, without the object code.
  const Artifact &artifact() const;
  const Signature *find(std::string_view name) const;
  bool interpreted() const { return !artifact().fallback.empty(); }
  /// Approximate bytes of memory.
  int64_t footprint() const;

  struct Impl;
  const Impl &impl() const { return *self; }

private:
  Kernel();
  std::unique_ptr<Impl> self;
};

/// The device of a call.
struct DeviceUse {
  std::string target = "cpu"; ///< as the host asked: "cpu", "cuda", "auto"
  /// Null: the CPU does everything.
  std::shared_ptr<rt::Device> device;
  /// Why there is none although one was asked for; else without a step.
  rt::DeviceStep absent;
  bool strict = false;  ///< a launch that does not run on it is an error
  bool profile = false; ///< times every launch and transfer
};

struct CallOptions {
  rt::Executor *executor = nullptr; ///< null: serial on the calling thread
  /// Bytes alive in the call at once; 0: as many as the machine has.
  int64_t memoryLimit = 0;
  int64_t deadlineMillis = 0; ///< 0: none
  rt::CancelToken *cancel = nullptr;
  bool trusted = false; ///< skips the O(stored) validation of sparse views
  /// Extents from which on indices are numbered anew where few are in use: a
  /// pass over the row list of a smaller matrix takes no time that counts.
  int64_t renumberFrom = 1 << 16;
  Receipt *receipt = nullptr; ///< filled when the call ends, however it ends
  DeviceUse device;
  /// For ops of strategy library on the host; null: their own code runs.
  std::shared_ptr<rt::LazyBlas> blas;
  /// A product that it does not form is an error, and so is memory that is
  /// refused to a form that needs more than the plain one.
  bool strictBlas = false;
};

/// Room for any scalar.
using ScalarSpace = std::array<uint64_t, 2>;

/// A call whose arguments were checked once. Thread-compatible. Buffers are
/// borrowed: their contents may change between runs, their shapes and patterns
/// may not. A dense view that is not row-major is copied anew by each run.
class BoundCall {
public:
  BoundCall() = default;
  /// Fails with InvalidArgument, naming function and argument.
  static Status bind(rt::Pool &pool, std::shared_ptr<const Kernel> kernel,
                     std::string_view entry,
                     std::span<const noodle_rt_tensor> arguments,
                     const CallOptions &options, BoundCall &call);

  /// Runs it. `results` has a slot for each result; their buffers live in
  /// `region`. On failure nothing stays in the region. Where the device dies on
  /// the way, the call is made again without one, unless its use is strict.
  Status run(rt::Region &region, std::span<noodle_rt_tensor> results);

  /// From now on results go to memory of the host: dense row-major tensors and
  /// scalars that overlap no argument and no other result. Code writes them in
  /// place where they are aligned to NOODLE_RT_ALIGNMENT, else they are copied.
  /// Fails with InvalidArgument, naming function and result.
  Status giveResults(std::span<const noodle_rt_tensor> results);
  bool hasResults() const { return !given.empty(); }
  /// Runs a call that was given results. Where their extents are not those of
  /// the results it fails with InvalidArgument; after a failure their contents
  /// are undefined.
  Status run();
  /// The same where that takes nothing but the code: false where it takes more
  /// or did not succeed, and nothing has happened that run() does not repair.
  bool runQuickly() {
    return quick &&
           code(quick->handle(), views.data(), slots.data()) == NOODLE_RT_OK &&
           delivered();
  }

  const Signature *signature() const { return function; }

private:
  /// What one try of a call tells besides its status.
  struct Try;
  /// Where results go.
  struct Destination {
    rt::Region *region = nullptr; ///< null: the host's memory
    std::span<noodle_rt_tensor> results;
  };
  Status runTo(const Destination &to);
  Status runOnce(const Destination &to, Try &attempt);
  bool takeArguments(rt::Context &context, Renumbering &numbers);
  /// Run by tier-0 until there is optimised code, which then takes over.
  Status runTierZero(const Destination &to);
  void enter(std::shared_ptr<const Kernel> kernel, size_t index);
  Status runSlowly(const Destination &to);
  Status runOnDevice(const Destination &to, Try &attempt);
  void prepareSlots();
  bool delivered() const {
    for (size_t k = 0; k < slots.size(); ++k)
      if (slots[k].values != given[k].values ||
          (resultsVary &&
           !std::equal(slots[k].extents, slots[k].extents + slots[k].rank,
                       given[k].extents)))
        return false;
    return true;
  }
  Status deliver();

  rt::Pool *pool = nullptr;
  std::shared_ptr<const Kernel> kernel;
  const Signature *function = nullptr;
  noodle_rt_entry code = nullptr;
  std::shared_ptr<rt::DeviceModule> module; ///< null: nothing is launched
  bool asksBlas = false;
  bool asksMemory = false; ///< under strict, where what is refused is an error
  bool fast = false;       ///< nothing calls back
  bool tierZero = false;   ///< the kernel has a promotion
  int64_t earlier = -1;    ///< calls of tier-0 before optimised code took over
  CallOptions options;
  std::vector<noodle_rt_tensor> views;     ///< as the kernel takes them
  std::vector<noodle_rt_tensor> originals; ///< as the host gave them
  std::vector<uint32_t> strided;           ///< arguments each run makes anew
  std::vector<uint32_t> renumbered;        ///< index spaces, as the signature's
  std::vector<noodle_rt_tensor> slots;     ///< results as the kernel fills them
  std::vector<ScalarSpace> scalars;        ///< values of scalar results
  std::vector<noodle_rt_tensor> given;     ///< the host's results
  std::vector<rt::ResultMemory> memory;    ///< of `given`, what code may write
  bool resultsVary = false; ///< only a call knows extents of a result
  /// Of code that asks nothing of the runtime but this memory: one for all
  /// calls. Null: each has its own.
  std::unique_ptr<rt::Context> quick;
};

/// bind and run in one.
Status call(rt::Pool &pool, std::shared_ptr<const Kernel> kernel,
            std::string_view entry, std::span<const noodle_rt_tensor> arguments,
            rt::Region &region, std::span<noodle_rt_tensor> results,
            const CallOptions &options = {});

/// Whether `view` can be argument `index` of `function`: element type, layout,
/// rank, static extents and index widths; and, unless `trusted`, that positions
/// and coordinates of a sparse view are in range and in order.
Status checkArgument(const Signature &function, size_t index,
                     const noodle_rt_tensor &view, bool trusted);

/// Whether `view` can be memory for result `index` of `function`, which is not
/// sparse: as above, and row-major.
Status checkResult(const Signature &function, size_t index,
                   const noodle_rt_tensor &view);

} // namespace noodle::engine

#endif // NOODLE_ENGINE_KERNEL_H
