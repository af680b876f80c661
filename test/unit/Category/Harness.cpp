//===- Harness.cpp - programs of morphisms, evaluated four ways -----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Harness.h"

#include "noodle/Algebra/Category.h"
#include "noodle/Pipelines/Pipelines.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <cmath>
#include <cstring>
#include <limits>

using namespace noodle;
using namespace noodle::test;
using reference::Scalar;

static Scalar scalarOf(noodle_rt_type type, int64_t value) {
  constexpr int64_t most = std::numeric_limits<int64_t>::max();
  constexpr int64_t least = std::numeric_limits<int64_t>::min();
  double real = value == most    ? std::numeric_limits<double>::infinity()
                : value == least ? -std::numeric_limits<double>::infinity()
                                 : double(value);
  switch (type) {
  case NOODLE_RT_F64:
    return real;
  case NOODLE_RT_F32:
    return float(real);
  case NOODLE_RT_C128:
    // An imaginary part of -1 to 1.
    return std::complex<double>(real, double((value * 7 + 5) % 3 - 1));
  case NOODLE_RT_I32:
    return value == most    ? int64_t(std::numeric_limits<int32_t>::max())
           : value == least ? int64_t(std::numeric_limits<int32_t>::min())
                            : value;
  default:
    return value;
  }
}

Tensor test::denseTensor(noodle_rt_type type, std::vector<int64_t> extents,
                         const std::vector<int64_t> &values) {
  Tensor tensor;
  tensor.type = type;
  tensor.extents = std::move(extents);
  tensor.values.resize(values.size() * size_t(noodle_rt_element_bytes(type)));
  for (size_t k = 0; k < values.size(); ++k)
    tensor.set(int64_t(k), scalarOf(type, values[k]));
  return tensor;
}

Tensor test::sparseTensor(noodle_rt_type type, std::vector<int64_t> extents,
                          const std::vector<int64_t> &values, int64_t absent) {
  std::vector<int64_t> stored;
  Tensor shape;
  shape.positions.push_back(0);
  for (int64_t i = 0; i < extents[0]; ++i) {
    for (int64_t j = 0; j < extents[1]; ++j) {
      int64_t value = values[size_t(i * extents[1] + j)];
      if (value == absent)
        continue;
      stored.push_back(value);
      shape.coordinates.push_back(j);
    }
    shape.positions.push_back(int64_t(stored.size()));
  }
  Tensor tensor = denseTensor(type, std::move(extents), stored);
  tensor.layout = NOODLE_RT_CSR;
  tensor.positions = shape.positions;
  tensor.coordinates = shape.coordinates;
  return tensor;
}

const char *test::wayName(Way way) {
  switch (way) {
  case Way::Definition:
    return "by definition";
  case Way::Elaborated:
    return "elaborated";
  case Way::Planned:
    return "planned";
  case Way::Compiled:
    return "compiled";
  }
  return "";
}

struct Evaluator::Impl {
  mlir::DialectRegistry registry;
  std::unique_ptr<mlir::MLIRContext> context;
  std::shared_ptr<engine::Engine> engine;

  Impl() {
    mlir::noodle::registerPipelineDialects(registry);
    context = std::make_unique<mlir::MLIRContext>(
        registry, mlir::MLIRContext::Threading::DISABLED);
    engine::EngineOptions options;
    options.threads = 1;
    options.cacheBytes = 1 << 20;
    (void)engine::Engine::create(options, engine);
  }

  mlir::OwningOpRef<mlir::ModuleOp> prepare(Way way, const std::string &text) {
    auto module = mlir::parseSourceString<mlir::ModuleOp>(text, context.get());
    if (!module)
      return nullptr;
    if (way == Way::Definition) {
      if (mlir::failed(mlir::noodle::inlineDiagrams(*module)))
        return nullptr;
      return module;
    }
    mlir::PassManager passes(context.get());
    mlir::noodle::PipelineOptions options;
    mlir::noodle::buildPipeline(way == Way::Elaborated
                                    ? mlir::noodle::Phase::Elaborated
                                    : mlir::noodle::Phase::Planned,
                                passes, options);
    if (mlir::failed(passes.run(*module)))
      return nullptr;
    return module;
  }

  std::string compiled(const std::string &text,
                       const std::vector<Tensor> &arguments,
                       std::vector<Tensor> &results,
                       std::vector<engine::Site> &sites);
};

Evaluator::Evaluator() : impl(std::make_unique<Impl>()) {}
Evaluator::~Evaluator() = default;

