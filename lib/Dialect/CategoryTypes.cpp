//===- CategoryTypes.cpp - hom and arrow ----------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/Category.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::noodle;

#define GET_TYPEDEF_CLASSES
#include "noodle/Dialect/NoodleCategoryTypes.cpp.inc"

void NoodleDialect::registerCategory() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "noodle/Dialect/NoodleCategoryTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "noodle/Dialect/NoodleCategoryOps.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// Wires
//===----------------------------------------------------------------------===//

bool Wire::agrees(const Wire &other) const {
  return object == other.object &&
         (extent == other.extent || ShapedType::isDynamic(extent) ||
          ShapedType::isDynamic(other.extent));
}

std::string Wire::str() const {
  if (object)
    return object.str();
  return ShapedType::isDynamic(extent) ? "?" : std::to_string(extent);
}

Boundary noodle::boundaryOf(Type type) {
  Boundary boundary;
  if (auto hom = dyn_cast<HomType>(type)) {
    for (int64_t extent : hom.getDom())
      boundary.dom.push_back({extent, nullptr});
    for (int64_t extent : hom.getCod())
      boundary.cod.push_back({extent, nullptr});
    return boundary;
  }
  auto arrow = cast<ArrowType>(type);
  for (StringAttr object : arrow.getDom())
    boundary.dom.push_back({0, object});
  for (StringAttr object : arrow.getCod())
    boundary.cod.push_back({0, object});
  return boundary;
}

std::string noodle::boundaryText(const Boundary &boundary) {
  auto list = [](ArrayRef<Wire> wires) {
    return "[" +
           llvm::join(llvm::map_range(
                          wires, [](const Wire &wire) { return wire.str(); }),
                      ", ") +
           "]";
  };
  return list(boundary.dom) + " -> " + list(boundary.cod);
}

//===----------------------------------------------------------------------===//
// !noodle.hom<[2, ?] -> [4], f64, #noodle.semiring<min_plus>>
//===----------------------------------------------------------------------===//

static ParseResult parseExtents(AsmParser &parser,
                                SmallVectorImpl<int64_t> &extents) {
  return parser.parseCommaSeparatedList(
      AsmParser::Delimiter::Square, [&]() -> ParseResult {
        if (succeeded(parser.parseOptionalQuestion())) {
          extents.push_back(ShapedType::kDynamic);
          return success();
        }
        return parser.parseInteger(extents.emplace_back());
      });
}

Type HomType::parse(AsmParser &parser) {
  SMLoc where = parser.getCurrentLocation();
  SmallVector<int64_t> dom, cod;
  Type element;
  auto semiring =
      SemiringAttr::get(parser.getContext(), SemiringKind::PlusTimes);
  if (parser.parseLess() || parseExtents(parser, dom) || parser.parseArrow() ||
      parseExtents(parser, cod) || parser.parseComma() ||
      parser.parseType(element))
    return {};
  if (succeeded(parser.parseOptionalComma()) && parser.parseAttribute(semiring))
    return {};
  if (parser.parseGreater())
    return {};
  return parser.getChecked<HomType>(where, parser.getContext(), dom, cod,
                                    element, semiring);
}

void HomType::print(AsmPrinter &printer) const {
  printer << "<" << boundaryText(boundaryOf(*this)) << ", " << getElement();
  if (getSemiring().getKind() != SemiringKind::PlusTimes)
    printer << ", " << getSemiring();
  printer << ">";
}

LogicalResult HomType::verify(function_ref<InFlightDiagnostic()> emitError,
                              ArrayRef<int64_t> dom, ArrayRef<int64_t> cod,
                              Type element, SemiringAttr semiring) {
  for (int64_t extent : llvm::concat<const int64_t>(dom, cod))
    if (extent < 0 && !ShapedType::isDynamic(extent))
      return emitError() << "a wire's extent is a count or '?', not " << extent;
  if (!isElementType(element))
    return emitError() << "entries are f16, bf16, f32, f64, i8, i32, i64, i1, "
                          "complex<f32> or complex<f64>, not "
                       << element;
  if (semiring.getKind() == SemiringKind::User)
    return success();
  return Semiring::resolve(semiring, element, SemiringOp(), emitError);
}

//===----------------------------------------------------------------------===//
// !noodle.arrow<[City, Hour] -> [City]>
//===----------------------------------------------------------------------===//

static ParseResult parseObjects(AsmParser &parser,
                                SmallVectorImpl<StringAttr> &objects) {
  return parser.parseCommaSeparatedList(
      AsmParser::Delimiter::Square, [&]() -> ParseResult {
        StringRef name;
        if (parser.parseKeyword(&name))
          return failure();
        objects.push_back(StringAttr::get(parser.getContext(), name));
        return success();
      });
}

Type ArrowType::parse(AsmParser &parser) {
  SmallVector<StringAttr> dom, cod;
  if (parser.parseLess() || parseObjects(parser, dom) || parser.parseArrow() ||
      parseObjects(parser, cod) || parser.parseGreater())
    return {};
  return get(parser.getContext(), dom, cod);
}

void ArrowType::print(AsmPrinter &printer) const {
  printer << "<" << boundaryText(boundaryOf(*this)) << ">";
}

LogicalResult ArrowType::verify(function_ref<InFlightDiagnostic()> emitError,
                                ArrayRef<StringAttr> dom,
                                ArrayRef<StringAttr> cod) {
  for (StringAttr object : llvm::concat<const StringAttr>(dom, cod))
    if (!object || object.empty())
      return emitError() << "an object has a name";
  return success();
}
