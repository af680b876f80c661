//===- Category.cpp - morphisms as matrices, by definition ----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A morphism is a dense tensor of its domain's and then its codomain's extents;
// nothing here is lazy and nothing is a contraction, so that this judges the
// elaboration. Wires are matrices of ones and zeros; composition multiplies
// matrices from left to right, in the type a contraction forms its sums in.
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

#include "noodle/Dialect/Category.h"

#include <cmath>

namespace mlir::noodle::reference {

namespace {

using Extents = SmallVector<int64_t>;

/// A morphism's matrix, with its side of the boundary kept apart.
struct Matrix {
  const Tensor *tensor;
  Extents dom, cod;
  int64_t rows = 1, columns = 1;

  Matrix(const Tensor &tensor, unsigned domWires) : tensor(&tensor) {
    ArrayRef<int64_t> all(tensor.extents);
    dom.append(all.begin(), all.begin() + domWires);
    cod.append(all.begin() + domWires, all.end());
    for (int64_t extent : dom)
      rows *= extent;
    for (int64_t extent : cod)
      columns *= extent;
  }
  Scalar at(int64_t row, int64_t column) const {
    return tensor->get(row * columns + column);
  }
};

Matrix matrixOf(const Frame &frame, mlir::Value value) {
  return Matrix(frame.tensor(value),
                cast<HomType>(value.getType()).getDom().size());
}

HomType homOf(Operation *op) {
  return cast<HomType>(op->getResult(0).getType());
}

noodle_rt_type elementOf(HomType type) {
  return *elementType(type.getElement());
}

/// The semiring of an op's result.
LogicalResult algebraOf(Machine &machine, Operation *op, Algebra &algebra) {
  HomType type = homOf(op);
  return machine.algebra(op, type.getSemiring(), elementOf(type), algebra);
}

Extents joined(ArrayRef<int64_t> dom, ArrayRef<int64_t> cod) {
  Extents all(dom);
  llvm::append_range(all, cod);
  return all;
}

/// Calls `entry` for every index of a tensor with its offset.
template <typename Fn>
LogicalResult eachEntry(Machine &machine, Operation *op,
                        ArrayRef<int64_t> extents, Fn entry) {
  if (isEmpty(extents))
    return success();
  Extents index(extents.size(), 0);
  int64_t k = 0;
  do {
    if (failed(machine.step(op)))
      return failure();
    entry(k++, ArrayRef<int64_t>(index));
  } while (next(index, extents));
  return success();
}

/// The product in the type sums are formed in.
TensorRef multiply(Machine &machine, Operation *op, const Algebra &algebra,
                   noodle_rt_type type, const Matrix &a, const Matrix &b) {
  if (a.cod != b.dom) {
    (void)machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                       "a morphism that ends at " + shapeText(a.cod) +
                           " meets one that begins at " + shapeText(b.dom));
    return nullptr;
  }
  TensorRef result = machine.dense(op, type, joined(a.dom, b.cod));
  if (!result)
    return nullptr;
  for (int64_t i = 0; i < a.rows; ++i)
    for (int64_t j = 0; j < b.columns; ++j) {
      Scalar sum = algebra.zero;
      for (int64_t k = 0; k < a.columns; ++k) {
        if (failed(machine.step(op)))
          return nullptr;
        sum = algebra.add(sum, algebra.mul(convertScalar(a.at(i, k), type),
                                           convertScalar(b.at(k, j), type)));
      }
      result->set(i * b.columns + j, sum);
    }
  return result;
}

TensorRef converted(Machine &machine, Operation *op, TensorRef from,
                    noodle_rt_type type) {
  if (!from || from->type == type)
    return from;
  TensorRef result = machine.dense(op, type, from->extents);
  for (int64_t k = 0, e = from->size(); result && k < e; ++k)
    result->set(k, convertScalar(from->get(k), type));
  return result;
}

TensorRef identity(Machine &machine, Operation *op, const Algebra &algebra,
                   noodle_rt_type type, ArrayRef<int64_t> object) {
  TensorRef result = machine.dense(op, type, joined(object, object));
  unsigned wires = object.size();
  if (!result ||
      failed(eachEntry(
          machine, op, result->extents, [&](int64_t k, ArrayRef<int64_t> at) {
            bool same = at.take_front(wires) == at.drop_front(wires);
            result->set(k, same ? algebra.one : algebra.zero);
          })))
    return nullptr;
  return result;
}

LogicalResult give(Frame &frame, Operation *op, TensorRef result) {
  if (!result)
    return failure();
  frame.set(op->getResult(0), result);
  return success();
}

} // namespace

