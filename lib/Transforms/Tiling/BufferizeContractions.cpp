//===- BufferizeContractions.cpp - fused contractions on buffers ----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/Noodle.h"
#include "noodle/Transforms/Bufferization.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/DialectRegistry.h"

using namespace mlir;
using namespace mlir::noodle;
using namespace mlir::bufferization;

namespace {

/// Inputs are read; out is written, read where sums start from it, and is the
/// result. Out may share memory with no input: it holds partial sums.
struct ContractionBufferization
    : BufferizableOpInterface::ExternalModel<ContractionBufferization,
                                             FusedContractOp> {
  static bool isOut(Operation *op, OpOperand &operand) {
    return &operand == &cast<FusedContractOp>(op).getOutMutable();
  }

  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &) const {
    return !isOut(op, operand) || cast<FusedContractOp>(op).getAccumulate();
  }

  bool bufferizesToMemoryWrite(Operation *op, OpOperand &operand,
                               const AnalysisState &) const {
    return isOut(op, operand);
  }

  AliasingValueList getAliasingValues(Operation *op, OpOperand &operand,
                                      const AnalysisState &) const {
    if (!isOut(op, operand))
      return {};
    return {{op->getResult(0), BufferRelation::Equivalent}};
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      if (isa<RankedTensorType>(operand.getType())) {
        FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
        if (failed(buffer))
          return failure();
        operand = *buffer;
      }
      operands.push_back(operand);
    }
    OperationState parts(op->getLoc(), op->getName(), operands, TypeRange(),
                         op->getAttrs());
    parts.propertiesAttr = op->getPropertiesAsAttribute();
    for (Region &region : op->getRegions())
      parts.addRegion()->takeBody(region);
    Value out = operands.back();
    rewriter.create(parts);
    replaceOpWithBufferizedValues(rewriter, op, out);
    return success();
  }
};

/// Deallocation asks every op what memory it touches. CPU instructions that
/// register tiles call by name touch none.
struct InstructionEffects
    : MemoryEffectOpInterface::ExternalModel<InstructionEffects,
                                             LLVM::CallIntrinsicOp> {
  void
  getEffects(Operation *op,
             SmallVectorImpl<MemoryEffects::EffectInstance> &effects) const {
    if (cast<LLVM::CallIntrinsicOp>(op).getIntrin().starts_with("llvm.x86."))
      return;
    effects.emplace_back(MemoryEffects::Read::get());
    effects.emplace_back(MemoryEffects::Write::get());
  }
};

} // namespace

void noodle::registerContractionBufferization(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, LLVM::LLVMDialect *) {
    LLVM::CallIntrinsicOp::attachInterface<InstructionEffects>(*context);
  });
  registry.addExtension(+[](MLIRContext *context, NoodleDialect *) {
    FusedContractOp::attachInterface<ContractionBufferization>(*context);
  });
}
