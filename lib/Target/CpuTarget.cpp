//===- CpuTarget.cpp - which CPU code is generated for --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Target/Target.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"
#include <fstream>
#include <vector>

using namespace mlir::noodle;

/// Bytes of the first core's caches as MachineModel reads them, such as
/// "l1=32768,l2=1048576,l3=33554432"; those that the system tells.
static std::string readCaches(bool first) {
  std::string text;
  for (int index = 0; index < 8; ++index) {
    std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" +
                         std::to_string(index) + "/";
    auto read = [&](const char *name) {
      std::ifstream file(folder + name);
      std::string word;
      file >> word;
      return word;
    };
    std::string level = read("level"), size = read("size");
    int64_t count = 0;
    if (read("type") == "Instruction" || level.empty() || size.empty() ||
        llvm::StringRef(size).drop_back().getAsInteger(10, count) || count <= 0)
      continue;
    count <<= size.back() == 'K' ? 10 : size.back() == 'M' ? 20 : 0;
    text += (first && text.empty() ? "l" : ",l") + level + "=" +
            std::to_string(count);
  }
  return text;
}

static CpuTarget findHost() {
  CpuTarget target;
  target.cpu = llvm::sys::getHostCPUName().str();
  std::vector<std::string> features;
  llvm::StringMap<bool> map = llvm::sys::getHostCPUFeatures();
  for (const auto &feature : map)
    features.push_back((feature.second ? "+" : "-") + feature.first().str());
  // A hash map's order must not reach cache keys.
  llvm::sort(features);
  target.features = llvm::join(features, ",");
  target.vectorBytes = map.lookup("avx512f") && map.lookup("avx512vl") ? 64
                       : map.lookup("avx2")                            ? 32
                                                                       : 16;
  for (const char *name : {"avx512bf16", "avx512vnni"})
    if (map.lookup(name))
      target.kernelFeatures +=
          (target.kernelFeatures.empty() ? "" : ",") + std::string(name);
  target.kernelFeatures += readCaches(target.kernelFeatures.empty());
  return target;
}

CpuTarget CpuTarget::host() {
  // Each compilation and each look-up in a cache asks.
  static const CpuTarget target = findHost();
  return target;
}

llvm::Expected<CpuTarget> CpuTarget::get(llvm::StringRef name) {
  if (name == "native")
    return host();
  CpuTarget target;
  if (name == "x86-64") {
    target.cpu = "x86-64";
  } else if (name == "avx2") {
    target.cpu = "x86-64-v3";
    target.vectorBytes = 32;
  } else if (name == "avx512") {
    target.cpu = "x86-64-v4";
    // v4 prefers 256 bits in what LLVM vectorises; ours says what it wants.
    target.vectorBytes = 64;
  } else {
    return llvm::createStringError("unknown CPU '" + name.str() +
                                   "': use native, x86-64, avx2 or avx512");
  }
  return target;
}

bool CpuTarget::runsOnHost() const {
  static const llvm::StringMap<bool> map = llvm::sys::getHostCPUFeatures();
  auto has = [&](std::initializer_list<const char *> names) {
    return llvm::all_of(names, [&](const char *n) { return map.lookup(n); });
  };
  if (cpu == "x86-64")
    return true;
  bool v3 = has({"avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"});
  if (cpu == "x86-64-v3")
    return v3;
  if (cpu == "x86-64-v4")
    return v3 &&
           has({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"});
  CpuTarget here = host();
  return cpu == here.cpu && features == here.features;
}
