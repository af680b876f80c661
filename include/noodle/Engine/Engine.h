//===- Engine.h - compile, cache, call --------------------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_ENGINE_ENGINE_H
#define NOODLE_ENGINE_ENGINE_H

#include "noodle/Engine/Compiler.h"
#include "noodle/Engine/Kernel.h"
#include "noodle/Engine/Worker.h"

#include <functional>
#include <mutex>

namespace noodle::engine {

struct EngineOptions {
  /// Threads of parallel loops, the caller included; 0: one per core.
  int threads = 0;
  /// Instead of `threads`; must outlive the engine.
  rt::Executor *executor = nullptr;
  /// Kernels on disk; empty: none. Made with mode 0700; one that belongs to
  /// another user or that others may write to is refused.
  std::string cacheDirectory;
  int64_t cacheBytes = int64_t{256} << 20; ///< kernels in memory
  /// A thread that optimises hot programs of tier "auto", started by the first.
  /// Without it, and where `threads` is 1 or the host brings an executor, such
  /// programs are optimised from the start.
  bool background = true;
  /// Program that compiles for `isolate`, see Worker.h.
  std::string workerPath;
  /// Which CUDA device; opened when a program for one is first compiled.
  int device = 0;
  /// The BLAS of strategy library: a file or a name that the dynamic linker
  /// finds; empty: OpenBLAS, or whatever BLAS the system has. Opened when a
  /// product first asks for it.
  std::string blas;
  /// Of programs whose options name none; null but in tests.
  std::shared_ptr<const DeviceImageExtender> extender;
  /// One line of what happened; called from any thread. May be empty.
  std::function<void(bool warning, std::string_view message)> log;
};

/// How a kernel came to be.
struct CompileReport {
  std::string source;        ///< "compiled", "memory cache", "disk cache"
  double compileSeconds = 0; ///< 0 when cached
  double loadSeconds = 0;    ///< 0 when in memory
  /// For calls of the kernel: the device, or why there is none.
  DeviceUse device;
};

/// Compiles once, remembers kernels in memory and on disk, owns the pool and
/// the threads of calls. Thread-safe.
class Engine {
public:
  static Status create(EngineOptions options, std::shared_ptr<Engine> &engine);
  ~Engine();
  Engine(const Engine &) = delete;
  Engine &operator=(const Engine &) = delete;

  /// The kernel of a program. `isolate`: compile in a child process, within
  /// `limits`. Where options.target names a device that there is not, the
  /// program is compiled for the CPU, unless options.strict and the target is
  /// "cuda"; a device index beyond those that there are is an error.
  Status compile(std::string_view program, const CompileOptions &options,
                 std::shared_ptr<const Kernel> &kernel,
                 CompileReport *report = nullptr, bool isolate = false,
                 const WorkerLimits &limits = {});

  /// The device, opened when first asked for; null, with the reason, where
  /// there is none or it died.
  std::shared_ptr<rt::Device> device(rt::DeviceStep &whyNot);

  std::shared_ptr<rt::LazyBlas> blas();

  rt::Pool &pool();
  rt::Executor *executor(); ///< started when first asked for
  int threads();

  /// Counters since creation.
  struct Stats {
    int64_t compiled = 0, memoryHits = 0, diskHits = 0;
    int64_t promoted = 0;    ///< from tier-0 to optimised code
    int64_t diskRefused = 0; ///< files that were cut, changed or others'
    int64_t evicted = 0, kernels = 0, kernelBytes = 0;
  };
  Stats stats() const;

private:
  Engine();
  /// Target, chip and strategy as this machine can have them.
  Status settle(CompileOptions &options, DeviceUse &use);
  Status compileNow(std::string_view program, const CompileOptions &options,
                    const std::string &key, Artifact &artifact,
                    std::shared_ptr<Promotion> &promotion);
  struct Impl;
  std::unique_ptr<Impl> self;
};

/// A program with its entry, as hosts hold it. Thread-safe.
class Program {
public:
  /// With `variants`, calls compile the program anew for the sizes they bring,
  /// one kernel per bucket of sizes (powers of two), of which the kVariants
  /// last used are kept; so they do where options.target is "auto" and there is
  /// a device, and where an order of products rests on sizes that are not
  /// known. Calls of tier "auto" with large arguments do not begin with tier-0.
  static Status compile(std::shared_ptr<Engine> engine,
                        std::string_view program, CompileOptions options,
                        std::shared_ptr<Program> &result, bool isolate = false,
                        bool variants = false);

  const Signature &signature() const { return *function; }
  std::shared_ptr<const Kernel> kernel() const { return base; }
  const CompileReport &report() const { return made; }
  Engine &engine() const { return *owner; }

  /// `options.executor` null means the engine's.
  Status call(std::span<const noodle_rt_tensor> arguments, rt::Region &region,
              std::span<noodle_rt_tensor> results, CallOptions options = {});
  Status bind(std::span<const noodle_rt_tensor> arguments, CallOptions options,
              BoundCall &call);

private:
  std::shared_ptr<Engine> owner;
  std::shared_ptr<const Kernel> base;
  const Signature *function = nullptr;
  CompileReport made;
  CompileOptions options; ///< as asked for
  bool isolate = false, variants = false;

  static constexpr size_t kVariants = 8; // a guess
  struct Variant {
    std::vector<ArgumentStats> stats;
    std::shared_ptr<const Kernel> kernel;
  };
  /// The kernel for a bucket of sizes, made where there is none.
  Status variantFor(const std::vector<ArgumentStats> &stats,
                    std::shared_ptr<const Kernel> &kernel,
                    CompileReport &report);
  std::mutex mutex;          // guards kept
  std::vector<Variant> kept; ///< the last used first
};

/// Statistics of arguments, rounded up to powers of two.
std::vector<ArgumentStats> bucketStats(std::span<const noodle_rt_tensor> views);

} // namespace noodle::engine

#endif // NOODLE_ENGINE_ENGINE_H
