//===- Config.cpp - what devices the fake driver offers -------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "State.h"

#include <cstdlib>
#include <sstream>

namespace fake_cuda {

/// A number with an optional suffix K, M or G.
static bool parseNumber(const std::string &text, double &value) {
  char *end;
  value = std::strtod(text.c_str(), &end);
  if (end == text.c_str())
    return false;
  switch (*end) {
  case 'G':
    value *= 1024;
    [[fallthrough]];
  case 'M':
    value *= 1024;
    [[fallthrough]];
  case 'K':
    value *= 1024;
    ++end;
  }
  return !*end;
}

int Config::parse(const char *text) {
  std::istringstream words(text ? text : "");
  std::string word;
  for (int number = 1; std::getline(words, word, ','); ++number) {
    if (word.empty())
      continue;
    size_t equals = word.find('=');
    std::string name = word.substr(0, equals);
    std::string given =
        equals == std::string::npos ? "" : word.substr(equals + 1);
    if (name == "report") {
      report = given;
      continue;
    }
    if (name == "summary") {
      summary = given;
      continue;
    }
    if (name == "of") {
      of = given;
      continue;
    }
    double value;
    if (!parseNumber(given, value))
      return number;
    if (name == "devices")
      devices = int(value);
    else if (name == "memory")
      memory = int64_t(value);
    else if (name == "sm")
      sm = int(value);
    else if (name == "driver")
      driver = int(value);
    else if (name == "fail")
      fail = int64_t(value);
    else if (name == "code")
      code = int(value);
    else if (name == "sticky")
      sticky = value != 0;
    else if (name == "pools")
      pools = value != 0;
    else if (name == "stats")
      stats = value != 0;
    else if (name == "die")
      die = int64_t(value);
    else if (name == "bandwidth")
      bandwidth = value;
    else if (name == "hbm")
      hbm = value;
    else if (name == "launch")
      launch = value;
    else if (name == "call")
      call = value;
    else if (name == "kernel")
      kernel = value;
    else
      return number;
  }
  return 0;
}

} // namespace fake_cuda
