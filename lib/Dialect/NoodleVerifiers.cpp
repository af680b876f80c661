//===- NoodleVerifiers.cpp - what makes an op well formed -----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every message names the operand, result or attribute at fault. Extents that
// only the call knows are compared then; here static ones are.
//
//===----------------------------------------------------------------------===//
#include "Verifiers.h"

#include "noodle-rt/abi.h"
#include "noodle/Dialect/MathFunctions.h"
#include "noodle/Dialect/Noodle.h"
#include "noodle/Dialect/Semiring.h"
#include "noodle/Dialect/SparseForms.h"
#include "noodle/Dialect/SparseOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::noodle;

//===----------------------------------------------------------------------===//
// Shared checks
//===----------------------------------------------------------------------===//

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

/// Whether two extents may be equal.
static bool agree(int64_t a, int64_t b) {
  return a == b || ShapedType::isDynamic(a) || ShapedType::isDynamic(b);
}

/// Rank, format and size of one tensor. `error` begins the message.
static LogicalResult verifyTensor(RankedTensorType type,
                                  function_ref<InFlightDiagnostic()> error) {
  if (type.getRank() > NOODLE_RT_MAX_RANK)
    return error() << "has rank " << type.getRank() << ", above the limit of "
                   << NOODLE_RT_MAX_RANK;
  FailureOr<SparseFormat> format = getSparseFormat(type);
  if (failed(format))
    return error()
           << "has an unsupported encoding; supported are CSR, CSC, "
              "COO, DCSR and BSR (blocks of at most 64 x 64) of rank 2, "
              "and compressed vectors, with posWidth and crdWidth of 0, "
              "32 or 64";
  if (*format != SparseFormat::Dense) {
    auto encoding =
        cast<sparse_tensor::SparseTensorEncodingAttr>(type.getEncoding());
    for (int64_t d = 0; d < type.getRank(); ++d) {
      bool named = type.getRank() == 1 ||
                   d == (*format == SparseFormat::CSR ? 1 : 0) ||
                   getRowList(type) != RowList::None;
      if (named && encoding.getCrdWidth() == 32 && !type.isDynamicDim(d) &&
          type.getDimSize(d) > (int64_t(1) << 31))
        return error() << "has coordinates that do not fit into 32 bits";
    }
    if (std::optional<BlockShape> block = getBlockShape(type)) {
      int64_t sizes[2] = {block->rows, block->columns};
      for (auto [d, size] : llvm::enumerate(sizes))
        if (!type.isDynamicDim(d) && type.getDimSize(d) % size)
          return error() << "has extent " << type.getDimSize(d)
                         << " in dimension " << d
                         << ", no multiple of its blocks' " << size;
    }
    return success();
  }
  // A zero extent makes an empty tensor, but its strides are still computed.
  int64_t bytes = elementBytes(type.getElementType());
  for (int64_t extent : type.getShape())
    if (extent > 0 && llvm::MulOverflow(bytes, extent, bytes))
      return error() << "has more than 2^63 - 1 bytes";
  return success();
}

/// Sparse vectors are for ops that treat both levels of a matrix alike.
static LogicalResult verifyVectors(Operation *op) {
  auto isVector = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return isSparse(tensor) && tensor.getRank() == 1;
  };
  if (isa<ContractOp, MapOp, MergeOp, ReduceOp, ConvertOp>(op) ||
      (llvm::none_of(op->getOperandTypes(), isVector) &&
       llvm::none_of(op->getResultTypes(), isVector)))
    return success();
  return op->emitOpError() << "is not for sparse vectors: they take part in "
                              "noodle.contract, map, merge, reduce and convert";
}

/// What an op computes is no multiple of blocks by itself, and what stands in
/// the rest of a block is for the program to say.
static LogicalResult verifyBlocks(Operation *op) {
  if (isa<ConvertOp>(op))
    return success();
  for (Value result : op->getResults())
    if (RankedTensorType type = tensorType(result))
      if (getBlockShape(type))
        return resultError(op) << "cannot be BSR: only noodle.convert makes "
                                  "blocks, and says what is absent in them";
  return success();
}

LogicalResult noodle::verifyTensors(Operation *op) {
  if (failed(verifyVectors(op)) || failed(verifyBlocks(op)))
    return failure();
  for (auto [index, operand] : llvm::enumerate(op->getOperands()))
    if (RankedTensorType type = tensorType(operand))
      if (failed(verifyTensor(
              type, [&, index = index] { return operandError(op, index); })))
        return failure();
  for (Value result : op->getResults())
    if (RankedTensorType type = tensorType(result))
      if (failed(verifyTensor(type, [&] { return resultError(op); })))
        return failure();
  return success();
}

