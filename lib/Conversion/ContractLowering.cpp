//===- ContractLowering.cpp - contractions to linalg and loops ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "SparseBuilder.h"

#include "noodle/Strategy/Lowerable.h"

#include "mlir/IR/TypeUtilities.h"

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
  Value fused();
  bool gathersRows();
  bool scattersRows();
  Value scattered();
  Value generic();
  Value loops();
  Value elementwise();
  Value matrix(Value operand, ArrayRef<unsigned> letters, unsigned row);
  Value product();
  Value lines();
  Value sums();
  Value addToInit(Value sums);

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
  /// Whether the contraction emitter is to have it.
  bool isTiled() {
    auto strategy = op.getStrategyAttr();
    if (!strategy || inputs.size() > 2 || !semiring.zeroAttr())
      return false;
    StrategyKind kind = strategy.getValue();
    return kind == StrategyKind::Tiled || kind == StrategyKind::Strassen ||
           kind == StrategyKind::Library;
  }
  Value startingTensor();
  Value finish(Value sum);
  /// What `finish` does to one sum; null where there is no init or mask.
  Value finishElement(OpBuilder &b, Location loc, Value sum, Value init,
                      Value isKept);
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

/// One sum to an element of the result. `isKept`: the mask's element; without a
/// mask, or where sums start from init, those are null.
Value ContractLowering::finishElement(OpBuilder &b, Location loc, Value sum,
                                      Value init, Value isKept) {
  Type to = resultType.getElementType();
  // init is added in the result's element type; a user's semiring has but one.
  FailureOr<Semiring> final = failure();
  if ((init || isKept) && semiring.kind() != SemiringKind::User)
    final = Semiring::resolve(op.getSemiring(), to, op,
                              [&] { return op.emitOpError(); });
  Value computed;
  if (!init)
    computed = convertElement(b, loc, sum, to);
  else if (succeeded(final))
    computed = final->add(b, loc, init, convertElement(b, loc, sum, to));
  else
    computed = convertElement(
        b, loc, semiring.add(b, loc, convertElement(b, loc, init, acc), sum),
        to);
  if (!isKept)
    return computed;
  Value kept = init;
  if (!kept)
    kept = succeeded(final) ? final->zero(b, loc)
                            : convertElement(b, loc, semiring.zero(b, loc), to);
  bool complement = op.getMaskComplement();
  return arith::SelectOp::create(b, loc, isKept, complement ? kept : computed,
                                 complement ? computed : kept);
}

