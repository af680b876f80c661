//===- sparse.h - sparse storage as generated code hands it over ----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Part of the ABI like abi.h. Plain C, no functions.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RT_SPARSE_H
#define NOODLE_RT_SPARSE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A matrix compressed by rows, and the buffers its columns are written to:
/// columns + 1 positions, and as many coordinates and values as the rows have.
/// Widths are those of one element in bytes, the same on both sides.
typedef struct noodle_rt_transposition {
  int64_t rows;
  int64_t columns;
  const void *positions;
  const void *coordinates;
  const void *values;
  void *out_positions;
  void *out_coordinates;
  void *out_values;
  int64_t position_width;   ///< 4 or 8
  int64_t coordinate_width; ///< 4 or 8
  int64_t value_width;      ///< 1, 2, 4, 8 or 16
} noodle_rt_transposition;

#ifdef __cplusplus
} // extern "C"
static_assert(sizeof(noodle_rt_transposition) == 88, "layout is ABI");
#endif

#endif // NOODLE_RT_SPARSE_H
