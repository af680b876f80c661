//===- Binding.cpp - files and words as arguments ---------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiled with exceptions on: data can be larger than the machine, and then a
// failed allocation becomes a status here.
//
//===----------------------------------------------------------------------===//
#include "noodle/Engine/Binding.h"

#include "Machine.h"

#include "noodle-rt/blocks.h"
#include "noodle-rt/narrow.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

namespace noodle::engine {

namespace io = rt::io;
using rt::Brain;
using rt::Half;

namespace {

Status invalid(const std::string &what, const std::string &why) {
  return Status::error(Code::InvalidArgument, what + ": " + why);
}

Status fromIo(const io::Error &error) {
  return Status::error(Code::IoError, error.message, error.place);
}

template <typename Body> Status guarded(const std::string &what, Body &&body) {
  try {
    return body();
  } catch (const std::bad_alloc &) {
  } catch (const std::length_error &) {
  }
  return Status::error(Code::OutOfMemory, what + ": out of memory");
}

int64_t memoryLimit(const io::IoLimits &limits) {
  if (limits.maxBytes > 0)
    return limits.maxBytes;
  return machineMemory();
}

template <typename T> T *own(HostTensor &tensor, int64_t count) {
  auto buffer = std::make_shared<io::AlignedVector<T>>(size_t(count));
  T *data = buffer->data();
  tensor.buffers.push_back(std::move(buffer));
  return data;
}

/// Calls body(T()) for the C++ type of an element.
template <typename Body> auto withElement(noodle_rt_type type, Body &&body) {
  switch (type) {
  case NOODLE_RT_I1:
    return body(uint8_t());
  case NOODLE_RT_I32:
    return body(int32_t());
  case NOODLE_RT_F32:
    return body(float());
  case NOODLE_RT_F64:
    return body(double());
  case NOODLE_RT_F16:
    return body(Half());
  case NOODLE_RT_BF16:
    return body(Brain());
  case NOODLE_RT_I8:
    return body(int8_t());
  case NOODLE_RT_C64:
    return body(std::complex<float>());
  case NOODLE_RT_C128:
    return body(std::complex<double>());
  default:
    return body(int64_t());
  }
}

template <typename T> constexpr bool isComplex = false;
template <typename T> constexpr bool isComplex<std::complex<T>> = true;
template <typename T>
constexpr bool isNarrow = std::is_same_v<T, Half> || std::is_same_v<T, Brain>;

/// A number as an element; of a real type the real part.
template <typename T, typename From> T elementOf(From value) {
  if constexpr (isComplex<From> && !isComplex<T>)
    return elementOf<T>(value.real());
  else if constexpr (isComplex<T> && isComplex<From>)
    return T(value);
  else if constexpr (isComplex<T>)
    return T(typename T::value_type(value));
  else if constexpr (isNarrow<T> && std::is_integral_v<From>)
    return T(float(value));
  else
    return T(value);
}

void setHead(noodle_rt_tensor &view, const TensorType &type) {
  view = {};
  view.layout = type.layout;
  view.type = type.element;
  view.rank = uint8_t(type.extents.size());
  view.position_width = type.positionWidth;
  view.coordinate_width = type.coordinateWidth;
}

/// Sets a dense view's extents; false when it would be larger than allowed.
bool setShape(noodle_rt_tensor &view, const std::vector<int64_t> &shape,
              int64_t limit, int64_t &count) {
  count = 1;
  for (size_t k = shape.size(); k-- > 0;) {
    view.extents[k] = shape[k];
    view.strides[k] = count;
    if (__builtin_mul_overflow(count, shape[k], &count))
      return false;
  }
  return count <= limit / noodle_rt_element_bytes(view.type);
}

//===----------------------------------------------------------------------===//
// Words
//===----------------------------------------------------------------------===//

/// `1.5`, `2i` or `1.5-2i`.
bool parseNumber(std::string_view text, std::complex<double> &number) {
  double parts[2] = {0, 0};
  const char *at = text.data(), *end = at + text.size();
  auto [rest, error] = std::from_chars(at, end, parts[0]);
  if (error != std::errc())
    return false;
  if (rest != end && (*rest == '+' || *rest == '-')) {
    bool negative = *rest == '-';
    auto [last, wrong] = std::from_chars(rest + 1, end, parts[1]);
    // A second sign would belong to the number.
    if (wrong != std::errc() || rest[1] == '-' || last + 1 != end ||
        *last != 'i')
      return false;
    if (negative)
      parts[1] = -parts[1];
  } else if (rest != end) {
    if (rest + 1 != end || *rest != 'i')
      return false;
    std::swap(parts[0], parts[1]);
  }
  number = {parts[0], parts[1]};
  return true;
}

Status bindScalar(const std::string &word, const TensorType &type,
                  const std::string &what, HostTensor &tensor) {
  const char *begin = word.data(), *end = begin + word.size();
  if (begin != end && *begin == '+')
    ++begin;
  auto bad = [&] {
    return invalid(what, "'" + word + "' is no " +
                             noodle_rt_element_name(type.element));
  };
  setHead(tensor.view, type);
  tensor.view.values = own<uint64_t>(tensor, 2);
  std::memset(tensor.view.values, 0, 16);
  auto parse = [&](auto value) {
    auto [rest, error] = std::from_chars(begin, end, value);
    if (error != std::errc() || rest != end || begin == end)
      return false;
    std::memcpy(tensor.view.values, &value, sizeof value);
    return true;
  };
  if (type.element == NOODLE_RT_I1) {
    bool yes = word == "true" || word == "1";
    if (!yes && word != "false" && word != "0")
      return bad();
    *static_cast<uint8_t *>(tensor.view.values) = yes;
    return {};
  }
  bool good = withElement(type.element, [&]<typename T>(T zero) {
    if constexpr (std::is_arithmetic_v<T>)
      return parse(zero);
    std::complex<double> number;
    if (!parseNumber(std::string_view(begin, size_t(end - begin)), number) ||
        (!isComplex<T> && number.imag() != 0))
      return false;
    T value = elementOf<T>(number);
    std::memcpy(tensor.view.values, &value, sizeof value);
    return true;
  });
  return good ? Status() : bad();
}

/// A fixed function of seed and index, the same everywhere.
uint64_t mix(uint64_t seed, uint64_t index) {
  uint64_t z = seed * 0x9E3779B97F4A7C15u + index * 0xD1342543DE82EF95u +
               0x632BE59BD9B4E019u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/// What fills a generated argument.
struct Filler {
  enum { Zeros, Ones, Random } kind = Zeros;
  uint64_t seed = 0;

  template <typename T> T value(uint64_t index, noodle_rt_type type) const {
    if (kind != Random)
      return elementOf<T>(int64_t(kind == Ones));
    uint64_t bits = mix(seed, index);
    if (type == NOODLE_RT_I1)
      return elementOf<T>(int64_t(bits >> 63));
    if constexpr (isComplex<T>)
      return elementOf<T>(
          std::complex<double>(fraction(bits), fraction(mix(bits, index))));
    else if constexpr (std::is_integral_v<T>)
      return T(int64_t(bits >> 32) % 17 - 8); // [-8, 8]
    else
      return elementOf<T>(fraction(bits));
  }
  static double fraction(uint64_t bits) {
    return double(bits >> 11) * 0x1p-52 - 1.0; // [-1, 1)
  }
  /// Whether a sparse tensor stores the entry: a random one every tenth.
  bool stores(uint64_t index) const {
    return kind == Ones || (kind == Random && mix(~seed, index) % 10 == 0);
  }
};

bool parseNumber(std::string_view text, uint64_t &value) {
  auto [rest, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && rest == text.data() + text.size() &&
         !text.empty();
}

/// `4x5`; false when it is something else.
bool parseShape(std::string_view text, std::vector<int64_t> &shape) {
  while (true) {
    size_t cut = text.find('x');
    uint64_t extent;
    if (!parseNumber(text.substr(0, cut), extent) ||
        extent > uint64_t(std::numeric_limits<int64_t>::max()))
      return false;
    shape.push_back(int64_t(extent));
    if (cut == std::string_view::npos)
      return true;
    text.remove_prefix(cut + 1);
  }
}

template <typename P, typename C, typename T>
void fillSparse(const Filler &filler, const std::vector<int64_t> &shape,
                HostTensor &tensor) {
  noodle_rt_tensor &view = tensor.view;
  bool rows = view.layout == NOODLE_RT_CSR;
  int64_t major = shape[rows ? 0 : 1], minor = shape[rows ? 1 : 0];
  std::vector<C> coordinates;
  std::vector<T> values;
  P *positions = own<P>(tensor, major + 1);
  positions[0] = 0;
  for (int64_t i = 0; i < major; ++i) {
    for (int64_t j = 0; filler.kind != Filler::Zeros && j < minor; ++j) {
      uint64_t index = uint64_t(rows ? i * minor + j : j * major + i);
      if (!filler.stores(index))
        continue;
      coordinates.push_back(C(j));
      values.push_back(filler.value<T>(index, view.type));
    }
    positions[i + 1] = P(values.size());
  }
  view.stored = int64_t(values.size());
  view.positions = positions;
  view.coordinates = own<C>(tensor, view.stored + 1);
  view.values = own<T>(tensor, view.stored + 1);
  std::copy(coordinates.begin(), coordinates.end(),
            static_cast<C *>(view.coordinates));
  std::copy(values.begin(), values.end(), static_cast<T *>(view.values));
}

/// zeros, ones, rand:SEED, each perhaps with `:SHAPE`. False: another word.
bool parseFiller(const std::string &word, Filler &filler,
                 std::vector<int64_t> &shape, std::string &wrong) {
  std::string_view rest = word;
  auto next = [&] {
    size_t cut = rest.find(':');
    std::string_view part = rest.substr(0, cut);
    rest.remove_prefix(cut == std::string_view::npos ? rest.size() : cut + 1);
    return part;
  };
  std::string_view name = next();
  if (name == "zeros")
    filler.kind = Filler::Zeros;
  else if (name == "ones")
    filler.kind = Filler::Ones;
  else if (name == "rand")
    filler.kind = Filler::Random;
  else
    return false;
  if (filler.kind == Filler::Random && !parseNumber(next(), filler.seed))
    wrong = "'" + word + "' needs a seed: rand:1";
  else if (!rest.empty() && !parseShape(rest, shape))
    wrong = "'" + word + "' has no shape such as 4x5 at its end";
  return true;
}

/// CSR as COO or DCSR.
void listRows(noodle_rt_layout layout, HostTensor &tensor) {
  noodle_rt_tensor &view = tensor.view;
  bool coo = layout == NOODLE_RT_COO;
  int64_t held = coo ? view.stored : rt::heldRows(view);
  auto indices = [&](uint8_t width, int64_t count) -> void * {
    count = std::max<int64_t>(count, 1);
    if (width == 4)
      return own<int32_t>(tensor, count);
    return own<int64_t>(tensor, count);
  };
  void *rows = indices(view.coordinate_width, held);
  void *positions = coo ? nullptr : indices(view.position_width, held + 1);
  if (coo)
    rt::rowsOfEntries(view, rows);
  else
    rt::listHeldRows(view, rows, positions);
  view.layout = layout;
  view.rows = rows;
  view.stored_rows = coo ? 0 : held;
  view.positions = positions;
}

/// CSR as BSR; 0 stands for what it does not store in a block.
Status makeBlocks(const TensorType &type, const std::string &what,
                  HostTensor &tensor) {
  noodle_rt_tensor &view = tensor.view;
  if (view.extents[0] % type.blockRows || view.extents[1] % type.blockColumns)
    return invalid(what, "a matrix of " + std::to_string(view.extents[0]) +
                             " x " + std::to_string(view.extents[1]) +
                             " is not made of blocks of " +
                             std::to_string(type.blockRows) + " x " +
                             std::to_string(type.blockColumns));
  auto space = std::make_shared<rt::SparseSpace>();
  view = rt::packBlocks(view, type.blockRows, type.blockColumns, *space);
  if (type.positionWidth == 4 && space->positions.back() > INT32_MAX)
    return invalid(what, "more blocks than positions of 32 bits count");
  auto narrow = [&](const std::vector<int64_t> &from) {
    int32_t *to = own<int32_t>(tensor, std::max<int64_t>(from.size(), 1));
    std::copy(from.begin(), from.end(), to);
    return to;
  };
  if (type.positionWidth == 4)
    view.positions = narrow(space->positions);
  if (type.coordinateWidth == 4)
    view.coordinates = narrow(space->coordinates);
  view.position_width = type.positionWidth;
  view.coordinate_width = type.coordinateWidth;
  tensor.buffers.push_back(std::move(space));
  return {};
}

/// What `bind` makes for the type, or of the CSR that it makes.
template <typename Bind>
Status bindRows(const TensorType &type, const std::string &what,
                HostTensor &tensor, Bind &&bind) {
  TensorType compressed = type;
  if (type.listsRows() || type.layout == NOODLE_RT_BSR)
    compressed.layout = NOODLE_RT_CSR;
  if (type.sparseVector()) { // the only column of a matrix
    compressed.layout = NOODLE_RT_CSC;
    compressed.extents.push_back(1);
  }
  if (Status status = bind(compressed); !status.ok())
    return status;
  if (type.sparseVector()) {
    if (tensor.view.extents[1] != 1)
      return invalid(what, "a matrix of " +
                               std::to_string(tensor.view.extents[0]) + " x " +
                               std::to_string(tensor.view.extents[1]) +
                               " is no vector, which has one column");
    tensor.view.layout = NOODLE_RT_CSR;
    tensor.view.rank = 1;
  }
  if (type.layout == NOODLE_RT_BSR)
    return makeBlocks(type, what, tensor);
  if (!type.listsRows())
    return {};
  if (type.coordinateWidth == 4 && tensor.view.extents[0] - 1 > INT32_MAX)
    return invalid(what, "more rows than coordinates of 32 bits name");
  listRows(type.layout, tensor);
  return {};
}

Status bindFiller(const std::string &word, const Filler &filler,
                  std::vector<int64_t> shape, const TensorType &type,
                  const std::string &what, const BindOptions &options,
                  HostTensor &tensor) {
  if (shape.empty()) {
    if (type.dynamic())
      return invalid(what, "the shape of " + type.str() +
                               " is not static: write one, as in " + word +
                               ":4x5");
    shape = type.extents;
  }
  if (shape.size() != type.extents.size())
    return invalid(what, "'" + word + "' has rank " +
                             std::to_string(shape.size()) + ", expected " +
                             type.str());
  setHead(tensor.view, type);
  int64_t count;
  if (!setShape(tensor.view, shape, memoryLimit(options.limits), count))
    return Status::error(Code::OutOfMemory,
                         what + ": '" + word + "' does not fit in memory");
  withElement(type.element, [&](auto zero) {
    using T = decltype(zero);
    if (!type.sparse()) {
      T *values = own<T>(tensor, std::max<int64_t>(count, 1));
      for (int64_t k = 0; k < count; ++k)
        values[k] = filler.value<T>(uint64_t(k), type.element);
      tensor.view.values = values;
      return;
    }
    if (type.positionWidth == 8)
      type.coordinateWidth == 8
          ? fillSparse<int64_t, int64_t, T>(filler, shape, tensor)
          : fillSparse<int64_t, int32_t, T>(filler, shape, tensor);
    else
      type.coordinateWidth == 8
          ? fillSparse<int32_t, int64_t, T>(filler, shape, tensor)
          : fillSparse<int32_t, int32_t, T>(filler, shape, tensor);
  });
  return {};
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

Status bindNpy(const std::string &path, const TensorType &type,
               const std::string &what, const BindOptions &options,
               HostTensor &tensor) {
  if (type.sparse())
    return invalid(what, "a .npy file is dense and the parameter sparse, a " +
                             type.str() + ": give a .mtx file");
  auto array = std::make_shared<io::Array>();
  if (io::Error error = io::readNpy(path, *array, options.limits); !error.ok())
    return fromIo(error);
  noodle_rt_type file = array->type;
  bool index = type.element == NOODLE_RT_INDEX && file == NOODLE_RT_I64;
  if (file != type.element && !index)
    return invalid(what, std::string("expected ") +
                             noodle_rt_element_name(type.element) + ", '" +
                             path + "' holds " + noodle_rt_element_name(file));
  if (array->shape.size() != type.extents.size())
    return invalid(
        what, "expected rank " + std::to_string(type.extents.size()) + ", '" +
                  path + "' has rank " + std::to_string(array->shape.size()));
  tensor.view = array->view();
  tensor.view.layout = type.layout;
  tensor.view.type = type.element;
  tensor.buffers.push_back(std::move(array));
  return {};
}

/// Whether every value of a matrix is one of the element type; the entry at
/// fault has its line in the error.
Status checkValues(const io::Coo &coo, noodle_rt_type type,
                   const std::string &what) {
  auto refuse = [&](int64_t entry, const std::string &value) {
    int64_t line = coo.lineOf(entry);
    return Status::error(
        Code::InvalidArgument,
        what + ": " + value + " is no " + noodle_rt_element_name(type),
        line ? coo.source + ":" + std::to_string(line) + ":1" : coo.source);
  };
  if (coo.field == io::Field::Complex && type != NOODLE_RT_C64 &&
      type != NOODLE_RT_C128)
    return Status::error(Code::InvalidArgument,
                         what + ": complex values do not fit " +
                             noodle_rt_element_name(type),
                         coo.source);
  bool narrow = type == NOODLE_RT_I32 || type == NOODLE_RT_I8;
  if (!narrow && type != NOODLE_RT_I64)
    return {};
  int bits = type == NOODLE_RT_I8 ? 8 : narrow ? 32 : 64;
  double high = std::ldexp(1.0, bits - 1), low = -high;
  for (size_t k = 0; k < coo.reals.size(); ++k) {
    double value = coo.reals[k];
    if (!(value >= low && value < high) || value != std::floor(value))
      return refuse(int64_t(k), std::to_string(value));
  }
  for (size_t k = 0; narrow && k < coo.integers.size(); ++k)
    if (double(coo.integers[k]) < low || double(coo.integers[k]) >= high)
      return refuse(int64_t(k), std::to_string(coo.integers[k]));
  return {};
}

template <typename T, typename From>
T convert(From value, noodle_rt_type type) {
  if (type == NOODLE_RT_I1)
    return elementOf<T>(int64_t(value != From(0)));
  return elementOf<T>(value);
}

template <typename P, typename C>
Status bindCompressed(const io::Coo &coo, const std::string &what,
                      const BindOptions &options, HostTensor &tensor) {
  noodle_rt_tensor &view = tensor.view;
  auto matrix = std::make_shared<io::Compressed<P, C>>();
  io::Major major =
      view.layout == NOODLE_RT_CSC ? io::Major::Column : io::Major::Row;
  if (io::Error error =
          io::compress(coo, major, options.duplicates, *matrix, options.limits);
      !error.ok())
    return fromIo(error);
  view.extents[0] = matrix->rows;
  view.extents[1] = matrix->cols;
  view.stored = int64_t(matrix->coordinates.size());
  view.positions = matrix->positions.data();
  view.coordinates = matrix->coordinates.data();
  if (view.type == NOODLE_RT_F64 && matrix->field == io::Field::Real) {
    view.values = matrix->reals.data();
  } else if (view.type == NOODLE_RT_C128 &&
             matrix->field == io::Field::Complex) {
    view.values = matrix->complexes.data();
  } else {
    withElement(view.type, [&](auto zero) {
      using T = decltype(zero);
      T *values = own<T>(tensor, std::max<int64_t>(view.stored, 1));
      for (int64_t k = 0; k < view.stored; ++k)
        values[k] = matrix->field == io::Field::Real
                        ? convert<T>(matrix->reals[k], view.type)
                    : matrix->field == io::Field::Integer
                        ? convert<T>(matrix->integers[k], view.type)
                    : matrix->field == io::Field::Complex
                        ? convert<T>(matrix->complexes[k], view.type)
                        : elementOf<T>(int64_t(1));
      view.values = values;
    });
  }
  tensor.buffers.push_back(std::move(matrix));
  return {};
}

/// Dense values of a matrix, where that is small.
Status densify(io::Coo &coo, const TensorType &type, const std::string &what,
               const BindOptions &options, HostTensor &tensor) {
  if (type.extents.size() != 2 && !(type.extents.size() == 1 && coo.cols == 1))
    return invalid(what, "a matrix of " + std::to_string(coo.rows) + " x " +
                             std::to_string(coo.cols) + " does not fit rank " +
                             std::to_string(type.extents.size()));
  int64_t count;
  std::vector<int64_t> shape{coo.rows, coo.cols};
  shape.resize(type.extents.size());
  if (!setShape(tensor.view, shape, options.densifyBytes, count))
    return invalid(what, "a matrix of " + std::to_string(coo.rows) + " x " +
                             std::to_string(coo.cols) +
                             " becomes a dense argument only up to " +
                             std::to_string(options.densifyBytes >> 20) +
                             " MiB; give the parameter a sparse type");
  // Through CSR, which settles symmetry and duplicates.
  HostTensor compressed;
  TensorType rows{NOODLE_RT_CSR, type.element, 8, 8, {-1, -1}};
  if (Status status = bindMatrix(coo, rows, what, options, compressed);
      !status.ok())
    return status;
  withElement(type.element, [&](auto zero) {
    using T = decltype(zero);
    T *values = own<T>(tensor, std::max<int64_t>(count, 1));
    std::fill_n(values, count, T());
    const auto *positions =
        static_cast<const int64_t *>(compressed.view.positions);
    const auto *columns =
        static_cast<const int64_t *>(compressed.view.coordinates);
    const auto *stored = static_cast<const T *>(compressed.view.values);
    for (int64_t i = 0; i < coo.rows; ++i)
      for (int64_t k = positions[i]; k < positions[i + 1]; ++k)
        values[i * coo.cols + columns[k]] = stored[k];
    tensor.view.values = values;
  });
  return {};
}

/// An array file as entries, so that one way serves both kinds of file.
Status toEntries(io::Coo &coo, const BindOptions &options) {
  if (coo.format != io::Format::Array)
    return {};
  if (io::Error error = io::expandSymmetry(coo, options.limits); !error.ok())
    return fromIo(error);
  int64_t count = coo.entries();
  coo.row.resize(size_t(count));
  coo.col.resize(size_t(count));
  for (int64_t k = 0; k < count; ++k) {
    coo.row[k] = k % coo.rows;
    coo.col[k] = k / coo.rows;
  }
  coo.format = io::Format::Coordinate;
  return {};
}

} // namespace

/// Of a matrix that few rows of hold an entry: those rows alone are bound, and
/// then named as they are.
template <typename Bind>
static Status bindFewRows(io::Coo &coo, const TensorType &type,
                          const std::string &what, const BindOptions &options,
                          HostTensor &tensor, Bind &&bind) {
  // Entries below the diagonal stand for others above it.
  if (io::Error error = io::expandSymmetry(coo, options.limits); !error.ok())
    return fromIo(error);
  if (type.coordinateWidth == 4 && coo.rows - 1 > INT32_MAX)
    return invalid(what, "more rows than coordinates of 32 bits name");
  std::vector<int64_t> held(coo.row.begin(), coo.row.end());
  std::sort(held.begin(), held.end());
  held.erase(std::unique(held.begin(), held.end()), held.end());
  for (auto &row : coo.row)
    row = std::lower_bound(held.begin(), held.end(), row) - held.begin();
  int64_t rows = coo.rows;
  coo.rows = int64_t(held.size());
  if (Status status = bindRows(type, what, tensor, bind); !status.ok())
    return status;
  noodle_rt_tensor &view = tensor.view;
  view.extents[0] = rows;
  rt::withIndex(view.coordinate_width, [&](auto index) {
    auto *to = static_cast<decltype(index) *>(view.rows);
    for (int64_t k = 0, count = view.layout == NOODLE_RT_COO ? view.stored
                                                             : view.stored_rows;
         k < count; ++k)
      to[k] = decltype(index)(held[size_t(to[k])]);
  });
  return {};
}

Status bindMatrix(io::Coo &coo, const TensorType &asked,
                  const std::string &what, const BindOptions &options,
                  HostTensor &tensor) {
  auto bind = [&](const TensorType &type) -> Status {
    if (Status status = checkValues(coo, type.element, what); !status.ok())
      return status;
    setHead(tensor.view, type);
    if (Status status = toEntries(coo, options); !status.ok())
      return status;
    if (!type.sparse())
      return densify(coo, type, what, options, tensor);
    if (type.positionWidth == 8)
      return type.coordinateWidth == 8
                 ? bindCompressed<int64_t, int64_t>(coo, what, options, tensor)
                 : bindCompressed<int64_t, int32_t>(coo, what, options, tensor);
    return type.coordinateWidth == 8
               ? bindCompressed<int32_t, int64_t>(coo, what, options, tensor)
               : bindCompressed<int32_t, int32_t>(coo, what, options, tensor);
  };
  return guarded(what, [&] {
    // Positions of all rows would take more than the entries do.
    bool few = asked.listsRows() && coo.format == io::Format::Coordinate &&
               coo.rows / 8 > coo.entries();
    return few ? bindFewRows(coo, asked, what, options, tensor, bind)
               : bindRows(asked, what, tensor, bind);
  });
}

Status bindWord(const std::string &word, const TensorType &type,
                const std::string &what, const BindOptions &options,
                HostTensor &tensor) {
  return guarded(what, [&]() -> Status {
    if (word.ends_with(".npy"))
      return bindNpy(word, type, what, options, tensor);
    if (word.ends_with(".mtx")) {
      if (type.layout == NOODLE_RT_SCALAR)
        return invalid(what,
                       "'" + word + "' is a matrix, expected " + type.str());
      io::Coo coo;
      io::MtxOptions reading;
      reading.limits = options.limits;
      reading.duplicates = options.duplicates;
      if (io::Error error = io::readMtx(word, coo, reading); !error.ok())
        return fromIo(error);
      return bindMatrix(coo, type, what, options, tensor);
    }
    Filler filler;
    std::vector<int64_t> shape;
    std::string wrong;
    if (parseFiller(word, filler, shape, wrong)) {
      if (!wrong.empty())
        return invalid(what, wrong);
      if (type.sparseVector() && !shape.empty())
        shape.push_back(1);
      return bindRows(type, what, tensor, [&](const TensorType &made) {
        return bindFiller(word, filler, shape, made, what, options, tensor);
      });
    }
    if (type.layout == NOODLE_RT_SCALAR)
      return bindScalar(word, type, what, tensor);
    return invalid(what, "'" + word +
                             "' is neither a .npy or .mtx file nor "
                             "zeros, ones or rand:SEED; expected " +
                             type.str());
  });
}

} // namespace noodle::engine
