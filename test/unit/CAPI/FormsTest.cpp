//===- FormsTest.cpp - COO and DCSR views through the C API ---------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "noodle-c/noodle.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

std::string levels(const std::string &form) {
  return form == "coo" ? "d0 : compressed(nonunique), d1 : singleton(soa)"
                       : "d0 : compressed, d1 : compressed";
}

/// Takes a matrix in one form; returns it dense, doubled in that form, and in
/// the other one.
std::string program(const std::string &form, int width) {
  std::string bits = std::to_string(8 * width), text;
  for (std::string name : {"coo", "dcsr"})
    text += "#" + name + " = #sparse_tensor.encoding<{map = (d0, d1) -> (" +
            levels(name) + "), posWidth = " + bits + ", crdWidth = " + bits +
            "}>\n";
  std::string in = "tensor<?x?xf64, #" + form + ">";
  std::string other =
      "tensor<?x?xf64, #" + std::string(form == "coo" ? "dcsr" : "coo") + ">";
  return text + "func.func @main(%a: " + in + ") -> (tensor<?x?xf64>, " + in +
         ", " + other + ") {\n  %d = noodle.convert %a : " + in +
         " -> tensor<?x?xf64>\n  %s = noodle.merge union (%a, %a) : (" + in +
         ", " + in + ") -> " + in +
         " {\n  ^bb0(%x: f64, %y: f64):\n    %z = arith.addf %x, %y : f64\n"
         "    noodle.entry %z : f64\n  }\n  %o = noodle.convert %a : " +
         in + " -> " + other + "\n  return %d, %s, %o : tensor<?x?xf64>, " +
         in + ", " + other + "\n}\n";
}

class Caller {
public:
  explicit Caller(const std::string &text) {
    noodle_engine_options options{};
    options.struct_size = sizeof options;
    options.threads = 1;
    expectOk(noodle_engine_create(&options, &engine));
    expectOk(noodle_region_create(engine, 0, nullptr, &region));
    expectOk(noodle_program_compile(engine, text.data(), text.size(), nullptr,
                                    &program));
  }
  ~Caller() {
    noodle_region_clear(region);
    EXPECT_EQ(noodle_region_used_bytes(region), 0);
    noodle_program_release(program);
    noodle_region_release(region);
    noodle_engine_release(engine);
  }
  static void expectOk(noodle_status *status) {
    EXPECT_EQ(status, nullptr) << noodle_status_message(status);
    noodle_status_release(status);
  }
  noodle_status *call(const noodle_tensor &matrix) {
    return noodle_program_call(program, &matrix, 1, region, results, 3,
                               nullptr);
  }
  /// The message of a call that must fail.
  std::string refusal(const noodle_tensor &matrix) {
    noodle_status *status = call(matrix);
    if (!status)
      return "accepted";
    EXPECT_EQ(noodle_status_code(status), NOODLE_INVALID_ARGUMENT);
    std::string message = noodle_status_message(status);
    noodle_status_release(status);
    return message;
  }
  noodle_tensor results[3] = {};

private:
  noodle_engine *engine = nullptr;
  noodle_region *region = nullptr;
  noodle_program *program = nullptr;
};

/// 4 x 3, rows 1 and 3 of it:  . 5 0  and  7 . 9; the 0 is stored.
template <class I> struct Held {
  std::vector<I> entryRows{1, 1, 3, 3}, columns{1, 2, 0, 2};
  std::vector<I> rows{1, 3}, positions{0, 2, 4};
  std::vector<double> values{5, 0, 7, 9};
  noodle_tensor coo() const {
    return noodle_tensor_coo(NOODLE_F64, 4, 3, 4, sizeof(I), entryRows.data(),
                             columns.data(), values.data());
  }
  noodle_tensor dcsr() const {
    return noodle_tensor_dcsr(NOODLE_F64, 4, 3, 2, 4, sizeof(I), rows.data(),
                              positions.data(), columns.data(), values.data());
  }
};

template <class T> std::vector<T> list(const void *data, int64_t count) {
  const T *from = static_cast<const T *>(data);
  return std::vector<T>(from, from + count);
}

template <class I> void expectHeld(const noodle_tensor &result, double factor) {
  Held<I> held;
  ASSERT_EQ(result.extents[0], 4);
  ASSERT_EQ(result.extents[1], 3);
  ASSERT_EQ(result.stored, 4);
  EXPECT_EQ(list<I>(result.coordinates, 4), held.columns);
  std::vector<double> values = held.values;
  for (double &value : values)
    value *= factor;
  EXPECT_EQ(list<double>(result.values, 4), values);
  if (result.layout == NOODLE_COO) {
    EXPECT_EQ(list<I>(result.rows, 4), held.entryRows);
    EXPECT_EQ(result.positions, nullptr);
  } else {
    ASSERT_EQ(result.layout, NOODLE_DCSR);
    ASSERT_EQ(result.stored_rows, 2);
    EXPECT_EQ(list<I>(result.rows, 2), held.rows);
    EXPECT_EQ(list<I>(result.positions, 3), held.positions);
  }
}

