//===- PlanContractions.cpp - in which order contractions are made --------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "../Laws/Laws.h"
#include "Island.h"
#include "Record.h"

#include "noodle/Algebra/OrderCache.h"
#include "noodle/Algebra/Passes.h"
#include "noodle/Algebra/Sites.h"
#include "noodle/Dialect/SparseProduct.h"

#include "mlir/Dialect/SparseTensor/IR/SparseTensor.h"
#include "llvm/ADT/SmallBitVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Format.h"
#include <cmath>

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEPLANCONTRACTIONSPASS
#include "noodle/Algebra/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

/// Entries of the largest intermediate worth its memory: 8 GiB of f64. A guess.
static constexpr double kMostEntries = double(1 << 30);
/// Of a memory limit, what is left to the blocks that products pack: an eighth,
/// and no more than the 32 MiB that a few threads take. A guess.
static double packing(double memoryLimit) {
  return std::min<double>(memoryLimit / 8, 32 << 20);
}
/// Nested products are regrouped where that leaves at most this share of the
/// multiplications: less is rounding. What does not pay as a whole does not pay
/// in part then.
static constexpr double kWorthRegrouping = 0.99;

/// Multiplications that are worth half a second of looking for fewer: about a
/// second of one core.
static constexpr double kWorthSearching = 3e10;
/// Larger networks are taken to depend on what was guessed.
static constexpr size_t kMostTried = 16;
/// Searches for an order that keeps within a memory limit, before any slicing.
static constexpr uint64_t kSeeds = 5;

/// Why sparse floats are not summed before they meet the rest.
static constexpr StringRef kFloatZeros =
    "absent entries would become float zeros";

namespace {

/// "20000" or "1.30e+09".
std::string count(double number) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (number < 1e7)
    stream << std::llround(number);
  else
    stream << llvm::format("%.2e", number);
  return text;
}

/// "512 bytes" or "1.21 MiB".
std::string bytes(double number) {
  static constexpr StringRef units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (number < 1024)
    return std::to_string(std::llround(number)) + " bytes";
  unsigned unit = 0;
  for (number /= 1024; number >= 1024 && unit + 1 < std::size(units); ++unit)
    number /= 1024;
  std::string text;
  llvm::raw_string_ostream(text)
      << llvm::format("%.2f ", number) << units[unit];
  return text;
}

/// An island in numbers.
struct NumberedIsland {
  ContractionNetwork network;
  SmallVector<std::string> names; ///< of letters
  double sums = 0;                ///< additions before the products
  bool known = true;              ///< whether every extent is
  bool exact = true;              ///< whether every one is in a type
  /// What was guessed for want of statistics: letters, and sparse factors.
  SmallVector<unsigned> letters, factors;
};

/// What is done with an island.
struct Plan {
  ContractionOrder order;
  double peak = 0; ///< entries alive at once
  bool fits = true;
};

class Planner {
public:
  Planner(LawContext &context, int64_t memoryLimit, bool thorough,
          OrderCache &orders)
      : context(context), memoryLimit(memoryLimit),
        worthSearching(thorough ? 0 : kWorthSearching), orders(orders) {}

  /// Plans the contraction with the producers that it may take in.
  LogicalResult plan(ContractOp root);
  /// Whether another contraction has taken this one in, which is gone then.
  bool isTaken(Operation *op) const { return taken.contains(op); }
  /// Whether orders were compared by sizes that are not known.
  bool hasGuessed() const { return guessed; }

private:
  std::string whyWhole(const Island &island);
  /// Whether the order rests on guesses that statistics would replace.
  bool otherGuessesDiffer(const NumberedIsland &numbered,
                          const ContractionOrder &order);
  double densityOf(Value sparse, std::optional<double> entries);
  NumberedIsland number(const Island &island);
  Plan order(const Island &island, const NumberedIsland &numbered,
             OrderEffort effort = OrderEffort::Quick);
  /// The dense factors first, the one sparse factor last: its absent entries
  /// are skipped as one nest would. Nothing where that costs more.
  std::optional<Plan> sparseLast(const Island &island,
                                 const NumberedIsland &numbered);
  /// Multiplications of the contraction planned alone.
  double aloneFlops(ContractOp op);
  double bytesOf(Value tensor);
  PlanCost asWritten(const Island &island);
  PlanCost planned(const Island &island, const NumberedIsland &numbered,
                   const Plan &plan);
  bool reducePrivate(Island &island);
  void note(Operation *op, std::string text);
  LogicalResult execute(Island &island, const NumberedIsland &numbered,
                        const Plan &plan, PlanCost before, std::string text);
  LogicalResult noteUnfit(ContractOp root, const NumberedIsland &numbered,
                          const Plan &plan);

