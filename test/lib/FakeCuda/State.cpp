//===- State.cpp - streams, order and the simulated clock -----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "State.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace fake_cuda {

void merge(Order &into, const Order &from) {
  for (auto [stream, number] : from)
    into[stream] = std::max(into[stream], number);
}

/// Never destroyed: whoever uses the driver may outlive the objects of this
/// library.
State &State::get() {
  static State *state = new State;
  return *state;
}

/// Runs when the program ends, or drops the library.
__attribute__((destructor)) static void reportLeaks() { State::get().leaks(); }

State::State() {
  if (int wrong = config.parse(std::getenv("NOODLE_FAKE_CUDA")))
    fault("word " + std::to_string(wrong) +
          " of NOODLE_FAKE_CUDA is not understood");
  start();
}

void State::start() {
  for (int k = 0; k < config.devices; ++k) {
    auto device = std::make_unique<Device>();
    device->ordinal = k;
    device->heap = std::make_unique<Heap>(config.memory);
    devices.push_back(std::move(device));
  }
}

void State::leaks() {
  int64_t bytes = 0, blocks = 0, pinnedBytes = 0, pinnedBlocks = 0,
          retained = 0;
  for (auto &device : devices)
    if (!device->dead) {
      blocks += int64_t(device->heap->live().size());
      bytes += device->heap->used();
      retained += device->retained;
    }
  for (auto &[address, block] : host)
    if (!block.device || !block.device->dead) {
      ++pinnedBlocks;
      pinnedBytes += block.bytes;
    }
  auto alive = [](auto &all, auto deviceOf) {
    return std::count_if(all.begin(), all.end(), [&](auto &each) {
      Device *device = deviceOf(*each.second);
      return !device || !device->dead;
    });
  };
  int64_t streamCount = alive(streams, [](Stream &s) { return s.device; }),
          imageCount = alive(images, [](Image &i) { return i.device; });
  auto leak = [&](int64_t count, const std::string &what) {
    if (count)
      fault("leak: " + std::to_string(count) + " " + what);
  };
  leak(blocks, "device allocations of " + std::to_string(bytes) + " bytes");
  leak(pinnedBlocks,
       "pinned host blocks of " + std::to_string(pinnedBytes) + " bytes");
  leak(streamCount, "streams");
  bool anyDead = std::any_of(devices.begin(), devices.end(), [](auto &device) {
    return device->dead != CUDA_SUCCESS;
  });
  leak(anyDead ? 0 : int64_t(events.size()), "events");
  leak(imageCount, "modules");
  leak(retained, "retained contexts");
  if (config.stats)
    for (auto &[name, each] : countsOfKernels)
      note("accesses of " + name + ": " + std::to_string(each.globalRequests) +
           " warp requests to memory, " + std::to_string(each.uncoalesced) +
           " uncoalesced, " + std::to_string(each.sectors) + " sectors for " +
           std::to_string(each.neededSectors) + " needed; " +
           std::to_string(each.sharedRequests) + " to shared memory, " +
           std::to_string(each.bankConflicts) + " bank conflicts");
  if (!config.summary.empty())
    if (std::FILE *file = std::fopen(config.summary.c_str(), "a")) {
      std::fprintf(file,
                   "{\"calls\": %zu, \"launches\": %lld, \"faults\": %lld}\n",
                   calls.size(), static_cast<long long>(launches),
                   static_cast<long long>(faults));
      std::fclose(file);
    }
}

int64_t State::counted() const {
  auto begin = calls.begin() + failBase;
  return config.of.empty() ? calls.end() - begin
                           : std::count(begin, calls.end(), config.of);
}

void State::reset() {
  images.clear();
  events.clear();
  streams.clear();
  for (auto &[address, block] : host)
    if (!block.registered)
      std::free(reinterpret_cast<void *>(address));
  host.clear();
  devices.clear();
  hostOrder.clear();
  initialized = false;
  calls.clear();
  failBase = dieBase = launches = 0;
  now = 0;
  faults = 0;
  faultText.clear();
  counts = {};
  countsOfKernels.clear();
  config = {};
}

void State::note(const std::string &line) {
  std::FILE *file =
      config.report.empty() ? stderr : std::fopen(config.report.c_str(), "a");
  if (!file)
    return;
  std::fprintf(file, "%s\n", line.c_str());
  if (file != stderr)
    std::fclose(file);
}

void State::fault(const std::string &line) {
  ++faults;
  faultText += line + "\n";
  note(line.rfind("emulator: ", 0) == 0 ? line : "fake driver: " + line);
}

//===----------------------------------------------------------------------===//
// Streams
//===----------------------------------------------------------------------===//

Stream &State::makeStream(Device &device) {
  auto stream = std::make_unique<Stream>();
  stream->id = nextStream++;
  stream->device = &device;
  Stream &made = *stream;
  streams[made.id] = std::move(stream);
  return made;
}

