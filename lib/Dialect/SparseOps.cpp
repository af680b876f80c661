//===- SparseOps.cpp - what makes ops on stored entries well formed -------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/SparseOps.h"

#include "Verifiers.h"

#include "noodle/Dialect/Semiring.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::noodle;

#define GET_OP_CLASSES
#include "noodle/Dialect/NoodleSparseOps.cpp.inc"

static InFlightDiagnostic operandError(Operation *op, unsigned index) {
  return op->emitOpError() << "operand #" << index << " ("
                           << op->getOperand(index).getType() << ") ";
}

static InFlightDiagnostic resultError(Operation *op) {
  return op->emitOpError() << "result (" << op->getResult(0).getType() << ") ";
}

static RankedTensorType tensorType(Value value) {
  return dyn_cast<RankedTensorType>(value.getType());
}

static bool isSparse(RankedTensorType type) {
  return type && type.getEncoding();
}

static bool agree(int64_t a, int64_t b) {
  return a == b || ShapedType::isDynamic(a) || ShapedType::isDynamic(b);
}

/// A sparse result from a sparse matrix.
static LogicalResult verifyMatrices(Operation *op, unsigned operands) {
  for (unsigned k = 0; k < operands; ++k)
    if (!isSparse(tensorType(op->getOperand(k))))
      return operandError(op, k) << "must be a sparse matrix";
  if (!isSparse(tensorType(op->getResult(0))))
    return resultError(op) << "must be a sparse matrix";
  return success();
}

//===----------------------------------------------------------------------===//
// merge
//===----------------------------------------------------------------------===//

LogicalResult MergeOp::verify() {
  if (failed(verifyTensors(*this)))
    return failure();
  RankedTensorType result = getType();
  if (!isSparse(result))
    return resultError(*this) << "must be sparse; over all entries of dense "
                                 "tensors there is noodle.map";
  Type absentType;
  SmallVector<int64_t> implied(result.getRank(), ShapedType::kDynamic);
  for (auto [index, input] : llvm::enumerate(getInputs())) {
    RankedTensorType type = tensorType(input);
    if (!type)
      continue;
    if (type.getRank() != result.getRank())
      return operandError(*this, index)
             << "must be a scalar or have the result's rank, "
             << result.getRank();
    for (auto [d, extent] : llvm::enumerate(type.getShape())) {
      bool broadcasts = extent == 1 && !isSparse(type);
      if (!broadcasts && !agree(extent, result.getDimSize(d)))
        return operandError(*this, index)
               << "has extent " << extent << " in dimension " << d
               << ", but the result has " << result.getDimSize(d);
      if (isSparse(type) && !ShapedType::isDynamic(extent))
        implied[d] = extent;
    }
    if (!isSparse(type))
      continue;
    if (absentType && getAbsent() && absentType != type.getElementType())
      return operandError(*this, index)
             << "has another element type than the sparse operands before it, "
                "so 'absent' cannot stand for both";
    absentType = type.getElementType();
  }
  if (!absentType)
    return emitOpError() << "needs a sparse operand";
  if (getAbsent() && getIntersection())
    return emitOpError()
           << "'absent' has no use where all operands store the entry";
  if (failed(verifyAbsent(*this, getAbsentAttr(), absentType)))
    return failure();
  return verifyResult(*this, result.getElementType(), implied);
}

/// A block of scalar code with these arguments.
static LogicalResult verifyBody(Operation *op, Region &region,
                                TypeRange arguments) {
  Block &block = region.front();
  if (block.getArgumentTypes() != arguments)
    return op->emitOpError()
           << "body must have arguments (" << arguments << ")";
  return verifyScalarCode(op, "body", block);
}

LogicalResult MergeOp::verifyRegions() {
  SmallVector<Type> arguments = llvm::map_to_vector(
      getInputs().getTypes(), [](Type t) { return getElementTypeOrSelf(t); });
  Type element = getType().getElementType();
  Block &block = getBody().front();
  auto entry = block.empty() ? EntryOp() : dyn_cast<EntryOp>(block.back());
  if (!entry || entry.getValue().getType() != element)
    return emitOpError() << "body must end with a noodle.entry of one "
                         << element;
  return verifyBody(*this, getBody(), arguments);
}

//===----------------------------------------------------------------------===//
// select
//===----------------------------------------------------------------------===//

std::optional<MatrixPart> noodle::parseMatrixPart(StringRef name) {
  return llvm::StringSwitch<std::optional<MatrixPart>>(name)
      .Case("lower", MatrixPart::Lower)
      .Case("upper", MatrixPart::Upper)
      .Case("diagonal", MatrixPart::Diagonal)
      .Case("off_diagonal", MatrixPart::OffDiagonal)
      .Default(std::nullopt);
}

