//===- Results.cpp - results in the host's memory ---------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Engine/Kernel.h"

#include "noodle-rt/blocks.h"

#include <cstring>

namespace noodle::engine {
namespace {

/// Addresses that a view may touch.
struct Range {
  uintptr_t begin = 0, end = 0;

  Range() = default;
  Range(const void *data, int64_t bytes)
      : begin(reinterpret_cast<uintptr_t>(data)),
        end(begin + uintptr_t(data ? bytes : 0)) {}
  bool meets(const Range &other) const {
    return begin < other.end && other.begin < end;
  }
};

int64_t bytesOf(const noodle_rt_tensor &view) {
  int64_t bytes = noodle_rt_element_bytes(view.type);
  for (int k = 0; k < view.rank; ++k)
    bytes *= view.extents[k];
  return bytes;
}

/// Of a dense view, whose strides may be negative.
Range elements(const noodle_rt_tensor &view) {
  int64_t width = noodle_rt_element_bytes(view.type), low = 0, high = 0;
  if (bytesOf(view) == 0)
    return {};
  for (int k = 0; k < view.rank; ++k) {
    int64_t reach = (view.extents[k] - 1) * view.strides[k];
    (reach < 0 ? low : high) += reach;
  }
  return {static_cast<const char *>(view.values) + low * width,
          (high - low + 1) * width};
}

std::array<Range, 4> buffers(const noodle_rt_tensor &view,
                             const TensorType &type) {
  if (!type.sparse())
    return {elements(view)};
  int64_t lines = type.layout == NOODLE_RT_DCSR  ? view.stored_rows
                  : type.layout == NOODLE_RT_CSC ? view.extents[1]
                  : type.layout == NOODLE_RT_BSR
                      ? view.extents[0] / type.blockRows
                      : view.extents[0];
  bool coo = type.layout == NOODLE_RT_COO;
  return {
      Range(view.values, view.stored * noodle_rt_element_bytes(view.type)),
      Range(coo ? nullptr : view.positions, (lines + 1) * type.positionWidth),
      Range(view.coordinates, rt::coordinatesOf(view) * type.coordinateWidth),
      Range(type.listsRows() ? view.rows : nullptr,
            (coo ? view.stored : lines) * type.coordinateWidth)};
}

/// A slot as the entry expects it; it fills the rest.
void prepareSlot(const TensorType &type, noodle_rt_tensor &slot, void *scalar) {
  slot.layout = type.listsRows() ? NOODLE_RT_CSR : type.layout;
  slot.type = type.element;
  slot.rank = uint8_t(type.extents.size());
  slot.position_width = type.positionWidth;
  slot.coordinate_width = type.coordinateWidth;
  slot.block_rows = type.blockRows;
  slot.block_columns = type.blockColumns;
  slot.stored = 0;
  slot.positions = slot.coordinates = slot.rows = nullptr;
  slot.stored_rows = 0;
  slot.values = type.layout == NOODLE_RT_SCALAR ? scalar : nullptr;
}

std::string shapeText(const noodle_rt_tensor &view) {
  std::string text;
  for (int k = 0; k < view.rank; ++k)
    text += (k ? "x" : "") + std::to_string(view.extents[k]);
  return text;
}

} // namespace

void BoundCall::prepareSlots() {
  for (size_t k = 0; k < slots.size(); ++k)
    prepareSlot(function->results[k], slots[k],
                hasResults() ? given[k].values : scalars[k].data());
}

Status BoundCall::giveResults(std::span<const noodle_rt_tensor> results) {
  if (results.size() != function->results.size())
    return Status::error(Code::InvalidArgument,
                         "@" + function->name + " has " +
                             std::to_string(function->results.size()) +
                             " results, got memory for " +
                             std::to_string(results.size()));
  std::vector<Range> ranges(results.size());
  std::vector<rt::ResultMemory> direct(results.size());
  // The views of sparse vectors have another rank; what they touch is the same.
  const std::vector<noodle_rt_tensor> &arguments =
      originals.empty() ? views : originals;
  for (size_t k = 0; k < results.size(); ++k) {
    if (Status status = checkResult(*function, k, results[k]); !status.ok())
      return status;
    auto refuse = [&](const std::string &other) {
      return Status::error(Code::InvalidArgument,
                           "result " + std::to_string(k) + " of @" +
                               function->name + ": its memory overlaps " +
                               other + "'s: give it memory of its own");
    };
    ranges[k] = Range(results[k].values, bytesOf(results[k]));
    for (size_t other = 0; other < k; ++other)
      if (ranges[k].meets(ranges[other]))
        return refuse("result " + std::to_string(other));
    for (size_t other = 0; other < arguments.size(); ++other)
      for (const Range &range :
           buffers(arguments[other], function->parameters[other]))
        if (ranges[k].meets(range))
          return refuse("argument " + std::to_string(other));
    if (ranges[k].begin % NOODLE_RT_ALIGNMENT == 0 && results[k].values &&
        function->results[k].layout != NOODLE_RT_SCALAR)
      direct[k] = {results[k].values, bytesOf(results[k])};
  }
  resultsVary = llvm::any_of(
      function->results, [](const TensorType &type) { return type.dynamic(); });
  given.assign(results.begin(), results.end());
  memory = std::move(direct);
  enter(kernel, size_t(function - kernel->artifact().functions.data()));
  return {};
}

Status BoundCall::deliver() {
  for (size_t k = 0; k < slots.size(); ++k) {
    if (!std::equal(slots[k].extents, slots[k].extents + slots[k].rank,
                    given[k].extents))
      return Status::error(Code::InvalidArgument,
                           "result " + std::to_string(k) + " of @" +
                               function->name + " is " + shapeText(slots[k]) +
                               ", its memory is for " + shapeText(given[k]));
    if (int64_t bytes = bytesOf(given[k]);
        bytes > 0 && slots[k].values != given[k].values)
      std::memcpy(given[k].values, slots[k].values, size_t(bytes));
  }
  return {};
}

} // namespace noodle::engine
