//===- matrix_market_read.cpp - reading MatrixMarket files ----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One entry a line, read through a fixed buffer. The size line is a claim: it
// is held against the file's size before anything is allocated.
//
//===----------------------------------------------------------------------===//

#include "detail.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

using namespace noodle::rt::io;

namespace {
constexpr size_t maxLine = 1 << 20;
/// Bytes read at once; fits the second-level cache. Grows for longer lines.
constexpr size_t usualBuffer = 1 << 16;
/// Line runs kept; a file with more interruptions has entries without lines.
constexpr size_t maxLineRuns = 1 << 16;

bool isBlank(char c) { return c == ' ' || c == '\t'; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; }

bool equalsNoCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

/// Lines of an input, without their ends. Single-thread.
class LineReader {
public:
  explicit LineReader(Input &input) : input(input), buffer(usualBuffer) {}

  /// False at the end and after a failure, which sets `error`.
  bool next(std::string_view &line, Error &error) {
    size_t scanned = begin;
    while (true) {
      char *data = buffer.data();
      if (auto *end = static_cast<char *>(
              memchr(data + scanned, '\n', filled - scanned))) {
        line = {data + begin, size_t(end - data) - begin};
        begin = size_t(end - data) + 1;
        break;
      }
      scanned = filled;
      if (atEnd) {
        if (begin == filled)
          return false;
        line = {data + begin, filled - begin};
        begin = filled;
        break;
      }
      if (begin > 0) {
        memmove(data, data + begin, filled - begin);
        scanned -= begin;
        filled -= begin;
        begin = 0;
      }
      if (filled == buffer.size() && filled < maxLine) {
        buffer.resize(maxLine);
        data = buffer.data();
      }
      if (filled == maxLine) {
        error = {input.name() + ":" + std::to_string(number + 1) + ":1",
                 "the line is longer than " + std::to_string(maxLine) +
                     " bytes"};
        return false;
      }
      int64_t got =
          input.read(data + filled, int64_t(buffer.size() - filled), error);
      if (!error.ok())
        return false;
      atEnd = got == 0;
      filled += size_t(got);
    }
    ++number;
    if (!line.empty() && line.back() == '\r')
      line.remove_suffix(1);
    return true;
  }

