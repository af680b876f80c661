//===- CpuTarget.cpp - which CPU code is generated for --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Target/Caches.h"
#include "noodle/Target/Target.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"
#include <fstream>
#include <vector>

using namespace mlir::noodle;

std::string mlir::noodle::readCaches(llvm::StringRef folder) {
  std::string text;
  for (int index = 0; index < 8; ++index) {
    auto read = [&](const char *name) {
      std::ifstream file(
          (folder + "/index" + llvm::Twine(index) + "/" + name).str());
      std::string word;
      file >> word;
      return word;
    };
    if (read("type") == "Instruction")
      continue;
    unsigned level = 0;
    uint64_t bytes = 0;
    std::string size = read("size");
    llvm::StringRef digits = size;
    int shift = digits.consume_back("K")   ? 10
                : digits.consume_back("M") ? 20
                : digits.consume_back("G") ? 30
                                           : 0;
    // Shifted, at most a petabyte: no bits are lost.
    if (llvm::StringRef(read("level")).getAsInteger(10, level) || !level ||
        digits.getAsInteger(10, bytes) || !bytes || bytes >> (50 - shift))
      continue;
    text += (text.empty() ? "l" : ",l") + std::to_string(level) + "=" +
            std::to_string(bytes << shift);
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
  if (std::string caches = readCaches(); !caches.empty())
    target.kernelFeatures +=
        (target.kernelFeatures.empty() ? "" : ",") + caches;
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
