//===- Engine.cpp - compile, cache, call ------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Engine/Engine.h"

#include "Cache.h"
#include "DeviceCode.h"
#include "Monitor.h"
#include "Tiers.h"

namespace noodle::engine {

struct Engine::Impl {
  explicit Impl(EngineOptions given)
      : options(std::move(given)),
        blas(std::make_shared<rt::LazyBlas>(options.blas)),
        memory(options.cacheBytes) {}

  void log(bool warning, const std::string &message) const {
    if (options.log)
      options.log(warning, message);
  }

  EngineOptions options;
  std::shared_ptr<rt::LazyBlas> blas;
  rt::Pool pool;
  std::once_flag workersOnce; // guards workers
  std::unique_ptr<rt::Executor> workers;
  std::once_flag deviceOnce; // guards device and noDevice
  std::shared_ptr<rt::Device> device;
  rt::DeviceStep noDevice;
  MemoryCache memory;
  std::optional<DiskCache> disk;
  CompileTools tools;
  /// Stopped before what its work uses goes.
  std::shared_ptr<Background> background = std::make_shared<Background>();
  std::atomic<int64_t> promoted{0};
  std::atomic<int64_t> compiled{0}, memoryHits{0}, diskHits{0}, diskRefused{0};
};

Engine::Engine() = default;
Engine::~Engine() { self->background->stop(); }

Status Engine::create(EngineOptions options, std::shared_ptr<Engine> &engine) {
  std::shared_ptr<Engine> created(new Engine);
  created->self = std::make_unique<Impl>(std::move(options));
  Impl &impl = *created->self;
  if (impl.options.threads < 0)
    return Status::error(Code::InvalidArgument,
                         "the number of threads is negative");
  if (impl.options.device < 0)
    return Status::error(Code::InvalidArgument,
                         "the index of the device is negative");
  if (!impl.options.cacheDirectory.empty())
    if (Status status = DiskCache::open(impl.options.cacheDirectory, impl.disk);
        !status.ok())
      return status;
  engine = std::move(created);
  return {};
}

std::shared_ptr<rt::LazyBlas> Engine::blas() { return self->blas; }

rt::Pool &Engine::pool() { return self->pool; }

rt::Executor *Engine::executor() {
  if (self->options.executor)
    return self->options.executor;
  if (self->options.threads == 1)
    return nullptr;
  std::call_once(self->workersOnce, [&] {
    self->workers = rt::createWorkerPool(self->options.threads);
  });
  return self->workers.get();
}

int Engine::threads() {
  rt::Executor *used = executor();
  return used ? used->concurrency() : 1;
}

std::shared_ptr<rt::Device> Engine::device(rt::DeviceStep &whyNot) {
  Impl &impl = *self;
  std::call_once(impl.deviceOnce, [&] {
    impl.device = rt::openCudaDevice(impl.options.device, impl.noDevice);
  });
  whyNot = impl.noDevice;
  if (impl.device && impl.device->lost()) {
    whyNot = {"lost", kDeviceLost, -1};
    return nullptr;
  }
  return impl.device;
}

Status Engine::settle(CompileOptions &options, DeviceUse &use) {
  use = {};
  use.target = options.target;
  if (options.target == "cpu")
    return {};
  use.strict = options.strict;
  use.profile = options.profile;
  if (!options.extender)
    options.extender = self->options.extender;
  use.device = device(use.absent);
  if (!use.device)
    if (Status status = checkDeviceIndex(self->options.device); !status.ok())
      return status;
  if (use.device && options.chip == "native") {
    options.chip = chipFor(use.device->info());
    if (options.chip.empty()) {
      const rt::DeviceInfo &info = use.device->info();
      use.absent = {"chip",
                    info.name + " is older than any chip that code is made "
                                "for",
                    -1};
      use.device = nullptr;
    }
  }
  if (use.device)
    return {};
  if (options.strict && options.target == "cuda")
    return Status::error(Code::DeviceFailed,
                         "nothing can run on a device: " + use.absent.step +
                             ": " + use.absent.reason);
  options.target = "cpu";
  options.chip = "native";
  if (options.strategy == "gpu" || options.strategy == "library")
    options.strategy = "auto";
  return {};
}

Engine::Stats Engine::stats() const {
  Stats stats;
  stats.compiled = self->compiled;
  stats.promoted = self->promoted;
  stats.memoryHits = self->memoryHits;
  stats.diskHits = self->diskHits;
  stats.diskRefused = self->diskRefused;
  self->memory.count(stats.kernels, stats.kernelBytes, stats.evicted);
  return stats;
}

static std::string tierZeroKey(const std::string &key) {
  return key + "-tier0";
}

/// Compiles to tier-0, where options.tier asks for that, with what takes its
/// place; else optimised.
Status Engine::compileNow(std::string_view program,
                          const CompileOptions &options, const std::string &key,
                          Artifact &artifact,
                          std::shared_ptr<Promotion> &promotion) {
  Impl &impl = *self;
  if (options.tier != "auto")
    return compileArtifact(program, options, artifact, &impl.tools);
  std::unique_ptr<PendingCompile> made;
  if (Status status =
          compileTierZero(program, options, artifact, made, &impl.tools);
      !status.ok() || !made)
    return status;
  // A function object is copied, the compilation is not.
  std::shared_ptr<PendingCompile> pending = std::move(made);
  auto make = [&impl, pending, key, name = options.name](
                  std::shared_ptr<const Kernel> &kernel) -> Status {
    Artifact optimised;
    Status status = pending->finish(optimised, &impl.tools);
    if (status.ok() && impl.disk)
      if (Status stored = impl.disk->store(key, optimised); !stored.ok())
        impl.log(true, stored.message);
    if (status.ok())
      status = Kernel::load(std::move(optimised), kernel);
    if (!status.ok()) {
      impl.log(true, name + " stays at tier-0: " + status.str());
      return status;
    }
    kernel = impl.memory.insert(key, std::move(kernel));
    return {};
  };
  auto promoted = [&impl, name = options.name] {
    ++impl.promoted;
    impl.log(false, "optimised " + name);
  };
  promotion = std::make_shared<Promotion>(impl.background, std::move(make),
                                          std::move(promoted));
  return {};
}

Status Engine::compile(std::string_view program, const CompileOptions &asked,
                       std::shared_ptr<const Kernel> &kernel,
                       CompileReport *report, bool isolate,
                       const WorkerLimits &limits) {
  CompileReport unused;
  CompileReport &told = report ? *report : unused;
  told = {};
  if (Status status = checkOptions(asked); !status.ok())
    return status;
  CompileOptions options = asked;
  if (Status status = settle(options, told.device); !status.ok())
    return status;
  if (Status status = checkLimits(program, options.name); !status.ok())
    return status;
  Impl &impl = *self;
  if (options.tier == "0")
    options.optLevel = 0;
  else if (isolate || options.optLevel == 0 || !impl.options.background ||
           impl.options.threads == 1 || impl.options.executor)
    options.tier = "optimised";
  Identification id = identify(program, options);
  std::string key = keyOf(id);
  auto found = impl.memory.find(key, id);
  if (!found && options.tier == "auto")
    found = impl.memory.find(tierZeroKey(key), id);
  if (found) {
    ++impl.memoryHits;
    told.source = "memory cache";
    kernel = std::move(found);
    return {};
  }

  Artifact artifact;
  bool loaded = false;
  std::shared_ptr<Promotion> promotion;
  if (impl.disk) {
    std::string why;
    switch (impl.disk->load(key, id, artifact, why)) {
    case DiskCache::Lookup::Found:
      loaded = true;
      break;
    case DiskCache::Lookup::Absent:
      break;
    case DiskCache::Lookup::Refused:
      ++impl.diskRefused;
      impl.log(true, "cached kernel " + key + " is built anew: " + why);
    }
  }
  Clock::time_point begin = Clock::now();
  if (!loaded) {
    Status status =
        isolate ? compileInWorker(impl.options.workerPath, program, options,
                                  limits, artifact)
                : compileNow(program, options, key, artifact, promotion);
    if (!status.ok())
      return status;
    if (isolate && !(artifact.id == id))
      return Status::error(Code::Internal,
                           "the compile worker is another build of Noodle");
    told.compileSeconds = secondsSince(begin);
    ++impl.compiled;
    impl.log(false, "compiled " + options.name);
    if (impl.disk && !promotion)
      if (Status stored = impl.disk->store(key, artifact); !stored.ok())
        impl.log(true, stored.message);
  } else {
    ++impl.diskHits;
    // What the phases took was another process's time.
    artifact.phases.clear();
  }
  begin = Clock::now();
  std::shared_ptr<const Kernel> made;
  if (Status status = Kernel::load(std::move(artifact), made, promotion);
      !status.ok())
    return status;
  told.loadSeconds = secondsSince(begin);
  told.source = loaded ? "disk cache" : "compiled";
  kernel =
      impl.memory.insert(promotion ? tierZeroKey(key) : key, std::move(made));
  return {};
}

} // namespace noodle::engine
