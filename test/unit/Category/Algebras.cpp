//===- Algebras.cpp - semirings of laws, programs over them ---------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Algebras.h"

#include <cctype>

using namespace noodle;
using namespace noodle::test;

std::vector<int64_t> test::numbers(const std::string &list) {
  std::vector<int64_t> found;
  for (size_t at = 0; at < list.size();)
    if (isdigit(list[at])) {
      size_t length;
      found.push_back(std::stoll(list.substr(at), &length));
      at += length;
    } else {
      ++at;
    }
  return found;
}

/// "<2 3 -> 4>" in programs stands for a hom type over the algebra.
static std::string expand(const std::string &text, const Algebra &algebra) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    size_t end = text[at] == '<' ? text.find('>', text.find("->", at) + 2)
                                 : std::string::npos;
    if (text[at] != '<' ||
        text.substr(at, end - at).find("->") == std::string::npos ||
        (at > 0 && text[at - 1] != ' ' && text[at - 1] != '(')) {
      out += text[at];
      continue;
    }
    std::string inner = text.substr(at + 1, end - at - 1);
    size_t arrow = inner.find("->");
    auto side = [](const std::string &part) {
      std::string list;
      for (int64_t extent : numbers(part))
        list += (list.empty() ? "" : ", ") + std::to_string(extent);
      return "[" + list + "]";
    };
    out += "!noodle.hom<" + side(inner.substr(0, arrow)) + " -> " +
           side(inner.substr(arrow)) + ", " + algebra.element +
           ", #noodle.semiring<" + algebra.semiring + ">>";
    at = end;
  }
  return out;
}

static std::string shapeOf(const std::string &dom, const std::string &cod) {
  std::string text;
  for (int64_t extent : numbers(dom + " " + cod))
    text += std::to_string(extent) + "x";
  return text;
}

std::string test::program(const Algebra &algebra,
                          const std::vector<Matrix> &matrices,
                          const std::string &body, const std::string &dom,
                          const std::string &cod) {
  std::string parameters, from;
  for (const Matrix &m : matrices) {
    std::string tensor =
        "tensor<" + shapeOf(m.dom, m.cod) + algebra.element + ">";
    parameters += (parameters.empty() ? "%t" : ", %t") + m.name + ": " + tensor;
    from += "  %" + m.name + " = noodle.from_tensor %t" + m.name + " : " +
            tensor + " -> <" + m.dom + " -> " + m.cod + ">\n";
  }
  std::string result = "tensor<" + shapeOf(dom, cod) + algebra.element + ">";
  return expand("func.func @main(" + parameters + ") -> " + result + " {\n" +
                    from + body + "  %out = noodle.to_tensor %r : <" + dom +
                    " -> " + cod + "> -> " + result +
                    "\n  return %out : " + result + "\n}\n",
                algebra);
}
