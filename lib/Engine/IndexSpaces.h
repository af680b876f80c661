//===- IndexSpaces.h - indices numbered anew for a call ---------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ENGINE_INDEXSPACES_H
#define NOODLE_LIB_ENGINE_INDEXSPACES_H

#include "noodle/Engine/Status.h"
#include "noodle/Engine/Types.h"

#include <span>

namespace noodle::engine {

/// Spaces of a function of which these arguments use few indices. Views are as
/// a call holds them: a sparse vector is a matrix of one row.
std::vector<uint32_t> spacesToRenumber(const Signature &function,
                                       std::span<const noodle_rt_tensor> views,
                                       int64_t least);

/// An error where an argument that lists its rows would need positions for a
/// number of rows that has no relation to what it stores.
Status checkListedRows(const Signature &function,
                       std::span<const noodle_rt_tensor> views,
                       std::span<const uint32_t> renumbered);

/// The indices that a call uses, in order, in memory of the call.
class Renumbering {
public:
  /// Gives views the numbers of indices among those in use, with copies of what
  /// holds indices. False where memory refuses.
  bool apply(noodle_rt_context *context, const Signature &function,
             std::span<const uint32_t> spaces,
             std::span<noodle_rt_tensor> views);
  /// Whether results can hold what their numbers stand for.
  Status check(std::span<const noodle_rt_tensor> results) const;
  /// Gives results, which own their memory, the indices back.
  void restore(std::span<noodle_rt_tensor> results) const;
  /// What apply took for an argument.
  double secondsOf(size_t argument) const {
    return argument < seconds.size() ? seconds[argument] : 0;
  }

private:
  struct Space {
    std::span<const SpaceMember> members;
    int64_t extent = 0;
    int64_t *indices = nullptr;
    int64_t count = 0;
  };
  const Signature *function = nullptr;
  std::vector<Space> spaces;
  std::vector<double> seconds;
};

} // namespace noodle::engine

#endif // NOODLE_LIB_ENGINE_INDEXSPACES_H
