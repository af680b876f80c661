//===- noodle.hpp - C++ over the C API, and an expression builder ---------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Header only, C++20. Owners are move-only and release on destruction; a failed
// call throws noodle::Error on the host's side of the boundary.
//
//   noodle::Engine engine;
//   auto A = engine.csr(rows, columns, positions, coordinates, values);
//   auto x = engine.dense(vector, {columns});
//   noodle::Array y = noodle::contract("ij,j->i", A, x, noodle::min_plus);
//
// Expressions are built lazily and borrow the buffers they are made of. The
// engine's cache compiles each form once: the same form on other data or sizes
// reuses the kernel.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_C_NOODLE_HPP
#define NOODLE_C_NOODLE_HPP

#include "noodle-c/noodle.h"

#include <algorithm>
#include <complex>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace noodle {

//===----------------------------------------------------------------------===//
// Errors and handles
//===----------------------------------------------------------------------===//

class Error : public std::runtime_error {
public:
  Error(noodle_code code, const std::string &message)
      : std::runtime_error(message), failure(code) {}
  noodle_code code() const { return failure; }

private:
  noodle_code failure;
};

/// Throws the error a status holds and releases it.
inline void check(noodle_status *status) {
  if (!status)
    return;
  Error error(noodle_status_code(status), noodle_status_message(status));
  noodle_status_release(status);
  throw error;
}

/// The bits of an IEEE binary16 number, and of the upper half of a float. They
/// have no arithmetic here.
struct f16 {
  std::uint16_t bits;
};
struct bf16 {
  std::uint16_t bits;
};

namespace detail {
template <class Handle, void (*release)(Handle *)> struct Releaser {
  void operator()(Handle *handle) const { release(handle); }
};
template <class Handle, void (*release)(Handle *)>
using Owner = std::unique_ptr<Handle, Releaser<Handle, release>>;

template <class T> constexpr noodle_element elementOf() {
  using U = std::remove_cv_t<T>;
  if constexpr (std::is_same_v<U, float>)
    return NOODLE_F32;
  else if constexpr (std::is_same_v<U, double>)
    return NOODLE_F64;
  else if constexpr (std::is_same_v<U, f16>)
    return NOODLE_F16;
  else if constexpr (std::is_same_v<U, bf16>)
    return NOODLE_BF16;
  else if constexpr (std::is_same_v<U, std::complex<float>>)
    return NOODLE_C64;
  else if constexpr (std::is_same_v<U, std::complex<double>>)
    return NOODLE_C128;
  else if constexpr (std::is_same_v<U, bool>)
    return NOODLE_I1;
  else if constexpr (std::is_same_v<U, std::int8_t>)
    return NOODLE_I8;
  else if constexpr (std::is_integral_v<U> && sizeof(U) == 4)
    return NOODLE_I32;
  else {
    static_assert(std::is_integral_v<U> && sizeof(U) == 8,
                  "elements are bool, 8-, 32- or 64-bit integers, f16, bf16, "
                  "float, double, std::complex<float> or <double>");
    return NOODLE_I64;
  }
}
} // namespace detail

using Region = detail::Owner<noodle_region, noodle_region_release>;
using Receipt = detail::Owner<noodle_receipt, noodle_receipt_release>;
using Cancel = detail::Owner<noodle_cancel, noodle_cancel_release>;

/// A tensor in host memory with a copy that stays on the engine's device until
/// this is destroyed. Its buffers are borrowed.
class Resident {
public:
  Resident(noodle_engine *engine, const noodle_tensor &tensor) {
    noodle_resident *raw = nullptr;
    check(noodle_resident_create(engine, &tensor, &raw));
    handle.reset(raw);
  }
  bool onDevice() const { return noodle_resident_on_device(handle.get()); }
  /// The host has written to the buffers.
  void update() { check(noodle_resident_update(handle.get())); }

private:
  detail::Owner<noodle_resident, noodle_resident_release> handle;
};

/// Host memory that transfers read and write directly, until this is destroyed.
class Pinned {
public:
  Pinned(noodle_engine *engine, void *address, size_t bytes) {
    noodle_pinned *raw = nullptr;
    check(noodle_pinned_create(engine, address, bytes, &raw));
    handle.reset(raw);
  }

private:
  detail::Owner<noodle_pinned, noodle_pinned_release> handle;
};

