//===- DensePlan.cpp - how a dense contraction is cut ---------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Cost/DensePlan.h"

#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <limits>

using namespace mlir::noodle;

/// Extents that are unknown are taken to be this when a time is predicted.
static constexpr double kUnknownExtent = 256;
/// Products of less work than this many steps of f32 stay on the calling
/// thread: a region on two threads that are awake costs 0.25 us, and products
/// of 60 take 2.5 us instead of 4.3 (2-core Zen 4).
static constexpr double kSerialSteps = 0.2e6;
/// To wake a thread costs 20 to 40 us there, the time of so many steps.
static constexpr double kBriefSteps = 1.5e6;
/// Row blocks of a brief product, at least, where rows suffice: with four,
/// products of 100 run at 143 GFLOP/s on two threads, with eight at 174.
static constexpr int64_t kBriefBlocks = 8;
/// Rows of a block: 32 on Zen 4, where products of 512 floats run at 111, 107,
/// 108 GFLOP/s with 32, 64, 16 of a peak of 118; alike from 1024 on. Of
/// elements of 8 bytes 64: products of 1000 run at 53 GFLOP/s, with 32 at 51,
/// of 59.
static constexpr int64_t kRowBlock = 32, kWideRowBlock = 64;
/// Rows and columns from which tiles have three vectors of eight rows, of 4 and
/// of 8 bytes: with two products of 1000 run at 108 and 44 GFLOP/s instead of
/// 111 and 51 (Zen 4).
static constexpr int64_t kManyFrom = 768, kWideManyFrom = 512;
/// Steps of the sum in a block, in bytes of a row of the left operand, and the
/// bytes up to which a sum is not cut. On Zen 4 sums of 3000 floats run at 103
/// GFLOP/s in one block, at 99 in blocks of 768.
static constexpr int64_t kInnerBytes = 8192, kWholeInnerBytes = 12288;
/// Columns of a packed block: 2048 floats measured best at 4096 on Zen 5.
static constexpr int64_t kColumnBytes = 8192;
/// Lines of a cache set of the first level. As many rows a multiple of 4 KiB
/// apart fit: 12 such rows cost 10 % against 8 at 1024 and 2048 on Zen 4.
static constexpr int64_t kCacheWays = 8, kCacheSpan = 4096;
/// Elements of the right operand below which it is read where it is: packing
/// costs 3 to 8 % up to 256 x 256 floats on Zen 5.
static constexpr int64_t kPackRhsBytes = 512 << 10;
/// The same for a left operand whose steps are rows of memory. One whose rows
/// are is read as well where it is: 105 against 104 GFLOP/s at 2048 on Zen 4.
static constexpr int64_t kPackLhsBytes = 2 << 20;

/// Where rows and columns make fewer pieces than this for threads to share,
/// long sums are cut into parts, of so many steps at least where memory is read
/// in place (a guess); of what is packed a part is one block.
static constexpr int64_t kFewPieces = 4, kPartSteps = 4096, kMostParts = 64;

static double extentOr(int64_t extent) {
  return extent < 0 ? kUnknownExtent : double(extent);
}

double ProductShape::flops() const {
  return 2 * extentOr(batch) * extentOr(rows) * extentOr(columns) *
         extentOr(inner);
}

double ProductShape::bytes() const {
  double m = extentOr(rows), n = extentOr(columns), k = extentOr(inner);
  return extentOr(batch) * (m * k * lhsBytes + k * n * rhsBytes +
                            m * n * outBytes * (accumulate ? 2 : 1));
}

llvm::StringRef mlir::noodle::productClassName(ProductClass kind) {
  switch (kind) {
  case ProductClass::Row:
    return "row times matrix";
  case ProductClass::Dot:
    return "dot products";
  case ProductClass::Tiny:
    return "tiny";
  case ProductClass::Unpacked:
    return "unpacked";
  case ProductClass::PackRhs:
    return "packed rhs";
  case ProductClass::PackBoth:
    return "packed both";
  }
  return "unknown";
}

