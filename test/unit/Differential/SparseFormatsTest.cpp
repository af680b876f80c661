//===- SparseFormatsTest.cpp - random programs over all sparse formats ----===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Programs of some ops over CSR, CSC, COO, DCSR, BSR and sparse vectors, with
// positions and coordinates of 32 and 64 bits, several element types and
// semirings, explicit zeros, empty rows, columns and matrices, and matrices
// most of whose rows are empty. The compiled program, which numbers indices
// anew wherever it may, must store the same entries with the same values as the
// interpreter, which never does; and the same bits on each of several runs,
// with one thread and two.
//
// NOODLE_RANDOM_SEED (the first seed) and NOODLE_SPARSE_FORMATS_COUNT (60)
// change what is run; a failure prints seed and program.
//
//===----------------------------------------------------------------------===//
#include "noodle-rt/blocks.h"
#include "noodle/Engine/Engine.h"
#include "noodle/Engine/Receipt.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <random>

using namespace noodle;

namespace {

struct Form {
  const char *name;
  noodle_rt_layout layout;
  uint8_t rows = 0, columns = 0; ///< of blocks
};

// Extents are multiples of 6.
const Form kForms[] = {
    {"csr", NOODLE_RT_CSR},         {"csc", NOODLE_RT_CSC},
    {"coo", NOODLE_RT_COO},         {"dcsr", NOODLE_RT_DCSR},
    {"bsr22", NOODLE_RT_BSR, 2, 2}, {"bsr23", NOODLE_RT_BSR, 2, 3},
    {"bsr32", NOODLE_RT_BSR, 3, 2}, {"bsr66", NOODLE_RT_BSR, 6, 6}};
constexpr int kMade = 4; ///< that ops make

/// A value of the program.
struct Value {
  std::string name;
  const Form *form = nullptr; ///< null: dense
  int width = 0;              ///< which of the program's widths
  std::vector<int64_t> extents;
};

/// An argument's buffers and its view.
struct Stored {
  std::vector<char> values, positions, coordinates, rows;
  noodle_rt_tensor view{};
};

using Entries = std::map<std::pair<int64_t, int64_t>, std::string>;

/// The bytes of each entry; a dense tensor has all.
Entries entriesOf(const noodle_rt_tensor &given) {
  Entries entries;
  int64_t bytes = noodle_rt_element_bytes(given.type);
  auto take = [&](int64_t i, int64_t j, const noodle_rt_tensor &from,
                  int64_t k) {
    std::string text(static_cast<const char *>(from.values) + k * bytes,
                     size_t(bytes));
    // -0 is 0, one NaN as another.
    if (from.type == NOODLE_RT_F64) {
      double value;
      std::memcpy(&value, text.data(), 8);
      text = std::isnan(value) ? "nan" : std::to_string(value + 0.0);
    }
    bool fresh = entries.try_emplace({i, j}, text).second;
    EXPECT_TRUE(fresh) << "an entry is there twice";
  };
  if (given.layout == NOODLE_RT_DENSE || given.layout == NOODLE_RT_SCALAR) {
    int64_t m = given.rank > 0 ? given.extents[0] : 1,
            n = given.rank > 1 ? given.extents[1] : 1;
    for (int64_t k = 0; k < m * n; ++k)
      take(k / n, k % n, given, k);
    return entries;
  }
  rt::SparseSpace space;
  noodle_rt_tensor tensor =
      given.layout == NOODLE_RT_BSR ? rt::expandBlocks(given, space) : given;
  if (tensor.rank == 1) {
    tensor.extents[1] = tensor.extents[0];
    tensor.extents[0] = 1;
  }
  for (rt::EntryCursor at(tensor); at.more(); at.next()) {
    EXPECT_LT(at.row(), tensor.extents[0]);
    EXPECT_LT(at.column(), tensor.extents[1]);
    take(at.row(), at.column(), tensor, at.entry());
  }
  return entries;
}

class Generator {
public:
  explicit Generator(uint64_t seed) : random(seed) {}