/// A result: a tensor and the region that owns it.
class Array {
public:
  Array() = default;
  Array(noodle_tensor tensor, std::shared_ptr<noodle_region> region)
      : tensor(tensor), region(std::move(region)) {}

  const noodle_tensor &view() const { return tensor; }
  size_t rank() const { return tensor.rank; }
  int64_t extent(size_t k) const { return tensor.extents[k]; }
  /// Values in row-major order (sparse: the stored ones).
  template <class T> std::span<const T> values() const {
    if (detail::elementOf<T>() != tensor.element)
      throw Error(NOODLE_INVALID_ARGUMENT, "values<T>: the elements are not T");
    int64_t count = tensor.stored;
    if (tensor.layout == NOODLE_DENSE || tensor.layout == NOODLE_SCALAR) {
      count = 1;
      for (size_t k = 0; k < rank(); ++k)
        count *= tensor.extents[k];
    }
    return {static_cast<const T *>(tensor.values), size_t(count)};
  }

private:
  noodle_tensor tensor{};
  std::shared_ptr<noodle_region> region;
};

/// A compiled program.
class Program {
public:
  Program(std::shared_ptr<noodle_engine> engine, noodle_program *handle)
      : engine(std::move(engine)), handle(handle) {}
  noodle_program *get() const { return handle.get(); }

  std::vector<Array> operator()(std::span<const noodle_tensor> arguments,
                                noodle_call_options options = {}) const {
    options.struct_size = sizeof options;
    noodle_region *raw = nullptr;
    check(noodle_region_create(engine.get(), 0, nullptr, &raw));
    std::shared_ptr<noodle_region> region(raw, noodle_region_release);
    std::vector<noodle_tensor> slots(noodle_program_result_count(get()));
    check(noodle_program_call(get(), arguments.data(), arguments.size(), raw,
                              slots.data(), slots.size(), &options));
    std::vector<Array> results;
    for (const noodle_tensor &slot : slots)
      results.emplace_back(slot, region);
    return results;
  }
  std::vector<Array> operator()(std::initializer_list<noodle_tensor> arguments,
                                noodle_call_options options = {}) const {
    return (*this)(std::span(arguments.begin(), arguments.size()), options);
  }

private:
  std::shared_ptr<noodle_engine> engine;
  detail::Owner<noodle_program, noodle_program_release> handle;
};

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

/// A semiring by name; a user-defined one is a matter of program text.
struct Semiring {
  const char *name;
};
inline constexpr Semiring plus_times{"plus_times"}, min_plus{"min_plus"},
    max_plus{"max_plus"}, max_times{"max_times"}, max_min{"max_min"},
    min_max{"min_max"}, or_and{"or_and"}, xor_and{"xor_and"},
    log_plus{"log_plus"};

