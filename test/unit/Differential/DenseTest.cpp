//===- DenseTest.cpp - random dense contractions --------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One contraction each: of every class of shapes, empty ones too; operands in
// any order of strides, with gaps, reversed, repeated and misaligned; every
// element type and semiring, the user's own among them; with an epilogue; by
// every strategy, tier, number of threads and level of the CPU. It must agree
// with the interpreter: to the bit, but for the sign of zero and which NaN,
// while all values are small integers, else within the tolerance of
// noodle-jit --check. Where both tiers run they agree to the bit, but for the
// sign of zero and which NaN.
//
// NOODLE_RANDOM_SEED (the first seed) and NOODLE_DENSE_COUNT (40) change what
// is run; a failure prints seed and program, and a count of 1 the program.
//
//===----------------------------------------------------------------------===//
#include "noodle-rt/narrow.h"
#include "noodle/Engine/Binding.h"
#include "noodle/Engine/Engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>

using namespace noodle;

namespace {

using Complex = std::complex<double>;

/// Calls `use` with a value of the type's own C++ type.
template <typename Use> auto withType(noodle_rt_type type, Use use) {
  switch (type) {
  case NOODLE_RT_I1:
    return use(uint8_t());
  case NOODLE_RT_I8:
    return use(int8_t());
  case NOODLE_RT_I32:
    return use(int32_t());
  case NOODLE_RT_I64:
    return use(int64_t());
  case NOODLE_RT_F16:
    return use(rt::Half());
  case NOODLE_RT_BF16:
    return use(rt::Brain());
  case NOODLE_RT_F32:
    return use(float());
  case NOODLE_RT_C64:
    return use(std::complex<float>());
  case NOODLE_RT_C128:
    return use(Complex());
  default:
    return use(double());
  }
}

const std::map<std::string, noodle_rt_type> kTypes = {
    {"i1", NOODLE_RT_I1},
    {"i8", NOODLE_RT_I8},
    {"i32", NOODLE_RT_I32},
    {"i64", NOODLE_RT_I64},
    {"f16", NOODLE_RT_F16},
    {"bf16", NOODLE_RT_BF16},
    {"f32", NOODLE_RT_F32},
    {"f64", NOODLE_RT_F64},
    {"complex<f32>", NOODLE_RT_C64},
    {"complex<f64>", NOODLE_RT_C128}};

struct Letter {
  char name;
  int64_t extent;
  bool dynamic;
};

struct Tensor {
  std::string name, element;
  std::vector<Letter> dims;
  bool exact = true;
  double bound = 0; ///< of what rounded values come from
  std::string type() const {
    std::string text = "tensor<";
    for (const Letter &dim : dims)
      text += (dim.dynamic ? "?" : std::to_string(dim.extent)) + "x";
    return text + element + ">";
  }
  bool isFloat() const { return element.find('f') < 2; }
  bool isComplex() const { return element[0] == 'c'; }
};

struct Program {
  std::string text, strategy = "auto", semiring, shape;
  std::vector<noodle_rt_tensor> arguments;
  std::vector<std::vector<std::byte>> storage;
  Tensor result;
  bool halves = false; ///< by Strassen's form from an extent of 8 on
};

class Generator {
public:
  explicit Generator(uint64_t seed) : random(seed) {}
  Program run();

private:
  int64_t below(int64_t count) { return int64_t(random() % uint64_t(count)); }
  int64_t between(int64_t a, int64_t b) { return a + below(b - a + 1); }
  bool chance(int percent) { return below(100) < percent; }
  template <typename T> T pick(std::initializer_list<T> from) {
    return from.begin()[below(int64_t(from.size()))];
  }
  std::string fresh() { return "%v" + std::to_string(next++); }
  template <typename T> T value();
  void extents(int64_t &m, int64_t &n, int64_t &k);
  std::vector<Letter> letters(char first, int64_t extent, bool may);
  Tensor argument(std::vector<Letter> dims, const std::string &element);
  Tensor map(const Tensor &x, const Tensor *y, const std::string &code);
  Tensor contract();
  Tensor epilogue(const Tensor &x);