static LogicalResult verifyDense(Operation *op) {
  for (auto [index, operand] : llvm::enumerate(op->getOperands()))
    if (isSparse(tensorType(operand)))
      return operandError(op, index) << "must be dense; use noodle.convert";
  if (isSparse(tensorType(op->getResult(0))))
    return resultError(op) << "must be dense";
  return success();
}

static LogicalResult verifyAxis(Operation *op, int64_t axis, unsigned operand) {
  int64_t rank = tensorType(op->getOperand(operand)).getRank();
  if (axis < rank)
    return success();
  return operandError(op, operand)
         << "has rank " << rank << ", so there is no axis " << axis;
}

LogicalResult noodle::verifyResult(Operation *op, Type element,
                                   ArrayRef<int64_t> implied) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (type.getElementType() != element)
    return resultError(op) << "must have element type " << element;
  if (type.getRank() != int64_t(implied.size()))
    return resultError(op) << "must have rank " << implied.size();
  for (auto [d, extent] : llvm::enumerate(implied)) {
    if (type.isDynamicDim(d) || type.getDimSize(d) == extent)
      continue;
    if (ShapedType::isDynamic(extent))
      return resultError(op)
             << "fixes the extent of dimension " << d
             << ", which the operands leave open; write '?' there";
    return resultError(op) << "must have extent " << extent << " in dimension "
                           << d;
  }
  return success();
}

LogicalResult noodle::verifyAbsent(Operation *op, TypedAttr absent, Type type) {
  if (!absent || (isElementAttr(absent) && absent.getType() == type))
    return success();
  return op->emitOpError() << "'absent' must be a scalar of type " << type
                           << ", but is " << absent;
}

LogicalResult noodle::verifySemiring(Operation *op, SemiringAttr semiring,
                                     Type type) {
  if (semiring.getKind() == SemiringKind::User)
    return success();
  return Semiring::resolve(semiring, type, SemiringOp(),
                           [&] { return op->emitOpError(); });
}

