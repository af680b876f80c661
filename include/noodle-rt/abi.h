//===- abi.h - plain data shared by kernels, runtime and hosts ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The layouts that generated code, the runtime and the engine agree on. Plain
// C, no functions. Any change here is a change of NOODLE_RT_ABI_VERSION, which
// is part of every kernel cache key.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RT_ABI_H
#define NOODLE_RT_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NOODLE_RT_ABI_VERSION 8u
/// Greatest tensor rank; a program with a larger one is refused when compiled.
#define NOODLE_RT_MAX_RANK 32
/// Alignment in bytes of every allocation a kernel or a region hands out.
#define NOODLE_RT_ALIGNMENT 64

/// What a kernel or a runtime call returns. 0 is success.
typedef int32_t noodle_rt_status;
enum {
  NOODLE_RT_OK = 0,
  NOODLE_RT_OUT_OF_MEMORY = 1,  ///< the system or the byte budget refused
  NOODLE_RT_CHECK_FAILED = 2,   ///< a noodle.check or a generated check
  NOODLE_RT_SHAPE_MISMATCH = 3, ///< dynamic extents disagree
  NOODLE_RT_INDEX_RANGE = 4,    ///< an index or coordinate is out of range
  NOODLE_RT_DEADLINE = 5,       ///< the call's deadline passed
  NOODLE_RT_CANCELLED = 6,      ///< the host cancelled the call
  NOODLE_RT_INVALID_ARGUMENT = 7,
  NOODLE_RT_HOST_CALL_FAILED = 8, ///< a callback into the engine failed
  NOODLE_RT_INTERNAL = 9,
  // 10 to 12 are the engine's own.
  NOODLE_RT_DEVICE_FAILED = 13 ///< strict: a device op did not run there; or
                               ///< the device died with results only it held
};
/// What noodle_ir_launch and noodle_ir_product return when generated code is to
/// compute the op.
#define NOODLE_RT_FALLBACK (-1)

/// Element types. Values are part of the ABI; new ones are appended.
typedef uint8_t noodle_rt_type;
enum {
  NOODLE_RT_I1 = 1, ///< one byte, 0 or 1
  NOODLE_RT_I32 = 2,
  NOODLE_RT_I64 = 3,
  NOODLE_RT_F32 = 4,
  NOODLE_RT_F64 = 5,
  NOODLE_RT_INDEX = 6, ///< scalars only: 64-bit signed
  NOODLE_RT_F16 = 7,   ///< IEEE binary16
  NOODLE_RT_BF16 = 8,  ///< the upper half of an f32
  NOODLE_RT_I8 = 9,
  NOODLE_RT_C64 = 10, ///< complex<f32>: real, then imaginary part
  NOODLE_RT_C128 = 11 ///< complex<f64>
};

/// Bytes of one element; 0 for a value that is no type.
static inline int64_t noodle_rt_element_bytes(noodle_rt_type type) {
  static const uint8_t bytes[] = {0, 1, 4, 8, 4, 8, 8, 2, 2, 1, 8, 16};
  return type < sizeof bytes ? bytes[type] : 0;
}

/// Its name in program text; "?" for a value that is no type.
static inline const char *noodle_rt_element_name(noodle_rt_type type) {
  static const char *const names[] = {
      "?",     "i1",  "i32",  "i64", "f32",          "f64",
      "index", "f16", "bf16", "i8",  "complex<f32>", "complex<f64>"};
  return type < sizeof names / sizeof *names ? names[type] : "?";
}

/// How the values of a noodle_rt_tensor are laid out.
typedef uint8_t noodle_rt_layout;
enum {
  NOODLE_RT_SCALAR = 0, ///< `values` points at one element; rank 0
  NOODLE_RT_DENSE = 1,  ///< strided
  NOODLE_RT_CSR = 2,    ///< rank 2, rows compressed
  NOODLE_RT_CSC = 3,    ///< rank 2, columns compressed
  NOODLE_RT_COO = 4,    ///< rank 2, entries by row and then column
  NOODLE_RT_DCSR = 5,   ///< rank 2, rows that hold something compressed
  NOODLE_RT_BSR = 6     ///< rank 2, rows of dense blocks compressed
};

/// A borrowed tensor, or the slot a result is written to.
///
/// Dense: element (i0, i1, ..) is at values + sum(ik * strides[k]) elements.
/// CSR of m x n: positions has m + 1 entries, coordinates and values have
/// stored entries; row i owns entries [positions[i], positions[i+1]), with
/// increasing column coordinates. CSC likewise with columns.
/// COO: rows, coordinates and values have stored entries, which increase by row
/// and then by column; no positions. DCSR: rows has stored_rows increasing
/// entries, positions one more; the k-th of rows owns entries [positions[k],
/// positions[k+1]). Rows are as wide as coordinates. Compiled functions neither
/// take nor give COO and DCSR: the engine makes CSR of them, and them of CSR.
/// BSR: positions and coordinates are those of CSR over blocks of block_rows x
/// block_columns, of which extents are multiples; values are the blocks, each
/// row-major, and `stored` counts values.
/// Extents and strides are in elements, buffers in host memory.
typedef struct noodle_rt_tensor {
  noodle_rt_layout layout;
  noodle_rt_type type;
  uint8_t rank;
  uint8_t position_width;   ///< 4 or 8 bytes; 0 when dense
  uint8_t coordinate_width; ///< 4 or 8 bytes; 0 when dense
  uint8_t block_rows;       ///< BSR only
  uint8_t block_columns;    ///< BSR only
  uint8_t reserved[1];
  int64_t stored;      ///< entries a sparse tensor stores; dense: unused
  void *values;        ///< first element (the view's offset is applied)
  void *positions;     ///< sparse only
  void *coordinates;   ///< sparse only
  void *rows;          ///< COO and DCSR only
  int64_t stored_rows; ///< DCSR only
  int64_t extents[NOODLE_RT_MAX_RANK];
  int64_t strides[NOODLE_RT_MAX_RANK]; ///< dense only
} noodle_rt_tensor;