/// Sums to the result: with init and mask, in the result's element type.
Value ContractLowering::finish(Value sum) {
  Value init = startsFromInit() ? Value() : Value(op.getInit());
  if (!op.getMask() && !init)
    return e.cast(sum, resultType.getElementType());
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
  return e.elementwise(
      operands, resultType, outputExtents(),
      [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
        return finishElement(b, loc, args[0], initAt ? args[initAt] : Value(),
                             maskAt ? args[maskAt] : Value());
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

/// Whether nothing else needs what init holds, so that sums may be formed in
/// its place. Arguments belong to the caller.
static bool isOverwritable(Value init) {
  return init.getDefiningOp() && init.hasOneUse();
}

/// One noodle.fused_contract: conversions of operands are in its bodies, init,
/// mask and the result's type in its epilogue.
Value ContractLowering::fused() {
  // A sparse operand is the lhs, wherever it stands in a product.
  bool swapped = inputs.size() == 2 && isSparse(inputs[1]);
  SmallVector<AffineMap> maps;
  SmallVector<Value> sides;
  for (unsigned side = 0; side < inputs.size(); ++side) {
    unsigned k = swapped ? 1 - side : side;
    bool sparse = isSparse(inputs[k]);
    sides.push_back(sparse ? e.asRows(inputs[k]) : inputs[k]);
    maps.push_back(mapOf(spec.operands[k], k, sparse));
  }
  SmallVector<Value> extras;
  bool accumulates = startsFromInit() && isOverwritable(op.getInit());
  Value init = accumulates ? Value() : Value(op.getInit()), mask;
  if (init)
    extras.push_back(init);
  if (op.getMask()) {
    mask = e.presence(op.getMask(), op.getMaskValued());
    extras.push_back(mask);
  }
  maps.append(extras.size() + 1, letterMap(spec.output));
  Value out = accumulates ? op.getInit() : e.empty(resultType, outputExtents());
  auto contract = FusedContractOp::create(
      e, resultType, ArrayRef(sides).take_front(), ArrayRef(sides).drop_front(),
      extras, ValueRange(), out, e.getAffineMapArrayAttr(maps),
      op.getSemiring(), semiring.zeroAttr(), accumulates);
  e.note(contract);
  auto fill = [&](Region &region, TypeRange types, auto body) {
    OpBuilder::InsertionGuard guard(e);
    Block *block = e.createBlock(
        &region, {}, types, SmallVector<Location>(types.size(), e.getLoc()));
    YieldOp::create(e, body(block->getArguments()));
  };
  fill(contract.getLhsBody(), getElementTypeOrSelf(sides[0]),
       [&](ValueRange args) {
         return convertElement(e, e.getLoc(), args[0], acc);
       });
  SmallVector<Type> rhs;
  if (inputs.size() > 1)
    rhs.push_back(getElementTypeOrSelf(sides[1]));
  fill(contract.getRhsBody(), rhs, [&](ValueRange args) {
    return args.empty() ? semiring.one(e, e.getLoc())
                        : convertElement(e, e.getLoc(), args[0], acc);
  });
  fill(contract.getCombine(), {acc, acc, acc}, [&](ValueRange args) {
    Value product = args[0];
    if (inputs.size() > 1)
      product = semiring.mul(e, e.getLoc(), args[swapped], args[!swapped]);
    return semiring.add(e, e.getLoc(), args[2], product);
  });
  SmallVector<Type> epilogue{acc};
  for (Value extra : extras)
    epilogue.push_back(getElementTypeOrSelf(extra));
  fill(contract.getEpilogue(), epilogue, [&](ValueRange args) {
    return finishElement(e, e.getLoc(), args[0], init ? args[1] : Value(),
                         mask ? args.back() : Value());
  });
  return contract.getResult();
}

/// Whether each row of the result sums over one row of a sparse matrix, times
/// a vector or the rows of a matrix.
bool ContractLowering::gathersRows() {
  auto sparse = [](Value v) { return isSparse(v); };
  if (inputs.size() > 2 || llvm::count_if(inputs, sparse) != 1 ||
      !semiring.zeroAttr())
    return false;
  unsigned k = isSparse(inputs[0]) ? 0 : 1;
  SmallVector<unsigned> letters = levelLetters(types[k], spec.operands[k]);
  if (!spec.inOutput(letters[0]) || spec.inOutput(letters[1]))
    return false;
  // Nothing adds what init holds in a user's semiring as rows are finished.
  if (op.getInit() && semiring.kind() == SemiringKind::User)
    return false;
  return spec.letterCount() <= 3 &&
         spec.letterCount() == spec.output.size() + 1;
}

/// Whether each entry of a row of a sparse matrix, times elements of vectors,
/// adds to another element of the result.
bool ContractLowering::scattersRows() {
  auto sparse = [](Value v) { return isSparse(v); };
  if (llvm::count_if(inputs, sparse) != 1 || spec.letterCount() != 2 ||
      spec.output.size() != 1)
    return false;
  unsigned k = llvm::find_if(inputs, sparse) - inputs.begin();
  return levelLetters(types[k], spec.operands[k])[1] == spec.output[0];
}

Value ContractLowering::scattered() {
  unsigned sparse = 0;
  while (!isSparse(inputs[sparse]))
    ++sparse;
  unsigned rowLetter = levelLetters(types[sparse], spec.operands[sparse])[0];
  SmallVector<Value> bound(spec.letterCount()), factors(inputs.size());
  auto factor = [&](unsigned k) {
    SmallVector<Value> at;
    for (auto [d, letter] : llvm::enumerate(spec.operands[k]))
      at.push_back(broadcasts(k, d) ? e.index(0) : bound[letter]);
    return convertElement(e, e.getLoc(),
                          tensor::ExtractOp::create(e, inputs[k], at), acc);
  };
  auto ofColumn = [&](unsigned k) {
    return llvm::is_contained(spec.operands[k], spec.output[0]);
  };
  auto atRow = [&](Value row) {
    bound[rowLetter] = row;
    for (unsigned k = 0; k < inputs.size(); ++k)
      if (!ofColumn(k))
        factors[k] = factor(k);
  };
  auto term = [&](Value column, Value entry) {
    bound[spec.output[0]] = column;
    Value product;
    for (unsigned k = 0; k < inputs.size(); ++k) {
      Value next = k == sparse   ? convertElement(e, e.getLoc(), entry, acc)
                   : ofColumn(k) ? factor(k)
                                 : factors[k];
      product = product ? semiring.mul(e, e.getLoc(), product, next) : next;
    }
    return product;
  };
  auto add = [&](Value x, Value y) {
    return semiring.add(e, e.getLoc(), x, y);
  };
  // False times anything is false, and adds nothing: a step of a search looks
  // at the rows of its frontier alone. Zeros of numbers may meet inf or NaN.
  auto adds = [&]() -> Value {
    Value some;
    if (semiring.kind() != SemiringKind::OrAnd || !acc.isInteger(1))
      return some;
    for (Value factor : factors)
      if (factor)
        some = some ? arith::AndIOp::create(e, some, factor) : factor;
    return some;
  };
  Value sum = scatterRows(e, storedRows(e, inputs[sparse]), sumType(),
                          semiring.zero(e, e.getLoc()), atRow, adds, term, add);
  if (!startsFromInit())
    return finish(sum);
  return e.elementwise({op.getInit(), sum}, resultType, outputExtents(),
                       [&](OpBuilder &b, Location loc, ValueRange args) {
                         return semiring.add(b, loc, args[0], args[1]);
                       });
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

/// The operand as a CSR matrix, or a dense one, whose first letter is `row`.
Value ContractLowering::matrix(Value operand, ArrayRef<unsigned> letters,
                               unsigned row) {
  auto type = cast<RankedTensorType>(operand.getType());
  if (isSparse(operand)) {
    Value rows = e.asRows(operand);
    return levelLetters(type, letters)[0] == row ? rows
                                                 : e.sortedTranspose(rows);
  }
  if (letters[0] == row)
    return operand;
  SmallVector<int64_t> shape{type.getDimSize(1), type.getDimSize(0)};
  SmallVector<Value> sizes = e.extentsOf(operand);
  std::swap(sizes[0], sizes[1]);
  auto turned = RankedTensorType::get(shape, type.getElementType());
  AffineExpr i = e.getAffineDimExpr(0), j = e.getAffineDimExpr(1);
  return e.generic(
      operand, e.empty(turned, sizes),
      {AffineMap::get(2, 0, {j, i}, e.getContext()),
       AffineMap::get(2, 0, {i, j}, e.getContext())},
      {IteratorType::parallel, IteratorType::parallel},
      [](OpBuilder &, Location, ValueRange args) -> Value { return args[0]; });
}

Value ContractLowering::product() {
  SparseProductForm form = *sparseProductForm(op);
  auto operand = [&](unsigned k, unsigned row) {
    return matrix(inputs[k], spec.operands[k], row);
  };
  bool sparse = isSparse(inputs[form.lhs]);
  Value lhs = operand(form.lhs, form.row);
  Value rhs = operand(form.rhs, sparse ? form.inner : form.column);
  Value mask;
  if (form.scale)
    mask = operand(*form.scale, form.row);
  else if (op.getMask())
    mask = matrix(op.getMask(), spec.output, form.row);

  bool reduces = !isSparse(resultType);
  Type element = reduces ? acc : resultType.getElementType();
  RankedTensorType view = reduces ? sumType() : e.rowsType(resultType);
  auto made = SparseProductOp::create(
      e, view, lhs, rhs, semiring.zero(e, e.getLoc()), mask,
      op.getMaskComplement(), op.getMaskValued(), form.scale.has_value());
  e.note(made);
  auto fill = [&](Region &region, TypeRange types, auto body) {
    OpBuilder::InsertionGuard guard(e);
    Block *block = e.createBlock(
        &region, {}, types, SmallVector<Location>(types.size(), e.getLoc()));
    ProductYieldOp::create(e, body(block->getArguments()));
  };
  auto element0 = [&](Value tensor) { return getElementTypeOrSelf(tensor); };
  auto widened = [&](Value value) {
    return convertElement(e, e.getLoc(), value, acc);
  };
  // Factors in the order in which they are written.
  auto inOrder = [&](bool swapped, Value x, Value y) {
    return swapped ? semiring.mul(e, e.getLoc(), y, x)
                   : semiring.mul(e, e.getLoc(), x, y);
  };
  fill(made.getMul(), {element0(lhs), element0(rhs)}, [&](ValueRange args) {
    return inOrder(form.rhs < form.lhs, widened(args[0]), widened(args[1]));
  });
  fill(made.getAdd(), {acc, acc}, [&](ValueRange args) {
    return semiring.add(e, e.getLoc(), args[0], args[1]);
  });
  SmallVector<Type> finished{acc};
  if (form.scale)
    finished.push_back(element0(mask));
  fill(made.getFinish(), finished, [&](ValueRange args) {
    Value value = args[0];
    if (form.scale)
      value = inOrder(*form.scale == 0, value, widened(args[1]));
    return convertElement(e, e.getLoc(), value, element);
  });
  return reduces ? finish(made) : e.fromRows(made, resultType);
}

/// The dense sums, and of them those of lines that store something.
Value ContractLowering::lines() {
  unsigned line = *lineLetter(op);
  auto sparse = llvm::find_if(inputs, [](Value v) { return isSparse(v); });
  unsigned k = sparse - inputs.begin();
  Value rows = matrix(inputs[k], spec.operands[k], line);
  auto dense =
      RankedTensorType::get(resultType.getShape(), resultType.getElementType());
  auto contract = ContractOp::create(
      e, dense, e.getStringAttr(spec.str()), inputs, /*mask=*/Value(),
      /*init=*/Value(), op.getSemiring(), op.getAccumulatorAttr(),
      /*mask_valued=*/UnitAttr(), /*mask_complement=*/UnitAttr(),
      op.getStrategyAttr());
  if (Attribute site = op->getAttr("noodle.site"))
    contract->setAttr("noodle.site", site);
  Value sums = lowerContract(contract);
  contract.erase();

  StoredRows held = storedRows(e, rows);
  auto stores = [&](Value at) -> Value {
    Value next = arith::AddIOp::create(e, at, e.index(1));
    return arith::CmpIOp::create(e, arith::CmpIPredicate::ne,
                                 loadIndex(e, held.positions, at),
                                 loadIndex(e, held.positions, next));
  };
  RankedTensorType view = e.rowsType(resultType);
  SmallVector<unsigned> levels = levelLetters(resultType, spec.output);
  bool byLines = levels[0] == line, turned = levels[0] != spec.output[0];
  Value outer = extents[levels[0]], inner = extents[levels[1]];
  SparseBuilder builder(e, view, outer, inner);
  auto work = [&](Value row) -> Value {
    return arith::MulIOp::create(e, row, inner);
  };
  auto row = [&](Value r, Value at) -> Value {
    Value whole = byLines ? stores(r) : Value();
    Value end = inner;
    if (byLines)
      end = arith::SelectOp::create(e, whole, inner, e.index(0));
    return e.loop(end, ValueRange{at},
                  [&](Value c, ValueRange place) -> SmallVector<Value> {
                    auto value = [&]() -> Value {
                      return tensor::ExtractOp::create(
                          e, sums,
                          turned ? ValueRange{c, r} : ValueRange{r, c});
                    };
                    return {builder.put(place[0], c,
                                        byLines ? Value() : stores(c), value)};
                  })[0];
  };
  return assemble(e, builder.build(work, row), resultType);
}

/// A sparse init and the sums, entry by entry.
Value ContractLowering::addToInit(Value sums) {
  Type element = resultType.getElementType();
  auto merge = MergeOp::create(e, resultType, /*intersection=*/UnitAttr(),
                               ValueRange{op.getInit(), sums},
                               /*absent=*/TypedAttr(), op.getStrategyAttr());
  if (Attribute site = op->getAttr("noodle.site"))
    merge->setAttr("noodle.site", site);
  {
    OpBuilder::InsertionGuard guard(e);
    Block *body = e.createBlock(&merge.getBody(), {}, {element, element},
                                {e.getLoc(), e.getLoc()});
    EntryOp::create(e, finishElement(e, e.getLoc(), body->getArgument(1),
                                     body->getArgument(0), Value()));
  }
  Value result = mergeCommon(merge);
  merge.erase();
  return result;
}

Value ContractLowering::run() {
  Value made = sums();
  return op.getInit() && isSparse(resultType) ? addToInit(made) : made;
}

/// The result; where it is sparse, without init.
Value ContractLowering::sums() {
  findExtents();
  // An empty letter leaves nothing to add.
  if (llvm::is_contained(known, 0) && !isSparse(resultType))
    return finish(startingTensor());
  switch (classify(op)) {
  case SparseContraction::Dense:
    return isTiled() ? fused() : dense();
  case SparseContraction::Generic:
    return gathersRows() ? fused() : scattersRows() ? scattered() : generic();
  case SparseContraction::Loops:
    return loops();
  case SparseContraction::Elementwise:
    return elementwise();
  case SparseContraction::Product:
    return product();
  case SparseContraction::Lines:
    return lines();
  case SparseContraction::None:
    break;
  }
  return {};
}

Value noodle::lowerContract(ContractOp op) {
  return ContractLowering(op).run();
}
