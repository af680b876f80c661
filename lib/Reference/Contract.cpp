//===- Contract.cpp - contractions, letter by letter ----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A loop over the values of each letter, nested. Where a sparse operand has one
// of its two letters settled, the loop over the other one visits only what is
// stored there; so a term exists only where every sparse operand stores an
// entry. Letters summed over nest in order of first appearance and run upwards.
// Output letters may stand anywhere among them, which changes no sum: each
// output entry has its own.
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

#include <numeric>

namespace mlir::noodle::reference {

namespace {

/// The entries of a sparse tensor, found from either side.
struct Lines {
  std::vector<int64_t> positions, coordinates, entries;

  /// Where the line stores `coordinate`, as an entry number; -1 if absent.
  int64_t find(int64_t line, int64_t coordinate) const {
    auto begin = coordinates.begin() + positions[line];
    auto end = coordinates.begin() + positions[line + 1];
    auto it = std::lower_bound(begin, end, coordinate);
    return it != end && *it == coordinate ? entries[it - coordinates.begin()]
                                          : -1;
  }
  int64_t length(int64_t line) const {
    return positions[line + 1] - positions[line];
  }
};

constexpr int fixed = -1; ///< a dimension that broadcasts: index 0

/// An operand, or the mask where it only lets stored entries pass.
struct Factor {
  const Tensor *tensor = nullptr;
  SmallVector<int> letters; ///< one per dimension
  bool isMask = false;
  Lines lines[2]; ///< sparse: by row, by column
  int64_t at = 0; ///< the current element, or offset of it
};

/// What settling one letter does.
struct Level {
  unsigned letter;
  /// Dense operands move by a stride.
  SmallVector<std::pair<Factor *, int64_t>> moves;
  /// Sparse operands whose last letter this is, with the dimension it settles;
  /// their other dimension holds `other` (the same letter for a diagonal).
  struct Meeting {
    Factor *factor;
    unsigned dimension;
    int other;
  };
  SmallVector<Meeting> meetings;
  /// All output letters are settled from here on: ask the mask.
  bool asksMask = false;
};

class Contraction {
public:
  Contraction(Machine &machine, Operation *op)
      : machine(machine), op(op), charge(machine) {}

  Machine &machine;
  Operation *op;
  Charge charge;
  ContractSpec spec;
  Algebra algebra;
  Algebra final; ///< the semiring at the result's element type
  noodle_rt_type accumulator;
  std::vector<Factor> factors; ///< operands in order, then a mask
  const Tensor *mask = nullptr;
  bool maskValued = false, maskComplement = false;
  const Tensor *init = nullptr;
  RankedTensorType resultType;

  LogicalResult findExtents(ValueRange operands);
  LogicalResult prepare();
  LogicalResult evaluate(TensorRef &result);

private:
  LogicalResult index(Factor &factor);
  void orderLetters();
  bool meets(const Factor &factor, int letter) const;
  LogicalResult nest(unsigned depth);
  LogicalResult settle(unsigned depth, int64_t value, Factor *driver);
  LogicalResult term();
  bool passesMask(int64_t offsetOrRow, ArrayRef<int64_t> at) const;
  TensorRef finishDense();
  TensorRef finishSparse();

