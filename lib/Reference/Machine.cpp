//===- Machine.cpp - the state of one interpretation ----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

#include "noodle/Dialect/Category.h"

#include "mlir/IR/TypeUtilities.h"
#include <cstdlib>
#include <limits>

namespace mlir::noodle::reference {

/// Calls and regions inside one another; each takes some 1.5 KiB of stack.
static constexpr unsigned maxDepth = 500;

Machine::Machine(const Options &options) : options(options) {
  addContractHandlers(table);
  addMapHandlers(table);
  addReduceHandlers(table);
  addMovementHandlers(table);
  addArithHandlers(table);
  addMathHandlers(table);
  addComplexHandlers(table);
  addTensorHandlers(table);
  addSliceHandlers(table);
  addControlHandlers(table);
  addLinalgHandlers(table);
  addFusedContractHandlers(table);
  addCategoryHandlers(table);
  addSolverHandlers(table);
  addSparseHandlers(table);
  addBlockHandlers(table);
}

//===----------------------------------------------------------------------===//
// Failure
//===----------------------------------------------------------------------===//

/// The first file position a location names.
static FileLineColLoc place(Location loc) {
  FileLineColLoc found;
  loc->walk([&](Location inner) {
    found = dyn_cast<FileLineColLoc>(inner);
    return found ? WalkResult::interrupt() : WalkResult::advance();
  });
  return found;
}

LogicalResult Machine::fail(Operation *at, noodle_rt_status status,
                            const Twine &message) {
  if (failed())
    return failure();
  outcome.status = status;
  if (FileLineColLoc loc = at ? place(at->getLoc()) : FileLineColLoc())
    outcome.message =
        (loc.getFilename().getValue() + ":" + Twine(loc.getLine()) + ":" +
         Twine(loc.getColumn()) + ": ")
            .str();
  outcome.message += message.str();
  return failure();
}

LogicalResult Machine::uncovered(Operation *at, const Twine &what) {
  return fail(at, NOODLE_RT_INVALID_ARGUMENT,
              "'" + at->getName().getStringRef() + "' " + what +
                  " is not covered by the reference interpreter");
}

LogicalResult Machine::poll(Operation *at) {
  if (failed())
    return failure();
  if (!options.poll)
    return success();
  noodle_rt_status status = options.poll();
  if (status == NOODLE_RT_OK)
    return success();
  return fail(at, status,
              status == NOODLE_RT_DEADLINE    ? "the deadline passed"
              : status == NOODLE_RT_CANCELLED ? "the call was cancelled"
                                              : "the host ended the call");
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

LogicalResult Machine::charge(Operation *at, int64_t bytes) {
  // Allocation cannot report failure here, so large ones are tried first.
  constexpr int64_t large = int64_t(1) << 20;
  int64_t total;
  bool fits = bytes >= 0 && !__builtin_add_overflow(*alive, bytes, &total) &&
              (options.memoryLimit <= 0 || total <= options.memoryLimit);
  if (fits && bytes >= large) {
    // Volatile, or the pair would be optimised away.
    void *volatile probe = std::malloc(bytes);
    fits = probe != nullptr;
    std::free(probe);
  }
  if (!fits)
    return fail(at, NOODLE_RT_OUT_OF_MEMORY,
                "out of memory: " + Twine(bytes) + " bytes asked for, with " +
                    Twine(*alive) + " in use" +
                    (options.memoryLimit > 0
                         ? " of " + std::to_string(options.memoryLimit)
                         : std::string()));
  *alive += bytes;
  return success();
}

static int64_t bytesOf(const Tensor &tensor) {
  return int64_t(tensor.values.size()) +
         8 * int64_t(tensor.positions.size() + tensor.coordinates.size());
}

/// A shared tensor whose bytes, already charged, are given back at its end.
static TensorRef share(Tensor tensor, std::shared_ptr<int64_t> alive) {
  int64_t bytes = bytesOf(tensor);
  return TensorRef(new Tensor(std::move(tensor)), [=](Tensor *dead) {
    *alive -= bytes;
    delete dead;
  });
}

TensorRef Machine::dense(Operation *at, noodle_rt_type type,
                         ArrayRef<int64_t> extents) {
  int64_t bytes = isEmpty(extents) ? 0 : noodle_rt_element_bytes(type);
  for (int64_t extent : extents) {
    if (extent < 0) {
      (void)fail(at, NOODLE_RT_SHAPE_MISMATCH,
                 "negative extent " + Twine(extent));
      return nullptr;
    }
    if (__builtin_mul_overflow(bytes, extent, &bytes)) {
      (void)fail(at, NOODLE_RT_OUT_OF_MEMORY,
                 "a tensor of " + shapeText(extents) +
                     " elements is too large");
      return nullptr;
    }
  }
  if (mlir::failed(charge(at, bytes)))
    return nullptr;
  Tensor tensor;
  tensor.type = type;
  tensor.extents.assign(extents.begin(), extents.end());
  tensor.values.resize(bytes);
  return share(std::move(tensor), alive);
}

TensorRef Machine::sparse(Operation *at, noodle_rt_type type,
                          noodle_rt_layout layout, ArrayRef<int64_t> extents,
                          int64_t stored) {
  int64_t major = extents[layout == NOODLE_RT_CSR ? 0 : 1];
  int64_t bytes, entries;
  if (__builtin_mul_overflow(major, int64_t(8), &bytes) ||
      __builtin_mul_overflow(stored, 8 + noodle_rt_element_bytes(type),
                             &entries) ||
      __builtin_add_overflow(bytes, entries + 8, &bytes)) {
    (void)fail(at, NOODLE_RT_OUT_OF_MEMORY,
               "a sparse tensor of " + shapeText(extents) + " is too large");
    return nullptr;
  }
  if (mlir::failed(charge(at, bytes)))
    return nullptr;
  Tensor tensor;
  tensor.type = type;
  tensor.layout = layout;
  tensor.extents.assign(extents.begin(), extents.end());
  tensor.positions.resize(major + 1);
  tensor.coordinates.resize(stored);
  tensor.values.resize(stored * noodle_rt_element_bytes(type));
  return share(std::move(tensor), alive);
}

TensorRef Machine::adopt(Operation *at, Tensor tensor) {
  if (mlir::failed(charge(at, bytesOf(tensor))))
    return nullptr;
  return share(std::move(tensor), alive);
}

TensorRef Machine::copy(Operation *at, const Tensor &tensor) {
  if (mlir::failed(charge(at, bytesOf(tensor))))
    return nullptr;
  return share(tensor, alive);
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

std::optional<noodle_rt_layout> layoutOf(RankedTensorType type) {
  if (!type.getEncoding())
    return NOODLE_RT_DENSE;
  FailureOr<SparseFormat> format = getSparseFormat(type);
  if (mlir::failed(format))
    return std::nullopt;
  switch (*format) {
  case SparseFormat::Dense:
    return NOODLE_RT_DENSE;
  case SparseFormat::CSR:
    return NOODLE_RT_CSR;
  case SparseFormat::CSC:
    return NOODLE_RT_CSC;
  }
  return std::nullopt;
}

/// Whether the interpreter has values of a type.
static bool isCovered(Type type) {
  if (isa<HomType>(type))
    return true;
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return elementType(tensor.getElementType()) && layoutOf(tensor);
  if (auto integer = dyn_cast<IntegerType>(type))
    return integer.getWidth() >= 1 && integer.getWidth() <= 64;
  return elementType(type).has_value();
}

static std::string typeText(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

LogicalResult Machine::conforms(Operation *at, const Slot &slot, Type type,
                                noodle_rt_status status, const Twine &what) {
  auto wrong = [&](const Twine &is) {
    return fail(at, status,
                what + " is " + is + ", but its type is " + typeText(type));
  };
  if (!isCovered(type))
    return fail(at, NOODLE_RT_INVALID_ARGUMENT,
                what + " has type " + typeText(type) +
                    ", which the reference interpreter does not cover");
  auto tensorType = dyn_cast<RankedTensorType>(type);
  if (const Scalar *scalar = std::get_if<Scalar>(&slot)) {
    size_t kind = 0; // integers of any width
    if (auto known = elementType(type))
      kind = zeroScalar(*known).index();
    if (tensorType || scalar->index() != kind)
      return wrong("a scalar of another kind");
    return success();
  }
  const TensorRef &tensor = std::get<TensorRef>(slot);
  if (!tensorType)
    return wrong("a tensor");
  if (tensor->type != *elementType(tensorType.getElementType()))
    return wrong("a tensor of another element type");
  if (tensor->layout != *layoutOf(tensorType))
    return wrong("a tensor of another format");
  bool fits = tensorType.getRank() == int64_t(tensor->extents.size());
  for (auto [d, extent] : llvm::enumerate(tensorType.getShape()))
    fits =
        fits && (ShapedType::isDynamic(extent) || extent == tensor->extents[d]);
  return fits ? success() : wrong(shapeText(tensor->extents));
}

Scalar scalarFromFloat(const APFloat &value) {
  const llvm::fltSemantics &semantics = value.getSemantics();
  auto bits = [&] { return uint16_t(value.bitcastToAPInt().getZExtValue()); };
  if (&semantics == &APFloat::IEEEsingle())
    return value.convertToFloat();
  if (&semantics == &APFloat::IEEEhalf())
    return ::noodle::rt::Half::fromBits(bits());
  if (&semantics == &APFloat::BFloat())
    return ::noodle::rt::Brain::fromBits(bits());
  return value.convertToDouble();
}

Scalar scalarFromComplex(const std::complex<APFloat> &value) {
  if (&value.real().getSemantics() == &APFloat::IEEEsingle())
    return std::complex<float>(value.real().convertToFloat(),
                               value.imag().convertToFloat());
  return std::complex<double>(value.real().convertToDouble(),
                              value.imag().convertToDouble());
}

Scalar scalarFromAttr(Attribute attr) {
  if (auto floating = dyn_cast<FloatAttr>(attr))
    return scalarFromFloat(floating.getValue());
  if (auto number = dyn_cast<complex::NumberAttr>(attr))
    return scalarFromComplex({number.getReal(), number.getImag()});
  auto integer = cast<IntegerAttr>(attr);
  if (integer.getType().isInteger(1))
    return int64_t(integer.getValue().getBoolValue());
  return integer.getValue().getSExtValue();
}

int64_t indexOf(const Frame &frame, OpFoldResult value) {
  if (auto attr = dyn_cast<Attribute>(value))
    return cast<IntegerAttr>(attr).getInt();
  return frame.integer(cast<mlir::Value>(value));
}

SmallVector<int64_t> indicesOf(const Frame &frame,
                               ArrayRef<OpFoldResult> values) {
  return llvm::map_to_vector(
      values, [&](OpFoldResult value) { return indexOf(frame, value); });
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

LogicalResult Machine::resolve(Operation &op, Handler &handler) {
  handler = table.lookup(&op);
  if (!handler)
    return uncovered(&op, op.hasTrait<OpTrait::IsTerminator>()
                              ? "as a terminator"
                              : "as an operation");
  for (Type type : op.getResultTypes())
    if (!isCovered(type))
      return uncovered(&op, "with a result of type " + typeText(type));
  return success();
}

LogicalResult Machine::execute(Frame &frame, Operation &op) {
  Handler &known = resolved[&op];
  if (!known && mlir::failed(resolve(op, known)))
    return failure();
  // A copy: running nested ops may grow the table.
  Handler handler = known;
  if (mlir::failed(step(&op)) || mlir::failed(handler(*this, frame, &op)) ||
      failed())
    return failure();
  for (OpResult result : op.getResults())
    if (auto type = dyn_cast<RankedTensorType>(result.getType()))
      if (mlir::failed(
              conforms(&op, frame.get(result), type, NOODLE_RT_SHAPE_MISMATCH,
                       "the result of '" + op.getName().getStringRef() + "'")))
        return failure();
  return success();
}

LogicalResult Machine::runBody(Frame &frame, Block &block) {
  if (depth >= maxDepth)
    return fail(block.getParentOp(), NOODLE_RT_INVALID_ARGUMENT,
                "calls and regions nest more than " + Twine(maxDepth) +
                    " deep");
  ++depth;
  LogicalResult status = success();
  for (Operation &op : block.without_terminator())
    if (mlir::failed(status = execute(frame, op)))
      break;
  --depth;
  return status;
}

LogicalResult Machine::run(Frame &frame, Block &block,
                           SmallVectorImpl<Slot> &yielded) {
  if (mlir::failed(runBody(frame, block)))
    return failure();
  yielded.clear();
  Operation *terminator = block.getTerminator();
  if (terminator->getNumSuccessors())
    return uncovered(terminator, "as a terminator");
  llvm::append_range(yielded, frame.gather(terminator->getOperands()));
  return success();
}

LogicalResult Machine::run(Operation *at, Frame &frame, Region &region,
                           ArrayRef<Slot> arguments,
                           SmallVectorImpl<Slot> &yielded) {
  if (!region.hasOneBlock())
    return uncovered(at, "with other than one block in a region");
  frame.bind(region.getArguments(), arguments);
  return run(frame, region.front(), yielded);
}

LogicalResult Machine::call(Operation *at, func::FuncOp function,
                            ArrayRef<Slot> arguments,
                            SmallVectorImpl<Slot> &results) {
  if (function.isDeclaration())
    return fail(at, NOODLE_RT_INVALID_ARGUMENT,
                "function '" + function.getName() + "' has no body");
  if (!function.getBody().hasOneBlock())
    return uncovered(function, "with more than one block");
  Frame frame;
  return run(function, frame, function.getBody(), arguments, results);
}

LogicalResult Machine::call(Operation *at, FlatSymbolRefAttr callee,
                            ArrayRef<Slot> arguments,
                            SmallVectorImpl<Slot> &results) {
  auto function =
      symbols.lookupNearestSymbolFrom<func::FuncOp>(at, callee.getAttr());
  if (!function)
    return fail(at, NOODLE_RT_INVALID_ARGUMENT,
                "no function is named '" + callee.getValue() + "'");
  return call(at, function, arguments, results);
}

LogicalResult Machine::algebra(Operation *at, SemiringAttr semiring,
                               noodle_rt_type type, Algebra &algebra) {
  if (semiring.getKind() != SemiringKind::User) {
    if (std::optional<Algebra> known =
            builtinAlgebra(semiring.getKind(), type)) {
      algebra = std::move(*known);
      return success();
    }
    return fail(at, NOODLE_RT_INVALID_ARGUMENT,
                "semiring " + stringifySemiringKind(semiring.getKind()) +
                    " is not defined for the element type");
  }
  auto op = symbols.lookupNearestSymbolFrom<SemiringOp>(
      at, semiring.getSymbol().getAttr());
  if (!op || elementType(op.getElementType()) != type)
    return fail(at, NOODLE_RT_INVALID_ARGUMENT,
                "no semiring of the element type is named '" +
                    semiring.getSymbol().getValue() + "'");
  auto apply = [this, at, type](Region *region, auto... arguments) -> Scalar {
    Frame frame;
    SmallVector<Slot> slots = {Slot(arguments)...}, yielded;
    if (mlir::failed(run(at, frame, *region, slots, yielded)))
      return zeroScalar(type);
    return std::get<Scalar>(yielded.front());
  };
  algebra.zero = apply(&op.getZero());
  algebra.one = apply(&op.getOne());
  algebra.add = [=, region = &op.getAdd()](const Scalar &a, const Scalar &b) {
    return apply(region, a, b);
  };
  algebra.mul = [=, region = &op.getMul()](const Scalar &a, const Scalar &b) {
    return apply(region, a, b);
  };
  return failed() ? failure() : success();
}

//===----------------------------------------------------------------------===//
// Element by element
//===----------------------------------------------------------------------===//

LogicalResult elementwise(Machine &machine, Frame &frame, Operation *op,
                          ElementFn fn) {
  mlir::Value result = op->getResult(0);
  SmallVector<Scalar, 4> in(op->getNumOperands());
  auto type = dyn_cast<RankedTensorType>(result.getType());
  if (!type) {
    for (auto [k, operand] : llvm::enumerate(op->getOperands()))
      in[k] = frame.scalar(operand);
    Scalar out;
    if (!fn(in, out))
      return failure();
    frame.set(result, out);
    return success();
  }
  SmallVector<const Tensor *, 4> tensors(op->getNumOperands(), nullptr);
  const Tensor *shape = nullptr;
  for (auto [k, operand] : llvm::enumerate(op->getOperands())) {
    if (!isa<RankedTensorType>(operand.getType())) {
      in[k] = frame.scalar(operand);
      continue;
    }
    tensors[k] = &frame.tensor(operand);
    if (isSparse(*tensors[k]))
      return machine.uncovered(op, "on a sparse tensor");
    if (shape && shape->extents != tensors[k]->extents)
      return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                          "operands have shapes " + shapeText(shape->extents) +
                              " and " + shapeText(tensors[k]->extents));
    shape = tensors[k];
  }
  if (!shape || *layoutOf(type) != NOODLE_RT_DENSE)
    return machine.uncovered(op, "with such operands");
  TensorRef out =
      machine.dense(op, *elementType(type.getElementType()), shape->extents);
  if (!out)
    return failure();
  for (int64_t k = 0, e = out->size(); k < e; ++k) {
    for (auto [o, tensor] : llvm::enumerate(tensors))
      if (tensor)
        in[o] = tensor->get(k);
    Scalar value;
    if (mlir::failed(machine.step(op)) || !fn(in, value))
      return failure();
    out->set(k, value);
  }
  frame.set(result, out);
  return success();
}

} // namespace mlir::noodle::reference
