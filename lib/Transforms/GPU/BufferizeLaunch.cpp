//===- BufferizeLaunch.cpp - launches on buffers --------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/Noodle.h"
#include "noodle/Transforms/Bufferization.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/DialectRegistry.h"

using namespace mlir;
using namespace mlir::noodle;
using namespace mlir::bufferization;

namespace {

/// A row-major buffer of the same extents, not filled.
FailureOr<Value> rowMajorLike(RewriterBase &rewriter, Location loc,
                              Value buffer,
                              const BufferizationOptions &options) {
  auto type = cast<MemRefType>(buffer.getType());
  SmallVector<Value> dynamic;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim))
      dynamic.push_back(memref::DimOp::create(rewriter, loc, buffer, dim));
  return options.createAlloc(
      rewriter, loc, MemRefType::get(type.getShape(), type.getElementType()),
      dynamic);
}

bool isRowMajor(Value buffer) {
  return cast<MemRefType>(buffer.getType()).getLayout().isIdentity();
}

/// Inputs are read; `out` is written without being read, and is the result.
struct LaunchBufferization
    : BufferizableOpInterface::ExternalModel<LaunchBufferization, LaunchOp> {
  static bool isOut(Operation *op, OpOperand &operand) {
    return &operand == &cast<LaunchOp>(op).getOutMutable();
  }

  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &) const {
    return !isOut(op, operand);
  }

  bool bufferizesToMemoryWrite(Operation *op, OpOperand &operand,
                               const AnalysisState &) const {
    return isOut(op, operand);
  }

  AliasingValueList getAliasingValues(Operation *op, OpOperand &operand,
                                      const AnalysisState &) const {
    if (!isOut(op, operand))
      return {};
    return {{cast<LaunchOp>(op)->getResult(1), BufferRelation::Equivalent}};
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto launch = cast<LaunchOp>(op);
    if (!launch.getResult()) {
      // Inputs that are tensors beside an out that is a buffer.
      return op->emitOpError("writes to a buffer before bufferization");
    }
    Location loc = op->getLoc();
    SmallVector<Value> inputs;
    for (Value input : launch.getInputs()) {
      if (isa<RankedTensorType>(input.getType())) {
        FailureOr<Value> buffer = getBuffer(rewriter, input, options, state);
        if (failed(buffer))
          return failure();
        input = *buffer;
      }
      // Kernels see their buffers as one row-major run.
      if (!isRowMajor(input)) {
        FailureOr<Value> copy = rowMajorLike(rewriter, loc, input, options);
        if (failed(copy) ||
            failed(options.createMemCpy(rewriter, loc, input, *copy)))
          return failure();
        input = *copy;
      }
      inputs.push_back(input);
    }
    FailureOr<Value> place =
        getBuffer(rewriter, launch.getOut(), options, state);
    if (failed(place))
      return failure();
    Value out = *place;
    if (!isRowMajor(out)) {
      FailureOr<Value> apart = rowMajorLike(rewriter, loc, out, options);
      if (failed(apart))
        return failure();
      out = *apart;
    }
    auto onBuffers = LaunchOp::create(
        rewriter, loc, rewriter.getI1Type(), /*result=*/Type(),
        launch.getKernelAttr(), launch.getGridX(), launch.getGridY(),
        launch.getGridZ(), inputs, out, launch.getScalars(),
        launch.getSiteAttr(), launch.getSplitAttr());
    onBuffers->setDiscardableAttrs(launch->getDiscardableAttrDictionary());
    if (out != *place) {
      auto ran = scf::IfOp::create(rewriter, loc, onBuffers.getRan());
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPoint(ran.thenYield());
      if (failed(options.createMemCpy(rewriter, loc, out, *place)))
        return failure();
    }
    replaceOpWithBufferizedValues(rewriter, op, {onBuffers.getRan(), *place});
    return success();
  }
};

} // namespace

void noodle::registerLaunchBufferization(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, NoodleDialect *) {
    LaunchOp::attachInterface<LaunchBufferization>(*context);
  });
}