namespace detail {
struct Node {
  std::shared_ptr<noodle_engine> engine;
  uint8_t layout = NOODLE_DENSE, element = NOODLE_F64, rank = 0, width = 4;
  noodle_tensor leaf{};      // of an input
  std::string before, after; // of an op: text around its operands
  std::vector<std::shared_ptr<const Node>> inputs;
};

inline const char *elementName(uint8_t element) {
  static const char *const names[] = {
      "",      "i1",  "i32",  "i64", "f32",          "f64",
      "index", "f16", "bf16", "i8",  "complex<f32>", "complex<f64>"};
  return names[element];
}

/// Names and levels of the sparse layouts, from NOODLE_CSR on.
inline constexpr const char *formats[][2] = {
    {"csr", "d0 : dense, d1 : compressed"},
    {"csc", "d1 : dense, d0 : compressed"},
    {"coo", "d0 : compressed(nonunique), d1 : singleton(soa)"},
    {"dcsr", "d0 : compressed, d1 : compressed"}};

inline std::string typeOf(const Node &node) {
  std::string text = "tensor<";
  for (uint8_t k = 0; k < node.rank; ++k)
    text += "?x";
  text += elementName(node.element);
  if (node.layout == NOODLE_BSR) {
    std::string rows = std::to_string(node.leaf.block_rows),
                columns = std::to_string(node.leaf.block_columns),
                width = std::to_string(8 * node.width);
    return text + ", #sparse_tensor.encoding<{map = (d0, d1) -> (d0 floordiv " +
           rows + " : dense, d1 floordiv " + columns +
           " : compressed, d0 mod " + rows + " : dense, d1 mod " + columns +
           " : dense), posWidth = " + width + ", crdWidth = " + width + "}>>";
  }
  if (node.layout >= NOODLE_CSR && node.layout <= NOODLE_DCSR)
    text += std::string(", #") +
            (node.rank == 1 ? "vector" : formats[node.layout - NOODLE_CSR][0]) +
            std::to_string(8 * node.width);
  return text + ">";
}

/// Writes an expression as a program: inputs become parameters, a node used
/// twice is computed once.
class Writer {
public:
  std::string write(const std::shared_ptr<const Node> &root) {
    std::string result = visit(root);
    std::string text;
    for (const char *width : {"32", "64"}) {
      text += std::string("#vector") + width +
              " = #sparse_tensor.encoding<{map = (d0) -> (d0 : compressed), "
              "posWidth = " +
              width + ", crdWidth = " + width + "}>\n";
      for (const auto &[format, levels] : formats)
        text += std::string("#") + format + width +
                " = #sparse_tensor.encoding<{map = (d0, d1) -> (" + levels +
                "), posWidth = " + width + ", crdWidth = " + width + "}>\n";
    }
    text += "func.func @main(";
    for (size_t k = 0; k < inputs.size(); ++k)
      text +=
          (k ? ", %a" : "%a") + std::to_string(k) + ": " + typeOf(*inputs[k]);
    return text + ") -> " + typeOf(*root) + " {\n" + body + "  return " +
           result + " : " + typeOf(*root) + "\n}\n";
  }
  std::vector<std::shared_ptr<const Node>> inputs;

private:
  std::string visit(const std::shared_ptr<const Node> &node) {
    auto [found, fresh] = names.try_emplace(node.get());
    if (!fresh)
      return found->second;
    std::string name;
    if (node->before.empty()) {
      name = "%a" + std::to_string(inputs.size());
      inputs.push_back(node);
    } else {
      std::string operands;
      for (const auto &input : node->inputs)
        operands += (operands.empty() ? "" : ", ") + visit(input);
      name = "%v" + std::to_string(count++);
      body +=
          "  " + name + " = " + node->before + operands + node->after + "\n";
    }
    return names[node.get()] = name;
  }
  std::string body;
  std::map<const Node *, std::string> names;
  size_t count = 0;
};
} // namespace detail

/// A tensor to be computed. Copying is cheap. The buffers of its inputs must
/// outlive its evaluation.
class Expr {
public:
  explicit Expr(std::shared_ptr<const detail::Node> node)
      : node(std::move(node)) {}

  uint8_t rank() const { return node->rank; }
  uint8_t element() const { return node->element; }
  /// The program this expression stands for.
  std::string text() const { return detail::Writer().write(node); }

  Array evaluate() const {
    detail::Writer writer;
    std::string program = writer.write(node);
    noodle_program *handle = nullptr;
    noodle_compile_options options{};
    options.struct_size = sizeof options;
    options.name = "expression";
    check(noodle_program_compile(node->engine.get(), program.data(),
                                 program.size(), &options, &handle));
    std::vector<noodle_tensor> arguments;
    for (const auto &input : writer.inputs)
      arguments.push_back(input->leaf);
    return Program(node->engine,
                   handle)(std::span<const noodle_tensor>(arguments))[0];
  }
  operator Array() const { return evaluate(); }

  std::shared_ptr<const detail::Node> node;
};

