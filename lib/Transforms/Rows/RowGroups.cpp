//===- RowGroups.cpp - ops that may run row by row together ---------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "RowGroups.h"

#include "noodle/Dialect/Noodle.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;
using namespace mlir::noodle;

/// What an unknown extent is taken for.
static constexpr int64_t kUnknown = 1024;
/// Rows of a block with a contraction: the least that keeps its register tiles
/// full and pays for reading the shared operand again. A guess.
static constexpr int64_t kLeastContractRows = 32;

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

std::optional<LoopView> LoopView::of(Operation *op) {
  LoopView view;
  view.op = op;
  if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
    if (!generic.hasPureTensorSemantics() || generic.hasIndexSemantics() ||
        generic.getNumLoops() == 0)
      return std::nullopt;
    for (OpOperand &operand : op->getOpOperands()) {
      if (!isa<RankedTensorType>(operand.get().getType()))
        continue;
      if (generic.isDpsInit(&operand) &&
          operand.getOperandNumber() == generic.getNumDpsInputs())
        view.firstOut = view.operands.size();
      view.maps.push_back(generic.getMatchingIndexingMap(&operand));
      view.operands.push_back(&operand);
    }
  } else if (auto contract = dyn_cast<FusedContractOp>(op)) {
    if (contract.onBuffers())
      return std::nullopt;
    auto add = [&](MutableOperandRange range) {
      for (OpOperand &operand : range) {
        view.maps.push_back(contract.getMap(view.operands.size()));
        view.operands.push_back(&operand);
      }
    };
    add(contract.getLhsMutable());
    add(contract.getRhsMutable());
    add(contract.getExtrasMutable());
    view.firstOut = view.operands.size();
    view.maps.push_back(contract.getMap(view.firstOut));
    view.operands.push_back(&contract.getOutMutable());
  } else {
    return std::nullopt;
  }
  for (auto [map, operand] : llvm::zip(view.maps, view.operands)) {
    if (cast<RankedTensorType>(operand->get().getType()).getEncoding())
      return std::nullopt;
    for (AffineExpr expr : map.getResults())
      if (!isa<AffineDimExpr, AffineConstantExpr>(expr))
        return std::nullopt;
  }
  return view;
}

bool LoopView::isParallel(unsigned loop) const {
  return llvm::all_of(ArrayRef(maps).drop_front(firstOut),
                      [&](AffineMap map) { return map.isFunctionOfDim(loop); });
}

bool LoopView::sums() const {
  for (unsigned loop = 0; loop < loops(); ++loop)
    if (!isParallel(loop))
      return true;
  return false;
}

