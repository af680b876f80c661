//===- io.h - .npy and MatrixMarket files ---------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Readers and writers for host data. C++ inside the project; no LLVM. Any input
// is safe to read: a file is believed only as far as its own size goes, and
// `IoLimits` bounds what a result may take. Nothing throws across a call.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RT_IO_H
#define NOODLE_RT_IO_H

#include "noodle-rt/abi.h"

#include <complex>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace noodle::rt::io {

/// Empty when the call succeeded; otherwise one line and where it applies.
struct [[nodiscard]] Error {
  /// `file:line:column` in text, `file: offset N` in binary, else the file.
  std::string place;
  std::string message;

  bool ok() const { return message.empty(); }
  /// `place: message`, or the empty string.
  std::string str() const;
};

/// What a host is willing to spend.
struct IoLimits {
  /// Bytes of memory that the result of one call may take; 0 means what the
  /// machine has. A pipe's data may take twice that while it grows.
  int64_t maxBytes = 0;
};

/// Aligns to NOODLE_RT_ALIGNMENT and leaves new elements uninitialised.
template <typename T> struct AlignedAllocator {
  using value_type = T;
  AlignedAllocator() = default;
  template <typename U> AlignedAllocator(const AlignedAllocator<U> &) {}
  T *allocate(size_t count) {
    if (count > size_t(PTRDIFF_MAX) / sizeof(T))
      throw std::bad_alloc();
    return static_cast<T *>(::operator new(
        count * sizeof(T), std::align_val_t(NOODLE_RT_ALIGNMENT)));
  }
  void deallocate(T *block, size_t) {
    ::operator delete(block, std::align_val_t(NOODLE_RT_ALIGNMENT));
  }
  template <typename U> void construct(U *at) { ::new (at) U; }
  template <typename U, typename... Args>
  void construct(U *at, Args &&...args) {
    ::new (at) U(std::forward<Args>(args)...);
  }
  bool operator==(const AlignedAllocator &) const { return true; }
};
template <typename T> using AlignedVector = std::vector<T, AlignedAllocator<T>>;

//===----------------------------------------------------------------------===//
// Streams
//===----------------------------------------------------------------------===//

/// Where bytes come from. Single-thread.
class Input {
public:
  explicit Input(std::string name) : inputName(std::move(name)) {}
  virtual ~Input();
  /// Reads at most `bytes`; returns how many, 0 at the end. After a failure
  /// `error` is set and the result is 0.
  virtual int64_t read(void *to, int64_t bytes, Error &error) = 0;
  /// Bytes still to come, or -1 where nobody knows (a pipe).
  virtual int64_t remaining() const { return -1; }
  const std::string &name() const { return inputName; }

private:
  std::string inputName;
};

/// Where bytes go. Nothing is kept unless commit() succeeds, save on pipes and
/// standard output, where what was written is gone. Single-thread.
class Output {
public:
  explicit Output(std::string name) : outputName(std::move(name)) {}
  virtual ~Output();
  virtual Error write(const void *from, int64_t bytes) = 0;
  virtual Error commit() = 0;
  const std::string &name() const { return outputName; }

private:
  std::string outputName;
};

/// `path` may be `-` for standard input.
Error openInput(const std::string &path, std::unique_ptr<Input> &input);
/// Borrows the bytes. Null if out of memory.
std::unique_ptr<Input> memoryInput(std::string name, const void *bytes,
                                   int64_t size);

/// `path` may be `-` for standard output. A regular file is written beside its
/// place and renamed on commit; pipes, devices and /dev/stdout are written
/// directly. A pipe whose reader is gone raises SIGPIPE, as everywhere; a host
/// that ignores the signal gets the error.
Error openOutput(const std::string &path, std::unique_ptr<Output> &output);

//===----------------------------------------------------------------------===//
// Dense arrays, .npy
//===----------------------------------------------------------------------===//

/// A dense array that owns its bytes. Thread-compatible.
struct Array {
  noodle_rt_type type = NOODLE_RT_F64;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides; ///< in elements; column-major if read so
  AlignedVector<std::byte> bytes;

  int64_t count() const; ///< elements
  /// Borrows; valid while the array lives unchanged. The rank must not exceed
  /// NOODLE_RT_MAX_RANK, which holds after any successful read.
  noodle_rt_tensor view() const;
};

/// Reads versions 1.0, 2.0 and 3.0 with |b1, |i1, i4, i8, f2, f4, f8, c8 or c16
/// elements of either byte order. Two bytes without a meaning of their own
/// (<V2, |V2) are bf16, as NumPy writes that. The input must end with the data.
Error readNpy(Input &input, Array &array, const IoLimits &limits = {});
Error readNpy(const std::string &path, Array &array,
              const IoLimits &limits = {});

