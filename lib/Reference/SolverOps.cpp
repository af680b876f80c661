//===- SolverOps.cpp - closures, powers and systems, by definition --------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

#include "noodle/Dialect/Solver.h"

#include <cmath>
#include <limits>

namespace mlir::noodle::reference {

namespace {

/// A dense matrix of scalars, row-major.
struct Grid {
  int64_t rows = 0, columns = 0;
  std::vector<Scalar> at;

  Grid() = default;
  Grid(int64_t rows, int64_t columns, const Scalar &value)
      : rows(rows), columns(columns), at(size_t(rows * columns), value) {}
  Scalar &operator()(int64_t i, int64_t j) { return at[i * columns + j]; }
  const Scalar &operator()(int64_t i, int64_t j) const {
    return at[i * columns + j];
  }
};

Grid transposed(const Grid &grid) {
  if (grid.at.empty()) {
    Grid empty;
    empty.rows = grid.columns;
    empty.columns = grid.rows;
    return empty;
  }
  Grid result(grid.columns, grid.rows, grid.at.front());
  for (int64_t i = 0; i < grid.rows; ++i)
    for (int64_t j = 0; j < grid.columns; ++j)
      result(j, i) = grid(i, j);
  return result;
}

/// What the ops on one square matrix share.
class Square {
public:
  Square(Machine &machine, Frame &frame, Operation *op, bool left)
      : machine(machine), frame(frame), op(op), left(left), charge(machine) {}

  LogicalResult read(mlir::Value matrix, mlir::Value rhs);
  LogicalResult read(mlir::Value value, Grid &grid, const Scalar &absent);
  LogicalResult write(const Grid &grid);

  Grid identity() const;
  LogicalResult multiply(const Grid &a, const Grid &b, Grid &out);
  /// A x, or x A on the left side.
  LogicalResult apply(const Grid &x, Grid &out) {
    return left ? multiply(x, a, out) : multiply(a, x, out);
  }
  void add(Grid &to, const Grid &what) const {
    for (size_t k = 0; k < to.at.size(); ++k)
      to.at[k] = algebra.add(to.at[k], what.at[k]);
  }
  /// The last node, a row or a column, at which two grids differ, or -1.
  int64_t lastDifference(const Grid &x, const Grid &y, bool byColumn) const {
    int64_t last = -1;
    for (int64_t k = 0, e = x.at.size(); k < e; ++k)
      if (!sameValue(x.at[k], y.at[k]))
        last = std::max(last, byColumn ? k % x.columns : k / x.columns);
    return last;
  }
  bool isZero(const Grid &x) const {
    return llvm::all_of(
        x.at, [&](const Scalar &s) { return sameValue(s, algebra.zero); });
  }
  LogicalResult diverges(const Twine &why) {
    return machine.fail(op, NOODLE_RT_INVALID_ARGUMENT,
                        "the closure diverges: " + why);
  }

