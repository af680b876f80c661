//===- Call.cpp - calls of a kernel -----------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "BlasReport.h"
#include "IndexSpaces.h"
#include "Machine.h"
#include "Monitor.h"

#include "noodle-rt/blocks.h"
#include "noodle-rt/ir.h"
#include "noodle-rt/rows.h"

#include <cstring>

namespace noodle::engine {
namespace {

bool rowMajor(const noodle_rt_tensor &view) {
  int64_t stride = 1;
  for (int k = view.rank; k-- > 0;) {
    if (view.extents[k] == 0)
      return true; // nothing is read
    if (view.extents[k] != 1 && view.strides[k] != stride)
      return false;
    stride *= view.extents[k];
  }
  return true;
}

void setRowMajor(noodle_rt_tensor &view) {
  int64_t stride = 1;
  for (int k = view.rank; k-- > 0;) {
    view.strides[k] = stride;
    stride *= view.extents[k];
  }
}

int64_t countOf(const noodle_rt_tensor &view) {
  int64_t count = 1;
  for (int k = 0; k < view.rank; ++k)
    count *= view.extents[k];
  return count;
}

template <typename T> void copyStrided(const noodle_rt_tensor &from, T *to) {
  int64_t index[NOODLE_RT_MAX_RANK] = {};
  int64_t inner = from.rank ? from.extents[from.rank - 1] : 1;
  int64_t step = from.rank ? from.strides[from.rank - 1] : 0;
  const T *base = static_cast<const T *>(from.values);
  for (int64_t rows = countOf(from) / (inner ? inner : 1); rows > 0; --rows) {
    const T *row = base;
    for (int k = 0; k + 1 < from.rank; ++k)
      row += index[k] * from.strides[k];
    for (int64_t j = 0; j < inner; ++j)
      *to++ = row[j * step];
    for (int k = from.rank - 2; k >= 0 && ++index[k] == from.extents[k]; --k)
      index[k] = 0;
  }
}

/// A row-major copy of `from` in memory of the call; false when that refuses.
bool makeContiguous(noodle_rt_context *context, const noodle_rt_tensor &from,
                    noodle_rt_tensor &to) {
  int64_t count = countOf(from);
  int64_t bytes = count * noodle_rt_element_bytes(from.type);
  to = from;
  to.values = noodle_ir_alloc(context, bytes);
  if (!to.values)
    return false;
  switch (noodle_rt_element_bytes(from.type)) {
  case 1:
    copyStrided(from, static_cast<uint8_t *>(to.values));
    if (from.type == NOODLE_RT_I1)
      for (int64_t k = 0; k < count; ++k)
        static_cast<uint8_t *>(to.values)[k] &= 1;
    break;
  case 2:
    copyStrided(from, static_cast<uint16_t *>(to.values));
    break;
  case 4:
    copyStrided(from, static_cast<uint32_t *>(to.values));
    break;
  case 16:
    copyStrided(from, static_cast<std::array<uint64_t, 2> *>(to.values));
    break;
  default:
    copyStrided(from, static_cast<uint64_t *>(to.values));
  }
  setRowMajor(to);
  return true;
}

/// A COO or DCSR tensor as CSR, with positions in memory of the call; false
/// when that refuses.
bool makeCompressed(noodle_rt_context *context, const noodle_rt_tensor &from,
                    noodle_rt_tensor &to) {
  void *positions =
      noodle_ir_alloc(context, (from.extents[0] + 1) * from.position_width);
  if (positions)
    to = rt::asCompressed(from, positions);
  return positions != nullptr;
}

/// Moves result buffers from a call to a region, all or none.
class Adoption {
public:
  Adoption(rt::Context &context, rt::Region &region)
      : context(context), region(region) {}
  ~Adoption() {
    if (!kept)
      for (void *block : blocks)
        region.release(block);
  }

  /// Makes `buffer` a block of the region: the call's own block, or a copy of
  /// what belongs to an argument, a constant or another result.
  bool take(void *&buffer, int64_t bytes) {
    if (buffer && context.adopt(buffer, region)) {
      blocks.push_back(buffer);
      return true;
    }
    if (buffer && context.owns(buffer))
      return false; // the budget refused
    void *copy = region.allocate(bytes);
    if (!copy)
      return false;
    if (buffer && bytes)
      std::memcpy(copy, buffer, size_t(bytes));
    buffer = copy;
    blocks.push_back(copy);
    return true;
  }

