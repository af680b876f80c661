//===- Rows.cpp - kernels of softmax and layer_norm along the last axis ---===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Three passes over a row, of which the first reads global memory. Between them
// each thread keeps what it read itself: in registers where the width is known
// and small enough, so that all its reads are in flight at once; else in shared
// memory, and what does not fit there is read again.
//
//===----------------------------------------------------------------------===//
#include "RowKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"

#include <limits>

using namespace mlir;
using namespace mlir::noodle;

namespace {

constexpr int64_t kThreads = 256;
/// Threads of a block whose row is longer than its threads may hold. More hold
/// more, and leave the chip's registers to fewer rows.
constexpr int64_t kManyThreads = 1024;
/// Bytes of the longest row that a warp does alone. A guess: 8 warps' rows then
/// take 32 KB of shared memory, and each thread makes 8 accesses.
constexpr int64_t kWarpBytes = 4096;
/// Bytes of a row that a thread holds in registers: at most, and where there is
/// a choice. Half of the 64 registers that 1024 threads of a block may have.
constexpr int64_t kHeldBytes = 128, kFewHeldBytes = 64;
/// Reads in flight where the width is not known.
constexpr int64_t kAhead = 4;

class RowPasses {
public:
  explicit RowPasses(Offload &offload)
      : offload(offload), root(offload.cluster.root),
        element(getElementTypeOrSelf(root->getResult(0))) {}
  LaunchOp run();

private:
  using Values = KernelCode::Values;

  /// The kernel's body for a row, `lanes` entries at a time.
  void passes(KernelCode &code, int64_t lanes);
  using Body = llvm::function_ref<Values(Value, Values, ValueRange)>;
  /// carried = body(column, entries, carried) over the row's entries. The first
  /// pass reads global memory and keeps them. With `replaces` the body returns
  /// new entries behind what is carried, which are kept instead. `again` makes
  /// of what had to be read again what is not kept.
  Values pass(KernelCode &code, int64_t lanes, bool first, ValueRange carried,
              Body body, bool replaces = false,
              llvm::function_ref<Values(Values)> again = nullptr);
  Values heldPass(KernelCode &code, int64_t lanes, bool first,
                  ValueRange carried, Body body, bool replaces);
  Value fits(KernelCode &code, Value column) {
    if (keepsAll)
      return arith::ConstantIntOp::create(code.b, code.b.getI1Type(), 1);
    return code.less(column, code.index(kept));
  }
  Values readGlobal(KernelCode &code, Value column, int64_t lanes) {
    return code.load(buffers[0], code.add(rowStart, column), lanes);
  }
  void finish(KernelCode &code, int64_t lanes, Value column, ValueRange made);
  void softmax(KernelCode &code, int64_t lanes);
  void layerNorm(KernelCode &code, int64_t lanes);

  Value number(KernelCode &code, double value) {
    return arith::ConstantOp::create(code.b,
                                     code.b.getFloatAttr(element, value));
  }

  Offload &offload;
  Operation *root;
  Type element;
  KernelSpec spec;
  std::optional<Epilogue> epilogue;
  std::optional<RowTensors> tensors;
  std::optional<RowGroups> groups;
  int64_t kept = 0;       ///< columns that shared memory holds of a row
  int64_t warpStride = 0; ///< entries of a warp's part of it
  bool keepsAll = false;
  int64_t accesses = 0; ///< of a thread that holds its part; 0: none does

  // In the kernel.
  ValueRange buffers, scalars;
  Value cache, cacheStart, rowStart;
  RowTensors::Row beside;
  SmallVector<Values> held; ///< by access
};

} // namespace

