//===- Launch.cpp - images and kernels ------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Call.h"

#include <algorithm>
#include <cstring>
#include <sstream>

using namespace fake_cuda;
using noodle::emu::LaunchResult;
using noodle::emu::Memory;
using noodle::emu::Module;

static uint64_t number(const void *handle) {
  return reinterpret_cast<uint64_t>(handle);
}

//===----------------------------------------------------------------------===//
// PTX
//===----------------------------------------------------------------------===//

/// The newest PTX that a driver takes, ten times its version: 8.7 is 87. From
/// the release notes of the PTX ISA.
static int newestPtx(int driver) {
  static const struct {
    int driver, ptx;
  } known[] = {{13000, 90}, {12090, 88}, {12080, 87}, {12070, 86}, {12060, 85},
               {12050, 85}, {12040, 84}, {12030, 83}, {12020, 82}, {12010, 81},
               {12000, 80}, {11080, 78}, {11070, 77}, {11060, 76}, {11050, 75},
               {11040, 74}, {11030, 73}, {11020, 72}, {11010, 71}, {11000, 70}};
  for (auto &each : known)
    if (driver >= each.driver)
      return each.ptx;
  return 65;
}

/// The word behind a directive at the begin of a line.
static std::string directive(const std::string &ptx, const std::string &name) {
  std::istringstream lines(ptx);
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string first, second;
    words >> first >> second;
    if (first == name)
      return second;
  }
  return {};
}

/// What a driver that never saw this image would say of it.
static CUresult checkPtx(const State &state, const std::string &ptx,
                         std::string &why) {
  std::string version = directive(ptx, ".version"),
              target = directive(ptx, ".target");
  int major, minor, sm;
  if (std::sscanf(version.c_str(), "%d.%d", &major, &minor) != 2 ||
      std::sscanf(target.c_str(), "sm_%d", &sm) != 1) {
    why = "no .version or no .target";
    return CUDA_ERROR_INVALID_PTX;
  }
  if (10 * major + minor > newestPtx(state.config.driver)) {
    why = "PTX " + version + " is newer than the driver";
    return CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
  }
  // sm_90a runs on that chip alone.
  bool exact = !target.empty() &&
               (target.back() == 'a' || target.find("a,") != std::string::npos);
  if (exact ? sm != state.config.sm : sm > state.config.sm) {
    why = target + " is not this device";
    return CUDA_ERROR_NO_BINARY_FOR_GPU;
  }
  return CUDA_SUCCESS;
}

/// How many parameters an entry has; -1 if there is no such entry.
static int64_t countParameters(const std::string &ptx,
                               const std::string &name) {
  for (size_t at = ptx.find(".entry"); at != std::string::npos;
       at = ptx.find(".entry", at + 6)) {
    size_t begin = ptx.find_first_not_of(" \t", at + 6);
    size_t end = ptx.find_first_of("( \t\n", begin);
    if (ptx.compare(begin, end - begin, name))
      continue;
    size_t body = ptx.find('{', end);
    int64_t count = 0;
    for (size_t p = ptx.find(".param", end); p < body;
         p = ptx.find(".param", p + 6))
      ++count;
    return count;
  }
  return -1;
}

