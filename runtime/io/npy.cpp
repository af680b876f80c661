//===- npy.cpp - NumPy's .npy files ---------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The header is a Python literal; exactly the dictionary that the format
// defines is parsed, nothing more of Python.
//
//===----------------------------------------------------------------------===//

#include "detail.h"

#include <algorithm>
#include <bit>
#include <cstring>

using namespace noodle::rt::io;

static_assert(std::endian::native == std::endian::little,
              "values are written as they lie in memory");

int64_t Array::count() const {
  int64_t result = 1;
  for (int64_t extent : shape)
    result *= extent;
  return result;
}

noodle_rt_tensor Array::view() const {
  noodle_rt_tensor tensor = {};
  tensor.layout = NOODLE_RT_DENSE;
  tensor.type = type;
  tensor.rank = uint8_t(std::min<size_t>(shape.size(), NOODLE_RT_MAX_RANK));
  tensor.values = const_cast<std::byte *>(bytes.data());
  std::copy_n(shape.begin(), tensor.rank, tensor.extents);
  std::copy_n(strides.begin(), tensor.rank, tensor.strides);
  return tensor;
}

namespace {
constexpr std::string_view magic = "\x93NUMPY";
/// A header of the greatest rank takes under 1 KiB.
constexpr int64_t maxHeader = 65535;
constexpr const char *handledTypes =
    "|b1, |i1, <i4, <i8, <f2, <f4, <f8, <c8, <c16 and <V2 (bf16)";

Error at(const Input &input, int64_t offset, std::string message) {
  return {input.name() + ": offset " + std::to_string(offset),
          std::move(message)};
}

/// Reads up to `bytes`, fewer only at the end.
int64_t readFully(Input &input, void *to, int64_t bytes, Error &error) {
  int64_t done = 0;
  while (done < bytes) {
    int64_t got =
        input.read(static_cast<char *>(to) + done, bytes - done, error);
    if (!error.ok() || got == 0)
      break;
    done += got;
  }
  return done;
}

struct Header {
  noodle_rt_type type = 0;
  bool swapped = false;
  bool columnMajor = false;
  std::vector<int64_t> shape;
};

/// Parses `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`.
class HeaderParser {
public:
  HeaderParser(const Input &input, std::string_view text, int64_t offset)
      : input(input), text(text), offset(offset) {}

  Error parse(Header &header) {
    bool haveType = false, haveOrder = false, haveShape = false;
    if (!take('{'))
      return fail("the header is not a dictionary");
    while (!take('}')) {
      size_t keyAt = skipSpace();
      std::string_view key;
      if (Error error = string(key, "a key"); !error.ok())
        return error;
      bool *have = key == "descr"           ? &haveType
                   : key == "fortran_order" ? &haveOrder
                   : key == "shape"         ? &haveShape
                                            : nullptr;
      if (!have)
        return fail("unknown key " + quoted(key), keyAt);
      if (std::exchange(*have, true))
        return fail("key " + quoted(key) + " is given twice", keyAt);
      if (!take(':'))
        return fail("':' expected after a key");
      Error error = have == &haveType    ? type(header)
                    : have == &haveOrder ? order(header)
                                         : shape(header.shape);
      if (!error.ok())
        return error;
      if (take(','))
        continue;
      if (take('}'))
        break;
      return fail("',' or '}' expected");
    }
    if (skipSpace() != text.size())
      return fail("text after the dictionary");
    for (auto [have, key] :
         {std::pair(haveType, "descr"), std::pair(haveOrder, "fortran_order"),
          std::pair(haveShape, "shape")})
      if (!have)
        return fail(std::string("the header lacks '") + key + "'");
    return {};
  }

private:
  Error fail(std::string message) {
    return fail(std::move(message), skipSpace());
  }
  Error fail(std::string message, size_t where) {
    return at(input, offset + int64_t(where), std::move(message));
  }

  size_t skipSpace() {
    while (pos < text.size() && (text[pos] == ' ' || text[pos] == '\t' ||
                                 text[pos] == '\n' || text[pos] == '\r'))
      ++pos;
    return pos;
  }
  bool take(char c) {
    if (skipSpace() == text.size() || text[pos] != c)
      return false;
    ++pos;
    return true;
  }
  bool takeWord(std::string_view word) {
    skipSpace();
    if (text.substr(pos, word.size()) != word)
      return false;
    pos += word.size();
    return true;
  }

  Error string(std::string_view &value, const char *what) {
    skipSpace();
    char quote = pos < text.size() ? text[pos] : 0;
    if (quote != '\'' && quote != '"')
      return fail(std::string(what) + " in quotes expected");
    size_t end = text.find(quote, pos + 1);
    if (end == std::string_view::npos)
      return fail("a string does not end");
    value = text.substr(pos + 1, end - pos - 1);
    if (value.find('\\') != std::string_view::npos)
      return fail("a string holds an escape");
    pos = end + 1;
    return {};
  }