  std::string text, element;
  std::vector<std::unique_ptr<Stored>> arguments;
  std::vector<Value> results;
  bool few = false; ///< most rows are empty

  void run() {
    static const char *const elements[] = {"i64", "f64", "i1"};
    element = elements[pick(8) / 3];
    few = pick(4) == 0;
    for (auto &width : widths)
      for (int &bits : width)
        bits = pick(2) ? 32 : 64;
    for (int64_t &extent : extents)
      extent = pick(12) == 0 ? 0 : 6 * (1 + pick(few ? 150 : 7));
    for (int k = 0, count = 1 + int(pick(3)); k < count; ++k)
      matrix(extents[pick(3)], extents[pick(3)],
             &kForms[pick(std::size(kForms))]);
    for (int k = 0, count = 1 + int(pick(element == "f64" ? 3 : 5)); k < count;
         ++k)
      step();
    // What came last, and something else.
    std::vector<Value> given{values.back(), values[pick(values.size())]};
    std::string names, types;
    for (const Value &value : given) {
      names += (names.empty() ? "" : ", ") + value.name;
      types += (types.empty() ? "" : ", ") + typeOf(value);
    }
    results = given;
    std::string aliases;
    for (int width : {0, 1}) {
      std::string tail = ", posWidth = " + std::to_string(widths[width][0]) +
                         ", crdWidth = " + std::to_string(widths[width][1]) +
                         "}>\n";
      for (const Form &form : kForms)
        aliases += std::string("#") + form.name + "w" + std::to_string(width) +
                   " = #sparse_tensor.encoding<{map = (d0, d1) -> (" +
                   levels(form) + ")" + tail;
      aliases += "#vecw" + std::to_string(width) +
                 " = #sparse_tensor.encoding<{map = (d0) -> (d0 : compressed)" +
                 tail;
    }
    text = aliases + "func.func @main(" + parameters + ") -> (" + types +
           ") {\n" + body + "  return " + names + " : " + types + "\n}\n";
  }

private:
  uint64_t pick(uint64_t count) { return random() % count; }

  static std::string levels(const Form &form) {
    switch (form.layout) {
    case NOODLE_RT_CSR:
      return "d0 : dense, d1 : compressed";
    case NOODLE_RT_CSC:
      return "d1 : dense, d0 : compressed";
    case NOODLE_RT_COO:
      return "d0 : compressed(nonunique), d1 : singleton(soa)";
    case NOODLE_RT_DCSR:
      return "d0 : compressed, d1 : compressed";
    default:
      break;
    }
    std::string r = std::to_string(form.rows), c = std::to_string(form.columns);
    return "d0 floordiv " + r + " : dense, d1 floordiv " + c +
           " : compressed, d0 mod " + r + " : dense, d1 mod " + c + " : dense";
  }

  std::string typeOf(const Value &value) const {
    std::string text = "tensor<";
    for (size_t k = 0; k < value.extents.size(); ++k)
      text += "?x";
    text += element;
    if (value.form)
      text += std::string(", #") +
              (value.extents.size() == 1 ? "vec" : value.form->name) + "w" +
              std::to_string(value.width);
    return text + ">";
  }

  const Value *find(auto &&holds) {
    std::vector<const Value *> found;
    for (const Value &value : values)
      if (holds(value))
        found.push_back(&value);
    return found.empty() ? nullptr : found[pick(found.size())];
  }

  /// A parameter: a sparse matrix, or a vector where `form` is null.
  Value matrix(int64_t rows, int64_t columns, const Form *form) {
    Value value;
    value.name = "%a" + std::to_string(arguments.size());
    value.form = form ? form : &kForms[0];
    value.width = int(pick(2));
    if (form)
      value.extents = {rows, columns};
    else
      value.extents = {columns};
    int64_t m = form ? value.extents[0] : 1, n = value.extents.back();
    std::map<std::pair<int64_t, int64_t>, int64_t> entries;
    int64_t count =
        m * n ? int64_t(pick(uint64_t(few ? 40 : m * n / 2 + 2))) : 0;
    for (int64_t k = 0; k < count; ++k)
      entries[{int64_t(pick(uint64_t(m))), int64_t(pick(uint64_t(n)))}] =
          int64_t(pick(7)) - 3; // 0 is stored too
    store(value, m, n, entries);
    parameter(value);
    return value;
  }