  bool take(noodle_rt_tensor &result, const TensorType &type) {
    if (type.listsRows())
      return takeListed(result, type.layout);
    if (!result.positions)
      return take(result.values,
                  countOf(result) * noodle_rt_element_bytes(result.type));
    int64_t major = rt::linesOf(result);
    return take(result.values,
                result.stored * noodle_rt_element_bytes(result.type)) &&
           take(result.positions, (major + 1) * result.position_width) &&
           take(result.coordinates,
                rt::coordinatesOf(result) * result.coordinate_width);
  }

  void keep() { kept = true; }

private:
  /// CSR as COO or DCSR: rows are made for it, positions perhaps dropped.
  bool takeListed(noodle_rt_tensor &result, noodle_rt_layout layout) {
    bool coo = layout == NOODLE_RT_COO;
    int64_t held = coo ? result.stored : rt::heldRows(result);
    void *rows = allocate(held * result.coordinate_width), *positions = nullptr;
    if (!rows ||
        (!coo && !(positions = allocate((held + 1) * result.position_width))))
      return false;
    if (coo)
      rt::rowsOfEntries(result, rows);
    else
      rt::listHeldRows(result, rows, positions);
    result.layout = layout;
    result.rows = rows;
    result.stored_rows = coo ? 0 : held;
    result.positions = positions;
    return take(result.values,
                result.stored * noodle_rt_element_bytes(result.type)) &&
           take(result.coordinates, result.stored * result.coordinate_width);
  }

  void *allocate(int64_t bytes) {
    void *block = region.allocate(bytes);
    if (block)
      blocks.push_back(block);
    return block;
  }