  Error type(Header &header) {
    size_t where = skipSpace();
    if (where < text.size() && (text[where] == '[' || text[where] == '('))
      return fail(std::string("a structured dtype is not handled; save one "
                              "field with a dtype of ") +
                  handledTypes);
    std::string_view name;
    if (Error error = string(name, "a dtype"); !error.ok())
      return error;
    struct Known {
      std::string_view name;
      noodle_rt_type type;
    };
    static constexpr Known known[] = {
        {"i4", NOODLE_RT_I32},  {"i8", NOODLE_RT_I64}, {"f2", NOODLE_RT_F16},
        {"f4", NOODLE_RT_F32},  {"f8", NOODLE_RT_F64}, {"c8", NOODLE_RT_C64},
        {"c16", NOODLE_RT_C128}};
    // Without a byte order. NumPy has no bf16 and writes it as two bytes.
    static constexpr Known plain[] = {{"|b1", NOODLE_RT_I1},
                                      {"|i1", NOODLE_RT_I8},
                                      {"<i1", NOODLE_RT_I8},
                                      {"<V2", NOODLE_RT_BF16},
                                      {"|V2", NOODLE_RT_BF16}};
    for (const Known &k : plain)
      if (name == k.name) {
        header.type = k.type;
        return {};
      }
    for (const Known &k : known) {
      if (name.empty() || name.substr(1) != k.name ||
          (name[0] != '<' && name[0] != '>' && name[0] != '='))
        continue;
      header.type = k.type;
      header.swapped = name[0] == '>';
      return {};
    }
    std::string_view kind = name.substr(0, 2);
    const char *reason = "";
    if (kind.size() == 2 && kind[1] == 'O')
      reason = " (Python objects)";
    else if (kind.size() == 2 && kind[1] == 'u')
      reason = " (unsigned)";
    else if (kind.size() == 2 && (kind[1] == 'U' || kind[1] == 'S'))
      reason = " (text)";
    return fail("dtype " + quoted(name) + reason +
                    " is not handled; those are " + handledTypes,
                where);
  }

  Error order(Header &header) {
    if (takeWord("True"))
      header.columnMajor = true;
    else if (!takeWord("False"))
      return fail("'fortran_order' must be True or False");
    return {};
  }

  Error shape(std::vector<int64_t> &extents) {
    if (!take('('))
      return fail("'shape' must be a tuple");
    bool comma = false;
    while (!take(')')) {
      if (!extents.empty() && !comma)
        return fail("',' or ')' expected");
      size_t where = skipSpace();
      if (where < text.size() && text[where] == '-')
        return fail("a negative size");
      size_t end = where;
      int64_t extent = 0;
      for (; end < text.size() && text[end] >= '0' && text[end] <= '9'; ++end)
        if (!multiply(extent, 10, extent) ||
            !add(extent, text[end] - '0', extent))
          return fail("a size does not fit in 64 bits");
      if (end == where)
        return fail("a size expected");
      if (end - where > 1 && text[where] == '0')
        return fail("a size begins with 0");
      pos = end;
      // Written by Python 2.
      if (pos < text.size() && text[pos] == 'L')
        ++pos;
      if (extents.size() == NOODLE_RT_MAX_RANK)
        return fail("more than " + std::to_string(NOODLE_RT_MAX_RANK) +
                        " dimensions",
                    where);
      extents.push_back(extent);
      comma = take(',');
    }
    if (extents.size() == 1 && !comma)
      return fail("'shape' must be a tuple");
    return {};
  }

