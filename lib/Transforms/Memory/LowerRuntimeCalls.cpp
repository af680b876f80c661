//===- LowerRuntimeCalls.cpp - context, status and runtime calls ----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every function gets the call's context as first argument and a status as
// first result. What may fail branches to one block per function that returns
// the status; the engine then frees the call's memory as a whole.
//
//===----------------------------------------------------------------------===//
#include "BodyLowering.h"

#include "noodle/Transforms/Passes.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLELOWERRUNTIMECALLSPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

namespace {

/// `file:line:col: `, or nothing where the location names no file.
std::string placeOf(Location location) {
  std::string place;
  location->walk([&](Location inner) {
    auto file = dyn_cast<FileLineColLoc>(inner);
    if (!file)
      return WalkResult::advance();
    place = (file.getFilename().getValue() + ":" + Twine(file.getLine()) + ":" +
             Twine(file.getColumn()) + ": ")
                .str();
    return WalkResult::interrupt();
  });
  return place;
}

} // namespace

Block *BodyLowering::failureBlock(ImplicitLocOpBuilder &b) {
  if (failure)
    return failure;
  OpBuilder::InsertionGuard guard(b);
  failure = b.createBlock(&function.getBody(), function.getBody().end(),
                          b.getI32Type(), b.getLoc());
  SmallVector<Value> results = {failure->getArgument(0)};
  for (Type type : function.getResultTypes().drop_front()) {
    Value none = LLVM::PoisonOp::create(b, converter.convertType(type));
    results.push_back(SlotBuilder(b, converter).raised(type, none));
  }
  func::ReturnOp::create(b, results);
  return failure;
}

void BodyLowering::failUnless(ImplicitLocOpBuilder &b, Value good,
                              Value status) {
  Block *block = b.getInsertionBlock();
  Block *rest = block->splitBlock(b.getInsertionPoint());
  b.setInsertionPointToEnd(block);
  cf::CondBranchOp::create(b, good, rest, ValueRange(), failureBlock(b),
                           ValueRange(status));
  b.setInsertionPointToStart(rest);
}

void BodyLowering::failUnlessOk(ImplicitLocOpBuilder &b, Value status) {
  Value good =
      LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::eq, status, i32(b, 0));
  failUnless(b, good, status);
}

Value BodyLowering::entryAlloca(Location loc, Type type, int64_t count) {
  ImplicitLocOpBuilder b(loc, function.getContext());
  b.setInsertionPointToStart(&function.getBody().front());
  Value size =
      LLVM::ConstantOp::create(b, b.getI64Type(), b.getI64IntegerAttr(count));
  return LLVM::AllocaOp::create(b, LLVM::LLVMPointerType::get(b.getContext()),
                                type, size);
}

