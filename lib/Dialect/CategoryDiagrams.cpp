//===- CategoryDiagrams.cpp - diagrams, functors and their application ----===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/Category.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace mlir::noodle;

/// Diagrams within one another.
static constexpr unsigned kDeepest = 64;

//===----------------------------------------------------------------------===//
// Diagrams
//===----------------------------------------------------------------------===//

LogicalResult DiagramOp::verify() {
  for (Type type : getBody().getArgumentTypes())
    return emitOpError() << "has no parameters (" << type
                         << "): its boxes are noodle.generator ops";
  return success();
}

LogicalResult DiagramOp::verifyRegions() {
  llvm::StringMap<Type> types;
  Block &block = getBody().front();
  for (Operation &op : block.without_terminator()) {
    if (!isa<GeneratorOp, ApplyOp, WiresOp, DiagOp, ComposeOp, TensorProductOp,
             AddOp, DaggerOp, TraceOp>(op))
      return op.emitOpError() << "has no place in a diagram, which holds "
                                 "generator, apply, wires, diag, compose, "
                                 "tensor, add, dagger and trace";
    auto generator = dyn_cast<GeneratorOp>(op);
    if (!generator)
      continue;
    auto [known, isNew] =
        types.try_emplace(generator.getName(), generator.getType());
    if (!isNew && known->second != generator.getType())
      return op.emitOpError() << "@" << generator.getName() << " is "
                              << known->second << " before";
  }
  auto result = dyn_cast<ReturnOp>(block.getTerminator());
  if (!result || result.getValue().getType() != getBoundary())
    return emitOpError() << "must return one " << getBoundary();
  return success();
}

//===----------------------------------------------------------------------===//
// Functors
//===----------------------------------------------------------------------===//

LogicalResult FunctorOp::verify() {
  if (getElement().has_value() != getSemiring().has_value())
    return emitOpError() << "states either both element type and semiring, or "
                            "neither";
  bool toMatrices = getElement().has_value();
  for (NamedAttribute entry : getObjects()) {
    auto list = dyn_cast<ArrayAttr>(entry.getValue());
    bool fits = list != nullptr;
    for (Attribute wire : list ? list.getValue() : ArrayRef<Attribute>()) {
      auto extent = dyn_cast<IntegerAttr>(wire);
      auto name = dyn_cast<StringAttr>(wire);
      fits &= toMatrices ? (extent && extent.getInt() >= 0) ||
                               (name && name.getValue() == "?")
                         : name && !name.empty();
    }
    if (!fits)
      return emitOpError() << "maps object '" << entry.getName().getValue()
                           << "' to " << entry.getValue()
                           << ", but should to a "
                           << (toMatrices ? "list of extents or \"?\""
                                          : "list of names");
  }
  for (NamedAttribute entry : getGenerators()) {
    auto type = dyn_cast<TypeAttr>(entry.getValue());
    auto hom = type ? dyn_cast<HomType>(type.getValue()) : HomType();
    if (isa<FlatSymbolRefAttr>(entry.getValue()))
      continue;
    if (!hom || !toMatrices)
      return emitOpError() << "maps generator '" << entry.getName().getValue()
                           << "' to " << entry.getValue()
                           << ", but should to a diagram"
                           << (toMatrices ? " or the type of a morphism" : "");
    if (hom.getElement() != *getElement() ||
        hom.getSemiring() != *getSemiring())
      return emitOpError() << "maps generator '" << entry.getName().getValue()
                           << "' to " << hom
                           << ", which has another element type or semiring";
  }
  return success();
}

/// A list of objects, mapped; fails where one has no image.
template <typename Wire, typename Fn>
static LogicalResult mapObjects(FunctorOp functor, ArrayRef<StringAttr> objects,
                                SmallVectorImpl<Wire> &wires, Fn image,
                                function_ref<InFlightDiagnostic()> emitError) {
  for (StringAttr object : objects) {
    auto list = functor.getObjects().getAs<ArrayAttr>(object);
    if (!list)
      return emitError() << "functor @" << functor.getSymName()
                         << " maps no object '" << object.getValue() << "'";
    for (Attribute wire : list)
      wires.push_back(image(wire));
  }
  return success();
}