  SmallVector<int64_t> extents; ///< of letters
  SmallVector<int64_t> outputExtents;
  SmallVector<int64_t> outputStrides;
  SmallVector<int64_t> value; ///< of letters
  SmallVector<bool> settled;
  std::vector<Level> levels;
  bool asksMaskFirst = false;
  TensorRef sums; ///< dense result
  DenseMap<std::pair<int64_t, int64_t>, Scalar> sparseSums;
};

} // namespace

LogicalResult Contraction::findExtents(ValueRange operands) {
  extents.assign(spec.letterCount(), ShapedType::kDynamic);
  SmallVector<bool> broadcasts(spec.letterCount(), false);
  for (auto [o, letters] : llvm::enumerate(spec.operands)) {
    auto type = cast<RankedTensorType>(operands[o].getType());
    for (auto [d, letter] : llvm::enumerate(letters)) {
      if (type.getDimSize(d) == 1) {
        broadcasts[letter] = true;
        continue;
      }
      int64_t extent = factors[o].tensor->extents[d];
      if (ShapedType::isDynamic(extents[letter]))
        extents[letter] = extent;
      if (extents[letter] != extent)
        return machine.fail(
            op, NOODLE_RT_SHAPE_MISMATCH,
            "operand #" + Twine(o) + " has extent " + Twine(extent) +
                " in dimension " + Twine(d) + " ('" + spec.letters[letter] +
                "'), but an earlier one has " + Twine(extents[letter]));
    }
  }
  for (auto [d, letter] : llvm::enumerate(spec.output)) {
    int64_t &extent = extents[letter];
    if (!ShapedType::isDynamic(extent) || broadcasts[letter])
      continue;
    extent = resultType.getDimSize(d);
    if (!ShapedType::isDynamic(extent))
      continue;
    const Tensor *other = init ? init : mask;
    if (!other)
      return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                          "nothing states the extent of '" +
                              spec.letters[letter] + "'");
    extent = other->extents[d];
  }
  for (int64_t &extent : extents)
    if (ShapedType::isDynamic(extent))
      extent = 1;
  for (unsigned letter : spec.output)
    outputExtents.push_back(extents[letter]);
  for (const Tensor *other : {mask, init})
    if (other &&
        ArrayRef<int64_t>(other->extents) != ArrayRef<int64_t>(outputExtents))
      return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                          Twine(other == mask ? "the mask" : "init") + " is " +
                              shapeText(other->extents) +
                              ", but the result is " +
                              shapeText(outputExtents));
  for (auto [o, letters] : llvm::enumerate(spec.operands)) {
    auto type = cast<RankedTensorType>(operands[o].getType());
    for (auto [d, letter] : llvm::enumerate(letters))
      factors[o].letters.push_back(
          type.getDimSize(d) == 1 && extents[letter] != 1 ? fixed
                                                          : int(letter));
  }
  return success();
}

LogicalResult Contraction::index(Factor &factor) {
  const Tensor &tensor = *factor.tensor;
  bool byRow = tensor.layout == NOODLE_RT_CSR;
  Lines &stored = factor.lines[byRow ? 0 : 1];
  Lines &other = factor.lines[byRow ? 1 : 0];
  int64_t count = tensor.size(), lines = tensor.extents[byRow ? 1 : 0];
  int64_t bytes;
  if (__builtin_add_overflow(lines, int64_t(tensor.positions.size()), &bytes) ||
      __builtin_mul_overflow(bytes, int64_t(8), &bytes))
    return machine.fail(op, NOODLE_RT_OUT_OF_MEMORY,
                        "a sparse operand of " + shapeText(tensor.extents) +
                            " is too large");
  if (failed(charge.add(op, bytes)) || failed(charge.add(op, 32 * count)))
    return failure();
  stored.positions = tensor.positions;
  stored.coordinates = tensor.coordinates;
  stored.entries.resize(count);
  std::iota(stored.entries.begin(), stored.entries.end(), 0);
  // Counting sort by the other coordinate keeps each line sorted.
  other.positions.assign(lines + 1, 0);
  other.coordinates.resize(count);
  other.entries.resize(count);
  for (int64_t coordinate : tensor.coordinates)
    ++other.positions[coordinate + 1];
  for (int64_t k = 0; k < lines; ++k)
    other.positions[k + 1] += other.positions[k];
  std::vector<int64_t> fill(other.positions.begin(), other.positions.end() - 1);
  for (int64_t major = 0, e = int64_t(tensor.positions.size()) - 1; major < e;
       ++major)
    for (int64_t k = tensor.positions[major]; k < tensor.positions[major + 1];
         ++k) {
      int64_t to = fill[tensor.coordinates[k]]++;
      other.coordinates[to] = major;
      other.entries[to] = k;
    }
  return success();
}

/// Whether a sparse factor could drive the loop over a letter now.
bool Contraction::meets(const Factor &factor, int letter) const {
  if (!isSparse(*factor.tensor) || !llvm::is_contained(factor.letters, letter))
    return false;
  return llvm::any_of(factor.letters, [&](int other) {
    return other != letter && (other == fixed || settled[other]);
  });
}

