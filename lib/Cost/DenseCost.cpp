//===- DenseCost.cpp - what dense contractions take -----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Cost/DenseCost.h"

#include "noodle/Cost/StrassenPlan.h"

using namespace mlir;
using namespace mlir::noodle;

/// What reaching an op adds inside a kernel that is running, where entering the
/// kernel is no part: 5e-8 s measured on Zen 4, most of it the marks of a
/// profile.
static constexpr double kSiteSeconds = 5e-8;

DensePrediction noodle::predictDense(llvm::StringRef strategy,
                                     const ProductShape &shape,
                                     const MachineModel &machine) {
  if (strategy == "tiled") {
    DensePlan plan = planProduct(shape, machine);
    return {plan.seconds - machine.callSeconds + kSiteSeconds, plan.text()};
  }
  if (strategy == "strassen") {
    StrassenPlan plan =
        planStrassen(shape, machine, strassenFrom(shape.sumBytes));
    if (plan.levels > 0)
      return {plan.seconds, "halving is predicted to end first"};
  }
  // What a call of a BLAS costs is a guess; that of its kernels are as good.
  if (strategy == "strassen" || strategy == "library") {
    double call = strategy == "library" ? 1e-6 : 0;
    return {planProduct(shape, machine).seconds + call, strategy.str()};
  }
  return {machine.seconds(strategy.str().c_str(),
                          shape.flops() * std::max(1.0, shape.stepCost / 2),
                          shape.bytes()),
          ""};
}

double ProductTerms::stepCost(const MachineModel &machine) const {
  // 193 and 422 GFLOP/s at 256 on Zen 4, where f32 reaches 116.
  if (narrow == NarrowFactors::Bf16 && machine.dotBf16)
    return 0.6;
  if (narrow == NarrowFactors::I8 && machine.dotI8)
    return 0.28;
  return shape.stepCost;
}

//===----------------------------------------------------------------------===//
// As attributes
//===----------------------------------------------------------------------===//

/// Costs of steps are whole numbers of hundredths.
static constexpr double kStepUnit = 100;

SmallVector<int64_t> noodle::productTraits(const ProductTerms &terms) {
  const ProductShape &shape = terms.shape;
  int64_t flags = 0, bit = 1;
  for (bool flag :
       {shape.lhsInnerContiguous, shape.lhsRowsContiguous,
        shape.rhsColumnsContiguous, shape.rhsInnerContiguous,
        shape.outColumnsContiguous, shape.lhsComputed, shape.rhsComputed,
        shape.outHoldsSums, shape.accumulate, shape.lanesMayFold}) {
    flags |= flag ? bit : 0;
    bit *= 2;
  }
  return {
      shape.lhsBytes,       shape.rhsBytes, shape.outBytes,
      shape.sumBytes,       flags,          int64_t(shape.stepCost * kStepUnit),
      int64_t(terms.narrow)};
}

bool noodle::readProductTraits(ArrayRef<int64_t> numbers, ProductTerms &terms) {
  if (numbers.size() != 7 || numbers[5] < 0 || numbers[6] < 0 || numbers[6] > 2)
    return false;
  for (int64_t bytes : numbers.take_front(4))
    if (bytes <= 0 || bytes > 16)
      return false;
  ProductShape &shape = terms.shape;
  shape.lhsBytes = numbers[0];
  shape.rhsBytes = numbers[1];
  shape.outBytes = numbers[2];
  shape.sumBytes = numbers[3];
  int64_t bit = 1;
  for (bool *flag :
       {&shape.lhsInnerContiguous, &shape.lhsRowsContiguous,
        &shape.rhsColumnsContiguous, &shape.rhsInnerContiguous,
        &shape.outColumnsContiguous, &shape.lhsComputed, &shape.rhsComputed,
        &shape.outHoldsSums, &shape.accumulate, &shape.lanesMayFold}) {
    *flag = numbers[4] & bit;
    bit *= 2;
  }
  shape.stepCost = numbers[5] / kStepUnit;
  terms.narrow = NarrowFactors(numbers[6]);
  return true;
}

DictionaryAttr noodle::productAttr(Builder &builder,
                                   const ProductTerms &terms) {
  auto list = [&](ArrayRef<unsigned> numbers) {
    return builder.getDenseI64ArrayAttr(SmallVector<int64_t>(numbers));
  };
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("batch", list(terms.batch)),
       builder.getNamedAttr("columns", list(terms.columns)),
       builder.getNamedAttr("inner", list(terms.inner)),
       builder.getNamedAttr("rows", list(terms.rows)),
       builder.getNamedAttr(
           "traits", builder.getDenseI64ArrayAttr(productTraits(terms)))});
}
