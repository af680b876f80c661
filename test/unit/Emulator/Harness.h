//===- Harness.h - kernels in text, run by the emulator -------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_UNIT_EMULATOR_HARNESS_H
#define NOODLE_TEST_UNIT_EMULATOR_HARNESS_H

#include "Run.h"

#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace noodle::emu::test {

/// Buffers at device addresses that no host pointer has.
class TestMemory final : public Memory {
public:
  template <typename T> uint64_t add(const std::vector<T> &values) {
    uint64_t address = next;
    next += (values.size() * sizeof(T) + 8191) / 4096 * 4096;
    Block &block = blocks[address];
    block.bytes.resize(values.size() * sizeof(T));
    std::memcpy(block.bytes.data(), values.data(), block.bytes.size());
    block.written.assign(block.bytes.size(), 1);
    return address;
  }
  /// Nobody has written it.
  uint64_t addEmpty(size_t bytes) {
    uint64_t address = add(std::vector<char>(bytes, 0x5a));
    blocks[address].written.assign(bytes, 0);
    return address;
  }
  template <typename T> std::vector<T> get(uint64_t address) {
    Block &block = blocks[address];
    std::vector<T> values(block.bytes.size() / sizeof(T));
    std::memcpy(values.data(), block.bytes.data(), block.bytes.size());
    return values;
  }
  bool find(uint64_t address, uint64_t bytes, Window &window,
            std::string &whyNot) override;

private:
  struct Block {
    std::vector<char> bytes;
    std::vector<uint8_t> written;
  };
  uint64_t next = 0x700000000000;
  std::map<uint64_t, Block> blocks;
};

/// Parameters as cuLaunchKernel takes them.
class Parameters {
public:
  Parameters &buffer(uint64_t address, int64_t count) {
    for (uint64_t word :
         {address, address, uint64_t(0), uint64_t(count), uint64_t(1)})
      words.push_back(word);
    return *this;
  }
  Parameters &scalar(int64_t value) {
    words.push_back(uint64_t(value));
    return *this;
  }
  std::vector<void *> pointers() {
    std::vector<void *> result;
    for (uint64_t &word : words)
      result.push_back(&word);
    return result;
  }

private:
  std::vector<uint64_t> words;
};

/// gpu.func ops as a shared object, with an optional fault planted; records a
/// test failure and returns nothing if that fails.
std::string compileKernels(const std::string &kernels,
                           const std::string &plant = "");
/// The same behind an image's text.
void appendCode(std::string &image, const std::string &object);
/// The same, loaded.
std::unique_ptr<Module> build(const std::string &kernels,
                              const std::string &plant = "");

LaunchResult run(const Module &module, Memory &memory, Parameters parameters,
                 int64_t blocks, int64_t threads);

} // namespace noodle::emu::test

#endif // NOODLE_TEST_UNIT_EMULATOR_HARNESS_H