static LogicalResult fromTensor(Machine &machine, Frame &frame,
                                FromTensorOp op) {
  const Slot &slot = frame.get(op.getInput());
  const Tensor &in = frame.tensor(op.getInput());
  if (!isSparse(in)) {
    frame.set(op.getResult(), slot);
    return success();
  }
  Algebra algebra;
  if (failed(algebraOf(machine, op, algebra)))
    return failure();
  TensorRef result = machine.dense(op, in.type, in.extents);
  if (!result)
    return failure();
  for (int64_t k = 0, e = result->size(); k < e; ++k)
    result->set(k, algebra.zero);
  Charge charge(machine);
  std::vector<Entry> entries;
  if (failed(entriesOf(machine, op, charge, in, entries)))
    return failure();
  for (const Entry &entry : entries)
    result->set(entry.row * in.extents[1] + entry.column, entry.value);
  return give(frame, op, result);
}

static LogicalResult toTensor(Machine &machine, Frame &frame, ToTensorOp op) {
  const Tensor &in = frame.tensor(op.getInput());
  noodle_rt_layout layout = *layoutOf(op.getType());
  if (layout == NOODLE_RT_DENSE) {
    frame.set(op.getResult(), frame.get(op.getInput()));
    return success();
  }
  Algebra algebra;
  HomType type = op.getInput().getType();
  if (failed(machine.algebra(op, type.getSemiring(), in.type, algebra)))
    return failure();
  Charge charge(machine);
  std::vector<Entry> entries;
  for (int64_t k = 0, e = in.size(); k < e; ++k) {
    Scalar value = in.get(k);
    if (failed(machine.step(op)))
      return failure();
    if (value == algebra.zero)
      continue;
    if (failed(charge.add(op, sizeof(Entry))))
      return failure();
    entries.push_back({k / in.extents[1], k % in.extents[1], value});
  }
  return give(frame, op,
              fromEntries(machine, op, in.type, layout, in.extents, entries));
}

static LogicalResult wires(Machine &machine, Frame &frame, WiresOp op) {
  HomType type = homOf(op);
  Algebra algebra;
  if (failed(algebraOf(machine, op, algebra)))
    return failure();
  SmallVector<unsigned> numbers = op.getJoined();
  Extents extents = joined(type.getDom(), type.getCod());
  for (auto [number, size] : llvm::zip_equal(op.getSized(), op.getSizes()))
    for (auto [d, other] : llvm::enumerate(numbers))
      if (other == number)
        extents[d] = frame.integer(size);
  TensorRef result = machine.dense(op, elementOf(type), extents);
  if (!result)
    return failure();
  auto fill = [&](int64_t k, ArrayRef<int64_t> at) {
    bool equal = true;
    for (size_t d = 0; d < at.size(); ++d)
      for (size_t e = 0; e < d; ++e)
        equal &= numbers[d] != numbers[e] || at[d] == at[e];
    result->set(k, equal ? algebra.one : algebra.zero);
  };
  if (failed(eachEntry(machine, op, extents, fill)))
    return failure();
  return give(frame, op, result);
}

static LogicalResult diag(Machine &machine, Frame &frame, DiagOp op) {
  const Tensor &in = frame.tensor(op.getInput());
  Algebra algebra;
  if (failed(algebraOf(machine, op, algebra)))
    return failure();
  TensorRef result = identity(machine, op, algebra, in.type, in.extents);
  if (!result)
    return failure();
  int64_t size = in.size();
  for (int64_t k = 0; k < size; ++k)
    result->set(k * size + k, in.get(k));
  return give(frame, op, result);
}

static LogicalResult compose(Machine &machine, Frame &frame, ComposeOp op) {
  HomType type = homOf(op);
  noodle_rt_type sums =
      *elementType(defaultAccumulator(type.getSemiring(), type.getElement()));
  Algebra algebra;
  if (failed(machine.algebra(op, type.getSemiring(), sums, algebra)))
    return failure();
  TensorRef product = std::get<TensorRef>(frame.get(op.getInputs()[0]));
  unsigned domWires = type.getDom().size();
  for (mlir::Value input : op.getInputs().drop_front()) {
    product = multiply(machine, op, algebra, sums, Matrix(*product, domWires),
                       matrixOf(frame, input));
    if (!product)
      return failure();
  }
  return give(frame, op, converted(machine, op, product, elementOf(type)));
}

