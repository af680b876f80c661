//===- CheckExtents.cpp - runtime extents that a kernel relies on ---------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel takes each extent from one tensor and reads the others by it, so
// dynamic extents are compared before the launch. The host's code for the op
// checks again for itself, with the same words.
//
//===----------------------------------------------------------------------===//
#include "CheckExtents.h"

#include "noodle-rt/abi.h"
#include "noodle/Dialect/ContractSpec.h"
#include "noodle/Dialect/Noodle.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::noodle;

namespace {

/// Dimensions that have one extent.
struct Group {
  std::string what; ///< "extents", "extents of letter 'i'"
  int64_t fixed = ShapedType::kDynamic;
  Value extent;
  std::string origin;
};

class Checker {
public:
  explicit Checker(Operation *op, OpBuilder &builder)
      : op(op), b(op->getLoc(), builder) {}

  void run() {
    TypeSwitch<Operation *>(op)
        .Case<ContractOp>([&](ContractOp op) { contract(op); })
        .Case<MapOp>([&](MapOp op) { map(op); })
        .Case<LayerNormOp>([&](LayerNormOp op) { layerNorm(op); })
        .Case<TransposeOp>([&](TransposeOp op) {
          for (auto [d, from] : llvm::enumerate(op.getPermutation()))
            result(op.getInput(), from, d);
        })
        .Case<ReduceOp>([&](ReduceOp op) {
          unsigned next = 0;
          for (int64_t d = 0; d < rankOf(op.getInput()); ++d)
            if (!llvm::is_contained(op.getDims(), d))
              result(op.getInput(), d, next++);
        })
        .Default([&](Operation *op) {
          for (int64_t d = 0; d < rankOf(op->getOperand(0)); ++d)
            result(op->getOperand(0), d, d);
        });
  }

private:
  static int64_t rankOf(Value tensor) {
    return cast<RankedTensorType>(tensor.getType()).getRank();
  }
  static int64_t extentOf(Value tensor, int64_t d) {
    return cast<RankedTensorType>(tensor.getType()).getDimSize(d);
  }
  Value dim(Value tensor, int64_t d) {
    return b.createOrFold<tensor::DimOp>(
        tensor, arith::ConstantIndexOp::create(b, d).getResult());
  }
  void require(Value a, Value c, const Twine &message) {
    if (a == c)
      return;
    CheckOp::create(b, arith::CmpIOp::create(b, arith::CmpIPredicate::eq, a, c),
                    b.getStringAttr(message),
                    b.getI32IntegerAttr(NOODLE_RT_SHAPE_MISMATCH));
  }
  /// `tensor`'s dimension belongs to the group; a static 1 `mayBroadcast`.
  void member(Group &group, Value tensor, int64_t d, const Twine &name,
              bool mayBroadcast) {
    std::string where = (name + ", dimension " + Twine(d)).str();
    int64_t size = extentOf(tensor, d);
    bool isStatic = !ShapedType::isDynamic(size);
    if (isStatic && size == 1 && mayBroadcast)
      return;
    if (!group.extent && !ShapedType::isDynamic(group.fixed)) {
      group.extent = arith::ConstantIndexOp::create(b, group.fixed);
      group.origin = "extent " + std::to_string(group.fixed);
    }
    // The verifier compares static extents.
    if (isStatic && !ShapedType::isDynamic(group.fixed))
      return;
    if (group.extent)
      return require(group.extent, dim(tensor, d),
                     group.what + " disagree: " + where + " and " +
                         group.origin);
    if (isStatic)
      group.fixed = size;
    group.extent = dim(tensor, d);
    group.origin = where;
  }
  /// The result's dimension `to` is the operand's dimension `from`.
  void result(Value tensor, int64_t from, int64_t to) {
    int64_t fixed = extentOf(op->getResult(0), to);
    if (ShapedType::isDynamic(fixed) ||
        !ShapedType::isDynamic(extentOf(tensor, from)))
      return;
    require(dim(tensor, from), arith::ConstantIndexOp::create(b, fixed),
            "extent of dimension " + Twine(to) + " of the result is not " +
                Twine(fixed));
  }

  void contract(ContractOp op);
  void map(MapOp op);
  void layerNorm(LayerNormOp op);

  Operation *op;
  ImplicitLocOpBuilder b;
};

} // namespace

