//===- driver.cpp - times calls through C interfaces ----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every contestant is a function pointer with its arguments, called in a loop
// here, so that each costs what it costs a C++ program. Nothing is linked: the
// pointers come from whoever opened the libraries.
//
//===----------------------------------------------------------------------===//
#include <chrono>
#include <cstdint>
#include <sys/resource.h>

namespace {
/// One contestant's call. Mirrored in native.py. sizes[7] is an element's width
/// where there are many.
struct Call {
  int32_t kind;
  char letters[4];
  void *function;
  int64_t sizes[8];
  void *pointers[8];
  double factors[2];
};

using SGemm = void (*)(int, int, int, int, int, int, float, const void *, int,
                       const void *, int, float, void *, int);
using DGemm = void (*)(int, int, int, int, int, int, double, const void *, int,
                       const void *, int, double, void *, int);
using OneDnnGemm = int (*)(char, char, int64_t, int64_t, int64_t, float,
                           const void *, int64_t, const void *, int64_t, float,
                           void *, int64_t);
using Small = void (*)(const void *, const void *, void *);
using Run = void *(*)(void *, void *, void *, size_t);
using Clear = void (*)(void *);
using Plain = void (*)(const int64_t *, void *const *);
using OneDnnExecute = int (*)(void *, void *, int, void *);
using OneDnnWait = int (*)(void *);

/// NULL, or Noodle's status of a call that failed. Products of BLAS and libxsmm
/// are made sizes[6] times, on matrices that follow each other; 0 is 1.
void *once(const Call &c);

void *many(const Call &c) {
  Call one = c;
  one.sizes[6] = 0;
  int64_t m = c.sizes[0], n = c.sizes[1], k = c.sizes[2];
  int64_t width = c.sizes[7], steps[] = {m * k, k * n, m * n};
  for (int64_t i = 0; i < c.sizes[6]; ++i) {
    once(one);
    for (int p = 0; p < 3; ++p)
      one.pointers[p] = static_cast<char *>(one.pointers[p]) + steps[p] * width;
  }
  return nullptr;
}

void *once(const Call &c) {
  if (c.sizes[6] && c.kind != 5)
    return many(c);
  const int64_t *s = c.sizes;
  void *const *p = c.pointers;
  switch (c.kind) {
  case 0: // CBLAS in row-major order (101); 111 and 112 say transposed or not
    reinterpret_cast<SGemm>(c.function)(
        101, c.letters[0] == 'T' ? 112 : 111, c.letters[1] == 'T' ? 112 : 111,
        s[0], s[1], s[2], 1.0f, p[0], s[3], p[1], s[4], 0.0f, p[2], s[5]);
    return nullptr;
  case 1:
    reinterpret_cast<DGemm>(c.function)(
        101, c.letters[0] == 'T' ? 112 : 111, c.letters[1] == 'T' ? 112 : 111,
        s[0], s[1], s[2], 1.0, p[0], s[3], p[1], s[4], 0.0, p[2], s[5]);
    return nullptr;
  case 2:
    reinterpret_cast<OneDnnGemm>(c.function)(c.letters[0], c.letters[1], s[0],
                                             s[1], s[2], 1.0f, p[0], s[3], p[1],
                                             s[4], 0.0f, p[2], s[5]);
    return nullptr;
  case 3: // column-major, so B comes first
    reinterpret_cast<Small>(c.function)(p[1], p[0], p[2]);
    return nullptr;
  case 4: // noodle_call_run; after noodle_region_clear, pointers[3], if any
    if (p[3])
      reinterpret_cast<Clear>(p[3])(p[1]);
    return reinterpret_cast<Run>(c.function)(p[0], p[1], p[2], s[0]);
  case 5:
    reinterpret_cast<Plain>(c.function)(s, p);
    return nullptr;
  case 6: // a primitive of oneDNN, then its stream
    reinterpret_cast<OneDnnExecute>(c.function)(p[0], p[1], s[0], p[2]);
    reinterpret_cast<OneDnnWait>(p[3])(p[1]);
    return nullptr;
  }
  return nullptr;
}

double cpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval &t) { return t.tv_sec + t.tv_usec * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}
} // namespace

/// Seconds that `count` calls took, and of CPU in all threads into `cpu`. A
/// status of Noodle ends the loop.
extern "C" double bench_time(const Call *call, int64_t count, double *cpu,
                             void **status) {
  double before = cpu ? cpuSeconds() : 0;
  auto start = std::chrono::steady_clock::now();
  *status = nullptr;
  for (int64_t i = 0; i < count && !*status; ++i)
    *status = once(*call);
  auto end = std::chrono::steady_clock::now();
  if (cpu)
    *cpu = cpuSeconds() - before;
  return std::chrono::duration<double>(end - start).count();
}
