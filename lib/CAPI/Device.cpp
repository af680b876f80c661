//===- Device.cpp - the C API's devices and residents ---------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Handles.h"

using namespace noodle;
using namespace noodle::capi;

//===----------------------------------------------------------------------===//
// Devices
//===----------------------------------------------------------------------===//

static noodle_status *refused(const rt::DeviceStep &step) {
  return failure(NOODLE_DEVICE_FAILED, step.step + ": " + step.reason);
}

template <size_t size>
static void copyText(const std::string &from, char (&to)[size]) {
  size_t length = std::min(from.size(), size - 1);
  std::memcpy(to, from.data(), length);
  std::memset(to + length, 0, size - length);
}

static noodle_status *describe(const rt::DeviceInfo &from,
                               noodle_device_info *out) {
  noodle_device_info full;
  if (noodle_status *status = readOptions(out, "noodle_device_info", full))
    return status;
  size_t size = out->struct_size;
  full = noodle_device_info{};
  full.struct_size = size;
  full.index = from.index;
  full.compute_major = from.major;
  full.compute_minor = from.minor;
  full.driver_version = from.driverVersion;
  full.multiprocessors = from.multiprocessors;
  full.memory_bytes = from.memory;
  copyText(from.name, full.name);
  copyText(from.uuid, full.uuid);
  std::memcpy(out, &full, std::min(size, sizeof full));
  return nullptr;
}

noodle_status *noodle_device_count(size_t *count) {
  return guarded([&]() -> noodle_status * {
    if (!count)
      return nullArgument("count");
    rt::DeviceStep unused;
    *count = size_t(std::max(0, rt::countCudaDevices(unused)));
    return nullptr;
  });
}

noodle_status *noodle_device_get_info(size_t index, noodle_device_info *info) {
  return guarded([&]() -> noodle_status * {
    if (!info)
      return nullArgument("info");
    rt::DeviceStep whyNot;
    int count = rt::countCudaDevices(whyNot);
    if (count <= 0)
      return refused(whyNot);
    if (index >= size_t(count))
      return failure(NOODLE_INVALID_ARGUMENT,
                     "there is no device " + std::to_string(index) + " among " +
                         std::to_string(count));
    auto device = rt::openCudaDevice(int(index), whyNot);
    return device ? describe(device->info(), info) : refused(whyNot);
  });
}

noodle_status *noodle_engine_device(noodle_engine *engine,
                                    noodle_device_info *info) {
  return guarded([&]() -> noodle_status * {
    if (!engine || !info)
      return nullArgument(engine ? "info" : "engine");
    if (engine->state->target == "cpu")
      return failure(NOODLE_DEVICE_FAILED, "the engine's target is cpu");
    rt::DeviceStep whyNot;
    auto device = engine->state->engine->device(whyNot);
    return device ? describe(device->info(), info) : refused(whyNot);
  });
}

//===----------------------------------------------------------------------===//
// Residents
//===----------------------------------------------------------------------===//

constexpr const char kDeviceMemory[] =
    "a buffer is in device memory already; host memory is expected";

/// Null where the engine's programs run on the CPU.
static std::shared_ptr<rt::Device> deviceOf(noodle_engine &engine) {
  rt::DeviceStep unused;
  if (engine.state->target == "cpu")
    return nullptr;
  return engine.state->engine->device(unused);
}