static LogicalResult tensorProduct(Machine &machine, Frame &frame,
                                   TensorProductOp op) {
  HomType type = homOf(op);
  Algebra algebra;
  if (failed(algebraOf(machine, op, algebra)))
    return failure();
  TensorRef product = std::get<TensorRef>(frame.get(op.getInputs()[0]));
  unsigned domWires =
      cast<HomType>(op.getInputs()[0].getType()).getDom().size();
  for (mlir::Value input : op.getInputs().drop_front()) {
    Matrix a(*product, domWires), b = matrixOf(frame, input);
    TensorRef whole =
        machine.dense(op, elementOf(type),
                      joined(joined(a.dom, b.dom), joined(a.cod, b.cod)));
    if (!whole)
      return failure();
    int64_t k = 0;
    for (int64_t i = 0; i < a.rows * b.rows; ++i)
      for (int64_t j = 0; j < a.columns * b.columns; ++j) {
        if (failed(machine.step(op)))
          return failure();
        whole->set(k++, algebra.mul(a.at(i / b.rows, j / b.columns),
                                    b.at(i % b.rows, j % b.columns)));
      }
    product = whole;
    domWires += b.dom.size();
  }
  return give(frame, op, product);
}

static LogicalResult add(Machine &machine, Frame &frame, AddOp op) {
  HomType type = homOf(op);
  Algebra algebra;
  if (failed(algebraOf(machine, op, algebra)))
    return failure();
  if (op.getInputs().empty()) {
    TensorRef zero = machine.dense(op, elementOf(type),
                                   joined(type.getDom(), type.getCod()));
    for (int64_t k = 0; zero && k < zero->size(); ++k)
      zero->set(k, algebra.zero);
    return give(frame, op, zero);
  }
  TensorRef sum = machine.copy(op, frame.tensor(op.getInputs()[0]));
  if (!sum)
    return failure();
  for (mlir::Value input : op.getInputs().drop_front()) {
    const Tensor &next = frame.tensor(input);
    if (next.extents != sum->extents)
      return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                          "a summand is " + shapeText(next.extents) +
                              ", the one before " + shapeText(sum->extents));
    for (int64_t k = 0, e = sum->size(); k < e; ++k) {
      if (failed(machine.step(op)))
        return failure();
      sum->set(k, algebra.add(sum->get(k), next.get(k)));
    }
  }
  return give(frame, op, sum);
}

static LogicalResult block(Machine &machine, Frame &frame, BlockOp op) {
  unsigned rows = op.getRows(), columns = op.getInputs().size() / rows;
  SmallVector<Matrix> blocks = llvm::map_to_vector(
      op.getInputs(), [&](mlir::Value v) { return matrixOf(frame, v); });
  int64_t height = 0, width = 0;
  for (unsigned row = 0; row < rows; ++row)
    height += blocks[row * columns].rows;
  for (unsigned column = 0; column < columns; ++column)
    width += blocks[column].columns;
  for (unsigned k = 0; k < blocks.size(); ++k)
    if (blocks[k].dom != blocks[k / columns * columns].dom ||
        blocks[k].cod != blocks[k % columns].cod)
      return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                          "block #" + Twine(k) +
                              " does not fit its row and column");
  TensorRef result =
      machine.dense(op, elementOf(homOf(op)),
                    joined(rows > 1 ? Extents{height} : blocks[0].dom,
                           columns > 1 ? Extents{width} : blocks[0].cod));
  if (!result)
    return failure();
  int64_t top = 0;
  for (unsigned row = 0; row < rows; ++row) {
    int64_t left = 0;
    for (unsigned column = 0; column < columns; ++column) {
      const Matrix &part = blocks[row * columns + column];
      for (int64_t i = 0; i < part.rows; ++i)
        for (int64_t j = 0; j < part.columns; ++j)
          result->set((top + i) * width + left + j, part.at(i, j));
      left += part.columns;
    }
    top += blocks[row * columns].rows;
  }
  return give(frame, op, result);
}