LogicalResult noodle::verifySemiringSymbol(Operation *op, SemiringAttr semiring,
                                           Type type,
                                           SymbolTableCollection &symbols,
                                           ValueRange multiplied) {
  if (semiring.getKind() != SemiringKind::User)
    return success();
  auto symbol =
      symbols.lookupNearestSymbolFrom<SemiringOp>(op, semiring.getSymbol());
  FailureOr<Semiring> resolved = Semiring::resolve(
      semiring, type, symbol, [&] { return op->emitOpError(); });
  if (failed(resolved))
    return failure();
  if (resolved->traits().annihilating)
    return success();
  for (auto [index, operand] : llvm::enumerate(multiplied))
    if (isSparse(tensorType(operand)))
      return operandError(op, index)
             << "is sparse, but semiring " << semiring.getSymbol()
             << " does not declare 'annihilating', so absent entries count; "
                "convert it to dense or declare the trait";
  return success();
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

/// Whether sums of `element` may be formed in `sum`, another type.
static bool isWider(Type sum, Type element) {
  auto complex = dyn_cast<ComplexType>(sum);
  if (complex || isa<ComplexType>(element))
    return complex && complex.getElementType().isF64() &&
           isa<ComplexType>(element);
  if (!isElementType(sum) || isNarrowFloat(sum) || element.isInteger(1) ||
      isa<FloatType>(sum) != isa<FloatType>(element))
    return false;
  return sum.getIntOrFloatBitWidth() > element.getIntOrFloatBitWidth();
}

/// What contract and matmul share: formats, element types, accumulator.
static LogicalResult verifyProduct(Operation *op, ValueRange inputs,
                                   std::optional<Type> accumulator,
                                   SemiringAttr semiring) {
  if (failed(verifyTensors(op)))
    return failure();
  Type element = tensorType(inputs.front()).getElementType();
  for (auto [index, input] : llvm::enumerate(inputs))
    if (tensorType(input).getElementType() != element)
      return operandError(op, index)
             << "must have element type " << element << ", as operand #0 has";
  Type sum = accumulator.value_or(defaultAccumulator(semiring, element));
  if (sum != element && !isWider(sum, element))
    return op->emitOpError()
           << "accumulator " << sum << " does not suit " << element
           << "; use the same type or a wider one of its kind: f32 or f64 for "
              "floats, i32 or i64 for integers, complex<f64> for complex<f32>";
  // Elsewhere the zero is the type's extreme value: i32's is no zero of i64.
  if (sum != element && element.isInteger() &&
      semiring.getKind() != SemiringKind::PlusTimes &&
      semiring.getKind() != SemiringKind::MaxTimes)
    return op->emitOpError()
           << "accumulator " << sum << " over " << element
           << " suits plus_times and max_times alone: the zero of "
           << stringifySemiringKind(semiring.getKind())
           << " is another value in each type; convert the operands";
  auto result = cast<RankedTensorType>(op->getResult(0).getType());
  if (result.getElementType() != element && result.getElementType() != sum) {
    InFlightDiagnostic diag = resultError(op)
                              << "must have element type " << element;
    if (sum != element)
      diag << " or " << sum;
    return diag;
  }
  return verifySemiring(op, semiring, sum);
}

static SmallVector<RankedTensorType> tensorTypes(ValueRange values) {
  return llvm::map_to_vector(values, tensorType);
}

LogicalResult ContractOp::verify() {
  FailureOr<ContractSpec> spec =
      ContractSpec::parse(getEquation(), [&] { return emitOpError(); });
  if (failed(spec))
    return failure();
  if (spec->operands.size() != getInputs().size())
    return emitOpError() << "equation has " << spec->operands.size()
                         << " operands, but " << getInputs().size()
                         << " are given";
  for (auto [index, letters] : llvm::enumerate(spec->operands)) {
    int64_t rank = tensorType(getInputs()[index]).getRank();
    if (rank != int64_t(letters.size()))
      return operandError(*this, index)
             << "has rank " << rank << ", but the equation gives it "
             << letters.size() << " dimensions";
  }
  RankedTensorType result = getResult().getType();
  if (result.getRank() != int64_t(spec->output.size()))
    return resultError(*this)
           << "has rank " << result.getRank() << ", but the equation gives it "
           << spec->output.size() << " dimensions";
  if (failed(
          verifyProduct(*this, getInputs(), getAccumulator(), getSemiring())) ||
      failed(spec->extents(tensorTypes(getInputs()), result,
                           [&] { return emitOpError(); })))
    return failure();

  unsigned maskIndex = getInputs().size();
  if (Value mask = getMask()) {
    RankedTensorType type = tensorType(mask);
    if (type.getRank() != result.getRank() ||
        !llvm::all_of_zip(type.getShape(), result.getShape(), agree))
      return operandError(*this, maskIndex)
             << "is the mask and must have the shape of the result (" << result
             << ")";
    if (!isSparse(type) && !getMaskValued())
      return operandError(*this, maskIndex)
             << "is a dense mask: all its entries are stored, so it needs "
                "'mask_valued'";
  } else if (getMaskValued() || getMaskComplement()) {
    return emitOpError() << "'"
                         << (getMaskValued() ? getMaskValuedAttrName()
                                             : getMaskComplementAttrName())
                                .getValue()
                         << "' needs a mask";
  }
  if (getInit() && getInit().getType() != result)
    return operandError(*this, maskIndex + (getMask() ? 1 : 0))
           << "is added to and must have the result's type (" << result << ")";
  for (auto [d, letter] : llvm::enumerate(spec->output))
    if (!spec->inOperands(letter) && result.isDynamicDim(d) && !getMask() &&
        !getInit())
      return resultError(*this)
             << "must state the extent of dimension " << d
             << ": no operand has '" << spec->letters[letter] << "'";
  return success();
}

LogicalResult ContractOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifySemiringSymbol(*this, getSemiring(), getAccumulatorType(),
                              symbols, getInputs());
}

LogicalResult MatmulOp::verify() {
  for (auto [index, operand] : llvm::enumerate(getOperands()))
    if (tensorType(operand).getRank() == 0)
      return operandError(*this, index) << "must have rank 1 or more";
  // The contraction would broadcast an inner extent of 1.
  RankedTensorType lhs = getLhs().getType(), rhs = getRhs().getType();
  unsigned inner = rhs.getRank() > 1 ? rhs.getRank() - 2 : 0;
  if (!agree(lhs.getShape().back(), rhs.getDimSize(inner)))
    return operandError(*this, 1)
           << "has extent " << rhs.getDimSize(inner) << " in dimension "
           << inner << ", but the last of operand #0 is "
           << lhs.getShape().back();
  if (failed(verifyTensors(*this)))
    return failure();
  ContractSpec spec = getSpec();
  if (getType().getRank() != int64_t(spec.output.size()))
    return resultError(*this) << "must have rank " << spec.output.size();
  if (failed(
          verifyProduct(*this, getOperands(), getAccumulator(), getSemiring())))
    return failure();
  return spec.extents(tensorTypes(getOperands()), getType(),
                      [&] { return emitOpError(); });
}

