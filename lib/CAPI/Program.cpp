//===- Program.cpp - the C API's programs and calls -----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Handles.h"

using namespace noodle;
using namespace noodle::capi;

//===----------------------------------------------------------------------===//
// Compiling and asking
//===----------------------------------------------------------------------===//

noodle_status *noodle_program_compile(noodle_engine *engine, const char *text,
                                      size_t length,
                                      const noodle_compile_options *given,
                                      noodle_program **program) {
  return guarded([&]() -> noodle_status * {
    if (!engine || !text || !program)
      return nullArgument(!engine ? "engine" : !text ? "text" : "program");
    noodle_compile_options host;
    if (noodle_status *status =
            readOptions(given, "noodle_compile_options", host))
      return status;
    engine::CompileOptions options;
    if (host.entry)
      options.entry = host.entry;
    if (host.name)
      options.name = host.name;
    if (host.strategy)
      options.strategy = host.strategy;
    if (host.fp)
      options.fp = host.fp;
    if (host.cpu)
      options.cpu = host.cpu;
    options.target = host.target ? host.target : engine->state->target;
    if (host.chip)
      options.chip = host.chip;
    if (host.plan_memory < 0)
      return failure(NOODLE_INVALID_ARGUMENT, "plan_memory is negative");
    options.memoryLimit = host.plan_memory;
    if (host.strassen_from < 0)
      return failure(NOODLE_INVALID_ARGUMENT, "strassen_from is negative");
    options.strassenFrom = host.strassen_from;
    options.strict = host.strict;
    options.profile = host.profile;
    options.optLevel = std::max(0, options.optLevel - host.optimise_less);
    options.tier = host.tier            ? host.tier
                   : host.optimise_less ? "optimised"
                                        : "auto";
    auto made = std::make_unique<noodle_program>();
    made->state = engine->state;
    if (noodle_status *status = toC(engine::Program::compile(
            engine->state->engine, std::string_view(text, length), options,
            made->program, host.isolate)))
      return status;
    *program = made.release();
    return nullptr;
  });
}

void noodle_program_release(noodle_program *program) { delete program; }

size_t noodle_program_parameter_count(const noodle_program *program) {
  return program ? program->program->signature().parameters.size() : 0;
}
size_t noodle_program_result_count(const noodle_program *program) {
  return program ? program->program->signature().results.size() : 0;
}

static noodle_status *describe(const std::vector<engine::TensorType> &types,
                               const char *what, size_t index,
                               noodle_type *out) {
  if (!out)
    return nullArgument("type");
  if (index >= types.size())
    return failure(NOODLE_INVALID_ARGUMENT, "there is no " + std::string(what) +
                                                " " + std::to_string(index) +
                                                " among " +
                                                std::to_string(types.size()));
  noodle_type full;
  if (noodle_status *status = readOptions(out, "noodle_type", full))
    return status;
  const engine::TensorType &type = types[index];
  size_t size = out->struct_size;
  full = noodle_type{};
  full.struct_size = size;
  full.layout = type.layout;
  full.element = type.element;
  full.rank = uint8_t(type.extents.size());
  full.position_width = type.positionWidth;
  full.coordinate_width = type.coordinateWidth;
  full.block_rows = type.blockRows;
  full.block_columns = type.blockColumns;
  std::copy(type.extents.begin(), type.extents.end(), full.extents);
  std::memcpy(out, &full, std::min(size, sizeof full));
  return nullptr;
}

noodle_status *noodle_program_parameter(const noodle_program *program,
                                        size_t index, noodle_type *type) {
  return guarded([&]() -> noodle_status * {
    if (!program)
      return nullArgument("program");
    return describe(program->program->signature().parameters, "parameter",
                    index, type);
  });
}

noodle_status *noodle_program_result(const noodle_program *program,
                                     size_t index, noodle_type *type) {
  return guarded([&]() -> noodle_status * {
    if (!program)
      return nullArgument("program");
    return describe(program->program->signature().results, "result", index,
                    type);
  });
}

//===----------------------------------------------------------------------===//
// Calling
//===----------------------------------------------------------------------===//

static std::span<const noodle_rt_tensor> views(const noodle_tensor *tensors,
                                               size_t count) {
  return {reinterpret_cast<const noodle_rt_tensor *>(tensors), count};
}
static std::span<noodle_rt_tensor> slots(noodle_tensor *tensors, size_t count) {
  return {reinterpret_cast<noodle_rt_tensor *>(tensors), count};
}

static noodle_status *checkSlots(const engine::Program &program,
                                 const noodle_region *region,
                                 const noodle_tensor *results,
                                 size_t result_count) {
  size_t expected = program.signature().results.size();
  if (!region)
    return nullArgument("region");
  if (result_count != expected)
    return failure(NOODLE_INVALID_ARGUMENT,
                   "@" + program.signature().name + " has " +
                       std::to_string(expected) + " results, not " +
                       std::to_string(result_count));
  if (result_count && !results)
    return nullArgument("results");
  return nullptr;
}