  Machine &machine;
  Frame &frame;
  Operation *op;
  bool left;
  Charge charge;
  noodle_rt_type type = NOODLE_RT_F64;
  Algebra algebra;
  Grid a, b; ///< the matrix and the right-hand side
  bool hasRhs = false, isVector = false;
};

} // namespace

LogicalResult Square::read(mlir::Value value, Grid &grid,
                           const Scalar &absent) {
  const Tensor &tensor = frame.tensor(value);
  bool vector = tensor.extents.size() == 1;
  int64_t rows = tensor.extents[0];
  int64_t columns = vector ? 1 : tensor.extents[1];
  if (vector && left)
    std::swap(rows, columns);
  int64_t bytes;
  if (__builtin_mul_overflow(rows, columns, &bytes) ||
      __builtin_mul_overflow(bytes, int64_t(sizeof(Scalar)), &bytes))
    bytes = std::numeric_limits<int64_t>::max();
  // Three more of its size come and go.
  if (bytes > std::numeric_limits<int64_t>::max() / 4)
    return machine.fail(op, NOODLE_RT_OUT_OF_MEMORY, "a matrix is too large");
  if (failed(charge.add(op, 4 * bytes)))
    return failure();
  grid = Grid(rows, columns, absent);
  if (!isSparse(tensor)) {
    for (int64_t k = 0, e = tensor.size(); k < e; ++k)
      grid.at[k] = tensor.get(k);
    return success();
  }
  std::vector<Entry> entries;
  if (failed(entriesOf(machine, op, charge, tensor, entries)))
    return failure();
  for (const Entry &entry : entries)
    grid(entry.row, entry.column) = entry.value;
  return success();
}

LogicalResult Square::read(mlir::Value matrix, mlir::Value rhs) {
  type = frame.tensor(matrix).type;
  if (failed(read(matrix, a, algebra.zero)))
    return failure();
  if (a.rows != a.columns)
    return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                        "the matrix is not square: " + Twine(a.rows) + "x" +
                            Twine(a.columns));
  hasRhs = bool(rhs);
  if (!hasRhs)
    return success();
  isVector = frame.tensor(rhs).extents.size() == 1;
  if (failed(read(rhs, b, algebra.zero)))
    return failure();
  int64_t along = left ? b.columns : b.rows;
  if (along != a.rows)
    return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                        "the right-hand side has extent " + Twine(along) +
                            ", but the matrix has " + Twine(a.rows));
  return success();
}

LogicalResult Square::write(const Grid &grid) {
  SmallVector<int64_t> extents = {grid.rows, grid.columns};
  if (hasRhs && isVector)
    extents = {left ? grid.columns : grid.rows};
  TensorRef result = machine.dense(op, type, extents);
  if (!result)
    return failure();
  for (size_t k = 0; k < grid.at.size(); ++k)
    result->set(k, grid.at[k]);
  frame.set(op->getResult(0), result);
  return success();
}

Grid Square::identity() const {
  Grid one(a.rows, a.rows, algebra.zero);
  for (int64_t i = 0; i < a.rows; ++i)
    one(i, i) = algebra.one;
  return one;
}

LogicalResult Square::multiply(const Grid &x, const Grid &y, Grid &out) {
  out = Grid(x.rows, y.columns, algebra.zero);
  for (int64_t i = 0; i < x.rows; ++i)
    for (int64_t j = 0; j < y.columns; ++j) {
      Scalar sum = algebra.zero;
      for (int64_t k = 0; k < x.columns; ++k) {
        // A zero annihilates, as an absent entry does.
        if (sameValue(x(i, k), algebra.zero) ||
            sameValue(y(k, j), algebra.zero))
          continue;
        if (failed(machine.step(op)))
          return failure();
        sum = algebra.add(sum, algebra.mul(x(i, k), y(k, j)));
      }
      out(i, j) = sum;
    }
  return success();
}

//===----------------------------------------------------------------------===//
// Linear systems
//===----------------------------------------------------------------------===//

/// X of A X = B, both overwritten; the row whose pivot is none, or -1.
template <typename T>
static int64_t eliminate(std::vector<T> &a, std::vector<T> &b, int64_t n,
                         int64_t m, SolveStructure structure) {
  bool forward = structure != SolveStructure::Upper &&
                 structure != SolveStructure::UnitUpper;
  bool backward = structure != SolveStructure::Lower &&
                  structure != SolveStructure::UnitLower;
  bool unit = structure == SolveStructure::UnitLower ||
              structure == SolveStructure::UnitUpper;
  for (int64_t k = 0; forward && k < n; ++k) {
    if (structure == SolveStructure::General) {
      int64_t best = k;
      for (int64_t i = k + 1; i < n; ++i)
        if (std::abs(a[i * n + k]) > std::abs(a[best * n + k]))
          best = i;
      for (int64_t j = 0; best != k && j < n; ++j)
        std::swap(a[best * n + j], a[k * n + j]);
      for (int64_t j = 0; best != k && j < m; ++j)
        std::swap(b[best * m + j], b[k * m + j]);
    }
    T pivot = unit ? T(1) : a[k * n + k];
    if (pivot == 0 || (structure == SolveStructure::Spd && !(pivot > 0)))
      return k;
    // Of a lower matrix only the right-hand side changes.
    if (!backward)
      for (int64_t j = 0; j < m; ++j)
        b[k * m + j] = b[k * m + j] / pivot;
    for (int64_t i = k + 1; i < n; ++i) {
      T factor = backward ? a[i * n + k] / pivot : a[i * n + k];
      for (int64_t j = k + 1; backward && j < n; ++j)
        a[i * n + j] -= factor * a[k * n + j];
      for (int64_t j = 0; j < m; ++j)
        b[i * m + j] -= factor * b[k * m + j];
    }
  }
  for (int64_t k = n - 1; backward && k >= 0; --k) {
    T pivot = unit ? T(1) : a[k * n + k];
    if (pivot == 0)
      return k;
    for (int64_t j = 0; j < m; ++j) {
      T sum = b[k * m + j];
      for (int64_t i = k + 1; i < n; ++i)
        sum -= a[k * n + i] * b[i * m + j];
      b[k * m + j] = sum / pivot;
    }
  }
  return -1;
}

