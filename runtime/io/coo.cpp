//===- coo.cpp - symmetry, duplicates, compression ------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "detail.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace noodle::rt::io;

int64_t Coo::entries() const {
  if (format == Format::Coordinate)
    return int64_t(row.size());
  return int64_t(field == Field::Real      ? reals.size()
                 : field == Field::Complex ? complexes.size()
                                           : integers.size());
}

int64_t Coo::lineOf(int64_t entry) const {
  auto run =
      std::upper_bound(lineRuns.begin(), lineRuns.end(), entry,
                       [](int64_t e, const LineRun &r) { return e < r.first; });
  if (run == lineRuns.begin() || (--run)->line == 0)
    return 0;
  return run->line + (entry - run->first);
}

namespace {
Error refuse(const Coo &coo, std::string message) {
  return {coo.source, std::move(message)};
}

/// `file:line:1`, or the file where the line is unknown.
std::string placeOf(const Coo &coo, int64_t entry) {
  int64_t line = coo.lineOf(entry);
  if (line == 0)
    return coo.source;
  return coo.source + ":" + std::to_string(line) + ":1";
}

std::string nameOf(const Coo &coo, int64_t entry) {
  int64_t line = coo.lineOf(entry);
  return line ? "line " + std::to_string(line)
              : "entry " + std::to_string(entry + 1);
}

/// Whether a half of the matrix comes with its diagonal.
bool storesDiagonal(Symmetry symmetry) {
  return symmetry == Symmetry::Symmetric || symmetry == Symmetry::Hermitian;
}

/// What the mirror image of an entry holds.
template <typename T> T mirrored(T value, Symmetry symmetry) {
  if (symmetry == Symmetry::SkewSymmetric)
    return T(-value);
  if constexpr (std::is_same_v<T, std::complex<double>>)
    if (symmetry == Symmetry::Hermitian)
      return std::conj(value);
  return value;
}

int64_t valueBytes(Field field) {
  return field == Field::Pattern ? 0 : field == Field::Complex ? 16 : 8;
}

/// Stored values of an array file.
bool arrayCount(const Coo &coo, int64_t &count) {
  if (!multiply(coo.rows, coo.cols, count))
    return false;
  if (coo.symmetry != Symmetry::General)
    count =
        (count - coo.rows) / 2 + (storesDiagonal(coo.symmetry) ? coo.rows : 0);
  return true;
}

/// Calls `visit(row, col, entry)` for the stored entries in order.
template <typename Visit> void forEachStored(const Coo &coo, Visit &&visit) {
  if (coo.format == Format::Coordinate) {
    for (size_t k = 0; k < coo.row.size(); ++k)
      visit(coo.row[k], coo.col[k], int64_t(k));
    return;
  }
  int64_t entry = 0;
  // Without rows there is nothing to visit, however many columns.
  for (int64_t j = 0; j < coo.cols && coo.rows > 0; ++j) {
    int64_t first = coo.symmetry == Symmetry::General ? 0
                    : storesDiagonal(coo.symmetry)    ? j
                                                      : j + 1;
    for (int64_t i = first; i < coo.rows; ++i)
      visit(i, j, entry++);
  }
}

/// An entry of the expanded matrix: a stored one or its mirror image.
struct Source {
  int64_t minor;
  int64_t key; ///< 2 * entry, + 1 if mirrored
  bool operator<(const Source &other) const {
    return minor != other.minor ? minor < other.minor : key < other.key;
  }
};

/// Calls `visit(row, col, key)` for stored and mirrored entries.
template <typename Visit> void forEachExpanded(const Coo &coo, Visit &&visit) {
  const bool symmetric = coo.symmetry != Symmetry::General;
  forEachStored(coo, [&](int64_t i, int64_t j, int64_t entry) {
    visit(i, j, 2 * entry);
    if (symmetric && i != j)
      visit(j, i, 2 * entry + 1);
  });
}

int64_t expandedEntries(const Coo &coo) {
  int64_t count = coo.entries();
  if (coo.symmetry == Symmetry::General)
    return count;
  if (coo.format == Format::Array)
    return count * 2 - (storesDiagonal(coo.symmetry) ? coo.rows : 0);
  int64_t result = 2 * count;
  for (int64_t k = 0; k < count; ++k)
    result -= coo.row[size_t(k)] == coo.col[size_t(k)];
  return result;
}

/// Holds `bytes` against the limit.
Error charge(const Coo &coo, bool fits, int64_t bytes, const IoLimits &limits) {
  int64_t limit = memoryLimit(limits);
  if (fits && bytes <= limit)
    return {};
  return refuse(coo, "a " + std::to_string(coo.rows) + " x " +
                         std::to_string(coo.cols) + " matrix of " +
                         std::to_string(coo.entries()) +
                         " entries takes more than the limit of " +
                         std::to_string(limit) + " bytes");
}

constexpr const char *realDiagonal =
    "the diagonal of a hermitian matrix is real";

Error check(const Coo &coo) {
  if (coo.rows < 0 || coo.cols < 0)
    return refuse(coo, "a negative size");
  if (coo.symmetry != Symmetry::General && coo.rows != coo.cols)
    return refuse(coo, "a symmetric matrix must be square");
  const bool skew = coo.symmetry == Symmetry::SkewSymmetric;
  if (coo.field == Field::Pattern && (skew || coo.format == Format::Array))
    return refuse(coo, "a pattern cannot be skew-symmetric or an array");
  const bool hermitian = coo.symmetry == Symmetry::Hermitian;
  if (hermitian && coo.field != Field::Complex)
    return refuse(coo, "only a complex matrix can be hermitian");
  const size_t count = size_t(coo.entries());
  if (coo.reals.size() != (coo.field == Field::Real ? count : 0) ||
      coo.integers.size() != (coo.field == Field::Integer ? count : 0) ||
      coo.complexes.size() != (coo.field == Field::Complex ? count : 0))
    return refuse(coo, "the number of values is not the number of entries");
  if (skew && std::count(coo.integers.begin(), coo.integers.end(), INT64_MIN))
    return refuse(coo, "a value's negative does not fit in 64 bits");

  if (coo.format == Format::Array) {
    int64_t wanted;
    if (!coo.row.empty() || !coo.col.empty() || !arrayCount(coo, wanted) ||
        wanted != int64_t(count))
      return refuse(coo, "an array's number of values does not match its size");
    bool real = true;
    if (hermitian)
      forEachStored(coo, [&](int64_t i, int64_t j, int64_t entry) {
        real &= i != j || coo.complexes[size_t(entry)].imag() == 0;
      });
    return real ? Error() : refuse(coo, realDiagonal);
  }
  if (coo.row.size() != coo.col.size())
    return refuse(coo, "row and column indices differ in number");
  for (size_t k = 0; k < count; ++k) {
    int64_t i = coo.row[k], j = coo.col[k];
    if (i < 0 || i >= coo.rows || j < 0 || j >= coo.cols)
      return refuse(coo, "entry " + std::to_string(k + 1) + " is out of range");
    if (skew && i == j)
      return refuse(coo,
                    "a skew-symmetric matrix has no entries on the diagonal");
    if (hermitian && i == j && coo.complexes[k].imag() != 0)
      return refuse(coo, realDiagonal);
  }
  return {};
}

//===----------------------------------------------------------------------===//
// Dense values
//===----------------------------------------------------------------------===//

/// The array's values with symmetry expanded, column by column.
template <typename T>
void expandColumns(const Coo &coo, const std::vector<T> &from, T *to) {
  const bool skew = coo.symmetry == Symmetry::SkewSymmetric;
  if (skew)
    for (int64_t i = 0; i < coo.rows; ++i)
      to[i * coo.rows + i] = T(0);
  forEachExpanded(coo, [&](int64_t i, int64_t j, int64_t key) {
    T value = from[size_t(key / 2)];
    to[j * coo.rows + i] = key % 2 ? mirrored(value, coo.symmetry) : value;
  });
}

/// Values that a full array takes and their bytes.
Error chargeArray(const Coo &coo, const IoLimits &limits, int64_t &count) {
  int64_t bytes = 0;
  bool fits = multiply(coo.rows, coo.cols, count) &&
              multiply(count, valueBytes(coo.field), bytes);
  return charge(coo, fits, bytes, limits);
}

template <typename T>
Error expandArray(Coo &coo, std::vector<T> &values, const IoLimits &limits) {
  int64_t count;
  if (Error error = chargeArray(coo, limits, count); !error.ok())
    return error;
  std::vector<T> full((size_t(count)));
  expandColumns(coo, values, full.data());
  values = std::move(full);
  coo.lineRuns.clear();
  return {};
}

//===----------------------------------------------------------------------===//
// Compression
//===----------------------------------------------------------------------===//

template <typename T> T minimum(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    // NaN wins and -0 is below 0, whatever the order.
    if (std::isnan(a) || std::isnan(b))
      return std::isnan(a) ? a : b;
    if (a == b)
      return std::signbit(a) ? a : b;
  }
  return b < a ? b : a;
}
template <typename T> T maximum(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a) || std::isnan(b))
      return std::isnan(a) ? a : b;
    if (a == b)
      return std::signbit(a) ? b : a;
  }
  return a < b ? b : a;
}

