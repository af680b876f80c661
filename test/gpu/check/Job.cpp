//===- Job.cpp - a program with random arguments --------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Check.h"

#include <algorithm>
#include <cstring>

namespace noodle::gpucheck {

using namespace engine;

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

namespace {
/// Fast enough for hundreds of megabytes (xorshift64*, Vigna 2016).
class Fast {
public:
  explicit Fast(uint64_t seed) : state(seed | 1) {}
  uint64_t operator()() {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545F4914F6CDD1Dull;
  }

private:
  uint64_t state;
};

template <typename T> T draw(Fast &fast, bool nonNegative) {
  uint64_t bits = fast();
  if constexpr (std::is_floating_point_v<T>) {
    double unit = double(bits >> 40) / double(1 << 24);
    return T(nonNegative ? unit : 2 * unit - 1);
  } else if constexpr (sizeof(T) == 1) {
    return T(bits >> 63);
  } else {
    return nonNegative ? T((bits >> 40) % 9)
                       : T(int64_t((bits >> 40) % 17) - 8);
  }
}

std::shared_ptr<void> buffer(int64_t bytes) {
  void *data = std::aligned_alloc(256, size_t((bytes + 255) / 256 * 256 + 256));
  return {data, std::free};
}

void fillValues(noodle_rt_type type, void *data, int64_t count,
                bool nonNegative, Random &random) {
  Fast fast(random());
  auto fill = [&]<typename T>(T) {
    auto *values = static_cast<T *>(data);
    for (int64_t k = 0; k < count; ++k)
      values[k] = draw<T>(fast, nonNegative);
  };
  switch (type) {
  case NOODLE_RT_I1:
    return fill(uint8_t());
  case NOODLE_RT_I32:
    return fill(int32_t());
  case NOODLE_RT_F32:
    return fill(float());
  case NOODLE_RT_F64:
    return fill(double());
  default:
    return fill(int64_t());
  }
}

/// Columns of the entries of each line.
std::vector<std::vector<int64_t>> pattern(int64_t lines, int64_t across,
                                          double density, Random &random) {
  std::vector<std::vector<int64_t>> rows{size_t(lines)};
  double mean = density * double(across);
  for (int64_t line = 0; line < lines; ++line) {
    double share = std::uniform_real_distribution<>(0, 2)(random);
    int64_t wanted = int64_t(mean * share + 0.5);
    if (lines > 3 && line % 7 == 3)
      wanted = 0;
    if (lines <= 512 && line == lines / 2)
      wanted = across * 3 / 4 + 1;
    wanted = std::min(wanted, across);
    std::vector<int64_t> &row = rows[size_t(line)];
    if (wanted * 4 > across) {
      for (int64_t column = 0; column < across; ++column)
        if (int64_t(random() % uint64_t(across)) < wanted)
          row.push_back(column);
      continue;
    }
    for (int64_t k = 0; k < wanted; ++k)
      row.push_back(int64_t(random() % uint64_t(across)));
    std::sort(row.begin(), row.end());
    row.erase(std::unique(row.begin(), row.end()), row.end());
  }
  return rows;
}

void *indices(const std::vector<int64_t> &values, uint8_t width,
              HostTensor &tensor) {
  int64_t count = int64_t(values.size());
  auto &data = tensor.buffers.emplace_back(buffer(count * width));
  for (int64_t k = 0; k < count; ++k)
    if (width == 4)
      static_cast<int32_t *>(data.get())[k] = int32_t(values[size_t(k)]);
    else
      static_cast<int64_t *>(data.get())[k] = values[size_t(k)];
  return data.get();
}
} // namespace

Status fillArgument(const TensorType &type, const ArgumentShape &shape,
                    Random &random, HostTensor &tensor) {
  noodle_rt_tensor &view = tensor.view;
  view = {};
  view.layout = type.layout;
  view.type = type.element;
  view.rank = uint8_t(shape.extents.size());
  if (shape.extents.size() != type.extents.size())
    return Status::error(Code::InvalidArgument,
                         "the case's shape is not its program's");
  int64_t count = 1;
  for (size_t k = shape.extents.size(); k-- > 0;) {
    view.extents[k] = shape.extents[k];
    view.strides[k] = count;
    count *= shape.extents[k];
  }
  if (type.sparse()) {
    bool csr = type.layout == NOODLE_RT_CSR;
    int64_t lines = shape.extents[csr ? 0 : 1];
    auto rows =
        pattern(lines, shape.extents[csr ? 1 : 0], shape.density, random);
    std::vector<int64_t> positions{0}, coordinates;
    for (const auto &row : rows) {
      coordinates.insert(coordinates.end(), row.begin(), row.end());
      positions.push_back(int64_t(coordinates.size()));
    }
    count = int64_t(coordinates.size());
    view.stored = count;
    view.position_width = type.positionWidth;
    view.coordinate_width = type.coordinateWidth;
    view.positions = indices(positions, type.positionWidth, tensor);
    view.coordinates = indices(coordinates, type.coordinateWidth, tensor);
  }
  auto &data = tensor.buffers.emplace_back(
      buffer(count * noodle_rt_element_bytes(type.element)));
  if (!data)
    return Status::error(Code::OutOfMemory, "no memory for an argument");
  fillValues(type.element, data.get(), count, shape.nonNegative, random);
  view.values = data.get();
  return {};
}

//===----------------------------------------------------------------------===//
// Jobs
//===----------------------------------------------------------------------===//

CompileOptions Bench::onDevice(const std::string &strategy) const {
  CompileOptions options;
  options.target = "cuda";
  options.strategy = strategy;
  options.strict = true;
  return options;
}

CompileOptions Bench::onHost(const std::string &strategy) const {
  CompileOptions options;
  options.strategy = strategy;
  return options;
}

Status Job::create(std::shared_ptr<Engine> engine, const std::string &text,
                   CompileOptions options, Job &job) {
  Status status =
      Program::compile(engine, text, std::move(options), job.program);
  if (status.ok())
    job.region = std::make_unique<rt::Region>(engine->pool());
  return status;
}

Status Job::fill(const std::vector<ArgumentShape> &shapes, Random &random) {
  const auto &parameters = program->signature().parameters;
  if (shapes.size() != parameters.size())
    return Status::error(Code::InvalidArgument,
                         "the case has other arguments than its program");
  owners.clear();
  views.clear();
  owners.resize(shapes.size());
  for (size_t k = 0; k < shapes.size(); ++k) {
    if (Status status =
            fillArgument(parameters[k], shapes[k], random, owners[k]);
        !status.ok())
      return status;
    views.push_back(owners[k].view);
  }
  return {};
}

Status Job::call(bool profile, std::vector<noodle_rt_tensor> &results) {
  region->clear();
  results.assign(program->signature().results.size(), {});
  CallOptions options;
  *said = {};
  options.receipt = said.get();
  options.device = program->report().device;
  options.device.profile = profile;
  return program->call(views, *region, results, options);
}

Status Job::run(std::vector<noodle_rt_tensor> &results) {
  return call(false, results);
}

Status Job::timeKernels(double &seconds) {
  std::vector<noodle_rt_tensor> results;
  Status status = call(true, results);
  seconds = said->device.used.kernelSeconds;
  if (status.ok() && seconds <= 0)
    return Status::error(Code::Internal, "no kernel was timed");
  return status;
}

static double median(std::vector<double> &times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

Status Job::medianKernels(int rounds, double &seconds) {
  std::vector<double> times;
  for (int round = -2; round < rounds; ++round) {
    double now = 0;
    if (Status status = timeKernels(now); !status.ok())
      return status;
    if (round >= 0)
      times.push_back(now);
  }
  seconds = median(times);
  return {};
}

Status Job::medianCalls(int rounds, double &seconds) {
  using Clock = std::chrono::steady_clock;
  BoundCall bound;
  if (Status status = program->bind(views, {}, bound); !status.ok())
    return status;
  std::vector<noodle_rt_tensor> results(program->signature().results.size());
  std::vector<double> times;
  for (int round = -3; round < rounds; ++round) {
    region->clear();
    auto start = Clock::now();
    if (Status status = bound.run(*region, results); !status.ok())
      return status;
    if (round >= 0)
      times.push_back(
          std::chrono::duration<double>(Clock::now() - start).count());
  }
  region->clear();
  seconds = median(times);
  return {};
}

} // namespace noodle::gpucheck