LogicalResult BodyLowering::lower(memref::AllocOp op) {
  MemRefType type = op.getType();
  if (!type.getLayout().isIdentity())
    return op.emitError("cannot allocate a buffer of type ")
           << type << ": its layout is not row-major";
  if (op.getAlignment().value_or(0) > NOODLE_RT_ALIGNMENT)
    return op.emitError("cannot align a buffer to more than ")
           << NOODLE_RT_ALIGNMENT << " bytes";
  ImplicitLocOpBuilder b(op.getLoc(), op);
  SlotBuilder slots(b, converter);
  Type element = converter.convertType(type.getElementType());
  int64_t bytes = DataLayout::closest(op).getTypeSize(element);

  // The product of the extents, and whether it overflowed. A size of -1 is
  // refused by the runtime, which records the failure.
  bool overflow = false;
  auto times = [&](int64_t factor) {
    overflow |= __builtin_mul_overflow(bytes, factor, &bytes);
  };
  for (int64_t extent : type.getShape())
    if (!ShapedType::isDynamic(extent))
      times(extent);
  Value size = slots.i64(overflow ? -1 : bytes), wrapped;
  SmallVector<Value> extents(type.getRank());
  auto dynamic = op.getDynamicSizes().begin();
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    if (!type.isDynamicDim(dim))
      continue;
    extents[dim] = slots.lowered(*dynamic++);
    auto pair = LLVM::LLVMStructType::getLiteral(
        b.getContext(), {b.getI64Type(), b.getI1Type()});
    Value product =
        LLVM::UMulWithOverflowOp::create(b, pair, size, extents[dim]);
    size = LLVM::ExtractValueOp::create(b, product, 0);
    Value now = LLVM::ExtractValueOp::create(b, product, 1);
    wrapped = wrapped ? LLVM::OrOp::create(b, wrapped, now).getResult() : now;
  }
  if (wrapped)
    size = LLVM::SelectOp::create(b, wrapped, slots.i64(-1), size);
  if (auto site = op->getAttrOfType<IntegerAttr>("noodle.optional")) {
    // The program asks itself whether it was granted.
    Value memory = LLVM::CallOp::create(
                       b, runtime.get("noodle_ir_try_alloc"),
                       ValueRange{context, size, slots.i64(site.getInt())})
                       .getResult();
    op.replaceAllUsesWith(slots.memref(type, memory, extents));
    op.erase();
    return success();
  }
  SmallVector<Value> wanted = {context, size};
  auto result = results.find(op);
  if (result != results.end())
    wanted.push_back(slots.i64(result->second));
  Value memory = LLVM::CallOp::create(b,
                                      runtime.get(result == results.end()
                                                      ? "noodle_ir_alloc"
                                                      : "noodle_ir_result"),
                                      wanted)
                     .getResult();
  Value null = LLVM::ZeroOp::create(b, memory.getType());
  Value good = LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::ne, memory, null);
  failUnless(b, good, i32(b, NOODLE_RT_OUT_OF_MEMORY));
  op.replaceAllUsesWith(slots.memref(type, memory, extents));
  op.erase();
  return success();
}

void BodyLowering::lower(memref::DeallocOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  Value form = SlotBuilder(b, converter).lowered(op.getMemref());
  Value block = MemRefDescriptor(form).allocatedPtr(b, op.getLoc());
  LLVM::CallOp::create(b, runtime.get("noodle_ir_free"),
                       ValueRange{context, block});
  op.erase();
}

void BodyLowering::lower(CheckOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  // The failing path is a block of its own, out of the way.
  Block *block = b.getInsertionBlock();
  Block *rest = block->splitBlock(b.getInsertionPoint());
  std::string message = placeOf(op.getLoc()) + op.getMessage().str();
  OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
  std::string name;
  unsigned number = 0;
  do
    name = "noodle.message." + std::to_string(number++);
  while (module.lookupSymbol(name));
  auto text = LLVM::GlobalOp::create(
      top, op.getLoc(),
      LLVM::LLVMArrayType::get(top.getI8Type(), message.size()),
      /*isConstant=*/true, LLVM::Linkage::Internal, name,
      top.getStringAttr(message));
  Block *bad = b.createBlock(&function.getBody(), function.getBody().end());
  Value address = LLVM::AddressOfOp::create(b, text);
  Value length = LLVM::ConstantOp::create(b, b.getI64Type(),
                                          b.getI64IntegerAttr(message.size()));
  SmallVector<Value> arguments = {context, i32(b, op.getStatus()), address,
                                  length};
  StringRef callee = "noodle_ir_fail";
  if (int64_t count = op.getValues().size()) {
    SlotBuilder slots(b, converter);
    callee = "noodle_ir_fail_at";
    arguments.push_back(entryAlloca(op.getLoc(), b.getI64Type(), count));
    arguments.push_back(slots.i64(count));
    for (auto [k, value] : llvm::enumerate(op.getValues()))
      slots.store(slots.lowered(value), arguments[4], 8 * k);
  }
  Value status =
      LLVM::CallOp::create(b, runtime.get(callee), arguments).getResult();
  cf::BranchOp::create(b, failureBlock(b), status);
  b.setInsertionPointToEnd(block);
  cf::CondBranchOp::create(b, op.getCondition(), rest, bad);
  op.erase();
}

