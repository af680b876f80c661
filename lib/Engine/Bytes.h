//===- Bytes.h - records as bytes -------------------------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Integers little-endian, strings and lists with their length before them. A
// record is a class with a function `fields(record, visit)` in this namespace,
// which names its fields once for reading and writing.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ENGINE_BYTES_H
#define NOODLE_LIB_ENGINE_BYTES_H

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace noodle::engine {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "numbers are written as they lie in memory");

/// T may be const.
template <typename T, typename U>
concept Is = std::is_same_v<std::remove_const_t<T>, U>;

class Writer {
public:
  template <typename T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void operator()(T value) {
    bytes.append(reinterpret_cast<const char *>(&value), sizeof value);
  }
  void operator()(const std::string &text) {
    (*this)(uint64_t(text.size()));
    bytes.append(text);
  }
  template <typename T> void operator()(const std::vector<T> &list) {
    (*this)(uint64_t(list.size()));
    for (const T &item : list)
      (*this)(item);
  }
  template <typename T>
    requires std::is_class_v<T>
  void operator()(const T &record) {
    fields(record, *this);
  }
  std::string bytes;
};

/// Reads what Writer wrote; from the first fault on everything reads as empty.
class Reader {
public:
  explicit Reader(std::string_view bytes) : rest(bytes) {}

  template <typename T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void operator()(T &value) {
    value = T();
    if (!take(sizeof value))
      return;
    if constexpr (std::is_same_v<T, bool>)
      value = *(rest.data() - 1) != 0; // any other byte is no bool
    else
      std::memcpy(&value, rest.data() - sizeof value, sizeof value);
  }
  void operator()(std::string &text) {
    uint64_t size;
    (*this)(size);
    text.clear();
    if (take(size))
      text.assign(rest.data() - size, size);
  }
  template <typename T> void operator()(std::vector<T> &list) {
    uint64_t size;
    (*this)(size);
    list.clear();
    // Every item takes at least a byte, so a length is believed no further.
    if (size > rest.size())
      good = false;
    for (uint64_t k = 0; good && k < size; ++k)
      (*this)(list.emplace_back());
  }
  template <typename T>
    requires std::is_class_v<T>
  void operator()(T &record) {
    fields(record, *this);
  }
  /// Whether everything fitted and nothing is left.
  bool finished() const { return good && rest.empty(); }

private:
  bool take(uint64_t size) {
    if (!good || size > rest.size())
      return good = false;
    rest.remove_prefix(size);
    return true;
  }
  std::string_view rest;
  bool good = true;
};

} // namespace noodle::engine

#endif // NOODLE_LIB_ENGINE_BYTES_H