template <typename T>
static int64_t solveAs(const Grid &a, Grid &b, SolveStructure structure) {
  std::vector<T> matrix, rhs;
  for (const Scalar &s : a.at)
    matrix.push_back(T(toDouble(s)));
  for (const Scalar &s : b.at)
    rhs.push_back(T(toDouble(s)));
  int64_t bad = eliminate(matrix, rhs, a.rows, b.columns, structure);
  for (size_t k = 0; k < rhs.size(); ++k)
    b.at[k] = roundedLike(b.at[k], rhs[k]);
  return bad;
}

/// Solves with `square`'s side; the result replaces `x`.
static LogicalResult solveWith(Square &square, const Grid &matrix, Grid &x,
                               SolveStructure structure) {
  Grid a = square.left ? transposed(matrix) : matrix;
  if (square.left) {
    x = transposed(x);
    structure = transposedStructure(structure);
  }
  int64_t bad = square.type == NOODLE_RT_F64 ? solveAs<double>(a, x, structure)
                                             : solveAs<float>(a, x, structure);
  if (square.left)
    x = transposed(x);
  if (bad < 0)
    return success();
  return square.machine.fail(
      square.op, NOODLE_RT_INVALID_ARGUMENT,
      structure == SolveStructure::Spd
          ? "the matrix is not positive definite: pivot " + Twine(bad) +
                " is not positive"
          : "the matrix is singular: pivot " + Twine(bad) + " is 0");
}

static LogicalResult solve(Machine &machine, Frame &frame, SolveOp op) {
  Square square(machine, frame, op, op.getLeft());
  square.algebra = *builtinAlgebra(SemiringKind::PlusTimes,
                                   frame.tensor(op.getInput()).type);
  if (failed(square.read(op.getInput(), op.getRhs())))
    return failure();
  Grid x = square.hasRhs ? square.b : square.identity();
  if (failed(solveWith(square, square.a, x,
                       *parseSolveStructure(op.getStructure()))))
    return failure();
  return square.write(x);
}

//===----------------------------------------------------------------------===//
// Closures
//===----------------------------------------------------------------------===//

/// The least power of two not below n.
static int64_t terms(int64_t n) {
  int64_t count = 1;
  while (count < n)
    count *= 2;
  return count;
}

/// One node after the other (Kleene; Floyd, Warshall where sums are
/// idempotent).
static LogicalResult eliminateNodes(Square &s, bool logPlus) {
  Algebra &algebra = s.algebra;
  int64_t n = s.a.rows;
  Grid &d = s.a;
  for (int64_t k = 0; k < n; ++k) {
    Scalar pivot = d(k, k), star = algebra.one;
    if (logPlus) {
      double p = toDouble(pivot);
      if (!(p < 0))
        return s.diverges("the cycles through node " + Twine(k) +
                          " add up to 1 or more");
      star = roundedLike(pivot, -std::log1p(-std::exp(p)));
    } else if (!sameValue(algebra.add(algebra.one, pivot), algebra.one)) {
      return s.diverges("a cycle through node " + Twine(k) +
                        " is better than staying there");
    }
    std::vector<Scalar> row, column;
    for (int64_t j = 0; j < n; ++j) {
      row.push_back(d(k, j));
      column.push_back(algebra.mul(d(j, k), star));
    }
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n; ++j) {
        if (failed(s.machine.step(s.op)))
          return failure();
        d(i, j) = algebra.add(d(i, j), algebra.mul(column[i], row[j]));
      }
  }
  for (int64_t k = 0; k < n; ++k)
    d(k, k) = algebra.add(d(k, k), algebra.one);
  return success();
}