  std::mt19937_64 random;
  unsigned next = 0;
  bool specials = false, negative = true;
  std::string parameters, body, prefix;
  Program program;
};

template <typename T> T Generator::value() {
  if constexpr (requires(T x) { x.imag(); })
    return T(float(between(-2, 2)), float(between(-2, 2)));
  if constexpr (std::is_same_v<T, uint8_t>) // i1
    return T(below(2));
  if constexpr (std::is_integral_v<T>) {
    if (specials && chance(2))
      return pick(
          {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()});
  } else if constexpr (!requires(T x) { x.imag(); }) {
    constexpr float inf = std::numeric_limits<float>::infinity();
    if (specials && chance(2))
      return T(negative ? pick({inf, -inf, std::nanf("")})
                        : pick({inf, std::nanf("")}));
  }
  if constexpr (requires(T x) { x.imag(); })
    return T();
  else
    return T(float(between(negative ? -2 : 0, 2)));
}

/// Of every class of shapes, at most as much as the interpreter does quickly.
void Generator::extents(int64_t &m, int64_t &n, int64_t &k) {
  auto odd = [&] {
    return pick<int64_t>({31, 32, 33, 47, 63, 64, 65, 70, 96, 100, 129});
  };
  switch (below(9)) {
  case 0:
  case 1:
    program.shape = "tiny";
    m = between(1, 32), n = between(1, 32), k = between(1, 32);
    break;
  case 2:
    program.shape = "vector";
    m = odd() * 2, n = 1, k = between(1, 300);
    if (chance(50))
      std::swap(m, n);
    break;
  case 3:
    program.shape = "narrow";
    m = odd(), n = between(2, 17), k = odd();
    if (chance(50))
      std::swap(m, n);
    break;
  case 4:
    program.shape = "short sums";
    m = odd(), n = odd(), k = between(1, 17);
    break;
  case 5:
    program.shape = "long sums";
    m = between(1, 9), n = between(1, 20), k = between(300, 2500);
    break;
  case 6:
    program.shape = "empty";
    m = between(1, 40), n = between(1, 40), k = between(1, 40);
    *pick({&m, &n, &k}) = 0;
    break;
  default:
    program.shape = "plain";
    m = odd(), n = odd(), k = odd();
  }
  while (m * n * k > 120000)
    *std::max({&m, &n, &k}, [](auto *x, auto *y) { return *x < *y; }) /= 2;
}

/// One letter or two that make an extent of about that size, or none for 1.
std::vector<Letter> Generator::letters(char first, int64_t extent, bool may) {
  if (extent == 1 && may && chance(70))
    return {};
  if (extent > 6 && may && chance(20)) {
    int64_t outer = between(2, 5);
    return {{first, outer, chance(30)},
            {char(first + 1), extent / outer, chance(30)}};
  }
  return {{first, extent, extent != 1 && chance(30)}};
}

/// In memory its dimensions lie in any order, apart, turned round or all in one
/// place.
Tensor Generator::argument(std::vector<Letter> dims,
                           const std::string &element) {
  Tensor tensor{fresh(), element, std::move(dims)};
  tensor.bound = 2;
  noodle_rt_tensor view{};
  view.layout = NOODLE_RT_DENSE;
  view.type = kTypes.at(element);
  view.rank = uint8_t(tensor.dims.size());
  std::vector<size_t> order(tensor.dims.size());
  for (size_t d = 0; d < order.size(); ++d)
    order[d] = d;
  bool strided = chance(50);
  if (strided && chance(60))
    std::shuffle(order.begin(), order.end(), random);
  int64_t stride = strided && chance(20) ? between(2, 3) : 1, first = 0,
          last = 0;
  for (size_t k = order.size(); k-- > 0;) {
    size_t d = order[k];
    int64_t extent = view.extents[d] = tensor.dims[d].extent;
    view.strides[d] = stride;
    int64_t reach = std::max<int64_t>(extent - 1, 0) * stride;
    stride *= std::max<int64_t>(extent, 1);
    if (!strided)
      continue;
    if (chance(8)) {
      view.strides[d] = reach = 0;
    } else if (chance(10)) {
      view.strides[d] = -view.strides[d];
      first += reach;
      reach = 0;
    }
    last += reach;
    stride += chance(30) ? between(1, 5) : 0;
  }
  last = std::max(last, stride);
  int64_t bytes = noodle_rt_element_bytes(view.type);
  int64_t skipped = chance(30) ? between(1, 3) : 0;
  auto &storage = program.storage.emplace_back(
      size_t((skipped + first + last + 1) * bytes));
  withType(view.type, [&]<typename T>(T) {
    for (size_t at = 0; at + sizeof(T) <= storage.size(); at += sizeof(T)) {
      T some = value<T>();
      std::memcpy(storage.data() + at, &some, sizeof(T));
    }
  });
  view.values = storage.data() + (skipped + first) * bytes;
  program.arguments.push_back(view);
  parameters +=
      (parameters.empty() ? "" : ", ") + tensor.name + ": " + tensor.type();
  return tensor;
}

Tensor Generator::map(const Tensor &x, const Tensor *y,
                      const std::string &code) {
  Tensor result = x;
  result.name = fresh();
  body += "  " + result.name + " = noodle.map (" + x.name +
          (y ? ", " + y->name : "") + ") : (" + x.type() +
          (y ? ", " + y->type() : "") + ") -> " + result.type() +
          " {\n  ^bb0(%x: " + x.element + (y ? ", %y: " + y->element : "") +
          "):\n" + code + "    noodle.yield %r : " + x.element + "\n  }\n";
  return result;
}

/// An order of its own semiring of the user's: the greatest of the lesser.
const char kUser[] = R"(noodle.semiring @bottleneck : $T zero {
  %z = arith.constant $Z : $T
  noodle.yield %z : $T
} one {
  %o = arith.constant $O : $T
  noodle.yield %o : $T
} add {
^bb0(%a: $T, %b: $T):
  %m = arith.$MAX %a, %b : $T
  noodle.yield %m : $T
} mul {
^bb0(%a: $T, %b: $T):
  %m = arith.$MIN %a, %b : $T
  noodle.yield %m : $T
}
)";

