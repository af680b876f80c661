//===- parts.cpp - a launch that does not fit, some rows at a time --------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Parts take their rows from host memory and leave their results there. Where
// two fit, the transfers of one happen beside the kernel of the other.
//
//===----------------------------------------------------------------------===//
#include "session.h"

#include <algorithm>

namespace noodle::rt {

/// Rows [first, first + rows) of a launch.
struct DeviceSession::Impl::Part {
  int64_t first = 0, rows = 0;
  bool running = false;
  std::vector<noodle_rt_launch_buffer> buffers;
  std::vector<DeviceAddress> addresses;
  /// Memory of its own, by buffer; none for what is not cut.
  std::vector<DeviceAddress> own;
  Moment done = 0;
};

static int64_t bytesOf(const noodle_rt_launch_buffer &buffer) {
  return buffer.count * buffer.element_bytes;
}

/// Whether rows of the launch can be computed alone.
static bool canBeSplit(const noodle_rt_launch &launch) {
  if (launch.split_scalar < 0 || launch.split_scalar >= launch.scalar_count ||
      launch.split_rows <= 0)
    return false;
  int64_t rows = launch.scalars[launch.split_scalar];
  if (rows <= 0)
    return false;
  for (int64_t k = 0; k < launch.buffer_count; ++k) {
    const noodle_rt_launch_buffer &buffer = launch.buffers[k];
    bool fits = buffer.cut == 0   ? !buffer.write
                : buffer.cut == 1 ? buffer.count % rows == 0
                                  : buffer.count == rows + 1 && !buffer.write;
    if (!fits)
      return false;
    // A part's results would be another's inputs.
    auto begin = static_cast<char *>(buffer.data);
    for (int64_t other = 0; other < launch.buffer_count; ++other) {
      auto at = static_cast<char *>(launch.buffers[other].data);
      if (buffer.write && other != k && at < begin + bytesOf(buffer) &&
          begin < at + bytesOf(launch.buffers[other]))
        return false;
    }
  }
  return true;
}

/// Moves a part's rows to the device and launches it.
Outcome DeviceSession::Impl::begin(const noodle_rt_launch &launch, Part &part) {
  int64_t total = launch.scalars[launch.split_scalar];
  std::vector<int64_t> scalars(launch.scalars,
                               launch.scalars + launch.scalar_count);
  scalars[size_t(launch.split_scalar)] = part.rows;
  for (size_t k = 0; k < part.buffers.size(); ++k) {
    noodle_rt_launch_buffer &buffer = part.buffers[k];
    buffer = launch.buffers[k];
    part.own[k] = 0;
    if (buffer.cut == 0)
      continue;
    int64_t each = buffer.cut == 2 ? 1 : buffer.count / total;
    if (buffer.count)
      buffer.data = static_cast<char *>(buffer.data) +
                    part.first * each * buffer.element_bytes;
    buffer.count = part.rows * each + (buffer.cut == 2 ? 1 : 0);
    part.addresses[k] = 0;
  }
  Outcome result;
  for (size_t k = 0; k < part.buffers.size() && result.ok(); ++k) {
    const noodle_rt_launch_buffer &buffer = part.buffers[k];
    if (buffer.cut == 0 || buffer.count == 0)
      continue;
    result = allocate(bytesOf(buffer), !buffer.write, part.own[k]);
    part.addresses[k] = part.own[k];
    if (!result.ok() || buffer.write)
      continue;
    bool direct; // waited for when the part ends
    result = queue->copyIn(part.own[k], buffer.data, bytesOf(buffer), direct);
    receipt.bytesIn += result.ok() ? bytesOf(buffer) : 0;
  }
  if (result.ok()) {
    noodle_rt_launch plain = launch;
    plain.buffers = part.buffers.data();
    plain.scalars = scalars.data();
    plain.grid[0] = (part.rows + launch.split_rows - 1) / launch.split_rows;
    result = enqueue(plain, part.addresses);
  }
  if (result.ok())
    result = queue->mark(part.done);
  part.running = result.ok();
  if (!result.ok())
    releaseOwn(part);
  return result;
}

void DeviceSession::Impl::releaseOwn(Part &part) noexcept {
  for (size_t k = 0; k < part.own.size(); ++k) {
    release(part.own[k], bytesOf(part.buffers[k]));
    part.own[k] = 0;
  }
  part.running = false;
}

/// Brings a part's results home.
Outcome DeviceSession::Impl::end(Part &part) {
  Outcome result;
  for (size_t k = 0; k < part.own.size() && part.running && result.ok(); ++k) {
    const noodle_rt_launch_buffer &buffer = part.buffers[k];
    if (!buffer.write || !part.own[k])
      continue;
    result =
        queue->copyOut(buffer.data, part.own[k], bytesOf(buffer), part.done);
    receipt.bytesOut += result.ok() ? bytesOf(buffer) : 0;
  }
  releaseOwn(part);
  return result;
}

Outcome DeviceSession::Impl::runInParts(const noodle_rt_launch &launch,
                                        Outcome why) {
  if (!canBeSplit(launch))
    return why;
  int64_t total = launch.scalars[launch.split_scalar];
  auto blocks = [&](int64_t rows) { // whole ones
    return (rows + launch.split_rows - 1) / launch.split_rows *
           launch.split_rows;
  };
  int64_t rows = blocks((total + 1) / 2);
  if (rows >= total)
    return why;
  std::vector<noodle_rt_launch_buffer> uncut;
  for (int64_t k = 0; k < launch.buffer_count; ++k) {
    const noodle_rt_launch_buffer &buffer = launch.buffers[k];
    auto begin = static_cast<char *>(buffer.data);
    if (buffer.cut && buffer.count)
      NOODLE_TRY(clear(begin, begin + bytesOf(buffer)));
    uncut.push_back(buffer);
    if (buffer.cut)
      uncut.back().count = 0;
  }
  noodle_rt_launch shared = launch;
  shared.buffers = uncut.data();
  Acquired acquired;
  Outcome result = acquire(shared, acquired);
  Part parts[2];
  for (Part &part : parts) {
    part.buffers.resize(uncut.size());
    part.own.assign(uncut.size(), 0);
    part.addresses = acquired.addresses;
  }
  int turn = 0;
  for (int64_t done = 0; done < total && result.ok();) {
    Part &next = parts[turn], &before = parts[turn ^ 1];
    next.first = done;
    next.rows = std::min(rows, total - done);
    result = begin(launch, next);
    if (result.fault == Fault::Memory && before.running) {
      result = end(before); // and again, alone
      continue;
    }
    if (result.fault == Fault::Memory && rows > launch.split_rows) {
      rows = blocks(rows / 2);
      result = {};
      continue;
    }
    done += next.rows;
    turn ^= 1;
    if (result.ok())
      result = end(before);
  }
  if (result.ok())
    result = end(parts[turn ^ 1]);
  if (result.ok()) // the host may write to its inputs from now on
    result = queue->settleInputs();
  for (Part &part : parts)
    releaseOwn(part);
  undo(acquired);
  if (result.ok())
    step("split",
         why.reason + "; computed in parts of " + std::to_string(rows) +
             " rows of " + std::to_string(total),
         site);
  return result;
}

} // namespace noodle::rt