Type noodle::mapArrow(FunctorOp functor, ArrowType type,
                      function_ref<InFlightDiagnostic()> emitError) {
  if (!functor.getElement()) {
    auto name = [](Attribute wire) { return cast<StringAttr>(wire); };
    SmallVector<StringAttr> dom, cod;
    if (failed(mapObjects(functor, type.getDom(), dom, name, emitError)) ||
        failed(mapObjects(functor, type.getCod(), cod, name, emitError)))
      return {};
    for (SmallVector<StringAttr> *side : {&dom, &cod})
      for (StringAttr &object : *side)
        object = StringAttr::get(type.getContext(), object.getValue());
    return ArrowType::get(type.getContext(), dom, cod);
  }
  auto extent = [](Attribute wire) {
    auto number = dyn_cast<IntegerAttr>(wire);
    return number ? number.getInt() : ShapedType::kDynamic;
  };
  SmallVector<int64_t> dom, cod;
  if (failed(mapObjects(functor, type.getDom(), dom, extent, emitError)) ||
      failed(mapObjects(functor, type.getCod(), cod, extent, emitError)))
    return {};
  return HomType::getChecked(emitError, type.getContext(),
                             ArrayRef<int64_t>(dom), ArrayRef<int64_t>(cod),
                             *functor.getElement(), *functor.getSemiring());
}

//===----------------------------------------------------------------------===//
// Application
//===----------------------------------------------------------------------===//

// apply (@functor `to`)? @diagram ((name = %value, ...))? attr-dict
//   : (types) -> type
ParseResult ApplyOp::parse(OpAsmParser &parser, OperationState &result) {
  FlatSymbolRefAttr first, second;
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  SmallVector<Attribute> names;
  FunctionType type;
  Builder &builder = parser.getBuilder();
  if (parser.parseAttribute(first))
    return failure();
  bool hasFunctor = succeeded(parser.parseOptionalKeyword("to"));
  if (hasFunctor && parser.parseAttribute(second))
    return failure();
  SMLoc where = parser.getCurrentLocation();
  auto pair = [&]() -> ParseResult {
    StringRef name;
    if (parser.parseKeyword(&name) || parser.parseEqual() ||
        parser.parseOperand(operands.emplace_back()))
      return failure();
    names.push_back(builder.getStringAttr(name));
    return success();
  };
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::OptionalParen,
                                     pair) ||
      parser.parseOptionalAttrDict(result.attributes) ||
      parser.parseColonType(type) ||
      parser.resolveOperands(operands, type.getInputs(), where,
                             result.operands))
    return failure();
  auto &properties = result.getOrAddProperties<Properties>();
  if (hasFunctor)
    properties.functor = first;
  properties.diagram = hasFunctor ? second : first;
  properties.names = builder.getArrayAttr(names);
  result.addTypes(type.getResults());
  return success();
}

void ApplyOp::print(OpAsmPrinter &printer) {
  printer << ' ';
  if (getFunctorAttr())
    printer << getFunctorAttr() << " to ";
  printer << getDiagramAttr();
  if (!getInputs().empty()) {
    printer << " (";
    llvm::interleaveComma(
        llvm::zip(getNames(), getInputs()), printer, [&](auto pair) {
          auto [name, input] = pair;
          printer << cast<StringAttr>(name).getValue() << " = " << input;
        });
    printer << ")";
  }
  printer.printOptionalAttrDict(
      (*this)->getAttrs(),
      {getFunctorAttrName(), getDiagramAttrName(), getNamesAttrName()});
  printer << " : ";
  printer.printFunctionalType(*this);
}

