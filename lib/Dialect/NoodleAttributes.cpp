//===- NoodleAttributes.cpp - semirings, policies, statistics -------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/Noodle.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::noodle;

#include "noodle/Dialect/NoodleEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "noodle/Dialect/NoodleAttributes.cpp.inc"

void NoodleDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "noodle/Dialect/NoodleAttributes.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// #noodle.semiring<min_plus>, #noodle.semiring<@name>
//===----------------------------------------------------------------------===//

Attribute SemiringAttr::parse(AsmParser &parser, Type) {
  SMLoc where = parser.getCurrentLocation();
  if (parser.parseLess())
    return {};
  FlatSymbolRefAttr symbol;
  SemiringKind kind = SemiringKind::User;
  SMLoc at = parser.getCurrentLocation();
  OptionalParseResult named = parser.parseOptionalAttribute(symbol);
  if (named.has_value()) {
    if (failed(*named))
      return {};
  } else {
    StringRef word;
    if (failed(parser.parseOptionalKeyword(&word))) {
      parser.emitError(at, "expected a semiring's name or symbol");
      return {};
    }
    std::optional<SemiringKind> known = symbolizeSemiringKind(word);
    if (!known || *known == SemiringKind::User) {
      InFlightDiagnostic diag = parser.emitError(at, "no semiring '")
                                << word << "'; known are ";
      llvm::interleaveComma(
          llvm::seq<unsigned>(0, unsigned(SemiringKind::LogPlus) + 1), diag,
          [&](unsigned k) {
            diag << stringifySemiringKind(SemiringKind(k));
          });
      diag << " and @symbols";
      return {};
    }
    kind = *known;
  }
  if (parser.parseGreater())
    return {};
  return parser.getChecked<SemiringAttr>(where, parser.getContext(), kind,
                                         symbol);
}

void SemiringAttr::print(AsmPrinter &printer) const {
  printer << "<";
  if (getKind() == SemiringKind::User)
    printer << getSymbol();
  else
    printer << stringifySemiringKind(getKind());
  printer << ">";
}

LogicalResult
SemiringAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                     SemiringKind kind, FlatSymbolRefAttr symbol) {
  if ((kind == SemiringKind::User) != bool(symbol))
    return emitError() << "a user-defined semiring has a symbol, a built-in "
                          "one has none";
  return success();
}

//===----------------------------------------------------------------------===//
// #noodle.stats<extents = [64, 64], stored = 128, longest = 16>
//===----------------------------------------------------------------------===//

Attribute StatsAttr::parse(AsmParser &parser, Type) {
  SMLoc where = parser.getCurrentLocation();
  SmallVector<int64_t> extents;
  int64_t stored = -1, longest = -1;
  SmallVector<StringRef, 3> seen;
  auto parseField = [&]() -> ParseResult {
    SMLoc at = parser.getCurrentLocation();
    StringRef key;
    if (parser.parseKeyword(&key))
      return failure();
    if (llvm::is_contained(seen, key))
      return parser.emitError(at, "'") << key << "' appears twice";
    seen.push_back(key);
    if (key != "extents" && key != "stored" && key != "longest")
      return parser.emitError(at, "expected extents, stored or longest");
    if (parser.parseEqual())
      return failure();
    if (key == "stored")
      return parser.parseInteger(stored);
    if (key == "longest")
      return parser.parseInteger(longest);
    return parser.parseCommaSeparatedList(
        AsmParser::Delimiter::Square,
        [&] { return parser.parseInteger(extents.emplace_back()); });
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater,
                                     parseField))
    return {};
  return parser.getChecked<StatsAttr>(where, parser.getContext(), extents,
                                      stored, longest);
}

void StatsAttr::print(AsmPrinter &printer) const {
  StringRef separator = "";
  auto begin = [&](StringRef key) -> AsmPrinter & {
    printer << separator << key << " = ";
    separator = ", ";
    return printer;
  };
  printer << "<";
  if (!getExtents().empty()) {
    begin("extents") << "[";
    llvm::interleaveComma(getExtents(), printer);
    printer << "]";
  }
  if (getStored() != -1)
    begin("stored") << getStored();
  if (getLongest() != -1)
    begin("longest") << getLongest();
  printer << ">";
}

LogicalResult StatsAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                ArrayRef<int64_t> extents, int64_t stored,
                                int64_t longest) {
  auto known = [](int64_t value) { return value >= -1; };
  if (!llvm::all_of(extents, known) || !known(stored) || !known(longest))
    return emitError() << "statistics are counts, or -1 where unknown";
  if (stored >= 0 && longest > stored)
    return emitError() << "longest = " << longest << " exceeds stored = "
                       << stored;
  return success();
}
