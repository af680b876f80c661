//===- DifferentialTest.cpp - compiled against interpreted ----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random programs run through the JIT and through the reference interpreter.
// Integers, booleans and floats that never rounded must agree to the bit (but
// for the sign of zero and which NaN); others within
//   |a - b| <= tolerance * max(1, bound of the value),
// where the tolerance is that of noodle-jit --check.
//
// NOODLE_RANDOM_SEED (the first seed) and NOODLE_RANDOM_COUNT (2000) change
// what is run; a failure prints seed and program.
//
//===----------------------------------------------------------------------===//

#include "Generator.h"
#include "noodle-rt/narrow.h"
#include "noodle/Engine/Binding.h"
#include "noodle/Engine/Engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstdlib>
#include <cstring>
#include <map>
#include <sstream>

using namespace noodle;
using test::Argument;
using test::Program;
using test::Spec;

namespace {

int64_t fromEnvironment(const char *name, int64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::strtoll(text, nullptr, 10) : otherwise;
}

noodle_rt_type typeOf(const std::string &element) {
  return element == "i1"             ? NOODLE_RT_I1
         : element == "i32"          ? NOODLE_RT_I32
         : element == "i64"          ? NOODLE_RT_I64
         : element == "f32"          ? NOODLE_RT_F32
         : element == "f16"          ? NOODLE_RT_F16
         : element == "bf16"         ? NOODLE_RT_BF16
         : element == "i8"           ? NOODLE_RT_I8
         : element == "complex<f32>" ? NOODLE_RT_C64
         : element == "complex<f64>" ? NOODLE_RT_C128
                                     : NOODLE_RT_F64;
}

template <class T> T clamped(double value) {
  if constexpr (std::is_integral_v<T>) {
    if (std::isinf(value))
      return value > 0 ? std::numeric_limits<T>::max()
                       : std::numeric_limits<T>::min();
  }
  return T(value);
}

/// Buffers of the element's own type, alive as long as the view.
struct Bound {
  std::vector<std::byte> values, positions, coordinates, rows;
  noodle_rt_tensor view{};

