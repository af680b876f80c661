//===- Engine.cpp - the C API's engine ------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Handles.h"

#include <dlfcn.h>
#include <unistd.h>

using namespace noodle;
using namespace noodle::capi;

/// noodle-jit beside this library, or in ../bin of the folder it is in, as
/// installed and in a build tree; empty where there is none.
static std::string findWorker() {
  Dl_info info;
  if (!dladdr(reinterpret_cast<void *>(&noodle_engine_create), &info) ||
      !info.dli_fname)
    return {};
  std::string folder(info.dli_fname);
  folder.erase(std::min(folder.rfind('/'), folder.size()));
  for (const char *place :
       {"/noodle-jit", "/../bin/noodle-jit", "/../../bin/noodle-jit"}) {
    std::string path = folder + place;
    if (access(path.c_str(), X_OK) == 0)
      return path;
  }
  return {};
}

noodle_status *noodle_engine_create(const noodle_engine_options *given,
                                    noodle_engine **engine) {
  return guarded([&]() -> noodle_status * {
    if (!engine)
      return nullArgument("engine");
    noodle_engine_options host;
    if (noodle_status *status =
            readOptions(given, "noodle_engine_options", host))
      return status;
    if (host.threads < 0)
      return failure(NOODLE_INVALID_ARGUMENT, "threads is negative");
    if (host.cache_bytes < 0)
      return failure(NOODLE_INVALID_ARGUMENT, "cache_bytes is negative");

    auto state = std::make_shared<EngineState>();
    engine::EngineOptions options;
    options.threads = host.threads;
    if (host.executor) {
      noodle_executor executor;
      if (noodle_status *status =
              readOptions(host.executor, "noodle_executor", executor))
        return status;
      if (!executor.run || executor.concurrency < 1)
        return failure(NOODLE_INVALID_ARGUMENT,
                       "an executor needs run and a concurrency of at least 1");
      state->executor = std::make_unique<HostExecutor>(executor);
      options.executor = state->executor.get();
    }
    if (host.device < 0)
      return failure(NOODLE_INVALID_ARGUMENT, "device is negative");
    options.device = host.device;
    if (host.target)
      state->target = host.target;
    if (noodle_status *status = toC(engine::checkTarget(state->target)))
      return status;
    if (host.cache_dir)
      options.cacheDirectory = host.cache_dir;
    if (host.cache_bytes)
      options.cacheBytes = host.cache_bytes;
    if (host.blas)
      options.blas = host.blas;
    options.workerPath = host.worker_path ? host.worker_path : findWorker();
    if (host.log)
      options.log = [log = host.log, data = host.log_data](
                        bool warning, std::string_view message) {
        log(data, warning ? NOODLE_LOG_WARNING : NOODLE_LOG_INFO,
            std::string(message).c_str());
      };
    if (noodle_status *status =
            toC(engine::Engine::create(std::move(options), state->engine)))
      return status;
    *engine = new noodle_engine{std::move(state)};
    return nullptr;
  });
}

void noodle_engine_release(noodle_engine *engine) { delete engine; }