/// False when an integer sum does not fit, or where complex numbers would need
/// an order.
template <typename T> bool combine(T &value, T next, Duplicates duplicates) {
  constexpr bool ordered = !std::is_same_v<T, std::complex<double>>;
  switch (duplicates) {
  case Duplicates::Sum:
    if constexpr (std::is_integral_v<T>)
      return !__builtin_add_overflow(value, next, &value);
    value += next;
    return true;
  case Duplicates::Min:
    if constexpr (ordered)
      value = minimum(value, next);
    return ordered;
  case Duplicates::Max:
    if constexpr (ordered)
      value = maximum(value, next);
    return ordered;
  case Duplicates::Or:
    value = T(value != T(0) || next != T(0));
    return true;
  case Duplicates::Error:
    break;
  }
  return false;
}

Error duplicateError(const Coo &coo, int64_t first, int64_t second) {
  // Name the later line first: that is the one to look at.
  if (second / 2 < first / 2)
    std::swap(first, second);
  auto at = [&](int64_t key) {
    size_t k = size_t(key / 2);
    return "(" + std::to_string(coo.row[k] + 1) + ", " +
           std::to_string(coo.col[k] + 1) + ")";
  };
  bool mirror = (first ^ second) & 1;
  return {placeOf(coo, second / 2),
          "entry " + at(second) + (mirror ? " mirrors" : " repeats") +
              (mirror ? " entry " + at(first) + " of " : " that of ") +
              nameOf(coo, first / 2) +
              "; to combine them choose sum, min, max or or"};
}