template <class I> void goesInAndOut(const std::string &form) {
  Caller caller(program(form, sizeof(I)));
  Held<I> held;
  for (int k = 0; k < 3; ++k) { // later calls make rows anew
    Caller::expectOk(caller.call(form == "coo" ? held.coo() : held.dcsr()));
    std::vector<double> dense{0, 0, 0, 0, 5, 0, 0, 0, 0, 7, 0, 9};
    EXPECT_EQ(list<double>(caller.results[0].values, 12), dense);
    EXPECT_EQ(caller.results[1].layout,
              form == "coo" ? NOODLE_COO : NOODLE_DCSR);
    expectHeld<I>(caller.results[1], 2);
    expectHeld<I>(caller.results[2], 1);
  }
  // What was given back is taken again.
  noodle_tensor again = caller.results[1];
  Caller::expectOk(caller.call(again));
  expectHeld<I>(caller.results[1], 4);
}

TEST(Forms, CooGoesInAndOut) {
  goesInAndOut<int32_t>("coo");
  goesInAndOut<int64_t>("coo");
}

TEST(Forms, DcsrGoesInAndOut) {
  goesInAndOut<int32_t>("dcsr");
  goesInAndOut<int64_t>("dcsr");
}

TEST(Forms, EmptyOnes) {
  int32_t zero = 0;
  for (int64_t rows : {0, 5})
    for (int64_t columns : {0, 3}) {
      Caller coo(program("coo", 4)), dcsr(program("dcsr", 4));
      Caller::expectOk(coo.call(noodle_tensor_coo(
          NOODLE_F64, rows, columns, 0, 4, nullptr, nullptr, nullptr)));
      Caller::expectOk(
          dcsr.call(noodle_tensor_dcsr(NOODLE_F64, rows, columns, 0, 0, 4,
                                       nullptr, &zero, nullptr, nullptr)));
      for (Caller *caller : {&coo, &dcsr})
        for (const noodle_tensor &result : caller->results) {
          EXPECT_EQ(result.extents[0], rows);
          EXPECT_EQ(result.extents[1], columns);
          EXPECT_EQ(result.stored, 0);
          EXPECT_EQ(result.stored_rows, 0);
        }
    }
}

TEST(Forms, CooThatLies) {
  Caller caller(program("coo", 4));
  auto refusal = [&](auto &&spoil) {
    Held<int32_t> held;
    noodle_tensor view = held.coo();
    spoil(held, view);
    return caller.refusal(view);
  };
  const std::string head = "error: argument 0 of @main: ";
  EXPECT_EQ(refusal([](auto &held, auto &) { held.entryRows[3] = 4; }),
            head + "row 4 of entry 3 is outside [0, 4)");
  EXPECT_EQ(refusal([](auto &held, auto &) { held.entryRows[0] = -1; }),
            head + "row -1 of entry 0 is outside [0, 4)");
  EXPECT_EQ(refusal([](auto &held, auto &) { held.entryRows[2] = 0; }),
            head + "row 0 of entry 2 is not greater than the one before it");
  EXPECT_EQ(refusal([](auto &held, auto &) { held.columns[1] = 1; }),
            head + "coordinate 1 of entry 1 in row 1 is not greater than the "
                   "one before it");
  EXPECT_EQ(refusal([](auto &held, auto &) { held.columns[2] = 3; }),
            head + "coordinate 3 of entry 2 in row 3 is outside [0, 3)");
  EXPECT_EQ(refusal([](auto &, auto &view) { view.rows = nullptr; }),
            head + "rows are null");
  EXPECT_EQ(refusal([](auto &, auto &view) { view.coordinates = nullptr; }),
            head + "values or coordinates are null");
  EXPECT_EQ(refusal([](auto &, auto &view) { view.stored = int64_t(1) << 31; }),
            head + "more entries than positions of 32 bits count: use a wider "
                   "posWidth");
  EXPECT_EQ(refusal([](auto &, auto &view) { view.layout = NOODLE_CSR; }),
            head + "expected coo of rank 2, got csr of rank 2");
  EXPECT_EQ(refusal([](auto &, auto &) {}), "accepted");
}