namespace detail {
inline Expr makeOp(std::vector<Expr> inputs, uint8_t rank, std::string before,
                   const std::string &attributes) {
  if (inputs.empty())
    throw Error(NOODLE_INVALID_ARGUMENT, "an expression needs an input");
  auto node = std::make_shared<Node>();
  node->engine = inputs[0].node->engine;
  node->element = inputs[0].element();
  node->rank = rank;
  node->before = std::move(before);
  std::string types;
  for (const Expr &input : inputs) {
    if (input.node->engine != node->engine)
      throw Error(NOODLE_INVALID_ARGUMENT, "inputs belong to two engines");
    if (input.element() != node->element)
      throw Error(NOODLE_INVALID_ARGUMENT, "inputs differ in element type");
    types += (types.empty() ? "" : ", ") + typeOf(*input.node);
    node->inputs.push_back(input.node);
  }
  node->after = attributes + " : (" + types + ") -> " + typeOf(*node);
  return Expr(node);
}

/// Letters of the output part of an equation.
inline uint8_t outputRank(std::string_view equation) {
  size_t arrow = equation.find("->");
  if (arrow == std::string_view::npos)
    throw Error(NOODLE_INVALID_ARGUMENT, "the equation has no '->'");
  std::string_view output = equation.substr(arrow + 2);
  auto inner = output.find_first_not_of(' ');
  if (inner == std::string_view::npos)
    return 0;
  output = output.substr(inner, output.find_last_not_of(' ') - inner + 1);
  // Names separated by spaces, or single letters.
  if (equation.substr(0, arrow).find(' ') == std::string_view::npos)
    return uint8_t(output.size());
  return uint8_t(1 + std::count(output.begin(), output.end(), ' '));
}

struct Operands {
  std::vector<Expr> inputs;
  Semiring semiring = plus_times;
  void take(const Expr &input) { inputs.push_back(input); }
  void take(Semiring given) { semiring = given; }
};
} // namespace detail

/// contract("ij,jk->ik", A, B, min_plus): the dialect's noodle.contract; the
/// semiring comes last and is plus_times where absent.
template <class... Arguments>
Expr contract(std::string_view equation, const Arguments &...arguments) {
  detail::Operands all;
  (all.take(arguments), ...);
  if (equation.find_first_of("\"\\\n") != std::string_view::npos)
    throw Error(NOODLE_INVALID_ARGUMENT, "the equation is not one");
  return detail::makeOp(all.inputs, detail::outputRank(equation),
                        "noodle.contract \"" + std::string(equation) + "\" (",
                        std::string(") {semiring = #noodle.semiring<") +
                            all.semiring.name + ">}");
}

/// Entry by entry with a body over %x0, %x1, .. that defines %y.
inline Expr map(std::vector<Expr> inputs, const std::string &body) {
  if (inputs.empty())
    throw Error(NOODLE_INVALID_ARGUMENT, "map needs an input");
  std::string type = detail::elementName(inputs[0].element());
  std::string arguments;
  for (size_t k = 0; k < inputs.size(); ++k)
    arguments += (k ? ", %x" : "%x") + std::to_string(k) + ": " + type;
  Expr result = detail::makeOp(inputs, inputs[0].rank(), "noodle.map (", ")");
  auto node = std::make_shared<detail::Node>(*result.node);
  node->after += " {\n  ^bb0(" + arguments + "):\n    " + body +
                 "\n    noodle.yield %y : " + type + "\n  }";
  return Expr(node);
}

namespace detail {
inline Expr arithmetic(const Expr &a, const Expr &b, const std::string &op) {
  std::string name = "arith." + op + "i";
  switch (a.element()) {
  case NOODLE_F16:
  case NOODLE_BF16:
  case NOODLE_F32:
  case NOODLE_F64:
    name = "arith." + op + "f";
    break;
  case NOODLE_C64:
  case NOODLE_C128:
    name = "complex." + op;
    break;
  default:
    break;
  }
  return map({a, b},
             "%y = " + name + " %x0, %x1 : " + elementName(a.element()));
}
} // namespace detail

inline Expr operator+(const Expr &a, const Expr &b) {
  return detail::arithmetic(a, b, "add");
}
inline Expr operator-(const Expr &a, const Expr &b) {
  return detail::arithmetic(a, b, "sub");
}
/// Entry by entry; products of matrices are contractions.
inline Expr operator*(const Expr &a, const Expr &b) {
  return detail::arithmetic(a, b, "mul");
}

//===----------------------------------------------------------------------===//
// Engine
//===----------------------------------------------------------------------===//

class Engine {
public:
  explicit Engine(noodle_engine_options options = {}) {
    options.struct_size = sizeof options;
    noodle_engine *handle = nullptr;
    check(noodle_engine_create(&options, &handle));
    owner.reset(handle, noodle_engine_release);
  }
  noodle_engine *get() const { return owner.get(); }