template <typename T> struct Values {
  const std::vector<T> &from;
  AlignedVector<T> &to;
  Symmetry symmetry;
  T at(int64_t key) const {
    T value = from[size_t(key / 2)];
    return key % 2 ? mirrored(value, symmetry) : value;
  }
};

/// Stands for the values of a pattern: each counts as 1.
struct Ones {
  AlignedVector<int64_t> &to;
  int64_t at(int64_t) const { return 1; }
};

/// Sorts each major index's sources, merges equal places, stores.
template <typename Position, typename Coordinate, typename From>
Error mergeEntries(const Coo &coo, Duplicates duplicates,
                   AlignedVector<Source> &sources,
                   Compressed<Position, Coordinate> &result, From *values) {
  // On entry positions[i] is the end of i's sources, on return their start.
  int64_t begin = 0, kept = 0;
  const int64_t majors = int64_t(result.positions.size()) - 1;
  for (int64_t i = 0; i < majors; ++i) {
    Source *at = sources.data() + begin;
    Source *end = sources.data() + result.positions[size_t(i)];
    begin = result.positions[size_t(i)];
    result.positions[size_t(i)] = Position(kept);
    // Files are mostly in order already.
    if (!std::is_sorted(at, end))
      std::sort(at, end);
    while (at != end) {
      const Source first = *at++;
      if (at != end && at->minor == first.minor &&
          duplicates == Duplicates::Error)
        return duplicateError(coo, first.key, at->key);
      if (!values) {
        while (at != end && at->minor == first.minor)
          ++at;
      } else {
        auto value = values->at(first.key);
        for (; at != end && at->minor == first.minor; ++at)
          if (!combine(value, values->at(at->key), duplicates))
            return {placeOf(coo, at->key / 2),
                    coo.field == Field::Complex
                        ? "complex numbers have no order: the entry that "
                          "repeats " +
                              nameOf(coo, first.key / 2) +
                              " can be combined with it by sum or or"
                        : "the sum with " + nameOf(coo, first.key / 2) +
                              " does not fit in 64 bits"};
        values->to[size_t(kept)] = value;
      }
      result.coordinates[size_t(kept++)] = Coordinate(first.minor);
    }
  }
  result.positions[size_t(majors)] = Position(kept);
  result.coordinates.resize(size_t(kept));
  if (values)
    values->to.resize(size_t(kept));
  return {};
}

