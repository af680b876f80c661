//===- ChainTest.cpp - contractions between elementwise ops ---------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One or two contractions with what may be fused to them: transposes, scales
// and conversions of operands; biases, residuals, activations, masks, casts and
// transposes of results; results that several ops need. Odd and empty extents,
// static or not. The JIT must agree with the interpreter: to the bit where all
// values are small integers, else within 1e-5 (f32) or 1e-12 (f64) of the
// greatest magnitude that sums can have.
//
// NOODLE_RANDOM_SEED (the first seed) and NOODLE_CHAIN_COUNT (400) change what
// is run; a failure prints seed and program.
//
//===----------------------------------------------------------------------===//

#include "noodle/Engine/Engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>

using namespace noodle;

namespace {

struct Dim {
  int64_t extent;
  bool dynamic;
};

struct Tensor {
  std::string name;
  std::vector<Dim> dims;
  std::string element;
  double bound = 2; ///< of finite absolute values
  double error = 0; ///< relative to the bound; 0: all are small integers
  std::string type() const {
    std::string text;
    for (const Dim &dim : dims)
      text += (dim.dynamic ? "?" : std::to_string(dim.extent)) + "x";
    return "tensor<" + text + element + ">";
  }
};

int64_t bytesOf(const std::string &element) {
  return element == "i1" ? 1 : element.ends_with("64") ? 8 : 4;
}

noodle_rt_type typeOf(const std::string &element) {
  return element == "i1"    ? NOODLE_RT_I1
         : element == "i32" ? NOODLE_RT_I32
         : element == "i64" ? NOODLE_RT_I64
         : element == "f32" ? NOODLE_RT_F32
                            : NOODLE_RT_F64;
}

/// Of values that are rounded.
double errorOf(const std::string &element) {
  return element == "f64" ? 1e-12 : 1e-5;
}

struct Chain {
  std::string text;
  std::vector<noodle_rt_tensor> arguments;
  std::vector<std::vector<std::byte>> storage;
  std::vector<Tensor> results;
};

class Generator {
public:
  explicit Generator(uint64_t seed) : random(seed) {}
  Chain run();

private:
  int64_t pick(int64_t count) { return int64_t(random() % uint64_t(count)); }
  bool chance(int percent) { return pick(100) < percent; }
  Dim dim() {
    static constexpr int64_t extents[] = {1,  2,  3,  5,  7,  8,  9,  15, 16,
                                          17, 31, 32, 33, 40, 63, 65, 70};
    return {chance(4) ? 0 : extents[pick(std::size(extents))], chance(40)};
  }
  bool isFloat(const std::string &element) { return element[0] == 'f'; }
  std::string fresh() { return "%v" + std::to_string(next++); }
  Tensor argument(std::vector<Dim> dims, std::string element);
  Tensor emit(Tensor result, const std::string &op);
  /// A map whose body is given; %x, %y are its arguments, %r is yielded.
  Tensor map(const Tensor &x, const Tensor *y, const std::string &body);
  Tensor transpose(const Tensor &x, std::vector<int64_t> permutation);
  Tensor convert(const Tensor &x, const std::string &element);
  Tensor operand(std::vector<Dim> dims, const std::string &element);
  Tensor contract(const Tensor *lhs, const std::string &element);
  Tensor consumer(const Tensor &x);
  template <class T> void fill(std::vector<std::byte> &bytes);

