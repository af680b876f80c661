//===- Chain.cpp - products of matrices in a row --------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Tree.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::noodle;
using namespace mlir::noodle::order;

namespace {

/// The tensors of a path in order, with the log of what lies between
/// neighbours; empty if the network is no path.
struct Path {
  std::vector<unsigned> tensors;
  /// Extents before the first tensor, between neighbours, behind the last.
  std::vector<double> between;
};

Path findPath(const ContractionNetwork &network) {
  unsigned count = network.operands.size();
  std::vector<std::vector<unsigned>> holders(network.extents.size());
  for (unsigned k = 0; k < count; ++k)
    for (unsigned letter : network.operands[k])
      holders[letter].push_back(k);
  std::vector<bool> kept(network.extents.size());
  for (unsigned letter : network.output)
    kept[letter] = true;
  // Each tensor's neighbours, with the extent of the letters they share.
  struct Link {
    unsigned to;
    double extent;
  };
  std::vector<std::vector<Link>> links(count);
  std::vector<double> open(count, 1);
  for (unsigned letter = 0; letter < holders.size(); ++letter) {
    double extent = network.extents[letter];
    if (holders[letter].size() == 1) {
      // A letter of one tensor that is summed shrinks it before anything else.
      if (!kept[letter])
        return {};
      open[holders[letter][0]] *= extent;
    } else if (holders[letter].size() == 2 && !kept[letter]) {
      for (unsigned side : {0u, 1u}) {
        auto &from = links[holders[letter][side]];
        unsigned to = holders[letter][1 - side];
        auto known = llvm::find_if(from, [&](Link l) { return l.to == to; });
        if (known != from.end())
          known->extent *= extent;
        else
          from.push_back({to, extent});
      }
    } else if (!holders[letter].empty()) {
      return {};
    }
  }
  int first = -1;
  for (unsigned k = 0; k < count; ++k) {
    if (links[k].size() > 2 || links[k].empty() ||
        (links[k].size() == 2 && open[k] != 1))
      return {};
    if (links[k].size() == 1 && first < 0)
      first = k;
  }
  if (first < 0)
    return {};
  Path path;
  path.between.push_back(open[first]);
  for (int at = first, before = -1; at >= 0;) {
    path.tensors.push_back(at);
    int next = -1;
    for (Link link : links[at])
      if (int(link.to) != before) {
        next = link.to;
        path.between.push_back(link.extent);
      }
    before = at;
    at = next;
  }
  path.between.push_back(open[path.tensors.back()]);
  return path.tensors.size() == count ? path : Path();
}

} // namespace

llvm::SmallVector<ContractionStep>
order::orderChain(const ContractionNetwork &network) {
  Path path = findPath(network);
  unsigned count = path.tensors.size();
  if (count < 2)
    return {};
  const std::vector<double> &p = path.between;
  // best[i][j]: tensors i to j, both included. The second index runs along
  // memory in both of the products' factors. Beside it the density of what the
  // cheapest split makes.
  std::vector<double> best(count * count, 0), mirror(count * count, 0);
  std::vector<unsigned> split(count * count, 0);
  bool sparse = llvm::any_of(network.density, [](double d) { return d < 1; });
  std::vector<double> density(sparse ? count * count : 0, 1),
      mirrored(density.size(), 1);
  for (unsigned k = 0; sparse && k < count; ++k)
    density[k * count + k] = mirrored[k * count + k] =
        std::min(1.0, std::max(network.density[path.tensors[k]], 1e-300));
  for (unsigned length = 2; length <= count; ++length)
    for (unsigned i = 0; i + length <= count; ++i) {
      unsigned j = i + length - 1;
      double ends = p[i] * p[j + 1];
      const double *left = &best[i * count], *right = &mirror[j * count];
      double least = std::numeric_limits<double>::infinity();
      unsigned where = i;
      auto walk = [&](auto share) {
        for (unsigned k = i; k < j; ++k) {
          double cost = left[k] + right[k + 1] + ends * p[k + 1] * share(k);
          if (cost < least) {
            least = cost;
            where = k;
          }
        }
      };
      if (sparse) {
        const double *l = &density[i * count], *r = &mirrored[j * count];
        walk([&](unsigned k) { return l[k] * r[k + 1]; });
        if (!network.denseResults)
          density[i * count + j] = mirrored[j * count + i] =
              std::min(1.0, l[where] * r[where + 1] * p[where + 1]);
      } else {
        walk([](unsigned) { return 1.0; });
      }
      best[i * count + j] = mirror[j * count + i] = least;
      split[i * count + j] = where;
    }
  llvm::SmallVector<ContractionStep> steps;
  auto build = [&](auto &&self, unsigned i, unsigned j) -> unsigned {
    if (i == j)
      return path.tensors[i];
    unsigned k = split[i * count + j];
    unsigned left = self(self, i, k), right = self(self, k + 1, j);
    steps.push_back({left, right});
    return count + steps.size() - 1;
  };
  build(build, 0, count - 1);
  return steps;
}