std::string DensePlan::text() const {
  std::string text = productClassName(kind).str();
  if (kind == ProductClass::Row || kind == ProductClass::Dot)
    return text + (splitInner > 1
                       ? ", sum in " + std::to_string(splitInner) + " parts"
                       : "");
  text +=
      ", tile " + std::to_string(tileRows) + "x" + std::to_string(tileColumns);
  auto block = [](int64_t size) {
    return size ? std::to_string(size) : std::string("all");
  };
  if (kind != ProductClass::Tiny)
    text += ", blocks " + block(rowBlock) + "x" + block(columnBlock) + "x" +
            block(innerBlock);
  if (splitInner > 1)
    text += ", sum in " + std::to_string(splitInner) + " parts";
  return text;
}

namespace {

/// Cycles per step of the sum that a row of tiles takes, and what it needs.
struct TileChoice {
  int64_t rows, vectors;
  double cost;
};

} // namespace

/// Cycles of one step of a tile: it multiplies and adds, loads `vectors` of the
/// right operand (one 512-bit load a cycle on Zen 4) and broadcasts `rows` of
/// the left (two a cycle). Less than four sums at work wait for each other.
static double tileCycles(double rows, double vectors) {
  return std::max({rows * vectors, vectors + rows / 2, 4.0});
}

/// The register tile with the least work, tails included.
static TileChoice chooseTile(int64_t rows, int64_t columns, int64_t lanes,
                             int64_t registers, int64_t spare, int64_t mostRows,
                             int64_t manyFrom) {
  bool wide = registers >= 32;
  TileChoice best = {wide ? 8 : 6, 2, 0};
  if (rows < 0 && columns < 0)
    return best;
  best.cost = std::numeric_limits<double>::max();
  for (int64_t v : {2, 3, 1, 4, 6, 8})
    for (int64_t r : {8, 12, 10, 6, 9, 7, 11, 14, 13, 5, 4, 3, 2, 1, 24, 16}) {
      // Registers for the right operand's vectors and a broadcast. Tails weigh
      // more where there are few rows and columns.
      bool many = wide && rows >= manyFrom && columns >= manyFrom;
      if (r * v + v + 1 + spare > registers || (v > 4 && r > 3) ||
          (r > mostRows && r > 1) ||
          (many ? r != 8 || v != 3 : v == 3 && r > 6))
        continue;
      double cost = 0;
      double rowTiles = rows < 0 ? 32 : rows / r;
      double rowTail = rows < 0 ? 0 : rows % r;
      double columnTiles = columns < 0 ? 16 : columns / (v * lanes);
      double columnRest = columns < 0 ? 0 : columns % (v * lanes);
      // Narrow vectors take half the time on Zen 4, whose units are 256 bits.
      double tailVectors = 0;
      if (columnRest)
        tailVectors = int64_t(columnRest) / lanes +
                      (int64_t(columnRest) % lanes == 0           ? 0
                       : int64_t(columnRest) % lanes * 2 <= lanes ? 0.5
                                                                  : 1);
      // Entering and leaving a tile: about six steps' worth, a guess.
      auto add = [&](double count, double r, double v) {
        if (count && r && v)
          cost += count * (tileCycles(r, v) + 0.05 * r * v);
      };
      add(rowTiles * columnTiles, r, v);
      add(rowTiles, r, tailVectors);
      add(columnTiles, rowTail, v);
      add(rowTail ? 1 : 0, rowTail, tailVectors);
      // A tail is more code to compile and to fetch.
      cost *= 1 + (rowTail ? 0.01 : 0) + (columnRest ? 0.005 : 0);
      if (cost < best.cost * 0.99)
        best = {r, v, cost};
    }
  return best;
}

