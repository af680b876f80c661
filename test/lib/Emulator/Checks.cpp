//===- Checks.cpp - what one thread of a kernel may touch -----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Checks.h"

#include <algorithm>
#include <cstring>
#include <set>

namespace noodle::emu {

const char *faultName(FaultKind kind) {
  switch (kind) {
  case FaultKind::OutOfBounds:
    return "out-of-bounds access";
  case FaultKind::BadBuffer:
    return "buffer that is no device memory";
  case FaultKind::Misaligned:
    return "misaligned access";
  case FaultKind::SharedRace:
    return "shared-memory race";
  case FaultKind::SharedUninitialised:
    return "read of shared memory never written";
  case FaultKind::GlobalUninitialised:
    return "read of global memory never written";
  case FaultKind::GlobalRace:
    return "global-memory race";
  case FaultKind::DivergentBarrier:
    return "divergent barrier";
  case FaultKind::MissingLanes:
    return "shuffle with missing lanes";
  case FaultKind::Endless:
    return "endless kernel";
  }
  return "?";
}

std::string Fault::str() const {
  std::string text = std::string("emulator: ") + faultName(kind) + ": kernel " +
                     kernel + ", block (" + std::to_string(block[0]) + "," +
                     std::to_string(block[1]) + "," + std::to_string(block[2]) +
                     "), thread " + std::to_string(thread);
  if (!place.empty())
    text += ", at `" + place + "`";
  text += ": " + detail;
  if (count > 1)
    text += "; " + std::to_string(count) + " times";
  return text;
}

void AccessCounts::add(const AccessCounts &other) {
  globalRequests += other.globalRequests;
  uncoalesced += other.uncoalesced;
  sectors += other.sectors;
  neededSectors += other.neededSectors;
  sharedRequests += other.sharedRequests;
  bankConflicts += other.bankConflicts;
}

Checks::Checks(const Module &module, const Module::Kernel &kernel,
               int64_t threads, LaunchResult &result,
               const LaunchLimits &limits)
    : module(module), kernel(kernel), result(result), limits(limits),
      cells(size_t(kernel.sharedBytes / kernel.granule + 1)),
      turns(size_t(threads) * module.sites().size()) {}

bool Checks::bind(void *const *params, Memory &memory) {
  const int64_t nowhere[3] = {0, 0, 0};
  for (size_t k = 0; k < kernel.buffers.size(); ++k) {
    const Module::Buffer &buffer = kernel.buffers[k];
    auto read = [&](unsigned param) {
      int64_t value;
      std::memcpy(&value, params[param], 8);
      return value;
    };
    // allocated, aligned, offset, extent, stride
    auto base = uint64_t(read(buffer.param + 1));
    int64_t offset = read(buffer.param + 2), count = read(buffer.param + 3),
            stride = read(buffer.param + 4);
    Bound bound;
    std::string why;
    if (offset || count < 0 || (count > 1 && stride != 1)) {
      why = "its descriptor has offset " + std::to_string(offset) +
            ", extent " + std::to_string(count) + ", stride " +
            std::to_string(stride);
    } else if (count) {
      uint64_t bytes = uint64_t(count) * uint64_t(buffer.elementBytes);
      Memory::Window window;
      if (memory.find(base, bytes, window, why))
        bound = {base,
                 base + bytes,
                 window.storage,
                 window.written,
                 uint64_t(buffer.elementBytes),
                 {}};
      else if (why.empty())
        why = "it is not in device memory";
    }
    if (!why.empty()) {
      report(FaultKind::BadBuffer, -1, nowhere, 0,
             "buffer " + std::to_string(k) + ": " + why);
      result.illegal = true;
      return false;
    }
    buffers.push_back(bound);
  }
  return true;
}

void Checks::beginBlock(const EmuThread &, bool sample) {
  blockBegin = ++epoch;
  sampling = sample;
}

void *Checks::refuse(const Module::Site &site) {
  // What is loaded from nowhere is zero, whatever was stored there.
  if (site.kind == 's')
    return sink;
  std::memset(zeros, 0, sizeof zeros);
  return zeros;
}

void *Checks::access(const EmuThread &thread, void *address, int32_t number) {
  const Module::Site &site = module.sites()[size_t(number)];
  ++result.accesses;
  if (sampling)
    sample(thread, reinterpret_cast<uint64_t>(address), number);
  if (site.space == 'w')
    return shared(thread, static_cast<char *>(address), number, site);
  return global(thread, reinterpret_cast<uint64_t>(address), number, site);
}

void *Checks::global(const EmuThread &thread, uint64_t address, int32_t number,
                     const Module::Site &site) {
  Bound &bound = buffers[size_t(site.buffer)];
  auto bytes = uint64_t(site.bytes);
  if (address < bound.begin || address > bound.end ||
      bound.end - address < bytes) {
    report(FaultKind::OutOfBounds, number, thread.blockId, thread.threadId[0],
           std::to_string(bytes) + " bytes at offset " +
               std::to_string(int64_t(address - bound.begin)) + " of buffer " +
               std::to_string(site.buffer) + ", which has " +
               std::to_string(bound.end - bound.begin));
    result.illegal = true;
    return refuse(site);
  }
  if (address % uint64_t(site.alignment)) {
    report(FaultKind::Misaligned, number, thread.blockId, thread.threadId[0],
           "offset " + std::to_string(address - bound.begin) + " of buffer " +
               std::to_string(site.buffer) + " is no multiple of " +
               std::to_string(site.alignment));
    result.misaligned = true;
    return refuse(site); // the host's instruction would trap
  }
  size_t offset = address - bound.begin;
  if (bound.written) {
    uint8_t *written = bound.written + offset;
    if (site.kind == 's')
      std::memset(written, 1, bytes);
    else if (std::memchr(written, 0, bytes))
      report(FaultKind::GlobalUninitialised, number, thread.blockId,
             thread.threadId[0],
             "offset " + std::to_string(offset) + " of buffer " +
                 std::to_string(site.buffer));
  }
  if (site.kind != 'a' && (site.kind == 's' || !bound.writers.empty()))
    race(bound, thread, offset, number, site);
  return bound.storage + offset;
}

void Checks::race(Bound &bound, const EmuThread &thread, size_t offset,
                  int32_t number, const Module::Site &site) {
  if (bound.writers.empty())
    bound.writers.resize((bound.end - bound.begin) / bound.elementBytes + 1);
  uint64_t self = 0;
  for (int k = 2; k >= 0; --k)
    self = self * uint64_t(thread.gridDim[k]) + uint64_t(thread.blockId[k]);
  self = self * 1024 + uint64_t(thread.threadId[0]) + 1;
  size_t last = (offset + size_t(site.bytes) - 1) / bound.elementBytes;
  for (size_t k = offset / bound.elementBytes; k <= last; ++k) {
    uint64_t &writer = bound.writers[k];
    if (writer && writer != self)
      report(FaultKind::GlobalRace, number, thread.blockId, thread.threadId[0],
             std::string(site.kind == 's' ? "writes" : "reads") +
                 " what thread " + std::to_string((writer - 1) % 1024) +
                 " of block " + std::to_string((writer - 1) / 1024) +
                 " of the grid wrote, offset " + std::to_string(offset) +
                 " of buffer " + std::to_string(site.buffer));
    if (site.kind == 's')
      writer = self;
  }
}

void *Checks::shared(const EmuThread &thread, char *address, int32_t number,
                     const Module::Site &site) {
  const Module::Workgroup &buffer = kernel.workgroup[size_t(site.buffer)];
  int64_t offset = address - thread.shared - buffer.offset;
  if (offset < 0 || offset + site.bytes > buffer.bytes) {
    report(FaultKind::OutOfBounds, number, thread.blockId, thread.threadId[0],
           std::to_string(site.bytes) + " bytes at offset " +
               std::to_string(offset) + " of workgroup buffer " +
               std::to_string(site.buffer) + ", which has " +
               std::to_string(buffer.bytes));
    result.illegal = true;
    return refuse(site);
  }
  int64_t place = buffer.offset + offset;
  if (place % site.alignment) {
    report(FaultKind::Misaligned, number, thread.blockId, thread.threadId[0],
           "offset " + std::to_string(offset) + " of workgroup buffer " +
               std::to_string(site.buffer) + " is no multiple of " +
               std::to_string(site.alignment));
    result.misaligned = true;
    return refuse(site); // the host's instruction would trap
  }
  auto self = uint16_t(thread.threadId[0] + 1);
  int64_t last = (place + site.bytes - 1) / kernel.granule;
  auto race = [&](const char *what, uint16_t other) {
    report(FaultKind::SharedRace, number, thread.blockId, thread.threadId[0],
           std::string(what) +
               (other == kSeveral ? std::string("several threads")
                                  : "thread " + std::to_string(other - 1)) +
               " with no barrier between, offset " + std::to_string(offset) +
               " of workgroup buffer " + std::to_string(site.buffer));
  };
  for (int64_t k = place / kernel.granule; k <= last; ++k) {
    Cell &cell = cells[size_t(k)];
    bool writtenNow = cell.writeEpoch == epoch && cell.writer != self;
    if (site.kind == 's') {
      if (writtenNow)
        race("writes what is written by ", cell.writer);
      if (cell.readEpoch == epoch && cell.reader != self)
        race("writes what is read by ", cell.reader);
      cell.writeEpoch = epoch;
      cell.writer = self;
      continue;
    }
    if (writtenNow && site.kind == 'l')
      race("reads what is written by ", cell.writer);
    if (cell.writeEpoch < blockBegin)
      report(FaultKind::SharedUninitialised, number, thread.blockId,
             thread.threadId[0],
             "offset " + std::to_string(offset) + " of workgroup buffer " +
                 std::to_string(site.buffer));
    cell.reader =
        cell.readEpoch == epoch && cell.reader != self ? kSeveral : self;
    cell.readEpoch = epoch;
  }
  return address;
}

void Checks::report(FaultKind kind, int32_t site, const int64_t *block,
                    int64_t thread, const std::string &detail) {
  auto [it, fresh] =
      known.try_emplace(std::pair(kind, site), result.faults.size());
  if (!fresh) {
    ++result.faults[it->second].count;
    return;
  }
  Fault fault{kind, kernel.name, "", detail, {}, thread, 1};
  if (site >= 0)
    fault.place = module.place(module.sites()[size_t(site)].place);
  std::copy_n(block, 3, fault.block);
  result.faults.push_back(std::move(fault));
}

//===----------------------------------------------------------------------===//
// How well warps reach memory
//===----------------------------------------------------------------------===//

bool Checks::Sample::operator<(const Sample &other) const {
  return std::tie(site, warp, turn, address) <
         std::tie(other.site, other.warp, other.turn, other.address);
}

void Checks::sample(const EmuThread &thread, uint64_t address, int32_t number) {
  // Lanes that reach an op for the same time count as one request.
  constexpr uint32_t kTurns = 16;
  size_t slot =
      size_t(thread.threadId[0]) * module.sites().size() + size_t(number);
  uint32_t turn = turns[slot]++;
  if (turn < kTurns)
    samples.push_back(
        {number, int32_t(thread.threadId[0] / kWarp), turn, address});
}

void Checks::countRequest(const Sample *begin, const Sample *end) {
  const Module::Site &site = module.sites()[size_t(begin->site)];
  auto bytes = uint64_t(site.bytes);
  AccessCounts &counts = result.counts;
  if (site.space != 'w') {
    std::set<uint64_t> sectors, distinct;
    for (const Sample *it = begin; it != end; ++it) {
      distinct.insert(it->address);
      for (uint64_t at = it->address / 32; at <= (it->address + bytes - 1) / 32;
           ++at)
        sectors.insert(at);
    }
    int64_t needed = int64_t(distinct.size() * bytes + 31) / 32;
    ++counts.globalRequests;
    counts.sectors += int64_t(sectors.size());
    counts.neededSectors += needed;
    // One more than needed is the price of a row that starts anywhere.
    if (int64_t(sectors.size()) > 2 * needed + 1)
      ++counts.uncoalesced;
    return;
  }
  // 32 banks of 4 bytes; wider accesses go in passes of fewer lanes. Lanes of a
  // pass that read one word share it.
  ++counts.sharedRequests;
  auto lanes = ptrdiff_t(bytes <= 4 ? 32 : bytes <= 8 ? 16 : 8);
  for (const Sample *pass = begin; pass < end; pass += lanes) {
    std::set<uint64_t> words;
    for (const Sample *it = pass; it != std::min(pass + lanes, end); ++it)
      for (uint64_t at = it->address / 4; at <= (it->address + bytes - 1) / 4;
           ++at)
        words.insert(at);
    int banks[32] = {}, most = 1;
    for (uint64_t word : words)
      most = std::max(most, ++banks[word % 32]);
    counts.bankConflicts += most - 1;
  }
}

void Checks::endBlock() {
  if (!sampling)
    return;
  sampling = false;
  std::sort(samples.begin(), samples.end());
  for (size_t k = 0; k < samples.size();) {
    size_t end = k;
    while (end < samples.size() && samples[end].site == samples[k].site &&
           samples[end].warp == samples[k].warp &&
           samples[end].turn == samples[k].turn)
      ++end;
    countRequest(samples.data() + k, samples.data() + end);
    k = end;
  }
  samples.clear();
}

} // namespace noodle::emu