LogicalResult MatmulOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifySemiringSymbol(*this, getSemiring(), getAccumulatorType(),
                              symbols, getOperands());
}

//===----------------------------------------------------------------------===//
// Scalar code in regions and functions
//===----------------------------------------------------------------------===//

LogicalResult noodle::verifyScalarCode(Operation *op, StringRef what,
                                       Block &block) {
  for (Operation &inner : block.without_terminator()) {
    if (!isa_and_nonnull<arith::ArithDialect, math::MathDialect,
                         complex::ComplexDialect>(inner.getDialect()))
      return op->emitOpError()
                 .append(what, " may only hold ops of arith, math and complex")
                 .attachNote(inner.getLoc())
             << "'" << inner.getName() << "' is not one";
    if (isa<complex::ComplexDialect>(inner.getDialect()) &&
        !hasComplexForm(&inner))
      return op->emitOpError()
                 .append(what, " may only hold ", complexForms(), " of complex")
                 .attachNote(inner.getLoc())
             << "'" << inner.getName() << "' is not one";
    auto isOther = [](Type type) { return !isElementType(type); };
    if (llvm::any_of(inner.getOperandTypes(), isOther) ||
        llvm::any_of(inner.getResultTypes(), isOther))
      return op->emitOpError()
                 .append(what, " may only compute with f16, bf16, f32, f64, "
                               "i8, i32, i64, i1 and complex numbers")
                 .attachNote(inner.getLoc())
             << "'" << inner.getName() << "' has another type";
  }
  return success();
}

/// A region of scalar code with these arguments that yields one `result`.
static LogicalResult verifyScalarRegion(Operation *op, StringRef what,
                                        Region &region, TypeRange arguments,
                                        Type result) {
  Block &block = region.front();
  if (block.getArgumentTypes() != arguments) {
    InFlightDiagnostic diag = op->emitOpError() << what;
    if (arguments.empty())
      return diag << " must have no arguments";
    return diag << " must have arguments (" << arguments << ")";
  }
  auto yield = block.empty() ? YieldOp() : dyn_cast<YieldOp>(block.back());
  if (!yield || yield.getValues().getTypes() != TypeRange(result))
    return op->emitOpError()
           << what << " must end with a noodle.yield of one " << result;
  return verifyScalarCode(op, what, block);
}

static Type elementType(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? tensor.getElementType() : type;
}

//===----------------------------------------------------------------------===//
// map
//===----------------------------------------------------------------------===//

static LogicalResult verifyMapShapes(MapOp op) {
  RankedTensorType result = op.getType();
  SmallVector<bool> isKnown(result.getRank(), false);
  SmallVector<std::pair<int64_t, unsigned>> fixed(result.getRank(), {1, 0});
  for (auto [index, input] : llvm::enumerate(op.getInputs())) {
    RankedTensorType type = tensorType(input);
    if (!type)
      continue;
    if (type.getRank() != result.getRank())
      return operandError(op, index) << "must be a scalar or have the result's "
                                        "rank, "
                                     << result.getRank();
    for (auto [d, extent] : llvm::enumerate(type.getShape())) {
      isKnown[d] = true;
      if (extent == 1 || ShapedType::isDynamic(extent))
        continue;
      if (!agree(extent, result.getDimSize(d)))
        return operandError(op, index)
               << "has extent " << extent << " in dimension " << d
               << ", but the result has " << result.getDimSize(d);
      if (fixed[d].first != 1 && fixed[d].first != extent)
        return operandError(op, index)
               << "has extent " << extent << " in dimension " << d
               << ", but operand #" << fixed[d].second << " has "
               << fixed[d].first;
      fixed[d] = {extent, index};
    }
  }
  for (auto [d, known] : llvm::enumerate(isKnown))
    if (!known && result.isDynamicDim(d))
      return resultError(op) << "must be static where all operands are scalars";
  return success();
}

