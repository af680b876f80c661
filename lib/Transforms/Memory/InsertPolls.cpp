//===- InsertPolls.cpp - deadlines and cancellation reach loops -----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/Noodle.h"
#include "noodle/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEINSERTPOLLSPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

/// Nests of at most so many innermost iterations are not polled: at an
/// iteration per nanosecond they end in 0.1 ms. A guess on the safe side.
static constexpr int64_t kUnpolledIterations = 100000;

/// Constant number of iterations of a loop, or none.
static std::optional<int64_t> tripCount(Operation *op) {
  auto loop = dyn_cast<LoopLikeOpInterface>(op);
  if (!loop)
    return std::nullopt;
  auto lower = loop.getLoopLowerBounds(), upper = loop.getLoopUpperBounds(),
       step = loop.getLoopSteps();
  if (!lower || !upper || !step)
    return std::nullopt;
  int64_t count = 1;
  for (auto [l, u, s] : llvm::zip(*lower, *upper, *step)) {
    auto low = getConstantIntValue(l), high = getConstantIntValue(u),
         by = getConstantIntValue(s);
    if (!low || !high || !by || *by <= 0 ||
        __builtin_mul_overflow(
            count, std::max<int64_t>(0, (*high - *low + *by - 1) / *by),
            &count))
      return std::nullopt;
  }
  return count;
}

/// Iterations of the innermost loops below, if all are constant.
static std::optional<int64_t> iterations(Operation *op) {
  auto own = tripCount(op);
  if (!own)
    return std::nullopt;
  int64_t inner = 1;
  bool known = true;
  for (Region &region : op->getRegions())
    region.walk<WalkOrder::PreOrder>([&](LoopLikeOpInterface nested) {
      auto count = iterations(nested);
      known &= count.has_value();
      inner += count.value_or(0);
      return WalkResult::skip();
    });
  int64_t total;
  if (!known || __builtin_mul_overflow(*own, inner, &total))
    return std::nullopt;
  return total;
}

namespace {
struct InsertPolls : noodle::impl::NoodleInsertPollsPassBase<InsertPolls> {
  using NoodleInsertPollsPassBase::NoodleInsertPollsPassBase;

  void runOnOperation() override {
    SmallVector<Operation *> loops;
    getOperation().walk<WalkOrder::PreOrder>([&](LoopLikeOpInterface loop) {
      // Each chunk polls, and is short.
      if (loop->hasAttr("noodle.chunked"))
        return WalkResult::skip();
      bool outer = false;
      for (Region &region : loop->getRegions())
        outer |= region
                     .walk([](LoopLikeOpInterface) {
                       return WalkResult::interrupt();
                     })
                     .wasInterrupted();
      auto count = iterations(loop);
      if (outer && (!count || *count > kUnpolledIterations))
        loops.push_back(loop);
      return WalkResult::advance();
    });
    for (Operation *loop : loops) {
      // The first region is the one every iteration passes.
      Block &body = loop->getRegion(0).front();
      if (!body.getOps<PollOp>().empty())
        continue;
      OpBuilder builder = OpBuilder::atBlockBegin(&body);
      PollOp::create(builder, loop->getLoc());
    }
  }
};
} // namespace
