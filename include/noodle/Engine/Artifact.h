//===- Artifact.h - a compiled program at rest ------------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_ENGINE_ARTIFACT_H
#define NOODLE_ENGINE_ARTIFACT_H

#include "noodle-rt/device.h"
#include "noodle/Engine/Status.h"
#include "noodle/Engine/Types.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace noodle::engine {

/// What an artifact is and whom it fits. Two are interchangeable only when all
/// of this is equal; the key alone is never trusted.
struct Identification {
  uint32_t abiVersion = 0;
  std::string compiler; ///< Noodle's and LLVM's versions and the build's id
  std::string cpu;      ///< name and features code was generated for
  std::string options;  ///< canonical text of the compile options
  std::string program;  ///< the program itself
  bool operator==(const Identification &) const = default;
};

/// Seconds a phase of the compilation took.
struct PhaseTime {
  std::string phase;
  double seconds = 0;
  bool operator==(const PhaseTime &) const = default;
};

/// Object code and all that is needed to call and explain it. A value.
struct Artifact {
  Identification id;
  std::string name;   ///< file name in messages
  std::string object; ///< ELF; empty when the program is to be interpreted
  /// Why the program is to be interpreted; else empty.
  std::string fallback;
  /// No code was made: it waits for the sizes of arguments.
  bool planOnly = false;
  std::vector<Signature> functions;
  std::vector<Site> sites;
  /// MLIR text of ops the interpreter executes, each with a function @site.
  std::vector<std::string> references;
  /// Laws that left no op, by function.
  std::vector<std::string> laws;
  /// Whether an order of products rests on sizes that are not known.
  bool guessed = false;
  std::vector<PhaseTime> phases;
  /// Kernels for a device; without an image where the program has none.
  rt::DeviceCode device;
  /// Why the device code could not be made; empty when it could, or when there
  /// was none to make. The launches in `object` then fall back.
  std::string deviceFailure;

  const Signature *find(std::string_view name) const;
  /// Approximate bytes this takes in memory.
  int64_t footprint() const;
};

/// Bytes of the file format, with a checksum over all of them.
std::string serialize(const Artifact &artifact);

/// Refuses bytes that are cut, changed or of another format version; anything
/// is safe to read.
Status deserialize(std::string_view bytes, Artifact &artifact);

/// Hex SHA-256 over an identification: the name of its file in a cache.
std::string keyOf(const Identification &id);

} // namespace noodle::engine

#endif // NOODLE_ENGINE_ARTIFACT_H