  /// The engine's device; throws with the reason where it has none.
  noodle_device_info device() const {
    noodle_device_info info{};
    info.struct_size = sizeof info;
    check(noodle_engine_device(get(), &info));
    return info;
  }
  Resident resident(const noodle_tensor &tensor) const {
    return Resident(get(), tensor);
  }

  Pinned pin(void *address, size_t bytes) const {
    return Pinned(get(), address, bytes);
  }

  Program compile(std::string_view text,
                  noodle_compile_options options = {}) const {
    options.struct_size = sizeof options;
    noodle_program *handle = nullptr;
    check(noodle_program_compile(get(), text.data(), text.size(), &options,
                                 &handle));
    return Program(owner, handle);
  }

  /// Inputs of expressions. Buffers are borrowed.
  template <class T>
  Expr dense(std::span<const T> values, std::vector<int64_t> extents) const {
    int64_t count = 1;
    for (int64_t extent : extents)
      count *= extent;
    if (extents.size() > NOODLE_MAX_RANK || count != int64_t(values.size()))
      throw Error(NOODLE_INVALID_ARGUMENT, "extents do not fit the values");
    return input(noodle_tensor_dense(detail::elementOf<T>(), extents.size(),
                                     extents.data(), values.data()));
  }
  template <class T>
  Expr dense(const std::vector<T> &values, std::vector<int64_t> extents) const {
    return dense(std::span<const T>(values), std::move(extents));
  }
  template <class I, class T>
  Expr csr(int64_t rows, int64_t columns, const std::vector<I> &positions,
           const std::vector<I> &coordinates,
           const std::vector<T> &values) const {
    static_assert(sizeof(I) == 4 || sizeof(I) == 8);
    if (int64_t(positions.size()) != rows + 1 ||
        coordinates.size() != values.size())
      throw Error(NOODLE_INVALID_ARGUMENT,
                  "positions have rows + 1 entries, coordinates as many as "
                  "values");
    return input(noodle_tensor_csr(
        detail::elementOf<T>(), rows, columns, int64_t(values.size()),
        sizeof(I), positions.data(), coordinates.data(), values.data()));
  }
  /// Entries in order of their rows, then of their columns.
  template <class I, class T>
  Expr coo(int64_t rows, int64_t columns, const std::vector<I> &rowOf,
           const std::vector<I> &columnOf, const std::vector<T> &values) const {
    static_assert(sizeof(I) == 4 || sizeof(I) == 8);
    if (rowOf.size() != values.size() || columnOf.size() != values.size())
      throw Error(NOODLE_INVALID_ARGUMENT,
                  "there are as many coordinates as values");
    return input(noodle_tensor_coo(
        detail::elementOf<T>(), rows, columns, int64_t(values.size()),
        sizeof(I), rowOf.data(), columnOf.data(), values.data()));
  }
  /// Blocks of blockRows x blockColumns, each row-major in `values`.
  template <class I, class T>
  Expr bsr(int64_t rows, int64_t columns, size_t blockRows, size_t blockColumns,
           const std::vector<I> &positions, const std::vector<I> &coordinates,
           const std::vector<T> &values) const {
    static_assert(sizeof(I) == 4 || sizeof(I) == 8);
    if (!blockRows || !blockColumns ||
        positions.size() != size_t(rows) / blockRows + 1 ||
        values.size() != coordinates.size() * blockRows * blockColumns)
      throw Error(
          NOODLE_INVALID_ARGUMENT,
          "positions have an entry more than rows of blocks, and values "
          "are as many as blocks hold");
    return input(
        noodle_tensor_bsr(detail::elementOf<T>(), rows, columns, blockRows,
                          blockColumns, int64_t(coordinates.size()), sizeof(I),
                          positions.data(), coordinates.data(), values.data()));
  }
  Expr input(const noodle_tensor &view) const {
    auto node = std::make_shared<detail::Node>();
    node->engine = owner;
    node->layout = view.layout;
    node->element = view.element;
    node->rank = view.rank;
    node->width = view.coordinate_width ? view.coordinate_width : 4;
    node->leaf = view;
    return Expr(node);
  }

private:
  std::shared_ptr<noodle_engine> owner;
};

} // namespace noodle

#endif // NOODLE_C_NOODLE_HPP
