//===- ContractLowering.cpp - contractions to linalg and loops ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Lowering.h"

#include "noodle/Strategy/Lowerable.h"

using namespace mlir;
using namespace mlir::noodle;
using utils::IteratorType;

namespace {

class ContractLowering {
public:
  explicit ContractLowering(ContractOp op)
      : op(op), e(op), spec(op.getSpec()), acc(op.getAccumulatorType()),
        semiring(*Semiring::resolve(op.getSemiring(), acc, op,
                                    [&] { return op.emitOpError(); })),
        resultType(op.getType()), inputs(op.getInputs()) {
    for (Value input : inputs)
      types.push_back(cast<RankedTensorType>(input.getType()));
    known = *spec.extents(types, resultType, [&] { return op.emitOpError(); });
  }

  Value run();

private:
  Value dense();
  Value generic();
  Value loops();
  Value elementwise();
  Value product();

  void findExtents();
  bool broadcasts(unsigned operand, unsigned d) const {
    return types[operand].getDimSize(d) == 1 &&
           known[spec.operands[operand][d]] != 1;
  }
  AffineMap mapOf(ArrayRef<unsigned> letters, unsigned operand, bool rows);
  AffineMap letterMap(ArrayRef<unsigned> letters);
  SmallVector<IteratorType> iterators() const;
  SmallVector<Value> outputExtents() const;
  RankedTensorType sumType() const {
    return RankedTensorType::get(resultType.getShape(), acc);
  }
  /// Whether sums may start from init: init + sum in one pass.
  bool startsFromInit() {
    return op.getInit() && !op.getMask() && acc == resultType.getElementType();
  }
  Value startingTensor();
  Value finish(Value sum);
  Value customBody(OpBuilder &b, Location loc, ValueRange args, Value identity,
                   bool reduces);
  Value plainBody(OpBuilder &b, Location loc, ValueRange args);
  Value nest(unsigned operand, SmallVector<Value> bound,
             SmallVector<Value> values, Value sums);
  Value denseNest(unsigned letter, SmallVector<Value> bound,
                  ArrayRef<Value> values, Value sums);
  Value sparseGeneric(ArrayRef<Value> operands, ArrayRef<AffineMap> maps);

  ContractOp op;
  Emitter e;
  ContractSpec spec;
  Type acc;
  Semiring semiring;
  RankedTensorType resultType;
  SmallVector<Value> inputs;
  SmallVector<RankedTensorType> types;
  SmallVector<int64_t> known; ///< static extents of letters
  SmallVector<Value> extents; ///< extents of letters
};

} // namespace

/// Letters' runtime extents; checks that all dimensions of a letter agree.
void ContractLowering::findExtents() {
  extents.resize(spec.letterCount());
  SmallVector<std::string> origin(spec.letterCount(), "the result");
  for (auto [letter, extent] : llvm::enumerate(known))
    if (!ShapedType::isDynamic(extent))
      extents[letter] = e.index(extent);
  auto visit = [&](Value tensor, ArrayRef<unsigned> letters, const Twine &name,
                   auto skips) {
    auto type = cast<RankedTensorType>(tensor.getType());
    for (auto [d, letter] : llvm::enumerate(letters)) {
      if (skips(d))
        continue;
      std::string where = (name + ", dimension " + Twine(d)).str();
      if (!extents[letter]) {
        extents[letter] = e.dim(tensor, d);
        origin[letter] = where;
      } else if (type.isDynamicDim(d)) {
        std::string other = ShapedType::isDynamic(known[letter])
                                ? origin[letter]
                                : "extent " + std::to_string(known[letter]);
        e.requireEqual(extents[letter], e.dim(tensor, d),
                       "extents of letter '" + spec.letters[letter] +
                           "' disagree: " + where + " and " + other);
      }
    }
  };
  for (unsigned k = 0; k < inputs.size(); ++k)
    visit(inputs[k], spec.operands[k], "operand " + Twine(k),
          [&](unsigned d) { return broadcasts(k, d); });
  auto never = [](unsigned) { return false; };
  if (op.getMask())
    visit(op.getMask(), spec.output, "mask", never);
  if (op.getInit())
    visit(op.getInit(), spec.output, "init", never);
}

AffineMap ContractLowering::letterMap(ArrayRef<unsigned> letters) {
  SmallVector<AffineExpr> exprs;
  for (unsigned letter : letters)
    exprs.push_back(e.getAffineDimExpr(letter));
  return AffineMap::get(spec.letterCount(), 0, exprs, e.getContext());
}

