//===- Driver.cpp - devices, contexts, streams, events --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Call.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

using namespace fake_cuda;

namespace fake_cuda {

std::vector<Device *> &contexts() {
  static thread_local std::vector<Device *> all;
  return all;
}

Call::Call(const char *name, Kind kind)
    : state(State::get()), lock(state.mutex) {
  state.calls.push_back(name);
  state.now += state.config.call * 1e-6;
  if (!contexts().empty())
    current = contexts().back();
  const Config &config = state.config;
  if (config.fail && (config.of.empty() || config.of == name) &&
      state.counted() == config.fail) {
    code = CUresult(config.code);
    if (config.sticky)
      for (auto &device : state.devices)
        device->dead = code;
    return;
  }
  if (!state.initialized && std::strcmp(name, "cuInit") &&
      std::strncmp(name, "cuGetError", 10) &&
      std::strcmp(name, "cuDriverGetVersion")) {
    code = CUDA_ERROR_NOT_INITIALIZED;
    return;
  }
  if (kind == Kind::Plain)
    return;
  if (!current)
    code = CUDA_ERROR_INVALID_CONTEXT;
  else if (current->dead)
    code = current->dead;
}

} // namespace fake_cuda

/// Null where there is no such device.
static Device *deviceOf(State &state, CUdevice number) {
  return number >= 0 && size_t(number) < state.devices.size()
             ? state.devices[size_t(number)].get()
             : nullptr;
}

static uint64_t number(const void *handle) {
  return reinterpret_cast<uint64_t>(handle);
}

CUresult cuInit(unsigned flags) {
  FAKE_CALL(Plain)
  if (flags)
    return CUDA_ERROR_INVALID_VALUE;
  if (state.devices.empty())
    return CUDA_ERROR_NO_DEVICE;
  state.initialized = true;
  return CUDA_SUCCESS;
}

CUresult cuDriverGetVersion(int *version) {
  FAKE_CALL(Plain)
  *version = state.config.driver;
  return CUDA_SUCCESS;
}

static const char *nameOf(CUresult error) {
#define NAME(code)                                                             \
  case code:                                                                   \
    return #code;
  switch (error) {
    NAME(CUDA_SUCCESS)
    NAME(CUDA_ERROR_INVALID_VALUE)
    NAME(CUDA_ERROR_OUT_OF_MEMORY)
    NAME(CUDA_ERROR_NOT_INITIALIZED)
    NAME(CUDA_ERROR_NO_DEVICE)
    NAME(CUDA_ERROR_INVALID_DEVICE)
    NAME(CUDA_ERROR_INVALID_IMAGE)
    NAME(CUDA_ERROR_INVALID_CONTEXT)
    NAME(CUDA_ERROR_NO_BINARY_FOR_GPU)
    NAME(CUDA_ERROR_INVALID_PTX)
    NAME(CUDA_ERROR_UNSUPPORTED_PTX_VERSION)
    NAME(CUDA_ERROR_INVALID_HANDLE)
    NAME(CUDA_ERROR_NOT_FOUND)
    NAME(CUDA_ERROR_NOT_READY)
    NAME(CUDA_ERROR_ILLEGAL_ADDRESS)
    NAME(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES)
    NAME(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED)
    NAME(CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED)
    NAME(CUDA_ERROR_MISALIGNED_ADDRESS)
    NAME(CUDA_ERROR_LAUNCH_FAILED)
    NAME(CUDA_ERROR_NOT_SUPPORTED)
    NAME(CUDA_ERROR_UNKNOWN)
  default:
    return nullptr;
  }
#undef NAME
}

