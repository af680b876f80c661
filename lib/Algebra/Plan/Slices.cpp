//===- Slices.cpp - contract one index of a letter at a time --------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Island.h"

#include "noodle/Dialect/Semiring.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::noodle;

namespace {

/// A letter that a loop walks.
struct SlicedLetter {
  std::string name;
  Value extent, index;
};

} // namespace

/// The dimension that tells a letter's extent: one that is known where there is
/// one, and none of extent 1, which broadcasts.
static std::optional<std::pair<Value, int64_t>> teller(const Island &island,
                                                       StringRef letter) {
  std::optional<std::pair<Value, int64_t>> found;
  for (const Factor &factor : island.factors)
    for (auto [d, name] : llvm::enumerate(factor.letters)) {
      int64_t size = factor.type().getDimSize(d);
      if (name != letter || size == 1)
        continue;
      if (!found || !ShapedType::isDynamic(size))
        found = {factor.value, int64_t(d)};
    }
  return found;
}

/// What the contraction itself would have checked: each dimension of the letter
/// has its extent.
static void checkExtents(const Island &island, const SlicedLetter &letter,
                         int64_t known, IRRewriter &rewriter) {
  ContractOp root = island.root;
  Location loc = root.getLoc();
  for (const Factor &factor : island.factors)
    for (auto [d, name] : llvm::enumerate(factor.letters)) {
      int64_t size = factor.type().getDimSize(d);
      if (name != letter.name || size == 1 ||
          (size == known && !ShapedType::isDynamic(size)))
        continue;
      Value extent = tensor::DimOp::create(rewriter, loc, factor.value, d);
      Value same = arith::CmpIOp::create(
          rewriter, loc, arith::CmpIPredicate::eq, extent, letter.extent);
      CheckOp::create(
          rewriter, loc, same,
          rewriter.getStringAttr("extents of '" + letter.name + "' disagree"),
          rewriter.getI32IntegerAttr(3));
    }
}

/// The factor at the letters' indices.
static Factor sliceOf(const Factor &factor, ArrayRef<SlicedLetter> letters,
                      IRRewriter &rewriter, Location loc) {
  SmallVector<OpFoldResult> offsets, sizes;
  SmallVector<int64_t> shape;
  Factor slice;
  for (auto [d, name] : llvm::enumerate(factor.letters)) {
    const SlicedLetter *sliced = llvm::find_if(
        letters, [&](const SlicedLetter &l) { return l.name == name; });
    int64_t size = factor.type().getDimSize(d);
    if (sliced != letters.end()) {
      offsets.push_back(size == 1 ? OpFoldResult(rewriter.getIndexAttr(0))
                                  : OpFoldResult(sliced->index));
      sizes.push_back(rewriter.getIndexAttr(1));
      continue;
    }
    offsets.push_back(rewriter.getIndexAttr(0));
    if (ShapedType::isDynamic(size))
      sizes.push_back(
          tensor::DimOp::create(rewriter, loc, factor.value, d).getResult());
    else
      sizes.push_back(rewriter.getIndexAttr(size));
    shape.push_back(size);
    slice.letters.push_back(name);
  }
  if (shape.size() == factor.letters.size())
    return factor;
  SmallVector<OpFoldResult> strides(offsets.size(), rewriter.getIndexAttr(1));
  slice.value = tensor::ExtractSliceOp::create(
      rewriter, loc,
      RankedTensorType::get(shape, factor.type().getElementType()),
      factor.value, offsets, sizes, strides);
  return slice;
}

/// The root's result type, all zeros.
static Value zeros(const Island &island, IRRewriter &rewriter) {
  ContractOp root = island.root;
  Location loc = root.getLoc();
  SmallVector<Value> extents;
  for (auto [d, letter] : llvm::enumerate(island.output)) {
    if (!root.getType().isDynamicDim(d))
      continue;
    auto [value, at] = *teller(island, letter);
    extents.push_back(tensor::DimOp::create(rewriter, loc, value, at));
  }
  Semiring semiring =
      *Semiring::resolve(root.getSemiring(), root.getAccumulatorType(), root,
                         [&] { return root.emitOpError(); });
  return tensor::SplatOp::create(rewriter, loc, semiring.zero(rewriter, loc),
                                 root.getType(), extents);
}

Value noodle::emitSliced(const Island &island, const ContractionOrder &order,
                         ArrayRef<std::string> names, IRRewriter &rewriter) {
  ContractOp root = island.root;
  Location loc = root.getLoc();
  for (unsigned letter : order.sliced)
    if (!teller(island, names[letter]))
      return {};
  for (auto [d, letter] : llvm::enumerate(island.output))
    if (root.getType().isDynamicDim(d) && !teller(island, letter))
      return {};

  rewriter.setInsertionPoint(root);
  SmallVector<SlicedLetter> letters;
  for (unsigned number : order.sliced) {
    auto [value, d] = *teller(island, names[number]);
    int64_t known = cast<RankedTensorType>(value.getType()).getDimSize(d);
    SlicedLetter &letter = letters.emplace_back();
    letter.name = names[number];
    letter.extent = tensor::DimOp::create(rewriter, loc, value, d);
    checkExtents(island, letter, known, rewriter);
  }
  Value zero = arith::ConstantIndexOp::create(rewriter, loc, 0);
  Value one = arith::ConstantIndexOp::create(rewriter, loc, 1);
  Value carried = root.getInit() ? root.getInit() : zeros(island, rewriter);
  SmallVector<scf::ForOp> loops;
  for (SlicedLetter &letter : letters) {
    auto loop = scf::ForOp::create(rewriter, loc, zero, letter.extent, one,
                                   ValueRange{carried});
    rewriter.setInsertionPointToStart(loop.getBody());
    PollOp::create(rewriter, loc);
    letter.index = loop.getInductionVar();
    carried = loop.getRegionIterArg(0);
    loops.push_back(loop);
  }
  Island slice = island;
  for (Factor &factor : slice.factors)
    factor = sliceOf(factor, letters, rewriter, loc);
  SmallVector<Factor> last = emitSteps(slice, order.steps, rewriter);
  SmallVector<Value> inputs =
      llvm::map_to_vector(last, [](const Factor &f) { return f.value; });
  Value sum = ContractOp::create(
      rewriter, loc, root.getType(),
      rewriter.getStringAttr(equationOf(last, island.output)), inputs,
      root.getMask(), carried, root.getSemiring(), root.getAccumulatorAttr(),
      root.getMaskValuedAttr(), root.getMaskComplementAttr(),
      root.getStrategyAttr());
  for (scf::ForOp loop : llvm::reverse(loops)) {
    rewriter.setInsertionPointToEnd(loop.getBody());
    scf::YieldOp::create(rewriter, loc, sum);
    sum = loop.getResult(0);
  }
  return sum;
}