LogicalResult SelectOp::verify() {
  if (getInputs().empty())
    return emitOpError() << "needs a sparse matrix as first operand";
  if (failed(verifyTensors(*this)) || failed(verifyMatrices(*this, 1)))
    return failure();
  for (unsigned k = 1; k < getInputs().size(); ++k)
    if (tensorType(getInputs()[k]))
      return operandError(*this, k) << "must be a scalar";
  RankedTensorType input = tensorType(getInputs().front());
  if (failed(verifyResult(*this, input.getElementType(), input.getShape())))
    return failure();
  if (getPart().has_value() != getBody().empty())
    return emitOpError() << "needs either a body or the name of a 'part'";
  if (getPart() && !parseMatrixPart(*getPart()))
    return emitOpError() << "has no part '" << *getPart()
                         << "': there are lower, upper, diagonal and "
                            "off_diagonal";
  if (getPart() && getInputs().size() > 1)
    return emitOpError() << "a part has no use for scalars";
  if (getDiagonal() && !getPart())
    return emitOpError() << "'diagonal' belongs to a 'part'";
  // Differences of coordinates never overflow then.
  if (getDiagonal() && !llvm::isInt<62>(int64_t(*getDiagonal())))
    return emitOpError() << "'diagonal' lies outside of every matrix";
  return success();
}

LogicalResult SelectOp::verifyRegions() {
  if (getBody().empty())
    return success();
  Builder builder(getContext());
  SmallVector<Type> arguments = {
      tensorType(getInputs().front()).getElementType(), builder.getI64Type(),
      builder.getI64Type()};
  llvm::append_range(arguments, getInputs().drop_front().getTypes());
  Block &block = getBody().front();
  if (block.empty() || !isa<KeepOp>(block.back()))
    return emitOpError() << "body must end with a noodle.keep";
  return verifyBody(*this, getBody(), arguments);
}

//===----------------------------------------------------------------------===//
// kron, extract, assign
//===----------------------------------------------------------------------===//

LogicalResult KronOp::verify() {
  if (failed(verifyTensors(*this)))
    return failure();
  RankedTensorType lhs = getLhs().getType(), rhs = getRhs().getType();
  SmallVector<int64_t> implied;
  for (unsigned index : {0u, 1u})
    if (tensorType(getOperand(index)).getRank() != 2)
      return operandError(*this, index) << "must be a matrix";
  if (isSparse(lhs) != isSparse(rhs) || isSparse(lhs) != isSparse(getType()))
    return emitOpError()
           << "operands and result must all be sparse or all be dense";
  if (lhs.getElementType() != rhs.getElementType())
    return operandError(*this, 1)
           << "must have element type " << lhs.getElementType();
  for (unsigned d : {0u, 1u}) {
    int64_t product = ShapedType::kDynamic;
    if (!lhs.isDynamicDim(d) && !rhs.isDynamicDim(d) &&
        llvm::MulOverflow(lhs.getDimSize(d), rhs.getDimSize(d), product))
      return operandError(*this, 1) << "makes the result longer than 2^63 - 1";
    implied.push_back(product);
  }
  if (failed(verifyResult(*this, lhs.getElementType(), implied)))
    return failure();
  return verifySemiring(*this, getSemiring(), lhs.getElementType());
}

LogicalResult KronOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifySemiringSymbol(*this, getSemiring(),
                              getLhs().getType().getElementType(), symbols,
                              getOperands());
}

LogicalResult ExtractOp::verify() {
  if (failed(verifyTensors(*this)) || failed(verifyMatrices(*this, 1)))
    return failure();
  RankedTensorType input = getInput().getType();
  if (input.getRank() != 2)
    return operandError(*this, 0) << "must be a matrix";
  SmallVector<int64_t> implied(input.getShape());
  if (getRows())
    implied[0] = tensorType(getRows()).getDimSize(0);
  if (getColumns())
    implied[1] = tensorType(getColumns()).getDimSize(0);
  return verifyResult(*this, input.getElementType(), implied);
}

LogicalResult AssignOp::verify() {
  if (failed(verifyTensors(*this)) || failed(verifyMatrices(*this, 2)))
    return failure();
  RankedTensorType input = getInput().getType(), init = getInit().getType();
  if (input.getRank() != 2 || init.getRank() != 2)
    return operandError(*this, input.getRank() != 2 ? 0 : 1)
           << "must be a matrix";
  if (input.getElementType() != init.getElementType())
    return operandError(*this, 0)
           << "must have element type " << init.getElementType();
  Value indices[2] = {getRows(), getColumns()};
  for (auto [d, index] : llvm::enumerate(indices)) {
    int64_t wanted =
        index ? tensorType(index).getDimSize(0) : init.getDimSize(d);
    if (!agree(input.getDimSize(d), wanted))
      return operandError(*this, 0)
             << "must have extent " << wanted << " in dimension " << d;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Speculation: extents and indices are checked when called
//===----------------------------------------------------------------------===//

Speculation::Speculatability MergeOp::getSpeculatability() {
  return Speculation::NotSpeculatable;
}
Speculation::Speculatability SelectOp::getSpeculatability() {
  return Speculation::NotSpeculatable;
}
Speculation::Speculatability KronOp::getSpeculatability() {
  return Speculation::NotSpeculatable;
}
Speculation::Speculatability ExtractOp::getSpeculatability() {
  return Speculation::NotSpeculatable;
}
Speculation::Speculatability AssignOp::getSpeculatability() {
  return Speculation::NotSpeculatable;
}