TEST(Forms, DcsrThatLies) {
  Caller caller(program("dcsr", 8));
  auto refusal = [&](auto &&spoil) {
    Held<int64_t> held;
    noodle_tensor view = held.dcsr();
    spoil(held, view);
    return caller.refusal(view);
  };
  const std::string head = "error: argument 0 of @main: ";
  EXPECT_EQ(refusal([](auto &held, auto &) { held.positions[0] = 1; }),
            head + "positions begin with 1 instead of 0");
  EXPECT_EQ(refusal([](auto &held, auto &) { held.positions[2] = 3; }),
            head + "positions end with 3 but 4 entries are stored");
  EXPECT_EQ(refusal([](auto &held, auto &) { held.positions[1] = 5; }),
            head + "positions of row 1 are [0, 5) of 4 stored entries");
  EXPECT_EQ(refusal([](auto &held, auto &) { held.rows[1] = 1; }),
            head + "row 1 at 1 is not greater than the one before it");
  EXPECT_EQ(refusal([](auto &held, auto &) { held.rows[1] = 7; }),
            head + "row 7 at 1 is outside [0, 4)");
  EXPECT_EQ(refusal([](auto &held, auto &) { held.columns[3] = 0; }),
            head + "coordinate 0 of entry 3 in row 3 is not greater than the "
                   "one before it");
  EXPECT_EQ(refusal([](auto &, auto &view) { view.stored_rows = 5; }),
            head + "5 stored rows of 4");
  EXPECT_EQ(refusal([](auto &, auto &view) { view.stored_rows = -1; }),
            head + "-1 stored rows of 4");
  EXPECT_EQ(refusal([](auto &, auto &view) { view.positions = nullptr; }),
            head + "positions are null");
  EXPECT_EQ(refusal([](auto &, auto &) {}), "accepted");
}

TEST(Forms, VectorThatLies) {
  noodle_tensor result{};
  Caller caller("#v = #sparse_tensor.encoding<{map = (d0) -> (d0 : compressed),"
                " posWidth = 32, crdWidth = 32}>\n!v = tensor<?xf64, #v>\n"
                "func.func @main(%a: !v) -> (!v, tensor<?xf64>, !v) {\n"
                "  %d = noodle.convert %a : !v -> tensor<?xf64>\n"
                "  return %a, %d, %a : !v, tensor<?xf64>, !v\n}\n");
  int32_t positions[] = {0, 3}, columns[] = {0, 2, 5};
  double values[] = {4, 0, -1};
  auto view = [&] {
    return noodle_tensor_vector(NOODLE_F64, 6, 3, 4, positions, columns,
                                values);
  };
  const std::string head = "error: argument 0 of @main: ";
  Caller::expectOk(caller.call(view()));
  result = caller.results[0];
  ASSERT_EQ(result.rank, 1);
  ASSERT_EQ(result.layout, NOODLE_CSR);
  EXPECT_EQ(result.extents[0], 6);
  ASSERT_EQ(result.stored, 3);
  EXPECT_EQ(list<int32_t>(result.coordinates, 3),
            (std::vector<int32_t>{0, 2, 5}));
  EXPECT_EQ(list<double>(caller.results[1].values, 6),
            (std::vector<double>{4, 0, 0, 0, 0, -1}));
  noodle_tensor bad = view();
  bad.rank = 2;
  EXPECT_EQ(caller.refusal(bad),
            head + "expected csr of rank 1, got csr of rank 2");
  bad = view();
  bad.extents[0] = 5;
  EXPECT_EQ(caller.refusal(bad),
            head + "coordinate 5 of entry 2 in row 0 is outside [0, 5)");
  positions[1] = 2;
  EXPECT_EQ(caller.refusal(view()),
            head + "positions end with 2 but 3 entries are stored");
  positions[1] = 3;
  columns[1] = 0;
  EXPECT_EQ(caller.refusal(view()), head + "coordinate 0 of entry 1 in row 0 "
                                           "is not greater than the one before "
                                           "it");
}

TEST(Forms, Expressions) {
  noodle::Engine engine;
  std::vector<int32_t> rows{0, 2}, columns{1, 0};
  std::vector<double> values{2, 5}, x{10, 1};
  noodle::Array y = noodle::contract(
      "ij,j->i", engine.coo(3, 2, rows, columns, values), engine.dense(x, {2}));
  EXPECT_EQ(list<double>(y.values<double>().data(), 3),
            (std::vector<double>{2, 0, 50}));
  std::vector<int32_t> positions{0, 1}, place{2};
  std::vector<double> three{3};
  noodle::Array z = noodle::contract(
      "i,ij->j",
      engine.input(noodle_tensor_vector(NOODLE_F64, 3, 1, 4, positions.data(),
                                        place.data(), three.data())),
      engine.coo(3, 2, rows, columns, values));
  EXPECT_EQ(list<double>(z.values<double>().data(), 2),
            (std::vector<double>{15, 0}));
}

} // namespace
