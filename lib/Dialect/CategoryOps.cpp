//===- CategoryOps.cpp - morphisms: syntax and what makes them well formed ===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/Category.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::noodle;

#define GET_OP_CLASSES
#include "noodle/Dialect/NoodleCategoryOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Shared checks
//===----------------------------------------------------------------------===//

using Wires = SmallVector<Wire>;

static InFlightDiagnostic operandError(Operation *op, unsigned index) {
  return op->emitOpError() << "operand #" << index << " ("
                           << op->getOperand(index).getType() << ") ";
}

static InFlightDiagnostic resultError(Operation *op) {
  return op->emitOpError() << "result (" << op->getResult(0).getType() << ") ";
}

static std::string text(ArrayRef<Wire> wires) {
  std::string both = boundaryText({Wires(wires), {}});
  return both.substr(0, both.size() - StringRef(" -> []").size());
}

static bool agree(ArrayRef<Wire> a, ArrayRef<Wire> b) {
  return a.size() == b.size() &&
         llvm::all_of_zip(
             a, b, [](const Wire &x, const Wire &y) { return x.agrees(y); });
}

static std::string semiringName(SemiringAttr semiring) {
  std::string name;
  llvm::raw_string_ostream(name) << Attribute(semiring);
  return name;
}

static bool isMorphism(Type type) { return isa<HomType, ArrowType>(type); }

/// All morphisms of an op are over one semiring and element type, or are all
/// arrows of a diagram.
static LogicalResult verifyOneAlgebra(Operation *op) {
  Type result = op->getResult(0).getType();
  bool inDiagram = op->getParentOfType<DiagramOp>() != nullptr;
  if (isa<ArrowType>(result) && !inDiagram)
    return resultError(op) << "is an arrow, which belongs in a noodle.diagram; "
                              "elsewhere morphisms are !noodle.hom";
  if (isa<HomType>(result) && inDiagram)
    return resultError(op) << "must be an arrow: a diagram has no entries";
  for (auto [index, operand] : llvm::enumerate(op->getOperandTypes())) {
    if (!isMorphism(operand))
      continue;
    if (isa<ArrowType>(operand) != isa<ArrowType>(result))
      return operandError(op, index)
             << "and the result (" << result
             << ") must both be !noodle.hom or both !noodle.arrow";
    auto a = dyn_cast<HomType>(operand), b = dyn_cast<HomType>(result);
    if (!a)
      continue;
    if (a.getElement() != b.getElement())
      return operandError(op, index)
             << "has entries of " << a.getElement() << ", but the result of "
             << b.getElement() << "; convert with noodle.hom_map";
    if (a.getSemiring() != b.getSemiring())
      return operandError(op, index)
             << "is over " << semiringName(a.getSemiring())
             << ", but the result over " << semiringName(b.getSemiring())
             << "; change the base with noodle.hom_map";
  }
  return success();
}

/// The result lies between exactly these.
static LogicalResult verifyBoundary(Operation *op, ArrayRef<Wire> dom,
                                    ArrayRef<Wire> cod) {
  Boundary result = boundaryOf(op->getResult(0).getType());
  if (ArrayRef<Wire>(result.dom) == dom && ArrayRef<Wire>(result.cod) == cod)
    return success();
  return resultError(op) << "must be "
                         << boundaryText({Wires(dom), Wires(cod)});
}