static LogicalResult verifyMapFormats(MapOp op) {
  RankedTensorType result = op.getType();
  int sparse = -1;
  Type absentType;
  for (auto [index, input] : llvm::enumerate(op.getInputs())) {
    RankedTensorType type = tensorType(input);
    if (!isSparse(type))
      continue;
    if (op.getVisited() == MapOver::Stored && sparse >= 0)
      return operandError(op, index)
             << "is sparse, as operand #" << sparse
             << " is: over stored entries only one operand may be";
    if (absentType && op.getAbsent() && absentType != type.getElementType())
      return operandError(op, index)
             << "has another element type than operand #" << sparse
             << ", so 'absent' cannot stand for both";
    sparse = index;
    absentType = type.getElementType();
  }
  if (op.getVisited() == MapOver::All) {
    if (isSparse(result))
      return resultError(op) << "must be dense where all entries are visited";
    if (op.getAbsent() && sparse < 0)
      return op.emitOpError() << "'absent' needs a sparse operand";
    return verifyAbsent(op, op.getAbsentAttr(), absentType);
  }
  if (sparse < 0)
    return op.emitOpError() << "over stored entries needs a sparse operand";
  RankedTensorType source = tensorType(op.getInputs()[sparse]);
  for (auto [d, extent] : llvm::enumerate(source.getShape()))
    if (extent != result.getDimSize(d))
      return operandError(op, sparse) << "must have the result's shape, as its "
                                         "stored entries are visited";
  if (!isSparse(result))
    return verifyAbsent(op, op.getAbsentAttr(), result.getElementType());
  if (result.getEncoding() != source.getEncoding())
    return resultError(op) << "has the pattern of operand #" << sparse
                           << " and must have its encoding";
  if (op.getAbsent())
    return op.emitOpError() << "'absent' has no use where the result is sparse";
  return success();
}

LogicalResult MapOp::verify() {
  if (failed(verifyTensors(*this)) || failed(verifyMapShapes(*this)) ||
      failed(verifyMapFormats(*this)))
    return failure();
  if (getCallee() && !getBody().empty())
    return emitOpError() << "has a body beside its callee @" << *getCallee();
  if (!getCallee() && getBody().empty())
    return emitOpError() << "needs a body or the name of a function";
  return success();
}

LogicalResult MapOp::verifyRegions() {
  if (getBody().empty())
    return success();
  SmallVector<Type> arguments =
      llvm::map_to_vector(getInputs().getTypes(), elementType);
  return verifyScalarRegion(*this, "body", getBody(), arguments,
                            getType().getElementType());
}

LogicalResult MapOp::verifySymbolUses(SymbolTableCollection &symbols) {
  if (!getCalleeAttr())
    return success();
  Operation *symbol = symbols.lookupNearestSymbolFrom(*this, getCalleeAttr());
  auto function = dyn_cast_or_null<FunctionOpInterface>(symbol);
  if (!function)
    return emitOpError() << "no function is named " << getCalleeAttr();
  SmallVector<Type> arguments =
      llvm::map_to_vector(getInputs().getTypes(), elementType);
  Type result = getType().getElementType();
  auto type = FunctionType::get(getContext(), arguments, result);
  if (function.getFunctionType() != type)
    return emitOpError() << "function " << getCalleeAttr() << " must have type "
                         << type;
  if (function.isExternal())
    return emitOpError() << "function " << getCalleeAttr() << " has no body";
  if (!function.getFunctionBody().hasOneBlock())
    return emitOpError() << "function " << getCalleeAttr()
                         << " must be one block without branches";
  return verifyScalarCode(*this, ("function @" + *getCallee()).str(),
                          function.getFunctionBody().front());
}

//===----------------------------------------------------------------------===//
// softmax, layer_norm
//===----------------------------------------------------------------------===//

LogicalResult SoftmaxOp::verify() {
  if (failed(verifyTensors(*this)) || failed(verifyDense(*this)))
    return failure();
  return verifyAxis(*this, getAxis(), 0);
}

