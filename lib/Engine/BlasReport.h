//===- BlasReport.h - what a receipt says of the BLAS -----------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ENGINE_BLASREPORT_H
#define NOODLE_LIB_ENGINE_BLASREPORT_H

#include "noodle/Engine/Receipt.h"

namespace noodle::engine {

/// Fills a receipt's part about the BLAS; its sites are filled already.
void fillBlas(Receipt &receipt, rt::BlasReceipt used);

/// Under strict: whose op it was that the BLAS refused.
void placeRefusal(Status &status, const Artifact &artifact,
                  const rt::BlasReceipt &used);

} // namespace noodle::engine

#endif // NOODLE_LIB_ENGINE_BLASREPORT_H