/// The traits that an op asks of its semiring, and why.
static StringRef whyRefused(Operation *op, const SemiringTraits &traits) {
  bool isCategory = traits.associative && traits.distributive;
  if (auto compose = dyn_cast<ComposeOp>(op))
    if (compose.getInputs().size() > 2 && !isCategory)
      return "is not associative and distributive, so the grouping matters: "
             "compose two at a time";
  if (isa<PowerOp, StarOp>(op) && !isCategory)
    return "is not associative and distributive, so powers depend on how they "
           "are grouped";
  if (traits.commutative)
    return "";
  if (auto tensor = dyn_cast<TensorProductOp>(op))
    if (tensor.getInputs().size() > 1)
      return "does not declare 'commutative', so (f x g);(h x k) would not be "
             "(f;h) x (g;k)";
  if (isa<TraceOp>(op))
    return "does not declare 'commutative', so the trace of f;g would not be "
           "that of g;f";
  if (auto wires = dyn_cast<WiresOp>(op))
    if (wires.getKind() == WiresKind::Cup || wires.getKind() == WiresKind::Cap)
      return "does not declare 'commutative', which bent wires need";
  return "";
}

LogicalResult noodle::verifyTraits(Operation *op,
                                   SymbolTableCollection &symbols) {
  for (Type type :
       llvm::concat<const Type>(llvm::to_vector(op->getOperandTypes()),
                                llvm::to_vector(op->getResultTypes()))) {
    auto hom = dyn_cast<HomType>(type);
    if (!hom || hom.getSemiring().getKind() != SemiringKind::User)
      continue;
    FlatSymbolRefAttr name = hom.getSemiring().getSymbol();
    auto symbol = symbols.lookupNearestSymbolFrom<SemiringOp>(op, name);
    FailureOr<Semiring> semiring =
        Semiring::resolve(hom.getSemiring(), hom.getElement(), symbol,
                          [&] { return op->emitOpError(); });
    if (failed(semiring))
      return failure();
    if (StringRef why = whyRefused(op, semiring->traits()); !why.empty())
      return op->emitOpError() << "semiring " << name << " " << why;
    auto from = dyn_cast<FromTensorOp>(op);
    if (from && from.getInput().getType().getEncoding() &&
        !semiring->traits().annihilating)
      return op->emitOpError()
             << "semiring " << name
             << " does not declare 'annihilating', so absent entries count; "
                "convert the tensor to dense or declare the trait";
  }
  return success();
}

#define NOODLE_MORPHISM_SYMBOLS(Op)                                            \
  LogicalResult Op::verifySymbolUses(SymbolTableCollection &symbols) {         \
    return verifyTraits(*this, symbols);                                       \
  }
NOODLE_MORPHISM_SYMBOLS(FromTensorOp)
NOODLE_MORPHISM_SYMBOLS(ToTensorOp)
NOODLE_MORPHISM_SYMBOLS(WiresOp)
NOODLE_MORPHISM_SYMBOLS(DiagOp)
NOODLE_MORPHISM_SYMBOLS(ComposeOp)
NOODLE_MORPHISM_SYMBOLS(TensorProductOp)
NOODLE_MORPHISM_SYMBOLS(AddOp)
NOODLE_MORPHISM_SYMBOLS(BlockOp)
NOODLE_MORPHISM_SYMBOLS(DaggerOp)
NOODLE_MORPHISM_SYMBOLS(TraceOp)
NOODLE_MORPHISM_SYMBOLS(HomMapOp)
NOODLE_MORPHISM_SYMBOLS(IndexFunctionOp)
NOODLE_MORPHISM_SYMBOLS(PowerOp)
NOODLE_MORPHISM_SYMBOLS(StarOp)
NOODLE_MORPHISM_SYMBOLS(InverseOp)
#undef NOODLE_MORPHISM_SYMBOLS

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

/// Whether a tensor has the entries of a morphism.
static LogicalResult verifyTensorForm(Operation *op, RankedTensorType tensor,
                                      HomType hom) {
  SmallVector<int64_t> shape(hom.getDom());
  llvm::append_range(shape, hom.getCod());
  if (tensor.getShape() == ArrayRef(shape) &&
      tensor.getElementType() == hom.getElement() &&
      succeeded(getSparseFormat(tensor)))
    return success();
  InFlightDiagnostic diag = op->emitOpError();
  diag << "the entries of " << hom << " are a ";
  if (shape.size() > NOODLE_RT_MAX_RANK)
    return diag << "tensor of more than " << NOODLE_RT_MAX_RANK
                << " dimensions, which none has";
  return diag << RankedTensorType::get(shape, hom.getElement()) << ", not a "
              << tensor;
}

