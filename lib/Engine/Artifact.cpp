//===- Artifact.cpp - a compiled program at rest ----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// File format: magic, format version, checksum and length of the payload, then
// the payload. The checksum finds accidents; what an artifact is for is
// compared field by field by its user.
//
//===----------------------------------------------------------------------===//
#include "noodle/Engine/Artifact.h"

#include "Bytes.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/xxhash.h"

#include <cstring>

namespace noodle::engine {

constexpr char kMagic[8] = {'N', 'O', 'O', 'D', 'L', 'E', 'K', '\n'};
constexpr uint32_t kFormatVersion = 6;
constexpr size_t kHeaderBytes = 8 + 4 + 8 + 8;

static void fields(Is<Identification> auto &id, auto &&visit) {
  visit(id.abiVersion);
  visit(id.compiler);
  visit(id.cpu);
  visit(id.options);
  visit(id.program);
}
static void fields(Is<PhaseTime> auto &time, auto &&visit) {
  visit(time.phase);
  visit(time.seconds);
}
static void fields(Is<TensorType> auto &type, auto &&visit) {
  visit(type.layout);
  visit(type.element);
  visit(type.positionWidth);
  visit(type.coordinateWidth);
  visit(type.extents);
  visit(type.blockRows);
  visit(type.blockColumns);
}
static void fields(Is<SpaceMember> auto &member, auto &&visit) {
  visit(member.result);
  visit(member.index);
  visit(member.dimension);
}
static void fields(Is<Signature> auto &function, auto &&visit) {
  visit(function.name);
  visit(function.parameters);
  visit(function.results);
  visit(function.spaces);
  visit(function.rowsNeeded);
}
static void fields(Is<CostTerm> auto &term, auto &&visit) {
  visit(term.coefficient);
  visit(term.factors);
}
static void fields(Is<ProductSite> auto &product, auto &&visit) {
  visit(product.batch);
  visit(product.rows);
  visit(product.columns);
  visit(product.inner);
  visit(product.traits);
  visit(product.vectorBytes);
}
static void fields(Is<PlanNode> auto &node, auto &&visit) {
  visit(node.letters);
  visit(node.entries);
  visit(node.products);
  visit(node.left);
  visit(node.right);
}
static void fields(Is<SitePlan> auto &plan, auto &&visit) {
  visit(plan.text);
  visit(plan.nodes);
  visit(plan.productsBefore);
  visit(plan.productsAfter);
  visit(plan.bytesBefore);
  visit(plan.bytesAfter);
  visit(plan.peakBefore);
  visit(plan.peakAfter);
}
static void fields(Is<Site> auto &site, auto &&visit) {
  visit(site.id);
  visit(site.op);
  visit(site.text);
  visit(site.place);
  visit(site.strategy);
  visit(site.why);
  visit(site.lost);
  visit(site.plan);
  visit(site.flops);
  visit(site.bytes);
  visit(site.sizes);
  visit(site.product);
}
static void fields(Is<rt::KernelInfo> auto &kernel, auto &&visit) {
  visit(kernel.name);
  visit(kernel.threads);
  visit(kernel.sharedBytes);
  visit(kernel.routine);
}
static void fields(Is<rt::DeviceCode> auto &code, auto &&visit) {
  visit(code.chip);
  visit(code.image);
  visit(code.kernels);
}
static void fields(Is<Artifact> auto &artifact, auto &&visit) {
  visit(artifact.id);
  visit(artifact.name);
  visit(artifact.object);
  visit(artifact.fallback);
  visit(artifact.planOnly);
  visit(artifact.functions);
  visit(artifact.sites);
  visit(artifact.references);
  visit(artifact.laws);
  visit(artifact.guessed);
  visit(artifact.phases);
  visit(artifact.device);
  visit(artifact.deviceFailure);
}

static bool validType(const TensorType &type) {
  if (!noodle_rt_element_bytes(type.element) || type.layout > NOODLE_RT_BSR ||
      type.extents.size() > NOODLE_RT_MAX_RANK)
    return false;
  for (int64_t extent : type.extents)
    if (extent < -1)
      return false;
  auto width = [&](uint8_t bytes) {
    return type.sparse() ? bytes == 4 || bytes == 8 : bytes == 0;
  };
  if (type.sparse() && type.extents.size() != 2 && !type.sparseVector())
    return false;
  if (type.layout == NOODLE_RT_SCALAR && !type.extents.empty())
    return false;
  bool blocks = type.layout == NOODLE_RT_BSR;
  if ((type.blockRows != 0) != blocks || (type.blockColumns != 0) != blocks)
    return false;
  return width(type.positionWidth) && width(type.coordinateWidth);
}

/// Members are dimensions that index lists name.
static bool validSpaces(const Signature &function) {
  for (const auto &space : function.spaces)
    for (const SpaceMember &member : space) {
      const auto &types =
          member.result ? function.results : function.parameters;
      if (member.index >= types.size() || !types[member.index].sparse() ||
          member.dimension >= types[member.index].extents.size())
        return false;
    }
  return function.rowsNeeded.size() <= function.parameters.size();
}

/// Nothing at all, or an image with kernels that a driver can be asked for.
static bool validDevice(const rt::DeviceCode &code) {
  for (const rt::KernelInfo &kernel : code.kernels)
    if (kernel.name.empty() || kernel.sharedBytes < 0 ||
        kernel.threads > 1024 || (kernel.threads < 1 && kernel.routine.empty()))
      return false;
  return code.kernels.empty() == code.image.empty() &&
         code.image.empty() == code.chip.empty();
}

const Signature *Artifact::find(std::string_view name) const {
  for (const Signature &function : functions)
    if (function.name == name)
      return &function;
  return nullptr;
}

int64_t Artifact::footprint() const {
  size_t bytes = sizeof *this + id.program.size() + id.options.size() +
                 object.size() + functions.size() * 256 + device.image.size() +
                 deviceFailure.size() + device.kernels.size() * 96;
  for (const std::string &text : references)
    bytes += text.size();
  for (const Site &site : sites)
    bytes += sizeof site + site.text.size() + site.place.size() +
             site.why.size() + site.lost.size() + site.plan.text.size() +
             site.plan.nodes.size() * 96 +
             (site.flops.size() + site.bytes.size()) * 48;
  return int64_t(bytes);
}

std::string serialize(const Artifact &artifact) {
  Writer payload;
  payload(artifact);
  Writer file;
  file.bytes.reserve(kHeaderBytes + payload.bytes.size());
  file.bytes.append(kMagic, sizeof kMagic);
  file(kFormatVersion);
  file(uint64_t(llvm::xxh3_64bits(payload.bytes)));
  file(uint64_t(payload.bytes.size()));
  return file.bytes + payload.bytes;
}

Status deserialize(std::string_view bytes, Artifact &artifact) {
  auto refuse = [](const char *why) {
    return Status::error(Code::IoError, std::string("a kernel file ") + why);
  };
  if (bytes.size() < kHeaderBytes)
    return refuse("is cut short");
  if (std::memcmp(bytes.data(), kMagic, sizeof kMagic) != 0)
    return refuse("is expected, this is something else");
  uint32_t version;
  uint64_t checksum, size;
  std::memcpy(&version, bytes.data() + 8, sizeof version);
  std::memcpy(&checksum, bytes.data() + 12, sizeof checksum);
  std::memcpy(&size, bytes.data() + 20, sizeof size);
  if (version != kFormatVersion)
    return refuse("has another format version");
  std::string_view payload = bytes.substr(kHeaderBytes);
  if (size != payload.size())
    return refuse("is not as long as it says");
  if (llvm::xxh3_64bits(llvm::StringRef(payload.data(), payload.size())) !=
      checksum)
    return refuse("is damaged: its checksum differs");
  Artifact read;
  Reader reader(payload);
  reader(read);
  if (!reader.finished())
    return refuse("is damaged: its fields do not fit its length");
  if (!read.object.empty() + !read.fallback.empty() + read.planOnly != 1)
    return refuse("holds neither code nor a reason for having none");
  for (const Signature &function : read.functions)
    for (const auto *types : {&function.parameters, &function.results})
      for (const TensorType &type : *types)
        if (!validType(type))
          return refuse("is damaged: a type is impossible");
  for (const Signature &function : read.functions)
    if (!validSpaces(function))
      return refuse("is damaged: an index space is impossible");
  if (!validDevice(read.device))
    return refuse("is damaged: its device code is impossible");
  artifact = std::move(read);
  return {};
}

std::string keyOf(const Identification &id) {
  Writer writer;
  writer(id);
  auto digest = llvm::SHA256::hash(llvm::arrayRefFromStringRef(writer.bytes));
  return llvm::toHex(digest, /*LowerCase=*/true);
}

} // namespace noodle::engine
