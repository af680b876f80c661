//===- copies.cpp - which side has what, and where ------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A copy stands for a range of host memory; no two overlap. A launch's buffers
// that overlap each other share one. A buffer inside a known copy uses it, at
// any offset: where that is not a multiple of 256 bytes the kernel gets a piece
// of memory beside the copy, filled from it or moved into it on the device.
// What else overlaps is brought home and dropped.
//
//===----------------------------------------------------------------------===//
#include "session.h"

#include <algorithm>

namespace noodle::rt {

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

void DeviceSession::Impl::release(DeviceAddress address,
                                  int64_t bytes) noexcept {
  if (!address)
    return;
  queue->release(address);
  liveBytes -= bytes;
}

/// Gives memory of copies back that the launch under way does not use. Whether
/// there was any.
bool DeviceSession::Impl::evict(bool dirty) {
  bool any = false;
  for (auto at = copies.begin(); at != copies.end();) {
    DeviceCopy &copy = at->second;
    if (copy.lastUse == launchNumber || copy.resident || copy.newest != dirty ||
        !writeBack(copy).ok()) {
      ++at;
      continue;
    }
    at = drop(at);
    any = true;
  }
  return any;
}

Outcome DeviceSession::Impl::allocate(int64_t bytes, bool forInput,
                                      DeviceAddress &address) {
  Outcome result = queue->allocate(bytes, forInput, address);
  auto again = [&](const char *name, const char *what) -> Outcome {
    // What was released is back once the device got there.
    NOODLE_TRY(queue->wait());
    device.trim();
    step(name, result.reason + "; " + what, site);
    return queue->allocate(bytes, forInput, address);
  };
  if (result.fault == Fault::Memory)
    result = again("trim", "cached memory was given back");
  if (result.fault == Fault::Memory && evict(/*dirty=*/false))
    result = again("evict", "copies that the host has too were dropped");
  if (result.fault == Fault::Memory && evict(/*dirty=*/true))
    result = again("evict", "results were moved to the host");
  if (result.ok()) {
    liveBytes += bytes;
    receipt.peakBytes = std::max(receipt.peakBytes, liveBytes);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

/// The host is about to change or free memory that a transfer may still read.
void DeviceSession::Impl::settleInput(DeviceCopy &copy) noexcept {
  if (copy.direct)
    queue->settleInputs();
  copy.direct = false;
}

DeviceSession::Impl::Copies::iterator
DeviceSession::Impl::drop(Copies::iterator at) noexcept {
  DeviceCopy &copy = at->second;
  settleInput(copy);
  if (!copy.resident)
    release(copy.device, copy.bytes);
  copyCount.fetch_sub(1, std::memory_order_relaxed);
  if (copy.newest)
    newestCount.fetch_sub(1, std::memory_order_relaxed);
  return copies.erase(at);
}

Outcome DeviceSession::Impl::writeBack(DeviceCopy &copy) {
  if (!copy.newest)
    return {};
  auto move = [&] {
    return queue->copyOut(copy.host, copy.device, copy.bytes, copy.written);
  };
  Outcome result = move();
  if (!result.ok() && result.fault != Fault::Lost) // only the device has it
    result = move();
  if (!result.ok()) {
    result.fault = Fault::Lost;
    return result;
  }
  receipt.bytesOut += copy.bytes;
  copy.newest = false;
  newestCount.fetch_sub(1, std::memory_order_relaxed);
  return {};
}

Outcome DeviceSession::Impl::clear(char *begin, char *end) {
  auto at = copies.lower_bound(begin);
  if (at != copies.begin() && std::prev(at)->second.end() > begin)
    --at;
  while (at != copies.end() && at->first < end) {
    NOODLE_TRY(writeBack(at->second));
    at = drop(at);
  }
  return {};
}

DeviceSession::Impl::Copies::iterator
DeviceSession::Impl::containing(char *begin, char *end) {
  auto at = copies.upper_bound(begin);
  if (at == copies.begin())
    return copies.end();
  --at;
  return end <= at->second.end() ? at : copies.end();
}

/// What a resident copy has becomes a copy of this call, unless `groups` want
/// more than to read it.
Outcome DeviceSession::Impl::findResident(const Group &wanted,
                                          const std::vector<Group> &groups) {
  std::shared_ptr<Resident> resident =
      device.impl().findResident(wanted.begin, wanted.end);
  if (!resident)
    return {};
  char *begin = resident->host, *end = begin + resident->bytes;
  for (const Group &group : groups)
    if (group.begin < end && begin < group.end &&
        (group.write || group.begin < begin || end < group.end))
      return {};
  NOODLE_TRY(clear(begin, end));
  residents.push_back(resident);
  // Two calls may come at once; the second finds what the first moved.
  std::lock_guard lock(resident->mutex);
  if (resident->stale) {
    bool direct = false;
    NOODLE_TRY(queue->copyIn(resident->device, begin, resident->bytes, direct));
    NOODLE_TRY(queue->settleInputs());
    receipt.bytesIn += resident->bytes;
    resident->stale = false;
  } else {
    receipt.bytesReused += wanted.end - wanted.begin;
  }
  DeviceCopy copy;
  copy.host = begin;
  copy.bytes = resident->bytes;
  copy.device = resident->device;
  copy.lastUse = launchNumber;
  copy.resident = std::move(resident);
  copies.emplace(begin, std::move(copy));
  copyCount.fetch_add(1, std::memory_order_relaxed);
  return {};
}

/// A copy of a range that no copy overlaps.
Outcome DeviceSession::Impl::create(const Group &group) {
  DeviceCopy copy;
  copy.host = group.begin;
  copy.bytes = group.end - group.begin;
  copy.lastUse = launchNumber;
  if (context) {
    int64_t bytes = 0;
    copy.block =
        static_cast<char *>(Context::from(context)->blockAt(copy.host, bytes));
    copy.blockEnd = copy.block + bytes;
  }
  NOODLE_TRY(allocate(copy.bytes, group.fill, copy.device));
  if (group.fill) {
    Outcome result =
        queue->copyIn(copy.device, copy.host, copy.bytes, copy.direct);
    if (!result.ok()) {
      release(copy.device, copy.bytes);
      return result;
    }
    receipt.bytesIn += copy.bytes;
  }
  copies.emplace(copy.host, copy);
  copyCount.fetch_add(1, std::memory_order_relaxed);
  return {};
}

//===----------------------------------------------------------------------===//
// A launch's buffers
//===----------------------------------------------------------------------===//

namespace {
struct Range {
  char *begin, *end;
  bool write;
  size_t buffer;
};

std::vector<Range> rangesOf(const noodle_rt_launch &launch) {
  std::vector<Range> ranges;
  for (size_t k = 0; k < size_t(launch.buffer_count); ++k) {
    const noodle_rt_launch_buffer &buffer = launch.buffers[k];
    auto begin = static_cast<char *>(buffer.data);
    if (buffer.count)
      ranges.push_back({begin, begin + buffer.count * buffer.element_bytes,
                        buffer.write != 0, k});
  }
  std::sort(ranges.begin(), ranges.end(),
            [](const Range &a, const Range &b) { return a.begin < b.begin; });
  return ranges;
}
} // namespace

Outcome DeviceSession::Impl::acquire(const noodle_rt_launch &launch,
                                     Acquired &acquired) {
  acquired.addresses.assign(size_t(launch.buffer_count), 0);
  std::vector<Range> ranges = rangesOf(launch);
  std::vector<Group> groups;
  for (size_t first = 0, last; first < ranges.size(); first = last) {
    Group group{ranges[first].begin, ranges[first].end, first, first + 1};
    for (last = first + 1; last < ranges.size(); group.last = ++last) {
      if (ranges[last].begin >= group.end)
        break;
      group.end = std::max(group.end, ranges[last].end);
    }
    // What kernels write whole is not moved there.
    group.fill = last - first > 1 || !ranges[first].write;
    for (size_t k = first; k < last; ++k)
      group.write |= ranges[k].write;
    groups.push_back(group);
  }
  // After this each group is in a copy, or no copy overlaps it.
  for (const Group &group : groups) {
    auto at = containing(group.begin, group.end);
    if (at == copies.end() || (group.write && at->second.resident))
      NOODLE_TRY(clear(group.begin, group.end));
  }
  // What one group needs is not taken for another.
  for (const Group &group : groups)
    if (auto at = containing(group.begin, group.end); at != copies.end())
      at->second.lastUse = launchNumber;
  for (const Group &group : groups) {
    auto at = containing(group.begin, group.end);
    if (at != copies.end() && group.fill)
      receipt.bytesReused += group.end - group.begin;
    if (at == copies.end() && !group.write) {
      NOODLE_TRY(findResident(group, groups));
      at = containing(group.begin, group.end);
    }
    if (at == copies.end()) {
      NOODLE_TRY(create(group));
      at = containing(group.begin, group.end);
      if (!group.fill)
        acquired.fresh.push_back(group.begin);
    }
    const char *host = at->first;
    acquired.used.push_back({at->first, group.write});
    DeviceAddress device = at->second.device;
    for (size_t k = group.first; k < group.last; ++k) {
      const Range &range = ranges[k];
      DeviceAddress part = device + uint64_t(range.begin - host);
      DeviceAddress &address = acquired.addresses[range.buffer];
      bool apart = part % 256 != 0;
      // A kernel reads what it wants when it wants: not what it writes.
      for (size_t other = group.first; other < group.last && !range.write;
           ++other)
        apart |= ranges[other].write && range.begin < ranges[other].end &&
                 ranges[other].begin < range.end;
      if (!apart) {
        address = part;
        continue;
      }
      int64_t bytes = range.end - range.begin;
      NOODLE_TRY(allocate(bytes, false, address));
      acquired.asides.push_back({address, part, bytes, range.write});
      if (!range.write)
        NOODLE_TRY(queue->copyOnDevice(address, part, bytes));
    }
  }
  return {};
}

Outcome DeviceSession::Impl::commit(Acquired &acquired) {
  Outcome result;
  for (Acquired::Aside &aside : acquired.asides) {
    if (aside.write && result.ok())
      result = queue->copyOnDevice(aside.part, aside.device, aside.bytes);
    release(aside.device, aside.bytes);
  }
  acquired.asides.clear();
  // Some of the results are nowhere now.
  if (!result.ok())
    return result;
  Moment moment = 0;
  NOODLE_TRY(queue->mark(moment));
  for (auto [host, write] : acquired.used) {
    if (!write)
      continue;
    DeviceCopy &copy = copies.at(host);
    if (!copy.newest)
      newestCount.fetch_add(1, std::memory_order_relaxed);
    copy.newest = true;
    copy.written = moment;
  }
  return {};
}

void DeviceSession::Impl::undo(Acquired &acquired) noexcept {
  for (Acquired::Aside &aside : acquired.asides)
    release(aside.device, aside.bytes);
  acquired.asides.clear();
  for (char *host : acquired.fresh)
    if (auto at = copies.find(host); at != copies.end())
      drop(at);
}

} // namespace noodle::rt
