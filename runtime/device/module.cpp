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

struct ResidentBuffer::Impl {
  std::shared_ptr<Device> device;
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
    Device::Impl &backend = device->impl();
    auto resident = std::make_shared<Resident>();
    resident->host = static_cast<const char *>(host);
    resident->bytes = bytes;
    auto begin = reinterpret_cast<uintptr_t>(host);
    std::lock_guard lock(backend.residentMutex);
    auto next = backend.residents.lower_bound(begin);
    bool overlaps =
        (next != backend.residents.end() &&
         next->first < begin + uintptr_t(bytes)) ||
        (next != backend.residents.begin() &&
         std::prev(next)->first + uintptr_t(std::prev(next)->second->bytes) >
             begin);
    if (overlaps) {
      whyNot = "part of the buffer has a copy on the device already";
      return nullptr;
    }
    Outcome result = backend.allocate(bytes, resident->device);
    if (result.fault == Fault::Memory) {
      device->trim();
      result = backend.allocate(bytes, resident->device);
    }
    if (!result.ok()) {
      whyNot = result.reason;
      return nullptr;
    }
    backend.residents[begin] = resident;
    std::unique_ptr<ResidentBuffer> buffer(new ResidentBuffer);
    buffer->self->device = std::move(device);
    buffer->self->resident = std::move(resident);
    return buffer;
  } catch (const std::exception &) {
    whyNot = "out of memory";
    return nullptr;
  }
}

ResidentBuffer::~ResidentBuffer() {
  if (!self->resident)
    return;
  Device::Impl &backend = self->device->impl();
  {
    std::lock_guard lock(backend.residentMutex);
    backend.residents.erase(reinterpret_cast<uintptr_t>(self->resident->host));
  }
  backend.release(self->resident->device);
}

void ResidentBuffer::update() {
  Device::Impl &backend = self->device->impl();
  std::lock_guard lock(backend.residentMutex);
  self->resident->stale = true;
}

} // namespace noodle::rt