LogicalResult FromTensorOp::verify() {
  return verifyTensorForm(*this, getInput().getType(), getType());
}

LogicalResult ToTensorOp::verify() {
  return verifyTensorForm(*this, getType(), getInput().getType());
}

//===----------------------------------------------------------------------===//
// Wires
//===----------------------------------------------------------------------===//

SmallVector<unsigned> WiresOp::getJoined() {
  Boundary boundary = boundaryOf(getType());
  unsigned dom = boundary.dom.size(), cod = boundary.cod.size();
  // How many wires X has: wire k of either side is wire k % size of X.
  unsigned size = dom + cod;
  switch (getKind()) {
  case WiresKind::Swap:
    return {0, 1, 1, 0};
  case WiresKind::Perm: {
    auto joined = llvm::to_vector(llvm::seq(0u, dom));
    ArrayRef<int64_t> order = getPermutationAttr();
    llvm::append_range(joined, order);
    return joined;
  }
  case WiresKind::Spider:
    return SmallVector<unsigned>(dom + cod, 0);
  case WiresKind::Id:
  case WiresKind::Copy:
  case WiresKind::Discard:
    size = dom;
    break;
  case WiresKind::Merge:
    size = cod;
    break;
  case WiresKind::Cup:
    size = dom / 2;
    break;
  case WiresKind::Cap:
    size = cod / 2;
    break;
  }
  SmallVector<unsigned> joined;
  for (unsigned count : {dom, cod})
    for (unsigned k = 0; k < count; ++k)
      joined.push_back(k % size);
  return joined;
}

SmallVector<unsigned> WiresOp::getSized() {
  Boundary boundary = boundaryOf(getType());
  SmallVector<unsigned> sized;
  Wires wires = boundary.dom;
  llvm::append_range(wires, boundary.cod);
  for (auto [wire, number] : llvm::zip(wires, getJoined()))
    if (ShapedType::isDynamic(wire.extent) &&
        !llvm::is_contained(sized, number))
      sized.push_back(number);
  llvm::sort(sized);
  return sized;
}

/// What a kind's type must be; empty where this one is it.
static StringRef whyNotOfKind(WiresOp op, const Wires &dom, const Wires &cod) {
  auto repeats = [](ArrayRef<Wire> wires, ArrayRef<Wire> unit) {
    if (unit.empty() || wires.size() % unit.size())
      return wires.size() == unit.size();
    for (auto [k, wire] : llvm::enumerate(wires))
      if (!(wire == unit[k % unit.size()]))
        return false;
    return true;
  };
  auto twice = [](ArrayRef<Wire> wires) {
    size_t half = wires.size() / 2;
    return wires.size() % 2 == 0 &&
           wires.take_front(half) == wires.drop_front(half);
  };
  switch (op.getKind()) {
  case WiresKind::Id:
    return dom == cod ? "" : "X -> X";
  case WiresKind::Swap:
    return dom.size() == 2 && cod.size() == 2 && dom[0] == cod[1] &&
                   dom[1] == cod[0]
               ? ""
               : "[a, b] -> [b, a]";
  case WiresKind::Perm: {
    auto order = op.getPermutation();
    SmallVector<bool> seen(dom.size(), false);
    bool fits =
        order && order->size() == dom.size() && cod.size() == dom.size();
    for (size_t k = 0; fits && k < cod.size(); ++k) {
      int64_t from = (*order)[k];
      fits = from >= 0 && from < int64_t(dom.size()) && !seen[from] &&
             dom[from] == cod[k];
      if (fits)
        seen[from] = true;
    }
    return fits ? "" : "X -> Y, where wire k of Y is wire permutation[k] of X";
  }
  case WiresKind::Copy:
    return cod.size() >= 2 * dom.size() && repeats(cod, dom) ? ""
                                                             : "X -> X, X, ...";
  case WiresKind::Merge:
    return dom.size() >= 2 * cod.size() && repeats(dom, cod) ? ""
                                                             : "X, X, ... -> X";
  case WiresKind::Discard:
    return cod.empty() ? "" : "X -> []";
  case WiresKind::Cup:
    return cod.empty() && twice(dom) ? "" : "X, X -> []";
  case WiresKind::Cap:
    return dom.empty() && twice(cod) ? "" : "[] -> X, X";
  case WiresKind::Spider: {
    Wires all = dom;
    llvm::append_range(all, cod);
    return !all.empty() && repeats(all, all[0]) ? ""
                                                : "[a, a, ...] -> [a, ...]";
  }
  }
  llvm_unreachable("covered");
}

