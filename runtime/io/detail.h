//===- detail.h - shared by the readers and writers -----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RUNTIME_IO_DETAIL_H
#define NOODLE_RUNTIME_IO_DETAIL_H

#include "noodle-rt/io.h"

#include <stdexcept>
#include <string_view>

namespace noodle::rt::io {

/// Both false when the exact result does not fit.
inline bool multiply(int64_t a, int64_t b, int64_t &result) {
  return !__builtin_mul_overflow(a, b, &result);
}
inline bool add(int64_t a, int64_t b, int64_t &result) {
  return !__builtin_add_overflow(a, b, &result);
}

/// Bytes that a result may take: the host's limit or the machine's memory.
int64_t memoryLimit(const IoLimits &limits);

/// A piece of input made fit for a message: cut, unprintable bytes escaped.
std::string quoted(std::string_view text);

/// Runs `body`, which returns an Error, and turns what it throws into one.
template <typename Body>
Error guarded(const std::string &place, Body &&body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc &) {
  } catch (const std::length_error &) {
  }
  Error error;
  error.message = "out of memory"; // short enough to need no allocation
  try {
    error.place = place;
  } catch (const std::bad_alloc &) {
  }
  return error;
}

/// Buffers small writes. The first failure sticks; finish() reports it.
class Writer {
public:
  explicit Writer(Output &output);
  /// At least `bytes` of room (at most 4 KiB) at cursor; advance() after use.
  char *room(size_t bytes) {
    if (capacity - used < bytes)
      flush();
    return buffer.data() + used;
  }
  void advance(size_t bytes) { used += bytes; }
  void put(std::string_view text);
  bool failed() const { return !error.ok(); }
  Error finish();

private:
  void flush();
  static constexpr size_t capacity = 1 << 16;
  Output &output;
  AlignedVector<char> buffer;
  size_t used = 0;
  Error error;
};

} // namespace noodle::rt::io

#endif // NOODLE_RUNTIME_IO_DETAIL_H
