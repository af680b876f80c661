//===- Identify.cpp - what a compilation will make, without compiling -===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "DeviceCode.h"

#include "noodle/Engine/DeviceImage.h"

#include "noodle/Target/Target.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <link.h>

namespace noodle::engine {

#define NOODLE_VERSION_TEXT NOODLE_VERSION " (LLVM " LLVM_VERSION_STRING ")"

const char *versionString() { return NOODLE_VERSION_TEXT; }

/// The linker's build id of the program or library this function is in: two
/// builds of one version are told apart.
static std::string findBuildId() {
  struct Search {
    uintptr_t address;
    std::string id;
  } search{reinterpret_cast<uintptr_t>(&findBuildId), {}};
  auto visit = [](dl_phdr_info *info, size_t, void *data) -> int {
    auto &search = *static_cast<Search *>(data);
    bool here = false;
    for (int k = 0; k < info->dlpi_phnum; ++k) {
      const auto &segment = info->dlpi_phdr[k];
      uintptr_t begin = info->dlpi_addr + segment.p_vaddr;
      here |= segment.p_type == PT_LOAD && search.address >= begin &&
              search.address - begin < segment.p_memsz;
    }
    if (!here)
      return 0;
    for (int k = 0; k < info->dlpi_phnum; ++k) {
      const auto &segment = info->dlpi_phdr[k];
      if (segment.p_type != PT_NOTE)
        continue;
      const char *at =
          reinterpret_cast<const char *>(info->dlpi_addr + segment.p_vaddr);
      const char *end = at + segment.p_memsz;
      while (size_t(end - at) >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) note;
        std::memcpy(&note, at, sizeof note);
        const char *name = at + sizeof note;
        const char *value = name + (note.n_namesz + 3) / 4 * 4;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
            std::memcmp(name, "GNU", 4) == 0)
          search.id = llvm::toHex(llvm::StringRef(value, note.n_descsz), true);
        at = value + (note.n_descsz + 3) / 4 * 4;
      }
    }
    return 1;
  };
  dl_iterate_phdr(visit, &search);
  return search.id;
}

static Status refuse(const char *option, const std::string &value,
                     const char *known) {
  return Status::error(Code::InvalidArgument, std::string(option) + " '" +
                                                  value + "' is not one of " +
                                                  known);
}

static bool oneOf(const std::string &value,
                  std::initializer_list<const char *> known) {
  return std::find(known.begin(), known.end(), value) != known.end();
}

Status checkTarget(const std::string &target) {
  if (!oneOf(target, {"cpu", "cuda", "auto"}))
    return refuse("target", target, "cpu, cuda, auto");
  return {};
}

Status checkOptions(const CompileOptions &options) {
  if (!oneOf(options.strategy, {"auto", "reference", "loops", "tiled",
                                "strassen", "sparse", "gpu", "library"}))
    return refuse("strategy", options.strategy,
                  "auto, reference, loops, tiled, strassen, sparse, gpu, "
                  "library");
  if (!oneOf(options.fp, {"", "strict", "reassoc", "fast"}))
    return refuse("fp", options.fp, "strict, reassoc, fast");
  if (!oneOf(options.cpu, {"native", "x86-64", "avx2", "avx512"}))
    return refuse("cpu", options.cpu, "native, x86-64, avx2, avx512");
  if (!oneOf(options.tier, {"auto", "0", "optimised"}))
    return refuse("tier", options.tier, "auto, 0, optimised");
  if (Status status = checkTarget(options.target); !status.ok())
    return status;
  if (options.strategy == "gpu" && options.target == "cpu")
    return Status::error(Code::InvalidArgument,
                         "strategy '" + options.strategy +
                             "' needs the target cuda or auto");
  if (Status status = checkChip(options.chip); !status.ok())
    return status;
  if (options.optLevel < 0 || options.optLevel > 3)
    return refuse("optimisation level", std::to_string(options.optLevel),
                  "0, 1, 2, 3");
  auto target = mlir::noodle::CpuTarget::get(options.cpu);
  if (!target)
    return Status::error(Code::InvalidArgument,
                         llvm::toString(target.takeError()));
  if (!target->runsOnHost())
    return Status::error(Code::InvalidArgument,
                         "this machine does not execute " + options.cpu +
                             " code");
  return {};
}

Identification identify(std::string_view program,
                        const CompileOptions &options) {
  static const std::string compiler = [] {
    return std::string("noodle " NOODLE_VERSION_TEXT " build ") + findBuildId();
  }();
  Identification id;
  id.abiVersion = NOODLE_RT_ABI_VERSION;
  id.compiler = compiler;
  if (auto target = mlir::noodle::CpuTarget::get(options.cpu))
    id.cpu =
        target->cpu + " " + target->features + " " + target->kernelFeatures;
  else
    llvm::consumeError(target.takeError());
  std::string &text = id.options;
  text = "name=" + options.name + "\nentry=" + options.entry +
         "\nstrategy=" + options.strategy + "\nfp=" + options.fp +
         "\nO=" + std::to_string(options.tier == "0" ? 0 : options.optLevel) +
         "\nstrict=" + std::to_string(options.strict) +
         "\nprofile=" + std::to_string(options.profile) +
         "\ntarget=" + options.target;
  if (options.skipGuessed)
    text += "\nskip-guessed";
  if (options.memoryLimit)
    text += "\nmemory-limit=" + std::to_string(options.memoryLimit);
  if (options.strassenFrom)
    text += "\nstrassen-from=" + std::to_string(options.strassenFrom);
  if (options.target != "cpu")
    text += "\nchip=" + chipOf(options);
  if (options.extender)
    text += "\nextender=" + options.extender->name;
  for (const ArgumentStats &stats : options.stats) {
    text += "\nstats=";
    for (int64_t extent : stats.extents)
      text += std::to_string(extent) + "x";
    text += ":" + std::to_string(stats.stored) + ":" +
            std::to_string(stats.longest);
  }
  id.program = std::string(program);
  return id;
}

} // namespace noodle::engine