LogicalResult WiresOp::verify() {
  if (failed(verifyOneAlgebra(*this)))
    return failure();
  if (getPermutation() && getKind() != WiresKind::Perm)
    return emitOpError() << "'permutation' belongs to the kind perm";
  Boundary boundary = boundaryOf(getType());
  StringRef form = whyNotOfKind(*this, boundary.dom, boundary.cod);
  if (!form.empty())
    return resultError(*this) << "must be of the form " << form << " for "
                              << stringifyWiresKind(getKind());
  if (size_t sized = getSized().size(); sized != getSizes().size())
    return emitOpError() << "has " << getSizes().size() << " sizes, but "
                         << sized << " different '?' wires";
  return success();
}

LogicalResult DiagOp::verify() {
  if (failed(verifyOneAlgebra(*this)))
    return failure();
  Boundary input = boundaryOf(getInput().getType());
  if (!input.dom.empty())
    return operandError(*this, 0) << "must be a vector, [] -> X";
  return verifyBoundary(*this, input.cod, input.cod);
}

//===----------------------------------------------------------------------===//
// Composition
//===----------------------------------------------------------------------===//

LogicalResult ComposeOp::verify() {
  if (getInputs().empty())
    return emitOpError() << "composes nothing; the identity is noodle.wires id";
  if (failed(verifyOneAlgebra(*this)))
    return failure();
  Boundary before = boundaryOf(getInputs().front().getType());
  Wires dom = before.dom;
  for (unsigned k = 1; k < getInputs().size(); ++k) {
    Boundary next = boundaryOf(getInputs()[k].getType());
    if (!agree(before.cod, next.dom))
      return operandError(*this, k)
             << "begins at " << text(next.dom) << ", but operand #" << k - 1
             << " ends at " << text(before.cod);
    before = next;
  }
  return verifyBoundary(*this, dom, before.cod);
}

LogicalResult TensorProductOp::verify() {
  if (getInputs().empty())
    return emitOpError() << "has no factors; the unit is noodle.wires id";
  if (failed(verifyOneAlgebra(*this)))
    return failure();
  Boundary all;
  for (Value input : getInputs()) {
    Boundary one = boundaryOf(input.getType());
    llvm::append_range(all.dom, one.dom);
    llvm::append_range(all.cod, one.cod);
  }
  return verifyBoundary(*this, all.dom, all.cod);
}

LogicalResult AddOp::verify() {
  if (failed(verifyOneAlgebra(*this)))
    return failure();
  for (auto [index, input] : llvm::enumerate(getInputs()))
    if (input.getType() != getType())
      return operandError(*this, index)
             << "must have the result's type (" << getType() << ")";
  auto hom = dyn_cast<HomType>(getType());
  if (!getInputs().empty() || !hom)
    return success();
  for (int64_t extent : llvm::concat<const int64_t>(hom.getDom(), hom.getCod()))
    if (ShapedType::isDynamic(extent))
      return resultError(*this) << "is the zero and must state its extents";
  return success();
}

