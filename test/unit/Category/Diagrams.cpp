//===- Diagrams.cpp - random programs of morphisms ------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Diagrams.h"

#include <functional>
#include <limits>
#include <random>

using namespace noodle;
using namespace noodle::test;

namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();

struct Algebra {
  const char *semiring, *element;
  noodle_rt_type type;
  int64_t low, high, zero;
  bool exact = true;
};

const Algebra kAlgebras[] = {
    {"plus_times", "i64", NOODLE_RT_I64, -2, 2, 0},
    {"plus_times", "i32", NOODLE_RT_I32, -2, 2, 0},
    {"plus_times", "f64", NOODLE_RT_F64, -1, 2, 0},
    {"plus_times", "complex<f64>", NOODLE_RT_C128, -1, 1, 0},
    {"min_plus", "i64", NOODLE_RT_I64, 0, 9, kMost},
    {"min_plus", "f64", NOODLE_RT_F64, -3, 9, kMost},
    {"max_plus", "i64", NOODLE_RT_I64, -5, 5, kLeast},
    {"max_plus", "f64", NOODLE_RT_F64, 0, 9, kLeast},
    {"max_times", "i64", NOODLE_RT_I64, 0, 3, 0},
    {"max_min", "i64", NOODLE_RT_I64, -9, 9, kLeast},
    {"max_min", "f64", NOODLE_RT_F64, -9, 9, kLeast},
    {"min_max", "f64", NOODLE_RT_F64, -9, 9, kMost},
    {"min_max", "i32", NOODLE_RT_I32, -9, 9, kMost},
    {"or_and", "i1", NOODLE_RT_I1, 0, 1, 0},
    {"xor_and", "i1", NOODLE_RT_I1, 0, 1, 0},
    {"log_plus", "f64", NOODLE_RT_F64, -3, 3, kLeast, false},
    {"@bottleneck", "i64", NOODLE_RT_I64, -9, 9, kLeast},
};

const char *kBottleneck = R"(
noodle.semiring @bottleneck : i64
  traits <associative, commutative, distributive, annihilating, idempotent>
  zero {
    %z = arith.constant -9223372036854775808 : i64
    noodle.yield %z : i64
  } one {
    %o = arith.constant 9223372036854775807 : i64
    noodle.yield %o : i64
  } add {
  ^bb0(%a: i64, %b: i64):
    %m = arith.maxsi %a, %b : i64
    noodle.yield %m : i64
  } mul {
  ^bb0(%a: i64, %b: i64):
    %m = arith.minsi %a, %b : i64
    noodle.yield %m : i64
  }
)";

const char *kCsr =
    "#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : "
    "compressed), posWidth = 64, crdWidth = 64}>\n";

struct Line {
  int object;
  bool dynamic = false;
  bool operator==(const Line &) const = default;
};
using Lines = std::vector<Line>;

struct Morphism {
  std::string name;
  Lines dom, cod;
};

bool sameObjects(const Lines &a, const Lines &b) {
  if (a.size() != b.size())
    return false;
  for (size_t k = 0; k < a.size(); ++k)
    if (a[k].object != b[k].object)
      return false;
  return true;
}

