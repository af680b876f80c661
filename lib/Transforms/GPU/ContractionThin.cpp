//===- ContractionThin.cpp - a matrix times a vector ----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each entry of the matrix is used once, so all that counts is to read it as
// fast as memory gives it: neighbouring lanes read neighbours, and each has
// several accesses under way. Where the matrix runs along the sum, a warp forms
// one sum and its lanes' parts are added by shuffles. Where it runs along the
// output, a lane forms one sum; the warps of a block take the sum's steps in
// turn, and their parts are added through shared memory.
//
//===----------------------------------------------------------------------===//
#include "Contraction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::noodle;
using Values = KernelCode::Values;
using Place = Product::Place;
using Group = Product::Group;

/// Warps of a block: enough to fill a multiprocessor with few blocks. A guess.
static constexpr int64_t kWarps = 8;
/// Accesses that a thread has under way: 32 KB and more in a multiprocessor of
/// 2048 threads, above what latency times bandwidth asks for on sm_90 (3.3 TB/s
/// over 132 multiprocessors for 0.7 us is 18 KB).
static constexpr int64_t kUnderWay = 4;

namespace {

class ThinKernel {
public:
  explicit ThinKernel(const Product &product)
      : product(product),
        group(product.form.rows.empty() ? Product::Columns : Product::Rows),
        matrix(group == Product::Rows ? Product::Lhs : Product::Rhs),
        vector(group == Product::Rows ? Product::Rhs : Product::Lhs),
        acrossOutput(product.hasStride(matrix, group, 1) &&
                     !product.hasStride(matrix, Product::Inner, 1)) {}

  const Product &product;
  Group group; ///< the output's
  Place matrix, vector;
  /// The matrix runs along the output.
  bool acrossOutput;

  /// Outputs of a block.
  int64_t rows() const { return acrossOutput ? kWarp : kWarps; }
  void emit(Product::Frame &frame, Product::Number columnBlocks);

private:
  void warpForEach();
  void laneForEach();
  Values addAlong(Value start[2], Value lane, int64_t lanes);
  /// `lanes` entries of an operand from step `k` of the sum on.
  Value entries(Place place, Value start, Value k, int64_t lanes);
  /// Where an operand's line for output `row` begins.
  Value lineOf(Place place, Value row);
  Value addEntries(Value sum, Value fromMatrix, Value fromVector);
  void write(Value sum, Value row);
  Value sumExtent() { return product.extent(*frame, Product::Inner); }

  Product::Frame *frame = nullptr;
  KernelCode *code = nullptr;
};

} // namespace

Value ThinKernel::lineOf(Place place, Value row) {
  return code->add(frame->base[place],
                   code->mul(row, product.stride(*frame, place, group)));
}

Value ThinKernel::entries(Place place, Value start, Value k, int64_t lanes) {
  ImplicitLocOpBuilder &b = code->b;
  Value buffer = frame->buffers[place];
  Value step = product.stride(*frame, place, Product::Inner);
  Value at = code->add(start, code->mul(k, step));
  Value read;
  auto type = VectorType::get(lanes, product.element);
  if (lanes == 1) {
    read = code->load(buffer, at);
  } else if (product.hasStride(place, Product::Inner, 1)) {
    read = vector::LoadOp::create(
        b, type, buffer, at, false,
        llvm::Align(lanes * elementBytes(product.element)));
  } else {
    for (int64_t lane = 0; lane < lanes; ++lane) {
      Value one = code->load(buffer, code->add(at, code->mul(step, lane)));
      read = read ? Value(vector::InsertOp::create(b, one, read, lane))
                  : Value(vector::BroadcastOp::create(b, type, one));
    }
  }
  return product.toCompute(*code, product.toStored(*code, read));
}

/// Adds the products of entries, element by element.
Value ThinKernel::addEntries(Value sum, Value fromMatrix, Value fromVector) {
  if (matrix == Product::Lhs)
    return product.addProduct(*code, sum, fromMatrix, fromVector);
  return product.addProduct(*code, sum, fromVector, fromMatrix);
}

