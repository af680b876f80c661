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
// #noodle.fp<fast> and other words out of a list
//===----------------------------------------------------------------------===//

/// The words of an enum, for messages.
template <typename Enum>
static void listWords(InFlightDiagnostic &diag, unsigned count,
                      StringRef (*stringify)(Enum)) {
  llvm::interleaveComma(llvm::seq<unsigned>(0, count), diag,
                        [&](unsigned word) { diag << stringify(Enum(word)); });
}

template <typename Enum>
static std::optional<Enum>
parseWord(AsmParser &parser, std::optional<Enum> (*symbolize)(StringRef),
          StringRef (*stringify)(Enum), unsigned last) {
  if (parser.parseLess())
    return std::nullopt;
  SMLoc at = parser.getCurrentLocation();
  StringRef word;
  std::optional<Enum> value;
  if (succeeded(parser.parseOptionalKeyword(&word)))
    value = symbolize(word);
  if (!value) {
    InFlightDiagnostic diag = parser.emitError(at, "expected one of ");
    listWords(diag, last + 1, stringify);
    return std::nullopt;
  }
  if (parser.parseGreater())
    return std::nullopt;
  return value;
}

#define NOODLE_WORD_ATTRIBUTE(Enum)                                            \
  Attribute Enum##Attr::parse(AsmParser &parser, Type) {                       \
    std::optional<Enum> value = parseWord<Enum>(                               \
        parser, symbolize##Enum, stringify##Enum, getMaxEnumValFor##Enum());   \
    return value ? get(parser.getContext(), *value) : Enum##Attr();            \
  }                                                                            \
  void Enum##Attr::print(AsmPrinter &printer) const {                          \
    printer << "<" << stringify##Enum(getValue()) << ">";                      \
  }
NOODLE_WORD_ATTRIBUTE(FPPolicy)
NOODLE_WORD_ATTRIBUTE(StrategyKind)
NOODLE_WORD_ATTRIBUTE(MapOver)
#undef NOODLE_WORD_ATTRIBUTE

// <associative, commutative>, or <none>
Attribute SemiringTraitAttr::parse(AsmParser &parser, Type) {
  SemiringTrait traits = SemiringTrait::None;
  auto parseTrait = [&]() -> ParseResult {
    SMLoc at = parser.getCurrentLocation();
    StringRef word;
    std::optional<SemiringTrait> trait;
    if (succeeded(parser.parseOptionalKeyword(&word)))
      trait = symbolizeSemiringTrait(word);
    if (!trait)
      return parser.emitError(at, "expected one of none, associative, "
                                  "commutative, distributive, annihilating, "
                                  "idempotent");
    traits = traits | *trait;
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater,
                                     parseTrait))
    return {};
  return get(parser.getContext(), traits);
}

void SemiringTraitAttr::print(AsmPrinter &printer) const {
  printer << "<" << stringifySemiringTrait(getValue()) << ">";
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
      listWords(diag, unsigned(SemiringKind::LogPlus) + 1,
                stringifySemiringKind);
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

LogicalResult SemiringAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   SemiringKind kind,
                                   FlatSymbolRefAttr symbol) {
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
    return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
      return parser.parseInteger(extents.emplace_back());
    });
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
    return emitError() << "longest = " << longest
                       << " exceeds stored = " << stored;
  return success();
}