/// x = b + A x, at most n times.
static LogicalResult iterate(Square &s, Grid &x) {
  int64_t n = s.a.rows;
  x = s.b;
  int64_t changed = n - 1;
  for (int64_t t = 0; changed >= 0 && t < n; ++t) {
    Grid next;
    if (failed(s.apply(x, next)))
      return failure();
    s.add(next, s.b);
    changed = s.lastDifference(next, x, s.left);
    x = std::move(next);
  }
  if (changed >= 0)
    return s.diverges("node " + Twine(changed) +
                      " still changes after as many products as there are "
                      "nodes; a cycle before it is better than staying");
  return success();
}

/// Whether powers of a matrix vanish: some norm of a repeated square is below
/// one.
static bool vanishes(const Grid &a) {
  int64_t n = a.rows;
  std::vector<double> power(n * n), next(n * n);
  for (int64_t k = 0; k < n * n; ++k)
    power[k] = toDouble(a.at[k]);
  for (int step = 0; step <= 40; ++step) {
    double norm = 0;
    for (int64_t i = 0; i < n; ++i) {
      double sum = 0;
      for (int64_t j = 0; j < n; ++j)
        sum += std::abs(power[i * n + j]);
      norm = sum > norm || std::isnan(sum) ? sum : norm;
    }
    if (norm < 1)
      return true;
    if (!std::isfinite(norm))
      return false;
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n; ++j) {
        double sum = 0;
        for (int64_t k = 0; k < n; ++k)
          sum += power[i * n + k] * power[k * n + j];
        next[i * n + j] = sum;
      }
    power.swap(next);
  }
  return false;
}

static LogicalResult closure(Machine &machine, Frame &frame, ClosureOp op) {
  Square s(machine, frame, op, op.getLeft());
  noodle_rt_type type = frame.tensor(op.getInput()).type;
  if (failed(machine.algebra(op, op.getSemiring(), type, s.algebra)) ||
      failed(s.read(op.getInput(), op.getRhs())))
    return failure();
  SemiringOp symbol;
  if (op.getSemiring().getKind() == SemiringKind::User)
    symbol = SymbolTable::lookupNearestSymbolFrom<SemiringOp>(
        op, op.getSemiring().getSymbol());
  bool logPlus = op.getSemiring().getKind() == SemiringKind::LogPlus;
  int64_t n = s.a.rows;
  Grid x;
  switch (closureForm(op.getSemiring(),
                      op.getInput().getType().getElementType(), symbol)) {
  case ClosureForm::Eliminate:
    if (s.hasRhs && !logPlus) {
      if (failed(iterate(s, x)))
        return failure();
      break;
    }
    if (failed(eliminateNodes(s, logPlus)))
      return failure();
    if (!s.hasRhs)
      x = s.a;
    else if (failed(s.apply(s.b, x)))
      return failure();
    break;
  case ClosureForm::Solve: {
    if (!vanishes(s.a))
      return s.diverges("the spectral radius is not below 1");
    Grid system = s.identity();
    for (size_t k = 0; k < system.at.size(); ++k)
      system.at[k] = roundedLike(system.at[k],
                                 toDouble(system.at[k]) - toDouble(s.a.at[k]));
    x = s.hasRhs ? s.b : s.identity();
    if (failed(solveWith(s, system, x, SolveStructure::General)))
      return failure();
    break;
  }
  case ClosureForm::Nilpotent: {
    Grid term = s.hasRhs ? s.b : s.identity();
    x = term;
    for (int64_t t = 0, e = terms(n); t < e && !s.isZero(term); ++t) {
      Grid next;
      if (failed(s.apply(term, next)))
        return failure();
      term = std::move(next);
      s.add(x, term);
    }
    if (!s.isZero(term))
      return s.diverges("power " + Twine(terms(n)) + " is not zero");
    break;
  }
  case ClosureForm::Squares: {
    if (s.hasRhs) {
      if (failed(iterate(s, x)))
        return failure();
      break;
    }
    x = s.identity();
    s.add(x, s.a);
    int64_t changed = n - 1;
    for (int64_t count = 1; changed >= 0; count *= 2) {
      Grid next;
      if (failed(s.multiply(x, x, next)))
        return failure();
      changed = s.lastDifference(next, x, /*byColumn=*/false);
      x = std::move(next);
      if (changed >= 0 && count >= n)
        return s.diverges("node " + Twine(changed) +
                          " still changes after paths as long as there are "
                          "nodes");
    }
    break;
  }
  }
  return s.write(x);
}