CUresult cuGetErrorName(CUresult error, const char **name) {
  FAKE_CALL(Plain)
  *name = nameOf(error);
  return *name ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuGetErrorString(CUresult error, const char **text) {
  FAKE_CALL(Plain)
  const char *name = nameOf(error);
  *text = !name                                 ? nullptr
          : error == CUDA_ERROR_OUT_OF_MEMORY   ? "out of memory"
          : error == CUDA_ERROR_LAUNCH_FAILED   ? "unspecified launch failure"
          : error == CUDA_ERROR_ILLEGAL_ADDRESS ? "an illegal memory access "
                                                  "was encountered"
                                                : "as its name says";
  return *text ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

//===----------------------------------------------------------------------===//
// Devices and contexts
//===----------------------------------------------------------------------===//

CUresult cuDeviceGetCount(int *count) {
  FAKE_CALL(Plain)
  *count = int(state.devices.size());
  return CUDA_SUCCESS;
}

CUresult cuDeviceGet(CUdevice *result, int ordinal) {
  FAKE_CALL(Plain)
  if (!deviceOf(state, ordinal))
    return CUDA_ERROR_INVALID_DEVICE;
  *result = ordinal;
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetName(char *name, int length, CUdevice which) {
  FAKE_CALL(Plain)
  if (!deviceOf(state, which))
    return CUDA_ERROR_INVALID_DEVICE;
  std::snprintf(name, size_t(length), "Emulated sm_%d", state.config.sm);
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetUuid(CUuuid *uuid, CUdevice which) {
  FAKE_CALL(Plain)
  if (!deviceOf(state, which))
    return CUDA_ERROR_INVALID_DEVICE;
  std::memset(uuid->bytes, 0xfa, sizeof uuid->bytes);
  uuid->bytes[15] = char(which);
  return CUDA_SUCCESS;
}

CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice which) {
  FAKE_CALL(Plain)
  Device *found = deviceOf(state, which);
  if (!found)
    return CUDA_ERROR_INVALID_DEVICE;
  *bytes = size_t(found->heap->capacity());
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute,
                              CUdevice which) {
  FAKE_CALL(Plain)
  if (!deviceOf(state, which))
    return CUDA_ERROR_INVALID_DEVICE;
  switch (attribute) {
  case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
    *value = 1024;
    break;
  case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK:
    *value = 48 << 10;
    break;
  case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT:
    *value = 132;
    break;
  case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR:
    *value = state.config.sm / 10;
    break;
  case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR:
    *value = state.config.sm % 10;
    break;
  case CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED:
    *value = state.config.pools;
    break;
  default:
    state.fault("cuDeviceGetAttribute: attribute " +
                std::to_string(int(attribute)) + " is not emulated");
    return CUDA_ERROR_INVALID_VALUE;
  }
  return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice which) {
  FAKE_CALL(Plain)
  Device *found = deviceOf(state, which);
  if (!found)
    return CUDA_ERROR_INVALID_DEVICE;
  ++found->retained;
  *context = reinterpret_cast<CUcontext>(found);
  return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice which) {
  Call call(__func__, Kind::Plain);
  Device *found = deviceOf(call.state, which);
  if (!found)
    return CUDA_ERROR_INVALID_DEVICE;
  if (!found->retained) {
    call.state.fault("cuDevicePrimaryCtxRelease without a retain");
    return CUDA_ERROR_INVALID_CONTEXT;
  }
  --found->retained;
  return call.failure();
}

CUresult cuCtxPushCurrent_v2(CUcontext context) {
  FAKE_CALL(Plain)
  auto *found = reinterpret_cast<Device *>(context);
  for (auto &each : state.devices)
    if (each.get() == found && found->retained) {
      contexts().push_back(found);
      return CUDA_SUCCESS;
    }
  return CUDA_ERROR_INVALID_CONTEXT;
}

CUresult cuCtxPopCurrent_v2(CUcontext *context) {
  Call call(__func__, Kind::Plain);
  if (contexts().empty())
    return CUDA_ERROR_INVALID_CONTEXT;
  if (context)
    *context = reinterpret_cast<CUcontext>(contexts().back());
  contexts().pop_back();
  return call.failure();
}

//===----------------------------------------------------------------------===//
// Streams and events
//===----------------------------------------------------------------------===//

CUresult cuStreamCreate(CUstream *stream, unsigned) {
  FAKE_CALL(Context)
  *stream = reinterpret_cast<CUstream>(uint64_t(state.makeStream(*device).id));
  return CUDA_SUCCESS;
}

CUresult cuStreamDestroy_v2(CUstream stream) {
  Call call(__func__, Kind::Release);
  auto it = call.state.streams.find(int(number(stream)));
  if (it == call.state.streams.end()) {
    call.state.fault("cuStreamDestroy of no stream");
    return CUDA_ERROR_INVALID_HANDLE;
  }
  // What is enqueued goes on.
  call.state.drain(*it->second, it->second->enqueued);
  call.state.streams.erase(it);
  return call.failure();
}

CUresult cuStreamSynchronize(CUstream handle) {
  FAKE_CALL(Context)
  Stream *stream = state.stream(number(handle), *device);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  state.synchronize(*stream);
  return device->dead;
}

static Event *find(State &state, CUevent handle) {
  auto it = state.events.find(number(handle));
  return it == state.events.end() ? nullptr : it->second.get();
}

CUresult cuStreamWaitEvent(CUstream handle, CUevent event, unsigned) {
  FAKE_CALL(Context)
  Stream *stream = state.stream(number(handle), *device);
  Event *found = find(state, event);
  if (!stream || !found)
    return CUDA_ERROR_INVALID_HANDLE;
  state.wait(*stream, *found);
  return CUDA_SUCCESS;
}

CUresult cuEventCreate(CUevent *event, unsigned) {
  FAKE_CALL(Context)
  uint64_t handle = state.nextHandle += 16;
  state.events[handle] = std::make_unique<Event>();
  *event = reinterpret_cast<CUevent>(handle);
  return CUDA_SUCCESS;
}

CUresult cuEventDestroy_v2(CUevent event) {
  Call call(__func__, Kind::Release);
  if (!call.state.events.erase(number(event))) {
    call.state.fault("cuEventDestroy of no event");
    return CUDA_ERROR_INVALID_HANDLE;
  }
  return call.failure();
}

CUresult cuEventRecord(CUevent event, CUstream handle) {
  FAKE_CALL(Context)
  Stream *stream = state.stream(number(handle), *device);
  Event *found = find(state, event);
  if (!stream || !found)
    return CUDA_ERROR_INVALID_HANDLE;
  state.enqueue(*stream, kNone, 0, {});
  *found = {true,          stream->id,    stream->enqueued,
            stream->ready, stream->order, false};
  return CUDA_SUCCESS;
}

CUresult cuEventSynchronize(CUevent event) {
  FAKE_CALL(Context)
  Event *found = find(state, event);
  if (!found)
    return CUDA_ERROR_INVALID_HANDLE;
  state.synchronize(*found);
  return device->dead;
}

CUresult cuEventQuery(CUevent event) {
  FAKE_CALL(Context)
  Event *found = find(state, event);
  if (!found)
    return CUDA_ERROR_INVALID_HANDLE;
  // Time passes while a host asks again and again.
  if (found->recorded && found->time > state.now && !found->asked) {
    found->asked = true;
    return CUDA_ERROR_NOT_READY;
  }
  state.synchronize(*found);
  return device->dead;
}

CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end) {
  FAKE_CALL(Context)
  Event *from = find(state, start), *to = find(state, end);
  if (!from || !to || !from->recorded || !to->recorded)
    return CUDA_ERROR_INVALID_HANDLE;
  for (Event *each : {from, to}) {
    auto it = state.streams.find(each->stream);
    if (it != state.streams.end() && !it->second->pending.empty() &&
        it->second->pending.front().number <= each->number)
      return CUDA_ERROR_NOT_READY;
  }
  *milliseconds = float((to->time - from->time) * 1e3);
  return CUDA_SUCCESS;
}
