//===- ir.h - the runtime as generated code sees it -----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Called by compiled kernels only, never by hosts. Everything takes the call's
// context first. All functions may be called from any worker of the call
// (thread-safe). None throws, prints or exits.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RT_IR_H
#define NOODLE_RT_IR_H

#include "noodle-rt/abi.h"
#include "noodle-rt/sparse.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A block of at least `bytes` bytes aligned to NOODLE_RT_ALIGNMENT, owned by
/// the call until noodle_ir_free or the call's end. Null when memory or the
/// call's byte budget refuses (the status is then NOODLE_RT_OUT_OF_MEMORY and
/// already recorded), also for a negative or overflowing size. Zero bytes give
/// a valid block.
void *noodle_ir_alloc(noodle_rt_context *context, int64_t bytes);

/// The same for memory that op site `site` can do without: null is no failure,
/// and the program computes in another way.
void *noodle_ir_try_alloc(noodle_rt_context *context, int64_t bytes,
                          int64_t site);

/// The buffer of result `index`, asked for once and never given back: memory of
/// the host where it gave some of `bytes` bytes, else as noodle_ir_alloc.
void *noodle_ir_result(noodle_rt_context *context, int64_t bytes,
                       int64_t index);

/// Gives back a block of this call. Null is allowed.
void noodle_ir_free(noodle_rt_context *context, void *block);

/// Records a failure and returns `status`. `message` need not be terminated
/// and is copied; the first failure of a call wins.
noodle_rt_status noodle_ir_fail(noodle_rt_context *context,
                                noodle_rt_status status, const char *message,
                                int64_t length);

/// The same with `{k}` of the message replaced by values[k].
noodle_rt_status noodle_ir_fail_at(noodle_rt_context *context,
                                   noodle_rt_status status, const char *message,
                                   int64_t length, const int64_t *values,
                                   int64_t count);

/// Runs body over [0, count) in chunks of at least `grain` iterations on the
/// call's executor and waits. The first failure cancels chunks not yet begun
/// and is returned. Nested calls run serially on the calling worker. A negative
/// grain is that of a brief loop: no thread is worth waking for it alone.
noodle_rt_status noodle_ir_parallel_for(noodle_rt_context *context,
                                        int64_t count, int64_t grain,
                                        noodle_rt_body body, void *captures);

/// Has the engine's interpreter execute reference site `site`: the fallback of
/// an op that code generation does not cover. Result slots come back filled;
/// their buffers are blocks of the call, like noodle_ir_alloc's.
noodle_rt_status
noodle_ir_reference_call(noodle_rt_context *context, int64_t site,
                         noodle_rt_tensor *arguments, int64_t argument_count,
                         noodle_rt_tensor *results, int64_t result_count);

/// Profiling mark: op site `site` begins (phase 0) or ends (phase 1). `sizes`
/// are the site's extents and stored-entry counts, in the receipt's order.
void noodle_ir_mark(noodle_rt_context *context, int64_t site, int64_t phase,
                    const int64_t *sizes, int64_t size_count);

/// Enqueues a kernel on the call's device and returns at once. NOODLE_RT_OK:
/// the written buffer's newest contents are (or will be) on the device.
/// NOODLE_RT_FALLBACK: nothing was done and the caller computes the op itself.
/// Another status ends the call.
noodle_rt_status noodle_ir_launch(noodle_rt_context *context,
                                  const noodle_rt_launch *launch);

/// The host is about to read (write 0) or write (1) the block of memory that
/// `address` lies in: waits until its newest contents are in host memory. Cheap
/// where no launch of this call wrote anything.
noodle_rt_status noodle_ir_host_access(noodle_rt_context *context,
                                       void *address, int32_t write);

/// Has a BLAS form a product. NOODLE_RT_FALLBACK: nothing was done, there is no
/// BLAS or it has no such product, and the caller computes the op itself.
/// Another status ends the call.
noodle_rt_status noodle_ir_product(noodle_rt_context *context,
                                   const noodle_rt_product *product);

/// Writes a sparse matrix's columns from its rows, by a stable counting sort in
/// time linear in rows, columns and entries. Takes memory for counts where it
/// works in parallel.
noodle_rt_status
noodle_ir_transpose_storage(noodle_rt_context *context,
                            const noodle_rt_transposition *job);

#ifdef __cplusplus
} // extern "C"
#endif

#endif // NOODLE_RT_IR_H