static LogicalResult power(Machine &machine, Frame &frame, MatrixPowerOp op) {
  Square s(machine, frame, op, op.getLeft());
  noodle_rt_type type = frame.tensor(op.getInput()).type;
  if (failed(machine.algebra(op, op.getSemiring(), type, s.algebra)) ||
      failed(s.read(op.getInput(), op.getRhs())))
    return failure();
  int64_t n = op.getExponent() ? frame.integer(op.getExponent()) : *op.getN();
  if (n < 0)
    return machine.fail(op, NOODLE_RT_INVALID_ARGUMENT,
                        "the exponent is negative");
  Grid x = s.hasRhs ? s.b : n ? s.a : s.identity();
  for (int64_t k = s.hasRhs ? 0 : 1; k < n; ++k) {
    Grid next;
    if (failed(s.hasRhs ? s.apply(x, next) : s.multiply(x, s.a, next)))
      return failure();
    x = std::move(next);
  }
  return s.write(x);
}

//===----------------------------------------------------------------------===//
// Promises
//===----------------------------------------------------------------------===//

namespace {
struct Counterexample {
  int64_t row = -1, column = -1;
  std::string why;
};
} // namespace

/// Where a property does not hold; row -1 where it does.
static Counterexample refute(const Grid &a, Property property) {
  bool complex = !a.at.empty() && isComplex(a.at.front());
  auto value = [&](int64_t i, int64_t j) {
    return complex ? toComplex(a(i, j))
           : std::holds_alternative<int64_t>(a(i, j))
               ? std::complex<double>(double(toInteger(a(i, j))))
               : std::complex<double>(toDouble(a(i, j)));
  };
  bool single = !a.at.empty() && !std::holds_alternative<double>(a.at.front());
  int64_t n = a.rows, m = a.columns;
  double tolerance = double(std::max<int64_t>(std::max(n, m), 1)) *
                     (single ? 1.2e-7 : 2.3e-16) * 4;
  auto sum = [&](int64_t i) {
    std::complex<double> total = 0;
    for (int64_t j = 0; j < m; ++j)
      total += value(i, j);
    return total;
  };
  auto entries = [&](auto holds, const char *why) -> Counterexample {
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < m; ++j)
        if (!holds(i, j))
          return {i, j, why};
    return {};
  };
  switch (property) {
  case PropZero:
    return entries([&](auto i, auto j) { return value(i, j) == 0.0; },
                   "is not 0");
  case PropIdentity:
    return entries(
        [&](auto i, auto j) { return value(i, j) == (i == j ? 1.0 : 0.0); },
        "is not that of the identity");
  case PropDiagonal:
    return entries([&](auto i, auto j) { return i == j || value(i, j) == 0.0; },
                   "is not 0");
  case PropLower:
    return entries([&](auto i, auto j) { return i >= j || value(i, j) == 0.0; },
                   "is not 0");
  case PropUpper:
    return entries([&](auto i, auto j) { return i <= j || value(i, j) == 0.0; },
                   "is not 0");
  case PropUnitDiag:
    return entries([&](auto i, auto j) { return i != j || value(i, j) == 1.0; },
                   "is not 1");
  case PropSymmetric:
    return entries([&](auto i, auto j) { return sameValue(a(i, j), a(j, i)); },
                   "differs from its mirror image");
  case PropNonneg:
    return entries([&](auto i, auto j) { return value(i, j).real() >= 0; },
                   "is negative");
  case PropToeplitz:
    return entries(
        [&](auto i, auto j) {
          return !i || !j || sameValue(a(i, j), a(i - 1, j - 1));
        },
        "differs from the one before it on its diagonal");
  case PropCirculant:
    return entries(
        [&](auto i, auto j) {
          return !i || sameValue(a(i, j), a(i - 1, (j + n - 1) % n));
        },
        "differs from the one before it on its diagonal");
  case PropPermutation:
  case PropFunction:
    for (int64_t i = 0; i < n; ++i)
      if (sum(i) != 1.0)
        return {i, 0, "begins a row with other than one 1"};
    for (int64_t j = 0; property == PropPermutation && j < m; ++j) {
      std::complex<double> total = 0;
      for (int64_t i = 0; i < n; ++i)
        total += value(i, j);
      if (total != 1.0)
        return {0, j, "begins a column with other than one 1"};
    }
    return entries(
        [&](auto i, auto j) {
          return value(i, j) == 0.0 || value(i, j) == 1.0;
        },
        "is neither 0 nor 1");
  case PropRowStochastic:
    for (int64_t i = 0; i < n; ++i)
      if (!(std::abs(sum(i) - 1.0) <= tolerance))
        return {i, 0, "begins a row that does not add up to 1"};
    return entries([&](auto i, auto j) { return value(i, j).real() >= 0; },
                   "is negative");
  case PropOrthogonal:
    return entries(
        [&](auto i, auto j) {
          double product = 0;
          for (int64_t k = 0; k < m; ++k)
            product += value(i, k).real() * value(j, k).real();
          return std::abs(product - (i == j ? 1.0 : 0.0)) <= tolerance;
        },
        "of A A^T is not that of the identity");
  case PropSpd:
  case PropNonsingular: {
    if (property == PropSpd)
      if (Counterexample found = refute(a, PropSymmetric); found.row >= 0)
        return found;
    std::vector<double> matrix, none;
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < m; ++j)
        matrix.push_back(value(i, j).real());
    int64_t bad = eliminate(matrix, none, n, 0,
                            property == PropSpd ? SolveStructure::Spd
                                                : SolveStructure::General);
    if (bad >= 0)
      return {bad, bad,
              property == PropSpd ? "leads to a pivot that is not positive"
                                  : "leads to a pivot of 0"};
    return {};
  }
  }
  return {};
}