/// Head of the context that every generated function takes first. Generated
/// code reads `stop` (a volatile load at loop heads) and nothing else; the
/// rest of the context is the runtime's own.
typedef struct noodle_rt_context_head {
  /// NOODLE_RT_OK, or the status (deadline, cancelled) that ends the call.
  volatile int32_t stop;
  uint32_t abi_version;
} noodle_rt_context_head;

typedef struct noodle_rt_context noodle_rt_context;

/// Entry point of a compiled function: arguments in parameter order, results in
/// result order. On a status other than 0 the results are unspecified.
typedef noodle_rt_status (*noodle_rt_entry)(noodle_rt_context *context,
                                            noodle_rt_tensor *arguments,
                                            noodle_rt_tensor *results);

/// Body of a parallel loop: iterations [begin, end) of `captures`.
typedef noodle_rt_status (*noodle_rt_body)(noodle_rt_context *context,
                                           int64_t begin, int64_t end,
                                           void *captures);

/// A buffer of a kernel launch: `count` elements at `data`, in host memory.
/// Blocks written are not read before.
typedef struct noodle_rt_launch_buffer {
  void *data;
  int64_t count;
  int32_t element_bytes;
  uint8_t write; ///< 1: the kernel writes every element; 0: it reads
  /// How the buffer is cut where the launch is split into parts of rows: 0 not
  /// at all, 1 count / rows elements a row, 2 one element a row and one more.
  uint8_t cut;
  uint8_t reserved[2];
} noodle_rt_launch_buffer;

/// One launch, as generated code asks for it. The kernel's parameters are, for
/// each buffer, an MLIR memref descriptor of rank 1 (device address twice,
/// offset 0, count, stride 1), then the scalars.
typedef struct noodle_rt_launch {
  int64_t kernel;  ///< index into the artifact's table of kernels
  int64_t site;    ///< op site, -1 if unknown
  int64_t grid[3]; ///< blocks; nothing is launched where one is 0
  int64_t buffer_count;
  int64_t scalar_count;
  /// The scalar that holds the number of rows, -1 where the launch cannot be
  /// split; grid[0] is ceil(rows / split_rows).
  int64_t split_scalar;
  int64_t split_rows;
  const noodle_rt_launch_buffer *buffers;
  const int64_t *scalars;
} noodle_rt_launch;

/// Tensors of a product, as bits of noodle_rt_product_loop.in.
enum { NOODLE_RT_LHS = 1, NOODLE_RT_RHS = 2, NOODLE_RT_OUT = 4 };

/// A loop of a product: the tensors that have it, and how many elements one
/// step of it is in each (lhs, rhs, out; 0 in those that lack it).
typedef struct noodle_rt_product_loop {
  int64_t extent;
  int64_t strides[3];
  int64_t in;
} noodle_rt_product_loop;

/// out = sum of lhs * rhs over the loops that out lacks, in the ordinary
/// arithmetic of `type`, on top of what out holds where `accumulate` is 1.
/// Tensors lie in host memory, and out overlaps neither operand.
typedef struct noodle_rt_product {
  const void *lhs;
  const void *rhs;
  void *out;
  int64_t site; ///< op site, -1 if unknown
  int64_t loop_count;
  const noodle_rt_product_loop *loops;
  int64_t type; ///< a noodle_rt_type
  int64_t accumulate;
} noodle_rt_product;

#ifdef __cplusplus
} // extern "C"
static_assert(sizeof(noodle_rt_launch_buffer) == 24, "layout is ABI");
static_assert(sizeof(noodle_rt_launch) == 88, "layout is ABI");
static_assert(sizeof(noodle_rt_product_loop) == 40, "layout is ABI");
static_assert(sizeof(noodle_rt_product) == 64, "layout is ABI");
static_assert(sizeof(noodle_rt_tensor) == 568, "layout is ABI");
static_assert(offsetof(noodle_rt_tensor, stored) == 8, "layout is ABI");
static_assert(offsetof(noodle_rt_tensor, values) == 16, "layout is ABI");
static_assert(offsetof(noodle_rt_tensor, positions) == 24, "layout is ABI");
static_assert(offsetof(noodle_rt_tensor, coordinates) == 32, "layout is ABI");
static_assert(offsetof(noodle_rt_tensor, rows) == 40, "layout is ABI");
static_assert(offsetof(noodle_rt_tensor, stored_rows) == 48, "layout is ABI");
static_assert(offsetof(noodle_rt_tensor, extents) == 56, "layout is ABI");
static_assert(offsetof(noodle_rt_tensor, strides) == 312, "layout is ABI");
static_assert(sizeof(noodle_rt_context_head) == 8, "layout is ABI");
#endif

#endif // NOODLE_RT_ABI_H