  LawContext &context;
  int64_t memoryLimit;
  double worthSearching; ///< multiplications
  OrderCache &orders;
  bool guessed = false;
  llvm::SmallDenseSet<Operation *> taken;
  /// That an island held which does not pay.
  llvm::SmallDenseSet<Operation *> settled;
  llvm::DenseMap<Operation *, double> alone;
};

} // namespace

/// Why the contraction must stay one loop nest; empty where it may be split.
std::string Planner::whyWhole(const Island &island) {
  ContractOp op = island.root;
  FailureOr<Semiring> semiring =
      Semiring::resolve(op.getSemiring(), op.getAccumulatorType(), op,
                        [&] { return op.emitOpError(); });
  if (failed(semiring))
    return "the semiring is unknown";
  SemiringTraits traits = semiring->traits();
  if (!traits.associative || !traits.distributive)
    return "the semiring is not associative and distributive";
  bool sparse = llvm::any_of(island.factors,
                             [](const Factor &f) { return f.isSparse(); });
  // Sparse matrices in a row have sparse products: what is absent stays so.
  bool chain = !island.sparseChain().empty();
  if (sparse && !chain && !traits.annihilating)
    return "the semiring's zero does not annihilate";
  if (chain && !traits.commutative && !island.inOrder())
    return "the matrices do not stand in the order of their product";
  if (auto form = sparseProductForm(op); form && (form->scale || !chain))
    return "one operand says where the product of the others is needed";
  if (op.getType().getEncoding() && !chain)
    return "the result is sparse";
  // Operands of a contraction have one element type.
  if (island.factors[0].type().getElementType() != op.getAccumulatorType())
    return "intermediates would have the accumulator's type";
  // Summing first makes an absent entry a zero, which IEEE multiplies: 0 * inf
  // is NaN where skipping gives 0.
  if (sparse && !chain && !traits.exact &&
      LawContext::policyOf(op) == FPPolicy::Strict)
    return kFloatZeros.str();
  return {};
}

/// Share of a sparse tensor's entries that are stored: as known, else of a
/// product as expected of entries that lie anywhere, else all.
double Planner::densityOf(Value sparse, std::optional<double> entries) {
  if (!entries || *entries <= 0)
    return 1;
  if (std::optional<int64_t> stored = context.sizes.stored(sparse))
    return double(*stored) / *entries;
  if (auto product = sparse.getDefiningOp<ContractOp>())
    return std::min(1.0, aloneFlops(product) / *entries);
  return 1;
}

/// Contract_Distributivity: a letter of one operand alone is summed first where
/// that keeps it out of the other operands' loops. The letters that are left.
static SmallVector<std::string> summedFirst(const Island &island,
                                            unsigned number) {
  const Factor &factor = island.factors[number];
  SmallVector<Factor> rest(island.factors);
  rest.erase(rest.begin() + number);
  bool more = llvm::any_of(rest, [&](const Factor &other) {
    return llvm::any_of(other.letters, [&](const std::string &letter) {
      return !factor.has(letter);
    });
  });
  SmallVector<std::string> kept = island.keptOf(factor, rest);
  bool repeats = llvm::any_of(factor.letters, [&](const std::string &l) {
    return llvm::count(factor.letters, l) > 1;
  });
  return more && !repeats ? kept : factor.letters;
}

/// CSR, with positions and coordinates as wide as `like`'s.
static Attribute csrLike(RankedTensorType like) {
  auto encoding = sparse_tensor::getSparseTensorEncoding(like);
  auto map = AffineMap::getMultiDimIdentityMap(2, like.getContext());
  return sparse_tensor::SparseTensorEncodingAttr::get(
      like.getContext(),
      {sparse_tensor::LevelFormat::Dense,
       sparse_tensor::LevelFormat::Compressed},
      map, map, encoding.getPosWidth(), encoding.getCrdWidth());
}