static LogicalResult assume(Machine &machine, Frame &frame, AssumeOp op) {
  Square s(machine, frame, op, /*left=*/false);
  const Tensor &tensor = frame.tensor(op.getInput());
  if (failed(s.read(op.getInput(), s.a, zeroScalar(tensor.type))))
    return failure();
  for (Attribute attr : op.getProps()) {
    StringRef name = cast<StringAttr>(attr).getValue();
    Property property = *parseProperty(name);
    constexpr Properties rectangular =
        PropZero | PropFunction | PropRowStochastic | PropNonneg | PropToeplitz;
    if (!(property & rectangular) && s.a.rows != s.a.columns)
      return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                          "the matrix is assumed to be " + name +
                              ", but is not square: " + Twine(s.a.rows) + "x" +
                              Twine(s.a.columns));
    Counterexample found = refute(s.a, property);
    if (found.row >= 0)
      return machine.fail(op, NOODLE_RT_INVALID_ARGUMENT,
                          "the matrix is assumed to be " + name +
                              ", but entry (" + Twine(found.row) + ", " +
                              Twine(found.column) + ") " + found.why);
  }
  frame.set(op.getResult(), frame.get(op.getInput()));
  return success();
}

void addSolverHandlers(Handlers &handlers) {
  handlers.add<ClosureOp, closure>();
  handlers.add<MatrixPowerOp, power>();
  handlers.add<SolveOp, solve>();
  handlers.add<AssumeOp, assume>();
}

} // namespace mlir::noodle::reference
