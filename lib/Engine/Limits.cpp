//===- Limits.cpp - bounds on program text before it is parsed --------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Engine/Compiler.h"

#include <cctype>

namespace noodle::engine {
namespace {

/// One pass over the text that knows strings and comments, and nothing else of
/// the grammar.
class Scanner {
public:
  Scanner(std::string_view text, std::string_view name)
      : text(text), name(name) {}

  Status scan() {
    while (at < text.size()) {
      char c = text[at];
      if (c == '\n') {
        ++line;
        lineStart = at + 1;
      }
      if (c == '"') {
        skipString();
        continue;
      }
      if (c == '/' && peek(1) == '/') {
        while (at < text.size() && text[at] != '\n')
          ++at;
        continue;
      }
      if (Status status = step(c); !status.ok())
        return status;
      ++at;
    }
    return {};
  }

private:
  char peek(size_t ahead) const {
    return at + ahead < text.size() ? text[at + ahead] : '\0';
  }

  void skipString() {
    for (++at; at < text.size() && text[at] != '"' && text[at] != '\n'; ++at)
      if (text[at] == '\\')
        ++at;
    if (at < text.size() && text[at] == '"')
      ++at;
  }

  Status step(char c) {
    switch (c) {
    case '(':
    case '[':
    case '{':
      return open();
    case '<': // not <= or <-
      return peek(1) == '=' || peek(1) == '-' ? Status() : open();
    case ')':
    case ']':
    case '}':
      depth -= depth > 0;
      return {};
    case '>': // not -> or >=
      if (peek(1) != '=' && (at == 0 || text[at - 1] != '-'))
        depth -= depth > 0;
      return {};
    case '-':
      return peek(1) == '>' ? Status() : chain();
    case '+':
    case '*':
      return chain();
    case ',':
    case '=':
    case '%':
    case ':':
      operators = 0;
      return {};
    case 'm':
    case 'f':
    case 'c': // mod, floordiv, ceildiv
      return word("mod") || word("floordiv") || word("ceildiv") ? chain()
                                                                : Status();
    default:
      return {};
    }
  }

  bool word(std::string_view expected) const {
    auto letter = [](char c) {
      return std::isalnum((unsigned char)c) || c == '_';
    };
    return text.substr(at, expected.size()) == expected &&
           !letter(peek(expected.size())) && (at == 0 || !letter(text[at - 1]));
  }

  Status open() {
    if (++depth > kMaxNesting)
      return refuse("brackets nest deeper than " + std::to_string(kMaxNesting));
    return {};
  }
  Status chain() {
    if (++operators > kMaxOperators)
      return refuse("an expression has more than " +
                    std::to_string(kMaxOperators) + " operators");
    return {};
  }
  Status refuse(std::string message) const {
    return Status::error(Code::InvalidProgram, std::move(message),
                         std::string(name) + ":" + std::to_string(line) + ":" +
                             std::to_string(at - lineStart + 1));
  }

  std::string_view text, name;
  size_t at = 0, line = 1, lineStart = 0;
  int depth = 0, operators = 0;
};

} // namespace

Status checkLimits(std::string_view program, std::string_view name) {
  if (program.size() > kMaxProgramBytes)
    return Status::error(Code::InvalidProgram,
                         "the program has " + std::to_string(program.size()) +
                             " bytes; at most " +
                             std::to_string(kMaxProgramBytes) + " are read",
                         std::string(name) + ":1:1");
  return Scanner(program, name).scan();
}

} // namespace noodle::engine
