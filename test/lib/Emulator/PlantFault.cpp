//===- PlantFault.cpp - faults that the tests must find -------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Emulator.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace noodle::emu;

llvm::Expected<Plant> noodle::emu::parsePlant(StringRef text) {
  Plant plant;
  auto [what, kernel] = text.split('@');
  auto [kind, number] = what.split(':');
  plant.kernel = kernel.str();
  plant.kind = kind == "barrier"   ? Plant::Barrier
               : kind == "index"   ? Plant::Index
               : kind == "swizzle" ? Plant::Swizzle
                                   : Plant::None;
  if (plant.kind == Plant::None ||
      (!number.empty() && number.getAsInteger(10, plant.number)))
    return llvm::createStringError(
        "cannot plant '" + text.str() +
        "': use barrier, index or swizzle, then :NUMBER and @KERNEL");
  return plant;
}

/// Indices of a load or store; none for other ops.
static MutableOperandRange indicesOf(Operation *op, bool &isAccess) {
  isAccess = true;
  if (auto load = dyn_cast<memref::LoadOp>(op))
    return load.getIndicesMutable();
  if (auto store = dyn_cast<memref::StoreOp>(op))
    return store.getIndicesMutable();
  if (auto load = dyn_cast<vector::LoadOp>(op))
    return load.getIndicesMutable();
  if (auto store = dyn_cast<vector::StoreOp>(op))
    return store.getIndicesMutable();
  isAccess = false;
  return MutableOperandRange(op, 0, 0);
}

/// The operand that is a constant greater than one of integer arithmetic that
/// places data: a stride, a width, an xor's mask, a shuffle's distance.
static OpOperand *placingConstant(Operation *op) {
  if (!isa<arith::XOrIOp, arith::ShLIOp, arith::ShRUIOp, arith::RemUIOp,
           arith::DivUIOp, arith::MulIOp, gpu::ShuffleOp>(op))
    return nullptr;
  OpOperand &operand = op->getOpOperand(1);
  APInt value;
  if (!matchPattern(operand.get(), m_ConstantInt(&value)) || value.slt(2))
    return nullptr;
  return &operand;
}

/// `places` becomes how many candidates were passed.
static bool plantInto(gpu::GPUFuncOp kernel, const Plant &plant, int &places) {
  int left = plant.number;
  bool done = false;
  kernel.walk([&](Operation *op) {
    ImplicitLocOpBuilder b(op->getLoc(), op);
    if (plant.kind == Plant::Barrier) {
      if (!isa<gpu::BarrierOp>(op) || left--)
        return WalkResult::advance();
      op->erase();
    } else if (plant.kind == Plant::Index) {
      bool isAccess;
      MutableOperandRange indices = indicesOf(op, isAccess);
      if (!isAccess || indices.empty() || left--)
        return WalkResult::advance();
      OpOperand &last = indices[indices.size() - 1];
      Value one = arith::ConstantIndexOp::create(b, 1);
      last.set(arith::AddIOp::create(b, last.get(), one));
    } else {
      OpOperand *constant = placingConstant(op);
      if (!constant || left--)
        return WalkResult::advance();
      APInt value;
      matchPattern(constant->get(), m_ConstantInt(&value));
      Type type = constant->get().getType();
      // Half of a distance or a shift, one less of a stride.
      value = isa<arith::MulIOp, arith::RemUIOp, arith::DivUIOp>(op)
                  ? value - 1
                  : value.lshr(1);
      constant->set(
          arith::ConstantOp::create(b, b.getIntegerAttr(type, value)));
    }
    done = true;
    return WalkResult::interrupt();
  });
  places = plant.number - left;
  return done;
}

int noodle::emu::plantFault(ModuleOp module, const Plant &plant, int *places) {
  int changed = 0, most = 0;
  if (plant.kind != Plant::None)
    module.walk([&](gpu::GPUFuncOp kernel) {
      int here = 0;
      if (kernel.getName().starts_with(plant.kernel))
        changed += plantInto(kernel, plant, here);
      most = std::max(most, here);
    });
  if (places)
    *places = most;
  return changed;
}