/// The sum of extents of one-wire sides.
static Wire sum(ArrayRef<Wires> sides) {
  Wire total;
  for (const Wires &side : sides) {
    int64_t extent = side[0].extent;
    if (ShapedType::isDynamic(extent) || ShapedType::isDynamic(total.extent) ||
        llvm::AddOverflow(total.extent, extent, total.extent))
      total.extent = ShapedType::kDynamic;
  }
  return total;
}

LogicalResult BlockOp::verify() {
  if (getInputs().empty() || getInputs().size() % getRows())
    return emitOpError() << "needs the same number of blocks in each row";
  if (failed(verifyOneAlgebra(*this)))
    return failure();
  unsigned rows = getRows(), columns = getInputs().size() / rows;
  SmallVector<Wires> doms, cods;
  for (auto [index, input] : llvm::enumerate(getInputs())) {
    Boundary block = boundaryOf(input.getType());
    unsigned row = index / columns, column = index % columns;
    if (rows > 1 && block.dom.size() != 1)
      return operandError(*this, index)
             << "stands in one of several rows and must begin at one wire";
    if (columns > 1 && block.cod.size() != 1)
      return operandError(*this, index)
             << "stands in one of several columns and must end at one wire";
    if (row == 0)
      cods.push_back(block.cod);
    if (column == 0)
      doms.push_back(block.dom);
    if (doms[row] != block.dom)
      return operandError(*this, index)
             << "begins at " << text(block.dom) << ", but its row at "
             << text(doms[row]);
    if (cods[column] != block.cod)
      return operandError(*this, index)
             << "ends at " << text(block.cod) << ", but its column at "
             << text(cods[column]);
  }
  return verifyBoundary(*this, rows > 1 ? Wires{sum(doms)} : doms[0],
                        columns > 1 ? Wires{sum(cods)} : cods[0]);
}

// block [[%a, %b], [%c, %d]] attr-dict : (types) -> type
ParseResult BlockOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  int64_t rows = 0, columns = -1;
  SMLoc where = parser.getCurrentLocation();
  auto row = [&]() -> ParseResult {
    size_t before = operands.size();
    SMLoc at = parser.getCurrentLocation();
    if (parser.parseOperandList(operands, OpAsmParser::Delimiter::Square))
      return failure();
    int64_t count = operands.size() - before;
    if (columns >= 0 && count != columns)
      return parser.emitError(at, "this row has ")
             << count << " blocks, the first one " << columns;
    columns = count;
    ++rows;
    return success();
  };
  FunctionType type;
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Square, row) ||
      parser.parseOptionalAttrDict(result.attributes) ||
      parser.parseColonType(type) ||
      parser.resolveOperands(operands, type.getInputs(), where,
                             result.operands))
    return failure();
  result.getOrAddProperties<Properties>().rows =
      parser.getBuilder().getI64IntegerAttr(rows);
  result.addTypes(type.getResults());
  return success();
}

void BlockOp::print(OpAsmPrinter &printer) {
  size_t columns = getInputs().size() / getRows();
  printer << " [";
  for (unsigned row = 0; row < getRows(); ++row)
    printer << (row ? ", " : "") << "["
            << getInputs().slice(row * columns, columns) << "]";
  printer << "]";
  printer.printOptionalAttrDict((*this)->getAttrs(), {getRowsAttrName()});
  printer << " : ";
  printer.printFunctionalType(*this);
}

LogicalResult DaggerOp::verify() {
  if (failed(verifyOneAlgebra(*this)))
    return failure();
  Boundary input = boundaryOf(getInput().getType());
  return verifyBoundary(*this, input.cod, input.dom);
}

LogicalResult TraceOp::verify() {
  if (failed(verifyOneAlgebra(*this)))
    return failure();
  Boundary input = boundaryOf(getInput().getType());
  size_t count = getWires();
  if (count > input.dom.size() || count > input.cod.size() ||
      !agree(ArrayRef(input.dom).take_back(count),
             ArrayRef(input.cod).take_back(count)))
    return operandError(*this, 0)
           << "must end with the same " << count << " wires on both sides";
  return verifyBoundary(*this, ArrayRef(input.dom).drop_back(count),
                        ArrayRef(input.cod).drop_back(count));
}

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

