//===- NoodleOps.cpp - syntax, accessors and folds of the core ops --------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/Noodle.h"
#include "noodle/Dialect/Semiring.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

#define GET_OP_CLASSES
#include "noodle/Dialect/NoodleOps.cpp.inc"

static bool isSparse(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getEncoding();
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

ContractSpec ContractOp::getSpec() {
  FailureOr<ContractSpec> spec =
      ContractSpec::parse(getEquation(), [&] { return emitOpError(); });
  assert(succeeded(spec) && "the verifier has parsed it");
  return *spec;
}

Type ContractOp::getAccumulatorType() {
  if (std::optional<Type> named = getAccumulator())
    return *named;
  return defaultAccumulator(getSemiring(),
                            getElementTypeOrSelf(getInputs().front()));
}

ContractSpec MatmulOp::getSpec() {
  unsigned lhsRank = getLhs().getType().getRank();
  unsigned rhsRank = getRhs().getType().getRank();
  ContractSpec spec;
  auto letter = [&](char name) -> unsigned {
    spec.letters.push_back(std::string(1, name));
    return spec.letters.size() - 1;
  };
  unsigned lhsBatch = lhsRank > 2 ? lhsRank - 2 : 0;
  unsigned rhsBatch = rhsRank > 2 ? rhsRank - 2 : 0;
  unsigned batch = std::max(lhsBatch, rhsBatch);
  // 30 batch dimensions at most, so A..Z and a..d, clear of k, m and n.
  for (unsigned b = 0; b < batch; ++b)
    spec.output.push_back(letter(b < 26 ? 'A' + b : 'a' + (b - 26)));
  SmallVector<unsigned> lhs(spec.output.end() - lhsBatch, spec.output.end());
  SmallVector<unsigned> rhs(spec.output.end() - rhsBatch, spec.output.end());
  if (lhsRank > 1)
    lhs.push_back(spec.output.emplace_back(letter('m')));
  unsigned column = rhsRank > 1 ? spec.output.emplace_back(letter('n')) : 0;
  unsigned inner = letter('k');
  lhs.push_back(inner);
  rhs.push_back(inner);
  if (rhsRank > 1)
    rhs.push_back(column);
  spec.operands = {lhs, rhs};
  return spec;
}

Type MatmulOp::getAccumulatorType() {
  if (std::optional<Type> named = getAccumulator())
    return *named;
  return defaultAccumulator(getSemiring(), getLhs().getType().getElementType());
}

//===----------------------------------------------------------------------===//
// map: syntax
//===----------------------------------------------------------------------===//

MapOver MapOp::getVisited() {
  if (std::optional<MapOver> over = getOver())
    return *over;
  return llvm::any_of(getInputs().getTypes(), isSparse) ? MapOver::Stored
                                                        : MapOver::All;
}

// map (@callee)? (operands) attr-dict : (types) -> type region?
ParseResult MapOp::parse(OpAsmParser &parser, OperationState &result) {
  FlatSymbolRefAttr callee;
  OptionalParseResult named = parser.parseOptionalAttribute(callee);
  if (named.has_value()) {
    if (failed(*named))
      return failure();
    result.getOrAddProperties<Properties>().callee = callee;
  }
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  FunctionType type;
  SMLoc where = parser.getCurrentLocation();
  if (parser.parseOperandList(operands, OpAsmParser::Delimiter::Paren))
    return failure();
  SMLoc attributes = parser.getCurrentLocation();
  if (parser.parseOptionalAttrDict(result.attributes) ||
      failed(verifyInherentAttrs(result.name, result.attributes,
                                 [&] {
                                   return parser.emitError(attributes)
                                          << "'" << result.name << "' op ";
                                 })) ||
      parser.parseColonType(type) ||
      parser.resolveOperands(operands, type.getInputs(), where,
                             result.operands))
    return failure();
  result.addTypes(type.getResults());
  Region *body = result.addRegion();
  OptionalParseResult region = parser.parseOptionalRegion(*body);
  if (region.has_value() && failed(*region))
    return failure();
  if (!body->empty())
    ensureTerminator(*body, parser.getBuilder(), result.location);
  return success();
}

void MapOp::print(OpAsmPrinter &printer) {
  if (getCalleeAttr())
    printer << ' ' << getCalleeAttr();
  printer << " (" << getInputs() << ")";
  printer.printOptionalAttrDict((*this)->getAttrs(), {getCalleeAttrName()});
  printer << " : ";
  printer.printFunctionalType(*this);
  if (!getBody().empty()) {
    printer << ' ';
    printer.printRegion(getBody());
  }
}

//===----------------------------------------------------------------------===//
// Speculation
//===----------------------------------------------------------------------===//

/// Whether extents that must agree are all known, and so verified.
static Speculation::Speculatability whenStatic(Operation *op) {
  auto isStatic = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return !tensor || tensor.hasStaticShape();
  };
  return llvm::all_of(op->getOperandTypes(), isStatic)
             ? Speculation::Speculatable
             : Speculation::NotSpeculatable;
}

Speculation::Speculatability ContractOp::getSpeculatability() {
  return whenStatic(*this);
}
Speculation::Speculatability MatmulOp::getSpeculatability() {
  return whenStatic(*this);
}
Speculation::Speculatability ConcatOp::getSpeculatability() {
  return whenStatic(*this);
}
Speculation::Speculatability LayerNormOp::getSpeculatability() {
  return getScale() || getShift() ? whenStatic(*this)
                                  : Speculation::Speculatable;
}
Speculation::Speculatability MapOp::getSpeculatability() {
  // The body may divide integers.
  if (getCallee() || !llvm::all_of(getBody().getOps(), [](Operation &op) {
        return isSpeculatable(&op);
      }))
    return Speculation::NotSpeculatable;
  return getInputs().size() == 1 ? Speculation::Speculatable
                                 : whenStatic(*this);
}
// An index may be out of range.
Speculation::Speculatability GatherOp::getSpeculatability() {
  return Speculation::NotSpeculatable;
}
Speculation::Speculatability ScatterOp::getSpeculatability() {
  return Speculation::NotSpeculatable;
}
Speculation::Speculatability SoftmaxOp::getSpeculatability() {
  return Speculation::Speculatable;
}
Speculation::Speculatability ReduceOp::getSpeculatability() {
  return Speculation::Speculatable;
}
Speculation::Speculatability TransposeOp::getSpeculatability() {
  return Speculation::Speculatable;
}
Speculation::Speculatability ConvertOp::getSpeculatability() {
  return Speculation::Speculatable;
}

//===----------------------------------------------------------------------===//
// Folds: only what is right for every value
//===----------------------------------------------------------------------===//

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType() &&
      llvm::equal(getPermutation(), llvm::seq<int64_t>(0, getType().getRank())))
    return getInput();
  return {};
}

OpFoldResult ConvertOp::fold(FoldAdaptor) {
  return getInput().getType() == getType() ? getInput() : OpFoldResult();
}

/// A check of a true condition never fails.
LogicalResult CheckOp::canonicalize(CheckOp op, PatternRewriter &rewriter) {
  if (!matchPattern(op.getCondition(), m_One()))
    return failure();
  rewriter.eraseOp(op);
  return success();
}