/// The factors as a network; intermediates are dense, but for those of a chain
/// of sparse matrices.
NumberedIsland Planner::number(const Island &island) {
  NumberedIsland numbered;
  ContractionNetwork &network = numbered.network;
  network.denseResults = island.sparseChain().empty();
  llvm::StringMap<unsigned> numbers;
  SmallVector<std::optional<double>> extents;
  auto number = [&](const std::string &name) {
    auto [at, made] = numbers.try_emplace(name, extents.size());
    if (made) {
      extents.push_back(std::nullopt);
      numbered.names.push_back(name);
    }
    return at->second;
  };
  for (const Factor &factor : island.factors) {
    SmallVector<unsigned> letters;
    std::optional<double> entries = 1;
    for (auto [d, name] : llvm::enumerate(factor.letters)) {
      unsigned letter = number(name);
      if (!llvm::is_contained(letters, letter))
        letters.push_back(letter);
      context.sizes.lackedStatistics();
      std::optional<int64_t> extent = context.sizes.extent(factor.value, d);
      if (!extent && context.sizes.lackedStatistics())
        numbered.letters.push_back(letter);
      // A 1 gives way to what another operand says: it broadcasts.
      if (extent)
        extents[letter] =
            std::max<double>(extents[letter].value_or(1), *extent);
      numbered.exact &= !factor.type().isDynamicDim(d) && !factor.isSparse();
      if (extent && entries)
        *entries *= *extent;
      else
        entries = std::nullopt;
      if (factor.isSparse())
        network.whole.push_back(letter);
    }
    network.density.push_back(
        factor.isSparse() ? densityOf(factor.value, entries) : 1);
    context.sizes.lackedStatistics();
    if (factor.isSparse() && !factor.value.getDefiningOp<ContractOp>() &&
        !context.sizes.stored(factor.value) && context.sizes.lackedStatistics())
      numbered.factors.push_back(network.operands.size());
    network.operands.push_back(letters);
  }
  for (const std::string &name : island.output)
    network.output.push_back(number(name));
  SmallVector<double> sizes(extents.size());
  for (auto [size, extent] : llvm::zip(sizes, extents))
    size = std::max(1.0, extent.value_or(kUnknownExtent));
  for (auto [k, factor] : llvm::enumerate(island.factors)) {
    SmallVector<std::string> kept = summedFirst(island, k);
    if (kept.size() == factor.letters.size())
      continue;
    double entries = network.density[k];
    for (unsigned letter : network.operands[k])
      entries *= sizes[letter];
    numbered.sums += entries;
    llvm::erase_if(network.operands[k], [&](unsigned letter) {
      return !llvm::is_contained(kept, numbered.names[letter]);
    });
    network.density[k] = 1;
  }
  llvm::erase_if(numbered.letters,
                 [&](unsigned letter) { return extents[letter].has_value(); });
  for (std::optional<double> extent : extents) {
    numbered.known &= extent.has_value();
    network.extents.push_back(std::max(1.0, extent.value_or(kUnknownExtent)));
  }
  return numbered;
}

/// Of what steps make, with its coordinate where it is stored sparse.
static double bytesOfEntry(const Island &island) {
  ContractOp root = island.root;
  double each = elementBytes(root.getAccumulatorType());
  if (auto encoding = dyn_cast_or_null<sparse_tensor::SparseTensorEncodingAttr>(
          island.pieces))
    each += encoding.getCrdWidth() == 32 ? 4 : 8;
  return each;
}

