//===- Json.h - written by hand -------------------------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ENGINE_JSON_H
#define NOODLE_LIB_ENGINE_JSON_H

#include "Units.h"

#include <cmath>
#include <cstdint>

namespace noodle::engine {

/// Writes JSON: objects and lists by hand, values escaped here.
class Json {
public:
  /// In an object; in a list `key` is null, here and below.
  void text(const char *key, const std::string &value) {
    this->key(key);
    quote(value);
  }
  void number(const char *key, double value) {
    this->key(key);
    out += std::isfinite(value) ? format("%.9g", value) : "null";
  }
  void integer(const char *key, int64_t value) {
    this->key(key);
    out += std::to_string(value);
  }
  void open(const char *key, char bracket) {
    this->key(key);
    out += bracket;
    first = true;
  }
  void close(char bracket) {
    out += bracket;
    first = false;
  }
  std::string out;

private:
  void comma() {
    if (!first)
      out += ", ";
    first = false;
  }
  void key(const char *name) {
    comma();
    if (!name)
      return;
    quote(name);
    out += ": ";
  }
  void quote(const std::string &value) {
    out += '"';
    for (unsigned char c : value) {
      if (c == '"' || c == '\\') {
        out += '\\';
        out += char(c);
      } else if (c < 0x20) {
        char code[8];
        std::snprintf(code, sizeof code, "\\u%04x", c);
        out += code;
      } else {
        out += char(c);
      }
    }
    out += '"';
  }
  bool first = true;
};

} // namespace noodle::engine

#endif // NOODLE_LIB_ENGINE_JSON_H
