//===- Face.cpp - what tests ask the fake driver --------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma GCC visibility push(default)
#include "FakeCuda.h"
#pragma GCC visibility pop
#include "Call.h"

#include <algorithm>

using namespace fake_cuda;

using Spans = std::vector<std::pair<double, double>>;

/// Sorted and disjoint, of the same points.
static Spans united(Spans spans) {
  std::sort(spans.begin(), spans.end());
  Spans result;
  for (auto [begin, end] : spans)
    if (!result.empty() && begin <= result.back().second)
      result.back().second = std::max(result.back().second, end);
    else
      result.emplace_back(begin, end);
  return result;
}

static double length(const Spans &spans) {
  double sum = 0;
  for (auto [begin, end] : spans)
    sum += end - begin;
  return sum;
}

static double overlap(const Spans &a, const Spans &b) {
  double sum = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    sum += std::max(0.0, std::min(a[i].second, b[j].second) -
                             std::max(a[i].first, b[j].first));
    a[i].second < b[j].second ? ++i : ++j;
  }
  return sum;
}

int fake_cuda_configure(const char *text) {
  State &state = State::get();
  std::lock_guard lock(state.mutex);
  std::string report = state.config.report;
  state.reset();
  state.config.report = report;
  int wrong = state.config.parse(text);
  state.start();
  return wrong;
}

int fake_cuda_adjust(const char *text) {
  State &state = State::get();
  std::lock_guard lock(state.mutex);
  state.failBase = int64_t(state.calls.size());
  state.dieBase = state.launches;
  return state.config.parse(text);
}

int64_t fake_cuda_calls(void) {
  State &state = State::get();
  std::lock_guard lock(state.mutex);
  return int64_t(state.calls.size());
}

const char *fake_cuda_call_name(int64_t number) {
  State &state = State::get();
  std::lock_guard lock(state.mutex);
  return number >= 1 && number <= int64_t(state.calls.size())
             ? state.calls[size_t(number - 1)]
             : nullptr;
}

int64_t fake_cuda_launches(void) {
  State &state = State::get();
  std::lock_guard lock(state.mutex);
  return state.launches;
}

int64_t fake_cuda_live_bytes(void) {
  State &state = State::get();
  std::lock_guard lock(state.mutex);
  int64_t bytes = 0;
  for (auto &device : state.devices)
    if (!device->dead)
      bytes += device->heap->used();
  for (auto &[address, block] : state.host)
    if (!block.device->dead)
      bytes += block.bytes;
  return bytes;
}

int64_t fake_cuda_live_objects(void) {
  State &state = State::get();
  std::lock_guard lock(state.mutex);
  int64_t count = 0;
  bool dead = false;
  for (auto &device : state.devices) {
    dead |= device->dead != CUDA_SUCCESS;
    if (!device->dead)
      count += int64_t(device->heap->live().size()) + device->retained;
  }
  for (auto &[address, block] : state.host)
    count += !block.device->dead;
  for (auto &[id, stream] : state.streams)
    count += !stream->device->dead;
  for (auto &[id, image] : state.images)
    count += !image->device->dead;
  return count + (dead ? 0 : int64_t(state.events.size()));
}

int64_t fake_cuda_faults(void) {
  State &state = State::get();
  std::lock_guard lock(state.mutex);
  return state.faults;
}

const char *fake_cuda_fault_text(void) {
  State &state = State::get();
  std::lock_guard lock(state.mutex);
  return state.faultText.c_str();
}

void fake_cuda_clock(struct fake_cuda_times *times) {
  State &state = State::get();
  std::lock_guard lock(state.mutex);
  *times = {state.now, 0, 0, 0, 0};
  for (auto &device : state.devices) {
    Spans kernels = united(device->busy[kCompute]), copies = device->busy[kIn];
    times->in += length(united(device->busy[kIn]));
    times->out += length(united(device->busy[kOut]));
    times->kernels += length(kernels);
    copies.insert(copies.end(), device->busy[kOut].begin(),
                  device->busy[kOut].end());
    times->overlap += overlap(united(copies), kernels);
  }
}

void fake_cuda_accesses(struct fake_cuda_access_counts *counts) {
  State &state = State::get();
  std::lock_guard lock(state.mutex);
  const AccessCounts &all = state.counts;
  *counts = {all.globalRequests, all.uncoalesced,    all.sectors,
             all.neededSectors,  all.sharedRequests, all.bankConflicts};
}

// Every symbol of the list is here, or this library does not link.
extern "C" __attribute__((visibility("default")))
const void *const fake_cuda_symbols[] = {
#define CUDA_FUNCTION(name, symbol, parameters)                                \
  reinterpret_cast<const void *>(&symbol),
#include "cuda_driver.def"
};