void BodyLowering::lower(PollOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  Value stop = LLVM::LoadOp::create(b, b.getI32Type(), context,
                                    /*alignment=*/4, /*isVolatile=*/true);
  failUnlessOk(b, stop);
  op.erase();
}

void BodyLowering::lower(MarkOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  SlotBuilder slots(b, converter);
  int64_t count = op.getSizes().size();
  Value sizes;
  if (count) {
    sizes = entryAlloca(op.getLoc(), b.getI64Type(), count);
    for (auto [k, size] : llvm::enumerate(op.getSizes()))
      slots.store(slots.lowered(size), sizes, 8 * k);
  } else {
    sizes = LLVM::ZeroOp::create(b, LLVM::LLVMPointerType::get(b.getContext()));
  }
  LLVM::CallOp::create(b, runtime.get("noodle_ir_mark"),
                       ValueRange{context, slots.i64(op.getSite()),
                                  slots.i64(op.getEnd()), sizes,
                                  slots.i64(count)});
  op.erase();
}

void BodyLowering::lower(func::CallOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  SmallVector<Value> operands = {context};
  llvm::append_range(operands, op.getOperands());
  if (op.getCalleeAttr().getAttr() == parallelFor) {
    Value status =
        LLVM::CallOp::create(b, runtime.get("noodle_ir_parallel_for"), operands)
            .getResult();
    failUnlessOk(b, status);
    op.erase();
    return;
  }
  SmallVector<Type> results = {b.getI32Type()};
  llvm::append_range(results, op.getResultTypes());
  auto call = func::CallOp::create(b, op.getCallee(), results, operands);
  failUnlessOk(b, call.getResult(0));
  op.replaceAllUsesWith(call.getResults().drop_front());
  op.erase();
}