Operation *noodle::emptyBehind(Value init) {
  Operation *op = init.getDefiningOp();
  if (auto fill = dyn_cast_if_present<linalg::FillOp>(op))
    op = fill.getOutputs().front().getDefiningOp();
  return isa_and_present<tensor::EmptyOp>(op) ? op : nullptr;
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

static int64_t times(int64_t a, int64_t b) {
  int64_t product;
  return __builtin_mul_overflow(a, b, &product)
             ? std::numeric_limits<int64_t>::max() / 4
             : product;
}

/// Bytes of a tensor without the dimensions in `rows`.
static int64_t bytesBesides(Value value, ArrayRef<unsigned> rows) {
  auto type = cast<RankedTensorType>(value.getType());
  Type element = type.getElementType();
  int64_t bytes =
      element.isIntOrFloat() ? (element.getIntOrFloatBitWidth() + 7) / 8 : 16;
  for (unsigned d = 0; d < type.getRank(); ++d)
    if (!llvm::is_contained(rows, d))
      bytes =
          times(bytes, type.isDynamicDim(d) ? kUnknown : type.getDimSize(d));
  return bytes;
}

/// Dimensions of an operand that run with the given loops.
static SmallVector<unsigned> dimsOf(AffineMap map, ArrayRef<unsigned> loops) {
  SmallVector<unsigned> dims;
  for (auto [d, expr] : llvm::enumerate(map.getResults()))
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      if (llvm::is_contained(loops, dim.getPosition()))
        dims.push_back(d);
  return dims;
}

static bool isContraction(const RowMember &member) {
  return isa<FusedContractOp>(member.view.op);
}

/// Bytes of the largest operand that every row of a block reads.
static int64_t sharedBytes(const RowMember &member, const RowGroup &group) {
  int64_t most = 0;
  unsigned last = member.rows.back();
  for (auto [map, operand] : llvm::zip(member.view.maps, member.view.operands))
    if (!map.isFunctionOfDim(last) && !group.has(operand->get()))
      most = std::max(most,
                      bytesBesides(operand->get(), dimsOf(map, member.rows)));
  return most;
}

/// Bytes of a row in all that a block touches.
static int64_t rowBytes(const RowGroup &group) {
  int64_t bytes = 0;
  for (auto &[value, dims] : group.values)
    bytes += bytesBesides(value, dims);
  llvm::SmallDenseSet<Value> seen;
  for (const RowMember &member : group.members)
    for (auto [k, operand] : llvm::enumerate(member.view.operands)) {
      Value value = operand->get();
      AffineMap map = member.view.maps[k];
      if (k >= member.view.firstOut || group.has(value) ||
          !map.isFunctionOfDim(member.rows.back()) ||
          !seen.insert(value).second)
        continue;
      bytes += bytesBesides(value, dimsOf(map, member.rows));
    }
  return std::max<int64_t>(bytes, 1);
}

int64_t noodle::rowsPerBlock(const RowGroup &group, const RowCaches &caches) {
  bool contracts = llvm::any_of(group.members, isContraction);
  // Values that die within the block share memory, so that less than this is
  // live at a time. Without contractions a few rows are enough to pay for
  // starting a block.
  int64_t rows =
      (contracts ? caches.second : 2 * caches.first) / rowBytes(group);
  if (contracts)
    rows = std::max(rows, kLeastContractRows);
  rows = std::max<int64_t>(rows, 1);
  const RowMember &first = group.members.front();
  auto type = cast<RankedTensorType>(
      first.view.operands[first.view.firstOut]->get().getType());
  unsigned d = group.values.front().second.back();
  if (rows >= 64)
    rows -= rows % 64;
  else if (rows >= 8)
    rows -= rows % 8;
  if (type.isDynamicDim(d))
    return rows;
  int64_t extent = std::max<int64_t>(type.getDimSize(d), 1);
  rows = std::min(rows, extent);
  // Blocks of one size have constant shapes.
  for (int64_t fewer = rows; fewer > rows / 2; --fewer)
    if (extent % fewer == 0)
      return fewer;
  return rows;
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

bool RowGroup::escapes(Value value) const {
  return llvm::any_of(value.getUsers(), [&](Operation *user) {
    return llvm::none_of(members, [&](const RowMember &member) {
      return member.view.op == user;
    });
  });
}

void RowGroup::restrict(const llvm::SmallBitVector &kept) {
  auto cut = [&](SmallVector<unsigned> &list) {
    SmallVector<unsigned> next;
    for (auto [k, entry] : llvm::enumerate(list))
      if (kept.test(k))
        next.push_back(entry);
    list = next;
  };
  for (RowMember &member : members)
    cut(member.rows);
  for (auto &entry : values)
    cut(entry.second);
}

namespace {
class Finder {
public:
  Finder(Block &block, const RowCaches &caches)
      : block(block), caches(caches) {}

  std::vector<RowGroup> run();

private:
  RowGroup *groupOf(Value value) {
    for (auto &group : groups)
      if (group->has(value))
        return group.get();
    return nullptr;
  }
  void add(LoopView view);
  bool join(RowGroup &group, const LoopView &view);
  bool worthwhile(RowGroup &group);

  Block &block;
  const RowCaches &caches;
  std::vector<std::unique_ptr<RowGroup>> groups;
};
} // namespace

/// Records the member's results.
static void append(RowGroup &group, LoopView view, ArrayRef<unsigned> rows) {
  for (auto [k, result] : llvm::enumerate(view.op->getResults())) {
    AffineMap map = view.maps[view.firstOut + k];
    SmallVector<unsigned> dims;
    for (unsigned loop : rows)
      dims.push_back(
          *map.getResultPosition(getAffineDimExpr(loop, map.getContext())));
    group.values[result] = dims;
  }
  group.members.push_back({std::move(view), SmallVector<unsigned>(rows)});
}

/// Adds an op that uses values of the group, if some row dimension survives.
bool Finder::join(RowGroup &group, const LoopView &view) {
  SmallVector<std::optional<unsigned>> rows(group.rows());
  llvm::SmallBitVector kept(group.rows(), true);
  for (auto [map, operand] : llvm::zip(view.maps, view.operands)) {
    auto found = group.values.find(operand->get());
    if (found == group.values.end())
      continue;
    for (unsigned r = 0; r < group.rows(); ++r) {
      auto dim = dyn_cast<AffineDimExpr>(map.getResult(found->second[r]));
      if (!dim || !view.isParallel(dim.getPosition()) ||
          (rows[r] && *rows[r] != dim.getPosition()))
        kept.reset(r);
      else
        rows[r] = dim.getPosition();
    }
  }
  // Two row dimensions may not become one: that is a diagonal.
  for (unsigned r = 0; r < group.rows(); ++r)
    for (unsigned s = 0; s < r; ++s)
      if (kept.test(r) && kept.test(s) && rows[r] == rows[s])
        kept.reset(r);
  if (kept.none())
    return false;
  SmallVector<unsigned> loops;
  for (unsigned r = 0; r < group.rows(); ++r)
    if (kept.test(r))
      loops.push_back(*rows[r]);
  if (view.sums() && sharedBytes({view, loops}, group) > caches.second / 2)
    return false;
  if (!kept.all())
    group.restrict(kept);
  append(group, view, loops);
  return true;
}

void Finder::add(LoopView view) {
  SmallVector<RowGroup *> used;
  for (OpOperand *operand : view.operands)
    if (RowGroup *group = groupOf(operand->get()))
      if (!llvm::is_contained(used, group))
        used.push_back(group);
  RowGroup *mine = nullptr;
  for (RowGroup *group : llvm::reverse(used))
    if (!mine && group->open && join(*group, view))
      mine = group;
  for (RowGroup *group : used)
    if (group != mine)
      group->open = false;
  if (mine)
    return;
  SmallVector<unsigned> rows;
  for (unsigned loop = 0; loop < view.loops(); ++loop)
    if (view.isParallel(loop))
      rows.push_back(loop);
  if (rows.empty())
    return;
  auto group = std::make_unique<RowGroup>();
  append(*group, std::move(view), rows);
  groups.push_back(std::move(group));
}

bool Finder::worthwhile(RowGroup &group) {
  if (group.members.size() < 2)
    return false;
  // Rows are what vectors run along: one dimension stays.
  bool allRows = llvm::all_of(group.values, [&](auto &entry) {
    return cast<RankedTensorType>(entry.first.getType()).getRank() ==
           int64_t(entry.second.size());
  });
  if (allRows && group.rows() > 1) {
    llvm::SmallBitVector kept(group.rows(), true);
    kept.reset(group.rows() - 1);
    group.restrict(kept);
  }
  for (RowMember &member : group.members)
    if (member.view.sums() && sharedBytes(member, group) > caches.second / 2)
      return false;
  // What passes from one member to another would leave the cache.
  int64_t passed = 0;
  for (auto &[value, dims] : group.values)
    if (llvm::any_of(value.getUsers(), [&](Operation *user) {
          return llvm::any_of(group.members, [&](const RowMember &member) {
            return member.view.op == user;
          });
        }))
      passed = std::max(passed, bytesBesides(value, {}));
  for (const RowMember &member : group.members)
    for (OpOperand *operand : member.view.operands)
      passed = std::max(passed, bytesBesides(operand->get(), {}));
  return passed > caches.second / 2;
}

std::vector<RowGroup> Finder::run() {
  for (Operation &op : block) {
    if (auto view = LoopView::of(&op)) {
      add(std::move(*view));
      continue;
    }
    // Whoever else uses a value needs all of it.
    op.walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (RowGroup *group = groupOf(operand))
          group->open = false;
    });
  }
  std::vector<RowGroup> found;
  for (auto &group : groups)
    if (worthwhile(*group))
      found.push_back(std::move(*group));
  return found;
}

std::vector<RowGroup> noodle::findRowGroups(Block &block,
                                            const RowCaches &caches) {
  return Finder(block, caches).run();
}