  void parameter(const Value &value) {
    parameters +=
        (parameters.empty() ? "" : ", ") + value.name + ": " + typeOf(value);
    values.push_back(value);
  }

  void put(std::vector<char> &to, int64_t value) {
    auto add = [&](auto number) {
      const char *bytes = reinterpret_cast<const char *>(&number);
      to.insert(to.end(), bytes, bytes + sizeof number);
    };
    if (element == "i1")
      add(uint8_t(value & 1));
    else if (element == "f64")
      add(double(value));
    else
      add(value);
  }

  static void putIndex(std::vector<char> &to, int64_t value, int bits) {
    const char *bytes = reinterpret_cast<const char *>(&value);
    to.insert(to.end(), bytes, bytes + bits / 8); // little-endian
  }

  /// Blocks, lines and entries in the order of the form.
  void store(const Value &value, int64_t m, int64_t n,
             const std::map<std::pair<int64_t, int64_t>, int64_t> &entries) {
    Stored &made = *arguments.emplace_back(std::make_unique<Stored>());
    const Form &form = *value.form;
    auto [positionBits, coordinateBits] =
        std::pair(widths[value.width][0], widths[value.width][1]);
    bool columns = form.layout == NOODLE_RT_CSC;
    bool blocks = form.layout == NOODLE_RT_BSR;
    bool lists = form.layout == NOODLE_RT_COO || form.layout == NOODLE_RT_DCSR;
    int64_t r = blocks ? form.rows : 1, c = blocks ? form.columns : 1;
    std::map<std::pair<int64_t, int64_t>, std::vector<int64_t>> sorted;
    for (auto [at, number] : entries) {
      auto [i, j] = at;
      auto key = columns ? std::pair(j, i) : std::pair(i / r, j / c);
      auto &block = sorted[key];
      block.resize(size_t(r * c));
      block[size_t(blocks ? i % r * c + j % c : 0)] = number;
    }
    int64_t lines = (columns ? n : m) / r, at = 0, heldRows = 0, last = -1;
    std::vector<int64_t> begins(size_t(lines) + 1, 0), listed;
    for (auto &[key, block] : sorted) {
      for (int64_t number : block)
        put(made.values, number);
      putIndex(made.coordinates, key.second, coordinateBits);
      ++begins[size_t(key.first) + 1];
      if (form.layout == NOODLE_RT_COO || (lists && key.first != last)) {
        putIndex(made.rows, key.first, coordinateBits);
        listed.push_back(at);
        ++heldRows;
      }
      last = key.first;
      ++at;
    }
    if (lists) {
      listed.push_back(at);
      begins = listed;
    } else {
      for (int64_t i = 0; i < lines; ++i)
        begins[size_t(i) + 1] += begins[size_t(i)];
    }
    for (int64_t begin : begins)
      putIndex(made.positions, begin, positionBits);
    for (auto *buffer :
         {&made.values, &made.positions, &made.coordinates, &made.rows})
      buffer->resize(buffer->size() + 16);
    noodle_rt_tensor &view = made.view;
    view.layout = form.layout;
    view.type = type();
    view.rank = uint8_t(value.extents.size());
    view.position_width = uint8_t(positionBits / 8);
    view.coordinate_width = uint8_t(coordinateBits / 8);
    view.block_rows = form.rows;
    view.block_columns = form.columns;
    view.stored = at * r * c;
    view.values = made.values.data();
    view.positions =
        form.layout == NOODLE_RT_COO ? nullptr : made.positions.data();
    view.coordinates = made.coordinates.data();
    view.rows = lists ? made.rows.data() : nullptr;
    view.stored_rows = form.layout == NOODLE_RT_DCSR ? heldRows : 0;
    std::copy(value.extents.begin(), value.extents.end(), view.extents);
  }

