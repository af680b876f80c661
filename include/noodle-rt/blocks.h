//===- blocks.h - BSR matrices, and as CSR ----------------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Positions and coordinates of BSR are those of CSR over blocks, values are the
// blocks, each row-major. All entries of a block count as stored.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RT_BLOCKS_H
#define NOODLE_RT_BLOCKS_H

#include "noodle-rt/rows.h"

#include <cstring>
#include <vector>

namespace noodle::rt {

/// Whether extents and entries of a BSR tensor are multiples of its blocks.
inline bool blocksFit(const noodle_rt_tensor &tensor) {
  return tensor.block_rows && tensor.block_columns &&
         tensor.extents[0] % tensor.block_rows == 0 &&
         tensor.extents[1] % tensor.block_columns == 0 &&
         tensor.stored % (tensor.block_rows * tensor.block_columns) == 0;
}

/// Coordinates of a sparse tensor: one an entry, or one a block.
inline int64_t coordinatesOf(const noodle_rt_tensor &tensor) {
  return tensor.layout == NOODLE_RT_BSR
             ? tensor.stored / (tensor.block_rows * tensor.block_columns)
             : tensor.stored;
}

/// Lines of a CSR, CSC or BSR tensor of rank 2 that have a position.
inline int64_t linesOf(const noodle_rt_tensor &tensor) {
  if (tensor.layout == NOODLE_RT_BSR)
    return tensor.extents[0] / tensor.block_rows;
  return tensor.extents[tensor.layout == NOODLE_RT_CSR ? 0 : 1];
}

/// A BSR matrix as the CSR matrix whose entries are its blocks; its values are
/// those of all blocks.
inline noodle_rt_tensor blocksAsEntries(const noodle_rt_tensor &tensor) {
  noodle_rt_tensor result = tensor;
  result.layout = NOODLE_RT_CSR;
  result.stored = coordinatesOf(tensor);
  result.extents[0] /= tensor.block_rows;
  result.extents[1] /= tensor.block_columns;
  result.block_rows = result.block_columns = 0;
  return result;
}

/// Buffers of a matrix made of another one.
struct SparseSpace {
  std::vector<int64_t> positions, coordinates;
  std::vector<char> values;
};

/// A valid BSR tensor as CSR of 64-bit indices, in `space`.
inline noodle_rt_tensor expandBlocks(const noodle_rt_tensor &tensor,
                                     SparseSpace &space) {
  int64_t bytes = noodle_rt_element_bytes(tensor.type);
  int64_t rows = tensor.block_rows, columns = tensor.block_columns;
  space.positions.assign(size_t(tensor.extents[0]) + 1, 0);
  space.coordinates.resize(size_t(tensor.stored));
  space.values.resize(size_t(tensor.stored * bytes));
  auto *from = static_cast<const char *>(tensor.values);
  int64_t at = 0;
  for (int64_t i = 0; i < tensor.extents[0]; ++i) {
    int64_t line = i / rows, r = i % rows;
    int64_t end = indexAt(tensor.positions, tensor.position_width, line + 1);
    for (int64_t k = indexAt(tensor.positions, tensor.position_width, line);
         k < end; ++k) {
      int64_t block = indexAt(tensor.coordinates, tensor.coordinate_width, k);
      for (int64_t c = 0; c < columns; ++c)
        space.coordinates[size_t(at + c)] = block * columns + c;
      std::memcpy(space.values.data() + at * bytes,
                  from + (k * rows + r) * columns * bytes,
                  size_t(columns * bytes));
      at += columns;
    }
    space.positions[size_t(i) + 1] = at;
  }
  noodle_rt_tensor result = tensor;
  result.layout = NOODLE_RT_CSR;
  result.position_width = result.coordinate_width = 8;
  result.positions = space.positions.data();
  result.coordinates = space.coordinates.data();
  result.values = space.values.data();
  result.block_rows = result.block_columns = 0;
  return result;
}

/// A valid CSR tensor as BSR of 64-bit indices, in `space`; 0 stands for what
/// it does not store in a block. Extents are multiples of the block.
inline noodle_rt_tensor packBlocks(const noodle_rt_tensor &tensor, uint8_t rows,
                                   uint8_t columns, SparseSpace &space) {
  int64_t bytes = noodle_rt_element_bytes(tensor.type);
  int64_t lines = tensor.extents[0] / rows, size = int64_t(rows) * columns;
  space.positions.assign(size_t(lines) + 1, 0);
  space.coordinates.clear();
  auto position = [&](int64_t i) {
    return indexAt(tensor.positions, tensor.position_width, i);
  };
  auto column = [&](int64_t k) {
    return indexAt(tensor.coordinates, tensor.coordinate_width, k);
  };
  for (int64_t line = 0; line < lines; ++line) {
    auto begin = std::ptrdiff_t(space.coordinates.size());
    for (int64_t k = position(line * rows), end = position((line + 1) * rows);
         k < end; ++k)
      if (int64_t block = column(k) / columns;
          std::ptrdiff_t(space.coordinates.size()) == begin ||
          space.coordinates.back() != block)
        space.coordinates.push_back(block);
    std::sort(space.coordinates.begin() + begin, space.coordinates.end());
    space.coordinates.erase(
        std::unique(space.coordinates.begin() + begin, space.coordinates.end()),
        space.coordinates.end());
    space.positions[size_t(line) + 1] = int64_t(space.coordinates.size());
  }
  space.values.assign(space.coordinates.size() * size_t(size * bytes), 0);
  auto *from = static_cast<const char *>(tensor.values);
  for (int64_t i = 0; i < lines * rows; ++i) {
    auto *blocks = space.coordinates.data();
    auto *at = blocks + space.positions[size_t(i / rows)];
    for (int64_t k = position(i), end = position(i + 1); k < end; ++k) {
      while (*at != column(k) / columns)
        ++at;
      int64_t place =
          ((at - blocks) * rows + i % rows) * columns + column(k) % columns;
      std::memcpy(space.values.data() + place * bytes, from + k * bytes,
                  size_t(bytes));
    }
  }
  noodle_rt_tensor result = tensor;
  result.layout = NOODLE_RT_BSR;
  result.position_width = result.coordinate_width = 8;
  result.block_rows = rows;
  result.block_columns = columns;
  result.stored = int64_t(space.coordinates.size()) * size;
  result.positions = space.positions.data();
  result.coordinates = space.coordinates.data();
  result.values = space.values.data();
  return result;
}

} // namespace noodle::rt

#endif // NOODLE_RT_BLOCKS_H