void Checker::contract(ContractOp op) {
  ContractSpec spec = op.getSpec();
  SmallVector<RankedTensorType> types;
  for (Value input : op.getInputs())
    types.push_back(cast<RankedTensorType>(input.getType()));
  FailureOr<SmallVector<int64_t>> known =
      spec.extents(types, op.getType(), [&] { return op.emitOpError(); });
  if (failed(known))
    return; // the verifier has said so
  SmallVector<Group> groups(spec.letterCount());
  for (auto [letter, group] : llvm::enumerate(groups)) {
    group.what = "extents of letter '" + spec.letters[letter] + "'";
    group.fixed = (*known)[letter];
  }
  for (auto [k, input] : llvm::enumerate(op.getInputs()))
    for (auto [d, letter] : llvm::enumerate(spec.operands[k]))
      member(groups[letter], input, d, "operand " + Twine(k), true);
  for (auto [d, letter] : llvm::enumerate(spec.output)) {
    if (op.getMask())
      member(groups[letter], op.getMask(), d, "mask", false);
    if (op.getInit())
      member(groups[letter], op.getInit(), d, "init", false);
  }
}

void Checker::map(MapOp op) {
  RankedTensorType type = op.getType();
  for (int64_t d = 0; d < type.getRank(); ++d) {
    Group group;
    group.what = "extents";
    group.fixed = type.getDimSize(d);
    for (auto [k, input] : llvm::enumerate(op.getInputs()))
      if (isa<RankedTensorType>(input.getType()))
        member(group, input, d, "operand " + Twine(k), true);
  }
}

void Checker::layerNorm(LayerNormOp op) {
  Value input = op.getInput();
  int64_t last = rankOf(input) - 1;
  for (int64_t d = 0; d <= last; ++d)
    result(input, d, d);
  auto along = [&](Value vector, StringRef name) {
    if (vector && (ShapedType::isDynamic(extentOf(vector, 0)) ||
                   ShapedType::isDynamic(extentOf(input, last))))
      require(dim(input, last), dim(vector, 0),
              "extents disagree: " + name + " and the input's last dimension");
  };
  along(op.getScale(), "scale");
  along(op.getShift(), "shift");
}

void noodle::checkExtents(Operation *op, OpBuilder &builder) {
  Checker(op, builder).run();
}

/// An operand's dimension of which the result has the extent; one that is not
/// known, if there is, for a static 1 may give way to another.
static std::pair<Value, int64_t>
pick(ArrayRef<std::pair<Value, int64_t>> candidates) {
  for (auto [tensor, d] : candidates)
    if (cast<RankedTensorType>(tensor.getType()).isDynamicDim(d))
      return {tensor, d};
  for (auto [tensor, d] : candidates)
    if (cast<RankedTensorType>(tensor.getType()).getDimSize(d) != 1)
      return {tensor, d};
  return candidates.front();
}

std::pair<Value, int64_t> noodle::extentSource(Operation *op, int64_t d) {
  SmallVector<std::pair<Value, int64_t>> candidates;
  if (auto contract = dyn_cast<ContractOp>(op)) {
    ContractSpec spec = contract.getSpec();
    for (auto [input, letters] : llvm::zip(contract.getInputs(), spec.operands))
      for (auto [at, letter] : llvm::enumerate(letters))
        if (letter == spec.output[d])
          candidates.push_back({input, at});
    for (Value whole : {contract.getMask(), contract.getInit()})
      if (whole)
        candidates.push_back({whole, d});
  } else if (auto map = dyn_cast<MapOp>(op)) {
    for (Value input : map.getInputs())
      if (isa<RankedTensorType>(input.getType()))
        candidates.push_back({input, d});
  } else if (auto transpose = dyn_cast<TransposeOp>(op)) {
    candidates.push_back({transpose.getInput(), transpose.getPermutation()[d]});
  } else if (auto reduce = dyn_cast<ReduceOp>(op)) {
    auto type = cast<RankedTensorType>(reduce.getInput().getType());
    for (int64_t at = 0, kept = 0; at < type.getRank(); ++at)
      if (!llvm::is_contained(reduce.getDims(), at) && kept++ == d)
        candidates.push_back({reduce.getInput(), at});
  } else {
    candidates.push_back({op->getOperand(0), d});
  }
  return pick(candidates);
}