LogicalResult ApplyOp::verify() {
  if (getNames().size() != getInputs().size())
    return emitOpError() << "has " << getNames().size() << " names for "
                         << getInputs().size() << " morphisms";
  bool inDiagram = (*this)->getParentOfType<DiagramOp>() != nullptr;
  if (inDiagram != isa<ArrowType>(getType()))
    return emitOpError() << (inDiagram
                                 ? "makes an arrow inside a diagram"
                                 : "makes a !noodle.hom outside of a diagram");
  if (inDiagram && !getInputs().empty())
    return emitOpError() << "is given no morphisms inside a diagram";
  if (!inDiagram && !getFunctor())
    return emitOpError() << "needs a functor, which gives the diagram entries";
  return success();
}

LogicalResult ApplyOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyApplication(*this, symbols);
}

namespace {
/// Walks what an application leads to, as inlining will.
class Application {
public:
  /// Functors that are still to be applied, the next one first.
  using Chain = SmallVector<FunctorOp>;

  Application(ApplyOp op, SymbolTableCollection &symbols)
      : op(op), symbols(symbols) {}

  LogicalResult enter(DiagramOp diagram, const Chain &chain);
  LogicalResult box(GeneratorOp generator, const Chain &chain);
  FailureOr<DiagramOp> diagramNamed(FlatSymbolRefAttr name);
  FailureOr<FunctorOp> functorNamed(FlatSymbolRefAttr name);

private:
  /// A type, mapped by all functors of the chain.
  Type mapped(ArrowType type, ArrayRef<FunctorOp> chain) {
    Type at = type;
    for (FunctorOp functor : chain) {
      auto arrow = dyn_cast_or_null<ArrowType>(at);
      if (!arrow)
        break;
      at = mapArrow(functor, arrow, [&] { return op.emitOpError(); });
    }
    return at;
  }

  ApplyOp op;
  SymbolTableCollection &symbols;
  SmallVector<std::pair<DiagramOp, Chain>> open;
  SmallVector<std::pair<Operation *, Chain>> done;
};
} // namespace

FailureOr<DiagramOp> Application::diagramNamed(FlatSymbolRefAttr name) {
  // Diagrams stand beside functions.
  auto module = op->getParentOfType<ModuleOp>();
  if (auto found = symbols.lookupSymbolIn<DiagramOp>(module, name))
    return found;
  return op.emitOpError() << "no noodle.diagram is named " << name;
}

FailureOr<FunctorOp> Application::functorNamed(FlatSymbolRefAttr name) {
  auto module = op->getParentOfType<ModuleOp>();
  if (auto found = symbols.lookupSymbolIn<FunctorOp>(module, name))
    return found;
  return op.emitOpError() << "no noodle.functor is named " << name;
}

LogicalResult Application::enter(DiagramOp diagram, const Chain &chain) {
  auto endsWith = [](const Chain &all, const Chain &end) {
    return all.size() >= end.size() &&
           llvm::equal(ArrayRef(all).take_back(end.size()), end);
  };
  for (auto &[other, before] : open)
    if (other == diagram && endsWith(chain, before))
      return op.emitOpError() << "diagram @" << diagram.getSymName()
                              << " contains itself; diagrams do not recurse";
  if (open.size() >= kDeepest)
    return op.emitOpError() << "diagrams lie within one another more than "
                            << kDeepest << " deep";
  for (auto &[other, before] : done)
    if (other == diagram && before == chain)
      return success();
  open.push_back({diagram, chain});
  for (Operation &inner : diagram.getBody().front().without_terminator()) {
    if (auto generator = dyn_cast<GeneratorOp>(inner)) {
      if (failed(box(generator, chain)))
        return failure();
      continue;
    }
    for (Type type : inner.getResultTypes())
      if (!mapped(cast<ArrowType>(type), chain))
        return failure();
    auto apply = dyn_cast<ApplyOp>(inner);
    if (!apply)
      continue;
    auto part = diagramNamed(apply.getDiagramAttr());
    if (failed(part))
      return failure();
    Chain longer;
    if (FlatSymbolRefAttr name = apply.getFunctorAttr()) {
      auto functor = functorNamed(name);
      if (failed(functor))
        return failure();
      longer.push_back(*functor);
    }
    llvm::append_range(longer, chain);
    if (failed(enter(*part, longer)))
      return failure();
  }
  open.pop_back();
  done.push_back({diagram, chain});
  return success();
}