template <typename Position, typename Coordinate>
Error compressImpl(const Coo &coo, Major major, Duplicates duplicates,
                   Compressed<Position, Coordinate> &out,
                   const IoLimits &limits) {
  if (Error error = check(coo); !error.ok())
    return error;
  const bool byRows = major == Major::Row;
  const int64_t majors = byRows ? coo.rows : coo.cols;
  const int64_t minors = byRows ? coo.cols : coo.rows;
  const int64_t total = expandedEntries(coo);
  if (total > std::numeric_limits<Position>::max())
    return refuse(coo, std::to_string(total) +
                           " entries do not fit in 32-bit positions");
  if (minors > int64_t(std::numeric_limits<Coordinate>::max()))
    return refuse(coo, "a size of " + std::to_string(minors) +
                           " does not fit in 32-bit coordinates");
  Compressed<Position, Coordinate> result;
  result.major = major;
  result.rows = coo.rows;
  result.cols = coo.cols;
  result.field = coo.field == Field::Pattern && duplicates == Duplicates::Sum
                     ? Field::Integer
                     : coo.field;

  int64_t perEntry =
      sizeof(Source) + sizeof(Coordinate) + valueBytes(result.field);
  int64_t positionBytes, entryBytes, bytes = 0;
  bool fits = majors < INT64_MAX &&
              multiply(majors + 1, sizeof(Position), positionBytes) &&
              multiply(total, perEntry, entryBytes) &&
              add(positionBytes, entryBytes, bytes);
  if (Error error = charge(coo, fits, bytes, limits); !error.ok())
    return error;

  // A counting sort over the major index: count, turn counts into starts,
  // place. Afterwards positions[i] is where i ends.
  result.positions.assign(size_t(majors) + 1, Position(0));
  Position *positions = result.positions.data();
  forEachExpanded(
      coo, [&](int64_t i, int64_t j, int64_t) { ++positions[byRows ? i : j]; });
  Position start = 0;
  for (int64_t i = 0; i <= majors; ++i)
    start += std::exchange(positions[i], start);
  AlignedVector<Source> sources((size_t(total)));
  forEachExpanded(coo, [&](int64_t i, int64_t j, int64_t key) {
    sources[size_t(positions[byRows ? i : j]++)] = {byRows ? j : i, key};
  });

  result.coordinates.resize(size_t(total));
  Error error;
  if (coo.field == Field::Real) {
    result.reals.resize(size_t(total));
    Values<double> values{coo.reals, result.reals, coo.symmetry};
    error = mergeEntries(coo, duplicates, sources, result, &values);
  } else if (coo.field == Field::Integer) {
    result.integers.resize(size_t(total));
    Values<int64_t> values{coo.integers, result.integers, coo.symmetry};
    error = mergeEntries(coo, duplicates, sources, result, &values);
  } else if (coo.field == Field::Complex) {
    result.complexes.resize(size_t(total));
    Values<std::complex<double>> values{coo.complexes, result.complexes,
                                        coo.symmetry};
    error = mergeEntries(coo, duplicates, sources, result, &values);
  } else if (result.field == Field::Integer) {
    result.integers.resize(size_t(total));
    Ones values{result.integers};
    error = mergeEntries(coo, duplicates, sources, result, &values);
  } else {
    error = mergeEntries(coo, duplicates, sources, result,
                         static_cast<Ones *>(nullptr));
  }
  if (error.ok())
    out = std::move(result);
  return error;
}
} // namespace

Error noodle::rt::io::validate(const Coo &coo) {
  return guarded(coo.source, [&] { return check(coo); });
}

