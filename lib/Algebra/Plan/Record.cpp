//===- Record.cpp - a plan as the receipt tells of it ---------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Record.h"

#include "llvm/ADT/SmallSet.h"

using namespace mlir;
using namespace mlir::noodle;

DictionaryAttr noodle::orderRecord(Builder &builder,
                                   const ContractionNetwork &network,
                                   ArrayRef<std::string> names,
                                   const ContractionOrder &order,
                                   PlanCost before, PlanCost after) {
  std::vector<SmallVector<unsigned>> letters = lettersOf(network, order);
  unsigned leaves = network.operands.size();
  ContractionOrder whole = order;
  whole.sliced.clear();
  std::vector<double> entries = entriesOf(network, whole);
  auto extent = [&](ArrayRef<unsigned> its) {
    double size = 1;
    for (unsigned letter : its)
      size *= network.extents[letter];
    return size;
  };
  SmallVector<Attribute> texts;
  SmallVector<double> numbers;
  for (auto [node, its] : llvm::enumerate(letters)) {
    bool single = llvm::all_of(
        its, [&](unsigned letter) { return names[letter].size() == 1; });
    std::string text;
    for (unsigned letter : its)
      text += (text.empty() || single ? "" : " ") + names[letter];
    texts.push_back(builder.getStringAttr(text));
    double products = 0;
    int left = -1, right = -1;
    if (node >= leaves) {
      left = int(order.steps[node - leaves].lhs);
      right = int(order.steps[node - leaves].rhs);
      llvm::SmallSetVector<unsigned, 8> all(letters[left].begin(),
                                            letters[left].end());
      all.insert(letters[right].begin(), letters[right].end());
      products = extent(all.getArrayRef()) * entries[left] * entries[right] /
                 (extent(letters[left]) * extent(letters[right]));
    }
    numbers.append({entries[node], products, double(left), double(right)});
  }
  auto pair = [&](StringRef name, double one, double other) {
    return builder.getNamedAttr(name,
                                builder.getDenseF64ArrayAttr({one, other}));
  };
  return builder.getDictionaryAttr(
      {pair("products", before.products, after.products),
       pair("bytes", before.bytes, after.bytes),
       pair("peak", before.peak, after.peak),
       builder.getNamedAttr("letters", builder.getArrayAttr(texts)),
       builder.getNamedAttr("nodes", builder.getDenseF64ArrayAttr(numbers))});
}
