//===- BlasReport.cpp - what a receipt says of the BLAS ---------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "BlasReport.h"

namespace noodle::engine {

void fillBlas(Receipt &receipt, rt::BlasReceipt used) {
  receipt.blas = std::move(used);
  for (SiteReceipt &site : receipt.sites) {
    int64_t products = 0, refused = 0;
    for (const auto &use : receipt.blas.sites)
      if (use.site == site.site.id)
        products += use.products;
    for (const auto &refusal : receipt.blas.refusals)
      if (refusal.site == site.site.id)
        refused += refusal.count;
    if (products > 0)
      site.ran = refused > 0 ? "blas and cpu" : "blas";
  }
}

void placeRefusal(Status &status, const Artifact &artifact,
                  const rt::BlasReceipt &used) {
  if (status.code != Code::HostCallFailed || used.refusals.empty() ||
      !status.place.empty())
    return;
  for (const Site &site : artifact.sites)
    if (site.id == used.refusals.back().site)
      status.place = site.place;
}

} // namespace noodle::engine
