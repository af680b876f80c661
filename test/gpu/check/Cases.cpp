//===- Cases.cpp - programs of every kernel kind, on random sizes ---------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Check.h"

#include <algorithm>
#include <map>

namespace noodle::gpucheck {

const char *const kFormats =
    "#csr32 = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, "
    "d1 : compressed), posWidth = 32, crdWidth = 32}>\n"
    "#csr64 = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, "
    "d1 : compressed), posWidth = 64, crdWidth = 64}>\n"
    "#csc32 = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : dense, "
    "d0 : compressed), posWidth = 32, crdWidth = 32}>\n"
    "#csc64 = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : dense, "
    "d0 : compressed), posWidth = 64, crdWidth = 64}>\n";

std::string tensorType(const Shape &shape, const std::string &element,
                       bool dynamic, const std::string &format) {
  std::string text = "tensor<";
  for (int64_t extent : shape)
    text += (dynamic ? "?" : std::to_string(extent)) + "x";
  return text + element + (format.empty() ? "" : ", #" + format) + ">";
}

static std::string semiringText(const std::string &name) {
  return name == "plus_times" ? ""
                              : " {semiring = #noodle.semiring<" + name + ">}";
}

std::string gemmProgram(int64_t size, const std::string &element,
                        const std::string &semiring) {
  std::string type = tensorType({size, size}, element);
  return "func.func @main(%a: " + type + ", %b: " + type + ") -> " + type +
         " {\n  %y = noodle.matmul %a, %b" + semiringText(semiring) + " : " +
         type + ", " + type + " -> " + type + "\n  return %y : " + type +
         "\n}\n";
}

namespace {

using Strings = std::vector<std::string>;

bool isFloat(const std::string &element) { return element[0] == 'f'; }

class Cases {
public:
  Cases(Random &random, bool quick) : random(random), quick(quick) {}
  std::vector<Case> made;

  void contractions(bool few);
  void elementwise();
  void rows();
  void sparse(bool few);

private:
  int64_t extent(std::initializer_list<int64_t> choices) {
    return choices.begin()[random() % choices.size()];
  }
  int64_t large() {
    return quick ? extent({1, 5, 17, 31, 33, 40, 47})
                 : extent({1, 3, 17, 31, 33, 63, 65, 100, 127, 129, 160, 193});
  }
  bool coin() { return random() & 1; }
  void contraction(const std::string &equation, const std::string &element,
                   const std::string &semiring, bool dynamic, bool epilogue);
  void product(const std::string &format, const std::string &element,
               const std::string &semiring, int64_t columns);
  Case &add(const std::string &kind, const std::string &name,
            const std::string &text) {
    return made.emplace_back(Case{kind, name, text, {}, 0, 0});
  }
  /// A map over `shapes`, which broadcast; `body` uses %x0, %x1, ...
  void map(const std::string &name, const std::string &element,
           const std::vector<Shape> &shapes, const std::string &body,
           const std::string &result, double tolerance, bool dynamic);

