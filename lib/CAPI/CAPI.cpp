//===- CAPI.cpp - status, tensors, regions, receipts ----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Handles.h"

using namespace noodle;
using namespace noodle::capi;

//===----------------------------------------------------------------------===//
// Status
//===----------------------------------------------------------------------===//

// Short enough for std::string to hold without an allocation.
static noodle_status exhausted{NOODLE_OUT_OF_MEMORY, "out of memory"};

noodle_status *capi::outOfMemory() { return &exhausted; }

noodle_status *capi::failure(noodle_code code, std::string message) {
  try {
    return new noodle_status{code, std::move(message)};
  } catch (const std::bad_alloc &) {
    return &exhausted;
  }
}

noodle_status *capi::toC(const engine::Status &status) {
  if (status.ok())
    return nullptr;
  return failure(noodle_code(status.code), status.str());
}

uint32_t noodle_api_version(void) { return NOODLE_API_VERSION; }
const char *noodle_version_string(void) { return engine::versionString(); }

noodle_code noodle_status_code(const noodle_status *status) {
  return status ? status->code : NOODLE_OK;
}
const char *noodle_status_message(const noodle_status *status) {
  return status ? status->message.c_str() : "";
}
void noodle_status_release(noodle_status *status) {
  if (status != &exhausted)
    delete status;
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

noodle_tensor noodle_tensor_dense(noodle_element element, size_t rank,
                                  const int64_t *extents, const void *values) {
  noodle_tensor tensor{};
  tensor.layout = NOODLE_DENSE;
  tensor.element = uint8_t(element);
  // A rank past the limit is kept past it, for the call to refuse.
  tensor.rank = uint8_t(std::min<size_t>(rank, NOODLE_MAX_RANK + 1));
  tensor.values = const_cast<void *>(values);
  int64_t stride = 1;
  for (size_t k = std::min<size_t>(rank, NOODLE_MAX_RANK); k-- > 0;) {
    tensor.extents[k] = extents[k];
    tensor.strides[k] = stride;
    // What overflows has more elements than memory; the call refuses it.
    if (__builtin_mul_overflow(stride, std::max<int64_t>(extents[k], 1),
                               &stride))
      stride = INT64_MAX;
  }
  return tensor;
}

noodle_tensor noodle_tensor_csr(noodle_element element, int64_t rows,
                                int64_t columns, int64_t stored, size_t width,
                                const void *positions, const void *coordinates,
                                const void *values) {
  noodle_tensor tensor{};
  tensor.layout = NOODLE_CSR;
  tensor.element = uint8_t(element);
  tensor.rank = 2;
  tensor.position_width = tensor.coordinate_width =
      uint8_t(std::min<size_t>(width, 255));
  tensor.stored = stored;
  tensor.values = const_cast<void *>(values);
  tensor.positions = const_cast<void *>(positions);
  tensor.coordinates = const_cast<void *>(coordinates);
  tensor.extents[0] = rows;
  tensor.extents[1] = columns;
  return tensor;
}

noodle_tensor noodle_tensor_vector(noodle_element element, int64_t extent,
                                   int64_t stored, size_t width,
                                   const void *positions,
                                   const void *coordinates,
                                   const void *values) {
  noodle_tensor tensor = noodle_tensor_csr(element, extent, 0, stored, width,
                                           positions, coordinates, values);
  tensor.rank = 1;
  return tensor;
}

noodle_tensor noodle_tensor_coo(noodle_element element, int64_t rows,
                                int64_t columns, int64_t stored, size_t width,
                                const void *row_coordinates,
                                const void *column_coordinates,
                                const void *values) {
  noodle_tensor tensor =
      noodle_tensor_csr(element, rows, columns, stored, width, nullptr,
                        column_coordinates, values);
  tensor.layout = NOODLE_COO;
  tensor.rows = const_cast<void *>(row_coordinates);
  return tensor;
}

noodle_tensor
noodle_tensor_dcsr(noodle_element element, int64_t rows, int64_t columns,
                   int64_t stored_rows, int64_t stored, size_t width,
                   const void *row_coordinates, const void *positions,
                   const void *column_coordinates, const void *values) {
  noodle_tensor tensor =
      noodle_tensor_csr(element, rows, columns, stored, width, positions,
                        column_coordinates, values);
  tensor.layout = NOODLE_DCSR;
  tensor.rows = const_cast<void *>(row_coordinates);
  tensor.stored_rows = stored_rows;
  return tensor;
}

noodle_tensor noodle_tensor_bsr(noodle_element element, int64_t rows,
                                int64_t columns, size_t block_rows,
                                size_t block_columns, int64_t blocks,
                                size_t width, const void *positions,
                                const void *coordinates, const void *values) {
  noodle_tensor tensor = noodle_tensor_csr(
      element, rows, columns, blocks, width, positions, coordinates, values);
  tensor.layout = NOODLE_BSR;
  tensor.block_rows = uint8_t(std::min<size_t>(block_rows, 255));
  tensor.block_columns = uint8_t(std::min<size_t>(block_columns, 255));
  // What overflows has more values than memory; the call refuses it.
  if (__builtin_mul_overflow(blocks,
                             int64_t(tensor.block_rows) * tensor.block_columns,
                             &tensor.stored))
    tensor.stored = -1;
  return tensor;
}

noodle_tensor noodle_tensor_scalar(noodle_element element, const void *value) {
  noodle_tensor tensor{};
  tensor.layout = NOODLE_SCALAR;
  tensor.element = uint8_t(element);
  tensor.values = const_cast<void *>(value);
  return tensor;
}

//===----------------------------------------------------------------------===//
// Regions and cancelling
//===----------------------------------------------------------------------===//

noodle_status *noodle_region_create(noodle_engine *engine, int64_t byte_budget,
                                    noodle_region *parent,
                                    noodle_region **region) {
  return guarded([&]() -> noodle_status * {
    if (!engine || !region)
      return nullArgument(engine ? "region" : "engine");
    if (byte_budget < 0)
      return failure(NOODLE_INVALID_ARGUMENT, "byte_budget is negative");
    if (parent && parent->state != engine->state)
      return failure(NOODLE_INVALID_ARGUMENT,
                     "the parent region belongs to another engine");
    *region = new noodle_region{
        engine->state, rt::Region(engine->state->engine->pool(), byte_budget,
                                  parent ? &parent->region : nullptr)};
    return nullptr;
  });
}
int64_t noodle_region_used_bytes(const noodle_region *region) {
  return region ? region->region.usedBytes() : 0;
}
void noodle_region_clear(noodle_region *region) {
  if (region)
    region->region.clear();
}
void noodle_region_release(noodle_region *region) { delete region; }

noodle_status *noodle_cancel_create(noodle_cancel **cancel) {
  return guarded([&]() -> noodle_status * {
    if (!cancel)
      return nullArgument("cancel");
    *cancel = new noodle_cancel;
    return nullptr;
  });
}
void noodle_cancel_trigger(noodle_cancel *cancel) {
  if (cancel)
    cancel->token.cancel();
}
void noodle_cancel_release(noodle_cancel *cancel) { delete cancel; }

//===----------------------------------------------------------------------===//
// Receipts
//===----------------------------------------------------------------------===//

size_t noodle_receipt_site_count(const noodle_receipt *receipt) {
  return receipt ? receipt->receipt.sites.size() : 0;
}

noodle_status *noodle_receipt_get_site(const noodle_receipt *receipt,
                                       size_t index, noodle_receipt_site *out) {
  return guarded([&]() -> noodle_status * {
    if (!receipt || !out)
      return nullArgument(receipt ? "site" : "receipt");
    if (index >= receipt->receipt.sites.size())
      return failure(NOODLE_INVALID_ARGUMENT,
                     "the receipt has " +
                         std::to_string(receipt->receipt.sites.size()) +
                         " sites, there is no number " + std::to_string(index));
    noodle_receipt_site full;
    if (noodle_status *status = readOptions(out, "noodle_receipt_site", full))
      return status;
    size_t size = out->struct_size;
    const engine::SiteReceipt &from = receipt->receipt.sites[index];
    full = {size,
            from.site.id,
            from.site.op.c_str(),
            from.site.text.c_str(),
            from.site.place.c_str(),
            from.site.strategy.c_str(),
            from.site.why.c_str(),
            from.site.lost.c_str(),
            from.predictedSeconds,
            from.measuredSeconds,
            from.flops,
            from.bytes,
            from.calls,
            from.ran.c_str(),
            from.launches,
            from.fallbacks,
            from.deviceSeconds};
    std::memcpy(out, &full, std::min(size, sizeof full));
    return nullptr;
  });
}

noodle_status *noodle_receipt_get_device(const noodle_receipt *receipt,
                                         noodle_receipt_device *out) {
  return guarded([&]() -> noodle_status * {
    if (!receipt || !out)
      return nullArgument(receipt ? "device" : "receipt");
    noodle_receipt_device full;
    if (noodle_status *status = readOptions(out, "noodle_receipt_device", full))
      return status;
    size_t size = out->struct_size;
    const engine::DeviceSection &from = receipt->receipt.device;
    full = {size,
            from.target.c_str(),
            from.name.c_str(),
            from.chip.c_str(),
            from.code.c_str(),
            from.used.launches,
            from.used.fallbacks,
            from.used.bytesIn,
            from.used.bytesOut,
            from.used.bytesReused,
            from.used.kernelSeconds,
            from.used.secondsIn,
            from.used.secondsOut,
            from.share,
            from.redone,
            0,
            from.used.steps.size()};
    std::memcpy(out, &full, std::min(size, sizeof full));
    return nullptr;
  });
}

noodle_status *noodle_receipt_get_step(const noodle_receipt *receipt,
                                       size_t index, noodle_receipt_step *out) {
  return guarded([&]() -> noodle_status * {
    if (!receipt || !out)
      return nullArgument(receipt ? "step" : "receipt");
    const auto &steps = receipt->receipt.device.used.steps;
    if (index >= steps.size())
      return failure(NOODLE_INVALID_ARGUMENT,
                     "the receipt has " + std::to_string(steps.size()) +
                         " steps, there is no number " + std::to_string(index));
    noodle_receipt_step full;
    if (noodle_status *status = readOptions(out, "noodle_receipt_step", full))
      return status;
    size_t size = out->struct_size;
    full = {size, steps[index].step.c_str(), steps[index].reason.c_str(),
            steps[index].site, steps[index].count};
    std::memcpy(out, &full, std::min(size, sizeof full));
    return nullptr;
  });
}

const char *noodle_receipt_json(const noodle_receipt *receipt) {
  return receipt ? receipt->json.c_str() : "";
}
const char *noodle_receipt_text(const noodle_receipt *receipt) {
  return receipt ? receipt->text.c_str() : "";
}
void noodle_receipt_release(noodle_receipt *receipt) { delete receipt; }
