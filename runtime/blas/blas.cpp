//===- blas.cpp - finds a BLAS ------------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "blas_api.h"

#include <cstddef>
#include <dlfcn.h>

namespace noodle::rt {
namespace {

/// Debian's and its kin's. The second is whichever BLAS the system prefers.
constexpr const char *kNames[] = {"libopenblas.so.0", "libblas.so.3"};

/// In front of every symbol. The second is scipy-openblas32's.
constexpr const char *kPrefixes[] = {"", "scipy_"};

struct Routine {
  const char *symbol;
  size_t offset;
};
#define NOODLE_BLAS_ROUTINE(name, symbol, parameters)                          \
  {#symbol, offsetof(Blas::Impl, name)},
constexpr Routine kRoutines[] = {NOODLE_BLAS_ROUTINES(NOODLE_BLAS_ROUTINE)};
#undef NOODLE_BLAS_ROUTINE

void *find(void *library, const char *prefix, const std::string &name) {
  return dlsym(library, (prefix + name).c_str());
}

template <typename Function>
Function *function(void *library, const char *prefix, const char *name) {
  return reinterpret_cast<Function *>(find(library, prefix, name));
}

/// The prefix of its symbols; null, with the reason, where it is of no use.
const char *prefixOf(void *library, const std::string &file,
                     std::string &whyNot) {
  for (const char *prefix : kPrefixes)
    if (find(library, prefix, "cblas_sgemm"))
      return prefix;
  for (const char *prefix : kPrefixes)
    if (find(library, prefix, "cblas_sgemm64_")) {
      whyNot = file + " has integers of 64 bits: a BLAS with integers of 32 "
                      "bits is needed";
      return nullptr;
    }
  whyNot = file + " has no cblas_sgemm";
  return nullptr;
}

/// One thread for each call, in whatever words the library has for that.
void runOnCallersThread(void *library, const char *prefix) {
  if (auto *set =
          function<void(int)>(library, prefix, "openblas_set_num_threads"))
    return set(1);
  if (auto *set = function<void(int)>(library, "", "MKL_Set_Num_Threads"))
    return set(1);
  if (auto *set =
          function<void(int64_t)>(library, "", "bli_thread_set_num_threads"))
    set(1);
}

} // namespace

Blas::Blas() : self(std::make_unique<Impl>()) {}
Blas::~Blas() = default;
const std::string &Blas::name() const { return self->name; }

std::shared_ptr<const Blas> Blas::open(const std::string &path,
                                       std::string &whyNot) {
  std::string file = path;
  void *library = nullptr;
  if (!path.empty()) {
    library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) {
      const char *said = dlerror();
      whyNot = said ? said : path + " cannot be opened";
      return nullptr;
    }
  } else {
    for (const char *name : kNames)
      if (!library && (library = dlopen(name, RTLD_NOW | RTLD_LOCAL)))
        file = name;
    if (!library) {
      whyNot = std::string(kNames[0]) + " not found (nor " + kNames[1] + ")";
      return nullptr;
    }
  }
  const char *prefix = prefixOf(library, file, whyNot);
  if (!prefix)
    return nullptr;
  std::shared_ptr<Blas> blas(new Blas);
  Impl &impl = *blas->self;
  for (const Routine &routine : kRoutines) {
    void *address =
        find(library, prefix, std::string("cblas_") + routine.symbol);
    if (!address) {
      whyNot = file + " has no cblas_" + routine.symbol;
      return nullptr;
    }
    *reinterpret_cast<void **>(reinterpret_cast<char *>(&impl) +
                               routine.offset) = address;
  }
  impl.name = file;
  if (auto *config =
          function<const char *()>(library, prefix, "openblas_get_config"))
    if (const char *text = config())
      impl.name = text;
  if (impl.name.find("USE64BITINT") != std::string::npos) {
    whyNot = file + " has integers of 64 bits: a BLAS with integers of 32 "
                    "bits is needed";
    return nullptr;
  }
  runOnCallersThread(library, prefix);
  return blas;
}

std::shared_ptr<const Blas> LazyBlas::get(std::string &whyNot) {
  std::call_once(once, [&] { blas = Blas::open(path, absent); });
  if (!blas)
    whyNot = absent;
  return blas;
}

} // namespace noodle::rt