LogicalResult LayerNormOp::verify() {
  if (failed(verifyTensors(*this)) || failed(verifyDense(*this)))
    return failure();
  RankedTensorType input = getInput().getType();
  if (input.getRank() == 0)
    return operandError(*this, 0) << "must have rank 1 or more";
  for (unsigned index = 1; index < getNumOperands(); ++index) {
    RankedTensorType type = tensorType(getOperand(index));
    if (type.getRank() != 1 ||
        type.getElementType() != input.getElementType() ||
        !agree(type.getDimSize(0), input.getShape().back()))
      return operandError(*this, index)
             << "must be a vector along the last axis of " << input;
  }
  if (!getEpsilon().isFinite() || getEpsilon().isNegative())
    return emitOpError() << "epsilon must be finite and not negative";
  return success();
}

//===----------------------------------------------------------------------===//
// Reductions and movement
//===----------------------------------------------------------------------===//

LogicalResult ReduceOp::verify() {
  RankedTensorType input = getInput().getType();
  if (failed(verifyTensors(*this)))
    return failure();
  if (isSparse(getType()))
    return resultError(*this) << "must be dense";
  SmallVector<bool> reduced(input.getRank(), false);
  for (int64_t dim : getDims()) {
    if (dim < 0 || dim >= input.getRank())
      return operandError(*this, 0) << "has rank " << input.getRank()
                                    << ", so there is no dimension " << dim;
    if (reduced[dim])
      return emitOpError() << "dimension " << dim << " appears twice in 'dims'";
    reduced[dim] = true;
  }
  SmallVector<int64_t> kept;
  for (auto [d, extent] : llvm::enumerate(input.getShape()))
    if (!reduced[d])
      kept.push_back(extent);
  if (getAbsent() && !isSparse(input))
    return emitOpError() << "'absent' needs a sparse operand";
  if (failed(verifyResult(*this, input.getElementType(), kept)) ||
      failed(verifyAbsent(*this, getAbsentAttr(), input.getElementType())))
    return failure();
  return verifySemiring(*this, getSemiring(), input.getElementType());
}

LogicalResult ReduceOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifySemiringSymbol(*this, getSemiring(),
                              getInput().getType().getElementType(), symbols);
}

LogicalResult TransposeOp::verify() {
  RankedTensorType input = getInput().getType();
  if (failed(verifyTensors(*this)))
    return failure();
  SmallVector<bool> seen(input.getRank(), false);
  SmallVector<int64_t> permuted;
  bool isPermutation = int64_t(getPermutation().size()) == input.getRank();
  for (int64_t dim : getPermutation()) {
    if (!isPermutation || dim < 0 || dim >= input.getRank() || seen[dim]) {
      isPermutation = false;
      break;
    }
    seen[dim] = true;
    permuted.push_back(input.getDimSize(dim));
  }
  if (!isPermutation)
    return emitOpError() << "'permutation' must name each dimension of "
                            "operand #0 ("
                         << input << ") once";
  if (isSparse(input) != isSparse(getType()))
    return resultError(*this)
           << "must be " << (isSparse(input) ? "sparse" : "dense")
           << ", as operand #0 is; use noodle.convert";
  return verifyResult(*this, input.getElementType(), permuted);
}

LogicalResult ConcatOp::verify() {
  if (getInputs().empty())
    return emitOpError() << "needs an operand";
  if (failed(verifyTensors(*this)) || failed(verifyAxis(*this, getAxis(), 0)))
    return failure();
  RankedTensorType first = tensorType(getInputs().front());
  SmallVector<int64_t> extents(first.getShape());
  SmallVector<unsigned> from(first.getRank(), 0);
  int64_t axis = getAxis();
  for (auto [index, input] : llvm::enumerate(getInputs())) {
    RankedTensorType type = tensorType(input);
    if (isSparse(type) != isSparse(getType()))
      return operandError(*this, index)
             << "must be " << (isSparse(getType()) ? "sparse" : "dense")
             << ", as the result is; use noodle.convert";
    if (type.getElementType() != first.getElementType())
      return operandError(*this, index)
             << "must have element type " << first.getElementType();
    if (type.getRank() != first.getRank())
      return operandError(*this, index) << "must have rank " << first.getRank();
    if (index == 0)
      continue;
    for (auto [d, extent] : llvm::enumerate(type.getShape())) {
      int64_t &known = extents[d];
      if (int64_t(d) == axis) {
        if (ShapedType::isDynamic(extent) || ShapedType::isDynamic(known))
          known = ShapedType::kDynamic;
        else if (llvm::AddOverflow(known, extent, known))
          return operandError(*this, index)
                 << "makes the result longer than 2^63 - 1";
        continue;
      }
      if (!agree(extent, known))
        return operandError(*this, index)
               << "has extent " << extent << " in dimension " << d
               << ", but operand #" << from[d] << " has " << known;
      if (ShapedType::isDynamic(known)) {
        known = extent;
        from[d] = index;
      }
    }
  }
  return verifyResult(*this, first.getElementType(), extents);
}

