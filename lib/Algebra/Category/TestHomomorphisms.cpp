//===- TestHomomorphisms.cpp - changes of base, tried on samples ----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "../Samples.h"

#include "noodle/Algebra/Passes.h"
#include "noodle/Dialect/Category.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLETESTHOMOMORPHISMSPASS
#include "noodle/Algebra/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;
using namespace mlir::noodle::samples;
using reference::Scalar;

namespace {

/// One side of a law, as code that makes a scalar out of scalars.
using Code = llvm::function_ref<Value(OpBuilder &, ValueRange)>;

class Tester {
public:
  explicit Tester(HomMapOp op) : op(op) {}
  LogicalResult run();

private:
  /// Evaluates code on columns of arguments.
  FailureOr<Column> evaluate(ArrayRef<Column> arguments, Type result,
                             Code code);
  LogicalResult equal(StringRef law, ArrayRef<Column> arguments, Code left,
                      Code right);
  Value mapped(OpBuilder &builder, Value value);

  HomMapOp op;
};

} // namespace

Value Tester::mapped(OpBuilder &builder, Value value) {
  Block &code = op.getBody().front();
  IRMapping mapping;
  mapping.map(code.getArgument(0), value);
  for (Operation &inner : code.without_terminator())
    builder.clone(inner, mapping);
  return mapping.lookupOrDefault(code.getTerminator()->getOperand(0));
}

FailureOr<Column> Tester::evaluate(ArrayRef<Column> arguments, Type result,
                                   Code code) {
  Location loc = op.getLoc();
  Type element = op.getInput().getType().getElement();
  auto vector = [](Type type) {
    return RankedTensorType::get({ShapedType::kDynamic}, type);
  };
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  auto function = func::FuncOp::create(
      builder, loc, "f",
      builder.getFunctionType(
          SmallVector<Type>(arguments.size(), vector(element)),
          vector(result)));
  builder.setInsertionPointToStart(function.addEntryBlock());
  auto map = MapOp::create(builder, loc, vector(result),
                           function.getArguments(), FlatSymbolRefAttr(),
                           MapOverAttr(), TypedAttr(), StrategyKindAttr());
  func::ReturnOp::create(builder, loc, ValueRange{map.getResult()});
  Block *body = builder.createBlock(
      &map.getBody(), {}, SmallVector<Type>(arguments.size(), element),
      SmallVector<Location>(arguments.size(), loc));
  Value value = code(builder, body->getArguments());
  YieldOp::create(builder, loc, ValueRange{value});

  std::vector<reference::Value> inputs, results;
  for (const Column &column : arguments)
    inputs.push_back(columnTensor(runtimeType(element), column));
  reference::Outcome outcome =
      reference::interpret(function, std::move(inputs), results);
  if (!outcome.ok())
    return op.emitOpError()
           << "the body fails on sample values: " << outcome.message;
  return tensorColumn(std::get<reference::Tensor>(results.front()));
}

LogicalResult Tester::equal(StringRef law, ArrayRef<Column> arguments,
                            Code left, Code right) {
  Type result = op.getType().getElement();
  FailureOr<Column> a = evaluate(arguments, result, left);
  FailureOr<Column> b = evaluate(arguments, result, right);
  if (failed(a) || failed(b))
    return failure();
  for (size_t k = 0; k < a->size(); ++k) {
    if (close((*a)[k], (*b)[k]))
      continue;
    InFlightDiagnostic error = op.emitOpError();
    error << "is no homomorphism: " << law << " does not hold";
    if (law.contains('a'))
      error << " for a = " << text(arguments[0][k]);
    if (law.contains('b'))
      error << ", b = " << text(arguments[1][k]);
    return error << ": " << text((*a)[k]) << " is not " << text((*b)[k]);
  }
  return success();
}

LogicalResult Tester::run() {
  Location loc = op.getLoc();
  auto resolve = [&](HomType type) {
    return Semiring::resolve(type.getSemiring(), type.getElement(), op,
                             [&] { return op.emitOpError(); });
  };
  FailureOr<Semiring> from = resolve(op.getInput().getType());
  FailureOr<Semiring> to = resolve(op.getType());
  if (failed(from) || failed(to))
    return failure();
  bool negative =
      !op.getNonnegative() && from->kind() != SemiringKind::MaxTimes;
  Column samples = samplesOf(runtimeType(from->elementType()), negative);
  // Products and sums meet zero and one themselves, extreme values maybe.
  for (bool one : {false, true}) {
    FailureOr<Column> value =
        evaluate({{samples.front()}}, from->elementType(),
                 [&](OpBuilder &b, ValueRange) {
                   return one ? from->one(b, loc) : from->zero(b, loc);
                 });
    if (failed(value))
      return failure();
    samples.push_back(value->front());
  }
  Column a, b;
  for (const Scalar &p : samples)
    for (const Scalar &q : samples) {
      a.push_back(p);
      b.push_back(q);
    }
  Column unit = {samples.front()};
  if (failed(equal(
          "h(0) = 0", {unit},
          [&](OpBuilder &at, ValueRange) {
            return mapped(at, from->zero(at, loc));
          },
          [&](OpBuilder &at, ValueRange) { return to->zero(at, loc); })) ||
      failed(equal(
          "h(1) = 1", {unit},
          [&](OpBuilder &at, ValueRange) {
            return mapped(at, from->one(at, loc));
          },
          [&](OpBuilder &at, ValueRange) { return to->one(at, loc); })) ||
      failed(equal(
          "h(a + b) = h(a) + h(b)", {a, b},
          [&](OpBuilder &at, ValueRange v) {
            return mapped(at, from->add(at, loc, v[0], v[1]));
          },
          [&](OpBuilder &at, ValueRange v) {
            return to->add(at, loc, mapped(at, v[0]), mapped(at, v[1]));
          })))
    return failure();
  return equal(
      "h(a * b) = h(a) * h(b)", {a, b},
      [&](OpBuilder &at, ValueRange v) {
        return mapped(at, from->mul(at, loc, v[0], v[1]));
      },
      [&](OpBuilder &at, ValueRange v) {
        return to->mul(at, loc, mapped(at, v[0]), mapped(at, v[1]));
      });
}

namespace {
struct TestHomomorphisms
    : mlir::noodle::impl::NoodleTestHomomorphismsPassBase<TestHomomorphisms> {
  void runOnOperation() override {
    bool bad = false;
    getOperation()->walk([&](HomMapOp op) {
      if (op.getHomomorphism())
        bad |= failed(Tester(op).run());
    });
    if (bad)
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
