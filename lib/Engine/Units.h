//===- Units.h - numbers as people read them ------------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ENGINE_UNITS_H
#define NOODLE_LIB_ENGINE_UNITS_H

#include <cstdio>
#include <string>

namespace noodle::engine {

inline std::string format(const char *pattern, double value) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

/// Seconds as people read them; "-" when unknown.
inline std::string time(double seconds) {
  if (seconds < 0)
    return "-";
  if (seconds < 1e-3)
    return format("%.3g us", seconds * 1e6);
  if (seconds < 1)
    return format("%.3g ms", seconds * 1e3);
  return format("%.3g s", seconds);
}

inline std::string amount(double value, const char *unit) {
  if (value < 0)
    return "-";
  const char *prefixes[] = {"", "k", "M", "G", "T", "P"};
  int k = 0;
  for (; value >= 1000 && k < 5; ++k)
    value /= 1000;
  std::string text = format("%.3g ", value) + prefixes[k] + unit;
  if (text.back() == ' ')
    text.pop_back();
  return text;
}

/// "85 %"; a share that rounds to all or nothing although it is neither keeps
/// its digits.
inline std::string percent(double share) {
  return format("%.3g %%", share * 100);
}

} // namespace noodle::engine

#endif // NOODLE_LIB_ENGINE_UNITS_H