/// Tries small and large ones in turn: an order that none of them changes needs
/// no statistics.
bool Planner::otherGuessesDiffer(const NumberedIsland &numbered,
                                 const ContractionOrder &order) {
  size_t guesses = numbered.letters.size() + numbered.factors.size();
  if (guesses == 0 || order.steps.size() < 2)
    return false;
  if (order.steps.size() >= kMostTried)
    return true;
  for (unsigned turn = 0; turn < 4; ++turn) {
    ContractionNetwork network = numbered.network;
    unsigned number = 0;
    // All small, all large, and every other one.
    auto small = [&] { return turn < 2 ? turn == 0 : (number++ + turn) % 2; };
    for (unsigned letter : numbered.letters)
      network.extents[letter] = small() ? 4 : 1 << 14;
    for (unsigned factor : numbered.factors)
      if (network.density[factor] == 1)
        network.density[factor] = small() ? 1e-3 : 1;
    OrderOptions options;
    options.effort = OrderEffort::Least;
    options.neighbours = !network.denseResults;
    ContractionOrder other = orders.order(network, options);
    priceOrder(network, other);
    ContractionOrder ours = order;
    ours.sliced.clear();
    priceOrder(network, ours);
    if (other.flops < kWorthRegrouping * ours.flops)
      return true;
  }
  return false;
}

/// The order, sliced until it fits the memory limit.
Plan Planner::order(const Island &island, const NumberedIsland &numbered,
                    OrderEffort effort) {
  const ContractionNetwork &network = numbered.network;
  ContractOp op = island.root;
  bool commutes = Semiring::resolve(op.getSemiring(), op.getAccumulatorType(),
                                    op, [&] { return op.emitOpError(); })
                      ->traits()
                      .commutative;
  OrderOptions options;
  options.effort = effort;
  // Sparse results are matrices.
  options.neighbours = !network.denseResults;
  double each = bytesOfEntry(island);
  double most = memoryLimit > 0 ? (memoryLimit - packing(memoryLimit)) / each
                                : kMostEntries;
  auto find = [&] {
    // Neighbours are joined in any grouping, others only where products
    // commute.
    Plan plan;
    plan.order =
        commutes ? orders.order(network, options) : orderAsWritten(network);
    plan.peak = arrangeSteps(network, plan.order);
    plan.fits = (memoryLimit > 0 ? plan.peak : plan.order.largest) <= most;
    return plan;
  };
  Plan best = find();
  guessed = guessed || (commutes && otherGuessesDiffer(numbered, best.order));
  auto keep = [&](Plan plan) {
    if (plan.fits != best.fits ? plan.fits
                               : plan.order.flops < best.order.flops)
      best = std::move(plan);
  };
  auto searchOn = [&] {
    if (effort != OrderEffort::Quick || best.order.optimal ||
        best.order.flops < worthSearching)
      return;
    options.effort = OrderEffort::Thorough;
    keep(find());
    options.effort = effort;
  };
  if (!commutes || !numbered.known)
    return best;
  searchOn();
  // Without a limit a contraction that does not fit stays one nest.
  if (memoryLimit == 0)
    return best;
  // Trees differ in what is alive at once.
  for (options.seed = 2; options.seed <= kSeeds && !best.fits; ++options.seed)
    keep(find());
  options.seed = 1;
  // That is a few of the largest, so each round asks for smaller ones.
  options.mostEntries = std::min(most, best.order.largest / 2);
  while (!best.fits && options.mostEntries >= 1) {
    Plan next = find();
    bool better = next.fits || next.peak < best.peak;
    options.mostEntries = std::min(options.mostEntries, next.order.largest) / 2;
    if (better)
      best = std::move(next);
    else if (next.order.largest > options.mostEntries * 2)
      break; // no letter is left to slice
    if (best.fits) {
      options.mostEntries = best.order.largest;
      searchOn();
      break;
    }
  }
  return best;
}

/// One nest over all letters, which multiplies all operands at each point.
static double nestFlops(const ContractionNetwork &network) {
  llvm::SmallBitVector walked(network.extents.size());
  for (ArrayRef<unsigned> letters : network.operands)
    for (unsigned letter : letters)
      walked.set(letter);
  double flops = 1;
  for (unsigned letter : walked.set_bits())
    flops *= network.extents[letter];
  for (double density : network.density)
    flops *= density;
  return flops * std::max<double>(1, double(network.operands.size()) - 1);
}