/// Writes a dense or scalar tensor, version 1.0, in row-major order unless the
/// values lie in column-major order without gaps.
Error writeNpy(Output &output, const noodle_rt_tensor &tensor);
Error writeNpy(const std::string &path, const noodle_rt_tensor &tensor);

//===----------------------------------------------------------------------===//
// MatrixMarket
//===----------------------------------------------------------------------===//

enum class Format : uint8_t { Coordinate, Array };
enum class Field : uint8_t { Real, Integer, Pattern, Complex };
/// Hermitian is for complex values alone.
enum class Symmetry : uint8_t { General, Symmetric, SkewSymmetric, Hermitian };

/// What to do with entries at the same place. Or is the logical one: combined
/// entries become 0 or 1, others keep their value.
enum class Duplicates : uint8_t { Error, Sum, Min, Max, Or };

/// A matrix as a MatrixMarket file holds it: of a symmetric one only the
/// entries that were stored. Thread-compatible.
struct Coo {
  Format format = Format::Coordinate;
  Field field = Field::Real;
  Symmetry symmetry = Symmetry::General;
  int64_t rows = 0, cols = 0;

  /// Format::Coordinate: 0-based places of the entries, in file order.
  /// Format::Array: both empty; values run down the columns, from the diagonal
  /// on if symmetric or hermitian and from below it if skew-symmetric.
  std::vector<int64_t> row, col;
  /// Values of Field::Real, else empty.
  std::vector<double> reals;
  /// Values of Field::Integer, else empty.
  std::vector<int64_t> integers;
  /// Values of Field::Complex, else empty.
  std::vector<std::complex<double>> complexes;

  /// File that messages name; may be empty.
  std::string source;
  /// Lines of the entries as runs: entries from `first` on stand on `line`,
  /// line + 1, ... Empty if unknown.
  struct LineRun {
    int64_t first, line;
  };
  std::vector<LineRun> lineRuns;

  /// Entries stored; for Format::Array the number of values.
  int64_t entries() const;
  /// 1-based line of an entry, 0 if unknown.
  int64_t lineOf(int64_t entry) const;
};

struct MtxOptions {
  IoLimits limits;
  /// Under Duplicates::Error a file that announces more entries than the
  /// matrix has places is refused before they are read.
  Duplicates duplicates = Duplicates::Error;
};

/// Reads coordinate and array files; real, integer, complex or pattern;
/// general, symmetric, skew-symmetric or hermitian.
Error readMtx(Input &input, Coo &coo, const MtxOptions &options = {});
Error readMtx(const std::string &path, Coo &coo,
              const MtxOptions &options = {});

/// Writes every value so that reading gives the same bits (NaN payloads
/// aside), with the same field, symmetry and order of entries.
Error writeMtx(Output &output, const Coo &coo);
Error writeMtx(const std::string &path, const Coo &coo);

/// Writes a CSR or CSC tensor as coordinate, a dense one of rank 1 (one column)
/// or 2 as array; f16, bf16 and f32 as the equal double, i1 as integers 0 and
/// 1.
Error writeMtx(Output &output, const noodle_rt_tensor &tensor);
Error writeMtx(const std::string &path, const noodle_rt_tensor &tensor);

/// Whether sizes, indices and symmetry agree; every function below checks.
Error validate(const Coo &coo);

/// Makes the matrix general: a coordinate matrix gets the mirrored entries
/// behind its own, an array one the full columns.
Error expandSymmetry(Coo &coo, const IoLimits &limits = {});

/// The values of Format::Array as a column-major F64, I64 or C128 array.
Error toArray(const Coo &coo, Array &array, const IoLimits &limits = {});

enum class Major : uint8_t { Row, Column };

/// CSR (Major::Row) or CSC. Major index i owns entries [positions[i],
/// positions[i+1]), with increasing coordinates. Thread-compatible.
template <typename Position, typename Coordinate> struct Compressed {
  Major major = Major::Row;
  Field field = Field::Real;
  int64_t rows = 0, cols = 0;
  AlignedVector<Position> positions;
  AlignedVector<Coordinate> coordinates;
  AlignedVector<double> reals;                   ///< Field::Real, else empty
  AlignedVector<int64_t> integers;               ///< Field::Integer, else empty
  AlignedVector<std::complex<double>> complexes; ///< Field::Complex, else empty
};

/// Sorts and compresses, symmetry expanded, duplicates resolved in file order,
/// explicit zeros kept. Pattern entries stay pattern, except that under
/// Duplicates::Sum they count as 1 and the result is Field::Integer. Complex
/// duplicates have no Min and no Max.
/// Defined for int32_t and int64_t.
template <typename Position, typename Coordinate>
Error compress(const Coo &coo, Major major, Duplicates duplicates,
               Compressed<Position, Coordinate> &result,
               const IoLimits &limits = {});

} // namespace noodle::rt::io

#endif // NOODLE_RT_IO_H
