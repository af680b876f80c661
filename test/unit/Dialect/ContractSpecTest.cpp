//===- ContractSpecTest.cpp - equations are read and written alike --------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/ContractSpec.h"

#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace mlir;
using noodle::ContractSpec;

namespace {
class ContractSpecTest : public testing::Test {
protected:
  /// The equation parsed; failures leave their message in `message`.
  FailureOr<ContractSpec> parse(StringRef equation) {
    message.clear();
    ScopedDiagnosticHandler handler(
        &context, [&](Diagnostic &diag) { message += diag.str(); });
    return ContractSpec::parse(
        equation, [&] { return emitError(UnknownLoc::get(&context)); });
  }
  static bool same(const ContractSpec &a, const ContractSpec &b) {
    return a.operands == b.operands && a.output == b.output;
  }

  MLIRContext context{MLIRContext::Threading::DISABLED};
  std::string message;
};
} // namespace

TEST_F(ContractSpecTest, NumbersOutputLettersFirst) {
  FailureOr<ContractSpec> spec = parse("kj,ij->ik");
  ASSERT_TRUE(succeeded(spec));
  EXPECT_EQ(spec->letters, (SmallVector<std::string>{"i", "k", "j"}));
  EXPECT_EQ(spec->output, (SmallVector<unsigned>{0, 1}));
  EXPECT_EQ(spec->operands,
            (SmallVector<SmallVector<unsigned>>{{1, 2}, {0, 2}}));
  EXPECT_TRUE(spec->inOutput(1));
  EXPECT_FALSE(spec->inOutput(2));
}

TEST_F(ContractSpecTest, EmptyTermsAreScalars) {
  FailureOr<ContractSpec> spec = parse(",,->");
  ASSERT_TRUE(succeeded(spec));
  EXPECT_EQ(spec->operands.size(), 3u);
  EXPECT_EQ(spec->letterCount(), 0u);
  spec = parse("->ab");
  ASSERT_TRUE(succeeded(spec));
  EXPECT_EQ(spec->operands.size(), 1u);
  EXPECT_FALSE(spec->inOperands(0));
}

TEST_F(ContractSpecTest, WritesCanonicalText) {
  const std::pair<StringRef, StringRef> cases[] = {
      {"ij,jk->ik", "ij,jk->ik"},
      {" i j , j k -> i k ", "ij,jk->ik"},
      {",,->", ",,->"},
      {"->a", "->a"},
      {"aAb->bA", "aAb->bA"},
      {"row0 row1, row1 row2 -> row0 row2",
       "row0 row1, row1 row2 -> row0 row2"},
      {"row col,col->row", "row col, col -> row"},
      {"row x, x -> row", "row x, x -> row"},
  };
  for (auto [equation, text] : cases) {
    FailureOr<ContractSpec> spec = parse(equation);
    ASSERT_TRUE(succeeded(spec)) << equation.str() << ": " << message;
    EXPECT_EQ(spec->str(), text);
    FailureOr<ContractSpec> again = parse(spec->str());
    ASSERT_TRUE(succeeded(again)) << spec->str() << ": " << message;
    EXPECT_TRUE(same(*spec, *again)) << equation.str();
  }
}

// "row -> row" reads as r, o, w: names that stand alone are marked.
TEST_F(ContractSpecTest, LoneNamesStayNames) {
  ContractSpec spec;
  spec.letters = {"row", "o"};
  spec.output = {0};
  spec.operands = {{0}, {1}};
  FailureOr<ContractSpec> again = parse(spec.str());
  ASSERT_TRUE(succeeded(again)) << spec.str() << ": " << message;
  EXPECT_TRUE(same(spec, *again)) << spec.str();
}

TEST_F(ContractSpecTest, ErrorsSayWhere) {
  const std::pair<StringRef, StringRef> cases[] = {
      {"", "equation, character 1: '->' is missing"},
      {"ij", "equation, character 3: '->' is missing"},
      {"i.->i", "equation, character 2: expected a letter, found '.'"},
      {"i->i->", "equation, character 5: expected a letter, found '-'"},
      {"i->i,", "equation, character 5: expected a letter, found ','"},
      {"ij->jj", "equation, character 6: 'j' appears twice in the output"},
      {"a b, 2c -> a", "equation, character 6: a name begins with a letter"},
      {"\xc3\xa9->", "equation, character 1: expected a letter"},
  };
  for (auto [equation, expected] : cases) {
    EXPECT_TRUE(failed(parse(equation))) << equation.str();
    EXPECT_TRUE(StringRef(message).starts_with(expected))
        << equation.str() << ": " << message;
  }
}

TEST_F(ContractSpecTest, Extents) {
  Type f64 = Float64Type::get(&context);
  auto tensor = [&](ArrayRef<int64_t> shape) {
    return RankedTensorType::get(shape, f64);
  };
  constexpr int64_t open = ShapedType::kDynamic;
  auto extents = [&](StringRef equation, ArrayRef<RankedTensorType> operands,
                     RankedTensorType result) {
    FailureOr<ContractSpec> spec = parse(equation);
    EXPECT_TRUE(succeeded(spec));
    ScopedDiagnosticHandler handler(
        &context, [&](Diagnostic &diag) { message += diag.str(); });
    return spec->extents(operands, result,
                         [&] { return emitError(UnknownLoc::get(&context)); });
  };
  using Extents = SmallVector<int64_t>;
  EXPECT_EQ(*extents("ij,jk->ik", {tensor({2, open}), tensor({3, open})},
                     tensor({2, open})),
            (Extents{2, open, 3}));
  // 1 gives way to any other extent, in either order.
  EXPECT_EQ(*extents("i,i->i", {tensor({1}), tensor({5})}, tensor({open})),
            Extents{5});
  EXPECT_EQ(*extents("i,i->i", {tensor({open}), tensor({1})}, tensor({open})),
            Extents{open});
  EXPECT_EQ(*extents("i->i", {tensor({1})}, tensor({1})), Extents{1});
  // The result's extent is known too, and all there is for a free letter.
  EXPECT_EQ(*extents("i->ij", {tensor({open})}, tensor({4, 7})),
            (Extents{4, 7}));
  EXPECT_TRUE(failed(extents("i,i->", {tensor({4}), tensor({5})}, tensor({}))));
  EXPECT_TRUE(failed(extents("i->i", {tensor({1})}, tensor({5}))));
}
