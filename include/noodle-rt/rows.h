//===- rows.h - sparse matrices that list their rows, as CSR ----*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// COO and DCSR store the same coordinates and values as CSR in the same order,
// so that going from one to another touches rows and positions alone.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RT_ROWS_H
#define NOODLE_RT_ROWS_H

#include "noodle-rt/abi.h"

#include <algorithm>

namespace noodle::rt {

inline bool listsRows(noodle_rt_layout layout) {
  return layout == NOODLE_RT_COO || layout == NOODLE_RT_DCSR;
}

/// Calls body(T()) with the integer of `width` bytes.
template <typename Body> auto withIndex(uint8_t width, Body &&body) {
  return width == 4 ? body(int32_t()) : body(int64_t());
}

/// Entry k of indices of `width` bytes.
inline int64_t indexAt(const void *indices, uint8_t width, int64_t k) {
  return width == 4 ? int64_t(static_cast<const int32_t *>(indices)[k])
                    : static_cast<const int64_t *>(indices)[k];
}

/// A valid COO or DCSR tensor as CSR: shares coordinates and values; fills
/// `positions`, extents[0] + 1 of position_width bytes.
inline noodle_rt_tensor asCompressed(const noodle_rt_tensor &tensor,
                                     void *positions) {
  noodle_rt_tensor result = tensor;
  result.layout = NOODLE_RT_CSR;
  result.positions = positions;
  result.rows = nullptr;
  result.stored_rows = 0;
  int64_t lines = tensor.extents[0];
  withIndex(tensor.position_width, [&](auto position) {
    using P = decltype(position);
    withIndex(tensor.coordinate_width, [&](auto coordinate) {
      auto *rows = static_cast<const decltype(coordinate) *>(tensor.rows);
      auto *to = static_cast<P *>(positions);
      if (tensor.layout == NOODLE_RT_COO) {
        // The last entry of a row says where it ends. A store an entry takes a
        // third of the time of a branch where rows change (Zen 5).
        std::fill_n(to, lines + 1, P(0));
        for (int64_t k = 0; k < tensor.stored; ++k)
          to[rows[k] + 1] = P(k + 1);
        for (int64_t i = 0; i < lines; ++i)
          to[i + 1] = std::max(to[i], to[i + 1]);
        return;
      }
      auto *from = static_cast<const P *>(tensor.positions);
      int64_t next = 0; // rows whose beginning is known
      for (int64_t k = 0; k < tensor.stored_rows; ++k)
        for (; next <= rows[k]; ++next)
          to[next] = from[k];
      for (; next <= lines; ++next)
        to[next] = P(tensor.stored);
    });
  });
  return result;
}

/// Goes through the stored entries of a valid sparse tensor that is not BSR, in
/// storage order, whatever number of lines are empty. Vectors have one line.
class EntryCursor {
public:
  explicit EntryCursor(const noodle_rt_tensor &tensor)
      : tensor(tensor), byRows(tensor.layout != NOODLE_RT_CSC) {
    settle();
  }
  bool more() const { return k < tensor.stored; }
  int64_t entry() const { return k; }
  /// The line the entry is in, and its coordinate there.
  int64_t line() const {
    return listsRows(tensor.layout)
               ? indexAt(tensor.rows, tensor.coordinate_width, at)
               : at;
  }
  int64_t coordinate() const {
    return indexAt(tensor.coordinates, tensor.coordinate_width, k);
  }
  int64_t row() const { return byRows ? line() : coordinate(); }
  int64_t column() const { return byRows ? coordinate() : line(); }
  void next() {
    ++k;
    settle();
  }

private:
  void settle() {
    if (tensor.layout == NOODLE_RT_COO)
      at = k;
    else
      while (more() &&
             indexAt(tensor.positions, tensor.position_width, at + 1) <= k)
        ++at;
  }
  const noodle_rt_tensor &tensor;
  bool byRows;
  int64_t k = 0, at = 0;
};

/// Rows of a CSR tensor that hold an entry.
inline int64_t heldRows(const noodle_rt_tensor &tensor) {
  return withIndex(tensor.position_width, [&](auto position) {
    auto *at = static_cast<const decltype(position) *>(tensor.positions);
    int64_t held = 0;
    for (int64_t i = 0; i < tensor.extents[0]; ++i)
      held += at[i] < at[i + 1];
    return held;
  });
}

/// The row of each entry of a CSR tensor.
inline void rowsOfEntries(const noodle_rt_tensor &tensor, void *rows) {
  withIndex(tensor.coordinate_width, [&](auto coordinate) {
    using C = decltype(coordinate);
    auto *to = static_cast<C *>(rows);
    int64_t k = 0;
    for (int64_t i = 0; i < tensor.extents[0]; ++i)
      for (int64_t end =
               indexAt(tensor.positions, tensor.position_width, i + 1);
           k < end; ++k)
        to[k] = C(i);
  });
}

/// The rows of a CSR tensor that hold an entry, and where each begins; one
/// position more than rows.
inline void listHeldRows(const noodle_rt_tensor &tensor, void *rows,
                         void *positions) {
  withIndex(tensor.position_width, [&](auto position) {
    using P = decltype(position);
    withIndex(tensor.coordinate_width, [&](auto coordinate) {
      using C = decltype(coordinate);
      auto *from = static_cast<const P *>(tensor.positions);
      auto *held = static_cast<C *>(rows);
      auto *to = static_cast<P *>(positions);
      for (int64_t i = 0; i < tensor.extents[0]; ++i)
        if (from[i] < from[i + 1]) {
          *held++ = C(i);
          *to++ = from[i];
        }
      *to = P(tensor.stored);
    });
  });
}

} // namespace noodle::rt

#endif // NOODLE_RT_ROWS_H
