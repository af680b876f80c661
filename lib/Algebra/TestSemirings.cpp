//===- TestSemirings.cpp - laws of user-defined semirings, sampled --------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The interpreter evaluates the regions on vectors of samples: one run per law
// side, not one per sample.
//
//===----------------------------------------------------------------------===//
#include "Samples.h"

#include "noodle/Algebra/Passes.h"
#include "noodle/Dialect/Noodle.h"
#include "noodle/Dialect/Semiring.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Verifier.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLETESTSEMIRINGSPASS
#include "noodle/Algebra/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;
using namespace mlir::noodle::samples;
using reference::Scalar;
using reference::Tensor;

namespace {

class Tester {
public:
  explicit Tester(SemiringOp op) : op(op), type(op.getElementType()) {}

  LogicalResult run();

private:
  LogicalResult build();
  FailureOr<Scalar> constant(StringRef function);
  FailureOr<Column> apply(StringRef function, const Column &a, const Column &b);
  FailureOr<Column> add(const Column &a, const Column &b) {
    return apply("add", a, b);
  }
  FailureOr<Column> mul(const Column &a, const Column &b) {
    return apply("mul", a, b);
  }
  /// The law holds where both sides are close for every sample.
  LogicalResult equal(StringRef law, FailureOr<Column> left,
                      FailureOr<Column> right,
                      ArrayRef<const Column *> variables);
  FailureOr<std::vector<reference::Value>>
  evaluate(StringRef function, std::vector<reference::Value> arguments);

  SemiringOp op;
  Type type;
  noodle_rt_type element = NOODLE_RT_F64;
  OwningOpRef<ModuleOp> module;
};

} // namespace

/// Four functions that hold the regions: constants as they are, operations
/// mapped over vectors.
LogicalResult Tester::build() {
  OpBuilder builder(op.getContext());
  Location loc = op.getLoc();
  module = ModuleOp::create(loc);
  auto vector = RankedTensorType::get({ShapedType::kDynamic}, type);
  auto function = [&](StringRef name, TypeRange arguments, Type result) {
    builder.setInsertionPointToEnd(module->getBody());
    auto made = func::FuncOp::create(
        builder, loc, name, builder.getFunctionType(arguments, result));
    builder.setInsertionPointToStart(made.addEntryBlock());
    return made;
  };
  for (auto [name, region] :
       {std::pair<StringRef, Region *>{"zero", &op.getZero()},
        {"one", &op.getOne()}}) {
    function(name, {}, type);
    IRMapping mapping;
    Block &block = region->front();
    for (Operation &inner : block.without_terminator())
      builder.clone(inner, mapping);
    func::ReturnOp::create(builder, loc,
                           ValueRange{mapping.lookupOrDefault(
                               block.getTerminator()->getOperand(0))});
  }
  for (auto [name, region] :
       {std::pair<StringRef, Region *>{"add", &op.getAdd()},
        {"mul", &op.getMul()}}) {
    func::FuncOp made = function(name, {vector, vector}, vector);
    auto map = MapOp::create(builder, loc, vector, made.getArguments(),
                             /*callee=*/FlatSymbolRefAttr(),
                             /*over=*/MapOverAttr(), /*absent=*/TypedAttr(),
                             /*strategy=*/StrategyKindAttr());
    IRMapping mapping;
    region->cloneInto(&map.getBody(), mapping);
    func::ReturnOp::create(builder, loc, ValueRange{map.getResult()});
  }
  return verify(*module);
}

FailureOr<std::vector<reference::Value>>
Tester::evaluate(StringRef name, std::vector<reference::Value> arguments) {
  std::vector<reference::Value> results;
  reference::Outcome outcome = reference::interpret(
      module->lookupSymbol<func::FuncOp>(name), std::move(arguments), results);
  if (!outcome.ok())
    return op.emitOpError()
           << "'" << name << "' fails on sample values: " << outcome.message;
  return results;
}

FailureOr<Scalar> Tester::constant(StringRef function) {
  auto results = evaluate(function, {});
  if (failed(results))
    return failure();
  return std::get<Scalar>(results->front());
}

FailureOr<Column> Tester::apply(StringRef function, const Column &a,
                                const Column &b) {
  auto results =
      evaluate(function, {columnTensor(element, a), columnTensor(element, b)});
  if (failed(results))
    return failure();
  return tensorColumn(std::get<Tensor>(results->front()));
}

