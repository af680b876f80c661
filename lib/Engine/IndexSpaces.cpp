//===- IndexSpaces.cpp - indices numbered anew for a call -----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "IndexSpaces.h"

#include "Monitor.h"

#include "noodle-rt/ir.h"
#include "noodle-rt/rows.h"

namespace noodle::engine {
namespace {

/// Rows an entry from which on numbering them anew takes less than positions of
/// all of them. A guess.
constexpr int64_t kRowsAnEntry = 8;
/// Rows that a matrix which lists them may have positions of in any case: half
/// a gigabyte. And rows an entry beyond that.
constexpr int64_t kMostRows = int64_t{1} << 26, kMostRowsAnEntry = 64;

/// Which buffer of a tensor holds the indices of a dimension, and how many.
struct Indices {
  void *noodle_rt_tensor::*buffer;
  int64_t count;
};

/// `type` is that of the signature; nothing where an index has a position.
Indices indicesOf(const TensorType &type, const noodle_rt_tensor &view,
                  uint32_t dimension) {
  if (type.listsRows() && dimension == 0)
    return {&noodle_rt_tensor::rows,
            type.layout == NOODLE_RT_COO ? view.stored : view.stored_rows};
  return {&noodle_rt_tensor::coordinates, view.stored};
}

/// The dimension of a view that a call holds.
uint32_t held(const TensorType &type, uint32_t dimension) {
  return type.sparseVector() ? 1 : dimension;
}

} // namespace

std::vector<uint32_t> spacesToRenumber(const Signature &function,
                                       std::span<const noodle_rt_tensor> views,
                                       int64_t least) {
  std::vector<uint32_t> chosen;
  for (uint32_t k = 0; k < function.spaces.size(); ++k) {
    int64_t extent = -1, used = 0;
    bool agree = true, listed = false;
    for (const SpaceMember &member : function.spaces[k]) {
      const TensorType &type = member.result
                                   ? function.results[member.index]
                                   : function.parameters[member.index];
      listed |= type.listsRows() && member.dimension == 0;
      if (member.result)
        continue;
      const noodle_rt_tensor &view = views[member.index];
      int64_t here = view.extents[held(type, member.dimension)];
      agree &= extent < 0 || here == extent;
      extent = here;
      used += indicesOf(type, view, member.dimension).count;
    }
    // Extents that disagree are an error that the call tells of.
    if (agree && listed && extent >= least && extent / kRowsAnEntry > used)
      chosen.push_back(k);
  }
  return chosen;
}

Status checkListedRows(const Signature &function,
                       std::span<const noodle_rt_tensor> views,
                       std::span<const uint32_t> renumbered) {
  for (uint32_t k = 0; k < views.size(); ++k) {
    const noodle_rt_tensor &view = views[k];
    int64_t rows = view.extents[0];
    if (!function.parameters[k].listsRows() || rows <= kMostRows ||
        rows / kMostRowsAnEntry <= view.stored)
      continue;
    bool anew = false;
    for (uint32_t space : renumbered)
      for (const SpaceMember &member : function.spaces[space])
        anew |= !member.result && member.index == k && member.dimension == 0;
    if (anew)
      continue;
    std::string why;
    if (k < function.rowsNeeded.size())
      why = function.rowsNeeded[k];
    return Status::error(
        Code::InvalidArgument,
        "argument " + std::to_string(k) + " of @" + function.name + ": a " +
            layoutName(function.parameters[k].layout) + " matrix of " +
            std::to_string(rows) + " rows with " + std::to_string(view.stored) +
            " entries would need a position for each row: " +
            (why.empty() ? "extents of arguments disagree" : why) +
            "; products, merges, sums, transposes and conversions of sparse "
            "tensors to sparse results that list their rows do not");
  }
  return {};
}

bool Renumbering::apply(noodle_rt_context *context, const Signature &of,
                        std::span<const uint32_t> chosen,
                        std::span<noodle_rt_tensor> views) {
  function = &of;
  seconds.assign(views.size(), 0);
  for (uint32_t k : chosen) {
    Clock::time_point begin = Clock::now();
    Space space;
    space.members = of.spaces[k];
    auto each = [&](auto &&body) {
      for (const SpaceMember &member : space.members)
        if (!member.result)
          body(of.parameters[member.index], views[member.index],
               member.dimension);
    };
    int64_t total = 0;
    each([&](const TensorType &type, noodle_rt_tensor &view, uint32_t d) {
      total += indicesOf(type, view, d).count;
      space.extent = view.extents[held(type, d)];
    });
    space.indices = static_cast<int64_t *>(
        noodle_ir_alloc(context, std::max<int64_t>(total, 1) * 8));
    if (!space.indices)
      return false;
    int64_t *end = space.indices;
    each([&](const TensorType &type, noodle_rt_tensor &view, uint32_t d) {
      Indices from = indicesOf(type, view, d);
      const void *buffer = view.*from.buffer;
      int64_t *first = end;
      for (int64_t i = 0; i < from.count; ++i)
        *end++ = rt::indexAt(buffer, view.coordinate_width, i);
      if (!std::is_sorted(first, end))
        std::sort(first, end);
      std::inplace_merge(space.indices, first, end);
    });
    end = std::unique(space.indices, end);
    space.count = end - space.indices;
    bool good = true;
    each([&](const TensorType &type, noodle_rt_tensor &view, uint32_t d) {
      Indices from = indicesOf(type, view, d);
      void *made = noodle_ir_alloc(context, std::max<int64_t>(from.count, 1) *
                                                view.coordinate_width);
      if (!(good &= made != nullptr))
        return;
      rt::withIndex(view.coordinate_width, [&](auto index) {
        using I = decltype(index);
        auto *source = static_cast<const I *>(view.*from.buffer);
        auto *to = static_cast<I *>(made);
        const int64_t *at = space.indices;
        for (int64_t i = 0; i < from.count; ++i) {
          // Rows come in order, columns nearly so.
          if (*at > source[i])
            at = space.indices;
          if (*at < source[i] && *++at < source[i])
            at = std::lower_bound(at, static_cast<const int64_t *>(end),
                                  int64_t(source[i]));
          to[i] = I(at - space.indices);
        }
      });
      view.*from.buffer = made;
      view.extents[held(type, d)] = space.count;
      // What finds the indices counts for the first of the space.
      seconds[&view - views.data()] += secondsSince(begin);
      begin = Clock::now();
    });
    if (!good)
      return false;
    spaces.push_back(space);
  }
  return true;
}

Status Renumbering::check(std::span<const noodle_rt_tensor> results) const {
  for (const Space &space : spaces)
    for (const SpaceMember &member : space.members)
      if (member.result && results[member.index].coordinate_width == 4 &&
          space.extent - 1 > INT32_MAX)
        return Status::error(Code(NOODLE_RT_INDEX_RANGE),
                             "result " + std::to_string(member.index) +
                                 " is longer than coordinates of 32 bits "
                                 "name: use a wider encoding");
  return {};
}

void Renumbering::restore(std::span<noodle_rt_tensor> results) const {
  for (const Space &space : spaces)
    for (const SpaceMember &member : space.members) {
      if (!member.result)
        continue;
      noodle_rt_tensor &result = results[member.index];
      Indices held =
          indicesOf(function->results[member.index], result, member.dimension);
      rt::withIndex(result.coordinate_width, [&](auto index) {
        using I = decltype(index);
        auto *to = static_cast<I *>(result.*held.buffer);
        for (int64_t i = 0; i < held.count; ++i)
          to[i] = I(space.indices[to[i]]);
      });
      result.extents[member.dimension] = space.extent;
    }
}

} // namespace noodle::engine