  noodle_rt_type type() const {
    return element == "i64"   ? NOODLE_RT_I64
           : element == "f64" ? NOODLE_RT_F64
                              : NOODLE_RT_I1;
  }

  /// A dense parameter.
  Value dense(std::vector<int64_t> shape) {
    Value value;
    value.name = "%a" + std::to_string(arguments.size());
    value.extents = std::move(shape);
    Stored &made = *arguments.emplace_back(std::make_unique<Stored>());
    noodle_rt_tensor &view = made.view;
    view.layout = NOODLE_RT_DENSE;
    view.type = type();
    view.rank = uint8_t(value.extents.size());
    int64_t count = 1;
    for (size_t k = value.extents.size(); k-- > 0;) {
      view.extents[k] = value.extents[k];
      view.strides[k] = count;
      count *= value.extents[k];
    }
    for (int64_t k = 0; k < count; ++k)
      put(made.values, int64_t(pick(7)) - 3);
    made.values.resize(made.values.size() + 16);
    view.values = made.values.data();
    parameter(value);
    return value;
  }

  std::string semiring() {
    static const char *const numbers[] = {"plus_times", "min_plus", "max_plus",
                                          "max_min"};
    return std::string(" {semiring = #noodle.semiring<") +
           (element == "i1" ? "or_and" : numbers[pick(4)]) + ">}";
  }

  Value made(std::vector<int64_t> extents, bool sparse) {
    Value value;
    value.name = "%v" + std::to_string(count++);
    value.extents = std::move(extents);
    if (sparse)
      value.form = &kForms[value.extents.size() == 1 ? 0 : pick(kMade)];
    value.width = int(pick(2));
    return value;
  }

  /// `what` of these, to `result`.
  void op(const Value &result, const std::string &what,
          std::vector<Value> operands, const std::string &attributes,
          const std::string &region = "") {
    std::string names, types;
    for (const Value &value : operands) {
      names += (names.empty() ? "" : ", ") + value.name;
      types += (types.empty() ? "" : ", ") + typeOf(value);
    }
    bool single = what == "noodle.convert" || what == "noodle.transpose" ||
                  what == "noodle.reduce";
    body += "  " + result.name + " = " + what + " " +
            (single ? names : "(" + names + ")") + attributes + " : " +
            (single ? types : "(" + types + ")") + " -> " + typeOf(result) +
            region + "\n";
    values.push_back(result);
  }

