//===- KernelCode.cpp - writing a kernel's body ---------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "KernelCode.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;
using arith::CmpIPredicate;

//===----------------------------------------------------------------------===//
// Index arithmetic: nothing is negative
//===----------------------------------------------------------------------===//

static bool isZero(Value value) { return isConstantIntValue(value, 0); }
static bool isOne(Value value) { return isConstantIntValue(value, 1); }

Value KernelCode::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}

Value KernelCode::add(Value x, Value y) {
  if (isZero(x))
    return y;
  if (isZero(y))
    return x;
  return b.createOrFold<arith::AddIOp>(x, y);
}

Value KernelCode::sub(Value x, Value y) {
  return isZero(y) ? x : b.createOrFold<arith::SubIOp>(x, y);
}

Value KernelCode::mul(Value x, Value y) {
  if (isOne(x))
    return y;
  if (isOne(y))
    return x;
  return b.createOrFold<arith::MulIOp>(x, y);
}

Value KernelCode::div(Value x, Value y) {
  return isOne(y) ? x : b.createOrFold<arith::DivUIOp>(x, y);
}

Value KernelCode::rem(Value x, Value y) {
  return isOne(y) ? index(0) : b.createOrFold<arith::RemUIOp>(x, y);
}

Value KernelCode::min(Value x, Value y) {
  return b.createOrFold<arith::MinUIOp>(x, y);
}

Value KernelCode::less(Value x, Value y) {
  return b.createOrFold<arith::CmpIOp>(CmpIPredicate::ult, x, y);
}

Value KernelCode::equal(Value x, Value y) {
  return b.createOrFold<arith::CmpIOp>(CmpIPredicate::eq, x, y);
}

Value KernelCode::both(Value x, Value y) {
  return b.createOrFold<arith::AndIOp>(x, y);
}

