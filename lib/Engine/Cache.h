//===- Cache.h - kernels kept in memory and on disk -------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ENGINE_CACHE_H
#define NOODLE_LIB_ENGINE_CACHE_H

#include "noodle/Engine/Kernel.h"

#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace noodle::engine {

/// The kernels used last, within a budget of bytes. Thread-safe.
class MemoryCache {
public:
  explicit MemoryCache(int64_t limit) : limit(limit) {}

  /// A kernel of exactly this identification, or null.
  std::shared_ptr<const Kernel> find(const std::string &key,
                                     const Identification &id);
  /// Puts a kernel in and drops those used longest ago. Returns the kernel to
  /// use: the one another thread put in meanwhile, where there is one.
  std::shared_ptr<const Kernel> insert(const std::string &key,
                                       std::shared_ptr<const Kernel> kernel);
  void count(int64_t &kernels, int64_t &bytes, int64_t &evicted) const;

private:
  using List = std::list<std::pair<std::string, std::shared_ptr<const Kernel>>>;
  const int64_t limit;
  mutable std::mutex mutex; // guards what follows
  List newest;
  std::unordered_map<std::string, List::iterator> byKey;
  int64_t used = 0, dropped = 0;
};

/// A directory of serialized artifacts, one file for each key. Thread-safe;
/// processes may share one: files are written aside and renamed.
class DiskCache {
public:
  /// Makes the directory with mode 0700 where there is none. Refuses one of
  /// another owner or that others may write to.
  static Status open(const std::string &directory,
                     std::optional<DiskCache> &cache);
  DiskCache(DiskCache &&other) noexcept : path(other.path), fd(other.fd) {
    other.fd = -1;
  }
  DiskCache &operator=(DiskCache &&) = delete;
  ~DiskCache();

  enum class Lookup { Found, Absent, Refused };
  /// Refused: there is a file, but it is damaged or of something else; `why`
  /// says what is wrong.
  Lookup load(const std::string &key, const Identification &id,
              Artifact &artifact, std::string &why) const;
  Status store(const std::string &key, const Artifact &artifact) const;

private:
  DiskCache(std::string path, int fd) : path(std::move(path)), fd(fd) {}
  std::string path;
  int fd = -1;
};

} // namespace noodle::engine

#endif // NOODLE_LIB_ENGINE_CACHE_H