  Bound(const Argument &argument, const Program &program) {
    const Spec &spec = argument.spec;
    switch (typeOf(spec.element)) {
    case NOODLE_RT_I1:
      fill<uint8_t>(argument);
      break;
    case NOODLE_RT_I32:
      fill<int32_t>(argument);
      break;
    case NOODLE_RT_I64:
      fill<int64_t>(argument);
      break;
    case NOODLE_RT_F32:
      fill<float>(argument);
      break;
    case NOODLE_RT_F16:
      fill<rt::Half>(argument);
      break;
    case NOODLE_RT_BF16:
      fill<rt::Brain>(argument);
      break;
    case NOODLE_RT_I8:
      fill<int8_t>(argument);
      break;
    case NOODLE_RT_C64:
      fill<std::complex<float>>(argument);
      break;
    case NOODLE_RT_C128:
      fill<std::complex<double>>(argument);
      break;
    default:
      fill<double>(argument);
    }
    view.type = typeOf(spec.element);
    view.rank = uint8_t(spec.extents.size());
    view.values = values.data();
    int64_t stride = 1;
    for (size_t k = spec.extents.size(); k-- > 0;) {
      view.extents[k] = spec.extents[k];
      view.strides[k] = stride;
      stride *= spec.extents[k];
    }
    view.layout = spec.format.empty()     ? NOODLE_RT_DENSE
                  : spec.format == "csr"  ? NOODLE_RT_CSR
                  : spec.format == "csc"  ? NOODLE_RT_CSC
                  : spec.format == "coo"  ? NOODLE_RT_COO
                  : spec.format == "dcsr" ? NOODLE_RT_DCSR
                                          : NOODLE_RT_SCALAR;
    if (!spec.format.empty()) {
      view.position_width = program.positionWidth;
      view.coordinate_width = program.coordinateWidth;
      view.stored = int64_t(argument.coordinates.size());
      view.coordinates =
          pack(argument.coordinates, program.coordinateWidth, coordinates);
      if (spec.format == "coo" || spec.format == "dcsr")
        listRows(argument.positions);
      else
        view.positions =
            pack(argument.positions, program.positionWidth, positions);
    }
  }

private:
  static void *pack(const std::vector<int64_t> &from, uint8_t width,
                    std::vector<std::byte> &to) {
    to.resize(std::max<size_t>(1, from.size()) * width);
    for (size_t k = 0; k < from.size(); ++k)
      std::memcpy(to.data() + k * width, &from[k], width); // little-endian
    return to.data();
  }
  void listRows(const std::vector<int64_t> &from) {
    bool coo = view.layout == NOODLE_RT_COO;
    std::vector<int64_t> begins, held;
    for (int64_t i = 0; i + 1 < int64_t(from.size()); ++i) {
      int64_t count = from[i + 1] - from[i];
      if (count && !coo)
        begins.push_back(from[i]);
      held.insert(held.end(), coo ? count : count > 0, i);
    }
    begins.push_back(view.stored);
    view.rows = pack(held, view.coordinate_width, rows);
    view.stored_rows = coo ? 0 : int64_t(held.size());
    view.positions =
        coo ? nullptr : pack(begins, view.position_width, positions);
    if (coo)
      view.position_width = 0;
  }
  template <class T> void fill(const Argument &argument) {
    values.resize(std::max<size_t>(1, argument.values.size()) * sizeof(T));
    for (size_t k = 0; k < argument.values.size(); ++k) {
      T value;
      if constexpr (requires { value.imag(); }) // an imaginary part of -2 to 2
        value = {T(argument.values[k]).real(),
                 T(double(int64_t(k * k + 3 * k) % 5 - 2)).real()};
      else
        value = clamped<T>(argument.values[k]);
      std::memcpy(values.data() + k * sizeof(T), &value, sizeof(T));
    }
  }
};

/// Extents and first values of the arguments.
std::string described(const Program &program) {
  std::ostringstream text;
  for (const Argument &argument : program.arguments) {
    text << "argument " << &argument - program.arguments.data() << ":";
    for (int64_t extent : argument.spec.extents)
      text << " " << extent;
    text << ";";
    for (size_t k = 0; k < std::min<size_t>(argument.values.size(), 24); ++k)
      text << " " << argument.values[k];
    text << "\n";
  }
  return text.str();
}

int64_t index(const void *buffer, uint8_t width, int64_t k) {
  return width == 4 ? static_cast<const int32_t *>(buffer)[k]
                    : static_cast<const int64_t *>(buffer)[k];
}

/// Row-major elements as raw 64-bit integers or doubles; absent is 0.
template <class T>
std::vector<T> densify(const noodle_rt_tensor &tensor, auto &&read) {
  int64_t size = 1;
  for (int d = 0; d < tensor.rank; ++d)
    size *= tensor.extents[d];
  std::vector<T> out(size_t(size), T(0));
  if (tensor.layout == NOODLE_RT_DENSE || tensor.layout == NOODLE_RT_SCALAR) {
    for (int64_t k = 0; k < size; ++k)
      out[size_t(k)] = read(k);
    return out;
  }
  auto row = [&](int64_t k) {
    return index(tensor.rows, tensor.coordinate_width, k);
  };
  auto column = [&](int64_t k) {
    return index(tensor.coordinates, tensor.coordinate_width, k);
  };
  if (tensor.layout == NOODLE_RT_COO) {
    for (int64_t k = 0; k < tensor.stored; ++k)
      out[size_t(row(k) * tensor.extents[1] + column(k))] = read(k);
    return out;
  }
  if (tensor.layout == NOODLE_RT_DCSR) {
    for (int64_t i = 0; i < tensor.stored_rows; ++i)
      for (int64_t p = index(tensor.positions, tensor.position_width, i);
           p < index(tensor.positions, tensor.position_width, i + 1); ++p)
        out[size_t(row(i) * tensor.extents[1] + column(p))] = read(p);
    return out;
  }
  bool rows = tensor.layout == NOODLE_RT_CSR;
  for (int64_t i = 0; i < tensor.extents[rows ? 0 : 1]; ++i)
    for (int64_t p = index(tensor.positions, tensor.position_width, i);
         p < index(tensor.positions, tensor.position_width, i + 1); ++p) {
      int64_t j = index(tensor.coordinates, tensor.coordinate_width, p);
      out[size_t(rows ? i * tensor.extents[1] + j
                      : j * tensor.extents[1] + i)] = read(p);
    }
  return out;
}

/// Empty when a and b agree, else what differs first.
std::string difference(const noodle_rt_tensor &a, const noodle_rt_tensor &b,
                       const Spec &spec) {
  for (size_t d = 0; d < spec.extents.size(); ++d)
    if (a.extents[d] != b.extents[d])
      return "extent " + std::to_string(d) + ": " +
             std::to_string(a.extents[d]) + " and " +
             std::to_string(b.extents[d]);
  auto integer = [](const noodle_rt_tensor &t) {
    return [&t](int64_t k) -> int64_t {
      return t.type == NOODLE_RT_I1 ? static_cast<const uint8_t *>(t.values)[k]
             : t.type == NOODLE_RT_I8 ? static_cast<const int8_t *>(t.values)[k]
             : t.type == NOODLE_RT_I32
                 ? static_cast<const int32_t *>(t.values)[k]
                 : static_cast<const int64_t *>(t.values)[k];
    };
  };
  auto real = [](const noodle_rt_tensor &t) {
    return [&t](int64_t k) -> std::complex<double> {
      auto at = [&]<class T>(T) { return static_cast<const T *>(t.values)[k]; };
      switch (t.type) {
      case NOODLE_RT_F16:
        return float(at(rt::Half()));
      case NOODLE_RT_BF16:
        return float(at(rt::Brain()));
      case NOODLE_RT_F32:
        return at(float());
      case NOODLE_RT_C64:
        return at(std::complex<float>());
      case NOODLE_RT_C128:
        return at(std::complex<double>());
      default:
        return at(double());
      }
    };
  };
  if (spec.element[0] == 'i') {
    auto x = densify<int64_t>(a, integer(a)),
         y = densify<int64_t>(b, integer(b));
    for (size_t k = 0; k < x.size(); ++k)
      if (x[k] != y[k])
        return "element " + std::to_string(k) + ": " + std::to_string(x[k]) +
               " and " + std::to_string(y[k]);
    return "";
  }
  using Complex = std::complex<double>;
  auto x = densify<Complex>(a, real(a)), y = densify<Complex>(b, real(b));
  double tolerance =
      spec.exact ? 0
                 : engine::checkTolerance(a.type) * std::max(1.0, spec.bound);
  auto same = [&](double p, double q) {
    return p == q || (std::isnan(p) && std::isnan(q)) ||
           std::abs(p - q) <= tolerance;
  };
  auto text = [](Complex z) {
    return std::to_string(z.real()) +
           (z.imag() != 0 ? "+" + std::to_string(z.imag()) + "i" : "");
  };
  for (size_t k = 0; k < x.size(); ++k)
    if (!same(x[k].real(), y[k].real()) || !same(x[k].imag(), y[k].imag()))
      return "element " + std::to_string(k) + ": " + text(x[k]) + " and " +
             text(y[k]);
  return "";
}

bool hasAvx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("f16c") && __builtin_cpu_supports("bmi2");
}