void Contraction::orderLetters() {
  SmallVector<unsigned> output = spec.output, summed;
  for (unsigned l = output.size(); l < spec.letterCount(); ++l)
    summed.push_back(l);
  size_t nextSummed = 0, outputLeft = output.size();
  asksMaskFirst = output.empty();
  settled.assign(spec.letterCount(), false);
  while (!output.empty() || nextSummed < summed.size()) {
    SmallVector<unsigned> candidates = output;
    if (nextSummed < summed.size())
      candidates.push_back(summed[nextSummed]);
    auto *driven = llvm::find_if(candidates, [&](unsigned l) {
      return llvm::any_of(factors,
                          [&](const Factor &f) { return meets(f, l); });
    });
    unsigned letter = driven == candidates.end() ? candidates.front() : *driven;
    Level level;
    level.letter = letter;
    for (Factor &factor : factors) {
      if (!isSparse(*factor.tensor)) {
        SmallVector<int64_t> strides = stridesOf(factor.tensor->extents);
        int64_t stride = 0;
        for (auto [d, l] : llvm::enumerate(factor.letters))
          if (l == int(letter))
            stride += strides[d];
        if (stride)
          level.moves.push_back({&factor, stride});
        continue;
      }
      int row = factor.letters[0], column = factor.letters[1];
      bool rowNow = row == int(letter), columnNow = column == int(letter);
      auto ready = [&](int l) { return l == fixed || settled[l]; };
      if (columnNow && (rowNow || ready(row)))
        level.meetings.push_back({&factor, 1, row});
      else if (rowNow && ready(column))
        level.meetings.push_back({&factor, 0, column});
    }
    settled[letter] = true;
    if (letter < spec.output.size()) {
      output.erase(llvm::find(output, letter));
      level.asksMask = --outputLeft == 0;
    } else {
      ++nextSummed;
    }
    levels.push_back(std::move(level));
  }
}

LogicalResult Contraction::prepare() {
  // A structural mask that lets stored entries pass steers the loops, as one
  // more sparse operand.
  if (mask && isSparse(*mask) && !maskComplement) {
    Factor &factor = factors.emplace_back();
    factor.tensor = mask;
    factor.isMask = true;
    for (unsigned letter : spec.output)
      factor.letters.push_back(int(letter));
  }
  for (Factor &factor : factors)
    if (isSparse(*factor.tensor) && failed(index(factor)))
      return failure();
  outputStrides = stridesOf(outputExtents);
  value.assign(spec.letterCount(), 0);
  orderLetters();
  return success();
}

/// Whether the entry of the result at these indices is to be computed.
bool Contraction::passesMask(int64_t offset, ArrayRef<int64_t> at) const {
  if (!mask)
    return true;
  bool present = true;
  int64_t k = offset;
  if (isSparse(*mask)) {
    k = findEntry(*mask, at[0], at[1]);
    present = k >= 0;
  }
  if (present && maskValued)
    present = isNonZero(mask->get(k));
  return present != maskComplement;
}

LogicalResult Contraction::term() {
  Scalar product;
  bool first = true;
  for (const Factor &factor : factors) {
    if (factor.isMask)
      continue;
    Scalar entry = convertScalar(factor.tensor->get(factor.at), accumulator);
    product = first ? entry : algebra.mul(product, entry);
    first = false;
  }
  if (sums) {
    int64_t k = 0;
    for (unsigned l = 0; l < outputStrides.size(); ++l)
      k += value[l] * outputStrides[l];
    sums->set(k, algebra.add(sums->get(k), product));
    return success();
  }
  auto [it, isNew] = sparseSums.try_emplace({value[0], value[1]}, algebra.zero);
  it->second = algebra.add(it->second, product);
  // A table's entry, where half of the table may be free.
  return isNew ? charge.add(op, 64) : success();
}

