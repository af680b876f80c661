//===- Binding.h - files and words as arguments and results -----*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_ENGINE_BINDING_H
#define NOODLE_ENGINE_BINDING_H

#include "noodle-rt/io.h"
#include "noodle/Engine/Status.h"
#include "noodle/Engine/Types.h"

#include <vector>

namespace noodle::engine {

/// A tensor that owns its buffers. Move-only; the view stays valid when it
/// moves.
struct HostTensor {
  noodle_rt_tensor view{};
  std::vector<std::shared_ptr<void>> buffers;

  HostTensor() = default;
  HostTensor(HostTensor &&) = default;
  HostTensor &operator=(HostTensor &&) = default;
};

struct BindOptions {
  rt::io::Duplicates duplicates = rt::io::Duplicates::Error;
  /// A .mtx file becomes a dense argument only up to this size.
  int64_t densifyBytes = int64_t{64} << 20;
  rt::io::IoLimits limits;
};

/// The argument a word stands for, for a parameter of this type:
///   x.npy           dense, with the parameter's element type and shape
///   A.mtx           the parameter's format, or dense below `densifyBytes`
///   3, -1.5e3, inf, true    a scalar
///   zeros, ones, rand:SEED  where the type gives the shape; else with a
///   shape behind: zeros:4x5, rand:7:4x5
/// Values convert where none changes; f32 takes the nearest.
/// `what` names the parameter in errors.
Status bindWord(const std::string &word, const TensorType &type,
                const std::string &what, const BindOptions &options,
                HostTensor &tensor);

/// A matrix in the parameter's format.
Status bindMatrix(rt::io::Coo &coo, const TensorType &type,
                  const std::string &what, const BindOptions &options,
                  HostTensor &tensor);

/// Whether a result of this type can be written to `path`: .npy for dense and
/// scalars, .mtx for matrices. `what` names the result in errors.
Status checkOutput(const std::string &path, const TensorType &type,
                   const std::string &what);

/// Results and the files they go to. Everything is written beside its place
/// first, so that nothing appears when anything fails.
Status writeResults(const std::vector<std::string> &paths,
                    const std::vector<noodle_rt_tensor> &results);

/// A few lines about a tensor: its type and its first entries.
std::string summarize(const noodle_rt_tensor &tensor);

/// What `noodle-jit --check` allows a result of this element type.
double checkTolerance(noodle_rt_type type);

/// Whether two results agree: exactly for integers and booleans, within
/// `tolerance` * max(1, |a|, |b|) for floats and the parts of complex numbers;
/// patterns of sparse tensors do not count, their values do. Empty when they
/// agree, else the first difference.
std::string compareResults(const noodle_rt_tensor &a, const noodle_rt_tensor &b,
                           double tolerance);

} // namespace noodle::engine

#endif // NOODLE_ENGINE_BINDING_H