  const Input &input;
  std::string_view text;
  int64_t offset;
  size_t pos = 0;
};

template <typename Word> void swapBytes(AlignedVector<std::byte> &bytes) {
  for (size_t i = 0; i + sizeof(Word) <= bytes.size(); i += sizeof(Word)) {
    Word word;
    memcpy(&word, bytes.data() + i, sizeof(Word));
    word = sizeof(Word) == 2   ? __builtin_bswap16(uint16_t(word))
           : sizeof(Word) == 4 ? __builtin_bswap32(uint32_t(word))
                               : __builtin_bswap64(word);
    memcpy(bytes.data() + i, &word, sizeof(Word));
  }
}

/// Reads `size` bytes. The size is a claim: where the input's own size is
/// unknown, memory grows with what arrives.
Error readData(Input &input, int64_t offset, int64_t size,
               AlignedVector<std::byte> &bytes) {
  int64_t there = input.remaining();
  auto truncated = [&](int64_t got) {
    return at(input, offset + got,
              "the file ends early: the header announces " +
                  std::to_string(size) + " bytes of data, " +
                  std::to_string(got) + " are there");
  };
  if (there >= 0 && there < size)
    return truncated(there);
  int64_t chunk = there >= 0 ? size : 1 << 20;
  // An empty array still gets an address.
  bytes.reserve(size_t(std::max<int64_t>(1, std::min(size, chunk))));
  int64_t done = 0;
  while (done < size) {
    int64_t end = std::min(size, std::max(chunk, 2 * done));
    bytes.reserve(size_t(end));
    bytes.resize(size_t(end));
    Error error;
    int64_t got = readFully(input, bytes.data() + done, end - done, error);
    if (!error.ok())
      return error;
    done += got;
    if (done < end)
      return truncated(done);
  }
  char extra;
  Error error;
  if (readFully(input, &extra, 1, error) != 0)
    return at(input, offset + size, "the file goes on after the data");
  return error;
}

Error readArray(Input &input, Array &array, const IoLimits &limits) {
  Error error;
  unsigned char start[12];
  int64_t got = readFully(input, start, 10, error);
  if (!error.ok())
    return error;
  if (memcmp(start, magic.data(), size_t(std::min<int64_t>(got, 6))) != 0 ||
      got == 0)
    return at(input, 0, "this is not a .npy file: its first bytes are wrong");
  if (got < 10)
    return at(input, got, "the file ends within the header");
  int major = start[6], minor = start[7];
  if (major < 1 || major > 3 || minor != 0)
    return at(input, 6,
              "format version " + std::to_string(major) + "." +
                  std::to_string(minor) +
                  " is not handled; those are 1.0, 2.0 and 3.0");
  int64_t length = start[8] | start[9] << 8;
  int64_t offset = 10;
  if (major > 1) {
    if (readFully(input, start + 10, 2, error) < 2)
      return error.ok() ? at(input, 10, "the file ends within the header")
                        : error;
    length |= int64_t(start[10]) << 16 | int64_t(start[11]) << 24;
    offset = 12;
  }
  if (length > maxHeader)
    return at(input, 8,
              "a header of " + std::to_string(length) + " bytes; at most " +
                  std::to_string(maxHeader) + " are accepted");
  std::string text(size_t(length), '\0');
  got = readFully(input, text.data(), length, error);
  if (!error.ok())
    return error;
  if (got < length)
    return at(input, offset + got, "the file ends within the header");

  Header header;
  error = HeaderParser(input, text, offset).parse(header);
  if (!error.ok())
    return error;
  offset += length;

  // Strides must fit even where another size is 0.
  int64_t width = noodle_rt_element_bytes(header.type), span = width;
  bool empty = false;
  for (int64_t extent : header.shape) {
    empty |= extent == 0;
    if (!multiply(span, std::max<int64_t>(extent, 1), span))
      return at(input, offset, "the sizes' product does not fit in 64 bits");
  }
  int64_t size = empty ? 0 : span;
  if (int64_t limit = memoryLimit(limits); size > limit)
    return at(input, offset,
              "the data takes " + std::to_string(size) +
                  " bytes; the limit is " + std::to_string(limit));

  Array result;
  result.type = header.type;
  result.shape = std::move(header.shape);
  size_t rank = result.shape.size();
  result.strides.resize(rank);
  int64_t stride = 1;
  for (size_t k = 0; k < rank; ++k) {
    size_t dim = header.columnMajor ? k : rank - 1 - k;
    result.strides[dim] = stride;
    stride *= std::max<int64_t>(result.shape[dim], 1);
  }
  error = readData(input, offset, size, result.bytes);
  if (!error.ok())
    return error;
  // Of a complex number each part for itself.
  bool complex = result.type == NOODLE_RT_C64 || result.type == NOODLE_RT_C128;
  int64_t word = header.swapped ? complex ? width / 2 : width : 1;
  if (word == 2)
    swapBytes<uint16_t>(result.bytes);
  if (word == 4)
    swapBytes<uint32_t>(result.bytes);
  if (word == 8)
    swapBytes<uint64_t>(result.bytes);
  if (result.type == NOODLE_RT_I1)
    for (int64_t i = 0; i < size; ++i)
      if (result.bytes[size_t(i)] > std::byte(1))
        return at(input, offset + i, "a bool that is neither 0 nor 1");
  array = std::move(result);
  return {};
}

const char *npyName(noodle_rt_type type) {
  switch (type) {
  case NOODLE_RT_I1:
    return "|b1";
  case NOODLE_RT_I32:
    return "<i4";
  case NOODLE_RT_I64:
  case NOODLE_RT_INDEX:
    return "<i8";
  case NOODLE_RT_F32:
    return "<f4";
  case NOODLE_RT_F16:
    return "<f2";
  case NOODLE_RT_BF16:
    return "<V2";
  case NOODLE_RT_I8:
    return "|i1";
  case NOODLE_RT_C64:
    return "<c8";
  case NOODLE_RT_C128:
    return "<c16";
  default:
    return "<f8";
  }
}

/// Whether the values lie without gaps in row-major (or column-major) order.
bool isContiguous(const noodle_rt_tensor &tensor, bool columnMajor) {
  int64_t expected = 1;
  for (int k = 0; k < tensor.rank; ++k) {
    int dim = columnMajor ? k : tensor.rank - 1 - k;
    if (tensor.extents[dim] != 1 && tensor.strides[dim] != expected)
      return false;
    expected *= tensor.extents[dim];
  }
  return true;
}

template <size_t Width>
void gather(Writer &writer, const char *from, const noodle_rt_tensor &tensor,
            int dim) {
  int64_t extent = tensor.extents[dim];
  int64_t step = tensor.strides[dim] * int64_t(Width);
  for (int64_t i = 0; i < extent && !writer.failed(); ++i, from += step) {
    if (dim + 1 < tensor.rank) {
      gather<Width>(writer, from, tensor, dim + 1);
      continue;
    }
    memcpy(writer.room(Width), from, Width);
    writer.advance(Width);
  }
}

Error writeTensor(Output &output, const noodle_rt_tensor &tensor) {
  auto refuse = [&](std::string message) {
    return Error{output.name(), std::move(message)};
  };
  if (tensor.layout != NOODLE_RT_DENSE && tensor.layout != NOODLE_RT_SCALAR)
    return refuse("a sparse tensor cannot be written as .npy; write .mtx or "
                  "convert it to dense");
  int64_t width = noodle_rt_element_bytes(tensor.type);
  if (width == 0)
    return refuse("element type " + std::to_string(tensor.type) +
                  " cannot be written as .npy");
  if (tensor.rank > NOODLE_RT_MAX_RANK)
    return refuse("more than " + std::to_string(NOODLE_RT_MAX_RANK) +
                  " dimensions");
  int64_t size = width;
  bool empty = false;
  for (int k = 0; k < tensor.rank; ++k) {
    if (tensor.extents[k] < 0 ||
        !multiply(size, std::max<int64_t>(tensor.extents[k], 1), size))
      return refuse("size " + std::to_string(tensor.extents[k]) +
                    " of dimension " + std::to_string(k) +
                    " is negative or too large");
    empty |= tensor.extents[k] == 0;
  }

  bool rowMajor = empty || isContiguous(tensor, false);
  bool columnMajor = !rowMajor && isContiguous(tensor, true);
  std::string header = "{'descr': '";
  header += npyName(tensor.type);
  header += columnMajor ? "', 'fortran_order': True, 'shape': ("
                        : "', 'fortran_order': False, 'shape': (";
  for (int k = 0; k < tensor.rank; ++k) {
    header += std::to_string(tensor.extents[k]);
    header += tensor.rank == 1 ? "," : k + 1 < tensor.rank ? ", " : "";
  }
  header += "), }";
  // The data starts at a multiple of 64, as NumPy writes it.
  size_t start = (10 + header.size() + 1 + 63) / 64 * 64;
  header.resize(start - 10 - 1, ' ');
  header += '\n';

  std::string head(magic);
  head += {'\x01', '\x00', char(header.size() & 255), char(header.size() >> 8)};
  head += header;
  Error error = output.write(head.data(), int64_t(head.size()));
  if (!error.ok() || empty)
    return error;
  if (rowMajor || columnMajor)
    return output.write(tensor.values, size);

  Writer writer(output);
  const char *values = static_cast<const char *>(tensor.values);
  if (width == 1)
    gather<1>(writer, values, tensor, 0);
  else if (width == 2)
    gather<2>(writer, values, tensor, 0);
  else if (width == 4)
    gather<4>(writer, values, tensor, 0);
  else if (width == 16)
    gather<16>(writer, values, tensor, 0);
  else
    gather<8>(writer, values, tensor, 0);
  return writer.finish();
}
} // namespace

Error noodle::rt::io::readNpy(Input &input, Array &array,
                              const IoLimits &limits) {
  return guarded(input.name(), [&] { return readArray(input, array, limits); });
}

Error noodle::rt::io::readNpy(const std::string &path, Array &array,
                              const IoLimits &limits) {
  std::unique_ptr<Input> input;
  Error error = openInput(path, input);
  if (!error.ok())
    return error;
  return readNpy(*input, array, limits);
}

Error noodle::rt::io::writeNpy(Output &output, const noodle_rt_tensor &tensor) {
  return guarded(output.name(), [&] { return writeTensor(output, tensor); });
}

Error noodle::rt::io::writeNpy(const std::string &path,
                               const noodle_rt_tensor &tensor) {
  std::unique_ptr<Output> output;
  Error error = openOutput(path, output);
  if (error.ok())
    error = writeNpy(*output, tensor);
  if (error.ok())
    error = output->commit();
  return error;
}
