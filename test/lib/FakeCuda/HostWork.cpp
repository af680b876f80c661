//===- HostWork.cpp - host code on a stream, for libraries ----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "HostWork.h"

#include "Call.h"

#include <algorithm>
#include <cstring>

using namespace fake_cuda;

int fake_cuda_host_work(const HostWork *given) {
  FAKE_CALL(Context)
  Stream *stream =
      state.stream(reinterpret_cast<uint64_t>(given->stream), *device);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  ++state.launches;
  stream->ready =
      std::max(stream->ready, state.now + state.config.launch * 1e-6);
  double moved = 0;
  for (const HostWork::Buffer &buffer : given->buffers)
    moved += double(buffer.bytes);
  Op &op =
      state.enqueue(*stream, kCompute, moved / (state.config.hbm * 1e9), {});
  auto work = std::make_shared<HostWork>(*given);
  std::vector<char *> storage;
  std::vector<uint8_t *> marks;
  for (const HostWork::Buffer &buffer : work->buffers) {
    uint8_t *written = nullptr;
    char *found = buffer.bytes
                      ? state.use(*device, *stream, op.number, buffer.address,
                                  buffer.bytes, work->name, &written)
                      : nullptr;
    if (buffer.bytes && !found) {
      device->dead = CUDA_ERROR_ILLEGAL_ADDRESS;
      return CUDA_SUCCESS;
    }
    storage.push_back(found);
    marks.push_back(written);
  }
  op.run = [&state, work, storage, marks] {
    for (size_t k = 0; k + 1 < storage.size(); ++k)
      if (const uint8_t *mark = marks[k])
        if (std::find(mark, mark + work->buffers[k].bytes, 0) !=
            mark + work->buffers[k].bytes)
          state.fault(std::string(work->name) +
                      " reads memory that nothing wrote");
    work->run(storage);
    if (uint8_t *mark = marks.back())
      std::memset(mark, 1, size_t(work->buffers.back().bytes));
  };
  return CUDA_SUCCESS;
}
