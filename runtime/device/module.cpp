//===- module.cpp - device code, and copies that last ---------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "session.h"

namespace noodle::rt {

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

const LoadedCode *DeviceModule::Impl::get(Outcome &outcome) {
  std::lock_guard lock(mutex);
  if (!tried) {
    why = device->impl().load(*code, loaded);
    // Memory may be there the next time; what the driver does not know it will
    // not learn.
    tried = why.fault != Fault::Memory;
  }
  outcome = why;
  return loaded.get();
}

DeviceModule::DeviceModule(std::shared_ptr<Device> device,
                           std::shared_ptr<const DeviceCode> code)
    : self(std::make_unique<Impl>()) {
  self->device = std::move(device);
  self->code = std::move(code);
}

DeviceModule::~DeviceModule() = default;

Device &DeviceModule::device() const { return *self->device; }

//===----------------------------------------------------------------------===//
// Copies that last
//===----------------------------------------------------------------------===//

Resident::~Resident() {
  if (device)
    owner->impl().release(device);
}

std::shared_ptr<Resident> Device::Impl::findResident(const char *begin,
                                                     const char *end) {
  std::lock_guard lock(residentMutex);
  auto at = residents.upper_bound(reinterpret_cast<uintptr_t>(begin));
  if (at == residents.begin())
    return nullptr;
  std::shared_ptr<Resident> found = std::prev(at)->second.lock();
  return found && end <= found->host + found->bytes ? found : nullptr;
}

bool Device::Impl::add(const std::shared_ptr<Resident> &resident) {
  auto begin = reinterpret_cast<uintptr_t>(resident->host);
  uintptr_t end = begin + uintptr_t(resident->bytes);
  std::lock_guard lock(residentMutex);
  auto next = residents.lower_bound(begin);
  if (next != residents.end() && next->first < end)
    return false;
  if (next != residents.begin())
    if (auto before = std::prev(next)->second.lock())
      if (reinterpret_cast<uintptr_t>(before->host) + uintptr_t(before->bytes) >
          begin)
        return false;
  residents[begin] = resident;
  return true;
}

void Device::Impl::remove(const Resident &resident) {
  std::lock_guard lock(residentMutex);
  residents.erase(reinterpret_cast<uintptr_t>(resident.host));
}

struct ResidentBuffer::Impl {
  std::shared_ptr<Resident> resident;
};

ResidentBuffer::ResidentBuffer() : self(std::make_unique<Impl>()) {}

std::unique_ptr<ResidentBuffer>
ResidentBuffer::create(std::shared_ptr<Device> device, void *host,
                       int64_t bytes, std::string &whyNot) {
  try {
    if (!host || bytes <= 0) {
      whyNot = "a buffer without bytes has nothing to keep on a device";
      return nullptr;
    }
    if (device->isDeviceMemory(host)) {
      whyNot = "the buffer is memory of a device; give the host's";
      return nullptr;
    }
    Device::Impl &backend = device->impl();
    auto resident = std::make_shared<Resident>();
    resident->owner = device;
    resident->host = static_cast<char *>(host);
    resident->bytes = bytes;
    Outcome result = backend.allocate(bytes, resident->device);
    if (result.fault == Fault::Memory) {
      device->trim();
      result = backend.allocate(bytes, resident->device);
    }
    if (!result.ok()) {
      whyNot = result.reason;
      return nullptr;
    }
    std::unique_ptr<ResidentBuffer> buffer(new ResidentBuffer);
    if (!backend.add(resident)) {
      whyNot = "part of the buffer has a copy on the device already";
      return nullptr;
    }
    buffer->self->resident = std::move(resident);
    return buffer;
  } catch (const std::exception &) {
    whyNot = "out of memory";
    return nullptr;
  }
}

ResidentBuffer::~ResidentBuffer() {
  if (Resident *resident = self->resident.get())
    resident->owner->impl().remove(*resident);
}

void ResidentBuffer::update() {
  std::lock_guard lock(self->resident->mutex);
  self->resident->stale = true;
}

} // namespace noodle::rt
