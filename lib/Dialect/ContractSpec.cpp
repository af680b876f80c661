//===- ContractSpec.cpp - a contraction's equation, parsed ----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/ContractSpec.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace mlir::noodle;

namespace {
/// One name of the equation and where it stands, from 0.
struct Token {
  StringRef name;
  size_t position;
};
using Term = SmallVector<Token>;

/// Splits an equation into terms of names.
class Scanner {
public:
  Scanner(StringRef equation, function_ref<InFlightDiagnostic()> emitError)
      : equation(equation), emitError(emitError) {}

  LogicalResult scan(SmallVector<Term> &operands, Term &output);

  InFlightDiagnostic errorAt(size_t position) {
    return emitError() << "equation, character " << position + 1 << ": ";
  }

private:
  LogicalResult scanTerm(size_t begin, size_t end, Term &term);

  StringRef equation;
  function_ref<InFlightDiagnostic()> emitError;
  bool named = false; ///< names, not single letters
};
} // namespace

static bool isNameChar(char c) { return llvm::isAlnum(c) || c == '_'; }

/// Whether the equation has names instead of letters: where two stand side by
/// side with space between, or where one holds a digit or an underscore.
static bool hasNames(StringRef equation) {
  char before = ',';
  bool gap = false;
  for (char c : equation) {
    if (llvm::isSpace(c)) {
      gap = true;
      continue;
    }
    if (llvm::isDigit(c) || c == '_' ||
        (gap && isNameChar(before) && isNameChar(c)))
      return true;
    before = c;
    gap = false;
  }
  return false;
}

LogicalResult Scanner::scanTerm(size_t begin, size_t end, Term &term) {
  for (size_t at = begin; at < end;) {
    char c = equation[at];
    if (llvm::isSpace(c)) {
      ++at;
      continue;
    }
    if (!llvm::isAlpha(c)) {
      if (isNameChar(c))
        return errorAt(at) << "a name begins with a letter";
      InFlightDiagnostic diag = errorAt(at) << "expected a letter";
      if (llvm::isPrint(c))
        diag << ", found '" << c << "'";
      return diag;
    }
    size_t last = at + 1;
    while (named && last < end && isNameChar(equation[last]))
      ++last;
    term.push_back({equation.slice(at, last), at});
    at = last;
  }
  return success();
}

LogicalResult Scanner::scan(SmallVector<Term> &operands, Term &output) {
  size_t arrow = equation.find("->");
  if (arrow == StringRef::npos)
    return errorAt(equation.size())
           << "'->' is missing: the output must be written";
  named = hasNames(equation);

  size_t begin = 0;
  while (true) {
    size_t end = std::min(equation.find(',', begin), arrow);
    if (failed(scanTerm(begin, end, operands.emplace_back())))
      return failure();
    if (end == arrow)
      break;
    begin = end + 1;
  }
  return scanTerm(arrow + 2, equation.size(), output);
}

FailureOr<ContractSpec>
ContractSpec::parse(StringRef equation,
                    function_ref<InFlightDiagnostic()> emitError) {
  SmallVector<Term> terms;
  Term output;
  Scanner scanner(equation, emitError);
  if (failed(scanner.scan(terms, output)))
    return failure();

  ContractSpec spec;
  llvm::StringMap<unsigned> numbers;
  auto number = [&](StringRef name) {
    auto [it, isNew] = numbers.try_emplace(name, spec.letters.size());
    if (isNew)
      spec.letters.push_back(name.str());
    return it->second;
  };
  for (const Token &token : output) {
    unsigned letter = number(token.name);
    if (letter < spec.output.size())
      return scanner.errorAt(token.position)
             << "'" << token.name << "' appears twice in the output";
    spec.output.push_back(letter);
  }
  for (const Term &term : terms)
    llvm::append_range(spec.operands.emplace_back(),
                       llvm::map_range(term, [&](const Token &token) {
                         return number(token.name);
                       }));
  return spec;
}

std::string ContractSpec::str() const {
  bool named = llvm::any_of(
      letters, [](const std::string &name) { return name.size() != 1; });
  SmallVector<StringRef> names(letters.begin(), letters.end());
  auto write = [&] {
    std::string text;
    auto term = [&](ArrayRef<unsigned> term) {
      text += llvm::join(
          llvm::map_range(term, [&](unsigned l) { return names[l]; }),
          named ? " " : "");
    };
    llvm::interleave(
        operands, [&](const auto &operand) { term(operand); },
        [&] { text += named ? ", " : ","; });
    text += named ? " -> " : "->";
    term(output);
    return text;
  };
  std::string text = write();
  if (!named || hasNames(text))
    return text;
  // Every name stands alone, so the text would read as letters. An underscore
  // says that they are names.
  SmallVector<std::string> marked;
  for (const std::string &name : letters)
    marked.push_back(name + "_");
  names.assign(marked.begin(), marked.end());
  return write();
}

bool ContractSpec::inOperands(unsigned letter) const {
  return llvm::any_of(operands, [&](ArrayRef<unsigned> operand) {
    return llvm::is_contained(operand, letter);
  });
}

FailureOr<SmallVector<int64_t>>
ContractSpec::extents(ArrayRef<RankedTensorType> operandTypes,
                      RankedTensorType resultType,
                      function_ref<InFlightDiagnostic()> emitError) const {
  // 1 is both "nothing seen" and "broadcasts": any other extent replaces it.
  SmallVector<int64_t> extents(letters.size(), 1);
  SmallVector<std::pair<unsigned, unsigned>> where(letters.size());
  for (auto [o, operand] : llvm::enumerate(operands)) {
    for (auto [d, letter] : llvm::enumerate(operand)) {
      int64_t extent = operandTypes[o].getDimSize(d);
      int64_t &known = extents[letter];
      if (extent == 1 || extent == known)
        continue;
      if (ShapedType::isDynamic(extent)) {
        if (known == 1)
          known = extent;
        continue;
      }
      if (known != 1 && !ShapedType::isDynamic(known))
        return emitError() << "operand #" << o << " (" << operandTypes[o]
                           << ") has extent " << extent << " in dimension " << d
                           << " ('" << letters[letter] << "'), but operand #"
                           << where[letter].first << " has " << known
                           << " in dimension " << where[letter].second;
      known = extent;
      where[letter] = {o, d};
    }
  }
  if (!resultType)
    return extents;
  for (auto [d, letter] : llvm::enumerate(output)) {
    int64_t extent = resultType.getDimSize(d);
    int64_t &known = extents[letter];
    if (!inOperands(letter)) {
      known = extent;
      continue;
    }
    if (ShapedType::isDynamic(extent) || extent == known)
      continue;
    if (!ShapedType::isDynamic(known))
      return emitError() << "result type " << resultType << " has extent "
                         << extent << " in dimension " << d << " ('"
                         << letters[letter] << "'), but the operands give "
                         << known;
    known = extent;
  }
  return extents;
}