LogicalResult Contraction::settle(unsigned depth, int64_t v, Factor *driver) {
  Level &level = levels[depth];
  if (failed(machine.step(op)))
    return failure();
  value[level.letter] = v;
  for (const Level::Meeting &meeting : level.meetings) {
    if (meeting.factor == driver)
      continue;
    int64_t other = meeting.other == fixed ? 0 : value[meeting.other];
    // Lines by row are searched for a column, and the other way round.
    meeting.factor->at =
        meeting.factor->lines[meeting.dimension ? 0 : 1].find(other, v);
    if (meeting.factor->at < 0)
      return success();
  }
  if (level.asksMask) {
    int64_t k = 0;
    for (unsigned l = 0; l < outputStrides.size(); ++l)
      k += value[l] * outputStrides[l];
    if (!passesMask(k, ArrayRef(value).take_front(outputStrides.size())))
      return success();
  }
  for (auto [factor, stride] : level.moves)
    factor->at += v * stride;
  LogicalResult status = nest(depth + 1);
  for (auto [factor, stride] : level.moves)
    factor->at -= v * stride;
  return status;
}

LogicalResult Contraction::nest(unsigned depth) {
  if (depth == levels.size())
    return term();
  Level &level = levels[depth];
  // The sparse operand with the fewest entries here drives the loop.
  const Level::Meeting *driver = nullptr;
  int64_t fewest = 0;
  for (const Level::Meeting &meeting : level.meetings) {
    if (meeting.other == int(level.letter))
      continue;
    int64_t other = meeting.other == fixed ? 0 : value[meeting.other];
    int64_t count =
        meeting.factor->lines[meeting.dimension ? 0 : 1].length(other);
    if (!driver || count < fewest) {
      driver = &meeting;
      fewest = count;
    }
  }
  if (!driver) {
    for (int64_t v = 0; v < extents[level.letter]; ++v)
      if (failed(settle(depth, v, nullptr)))
        return failure();
    return success();
  }
  const Lines &lines = driver->factor->lines[driver->dimension ? 0 : 1];
  int64_t line = driver->other == fixed ? 0 : value[driver->other];
  for (int64_t k = lines.positions[line]; k < lines.positions[line + 1]; ++k) {
    driver->factor->at = lines.entries[k];
    if (failed(settle(depth, lines.coordinates[k], driver->factor)))
      return failure();
  }
  return success();
}

TensorRef Contraction::finishDense() {
  noodle_rt_type type = *elementType(resultType.getElementType());
  TensorRef result = machine.dense(op, type, outputExtents);
  if (!result || isEmpty(outputExtents))
    return result;
  SmallVector<int64_t> at(outputExtents.size(), 0);
  int64_t k = 0;
  do {
    if (failed(machine.step(op)))
      return nullptr;
    Scalar before = final.zero;
    if (init) {
      int64_t from = isSparse(*init) ? findEntry(*init, at[0], at[1]) : k;
      if (from >= 0)
        before = init->get(from);
    }
    if (!passesMask(k, at)) {
      result->set(k, before);
    } else {
      Scalar sum = convertScalar(sums->get(k), type);
      result->set(k, init ? final.add(before, sum) : sum);
    }
    ++k;
  } while (next(at, outputExtents));
  return result;
}

TensorRef Contraction::finishSparse() {
  noodle_rt_type type = *elementType(resultType.getElementType());
  std::vector<Entry> entries;
  // Entries of init that got no term stay as they are.
  if (init) {
    if (failed(entriesOf(machine, op, charge, *init, entries)))
      return nullptr;
    for (Entry &entry : entries) {
      auto it = sparseSums.find({entry.row, entry.column});
      if (it == sparseSums.end())
        continue;
      entry.value = final.add(entry.value, convertScalar(it->second, type));
      sparseSums.erase(it);
    }
  }
  if (failed(charge.add(op, int64_t(sparseSums.size() * sizeof(Entry)))))
    return nullptr;
  entries.reserve(entries.size() + sparseSums.size());
  for (auto &[at, sum] : sparseSums)
    entries.push_back({at.first, at.second, convertScalar(sum, type)});
  return fromEntries(machine, op, type, *layoutOf(resultType), outputExtents,
                     entries);
}