static LogicalResult dagger(Machine &machine, Frame &frame, DaggerOp op) {
  Matrix in = matrixOf(frame, op.getInput());
  TensorRef result = machine.dense(op, in.tensor->type, joined(in.cod, in.dom));
  if (!result)
    return failure();
  for (int64_t i = 0; i < in.rows; ++i)
    for (int64_t j = 0; j < in.columns; ++j) {
      Scalar value = in.at(i, j);
      if (op.getConjugate()) {
        if (auto *z = std::get_if<std::complex<float>>(&value))
          *z = std::conj(*z);
        if (auto *z = std::get_if<std::complex<double>>(&value))
          *z = std::conj(*z);
      }
      result->set(j * in.rows + i, value);
    }
  return give(frame, op, result);
}

static LogicalResult trace(Machine &machine, Frame &frame, TraceOp op) {
  Matrix in = matrixOf(frame, op.getInput());
  Algebra algebra;
  if (failed(algebraOf(machine, op, algebra)))
    return failure();
  int64_t count = op.getWires();
  Extents traced(ArrayRef(in.dom).take_back(count));
  if (ArrayRef(in.cod).take_back(count) != ArrayRef(traced))
    return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                        "wires of " + shapeText(traced) +
                            " are joined to others");
  int64_t size = 1;
  for (int64_t extent : traced)
    size *= extent;
  TensorRef result = machine.dense(op, in.tensor->type,
                                   joined(ArrayRef(in.dom).drop_back(count),
                                          ArrayRef(in.cod).drop_back(count)));
  if (!result)
    return failure();
  int64_t rows = 1, columns = 1;
  for (int64_t extent : ArrayRef(in.dom).drop_back(count))
    rows *= extent;
  for (int64_t extent : ArrayRef(in.cod).drop_back(count))
    columns *= extent;
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) {
      Scalar sum = algebra.zero;
      for (int64_t k = 0; k < size; ++k)
        sum = algebra.add(sum, in.at(i * size + k, j * size + k));
      result->set(i * columns + j, sum);
    }
  return give(frame, op, result);
}

static LogicalResult homMap(Machine &machine, Frame &frame, HomMapOp op) {
  const Tensor &in = frame.tensor(op.getInput());
  TensorRef result = machine.dense(op, elementOf(homOf(op)), in.extents);
  if (!result)
    return failure();
  for (int64_t k = 0, e = in.size(); k < e; ++k) {
    SmallVector<Slot> yielded;
    Frame inner;
    if (failed(
            machine.run(op, inner, op.getBody(), {Slot(in.get(k))}, yielded)))
      return failure();
    result->set(k, std::get<Scalar>(yielded[0]));
  }
  return give(frame, op, result);
}

static LogicalResult function(Machine &machine, Frame &frame,
                              IndexFunctionOp op) {
  HomType type = homOf(op);
  const Tensor &indices = frame.tensor(op.getIndices());
  Algebra algebra;
  if (failed(algebraOf(machine, op, algebra)))
    return failure();
  int64_t rows = indices.extents[0];
  int64_t columns =
      op.getSize() ? frame.integer(op.getSize()) : type.getCod()[0];
  TensorRef result = machine.dense(op, elementOf(type), {rows, columns});
  if (!result)
    return failure();
  for (int64_t i = 0; i < rows; ++i) {
    int64_t to = toInteger(indices.get(i));
    if (to < 0 || to >= columns)
      return machine.fail(op, NOODLE_RT_INDEX_RANGE,
                          "index " + Twine(to) +
                              " is out of range for extent " + Twine(columns));
    for (int64_t j = 0; j < columns; ++j) {
      if (failed(machine.step(op)))
        return failure();
      result->set(i * columns + j, j == to ? algebra.one : algebra.zero);
    }
  }
  return give(frame, op, result);
}

static LogicalResult power(Machine &machine, Frame &frame, PowerOp op) {
  HomType type = homOf(op);
  Algebra algebra;
  if (failed(algebraOf(machine, op, algebra)))
    return failure();
  int64_t n = op.getExponent() ? frame.integer(op.getExponent()) : *op.getN();
  if (n < 0)
    return machine.fail(op, NOODLE_RT_INVALID_ARGUMENT,
                        "the exponent is negative: " + Twine(n));
  Matrix base = matrixOf(frame, op.getInput());
  TensorRef product = identity(machine, op, algebra, elementOf(type), base.dom);
  for (int64_t k = 0; product && k < n; ++k)
    product = multiply(machine, op, algebra, elementOf(type),
                       Matrix(*product, base.dom.size()), base);
  return give(frame, op, product);
}

