//===- Reference.cpp - the interpreter behind the ABI -----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Reference.h"

#include "Job.h"
#include "Machine.h"

#include "noodle-rt/ir.h"
#include "noodle/Algebra/Category.h"
#include "noodle/Algebra/SparseForms.h"
#include "noodle/Reference/Interpreter.h"

namespace noodle::engine {

namespace reference = mlir::noodle::reference;

struct ReferenceModule::Parsed {
  Job job;
  Status status;
};

ReferenceModule::ReferenceModule(std::string_view text, std::string name)
    : text(text), name(std::move(name)) {}
ReferenceModule::~ReferenceModule() = default;

namespace {

noodle_rt_status fail(noodle_rt_context *context, noodle_rt_status status,
                      const std::string &message) {
  return noodle_ir_fail(context, status, message.data(),
                        int64_t(message.size()));
}

/// Writes one element of `type` to `at`.
void storeScalar(const reference::Scalar &value, noodle_rt_type type,
                 void *at) {
  reference::Tensor one;
  one.type = type;
  one.values.resize(size_t(noodle_rt_element_bytes(type)));
  one.set(0, value);
  std::memcpy(at, one.values.data(), one.values.size());
}

/// A block of the call with `bytes`; null when the budget refuses.
void *copyIn(noodle_rt_context *context, const void *from, size_t bytes) {
  void *block = noodle_ir_alloc(context, int64_t(bytes));
  if (block && bytes)
    std::memcpy(block, from, bytes);
  return block;
}

void *copyIndices(noodle_rt_context *context, const std::vector<int64_t> &from,
                  uint8_t width) {
  if (width == 8)
    return copyIn(context, from.data(), from.size() * 8);
  std::vector<int32_t> narrow(from.begin(), from.end());
  return copyIn(context, narrow.data(), narrow.size() * 4);
}

noodle_rt_status toRuntime(noodle_rt_context *context,
                           const reference::Value &value,
                           const TensorType &type, noodle_rt_tensor &slot) {
  slot.layout = type.listsRows() ? NOODLE_RT_CSR : type.layout;
  slot.type = type.element;
  slot.rank = uint8_t(type.extents.size());
  slot.position_width = type.positionWidth;
  slot.coordinate_width = type.coordinateWidth;
  slot.block_rows = type.blockRows;
  slot.block_columns = type.blockColumns;
  slot.stored = 0;
  if (type.layout == NOODLE_RT_SCALAR) {
    const auto *scalar = std::get_if<reference::Scalar>(&value);
    if (!scalar)
      return fail(context, NOODLE_RT_INTERNAL,
                  "the interpreter returned a tensor for a scalar");
    if (!slot.values && !(slot.values = noodle_ir_alloc(context, 16)))
      return NOODLE_RT_OUT_OF_MEMORY;
    storeScalar(*scalar, type.element, slot.values);
    return NOODLE_RT_OK;
  }
  const auto *tensor = std::get_if<reference::Tensor>(&value);
  if (!tensor || tensor->extents.size() != type.extents.size() ||
      tensor->type != type.element)
    return fail(context, NOODLE_RT_INTERNAL,
                "the interpreter returned another type than it should");
  int64_t stride = 1;
  for (size_t k = type.extents.size(); k-- > 0;) {
    slot.extents[k] = tensor->extents[k];
    slot.strides[k] = stride;
    stride *= tensor->extents[k];
  }
  slot.values = copyIn(context, tensor->values.data(), tensor->values.size());
  if (!slot.values)
    return NOODLE_RT_OUT_OF_MEMORY;
  slot.positions = slot.coordinates = nullptr;
  if (!type.sparse())
    return NOODLE_RT_OK;
  slot.stored = int64_t(tensor->coordinates.size());
  if (type.layout == NOODLE_RT_BSR) {
    slot.stored *= type.blockRows * type.blockColumns;
    slot.extents[0] *= type.blockRows;
    slot.extents[1] *= type.blockColumns;
  }
  slot.positions = copyIndices(context, tensor->positions, type.positionWidth);
  slot.coordinates =
      copyIndices(context, tensor->coordinates, type.coordinateWidth);
  return slot.positions && slot.coordinates ? NOODLE_RT_OK
                                            : NOODLE_RT_OUT_OF_MEMORY;
}

} // namespace

noodle_rt_status
ReferenceModule::run(std::string_view function, noodle_rt_context *context,
                     const noodle_rt_tensor *arguments, int64_t argumentCount,
                     noodle_rt_tensor *results, int64_t resultCount,
                     int64_t memoryLimit) {
  std::call_once(once, [&] {
    parsed = std::make_unique<Parsed>();
    parsed->status = runOnLargeStack([&]() -> Status {
      if (Status status = parsed->job.parse(text, name); !status.ok())
        return status;
      if (mlir::failed(mlir::noodle::inlineDiagrams(*parsed->job.module)))
        return parsed->job.errors.status(Code::InvalidProgram,
                                         "a diagram cannot be inlined");
      // Results of BSR need their blocks, which the interpreter does not see.
      for (auto function : parsed->job.module->getOps<mlir::func::FuncOp>())
        if (!function->hasAttr("noodle.signature"))
          function->setAttr("noodle.signature",
                            mlir::TypeAttr::get(function.getFunctionType()));
      if (mlir::failed(mlir::noodle::compressForms(*parsed->job.module)))
        return parsed->job.errors.status(Code::InvalidProgram,
                                         "a sparse vector is in no such op");
      return {};
    });
  });
  if (!parsed->status.ok())
    return fail(context, NOODLE_RT_HOST_CALL_FAILED,
                "the interpreter cannot read its program: " +
                    parsed->status.str());
  auto callee = parsed->job.module->lookupSymbol<mlir::func::FuncOp>(
      llvm::StringRef(function.data(), function.size()));
  if (!callee || int64_t(callee.getNumArguments()) != argumentCount ||
      int64_t(callee.getNumResults()) != resultCount)
    return fail(context, NOODLE_RT_HOST_CALL_FAILED,
                "the interpreter has no function @" + std::string(function) +
                    " with these parameters");

  std::vector<reference::Value> values, outcomes;
  for (int64_t k = 0; k < argumentCount; ++k)
    values.push_back(reference::fromRuntime(arguments[k]));
  reference::Options options;
  // The interpreter's tensors are ordinary containers: what the machine cannot
  // hold has to be refused before it is asked for.
  options.memoryLimit = memoryLimit > 0 ? memoryLimit : machineMemory();
  const auto *head = reinterpret_cast<noodle_rt_context_head *>(context);
  options.poll = [head] { return noodle_rt_status(head->stop); };
  reference::Outcome outcome =
      reference::interpret(callee, std::move(values), outcomes, options);
  if (!outcome.ok())
    return fail(context, outcome.status, outcome.message);
  for (int64_t k = 0; k < resultCount; ++k) {
    auto type = toTensorType(callee.getResultTypes()[k]);
    if (auto attr = callee->getAttrOfType<mlir::TypeAttr>("noodle.signature"))
      if (auto signature = mlir::dyn_cast<mlir::FunctionType>(attr.getValue()))
        if (auto given = toTensorType(signature.getResult(unsigned(k)));
            given && given->layout == NOODLE_RT_BSR)
          type = given;
    if (!type)
      return fail(context, NOODLE_RT_INTERNAL,
                  "a result of the interpreter has a type of no layout");
    if (auto status = toRuntime(context, outcomes[k], *type, results[k]))
      return status;
  }
  return NOODLE_RT_OK;
}

} // namespace noodle::engine
