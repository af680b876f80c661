//===- Operators.cpp - stars, powers and inverses -------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Operators.h"

#include "noodle/Dialect/Solver.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::noodle;
using namespace mlir::noodle::category;

bool category::isOperator(Operation *op) {
  return isa<StarOp, PowerOp, InverseOp>(op);
}

/// The number of indices of an object; nothing where not known.
static std::optional<int64_t> sizeOf(ArrayRef<int64_t> extents) {
  int64_t size = 1;
  for (int64_t extent : extents)
    if (ShapedType::isDynamic(extent) || llvm::MulOverflow(size, extent, size))
      return std::nullopt;
  return size;
}

bool category::isThinOnTheLeft(HomType whole) {
  // An unknown extent is not thin.
  auto least = [](ArrayRef<int64_t> object) {
    return sizeOf(object).value_or(std::numeric_limits<int64_t>::max());
  };
  return least(whole.getDom()) <= least(whole.getCod());
}

Side category::chooseSide(Operation *op, HomType whole, bool before,
                          bool after) {
  std::optional<int64_t> rows = sizeOf(whole.getDom());
  std::optional<int64_t> columns = sizeOf(whole.getCod());
  Side side = Side::Alone;
  if (before && (!after || isThinOnTheLeft(whole)))
    side = Side::Left;
  else if (after)
    side = Side::Right;
  if (side == Side::Alone || isa<InverseOp>(op))
    return side;
  // Steps of a matrix on a wide operand cost more than its closure: one pass
  // over n nodes is as dear as n products with a vector. A guess.
  constexpr int64_t kWide = 16;
  std::optional<int64_t> wide = side == Side::Left ? rows : columns;
  std::optional<int64_t> nodes =
      sizeOf(cast<HomType>(op->getOperand(0).getType()).getDom());
  bool thin = wide && (*wide == 1 || (nodes && *wide * kWide <= *nodes));
  return thin ? side : Side::Alone;
}

//===----------------------------------------------------------------------===//
// Objects of several wires are one index to these ops
//===----------------------------------------------------------------------===//

namespace {
/// Wires, and a tensor that has them as dimensions from `at` on.
struct Group {
  ArrayRef<int64_t> extents;
  Value source;
  unsigned at;
};

class Shapes {
public:
  Shapes(RewriterBase &rewriter, Location loc) : rewriter(rewriter), loc(loc) {}

  /// The tensor with its dimensions merged to one for each group; an empty
  /// group is a dimension of extent 1.
  Value merge(Value tensor, ArrayRef<unsigned> groups) {
    auto type = cast<RankedTensorType>(tensor.getType());
    SmallVector<ReassociationIndices> merged;
    SmallVector<int64_t> shape, whole;
    unsigned next = 0;
    bool same = true;
    for (unsigned count : groups) {
      same &= count == 1;
      if (count == 0) {
        whole.push_back(1);
        continue;
      }
      ReassociationIndices &group = merged.emplace_back();
      int64_t extent = 1;
      for (unsigned k = 0; k < count; ++k, ++next) {
        group.push_back(next);
        int64_t one = type.getDimSize(next);
        bool known =
            !ShapedType::isDynamic(one) && !ShapedType::isDynamic(extent);
        extent = known ? extent * one : ShapedType::kDynamic;
      }
      shape.push_back(extent);
      whole.push_back(extent);
    }
    if (same)
      return tensor;
    auto made = RankedTensorType::get(shape, type.getElementType());
    Value value = tensor;
    if (made != type)
      value =
          tensor::CollapseShapeOp::create(rewriter, loc, made, value, merged);
    if (whole.size() == shape.size())
      return value;
    // Extents of 1 lie beside the first dimension there is.
    SmallVector<ReassociationIndices> units(merged.size());
    if (!units.empty())
      for (unsigned d = 0, at = 0; d < whole.size(); ++d) {
        units[at].push_back(d);
        if (groups[d] != 0 && at + 1 < units.size())
          ++at;
      }
    return tensor::ExpandShapeOp::create(
        rewriter, loc, RankedTensorType::get(whole, type.getElementType()),
        value, units);
  }

