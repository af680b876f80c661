//===- matrix_market_write.cpp - writing MatrixMarket files ---------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "detail.h"

#include "noodle-rt/blocks.h"
#include "noodle-rt/narrow.h"

#include <charconv>

using namespace noodle::rt::io;
using noodle::rt::blocksAsEntries;
using noodle::rt::blocksFit;
using noodle::rt::Brain;
using noodle::rt::EntryCursor;
using noodle::rt::expandBlocks;
using noodle::rt::Half;
using noodle::rt::indexAt;
using noodle::rt::listsRows;
using noodle::rt::SparseSpace;

namespace {
/// Room for any number that std::to_chars writes in its shortest form.
constexpr size_t longestNumber = 32;

template <typename T> void number(Writer &writer, T value, char after) {
  char *at = writer.room(longestNumber);
  // The shortest text that reads back as the same number.
  char *end = std::to_chars(at, at + longestNumber, value).ptr;
  *end++ = after;
  writer.advance(size_t(end - at));
}

void number(Writer &writer, std::complex<double> value) {
  number(writer, value.real(), ' ');
  number(writer, value.imag(), '\n');
}

void banner(Writer &writer, Format format, Field field, Symmetry symmetry) {
  writer.put("%%MatrixMarket matrix ");
  writer.put(format == Format::Array ? "array " : "coordinate ");
  writer.put(field == Field::Real      ? "real "
             : field == Field::Integer ? "integer "
             : field == Field::Complex ? "complex "
                                       : "pattern ");
  writer.put(symmetry == Symmetry::General     ? "general\n"
             : symmetry == Symmetry::Symmetric ? "symmetric\n"
             : symmetry == Symmetry::Hermitian ? "hermitian\n"
                                               : "skew-symmetric\n");
}

Error writeCoo(Output &output, const Coo &coo) {
  if (Error error = validate(coo); !error.ok())
    return error;
  Writer writer(output);
  banner(writer, coo.format, coo.field, coo.symmetry);
  const bool coordinate = coo.format == Format::Coordinate;
  const int64_t entries = coo.entries();
  number(writer, coo.rows, ' ');
  number(writer, coo.cols, coordinate ? ' ' : '\n');
  if (coordinate)
    number(writer, entries, '\n');
  const char afterPlace = coo.field == Field::Pattern ? '\n' : ' ';
  for (size_t k = 0; k < size_t(entries) && !writer.failed(); ++k) {
    if (coordinate) {
      number(writer, coo.row[k] + 1, ' ');
      number(writer, coo.col[k] + 1, afterPlace);
    }
    if (coo.field == Field::Real)
      number(writer, coo.reals[k], '\n');
    else if (coo.field == Field::Integer)
      number(writer, coo.integers[k], '\n');
    else if (coo.field == Field::Complex)
      number(writer, coo.complexes[k]);
  }
  return writer.finish();
}

int64_t loadIndex(const void *from, uint8_t width, int64_t k) {
  return width == 4 ? static_cast<const int32_t *>(from)[k]
                    : static_cast<const int64_t *>(from)[k];
}

/// Writes values[k] of an element type that was checked.
void element(Writer &writer, const noodle_rt_tensor &tensor, int64_t k) {
  switch (tensor.type) {
  case NOODLE_RT_I1:
    return number(
        writer, int(static_cast<const uint8_t *>(tensor.values)[k] != 0), '\n');
  case NOODLE_RT_I32:
    return number(writer, static_cast<const int32_t *>(tensor.values)[k], '\n');
  case NOODLE_RT_F32:
    return number(writer, double(static_cast<const float *>(tensor.values)[k]),
                  '\n');
  case NOODLE_RT_F64:
    return number(writer, static_cast<const double *>(tensor.values)[k], '\n');
  case NOODLE_RT_F16:
    return number(writer,
                  double(float(static_cast<const Half *>(tensor.values)[k])),
                  '\n');
  case NOODLE_RT_BF16:
    return number(writer,
                  double(float(static_cast<const Brain *>(tensor.values)[k])),
                  '\n');
  case NOODLE_RT_I8:
    return number(writer, int(static_cast<const int8_t *>(tensor.values)[k]),
                  '\n');
  case NOODLE_RT_C64:
    return number(writer,
                  std::complex<double>(static_cast<const std::complex<float> *>(
                      tensor.values)[k]));
  case NOODLE_RT_C128:
    return number(writer,
                  static_cast<const std::complex<double> *>(tensor.values)[k]);
  default:
    return number(writer, static_cast<const int64_t *>(tensor.values)[k], '\n');
  }
}

Error writeDense(Output &output, const noodle_rt_tensor &tensor, Field field) {
  int64_t rows = tensor.extents[0];
  int64_t cols = tensor.rank == 2 ? tensor.extents[1] : 1;
  Writer writer(output);
  banner(writer, Format::Array, field, Symmetry::General);
  number(writer, rows, ' ');
  number(writer, cols, '\n');
  // Without rows there is nothing to visit, however many columns.
  for (int64_t j = 0; j < cols && rows > 0 && !writer.failed(); ++j)
    for (int64_t i = 0; i < rows; ++i)
      element(writer, tensor,
              i * tensor.strides[0] +
                  (tensor.rank == 2 ? j * tensor.strides[1] : 0));
  return writer.finish();
}

Error writeSparse(Output &output, const noodle_rt_tensor &tensor, Field field) {
  auto refuse = [&](const char *message) {
    return Error{output.name(), message};
  };
  for (uint8_t width : {tensor.position_width, tensor.coordinate_width})
    if (width != 4 && width != 8)
      return refuse("the sparse tensor's index widths are not 4 or 8 bytes");
  const bool byRows = tensor.layout == NOODLE_RT_CSR;
  const int64_t major = tensor.extents[byRows ? 0 : 1];
  const int64_t minor = tensor.extents[byRows ? 1 : 0];
  auto position = [&](int64_t k) {
    return loadIndex(tensor.positions, tensor.position_width, k);
  };
  if (tensor.stored < 0 || position(0) != 0 || position(major) != tensor.stored)
    return refuse("the sparse tensor's positions do not match its entries");

  Writer writer(output);
  banner(writer, Format::Coordinate, field, Symmetry::General);
  number(writer, tensor.extents[0], ' ');
  number(writer, tensor.extents[1], ' ');
  number(writer, tensor.stored, '\n');
  for (int64_t i = 0; i < major && !writer.failed(); ++i) {
    int64_t begin = position(i), end = position(i + 1);
    if (begin > end || end > tensor.stored)
      return refuse("the sparse tensor's positions decrease");
    for (int64_t k = begin; k < end; ++k) {
      int64_t j = loadIndex(tensor.coordinates, tensor.coordinate_width, k);
      if (j < 0 || j >= minor)
        return refuse("a coordinate of the sparse tensor is out of range");
      number(writer, (byRows ? i : j) + 1, ' ');
      number(writer, (byRows ? j : i) + 1, ' ');
      element(writer, tensor, k);
    }
  }
  return writer.finish();
}

/// COO and DCSR, however many rows are empty.
Error writeRowList(Output &output, noodle_rt_tensor tensor, Field field) {
  auto refuse = [&](const char *message) {
    return Error{output.name(), message};
  };
  const bool coo = tensor.layout == NOODLE_RT_COO;
  if (coo)
    tensor.position_width = 8; // there are none to read
  for (uint8_t width : {tensor.position_width, tensor.coordinate_width})
    if (width != 4 && width != 8)
      return refuse("the sparse tensor's index widths are not 4 or 8 bytes");
  int64_t lists = coo ? tensor.stored : tensor.stored_rows, before = 0, at = 0;
  for (int64_t k = 0; k < lists; ++k) {
    int64_t row = indexAt(tensor.rows, tensor.coordinate_width, k);
    if (row < before || row >= tensor.extents[0])
      return refuse("a row of the sparse tensor is out of range or order");
    before = row;
    if (coo)
      continue;
    int64_t end = indexAt(tensor.positions, tensor.position_width, k + 1);
    if (end < at || end > tensor.stored)
      return refuse("the sparse tensor's positions decrease");
    at = end;
  }
  if (!coo && (indexAt(tensor.positions, tensor.position_width, 0) ||
               at != tensor.stored))
    return refuse("the sparse tensor's positions do not match its entries");
  Writer writer(output);
  banner(writer, Format::Coordinate, field, Symmetry::General);
  number(writer, tensor.extents[0], ' ');
  number(writer, tensor.extents[1], ' ');
  number(writer, tensor.stored, '\n');
  for (EntryCursor entry(tensor); entry.more() && !writer.failed();
       entry.next()) {
    if (entry.column() < 0 || entry.column() >= tensor.extents[1])
      return refuse("a coordinate of the sparse tensor is out of range");
    number(writer, entry.row() + 1, ' ');
    number(writer, entry.column() + 1, ' ');
    element(writer, tensor, entry.entry());
  }
  return writer.finish();
}

/// BSR, as CSR.
Error writeBlocks(Output &output, const noodle_rt_tensor &tensor, Field field) {
  auto refuse = [&](const char *message) {
    return Error{output.name(), message};
  };
  for (uint8_t width : {tensor.position_width, tensor.coordinate_width})
    if (width != 4 && width != 8)
      return refuse("the sparse tensor's index widths are not 4 or 8 bytes");
  if (!blocksFit(tensor))
    return refuse("the sparse tensor is not made of whole blocks");
  noodle_rt_tensor blocks = blocksAsEntries(tensor);
  int64_t before = 0;
  for (int64_t i = 0; i <= blocks.extents[0]; ++i) {
    int64_t at = indexAt(blocks.positions, blocks.position_width, i);
    if (at < before || at > blocks.stored)
      return refuse("the sparse tensor's positions decrease");
    before = at;
  }
  if (before != blocks.stored)
    return refuse("the sparse tensor's positions do not match its entries");
  SparseSpace space;
  return writeSparse(output, expandBlocks(tensor, space), field);
}

Field fieldOf(noodle_rt_type type) {
  switch (type) {
  case NOODLE_RT_F16:
  case NOODLE_RT_BF16:
  case NOODLE_RT_F32:
  case NOODLE_RT_F64:
    return Field::Real;
  case NOODLE_RT_C64:
  case NOODLE_RT_C128:
    return Field::Complex;
  default:
    return Field::Integer;
  }
}

Error writeTensor(Output &output, const noodle_rt_tensor &tensor) {
  auto refuse = [&](std::string message) {
    return Error{output.name(), std::move(message)};
  };
  const bool listed = listsRows(tensor.layout);
  const bool blocks = tensor.layout == NOODLE_RT_BSR;
  const bool sparse = listed || blocks || tensor.layout == NOODLE_RT_CSR ||
                      tensor.layout == NOODLE_RT_CSC;
  if (!sparse && tensor.layout != NOODLE_RT_DENSE)
    return refuse("a scalar cannot be written as .mtx; write .npy");
  if (sparse ? tensor.rank != 2 : tensor.rank != 1 && tensor.rank != 2)
    return refuse("a tensor of rank " + std::to_string(tensor.rank) +
                  " cannot be written as .mtx; write .npy");
  if (noodle_rt_element_bytes(tensor.type) == 0)
    return refuse("element type " + std::to_string(tensor.type) +
                  " cannot be written as .mtx");
  for (int k = 0; k < tensor.rank; ++k)
    if (tensor.extents[k] < 0)
      return refuse("size " + std::to_string(tensor.extents[k]) +
                    " of dimension " + std::to_string(k) + " is negative");
  const Field field = fieldOf(tensor.type);
  return listed   ? writeRowList(output, tensor, field)
         : blocks ? writeBlocks(output, tensor, field)
         : sparse ? writeSparse(output, tensor, field)
                  : writeDense(output, tensor, field);
}

template <typename T> Error writePath(const std::string &path, const T &what) {
  std::unique_ptr<Output> output;
  Error error = openOutput(path, output);
  if (error.ok())
    error = writeMtx(*output, what);
  if (error.ok())
    error = output->commit();
  return error;
}
} // namespace

Error noodle::rt::io::writeMtx(Output &output, const Coo &coo) {
  return guarded(output.name(), [&] { return writeCoo(output, coo); });
}

Error noodle::rt::io::writeMtx(const std::string &path, const Coo &coo) {
  return writePath(path, coo);
}

Error noodle::rt::io::writeMtx(Output &output, const noodle_rt_tensor &tensor) {
  return guarded(output.name(), [&] { return writeTensor(output, tensor); });
}

Error noodle::rt::io::writeMtx(const std::string &path,
                               const noodle_rt_tensor &tensor) {
  return writePath(path, tensor);
}