std::string Evaluator::printed(Way way, const std::string &program,
                               std::string &error) {
  mlir::ScopedDiagnosticHandler handler(
      impl->context.get(),
      [&](mlir::Diagnostic &diagnostic) { error += diagnostic.str() + "\n"; });
  auto module = impl->prepare(way, program);
  std::string text;
  if (module) {
    llvm::raw_string_ostream stream(text);
    module->print(stream);
  }
  return text;
}

std::string Evaluator::Impl::compiled(const std::string &text,
                                      const std::vector<Tensor> &arguments,
                                      std::vector<Tensor> &results,
                                      std::vector<engine::Site> &sites) {
  engine::CompileOptions options;
  std::shared_ptr<engine::Program> program;
  engine::Status status =
      engine::Program::compile(engine, text, options, program);
  if (!status.ok())
    return status.str();
  sites = program->kernel()->artifact().sites;
  std::vector<noodle_rt_tensor> views;
  for (const Tensor &tensor : arguments) {
    noodle_rt_tensor view{};
    view.type = tensor.type;
    view.layout = tensor.layout;
    view.rank = uint8_t(tensor.extents.size());
    view.values = const_cast<std::byte *>(tensor.values.data());
    int64_t stride = 1;
    for (size_t k = tensor.extents.size(); k-- > 0;) {
      view.extents[k] = tensor.extents[k];
      view.strides[k] = stride;
      stride *= tensor.extents[k];
    }
    if (tensor.layout != NOODLE_RT_DENSE) {
      view.position_width = view.coordinate_width = 8;
      view.stored = int64_t(tensor.coordinates.size());
      view.positions = const_cast<int64_t *>(tensor.positions.data());
      view.coordinates = const_cast<int64_t *>(tensor.coordinates.data());
    }
    views.push_back(view);
  }
  rt::Region region(engine->pool());
  std::vector<noodle_rt_tensor> made(program->signature().results.size());
  status = program->call(views, region, made);
  if (!status.ok())
    return status.str();
  results.clear();
  for (const noodle_rt_tensor &view : made)
    results.push_back(std::get<Tensor>(reference::fromRuntime(view)));
  return "";
}

std::string Evaluator::run(Way way, const std::string &program,
                           const std::vector<Tensor> &arguments,
                           std::vector<Tensor> &results) {
  if (way == Way::Compiled)
    return impl->compiled(program, arguments, results, sites);
  std::string error;
  mlir::ScopedDiagnosticHandler handler(
      impl->context.get(),
      [&](mlir::Diagnostic &diagnostic) { error += diagnostic.str() + "\n"; });
  auto module = impl->prepare(way, program);
  if (!module)
    return error.empty() ? "no module" : error;
  std::vector<reference::Value> values(arguments.begin(), arguments.end()),
      outcomes;
  reference::Outcome outcome =
      reference::interpret(module->lookupSymbol<mlir::func::FuncOp>("main"),
                           std::move(values), outcomes);
  if (!outcome.ok())
    return outcome.message;
  results.clear();
  for (reference::Value &value : outcomes)
    results.push_back(std::move(std::get<Tensor>(value)));
  return "";
}

static std::complex<double> number(const Scalar &value) {
  return std::visit(
      []<typename T>(T held) -> std::complex<double> {
        if constexpr (requires { held.imag(); })
          return {held.real(), held.imag()};
        else
          return double(held);
      },
      value);
}

std::string test::difference(const Tensor &a, const Tensor &b, bool exact) {
  if (a.type != b.type || a.extents != b.extents || a.layout != b.layout)
    return "the types differ";
  if (a.positions != b.positions || a.coordinates != b.coordinates)
    return "the patterns differ";
  auto same = [&](double x, double y) {
    return x == y || (std::isnan(x) && std::isnan(y)) ||
           (!exact && std::fabs(x - y) <= 1e-9 * std::max(1.0, std::fabs(x)));
  };
  for (int64_t k = 0; k < a.size(); ++k) {
    Scalar p = a.get(k), q = b.get(k);
    auto *i = std::get_if<int64_t>(&p);
    bool equal = i ? *i == std::get<int64_t>(q)
                   : same(number(p).real(), number(q).real()) &&
                         same(number(p).imag(), number(q).imag());
    if (!equal)
      return "element " + std::to_string(k) + ": " +
             std::to_string(number(p).real()) + " and " +
             std::to_string(number(q).real());
  }
  return "";
}