/// The map of an operand, or of its CSR view.
AffineMap ContractLowering::mapOf(ArrayRef<unsigned> letters, unsigned operand,
                                  bool rows) {
  SmallVector<AffineExpr> exprs;
  for (auto [d, letter] : llvm::enumerate(letters))
    exprs.push_back(broadcasts(operand, d) ? e.getAffineConstantExpr(0)
                                           : e.getAffineDimExpr(letter));
  if (rows && *getSparseFormat(types[operand]) == SparseFormat::CSC)
    std::swap(exprs[0], exprs[1]);
  return AffineMap::get(spec.letterCount(), 0, exprs, e.getContext());
}

SmallVector<IteratorType> ContractLowering::iterators() const {
  SmallVector<IteratorType> result;
  for (unsigned letter = 0; letter < spec.letterCount(); ++letter)
    result.push_back(spec.inOutput(letter) ? IteratorType::parallel
                                           : IteratorType::reduction);
  return result;
}

SmallVector<Value> ContractLowering::outputExtents() const {
  SmallVector<Value> result;
  for (unsigned letter : spec.output)
    result.push_back(extents[letter]);
  return result;
}

/// What sums are added to: init, or zeros of the semiring.
Value ContractLowering::startingTensor() {
  if (startsFromInit())
    return op.getInit();
  return e.filled(sumType(), outputExtents(), semiring.zero(e, e.getLoc()));
}