LaunchOp RowPasses::run() {
  Value input = root->getOperand(0);
  RankedTensorType type = offload.cluster.resultType();
  int64_t rank = type.getRank();
  for (int64_t d = 0; d < rank; ++d)
    spec.extents.push_back(offload.dim(input, d));
  spec.inputs.append(root->operand_begin(), root->operand_end());
  size_t own = spec.inputs.size();
  epilogue.emplace(offload, spec);
  tensors.emplace(offload, spec, *epilogue, rank - 1);
  SmallVector<Type> elements{element, type.getElementType()};
  for (const Epilogue::Operand *operand : epilogue->tensors())
    elements.push_back(operand->type);
  int64_t lanes = accessLanes(elements);

  spec.kind = "rows";
  spec.threads = kThreads;
  int64_t bytes = elementBytes(element), warpWidth = kWarpBytes / bytes;
  Value rows = offload.product(ArrayRef<Value>(spec.extents).drop_back());
  if (int64_t width = type.getDimSize(rank - 1);
      !ShapedType::isDynamic(width)) {
    while (width > warpWidth && spec.threads < kManyThreads &&
           width * bytes > spec.threads * kFewHeldBytes)
      spec.threads *= 2;
    int64_t sharing = width <= warpWidth ? kWarp : spec.threads;
    int64_t each = sharing * (width % lanes ? 1 : lanes);
    int64_t needed = llvm::divideCeil(width, each);
    if (needed * each * bytes <= sharing * kHeldBytes)
      accesses = needed;
  }
  groups.emplace(offload, spec, rows, spec.extents.back(), element, warpWidth,
                 /*slots=*/2);
  int64_t room = kSharedBytes / bytes - 2 * groups->warps();
  int64_t known = groups->known();
  kept = llvm::alignDown(room, 4);
  warpStride = warpWidth;
  int64_t size = kept;
  if (!ShapedType::isDynamic(known)) {
    int64_t padded = llvm::alignTo(std::max<int64_t>(known, 1), 4);
    warpStride = padded;
    kept = std::min(kept, padded);
    size = known <= warpWidth ? groups->warps() * padded : kept;
    keepsAll = known <= kept;
  }
  if (!accesses)
    spec.workgroup.push_back(sharedBuffer(size, element));
  spec.cuts.push_back(1);
  spec.cuts.append(own - 1, 0); // scale and shift
  if (tensors->appendCuts(spec.cuts))
    spec.cuts.push_back(1);
  else
    spec.splitScalar = -1;
  spec.text = root->getName().stripDialect().str() + mapsText(offload.cluster) +
              " " + typeText(element) +
              (ShapedType::isDynamic(known) ? ", a warp or a block a row"
               : known <= warpWidth         ? ", a warp a row"
                                            : ", a block a row");
  return offload.launch(spec, [&](ImplicitLocOpBuilder &b, ValueRange arguments,
                                  ValueRange numbers, ValueRange workgroup) {
    KernelCode code(b);
    buffers = arguments;
    scalars = numbers;
    if (!accesses)
      cache = workgroup.back();
    groups->begin(code, scalars, workgroup);
    if (!accesses)
      cacheStart = code.select(
          groups->isWarp, code.mul(groups->warp, warpStride), code.index(0));
    // The same for all threads of a row, and all of a block that shares one.
    code.when(code.less(groups->row, groups->rows), [&] {
      rowStart = code.mul(groups->row, groups->width);
      beside = tensors->at(code, groups->row, groups->width, buffers, scalars);
      code.when(
          code.equal(code.rem(groups->width, lanes), code.index(0)),
          [&] { passes(code, lanes); }, [&] { passes(code, 1); });
    });
  });
}

void RowPasses::passes(KernelCode &code, int64_t lanes) {
  RowTensors::Row saved = beside;
  held.clear();
  if (isa<SoftmaxOp>(root))
    softmax(code, lanes);
  else
    layerNorm(code, lanes);
  beside = saved;
}

KernelCode::Values RowPasses::pass(KernelCode &code, int64_t lanes, bool first,
                                   ValueRange carried, Body body, bool replaces,
                                   llvm::function_ref<Values(Values)> again) {
  if (accesses)
    return heldPass(code, lanes, first, carried, body, replaces);
  auto keep = [&](Value column, ValueRange entries) {
    code.when(fits(code, column), [&] {
      code.store(entries, cache, code.add(cacheStart, column));
    });
  };
  Value begin = code.mul(groups->member, lanes);
  Value step = code.mul(groups->size, lanes);
  if (!first)
    return code.loop(begin, groups->width, step, carried,
                     [&](Value column, ValueRange carried) {
                       Values entries = code.choose(
                           fits(code, column),
                           [&] {
                             return code.load(
                                 cache, code.add(cacheStart, column), lanes);
                           },
                           [&] {
                             Values read = readGlobal(code, column, lanes);
                             return again ? again(read) : read;
                           });
                       Values next = body(column, entries, carried);
                       if (replaces) {
                         keep(column, ArrayRef<Value>(next).take_back(lanes));
                         next.truncate(carried.size());
                       }
                       return next;
                     });
  // Several reads at a time, and then one by one.
  Value ahead = code.mul(step, kAhead - 1), zero = code.index(0);
  Value end = code.select(code.less(ahead, groups->width),
                          code.sub(groups->width, ahead), zero);
  Values state(carried.begin(), carried.end());
  state.push_back(begin);
  state = code.loop(begin, end, code.mul(step, kAhead), state,
                    [&](Value column, ValueRange state) {
                      SmallVector<Value> at;
                      SmallVector<Values> entries;
                      for (int64_t k = 0; k < kAhead; ++k) {
                        at.push_back(k ? code.add(at.back(), step) : column);
                        entries.push_back(readGlobal(code, at.back(), lanes));
                      }
                      Values next(state.drop_back().begin(),
                                  state.drop_back().end());
                      for (auto [column, entries] : llvm::zip(at, entries)) {
                        keep(column, entries);
                        next = body(column, entries, next);
                      }
                      next.push_back(code.add(at.back(), step));
                      return next;
                    });
  Value rest = state.pop_back_val();
  return code.loop(rest, groups->width, step, state,
                   [&](Value column, ValueRange carried) {
                     Values entries = readGlobal(code, column, lanes);
                     keep(column, entries);
                     return body(column, entries, carried);
                   });
}