Value KernelCode::select(Value condition, Value x, Value y) {
  return b.createOrFold<arith::SelectOp>(condition, x, y);
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

Value KernelCode::thread() {
  return gpu::ThreadIdOp::create(b, gpu::Dimension::x);
}
Value KernelCode::blockX() {
  return gpu::BlockIdOp::create(b, gpu::Dimension::x);
}
Value KernelCode::blockY() {
  return gpu::BlockIdOp::create(b, gpu::Dimension::y);
}
Value KernelCode::gridY() {
  return gpu::GridDimOp::create(b, gpu::Dimension::y);
}
void KernelCode::barrier() { gpu::BarrierOp::create(b); }

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

void KernelCode::when(Value condition, llvm::function_ref<void()> yes,
                      llvm::function_ref<void()> no) {
  if (std::optional<int64_t> known = getConstantIntValue(condition)) {
    if (*known)
      yes();
    else if (no)
      no();
    return;
  }
  auto branch = scf::IfOp::create(b, condition, /*withElseRegion=*/bool(no));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  yes();
  if (!no)
    return;
  b.setInsertionPointToStart(branch.elseBlock());
  no();
}

KernelCode::Values KernelCode::choose(Value condition,
                                      llvm::function_ref<Values()> yes,
                                      llvm::function_ref<Values()> no) {
  if (std::optional<int64_t> known = getConstantIntValue(condition))
    return *known ? yes() : no();
  // The types are known once one side is made.
  Block *scratch = new Block;
  Values first;
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(scratch);
    first = yes();
  }
  auto branch = scf::IfOp::create(b, TypeRange(ValueRange(first)), condition,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  branch.thenBlock()->getOperations().splice(branch.thenBlock()->end(),
                                             scratch->getOperations());
  delete scratch;
  b.setInsertionPointToEnd(branch.thenBlock());
  scf::YieldOp::create(b, first);
  b.setInsertionPointToEnd(branch.elseBlock());
  Values second = no();
  scf::YieldOp::create(b, second);
  return llvm::to_vector_of<Value>(branch.getResults());
}

KernelCode::Values
KernelCode::loop(Value lower, Value upper, Value step, ValueRange carried,
                 llvm::function_ref<Values(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(b, lower, upper, step, carried);
  OpBuilder::InsertionGuard guard(b);
  Block *block = loop.getBody();
  // Without carried values the loop comes with its terminator.
  if (block->empty())
    b.setInsertionPointToEnd(block);
  else
    b.setInsertionPoint(block->getTerminator());
  Values next = body(loop.getInductionVar(), loop.getRegionIterArgs());
  if (!carried.empty())
    scf::YieldOp::create(b, next);
  return llvm::to_vector_of<Value>(loop.getResults());
}

void KernelCode::loop(Value lower, Value upper, Value step,
                      llvm::function_ref<void(Value)> body) {
  loop(lower, upper, step, {}, [&](Value i, ValueRange) {
    body(i);
    return Values();
  });
}

//===----------------------------------------------------------------------===//
// Accesses
//===----------------------------------------------------------------------===//

KernelCode::Values KernelCode::load(Value buffer, Value at, int64_t lanes) {
  Type element = getElementTypeOrSelf(buffer.getType());
  Values values;
  if (lanes == 1 || element.isInteger(1)) {
    for (int64_t lane = 0; lane < lanes; ++lane)
      values.push_back(memref::LoadOp::create(b, buffer, add(at, lane)));
    return values;
  }
  Value vector = vector::LoadOp::create(
      b, VectorType::get(lanes, element), buffer, at, /*nontemporal=*/false,
      llvm::Align(lanes * elementBytes(element)));
  for (int64_t lane = 0; lane < lanes; ++lane)
    values.push_back(vector::ExtractOp::create(b, vector, lane));
  return values;
}

void KernelCode::store(ValueRange values, Value buffer, Value at) {
  Type element = getElementTypeOrSelf(buffer.getType());
  int64_t lanes = values.size();
  if (lanes == 1 || element.isInteger(1)) {
    for (auto [lane, value] : llvm::enumerate(values))
      memref::StoreOp::create(b, value, buffer, add(at, lane));
    return;
  }
  Value vector = vector::BroadcastOp::create(b, VectorType::get(lanes, element),
                                             values[0]);
  for (int64_t lane = 1; lane < lanes; ++lane)
    vector = vector::InsertOp::create(b, values[lane], vector, lane);
  vector::StoreOp::create(b, vector, buffer, at, /*nontemporal=*/false,
                          llvm::Align(lanes * elementBytes(element)));
}

//===----------------------------------------------------------------------===//
// Warps
//===----------------------------------------------------------------------===//

Value KernelCode::shuffle(Value value, int64_t mask) {
  Type type = value.getType();
  auto word = [&](Value w) -> Value {
    return gpu::ShuffleOp::create(b, w, mask, kWarp, gpu::ShuffleMode::XOR)
        .getShuffleResult();
  };
  if (type.isF32() || type.isInteger(32))
    return word(value);
  Type i32 = b.getI32Type(), i64 = b.getI64Type();
  if (type.isInteger(1))
    return arith::TruncIOp::create(b, type,
                                   word(arith::ExtUIOp::create(b, i32, value)));
  // Registers have 32 bits: two shuffles.
  Value bits =
      type.isF64() ? Value(arith::BitcastOp::create(b, i64, value)) : value;
  Value half = arith::ConstantIntOp::create(b, i64, 32);
  Value low = word(arith::TruncIOp::create(b, i32, bits));
  Value high = word(arith::TruncIOp::create(
      b, i32, Value(arith::ShRUIOp::create(b, bits, half))));
  low = arith::ExtUIOp::create(b, i64, low);
  high = arith::ExtUIOp::create(b, i64, high);
  high = arith::ShLIOp::create(b, high, half);
  bits = arith::OrIOp::create(b, high, low);
  return type.isF64() ? Value(arith::BitcastOp::create(b, type, bits)) : bits;
}

Value KernelCode::overWarp(Value value,
                           llvm::function_ref<Value(Value, Value)> fold) {
  for (int64_t mask = kWarp / 2; mask > 0; mask /= 2)
    value = fold(value, shuffle(value, mask));
  return value;
}

//===----------------------------------------------------------------------===//
// The host's side
//===----------------------------------------------------------------------===//

Value noodle::gridExtent(Offload &offload, Value blocks, int64_t limit) {
  ImplicitLocOpBuilder &host = offload.host;
  blocks = host.createOrFold<arith::MaxUIOp>(blocks, offload.index(1));
  if (limit)
    blocks = host.createOrFold<arith::MinUIOp>(blocks, offload.index(limit));
  return blocks;
}

KernelNumber::KernelNumber(Offload &offload, KernelSpec &spec,
                           Value hostIndex) {
  if (std::optional<int64_t> known = getConstantIntValue(hostIndex)) {
    fixed = *known;
    return;
  }
  fixed = ShapedType::kDynamic;
  scalar = spec.scalars.size();
  spec.scalars.push_back(offload.scalar(hostIndex));
}

Value KernelNumber::get(KernelCode &code, ValueRange scalars) const {
  if (!ShapedType::isDynamic(fixed))
    return code.index(fixed);
  return unpackScalar(code.b, scalars[scalar], code.b.getIndexType());
}

int64_t noodle::accessLanes(TypeRange elements) {
  int64_t widest = 4;
  for (Type element : elements)
    widest = std::max(widest, elementBytes(element));
  return kAccessBytes / widest;
}

std::string noodle::typeText(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}
