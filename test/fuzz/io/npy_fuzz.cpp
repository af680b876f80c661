//===- npy_fuzz.cpp - any bytes as .npy -----------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Support.h"

using namespace noodle::rt::io;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  auto input = memoryInput("fuzz", bytes, int64_t(size));
  Array array, piped, again;
  Error error = readNpy(*input, array, fuzzLimits);
  ShortReads shortReads(bytes, size);
  Error pipedError = readNpy(shortReads, piped, fuzzLimits);
  require(error.ok() == pipedError.ok(), "a pipe gives the same answer", error);
  checkError(error);
  if (!error.ok())
    return 0;
  require(array.bytes == piped.bytes, "a pipe gives the same bytes");
  require(int64_t(array.bytes.size()) ==
              array.count() * noodle_rt_element_bytes(array.type),
          "bytes and shape agree");

  Collect output;
  error = writeNpy(output, array.view());
  require(error.ok(), "what was read can be written", error);
  auto back =
      memoryInput("back", output.text.data(), int64_t(output.text.size()));
  error = readNpy(*back, again, fuzzLimits);
  require(error.ok(), "what was written can be read", error);
  require(array.type == again.type && array.shape == again.shape,
          "type and shape survive");
  // A gap-free column-major array of one row may come back row-major.
  if (array.strides == again.strides)
    require(array.bytes == again.bytes, "values survive");
  return 0;
}