/// Sums to the result: with init and mask, in the result's element type.
Value ContractLowering::finish(Value sum) {
  Type to = resultType.getElementType();
  Value init = startsFromInit() ? Value() : Value(op.getInit());
  if (!op.getMask() && !init)
    return e.cast(sum, to);
  SmallVector<Value> operands{sum};
  unsigned initAt = 0, maskAt = 0;
  if (init) {
    initAt = operands.size();
    operands.push_back(init);
  }
  if (op.getMask()) {
    maskAt = operands.size();
    operands.push_back(e.presence(op.getMask(), op.getMaskValued()));
  }
  // init is added in the result's element type; a user's semiring has but one.
  FailureOr<Semiring> final = failure();
  if (semiring.kind() != SemiringKind::User)
    final = Semiring::resolve(op.getSemiring(), to, op,
                              [&] { return op.emitOpError(); });
  auto add = [&](OpBuilder &b, Location loc, Value x, Value y) {
    if (succeeded(final))
      return final->add(b, loc, x, convertElement(b, loc, y, to));
    Value sum = semiring.add(b, loc, convertElement(b, loc, x, acc), y);
    return convertElement(b, loc, sum, to);
  };
  Value zero =
      succeeded(final)
          ? final->zero(e, e.getLoc())
          : convertElement(e, e.getLoc(), semiring.zero(e, e.getLoc()), to);
  return e.elementwise(
      operands, resultType, outputExtents(),
      [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
        Value kept = init ? args[initAt] : zero;
        Value computed = init ? add(b, loc, kept, args[0])
                              : convertElement(b, loc, args[0], to);
        if (!maskAt)
          return computed;
        bool complement = op.getMaskComplement();
        return arith::SelectOp::create(b, loc, args[maskAt],
                                       complement ? kept : computed,
                                       complement ? computed : kept);
      });
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

/// out + a * b * ... in the semiring's own arithmetic.
Value ContractLowering::plainBody(OpBuilder &b, Location loc, ValueRange args) {
  Value product = convertElement(b, loc, args[0], acc);
  for (Value factor : args.drop_front().drop_back())
    product =
        semiring.mul(b, loc, product, convertElement(b, loc, factor, acc));
  return semiring.add(b, loc, args.back(), product);
}

/// The same in regions that the sparsifier carries along unseen.
Value ContractLowering::customBody(OpBuilder &b, Location loc, ValueRange args,
                                   Value identity, bool reduces) {
  OpBuilder::InsertionGuard guard(b);
  auto block = [&](Region &region, TypeRange types) {
    return b.createBlock(&region, {}, types,
                         SmallVector<Location>(types.size(), loc));
  };
  Value product;
  if (args.size() == 2) {
    auto unary = sparse_tensor::UnaryOp::create(b, loc, acc, args[0]);
    Block *body = block(unary.getPresentRegion(), {args[0].getType()});
    sparse_tensor::YieldOp::create(
        b, loc, convertElement(b, loc, body->getArgument(0), acc));
    product = unary;
    b.setInsertionPointAfter(unary);
  } else {
    product = args[0];
    for (Value factor : args.drop_front().drop_back()) {
      auto binary =
          sparse_tensor::BinaryOp::create(b, loc, acc, product, factor);
      Block *body = block(binary.getOverlapRegion(),
                          {product.getType(), factor.getType()});
      Value x = convertElement(b, loc, body->getArgument(0), acc);
      Value y = convertElement(b, loc, body->getArgument(1), acc);
      sparse_tensor::YieldOp::create(b, loc, semiring.mul(b, loc, x, y));
      product = binary;
      b.setInsertionPointAfter(binary);
    }
  }
  if (!reduces)
    return product;
  auto reduce =
      sparse_tensor::ReduceOp::create(b, loc, product, args.back(), identity);
  Block *body = block(reduce.getRegion(), {acc, acc});
  sparse_tensor::YieldOp::create(
      b, loc, semiring.add(b, loc, body->getArgument(0), body->getArgument(1)));
  return reduce;
}

//===----------------------------------------------------------------------===//
// Dense results
//===----------------------------------------------------------------------===//

Value ContractLowering::dense() {
  SmallVector<AffineMap> maps;
  for (unsigned k = 0; k < inputs.size(); ++k)
    maps.push_back(mapOf(spec.operands[k], k, false));
  maps.push_back(letterMap(spec.output));
  return finish(e.generic(inputs, startingTensor(), maps, iterators(),
                          [&](OpBuilder &b, Location loc, ValueRange args) {
                            return plainBody(b, loc, args);
                          }));
}

Value ContractLowering::generic() {
  SmallVector<AffineMap> maps;
  SmallVector<Value> operands;
  for (unsigned k = 0; k < inputs.size(); ++k) {
    bool sparse = isSparse(inputs[k]);
    operands.push_back(sparse ? e.asRows(inputs[k]) : inputs[k]);
    maps.push_back(mapOf(spec.operands[k], k, sparse));
  }
  maps.push_back(letterMap(spec.output));
  bool plain = hasPlainBody(op);
  Value identity = semiring.zero(e, e.getLoc());
  // The sparsifier's reductions start from the identity and lose what the
  // output held, so init is added afterwards.
  Value start = e.filled(sumType(), outputExtents(), identity);
  Value sum = e.generic(operands, start, maps, iterators(),
                        [&](OpBuilder &b, Location loc, ValueRange args) {
                          return plain ? plainBody(b, loc, args)
                                       : customBody(b, loc, args, identity,
                                                    /*reduces=*/true);
                        });
  if (!startsFromInit())
    return finish(sum);
  return e.elementwise({op.getInit(), sum}, resultType, outputExtents(),
                       [&](OpBuilder &b, Location loc, ValueRange args) {
                         return semiring.add(b, loc, args[0], args[1]);
                       });
}

/// Loops over the stored entries of sparse operand after sparse operand, then
/// over the letters that are left. `bound` holds the letters' indices so far.
Value ContractLowering::nest(unsigned operand, SmallVector<Value> bound,
                             SmallVector<Value> values, Value sums) {
  while (operand < inputs.size() && !isSparse(inputs[operand]))
    ++operand;
  if (operand == inputs.size())
    return denseNest(0, bound, values, sums);
  SmallVector<unsigned> letters =
      levelLetters(types[operand], spec.operands[operand]);
  bool swapped = *getSparseFormat(types[operand]) == SparseFormat::CSC;
  bool anyRow = broadcasts(operand, swapped ? 1 : 0);
  bool anyColumn = broadcasts(operand, swapped ? 0 : 1);
  Value row = anyRow ? e.index(0) : bound[letters[0]];
  auto entry = [&](Value r, Value c, Value value,
                   ValueRange carried) -> SmallVector<Value> {
    SmallVector<Value> inner = bound;
    SmallVector<Value> innerValues = values;
    innerValues[operand] = value;
    if (!anyRow)
      inner[letters[0]] = r;
    if (anyColumn || !inner[letters[1]]) {
      if (!anyColumn)
        inner[letters[1]] = c;
      return {nest(operand + 1, inner, innerValues, carried[0])};
    }
    Value same = arith::CmpIOp::create(e, arith::CmpIPredicate::eq, c,
                                       inner[letters[1]]);
    auto branch = scf::IfOp::create(e, carried[0].getType(), same,
                                    /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(e);
    e.setInsertionPointToEnd(branch.thenBlock());
    scf::YieldOp::create(e, nest(operand + 1, inner, innerValues, carried[0]));
    e.setInsertionPointToEnd(branch.elseBlock());
    scf::YieldOp::create(e, carried[0]);
    return {branch.getResult(0)};
  };
  return e.stored(inputs[operand], row, sums, entry)[0];
}

Value ContractLowering::denseNest(unsigned letter, SmallVector<Value> bound,
                                  ArrayRef<Value> values, Value sums) {
  while (letter < bound.size() && bound[letter])
    ++letter;
  if (letter < bound.size())
    return e.loop(extents[letter], sums, [&](Value i, ValueRange carried) {
      SmallVector<Value> inner = bound;
      inner[letter] = i;
      return SmallVector<Value>{
          denseNest(letter + 1, inner, values, carried[0])};
    })[0];
  Value product;
  for (unsigned k = 0; k < inputs.size(); ++k) {
    Value factor = values[k];
    if (!factor) {
      SmallVector<Value> at;
      for (auto [d, l] : llvm::enumerate(spec.operands[k]))
        at.push_back(broadcasts(k, d) ? e.index(0) : bound[l]);
      factor = tensor::ExtractOp::create(e, inputs[k], at);
    }
    factor = convertElement(e, e.getLoc(), factor, acc);
    product = product ? semiring.mul(e, e.getLoc(), product, factor) : factor;
  }
  SmallVector<Value> at;
  for (unsigned l : spec.output)
    at.push_back(bound[l]);
  Value old = tensor::ExtractOp::create(e, sums, at);
  Value sum = semiring.add(e, e.getLoc(), old, product);
  return tensor::InsertOp::create(e, sum, sums, at);
}

Value ContractLowering::loops() {
  SmallVector<Value> bound(spec.letterCount()), values(inputs.size());
  return finish(nest(0, bound, values, startingTensor()));
}

//===----------------------------------------------------------------------===//
// Sparse results
//===----------------------------------------------------------------------===//

/// A generic whose result is the CSR view of the result.
Value ContractLowering::sparseGeneric(ArrayRef<Value> operands,
                                      ArrayRef<AffineMap> maps) {
  RankedTensorType view = e.rowsType(resultType);
  SmallVector<Value> sizes = outputExtents();
  if (*getSparseFormat(resultType) == SparseFormat::CSC)
    std::swap(sizes[0], sizes[1]);
  Value init = e.empty(e.rowsType(view, view.getShape(), acc), sizes);
  bool reduces = spec.letterCount() > spec.output.size();
  Value identity = semiring.zero(e, e.getLoc());
  Value sum = e.generic(operands, init, maps, iterators(),
                        [&](OpBuilder &b, Location loc, ValueRange args) {
                          return customBody(b, loc, args, identity, reduces);
                        });
  Type to = resultType.getElementType();
  if (acc != to)
    sum = e.mapStored(sum, to, [&](OpBuilder &b, Location loc, Value value) {
      return convertElement(b, loc, value, to);
    });
  return e.fromRows(sum, resultType);
}

Value ContractLowering::elementwise() {
  SmallVector<unsigned> output = levelLetters(resultType, spec.output);
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  for (unsigned k = 0; k < inputs.size(); ++k) {
    if (!isSparse(inputs[k])) {
      operands.push_back(inputs[k]);
      maps.push_back(mapOf(spec.operands[k], k, false));
      continue;
    }
    Value rows = e.asRows(inputs[k]);
    if (levelLetters(types[k], spec.operands[k]) != output)
      rows = e.sortedTranspose(rows);
    operands.push_back(rows);
    maps.push_back(letterMap(output));
  }
  maps.push_back(letterMap(output));
  return sparseGeneric(operands, maps);
}

Value ContractLowering::product() {
  SmallVector<unsigned> output = levelLetters(resultType, spec.output);
  unsigned inner = spec.output.size();
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  for (unsigned k = 0; k < 2; ++k) {
    SmallVector<unsigned> letters = levelLetters(types[k], spec.operands[k]);
    SmallVector<unsigned> wanted =
        llvm::is_contained(letters, output[0])
            ? SmallVector<unsigned>{output[0], inner}
            : SmallVector<unsigned>{inner, output[1]};
    Value rows = e.asRows(inputs[k]);
    if (letters != wanted)
      rows = e.sortedTranspose(rows);
    operands.push_back(rows);
    maps.push_back(letterMap(wanted));
  }
  maps.push_back(letterMap(output));
  return sparseGeneric(operands, maps);
}

Value ContractLowering::run() {
  findExtents();
  // An empty letter leaves nothing to add.
  if (llvm::is_contained(known, 0) && !isSparse(resultType))
    return finish(startingTensor());
  switch (classify(op)) {
  case SparseContraction::Dense:
    return dense();
  case SparseContraction::Generic:
    return generic();
  case SparseContraction::Loops:
    return loops();
  case SparseContraction::Elementwise:
    return elementwise();
  case SparseContraction::Product:
    return product();
  case SparseContraction::None:
    break;
  }
  return {};
}

Value noodle::lowerContract(ContractOp op) {
  return ContractLowering(op).run();
}
