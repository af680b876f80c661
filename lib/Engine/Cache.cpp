//===- Cache.cpp - kernels kept in memory and on disk -----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Cache.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace noodle::engine {

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

std::shared_ptr<const Kernel> MemoryCache::find(const std::string &key,
                                                const Identification &id) {
  std::lock_guard lock(mutex);
  auto found = byKey.find(key);
  if (found == byKey.end() || !(found->second->second->artifact().id == id))
    return nullptr;
  newest.splice(newest.begin(), newest, found->second);
  return newest.front().second;
}

std::shared_ptr<const Kernel>
MemoryCache::insert(const std::string &key,
                    std::shared_ptr<const Kernel> kernel) {
  List evicted; // destroyed after the lock is released
  std::lock_guard lock(mutex);
  if (auto found = byKey.find(key); found != byKey.end()) {
    if (found->second->second->artifact().id == kernel->artifact().id)
      return found->second->second;
    used -= found->second->second->footprint();
    evicted.splice(evicted.end(), newest, found->second);
    byKey.erase(found);
  }
  newest.emplace_front(key, kernel);
  byKey[key] = newest.begin();
  used += kernel->footprint();
  while (used > limit && !newest.empty()) {
    used -= newest.back().second->footprint();
    byKey.erase(newest.back().first);
    evicted.splice(evicted.end(), newest, std::prev(newest.end()));
    ++dropped;
  }
  return kernel;
}

void MemoryCache::count(int64_t &kernels, int64_t &bytes,
                        int64_t &evicted) const {
  std::lock_guard lock(mutex);
  kernels = int64_t(newest.size());
  bytes = used;
  evicted = dropped;
}

//===----------------------------------------------------------------------===//
// Disk
//===----------------------------------------------------------------------===//

static Status failure(const std::string &path, const std::string &what) {
  return Status::error(Code::IoError, "cache directory '" + path + "' " + what);
}

Status DiskCache::open(const std::string &directory,
                       std::optional<DiskCache> &cache) {
  // Parents get the default mode, the directory itself is the user's alone.
  for (size_t slash = directory.find('/', 1); slash != std::string::npos;
       slash = directory.find('/', slash + 1))
    ::mkdir(directory.substr(0, slash).c_str(), 0777);
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    return failure(directory,
                   std::string("cannot be made: ") + std::strerror(errno));
  int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return failure(directory,
                   std::string("cannot be opened: ") + std::strerror(errno));
  DiskCache opened(directory, fd);
  struct stat info;
  if (::fstat(fd, &info) != 0)
    return failure(directory, "cannot be examined");
  if (info.st_uid != ::geteuid())
    return failure(directory, "belongs to another user");
  if (info.st_mode & (S_IWGRP | S_IWOTH))
    return failure(directory,
                   "may be written to by others: chmod 700 makes it usable");
  cache.emplace(std::move(opened));
  return {};
}

DiskCache::~DiskCache() {
  if (fd >= 0)
    ::close(fd);
}

static bool readAll(int file, std::string &bytes) {
  struct stat info;
  if (::fstat(file, &info) != 0 || !S_ISREG(info.st_mode))
    return false;
  bytes.resize(size_t(info.st_size));
  size_t done = 0;
  while (done < bytes.size()) {
    ssize_t n = ::read(file, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      break;
    done += size_t(n);
  }
  bytes.resize(done);
  return true;
}

static std::string fileOf(const std::string &key) { return key + ".kernel"; }

DiskCache::Lookup DiskCache::load(const std::string &key,
                                  const Identification &id, Artifact &artifact,
                                  std::string &why) const {
  int file = ::openat(fd, fileOf(key).c_str(),
                      O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) {
    if (errno == ENOENT)
      return Lookup::Absent;
    why = std::string("cannot be opened: ") + std::strerror(errno);
    return Lookup::Refused;
  }
  std::string bytes;
  bool read = readAll(file, bytes);
  ::close(file);
  Artifact found;
  Status status = read ? deserialize(bytes, found)
                       : Status::error(Code::IoError, "cannot be read");
  if (status.ok() && !(found.id == id))
    status = Status::error(Code::IoError,
                           "the kernel file is of another program or build");
  if (!status.ok()) {
    why = status.message;
    return Lookup::Refused;
  }
  artifact = std::move(found);
  return Lookup::Found;
}

Status DiskCache::store(const std::string &key,
                        const Artifact &artifact) const {
  static std::atomic<unsigned> counter{0}; // names of this process's files
  std::string name = fileOf(key);
  std::string aside = name + "." + std::to_string(::getpid()) + "." +
                      std::to_string(counter++) + ".tmp";
  int file = ::openat(fd, aside.c_str(),
                      O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0)
    return failure(path, std::string("takes no file: ") + std::strerror(errno));
  std::string bytes = serialize(artifact);
  size_t done = 0;
  while (done < bytes.size()) {
    ssize_t n = ::write(file, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      break;
    done += size_t(n);
  }
  bool written = done == bytes.size();
  written &= ::close(file) == 0;
  if (written && ::renameat(fd, aside.c_str(), fd, name.c_str()) == 0)
    return {};
  std::string why = std::strerror(errno);
  ::unlinkat(fd, aside.c_str(), 0);
  return failure(path, "takes no file: " + why);
}

} // namespace noodle::engine
