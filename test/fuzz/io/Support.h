//===- Support.h - shared by the fuzz drivers of files --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_FUZZ_IO_SUPPORT_H
#define NOODLE_TEST_FUZZ_IO_SUPPORT_H

#include "noodle-rt/io.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace noodle::rt::io {

/// What one input may take; small, so that a broken limit shows at once.
constexpr IoLimits fuzzLimits{1 << 22};

/// The same bytes with their number unknown, in reads of varying length.
class ShortReads final : public Input {
public:
  ShortReads(const uint8_t *bytes, size_t size)
      : Input("short"), at(bytes), left(size) {}
  int64_t read(void *to, int64_t bytes, Error &) override {
    size_t count = std::min({left, size_t(bytes), size_t(1 + turn++ % 7)});
    if (count > 0)
      memcpy(to, at, count);
    at += count;
    left -= count;
    return int64_t(count);
  }

private:
  const uint8_t *at;
  size_t left, turn = 0;
};

class Collect final : public Output {
public:
  Collect() : Output("collect") {}
  Error write(const void *from, int64_t bytes) override {
    text.append(static_cast<const char *>(from), size_t(bytes));
    return {};
  }
  Error commit() override { return {}; }
  std::string text;
};

/// Ends the run with the property that did not hold.
inline void require(bool holds, const char *property, const Error &error = {}) {
  if (holds)
    return;
  std::fprintf(stderr, "%s %s\n", property, error.str().c_str());
  std::abort();
}

/// An error is one line that says something.
inline void checkError(const Error &error) {
  require(error.str().find('\n') == std::string::npos, "one line", error);
}

} // namespace noodle::rt::io

#endif // NOODLE_TEST_FUZZ_IO_SUPPORT_H
