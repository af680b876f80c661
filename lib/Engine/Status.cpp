//===- Status.cpp - how an engine call ends ---------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Engine/Status.h"

#include <cctype>

namespace noodle::engine {

std::string Status::str() const {
  if (ok())
    return {};
  return (place.empty() ? "" : place + ": ") + "error: " + message;
}

Status Status::error(Code code, std::string message, std::string place) {
  for (char &c : message)
    if (c == '\n' || c == '\r')
      c = ' ';
  return {code, std::move(place), std::move(message)};
}

Status Status::placed(Code code, std::string_view text) {
  // The first ":digits:digits: " ends the place.
  auto digits = [&](size_t at) {
    size_t end = at;
    while (end < text.size() && std::isdigit((unsigned char)text[end]))
      ++end;
    return end;
  };
  for (size_t at = text.find(':'); at != std::string_view::npos;
       at = text.find(':', at + 1)) {
    size_t line = digits(at + 1);
    if (line == at + 1 || line >= text.size() || text[line] != ':')
      continue;
    size_t column = digits(line + 1);
    if (column == line + 1 || text.substr(column, 2) != ": ")
      continue;
    return error(code, std::string(text.substr(column + 2)),
                 std::string(text.substr(0, column)));
  }
  return error(code, std::string(text));
}

} // namespace noodle::engine
