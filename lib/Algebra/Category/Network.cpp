//===- Network.cpp - joining wires ----------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Network.h"

using namespace mlir;
using namespace mlir::noodle;
using namespace mlir::noodle::category;

Network Network::ofTensor(HomType type, Value tensor) {
  Network network(type);
  Factor &factor = network.factors.emplace_back();
  factor.value = tensor;
  auto wires = [&](ArrayRef<int64_t> extents, SmallVector<unsigned> &side) {
    for (int64_t extent : extents) {
      side.push_back(network.nodes.size());
      factor.nodes.push_back(network.nodes.size());
      network.nodes.push_back({extent, {}});
    }
  };
  wires(type.getDom(), network.dom);
  wires(type.getCod(), network.cod);
  return network;
}

unsigned Network::take(const Network &other) {
  unsigned shift = nodes.size();
  llvm::append_range(nodes, other.nodes);
  for (Factor factor : other.factors) {
    for (unsigned &node : factor.nodes)
      node += shift;
    factors.push_back(std::move(factor));
  }
  return shift;
}

unsigned Network::find(unsigned node) {
  while (parents[node] != node)
    node = parents[node] = parents[parents[node]];
  return node;
}

LogicalResult Network::join(unsigned a, unsigned b,
                            function_ref<InFlightDiagnostic()> emitError) {
  while (parents.size() < nodes.size())
    parents.push_back(parents.size());
  a = find(a);
  b = find(b);
  if (a == b)
    return success();
  if (a > b)
    std::swap(a, b);
  int64_t &extent = nodes[a].extent, other = nodes[b].extent;
  if (ShapedType::isDynamic(extent))
    extent = other;
  else if (!ShapedType::isDynamic(other) && other != extent)
    return emitError() << "joins wires of extents " << extent << " and "
                       << other;
  llvm::append_range(nodes[a].sizes, nodes[b].sizes);
  parents[b] = a;
  return success();
}

void Network::settle() {
  while (parents.size() < nodes.size())
    parents.push_back(parents.size());
  SmallVector<unsigned> numbers(nodes.size());
  SmallVector<Node> kept;
  for (unsigned node = 0; node < nodes.size(); ++node)
    if (find(node) == node) {
      numbers[node] = kept.size();
      kept.push_back(std::move(nodes[node]));
    }
  auto renumber = [&](SmallVector<unsigned> &list) {
    for (unsigned &node : list)
      node = numbers[find(node)];
  };
  renumber(dom);
  renumber(cod);
  for (Factor &factor : factors)
    renumber(factor.nodes);
  nodes = std::move(kept);
  parents.clear();
}

SmallVector<unsigned> Network::outputs() const {
  SmallVector<unsigned> outputs;
  for (unsigned node : llvm::concat<const unsigned>(dom, cod))
    if (!llvm::is_contained(outputs, node))
      outputs.push_back(node);
  return outputs;
}

unsigned Network::hidden() const { return nodes.size() - outputs().size(); }

FailureOr<Network>
category::compose(ArrayRef<Network> parts,
                  function_ref<InFlightDiagnostic()> emitError) {
  Network all;
  all.element = parts.front().element;
  all.semiring = parts.front().semiring;
  SmallVector<unsigned> end;
  for (auto [k, part] : llvm::enumerate(parts)) {
    unsigned shift = all.take(part);
    all.isProduct |= part.isProduct;
    if (k == 0)
      all.dom = part.dom;
    else
      for (auto [a, b] : llvm::zip_equal(end, part.dom))
        if (failed(all.join(a, b + shift, emitError)))
          return failure();
    end = part.cod;
    for (unsigned &node : end)
      node += shift;
  }
  all.cod = end;
  all.settle();
  return all;
}

Network category::tensor(ArrayRef<Network> parts) {
  Network all;
  all.element = parts.front().element;
  all.semiring = parts.front().semiring;
  for (const Network &part : parts) {
    unsigned shift = all.take(part);
    for (unsigned node : part.dom)
      all.dom.push_back(node + shift);
    for (unsigned node : part.cod)
      all.cod.push_back(node + shift);
  }
  return all;
}