Lines join(Lines a, const Lines &b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

class Generator {
public:
  explicit Generator(uint64_t seed) : random(seed) {}
  RandomDiagram run();

private:
  int64_t pick(int64_t count) { return int64_t(random() % uint64_t(count)); }
  bool chance(int percent) { return pick(100) < percent; }

  std::string list(const Lines &lines);
  std::string type(const Lines &dom, const Lines &cod);
  std::string type(const Morphism &m) { return type(m.dom, m.cod); }
  int64_t entries(const Lines &dom, const Lines &cod);
  bool fits(const Lines &dom, const Lines &cod) {
    return dom.size() + cod.size() <= 7 && entries(dom, cod) <= 300;
  }
  Lines lines(int most);
  Line line() { return {int(pick(4)), !named && chance(25)}; }

  Morphism emit(Lines dom, Lines cod, const std::string &op);
  Morphism leaf(Lines dom, Lines cod);
  Morphism wires(const char *kind, Lines dom, Lines cod, const Lines &sized,
                 std::string attributes = "");
  /// A morphism that begins there.
  Morphism from(const Lines &dom);
  Morphism compose();
  bool grow();
  const Morphism &any() { return pool[size_t(pick(int64_t(pool.size())))]; }

  std::mt19937_64 random;
  Algebra algebra;
  bool named = false; ///< a diagram of named objects
  int64_t extents[4];
  std::vector<Morphism> pool;
  std::vector<std::pair<std::string, Morphism>> generators;
  std::string body, prologue, parameters;
  unsigned next = 0;
  RandomDiagram made;
};

std::string Generator::list(const Lines &lines) {
  std::string text;
  for (const Line &line : lines) {
    text += text.empty() ? "" : ", ";
    text += named          ? std::string(1, char('W' + line.object))
            : line.dynamic ? "?"
                           : std::to_string(extents[line.object]);
  }
  return "[" + text + "]";
}

std::string Generator::type(const Lines &dom, const Lines &cod) {
  std::string lines = list(dom) + " -> " + list(cod);
  if (named)
    return "!noodle.arrow<" + lines + ">";
  return "!noodle.hom<" + lines + ", " + algebra.element +
         ", #noodle.semiring<" + algebra.semiring + ">>";
}

int64_t Generator::entries(const Lines &dom, const Lines &cod) {
  int64_t count = 1;
  for (const Line &line : join(dom, cod))
    count *= std::max<int64_t>(1, extents[line.object]);
  return count;
}

Lines Generator::lines(int most) {
  Lines made;
  for (int64_t k = pick(most + 1); k > 0; --k)
    made.push_back(line());
  return made;
}

Morphism Generator::emit(Lines dom, Lines cod, const std::string &op) {
  Morphism morphism{"%m" + std::to_string(next++), std::move(dom),
                    std::move(cod)};
  body += "  " + morphism.name + " = noodle." + op + "\n";
  pool.push_back(morphism);
  return morphism;
}

Morphism Generator::leaf(Lines dom, Lines cod) {
  if (named) {
    // Boxes may be used more than once.
    std::string name = "g" + std::to_string(generators.size());
    for (auto &[known, morphism] : generators)
      if (morphism.dom == dom && morphism.cod == cod && chance(30))
        name = known;
    Morphism box =
        emit(dom, cod, "generator @" + name + " : " + type(dom, cod));
    if (name == "g" + std::to_string(generators.size()))
      generators.push_back({name, box});
    return box;
  }
  std::string argument = "%a" + std::to_string(made.arguments.size());
  // Functions, now and then.
  if (dom.size() == 1 && cod.size() == 1 && chance(60) &&
      (extents[cod[0].object] > 0 || extents[dom[0].object] == 0)) {
    std::vector<int64_t> values;
    for (int64_t k = 0; k < extents[dom[0].object]; ++k)
      values.push_back(pick(extents[cod[0].object]));
    std::string vector =
        "tensor<" +
        (dom[0].dynamic ? "?" : std::to_string(extents[dom[0].object])) +
        "xi64>";
    made.arguments.push_back(
        denseTensor(NOODLE_RT_I64, {extents[dom[0].object]}, values));
    parameters += (parameters.empty() ? "" : ", ") + argument + ": " + vector;
    std::string size =
        cod[0].dynamic ? " size(%n" + std::to_string(cod[0].object) + ")" : "";
    return emit(dom, cod,
                "function " + argument + size + " : " + vector + " -> " +
                    type(dom, cod));
  }
  std::string shape;
  std::vector<int64_t> actual, values;
  for (const Line &line : join(dom, cod)) {
    shape += (line.dynamic ? "?" : std::to_string(extents[line.object])) + "x";
    actual.push_back(extents[line.object]);
  }
  int64_t count = 1;
  for (int64_t extent : actual)
    count *= extent;
  bool sparse = actual.size() == 2 && chance(30);
  for (int64_t k = 0; k < count; ++k)
    values.push_back(chance(sparse ? 60 : 15)
                         ? algebra.zero
                         : algebra.low + pick(algebra.high - algebra.low + 1));
  std::string tensor =
      "tensor<" + shape + algebra.element + (sparse ? ", #csr>" : ">");
  parameters += (parameters.empty() ? "" : ", ") + argument + ": " + tensor;
  made.arguments.push_back(
      sparse ? sparseTensor(algebra.type, actual, values, algebra.zero)
             : denseTensor(algebra.type, actual, values));
  return emit(dom, cod,
              "from_tensor " + argument + " : " + tensor + " -> " +
                  type(dom, cod));
}

Morphism Generator::wires(const char *kind, Lines dom, Lines cod,
                          const Lines &sized, std::string attributes) {
  std::string sizes;
  for (const Line &line : sized)
    if (line.dynamic)
      sizes += (sizes.empty() ? "%n" : ", %n") + std::to_string(line.object);
  std::string text = type(dom, cod);
  return emit(std::move(dom), std::move(cod),
              std::string("wires ") + kind +
                  (sizes.empty() ? "" : " (" + sizes + ")") + attributes +
                  " : " + text);
}

Morphism Generator::from(const Lines &dom) {
  // An existing one.
  if (chance(40)) {
    std::vector<const Morphism *> found;
    for (const Morphism &morphism : pool)
      if (sameObjects(morphism.dom, dom))
        found.push_back(&morphism);
    if (!found.empty())
      return *found[size_t(pick(int64_t(found.size())))];
  }
  // Wires.
  for (int tries = 0; tries < 3; ++tries)
    switch (pick(8)) {
    case 0:
      return wires("id", dom, dom, dom);
    case 1: {
      Lines cod = dom;
      std::vector<int64_t> order;
      for (size_t k = 0; k < dom.size(); ++k)
        order.push_back(int64_t(k));
      std::shuffle(order.begin(), order.end(), random);
      std::string text;
      for (size_t k = 0; k < dom.size(); ++k) {
        cod[k] = dom[size_t(order[k])];
        text += (k ? ", " : ": ") + std::to_string(order[k]);
      }
      return wires("perm", dom, cod, dom,
                   " {permutation = array<i64" + text + ">}");
    }
    case 2:
      if (dom.size() <= 2 && fits(dom, join(dom, dom)))
        return wires("copy", dom, join(dom, dom), dom);
      break;
    case 3:
      return wires("discard", dom, {}, dom);
    case 4:
      if (dom.size() % 2 == 0 &&
          std::equal(dom.begin(), dom.begin() + dom.size() / 2,
                     dom.begin() + dom.size() / 2)) {
        Lines half(dom.begin(), dom.begin() + dom.size() / 2);
        if (chance(50))
          return wires("cup", dom, {}, half);
        return wires("merge", dom, half, half);
      }
      break;
    case 5: {
      bool one = !dom.empty();
      for (const Line &line : dom)
        one &= line == dom[0];
      Lines cod(one ? size_t(pick(3)) : 0, one ? dom[0] : Line{0});
      if (one && fits(dom, cod))
        return wires("spider", dom, cod, {dom[0]});
      break;
    }
    case 6: // something beside wires
      if (dom.size() >= 2) {
        Lines first = {dom[0]}, rest(dom.begin() + 1, dom.end());
        Morphism a = leaf(first, lines(1)), b = wires("id", rest, rest, rest);
        Lines d = join(a.dom, b.dom), c = join(a.cod, b.cod);
        if (fits(d, c))
          return emit(d, c,
                      "tensor " + a.name + ", " + b.name + " : (" + type(a) +
                          ", " + type(b) + ") -> " + type(d, c));
      }
      break;
    default: // a function, maybe
      if (dom.size() == 1 && !named)
        return leaf(dom, {line()});
      break;
    }
  Lines cod = lines(2);
  return fits(dom, cod) ? leaf(dom, cod) : wires("discard", dom, {}, dom);
}

Morphism Generator::compose() {
  Morphism first = any();
  std::string names = first.name, types = type(first);
  Lines cod = first.cod;
  for (int64_t k = 1 + pick(3); k > 0; --k) {
    Morphism after = from(cod);
    if (!fits(first.dom, after.cod))
      break;
    names += ", " + after.name;
    types += ", " + type(after);
    cod = after.cod;
  }
  return emit(first.dom, cod,
              "compose " + names + " : (" + types + ") -> " +
                  type(first.dom, cod));
}

/// One more op; false where none fitted.
bool Generator::grow() {
  switch (pick(13)) {
  case 0:
  case 1:
  case 2:
  case 3:
    compose();
    return true;
  case 4: {
    Morphism a = any(), b = any();
    Lines dom = join(a.dom, b.dom), cod = join(a.cod, b.cod);
    if (!fits(dom, cod))
      return false;
    emit(dom, cod,
         "tensor " + a.name + ", " + b.name + " : (" + type(a) + ", " +
             type(b) + ") -> " + type(dom, cod));
    return true;
  }
  case 5: {
    Morphism a = any();
    const char *conjugate = chance(50) && !named ? " {conjugate}" : "";
    emit(a.cod, a.dom,
         "dagger " + a.name + conjugate + " : " + type(a) + " -> " +
             type(a.cod, a.dom));
    return true;
  }
  case 6: { // its own dagger after it, traced
    Morphism a = any();
    Morphism d = emit(a.cod, a.dom,
                      "dagger " + a.name + " : " + type(a) + " -> " +
                          type(a.cod, a.dom));
    if (a.dom.empty() || !fits(a.dom, a.dom))
      return false;
    Morphism p = emit(a.dom, a.dom,
                      "compose " + a.name + ", " + d.name + " : (" + type(a) +
                          ", " + type(d) + ") -> " + type(a.dom, a.dom));
    size_t count = 1 + size_t(pick(int64_t(a.dom.size())));
    Lines rest(a.dom.begin(), a.dom.end() - long(count));
    emit(rest, rest,
         "trace " + p.name + " {wires = " + std::to_string(count) +
             " : i64} : " + type(p) + " -> " + type(rest, rest));
    return true;
  }
  case 7: {
    Morphism a = any();
    for (const Morphism &b : pool)
      if (b.dom == a.dom && b.cod == a.cod && chance(70)) {
        emit(a.dom, a.cod,
             "add " + a.name + ", " + b.name + " : (" + type(a) + ", " +
                 type(a) + ") -> " + type(a));
        return true;
      }
    return false;
  }
  case 8: {
    Lines cod = lines(2);
    if (!fits(cod, cod))
      return false;
    Morphism v = leaf({}, cod);
    emit(cod, cod,
         "diag " + v.name + " : " + type(v) + " -> " + type(cod, cod));
    return true;
  }
  case 9: {
    Line line = this->line();
    Lines two = {line, line};
    wires("cap", {}, two, {line});
    return true;
  }
  case 10: {
    if (named)
      return false;
    Morphism a = leaf({line()}, {line()});
    Morphism b = leaf({line()}, a.cod);
    bool dynamic = a.dom[0].dynamic || b.dom[0].dynamic;
    // No object has the sum of both, so the block is used at once.
    int64_t sum = extents[a.dom[0].object] + extents[b.dom[0].object];
    std::string rows = dynamic ? "?" : std::to_string(sum);
    auto hom = [&](std::string dom, std::string cod) {
      return "!noodle.hom<[" + dom + "] -> [" + cod + "], " + algebra.element +
             ", #noodle.semiring<" + algebra.semiring + ">>";
    };
    std::string cod = list(a.cod);
    cod = cod.substr(1, cod.size() - 2);
    std::string block = "%b" + std::to_string(next++);
    body += "  " + block + " = noodle.block [[" + a.name + "], [" + b.name +
            "]] : (" + type(a) + ", " + type(b) + ") -> " + hom(rows, cod) +
            "\n  " + block + "t = noodle.dagger " + block + " : " +
            hom(rows, cod) + " -> " + hom(cod, rows) + "\n";
    emit(a.cod, a.cod,
         "compose " + block + "t, " + block + " : (" + hom(cod, rows) + ", " +
             hom(rows, cod) + ") -> " + type(a.cod, a.cod));
    return true;
  }
  case 11: {
    for (const Morphism &a : pool)
      if (!named && a.dom == a.cod && !a.dom.empty() && chance(60) &&
          (a.dom.size() == 1 ||
           std::none_of(a.dom.begin(), a.dom.end(),
                        [](const Line &line) { return line.dynamic; }))) {
        std::string text = type(a);
        emit(a.dom, a.cod,
             "power " + a.name + " {n = " + std::to_string(pick(4)) +
                 " : i64} : " + text);
        return true;
      }
    return false;
  }
  default: {
    if (named || algebra.type == NOODLE_RT_I1 || algebra.type == NOODLE_RT_C128)
      return false;
    // The larger of an entry and the next one's: still small.
    Morphism a = any();
    std::string e = algebra.element;
    bool real = algebra.type == NOODLE_RT_F64;
    std::string code = std::string(" {\n  ^bb0(%x: ") + e +
                       "):\n    %c = arith.constant " + (real ? "1.0" : "1") +
                       " : " + e + "\n    %y = arith." +
                       (real ? "maximumf" : "maxsi") + " %x, %c : " + e +
                       "\n    noodle.return %y : " + e + "\n  }";
    emit(a.dom, a.cod,
         "hom_map " + a.name + " : " + type(a) + " -> " + type(a) + code);
    return true;
  }
  }
}

RandomDiagram Generator::run() {
  algebra = kAlgebras[pick(std::size(kAlgebras))];
  made.algebra = std::string(algebra.semiring) + " " + algebra.element;
  made.exact = algebra.exact;
  for (int64_t &extent : extents)
    extent = chance(5) ? 0 : 1 + pick(3);
  named = chance(40);
  leaf(lines(2), lines(2));
  leaf({line()}, {line()});
  for (int64_t steps = 2 + pick(6), tries = 0; steps > 0 && tries < 40; ++tries)
    steps -= grow();
  Morphism last = pool.back();
  std::string sizes;
  for (int k = 0; k < 4; ++k)
    sizes += "  %n" + std::to_string(k) + " = arith.constant " +
             std::to_string(extents[k]) + " : index\n";
  std::string text = kCsr;
  if (algebra.semiring[0] == '@')
    text += kBottleneck;
  if (named) {
    text += "noodle.diagram @d : " + type(last) + " {\n" + body +
            "  noodle.return " + last.name + " : " + type(last) + "\n}\n";
    named = false;
    body.clear();
    std::string objects, images, pairs, types;
    for (int k = 0; k < 4; ++k)
      objects += (k ? ", " : "") + std::string(1, char('W' + k)) + " = [" +
                 std::to_string(extents[k]) + "]";
    for (auto &[name, box] : generators) {
      Morphism given = leaf(box.dom, box.cod);
      std::string separator = images.empty() ? "" : ", ";
      images += separator + name + " = " + type(given);
      pairs += separator + name + " = " + given.name;
      types += separator + type(given);
    }
    text += std::string("noodle.functor @f : ") + algebra.element +
            ", #noodle.semiring<" + algebra.semiring + ">\n  objects {" +
            objects + "}\n  generators {" + images + "}\n";
    last = emit(last.dom, last.cod,
                "apply @f to @d (" + pairs + ") : (" + types + ") -> " +
                    type(last));
  }
  std::string shape;
  for (const Line &line : join(last.dom, last.cod))
    shape += (line.dynamic ? "?" : std::to_string(extents[line.object])) + "x";
  std::string result = "tensor<" + shape + algebra.element + ">";
  made.text = text + "func.func @main(" + parameters + ") -> " + result +
              " {\n" + sizes + body + "  %t = noodle.to_tensor " + last.name +
              " : " + type(last) + " -> " + result +
              "\n  return %t : " + result + "\n}\n";
  return made;
}

} // namespace

RandomDiagram test::randomDiagram(uint64_t seed) {
  return Generator(seed).run();
}