KernelCode::Values RowPasses::heldPass(KernelCode &code, int64_t lanes,
                                       bool first, ValueRange carried,
                                       Body body, bool replaces) {
  Values state(carried.begin(), carried.end());
  Value begin = code.mul(groups->member, lanes);
  int64_t sharing = groups->known() <= groups->warpWidth ? kWarp : spec.threads;
  int64_t step = sharing * lanes;
  // Only the last access may find some threads without entries.
  bool whole = groups->known() % step == 0;
  SmallVector<Value> columns, valid;
  for (int64_t k = 0; k < accesses; ++k) {
    columns.push_back(code.add(begin, k * step));
    valid.push_back(
        k + 1 == accesses && !whole
            ? code.less(columns[k], groups->width)
            : arith::ConstantIntOp::create(code.b, code.b.getI1Type(), 1));
  }
  if (first)
    for (int64_t k = 0; k < accesses; ++k)
      held.push_back(code.choose(
          valid[k], [&] { return readGlobal(code, columns[k], lanes); },
          [&] { return Values(lanes, number(code, 0.0)); }));
  for (int64_t k = 0; k < accesses; ++k) {
    if (state.empty()) {
      code.when(valid[k], [&] { body(columns[k], held[k], {}); });
      continue;
    }
    size_t count = state.size();
    state = code.choose(
        valid[k], [&] { return body(columns[k], held[k], state); },
        [&] {
          Values same = state;
          if (replaces)
            llvm::append_range(same, held[k]);
          return same;
        });
    if (replaces) {
      held[k].assign(state.begin() + count, state.end());
      state.truncate(count);
    }
  }
  return state;
}

void RowPasses::finish(KernelCode &code, int64_t lanes, Value column,
                       ValueRange made) {
  tensors->load(code, beside, column, lanes, buffers);
  Values results;
  for (int64_t lane = 0; lane < lanes; ++lane)
    results.push_back(epilogue->apply(
        code.b, made[lane], scalars, [&](const Epilogue::Operand &operand) {
          return RowTensors::entry(beside, operand, lane);
        }));
  code.store(results, buffers.back(), code.add(rowStart, column));
}

//===----------------------------------------------------------------------===//
// The two ops
//===----------------------------------------------------------------------===//

/// The greater; NaN wins.
static Value greater(ImplicitLocOpBuilder &b, Value x, Value y) {
  if (x.getType().isF32()) // one instruction
    return arith::MaximumFOp::create(b, x, y);
  Value first = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, y);
  Value ordered = arith::SelectOp::create(b, first, x, y);
  Value isNaN = arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, x, x);
  return arith::SelectOp::create(b, isNaN, x, ordered);
}

