//===- KernelCode.h - writing a kernel's body -------------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_TRANSFORMS_GPU_KERNELCODE_H
#define NOODLE_LIB_TRANSFORMS_GPU_KERNELCODE_H

#include "Kernels.h"

#include "noodle/Dialect/Semiring.h"

#include "noodle/Dialect/Semiring.h"

namespace mlir::noodle {

/// Threads that shuffle and run together.
inline constexpr int64_t kWarp = 32;
/// Bytes of the widest access of a thread.
inline constexpr int64_t kAccessBytes = 16;
/// Bytes that the threads of a block may share.
inline constexpr int64_t kSharedBytes = 48 * 1024;
/// The greatest extent of a grid's y and z.
inline constexpr int64_t kGridLimit = 65535;

/// Index arithmetic, control flow and accesses. Everything folds, so that what
/// is known when the kernel is made leaves no branch.
class KernelCode {
public:
  explicit KernelCode(ImplicitLocOpBuilder &b) : b(b) {}
  ImplicitLocOpBuilder &b;

  using Values = SmallVector<Value>;

  Value index(int64_t value);
  Value add(Value x, Value y);
  Value sub(Value x, Value y);
  Value mul(Value x, Value y);
  Value div(Value x, Value y);
  Value rem(Value x, Value y);
  Value min(Value x, Value y);
  Value add(Value x, int64_t y) { return add(x, index(y)); }
  Value mul(Value x, int64_t y) { return mul(x, index(y)); }
  Value div(Value x, int64_t y) { return div(x, index(y)); }
  Value rem(Value x, int64_t y) { return rem(x, index(y)); }
  Value less(Value x, Value y);
  Value equal(Value x, Value y);
  Value both(Value x, Value y);
  Value select(Value condition, Value x, Value y);

  Value thread();
  Value blockX();
  Value blockY();
  Value gridY();
  void barrier();

  /// Code under a condition; only the branch taken where that is known.
  void when(Value condition, llvm::function_ref<void()> yes,
            llvm::function_ref<void()> no = nullptr);
  Values choose(Value condition, llvm::function_ref<Values()> yes,
                llvm::function_ref<Values()> no);
  /// for (i = lower; i < upper; i += step) carried = body(i, carried)
  Values loop(Value lower, Value upper, Value step, ValueRange carried,
              llvm::function_ref<Values(Value, ValueRange)> body);
  void loop(Value lower, Value upper, Value step,
            llvm::function_ref<void(Value)> body);

  /// `lanes` elements from position `at`, which is a multiple of `lanes`: one
  /// access where the element allows it (i1 goes one by one).
  Values load(Value buffer, Value at, int64_t lanes);
  Value load(Value buffer, Value at) { return load(buffer, at, 1).front(); }
  void store(ValueRange values, Value buffer, Value at);

  /// Folds `value` over the threads of a warp, so that each holds the result.
  /// All 32 take part.
  Value overWarp(Value value, llvm::function_ref<Value(Value, Value)> fold);

private:
  /// The value that the thread whose number differs in bit `mask` holds.
  Value shuffle(Value value, int64_t mask);
};

/// Host side: a grid's extent, at least 1 and at most `limit` (0: no limit).
Value gridExtent(Offload &offload, Value blocks, int64_t limit = 0);

/// A number that the host knows and a kernel needs: a constant of the kernel,
/// or one of its scalars.
class KernelNumber {
public:
  KernelNumber() = default;
  KernelNumber(Offload &offload, KernelSpec &spec, Value hostIndex);
  Value get(KernelCode &code, ValueRange scalars) const;
  /// ShapedType::kDynamic where it is a scalar.
  int64_t fixed = 0;

private:
  unsigned scalar = 0;
};

/// Elements that one access of a thread moves, at most 4: those of the widest
/// type.
int64_t accessLanes(TypeRange elements);

/// A type as kernel texts name it ("f32").
std::string typeText(Type type);

} // namespace mlir::noodle

#endif // NOODLE_LIB_TRANSFORMS_GPU_KERNELCODE_H
