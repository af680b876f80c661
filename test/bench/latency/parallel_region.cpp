//===- parallel_region.cpp - what a parallel loop costs by itself -------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// noodle-bench-parallel-region [--rounds N] [--json FILE]
//
// Two threads, two chunks, no work in them. Ours beside oneTBB and the OpenMP
// runtimes of LLVM and GCC, in turn in one process, medians in nanoseconds:
//   empty     regions back to back; one thread may run both chunks
//   together  regions back to back; each chunk waits until the other has begun,
//             so both threads take part
//   cold      as together, each region 5 ms after the last: ours and oneTBB's
//             workers sleep by then, OpenMP's may still spin
//
//===----------------------------------------------------------------------===//
#include "noodle-rt/ir.h"
#include "noodle-rt/runtime.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <functional>
#include <string>
#include <thread>
#include <vector>
#ifdef NOODLE_HAS_TBB
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#endif

namespace {
using Clock = std::chrono::steady_clock;

/// Where the chunks of one region meet. Regions follow each other, so the
/// count only grows.
struct Meeting {
  alignas(64) std::atomic<int64_t> arrived{0};
  bool wait = false;

  void chunk() {
    if (!wait)
      return;
    int64_t full = arrived.fetch_add(1) / 2 * 2 + 2;
    while (arrived.load() < full)
      ;
  }
};

struct Contender {
  std::string name;
  std::function<void(Meeting &)> region;
  std::vector<double> empty, together, cold;
};

double perRegion(Contender &contender, Meeting &meeting, int regions) {
  auto begin = Clock::now();
  for (int i = 0; i < regions; ++i)
    contender.region(meeting);
  std::chrono::duration<double, std::nano> time = Clock::now() - begin;
  return time.count() / regions;
}

double median(std::vector<double> values) {
  if (values.empty())
    return 0;
  std::nth_element(values.begin(), values.begin() + values.size() / 2,
                   values.end());
  return values[values.size() / 2];
}

void measure(Contender &contender) {
  Meeting apart, meeting;
  meeting.wait = true;
  perRegion(contender, meeting, 2000); // warm
  for (int batch = 0; batch < 20; ++batch) {
    contender.empty.push_back(perRegion(contender, apart, 1000));
    contender.together.push_back(perRegion(contender, meeting, 1000));
  }
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    contender.cold.push_back(perRegion(contender, meeting, 1));
  }
}

//===----------------------------------------------------------------------===//
// The peers
//===----------------------------------------------------------------------===//