/// Vectors that so many columns take, in full ones: masks make one of what is
/// left with AVX-512, of which Zen 4 takes up to half of its lanes in half the
/// time; without, powers of two do.
static double vectorsOf(int64_t columns, int64_t lanes, bool masks,
                        int64_t &registers) {
  int64_t rest = columns % lanes;
  registers = columns / lanes +
              (masks ? (rest ? 1 : 0) : llvm::popcount(uint64_t(rest)));
  return double(columns / lanes) + (masks
                                        ? (rest == 0           ? 0
                                           : rest * 2 <= lanes ? 0.5
                                                               : 1)
                                        : 0.5 * llvm::popcount(uint64_t(rest)));
}

int64_t mlir::noodle::runWidth(int64_t run, int64_t lanes,
                               const MachineModel &machine) {
  bool masks = machine.vectorBytes >= 64;
  int64_t best = 0, most = machine.vectorRegisters >= 32 ? 6 : 3;
  double bestScore = 0.45;
  for (int64_t parts = 1; parts <= run; ++parts) {
    int64_t registers, width = llvm::divideCeil(run, parts);
    double vectors = vectorsOf(width, lanes, masks, registers);
    if (2 * width < lanes)
      break;
    int64_t rest = run - (parts - 1) * width;
    bool fits = masks ? rest > (width - 1) / lanes * lanes : rest == width;
    if (registers > most || !fits)
      continue;
    // Lanes at work, and how well tiles of so many vectors do: two and three
    // leave room for many rows.
    double score = run / (parts * vectors * lanes) *
                   (width % lanes ? 0.97 : 1) *
                   (registers == 1  ? 0.92
                    : registers > 3 ? 0.95
                                    : 1);
    if (score > bestScore * 1.01)
      bestScore = score, best = width;
  }
  return best;
}

/// The rows of tiles of `columns` columns.
static TileChoice chooseRows(int64_t rows, int64_t columns, int64_t lanes,
                             int64_t registers, int64_t spare, bool masks) {
  int64_t used;
  double vectors = vectorsOf(columns, lanes, masks, used);
  TileChoice best = {1, used, std::numeric_limits<double>::max()};
  for (int64_t r : {8, 12, 10, 6, 9, 7, 11, 14, 13, 5, 4, 3, 2, 1}) {
    // Beside two full vectors a half one takes registers of its own for what is
    // broadcast: 8 rows of such are spilled, which halves the speed.
    int64_t extra = used > 2 && vectors != used ? 7 : 3;
    if (r * used + used + extra + spare > registers)
      continue;
    double count = rows < 0 ? 32 : rows / r, tail = rows < 0 ? 0 : rows % r;
    double cost = count * (tileCycles(r, vectors) + 0.05 * r * vectors) +
                  (tail ? tileCycles(tail, vectors) : 0);
    if (cost < best.cost * 0.99)
      best = {r, used, cost};
  }
  return best;
}

static double predict(const ProductShape &shape, const DensePlan &plan,
                      const MachineModel &machine, double tileCost) {
  double m = extentOr(shape.rows), n = extentOr(shape.columns);
  double k = extentOr(shape.inner), batch = extentOr(shape.batch);
  if (m * n * k * batch == 0)
    return machine.callSeconds;
  double step = shape.stepCost / machine.vectorStepsPerSecond;
  double steps = m * n * k / plan.lanes;
  if (tileCost && shape.rows >= 0 && shape.columns >= 0)
    steps = tileCost * k;
  // Loading and storing sums, and the loop around: 4 steps' worth. A tile's
  // cost counts 5 % for them that long sums do not have. Measured on Zen 4,
  // where products of 16 to 333 come within 10 %.
  double compute = steps * step * (0.96 + 4 / (k + 1));
  double packed = (plan.packRhs ? k * n * shape.sumBytes : 0) +
                  (plan.packLhs ? m * k * shape.sumBytes : 0);
  double bytes = shape.bytes() / batch;
  double rate = bytes * batch > machine.l3Bytes ? machine.bytesPerSecond
                : bytes > machine.l2Bytes / 2 ? machine.cacheBytesPerSecond
                                              : 4 * machine.cacheBytesPerSecond;
  double moving = bytes / rate;
  double seconds = batch * (std::max(compute, moving) +
                            packed / machine.cacheBytesPerSecond);
  if (plan.parallel || plan.parallelBatch || plan.splitInner > 1)
    seconds /= std::max<int64_t>(1, machine.cores);
  return machine.callSeconds + seconds;
}

