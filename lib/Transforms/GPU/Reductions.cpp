//===- Reductions.cpp - kernels of reduce ---------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Neighbouring dimensions that share their fate are one. Where the last one
// goes, threads run along it and fold among themselves; where it stays,
// neighbouring threads do neighbouring results.
//
//===----------------------------------------------------------------------===//
#include "RowKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

namespace {

/// Bytes of the longest row that a warp adds alone. A guess.
constexpr int64_t kWarpBytes = 4096;
/// Threads of a block: many where there are few rows to spread.
constexpr int64_t kThreads = 256, kManyThreads = 1024;
/// Static numbers of rows, and of entries that add up, that count as few.
constexpr int64_t kFewRows = 8, kFewTerms = 64;

class Reduction {
public:
  explicit Reduction(Offload &offload)
      : offload(offload), op(cast<ReduceOp>(offload.cluster.root)),
        type(cast<RankedTensorType>(op.getInput().getType())),
        element(type.getElementType()),
        semiring(*Semiring::resolve(op.getSemiring(), element, op,
                                    [&] { return op.emitOpError(); })) {}

  LaunchOp run();

private:
  using Values = KernelCode::Values;

  /// Dimensions that follow each other and all stay or all go.
  struct Group {
    bool kept;
    Value extent; ///< host side
    KernelNumber number;
  };

  void findGroups();
  LaunchOp rows(const Epilogue &epilogue);
  LaunchOp columns(const Epilogue &epilogue);

  Value add(KernelCode &code, Value x, Value y) {
    return semiring.add(code.b, code.b.getLoc(), x, y);
  }
  /// In the kernel: where the entries of the `linear`-th setting of the groups
  /// that stay (or go) begin. The last group steps by 1.
  Value offset(KernelCode &code, ValueRange scalars, Value linear, bool kept,
               bool withLast);
  void store(KernelCode &code, const Epilogue &epilogue, Value value,
             Value position, ValueRange buffers, ValueRange scalars);

  Offload &offload;
  ReduceOp op;
  RankedTensorType type;
  Type element;
  Semiring semiring;
  KernelSpec spec;
  SmallVector<Group> groups;
  SmallVector<KernelNumber> resultExtents;
};

} // namespace

void Reduction::findGroups() {
  for (int64_t d = 0; d < type.getRank(); ++d) {
    bool kept = !llvm::is_contained(op.getDims(), d);
    Value extent = offload.dim(op.getInput(), d);
    if (kept)
      spec.extents.push_back(extent);
    if (type.getDimSize(d) == 1)
      continue;
    if (groups.empty() || groups.back().kept != kept)
      groups.push_back({kept, extent, {}});
    else
      groups.back().extent = offload.product({groups.back().extent, extent});
  }
  // Nothing to add: rows of one entry.
  if (groups.empty())
    groups.push_back({false, offload.index(1), {}});
}

LaunchOp Reduction::run() {
  findGroups();
  spec.kind = "rows";
  spec.inputs.push_back(op.getInput());
  Epilogue epilogue(offload, spec);
  for (Group &group : groups)
    group.number = KernelNumber(offload, spec, group.extent);
  if (!epilogue.empty())
    for (Value extent : spec.extents)
      resultExtents.emplace_back(offload, spec, extent);
  spec.text = "reduce" + mapsText(offload.cluster) + " " +
              (semiring.kind() == SemiringKind::User
                   ? "@" + semiring.userOp().getSymName().str()
                   : stringifySemiringKind(semiring.kind()).str()) +
              " " + typeText(element);
  return groups.back().kept ? columns(epilogue) : rows(epilogue);
}

Value Reduction::offset(KernelCode &code, ValueRange scalars, Value linear,
                        bool kept, bool withLast) {
  ArrayRef<Group> all = groups;
  SmallVector<Value> extents, strides;
  Value stride = code.index(1);
  for (size_t k = all.size(); k-- > 0;) {
    Value extent = all[k].number.get(code, scalars);
    if (all[k].kept == kept && (withLast || k + 1 < all.size())) {
      extents.insert(extents.begin(), extent);
      strides.insert(strides.begin(), stride);
    }
    stride = code.mul(stride, extent);
  }
  Value position = code.index(0);
  for (auto [index, stride] :
       llvm::zip(delinearize(code, linear, extents), strides))
    position = code.add(position, code.mul(index, stride));
  return position;
}

void Reduction::store(KernelCode &code, const Epilogue &epilogue, Value value,
                      Value position, ValueRange buffers, ValueRange scalars) {
  SmallVector<Value> extents;
  for (const KernelNumber &extent : resultExtents)
    extents.push_back(extent.get(code, scalars));
  if (!epilogue.empty())
    value = epilogue.apply(code.b, value, delinearize(code, position, extents),
                           buffers, scalars);
  code.store(value, buffers.back(), position);
}

//===----------------------------------------------------------------------===//
// The last dimension goes
//===----------------------------------------------------------------------===//

