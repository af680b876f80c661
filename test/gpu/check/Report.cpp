//===- Report.cpp - one table, one JSON file ------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Check.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace noodle::gpucheck {

std::string number(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string timeText(double seconds) {
  if (seconds >= 1)
    return number(seconds, 2) + " s";
  if (seconds >= 1e-3)
    return number(seconds * 1e3, 2) + " ms";
  return number(seconds * 1e6, 1) + " us";
}

Row &Report::add(Row row) {
  // Times of a simulated driver say nothing: that they were taken does.
  if (simulated && row.state == State::Ok && row.section != "kernels" &&
      row.section != "runtime") {
    row.figure = "simulated";
    row.beside.clear();
    row.numbers.clear();
  }
  rows.push_back(std::move(row));
  return rows.back();
}

void Report::notRun(const std::string &section, const std::string &what,
                    const std::string &why) {
  add({section, what, State::NotRun, "", "", "", why});
}

int Report::count(State state) const {
  return int(std::count_if(rows.begin(), rows.end(),
                           [&](const Row &row) { return row.state == state; }));
}

int Report::count(State state, const std::string &section) const {
  return int(std::count_if(rows.begin(), rows.end(), [&](const Row &row) {
    return row.state == state && row.section == section;
  }));
}

static const char *stateName(State state) {
  return state == State::Ok       ? "ok"
         : state == State::Failed ? "FAILED"
                                  : "not run";
}

void Report::print() const {
  bool colour = isatty(STDOUT_FILENO) && !std::getenv("NO_COLOR");
  auto paint = [&](State state, const std::string &text) {
    if (!colour)
      return text;
    const char *code = state == State::Ok       ? "32"
                       : state == State::Failed ? "31"
                                                : "33";
    return "\033[" + std::string(code) + "m" + text + "\033[0m";
  };
  std::printf("device: %s; %s; %s\nseed: %llu\n", device.c_str(),
              driver.c_str(), libraries.c_str(), (unsigned long long)seed);
  if (simulated)
    std::printf("the driver is simulated: no time here says anything of a "
                "device\n");
  size_t widths[4] = {4, 6, 6, 3};
  for (const Row &row : rows) {
    size_t now[4] = {row.what.size(), row.figure.size(), row.beside.size(),
                     row.aim.size()};
    for (int k = 0; k < 4; ++k)
      widths[k] = std::max(widths[k], now[k]);
  }
  std::string section;
  for (const Row &row : rows) {
    if (row.section != section) {
      section = row.section;
      std::printf("\n%-*s  state    %-*s  %-*s  %-*s\n", int(widths[0]),
                  section.c_str(), int(widths[1]), "figure", int(widths[2]),
                  "beside", int(widths[3]), "aim");
    }
    std::string state = stateName(row.state);
    std::printf("%-*s  %s%*s%-*s  %-*s  %-*s  %s\n", int(widths[0]),
                row.what.c_str(), paint(row.state, state).c_str(),
                int(9 - state.size()), "", int(widths[1]), row.figure.c_str(),
                int(widths[2]), row.beside.c_str(), int(widths[3]),
                row.aim.c_str(), row.note.c_str());
  }
  std::printf("\n%d ok, %d failed, %d not run\n", count(State::Ok),
              count(State::Failed), count(State::NotRun));
}

static std::string quoted(const std::string &text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (static_cast<unsigned char>(c) < 32) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", unsigned(c));
      out += code;
    } else
      out += c;
  }
  return out + '"';
}

bool Report::writeJson(const std::string &path) const {
  std::string text = "{\"version\": 1, \"device\": " + quoted(device) +
                     ", \"driver\": " + quoted(driver) +
                     ", \"libraries\": " + quoted(libraries) +
                     ", \"simulated\": " + (simulated ? "true" : "false") +
                     ", \"seed\": " + std::to_string(seed) +
                     ", \"ok\": " + std::to_string(count(State::Ok)) +
                     ", \"failed\": " + std::to_string(count(State::Failed)) +
                     ", \"not_run\": " + std::to_string(count(State::NotRun)) +
                     ",\n \"rows\": [";
  for (const Row &row : rows) {
    text += (&row == rows.data() ? "\n  {" : ",\n  {");
    text += "\"section\": " + quoted(row.section) +
            ", \"what\": " + quoted(row.what) +
            ", \"state\": " + quoted(stateName(row.state));
    for (auto [name, value] :
         {std::pair("figure", &row.figure), std::pair("beside", &row.beside),
          std::pair("aim", &row.aim), std::pair("note", &row.note)})
      if (!value->empty())
        text += std::string(", \"") + name + "\": " + quoted(*value);
    for (const auto &[name, value] : row.numbers) {
      char digits[40];
      std::snprintf(digits, sizeof digits, "%.9g", value);
      text += ", " + quoted(name) + ": " + digits;
    }
    text += "}";
  }
  text += "\n ]}\n";
  std::FILE *file = std::fopen(path.c_str(), "w");
  if (!file)
    return false;
  bool good = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && good;
}

} // namespace noodle::gpucheck