/// LLVM's OpenMP through the entry points that clang generates calls of.
void addLLVMOpenMP(std::vector<Contender> &contenders) {
  void *library = dlopen("libomp.so.5", RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return;
  using Microtask = void (*)(int32_t *, int32_t *, ...);
  auto fork = reinterpret_cast<void (*)(void *, int32_t, Microtask, ...)>(
      dlsym(library, "__kmpc_fork_call"));
  auto setThreads =
      reinterpret_cast<void (*)(int)>(dlsym(library, "omp_set_num_threads"));
  if (!fork || !setThreads)
    return;
  setThreads(2);
  contenders.push_back(
      {"openmp-llvm",
       [fork](Meeting &meeting) {
         static struct {
           int32_t reserved1 = 0, flags = 2, reserved2 = 0, reserved3 = 22;
           const char *source = ";unknown;unknown;0;0;;";
         } location;
         auto body = [](int32_t *, int32_t *, Meeting *m) { m->chunk(); };
         void (*function)(int32_t *, int32_t *, Meeting *) = body;
         fork(&location, 1, reinterpret_cast<Microtask>(function), &meeting);
       },
       {},
       {},
       {}});
}

/// GCC's OpenMP through the entry point that g++ generates calls of.
void addGCCOpenMP(std::vector<Contender> &contenders) {
  void *library = dlopen("libgomp.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return;
  auto parallel =
      reinterpret_cast<void (*)(void (*)(void *), void *, unsigned, unsigned)>(
          dlsym(library, "GOMP_parallel"));
  if (!parallel)
    return;
  contenders.push_back(
      {"openmp-gcc",
       [parallel](Meeting &meeting) {
         parallel([](void *m) { static_cast<Meeting *>(m)->chunk(); }, &meeting,
                  2, 0);
       },
       {},
       {},
       {}});
}

std::string processorName() {
  std::string name = "unknown";
  if (FILE *file = std::fopen("/proc/cpuinfo", "r")) {
    char line[256];
    while (std::fgets(line, sizeof(line), file))
      if (std::strncmp(line, "model name", 10) == 0 && std::strchr(line, ':')) {
        name = std::strchr(line, ':') + 2;
        name.erase(std::remove_if(name.begin(), name.end(),
                                  [](char c) {
                                    return c == '\n' || c == '"' || c == '\\';
                                  }),
                   name.end());
        break;
      }
    std::fclose(file);
  }
  return name;
}

bool writeJSON(const char *path, const std::vector<Contender> &contenders) {
  FILE *file = std::fopen(path, "w");
  if (!file)
    return false;
  std::fprintf(file,
               "{\"benchmark\": \"parallel-region\", \"processor\": \"%s\", "
               "\"threads\": 2, \"unit\": \"ns\", \"results\": [",
               processorName().c_str());
  const char *comma = "";
  for (const Contender &c : contenders) {
    std::fprintf(file,
                 "%s\n  {\"name\": \"%s\", \"empty\": %.1f, \"together\": "
                 "%.1f, \"cold\": %.1f}",
                 comma, c.name.c_str(), median(c.empty), median(c.together),
                 median(c.cold));
    comma = ",";
  }
  std::fprintf(file, "\n]}\n");
  return std::fclose(file) == 0;
}
} // namespace

int main(int argc, char **argv) {
  int rounds = 5;
  const char *json = nullptr;
  for (int i = 1; i < argc; ++i) {
    if (i + 1 < argc && !std::strcmp(argv[i], "--rounds") &&
        std::atoi(argv[i + 1]) > 0) {
      rounds = std::atoi(argv[++i]);
    } else if (i + 1 < argc && !std::strcmp(argv[i], "--json")) {
      json = argv[++i];
    } else {
      std::fprintf(stderr, "usage: %s [--rounds N] [--json FILE]\n", argv[0]);
      return 2;
    }
  }
  if (noodle::rt::createWorkerPool(0)->concurrency() < 2) {
    std::fprintf(stderr, "error: two cores are needed, one is available\n");
    return 1;
  }

  std::vector<Contender> contenders;
  noodle::rt::Pool pool;
  auto executor = noodle::rt::createWorkerPool(2);
  noodle::rt::CallOptions options;
  options.executor = executor.get();
  noodle::rt::Context context(pool, options);
  contenders.push_back(
      {"noodle",
       [&context](Meeting &meeting) {
         auto body = [](noodle_rt_context *, int64_t begin, int64_t end,
                        void *m) -> noodle_rt_status {
           for (; begin < end; ++begin)
             static_cast<Meeting *>(m)->chunk();
           return NOODLE_RT_OK;
         };
         noodle_ir_parallel_for(context.handle(), 2, 1, body, &meeting);
       },
       {},
       {},
       {}});
#ifdef NOODLE_HAS_TBB
  tbb::task_arena arena(2);
  contenders.push_back({"onetbb",
                        [&arena](Meeting &meeting) {
                          arena.execute([&] {
                            tbb::parallel_for(
                                tbb::blocked_range<int>(0, 2, 1),
                                [&](const tbb::blocked_range<int> &range) {
                                  for (int i = range.begin(); i < range.end();
                                       ++i)
                                    meeting.chunk();
                                },
                                tbb::simple_partitioner());
                          });
                        },
                        {},
                        {},
                        {}});
#endif
  addLLVMOpenMP(contenders);
  addGCCOpenMP(contenders);

  for (int round = 0; round < rounds; ++round)
    for (Contender &contender : contenders) {
      // LLVM's OpenMP workers spin for 200 ms after a region.
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      measure(contender);
    }

  std::printf(
      "parallel region, 2 threads, ns (medians)\n%-14s %10s %10s %10s\n", "",
      "empty", "together", "cold");
  for (const Contender &c : contenders)
    std::printf("%-14s %10.0f %10.0f %10.0f\n", c.name.c_str(), median(c.empty),
                median(c.together), median(c.cold));
  if (json && !writeJSON(json, contenders)) {
    std::fprintf(stderr, "error: cannot write '%s'\n", json);
    return 1;
  }
  return 0;
}