  void step() {
    auto isMatrix = [](const Value &v) {
      return v.form && v.extents.size() == 2;
    };
    const Value *found = find(isMatrix);
    if (!found)
      return;
    Value a = *found;
    std::string x = element == "f64" ? "f" : "i";
    switch (pick(9)) {
    case 0: { // a product of sparse matrices
      const Value *other = find([&](const Value &v) {
        return isMatrix(v) && v.extents[0] == a.extents[1];
      });
      Value b = other ? *other
                      : matrix(a.extents[1], extents[pick(3)],
                               &kForms[pick(std::size(kForms))]);
      op(made({a.extents[0], b.extents[1]}, true),
         "noodle.contract \"ij,jk->ik\"", {a, b}, semiring());
      return;
    }
    case 1: { // with a vector
      bool sparse = pick(2);
      Value v =
          sparse ? matrix(1, a.extents[1], nullptr) : dense({a.extents[1]});
      op(made({a.extents[0]}, sparse), "noodle.contract \"ij,j->i\"", {a, v},
         semiring());
      return;
    }
    case 2: { // with a dense matrix
      Value v = dense({a.extents[1], 6 * int64_t(pick(4))});
      op(made({a.extents[0], v.extents[1]}, few && pick(2)),
         "noodle.contract \"ij,jk->ik\"", {a, v}, semiring());
      return;
    }
    case 3: { // entry by entry
      const Value *other = find([&](const Value &v) {
        return isMatrix(v) && v.extents == a.extents;
      });
      bool both = pick(2);
      std::string sum = element == "i1" ? "arith.xori" : "arith.add" + x;
      op(made(a.extents, true),
         std::string("noodle.merge ") + (both ? "intersection" : "union"),
         {a, *other}, "",
         " {\n  ^bb0(%x: " + element + ", %y: " + element +
             "):\n    %m = " + sum + " %x, %y : " + element +
             "\n    noodle.entry %m : " + element + "\n  }");
      return;
    }
    case 4:
      op(made({a.extents[1], a.extents[0]}, true), "noodle.transpose", {a},
         " {permutation = array<i64: 1, 0>}");
      return;
    case 5: { // any format, or dense
      Value to = made(a.extents, pick(6) != 0);
      std::string absent;
      if (to.form)
        to.form = &kForms[pick(std::size(kForms))];
      if ((!to.form || to.form->layout == NOODLE_RT_BSR) && pick(2))
        absent = element == "i1"    ? " {absent = true}"
                 : element == "f64" ? " {absent = 2.0 : f64}"
                                    : " {absent = 2 : i64}";
      op(to, "noodle.convert", {a}, absent);
      return;
    }
    case 6: {
      std::string ring = semiring();
      ring = ring.substr(2);
      uint64_t which = pick(3);
      std::vector<int64_t> shape;
      if (which < 2)
        shape.push_back(a.extents[1 - which]);
      op(made(shape, false), "noodle.reduce", {a},
         std::string(" {dims = array<i64: ") +
             (which == 2 ? "0, 1" : std::to_string(which)) + ">, " + ring);
      return;
    }
    case 7: {
      static const char *const parts[] = {"lower", "upper", "diagonal",
                                          "off_diagonal"};
      op(made(a.extents, true), "noodle.select", {a},
         std::string(" {part = \"") + parts[pick(4)] + "\"" +
             (pick(3) ? "" : ", diagonal = 1 : i64") + "}");
      return;
    }
    default: {
      if (a.form->layout == NOODLE_RT_BSR)
        return; // only noodle.convert makes blocks
      Value to = made(a.extents, true);
      to.form = a.form;
      to.width = a.width;
      std::string sum = element == "i1" ? "arith.xori" : "arith.add" + x;
      op(to, "noodle.map", {a}, " {over = #noodle.over<stored>}",
         " {\n  ^bb0(%x: " + element + "):\n    %m = " + sum + " %x, %x : " +
             element + "\n    noodle.yield %m : " + element + "\n  }");
    }
    }
  }

