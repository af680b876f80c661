//===- Kernels.h - what the kernel emitters share ---------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An emitter turns a cluster (one noodle op, and the maps fused behind it) into
// a gpu.func and the noodle.launch that runs it. What a kernel may contain,
// because the NVPTX lowering and the tests' emulator both execute it:
//
//   gpu       thread_id x, block_id, block_dim x, grid_dim, barrier, shuffle
//             (width 32), return
//   scf       for, while, if
//   arith, math (what has a polynomial or an instruction), index casts
//   memref    load, store, on parameters (memref<?xT>) and workgroup buffers
//             (static rank 1, #gpu.address_space<workgroup>)
//   vector    load, store (rank 1, with `alignment`), splats, extract, insert,
//             elementwise arith
//
// Blocks are one-dimensional. Every barrier is reached by all threads of the
// block. The kernel never reads or writes outside its buffers.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_TRANSFORMS_GPU_KERNELS_H
#define NOODLE_LIB_TRANSFORMS_GPU_KERNELS_H

#include "noodle/Dialect/Noodle.h"
#include "noodle/Dialect/Semiring.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::noodle {

/// Name of the gpu.module that holds a program's kernels.
inline constexpr StringLiteral kDeviceModule = "noodle_device";
/// On a kernel: a dictionary {kind, text}; `text` tells a person what it does
/// ("ij,jk->ik min_plus f32, tile 128x128x16").
inline constexpr StringLiteral kKernelAttr = "noodle.kernel";
/// In that dictionary, of a kernel that stands for a library's routine.
inline constexpr StringLiteral kRoutineAttr = "routine";

/// What runs as one kernel: an op and the maps behind it, each the only user of
/// the one before, all of the root's result shape.
struct Cluster {
  Operation *root = nullptr;
  SmallVector<MapOp> maps;

  /// The op whose result the kernel writes.
  Operation *last() const { return maps.empty() ? root : maps.back(); }
  RankedTensorType resultType() const {
    return cast<RankedTensorType>(last()->getResult(0).getType());
  }
};

/// What a launch needs, on the host's side.
struct KernelSpec {
  std::string kind; ///< "contract", "rows", "elementwise", "sparse-rows"
  std::string text;
  /// Of a vendor's library, called instead of a kernel (LibraryForm.h).
  std::string routine;
  int64_t threads = 256;      ///< per block
  SmallVector<Value> inputs;  ///< dense tensors, or memrefs
  SmallVector<Value> extents; ///< of the result, one index value a dimension
  SmallVector<Value> scalars; ///< i64 values
  Value gridX, gridY, gridZ;  ///< index values; null is 1
  /// Where rows may be computed in parts (noodle.launch's `split`): the scalar
  /// that holds their number, never a constant of the kernel; the rows a block
  /// of grid x computes; the cut of every input and, last, of the output.
  int64_t splitScalar = -1, splitRows = 0;
  SmallVector<int64_t> cuts;
  /// Static buffers that the threads of a block share.
  SmallVector<MemRefType> workgroup;
};

/// Emits a kernel's body. `buffers` are the inputs and then the output, each
/// memref<?xT>; `workgroup` the shared buffers; `scalars` i64 values.
using KernelBody =
    llvm::function_ref<void(ImplicitLocOpBuilder &b, ValueRange buffers,
                            ValueRange scalars, ValueRange workgroup)>;

/// The host's side of one offloaded cluster: makes kernels and launches.
class Offload {
public:
  /// Ops of the host go in front of `cluster.last()`.
  Offload(const Cluster &cluster, gpu::GPUModuleOp module);

  const Cluster &cluster;
  ImplicitLocOpBuilder host;

  /// Host side: the extent of a dimension as an index value.
  Value dim(Value tensor, int64_t d);
  Value index(int64_t value);
  /// ceil(a / b) for b > 0.
  Value ceilDiv(Value a, int64_t b);
  Value product(ValueRange values);
  /// An index, a float or an integer as the i64 a kernel takes: floats as their
  /// bits.
  Value scalar(Value value);

  /// Adds the kernel to the module, or finds an equal one, and launches it.
  /// The result has the cluster's result type.
  LaunchOp launch(const KernelSpec &spec, KernelBody body);

private:
  gpu::GPUModuleOp module;
};

