//===- Value.cpp - tensors by value ---------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

#include "noodle-rt/rows.h"

#include <cstring>

namespace mlir::noodle::reference {

int64_t Tensor::size() const {
  int64_t bytes = noodle_rt_element_bytes(type);
  return bytes ? int64_t(values.size()) / bytes : 0;
}

template <typename T> static T load(const std::byte *from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

static Scalar loadScalar(noodle_rt_type type, const std::byte *from) {
  switch (type) {
  case NOODLE_RT_I1:
    return int64_t(load<uint8_t>(from) != 0);
  case NOODLE_RT_I32:
    return int64_t(load<int32_t>(from));
  case NOODLE_RT_F32:
    return load<float>(from);
  case NOODLE_RT_F64:
    return load<double>(from);
  case NOODLE_RT_F16:
    return load<::noodle::rt::Half>(from);
  case NOODLE_RT_BF16:
    return load<::noodle::rt::Brain>(from);
  case NOODLE_RT_I8:
    return int64_t(load<int8_t>(from));
  case NOODLE_RT_C64:
    return load<std::complex<float>>(from);
  case NOODLE_RT_C128:
    return load<std::complex<double>>(from);
  default:
    return load<int64_t>(from);
  }
}

template <typename T> static void store(std::byte *to, T value) {
  std::memcpy(to, &value, sizeof(T));
}

Scalar Tensor::get(int64_t k) const {
  return loadScalar(type, values.data() + k * noodle_rt_element_bytes(type));
}

void Tensor::set(int64_t k, const Scalar &value) {
  std::byte *to = values.data() + k * noodle_rt_element_bytes(type);
  switch (type) {
  case NOODLE_RT_I1:
    return store(to, uint8_t(toInteger(value) & 1));
  case NOODLE_RT_I32:
    return store(to, int32_t(toInteger(value)));
  case NOODLE_RT_F32:
    return store(to, toFloat(value));
  case NOODLE_RT_F64:
    return store(to, toDouble(value));
  case NOODLE_RT_I8:
    return store(to, int8_t(toInteger(value)));
  case NOODLE_RT_F16:
    return store(to, std::get<::noodle::rt::Half>(convertScalar(value, type)));
  case NOODLE_RT_BF16:
    return store(to, std::get<::noodle::rt::Brain>(convertScalar(value, type)));
  case NOODLE_RT_C64:
    return store(to, std::complex<float>(toComplex(value)));
  case NOODLE_RT_C128:
    return store(to, toComplex(value));
  default:
    return store(to, toInteger(value));
  }
}

static int64_t loadWide(const void *from, uint8_t width, int64_t k) {
  const auto *bytes = static_cast<const std::byte *>(from);
  if (width == 4)
    return int64_t(load<uint32_t>(bytes + 4 * k));
  return load<int64_t>(bytes + 8 * k);
}

/// COO and DCSR as CSR.
static Value fromRowList(noodle_rt_tensor from) {
  if (from.layout == NOODLE_RT_COO)
    from.position_width = 8; // there are none to read
  std::vector<int64_t> positions(from.extents[0] + 1);
  return fromRuntime(::noodle::rt::asCompressed(from, positions.data()));
}

Value fromRuntime(const noodle_rt_tensor &from) {
  if (::noodle::rt::listsRows(from.layout))
    return fromRowList(from);
  const auto *bytes = static_cast<const std::byte *>(from.values);
  if (from.layout == NOODLE_RT_SCALAR)
    return loadScalar(from.type, bytes);

  Tensor tensor;
  tensor.type = from.type;
  tensor.layout = from.layout;
  tensor.extents.assign(from.extents, from.extents + from.rank);
  // A matrix of blocks is the CSR matrix whose entries they are.
  int64_t coordinates = from.stored;
  if (from.layout == NOODLE_RT_BSR) {
    tensor.layout = NOODLE_RT_CSR;
    tensor.extents[0] /= from.block_rows;
    tensor.extents[1] /= from.block_columns;
    coordinates /= from.block_rows * from.block_columns;
  }
  int64_t width = noodle_rt_element_bytes(from.type);
  if (from.layout == NOODLE_RT_DENSE) {
    if (isEmpty(tensor.extents))
      return tensor;
    int64_t count = 1;
    for (int64_t extent : tensor.extents)
      count *= extent;
    tensor.values.resize(count * width);
    ArrayRef<int64_t> strides(from.strides, from.rank);
    if (strides == ArrayRef<int64_t>(stridesOf(tensor.extents))) {
      std::memcpy(tensor.values.data(), bytes, count * width);
      return tensor;
    }
    SmallVector<int64_t> index(from.rank, 0);
    int64_t k = 0;
    do {
      std::memcpy(tensor.values.data() + k++ * width,
                  bytes + offsetOf(index, strides) * width, width);
    } while (next(index, tensor.extents));
    return tensor;
  }

  int64_t major = tensor.extents[tensor.layout == NOODLE_RT_CSR ? 0 : 1];
  tensor.positions.resize(major + 1);
  for (int64_t k = 0; k <= major; ++k)
    tensor.positions[k] = loadWide(from.positions, from.position_width, k);
  tensor.coordinates.resize(coordinates);
  for (int64_t k = 0; k < coordinates; ++k)
    tensor.coordinates[k] =
        loadWide(from.coordinates, from.coordinate_width, k);
  tensor.values.resize(from.stored * width);
  if (from.stored)
    std::memcpy(tensor.values.data(), bytes, from.stored * width);
  return tensor;
}

//===----------------------------------------------------------------------===//
// Indices
//===----------------------------------------------------------------------===//

SmallVector<int64_t> stridesOf(ArrayRef<int64_t> extents) {
  SmallVector<int64_t> strides(extents.size(), 1);
  for (size_t d = extents.size(); d-- > 1;)
    strides[d - 1] = int64_t(uint64_t(strides[d]) * uint64_t(extents[d]));
  return strides;
}

bool next(MutableArrayRef<int64_t> index, ArrayRef<int64_t> extents) {
  for (size_t d = index.size(); d-- > 0;) {
    if (++index[d] < extents[d])
      return true;
    index[d] = 0;
  }
  return false;
}

int64_t offsetOf(ArrayRef<int64_t> index, ArrayRef<int64_t> strides) {
  int64_t offset = 0;
  for (auto [i, stride] : llvm::zip_equal(index, strides))
    offset += i * stride;
  return offset;
}

std::string shapeText(ArrayRef<int64_t> extents) {
  if (extents.empty())
    return "rank 0";
  std::string text;
  llvm::interleave(
      extents, [&](int64_t extent) { text += std::to_string(extent); },
      [&] { text += "x"; });
  return text;
}

//===----------------------------------------------------------------------===//
// Sparse tensors as lists of entries
//===----------------------------------------------------------------------===//

LogicalResult entriesOf(Machine &machine, Operation *at, Charge &charge,
                        const Tensor &tensor, std::vector<Entry> &entries) {
  if (mlir::failed(charge.add(at, tensor.size() * int64_t(sizeof(Entry)))))
    return failure();
  entries.reserve(entries.size() + tensor.size());
  bool byRow = tensor.layout == NOODLE_RT_CSR;
  for (int64_t major = 0, e = int64_t(tensor.positions.size()) - 1; major < e;
       ++major)
    for (int64_t k = tensor.positions[major]; k < tensor.positions[major + 1];
         ++k) {
      int64_t minor = tensor.coordinates[k];
      entries.push_back(
          {byRow ? major : minor, byRow ? minor : major, tensor.get(k)});
      if (mlir::failed(machine.step(at)))
        return failure();
    }
  return success();
}

void sortByRow(std::vector<Entry> &entries) {
  llvm::sort(entries, [](const Entry &a, const Entry &b) {
    return std::pair(a.row, a.column) < std::pair(b.row, b.column);
  });
}

TensorRef fromEntries(Machine &machine, Operation *at, noodle_rt_type type,
                      noodle_rt_layout layout, ArrayRef<int64_t> extents,
                      std::vector<Entry> &entries) {
  TensorRef tensor =
      machine.sparse(at, type, layout, extents, int64_t(entries.size()));
  if (!tensor)
    return nullptr;
  bool byRow = layout == NOODLE_RT_CSR;
  auto key = [&](const Entry &e) {
    return byRow ? std::pair(e.row, e.column) : std::pair(e.column, e.row);
  };
  auto less = [&](const Entry &a, const Entry &b) { return key(a) < key(b); };
  if (!llvm::is_sorted(entries, less))
    llvm::sort(entries, less);
  for (auto [k, entry] : llvm::enumerate(entries)) {
    auto [major, minor] = key(entry);
    ++tensor->positions[major + 1];
    tensor->coordinates[k] = minor;
    tensor->set(k, entry.value);
    if (mlir::failed(machine.step(at)))
      return nullptr;
  }
  for (size_t k = 1; k < tensor->positions.size(); ++k)
    tensor->positions[k] += tensor->positions[k - 1];
  return tensor;
}

int64_t findEntry(const Tensor &tensor, int64_t row, int64_t column) {
  bool byRow = tensor.layout == NOODLE_RT_CSR;
  int64_t major = byRow ? row : column, minor = byRow ? column : row;
  auto begin = tensor.coordinates.begin() + tensor.positions[major];
  auto end = tensor.coordinates.begin() + tensor.positions[major + 1];
  auto it = std::lower_bound(begin, end, minor);
  return it != end && *it == minor ? it - tensor.coordinates.begin() : -1;
}

} // namespace mlir::noodle::reference