CUresult cuModuleLoadDataEx(CUmodule *module, const void *data, unsigned count,
                            CUjit_option *options, void **values) {
  FAKE_CALL(Context)
  if (!data)
    return CUDA_ERROR_INVALID_VALUE;
  auto *text = static_cast<const char *>(data);
  std::string why;
  CUresult result = CUDA_SUCCESS;
  auto image = std::make_unique<Image>();
  if (!std::memcmp(text,
                   "\x7f"
                   "ELF",
                   4)) {
    result = CUDA_ERROR_NO_BINARY_FOR_GPU;
    why = "the fake driver takes PTX only";
  } else {
    image->ptx = text;
    result = checkPtx(state, image->ptx, why);
  }
  if (result == CUDA_SUCCESS) {
    image->device = device;
    auto [blob, bytes] = Module::findBlob(text);
    if (blob) {
      image->code = Module::load(blob, bytes, why);
      if (!image->code) {
        state.fault("cuModuleLoadDataEx: " + why);
        result = CUDA_ERROR_INVALID_IMAGE;
      }
    }
  }
  if (result != CUDA_SUCCESS) {
    // The log of the driver's compiler.
    char *buffer = nullptr;
    size_t size = 0;
    for (unsigned k = 0; k < count; ++k) {
      if (options[k] == CU_JIT_ERROR_LOG_BUFFER)
        buffer = static_cast<char *>(values[k]);
      if (options[k] == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES)
        size = reinterpret_cast<size_t>(values[k]);
    }
    if (buffer && size)
      std::snprintf(buffer, size, "%s", why.c_str());
    return result;
  }
  uint64_t handle = state.nextHandle += 16;
  state.images[handle] = std::move(image);
  *module = reinterpret_cast<CUmodule>(handle);
  return CUDA_SUCCESS;
}

