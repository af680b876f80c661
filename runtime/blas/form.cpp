//===- form.cpp - a contraction as calls of gemm or gemv ------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Loops that step through the same tensors, and evenly, become one. Of what is
// left one loop of each kind (rows, columns, sum) makes the matrices; the
// others go around the calls.
//
//===----------------------------------------------------------------------===//
#include "form.h"

#include <algorithm>
#include <array>
#include <limits>

namespace noodle::rt {
namespace {

using Loop = noodle_rt_product_loop;
enum { Lhs, Rhs, Out };

bool refuse(std::string &whyNot, const char *reason) {
  whyNot = reason;
  return false;
}

/// Whether `inner` runs on where a step of `outer` begins.
bool continues(const Loop &outer, const Loop &inner) {
  for (int t : {Lhs, Rhs, Out})
    if (outer.in >> t & 1)
      if (outer.strides[t] != inner.strides[t] * inner.extent)
        return false;
  return outer.in == inner.in;
}

/// Makes pairs of loops one until none is left that can be.
void merge(std::vector<Loop> &loops) {
  for (size_t i = 0; i < loops.size(); ++i)
    for (size_t j = 0; j < loops.size(); ++j)
      if (i != j && continues(loops[i], loops[j])) {
        loops[j].extent *= loops[i].extent;
        loops.erase(loops.begin() + ptrdiff_t(i));
        i = size_t(-1);
        break;
      }
}

/// A matrix's steps along its rows and its columns, as BLAS has them: one is 1
/// and the other, the leading dimension, spans at least a line.
struct Layout {
  bool fits = false, transposed = false;
  int64_t leading = 1;
};
Layout layoutOf(int64_t rows, int64_t rowStep, int64_t columns,
                int64_t columnStep) {
  Layout layout;
  auto spans = [](int64_t step, int64_t lines, int64_t line) {
    return lines == 1 || step >= line;
  };
  auto leading = [](int64_t step, int64_t lines, int64_t line) {
    return lines == 1 ? std::max<int64_t>(line, 1) : step;
  };
  if ((columns == 1 || columnStep == 1) && spans(rowStep, rows, columns)) {
    layout.fits = true;
    layout.leading = leading(rowStep, rows, columns);
  } else if ((rows == 1 || rowStep == 1) && spans(columnStep, columns, rows)) {
    layout.fits = layout.transposed = true;
    layout.leading = leading(columnStep, columns, rows);
  }
  return layout;
}

constexpr Loop kNone = {1, {0, 0, 0}, 0};

/// Fills the matrices of `form` from three loops; false where they do not fit.
bool fill(BlasForm &form, Loop row, Loop column, const Loop &inner) {
  int left = Lhs, right = Rhs;
  // Columns are where out is contiguous; a single column is gemv's.
  bool swap = column.extent == 1 ? false
              : row.extent == 1  ? true
                                 : column.strides[Out] != 1;
  if (row.extent == 1 && column.extent == 1)
    swap = inner.strides[Lhs] != 1;
  if (swap) {
    std::swap(row, column);
    std::swap(left, right);
  }
  form.swapped = swap;
  form.m = row.extent;
  form.n = column.extent;
  form.k = inner.extent;
  form.leftRow = row.strides[left];
  form.rightColumn = column.strides[right];
  form.outRow = row.strides[Out];
  form.outColumn = column.strides[Out];
  Layout a = layoutOf(form.m, form.leftRow, form.k, inner.strides[left]);
  if (!a.fits)
    return false;
  form.leftTransposed = a.transposed;
  form.leftLeading = a.leading;
  form.vector = form.n == 1;
  if (form.vector) {
    form.rightLeading = form.k == 1 ? 1 : inner.strides[right];
    form.outLeading = form.m == 1 ? 1 : form.outRow;
    return form.rightLeading > 0 && form.outLeading > 0;
  }
  Layout b = layoutOf(form.k, inner.strides[right], form.n, form.rightColumn);
  Layout c = layoutOf(form.m, form.outRow, form.n, form.outColumn);
  form.rightTransposed = b.transposed;
  form.rightLeading = b.leading;
  form.outLeading = c.leading;
  return b.fits && c.fits && !c.transposed;
}

bool beyondIntegers(const BlasForm &form) {
  for (int64_t number : {form.m, form.n, form.k, form.leftLeading,
                         form.rightLeading, form.outLeading})
    if (number > std::numeric_limits<int>::max())
      return true;
  return false;
}

} // namespace

bool findForm(const noodle_rt_product &product, BlasForm &form,
              std::string &whyNot) {
  form = {};
  constexpr int64_t kBatch = NOODLE_RT_LHS | NOODLE_RT_RHS | NOODLE_RT_OUT;
  constexpr int64_t kKinds[] = {NOODLE_RT_LHS | NOODLE_RT_OUT,
                                NOODLE_RT_RHS | NOODLE_RT_OUT,
                                NOODLE_RT_LHS | NOODLE_RT_RHS};
  std::vector<Loop> loops;
  for (int64_t k = 0; k < product.loop_count; ++k) {
    const Loop &loop = product.loops[k];
    if (loop.extent == 0)
      form.empty = true;
    if (loop.extent != 1)
      loops.push_back(loop);
  }
  if (form.empty)
    return true;
  merge(loops);
  std::array<std::vector<Loop>, 3> kinds;
  for (const Loop &loop : loops) {
    const int64_t *kind = std::find(kKinds, kKinds + 3, loop.in);
    if (kind != kKinds + 3)
      kinds[size_t(kind - kKinds)].push_back(loop);
    else if (loop.in == kBatch)
      form.outer.push_back(loop);
    else
      return refuse(whyNot, loop.in & NOODLE_RT_OUT
                                ? "a dimension of the result is in no operand"
                                : "a sum runs over one operand alone");
  }
  for (auto &kind : kinds)
    if (kind.empty())
      kind.push_back(kNone);

  // The greatest matrices that BLAS can take.
  BlasForm best, tried;
  std::array<size_t, 3> chosen{};
  bool found = false, tooLarge = false;
  for (size_t r = 0; r < kinds[0].size(); ++r)
    for (size_t c = 0; c < kinds[1].size(); ++c)
      for (size_t s = 0; s < kinds[2].size(); ++s) {
        tried = {};
        if (!fill(tried, kinds[0][r], kinds[1][c], kinds[2][s]))
          continue;
        if (beyondIntegers(tried)) {
          tooLarge = true;
          continue;
        }
        double size = double(tried.m) * double(tried.n) * double(tried.k);
        if (found && size <= double(best.m) * double(best.n) * double(best.k))
          continue;
        best = tried;
        chosen = {r, c, s};
        found = true;
      }
  if (!found)
    return refuse(whyNot,
                  tooLarge ? "an extent or a stride is beyond BLAS's integers"
                           : "a matrix has no dimension whose elements are "
                             "neighbours");
  std::swap(best.outer, form.outer);
  form = std::move(best);
  for (size_t kind = 0; kind < 3; ++kind)
    for (size_t k = 0; k < kinds[kind].size(); ++k)
      if (k != chosen[kind])
        (kind == 2 ? form.sums : form.outer).push_back(kinds[kind][k]);
  return true;
}

} // namespace noodle::rt