std::string userSemiring(const std::string &element) {
  bool isFloat = element[0] == 'f';
  std::string text = kUser;
  auto put = [&](const std::string &word, const std::string &by) {
    for (size_t at; (at = text.find(word)) != std::string::npos;)
      text.replace(at, word.size(), by);
  };
  put("$T", element);
  put("$Z", element == "f32"   ? "0xFF800000"
            : element == "f64" ? "0xFFF0000000000000"
                               : "-2147483648");
  put("$O", element == "f32"   ? "0x7F800000"
            : element == "f64" ? "0x7FF0000000000000"
                               : "2147483647");
  put("$MAX", isFloat ? "maximumf" : "maxsi");
  put("$MIN", isFloat ? "minimumf" : "minsi");
  return text;
}

Tensor Generator::contract() {
  program.strategy = pick<std::string>(
      {"auto", "auto", "auto", "tiled", "loops", "library", "strassen"});
  bool library = program.strategy == "library";
  program.halves = program.strategy == "strassen";
  // Mostly what these two can do: what they refuse is tiled.
  bool able = (library || program.halves) && chance(80);
  std::string element =
      able && library
          ? pick<std::string>({"f32", "f64", "complex<f32>", "complex<f64>"})
          : pick<std::string>({"f32", "f32", "f32", "f64", "f64", "f16", "bf16",
                               "i8", "i8", "i32", "i64", "i1", "complex<f32>",
                               "complex<f64>"});
  Tensor result;
  result.element = element;
  bool real = result.isFloat(), complex = result.isComplex();
  bool wide = (element == "bf16" || element == "i8") && !able && chance(50);
  std::string &semiring = program.semiring;
  semiring = "plus_times";
  if (element == "i1")
    semiring = able || chance(50) ? "xor_and" : "or_and";
  else if (!complex && !wide && !able && chance(55))
    semiring = pick<std::string>({"min_plus", "max_plus", "max_times",
                                  "max_min", "min_max", "log_plus", "user"});
  if (semiring == "log_plus" && !real)
    semiring = "min_plus";
  if (semiring == "user" &&
      !(element == "f32" || element == "f64" || element == "i32"))
    semiring = "max_min";
  negative = semiring != "max_times";
  specials =
      !complex && !program.halves && semiring != "log_plus" && chance(15);
  if (wide)
    result.element = element == "i8" ? "i32" : "f32";

  int64_t m = 1, n = 1, k = 1;
  extents(m, n, k);
  std::vector<Letter> batch, a, b;
  if (chance(15))
    batch = letters('b', between(1, 3), false);
  std::vector<Letter> rows = letters('i', m, !able),
                      columns = letters('m', n, !able),
                      inner = letters('s', k, !able);
  for (auto *group : {&batch, &rows, &inner})
    a.insert(a.end(), group->begin(), group->end());
  for (auto *group : {&batch, &inner, &columns})
    b.insert(b.end(), group->begin(), group->end());
  for (auto *group : {&batch, &rows, &columns})
    result.dims.insert(result.dims.end(), group->begin(), group->end());
  for (auto *operand : {&a, &b, &result.dims})
    if (chance(40))
      std::shuffle(operand->begin(), operand->end(), random);
  std::string equation;
  auto spell = [&](const std::vector<Letter> &dims) {
    for (const Letter &dim : dims)
      equation += dim.name;
  };
  spell(a);
  equation += ",";
  spell(b);
  equation += "->";
  spell(result.dims);
  Tensor lhs = argument(a, element), rhs = argument(b, element);
  std::string clauses, attributes;
  if (semiring == "user") {
    prefix = userSemiring(element);
    attributes = "semiring = #noodle.semiring<@bottleneck>";
  } else {
    attributes = "semiring = #noodle.semiring<" + semiring + ">";
  }
  if (chance(12)) {
    Tensor mask = argument(result.dims, "i1");
    clauses += " mask(" + mask.name + " : " + mask.type() + ")";
    attributes +=
        chance(50) ? ", mask_valued, mask_complement" : ", mask_valued";
  }
  if (chance(20)) {
    Tensor init = argument(result.dims, result.element);
    clauses += " into(" + init.name + " : " + init.type() + ")";
  }
  if (wide)
    attributes += ", accumulator = " + result.element;
  result.exact = semiring != "log_plus";
  result.bound = semiring == "plus_times" ? double(8 * k + 2) : 20;
  result.name = fresh();
  body += "  " + result.name + " = noodle.contract \"" + equation + "\" (" +
          lhs.name + ", " + rhs.name + ")" + clauses + " {" + attributes +
          "} : (" + lhs.type() + ", " + rhs.type() + ") -> " + result.type() +
          "\n";
  return result;
}