LogicalResult Tester::equal(StringRef law, FailureOr<Column> left,
                            FailureOr<Column> right,
                            ArrayRef<const Column *> variables) {
  if (failed(left) || failed(right))
    return failure();
  for (size_t k = 0; k < left->size(); ++k) {
    if (close((*left)[k], (*right)[k]))
      continue;
    InFlightDiagnostic error = op.emitOpError();
    error << "@" << op.getSymName() << ": " << law << " does not hold for ";
    for (auto [v, column] : llvm::enumerate(variables))
      error << (v ? ", " : "") << StringRef("abc").substr(v, 1) << " = "
            << text((*column)[k]);
    return error << ": " << text((*left)[k]) << " is not " << text((*right)[k]);
  }
  return success();
}

LogicalResult Tester::run() {
  element = runtimeType(type);
  if (failed(build()))
    return failure();
  FailureOr<Scalar> zero = constant("zero"), one = constant("one");
  if (failed(zero) || failed(one))
    return failure();

  Column samples = samplesOf(element);
  auto sample = [&](const Scalar &value) {
    if (!llvm::any_of(samples,
                      [&](const Scalar &old) { return close(old, value); }))
      samples.push_back(value);
  };
  sample(*zero);
  sample(*one);

  Column x = samples, a, b, c; // all samples; all triples
  Column pairA, pairB;
  for (const Scalar &p : samples)
    for (const Scalar &q : samples) {
      pairA.push_back(p);
      pairB.push_back(q);
      for (const Scalar &r : samples) {
        a.push_back(p);
        b.push_back(q);
        c.push_back(r);
      }
    }
  Column zeros(x.size(), *zero), ones(x.size(), *one);
  auto then = [](FailureOr<Column> inner, auto outer) -> FailureOr<Column> {
    if (failed(inner))
      return failure();
    return outer(*inner);
  };
  SemiringTrait traits = op.getTraits();
  auto declared = [&](SemiringTrait trait) {
    return bitEnumContainsAll(traits, trait);
  };

  if (failed(equal("zero + a = a", add(zeros, x), x, {&x})) ||
      failed(equal("a + b = b + a", add(pairA, pairB), add(pairB, pairA),
                   {&pairA, &pairB})) ||
      failed(equal("(a + b) + c = a + (b + c)",
                   then(add(a, b), [&](const Column &s) { return add(s, c); }),
                   then(add(b, c), [&](const Column &s) { return add(a, s); }),
                   {&a, &b, &c})) ||
      failed(equal("one * a = a", mul(ones, x), x, {&x})) ||
      failed(equal("a * one = a", mul(x, ones), x, {&x})))
    return failure();
  if (declared(SemiringTrait::Associative) &&
      failed(equal("(a * b) * c = a * (b * c)",
                   then(mul(a, b), [&](const Column &s) { return mul(s, c); }),
                   then(mul(b, c), [&](const Column &s) { return mul(a, s); }),
                   {&a, &b, &c})))
    return failure();
  if (declared(SemiringTrait::Commutative) &&
      failed(equal("a * b = b * a", mul(pairA, pairB), mul(pairB, pairA),
                   {&pairA, &pairB})))
    return failure();
  if (declared(SemiringTrait::Distributive)) {
    FailureOr<Column> ab = mul(a, b), ac = mul(a, c), ba = mul(b, a),
                      ca = mul(c, a);
    if (failed(ab) || failed(ac) || failed(ba) || failed(ca) ||
        failed(
            equal("a * (b + c) = a * b + a * c",
                  then(add(b, c), [&](const Column &s) { return mul(a, s); }),
                  add(*ab, *ac), {&a, &b, &c})) ||
        failed(
            equal("(b + c) * a = b * a + c * a",
                  then(add(b, c), [&](const Column &s) { return mul(s, a); }),
                  add(*ba, *ca), {&a, &b, &c})))
      return failure();
  }
  if (declared(SemiringTrait::Annihilating) &&
      (failed(equal("zero * a = zero", mul(zeros, x), zeros, {&x})) ||
       failed(equal("a * zero = zero", mul(x, zeros), zeros, {&x}))))
    return failure();
  if (declared(SemiringTrait::Idempotent) &&
      failed(equal("a + a = a", add(x, x), x, {&x})))
    return failure();
  return success();
}

namespace {
struct TestSemirings
    : mlir::noodle::impl::NoodleTestSemiringsPassBase<TestSemirings> {
  void runOnOperation() override {
    bool bad = false;
    for (auto semiring : getOperation().getOps<SemiringOp>())
      bad |= failed(Tester(semiring).run());
    if (bad)
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