void RowPasses::softmax(KernelCode &code, int64_t lanes) {
  ImplicitLocOpBuilder &b = code.b;
  auto max = [&](Value x, Value y) { return greater(b, x, y); };
  auto sumOf = [&](Value x, Value y) -> Value {
    return arith::AddFOp::create(b, x, y);
  };
  Value lowest = number(code, -std::numeric_limits<double>::infinity());
  Value top = pass(code, lanes, /*first=*/true, lowest,
                   [&](Value, Values entries, ValueRange carried) {
                     Value top = entries[0];
                     for (Value entry : ArrayRef<Value>(entries).drop_front())
                       top = max(top, entry);
                     return Values{max(carried[0], top)};
                   })
                  .front();
  top = groups->fold(code, top, 0, max);
  auto powers = [&](ValueRange entries) {
    Values powers;
    for (Value entry : entries) {
      Value below = arith::SubFOp::create(b, entry, top);
      powers.push_back(math::ExpOp::create(b, below));
    }
    return powers;
  };
  // Powers that are kept are not computed again.
  Value zero = number(code, 0.0);
  Value sum = pass(
                  code, lanes, /*first=*/false, zero,
                  [&](Value, Values entries, ValueRange carried) {
                    Values made = powers(entries);
                    Value part = made[0];
                    for (Value power : ArrayRef<Value>(made).drop_front())
                      part = sumOf(part, power);
                    made.insert(made.begin(), sumOf(carried[0], part));
                    return made;
                  },
                  /*replaces=*/true)
                  .front();
  sum = groups->fold(code, sum, 1, sumOf);
  pass(
      code, lanes, /*first=*/false, {},
      [&](Value column, Values made, ValueRange) {
        for (Value &value : made)
          value = arith::DivFOp::create(b, value, sum);
        finish(code, lanes, column, made);
        return Values();
      },
      /*replaces=*/false, [&](Values entries) { return powers(entries); });
}

void RowPasses::layerNorm(KernelCode &code, int64_t lanes) {
  ImplicitLocOpBuilder &b = code.b;
  auto op = cast<LayerNormOp>(root);
  auto sumOf = [&](Value x, Value y) -> Value {
    return arith::AddFOp::create(b, x, y);
  };
  auto total = [&](ValueRange parts, Value carried) {
    Value part = parts[0];
    for (Value next : parts.drop_front())
      part = sumOf(part, next);
    return Values{sumOf(carried, part)};
  };
  Value zero = number(code, 0.0);
  Value sum = pass(code, lanes, /*first=*/true, zero,
                   [&](Value, Values entries, ValueRange carried) {
                     return total(entries, carried[0]);
                   })
                  .front();
  sum = groups->fold(code, sum, 0, sumOf);
  Value count = arith::IndexCastOp::create(b, b.getI64Type(), groups->width);
  count = arith::SIToFPOp::create(b, element, count);
  Value mean = arith::DivFOp::create(b, sum, count);
  Value squares =
      pass(code, lanes, /*first=*/false, zero,
           [&](Value, Values entries, ValueRange carried) {
             for (Value &entry : entries) {
               Value difference = arith::SubFOp::create(b, entry, mean);
               entry = arith::MulFOp::create(b, difference, difference);
             }
             return total(entries, carried[0]);
           })
          .front();
  squares = groups->fold(code, squares, 1, sumOf);
  Value variance = arith::DivFOp::create(b, squares, count);
  Value epsilon = number(code, op.getEpsilon().convertToDouble());
  Value deviation = math::SqrtOp::create(
      b, Value(arith::AddFOp::create(b, variance, epsilon)));
  unsigned scaleAt = 1, shiftAt = op.getScale() ? 2 : 1;
  pass(code, lanes, /*first=*/false, {},
       [&](Value column, Values entries, ValueRange) {
         Values scale, shift;
         if (op.getScale())
           scale = code.load(buffers[scaleAt], column, lanes);
         if (op.getShift())
           shift = code.load(buffers[shiftAt], column, lanes);
         for (auto [lane, entry] : llvm::enumerate(entries)) {
           entry = arith::SubFOp::create(b, entry, mean);
           entry = arith::DivFOp::create(b, entry, deviation);
           if (op.getScale())
             entry = arith::MulFOp::create(b, entry, scale[lane]);
           if (op.getShift())
             entry = arith::AddFOp::create(b, entry, shift[lane]);
         }
         finish(code, lanes, column, entries);
         return Values();
       });
}

LaunchOp noodle::emitRowPasses(Offload &offload) {
  return RowPasses(offload).run();
}

LaunchOp noodle::emitRows(Offload &offload) {
  Operation *root = offload.cluster.root;
  if (isa<ReduceOp>(root))
    return emitReduction(offload);
  auto softmax = dyn_cast<SoftmaxOp>(root);
  if (softmax && int64_t(softmax.getAxis()) != softmax.getType().getRank() - 1)
    return emitColumnSoftmax(offload);
  return emitRowPasses(offload);
}
