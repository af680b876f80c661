//===- Harness.cpp - kernels, calls and launches of the device tests ------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Harness.h"

#include <cstring>
#include <fstream>
#include <sstream>

namespace noodle::rt::test {
namespace {

template <typename T> T *at(const CpuLaunch &launch, size_t k) {
  return static_cast<T *>(launch.buffers[k].data);
}

/// Rows that the grid reaches: a kernel does no more than its threads can.
int64_t reach(const CpuLaunch &launch) {
  return std::min(launch.scalars[0], launch.grid[0] * kThreads);
}

void combineKernel(const CpuLaunch &launch) {
  auto *a = at<const int64_t>(launch, 0), *b = at<const int64_t>(launch, 1);
  auto *out = at<int64_t>(launch, 2);
  for (int64_t i = 0; i < reach(launch); ++i)
    out[i] = 3 * a[i] + b[i] + launch.scalars[1];
}

void narrowKernel(const CpuLaunch &launch) {
  for (int64_t i = 0; i < reach(launch); ++i)
    at<int32_t>(launch, 1)[i] = int32_t(2 * at<int64_t>(launch, 0)[i]);
}

void rowSumKernel(const CpuLaunch &launch) {
  int64_t columns = launch.scalars[1];
  for (int64_t r = 0; r < reach(launch); ++r) {
    int64_t sum = 0;
    for (int64_t c = 0; c < columns; ++c)
      sum += at<int64_t>(launch, 0)[r * columns + c];
    at<int64_t>(launch, 1)[r] = sum;
  }
}

void spanSumKernel(const CpuLaunch &launch) {
  auto *positions = at<const int64_t>(launch, 0);
  for (int64_t r = 0; r < reach(launch); ++r) {
    int64_t sum = 0;
    for (int64_t k = positions[r]; k < positions[r + 1]; ++k)
      sum += at<int64_t>(launch, 1)[k];
    at<int64_t>(launch, 2)[r] = sum;
  }
}

std::string entry(const char *name, int parameters) {
  std::string text = std::string(".visible .entry ") + name + "(";
  for (int k = 0; k < parameters; ++k)
    text += std::string(k ? "," : "") + ".param .u64 p" + std::to_string(k);
  return text + ")\n{\nret;\n}\n";
}

std::shared_ptr<const DeviceCode> makeCode() {
  auto made = std::make_shared<DeviceCode>();
  made->chip = "sm_80";
  for (const char *name : {"combine", "narrow", "row_sum", "span_sum"}) {
    KernelInfo &kernel = made->kernels.emplace_back();
    kernel.name = name;
    kernel.threads = kThreads;
  }
  std::string &image = made->image;
  image = "//\n.version 7.0\n.target sm_80\n.address_size 64\n" +
          entry("combine", 17) + entry("narrow", 11) + entry("row_sum", 12) +
          entry("span_sum", 16);
  std::ifstream file(NOODLE_DEVICE_TEST_KERNELS, std::ios::binary);
  std::ostringstream object;
  object << file.rdbuf();
  EXPECT_TRUE(file) << NOODLE_DEVICE_TEST_KERNELS;
  uint64_t size = object.str().size();
  image += '\0';
  image += "NDLEMU01";
  image.append(reinterpret_cast<const char *>(&size), 8);
  image += object.str();
  return made;
}

} // namespace

std::map<std::string, CpuKernel> cpuKernels() {
  return {{"combine", {{8, 8, 8}, 2, combineKernel}},
          {"narrow", {{8, 4}, 1, narrowKernel}},
          {"row_sum", {{8, 8}, 2, rowSumKernel}},
          {"span_sum", {{8, 8, 8}, 1, spanSumKernel}}};
}

std::shared_ptr<const DeviceCode> code() {
  static const std::shared_ptr<const DeviceCode> made = makeCode();
  return made;
}

Launch::Launch(Kernel kernel, int64_t rows, int64_t site)
    : grid{(rows + kThreads - 1) / kThreads, 1, 1}, kernel(kernel), site(site) {
}

Launch &Launch::add(void *data, int64_t count, int32_t bytes, bool write,
                    int cut) {
  buffers.push_back({data, count, bytes, write, uint8_t(cut), {}});
  return *this;
}

noodle_rt_launch Launch::get() const {
  noodle_rt_launch launch = {};
  launch.kernel = kernel;
  launch.site = site;
  std::copy(grid, grid + 3, launch.grid);
  launch.buffer_count = int64_t(buffers.size());
  launch.scalar_count = int64_t(scalars.size());
  launch.split_scalar = canSplit ? 0 : -1;
  launch.split_rows = kThreads;
  launch.buffers = buffers.data();
  launch.scalars = scalars.data();
  return launch;
}

Launch combine(const int64_t *a, const int64_t *b, int64_t *out, int64_t count,
               int64_t shift, int64_t site) {
  Launch launch(Combine, count, site);
  launch.read(a, count, 1).read(b, count, 1).write(out, count, 1);
  return launch.scalar(count).scalar(shift).splittable();
}

Launch narrow(const int64_t *a, int32_t *out, int64_t count) {
  Launch launch(Narrow, count);
  launch.read(a, count, 1).write(out, count, 1);
  return launch.scalar(count).splittable();
}

Launch rowSum(const int64_t *in, int64_t *out, int64_t rows, int64_t columns) {
  Launch launch(RowSum, rows);
  launch.read(in, rows * columns, 1).write(out, rows, 1);
  return launch.scalar(rows).scalar(columns).splittable();
}

Launch spanSum(const int64_t *positions, const int64_t *x, int64_t stored,
               int64_t *out, int64_t rows) {
  Launch launch(SpanSum, rows);
  launch.read(positions, rows + 1, 2).read(x, stored).write(out, rows, 1);
  return launch.scalar(rows).splittable();
}

noodle_rt_status Call::combine(const int64_t *a, const int64_t *b, int64_t *out,
                               int64_t count, int64_t shift,
                               int64_t *outBlock) {
  noodle_rt_status status = launch(test::combine(a, b, out, count, shift));
  if (status != NOODLE_RT_FALLBACK)
    return status;
  for (const int64_t *each : {a, b})
    if (noodle_rt_status failed = access(each, false))
      return failed;
  if (noodle_rt_status failed = access(outBlock, true))
    return failed;
  for (int64_t i = 0; i < count; ++i)
    out[i] = 3 * a[i] + b[i] + shift;
  return NOODLE_RT_OK;
}

int64_t Call::steps(const std::string &step) {
  int64_t count = 0;
  for (const DeviceStep &each : session.receipt().steps)
    count += each.step == step;
  return count;
}

std::string Call::story() {
  std::string text;
  for (const DeviceStep &each : session.receipt().steps)
    text += each.step + " at " + std::to_string(each.site) + ": " +
            each.reason + "\n";
  return text;
}

} // namespace noodle::rt::test
