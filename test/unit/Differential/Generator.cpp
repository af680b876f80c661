//===- Generator.cpp - random typed programs ------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Generator.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

using namespace noodle::test;

std::string Spec::type() const {
  std::string text = "tensor<";
  for (size_t k = 0; k < extents.size(); ++k)
    text += (dynamic[k] ? "?" : std::to_string(extents[k])) + "x";
  return text + element + (format.empty() ? "" : ", #" + format) + ">";
}

namespace {

struct Live {
  std::string name;
  Spec spec;
};

class Generator {
public:
  explicit Generator(uint64_t seed) : state(seed) {}
  Program run(uint64_t seed);

private:
  // splitmix64: the same programs on every machine.
  uint64_t next() {
    uint64_t z = (state += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  int64_t below(int64_t n) { return int64_t(next() % uint64_t(n)); }
  bool chance(int percent) { return below(100) < percent; }
  std::string layout() {
    return pick<std::string>(
        {"csr", "csr", "csr", "csc", "csc", "coo", "dcsr"});
  }
  template <class T> const T &pick(const std::vector<T> &from) {
    return from[below(from.size())];
  }

  int64_t extent() {
    // 1 is left out of dynamic extents elsewhere: only static 1 broadcasts.
    static const std::vector<int64_t> sizes{2, 3, 4, 5, 7, 8, 9, 16, 17, 33};
    return chance(4) ? 0 : pick(sizes);
  }
  std::string element() {
    return pick<std::string>({"f32", "f64", "i32", "i64", "i1", "f32", "f64",
                              "i32", "f16", "bf16", "i8", "complex<f32>",
                              "complex<f64>"});
  }
  /// The op of add, sub and mul for the type.
  std::string arithmetic(const Spec &spec, const std::string &op) {
    if (isComplex(spec))
      return "complex." + op;
    return "arith." + op + (isFloat(spec) ? "f" : "i");
  }
  std::string semiring(const Spec &spec) {
    if (spec.element == "i1")
      return pick<std::string>({"or_and", "xor_and"});
    if (isComplex(spec))
      return "plus_times";
    std::vector<std::string> all{"plus_times", "plus_times", "min_plus",
                                 "max_plus",   "max_min",    "min_max"};
    if (!spec.negative)
      all.insert(all.end(), 2, "max_times");
    if (isFloat(spec) && spec.format.empty() && chance(50))
      all.push_back("log_plus");
    return pick(all);
  }

  std::string fresh() { return "%v" + std::to_string(count++); }
  void emit(const Live &value, const std::string &code) {
    body += "  " + value.name + " = " + code + "\n";
    live.push_back(value);
  }

  Live argument(Spec spec);
  /// A value among those alive that fits, else a new argument.
  Live operand(const std::string &element, const std::vector<int64_t> &extents,
               bool allowSparse);
  void dims(Spec &spec);
  /// As dims, but what an operand leaves open stays open: only contract, matmul
  /// and map may fix such an extent.
  void dimsOver(Spec &spec, std::vector<bool> open);

  void contract();
  void sparseResult();
  void matmul();
  void map();
  void mapStored();
  void reduce();
  void transpose();
  void concat();
  void gather();
  void scatter();
  void convert();
  void normalise();
  void loop();

  uint64_t state;
  std::string body;
  std::vector<Live> live;
  std::vector<Argument> arguments;
  int count = 0;
  bool specials = false; // NaN and infinities in float arguments
};

void Generator::dims(Spec &spec) {
  spec.dynamic.clear();
  for (int64_t extent : spec.extents)
    spec.dynamic.push_back(extent != 1 && chance(50));
}

void Generator::dimsOver(Spec &spec, std::vector<bool> open) {
  dims(spec);
  for (size_t k = 0; k < open.size(); ++k)
    spec.dynamic[k] = spec.dynamic[k] || open[k];
}

Live Generator::argument(Spec spec) {
  Argument made;
  if (spec.dynamic.size() != spec.extents.size())
    dims(spec);
  // |2 + 2i| < 3
  spec.bound = spec.element == "i1" ? 1 : isComplex(spec) ? 3 : 2;
  spec.negative = specials || chance(60);
  auto value = [&]() -> double {
    if (spec.element == "i1")
      return below(2);
    if (specials && !isComplex(spec) && chance(8)) {
      if (isFloat(spec))
        return pick<double>({std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::quiet_NaN()});
      return pick<double>({std::numeric_limits<double>::infinity(),
                           -std::numeric_limits<double>::infinity()});
    }
    return double(spec.negative ? below(5) - 2 : below(3));
  };
  if (spec.format.empty()) {
    int64_t size = 1;
    for (int64_t extent : spec.extents)
      size *= extent;
    for (int64_t k = 0; k < size; ++k)
      made.values.push_back(value());
  } else {
    bool rows = spec.format != "csc";
    int64_t major = spec.extents[rows ? 0 : 1];
    int64_t minor = spec.extents[rows ? 1 : 0];
    int density = int(pick<int64_t>({0, 10, 30, 60, 100}));
    made.positions.push_back(0);
    for (int64_t i = 0; i < major; ++i) {
      for (int64_t j = 0; j < minor; ++j)
        if (chance(density)) {
          made.coordinates.push_back(j);
          made.values.push_back(value());
        }
      made.positions.push_back(int64_t(made.coordinates.size()));
    }
  }
  made.spec = spec;
  Live result{"%a" + std::to_string(arguments.size()), spec};
  arguments.push_back(made);
  live.push_back(result);
  return result;
}

Live Generator::operand(const std::string &element,
                        const std::vector<int64_t> &extents, bool allowSparse) {
  std::vector<Live> fitting;
  for (const Live &value : live)
    if (value.spec.element == element && value.spec.extents == extents &&
        (allowSparse || value.spec.format.empty()))
      fitting.push_back(value);
  if (!fitting.empty() && (chance(60) || arguments.size() >= 5))
    return pick(fitting);
  Spec spec;
  spec.element = element;
  spec.extents = extents;
  if (allowSparse && extents.size() == 2 && chance(40))
    spec.format = layout();
  return argument(spec);
}

/// A random equation over at most 5 letters, 1 to 3 operands, perhaps with
/// repeated letters, a mask and an initial value.
void Generator::contract() {
  std::string element = pick(live).spec.element;
  int letters = 1 + int(below(4));
  std::vector<int64_t> sizes;
  for (int k = 0; k < letters; ++k)
    sizes.push_back(chance(60) ? pick<int64_t>({2, 3, 4, 5}) : extent());
  int operands = 1 + int(below(3));
  std::vector<Live> inputs;
  std::string equation, names, types;
  std::vector<bool> used(letters), inDynamic(letters);
  double bound = 1;
  bool exact = true, sparse = false, negative = false;
  for (int k = 0; k < operands; ++k) {
    int rank = int(below(4));
    std::vector<int64_t> extents;
    std::string part;
    std::vector<int> chosen;
    for (int d = 0; d < rank; ++d) {
      int letter = int(below(letters));
      chosen.push_back(letter);
      // A static 1 broadcasts, where another operand has the extent.
      extents.push_back(used[letter] && chance(8) ? 1 : sizes[letter]);
      part += char('a' + letter);
    }
    bool repeated = rank == 2 && chosen[0] == chosen[1];
    Live input = operand(element, extents, rank == 2 && !repeated);
    for (int d = 0; d < rank; ++d) {
      used[chosen[d]] = true;
      if (input.spec.dynamic[d])
        inDynamic[chosen[d]] = true;
    }
    equation += (k ? "," : "") + part;
    names += (k ? ", " : "") + input.name;
    types += (k ? ", " : "") + input.spec.type();
    bound *= input.spec.bound;
    exact &= input.spec.exact;
    negative |= input.spec.negative;
    sparse |= !input.spec.format.empty();
    inputs.push_back(input);
  }
  Spec spec;
  spec.element = element;
  equation += "->";
  std::vector<int> order(letters);
  std::iota(order.begin(), order.end(), 0);
  for (int k = letters - 1; k > 0; --k)
    std::swap(order[k], order[below(k + 1)]);
  double terms = 1;
  for (int letter : order) {
    if (used[letter] && spec.extents.size() < 4 && chance(55)) {
      equation += char('a' + letter);
      spec.extents.push_back(sizes[letter]);
    } else if (used[letter]) {
      terms *= double(std::max<int64_t>(sizes[letter], 1));
    }
  }
  dims(spec);
  Spec probe = spec;
  probe.negative = negative;
  if (sparse)
    probe.format = "csr"; // no log_plus over sparse operands
  std::string ring = semiring(probe);
  spec.exact = exact && ring != "log_plus";
  spec.bound = ring == "plus_times" ? bound * terms
               : ring == "log_plus" ? 2 * operands + 20
                                    : std::max(bound, 2.0 * operands);
  if (spec.bound > limit(spec) || (!exact && spec.bound > 1e4))
    return;
  // Sums of products of such values stay such, and so do their masked forms.
  bool rings = ring == "plus_times" || ring == "max_times";
  spec.negative = negative || !rings || spec.bound > 0x1p30;
  std::string extra;
  if (chance(15)) {
    Spec mask = spec;
    mask.element = "i1";
    mask.exact = true;
    Live value = operand("i1", mask.extents, false);
    extra += " mask(" + value.name + " : " + value.spec.type() + ")";
  }
  if (chance(20)) {
    Live init = operand(element, spec.extents, false);
    if (ring == "max_times" && init.spec.negative)
      return;
    extra += " into(" + init.name + " : " + spec.type() + ")";
    // The init has the result's type exactly.
    if (init.spec.type() != spec.type()) {
      Live cast{fresh(), spec};
      cast.spec.bound = init.spec.bound;
      cast.spec.exact = init.spec.exact;
      cast.spec.negative = init.spec.negative;
      emit(cast, "tensor.cast " + init.name + " : " + init.spec.type() +
                     " to " + spec.type());
      extra = extra.substr(0, extra.rfind("into(")) + "into(" + cast.name +
              " : " + spec.type() + ")";
    }
    spec.bound += init.spec.bound;
    spec.exact &= init.spec.exact;
    spec.negative |= init.spec.negative;
  }
  std::string attributes = "semiring = #noodle.semiring<" + ring + ">";
  if (extra.find("mask(") != std::string::npos)
    attributes +=
        std::string(", mask_valued") + (chance(50) ? ", mask_complement" : "");
  emit({fresh(), spec}, "noodle.contract \"" + equation + "\" (" + names + ")" +
                            extra + " {" + attributes + "} : (" + types +
                            ") -> " + spec.type());
}

/// Products, entrywise products and sums over a letter with a sparse result.
void Generator::sparseResult() {
  Spec left;
  left.element = element();
  left.extents = {extent(), extent()};
  left.format = layout();
  bool product = chance(50);
  Spec right = left;
  right.format = layout();
  if (product)
    right.extents = {left.extents[1], extent()};
  Live a = argument(left), b = argument(right);
  Spec spec = left;
  spec.format = layout();
  spec.extents = {left.extents[0], right.extents[1]};
  dims(spec);
  spec.negative = a.spec.negative || b.spec.negative;
  std::string ring = semiring(spec);
  spec.bound = a.spec.bound * b.spec.bound *
               double(std::max<int64_t>(left.extents[1], 1));
  emit({fresh(), spec},
       std::string("noodle.contract \"") +
           (product ? "ab,bc->ac" : "ab,ab->ab") + "\" (" + a.name + ", " +
           b.name + ") {semiring = #noodle.semiring<" + ring + ">} : (" +
           a.spec.type() + ", " + b.spec.type() + ") -> " + spec.type());
}

void Generator::matmul() {
  std::string element = pick(live).spec.element;
  int64_t m = extent(), n = extent(), k = extent();
  int form = int(below(4));
  Live a = operand(
      element, form == 1 ? std::vector<int64_t>{k} : std::vector<int64_t>{m, k},
      form != 1);
  Live b = operand(
      element, form == 2 ? std::vector<int64_t>{k} : std::vector<int64_t>{k, n},
      form != 2);
  Spec spec;
  spec.element = element;
  if (form != 1)
    spec.extents.push_back(m);
  if (form != 2)
    spec.extents.push_back(n);
  dims(spec);
  Spec probe = spec;
  probe.format = "csr";
  probe.negative = a.spec.negative || b.spec.negative;
  std::string ring = semiring(probe);
  spec.exact = a.spec.exact && b.spec.exact;
  spec.bound =
      ring == "plus_times"
          ? a.spec.bound * b.spec.bound * double(std::max<int64_t>(k, 1))
          : std::max(a.spec.bound * b.spec.bound, a.spec.bound + b.spec.bound);
  if (spec.bound > limit(spec) || (!spec.exact && spec.bound > 1e4))
    return;
  emit({fresh(), spec}, "noodle.matmul " + a.name + ", " + b.name +
                            " {semiring = #noodle.semiring<" + ring +
                            ">} : " + a.spec.type() + ", " + b.spec.type() +
                            " -> " + spec.type());
}

void Generator::map() {
  Live a = pick(live);
  if (!a.spec.format.empty())
    return mapStored();
  Live b = operand(a.spec.element, a.spec.extents, false);
  Spec spec = a.spec;
  dims(spec);
  spec.negative = true;
  spec.exact = a.spec.exact && b.spec.exact;
  std::string t = spec.element, code;
  auto binary = [&](const std::string &name) {
    return "    %r = " + arithmetic(spec, name) + " %x, %y : " + t + "\n";
  };
  auto op = [&](const std::string &name) {
    return "    %r = arith." + name + " %x, %y : " + t + "\n";
  };
  double sum = a.spec.bound + b.spec.bound;
  if (t == "i1") {
    code = op(pick<std::string>({"andi", "ori", "xori"}));
  } else if (isComplex(spec)) {
    int64_t which = below(4);
    code = which < 3 ? binary(which == 0   ? "add"
                              : which == 1 ? "sub"
                                           : "mul")
                     : "    %r = complex.conj %x : " + t + "\n";
    spec.bound = which == 2 ? a.spec.bound * b.spec.bound : sum;
  } else if (isFloat(spec)) {
    switch (below(6)) {
    case 0:
      code = op("addf");
      spec.bound = sum;
      break;
    case 1:
      code = op("subf");
      spec.bound = sum;
      break;
    case 2:
      code = op("mulf");
      spec.bound = a.spec.bound * b.spec.bound;
      break;
    case 3:
      code = op("maximumf");
      spec.bound = sum;
      break;
    case 4:
      code = "    %c = arith.cmpf olt, %x, %y : " + t +
             "\n    %r = arith.select %c, %y, %x : " + t + "\n";
      spec.bound = sum;
      if (!spec.exact)
        return;
      break;
    default:
      if (a.spec.bound > (spec.element == "f16" ? 4 : 20))
        return;
      code = "    %r = math." +
             pick<std::string>({"exp", "tanh", "absf", "sin", "cos"}) +
             " %x : " + t + "\n";
      spec.bound = std::exp(std::min(a.spec.bound, 20.0));
      spec.exact = false;
    }
  } else {
    code = op(pick<std::string>(
        {"addi", "subi", "muli", "maxsi", "minsi", "xori", "andi"}));
    spec.bound = 2;
  }
  if (spec.bound > limit(spec) || (!spec.exact && spec.bound > 1e9))
    return;
  emit({fresh(), spec}, "noodle.map (" + a.name + ", " + b.name + ") : (" +
                            a.spec.type() + ", " + b.spec.type() + ") -> " +
                            spec.type() + " {\n  ^bb0(%x: " + t + ", %y: " + t +
                            "):\n" + code + "    noodle.yield %r : " + t +
                            "\n  }");
}

/// Over the stored entries of a sparse value, to the same pattern or dense.
void Generator::mapStored() {
  Spec spec;
  spec.element = pick<std::string>(
      {"f32", "f64", "i32", "i64", "f16", "bf16", "i8", "complex<f64>"});
  spec.extents = {extent(), extent()};
  Live a = operand(spec.element, spec.extents, true);
  if (a.spec.format.empty())
    return;
  spec = a.spec;
  std::string t = spec.element;
  std::string add = arithmetic(spec, "add");
  std::string absent;
  if (chance(50)) {
    spec.format = "";
    std::string one = isComplex(spec) ? "#complex.number<:f64 1.0, 0.0>"
                      : isFloat(spec) ? "1.0"
                                      : "1";
    absent = " {absent = " + one + " : " + t + ", over = #noodle.over<stored>}";
  }
  spec.bound = 2 * a.spec.bound + 1;
  emit({fresh(), spec},
       "noodle.map (" + a.name + ")" + absent + " : (" + a.spec.type() +
           ") -> " + spec.type() + " {\n  ^bb0(%x: " + t + "):\n    %r = " +
           add + " %x, %x : " + t + "\n    noodle.yield %r : " + t + "\n  }");
}

void Generator::reduce() {
  Live a = pick(live);
  if (a.spec.extents.empty())
    return;
  Spec spec;
  spec.element = a.spec.element;
  spec.exact = a.spec.exact;
  std::string list;
  double terms = 1;
  std::vector<bool> open;
  for (size_t k = 0; k < a.spec.extents.size(); ++k) {
    if (chance(50)) {
      list += (list.empty() ? "" : ", ") + std::to_string(k);
      terms *= double(std::max<int64_t>(a.spec.extents[k], 1));
    } else {
      spec.extents.push_back(a.spec.extents[k]);
      open.push_back(a.spec.dynamic[k]);
    }
  }
  if (list.empty())
    return;
  dimsOver(spec, open);
  std::string ring = semiring(a.spec);
  if (ring == "log_plus")
    return;
  spec.bound = a.spec.bound * (ring == "plus_times" ? terms : 1);
  if (spec.bound > limit(spec))
    return;
  emit({fresh(), spec}, "noodle.reduce " + a.name + " {dims = array<i64: " +
                            list + ">, semiring = #noodle.semiring<" + ring +
                            ">} : " + a.spec.type() + " -> " + spec.type());
}

void Generator::transpose() {
  Live a = pick(live);
  size_t rank = a.spec.extents.size();
  std::vector<size_t> order(rank);
  std::iota(order.begin(), order.end(), 0);
  for (int64_t k = int64_t(rank) - 1; k > 0; --k)
    std::swap(order[k], order[below(k + 1)]);
  if (!a.spec.format.empty())
    order = {1, 0};
  Spec spec = a.spec;
  std::string list;
  for (size_t k = 0; k < rank; ++k) {
    spec.extents[k] = a.spec.extents[order[k]];
    spec.dynamic[k] = a.spec.dynamic[order[k]];
    list += (k ? ", " : ": ") + std::to_string(order[k]);
  }
  if (spec.format == "csr")
    spec.format = chance(70) ? "csc" : "csr";
  else if (spec.format == "csc")
    spec.format = chance(70) ? "csr" : "csc";
  emit({fresh(), spec}, "noodle.transpose " + a.name +
                            " {permutation = array<i64" + list +
                            ">} : " + a.spec.type() + " -> " + spec.type());
}

void Generator::concat() {
  Live a = pick(live);
  if (a.spec.extents.empty() || !a.spec.format.empty())
    return;
  size_t axis = below(a.spec.extents.size());
  std::vector<int64_t> extents = a.spec.extents;
  extents[axis] = extent();
  Live b = operand(a.spec.element, extents, false);
  Spec spec = a.spec;
  spec.extents[axis] += extents[axis];
  std::vector<bool> open = a.spec.dynamic;
  open[axis] = open[axis] || b.spec.dynamic[axis];
  dimsOver(spec, open);
  spec.bound = std::max(a.spec.bound, b.spec.bound);
  spec.exact = a.spec.exact && b.spec.exact;
  spec.negative |= b.spec.negative;
  emit({fresh(), spec}, "noodle.concat (" + a.name + ", " + b.name +
                            ") {axis = " + std::to_string(axis) +
                            " : i64} : (" + a.spec.type() + ", " +
                            b.spec.type() + ") -> " + spec.type());
}

void Generator::gather() {
  Live a = pick(live);
  if (a.spec.extents.empty() || !a.spec.format.empty())
    return;
  size_t axis = below(a.spec.extents.size());
  Spec index;
  index.element = chance(50) ? "i32" : "i64";
  index.extents = {extent()};
  if (a.spec.extents[axis] == 0)
    index.extents = {0};
  dims(index);
  bool kept = specials;
  specials = false;
  Live list = argument(index);
  specials = kept;
  live.pop_back(); // indices are no data
  for (double &value : arguments.back().values)
    value = double(below(std::max<int64_t>(a.spec.extents[axis], 1)));
  Spec spec = a.spec;
  spec.extents[axis] = index.extents[0];
  std::vector<bool> open = a.spec.dynamic;
  open[axis] = list.spec.dynamic[0];
  dimsOver(spec, open);
  emit({fresh(), spec}, "noodle.gather " + a.name + "[" + list.name +
                            "] {axis = " + std::to_string(axis) +
                            " : i64} : " + a.spec.type() + ", " +
                            list.spec.type() + " -> " + spec.type());
}

void Generator::scatter() {
  Live a = pick(live);
  if (a.spec.extents.empty() || !a.spec.format.empty() || !a.spec.exact)
    return;
  size_t axis = below(a.spec.extents.size());
  Spec index;
  index.element = chance(50) ? "i32" : "i64";
  index.extents = {a.spec.extents[axis] == 0 ? 0 : extent()};
  dims(index);
  std::vector<int64_t> extents = a.spec.extents;
  extents[axis] = index.extents[0];
  Live updates = operand(a.spec.element, extents, false);
  if (!updates.spec.exact)
    return;
  bool kept = specials;
  specials = false;
  Live list = argument(index);
  specials = kept;
  live.pop_back();
  for (double &value : arguments.back().values)
    value = double(below(std::max<int64_t>(a.spec.extents[axis], 1)));
  Spec spec = a.spec;
  spec.negative |= updates.spec.negative;
  std::string ring = semiring(spec);
  if (ring == "log_plus")
    return;
  spec.bound = a.spec.bound +
               updates.spec.bound * double(std::max<int64_t>(extents[axis], 1));
  if (spec.bound > limit(spec))
    return;
  emit({fresh(), spec}, "noodle.scatter " + updates.name + "[" + list.name +
                            "] into " + a.name +
                            " {axis = " + std::to_string(axis) +
                            " : i64, semiring = #noodle.semiring<" + ring +
                            ">} : " + updates.spec.type() + ", " +
                            list.spec.type() + ", " + a.spec.type());
}

void Generator::convert() {
  Live a = pick(live);
  Spec spec = a.spec;
  dimsOver(spec, a.spec.dynamic);
  if (a.spec.format.empty() && chance(60)) {
    std::string to = element();
    if (!a.spec.exact && to[0] == 'i')
      return;
    spec.element = to;
    if (isComplex(a.spec) && !isComplex(spec))
      return;
    if (!a.spec.exact && limit(spec) > limit(a.spec))
      return; // its tolerance would be too small for what was rounded before
    if (a.spec.bound > std::min(0x1p22, limit(spec)) ||
        (limit(spec) < 0x1p50 && a.spec.element[0] == 'i'))
      return; // large integers round in f32; their bound is not kept
    if (to == "i1")
      spec.bound = 1;
  } else if (a.spec.format.empty()) {
    if (spec.extents.size() != 2 || !a.spec.exact)
      return;
    spec.format = layout();
  } else {
    spec.format = chance(50) ? "" : layout();
  }
  emit({fresh(), spec}, "noodle.convert " + a.name + " : " + a.spec.type() +
                            " -> " + spec.type());
}

void Generator::normalise() {
  Live a = pick(live);
  if (!isFloat(a.spec) || a.spec.extents.empty() || !a.spec.format.empty() ||
      a.spec.bound > 100)
    return;
  Spec spec = a.spec;
  spec.exact = false;
  spec.negative = true;
  if (chance(50)) {
    spec.bound = 1;
    emit({fresh(), spec}, "noodle.softmax " + a.name + " {axis = " +
                              std::to_string(below(spec.extents.size())) +
                              " : i64} : " + spec.type());
  } else {
    if (!a.spec.exact)
      return; // a nearly constant row amplifies what was rounded before
    spec.bound = 10;
    emit({fresh(), spec}, "noodle.layer_norm " + a.name + " : " + spec.type());
  }
}

/// x := x + x, a few times; the loop carries a tensor.
void Generator::loop() {
  Live a = pick(live);
  if (!a.spec.format.empty() || a.spec.element == "i1" ||
      a.spec.bound * 8 > limit(a.spec))
    return;
  int64_t trips = below(4);
  Spec spec = a.spec;
  spec.bound *= 8;
  std::string t = spec.type(), e = spec.element, id = std::to_string(count);
  std::string add = arithmetic(spec, "add");
  body += "  %lo" + id + " = arith.constant 0 : index\n  %hi" + id +
          " = arith.constant " + std::to_string(trips) + " : index\n  %st" +
          id + " = arith.constant 1 : index\n";
  emit({fresh(), spec}, "scf.for %i = %lo" + id + " to %hi" + id + " step %st" +
                            id + " iter_args(%it = " + a.name + ") -> (" + t +
                            ") {\n    %n = noodle.map (%it) : (" + t + ") -> " +
                            t + " {\n    ^bb0(%x: " + e +
                            "):\n      %r = " + add + " %x, %x : " + e +
                            "\n      noodle.yield %r : " + e +
                            "\n    }\n    scf.yield %n : " + t + "\n  }");
}

Program Generator::run(uint64_t seed) {
  specials = chance(15);
  int start = 1 + int(below(2));
  for (int k = 0; k < start; ++k) {
    Spec spec;
    spec.element = element();
    int rank = int(below(4));
    for (int d = 0; d < rank; ++d)
      spec.extents.push_back(chance(8) ? 1 : extent());
    if (rank == 2 && chance(40))
      spec.format = layout();
    argument(spec);
  }
  int steps = 1 + int(below(5));
  for (int k = 0; k < steps; ++k) {
    switch (below(17)) {
    case 0:
    case 1:
    case 2:
    case 3:
      contract();
      break;
    case 4:
    case 5:
      matmul();
      break;
    case 6:
    case 7:
      map();
      break;
    case 8:
      reduce();
      break;
    case 9:
      transpose();
      break;
    case 10:
      concat();
      break;
    case 11:
      gather();
      break;
    case 12:
      scatter();
      break;
    case 13:
      convert();
      break;
    case 14:
      normalise();
      break;
    case 15:
      sparseResult();
      break;
    default:
      loop();
    }
  }
  // Results: the last values that are not arguments, else the first argument.
  std::vector<Live> results;
  for (auto it = live.rbegin(); it != live.rend() && results.size() < 2; ++it)
    if (it->name[1] == 'v')
      results.push_back(*it);
  if (results.empty())
    results.push_back(live.front());

  Program program;
  program.seed = seed;
  // Decided last, so that a seed's program is the one it always was.
  program.positionWidth = chance(60) ? 4 : 8;
  program.coordinateWidth = chance(60) ? 4 : 8;
  // 64 bits are also what is meant where nothing is said.
  std::string widths;
  for (auto [name, width] : {std::pair("posWidth", program.positionWidth),
                             std::pair("crdWidth", program.coordinateWidth)})
    widths += std::string(widths.empty() ? "" : ", ") + name + " = " +
              (width == 4   ? "32"
               : chance(50) ? "64"
                            : "0");
  widths += "}>\n";
  for (auto [format, levels] :
       {std::pair("csr", "d0 : dense, d1 : compressed"),
        std::pair("csc", "d1 : dense, d0 : compressed"),
        std::pair("coo", "d0 : compressed(nonunique), d1 : singleton(soa)"),
        std::pair("dcsr", "d0 : compressed, d1 : compressed")})
    program.text += std::string("#") + format +
                    " = #sparse_tensor.encoding<{map = (d0, d1) -> (" + levels +
                    "), " + widths;
  std::string parameters, types, names;
  for (size_t k = 0; k < arguments.size(); ++k)
    parameters += (k ? ", %a" : "%a") + std::to_string(k) + ": " +
                  arguments[k].spec.type();
  for (const Live &result : results) {
    types += (types.empty() ? "" : ", ") + result.spec.type();
    names += (names.empty() ? "" : ", ") + result.name;
    program.results.push_back(result.spec);
  }
  program.text += "func.func @main(" + parameters + ") -> (" + types + ") {\n" +
                  body + "  return " + names + " : " + types + "\n}\n";
  program.arguments = arguments;
  return program;
}

} // namespace

Program noodle::test::generate(uint64_t seed) {
  return Generator(seed).run(seed);
}
