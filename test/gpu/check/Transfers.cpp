//===- Transfers.cpp - copies, launches, and what a call costs ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Times are the host's clock around the copy and its wait, as a caller sees
// them, but for copies within the device, which events time.
//
//===----------------------------------------------------------------------===//
#include "Check.h"

#include "device/driver.h"

#include <algorithm>
#include <cstring>
#include <functional>

namespace noodle::gpucheck {

using namespace engine;

namespace {
using Clock = std::chrono::steady_clock;

/// The driver with the device's context current, a stream and two events.
class Raw {
public:
  explicit Raw(int index) {
    driver = rt::Driver::get(whyNot);
    if (!driver)
      return;
    CUdevice handle = 0;
    if (!check("cuDeviceGet", driver->deviceGet(&handle, index)) ||
        !check("cuDevicePrimaryCtxRetain",
               driver->devicePrimaryCtxRetain(&context, handle)))
      return;
    device = handle;
    retained = true;
    check("cuCtxPushCurrent", driver->ctxPushCurrent(context));
    check("cuStreamCreate",
          driver->streamCreate(&stream, CU_STREAM_NON_BLOCKING));
    for (CUevent *event : {&begin, &end})
      check("cuEventCreate", driver->eventCreate(event, CU_EVENT_DEFAULT));
  }
  ~Raw() {
    if (!retained)
      return;
    for (CUevent event : {begin, end})
      if (event)
        driver->eventDestroy(event);
    if (stream)
      driver->streamDestroy(stream);
    CUcontext popped;
    driver->ctxPopCurrent(&popped);
    driver->devicePrimaryCtxRelease(device);
  }
  bool check(const char *what, CUresult result) {
    if (result != CUDA_SUCCESS && whyNot.empty())
      whyNot = driver->describe(what, result);
    return result == CUDA_SUCCESS;
  }
  bool ok() const { return whyNot.empty(); }

  const rt::Driver *driver = nullptr;
  std::string whyNot;
  CUstream stream = nullptr;
  CUevent begin = nullptr, end = nullptr;

private:
  CUcontext context = nullptr;
  CUdevice device = 0;
  bool retained = false;
};

double median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times.empty() ? 0 : times[times.size() / 2];
}

/// Median seconds on the host's clock of what `action` starts.
double wall(Raw &raw, int rounds, const std::function<CUresult()> &action) {
  std::vector<double> times;
  for (int round = -3; round < rounds; ++round) {
    auto start = Clock::now();
    if (!raw.check("a timed call", action()) ||
        !raw.check("cuStreamSynchronize",
                   raw.driver->streamSynchronize(raw.stream)))
      return 0;
    if (round >= 0)
      times.push_back(
          std::chrono::duration<double>(Clock::now() - start).count());
  }
  return median(times);
}

void transfers(Bench &bench, Raw &raw, int64_t bytes) {
  const rt::Driver &driver = *raw.driver;
  CUdeviceptr device = 0;
  void *pinned = nullptr;
  if (!raw.check("cuMemAlloc", driver.memAlloc(&device, size_t(bytes))))
    return;
  raw.check("cuMemHostAlloc", driver.memHostAlloc(&pinned, size_t(bytes), 0));
  std::vector<char> pageable(size_t(bytes), 1);
  for (size_t k = 0; k < pageable.size(); ++k)
    pageable[k] = char(k * 2654435761u >> 24);
  if (pinned)
    std::memcpy(pinned, pageable.data(), size_t(bytes));
  for (bool in : {true, false})
    for (bool fast : {true, false}) {
      void *host = fast ? pinned : pageable.data();
      if (!raw.ok())
        break;
      double seconds = wall(raw, 20, [&] {
        return in ? driver.memcpyHtoDAsync(device, host, size_t(bytes),
                                           raw.stream)
                  : driver.memcpyDtoHAsync(host, device, size_t(bytes),
                                           raw.stream);
      });
      Row row{"transfers",
              std::string(fast ? "pinned " : "pageable ") +
                  (in ? "to the device " : "to the host ") +
                  std::to_string(bytes >> 20) + " MiB",
              State::Ok,
              timeText(seconds),
              "",
              "",
              ""};
      row.beside = number(double(bytes) / seconds * 1e-9) + " GB/s";
      if (fast && bytes == 4 << 20)
        row.aim = "under 1 ms";
      row.numbers = {{"seconds", seconds}, {"bytes", double(bytes)}};
      if (raw.ok())
        bench.report.add(row);
    }
  if (pinned)
    driver.memFreeHost(pinned);
  driver.memFree(device);
}

/// What a call of a compiled program costs besides its work.
void calls(Bench &bench) {
  const std::string type = "tensor<256xf32>";
  const std::string text =
      "func.func @main(%x: " + type + ") -> " + type +
      " {\n  %y = noodle.map (%x) : (" + type + ") -> " + type +
      " {\n  ^bb0(%a: f32):\n    %b = arith.mulf %a, %a : f32\n    "
      "noodle.yield %b : f32\n  }\n  return %y : " +
      type + "\n}\n";
  for (bool resident : {true, false}) {
    Row row{"launches",
            resident ? "bound call, input stays on the device"
                     : "bound call, 1 KiB in and out",
            State::Ok,
            "",
            "",
            resident ? "at most 15 us" : "",
            ""};
    Job job;
    double seconds = 0;
    std::unique_ptr<rt::ResidentBuffer> kept;
    Status status = Job::create(bench.engine, text, bench.onDevice(), job);
    if (status.ok())
      status = job.fill({{{256}}}, bench.random);
    if (status.ok() && resident) {
      std::string whyNot;
      kept = rt::ResidentBuffer::create(bench.device, job.arguments()[0].values,
                                        1024, whyNot);
      if (!kept)
        status = Status::error(Code::DeviceFailed, whyNot);
    }
    if (status.ok())
      status = job.medianCalls(bench.simulated() ? 10 : 200, seconds);
    row.figure = timeText(seconds);
    row.numbers = {{"seconds", seconds}};
    if (!status.ok()) {
      row.state = State::Failed;
      row.figure.clear();
      row.note = status.str();
    }
    bench.report.add(row);
  }
}
} // namespace