LogicalResult HomMapOp::verify() {
  HomType input = getInput().getType(), result = getType();
  if ((*this)->getParentOfType<DiagramOp>())
    return emitOpError() << "has no place in a diagram, which has no entries";
  if (input.getDom() != result.getDom() || input.getCod() != result.getCod())
    return resultError(*this) << "must be " << boundaryText(boundaryOf(input))
                              << ", as operand #0";
  return success();
}

LogicalResult HomMapOp::verifyRegions() {
  Block &block = getBody().front();
  Type from = getInput().getType().getElement(), to = getType().getElement();
  if (block.getNumArguments() != 1 || block.getArgument(0).getType() != from)
    return emitOpError() << "body must take one " << from;
  auto yield = dyn_cast<ReturnOp>(block.getTerminator());
  if (!yield || yield.getValue().getType() != to)
    return emitOpError() << "body must return one " << to;
  for (Operation &inner : block.without_terminator())
    if (!isa_and_nonnull<arith::ArithDialect, math::MathDialect,
                         complex::ComplexDialect>(inner.getDialect()))
      return emitOpError()
                 .append("body may only hold ops of arith, math and complex")
                 .attachNote(inner.getLoc())
             << "'" << inner.getName() << "' is not one";
  return success();
}

LogicalResult IndexFunctionOp::verify() {
  HomType type = getType();
  auto indices = cast<RankedTensorType>(getIndices().getType());
  if (indices.getEncoding())
    return operandError(*this, 0) << "must be dense";
  if (type.getDom().size() != 1 || type.getCod().size() != 1 ||
      type.getDom()[0] != indices.getDimSize(0))
    return resultError(*this)
           << "must be [m] -> [n], where m is the length of operand #0 ("
           << indices << ")";
  if (ShapedType::isDynamic(type.getCod()[0]) != bool(getSize()))
    return emitOpError() << "takes a size where the codomain is '?', and only "
                            "there";
  return success();
}

static LogicalResult verifyEndo(Operation *op, HomType type) {
  if (type.getDom() == type.getCod())
    return success();
  return operandError(op, 0) << "must be X -> X: it is composed with itself";
}

LogicalResult PowerOp::verify() {
  if (bool(getExponent()) == bool(getN()))
    return emitOpError() << "takes either an operand or the attribute 'n'";
  return verifyEndo(*this, getType());
}

LogicalResult StarOp::verify() {
  if (isa<ComplexType>(getType().getElement()))
    return operandError(*this, 0)
           << "has complex entries; their star is the inverse of 1 - a, which "
              "a program states itself";
  return verifyEndo(*this, getType());
}

LogicalResult InverseOp::verify() {
  HomType input = getInput().getType();
  if (input.getSemiring().getKind() != SemiringKind::PlusTimes ||
      !(input.getElement().isF32() || input.getElement().isF64()))
    return operandError(*this, 0)
           << "must have entries of f32 or f64 over plus_times: there are "
              "inverses";
  // -1 where not known.
  auto count = [](ArrayRef<int64_t> extents) {
    int64_t product = 1;
    for (int64_t extent : extents)
      if (ShapedType::isDynamic(extent) ||
          llvm::MulOverflow(product, extent, product))
        return int64_t(-1);
    return product;
  };
  int64_t rows = count(input.getDom()), columns = count(input.getCod());
  if (rows >= 0 && columns >= 0 && rows != columns)
    return operandError(*this, 0) << "has " << rows << " rows and " << columns
                                  << " columns: only square matrices have an "
                                     "inverse";
  if (failed(verifyOneAlgebra(*this)))
    return failure();
  Boundary boundary = boundaryOf(input);
  return verifyBoundary(*this, boundary.cod, boundary.dom);
}
