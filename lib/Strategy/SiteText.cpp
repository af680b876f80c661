//===- SiteText.cpp - ops and times in few words --------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "SiteText.h"

#include "noodle/Dialect/BlockOps.h"
#include "noodle/Dialect/Semiring.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::noodle;

std::string noodle::placeOf(Location location) {
  std::string place;
  location->walk([&](Location inner) {
    auto file = dyn_cast<FileLineColLoc>(inner);
    if (!file)
      return WalkResult::advance();
    place = (file.getFilename().getValue() + ":" + Twine(file.getLine()) + ":" +
             Twine(file.getColumn()))
                .str();
    return WalkResult::interrupt();
  });
  return place;
}

std::string noodle::siteText(Operation *op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  SemiringAttr semiring = op->getAttrOfType<SemiringAttr>("semiring");
  if (auto contract = dyn_cast<ContractOp>(op)) {
    stream << contract.getEquation() << ' ';
    semiring = contract.getSemiring();
  } else if (auto reduce = dyn_cast<ReduceOp>(op)) {
    semiring = reduce.getSemiring();
  } else if (auto scatter = dyn_cast<ScatterOp>(op)) {
    semiring = scatter.getSemiring();
  }
  if (semiring) {
    if (semiring.getKind() == SemiringKind::User)
      stream << semiring.getSymbol() << ' ';
    else
      stream << stringifySemiringKind(semiring.getKind()) << ' ';
  }
  ArrayRef<int64_t> block;
  if (auto product = dyn_cast<BlockProductOp>(op))
    block = product.getBlock();
  else if (auto expand = dyn_cast<ExpandBlocksOp>(op))
    block = expand.getBlock();
  else if (auto pack = dyn_cast<PackBlocksOp>(op))
    block = pack.getBlock();
  if (!block.empty())
    stream << "blocks of " << block[0] << 'x' << block[1] << ' ';
  if (auto map = dyn_cast<MapOp>(op))
    stream << "over " << stringifyMapOver(map.getVisited()) << ' ';
  stream << getElementTypeOrSelf(op->getResult(0).getType());
  bool csr = false, csc = false;
  auto see = [&](Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type || !type.getEncoding())
      return;
    FailureOr<SparseFormat> format = getSparseFormat(type);
    csr |= succeeded(format) && *format == SparseFormat::CSR;
    csc |= succeeded(format) && *format == SparseFormat::CSC;
  };
  llvm::for_each(op->getOperands(), see);
  llvm::for_each(op->getResults(), see);
  stream << (csr ? " csr" : "") << (csc ? " csc" : "");
  return text;
}

std::string noodle::readableTime(double seconds) {
  struct Unit {
    double size;
    const char *name;
  };
  static constexpr Unit units[] = {
      {1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}};
  Unit unit = units[3];
  for (const Unit &candidate : llvm::reverse(units))
    if (seconds >= candidate.size)
      unit = candidate;
  return llvm::formatv("{0:F2} {1}", seconds / unit.size, unit.name).str();
}