  /// Number of the line that next() gave, from 1.
  int64_t lineNumber() const { return number; }
  /// Bytes behind that line, or -1 if unknown.
  int64_t remaining() const {
    int64_t left = input.remaining();
    return left < 0 ? -1 : left + int64_t(filled - begin);
  }

private:
  Input &input;
  AlignedVector<char> buffer;
  size_t begin = 0, filled = 0;
  bool atEnd = false;
  int64_t number = 0;
};

enum class Number { Ok, NotANumber, Decimal, NotFinite, TooLarge };

Number parseInteger(std::string_view token, int64_t &value) {
  std::string_view digits = token;
  if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-')
    digits.remove_prefix(1);
  const char *end = digits.data() + digits.size();
  auto [at, code] = std::from_chars(digits.data(), end, value);
  if (code == std::errc::result_out_of_range && at == end)
    return Number::TooLarge;
  if (code == std::errc() && at == end)
    return Number::Ok;
  double real;
  auto [realAt, realCode] = std::from_chars(digits.data(), end, real);
  if (realCode == std::errc::invalid_argument || realAt != end)
    return Number::NotANumber;
  return realCode == std::errc() && !std::isfinite(real) ? Number::NotFinite
                                                         : Number::Decimal;
}

/// Whether a decimal that a double cannot hold is too large, not too small.
bool isLarge(std::string_view number) {
  int64_t exponent = 0;
  if (size_t e = number.find_first_of("eE"); e != std::string_view::npos) {
    std::string_view digits = number.substr(e + 1);
    if (!digits.empty() && digits[0] == '+')
      digits.remove_prefix(1);
    auto [at, code] =
        std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (code == std::errc::result_out_of_range)
      return digits[0] != '-';
    number = number.substr(0, e);
  }
  size_t point = std::min(number.find('.'), number.size());
  size_t first = number.find_first_of("123456789");
  if (first == std::string_view::npos)
    return false;
  int64_t place = first < point ? int64_t(point - first) - 1
                                : int64_t(point) - int64_t(first);
  return !add(exponent, place, exponent) || exponent > 0;
}

/// What the plain parser does not take as it stands: a plus sign, Fortran's D
/// exponents, infinities, values that underflow.
Number parseRealSlowly(std::string_view token, double &value) {
  std::string text(token);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-')
    text.erase(0, 1);
  if (size_t d = text.find_first_of("dD");
      d != std::string::npos && d > 0 && text.find_first_of("eE") == text.npos)
    text[d] = 'e';
  const char *end = text.data() + text.size();
  auto [at, code] = std::from_chars(text.data(), end, value);
  if (code == std::errc::invalid_argument || at != end)
    return Number::NotANumber;
  bool named = text.find_first_of("iInN") != std::string::npos;
  if (named || (code == std::errc() && std::isfinite(value)))
    return Number::Ok;
  if (isLarge(text))
    return Number::TooLarge;
  value = text[0] == '-' ? -0.0 : 0.0;
  return Number::Ok;
}

Number parseReal(std::string_view token, double &value) {
  const char *end = token.data() + token.size();
  auto [at, code] = std::from_chars(token.data(), end, value);
  if (code == std::errc() && at == end && std::isfinite(value)) [[likely]]
    return Number::Ok;
  return parseRealSlowly(token, value);
}

/// Reads one file into one Coo. Single-thread.
class MtxReader {
public:
  MtxReader(Input &input, Coo &coo, const MtxOptions &options)
      : input(input), lines(input), coo(coo), options(options) {}

  Error read() {
    Error error = banner();
    if (error.ok())
      error = sizes();
    if (!error.ok())
      return error;
    coo.source = input.name();
    switch (coo.field) {
    case Field::Real:
      return body<Field::Real>();
    case Field::Integer:
      return body<Field::Integer>();
    case Field::Pattern:
      return body<Field::Pattern>();
    case Field::Complex:
      return body<Field::Complex>();
    }
    return error;
  }

private:
  //===--------------------------------------------------------------------===//
  // Places and tokens
  //===--------------------------------------------------------------------===//

  Error failAt(int64_t line, int64_t column, std::string message) const {
    return {input.name() + ":" + std::to_string(line) + ":" +
                std::to_string(column),
            std::move(message)};
  }
  /// Points at `token`, a piece of the current line.
  Error fail(std::string_view token, std::string message) const {
    return failAt(lines.lineNumber(), token.data() - line.data() + 1,
                  std::move(message));
  }
  /// Points behind the last line.
  Error failAtEnd(std::string message) const {
    return failAt(lines.lineNumber() + 1, 1, std::move(message));
  }

  /// The next line that holds anything but a comment; `rest` is all of it.
  bool nextLine(Error &error) {
    while (lines.next(line, error)) {
      size_t first = 0;
      while (first < line.size() && isBlank(line[first]))
        ++first;
      if (first == line.size() || line[first] == '%')
        continue;
      rest = line.substr(first);
      return true;
    }
    return false;
  }

  /// Cuts the next token off `rest`; at the end an empty one.
  std::string_view token() {
    const char *at = rest.data(), *end = at + rest.size();
    while (at != end && isBlank(*at))
      ++at;
    const char *begin = at;
    while (at != end && !isBlank(*at))
      ++at;
    rest = {at, size_t(end - at)};
    return {begin, size_t(at - begin)};
  }

