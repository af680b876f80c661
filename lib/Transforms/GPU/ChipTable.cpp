//===- ChipTable.cpp - what kernels are shaped by, chip by chip -----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "ChipTable.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir::noodle;

// Registers, threads, shared memory and warp: CUDA C++ Programming Guide,
// "Compute Capabilities", table of technical specifications. 48 KB of shared
// memory are what every chip gives a block that asks for nothing special.
// Multiprocessors: the product's architecture white paper, named behind each.
static constexpr int64_t KB = 1024;
static constexpr Chip chips[] = {
    {"sm_80", 108, 65536, 2048, 48 * KB, 164 * KB, 32},  // A100
    {"sm_86", 84, 65536, 1536, 48 * KB, 100 * KB, 32},   // A40, RTX 3090 Ti
    {"sm_87", 16, 65536, 1536, 48 * KB, 164 * KB, 32},   // Jetson AGX Orin
    {"sm_89", 142, 65536, 1536, 48 * KB, 100 * KB, 32},  // L40, RTX 6000 Ada
    {"sm_90", 132, 65536, 2048, 48 * KB, 228 * KB, 32},  // H100 SXM, H200
    {"sm_100", 148, 65536, 2048, 48 * KB, 228 * KB, 32}, // B200
    {"sm_103", 160, 65536, 2048, 48 * KB, 228 * KB, 32}, // B300
    {"sm_120", 188, 65536, 1536, 48 * KB, 100 * KB, 32}, // RTX PRO 6000
    {"sm_121", 48, 65536, 1536, 48 * KB, 100 * KB, 32},  // GB10
};

llvm::ArrayRef<Chip> mlir::noodle::allChips() { return chips; }

static unsigned capability(llvm::StringRef name) {
  unsigned number = 0;
  name.consume_front("sm_");
  name.take_while([](char c) { return c >= '0' && c <= '9'; })
      .getAsInteger(10, number);
  return number;
}

const Chip &mlir::noodle::chipNamed(llvm::StringRef name) {
  const Chip *best = chips;
  for (const Chip &chip : chips)
    if (capability(chip.name) <= capability(name))
      best = &chip;
  return *best;
}

// Tiles. A thread of the largest f32 tile reads 16 elements of shared memory
// for 64 products, four 16-byte loads a step, so that the loads take a quarter
// of the arithmetic's time. It takes 126 to 130 registers, by ptxas for sm_80
// and sm_90; with 128 or fewer two blocks share a multiprocessor. Elements of 8
// bytes halve the columns and still take up to 144: one block. That these are
// the fastest shapes is a guess: it rests on ptxas' counts and on CUTLASS's
// default SIMT tile of 128x128x8.
static constexpr ContractionTile narrow[] = {
    {128, 128, 8, 8, 8, 8}, {64, 64, 16, 8, 4, 16}, {32, 32, 16, 4, 4, 16}};
static constexpr ContractionTile wide[] = {
    {128, 64, 8, 8, 4, 8}, {64, 64, 8, 4, 4, 8}, {32, 32, 8, 4, 4, 8}};
// A dozen instructions a product: less code in a row, so that a step's code
// stays within the instruction cache (128 KB on sm_80, 16 bytes each).
static constexpr ContractionTile narrowSeveral[] = {
    {128, 64, 16, 8, 4, 4}, {64, 64, 16, 8, 4, 4}, {32, 32, 16, 4, 4, 4}};
static constexpr ContractionTile wideSeveral[] = {{64, 64, 8, 4, 4, 4},
                                                  {32, 32, 8, 4, 4, 4}};
static constexpr ContractionTile narrowFunction[] = {{64, 64, 16, 4, 4, 1},
                                                     {32, 32, 16, 4, 4, 1}};
static constexpr ContractionTile wideFunction[] = {{64, 64, 8, 4, 4, 1},
                                                   {32, 32, 8, 4, 4, 1}};

/// What ContractionTile.cpp takes for granted: whole warps, whole chunks of 16
/// bytes for every thread, both halves of both panels in a block's shared
/// memory, and sums that leave a thread registers to work with.
static constexpr bool fits(const ContractionTile &tile, int64_t elementBytes,
                           const Chip &chip) {
  int64_t lanes = 16 / elementBytes, threads = tile.threads();
  int64_t warpRows = ContractionTile::laneRows * tile.threadRows;
  int64_t warpColumns = ContractionTile::laneColumns * tile.threadColumns;
  for (int64_t span : {tile.rows, tile.columns})
    if (span * tile.inner % (lanes * threads) || threads % (span / lanes) ||
        threads % span || threads % tile.inner ||
        threads % (16 * tile.inner / lanes))
      return false;
  int64_t shared =
      2 * tile.inner * elementBytes * (tile.rows + tile.columns + 2 * lanes);
  int64_t sums = tile.threadRows * tile.threadColumns * elementBytes / 4;
  return tile.rows % warpRows == 0 && tile.columns % warpColumns == 0 &&
         threads ==
             tile.rows / warpRows * (tile.columns / warpColumns) * chip.warp &&
         threads <= 1024 && tile.threadRows % lanes == 0 &&
         tile.threadColumns % lanes == 0 && tile.inner % tile.unroll == 0 &&
         tile.inner % lanes == 0 && shared <= chip.sharedPerBlock &&
         shared * 2 <= chip.sharedPerChip && 2 * threads <= chip.threads &&
         2 * sums * threads * 2 <= chip.registers;
}

template <size_t count>
static constexpr bool fitAll(const ContractionTile (&tiles)[count],
                             int64_t elementBytes) {
  for (const ContractionTile &tile : tiles)
    for (const Chip &chip : chips)
      if (!fits(tile, elementBytes, chip))
        return false;
  return true;
}
static_assert(fitAll(narrow, 4) && fitAll(narrowSeveral, 4) &&
              fitAll(narrowFunction, 4));
static_assert(fitAll(wide, 8) && fitAll(wideSeveral, 8) &&
              fitAll(wideFunction, 8));

llvm::ArrayRef<ContractionTile>
mlir::noodle::contractionTiles(int64_t elementBytes, ContractionCost cost) {
  bool isWide = elementBytes > 4;
  switch (cost) {
  case ContractionCost::Instruction:
    return isWide ? llvm::ArrayRef(wide) : llvm::ArrayRef(narrow);
  case ContractionCost::Several:
    return isWide ? llvm::ArrayRef(wideSeveral) : llvm::ArrayRef(narrowSeveral);
  case ContractionCost::Function:
    return isWide ? llvm::ArrayRef(wideFunction)
                  : llvm::ArrayRef(narrowFunction);
  }
  return {};
}

const ContractionTile &mlir::noodle::chooseTile(const Chip &chip,
                                                int64_t elementBytes,
                                                ContractionCost cost,
                                                int64_t rows, int64_t columns,
                                                int64_t batch) {
  llvm::ArrayRef<ContractionTile> tiles = contractionTiles(elementBytes, cost);
  for (const ContractionTile &tile : tiles) {
    // Half of a tile outside the output is half of the work for nothing.
    if ((rows >= 0 && rows <= tile.rows / 2) ||
        (columns >= 0 && columns <= tile.columns / 2))
      continue;
    if (rows < 0 || columns < 0 || batch < 0)
      return tile;
    auto blocks = [](int64_t extent, int64_t step) {
      return double((extent + step - 1) / step);
    };
    if (blocks(rows, tile.rows) * blocks(columns, tile.columns) *
            double(batch) >=
        double(chip.multiprocessors))
      return tile;
  }
  return tiles.back();
}