CUresult cuModuleUnload(CUmodule module) {
  Call call(__func__, Kind::Release);
  auto it = call.state.images.find(number(module));
  if (it == call.state.images.end()) {
    call.state.fault("cuModuleUnload of no module");
    return CUDA_ERROR_INVALID_HANDLE;
  }
  // Its kernels may be waiting on a stream.
  call.state.synchronize(*it->second->device);
  call.state.images.erase(it);
  return call.failure();
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule module,
                             const char *name) {
  FAKE_CALL(Context)
  auto it = state.images.find(number(module));
  if (it == state.images.end())
    return CUDA_ERROR_INVALID_HANDLE;
  Image &image = *it->second;
  int64_t parameters = countParameters(image.ptx, name);
  if (parameters < 0)
    return CUDA_ERROR_NOT_FOUND;
  const Module::Kernel *kernel = image.code ? image.code->find(name) : nullptr;
  if (image.code && !kernel) {
    state.fault("kernel " + std::string(name) +
                " is in the PTX, but not in "
                "the emulator's code");
    return CUDA_ERROR_NOT_FOUND;
  }
  if (kernel && parameters != int64_t(kernel->params.size())) {
    state.fault("kernel " + std::string(name) + " has " +
                std::to_string(parameters) + " parameters in the PTX, " +
                std::to_string(kernel->params.size()) + " in the emulator");
    return CUDA_ERROR_INVALID_IMAGE;
  }
  auto &made = image.functions[name];
  if (!made)
    made.reset(new Function{&image, name, kernel});
  *function = reinterpret_cast<CUfunction>(made.get());
  return CUDA_SUCCESS;
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

namespace {

/// The buffers of one launch, found when it was enqueued: its memory may be
/// given back, in stream order, before it runs.
class Buffers final : public Memory {
public:
  void add(uint64_t address, Window window) { all[address] = window; }
  bool find(uint64_t address, uint64_t, Window &window,
            std::string &whyNot) override {
    auto it = all.find(address);
    if (it == all.end()) {
      whyNot = "it is no live device memory";
      return false;
    }
    window = it->second;
    return true;
  }

private:
  std::map<uint64_t, Window> all;
};

struct Work {
  const Function *function;
  int64_t grid[3], block[3];
  std::vector<uint64_t> words;
  Buffers buffers;
};

void execute(State &state, Device &device, Work &work) {
  std::vector<void *> params;
  for (uint64_t &word : work.words)
    params.push_back(&word);
  LaunchResult result =
      launch(*work.function->image->code, *work.function->kernel, work.grid,
             work.block, params.data(), work.buffers);
  for (const auto &fault : result.faults)
    state.fault(fault.str());
  state.counts.add(result.counts);
  state.countsOfKernels[work.function->name].add(result.counts);
  if (result.illegal)
    device.dead = CUDA_ERROR_ILLEGAL_ADDRESS;
  else if (result.misaligned)
    device.dead = CUDA_ERROR_MISALIGNED_ADDRESS;
}

} // namespace

CUresult cuLaunchKernel(CUfunction handle, unsigned gridX, unsigned gridY,
                        unsigned gridZ, unsigned blockX, unsigned blockY,
                        unsigned blockZ, unsigned sharedBytes,
                        CUstream streamHandle, void **parameters,
                        void **extra) {
  FAKE_CALL(Context)
  auto *function = reinterpret_cast<Function *>(handle);
  Stream *stream = state.stream(number(streamHandle), *device);
  if (!function || !stream)
    return CUDA_ERROR_INVALID_HANDLE;
  auto invalid = [&](const std::string &why) {
    state.fault("launch of " + function->name + ": " + why);
    return CUDA_ERROR_INVALID_VALUE;
  };
  if (!gridX || !gridY || !gridZ || gridX > 0x7fffffff || gridY > 65535 ||
      gridZ > 65535)
    return invalid("a grid of " + std::to_string(gridX) + " x " +
                   std::to_string(gridY) + " x " + std::to_string(gridZ));
  auto threads = int64_t(blockX) * blockY * blockZ;
  if (!threads || threads > 1024)
    return invalid(std::to_string(threads) + " threads a block");
  if (extra || sharedBytes)
    return invalid("dynamic shared memory and `extra` are not emulated");
  if (!function->kernel) {
    state.fault("launch of " + function->name +
                ": its image has no code for "
                "the emulator behind the PTX");
    return CUDA_ERROR_NOT_SUPPORTED;
  }
  const Module::Kernel &kernel = *function->kernel;
  if (kernel.threads &&
      (threads != kernel.threads || blockY != 1 || blockZ != 1))
    return invalid(std::to_string(threads) + " threads a block, compiled for " +
                   std::to_string(kernel.threads));
  ++state.launches;
  if (state.config.die && state.launches - state.dieBase >= state.config.die) {
    // As on a device, whoever comes next is told.
    device->dead = CUDA_ERROR_LAUNCH_FAILED;
    return CUDA_SUCCESS;
  }
  auto work = std::make_shared<Work>();
  work->function = function;
  int64_t blocks = 1;
  for (unsigned k = 0; k < 3; ++k) {
    work->grid[k] = (unsigned[]){gridX, gridY, gridZ}[k];
    work->block[k] = (unsigned[]){blockX, blockY, blockZ}[k];
    blocks *= work->grid[k];
  }
  for (size_t k = 0; k < kernel.params.size(); ++k) {
    uint64_t word = 0;
    std::memcpy(&word, parameters[k], size_t(kernel.params[k]));
    work->words.push_back(word);
  }
  const Config &config = state.config;
  double moved = 0;
  for (const Module::Buffer &buffer : kernel.buffers)
    moved +=
        double(work->words[buffer.param + 3]) * double(buffer.elementBytes);
  double seconds = config.kernel >= 0
                       ? config.kernel * 1e-6
                       : moved / (config.hbm * 1e9) +
                             double(blocks) * double(threads) * 0.05e-9;
  stream->ready = std::max(stream->ready, state.now + config.launch * 1e-6);
  Op &op = state.enqueue(*stream, kCompute, seconds, {});
  std::string what = "buffer of kernel " + kernel.name;
  for (const Module::Buffer &buffer : kernel.buffers) {
    uint64_t address = work->words[buffer.param + 1];
    auto bytes = int64_t(work->words[buffer.param + 3]) * buffer.elementBytes;
    if (bytes <= 0)
      continue;
    Memory::Window window;
    window.storage = state.use(*device, *stream, op.number, address, bytes,
                               what.c_str(), &window.written);
    if (!window.storage) {
      // The kernel would touch what is not its own.
      device->dead = CUDA_ERROR_ILLEGAL_ADDRESS;
      return CUDA_SUCCESS;
    }
    work->buffers.add(address, window);
  }
  op.run = [&state, device, work] { execute(state, *device, *work); };
  return CUDA_SUCCESS;
}