  Error badNumber(std::string_view token, Number number, const char *what,
                  bool integer) const {
    std::string name = std::string(what);
    if (token.empty())
      return fail(token, name + " is missing");
    switch (number) {
    case Number::Decimal:
      return fail(token, name + " " + quoted(token) + " is not an integer");
    case Number::NotFinite:
      return fail(token, name + " " + quoted(token) +
                             " is not finite; an integer belongs here");
    case Number::TooLarge:
      return fail(token, name + " " + quoted(token) +
                             (integer ? " does not fit in 64 bits"
                                      : " is too large for a double"));
    default:
      return fail(token, name + " " + quoted(token) + " is not a number");
    }
  }

  Error integer(int64_t &value, const char *what, std::string_view &word) {
    word = token();
    Number number = parseInteger(word, value);
    if (number == Number::Ok) [[likely]]
      return {};
    return badNumber(word, number, what, true);
  }

  Error endOfLine(const char *what) {
    std::string_view extra = token();
    if (extra.empty()) [[likely]]
      return {};
    return fail(extra, quoted(extra) + " after " + what);
  }

  //===--------------------------------------------------------------------===//
  // Banner and sizes
  //===--------------------------------------------------------------------===//

  Error banner() {
    constexpr const char *wanted =
        "the first line must be '%%MatrixMarket matrix coordinate|array "
        "real|integer|complex|pattern "
        "general|symmetric|skew-symmetric|hermitian'";
    Error error;
    if (!lines.next(line, error))
      return error.ok() ? failAt(1, 1, "the file is empty") : std::move(error);
    if (line.substr(0, 2) == "\x1f\x8b")
      return failAt(1, 1, "the file is compressed with gzip; unpack it first");
    rest = line;
    std::string_view word = token();
    if (!equalsNoCase(word, "%%MatrixMarket"))
      return fail(word, std::string("not a MatrixMarket file: ") + wanted);
    word = token();
    if (!equalsNoCase(word, "matrix"))
      return fail(word,
                  "object " + quoted(word) + " is not handled; " + wanted);

    word = token();
    if (equalsNoCase(word, "coordinate"))
      coo.format = Format::Coordinate;
    else if (equalsNoCase(word, "array"))
      coo.format = Format::Array;
    else
      return fail(word, "format " + quoted(word) + " is unknown; " + wanted);

    word = token();
    if (equalsNoCase(word, "real"))
      coo.field = Field::Real;
    else if (equalsNoCase(word, "integer"))
      coo.field = Field::Integer;
    else if (equalsNoCase(word, "pattern"))
      coo.field = Field::Pattern;
    else if (equalsNoCase(word, "complex"))
      coo.field = Field::Complex;
    else
      return fail(word, "field " + quoted(word) + " is unknown; " + wanted);
    if (coo.format == Format::Array && coo.field == Field::Pattern)
      return fail(word, "an array file needs values; pattern is for "
                        "coordinate files");

    word = token();
    if (equalsNoCase(word, "general"))
      coo.symmetry = Symmetry::General;
    else if (equalsNoCase(word, "symmetric"))
      coo.symmetry = Symmetry::Symmetric;
    else if (equalsNoCase(word, "skew-symmetric"))
      coo.symmetry = Symmetry::SkewSymmetric;
    else if (equalsNoCase(word, "hermitian"))
      coo.symmetry = Symmetry::Hermitian;
    else
      return fail(word, "symmetry " + quoted(word) + " is unknown; " + wanted);
    if (coo.symmetry == Symmetry::Hermitian && coo.field != Field::Complex)
      return fail(word, "hermitian is for complex matrices; a real one is "
                        "symmetric");
    if (coo.symmetry == Symmetry::SkewSymmetric && coo.field == Field::Pattern)
      return fail(word, "a pattern has no signs, so it cannot be "
                        "skew-symmetric");
    return endOfLine("the banner");
  }