Stream *State::stream(uint64_t handle, Device &device) {
  auto it = streams.find(int(handle));
  if (it == streams.end() || it->second->device != &device)
    return nullptr;
  return it->second.get();
}

Op &State::enqueue(Stream &stream, Engine engine, double seconds,
                   std::function<void()> run) {
  // What the host has waited for is over before this begins.
  merge(stream.order, hostOrder);
  double begin = std::max(stream.ready, now);
  if (engine != kNone)
    begin = std::max(begin, stream.device->engineReady[engine]);
  stream.ready = begin + seconds;
  if (engine != kNone) {
    stream.device->engineReady[engine] = stream.ready;
    stream.device->busy[engine].emplace_back(begin, stream.ready);
  }
  stream.order[stream.id] = ++stream.enqueued;
  Op op;
  op.number = stream.enqueued;
  op.run = std::move(run);
  stream.pending.push_back(std::move(op));
  return stream.pending.back();
}

void State::wait(Stream &stream, const Event &event) {
  if (!event.recorded)
    return;
  stream.ready = std::max(stream.ready, event.time);
  Op &op = enqueue(stream, kNone, 0, {});
  op.awaited = event.stream;
  op.upTo = event.number;
  merge(stream.order, event.order);
}

void State::drain(Stream &stream, int64_t upTo) {
  while (!stream.pending.empty() && stream.pending.front().number <= upTo) {
    Op op = std::move(stream.pending.front());
    stream.pending.pop_front();
    auto awaited = streams.find(op.awaited);
    if (op.awaited && awaited != streams.end())
      drain(*awaited->second, op.upTo);
    // Work of a dead context is never done.
    if (op.run && !stream.device->dead)
      op.run();
  }
}

void State::synchronize(Stream &stream) {
  drain(stream, stream.enqueued);
  now = std::max(now, stream.ready);
  merge(hostOrder, stream.order);
}

void State::synchronize(const Event &event) {
  if (!event.recorded)
    return;
  auto it = streams.find(event.stream);
  if (it != streams.end())
    drain(*it->second, event.number);
  now = std::max(now, event.time);
  merge(hostOrder, event.order);
}

void State::synchronize(Device &device) {
  for (auto &[id, stream] : streams)
    if (stream->device == &device)
      synchronize(*stream);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

HostBlock *State::pinned(const void *address, int64_t bytes) {
  auto at = reinterpret_cast<uint64_t>(address);
  auto it = host.upper_bound(at);
  if (it == host.begin())
    return nullptr;
  --it;
  uint64_t offset = at - it->first;
  if (offset + uint64_t(bytes) > uint64_t(it->second.bytes))
    return nullptr;
  return &it->second;
}

bool State::isDeviceAddress(const void *address, int64_t bytes) const {
  auto at = reinterpret_cast<uint64_t>(address);
  return std::any_of(devices.begin(), devices.end(), [&](auto &device) {
    return device->heap->owns(at) ||
           device->heap->owns(at + uint64_t(std::max(bytes, int64_t(1))) - 1);
  });
}

char *State::use(Device &device, Stream &stream, int64_t number,
                 uint64_t address, int64_t bytes, const char *what,
                 uint8_t **written) {
  auto refuse = [&](const std::string &why) -> char * {
    fault(std::string(what) + " of " + std::to_string(bytes) +
          " bytes: " + why);
    return nullptr;
  };
  Allocation *found = device.heap->find(address);
  if (!found) {
    auto *pointer = reinterpret_cast<char *>(address);
    if (pinned(pointer, bytes))
      return pointer;
    if (device.heap->wasFreed(address))
      return refuse("the device memory was freed");
    for (auto &other : devices)
      if (other.get() != &device && other->heap->owns(address))
        return refuse("the address is of device " +
                      std::to_string(other->ordinal));
    return refuse(device.heap->owns(address)
                      ? "no allocation is at this device address"
                      : "the address is not of the device; is it a host "
                        "pointer?");
  }
  uint64_t offset = address - found->address;
  if (offset + uint64_t(bytes) > uint64_t(found->bytes))
    return refuse(
        "it reaches " +
        std::to_string(offset + uint64_t(bytes) - uint64_t(found->bytes)) +
        " bytes behind an allocation of " + std::to_string(found->bytes));
  if (found->stream) {
    auto known = stream.order.find(found->stream);
    if (known == stream.order.end() || known->second < found->number)
      return refuse("the memory was allocated on another stream, and nothing "
                    "orders this after it");
  }
  found->uses[stream.id] = std::max(found->uses[stream.id], number);
  if (written)
    *written = device.heap->written(address);
  return device.heap->storage(address);
}

} // namespace fake_cuda
