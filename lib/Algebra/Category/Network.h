//===- Network.h - a morphism as tensors that share wires -------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What elaboration knows of a morphism before anything is computed: factors
// whose dimensions are joined at nodes. A node is one letter of a contraction.
// Wires alone are a network without factors (a cospan); composing joins nodes,
// and nodes that are on neither side of the boundary are summed over.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ALGEBRA_CATEGORY_NETWORK_H
#define NOODLE_LIB_ALGEBRA_CATEGORY_NETWORK_H

#include "noodle/Dialect/Category.h"

#include "mlir/IR/PatternMatch.h"

namespace mlir::noodle::category {

/// Joined wires.
struct Node {
  int64_t extent = ShapedType::kDynamic;
  SmallVector<Value> sizes; ///< what wires say a dynamic extent is
};

/// A tensor among the nodes, or a function by its vector of values.
struct Factor {
  Value value;
  SmallVector<unsigned> nodes; ///< of each dimension; of a function two: from,
                               ///< to
  bool isFunction = false;

  RankedTensorType type() const {
    return cast<RankedTensorType>(value.getType());
  }
  bool isSparse() const { return type().getEncoding() != nullptr; }
};

class Network {
public:
  Type element;
  SemiringAttr semiring;
  SmallVector<Node> nodes;
  SmallVector<Factor> factors;
  SmallVector<unsigned> dom, cod;
  /// A product that a composition asks for. Where it becomes part of another
  /// one it is formed first: the author's grouping.
  bool isProduct = false;

  Network() = default;
  explicit Network(HomType type)
      : element(type.getElement()), semiring(type.getSemiring()) {}

  /// A tensor whose dimensions are the boundary's.
  static Network ofTensor(HomType type, Value tensor);

  /// Takes the nodes and factors of another network over; returns how far its
  /// nodes' numbers move.
  unsigned take(const Network &other);
  /// Makes two nodes one. Fails through emitError where extents disagree.
  LogicalResult join(unsigned a, unsigned b,
                     function_ref<InFlightDiagnostic()> emitError);
  /// Renumbers after joining.
  void settle();

  /// The boundary's nodes, each once, in order of first appearance.
  SmallVector<unsigned> outputs() const;
  bool onBoundary(unsigned node) const {
    return llvm::is_contained(dom, node) || llvm::is_contained(cod, node);
  }
  /// How many nodes are summed over.
  unsigned hidden() const;
  /// Whether forming it takes a product or a sum.
  bool isOpen() const { return isProduct || hidden() > 0; }
  bool isWires() const { return factors.empty() && hidden() == 0; }

private:
  unsigned find(unsigned node);
  SmallVector<unsigned> parents; ///< while joining; else empty
};

/// f;g;...
FailureOr<Network> compose(ArrayRef<Network> parts,
                           function_ref<InFlightDiagnostic()> emitError);
/// f x g x ...
Network tensor(ArrayRef<Network> parts);

/// Makes core ops of networks at the rewriter's insertion point.
class Emitter {
public:
  Emitter(RewriterBase &rewriter, Operation *op) : rewriter(rewriter), op(op) {}

  /// The entries as a tensor of `type`'s extents and encoding.
  FailureOr<Value> entries(Network network, RankedTensorType type);
  /// The same morphism with one factor, which stores what the boundary's
  /// different nodes need.
  FailureOr<Network> formed(Network network);

  /// A tensor of one value everywhere; `sizes` are those of dynamic extents.
  Value filled(RankedTensorType type, Value value, ValueRange sizes);
  /// A dense tensor with the entries of a sparse one.
  Value densified(Value tensor, SemiringAttr semiring);

private:
  FailureOr<Semiring> resolve(const Network &network);
  LogicalResult checkExtents(Network &network);
  Value sizeOf(const Network &network, unsigned node);
  Value oneHot(const Network &network, const Factor &function);
  Value narrowed(Value function);
  void composeFunctions(Network &network, SmallVectorImpl<unsigned> &dead);
  LogicalResult substituteFunctions(Network &network,
                                    SmallVectorImpl<Factor> &scattered);
  FailureOr<Value> contracted(Network &network, ArrayRef<unsigned> output,
                              RankedTensorType wanted);
  FailureOr<Value> compact(Network &network, RankedTensorType wanted);
  Value scattered(Network &network, Value tensor, unsigned axis,
                  const Factor &function);
  FailureOr<Value> spread(Network &network, Value compact,
                          RankedTensorType type);
  void requireEqual(Value a, Value b, StringRef message);
  Value mapped(ValueRange inputs, RankedTensorType type,
               llvm::function_ref<Value(OpBuilder &, ValueRange)> body);
  Value withUnits(Value tensor, ArrayRef<bool> units);

  RewriterBase &rewriter;
  Operation *op;
};

} // namespace mlir::noodle::category

#endif // NOODLE_LIB_ALGEBRA_CATEGORY_NETWORK_H
