//===- stream.cpp - inputs and outputs ------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "detail.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

using namespace noodle::rt::io;

std::string Error::str() const {
  if (ok() || place.empty())
    return message;
  return place + ": " + message;
}

Input::~Input() = default;
Output::~Output() = default;

int64_t noodle::rt::io::memoryLimit(const IoLimits &limits) {
  if (limits.maxBytes > 0)
    return limits.maxBytes;
  int64_t bytes;
  if (multiply(sysconf(_SC_PHYS_PAGES), sysconf(_SC_PAGESIZE), bytes) &&
      bytes > 0)
    return bytes;
  return PTRDIFF_MAX;
}

std::string noodle::rt::io::quoted(std::string_view text) {
  constexpr size_t longest = 40;
  std::string result = "'";
  for (unsigned char c : text.substr(0, longest)) {
    if (c >= 0x20 && c < 0x7f) {
      result += char(c);
      continue;
    }
    const char *digits = "0123456789abcdef";
    result += "\\x";
    result += digits[c >> 4];
    result += digits[c & 15];
  }
  return result + (text.size() > longest ? "...'" : "'");
}

namespace {
Error systemError(const std::string &place, const char *what, int code) {
  return {place,
          std::string(what) + ": " + std::generic_category().message(code)};
}

class Descriptor {
public:
  explicit Descriptor(int fd, bool owned = true) : fd(fd), owned(owned) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor &&other) noexcept : fd(other.fd), owned(other.owned) {
    other.fd = -1;
  }
  Descriptor &operator=(Descriptor &&) = delete;
  void reset(int next) {
    close();
    fd = next;
    owned = true;
  }
  int get() const { return fd; }
  /// The code of a failure, which is where late write errors show.
  int close() {
    int code = owned && fd >= 0 && ::close(fd) != 0 ? errno : 0;
    fd = -1;
    return code;
  }

private:
  int fd;
  bool owned;
};

class FileInput final : public Input {
public:
  FileInput(std::string name, Descriptor from)
      : Input(std::move(name)), file(std::move(from)) {
    struct stat info;
    // Files of /proc are regular, of size 0, and not empty.
    if (fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode) ||
        info.st_size == 0)
      return;
    off_t at = lseek(file.get(), 0, SEEK_CUR);
    if (at >= 0)
      left = std::max<int64_t>(0, info.st_size - at);
  }

  int64_t read(void *to, int64_t bytes, Error &error) override {
    // The kernel moves at most 2 GiB a call.
    bytes = std::min<int64_t>(bytes, 1 << 30);
    ssize_t got;
    do
      got = ::read(file.get(), to, size_t(bytes));
    while (got < 0 && errno == EINTR);
    if (got < 0) {
      error = systemError(name(), "cannot read", errno);
      return 0;
    }
    if (left >= 0)
      left = std::max<int64_t>(0, left - got);
    return got;
  }

  int64_t remaining() const override { return left; }

private:
  Descriptor file;
  int64_t left = -1;
};

class MemoryInput final : public Input {
public:
  MemoryInput(std::string name, const void *bytes, int64_t size)
      : Input(std::move(name)), at(static_cast<const char *>(bytes)),
        left(size) {}

  int64_t read(void *to, int64_t bytes, Error &) override {
    int64_t count = std::min(bytes, left);
    if (count > 0)
      memcpy(to, at, size_t(count));
    at += count;
    left -= count;
    return count;
  }

  int64_t remaining() const override { return left; }

private:
  const char *at;
  int64_t left;
};

/// Pipes, devices and standard output; and, with a target, the file beside it.
class FileOutput final : public Output {
public:
  FileOutput(std::string name, Descriptor to)
      : Output(std::move(name)), file(std::move(to)) {}

  /// Opens a new file in the folder of `to`, to be renamed on commit. False
  /// with errno set after a failure. Nothing is allocated while a file exists
  /// that the destructor would not remove.
  bool createBeside(std::string to) {
    target = std::move(to);
    const std::string folder = target.substr(0, target.rfind('/') + 1);
    for (int attempt = 0; attempt < 100; ++attempt) {
      timespec now;
      clock_gettime(CLOCK_REALTIME, &now);
      std::string candidate = folder + ".noodle-" + std::to_string(getpid()) +
                              "-" + std::to_string(now.tv_nsec + attempt) +
                              ".tmp";
      // 0666 under the caller's umask, as any new file.
      int fd = open(candidate.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                    0666);
      if (fd < 0 && errno == EEXIST)
        continue;
      if (fd < 0)
        return false;
      file.reset(fd);
      temporary = std::move(candidate);
      return true;
    }
    return false;
  }
  void setMode(mode_t mode) { (void)fchmod(file.get(), mode); }

  ~FileOutput() override {
    if (!temporary.empty())
      unlink(temporary.c_str());
  }