void ThinKernel::write(Value sum, Value row) {
  Value none = code->index(0);
  Value r = group == Product::Rows ? row : none;
  Value c = group == Product::Rows ? none : row;
  memref::StoreOp::create(code->b, product.finish(*frame, sum, r, c),
                          frame->buffers.back(),
                          product.outPosition(*frame, r, c));
}

/// A lane's part of one sum, in accesses of `lanes` entries: one sum for each
/// of them.
Values ThinKernel::addAlong(Value start[2], Value lane, int64_t lanes) {
  ImplicitLocOpBuilder &b = code->b;
  bool wide = product.wide() && lanes > 1;
  Value zero = product.zero(*code);
  Values sums(wide ? 1 : lanes, zero);
  if (wide)
    sums[0] = vector::BroadcastOp::create(
        b, VectorType::get(lanes, product.compute), zero);
  auto addTo = [&](Values &sums, Value x, Value y) {
    if (wide || lanes == 1) {
      sums[0] = addEntries(sums[0], x, y);
      return;
    }
    for (int64_t at = 0; at < lanes; ++at)
      sums[at] = addEntries(sums[at], vector::ExtractOp::create(b, x, at),
                            vector::ExtractOp::create(b, y, at));
  };
  int64_t step = kWarp * lanes, round = step * kUnderWay;
  Value end = code->mul(code->div(sumExtent(), round), round);
  Value first = code->mul(lane, lanes);
  sums = code->loop(first, end, code->index(round), sums,
                    [&](Value k, ValueRange carried) {
                      Values now(carried), x, y;
                      for (int64_t at = 0; at < kUnderWay; ++at)
                        x.push_back(entries(matrix, start[0],
                                            code->add(k, at * step), lanes));
                      for (int64_t at = 0; at < kUnderWay; ++at)
                        y.push_back(entries(vector, start[1],
                                            code->add(k, at * step), lanes));
                      for (int64_t at = 0; at < kUnderWay; ++at)
                        addTo(now, x[at], y[at]);
                      return now;
                    });
  // The rest, one by one.
  Values parts;
  for (int64_t at = 0; at < lanes; ++at)
    parts.push_back(wide ? Value(vector::ExtractOp::create(b, sums[0], at))
                         : sums[at]);
  Values rest = code->loop(
      code->add(end, lane), sumExtent(), code->index(kWarp), parts[0],
      [&](Value k, ValueRange carried) {
        return Values{addEntries(carried[0], entries(matrix, start[0], k, 1),
                                 entries(vector, start[1], k, 1))};
      });
  parts[0] = rest[0];
  Value sum = parts[0];
  for (Value part : ArrayRef(parts).drop_front())
    sum = product.add(*code, sum, part);
  return {sum};
}

void ThinKernel::warpForEach() {
  Value thread = code->thread();
  Value lane = code->rem(thread, kWarp);
  Value row =
      code->add(code->mul(code->blockX(), rows()), code->div(thread, kWarp));
  int64_t lanes = kAccessBytes / elementBytes(product.stored);
  // Whole warps: all lanes have one row.
  code->when(code->less(row, product.extent(*frame, group)), [&] {
    Value start[2] = {lineOf(matrix, row), lineOf(vector, row)};
    Value whole = arith::ConstantIntOp::create(code->b, 0, 1);
    auto unit = [&](Place place) {
      return product.hasStride(place, Product::Inner, 1);
    };
    auto even = [&](Place place) {
      return product.divisible(*frame, {product.stride(place, group)}, place,
                               lanes);
    };
    if (unit(matrix) && !product.element.isInteger(1))
      whole =
          unit(vector) ? code->both(even(matrix), even(vector)) : even(matrix);
    Value sum = code->choose(
        whole, [&] { return addAlong(start, lane, lanes); },
        [&] { return addAlong(start, lane, 1); })[0];
    sum = code->overWarp(
        sum, [&](Value x, Value y) { return product.add(*code, x, y); });
    code->when(code->equal(lane, code->index(0)), [&] { write(sum, row); });
  });
}

