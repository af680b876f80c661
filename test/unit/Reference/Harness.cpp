//===- Harness.cpp - programs as text, values by hand ---------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Harness.h"

#include "noodle/Dialect/Noodle.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Parser/Parser.h"

namespace noodle_test {

static mlir::MLIRContext &context() {
  static mlir::MLIRContext *context = [] {
    mlir::DialectRegistry registry;
    registry.insert<mlir::noodle::NoodleDialect, mlir::arith::ArithDialect,
                    mlir::func::FuncDialect, mlir::linalg::LinalgDialect,
                    mlir::math::MathDialect, mlir::scf::SCFDialect,
                    mlir::sparse_tensor::SparseTensorDialect,
                    mlir::tensor::TensorDialect>();
    return new mlir::MLIRContext(registry,
                                 mlir::MLIRContext::Threading::DISABLED);
  }();
  return *context;
}

Outcome tryRun(StringRef program, std::vector<Value> arguments,
               std::vector<Value> &results, const Options &options) {
  std::string text = R"(
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
#csc = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : dense, d0 : compressed)}>
)" + program.str();
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::parseSourceString<mlir::ModuleOp>(text, &context(), "test.mlir");
  if (!module) {
    ADD_FAILURE() << "the program does not parse: " << text;
    return {NOODLE_RT_INTERNAL, "no module"};
  }
  auto main = module->lookupSymbol<mlir::func::FuncOp>("main");
  return interpret(main, std::move(arguments), results, options);
}

Value run(StringRef program, std::vector<Value> arguments) {
  std::vector<Value> results;
  Outcome outcome = tryRun(program, std::move(arguments), results);
  EXPECT_TRUE(outcome.ok()) << outcome.message << "\n" << program.str();
  EXPECT_EQ(results.size(), outcome.ok() ? 1u : 0u);
  return results.empty() ? Value(Scalar(int64_t(0))) : results.front();
}

void expectRun(StringRef program, std::vector<Value> arguments,
               const Value &expected, const Tolerance &tolerance) {
  Value actual = run(program, std::move(arguments));
  std::string difference = compare(actual, expected, tolerance);
  EXPECT_EQ(difference, "") << program.str() << "\ngot " << toString(actual);
  if (!difference.empty() || !std::holds_alternative<Tensor>(expected))
    return;
  const Tensor &a = std::get<Tensor>(actual), &b = std::get<Tensor>(expected);
  EXPECT_EQ(a.layout, b.layout) << program.str();
  EXPECT_EQ(a.positions, b.positions) << program.str();
  EXPECT_EQ(a.coordinates, b.coordinates) << program.str();
}

} // namespace noodle_test