LaunchOp Reduction::rows(const Epilogue &epilogue) {
  Value rowCount = offload.index(1), segments = offload.index(1);
  for (const Group &group : ArrayRef<Group>(groups).drop_back())
    (group.kept ? rowCount : segments) =
        offload.product({group.kept ? rowCount : segments, group.extent});
  Value width = groups.back().extent;
  std::optional<int64_t> fixedRows = getConstantIntValue(rowCount);
  std::optional<int64_t> fixedWidth = getConstantIntValue(width);
  int64_t warpWidth = kWarpBytes / elementBytes(element);
  spec.threads = fixedRows && *fixedRows <= kFewRows &&
                         !(fixedWidth && *fixedWidth <= warpWidth)
                     ? kManyThreads
                     : kThreads;
  KernelNumber segmentCount(offload, spec, segments);
  RowGroups group(offload, spec, rowCount, width, element, warpWidth,
                  /*slots=*/1);
  int64_t lanes = accessLanes(element);
  spec.text += ShapedType::isDynamic(group.known())
                   ? ", a warp or a block a row"
               : group.known() <= warpWidth ? ", a warp a row"
                                            : ", a block a row";
  spec.cuts.push_back(1);
  bool cuts = epilogue.appendCuts(spec.cuts, spec.extents.size());
  spec.cuts.push_back(1);
  // Rows lie one behind the other only where they are all that is left.
  if (!cuts || segmentCount.fixed != 1 || groups.size() > 2)
    spec.splitScalar = -1;
  return offload.launch(spec, [&](ImplicitLocOpBuilder &b, ValueRange buffers,
                                  ValueRange scalars, ValueRange workgroup) {
    KernelCode code(b);
    auto fold = [&](Value x, Value y) { return add(code, x, y); };
    group.begin(code, scalars, workgroup);
    Value zero = semiring.zero(b, b.getLoc());
    code.when(code.less(group.row, group.rows), [&] {
      Value start = offset(code, scalars, group.row, /*kept=*/true,
                           /*withLast=*/false);
      auto along = [&](int64_t lanes) {
        // A sum for every lane, so that additions do not wait for each other.
        Values sums(lanes, zero);
        auto segment = [&](Value first, ValueRange carried) {
          return code.loop(
              code.mul(group.member, lanes), group.width,
              code.mul(group.size, lanes), carried,
              [&](Value column, ValueRange carried) {
                Values entries =
                    code.load(buffers[0], code.add(first, column), lanes);
                for (auto [entry, sum] : llvm::zip(entries, carried))
                  entry = fold(sum, entry);
                return entries;
              });
        };
        if (segmentCount.fixed == 1)
          sums = segment(start, sums);
        else
          sums = code.loop(code.index(0), segmentCount.get(code, scalars),
                           code.index(1), sums, [&](Value s, ValueRange sums) {
                             Value shift = offset(code, scalars, s,
                                                  /*kept=*/false,
                                                  /*withLast=*/false);
                             return segment(code.add(start, shift), sums);
                           });
        Value sum = sums[0];
        for (Value next : ArrayRef<Value>(sums).drop_front())
          sum = fold(sum, next);
        return Values{sum};
      };
      Value sum =
          code.choose(
                  code.equal(code.rem(group.width, lanes), code.index(0)),
                  [&] { return along(lanes); }, [&] { return along(1); })
              .front();
      sum = group.fold(code, sum, 0, fold);
      code.when(code.equal(group.member, code.index(0)), [&] {
        store(code, epilogue, sum, group.row, buffers, scalars);
      });
    });
  });
}

//===----------------------------------------------------------------------===//
// The last dimension stays
//===----------------------------------------------------------------------===//

LaunchOp Reduction::columns(const Epilogue &epilogue) {
  Value results = offload.product(spec.extents), terms = offload.index(1);
  for (const Group &group : groups)
    if (!group.kept)
      terms = offload.product({terms, group.extent});
  KernelNumber resultCount(offload, spec, results);
  KernelNumber termCount(offload, spec, terms);
  bool few =
      !ShapedType::isDynamic(termCount.fixed) && termCount.fixed <= kFewTerms;
  spec.threads = few ? kThreads : kManyThreads;
  int64_t share = spec.threads / kWarp;
  spec.gridX = gridExtent(offload, offload.ceilDiv(results, kWarp));
  spec.text += ", " + std::to_string(share) + " threads a column";
  spec.workgroup.push_back(sharedBuffer(spec.threads, element));
  return offload.launch(spec, [&](ImplicitLocOpBuilder &b, ValueRange buffers,
                                  ValueRange scalars, ValueRange workgroup) {
    KernelCode code(b);
    Value thread = code.thread();
    Value x = code.rem(thread, kWarp), y = code.div(thread, kWarp);
    Value column = code.add(code.mul(code.blockX(), kWarp), x);
    Value valid = code.less(column, resultCount.get(code, scalars));
    // Threads without a column go along to the barrier.
    Value end = code.select(valid, termCount.get(code, scalars), code.index(0));
    Value start =
        offset(code, scalars, column, /*kept=*/true, /*withLast=*/true);
    Value zero = semiring.zero(b, b.getLoc());
    Value sum =
        code.loop(y, end, code.index(share), zero,
                  [&](Value term, ValueRange carried) {
                    Value at = code.add(start, offset(code, scalars, term,
                                                      /*kept=*/false,
                                                      /*withLast=*/true));
                    return Values{
                        add(code, carried[0], code.load(buffers[0], at))};
                  })
            .front();
    Value shared = workgroup[0];
    code.store(sum, shared, code.add(code.mul(y, kWarp), x));
    code.barrier();
    code.when(code.both(valid, code.equal(y, code.index(0))), [&] {
      Value all =
          code.loop(code.index(kWarp), code.index(spec.threads),
                    code.index(kWarp), sum,
                    [&](Value k, ValueRange carried) {
                      return Values{add(code, carried[0],
                                        code.load(shared, code.add(x, k)))};
                    })
              .front();
      store(code, epilogue, all, column, buffers, scalars);
    });
  });
}

LaunchOp noodle::emitReduction(Offload &offload) {
  return Reduction(offload).run();
}