  Random &random;
  bool quick;
};

/// How sums of a semiring may differ from the interpreter's.
double toleranceOf(const std::string &element, const std::string &semiring) {
  if (!isFloat(element))
    return 0;
  bool rounds = semiring == "plus_times" || semiring == "log_plus";
  if (element == "f32")
    return rounds ? 2e-4 : 1e-6;
  return rounds ? 1e-9 : 1e-14;
}

std::string shapeText(const Shape &shape) {
  std::string text;
  for (int64_t extent : shape)
    text += (text.empty() ? "" : "x") + std::to_string(extent);
  return text;
}
} // namespace

void Cases::contraction(const std::string &equation, const std::string &element,
                        const std::string &semiring, bool dynamic,
                        bool epilogue) {
  size_t comma = equation.find(','), arrow = equation.find("->");
  Strings groups{equation.substr(0, comma),
                 equation.substr(comma + 1, arrow - comma - 1),
                 equation.substr(arrow + 2)};
  std::map<char, int64_t> extents;
  double work = 1;
  for (const std::string &group : groups)
    for (char letter : group)
      if (!extents.count(letter)) {
        int64_t &size = extents[letter];
        size = letter == 'b' ? extent({1, 2, 3, 5}) : large();
        // What is known to be one term is no sum, and has no kernel.
        if (size == 1 && !dynamic &&
            groups[2].find(letter) == std::string::npos)
          size = 3;
        work *= double(extents[letter]);
      }
  // Nor is one sum alone.
  if (!dynamic && std::all_of(groups[2].begin(), groups[2].end(),
                              [&](char c) { return extents[c] == 1; })) {
    extents[groups[2].back()] = 3;
    work *= 3;
  }
  std::vector<Shape> shapes;
  for (const std::string &group : groups) {
    Shape &shape = shapes.emplace_back();
    for (char letter : group)
      shape.push_back(extents[letter]);
  }
  std::string a = tensorType(shapes[0], element, dynamic),
              b = tensorType(shapes[1], element, dynamic),
              y = tensorType(shapes[2], element, dynamic);
  std::string text = "func.func @main(%a: " + a + ", %b: " + b + ", %c: " + y +
                     ") -> " + y + " {\n  %y = noodle.contract \"" + equation +
                     "\" (%a, %b)" + semiringText(semiring) + " : (" + a +
                     ", " + b + ") -> " + y + "\n";
  if (epilogue)
    text += "  %z = noodle.map (%y, %c) : (" + y + ", " + y + ") -> " + y +
            " {\n  ^bb0(%p: " + element + ", %q: " + element +
            "):\n    %r = " + (isFloat(element) ? "arith.mulf" : "arith.muli") +
            " %p, %q : " + element + "\n    noodle.yield %r : " + element +
            "\n  }\n";
  text +=
      std::string("  return ") + (epilogue ? "%z" : "%y") + " : " + y + "\n}\n";
  std::string sizes;
  for (auto [letter, size] : extents)
    sizes += std::string(" ") + letter + "=" + std::to_string(size);
  Case &one = add("contraction",
                  equation + " " + semiring + " " + element +
                      (dynamic ? " dynamic" : "") +
                      (epilogue ? " times c" : "") + sizes,
                  text);
  bool nonNegative = semiring == "max_times";
  for (const Shape &shape : shapes)
    one.arguments.push_back({shape, 1, nonNegative});
  one.tolerance = toleranceOf(element, semiring);
  one.work = work * (semiring == "log_plus" ? 4 : 1);
}

void Cases::contractions(bool few) {
  const Strings layouts{"ij,jk->ik",    "ji,jk->ik",   "ij,kj->ik",
                        "ji,kj->ik",    "ij,jk->ki",   "bij,bjk->bik",
                        "bij,bkj->bik", "bij,jk->bik", "ij,j->i",
                        "j,jk->k",      "aij,jk->aik", "bi,bi->b"};
  const std::map<std::string, Strings> semirings{
      {"f32",
       {"plus_times", "min_plus", "max_plus", "max_times", "max_min", "min_max",
        "log_plus"}},
      {"f64",
       {"plus_times", "min_plus", "max_plus", "max_times", "max_min", "min_max",
        "log_plus"}},
      {"i32", {"plus_times", "min_plus", "max_plus", "max_min", "min_max"}},
      {"i64", {"plus_times", "min_plus", "max_plus", "max_min", "min_max"}},
      {"i1", {"or_and", "xor_and"}}};
  if (few) {
    contraction(layouts[0], "f32", "plus_times", false, false);
    contraction(layouts[5], "f64", "min_plus", true, false);
    return;
  }
  for (const auto &[element, all] : semirings)
    for (const std::string &semiring : all) {
      bool main = semiring == "plus_times" || semiring == "min_plus" ||
                  semiring == "or_and";
      for (size_t k = 0; k < layouts.size(); ++k) {
        // All layouts of the main semirings; of the others one by chance.
        bool taken = quick ? random() % layouts.size() == 0 || (main && k == 0)
                           : main || random() % 4 == 0;
        if (taken)
          contraction(layouts[k], element, semiring, coin(),
                      element != "i1" && semiring != "max_times" &&
                          random() % 3 == 0);
      }
    }
}

void Cases::map(const std::string &name, const std::string &element,
                const std::vector<Shape> &shapes, const std::string &body,
                const std::string &result, double tolerance, bool dynamic) {
  std::string parameters, operands, types, arguments;
  for (size_t k = 0; k < shapes.size(); ++k) {
    // Only static extents of 1 broadcast.
    bool same = shapes[k] == shapes[0];
    std::string type = tensorType(shapes[k], element, dynamic && same);
    std::string n = std::to_string(k), comma = k ? ", " : "";
    parameters += comma + "%t" + n + ": " + type;
    operands += comma + "%t" + n;
    types += comma + type;
    arguments += comma + "%x" + n + ": " + element;
  }
  std::string out = tensorType(shapes[0], element, dynamic);
  Case &one = add("elementwise",
                  name + " " + element + " " + shapeText(shapes[0]) +
                      (dynamic ? " dynamic" : ""),
                  "func.func @main(" + parameters + ") -> " + out +
                      " {\n  %y = noodle.map (" + operands + ") : (" + types +
                      ") -> " + out + " {\n  ^bb0(" + arguments + "):\n" +
                      body + "    noodle.yield " + result + " : " + element +
                      "\n  }\n  return %y : " + out + "\n}\n");
  for (const Shape &shape : shapes)
    one.arguments.push_back({shape});
  one.tolerance = tolerance;
  one.work = double(shapes[0][0]) * double(shapes[0][1]);
}

void Cases::elementwise() {
  auto twice = [&](const std::string &op, const std::string &e) {
    return "    %y0 = arith." + op + " %x0, %x1 : " + e + "\n";
  };
  for (const std::string element : {"f32", "f64"}) {
    double tolerance = element == "f32" ? 1e-5 : 1e-12;
    for (bool dynamic : {false, true})
      map("x*y", element, {{large(), large() + 3}, {1, 1}},
          twice("mulf", element), "%y0", tolerance, dynamic);
    int64_t m = large(), n = large() + 2;
    map("x+row+column", element, {{m, n}, {1, n}, {m, 1}},
        twice("addf", element) + "    %y1 = arith.addf %y0, %x2 : " + element +
            "\n",
        "%y1", tolerance, false);
    for (const std::string function : {"exp", "tanh", "log1p", "erf"})
      map(function, element, {{large(), large()}, {1, 1}},
          "    %y0 = arith.mulf %x0, %x0 : " + element + "\n    %y1 = math." +
              function + " %y0 : " + element +
              "\n    %y2 = arith.addf %y1, %x1 : " + element + "\n",
          "%y2", tolerance, coin());
  }
  for (const std::string element : {"i32", "i64"}) {
    int64_t m = large(), n = large();
    map("max(x+y)", element, {{m, n}, {m, n}},
        twice("addi", element) + "    %y1 = arith.maxsi %y0, %x0 : " + element +
            "\n",
        "%y1", 0, coin());
  }
  map("xor", "i1", {{large(), large()}, {1, 1}}, twice("xori", "i1"), "%y0", 0,
      false);
  for (const std::string element : {"f32", "f64", "i32", "i64", "i1"}) {
    Shape shape{large(), large()}, turned{shape[1], shape[0]};
    bool dynamic = coin();
    std::string x = tensorType(shape, element, dynamic),
                y = tensorType(turned, element, dynamic);
    Case &one =
        add("elementwise", "transpose " + element + " " + shapeText(shape),
            "func.func @main(%x: " + x + ") -> " + y +
                " {\n  %y = noodle.transpose %x {permutation = array<i64: 1, "
                "0>} : " +
                x + " -> " + y + "\n  return %y : " + y + "\n}\n");
    one.arguments = {{shape}};
    one.work = double(shape[0] * shape[1]);
  }
  const std::pair<const char *, const char *> casts[] = {{"f32", "f64"},
                                                         {"f64", "f32"},
                                                         {"i32", "f32"},
                                                         {"i32", "i64"},
                                                         {"i64", "i32"}};
  for (auto [from, to] : casts) {
    Shape shape{large(), large()};
    std::string x = tensorType(shape, from), y = tensorType(shape, to);
    Case &one = add("elementwise",
                    std::string("convert ") + from + " to " + to + " " +
                        shapeText(shape),
                    "func.func @main(%x: " + x + ") -> " + y +
                        " {\n  %y = noodle.convert %x : " + x + " -> " + y +
                        "\n  return %y : " + y + "\n}\n");
    one.arguments = {{shape}};
    one.work = double(shape[0] * shape[1]);
  }
}

void Cases::rows() {
  auto length = [&] {
    return quick ? extent({1, 7, 33, 130, 257})
                 : extent({1, 7, 31, 33, 130, 257, 1000, 1025, 4097});
  };
  auto one = [&](const std::string &name, const std::string &element,
                 const Shape &in, const Shape &out, bool dynamic,
                 const std::string &op, double tolerance) {
    std::string x = tensorType(in, element, dynamic),
                y = tensorType(out, element, dynamic);
    Case &made =
        add("rows",
            name + " " + element + " " + shapeText(in) +
                (dynamic ? " dynamic" : ""),
            "func.func @main(%x: " + x + ") -> " + y + " {\n  %y = " + op + x +
                (name.starts_with("reduce") ? " -> " + y : "") +
                "\n  return %y : " + y + "\n}\n");
    made.arguments = {{in}};
    made.tolerance = tolerance;
    made.work = 1;
    for (int64_t each : in)
      made.work *= double(each);
  };
  for (const std::string element : {"f32", "f64"})
    for (int round = 0; round < (quick ? 2 : 6); ++round) {
      double tolerance = element == "f32" ? 5e-4 : 1e-9;
      Shape shape{extent({1, 3, 7, 20, 33}), length()};
      one("softmax", element, shape, shape, coin(),
          "noodle.softmax %x {axis = 1 : i64} : ", tolerance);
      one("softmax of columns", element, shape, shape, coin(),
          "noodle.softmax %x {axis = 0 : i64} : ", tolerance);
      shape = {extent({1, 3, 7, 20}), length() + 1};
      one("layer_norm", element, shape, shape, coin(),
          "noodle.layer_norm %x : ", tolerance);
    }
  for (const std::string element : {"f32", "f64", "i32", "i64"})
    for (const std::string semiring : {"plus_times", "min_plus", "max_plus"})
      for (int axes = 0; axes < 4; ++axes) {
        Shape in{extent({2, 3, 7}), extent({1, 5, 9, 33}), length()};
        Shape out;
        std::string dims;
        for (int d = 0; d < 3; ++d) {
          // Over the last, the middle, the first, and all but the middle.
          bool gone = axes == 3 ? d != 1 : d == 2 - axes;
          if (gone)
            dims += (dims.empty() ? "" : ", ") + std::to_string(d);
          else
            out.push_back(in[size_t(d)]);
        }
        one("reduce " + semiring + " over " + dims, element, in, out, coin(),
            "noodle.reduce %x {dims = array<i64: " + dims + ">" +
                (semiring == "plus_times"
                     ? ""
                     : ", semiring = #noodle.semiring<" + semiring + ">") +
                "} : ",
            toleranceOf(element, semiring));
      }
}

void Cases::product(const std::string &format, const std::string &element,
                    const std::string &semiring, int64_t columns) {
  int64_t m = large() * 2 + 1, n = large() + 1;
  bool csc = format.starts_with("csc"), dynamic = coin();
  // A compressed column is a row of the result's.
  Shape matrix = csc ? Shape{n, m} : Shape{m, n};
  Shape dense{n}, out{m};
  if (columns) {
    dense.push_back(columns);
    out.push_back(columns);
  }
  std::string s = tensorType(matrix, element, dynamic, format),
              x = tensorType(dense, element, dynamic),
              y = tensorType(out, element, dynamic);
  std::string equation =
      std::string(csc ? "ji,j" : "ij,j") + (columns ? "k->ik" : "->i");
  Case &one = add("sparse",
                  format + " " + equation + " " + semiring + " " + element +
                      " " + shapeText(matrix) +
                      (columns ? " times " + std::to_string(columns) : ""),
                  kFormats + ("func.func @main(%s: " + s + ", %x: " + x +
                              ") -> " + y + " {\n  %y = noodle.contract \"" +
                              equation + "\" (%s, %x)" +
                              semiringText(semiring) + " : (" + s + ", " + x +
                              ") -> " + y + "\n  return %y : " + y + "\n}\n"));
  bool nonNegative = semiring == "max_times";
  one.arguments = {{matrix, 0.1, nonNegative}, {dense, 1, nonNegative}};
  one.tolerance = toleranceOf(element, semiring);
  // The interpreter visits every place.
  one.work = double(m * n * std::max<int64_t>(columns, 1));
}

void Cases::sparse(bool few) {
  if (few)
    return product("csr32", "f32", "plus_times", 33);
  if (quick) { // whatever else is drawn
    product("csr32", "f32", "plus_times", 33);
    product("csc64", "f64", "plus_times", 0);
  }
  for (const std::string format : {"csr32", "csr64", "csc32", "csc64"})
    for (const std::string element : {"f32", "f64", "i32", "i64"})
      for (const std::string semiring :
           {"plus_times", "min_plus", "max_plus", "max_min"})
        for (int64_t columns : {0, 1, 3, 8, 33, 64})
          if (random() % (quick ? 16 : semiring == "plus_times" ? 1 : 4) == 0)
            product(format, element, semiring, columns);
}

std::vector<Case> kernelCases(Random &random, bool quick, bool few) {
  Cases cases(random, quick || few);
  cases.contractions(few);
  cases.sparse(few);
  if (few) {
    // A case of each of the other kinds.
    Cases all(random, true);
    all.elementwise();
    all.rows();
    for (const char *name : {"exp", "transpose f32", "softmax f32",
                             "layer_norm f64", "reduce min_plus"})
      for (Case &one : all.made)
        if (one.name.starts_with(name)) {
          cases.made.push_back(one);
          break;
        }
    return std::move(cases.made);
  }
  cases.elementwise();
  cases.rows();
  return std::move(cases.made);
}

} // namespace noodle::gpucheck