Tensor Generator::epilogue(const Tensor &x) {
  bool complex = x.isComplex(), real = x.isFloat(), bit = x.element == "i1";
  std::string at = " : " + x.element + "\n";
  auto op = [&](std::string name) {
    return complex ? "complex." + name : "arith." + name + (real ? "f" : "i");
  };
  switch (below(bit || complex ? 2 : real ? 8 : 5)) {
  case 0: { // a bias or a residual
    std::vector<Letter> dims = x.dims;
    for (Letter &dim : dims)
      if (chance(40))
        dim.extent = 1, dim.dynamic = false;
    Tensor y = argument(dims, x.element);
    Tensor sum = map(
        x, &y, "    %r = " + (bit ? "arith.xori" : op("add")) + " %x, %y" + at);
    sum.bound += 3;
    return sum;
  }
  case 1: { // turned
    std::vector<size_t> order(x.dims.size());
    for (size_t d = 0; d < order.size(); ++d)
      order[d] = d;
    std::shuffle(order.begin(), order.end(), random);
    Tensor turned = x;
    std::string list;
    for (size_t d = 0; d < order.size(); ++d) {
      turned.dims[d] = x.dims[order[d]];
      list += (d ? ", " : ": ") + std::to_string(order[d]);
    }
    turned.name = fresh();
    body += "  " + turned.name + " = noodle.transpose " + x.name +
            " {permutation = array<i64" + list + ">} : " + x.type() + " -> " +
            turned.type() + "\n";
    return turned;
  }
  case 2: // relu
    return map(x, nullptr,
               "    %z = arith.constant " + std::string(real ? "0.0" : "0") +
                   at + "    %r = arith.max" + (real ? "imumf" : "si") +
                   " %x, %z" + at);
  case 3: { // scaled
    Tensor scaled =
        map(x, nullptr,
            "    %c = arith.constant " + std::string(real ? "-3.0" : "-3") +
                at + "    %r = " + op("mul") + " %x, %c" + at);
    scaled.bound *= 3;
    return scaled;
  }
  case 4: { // another type
    if (!x.exact)
      return x;
    Tensor other = x;
    other.element = !real ? pick<std::string>({"i8", "i32", "i64"})
                          : pick<std::string>({"f16", "bf16", "f32", "f64"});
    if (other.element == x.element)
      return x;
    other.name = fresh();
    body += "  " + other.name + " = noodle.convert " + x.name + " : " +
            x.type() + " -> " + other.type() + "\n";
    return other;
  }
  case 5: { // an activation
    Tensor squashed = map(x, nullptr, "    %r = math.tanh %x" + at);
    squashed.exact = false;
    squashed.bound = std::max(1.0, x.exact ? 1 : x.bound);
    return squashed;
  }
  case 6: { // softmax; over nothing it would divide by nothing
    if (!x.exact || x.dims.empty() || x.dims.back().extent == 0 || specials)
      return x;
    Tensor soft = x;
    soft.name = fresh();
    soft.exact = false;
    soft.bound = 1;
    body += "  " + soft.name + " = noodle.softmax " + x.name +
            " {axis = " + std::to_string(x.dims.size() - 1) +
            " : i64} : " + x.type() + "\n";
    return soft;
  }
  default: { // layer norm
    if (!x.exact || x.dims.empty() || x.dims.back().extent == 0 || specials ||
        x.element.size() > 3 || x.element == "f16")
      return x;
    Tensor normal = x;
    normal.name = fresh();
    normal.exact = false;
    normal.bound = 10;
    body += "  " + normal.name + " = noodle.layer_norm " + x.name + " : " +
            x.type() + "\n";
    return normal;
  }
  }
}