/// Cuts the sum into parts that may be formed at once. The cut depends on the
/// shape alone, and so do the bits of the sums.
static void splitSum(const ProductShape &shape, int64_t pieces,
                     DensePlan &plan) {
  if (!plan.parallel || plan.brief || !shape.lanesMayFold || shape.columnRun ||
      pieces >= kFewPieces)
    return;
  int64_t whole = shape.innerRun > 1 ? shape.innerRun : 64;
  int64_t steps =
      std::max<int64_t>(kPartSteps, llvm::divideCeil(shape.inner, kMostParts));
  if (plan.packRhs || plan.packLhs)
    steps = std::min(steps, kInnerBytes / shape.sumBytes);
  steps = llvm::alignTo(steps, whole);
  int64_t parts = llvm::divideCeil(shape.inner, steps);
  if (parts < kFewPieces)
    return;
  plan.splitInner = parts;
  plan.innerBlock = steps;
}

DensePlan mlir::noodle::planProduct(const ProductShape &shape,
                                    const MachineModel &machine) {
  DensePlan plan;
  plan.lanes = std::max<int64_t>(2, machine.vectorBytes / shape.sumBytes);
  int64_t m = shape.rows, n = shape.columns, k = shape.inner;
  double m1 = extentOr(m), n1 = extentOr(n), k1 = extentOr(k),
         batch = extentOr(shape.batch);
  double steps = m1 * n1 * k1;
  double work = steps * shape.stepCost * double(shape.sumBytes) / 4;
  bool large = work >= kSerialSteps || !shape.known();
  plan.parallelBatch = shape.batch != 1 && work < kSerialSteps &&
                       (work * batch >= kSerialSteps || shape.batch < 0);
  plan.parallel = large && !plan.parallelBatch;
  plan.brief = shape.known() && shape.batch >= 0 && work * batch < kBriefSteps;

  bool dot = shape.lanesMayFold && shape.lhsInnerContiguous &&
             shape.rhsInnerContiguous;
  if (dot && ((n >= 0 && n < 4) || (m >= 0 && m < 2))) {
    plan.kind = ProductClass::Dot;
    plan.tileColumns = 1;
    plan.tileRows = 4;
    plan.rowBlock = kRowBlock;
    if (shape.known())
      splitSum(shape, llvm::divideCeil(std::max(m, n), kRowBlock), plan);
    plan.seconds = predict(shape, plan, machine, 0);
    return plan;
  }
  // Rows of the matrix are added to out one after the other.
  if (m == 1 && shape.rhsColumnsContiguous && shape.outColumnsContiguous &&
      !shape.rhsComputed && shape.outHoldsSums) {
    plan.kind = ProductClass::Row;
    plan.tileRows = 1;
    if (shape.known())
      splitSum(shape, llvm::divideCeil(n, 2 * plan.lanes), plan);
    plan.seconds = predict(shape, plan, machine, 0);
    return plan;
  }

  bool strided = m > kCacheWays && shape.lhsInnerContiguous && k > 0 &&
                 k * shape.lhsBytes % kCacheSpan == 0;
  // A step without fma needs a register for the product.
  TileChoice tile = chooseTile(m, n, plan.lanes, machine.vectorRegisters,
                               machine.fma && shape.stepCost <= 1 ? 0 : 1,
                               strided ? kCacheWays : 24,
                               shape.sumBytes >= 8 ? kWideManyFrom : kManyFrom);
  if (shape.columnRun) {
    tile = chooseRows(m, shape.columnRun, plan.lanes, machine.vectorRegisters,
                      machine.fma && shape.stepCost <= 1 ? 0 : 1,
                      machine.vectorBytes >= 64);
    tile.cost *= n1 / shape.columnRun;
  }
  plan.tileRows = tile.rows;
  plan.tileColumns =
      shape.columnRun ? shape.columnRun : tile.vectors * plan.lanes;
  plan.rowBlock = llvm::alignTo(shape.sumBytes >= 8 ? kWideRowBlock : kRowBlock,
                                plan.tileRows);
  if (m >= 0)
    plan.rowBlock = std::min(
        plan.rowBlock,
        std::max<int64_t>(plan.tileRows, llvm::alignTo(m, plan.tileRows)));
  if (plan.parallel && plan.brief)
    plan.rowBlock = std::min(
        plan.rowBlock,
        std::max<int64_t>(
            plan.tileRows,
            llvm::alignTo(llvm::divideCeil(m, kBriefBlocks), plan.tileRows)));
  bool rhsFits = n1 * k1 * shape.rhsBytes <= kPackRhsBytes;
  bool rhsReadable = shape.rhsColumnsContiguous && !shape.rhsComputed;
  plan.packRhs = !rhsReadable || (!rhsFits && m1 >= 4 * plan.tileRows);
  if (rhsReadable && (m < 0 || n < 0 || k < 0)) {
    plan.packRhs = true;
    plan.packRhsFrom = kPackRhsBytes / shape.rhsBytes;
  }
  bool lhsReadable = (shape.lhsInnerContiguous || shape.lhsRowsContiguous) &&
                     !shape.lhsComputed;
  plan.packLhs = n1 > plan.tileColumns &&
                 (!lhsReadable || (!shape.lhsInnerContiguous && plan.packRhs &&
                                   m1 * k1 * shape.lhsBytes >= kPackLhsBytes));
  plan.kind = plan.packLhs                           ? ProductClass::PackBoth
              : plan.packRhs                         ? ProductClass::PackRhs
              : m >= 0 && n >= 0 && m < 32 && n < 32 ? ProductClass::Tiny
                                                     : ProductClass::Unpacked;
  // Blocks of one length, a multiple of what is packed at a time.
  bool longInner = k < 0 || k * shape.sumBytes > kWholeInnerBytes;
  if (longInner && plan.packRhs) {
    plan.innerBlock = kInnerBytes / shape.sumBytes;
    int64_t whole = shape.innerRun > 1 ? shape.innerRun : 64;
    plan.innerBlock =
        k > 0
            ? llvm::alignTo(
                  llvm::divideCeil(k, llvm::divideCeil(k, plan.innerBlock)),
                  whole)
            : std::max<int64_t>(whole, llvm::alignDown(plan.innerBlock, whole));
  }
  int64_t columnBlock =
      llvm::alignDown(kColumnBytes / shape.sumBytes, plan.tileColumns);
  // Groups are packed as a whole, and as many as the second-level cache has
  // room for.
  plan.columnGroup = shape.columnGroup;
  if (shape.columnGroup) {
    int64_t steps = plan.innerBlock ? plan.innerBlock : std::max<int64_t>(1, k);
    int64_t fit = machine.l2Bytes / (steps * shape.sumBytes);
    columnBlock = llvm::alignDown(std::min(columnBlock, fit), plan.columnGroup);
    columnBlock = std::max(columnBlock, plan.columnGroup);
  }
  if (n < 0 || n > columnBlock)
    plan.columnBlock = columnBlock;
  plan.streamOut =
      !shape.accumulate && (shape.outColumnsContiguous || shape.columnRun) &&
      m1 * n1 * shape.outBytes > machine.l2Bytes * 4 && k >= 0 && k <= 64;
  if (shape.known())
    splitSum(shape,
             llvm::divideCeil(m, plan.rowBlock) *
                 llvm::divideCeil(n, 4 * plan.tileColumns),
             plan);
  plan.seconds = predict(shape, plan, machine, tile.cost);
  return plan;
}