  std::mt19937_64 random;
  int widths[2][2];
  int64_t extents[3];
  std::vector<Value> values;
  std::string parameters, body;
  int count = 0;
};

int64_t fromEnvironment(const char *name, int64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::strtoll(text, nullptr, 10) : otherwise;
}

/// All bytes of a result.
std::string bytesOf(const noodle_rt_tensor &view) {
  std::string text;
  auto add = [&](const void *from, int64_t bytes) {
    if (from && bytes > 0)
      text.append(static_cast<const char *>(from), size_t(bytes));
  };
  int64_t count = 1;
  for (int k = 0; k < view.rank; ++k) {
    text += std::to_string(view.extents[k]) + " ";
    count *= view.extents[k];
  }
  bool sparse = view.layout > NOODLE_RT_DENSE;
  add(view.values,
      (sparse ? view.stored : count) * noodle_rt_element_bytes(view.type));
  if (sparse)
    add(view.coordinates, rt::coordinatesOf(view) * view.coordinate_width);
  return text;
}

TEST(SparseFormats, CompiledStoresWhatTheInterpreterStores) {
  std::shared_ptr<engine::Engine> engines[2];
  for (int threads : {1, 2}) {
    engine::EngineOptions options;
    options.threads = threads;
    ASSERT_TRUE(engine::Engine::create(options, engines[threads - 1]).ok());
  }
  int64_t first = fromEnvironment("NOODLE_RANDOM_SEED", 1),
          count = fromEnvironment("NOODLE_SPARSE_FORMATS_COUNT", 60);
  int64_t renumbered = 0, blocks = 0, repeated = 0;
  for (int64_t seed = first; seed < first + count; ++seed) {
    Generator program{uint64_t(seed)};
    program.run();
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + program.text);
    if (count == 1) // also of a program that ends the process
      std::printf("%s", program.text.c_str()), std::fflush(stdout);
    std::vector<noodle_rt_tensor> arguments;
    for (auto &argument : program.arguments)
      arguments.push_back(argument->view);
    size_t results = program.results.size();
    std::vector<noodle_rt_tensor> made(results), expected(results);
    engine::CompileOptions compile;
    compile.optLevel = 0;
    std::shared_ptr<engine::Program> compiled;
    engine::Status status =
        engine::Program::compile(engines[1], program.text, compile, compiled);
    ASSERT_TRUE(status.ok()) << status.str();
    engine::Receipt receipt;
    engine::CallOptions options;
    options.renumberFrom = 0;
    options.receipt = &receipt;
    rt::Region region(engines[1]->pool());
    status = compiled->call(arguments, region, made, options);
    ASSERT_TRUE(status.ok()) << status.str();
    for (const engine::ConversionReceipt &each : receipt.conversions)
      renumbered += each.to.find("in use") != std::string::npos;
    size_t begin = program.text.find("func.func");
    blocks += program.text.find("bsr", begin) != std::string::npos;

    engine::Artifact artifact;
    status = engine::interpretedArtifact(program.text, {}, artifact);
    ASSERT_TRUE(status.ok()) << status.str();
    std::shared_ptr<const engine::Kernel> interpreted;
    status = engine::Kernel::load(std::move(artifact), interpreted);
    ASSERT_TRUE(status.ok()) << status.str();
    engine::CallOptions plain;
    plain.renumberFrom = INT64_MAX;
    rt::Region other(engines[1]->pool());
    status = engine::call(engines[1]->pool(), interpreted, "main", arguments,
                          other, expected, plain);
    ASSERT_TRUE(status.ok()) << status.str();
    for (size_t k = 0; k < results; ++k) {
      ASSERT_EQ(made[k].layout, expected[k].layout);
      ASSERT_TRUE(std::equal(made[k].extents, made[k].extents + made[k].rank,
                             expected[k].extents));
      ASSERT_EQ(entriesOf(made[k]), entriesOf(expected[k])) << "result " << k;
    }
    // The same bits again, with one thread and with two.
    if (seed % 8)
      continue;
    ++repeated;
    options.receipt = nullptr;
    std::shared_ptr<engine::Program> alone;
    status = engine::Program::compile(engines[0], program.text, compile, alone);
    ASSERT_TRUE(status.ok()) << status.str();
    for (int run = 0; run < 4; ++run) {
      engine::Program &callee = run % 2 ? *compiled : *alone;
      std::vector<noodle_rt_tensor> again(results);
      rt::Region there(callee.engine().pool());
      status = callee.call(arguments, there, again, options);
      ASSERT_TRUE(status.ok()) << status.str();
      for (size_t k = 0; k < results; ++k)
        ASSERT_EQ(bytesOf(made[k]), bytesOf(again[k])) << "run " << run;
    }
  }
  std::printf("%lld programs from seed %lld, %lld with BSR, %lld arguments "
              "numbered anew, %lld repeated\n",
              (long long)count, (long long)first, (long long)blocks,
              (long long)renumbered, (long long)repeated);
  if (count >= 60) {
    EXPECT_GT(renumbered, 0);
    EXPECT_GT(blocks, count / 10);
  }
}

} // namespace