LogicalResult Contraction::evaluate(TensorRef &result) {
  if (*layoutOf(resultType) == NOODLE_RT_DENSE) {
    sums = machine.dense(op, accumulator, outputExtents);
    if (!sums)
      return failure();
    for (int64_t k = 0, e = sums->size(); k < e; ++k) {
      if (failed(machine.step(op)))
        return failure();
      sums->set(k, algebra.zero);
    }
  }
  // Sparse operands that broadcast in both dimensions have one entry or none.
  bool any = true;
  for (Factor &factor : factors)
    if (isSparse(*factor.tensor) &&
        llvm::all_of(factor.letters, [](int l) { return l == fixed; })) {
      factor.at = factor.lines[0].find(0, 0);
      any = any && factor.at >= 0;
    }
  if (asksMaskFirst)
    any = any && passesMask(0, {});
  // An empty letter leaves no terms; sparse lines of one may not exist.
  any = any && !isEmpty(extents);
  if (any && failed(nest(0)))
    return failure();
  result = sums ? finishDense() : finishSparse();
  return result && !machine.failed() ? success() : failure();
}

/// Evaluates a contraction of `inputs` whose other parts are set up.
static LogicalResult runContraction(Contraction &contraction, Frame &frame,
                                    ValueRange inputs, SemiringAttr semiring,
                                    Type accumulator) {
  Operation *op = contraction.op;
  Machine &machine = contraction.machine;
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  contraction.resultType = type;
  contraction.accumulator = *elementType(accumulator);
  contraction.factors.reserve(inputs.size() + 1);
  for (mlir::Value input : inputs)
    contraction.factors.emplace_back().tensor = &frame.tensor(input);
  noodle_rt_type resultElement = *elementType(type.getElementType());
  if (failed(machine.algebra(op, semiring, contraction.accumulator,
                             contraction.algebra)))
    return failure();
  contraction.final = contraction.algebra;
  // A user's semiring has one element type: where the result's differs, only
  // the zero is needed, unless there is an init.
  if (resultElement != contraction.accumulator) {
    if (semiring.getKind() != SemiringKind::User) {
      if (failed(
              machine.algebra(op, semiring, resultElement, contraction.final)))
        return failure();
    } else {
      noodle_rt_type sum = contraction.accumulator;
      contraction.final.zero =
          convertScalar(contraction.algebra.zero, resultElement);
      contraction.final.add =
          [&contraction, sum, resultElement](const Scalar &a, const Scalar &b) {
            return convertScalar(contraction.algebra.add(convertScalar(a, sum),
                                                         convertScalar(b, sum)),
                                 resultElement);
          };
    }
  }
  TensorRef result;
  if (failed(contraction.findExtents(inputs)) ||
      failed(contraction.prepare()) || failed(contraction.evaluate(result)))
    return failure();
  frame.set(op->getResult(0), result);
  return success();
}

static LogicalResult contract(Machine &machine, Frame &frame, ContractOp op) {
  Contraction contraction(machine, op);
  contraction.spec = op.getSpec();
  if (op.getMask()) {
    contraction.mask = &frame.tensor(op.getMask());
    contraction.maskValued = op.getMaskValued();
    contraction.maskComplement = op.getMaskComplement();
  }
  if (op.getInit())
    contraction.init = &frame.tensor(op.getInit());
  return runContraction(contraction, frame, op.getInputs(), op.getSemiring(),
                        op.getAccumulatorType());
}

static LogicalResult matmul(Machine &machine, Frame &frame, MatmulOp op) {
  // The inner extents agree, also where one of them is a static 1.
  int64_t k = frame.tensor(op.getLhs()).extents.back();
  const std::vector<int64_t> &right = frame.tensor(op.getRhs()).extents;
  int64_t other = right.size() > 1 ? right[right.size() - 2] : right[0];
  if (k != other)
    return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                        "the inner extents are " + Twine(k) + " and " +
                            Twine(other));
  Contraction contraction(machine, op);
  contraction.spec = op.getSpec();
  return runContraction(contraction, frame, {op.getLhs(), op.getRhs()},
                        op.getSemiring(), op.getAccumulatorType());
}

void addContractHandlers(Handlers &handlers) {
  handlers.add<ContractOp, contract>();
  handlers.add<MatmulOp, matmul>();
}

} // namespace mlir::noodle::reference