  std::mt19937_64 random;
  unsigned next = 0;
  std::string parameters, body;
  Chain chain;
};

template <class T> void Generator::fill(std::vector<std::byte> &bytes) {
  for (size_t k = 0; k * sizeof(T) < bytes.size(); ++k) {
    T value = T(pick(5) - 2);
    if constexpr (sizeof(T) == 1)
      value = T(pick(2));
    if constexpr (std::is_floating_point_v<T>)
      if (pick(400) == 0)
        value = pick(2) ? std::numeric_limits<T>::quiet_NaN()
                        : std::numeric_limits<T>::infinity();
    std::memcpy(bytes.data() + k * sizeof(T), &value, sizeof(T));
  }
}

Tensor Generator::argument(std::vector<Dim> dims, std::string element) {
  Tensor tensor{fresh(), std::move(dims), std::move(element)};
  noodle_rt_tensor view{};
  view.layout = NOODLE_RT_DENSE;
  view.type = typeOf(tensor.element);
  view.rank = uint8_t(tensor.dims.size());
  int64_t size = 1;
  for (size_t d = tensor.dims.size(); d-- > 0;) {
    view.extents[d] = tensor.dims[d].extent;
    view.strides[d] = size;
    size *= view.extents[d];
  }
  std::vector<std::byte> &bytes = chain.storage.emplace_back(
      size_t(std::max<int64_t>(1, size) * bytesOf(tensor.element)));
  view.type == NOODLE_RT_F32   ? fill<float>(bytes)
  : view.type == NOODLE_RT_F64 ? fill<double>(bytes)
  : view.type == NOODLE_RT_I32 ? fill<int32_t>(bytes)
  : view.type == NOODLE_RT_I64 ? fill<int64_t>(bytes)
                               : fill<uint8_t>(bytes);
  view.values = bytes.data();
  chain.arguments.push_back(view);
  parameters +=
      (parameters.empty() ? "" : ", ") + tensor.name + ": " + tensor.type();
  return tensor;
}

Tensor Generator::emit(Tensor result, const std::string &op) {
  // Beyond these floats are no longer all integers; integers wrap.
  if (isFloat(result.element) &&
      (result.error > 0 ||
       result.bound > (result.element == "f64" ? 4e15 : 8e6)))
    result.error = std::max(result.error, errorOf(result.element));
  result.name = fresh();
  body += "  " + result.name + " = " + op + "\n";
  return result;
}

Tensor Generator::map(const Tensor &x, const Tensor *y,
                      const std::string &code) {
  Tensor result = x;
  std::string operands = x.name, types = x.type(),
              arguments = "%x: " + x.element;
  if (y) {
    operands += ", " + y->name;
    types += ", " + y->type();
    arguments += ", %y: " + y->element;
    result.error = std::max(result.error, y->error);
  }
  return emit(result, "noodle.map (" + operands + ") : (" + types + ") -> " +
                          result.type() + " {\n  ^bb0(" + arguments + "):\n" +
                          code + "    noodle.yield %r : " + result.element +
                          "\n  }");
}

Tensor Generator::transpose(const Tensor &x, std::vector<int64_t> permutation) {
  Tensor result = x;
  std::string text;
  for (size_t d = 0; d < permutation.size(); ++d) {
    result.dims[d] = x.dims[size_t(permutation[d])];
    text += (d ? ", " : "") + std::to_string(permutation[d]);
  }
  return emit(result, "noodle.transpose " + x.name +
                          " {permutation = array<i64" +
                          (text.empty() ? "" : ": ") + text +
                          ">} : " + x.type() + " -> " + result.type());
}

Tensor Generator::convert(const Tensor &x, const std::string &element) {
  Tensor result = x;
  result.element = element;
  return emit(result, "noodle.convert " + x.name + " : " + x.type() + " -> " +
                          result.type());
}

/// An argument, or what cheap ops make of one.
Tensor Generator::operand(std::vector<Dim> dims, const std::string &element) {
  std::string from = element;
  if (chance(25))
    from = isFloat(element) ? (chance(50) ? "i32" : "f32")
                            : (chance(50) ? "i1" : "i32");
  std::vector<int64_t> order(dims.size());
  for (size_t d = 0; d < order.size(); ++d)
    order[d] = int64_t(d);
  bool turned = chance(30);
  if (turned)
    std::shuffle(order.begin(), order.end(), random);
  std::vector<Dim> stored(dims.size());
  for (size_t d = 0; d < dims.size(); ++d)
    stored[size_t(order[d])] = dims[d];
  Tensor x = argument(stored, from);
  if (turned)
    x = transpose(x, order);
  if (from != element)
    x = convert(x, element);
  if (chance(20)) {
    bool real = isFloat(element);
    x = map(x, nullptr,
            "    %c = arith.constant " + std::string(real ? "2.0" : "2") +
                " : " + element + "\n    %r = arith.mul" + (real ? "f" : "i") +
                " %x, %c : " + element + "\n");
    x.bound *= 2;
  }
  return x;
}

/// "ik,kj->ij" with letters in any order, some of them missing.
Tensor Generator::contract(const Tensor *lhs, const std::string &element) {
  std::string a, b, c;
  std::vector<std::pair<char, Dim>> letters;
  auto letter = [&](char name, Dim extent, bool inLhs, bool inRhs, bool out) {
    letters.push_back({name, extent});
    a += inLhs ? std::string(1, name) : "";
    b += inRhs ? std::string(1, name) : "";
    c += out ? std::string(1, name) : "";
  };
  if (lhs) {
    // Sums over one of its dimensions, the others stay.
    size_t summed =
        lhs->dims.empty() ? 0 : size_t(pick(int64_t(lhs->dims.size())));
    for (size_t d = 0; d < lhs->dims.size(); ++d)
      letter(char('a' + d), lhs->dims[d], true, d == summed || chance(15),
             d != summed);
  } else {
    if (chance(20))
      letter('h', {1 + pick(3), chance(40)}, true, true, true);
    if (chance(90))
      letter('i', dim(), true, false, true);
    letter('k', dim(), true, true, false);
    if (chance(15))
      letter('l', dim(), true, true, false);
    std::shuffle(a.begin(), a.end(), random);
  }
  if (chance(85))
    letter('j', dim(), false, true, true);
  std::shuffle(b.begin(), b.end(), random);
  std::shuffle(c.begin(), c.end(), random);
  auto dimsOf = [&](const std::string &names) {
    std::vector<Dim> dims;
    for (char name : names)
      for (auto &[known, extent] : letters)
        if (known == name)
          dims.push_back(extent);
    return dims;
  };
  Tensor x = lhs ? *lhs : operand(dimsOf(a), element);
  Tensor y = operand(dimsOf(b), element);
  Tensor result{"", dimsOf(c), element};
  result.error = std::max(x.error, y.error);
  double steps = 1;
  for (char name : a)
    if (c.find(name) == std::string::npos)
      steps *=
          double(std::max<int64_t>(1, dimsOf(std::string(1, name))[0].extent));
  static constexpr const char *semirings[] = {"plus_times", "min_plus",
                                              "max_plus"};
  std::string semiring = semirings[chance(70) ? 0 : 1 + pick(2)];
  std::string attributes = "{semiring = #noodle.semiring<" + semiring + ">";
  result.bound = steps * x.bound * y.bound + x.bound + y.bound;
  std::string clauses;
  if (chance(15)) {
    Tensor mask = argument(result.dims, "i1");
    clauses += " mask(" + mask.name + " : " + mask.type() + ")";
    attributes +=
        chance(30) ? ", mask_valued, mask_complement" : ", mask_valued";
  }
  if (chance(20)) {
    Tensor init = argument(result.dims, element);
    clauses += " into(" + init.name + " : " + init.type() + ")";
    result.bound += 2;
  }
  if (element == "f32" && chance(15))
    attributes += ", accumulator = f64";
  return emit(result, "noodle.contract \"" + a + "," + b + "->" + c + "\" (" +
                          x.name + ", " + y.name + ")" + clauses + " " +
                          attributes + "} : (" + x.type() + ", " + y.type() +
                          ") -> " + result.type());
}

Tensor Generator::consumer(const Tensor &x) {
  bool real = isFloat(x.element);
  std::string suffix = real ? "f" : "i", at = " : " + x.element + "\n";
  switch (pick(real ? 9 : 7)) {
  case 0: { // a bias or a residual
    std::vector<Dim> dims = x.dims;
    for (Dim &dim : dims)
      if (chance(40))
        dim = {1, false};
    Tensor y = argument(dims, x.element);
    Tensor sum = map(x, &y, "    %r = arith.add" + suffix + " %x, %y" + at);
    sum.bound += 2;
    return sum;
  }
  case 1: { // the product with itself: one operand twice
    Tensor product = map(x, &x, "    %r = arith.mul" + suffix + " %x, %y" + at);
    product.bound *= x.bound;
    return product;
  }
  case 2: // relu
    return map(x, nullptr,
               "    %z = arith.constant " + std::string(real ? "0.0" : "0") +
                   at + "    %r = arith.max" + (real ? "imumf" : "si") +
                   " %x, %z" + at);
  case 3: {
    std::vector<int64_t> order(x.dims.size());
    for (size_t d = 0; d < order.size(); ++d)
      order[d] = int64_t(d);
    std::shuffle(order.begin(), order.end(), random);
    return transpose(x, order);
  }
  case 4: // a wider or narrower type
    if (!real)
      return convert(x, x.element == "i32" ? "i64" : "f64");
    return convert(x, x.element == "f32" ? "f64" : "f32");
  case 5: // also a result
    chain.results.push_back(x);
    return x;
  case 6: { // scaled
    Tensor scaled =
        map(x, nullptr,
            "    %c = arith.constant " + std::string(real ? "-3.0" : "-3") +
                at + "    %r = arith.mul" + suffix + " %x, %c" + at);
    scaled.bound *= 3;
    return scaled;
  }
  case 7: {
    Tensor squashed = map(x, nullptr, "    %r = math.tanh %x" + at);
    squashed.bound = 1;
    squashed.error = std::max(squashed.error, errorOf(squashed.element));
    return squashed;
  }
  default: { // gelu's usual form
    Tensor gelu = map(
        x, nullptr,
        "    %h = arith.constant 0.5" + at + "    %o = arith.constant 1.0" +
            at + "    %w = arith.constant 0.7978845608" + at +
            "    %a = arith.mulf %x, %w" + at + "    %t = math.tanh %a" + at +
            "    %p = arith.addf %t, %o" + at + "    %q = arith.mulf %p, %h" +
            at + "    %r = arith.mulf %x, %q" + at);
    gelu.error = std::max(gelu.error, errorOf(gelu.element));
    return gelu;
  }
  }
}

Chain Generator::run() {
  static constexpr const char *elements[] = {"f32", "f32", "f64", "i32", "i64"};
  Tensor x = contract(nullptr, elements[pick(std::size(elements))]);
  for (int64_t count = pick(4); count > 0; --count)
    x = consumer(x);
  if (chance(35) && !x.dims.empty() && x.bound < 1e6) {
    x = contract(&x, x.element);
    for (int64_t count = pick(3); count > 0; --count)
      x = consumer(x);
  }
  chain.results.push_back(x);
  std::string names, types;
  for (const Tensor &result : chain.results) {
    names += (names.empty() ? "" : ", ") + result.name;
    types += (types.empty() ? "" : ", ") + result.type();
  }
  chain.text = "func.func @main(" + parameters + ") -> (" + types + ") {\n" +
               body + "  return " + names + " : " + types + "\n}\n";
  return std::move(chain);
}

double at(const noodle_rt_tensor &tensor, int64_t k) {
  switch (tensor.type) {
  case NOODLE_RT_F32:
    return static_cast<const float *>(tensor.values)[k];
  case NOODLE_RT_F64:
    return static_cast<const double *>(tensor.values)[k];
  case NOODLE_RT_I32:
    return static_cast<const int32_t *>(tensor.values)[k];
  default:
    return double(static_cast<const int64_t *>(tensor.values)[k]);
  }
}

/// Empty where they agree.
std::string difference(const noodle_rt_tensor &a, const noodle_rt_tensor &b,
                       const Tensor &expected) {
  int64_t size = 1;
  for (size_t d = 0; d < expected.dims.size(); ++d) {
    if (a.extents[d] != b.extents[d])
      return "extents of dimension " + std::to_string(d) + " differ";
    size *= a.extents[d];
  }
  double tolerance = expected.error * std::max(1.0, expected.bound);
  for (int64_t k = 0; k < size; ++k) {
    double x = at(a, k), y = at(b, k);
    if (x != y && !(std::isnan(x) && std::isnan(y)) &&
        !(std::abs(x - y) <= tolerance))
      return "element " + std::to_string(k) + ": " + std::to_string(x) +
             " and " + std::to_string(y);
  }
  return "";
}

int64_t fromEnvironment(const char *name, int64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::strtoll(text, nullptr, 10) : otherwise;
}

TEST(Chain, FusedAgreesWithInterpreted) {
  uint64_t first = uint64_t(fromEnvironment("NOODLE_RANDOM_SEED", 1));
  int64_t count = fromEnvironment("NOODLE_CHAIN_COUNT", 400);
  std::printf("seeds %llu to %llu\n", (unsigned long long)first,
              (unsigned long long)(first + uint64_t(count) - 1));
  engine::EngineOptions engineOptions;
  engineOptions.threads = 2;
  engineOptions.cacheBytes = 1 << 20;
  std::shared_ptr<engine::Engine> engine;
  ASSERT_TRUE(engine::Engine::create(engineOptions, engine).ok());
  int64_t failures = 0, tiled = 0, sites = 0;
  for (int64_t n = 0; n < count && failures < 5; ++n) {
    uint64_t seed = first + uint64_t(n);
    Chain chain = Generator(seed).run();
    rt::Region region(engine->pool());
    auto run = [&](const char *strategy,
                   std::vector<noodle_rt_tensor> &results) {
      engine::CompileOptions options;
      options.name = "seed-" + std::to_string(seed);
      options.strategy = strategy;
      options.strict = options.strategy == "auto";
      std::shared_ptr<engine::Program> compiled;
      engine::Status status =
          engine::Program::compile(engine, chain.text, options, compiled);
      if (!status.ok())
        return status.str();
      results.resize(chain.results.size());
      engine::Receipt receipt;
      engine::CallOptions call;
      call.receipt = &receipt;
      status = compiled->call(chain.arguments, region, results, call);
      for (const engine::SiteReceipt &site : receipt.sites) {
        tiled += site.site.strategy == "tiled";
        ++sites;
      }
      return status.str();
    };
    std::vector<noodle_rt_tensor> compiled, interpreted;
    std::string a = run("auto", compiled), b = run("reference", interpreted);
    std::string fault;
    if (!a.empty() || !b.empty())
      fault = "compiled: " + a + "; interpreted: " + b;
    for (size_t k = 0; fault.empty() && k < compiled.size(); ++k) {
      fault = difference(compiled[k], interpreted[k], chain.results[k]);
      if (!fault.empty())
        fault = "result " + std::to_string(k) + ", " + fault +
                " (compiled and interpreted)";
    }
    if (!fault.empty()) {
      ++failures;
      ADD_FAILURE() << "seed " << seed << ": " << fault << "\n" << chain.text;
    }
  }
  std::printf("%lld programs, %lld of %lld ops tiled\n", (long long)count,
              (long long)tiled, (long long)sites);
  // Otherwise nothing was fused.
  EXPECT_GT(tiled, count / 2);
}

} // namespace
