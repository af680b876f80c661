//===- Module.cpp - an emulated image, loaded -----------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "EmulatorAbi.h"
#include "Run.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <sstream>
#include <sys/mman.h>
#include <unistd.h>

namespace noodle::emu {

std::unique_ptr<Module> Module::load(const void *object, size_t bytes,
                                     std::string &whyNot) {
  int file = memfd_create("noodle-emulated", MFD_CLOEXEC);
  if (file < 0) {
    whyNot = std::string("memfd_create: ") + std::strerror(errno);
    return nullptr;
  }
  const char *from = static_cast<const char *>(object);
  for (size_t done = 0; done < bytes;) {
    ssize_t n = write(file, from + done, bytes - done);
    if (n <= 0) {
      whyNot = std::string("cannot write the object: ") + std::strerror(errno);
      close(file);
      return nullptr;
    }
    done += size_t(n);
  }
  std::unique_ptr<Module> module(new Module);
  // The loader takes a name that it knows for the same library, and file
  // numbers come again: a number in slashes and dots makes each name new.
  static std::atomic<unsigned> loaded{0};
  std::string path = "/proc/self/fd/";
  for (unsigned number = ++loaded; number; number >>= 1)
    path += number & 1 ? "./" : "/";
  path += std::to_string(file);
  module->handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  close(file);
  if (!module->handle) {
    whyNot = dlerror();
    return nullptr;
  }
  auto *text =
      static_cast<const char *>(dlsym(module->handle, kMetadataSymbol));
  if (!text) {
    whyNot = "the object has no metadata";
    return nullptr;
  }
  if (!module->parse(text, whyNot))
    return nullptr;
  return module;
}

Module::~Module() {
  if (handle)
    dlclose(handle);
}

bool Module::parse(const char *text, std::string &whyNot) {
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string what;
    fields >> what;
    if (what == "kernel") {
      Kernel &kernel = all.emplace_back();
      fields >> kernel.name >> kernel.threads >> kernel.sharedBytes >>
          kernel.granule;
      kernel.function = dlsym(handle, (kKernelPrefix + kernel.name).c_str());
      if (!kernel.function) {
        whyNot = "the object lacks kernel '" + kernel.name + "'";
        return false;
      }
    } else if (what == "place") {
      places.push_back(line.substr(std::min(line.size(), size_t(6))));
    } else if (what == "site") {
      Site site{};
      fields >> site.place >> site.kind >> site.space >> site.bytes >>
          site.alignment >> site.buffer;
      siteTable.push_back(site);
    } else if (all.empty()) {
      whyNot = "the metadata begins with '" + what + "'";
      return false;
    } else if (what == "param") {
      int64_t bytes = 0;
      fields >> bytes;
      all.back().params.push_back(bytes);
    } else if (what == "buffer") {
      Buffer buffer{};
      fields >> buffer.param >> buffer.elementBytes;
      all.back().buffers.push_back(buffer);
    } else if (what == "workgroup") {
      Workgroup buffer{};
      fields >> buffer.offset >> buffer.bytes;
      all.back().workgroup.push_back(buffer);
    }
    if (fields.fail()) {
      whyNot = "the metadata has a malformed line: " + line;
      return false;
    }
  }
  return true;
}

const Module::Kernel *Module::find(const std::string &name) const {
  for (const Kernel &kernel : all)
    if (kernel.name == name)
      return &kernel;
  return nullptr;
}

std::pair<const char *, size_t> Module::findBlob(const char *image) {
  const char *blob = image + std::strlen(image) + 1;
  // An image without a blob may end right here, so compare byte by byte.
  for (int k = 0; k < 8; ++k)
    if (blob[k] != kMagic[k])
      return {nullptr, 0};
  uint64_t size;
  std::memcpy(&size, blob + 8, 8);
  return {blob + 16, size};
}

} // namespace noodle::emu