  Error sizes() {
    Error error;
    if (!nextLine(error))
      return error.ok() ? failAtEnd("the file ends before the size line")
                        : std::move(error);
    const bool coordinate = coo.format == Format::Coordinate;
    std::string_view rowsWord, colsWord, word;
    error = integer(coo.rows, "the number of rows", rowsWord);
    if (error.ok())
      error = integer(coo.cols, "the number of columns", colsWord);
    if (error.ok() && coordinate)
      error = integer(expected, "the number of entries", word);
    if (error.ok())
      error = endOfLine("the sizes");
    if (!error.ok())
      return error;
    if (coo.rows < 0)
      return fail(rowsWord, "the number of rows is negative");
    if (coo.cols < 0)
      return fail(colsWord, "the number of columns is negative");
    const bool symmetric = coo.symmetry != Symmetry::General;
    if (symmetric && coo.rows != coo.cols)
      return fail(colsWord, "a symmetric matrix must be square, not " +
                                std::to_string(coo.rows) + " x " +
                                std::to_string(coo.cols));

    // Places that can hold an entry; more than 2^63 cannot be exhausted.
    int64_t places = INT64_MAX;
    bool known = multiply(coo.rows, coo.cols, places);
    if (known && symmetric)
      places = (places - coo.rows) / 2 +
               (coo.symmetry == Symmetry::SkewSymmetric ? 0 : coo.rows);
    if (!coordinate) {
      if (!known)
        return fail(rowsWord, "rows times columns does not fit in 64 bits");
      expected = places;
    } else if (expected < 0) {
      return fail(word, "the number of entries is negative");
    } else if (known && expected > places &&
               (places == 0 || options.duplicates == Duplicates::Error)) {
      return fail(word, std::to_string(expected) + " entries do not fit in " +
                            std::to_string(places) +
                            " places; if duplicates are meant, choose how to "
                            "combine them");
    }

    // The shortest lines: `1`, `1 1` and `1 1 1`; the last may lack its end.
    int64_t shortest = !coordinate ? 2 : coo.field == Field::Pattern ? 4 : 6;
    if (coo.field == Field::Complex)
      shortest += 2;
    int64_t left = lines.remaining();
    if (left >= 0 && expected > (left + 1) / shortest)
      return fail(coordinate ? word : rowsWord,
                  std::to_string(expected) +
                      " entries are announced, but only " +
                      std::to_string(left) + " bytes follow");
    int64_t bytes,
        width = (coordinate ? 16 : 0) + (coo.field == Field::Pattern   ? 0
                                         : coo.field == Field::Complex ? 16
                                                                       : 8);
    int64_t limit = memoryLimit(options.limits);
    if (!multiply(expected, width, bytes) || bytes > limit)
      return fail(coordinate ? word : rowsWord,
                  std::to_string(expected) + " entries of " +
                      std::to_string(width) + " bytes exceed the limit of " +
                      std::to_string(limit) + " bytes");
    capacity = left >= 0 ? expected : 0;
    reserve();
    return {};
  }

  /// Makes room for `capacity` entries.
  void reserve() {
    if (coo.format == Format::Coordinate) {
      coo.row.reserve(size_t(capacity));
      coo.col.reserve(size_t(capacity));
    }
    if (coo.field == Field::Real)
      coo.reals.reserve(size_t(capacity));
    else if (coo.field == Field::Integer)
      coo.integers.reserve(size_t(capacity));
    else if (coo.field == Field::Complex)
      coo.complexes.reserve(size_t(capacity));
  }

  //===--------------------------------------------------------------------===//
  // Entries
  //===--------------------------------------------------------------------===//

  template <Field field> Error body() {
    int64_t count = 0, lastLine = -1;
    const bool coordinate = coo.format == Format::Coordinate;
    Error error;
    for (; nextLine(error); ++count) {
      if (count == expected)
        return fail(rest, "an entry too many: the sizes announce " +
                              std::to_string(expected));
      if (count == capacity) {
        capacity = std::min(expected, std::max<int64_t>(1 << 16, 2 * capacity));
        reserve();
      }
      if (coordinate)
        error = place();
      if (error.ok())
        error = value<field>();
      if (error.ok())
        error = endOfLine("the entry");
      if (!error.ok())
        return error;
      if (lines.lineNumber() != lastLine + 1 && !linesUnknown)
        startLineRun(count);
      lastLine = lines.lineNumber();
    }
    if (!error.ok())
      return error;
    if (count < expected)
      return failAtEnd("the file ends after " + std::to_string(count) + " of " +
                       std::to_string(expected) + " entries");
    return {};
  }

