//===- Arguments.cpp - whether views fit a function -------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Engine/Kernel.h"

#include "noodle-rt/blocks.h"

#include <algorithm>

namespace noodle::engine {
namespace {

/// The first fault of positions and coordinates, or nothing. Reads each entry
/// once.
template <typename P, typename C>
std::string sparseFault(const noodle_rt_tensor &view, int64_t major,
                        int64_t minor, const char *line) {
  const P *positions = static_cast<const P *>(view.positions);
  const C *coordinates = static_cast<const C *>(view.coordinates);
  if (positions[0] != 0)
    return "positions begin with " + std::to_string(positions[0]) +
           " instead of 0";
  for (int64_t i = 0; i < major; ++i) {
    int64_t begin = positions[i], end = positions[i + 1];
    if (end < begin || end > view.stored)
      return "positions of " + (line + (" " + std::to_string(i))) + " are [" +
             std::to_string(begin) + ", " + std::to_string(end) + ") of " +
             std::to_string(view.stored) + " stored entries";
    int64_t last = -1;
    for (int64_t k = begin; k < end; ++k) {
      int64_t coordinate = coordinates[k];
      if (coordinate <= last || coordinate >= minor)
        return "coordinate " + std::to_string(coordinate) + " of entry " +
               std::to_string(k) + " in " + (line + (" " + std::to_string(i))) +
               (coordinate >= 0 && coordinate < minor
                    ? " is not greater than the one before it"
                    : " is outside [0, " + std::to_string(minor) + ")");
      last = coordinate;
    }
  }
  if (positions[major] != view.stored)
    return "positions end with " + std::to_string(positions[major]) + " but " +
           std::to_string(view.stored) + " entries are stored";
  return {};
}

/// Of a matrix that lists its rows.
template <typename P, typename C>
std::string listFault(const noodle_rt_tensor &view) {
  auto *rows = static_cast<const C *>(view.rows);
  auto *columns = static_cast<const C *>(view.coordinates);
  auto *positions = static_cast<const P *>(view.positions);
  bool coo = view.layout == NOODLE_RT_COO;
  int64_t lists = coo ? view.stored : view.stored_rows;
  auto text = [](int64_t number) { return std::to_string(number); };
  if (!coo && positions[0] != 0)
    return "positions begin with " + text(positions[0]) + " instead of 0";
  if (!coo && positions[lists] != view.stored)
    return "positions end with " + text(positions[lists]) + " but " +
           text(view.stored) + " entries are stored";
  int64_t row = -1, column = -1;
  for (int64_t k = 0; k < lists; ++k) {
    auto place = [&] {
      return "row " + text(rows[k]) + (coo ? " of entry " : " at ") + text(k);
    };
    if (rows[k] < 0 || rows[k] >= view.extents[0])
      return place() + " is outside [0, " + text(view.extents[0]) + ")";
    if (rows[k] < row || (!coo && rows[k] == row))
      return place() + " is not greater than the one before it";
    if (rows[k] != row)
      column = -1;
    row = rows[k];
    int64_t begin = coo ? k : positions[k],
            end = coo ? k + 1 : positions[k + 1];
    if (end < begin || end > view.stored)
      return "positions of row " + text(row) + " are [" + text(begin) + ", " +
             text(end) + ") of " + text(view.stored) + " stored entries";
    for (int64_t at = begin; at < end; ++at) {
      if (columns[at] <= column || columns[at] >= view.extents[1])
        return "coordinate " + text(columns[at]) + " of entry " + text(at) +
               " in row " + text(row) +
               (columns[at] >= 0 && columns[at] < view.extents[1]
                    ? " is not greater than the one before it"
                    : " is outside [0, " + text(view.extents[1]) + ")");
      column = columns[at];
    }
  }
  return {};
}

std::string sparseFault(const noodle_rt_tensor &view) {
  if (rt::listsRows(view.layout))
    return rt::withIndex(view.position_width, [&](auto position) {
      return rt::withIndex(view.coordinate_width, [&](auto coordinate) {
        return listFault<decltype(position), decltype(coordinate)>(view);
      });
    });
  if (view.layout == NOODLE_RT_BSR) {
    noodle_rt_tensor blocks = rt::blocksAsEntries(view);
    return rt::withIndex(view.position_width, [&](auto position) {
      return rt::withIndex(view.coordinate_width, [&](auto coordinate) {
        return sparseFault<decltype(position), decltype(coordinate)>(
            blocks, blocks.extents[0], blocks.extents[1], "row of blocks");
      });
    });
  }
  bool rows = view.layout == NOODLE_RT_CSR, vector = view.rank == 1;
  int64_t major = vector ? 1 : view.extents[rows ? 0 : 1],
          minor = view.extents[rows && !vector ? 1 : 0];
  const char *line = rows ? "row" : "column";
  bool p8 = view.position_width == 8, c8 = view.coordinate_width == 8;
  if (p8)
    return c8 ? sparseFault<int64_t, int64_t>(view, major, minor, line)
              : sparseFault<int64_t, int32_t>(view, major, minor, line);
  return c8 ? sparseFault<int32_t, int64_t>(view, major, minor, line)
            : sparseFault<int32_t, int32_t>(view, major, minor, line);
}

/// Elements of a dense view; -1 when the number or its bytes overflow.
int64_t countOf(const noodle_rt_tensor &view) {
  int64_t count = 1;
  for (int k = 0; k < view.rank; ++k) {
    if (view.extents[k] == 0)
      return 0;
    if (__builtin_mul_overflow(count, view.extents[k], &count))
      return -1;
  }
  int64_t bytes;
  // 16 bytes, the largest element.
  return __builtin_mul_overflow(count, int64_t(16), &bytes) ? -1 : count;
}

std::string describe(const noodle_rt_tensor &view) {
  if (view.layout == NOODLE_RT_SCALAR || view.layout > NOODLE_RT_BSR)
    return layoutName(view.layout);
  return std::string(layoutName(view.layout)) + " of rank " +
         std::to_string(view.rank);
}

std::string describe(const TensorType &type) {
  if (type.layout == NOODLE_RT_SCALAR)
    return "scalar";
  return std::string(layoutName(type.layout)) + " of rank " +
         std::to_string(type.extents.size());
}

bool booleansHold(const noodle_rt_tensor &view, int64_t count) {
  // Only gapless views are scanned; strided ones are normalised when copied.
  const auto *bytes = static_cast<const uint8_t *>(view.values);
  uint8_t all = 0;
  for (int64_t k = 0; k < count; ++k)
    all |= bytes[k];
  return all <= 1;
}

bool gapless(const noodle_rt_tensor &view) {
  int64_t stride = 1;
  for (int k = view.rank; k-- > 0;) {
    if (view.extents[k] != 1 && view.strides[k] != stride)
      return false;
    stride *= view.extents[k];
  }
  return true;
}

/// `refuse` makes an error of a fault.
template <typename Refuse>
Status checkView(const TensorType &type, const noodle_rt_tensor &view,
                 bool trusted, Refuse refuse) {
  if (view.type != type.element)
    return refuse(std::string("expected ") +
                  noodle_rt_element_name(type.element) + ", got " +
                  noodle_rt_element_name(view.type));
  // A dense view of rank 0 and a scalar are the same thing to a host.
  bool point = type.extents.empty() && !type.sparse() && view.rank == 0 &&
               view.layout <= NOODLE_RT_DENSE;
  if (!point &&
      (view.layout != type.layout || view.rank != type.extents.size()))
    return refuse("expected " + describe(type) + ", got " + describe(view));
  for (int k = 0; k < view.rank; ++k) {
    if (view.extents[k] < 0)
      return refuse("extent " + std::to_string(k) + " is negative");
    if (type.extents[k] >= 0 && view.extents[k] != type.extents[k])
      return refuse("extent " + std::to_string(k) + " is " +
                    std::to_string(view.extents[k]) + ", expected " +
                    std::to_string(type.extents[k]));
  }
  if (!type.sparse()) {
    int64_t count = countOf(view);
    if (count < 0)
      return refuse("its size overflows");
    if (count > 0 && !view.values)
      return refuse("values are null");
    if (view.type == NOODLE_RT_I1 && !trusted && gapless(view) &&
        !booleansHold(view, count))
      return refuse("an i1 is neither 0 nor 1");
    return {};
  }
  bool coo = type.layout == NOODLE_RT_COO;
  if ((!coo && view.position_width != type.positionWidth) ||
      view.coordinate_width != type.coordinateWidth)
    return refuse(
        "expected positions of " + std::to_string(8 * type.positionWidth) +
        " bits and coordinates of " + std::to_string(8 * type.coordinateWidth) +
        ", got " + std::to_string(8 * view.position_width) + " and " +
        std::to_string(8 * view.coordinate_width));
  int64_t bytes;
  if (view.stored < 0 ||
      __builtin_mul_overflow(view.stored, int64_t(16), &bytes) ||
      __builtin_mul_overflow(
          std::max(view.extents[0], view.extents[view.rank - 1]), int64_t(8),
          &bytes))
    return refuse("its size overflows");
  if (type.layout == NOODLE_RT_BSR) {
    auto pair = [](int64_t rows, int64_t columns) {
      return std::to_string(rows) + " x " + std::to_string(columns);
    };
    std::string blocks = pair(type.blockRows, type.blockColumns);
    if (view.block_rows != type.blockRows ||
        view.block_columns != type.blockColumns)
      return refuse("expected blocks of " + blocks + ", got " +
                    pair(view.block_rows, view.block_columns));
    if (!rt::blocksFit(view))
      return refuse("extents " + pair(view.extents[0], view.extents[1]) +
                    " and " + std::to_string(view.stored) +
                    " stored entries are not whole blocks of " + blocks);
  }
  if (coo && type.positionWidth == 4 && view.stored > INT32_MAX)
    return refuse("more entries than positions of 32 bits count: use a wider "
                  "posWidth");
  if (!coo && !view.positions)
    return refuse("positions are null");
  if (type.layout == NOODLE_RT_DCSR &&
      (view.stored_rows < 0 || view.stored_rows > view.extents[0]))
    return refuse(std::to_string(view.stored_rows) + " stored rows of " +
                  std::to_string(view.extents[0]));
  if (type.listsRows() && (coo ? view.stored : view.stored_rows) > 0 &&
      !view.rows)
    return refuse("rows are null");
  if (view.stored > 0 && (!view.values || !view.coordinates))
    return refuse("values or coordinates are null");
  if (trusted)
    return {};
  if (std::string fault = sparseFault(view); !fault.empty())
    return refuse(fault);
  if (view.type == NOODLE_RT_I1 && !booleansHold(view, view.stored))
    return refuse("an i1 is neither 0 nor 1");
  return {};
}

} // namespace

Status checkArgument(const Signature &function, size_t index,
                     const noodle_rt_tensor &view, bool trusted) {
  return checkView(
      function.parameters[index], view, trusted, [&](const std::string &what) {
        return Status::error(Code::InvalidArgument,
                             "argument " + std::to_string(index) + " of @" +
                                 function.name + ": " + what);
      });
}

Status checkResult(const Signature &function, size_t index,
                   const noodle_rt_tensor &view) {
  auto refuse = [&](const std::string &what) {
    return Status::error(Code::InvalidArgument,
                         "result " + std::to_string(index) + " of @" +
                             function.name + ": " + what);
  };
  const TensorType &type = function.results[index];
  if (type.sparse())
    return refuse("it is sparse, so only a call knows its size: bind the call "
                  "without memory for it");
  if (Status status = checkView(type, view, /*trusted=*/true, refuse);
      !status.ok())
    return status;
  if (type.layout == NOODLE_RT_SCALAR && !view.values)
    return refuse("values are null");
  if (countOf(view) > 0 && !gapless(view))
    return refuse("its memory is not row-major");
  return {};
}

} // namespace noodle::engine