/// 1 + a (1 + a (...)) until nothing changes. Over semirings that round, until
/// nothing changes by more than a few units in the last place.
static LogicalResult star(Machine &machine, Frame &frame, StarOp op) {
  HomType type = homOf(op);
  Algebra algebra;
  if (failed(algebraOf(machine, op, algebra)))
    return failure();
  Matrix a = matrixOf(frame, op.getInput());
  SemiringKind kind = type.getSemiring().getKind();
  bool rounds = isa<FloatType>(type.getElement()) &&
                (kind == SemiringKind::PlusTimes ||
                 kind == SemiringKind::LogPlus || kind == SemiringKind::User);
  // Longer paths than there are nodes add nothing, or go round in circles.
  int64_t most = rounds ? 100000 : a.rows + 2;
  noodle_rt_type element = elementOf(type);
  TensorRef one = identity(machine, op, algebra, element, a.dom);
  TensorRef sum = one;
  auto same = [&](const Scalar &x, const Scalar &y) {
    double p = toDouble(x), q = toDouble(y);
    double scale = std::max(1.0, std::fabs(p));
    double least = element == NOODLE_RT_F64 ? 0x1p-51 : 0x1p-22;
    return sameValue(x, y) ||
           (rounds && std::isfinite(p) && std::fabs(p - q) <= least * scale);
  };
  for (int64_t k = 0; sum && k < most; ++k) {
    TensorRef next =
        multiply(machine, op, algebra, element, a, Matrix(*sum, a.dom.size()));
    if (!next)
      return failure();
    bool settled = true;
    for (int64_t e = 0; e < next->size(); ++e) {
      next->set(e, algebra.add(one->get(e), next->get(e)));
      settled &= same(next->get(e), sum->get(e));
    }
    sum = next;
    if (settled)
      return give(frame, op, sum);
  }
  return machine.fail(op, NOODLE_RT_CHECK_FAILED,
                      "the sum of all powers does not converge");
}

/// Elimination with exchange of rows.
static LogicalResult inverse(Machine &machine, Frame &frame, InverseOp op) {
  Matrix a = matrixOf(frame, op.getInput());
  if (a.rows != a.columns)
    return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                        "the matrix is not square");
  int64_t n = a.rows;
  Charge charge(machine);
  if (failed(charge.add(op, 16 * n * n)))
    return failure();
  std::vector<std::vector<double>> left(n), right(n);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) {
      left[i].push_back(toDouble(a.at(i, j)));
      right[i].push_back(i == j);
    }
  for (int64_t k = 0; k < n; ++k) {
    int64_t pivot = k;
    for (int64_t i = k; i < n; ++i)
      if (std::fabs(left[i][k]) > std::fabs(left[pivot][k]))
        pivot = i;
    if (left[pivot][k] == 0)
      return machine.fail(op, NOODLE_RT_CHECK_FAILED, "the matrix is singular");
    std::swap(left[k], left[pivot]);
    std::swap(right[k], right[pivot]);
    for (int64_t i = 0; i < n; ++i) {
      double factor = i == k ? 0 : left[i][k] / left[k][k];
      for (int64_t j = 0; j < n; ++j) {
        if (failed(machine.step(op)))
          return failure();
        left[i][j] -= factor * left[k][j];
        right[i][j] -= factor * right[k][j];
      }
    }
  }
  noodle_rt_type element = elementOf(homOf(op));
  TensorRef result = machine.dense(op, element, joined(a.cod, a.dom));
  if (!result)
    return failure();
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j)
      result->set(i * n + j, convertScalar(right[i][j] / left[i][i], element));
  return give(frame, op, result);
}

void addCategoryHandlers(Handlers &handlers) {
  handlers.add<FromTensorOp, fromTensor>();
  handlers.add<ToTensorOp, toTensor>();
  handlers.add<WiresOp, wires>();
  handlers.add<DiagOp, diag>();
  handlers.add<ComposeOp, compose>();
  handlers.add<TensorProductOp, tensorProduct>();
  handlers.add<AddOp, add>();
  handlers.add<BlockOp, block>();
  handlers.add<DaggerOp, dagger>();
  handlers.add<TraceOp, trace>();
  handlers.add<HomMapOp, homMap>();
  handlers.add<IndexFunctionOp, function>();
  handlers.add<PowerOp, power>();
  handlers.add<StarOp, star>();
  handlers.add<InverseOp, inverse>();
}

} // namespace mlir::noodle::reference