  /// The reverse: a matrix or vector with the wires of each group.
  Value split(Value tensor, ArrayRef<Group> groups) {
    auto type = cast<RankedTensorType>(tensor.getType());
    SmallVector<int64_t> dropped, shape;
    SmallVector<OpFoldResult> sizes;
    SmallVector<ReassociationIndices> kept, parts;
    bool same = true;
    for (auto [d, group] : llvm::enumerate(groups)) {
      same &= group.extents.size() == 1;
      if (group.extents.empty())
        continue;
      dropped.push_back(type.getDimSize(d));
      ReassociationIndices &part = parts.emplace_back();
      for (auto [k, extent] : llvm::enumerate(group.extents)) {
        part.push_back(shape.size());
        shape.push_back(extent);
        sizes.push_back(
            tensor::getMixedSize(rewriter, loc, group.source, group.at + k));
      }
    }
    if (same)
      return tensor;
    Value value = tensor;
    if (dropped.size() != groups.size()) {
      if (!dropped.empty()) {
        // Dimensions of extent 1 go with their neighbour.
        ReassociationIndices all;
        for (unsigned d = 0; d < groups.size(); ++d)
          all.push_back(d);
        kept.push_back(all);
      }
      value = tensor::CollapseShapeOp::create(
          rewriter, loc, RankedTensorType::get(dropped, type.getElementType()),
          value, kept);
    }
    auto made = RankedTensorType::get(shape, type.getElementType());
    if (value.getType() != made)
      value = tensor::ExpandShapeOp::create(rewriter, loc, made, value, parts,
                                            sizes);
    return value;
  }

private:
  RewriterBase &rewriter;
  Location loc;
};
} // namespace

FailureOr<Value> category::formOperator(RewriterBase &rewriter, Operation *op,
                                        Value matrix, Side side, Value entries,
                                        HomType neighbour) {
  Location loc = op->getLoc();
  auto input = cast<HomType>(op->getOperand(0).getType());
  auto own = cast<HomType>(op->getResult(0).getType());
  // One index of several wires is a reshape, whose extents must be static.
  SmallVector<ArrayRef<int64_t>> objects = {own.getDom(), own.getCod()};
  if (neighbour)
    objects.push_back(side == Side::Left ? neighbour.getDom()
                                         : neighbour.getCod());
  for (ArrayRef<int64_t> object : objects)
    if (object.size() > 1 && !sizeOf(object))
      return op->emitOpError()
             << "takes several wires for one, so their extents must be known "
                "when compiled";
  Shapes shapes(rewriter, loc);
  Value square = shapes.merge(matrix, {unsigned(input.getDom().size()),
                                       unsigned(input.getCod().size())});
  // What lies beside the operator: a matrix, or a vector where it has only the
  // operator's wires.
  unsigned domWires = input.getDom().size();
  bool turned = isa<InverseOp>(op);
  Group dom{own.getDom(), matrix, turned ? domWires : 0};
  Group cod{own.getCod(), matrix, turned ? 0 : domWires};
  SmallVector<Group> groups;
  Value beside;
  if (side == Side::Left) {
    if (!neighbour.getDom().empty())
      groups.push_back({neighbour.getDom(), entries, 0});
    groups.push_back(dom);
  } else if (side == Side::Right) {
    groups.push_back(cod);
    if (!neighbour.getCod().empty())
      groups.push_back(
          {neighbour.getCod(), entries, unsigned(neighbour.getDom().size())});
  }
  if (side != Side::Alone)
    beside = shapes.merge(entries,
                          llvm::map_to_vector(groups, [](const Group &group) {
                            return unsigned(group.extents.size());
                          }));
  // The result: the operator's other end in place of the one it was joined at.
  if (side == Side::Left)
    groups.back() = cod;
  else if (side == Side::Right)
    groups.front() = dom;
  else
    groups = {dom, cod};
  SmallVector<int64_t> shape;
  auto squareType = cast<RankedTensorType>(square.getType());
  for (const Group &group : groups)
    shape.push_back(sizeOf(group.extents).value_or(ShapedType::kDynamic));
  auto type = RankedTensorType::get(shape, squareType.getElementType());

  UnitAttr left = side == Side::Left ? rewriter.getUnitAttr() : UnitAttr();
  Value made;
  if (isa<StarOp>(op)) {
    made = ClosureOp::create(rewriter, loc, type, square, beside, left,
                             own.getSemiring());
  } else if (auto power = dyn_cast<PowerOp>(op)) {
    made = MatrixPowerOp::create(rewriter, loc, type, square,
                                 power.getExponent(), beside, power.getNAttr(),
                                 left, own.getSemiring());
  } else {
    made = SolveOp::create(rewriter, loc, type, square, beside, left,
                           rewriter.getStringAttr("general"));
  }
  return shapes.split(made, groups);
}