  Error write(const void *from, int64_t bytes) override {
    const char *at = static_cast<const char *>(from);
    while (bytes > 0) {
      ssize_t done =
          ::write(file.get(), at, size_t(std::min<int64_t>(bytes, 1 << 30)));
      if (done < 0 && errno == EINTR)
        continue;
      if (done < 0)
        return failure("cannot write", errno);
      at += done;
      bytes -= done;
    }
    return {};
  }

  Error commit() override {
    if (int code = file.close())
      return failure("cannot write", code);
    if (temporary.empty())
      return {};
    if (rename(temporary.c_str(), target.c_str()) != 0)
      return failure("cannot replace", errno);
    temporary.clear();
    return {};
  }

private:
  Error failure(const char *what, int code) {
    return guarded(name(), [&] { return systemError(name(), what, code); });
  }

  Descriptor file;
  std::string temporary, target;
};

/// The descriptor that a path such as /dev/stdout or /dev/fd/3 means, or -1.
/// Opening such a path anew would lose the offset of a redirected file.
int descriptorOf(const std::string &path) {
  if (path == "-" || path == "/dev/stdout")
    return 1;
  if (path == "/dev/stderr")
    return 2;
  for (std::string_view prefix : {"/dev/fd/", "/proc/self/fd/"}) {
    if (path.compare(0, prefix.size(), prefix) != 0)
      continue;
    int fd = -1;
    const char *end = path.data() + path.size();
    auto [at, code] = std::from_chars(path.data() + prefix.size(), end, fd);
    if (code == std::errc() && at == end && fd >= 0)
      return fd;
  }
  return -1;
}
} // namespace

Error noodle::rt::io::openInput(const std::string &path,
                                std::unique_ptr<Input> &input) {
  return guarded(path, [&]() -> Error {
    if (path.empty())
      return {"", "the path is empty"};
    if (path.find('\0') != std::string::npos)
      return {quoted(path), "the path holds a zero byte"};
    if (path == "-") {
      input = std::make_unique<FileInput>("<stdin>", Descriptor(0, false));
      return {};
    }
    Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0)
      return systemError(path, "cannot open", errno);
    struct stat info;
    if (fstat(file.get(), &info) == 0 && S_ISDIR(info.st_mode))
      return {path, "is a folder, not a file"};
    input = std::make_unique<FileInput>(path, std::move(file));
    return {};
  });
}

std::unique_ptr<Input>
noodle::rt::io::memoryInput(std::string name, const void *bytes, int64_t size) {
  return std::unique_ptr<Input>(new (std::nothrow)
                                    MemoryInput(std::move(name), bytes, size));
}

Error noodle::rt::io::openOutput(const std::string &path,
                                 std::unique_ptr<Output> &output) {
  return guarded(path, [&]() -> Error {
    if (path.empty())
      return {"", "the output path is empty"};
    if (path.find('\0') != std::string::npos)
      return {quoted(path), "the output path holds a zero byte"};
    if (int fd = descriptorOf(path); fd >= 0) {
      if (fcntl(fd, F_GETFD) < 0)
        return systemError(path, "cannot write", errno);
      output = std::make_unique<FileOutput>(path == "-" ? "<stdout>" : path,
                                            Descriptor(fd, false));
      return {};
    }

    struct stat info;
    bool exists = stat(path.c_str(), &info) == 0;
    if (exists && S_ISDIR(info.st_mode))
      return {path, "cannot write: it is a folder"};
    if (!exists && path.back() == '/')
      return {path, "cannot write: a file name is missing after the folder"};
    if (exists && access(path.c_str(), W_OK) != 0)
      return systemError(path, "cannot write", errno);
    if (exists && !S_ISREG(info.st_mode)) {
      Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
      if (file.get() < 0)
        return systemError(path, "cannot write", errno);
      output = std::make_unique<FileOutput>(path, std::move(file));
      return {};
    }

    // Write through a link rather than replace it.
    std::string target = path;
    if (exists)
      if (char *real = realpath(path.c_str(), nullptr)) {
        std::unique_ptr<char, void (*)(void *)> hold(real, free);
        target = real;
      }
    auto result = std::make_unique<FileOutput>(path, Descriptor(-1));
    if (!result->createBeside(std::move(target)))
      return systemError(path, "cannot write", errno);
    if (exists)
      result->setMode(info.st_mode & 0777);
    output = std::move(result);
    return {};
  });
}

Writer::Writer(Output &output) : output(output), buffer(capacity) {}

void Writer::flush() {
  if (used > 0 && error.ok())
    error = output.write(buffer.data(), int64_t(used));
  used = 0;
}

void Writer::put(std::string_view text) {
  while (!text.empty()) {
    if (used == capacity)
      flush();
    size_t count = std::min(text.size(), capacity - used);
    memcpy(buffer.data() + used, text.data(), count);
    used += count;
    text.remove_prefix(count);
  }
}

Error Writer::finish() {
  flush();
  return std::move(error);
}