LogicalResult GatherOp::verify() {
  if (failed(verifyTensors(*this)) || failed(verifyDense(*this)) ||
      failed(verifyAxis(*this, getAxis(), 0)))
    return failure();
  RankedTensorType input = getInput().getType();
  SmallVector<int64_t> extents(input.getShape());
  extents[getAxis()] = tensorType(getIndices()).getDimSize(0);
  return verifyResult(*this, input.getElementType(), extents);
}

LogicalResult ScatterOp::verify() {
  if (failed(verifyTensors(*this)) || failed(verifyDense(*this)) ||
      failed(verifyAxis(*this, getAxis(), 2)))
    return failure();
  RankedTensorType updates = getUpdates().getType();
  RankedTensorType init = getInit().getType();
  if (updates.getElementType() != init.getElementType())
    return operandError(*this, 0)
           << "must have element type " << init.getElementType();
  if (updates.getRank() != init.getRank())
    return operandError(*this, 0) << "must have rank " << init.getRank();
  SmallVector<int64_t> extents(init.getShape());
  extents[getAxis()] = tensorType(getIndices()).getDimSize(0);
  for (auto [d, extent] : llvm::enumerate(updates.getShape()))
    if (!agree(extent, extents[d]))
      return operandError(*this, 0)
             << "must have extent " << extents[d] << " in dimension " << d;
  return verifySemiring(*this, getSemiring(), init.getElementType());
}

LogicalResult ScatterOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifySemiringSymbol(*this, getSemiring(),
                              getInit().getType().getElementType(), symbols);
}

LogicalResult ConvertOp::verify() {
  RankedTensorType input = getInput().getType();
  if (failed(verifyTensors(*this)) ||
      failed(verifyResult(*this, getType().getElementType(), input.getShape())))
    return failure();
  if (isa<ComplexType>(input.getElementType()) &&
      !isa<ComplexType>(getType().getElementType()) &&
      !getType().getElementType().isInteger(1))
    return resultError(*this)
           << "cannot hold complex numbers; take a part with a noodle.map and "
              "complex.re, complex.im or complex.abs";
  bool packs = getBlockShape(getType()).has_value();
  if (packs && getAbsent() &&
      input.getElementType() != getType().getElementType())
    return emitOpError() << "'absent' in blocks needs equal element types: "
                            "convert elements first";
  if (getAbsent() && !packs && isSparse(input) == isSparse(getType()))
    return emitOpError() << "'absent' has no use between two "
                         << (isSparse(input) ? "sparse" : "dense")
                         << " tensors";
  return verifyAbsent(*this, getAbsentAttr(), input.getElementType());
}

//===----------------------------------------------------------------------===//
// Control and symbols
//===----------------------------------------------------------------------===//

LogicalResult CheckOp::verify() {
  if (int32_t(getStatus()) <= NOODLE_RT_OK ||
      int32_t(getStatus()) > NOODLE_RT_INTERNAL)
    return emitOpError() << "status " << int32_t(getStatus())
                         << " is no failure; they are 1 to "
                         << int32_t(NOODLE_RT_INTERNAL);
  for (unsigned k = 0, e = getValues().size(); k < e; ++k)
    if (!getMessage().contains("{" + std::to_string(k) + "}"))
      return emitOpError() << "value " << k << " is not in the message; write {"
                           << k << "} where it belongs";
  return success();
}

LogicalResult SemiringOp::verify() {
  if (!isElementType(getElementType()))
    return emitOpError() << "element type must be f16, bf16, f32, f64, i8, "
                            "i32, i64, i1, complex<f32> or complex<f64>, but "
                            "is "
                         << getElementType();
  return success();
}

LogicalResult SemiringOp::verifyRegions() {
  Type type = getElementType();
  SmallVector<Type> pair = {type, type};
  auto verify = [&](StringRef what, Region &region, TypeRange arguments) {
    return verifyScalarRegion(*this, what, region, arguments, type);
  };
  if (failed(verify("zero", getZero(), {})) ||
      failed(verify("one", getOne(), {})) ||
      failed(verify("add", getAdd(), pair)))
    return failure();
  return verify("mul", getMul(), pair);
}
