//===- SiteText.h - ops and times in few words ------------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_STRATEGY_SITETEXT_H
#define NOODLE_LIB_STRATEGY_SITETEXT_H

#include "mlir/IR/Operation.h"
#include <string>

namespace mlir::noodle {

/// "file:line:column" of an op; empty where it has none.
std::string placeOf(Location location);
/// "ij,j->i min_plus f64 csr": what the op does.
std::string siteText(Operation *op);
/// "0.12 ms"; times below a microsecond in nanoseconds.
std::string readableTime(double seconds);

} // namespace mlir::noodle

#endif // NOODLE_LIB_STRATEGY_SITETEXT_H
