//===- Worker.h - compilation in a child process ----------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For programs that are not trusted: whatever they do to the compiler, the host
// gets an artifact or one error. Program and options go to the child's standard
// input, an artifact or an error comes back on its standard output.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_ENGINE_WORKER_H
#define NOODLE_ENGINE_WORKER_H

#include "noodle/Engine/Compiler.h"

namespace noodle::engine {

/// First argument that makes a program serve as the worker.
inline constexpr const char kWorkerArgument[] = "--compile-worker";

struct WorkerLimits {
  int64_t memoryBytes = int64_t{4} << 30; ///< of the child's address space
  int64_t cpuSeconds = 60;
};

/// compileArtifact in a child: `workerPath` is a program that calls workerMain
/// when its first argument is kWorkerArgument.
Status compileInWorker(const std::string &workerPath, std::string_view program,
                       const CompileOptions &options,
                       const WorkerLimits &limits, Artifact &artifact);

/// The child's part, between two file descriptors. Returns its exit status.
/// `extender` is the child's own: options come without one.
int workerMain(int in, int out,
               std::shared_ptr<const DeviceImageExtender> extender = nullptr);

} // namespace noodle::engine

#endif // NOODLE_ENGINE_WORKER_H