void ThinKernel::laneForEach() {
  ImplicitLocOpBuilder &b = code->b;
  Value thread = code->thread();
  Value lane = code->rem(thread, kWarp), warp = code->div(thread, kWarp);
  Value row = code->add(code->mul(code->blockX(), rows()), lane);
  Value limit = product.extent(*frame, group);
  // Lanes past the last output read its line; it is not written twice.
  Value read = code->min(row, code->sub(limit, code->index(1)));
  Value start[2] = {lineOf(matrix, read), lineOf(vector, read)};
  int64_t round = kWarps * kUnderWay;
  Value end = code->mul(code->div(sumExtent(), round), round);
  Values sum = {product.zero(*code)};
  sum = code->loop(warp, end, code->index(round), sum,
                   [&](Value k, ValueRange carried) {
                     Values x, y;
                     for (int64_t at = 0; at < kUnderWay; ++at) {
                       Value step = code->add(k, at * kWarps);
                       x.push_back(entries(matrix, start[0], step, 1));
                       y.push_back(entries(vector, start[1], step, 1));
                     }
                     Value now = carried[0];
                     for (int64_t at = 0; at < kUnderWay; ++at)
                       now = addEntries(now, x[at], y[at]);
                     return Values{now};
                   });
  sum = code->loop(code->add(end, warp), sumExtent(), code->index(kWarps), sum,
                   [&](Value k, ValueRange carried) {
                     return Values{addEntries(carried[0],
                                              entries(matrix, start[0], k, 1),
                                              entries(vector, start[1], k, 1))};
                   });
  Value shared = frame->workgroup[0];
  Value mine = sum[0];
  if (product.compute != product.stored)
    mine = arith::ExtUIOp::create(b, product.stored, mine);
  memref::StoreOp::create(b, mine, shared, thread);
  code->barrier();
  Value writes = code->both(code->less(thread, code->index(kWarp)),
                            code->less(row, limit));
  code->when(writes, [&] {
    Value total;
    for (int64_t at = 0; at < kWarps; ++at) {
      Value part = product.toCompute(
          *code, code->load(shared, code->add(lane, at * kWarp)));
      total = total ? product.add(*code, total, part) : part;
    }
    write(total, row);
  });
}

void ThinKernel::emit(Product::Frame &frame, Product::Number columnBlocks) {
  this->frame = &frame;
  code = &frame.code;
  product.inBatch(frame, columnBlocks, [&](Value) {
    if (acrossOutput)
      laneForEach();
    else
      warpForEach();
  });
}

LaunchOp noodle::emitThinContraction(Offload &offload) {
  KernelSpec spec;
  Product product(offload, spec);
  ThinKernel kernel(product);
  product.describe(kernel.acrossOutput ? "a lane for each sum"
                                       : "a warp for each sum");
  spec.threads = kWarps * kWarp;
  if (kernel.acrossOutput)
    spec.workgroup.push_back(MemRefType::get(
        {kWarps * kWarp}, product.stored, MemRefLayoutAttrInterface(),
        gpu::AddressSpaceAttr::get(offload.host.getContext(),
                                   gpu::AddressSpace::Workgroup)));
  Product::Number columnBlocks =
      product.setGrid(kernel.group, kernel.rows(), offload.index(1));
  product.allowSplit(kernel.group, kernel.rows());
  return offload.launch(spec, [&](ImplicitLocOpBuilder &b, ValueRange buffers,
                                  ValueRange scalars, ValueRange workgroup) {
    KernelCode code(b);
    Product::Frame frame{code, buffers, scalars, workgroup};
    kernel.emit(frame, columnBlocks);
  });
}