TEST(Differential, CompiledAgreesWithInterpreted) {
  uint64_t first = uint64_t(fromEnvironment("NOODLE_RANDOM_SEED", 1));
  int64_t count = fromEnvironment("NOODLE_RANDOM_COUNT", 2000);
  std::printf("seeds %llu to %llu\n", (unsigned long long)first,
              (unsigned long long)(first + uint64_t(count) - 1));
  engine::EngineOptions engineOptions;
  engineOptions.threads = 2;
  engineOptions.cacheBytes = 1 << 20;
  std::shared_ptr<engine::Engine> engine;
  ASSERT_TRUE(engine::Engine::create(engineOptions, engine).ok());
  int64_t fallback = 0, failures = 0;
  std::map<std::string, int64_t> strategies;
  for (int64_t n = 0; n < count && failures < 10; ++n) {
    Program program = test::generate(first + uint64_t(n));
    std::vector<Bound> bound;
    for (const Argument &argument : program.arguments)
      bound.emplace_back(argument, program);
    std::vector<noodle_rt_tensor> arguments;
    for (const Bound &b : bound)
      arguments.push_back(b.view);

    // Each level generates other code; the lower ones run everywhere.
    const char *level = program.seed % 4 == 1                ? "x86-64"
                        : program.seed % 4 == 3 && hasAvx2() ? "avx2"
                                                             : "native";
    rt::Region region(engine->pool());
    auto run = [&](const char *strategy, std::vector<noodle_rt_tensor> &results,
                   engine::Receipt *receipt) {
      engine::CompileOptions options;
      options.name = "seed-" + std::to_string(program.seed);
      options.strategy = strategy;
      options.cpu = level;
      std::shared_ptr<engine::Program> compiled;
      engine::Status status =
          engine::Program::compile(engine, program.text, options, compiled);
      if (!status.ok())
        return status.str();
      results.resize(program.results.size());
      engine::CallOptions call;
      call.receipt = receipt;
      status = compiled->call(arguments, region, results, call);
      return status.str();
    };
    std::vector<noodle_rt_tensor> jit, reference;
    engine::Receipt receipt;
    std::string a = run("auto", jit, &receipt);
    std::string b = run("reference", reference, nullptr);
    std::string fault;
    if (!a.empty() || !b.empty())
      fault = "compiled: " + a + "; interpreted: " + b;
    for (size_t k = 0; fault.empty() && k < jit.size(); ++k) {
      fault = difference(jit[k], reference[k], program.results[k]);
      if (!fault.empty())
        fault = "result " + std::to_string(k) + ", " + fault +
                " (compiled and interpreted)";
    }
    if (!fault.empty()) {
      ++failures;
      ADD_FAILURE() << "seed " << program.seed << " for " << level << ": "
                    << fault << "\n"
                    << program.text << described(program);
    }
    fallback += !receipt.fallback.empty() || receipt.referenceCalls > 0;
    for (const engine::SiteReceipt &site : receipt.sites)
      ++strategies[site.site.strategy];
  }
  std::printf("%lld programs, %lld of them with an op left to the interpreter; "
              "ops by strategy:",
              (long long)count, (long long)fallback);
  for (const auto &[name, sites] : strategies)
    std::printf(" %s %lld", name.c_str(), (long long)sites);
  std::printf("\n");
  // The test compares nothing if everything falls back.
  EXPECT_LT(fallback * 4, count);
}

} // namespace