  void startLineRun(int64_t entry) {
    if (coo.lineRuns.size() == maxLineRuns) {
      linesUnknown = true;
      coo.lineRuns.push_back({entry, 0});
      return;
    }
    coo.lineRuns.push_back({entry, lines.lineNumber()});
  }

  Error place() {
    int64_t row, col;
    std::string_view rowWord, colWord;
    Error error = integer(row, "the row index", rowWord);
    if (error.ok())
      error = integer(col, "the column index", colWord);
    if (!error.ok())
      return error;
    if (row < 1 || row > coo.rows) [[unlikely]]
      return outOfRange(rowWord, "row", row, coo.rows);
    if (col < 1 || col > coo.cols) [[unlikely]]
      return outOfRange(colWord, "column", col, coo.cols);
    if (coo.symmetry == Symmetry::SkewSymmetric && row == col)
      return fail(rowWord, "a skew-symmetric matrix has no entries on the "
                           "diagonal");
    coo.row.push_back(row - 1);
    coo.col.push_back(col - 1);
    return {};
  }

  Error outOfRange(std::string_view word, const char *what, int64_t index,
                   int64_t size) const {
    return fail(word, std::string(what) + " index " + std::to_string(index) +
                          " is out of range: the matrix has " +
                          std::to_string(size) + " " + what +
                          "s, counted from 1");
  }

  template <Field field> Error value() {
    if constexpr (field == Field::Pattern)
      return {};
    if constexpr (field == Field::Integer) {
      int64_t number;
      std::string_view word;
      Error error = integer(number, "the value", word);
      if (!error.ok())
        return error;
      if (coo.symmetry == Symmetry::SkewSymmetric && number == INT64_MIN)
        return fail(word, "the value's negative does not fit in 64 bits");
      coo.integers.push_back(number);
    }
    if constexpr (field == Field::Real) {
      std::string_view word = token();
      double number;
      if (Number result = parseReal(word, number); result != Number::Ok)
          [[unlikely]]
        return badNumber(word, result, "the value", false);
      coo.reals.push_back(number);
    }
    if constexpr (field == Field::Complex) {
      double parts[2];
      for (double &part : parts) {
        std::string_view word = token();
        bool first = &part == parts;
        if (Number result = parseReal(word, part); result != Number::Ok)
          return badNumber(word, result,
                           first ? "the real part" : "the imaginary part",
                           false);
        // Of an array the diagonal is found when it is used.
        if (!first && coo.symmetry == Symmetry::Hermitian && !coo.row.empty() &&
            coo.row.back() == coo.col.back() && part != 0)
          return fail(word, "the diagonal of a hermitian matrix is real");
      }
      coo.complexes.emplace_back(parts[0], parts[1]);
    }
    return {};
  }

  Input &input;
  LineReader lines;
  Coo &coo;
  const MtxOptions &options;
  std::string_view line, rest;
  int64_t expected = 0, capacity = 0;
  bool linesUnknown = false;
};
} // namespace

Error noodle::rt::io::readMtx(Input &input, Coo &coo,
                              const MtxOptions &options) {
  return guarded(input.name(), [&] {
    Coo result;
    Error error = MtxReader(input, result, options).read();
    if (error.ok())
      coo = std::move(result);
    return error;
  });
}

Error noodle::rt::io::readMtx(const std::string &path, Coo &coo,
                              const MtxOptions &options) {
  std::unique_ptr<Input> input;
  Error error = openInput(path, input);
  if (!error.ok())
    return error;
  return readMtx(*input, coo, options);
}
