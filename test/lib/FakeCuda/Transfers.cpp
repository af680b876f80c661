//===- Transfers.cpp - memory and copies ----------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Call.h"

#include <cstdlib>
#include <cstring>

using namespace fake_cuda;

static uint64_t number(const void *handle) {
  return reinterpret_cast<uint64_t>(handle);
}

//===----------------------------------------------------------------------===//
// Device memory
//===----------------------------------------------------------------------===//

CUresult cuDeviceGetDefaultMemPool(CUmemoryPool *pool, CUdevice which) {
  FAKE_CALL(Plain)
  if (which < 0 || size_t(which) >= state.devices.size())
    return CUDA_ERROR_INVALID_DEVICE;
  *pool = reinterpret_cast<CUmemoryPool>(state.devices[size_t(which)].get());
  return CUDA_SUCCESS;
}

CUresult cuMemPoolTrimTo(CUmemoryPool pool, size_t) {
  FAKE_CALL(Plain)
  return pool ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuMemPoolSetAttribute(CUmemoryPool pool, int, void *value) {
  FAKE_CALL(Plain)
  return pool && value ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuMemGetInfo_v2(size_t *free, size_t *total) {
  FAKE_CALL(Context)
  *total = size_t(device->heap->capacity());
  *free = size_t(device->heap->capacity() - device->heap->used());
  return CUDA_SUCCESS;
}

CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes) {
  FAKE_CALL(Context)
  if (!bytes)
    return CUDA_ERROR_INVALID_VALUE;
  *address = device->heap->allocate(int64_t(bytes), 0, 0);
  return *address ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

CUresult cuMemAllocAsync(CUdeviceptr *address, size_t bytes, CUstream handle) {
  FAKE_CALL(Context)
  Stream *stream = state.stream(number(handle), *device);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  if (!bytes)
    return CUDA_ERROR_INVALID_VALUE;
  int64_t op = state.enqueue(*stream, kNone, 0, {}).number;
  *address = device->heap->allocate(int64_t(bytes), stream->id, op);
  return *address ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

/// The allocation that begins at `address`; null after a report.
static Allocation *freeable(Call &call, uint64_t address, const char *what) {
  Heap &heap = *call.device()->heap;
  Allocation *found = heap.find(address);
  if (found && found->address == address)
    return found;
  call.state.fault(std::string(what) + ": " +
                   (found                    ? "not the begin of an allocation"
                    : heap.wasFreed(address) ? "freed twice"
                                             : "no allocation is there"));
  return nullptr;
}

CUresult cuMemFree_v2(CUdeviceptr address) {
  Call call(__func__, Kind::Release);
  if (!call.device())
    return call.failure();
  if (!address)
    return call.failure();
  Allocation *found = freeable(call, address, "cuMemFree");
  if (!found)
    return CUDA_ERROR_INVALID_VALUE;
  // Waits for the whole device, as the driver does.
  call.state.synchronize(*call.device());
  Heap &heap = *call.device()->heap;
  heap.discard(heap.remove(address));
  return call.failure();
}

CUresult cuMemFreeAsync(CUdeviceptr address, CUstream handle) {
  Call call(__func__, Kind::Release);
  if (!call.device())
    return call.failure();
  Stream *stream = call.state.stream(number(handle), *call.device());
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  Allocation *found = freeable(call, address, "cuMemFreeAsync");
  if (!found)
    return CUDA_ERROR_INVALID_VALUE;
  Device *device = call.device();
  Heap *heap = device->heap.get();
  Op &op = call.state.enqueue(*stream, kNone, 0, {});
  for (auto [user, last] : found->uses)
    if (user != stream->id && stream->order[user] < last) {
      call.state.fault("cuMemFreeAsync: another stream may still use the "
                       "memory; nothing orders the free after it");
      break;
    }
  Allocation gone = heap->remove(address);
  op.run = [heap, gone] { heap->discard(gone); };
  return call.failure();
}

//===----------------------------------------------------------------------===//
// Host memory
//===----------------------------------------------------------------------===//

/// Page-locking takes time by the page.
static void lockPages(State &state, size_t bytes) {
  state.now += double(bytes) / 1.5e9;
}

CUresult cuMemHostAlloc(void **address, size_t bytes, unsigned) {
  FAKE_CALL(Context)
  if (!bytes)
    return CUDA_ERROR_INVALID_VALUE;
  void *memory = std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  if (!memory)
    return CUDA_ERROR_OUT_OF_MEMORY;
  lockPages(state, bytes);
  std::memset(memory, 0xa5, bytes);
  state.host[number(memory)] = {int64_t(bytes), false, device};
  *address = memory;
  return CUDA_SUCCESS;
}

/// Whether work that is not done yet will touch host memory.
static bool isAwaited(State &state, uint64_t begin, int64_t bytes) {
  for (auto &[id, stream] : state.streams)
    for (const Op &op : stream->pending)
      if (!stream->device->dead && op.hostBegin < begin + uint64_t(bytes) &&
          begin < op.hostEnd)
        return true;
  return false;
}

/// False, with a report, where the memory is not pinned in this way.
static bool unpin(State &state, void *address, bool registered,
                  const char *what) {
  auto it = state.host.find(number(address));
  if (it == state.host.end() || it->second.registered != registered) {
    state.fault(std::string(what) + " of memory that is not so");
    return false;
  }
  if (isAwaited(state, it->first, it->second.bytes))
    state.fault(std::string(what) + " while a copy still uses the memory");
  state.host.erase(it);
  return true;
}

CUresult cuMemFreeHost(void *address) {
  Call call(__func__, Kind::Release);
  if (!unpin(call.state, address, false, "cuMemFreeHost"))
    return CUDA_ERROR_INVALID_VALUE;
  std::free(address);
  return call.failure();
}

CUresult cuMemHostRegister_v2(void *address, size_t bytes, unsigned) {
  FAKE_CALL(Context)
  if (!address || !bytes || state.isDeviceAddress(address, int64_t(bytes)))
    return CUDA_ERROR_INVALID_VALUE;
  for (auto &[begin, block] : state.host)
    if (begin < number(address) + bytes &&
        number(address) < begin + uint64_t(block.bytes))
      return CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
  lockPages(state, bytes);
  state.host[number(address)] = {int64_t(bytes), true, device};
  return CUDA_SUCCESS;
}

CUresult cuMemHostUnregister(void *address) {
  Call call(__func__, Kind::Release);
  if (!unpin(call.state, address, true, "cuMemHostUnregister"))
    return CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED;
  return call.failure();
}

CUresult cuPointerGetAttribute(void *value, CUpointer_attribute attribute,
                               CUdeviceptr address) {
  FAKE_CALL(Context)
  if (attribute != CU_POINTER_ATTRIBUTE_MEMORY_TYPE)
    return CUDA_ERROR_INVALID_VALUE;
  unsigned type = 0;
  for (auto &each : state.devices)
    if (each->heap->find(address))
      type = CU_MEMORYTYPE_DEVICE;
  if (state.pinned(reinterpret_cast<void *>(address), 1))
    type = CU_MEMORYTYPE_HOST;
  if (!type)
    return CUDA_ERROR_INVALID_VALUE;
  std::memcpy(value, &type, sizeof type);
  return CUDA_SUCCESS;
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

static double seconds(size_t bytes, double gigabytes) {
  // What the smallest transfer takes.
  return 2e-6 + double(bytes) / (gigabytes * 1e9);
}

static double rate(const State &state, bool pinned) {
  return state.config.bandwidth * (pinned ? 1 : 0.25);
}

CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes,
                              CUstream handle) {
  FAKE_CALL(Context)
  Stream *stream = state.stream(number(handle), *device);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  if (!bytes)
    return CUDA_SUCCESS;
  if (state.isDeviceAddress(from, int64_t(bytes))) {
    state.fault("cuMemcpyHtoDAsync: the source is device memory");
    return CUDA_ERROR_INVALID_VALUE;
  }
  bool pinned = state.pinned(from, int64_t(bytes));
  Op &op = state.enqueue(*stream, kIn, seconds(bytes, rate(state, pinned)), {});
  uint8_t *written = nullptr;
  char *target = state.use(*device, *stream, op.number, to, int64_t(bytes),
                           "cuMemcpyHtoDAsync", &written);
  if (!target)
    return CUDA_ERROR_INVALID_VALUE;
  op.run = [=] {
    std::memcpy(target, from, bytes);
    if (written)
      std::memset(written, 1, bytes);
  };
  if (pinned) {
    op.hostBegin = number(from);
    op.hostEnd = op.hostBegin + bytes;
    return CUDA_SUCCESS;
  }
  state.synchronize(*stream);
  return device->dead;
}

CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes,
                              CUstream handle) {
  FAKE_CALL(Context)
  Stream *stream = state.stream(number(handle), *device);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  if (!bytes)
    return CUDA_SUCCESS;
  if (state.isDeviceAddress(to, int64_t(bytes))) {
    state.fault("cuMemcpyDtoHAsync: the target is device memory");
    return CUDA_ERROR_INVALID_VALUE;
  }
  bool pinned = state.pinned(to, int64_t(bytes));
  Op &op =
      state.enqueue(*stream, kOut, seconds(bytes, rate(state, pinned)), {});
  uint8_t *written = nullptr;
  char *source = state.use(*device, *stream, op.number, from, int64_t(bytes),
                           "cuMemcpyDtoHAsync", &written);
  if (!source)
    return CUDA_ERROR_INVALID_VALUE;
  op.run = [=, &state] {
    if (written && std::memchr(written, 0, bytes))
      state.fault("cuMemcpyDtoHAsync: some of " + std::to_string(bytes) +
                  " bytes were never written");
    std::memcpy(to, source, bytes);
  };
  if (pinned) {
    op.hostBegin = number(to);
    op.hostEnd = op.hostBegin + bytes;
    return CUDA_SUCCESS;
  }
  state.synchronize(*stream);
  return device->dead;
}

CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes,
                              CUstream handle) {
  FAKE_CALL(Context)
  Stream *stream = state.stream(number(handle), *device);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  if (!bytes)
    return CUDA_SUCCESS;
  Op &op = state.enqueue(*stream, kCompute,
                         seconds(2 * bytes, state.config.hbm), {});
  uint8_t *toMarks = nullptr, *fromMarks = nullptr;
  char *source = state.use(*device, *stream, op.number, from, int64_t(bytes),
                           "cuMemcpyDtoDAsync", &fromMarks);
  char *target = state.use(*device, *stream, op.number, to, int64_t(bytes),
                           "cuMemcpyDtoDAsync", &toMarks);
  if (!source || !target)
    return CUDA_ERROR_INVALID_VALUE;
  op.run = [=] {
    std::memmove(target, source, bytes);
    if (toMarks && fromMarks)
      std::memmove(toMarks, fromMarks, bytes);
    else if (toMarks)
      std::memset(toMarks, 1, bytes);
  };
  return CUDA_SUCCESS;
}
