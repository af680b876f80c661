//===- NoodleDialect.cpp - registration and discardable attributes --------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/BlockOps.h"
#include "noodle/Dialect/Noodle.h"
#include "noodle/Dialect/Semiring.h"
#include "noodle/Dialect/Solver.h"
#include "noodle/Dialect/SparseOps.h"
#include "noodle/Dialect/SparseProduct.h"

#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::noodle;

#include "noodle/Dialect/NoodleDialect.cpp.inc"

void NoodleDialect::initialize() {
  registerAttributes();
  registerCategory();
  addOperations<
#define GET_OP_LIST
#include "noodle/Dialect/NoodleOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "noodle/Dialect/NoodleSolverOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "noodle/Dialect/NoodleSparseProductOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "noodle/Dialect/NoodleSparseOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "noodle/Dialect/NoodleBlockOps.cpp.inc"
      >();
}

/// Notes that passes leave for later ones. Their values are checked by whoever
/// reads them.
static constexpr StringLiteral notes[] = {
    "noodle.site",          "noodle.why",          "noodle.signature",
    "noodle.reference",     "noodle.profile",      "noodle.reference_site",
    "noodle.stats_key",     "noodle.cpu",          "noodle.schedule",
    "noodle.parallel_body", "noodle.parallel_for", "noodle.sites",
    "noodle.plan",          "noodle.fallback",     "noodle.device",
    "noodle.brief",         "noodle.chunked",      "noodle.kernels",
    "noodle.kernel",        "noodle.lost",         "noodle.order",
    "noodle.chip",          "noodle.properties",   "noodle.optional",
    "noodle.guessed"};

static bool isNote(StringAttr name) {
  return llvm::is_contained(notes, name.getValue());
}

LogicalResult NoodleDialect::verifyOperationAttribute(Operation *op,
                                                      NamedAttribute attr) {
  StringAttr name = attr.getName();
  if (isNote(name))
    return success();
  if (name == "noodle.fp") {
    if (!isa<FPPolicyAttr>(attr.getValue()))
      return op->emitError() << "'noodle.fp' must be #noodle.fp<strict>, "
                                "#noodle.fp<reassoc> or #noodle.fp<fast>";
    if (!isa<ModuleOp, FunctionOpInterface>(op))
      return op->emitError() << "'noodle.fp' belongs to a module or a function";
    return success();
  }
  if (name == "noodle.stats")
    return op->emitError() << "'noodle.stats' belongs to a function argument";
  return op->emitError() << "unknown attribute '" << name.getValue() << "'";
}

LogicalResult NoodleDialect::verifyRegionArgAttribute(Operation *op,
                                                      unsigned regionIndex,
                                                      unsigned argIndex,
                                                      NamedAttribute attr) {
  auto error = [&]() {
    return op->emitError() << "argument #" << argIndex << ": ";
  };
  StringAttr name = attr.getName();
  if (isNote(name))
    return success();
  if (name != "noodle.stats")
    return error() << "unknown attribute '" << name.getValue() << "'";

  auto stats = dyn_cast<StatsAttr>(attr.getValue());
  if (!stats)
    return error() << "'noodle.stats' must be #noodle.stats<...>";
  auto func = dyn_cast<FunctionOpInterface>(op);
  auto type =
      func ? dyn_cast<RankedTensorType>(func.getArgumentTypes()[argIndex])
           : RankedTensorType();
  if (!type)
    return error() << "'noodle.stats' belongs to a ranked tensor";

  ArrayRef<int64_t> extents = stats.getExtents();
  if (!extents.empty() && int64_t(extents.size()) != type.getRank())
    return error() << "'noodle.stats' has " << extents.size()
                   << " extents, but " << type << " has rank "
                   << type.getRank();
  for (auto [d, extent] : llvm::enumerate(extents))
    if (extent >= 0 && !type.isDynamicDim(d) && extent != type.getDimSize(d))
      return error() << "'noodle.stats' says extent " << extent
                     << " of dimension " << d << ", but the type is " << type;
  if (!type.getEncoding() &&
      (stats.getStored() >= 0 || stats.getLongest() >= 0))
    return error() << "'noodle.stats' counts stored entries of " << type
                   << ", which is dense";
  return success();
}

LogicalResult NoodleDialect::verifyRegionResultAttribute(Operation *op,
                                                         unsigned regionIndex,
                                                         unsigned resultIndex,
                                                         NamedAttribute attr) {
  StringAttr name = attr.getName();
  if (isNote(name))
    return success();
  InFlightDiagnostic diag = op->emitError()
                            << "result #" << resultIndex << ": ";
  if (name == "noodle.stats")
    return diag << "'noodle.stats' belongs to a function argument";
  return diag << "unknown attribute '" << name.getValue() << "'";
}
