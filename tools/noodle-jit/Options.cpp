//===- Options.cpp - noodle-jit's command line ------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Options.h"

#include <charconv>
#include <cstring>
#include <functional>

namespace noodle::jit {

namespace {

/// One option: its names, whether it takes a value, what to do with it. The
/// action returns false for a value it does not know.
struct Option {
  const char *name;
  enum { Flag, Value, MaybeValue } kind;
  std::function<bool(const std::string &)> action;
  const char *expected = "";
};

bool parseInt(std::string_view text, int64_t low, int64_t &value) {
  auto [rest, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && rest == text.data() + text.size() &&
         value >= low;
}

bool parseBytes(std::string_view text, int64_t &value) {
  int shift = 0;
  bool unit = text.ends_with("iB");
  if (unit)
    text.remove_suffix(2);
  if (!text.empty())
    shift = text.back() == 'K'   ? 10
            : text.back() == 'M' ? 20
            : text.back() == 'G' ? 30
                                 : 0;
  if (shift)
    text.remove_suffix(1);
  return (shift || !unit) && parseInt(text, 1, value) &&
         !__builtin_mul_overflow(value, int64_t(1) << shift, &value);
}

bool parseDuplicates(const std::string &text, rt::io::Duplicates &how) {
  using rt::io::Duplicates;
  const std::pair<const char *, Duplicates> names[] = {
      {"sum", Duplicates::Sum},
      {"min", Duplicates::Min},
      {"max", Duplicates::Max},
      {"or", Duplicates::Or},
      {"error", Duplicates::Error}};
  for (auto [name, value] : names)
    if (text == name) {
      how = value;
      return true;
    }
  return false;
}

bool parseReport(const std::string &text, Report &report) {
  report = text == "json" ? Report::Json : Report::Text;
  return text.empty() || text == "json";
}

std::vector<Option> table(Options &o) {
  auto set = [](std::string &field) {
    return [&field](const std::string &value) {
      field = value;
      return !value.empty();
    };
  };
  auto add = [](std::vector<std::string> &list) {
    return [&list](const std::string &value) {
      list.push_back(value);
      return true;
    };
  };
  auto turnOn = [](bool &field) {
    return [&field](const std::string &) { return field = true; };
  };
  auto integer = [](int64_t low, auto store) {
    return [low, store](const std::string &text) {
      int64_t value;
      return parseInt(text, low, value) && (store(value), true);
    };
  };
  auto level = [&o](int n) {
    return [&o, n](const std::string &) {
      o.compile.optLevel = n;
      o.levelGiven = true;
      return true;
    };
  };
  return {
      {"-e", Option::Value, set(o.compile.entry), "a name"},
      {"--arg", Option::Value, add(o.arguments)},
      {"--out", Option::Value, add(o.outputs)},
      {"--duplicates", Option::Value,
       [&o](auto &text) { return parseDuplicates(text, o.bind.duplicates); },
       "sum, min, max, or, error"},
      {"--strategy", Option::Value, set(o.compile.strategy), "a strategy"},
      {"--fp", Option::Value, set(o.compile.fp), "strict, reassoc, fast"},
      {"--cpu", Option::Value, set(o.compile.cpu), "a level"},
      {"--target", Option::Value, set(o.compile.target), "cpu, cuda, auto"},
      {"--chip", Option::Value, set(o.compile.chip), "a chip such as sm_90"},
      {"--device", Option::Value,
       integer(0,
               [&o](int64_t n) {
                 o.engine.device = int(std::min<int64_t>(n, INT32_MAX));
               }),
       "a number of at least 0"},
      {"--blas", Option::Value, set(o.engine.blas), "a library"},
      {"--strassen-from", Option::Value,
       integer(2, [&o](int64_t n) { o.compile.strassenFrom = n; }),
       "an extent of at least 2"},
      {"--tier", Option::Value, set(o.tier), "auto, 0, optimised"},
      {"-O0", Option::Flag, level(0)},
      {"-O1", Option::Flag, level(1)},
      {"-O2", Option::Flag, level(2)},
      {"-O3", Option::Flag, level(3)},
      {"--strict", Option::Flag, turnOn(o.compile.strict)},
      {"--cache-dir", Option::Value, set(o.engine.cacheDirectory), "a path"},
      {"--isolate", Option::Flag, turnOn(o.isolate)},
      {"--emit", Option::Value, set(o.emit), "a phase"},
      {"--reproducer", Option::Value, set(o.reproducer), "a path"},
      {"--threads", Option::Value,
       integer(1,
               [&o](int64_t n) {
                 o.engine.threads = int(std::min<int64_t>(n, 4096));
               }),
       "a number of at least 1"},
      {"--mem-limit", Option::Value,
       [&o](auto &text) { return parseBytes(text, o.call.memoryLimit); },
       "a number of bytes such as 512M"},
      {"--deadline", Option::Value,
       integer(1, [&o](int64_t n) { o.call.deadlineMillis = n; }),
       "milliseconds, at least 1"},
      {"--repeat", Option::Value, integer(1, [&o](int64_t n) { o.repeat = n; }),
       "a number of at least 1"},
      {"--check", Option::Flag, turnOn(o.check)},
      {"--explain", Option::MaybeValue,
       [&o](auto &text) { return parseReport(text, o.explain); }, "json"},
      {"--report", Option::Value, set(o.report), "a path"},
      {"--metrics", Option::MaybeValue,
       [&o](auto &text) {
         return parseReport(text, o.metrics) && o.metrics == Report::Json;
       },
       "json"},
      {"--help", Option::Flag, turnOn(o.help)},
      {"-h", Option::Flag, turnOn(o.help)},
      {"--version", Option::Flag, turnOn(o.version)},
  };
}

} // namespace

std::string parse(int argc, char **argv, Options &options) {
  std::vector<Option> known = table(options);
  for (int k = 1; k < argc; ++k) {
    std::string word = argv[k];
    if (word == "-" || word.empty() || word[0] != '-') {
      if (!options.program.empty())
        return "two programs: '" + options.program + "' and '" + word + "'";
      options.program = word;
      continue;
    }
    size_t equals =
        word.rfind("--", 0) == 0 ? word.find('=') : std::string::npos;
    std::string name = word.substr(0, equals), value;
    bool given = equals != std::string::npos;
    if (given)
      value = word.substr(equals + 1);
    const Option *option = nullptr;
    for (const Option &each : known)
      if (name == each.name)
        option = &each;
    if (!option)
      return "unknown option '" + word + "'";
    if (option->kind == Option::Flag && given)
      return "option '" + name + "' takes no value";
    if (option->kind == Option::Value && !given) {
      if (++k == argc)
        return "option '" + name + "' needs a value";
      value = argv[k];
    }
    if (!option->action(value))
      return "option '" + name + "' expects " + option->expected + ", got '" +
             value + "'";
  }
  if (options.program.empty() && !options.help && !options.version)
    return "no program is given";
  return {};
}

} // namespace noodle::jit