  rt::Context &context;
  rt::Region &region;
  llvm::SmallVector<void *, 8> blocks;
  bool kept = false;
};

/// Programs take host memory; what only the device can read is an error here
/// and would end the process elsewhere.
Status checkHostMemory(const rt::Device &device, const Signature &function,
                       size_t index, const noodle_rt_tensor &view) {
  for (const void *buffer :
       {view.values, view.positions, view.coordinates, view.rows})
    if (buffer && device.isDeviceMemory(buffer))
      return Status::error(Code::InvalidArgument,
                           "argument " + std::to_string(index) + " of @" +
                               function.name +
                               ": a buffer is in device memory; programs take "
                               "host memory, and a resident tensor saves the "
                               "transfer");
  return {};
}

/// What is left of a deadline; a negative number when it passed.
int64_t remaining(int64_t millis, Clock::time_point begin) {
  if (millis <= 0)
    return millis;
  int64_t left = millis - int64_t(secondsSince(begin) * 1e3);
  return left > 0 ? left : -1;
}

} // namespace

struct BoundCall::Try {
  rt::HostCalls *host = nullptr;
  rt::BlasSession *blas = nullptr;
  rt::DeviceSession *session = nullptr;
  rt::DeviceReceipt *used = nullptr; ///< filled by runOnDevice
  int64_t deadlineMillis = 0;
  int64_t peak = 0;
  bool lost = false; ///< the device died: its results are not to be used
};

Status BoundCall::bind(rt::Pool &pool, std::shared_ptr<const Kernel> kernel,
                       std::string_view entry,
                       std::span<const noodle_rt_tensor> arguments,
                       const CallOptions &options, BoundCall &call) {
  const Signature *function = kernel->find(entry);
  if (!function)
    return Status::error(Code::InvalidArgument,
                         "the program has no function @" + std::string(entry));
  if (arguments.size() != function->parameters.size())
    return Status::error(Code::InvalidArgument,
                         "@" + function->name + " takes " +
                             std::to_string(function->parameters.size()) +
                             " arguments, got " +
                             std::to_string(arguments.size()));
  BoundCall bound;
  bound.views.resize(arguments.size());
  for (size_t k = 0; k < arguments.size(); ++k) {
    const noodle_rt_tensor &given = arguments[k];
    const TensorType &type = function->parameters[k];
    if (options.device.device)
      if (Status status =
              checkHostMemory(*options.device.device, *function, k, given);
          !status.ok())
        return status;
    if (Status status = checkArgument(*function, k, given, options.trusted);
        !status.ok())
      return status;
    noodle_rt_tensor &view = bound.views[k];
    view = given;
    view.layout = type.layout;
    // Of COO, which has no positions, a host may have said anything.
    if (type.sparse())
      view.position_width = type.positionWidth;
    if (type.sparseVector()) {
      view.rank = 2;
      view.extents[1] = view.extents[0];
      view.extents[0] = 1;
    }
    if (type.listsRows() || (!type.sparse() && !rowMajor(given)))
      bound.strided.push_back(uint32_t(k));
    else if (!type.sparse())
      setRowMajor(view);
  }
  bound.renumbered =
      spacesToRenumber(*function, bound.views, options.renumberFrom);
  if (Status status = checkListedRows(*function, bound.views, bound.renumbered);
      !status.ok())
    return status;
  for (uint32_t space : bound.renumbered)
    for (const SpaceMember &member : function->spaces[space])
      if (!member.result && !llvm::is_contained(bound.strided, member.index))
        bound.strided.push_back(member.index);
  if (!bound.strided.empty())
    bound.originals = bound.views;
  bound.pool = &pool;
  bound.options = options;
  if (options.memoryLimit <= 0)
    bound.options.memoryLimit = machineMemory();
  bound.slots.resize(function->results.size());
  bound.scalars.resize(function->results.size());
  size_t index = size_t(function - kernel->artifact().functions.data());
  bound.enter(std::move(kernel), index);
  call = std::move(bound);
  return {};
}

void BoundCall::enter(std::shared_ptr<const Kernel> entered, size_t index) {
  const Kernel::Impl &impl = entered->impl();
  function = &impl.artifact.functions[index];
  code = impl.entries[index];
  if (code)
    module = impl.moduleOn(options.device.device);
  auto calls = [&](llvm::StringRef name) {
    return impl.code && impl.code->runtimeCalls().contains(name);
  };
  asksBlas = calls("noodle_ir_product");
  asksMemory = options.strictBlas && calls("noodle_ir_try_alloc");
  tierZero = impl.promotion != nullptr;
  fast = impl.references.empty() && !options.receipt && code && !module &&
         !asksBlas && !asksMemory && !tierZero;
  quick.reset();
  auto direct = [&](const rt::ResultMemory &result) {
    return result.memory ||
           function->results[size_t(&result - memory.data())].layout ==
               NOODLE_RT_SCALAR;
  };
  if (fast && hasResults() && strided.empty() &&
      impl.code->runtimeCalls().size() == calls("noodle_ir_result") &&
      !options.cancel && !options.deadlineMillis &&
      llvm::all_of(memory, direct)) {
    rt::CallOptions alone;
    alone.results = memory;
    quick = std::make_unique<rt::Context>(*pool, alone);
    prepareSlots();
  }
  kernel = std::move(entered);
}

Status BoundCall::run(rt::Region &region, std::span<noodle_rt_tensor> results) {
  if (results.size() != function->results.size())
    return Status::error(Code::InvalidArgument,
                         "@" + function->name + " has " +
                             std::to_string(function->results.size()) +
                             " results, got slots for " +
                             std::to_string(results.size()));
  return runTo({&region, results});
}

Status BoundCall::run() {
  if (runQuickly())
    return {};
  quick.reset(); // what it allocated goes; the call is made anew, and told of
  return runTo({});
}

Status BoundCall::runTo(const Destination &to) {
  if (fast) {
    Try attempt;
    attempt.deadlineMillis = options.deadlineMillis;
    return runOnce(to, attempt);
  }
  return tierZero ? runTierZero(to) : runSlowly(to);
}

Status BoundCall::runTierZero(const Destination &to) {
  std::shared_ptr<Promotion> promotion = kernel->impl().promotion;
  if (std::shared_ptr<const Kernel> next = promotion->successor()) {
    earlier = promotion->calls();
    size_t index = size_t(function - kernel->artifact().functions.data());
    enter(std::move(next), index);
    return to.region ? runTo(to) : run();
  }
  Clock::time_point begin = Clock::now();
  Status status;
  if (kernel->impl().references.empty() && !options.receipt && !asksBlas &&
      !asksMemory) {
    Try attempt;
    attempt.deadlineMillis = options.deadlineMillis;
    status = runOnce(to, attempt);
  } else {
    status = runSlowly(to);
  }
  promotion->count(secondsSince(begin));
  return status;
}

Status BoundCall::runSlowly(const Destination &to) {
  const Kernel::Impl &impl = kernel->impl();
  Clock::time_point begin = Clock::now();
  int threads = options.executor ? options.executor->concurrency() : 1;
  std::optional<Monitor> monitor;
  Monitor::Options monitored{options.memoryLimit, threads,
                             options.receipt != nullptr, options.strictBlas};
  monitor.emplace(impl, monitored);
  Try attempt;
  attempt.host = &*monitor;
  attempt.deadlineMillis = options.deadlineMillis;
  std::optional<rt::BlasSession> blas;
  if (asksBlas)
    attempt.blas = &blas.emplace(options.blas, options.strictBlas);
  rt::DeviceReceipt used;
  bool again = false;
  Status status;
  // A device that died in another call is not asked again.
  bool alive = module && (options.device.strict || !module->device().lost());
  if (alive) {
    attempt.used = &used;
    status = runOnDevice(to, attempt);
    again = attempt.lost && !options.device.strict;
  } else if (module) {
    used.steps.push_back({"lost", kDeviceLost, -1});
  }
  if (!alive || again) {
    // Whatever the lost device had is computed anew from the arguments.
    monitor.emplace(impl, monitored);
    attempt = {};
    attempt.host = &*monitor;
    if (asksBlas)
      attempt.blas = &blas.emplace(options.blas, options.strictBlas);
    attempt.deadlineMillis = remaining(options.deadlineMillis, begin);
    status = runOnce(to, attempt);
  }
  if (blas && !status.ok())
    placeRefusal(status, impl.artifact, blas->receipt());
  if (asksMemory && !status.ok())
    monitor->placeShortage(status);
  if (!options.receipt)
    return status;
  Receipt &receipt = *options.receipt;
  receipt.callSeconds = secondsSince(begin);
  receipt.entry = function->name;
  receipt.compiler = impl.artifact.id.compiler;
  receipt.cpu = impl.artifact.id.cpu;
  receipt.fallback = impl.artifact.fallback;
  receipt.phases = impl.artifact.phases;
  bool lowest = impl.artifact.id.options.find("\nO=0\n") != std::string::npos;
  receipt.tier = !code ? "" : tierZero || lowest ? "0" : "optimised";
  receipt.tierZeroCalls = tierZero ? impl.promotion->calls() : earlier;
  receipt.tierNote = tierZero ? impl.promotion->failure() : std::string();
  receipt.memoryPeak = attempt.peak;
  receipt.threads = threads;
  receipt.laws = impl.artifact.laws;
  receipt.sites.clear();
  for (const Site &site : impl.artifact.sites)
    receipt.sites.emplace_back().site = site;
  monitor->fill(receipt);
  fillDevice(receipt, impl.artifact, options.device, std::move(used), again);
  fillBlas(receipt, blas ? blas->receipt() : rt::BlasReceipt());
  return status;
}

Status BoundCall::runOnDevice(const Destination &to, Try &attempt) {
  // Outlives the context, whose blocks it knows.
  rt::DeviceSession session(*module,
                            {options.device.strict, options.device.profile});
  attempt.session = &session;
  Status status = runOnce(to, attempt);
  *attempt.used = session.receipt();
  if (!attempt.lost)
    return status;
  // The reason, and whose op it was.
  status.code = Code::DeviceFailed;
  if (attempt.used->steps.empty())
    return status;
  const rt::DeviceStep &step = attempt.used->steps.back();
  status.message = step.step + ": " + step.reason;
  for (const Site &site : kernel->artifact().sites)
    if (site.id == step.site)
      status.place = site.place;
  return status;
}

Status BoundCall::runOnce(const Destination &to, Try &attempt) {
  rt::Context context(
      *pool, {options.executor, options.memoryLimit, attempt.deadlineMillis,
              options.cancel, attempt.host, attempt.session, attempt.blas,
              // A device knows blocks of the call alone.
              to.region || attempt.session ? std::span<const rt::ResultMemory>()
                                           : memory});
  prepareSlots();
  noodle_rt_status returned = NOODLE_RT_OK;
  Renumbering numbers;
  if (options.receipt)
    options.receipt->conversions.clear();
  if (!strided.empty() && !takeArguments(context, numbers))
    returned = NOODLE_RT_OUT_OF_MEMORY;
  if (returned == NOODLE_RT_OK)
    returned = code ? code(context.handle(), views.data(), slots.data())
                    : kernel->impl().whole->run(
                          function->name, context.handle(), views.data(),
                          int64_t(views.size()), slots.data(),
                          int64_t(slots.size()), options.memoryLimit);
  if (attempt.session) {
    noodle_rt_status settled = attempt.session->finish();
    attempt.lost = attempt.session->deviceLost() ||
                   settled == NOODLE_RT_DEVICE_FAILED ||
                   returned == NOODLE_RT_DEVICE_FAILED;
    if (returned == NOODLE_RT_OK)
      returned = settled;
  }
  returned = context.finish(returned);
  attempt.peak = context.peakBytes();
  if (returned != NOODLE_RT_OK || attempt.lost)
    return Status::placed(Code(returned), context.message());

  for (size_t k = 0; k < slots.size(); ++k)
    if (function->results[k].listsRows() && slots[k].coordinate_width == 4 &&
        slots[k].extents[0] - 1 > INT32_MAX)
      return Status::error(Code(NOODLE_RT_INDEX_RANGE),
                           "result " + std::to_string(k) +
                               " has more rows than coordinates of 32 bits "
                               "name: use a wider encoding");
  if (!to.region)
    return deliver();
  if (Status status = numbers.check(slots); !status.ok())
    return status;
  Adoption adoption(context, *to.region);
  for (size_t k = 0; k < slots.size(); ++k) {
    Clock::time_point begin = Clock::now();
    if (!adoption.take(slots[k], function->results[k]))
      return Status::error(Code::OutOfMemory,
                           "the results do not fit the region's budget or the "
                           "machine's memory");
    if (options.receipt && function->results[k].listsRows())
      options.receipt->conversions.push_back(
          {true, int64_t(k), "csr", layoutName(function->results[k].layout),
           slots[k].stored, secondsSince(begin)});
  }
  adoption.keep();
  for (size_t k = 0; k < slots.size(); ++k)
    if (to.results[k] = slots[k]; function->results[k].sparseVector()) {
      to.results[k].rank = 1;
      to.results[k].extents[0] = to.results[k].extents[1];
    }
  numbers.restore(to.results);
  return {};
}

/// What the kernel does not take as the host gives it, in memory of the call;
/// false where that refuses.
bool BoundCall::takeArguments(rt::Context &context, Renumbering &numbers) {
  std::span<const noodle_rt_tensor> from = originals;
  std::vector<noodle_rt_tensor> anew;
  if (!renumbered.empty()) {
    anew = originals;
    if (!numbers.apply(context.handle(), *function, renumbered, anew))
      return false;
    from = anew;
  }
  for (uint32_t k : strided) {
    Clock::time_point begin = Clock::now();
    const TensorType &type = function->parameters[k];
    if (type.sparse() && !type.listsRows())
      views[k] = from[k];
    else if (!(type.listsRows() ? makeCompressed : makeContiguous)(
                 context.handle(), from[k], views[k]))
      return false;
    if (!options.receipt || !type.sparse())
      continue;
    bool fewer = !std::equal(from[k].extents, from[k].extents + from[k].rank,
                             originals[k].extents);
    options.receipt->conversions.push_back(
        {false, int64_t(k), layoutName(type.layout),
         std::string(layoutName(views[k].layout)) +
             (fewer ? " of the indices in use" : ""),
         views[k].stored, secondsSince(begin) + numbers.secondsOf(k)});
  }
  return true;
}

Status call(rt::Pool &pool, std::shared_ptr<const Kernel> kernel,
            std::string_view entry, std::span<const noodle_rt_tensor> arguments,
            rt::Region &region, std::span<noodle_rt_tensor> results,
            const CallOptions &options) {
  BoundCall bound;
  if (Status status = BoundCall::bind(pool, std::move(kernel), entry, arguments,
                                      options, bound);
      !status.ok())
    return status;
  return bound.run(region, results);
}

} // namespace noodle::engine