/// In a kernel: an i64 scalar back as `type` (index, integer or float).
Value unpackScalar(ImplicitLocOpBuilder &b, Value scalar, Type type);

/// An extent that kernels use: a constant where static, else a scalar
/// parameter. Made on the host, read in the kernel.
class KernelExtents {
public:
  /// Registers dimension `d` of `tensor`; returns its number. Equal static
  /// extents share nothing; a dynamic one becomes the next scalar of `spec`.
  unsigned add(Offload &offload, KernelSpec &spec, Value tensor, int64_t d);
  /// In the kernel: extent `number` as index.
  Value get(ImplicitLocOpBuilder &b, ValueRange scalars, unsigned number) const;
  /// The static extent, or ShapedType::kDynamic.
  int64_t getStatic(unsigned number) const { return entries[number].fixed; }

private:
  struct Entry {
    int64_t fixed;
    unsigned scalar;
  };
  SmallVector<Entry> entries;
};

/// The maps behind a kernel's root, as scalar code. Tensors and scalars that
/// they read besides the value in flight become inputs and scalars of the
/// kernel; static extents of 1 broadcast.
class Epilogue {
public:
  /// What a map reads. A tensor's dimensions are the result's.
  struct Operand {
    enum Kind { InFlight, Tensor, Scalar } kind;
    unsigned number = 0;         ///< of the buffer or the scalar
    Type type;                   ///< of the element
    SmallVector<bool> broadcast; ///< of each dimension
  };

  /// Appends its inputs, extents and scalars to `spec`. With `withRoot` the
  /// cluster's root, a map, is the first step.
  Epilogue(Offload &offload, KernelSpec &spec, bool withRoot = false);

  /// In the kernel: what the maps make of `value` (of the root's element type)
  /// at `indices`, one for each dimension of the result.
  Value apply(ImplicitLocOpBuilder &b, Value value, ValueRange indices,
              ValueRange buffers, ValueRange scalars) const;
  bool empty() const { return steps.empty(); }

  /// The same with entries of tensors from `entry`, wherever they come from.
  Value apply(ImplicitLocOpBuilder &b, Value value, ValueRange scalars,
              llvm::function_ref<Value(const Operand &)> entry) const;
  /// The tensors read, each once.
  SmallVector<const Operand *> tensors() const;
  /// In the kernel: where a tensor's entry at `indices` lies.
  Value position(ImplicitLocOpBuilder &b, const Operand &operand,
                 ValueRange indices, ValueRange scalars) const;
  /// Appends the cuts of its tensors (KernelSpec::cuts) where rows are the
  /// result's first `dims` dimensions. False: a tensor has no cut, because it
  /// broadcasts along some of them only.
  bool appendCuts(SmallVectorImpl<int64_t> &cuts, unsigned dims) const;
  /// Ops in the maps' bodies, and whether any is a function of math.
  unsigned operations() const;
  bool hasMath() const;

private:
  struct Step {
    MapOp map;
    SmallVector<Operand> operands;
  };
  SmallVector<Step> steps;
  KernelExtents extents;
  SmallVector<int> extentNumbers; ///< of each dimension; -1: none needs it
};

/// Clones a map's body at `values`, one for each of its operands.
Value inlineMapBody(ImplicitLocOpBuilder &b, MapOp map, ValueRange values);

/// Row-major position of `indices` in a tensor of these extents.
Value linearIndex(ImplicitLocOpBuilder &b, ValueRange indices,
                  ValueRange extents);

/// The emitters. Each accepts what `deviceForm` (noodle/Strategy/DeviceForm.h)
/// says is of its kind, and returns the launch.
LaunchOp emitContraction(Offload &offload);
LaunchOp emitRows(Offload &offload);        // softmax, layer_norm, reduce
LaunchOp emitElementwise(Offload &offload); // map, transpose, convert
LaunchOp emitSparseRows(Offload &offload);  // CSR/CSC matrix times dense
/// Of what `libraryForm` accepts; the kernel has a name and no code.
LaunchOp emitLibrary(Offload &offload);

} // namespace mlir::noodle

#endif // NOODLE_LIB_TRANSFORMS_GPU_KERNELS_H
