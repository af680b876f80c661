//===- DeviceReport.cpp - what a receipt says of the device -----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Monitor.h"

namespace noodle::engine {
namespace {

/// Where an op ran, from what the session counted. An op without a launch of
/// its own that was given to the device is part of another op's kernel.
void fillSite(SiteReceipt &site, const rt::DeviceReceipt &used) {
  for (const auto &use : used.sites)
    if (use.site == site.site.id) {
      site.launches = use.launches;
      site.fallbacks = use.fallbacks;
      site.deviceSeconds = use.seconds > 0 ? use.seconds : -1;
    }
  int64_t launches = site.launches, fallbacks = site.fallbacks;
  if (launches + fallbacks == 0 &&
      (site.site.strategy == "gpu" || site.site.strategy == "library")) {
    launches = used.launches;
    fallbacks = used.fallbacks;
  }
  if (launches > 0)
    site.ran = fallbacks > 0 ? "device and cpu" : "device";
}

/// The part of an op that the device did.
double partOf(const SiteReceipt &site) {
  if (site.ran == "cpu")
    return 0;
  int64_t all = site.launches + site.fallbacks;
  return all ? double(site.launches) / double(all) : 1;
}

} // namespace

void fillDevice(Receipt &receipt, const Artifact &artifact,
                const DeviceUse &use, rt::DeviceReceipt used, bool again) {
  DeviceSection &section = receipt.device;
  section = {};
  section.target = use.target;
  section.redone = again;
  section.code = artifact.device.chip;
  std::vector<rt::DeviceStep> steps;
  if (!use.absent.step.empty())
    steps.push_back(use.absent);
  if (!artifact.deviceFailure.empty())
    steps.push_back({"compile", artifact.deviceFailure, -1});
  if (use.device) {
    const rt::DeviceInfo &info = use.device->info();
    section.name = info.name;
    section.index = info.index;
    section.chip =
        "sm_" + std::to_string(info.major) + std::to_string(info.minor);
  }
  for (rt::DeviceStep &step : used.steps)
    steps.push_back(std::move(step));
  used.steps = std::move(steps);
  section.used = std::move(used);
  if (again) { // nothing of what the device did was kept
    section.share = 0;
    return;
  }
  double all = 0, there = 0;
  for (SiteReceipt &site : receipt.sites) {
    fillSite(site, section.used);
    if (site.flops > 0) {
      all += site.flops;
      there += site.flops * partOf(site);
    }
  }
  if (all > 0)
    section.share = there / all;
}

} // namespace noodle::engine