Program Generator::run() {
  Tensor x = contract();
  for (int64_t count = below(4); count > 0; --count)
    x = epilogue(x);
  program.result = x;
  program.text = prefix + "func.func @main(" + parameters + ") -> " + x.type() +
                 " {\n" + body + "  return " + x.name + " : " + x.type() +
                 "\n}\n";
  return std::move(program);
}

Complex at(const noodle_rt_tensor &tensor, int64_t k) {
  return withType(tensor.type, [&]<typename T>(T) -> Complex {
    T value = static_cast<const T *>(tensor.values)[k];
    if constexpr (requires { value.imag(); })
      return Complex(value.real(), value.imag());
    else if constexpr (sizeof(T) == 2)
      return double(float(value));
    else
      return double(value);
  });
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
  double tolerance = expected.exact ? 0
                                    : engine::checkTolerance(a.type) *
                                          std::max(1.0, expected.bound);
  auto same = [&](double x, double y) {
    return x == y || (std::isnan(x) && std::isnan(y)) ||
           std::abs(x - y) <= tolerance;
  };
  for (int64_t k = 0; k < size; ++k) {
    Complex x = at(a, k), y = at(b, k);
    if (!same(x.real(), y.real()) || !same(x.imag(), y.imag()))
      return "element " + std::to_string(k) + ": " + std::to_string(x.real()) +
             " and " + std::to_string(y.real());
  }
  return "";
}

/// Whether calls that write memory of the host leave the same bits there, and
/// nothing beside it; on a cache line's border and off it.
std::string inHostMemory(engine::Program &program,
                         std::span<const noodle_rt_tensor> arguments,
                         const noodle_rt_tensor &expected) {
  constexpr size_t kGuard = 256;
  size_t bytes = noodle_rt_element_bytes(expected.type);
  for (int d = 0; d < expected.rank; ++d)
    bytes *= size_t(expected.extents[d]);
  for (size_t off : {size_t(0), size_t(16)}) {
    std::vector<unsigned char> space(bytes + 2 * kGuard + 80);
    size_t begin = kGuard + off;
    begin += -reinterpret_cast<uintptr_t>(space.data() + kGuard) % 64;
    noodle_rt_tensor place = expected;
    place.values = space.data() + begin;
    engine::BoundCall call;
    engine::Status status = program.bind(arguments, {}, call);
    if (status.ok())
      status = call.giveResults({&place, 1});
    for (unsigned char fill : {0xA5, 0x5A}) {
      std::fill(space.begin(), space.end(), fill);
      if (status.ok())
        status = call.run();
      if (!status.ok())
        return status.str();
      if (bytes &&
          std::memcmp(space.data() + begin, expected.values, bytes) != 0)
        return "other bits";
      for (size_t k = 0; k < space.size(); ++k)
        if ((k < begin || k >= begin + bytes) && space[k] != fill)
          return "byte " + std::to_string(int64_t(k) - int64_t(begin)) +
                 " of a result of " + std::to_string(bytes) + " was written";
    }
  }
  return "";
}

int64_t fromEnvironment(const char *name, int64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::strtoll(text, nullptr, 10) : otherwise;
}

bool hasAvx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("f16c") && __builtin_cpu_supports("bmi2");
}