Error noodle::rt::io::expandSymmetry(Coo &coo, const IoLimits &limits) {
  return guarded(coo.source, [&]() -> Error {
    if (Error error = check(coo); !error.ok())
      return error;
    if (coo.symmetry == Symmetry::General)
      return {};
    if (coo.format == Format::Array) {
      Error error = coo.field == Field::Real
                        ? expandArray(coo, coo.reals, limits)
                    : coo.field == Field::Complex
                        ? expandArray(coo, coo.complexes, limits)
                        : expandArray(coo, coo.integers, limits);
      if (error.ok())
        coo.symmetry = Symmetry::General;
      return error;
    }

    const int64_t count = coo.entries(), total = expandedEntries(coo);
    int64_t bytes = 0;
    bool fits = multiply(total, 16 + valueBytes(coo.field), bytes);
    if (Error error = charge(coo, fits, bytes, limits); !error.ok())
      return error;
    // Reserve first: afterwards nothing throws and the matrix stays whole.
    coo.row.reserve(size_t(total));
    coo.col.reserve(size_t(total));
    if (coo.field == Field::Real)
      coo.reals.reserve(size_t(total));
    if (coo.field == Field::Integer)
      coo.integers.reserve(size_t(total));
    if (coo.field == Field::Complex)
      coo.complexes.reserve(size_t(total));
    for (size_t k = 0; k < size_t(count); ++k) {
      int64_t i = coo.row[k], j = coo.col[k];
      if (i == j)
        continue;
      coo.row.push_back(j);
      coo.col.push_back(i);
      if (coo.field == Field::Real)
        coo.reals.push_back(mirrored(coo.reals[k], coo.symmetry));
      if (coo.field == Field::Integer)
        coo.integers.push_back(mirrored(coo.integers[k], coo.symmetry));
      if (coo.field == Field::Complex)
        coo.complexes.push_back(mirrored(coo.complexes[k], coo.symmetry));
    }
    coo.symmetry = Symmetry::General;
    coo.lineRuns.clear();
    return {};
  });
}

Error noodle::rt::io::toArray(const Coo &coo, Array &array,
                              const IoLimits &limits) {
  return guarded(coo.source, [&]() -> Error {
    if (Error error = check(coo); !error.ok())
      return error;
    if (coo.format != Format::Array)
      return refuse(coo, "a coordinate matrix is not a dense array");
    int64_t count;
    if (Error error = chargeArray(coo, limits, count); !error.ok())
      return error;
    Array result;
    result.type = coo.field == Field::Real      ? NOODLE_RT_F64
                  : coo.field == Field::Complex ? NOODLE_RT_C128
                                                : NOODLE_RT_I64;
    const int64_t width = valueBytes(coo.field);
    result.shape = {coo.rows, coo.cols};
    result.strides = {1, std::max<int64_t>(coo.rows, 1)};
    result.bytes.reserve(size_t(std::max<int64_t>(count * width, 1)));
    result.bytes.resize(size_t(count * width));
    if (coo.field == Field::Real)
      expandColumns(coo, coo.reals,
                    reinterpret_cast<double *>(result.bytes.data()));
    else if (coo.field == Field::Complex)
      expandColumns(
          coo, coo.complexes,
          reinterpret_cast<std::complex<double> *>(result.bytes.data()));
    else
      expandColumns(coo, coo.integers,
                    reinterpret_cast<int64_t *>(result.bytes.data()));
    array = std::move(result);
    return {};
  });
}

template <typename Position, typename Coordinate>
Error noodle::rt::io::compress(const Coo &coo, Major major,
                               Duplicates duplicates,
                               Compressed<Position, Coordinate> &result,
                               const IoLimits &limits) {
  return guarded(coo.source, [&] {
    return compressImpl(coo, major, duplicates, result, limits);
  });
}

template Error noodle::rt::io::compress(const Coo &, Major, Duplicates,
                                        Compressed<int32_t, int32_t> &,
                                        const IoLimits &);
template Error noodle::rt::io::compress(const Coo &, Major, Duplicates,
                                        Compressed<int32_t, int64_t> &,
                                        const IoLimits &);
template Error noodle::rt::io::compress(const Coo &, Major, Duplicates,
                                        Compressed<int64_t, int32_t> &,
                                        const IoLimits &);
template Error noodle::rt::io::compress(const Coo &, Major, Duplicates,
                                        Compressed<int64_t, int64_t> &,
                                        const IoLimits &);