static noodle_status *readCallOptions(const noodle_call_options *given,
                                      noodle_call_options &host,
                                      engine::CallOptions &options) {
  if (noodle_status *status = readOptions(given, "noodle_call_options", host))
    return status;
  if (host.memory_limit < 0 || host.deadline_ms < 0)
    return failure(NOODLE_INVALID_ARGUMENT,
                   "memory_limit and deadline_ms must not be negative");
  options.memoryLimit = host.memory_limit;
  options.deadlineMillis = host.deadline_ms;
  options.cancel = host.cancel ? &host.cancel->token : nullptr;
  options.trusted = host.trusted;
  return nullptr;
}

noodle_status *noodle_program_call(noodle_program *program,
                                   const noodle_tensor *arguments,
                                   size_t argument_count, noodle_region *region,
                                   noodle_tensor *results, size_t result_count,
                                   const noodle_call_options *given) {
  return guarded([&]() -> noodle_status * {
    if (!program || (argument_count && !arguments))
      return nullArgument(program ? "arguments" : "program");
    if (noodle_status *status =
            checkSlots(*program->program, region, results, result_count))
      return status;
    noodle_call_options host;
    engine::CallOptions options;
    if (noodle_status *status = readCallOptions(given, host, options))
      return status;
    std::unique_ptr<noodle_receipt> receipt;
    if (host.receipt) {
      receipt = std::make_unique<noodle_receipt>();
      options.receipt = &receipt->receipt;
    }
    engine::Status status =
        program->program->call(views(arguments, argument_count), region->region,
                               slots(results, result_count), options);
    if (receipt && status.ok()) {
      receipt->json = engine::receiptJson(receipt->receipt);
      receipt->text = engine::receiptText(receipt->receipt);
      *host.receipt = receipt.release();
    }
    return toC(status);
  });
}

static noodle_status *
bind(noodle_program *program, const noodle_tensor *arguments,
     size_t argument_count, const noodle_tensor *results, size_t result_count,
     bool into, const noodle_call_options *given, noodle_call **call) {
  return guarded([&]() -> noodle_status * {
    if (!program || !call || (argument_count && !arguments) ||
        (result_count && !results))
      return nullArgument(!program                       ? "program"
                          : !call                        ? "call"
                          : argument_count && !arguments ? "arguments"
                                                         : "results");
    noodle_call_options host;
    engine::CallOptions options;
    if (noodle_status *status = readCallOptions(given, host, options))
      return status;
    if (host.receipt)
      return failure(NOODLE_INVALID_ARGUMENT,
                     "a bound call gives no receipt: use noodle_program_call");
    auto made = std::make_unique<noodle_call>();
    made->state = program->state;
    made->program = program->program;
    made->into = into;
    if (noodle_status *status = toC(program->program->bind(
            views(arguments, argument_count), options, made->call)))
      return status;
    if (into)
      if (noodle_status *status =
              toC(made->call.giveResults(views(results, result_count))))
        return status;
    *call = made.release();
    return nullptr;
  });
}

noodle_status *noodle_call_bind(noodle_program *program,
                                const noodle_tensor *arguments,
                                size_t argument_count,
                                const noodle_call_options *options,
                                noodle_call **call) {
  return bind(program, arguments, argument_count, nullptr, 0, false, options,
              call);
}

noodle_status *
noodle_call_bind_into(noodle_program *program, const noodle_tensor *arguments,
                      size_t argument_count, const noodle_tensor *results,
                      size_t result_count, const noodle_call_options *options,
                      noodle_call **call) {
  return bind(program, arguments, argument_count, results, result_count, true,
              options, call);
}

noodle_status *noodle_call_run(noodle_call *call, noodle_region *region,
                               noodle_tensor *results, size_t result_count) {
  return guarded([&]() -> noodle_status * {
    if (!call)
      return nullArgument("call");
    if (call->into) {
      if (region || results || result_count) [[unlikely]]
        return failure(NOODLE_INVALID_ARGUMENT,
                       "the call was bound with memory for its results: it "
                       "takes no region and no slots");
      // 8 x 8 products take 20 ns this way, 65 with all that a call may have
      // (Zen 4).
      if (call->call.runQuickly())
        return nullptr;
      return toC(call->call.run());
    }
    if (noodle_status *status =
            checkSlots(*call->program, region, results, result_count))
      return status;
    return toC(call->call.run(region->region, slots(results, result_count)));
  });
}

void noodle_call_release(noodle_call *call) { delete call; }
