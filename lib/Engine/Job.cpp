//===- Job.cpp - one compilation: its context, errors and module ------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Job.h"

#include "noodle/Dialect/Semiring.h"
#include "noodle/Dialect/SparseForms.h"

#include "mlir/Parser/Parser.h"
#include "llvm/Support/SourceMgr.h"

#include <pthread.h>

namespace noodle::engine {

Status runOnLargeStack(llvm::function_ref<Status()> work) {
  // The parser takes about 1 KiB a level of nesting and passes somewhat more;
  // only pages that are touched cost memory.
  constexpr size_t kStackBytes = size_t(64) << 20;
  struct Task {
    llvm::function_ref<Status()> work;
    Status status;
  } task{work, {}};
  auto body = [](void *data) -> void * {
    auto *task = static_cast<Task *>(data);
    task->status = task->work();
    return nullptr;
  };
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  int failed = pthread_attr_setstacksize(&attributes, kStackBytes);
  if (!failed)
    failed = pthread_create(&thread, &attributes, body, &task);
  pthread_attr_destroy(&attributes);
  if (failed)
    return Status::error(Code::OutOfMemory,
                         "no thread could be started to compile on");
  pthread_join(thread, nullptr);
  return std::move(task.status);
}

std::string placeOf(mlir::Location location) {
  mlir::FileLineColLoc found;
  location->walk([&](mlir::Location inner) {
    if ((found = llvm::dyn_cast<mlir::FileLineColLoc>(inner)))
      return mlir::WalkResult::interrupt();
    return mlir::WalkResult::advance();
  });
  if (!found)
    return {};
  // A module without a text of its own begins where its file does.
  if (found.getLine() == 0)
    return found.getFilename().str() + ":1:1";
  return (found.getFilename().getValue() + ":" + llvm::Twine(found.getLine()) +
          ":" + llvm::Twine(found.getColumn()))
      .str();
}

FirstError::FirstError(mlir::MLIRContext &context)
    : handler(&context, [this](mlir::Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() != mlir::DiagnosticSeverity::Error)
          return mlir::success(); // nothing is printed
        if (first)
          return mlir::success();
        std::string message = diagnostic.str();
        std::string place = placeOf(diagnostic.getLocation());
        for (mlir::Diagnostic &note : diagnostic.getNotes()) {
          std::string text = note.str();
          std::string at = placeOf(note.getLocation());
          // The dump of the op is left out: its place says the same.
          if (text.find('\n') != std::string::npos ||
              llvm::StringRef(text).starts_with("see current operation"))
            continue;
          message += " (" + text +
                     (at.empty() || at == place ? "" : " at " + at) + ")";
        }
        constexpr size_t kLongest = 1000;
        if (message.size() > kLongest)
          message.replace(kLongest, std::string::npos, " ..");
        first = Status::error(Code::InvalidProgram, message, place);
        return mlir::success();
      }) {}

Status FirstError::status(Code code, std::string otherwise) const {
  if (!first)
    return Status::error(code, std::move(otherwise));
  Status status = *first;
  status.code = code;
  return status;
}

Job::Job(CompileTools *store)
    : tools(store), context(tools->context), errors(context) {}

Status Job::parse(std::string_view text, std::string_view name) {
  auto sources = std::make_shared<llvm::SourceMgr>();
  sources->AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(
                                  llvm::StringRef(text.data(), text.size()),
                                  llvm::StringRef(name.data(), name.size())),
                              llvm::SMLoc());
  mlir::ParserConfig config(&context);
  module = mlir::parseSourceFile<mlir::ModuleOp>(sources, config);
  if (!module)
    return errors.status(Code::InvalidProgram, "the program does not parse");
  return {};
}

std::optional<TensorType> toTensorType(mlir::Type type) {
  TensorType result;
  auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
  result.element =
      mlir::noodle::runtimeType(tensor ? tensor.getElementType() : type);
  if (!result.element)
    return std::nullopt;
  if (!tensor) {
    result.layout = NOODLE_RT_SCALAR;
    return result;
  }
  if (result.element == NOODLE_RT_INDEX ||
      tensor.getRank() > NOODLE_RT_MAX_RANK)
    return std::nullopt;
  for (int64_t extent : tensor.getShape())
    result.extents.push_back(mlir::ShapedType::isDynamic(extent) ? -1 : extent);
  if (!tensor.getEncoding())
    return result;
  auto format = mlir::noodle::getSparseFormat(tensor);
  if (mlir::failed(format) || *format == mlir::noodle::SparseFormat::Dense)
    return std::nullopt;
  mlir::noodle::RowList list = mlir::noodle::getRowList(tensor);
  result.layout = list == mlir::noodle::RowList::COO           ? NOODLE_RT_COO
                  : list == mlir::noodle::RowList::DCSR        ? NOODLE_RT_DCSR
                  : *format == mlir::noodle::SparseFormat::CSR ? NOODLE_RT_CSR
                                                               : NOODLE_RT_CSC;
  if (auto block = mlir::noodle::getBlockShape(tensor)) {
    result.layout = NOODLE_RT_BSR;
    result.blockRows = uint8_t(block->rows);
    result.blockColumns = uint8_t(block->columns);
  }
  auto encoding = llvm::cast<mlir::sparse_tensor::SparseTensorEncodingAttr>(
      tensor.getEncoding());
  result.positionWidth = encoding.getPosWidth() == 32 ? 4 : 8;
  result.coordinateWidth = encoding.getCrdWidth() == 32 ? 4 : 8;
  return result;
}

} // namespace noodle::engine