std::optional<Plan> Planner::sparseLast(const Island &island,
                                        const NumberedIsland &numbered) {
  auto isSparse = [](const Factor &factor) { return factor.isSparse(); };
  if (island.factors.size() < 3 ||
      llvm::count_if(island.factors, isSparse) != 1)
    return std::nullopt;
  unsigned sparse =
               llvm::find_if(island.factors, isSparse) - island.factors.begin(),
           count = island.factors.size();
  // Summed on its own it would have zeros.
  if (summedFirst(island, sparse).size() !=
      island.factors[sparse].letters.size())
    return std::nullopt;
  NumberedIsland dense = numbered;
  ContractionNetwork &network = dense.network;
  for (unsigned letter : network.operands[sparse])
    if (!llvm::is_contained(network.output, letter))
      network.output.push_back(letter);
  network.operands.erase(network.operands.begin() + sparse);
  network.density.assign(count - 1, 1);
  // Letters of the sparse factor alone are no one's here.
  llvm::erase_if(network.output, [&](unsigned letter) {
    return llvm::none_of(network.operands, [&](ArrayRef<unsigned> letters) {
      return llvm::is_contained(letters, letter);
    });
  });
  Plan plan = order(island, dense);
  if (!plan.fits || !plan.order.sliced.empty())
    return std::nullopt;
  auto number = [&](unsigned node) {
    if (node < count - 1)
      return node < sparse ? node : node + 1;
    return node + 1;
  };
  for (ContractionStep &step : plan.order.steps)
    step = {number(step.lhs), number(step.rhs)};
  unsigned rest = plan.order.steps.empty()
                      ? number(0)
                      : count + unsigned(plan.order.steps.size()) - 1;
  plan.order.steps.push_back({sparse, rest});
  plan.order.method = "sparse last";
  priceOrder(numbered.network, plan.order);
  plan.peak = arrangeSteps(numbered.network, plan.order);
  if (plan.order.flops >= kWorthRegrouping * nestFlops(numbered.network))
    return std::nullopt;
  return plan;
}

double Planner::aloneFlops(ContractOp op) {
  if (auto found = alone.find(op); found != alone.end())
    return found->second;
  Island island(op);
  NumberedIsland numbered = number(island);
  double flops = nestFlops(numbered.network);
  if (island.factors.size() > 2 && whyWhole(island).empty())
    flops = std::min(flops, order(island, numbered).order.flops);
  flops += numbered.sums;
  alone[op] = flops;
  return flops;
}

/// As planning takes it where something is unknown.
double Planner::bytesOf(Value tensor) {
  if (std::optional<double> known = context.sizes.bytes(tensor))
    return *known;
  auto type = cast<RankedTensorType>(tensor.getType());
  double bytes = elementBytes(type.getElementType());
  double entries = 1;
  for (int64_t d = 0; d < type.getRank(); ++d)
    entries *= context.extent(tensor, d);
  if (auto encoding = sparse_tensor::getSparseTensorEncoding(type))
    return entries * densityOf(tensor, entries) *
           (bytes + (encoding.getCrdWidth() == 32 ? 4 : 8));
  return bytes * entries;
}

/// Each contraction planned alone: what is alive is a result and those that it
/// is made of.
PlanCost Planner::asWritten(const Island &island) {
  PlanCost cost;
  auto add = [&](ContractOp op) {
    double result = bytesOf(op.getResult()), alive = result;
    cost.products += aloneFlops(op);
    cost.bytes += result;
    for (Value input : op.getInputs()) {
      cost.bytes += bytesOf(input);
      if (llvm::is_contained(island.inner, input.getDefiningOp()))
        alive += bytesOf(input);
    }
    cost.peak = std::max(cost.peak, alive);
  };
  add(island.root);
  for (Operation *op : island.inner)
    if (auto contract = dyn_cast<ContractOp>(op))
      add(contract);
  return cost;
}

PlanCost Planner::planned(const Island &island, const NumberedIsland &numbered,
                          const Plan &plan) {
  const ContractionNetwork &network = numbered.network;
  double each = bytesOfEntry(island);
  PlanCost cost;
  cost.products = plan.order.flops + numbered.sums;
  cost.peak = plan.peak * each;
  std::vector<double> entries = entriesOf(network, plan.order);
  for (auto [k, step] : llvm::enumerate(plan.order.steps))
    cost.bytes += each * (entries[step.lhs] + entries[step.rhs] +
                          entries[network.operands.size() + k]);
  return cost;
}