LogicalResult BodyLowering::run() {
  Block &entry = function.getBody().front();
  context = entry.getArgument(0);
  SmallVector<Operation *> work;
  function.walk([&](Operation *op) {
    if (isa<memref::AllocOp, memref::DeallocOp, CheckOp, PollOp, MarkOp,
            func::CallOp, func::ReturnOp, LaunchOp, HostAccessOp, BlasProductOp,
            TransposeStorageOp, CopyRunOp, ClearRunOp>(op))
      work.push_back(op);
  });
  for (Operation *op : work) {
    if (auto alloc = dyn_cast<memref::AllocOp>(op)) {
      if (failed(lower(alloc)))
        return mlir::failure();
    } else if (auto dealloc = dyn_cast<memref::DeallocOp>(op)) {
      lower(dealloc);
    } else if (auto check = dyn_cast<CheckOp>(op)) {
      lower(check);
    } else if (auto poll = dyn_cast<PollOp>(op)) {
      lower(poll);
    } else if (auto mark = dyn_cast<MarkOp>(op)) {
      lower(mark);
    } else if (auto call = dyn_cast<func::CallOp>(op)) {
      lower(call);
    } else if (auto launch = dyn_cast<LaunchOp>(op)) {
      if (failed(lower(launch)))
        return mlir::failure();
    } else if (auto access = dyn_cast<HostAccessOp>(op)) {
      lower(access);
    } else if (auto sort = dyn_cast<TransposeStorageOp>(op)) {
      lower(sort);
    } else if (auto copy = dyn_cast<CopyRunOp>(op)) {
      lower(copy);
    } else if (auto clear = dyn_cast<ClearRunOp>(op)) {
      lower(clear);
    } else if (auto product = dyn_cast<BlasProductOp>(op)) {
      if (failed(lower(product)))
        return mlir::failure();
    } else if (!function->hasAttr(kParallelBodyAttr)) {
      ImplicitLocOpBuilder b(op->getLoc(), op);
      op->insertOperands(0, i32(b, NOODLE_RT_OK));
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// A body that packs arguments, calls the interpreter and unpacks its results.
static LogicalResult buildReferenceBody(func::FuncOp function,
                                        FunctionType signature, int64_t site,
                                        RuntimeFunctions &runtime,
                                        const LLVMTypeConverter &converter) {
  ArrayRef<Type> inputs = function.getArgumentTypes().drop_front();
  ArrayRef<Type> outputs = function.getResultTypes().drop_front();
  auto arguments = matchSlots(function, signature.getInputs(), inputs);
  auto results = matchSlots(function, signature.getResults(), outputs);
  if (failed(arguments) || failed(results))
    return failure();
  Block *entry = function.addEntryBlock();
  ImplicitLocOpBuilder b(function.getLoc(), function.getContext());
  b.setInsertionPointToStart(entry);
  SlotBuilder slots(b, converter);
  Type ptr = LLVM::LLVMPointerType::get(b.getContext());
  auto space = [&](size_t count) -> Value {
    // 8-byte elements keep the slots aligned.
    return LLVM::AllocaOp::create(
        b, ptr, b.getI64Type(),
        slots.i64(std::max<size_t>(count, 1) * sizeof(noodle_rt_tensor) / 8));
  };
  Value in = space(arguments->size()), out = space(results->size());
  // 16 bytes each, for complex<f64>.
  Value scalars =
      LLVM::AllocaOp::create(b, ptr, b.getI64Type(),
                             slots.i64(2 * std::max<size_t>(inputs.size(), 1)));
  ValueRange values = entry->getArguments().drop_front();
  for (auto [k, slot] : llvm::enumerate(*arguments))
    slots.write(in, k, slot, values, slots.offset(scalars, 16 * k));
  Value status =
      LLVM::CallOp::create(b, runtime.get("noodle_ir_reference_call"),
                           ValueRange{entry->getArgument(0), slots.i64(site),
                                      in, slots.i64(arguments->size()), out,
                                      slots.i64(results->size())})
          .getResult();
  Value zero = LLVM::ConstantOp::create(b, b.getI32Type(),
                                        b.getI32IntegerAttr(NOODLE_RT_OK));
  Value good = LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::eq, status, zero);
  Block *done = b.createBlock(&function.getBody(), function.getBody().end());
  SmallVector<Value> returned = {zero};
  for (auto [k, slot] : llvm::enumerate(*results)) {
    if (!isa<RankedTensorType>(slot.type))
      return function.emitError("a reference site cannot return a scalar");
    slots.read(out, k, slot, outputs, returned);
  }
  func::ReturnOp::create(b, returned);
  Block *bad = b.createBlock(&function.getBody(), function.getBody().end());
  returned = {status};
  for (Type type : outputs)
    returned.push_back(slots.raised(
        type, LLVM::PoisonOp::create(b, converter.convertType(type))));
  func::ReturnOp::create(b, returned);
  b.setInsertionPointToEnd(entry);
  cf::CondBranchOp::create(b, good, done, bad);
  return success();
}

/// The function of type noodle_rt_entry that hosts call.
static LogicalResult buildEntry(func::FuncOp callee, StringRef name,
                                FunctionType signature,
                                const LLVMTypeConverter &converter) {
  ArrayRef<Type> inputs = callee.getArgumentTypes().drop_front();
  ArrayRef<Type> outputs = callee.getResultTypes().drop_front();
  auto arguments = matchSlots(callee, signature.getInputs(), inputs);
  auto results = matchSlots(callee, signature.getResults(), outputs);
  if (failed(arguments) || failed(results))
    return failure();
  ImplicitLocOpBuilder b(callee.getLoc(), callee.getContext());
  b.setInsertionPointAfter(callee);
  Type ptr = LLVM::LLVMPointerType::get(b.getContext());
  auto entry =
      func::FuncOp::create(b, (kEntryPrefix + name).str(),
                           b.getFunctionType({ptr, ptr, ptr}, b.getI32Type()));
  Block *block = entry.addEntryBlock();
  b.setInsertionPointToStart(block);
  SlotBuilder slots(b, converter);
  SmallVector<Value> operands = {block->getArgument(0)};
  for (auto [k, slot] : llvm::enumerate(*arguments))
    slots.read(block->getArgument(1), k, slot, inputs, operands);
  auto call = func::CallOp::create(b, callee, operands);
  Value status = call.getResult(0);
  Value zero = LLVM::ConstantOp::create(b, b.getI32Type(),
                                        b.getI32IntegerAttr(NOODLE_RT_OK));
  Value good = LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::eq, status, zero);
  Block *done = b.createBlock(&entry.getBody(), entry.getBody().end());
  for (auto [k, slot] : llvm::enumerate(*results))
    slots.write(block->getArgument(2), k, slot, call.getResults().drop_front());
  func::ReturnOp::create(b, zero);
  Block *bad = b.createBlock(&entry.getBody(), entry.getBody().end());
  func::ReturnOp::create(b, status);
  b.setInsertionPointToEnd(block);
  cf::CondBranchOp::create(b, good, done, bad);
  return success();
}

namespace {

struct LowerRuntimeCalls
    : noodle::impl::NoodleLowerRuntimeCallsPassBase<LowerRuntimeCalls> {
  using NoodleLowerRuntimeCallsPassBase::NoodleLowerRuntimeCallsPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    LLVMTypeConverter converter(&getContext());
    RuntimeFunctions runtime(module);
    SmallVector<func::FuncOp> functions;
    StringAttr parallelFor;
    for (auto function :
         llvm::make_early_inc_range(module.getOps<func::FuncOp>())) {
      if (function->hasAttr(kParallelForAttr)) {
        parallelFor = function.getNameAttr();
        function.erase();
      } else {
        functions.push_back(function);
      }
    }
    if (failed(rename(module, functions)))
      return signalPassFailure();
    for (func::FuncOp function : functions)
      if (failed(findResults(function)))
        return signalPassFailure();
    Builder builder(&getContext());
    Type ptr = LLVM::LLVMPointerType::get(&getContext());
    for (func::FuncOp function : functions) {
      // A body of a parallel loop has this form already.
      if (function->hasAttr(kParallelBodyAttr))
        continue;
      if (failed(function.insertArgument(0, ptr, DictionaryAttr(),
                                         function.getLoc())) ||
          failed(
              function.insertResult(0, builder.getI32Type(), DictionaryAttr())))
        return signalPassFailure();
    }
    for (func::FuncOp function : functions)
      if (failed(lower(function, parallelFor, runtime, converter)))
        return signalPassFailure();
    auto internal =
        LLVM::LinkageAttr::get(&getContext(), LLVM::Linkage::Internal);
    for (func::FuncOp function : functions) {
      StringRef name = function.getName();
      name.consume_front(kFunctionPrefix);
      if (function.isPublic() &&
          failed(buildEntry(function, name, signatureOf(function), converter)))
        return signalPassFailure();
      function.setPrivate();
      function->removeAttr(kSignatureAttr);
      function->removeAttr(kParallelBodyAttr);
      for (unsigned k = 0; k < function.getNumArguments(); ++k)
        function.setArgAttrs(k, ArrayRef<NamedAttribute>());
      for (unsigned k = 0; k < function.getNumResults(); ++k)
        function.setResultAttrs(k, ArrayRef<NamedAttribute>());
      function->setAttr("llvm.linkage", internal);
    }
  }

  LogicalResult lower(func::FuncOp function, StringAttr parallelFor,
                      RuntimeFunctions &runtime,
                      const LLVMTypeConverter &converter) {
    if (!function.isDeclaration())
      return BodyLowering(function, parallelFor, resultBuffers, runtime,
                          converter)
          .run();
    auto site = function->getAttrOfType<IntegerAttr>(kReferenceSiteAttr);
    auto signature = function->getAttrOfType<TypeAttr>(kSignatureAttr);
    if (!site || !signature)
      return function.emitError("function has no body: kernels call nothing "
                                "but functions of their own module");
    function->removeAttr(kReferenceSiteAttr);
    return buildReferenceBody(function,
                              cast<FunctionType>(signature.getValue()),
                              site.getInt(), runtime, converter);
  }

  FunctionType signatureOf(func::FuncOp function) {
    auto signature = function->getAttrOfType<TypeAttr>(kSignatureAttr);
    return signature ? cast<FunctionType>(signature.getValue())
                     : sourceTypes.lookup(function);
  }

  /// The dense results that an entry allocates and returns as they are: the
  /// host may have memory for them. Only where the allocation runs once, in the
  /// first block of a function that nothing else calls.
  LogicalResult findResults(func::FuncOp function) {
    if (!function.isPublic() || function.isDeclaration() ||
        !SymbolTable::symbolKnownUseEmpty(function, getOperation()))
      return success();
    func::ReturnOp only;
    for (Block &block : function.getBody())
      if (auto op = dyn_cast<func::ReturnOp>(block.getTerminator())) {
        if (only)
          return success();
        only = op;
      }
    if (!only)
      return success();
    auto owned = [&](Value value) {
      auto alloc = value.getDefiningOp<memref::AllocOp>();
      return alloc && alloc->getBlock() == &function.getBody().front() &&
             alloc.getType().getLayout().isIdentity();
    };
    if (llvm::none_of(only.getOperands(), owned))
      return success();
    auto slots = matchSlots(function, signatureOf(function).getResults(),
                            function.getResultTypes());
    if (failed(slots))
      return failure();
    for (auto [k, slot] : llvm::enumerate(*slots))
      if (slot.count == 1 && owned(only.getOperand(slot.first)))
        resultBuffers.try_emplace(only.getOperand(slot.first).getDefiningOp(),
                                  k);
    return success();
  }

  /// Puts functions where no name of the C library or the runtime can be.
  LogicalResult rename(ModuleOp module, ArrayRef<func::FuncOp> functions) {
    SymbolTable table(module);
    // Longer names first: what a name becomes may be another function's name,
    // which is then longer and has moved on.
    SmallVector<func::FuncOp> ordered(functions);
    llvm::sort(ordered, [](func::FuncOp a, func::FuncOp b) {
      return std::pair(a.getName().size(), a.getName()) >
             std::pair(b.getName().size(), b.getName());
    });
    for (func::FuncOp function : ordered) {
      // Where no signature was recorded the type says it all but for memrefs.
      if (!function->hasAttr(kSignatureAttr)) {
        auto tensor = [](Type type) -> Type {
          if (auto memref = dyn_cast<MemRefType>(type))
            return RankedTensorType::get(memref.getShape(),
                                         memref.getElementType());
          return type;
        };
        SmallVector<Type> inputs, results;
        for (Type type : function.getArgumentTypes())
          inputs.push_back(tensor(type));
        for (Type type : function.getResultTypes())
          results.push_back(tensor(type));
        sourceTypes[function] =
            FunctionType::get(&getContext(), inputs, results);
      }
      auto name =
          StringAttr::get(&getContext(), kFunctionPrefix + function.getName());
      if (failed(table.rename(function, name)))
        return function.emitError("cannot rename to '") << name << "'";
    }
    return success();
  }

  DenseMap<Operation *, FunctionType> sourceTypes;
  DenseMap<Operation *, int64_t> resultBuffers;
};

} // namespace
