//===- CallBlas.cpp - products by a BLAS ----------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "PlainProduct.h"

#include "noodle/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/TypeUtilities.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLECALLBLASPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

/// Whether a BLAS could have it: the rest is for the run to see.
static bool fits(FusedContractOp op) {
  Type sum = op.getSumType();
  if (auto complex = dyn_cast<ComplexType>(sum))
    sum = complex.getElementType();
  return op.getRhs().size() && (sum.isF32() || sum.isF64()) &&
         op.getSemiring().getKind() == SemiringKind::PlusTimes;
}

/// The emitter's code stays behind, for where there is no BLAS.
static void call(FusedContractOp fused) {
  FusedContractOp op = makePlain(fused);
  setSchedule(op, "tiled");
  OpBuilder b(op);
  Value formed = BlasProductOp::create(
      b, op.getLoc(), b.getI1Type(), op.getLhs().front(), op.getRhs().front(),
      op.getOut(), op.getIndexingMaps(), op.getAccumulate(),
      op->getAttrOfType<IntegerAttr>("noodle.site"));
  auto otherwise = scf::IfOp::create(b, op.getLoc(), formed,
                                     /*withElseRegion=*/true);
  op->moveBefore(otherwise.elseYield());
}

namespace {
struct CallBlas : noodle::impl::NoodleCallBlasPassBase<CallBlas> {
  using NoodleCallBlasPassBase::NoodleCallBlasPassBase;

  void runOnOperation() override {
    SmallVector<FusedContractOp> work;
    getOperation().walk([&](FusedContractOp op) {
      if (scheduleOf(op) == "library")
        work.push_back(op);
    });
    for (FusedContractOp op : work) {
      if (fits(op))
        call(op);
      else
        setSchedule(op, "tiled");
    }
  }
};
} // namespace