LogicalResult Application::box(GeneratorOp generator, const Chain &chain) {
  FunctorOp functor = chain.front();
  StringRef name = generator.getName();
  Attribute image = functor.getGenerators().get(name);
  if (!image)
    return op.emitOpError()
           << "functor @" << functor.getSymName() << " maps no generator '"
           << name << "' of diagram @"
           << generator->getParentOfType<DiagramOp>().getSymName();
  Type wanted = mapArrow(functor, cast<ArrowType>(generator.getType()),
                         [&] { return op.emitOpError(); });
  if (!wanted)
    return failure();
  auto error = [&] {
    return op.emitOpError()
           << "functor @" << functor.getSymName() << " must map generator '"
           << name << "' to a " << wanted << ", but ";
  };
  if (auto type = dyn_cast<TypeAttr>(image)) {
    if (type.getValue() != wanted)
      return error() << "maps it to a " << type.getValue();
    for (auto [k, given] : llvm::enumerate(op.getNames()))
      if (cast<StringAttr>(given).getValue() == name) {
        Type is = op.getInputs()[k].getType();
        return is == wanted ? success() : error() << "is given a " << is;
      }
    return error() << "none is given; write (" << name << " = %value)";
  }
  auto part = diagramNamed(cast<FlatSymbolRefAttr>(image));
  if (failed(part))
    return failure();
  // Into matrices the functor maps the boxes of its diagrams too.
  auto boundary = cast<ArrowType>(part->getBoundary());
  bool toMatrices = functor.getElement().has_value();
  Type is = toMatrices
                ? mapArrow(functor, boundary, [&] { return op.emitOpError(); })
                : Type(boundary);
  if (!is)
    return failure();
  if (is != wanted)
    return error() << "maps it to diagram @" << part->getSymName() << ", a "
                   << is;
  return enter(*part, toMatrices ? chain : Chain(ArrayRef(chain).drop_front()));
}

LogicalResult noodle::verifyApplication(ApplyOp op,
                                        SymbolTableCollection &symbols) {
  Application walk(op, symbols);
  auto diagram = walk.diagramNamed(op.getDiagramAttr());
  if (failed(diagram))
    return failure();
  auto boundary = cast<ArrowType>(diagram->getBoundary());
  Type type = boundary;
  FunctorOp functor;
  if (FlatSymbolRefAttr name = op.getFunctorAttr()) {
    auto found = walk.functorNamed(name);
    if (failed(found))
      return failure();
    functor = *found;
    type = mapArrow(functor, boundary, [&] { return op.emitOpError(); });
    if (!type)
      return failure();
  }
  if (op.getType() != type)
    return op.emitOpError()
           << "makes a " << type << " of @" << diagram->getSymName()
           << ", not a " << op.getType();
  for (auto [k, name] : llvm::enumerate(op.getNames())) {
    auto image = functor.getGenerators().getAs<TypeAttr>(
        cast<StringAttr>(name).getValue());
    if (!image)
      return op.emitOpError() << "functor @" << functor.getSymName()
                              << " takes no morphism for '"
                              << cast<StringAttr>(name).getValue() << "'";
    if (llvm::count(op.getNames(), name) > 1)
      return op.emitOpError()
             << "'" << cast<StringAttr>(name).getValue() << "' is given twice";
  }
  // What lies within a diagram is seen from the application to matrices.
  if (isa<ArrowType>(op.getType()))
    return success();
  return walk.enter(*diagram, {functor});
}