TEST(Dense, CompiledAgreesWithInterpreted) {
  uint64_t first = uint64_t(fromEnvironment("NOODLE_RANDOM_SEED", 1));
  int64_t count = fromEnvironment("NOODLE_DENSE_COUNT", 40);
  std::printf("seeds %llu to %llu\n", (unsigned long long)first,
              (unsigned long long)(first + uint64_t(count) - 1));
  std::shared_ptr<engine::Engine> engines[2];
  for (int k = 0; k < 2; ++k) {
    engine::EngineOptions options;
    options.threads = k + 1;
    options.cacheBytes = 1 << 20;
    ASSERT_TRUE(engine::Engine::create(options, engines[k]).ok());
  }
  int64_t failures = 0;
  std::map<std::string, int64_t> seen;
  for (int64_t n = 0; n < count && failures < 10; ++n) {
    uint64_t seed = first + uint64_t(n);
    Program program = Generator(seed).run();
    if (count == 1)
      std::printf("by %s:\n%s", program.strategy.c_str(), program.text.c_str()),
          std::fflush(stdout);
    const std::shared_ptr<engine::Engine> &engine = engines[seed / 2 % 2];
    const char *level = seed % 4 == 1                ? "x86-64"
                        : seed % 4 == 3 && hasAvx2() ? "avx2"
                                                     : "native";
    rt::Region region(engine->pool());
    auto run = [&](const std::string &strategy, const char *tier,
                   noodle_rt_tensor &result, engine::Receipt *receipt,
                   std::shared_ptr<engine::Program> *kept = nullptr) {
      engine::CompileOptions options;
      options.name = "seed-" + std::to_string(seed);
      options.strategy = strategy;
      options.cpu = level;
      options.tier = tier;
      if (program.halves) {
        options.strassenFrom = 8;
        options.fp = "fast";
      }
      std::shared_ptr<engine::Program> compiled;
      engine::Status status =
          engine::Program::compile(engine, program.text, options, compiled);
      if (!status.ok())
        return status.str();
      engine::CallOptions call;
      call.receipt = receipt;
      status = compiled->call(program.arguments, region, {&result, 1}, call);
      if (kept)
        *kept = compiled;
      return status.str();
    };
    noodle_rt_tensor jit{}, other{}, interpreted{};
    engine::Receipt receipt;
    std::shared_ptr<engine::Program> compiled;
    bool lowest = seed % 5 == 0, both = seed % 10 == 0;
    std::string a = run(program.strategy, lowest ? "0" : "optimised", jit,
                        &receipt, &compiled),
                b = run("reference", "optimised", interpreted, nullptr);
    std::string fault;
    if (!a.empty() || !b.empty())
      fault = "compiled: " + a + "; interpreted: " + b;
    else
      fault = difference(jit, interpreted, program.result);
    if (fault.empty() && both) {
      fault = run(program.strategy, "optimised", other, nullptr);
      Tensor bits = program.result;
      bits.exact = true;
      if (fault.empty() && !(fault = difference(jit, other, bits)).empty())
        fault = "the tiers differ: " + fault;
      ++seen["both tiers"];
    }
    if (fault.empty() &&
        !(fault = inHostMemory(*compiled, program.arguments, jit)).empty())
      fault = "in the host's memory: " + fault;
    if (fault.empty() && receipt.memoryPeak > 1) {
      // Less memory than it took: what is optional is done without.
      engine::Receipt tight;
      engine::CallOptions call;
      call.receipt = &tight;
      call.memoryLimit = receipt.memoryPeak - 1;
      noodle_rt_tensor small{};
      engine::Status status =
          compiled->call(program.arguments, region, {&small, 1}, call);
      if (status.ok()) {
        fault = difference(small, interpreted, program.result);
        if (!fault.empty())
          fault = "short of memory: " + fault;
        seen["short of memory"] += !tight.shortages.empty();
      } else if (status.code != engine::Code::OutOfMemory) {
        fault = "short of memory: " + status.str();
      }
    }
    if (!fault.empty()) {
      ++failures;
      ADD_FAILURE() << "seed " << seed << " for " << level << " by "
                    << program.strategy << ": " << fault
                    << " (compiled and interpreted)\n"
                    << program.text;
    }
    ++seen[program.shape];
    ++seen[program.semiring];
    for (const engine::SiteReceipt &site : receipt.sites)
      if (site.site.op == "contract")
        ++seen["strategy " + site.site.strategy];
  }
  std::printf("%lld programs:", (long long)count);
  for (const auto &[name, number] : seen)
    std::printf(" %s %lld,", name.c_str(), (long long)number);
  std::printf(" %lld failed\n", (long long)failures);
  // Otherwise what is compared is not what is meant.
  for (const char *name :
       {"strategy tiled", "strategy loops", "strategy library", "empty",
        "long sums", "both tiers", "short of memory"})
    if (count >= 40)
      EXPECT_GT(seen[name], 0) << name;
  for (const char *name : {"strategy strassen", "user", "log_plus"})
    if (count >= 1000)
      EXPECT_GT(seen[name], 0) << name;
}

} // namespace