/// Sums what is summed first. Says whether there was something.
bool Planner::reducePrivate(Island &island) {
  bool changed = false;
  for (unsigned k = 0; k < island.factors.size(); ++k) {
    SmallVector<std::string> kept = summedFirst(island, k);
    if (kept.size() == island.factors[k].letters.size())
      continue;
    island.factors[k] =
        emitPiece(island, island.factors[k], kept, context.rewriter);
    changed = true;
  }
  return changed;
}

/// Adds to what laws have said of the op.
void Planner::note(Operation *op, std::string text) {
  if (auto before = op->getAttrOfType<StringAttr>("noodle.plan"))
    text = before.getValue().str() + "; " + text;
  op->setAttr("noodle.plan", context.rewriter.getStringAttr(text));
}

/// No order keeps within the memory limit: an error where the sizes are sure,
/// which those of `noodle.stats` are not.
LogicalResult Planner::noteUnfit(ContractOp root,
                                 const NumberedIsland &numbered,
                                 const Plan &plan) {
  double each = elementBytes(root.getAccumulatorType());
  if (memoryLimit > 0 && numbered.exact)
    return root.emitError("no order of these products keeps within the memory "
                          "limit of ")
           << bytes(memoryLimit) << ": the smallest peak found is "
           << bytes(plan.peak * each + packing(memoryLimit));
  note(root, "one loop nest: an intermediate would have " +
                 count(plan.order.largest) + " entries");
  return success();
}

LogicalResult Planner::execute(Island &island, const NumberedIsland &numbered,
                               const Plan &plan, PlanCost before,
                               std::string text) {
  IRRewriter &rewriter = context.rewriter;
  ContractOp root = island.root;
  ArrayRef<ContractionStep> steps = plan.order.steps;
  double each = elementBytes(root.getAccumulatorType());
  rewriter.setInsertionPoint(root);
  auto record =
      orderRecord(rewriter, numbered.network, numbered.names, plan.order,
                  before, planned(island, numbered, plan));
  bool changed = reducePrivate(island);
  if (!plan.order.sliced.empty()) {
    auto said = root->getAttr("noodle.plan");
    Value sum = emitSliced(island, plan.order, numbered.names, rewriter);
    if (!sum)
      return noteUnfit(root, numbered, plan);
    double slices = 1;
    std::string letters;
    for (unsigned letter : plan.order.sliced) {
      slices *= numbered.network.extents[letter];
      letters += (letters.empty() ? "" : ", ") + numbered.names[letter];
    }
    text += ", in " + count(slices) + " slices of " + letters + ", " +
            bytes(plan.peak * each) + " alive at most";
    auto loop = cast<scf::ForOp>(sum.getDefiningOp());
    while (auto next =
               dyn_cast<scf::ForOp>(*std::prev(loop.getBody()->end(), 2)))
      loop = next;
    Operation *last = &*std::prev(loop.getBody()->end(), 2);
    if (said)
      last->setAttr("noodle.plan", said);
    note(last, text);
    last->setAttr("noodle.order", record);
    rewriter.replaceOp(root, sum);
  } else {
    if (!changed && steps.size() < 2 && island.inner.empty())
      return success();
    SmallVector<Factor> last = emitSteps(island, steps, rewriter);
    if (memoryLimit > 0 && steps.size() > 1)
      text += ", " + bytes(plan.peak * each) + " alive at most";
    SmallVector<Value> inputs =
        llvm::map_to_vector(last, [](const Factor &f) { return f.value; });
    rewriter.modifyOpInPlace(root, [&] {
      root.getInputsMutable().assign(inputs);
      root.setEquation(equationOf(last, island.output));
      note(root, text);
      if (steps.size() > 1)
        root->setAttr("noodle.order", record);
    });
  }
  for (Operation *op : island.inner) {
    taken.insert(op);
    rewriter.eraseOp(op);
  }
  context.sizes = KnownSizes();
  alone.clear();
  return success();
}