/// The buffers of a tensor, at most three; an error for what is none.
static noodle_status *buffersOf(const noodle_tensor &tensor,
                                std::vector<std::pair<void *, int64_t>> &all) {
  auto refuse = [](const std::string &what) {
    return failure(NOODLE_INVALID_ARGUMENT, "the tensor " + what);
  };
  int64_t element = noodle_rt_element_bytes(tensor.element);
  if (!element || tensor.layout > NOODLE_DCSR || tensor.rank > NOODLE_MAX_RANK)
    return refuse("has no such element type, layout or rank");
  int64_t bytes = element;
  auto add = [&](void *buffer, int64_t count, int64_t width) {
    if (count < 0 || __builtin_mul_overflow(count, width, &bytes))
      return refuse("has a size that is negative or overflows");
    if (bytes && !buffer)
      return refuse("has a null buffer");
    if (bytes)
      all.emplace_back(buffer, bytes);
    return static_cast<noodle_status *>(nullptr);
  };
  if (tensor.layout == NOODLE_SCALAR || tensor.layout == NOODLE_DENSE) {
    int64_t count = 1;
    bool empty = false;
    for (size_t k = tensor.rank; k-- > 0;) {
      int64_t extent = tensor.extents[k];
      empty |= extent == 0;
      if (extent < 0)
        return refuse("has a negative extent");
      if (extent > 1 && !empty && tensor.strides[k] != count)
        return refuse("is not row-major");
      if (!empty && __builtin_mul_overflow(count, extent, &count))
        return refuse("has a size that overflows");
    }
    return add(tensor.values, empty ? 0 : count, element);
  }
  if (tensor.layout > NOODLE_CSC)
    return refuse("is no CSR or CSC, and no device op takes it: give CSR");
  auto width = [](int64_t bytes) { return bytes == 4 || bytes == 8; };
  if (tensor.rank != 2 || !width(tensor.position_width) ||
      !width(tensor.coordinate_width))
    return refuse("is no sparse matrix");
  int64_t lines = tensor.extents[tensor.layout == NOODLE_CSR ? 0 : 1];
  if (lines < 0 || lines == INT64_MAX)
    return refuse("has a size that is negative or overflows");
  if (noodle_status *status =
          add(tensor.positions, lines + 1, tensor.position_width))
    return status;
  if (noodle_status *status =
          add(tensor.coordinates, tensor.stored, tensor.coordinate_width))
    return status;
  return add(tensor.values, tensor.stored, element);
}

noodle_status *noodle_resident_create(noodle_engine *engine,
                                      const noodle_tensor *tensor,
                                      noodle_resident **resident) {
  return guarded([&]() -> noodle_status * {
    if (!engine || !tensor || !resident)
      return nullArgument(!engine ? "engine" : !tensor ? "tensor" : "resident");
    auto made = std::make_unique<noodle_resident>();
    made->state = engine->state;
    std::vector<std::pair<void *, int64_t>> buffers;
    if (noodle_status *status = buffersOf(*tensor, buffers))
      return status;
    std::shared_ptr<rt::Device> device = deviceOf(*engine);
    for (auto [buffer, bytes] : buffers) {
      if (!device)
        break;
      if (device->isDeviceMemory(buffer))
        return failure(NOODLE_INVALID_ARGUMENT, kDeviceMemory);
      std::string whyNot;
      auto copy = rt::ResidentBuffer::create(device, buffer, bytes, whyNot);
      if (!copy)
        return failure(NOODLE_DEVICE_FAILED,
                       "the device takes no resident tensor: " + whyNot);
      made->buffers.push_back(std::move(copy));
    }
    *resident = made.release();
    return nullptr;
  });
}

int32_t noodle_resident_on_device(const noodle_resident *resident) {
  return resident && !resident->buffers.empty();
}

noodle_status *noodle_resident_update(noodle_resident *resident) {
  return guarded([&]() -> noodle_status * {
    if (!resident)
      return nullArgument("resident");
    for (auto &buffer : resident->buffers)
      buffer->update();
    return nullptr;
  });
}

void noodle_resident_release(noodle_resident *resident) { delete resident; }

//===----------------------------------------------------------------------===//
// Pinned memory
//===----------------------------------------------------------------------===//

noodle_status *noodle_pinned_create(noodle_engine *engine, void *address,
                                    size_t bytes, noodle_pinned **pinned) {
  return guarded([&]() -> noodle_status * {
    if (!engine || !address || !pinned)
      return nullArgument(!engine ? "engine" : !address ? "address" : "pinned");
    if (bytes == 0 || bytes > size_t(INT64_MAX))
      return failure(NOODLE_INVALID_ARGUMENT, "bytes is 0 or overflows");
    auto made = std::make_unique<noodle_pinned>();
    if (auto device = deviceOf(*engine)) {
      if (device->isDeviceMemory(address))
        return failure(NOODLE_INVALID_ARGUMENT, kDeviceMemory);
      std::string whyNot;
      if (!device->registerHost(address, int64_t(bytes), whyNot))
        return failure(NOODLE_DEVICE_FAILED,
                       "the memory cannot be page-locked: " + whyNot);
      made->device = std::move(device);
      made->address = address;
    }
    *pinned = made.release();
    return nullptr;
  });
}

void noodle_pinned_release(noodle_pinned *pinned) { delete pinned; }