double copyBandwidth(Bench &bench, int64_t bytes) {
  Raw raw(bench.options.device);
  if (!raw.ok())
    return 0;
  const rt::Driver &driver = *raw.driver;
  CUdeviceptr from = 0, to = 0;
  raw.check("cuMemAlloc", driver.memAlloc(&from, size_t(bytes)));
  raw.check("cuMemAlloc", driver.memAlloc(&to, size_t(bytes)));
  std::vector<double> times;
  // Random contents: copies of zeros may be compressed.
  std::vector<uint64_t> host(size_t(std::min<int64_t>(bytes, 64 << 20) / 8));
  for (uint64_t &word : host)
    word = bench.random();
  for (int64_t done = 0; done < bytes && raw.ok();
       done += int64_t(host.size() * 8))
    raw.check(
        "cuMemcpyHtoDAsync",
        driver.memcpyHtoDAsync(
            from + uint64_t(done), host.data(),
            size_t(std::min<int64_t>(int64_t(host.size() * 8), bytes - done)),
            raw.stream));
  for (int round = -2; round < 10 && raw.ok(); ++round) {
    float milliseconds = 0;
    raw.check("cuEventRecord", driver.eventRecord(raw.begin, raw.stream));
    raw.check("cuMemcpyDtoDAsync",
              driver.memcpyDtoDAsync(to, from, size_t(bytes), raw.stream));
    raw.check("cuEventRecord", driver.eventRecord(raw.end, raw.stream));
    raw.check("cuStreamSynchronize", driver.streamSynchronize(raw.stream));
    raw.check("cuEventElapsedTime",
              driver.eventElapsedTime(&milliseconds, raw.begin, raw.end));
    if (round >= 0)
      times.push_back(milliseconds * 1e-3);
  }
  if (from)
    driver.memFree(from);
  if (to)
    driver.memFree(to);
  double seconds = median(times);
  return raw.ok() && seconds > 0 ? 2 * double(bytes) / seconds : 0;
}

void checkTransfers(Bench &bench) {
  {
    Raw raw(bench.options.device);
    for (int64_t megabytes : {1, 4, 16, 64})
      if (raw.ok() && (megabytes <= 4 || !bench.simulated()))
        transfers(bench, raw, megabytes << 20);
    if (raw.ok()) {
      // The least that the driver can do and be waited for.
      double seconds = wall(raw, 200, [&] {
        return raw.driver->eventRecord(raw.begin, raw.stream);
      });
      Row row{"launches", "an event and its wait",
              State::Ok,  timeText(seconds),
              "",         "",
              ""};
      row.numbers = {{"seconds", seconds}};
      bench.report.add(row);
    }
    if (!raw.ok())
      bench.report.add(
          {"transfers", "copies", State::Failed, "", "", "", raw.whyNot});
  }
  calls(bench);
}

} // namespace noodle::gpucheck