LogicalResult Planner::plan(ContractOp root) {
  Island single(root);
  if (root.getType().getEncoding())
    single.pieces = csrLike(root.getType());
  std::string why = whyWhole(single);
  auto split = [](const Island &island, const Plan &plan) {
    std::string text = "split from " + island.equation();
    if (plan.order.steps.size() > 1)
      text += (": " + plan.order.method + ", " + count(plan.order.flops) +
               " multiplications")
                  .str();
    return text;
  };
  if (!why.empty()) {
    if (why == kFloatZeros) {
      NumberedIsland numbered = number(single);
      PlanCost before = asWritten(single);
      if (std::optional<Plan> plan = sparseLast(single, numbered))
        return execute(single, numbered, *plan, before, split(single, *plan));
    }
    if (single.factors.size() > 2)
      note(root, "one loop nest: " + why);
    return success();
  }
  // Contract_Associativity: nested products as one, where the semiring or the
  // policy lets them be grouped anew.
  LawContext::Regroup regroup =
      context.regroup(root, root.getSemiring(), root.getAccumulatorType());
  Island island = single;
  if (regroup != LawContext::Regroup::Never && !settled.contains(root))
    island.takeInProducers(root.getType().getEncoding() ||
                           context.mayDropZeros(root, root.getSemiring(),
                                                root.getAccumulatorType()));
  if (!island.inner.empty() && whyWhole(island).empty()) {
    bool free = regroup == LawContext::Regroup::Free;
    NumberedIsland numbered = number(island);
    Plan found =
        order(island, numbered, free ? OrderEffort::Quick : OrderEffort::Least);
    PlanCost before = asWritten(island);
    double after = found.order.flops + numbered.sums;
    bool pays = found.fits && !found.order.steps.empty() &&
                after <= kWorthRegrouping * before.products;
    if (pays && free)
      return execute(island, numbered, found, before,
                     "law 1, Contract_Associativity: " + split(island, found) +
                         ", saves " + count(before.products - after) + " of " +
                         count(before.products));
    if (pays)
      root->setAttr("noodle.lost",
                    context.rewriter.getStringAttr(
                        "law 1, Contract_Associativity, would leave " +
                        count(after) + " of " + count(before.products) +
                        " multiplications: needs --fp reassoc"));
    settled.insert(island.inner.begin(), island.inner.end());
  }
  if (single.factors.size() < 2)
    return success();
  NumberedIsland numbered = number(single);
  Plan found = order(single, numbered);
  if (!found.fits)
    return single.factors.size() > 2 ? noteUnfit(root, numbered, found)
                                     : success();
  // As written it is one nest, of sparse matrices in a row from the left.
  PlanCost before = asWritten(single);
  before.products =
      numbered.sums + (numbered.network.denseResults
                           ? nestFlops(numbered.network)
                           : orderAsWritten(numbered.network).flops);
  return execute(single, numbered, found, before, split(single, found));
}

namespace {
struct PlanContractions
    : noodle::impl::NoodlePlanContractionsPassBase<PlanContractions> {
  using NoodlePlanContractionsPassBase::NoodlePlanContractionsPassBase;
  PlanContractions(NoodlePlanContractionsPassOptions options,
                   std::shared_ptr<OrderCache> orders)
      : NoodlePlanContractionsPassBase(options), orders(std::move(orders)) {}

  void runOnOperation() override {
    LawContext context(&getContext());
    OrderCache own;
    Planner planner(context, memoryLimit, thorough, orders ? *orders : own);
    SmallVector<ContractOp> ops;
    getOperation()->walk([&](ContractOp op) { ops.push_back(op); });
    // Consumers first: they take in what feeds them.
    for (ContractOp op : llvm::reverse(ops)) {
      if (!planner.isTaken(op) && failed(planner.plan(op)))
        return signalPassFailure();
    }
    numberSites(getOperation());
    if (planner.hasGuessed())
      getOperation()->setAttr("noodle.guessed", UnitAttr::get(&getContext()));
  }

private:
  std::shared_ptr<OrderCache> orders;
};
} // namespace

std::unique_ptr<Pass>
noodle::createPlanContractions(NoodlePlanContractionsPassOptions options,
                               std::shared_ptr<OrderCache> orders) {
  return std::make_unique<PlanContractions>(std::move(options),
                                            std::move(orders));
}
