/*===- noodle.h - the host's C API ----------------------------------------===*\
|*
|* Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*|
|*
|* Compile a program once, call it often, from any thread.
|*
|* Conventions. Handles are opaque. A function that can fail returns a
|* noodle_status*: NULL is success, anything else is an error that the caller
|* releases; outputs are then untouched. *_release accepts NULL. Structs that a
|* host fills begin with struct_size, which is sizeof the struct; zero in every
|* other field means the default. Strings are UTF-8 and borrowed for the call;
strings
|* that come back live as long as the handle they came from. No exception
|* crosses this boundary, nothing here prints, exits, or installs a signal
|* handler.
|*
|* Threads. Engines and programs are thread-safe. Statuses, regions, calls,
|* receipts and residents are thread-compatible: one thread at a time. Cancel
|* handles may be triggered from any thread.
|*
|* Memory. Arguments are borrowed for the call and never written. Results live
|* in the region the host gives and die with it. Every pointer here is one of
|* host memory, whatever runs on a device: Noodle moves what the other side
|* needs. Sizes are in bytes, or in elements where a comment says so.
|*
|* Devices. An engine whose target is cuda or auto uses one CUDA device, opened
|* when its first program is compiled. What a device cannot do, the CPU does,
and
|* the receipt says why; with noodle_compile_options.strict that is an error.
|*
|* Safety. A program that runs cannot harm the host whatever its data: indices,
|* shapes, allocation and deadlines end the call with a status. Running out of
|* memory while compiling in this process is fatal, as in any LLVM host: compile
|* programs that are not trusted with noodle_compile_options.isolate.
|*
|* Stability. Within one NOODLE_API_VERSION functions and fields are only added.
|* docs/Stability.md says what is promised.
|*
\*===----------------------------------------------------------------------===*/
#ifndef NOODLE_C_NOODLE_H
#define NOODLE_C_NOODLE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define NOODLE_API __attribute__((visibility("default")))
#else
#define NOODLE_API
#endif

#define NOODLE_API_VERSION 1
#define NOODLE_MAX_RANK 32

/** NOODLE_API_VERSION of the library that is loaded. */
NOODLE_API uint32_t noodle_api_version(void);
/** Such as "0.1.0 (LLVM 22.1.8)". */
NOODLE_API const char *noodle_version_string(void);

/*===- Status -------------------------------------------------------------===*/

typedef struct noodle_status noodle_status;

typedef enum noodle_code {
  NOODLE_OK = 0,
  NOODLE_OUT_OF_MEMORY = 1,    /**< memory or the byte budget refused */
  NOODLE_CHECK_FAILED = 2,     /**< a check of the program */
  NOODLE_SHAPE_MISMATCH = 3,   /**< dynamic extents disagree */
  NOODLE_INDEX_RANGE = 4,      /**< an index or coordinate is out of range */
  NOODLE_DEADLINE = 5,         /**< the call's deadline passed */
  NOODLE_CANCELLED = 6,        /**< noodle_cancel_trigger */
  NOODLE_INVALID_ARGUMENT = 7, /**< the host's arguments do not fit */
  NOODLE_HOST_CALL_FAILED = 8, /**< an op that the interpreter ran failed */
  NOODLE_INTERNAL = 9,         /**< a fault of Noodle: please report it */
  NOODLE_INVALID_PROGRAM = 10, /**< the text does not parse or verify */
  NOODLE_UNSUPPORTED = 11,     /**< strict, and an op has no compiled form */
  NOODLE_IO_ERROR = 12,
  NOODLE_DEVICE_FAILED = 13 /**< there is no such device, or strict and an op
                                 that was to run on it did not */
} noodle_code;

/** NOODLE_OK for NULL. */
NOODLE_API noodle_code noodle_status_code(const noodle_status *status);
/** One line, with its place where there is one; "" for NULL. */
NOODLE_API const char *noodle_status_message(const noodle_status *status);
NOODLE_API void noodle_status_release(noodle_status *status);

/*===- Engine -------------------------------------------------------------===*/

typedef struct noodle_engine noodle_engine;

/** A host's own threads. `run` calls chunk(chunk_data, k) once for every k in
 *  [0, chunks), perhaps concurrently, and returns when all are done. */
typedef struct noodle_executor {
  size_t struct_size;
  void *data;
  int32_t concurrency; /**< chunks that may run at once; at least 1 */
  void (*run)(void *data, int64_t chunks,
              void (*chunk)(void *chunk_data, int64_t k), void *chunk_data);
} noodle_executor;

typedef enum noodle_log_level {
  NOODLE_LOG_INFO = 0,
  NOODLE_LOG_WARNING = 1
} noodle_log_level;

/** Called from any thread that compiles or calls. `message` is one line. */
typedef void (*noodle_log_callback)(void *data, noodle_log_level level,
                                    const char *message);

typedef struct noodle_engine_options {
  size_t struct_size;
  int32_t threads; /**< calling thread included; 0: one per core that this
                      thread may use. More than that may use the cores of any
                      thread of the process */
  const noodle_executor *executor; /**< instead of threads; copied */
  const char *cache_dir;   /**< kernels on disk; NULL: none. Made mode 0700 */
  int64_t cache_bytes;     /**< kernels in memory; 0: 256 MiB */
  const char *worker_path; /**< program that compiles for `isolate`: noodle-jit;
                                NULL: looked up beside this library */
  noodle_log_callback log; /**< NULL: silent */
  void *log_data;
  const char *target; /**< of programs that name none: cpu, cuda, auto; NULL:
                           cpu */
  int32_t device;     /**< index of the CUDA device */
  const char *blas;   /**< file of the BLAS that strategy library calls; NULL:
                           OpenBLAS's, else the system's */
} noodle_engine_options;

/** `options` may be NULL. */
NOODLE_API noodle_status *
noodle_engine_create(const noodle_engine_options *options,
                     noodle_engine **engine);
/** Programs keep what they need of it alive. */
NOODLE_API void noodle_engine_release(noodle_engine *engine);

/*===- Devices ------------------------------------------------------------===*/

/** A CUDA device. Filled by Noodle. */
typedef struct noodle_device_info {
  size_t struct_size;
  int32_t index;
  int32_t compute_major; /**< 9 and 0 are sm_90 */
  int32_t compute_minor;
  int32_t driver_version; /**< as the driver says: 12040 is CUDA 12.4 */
  int32_t multiprocessors;
  int32_t reserved;
  int64_t memory_bytes;
  char name[128];
  char uuid[48];
} noodle_device_info;

/** How many devices the driver offers; 0 where there is no driver. */
NOODLE_API noodle_status *noodle_device_count(size_t *count);
/** Opens device `index`. NOODLE_INVALID_ARGUMENT for an index beyond those that
 *  there are, NOODLE_DEVICE_FAILED with the reason where there is none. */
NOODLE_API noodle_status *noodle_device_get_info(size_t index,
                                                 noodle_device_info *info);
/** The device of an engine, opened if need be; NOODLE_DEVICE_FAILED with the
 *  reason where it has none, and programs run on the CPU. */
NOODLE_API noodle_status *noodle_engine_device(noodle_engine *engine,
                                               noodle_device_info *info);

/*===- Programs -----------------------------------------------------------===*/

typedef struct noodle_program noodle_program;

typedef struct noodle_compile_options {
  size_t struct_size;
  const char *entry;    /**< function to call; NULL: "main" */
  const char *name;     /**< file name in messages; NULL: "program" */
  const char *strategy; /**< auto, reference, loops, tiled, strassen,
                           sparse, gpu, library; NULL: auto */
  const char *fp;       /**< strict, reassoc, fast; NULL: the program's */
  const char *cpu;      /**< x86-64, avx2, avx512; NULL: this machine's */
  int32_t strict;  /**< an op without compiled form is an error, and one that
                        was to run on a device and did not */
  int32_t profile; /**< measure each op for the receipt */
  int32_t isolate; /**< compile in a child process */
  int32_t optimise_less; /**< 0: level 2; n: level 2 - n, at least 0 */
  const char *target;    /**< cpu; cuda: on the device whatever has a kernel;
                              auto: each op where it is predicted to be done
                              first; NULL: the engine's */
  const char *chip; /**< what device code is made for, such as sm_90; NULL: the
                         device's */
  const char *tier; /**< optimised; 0: the lowest level of code generation;
                         auto: first calls run by tier-0, and a thread of the
                         engine optimises what turns out hot, unless threads is
                         1 or the host brings an executor. Same bits. NULL:
                         auto, or optimised where optimise_less is given */
  int64_t strassen_from; /**< least extent that strategy strassen halves; 0: as
                              measured */
  int64_t plan_memory;   /**< bytes that planning keeps what a contraction
                              makes within, by computing it in slices; 0: no
                              limit. See memory_limit of a call */
} noodle_compile_options;

/** Compiles `length` bytes of text. `options` may be NULL. */
NOODLE_API noodle_status *
noodle_program_compile(noodle_engine *engine, const char *text, size_t length,
                       const noodle_compile_options *options,
                       noodle_program **program);
NOODLE_API void noodle_program_release(noodle_program *program);

typedef enum noodle_element {
  NOODLE_I1 = 1, /**< one byte, 0 or 1 */
  NOODLE_I32 = 2,
  NOODLE_I64 = 3,
  NOODLE_F32 = 4,
  NOODLE_F64 = 5,
  NOODLE_INDEX = 6, /**< scalars only: 64-bit signed */
  NOODLE_F16 = 7,   /**< IEEE binary16 */
  NOODLE_BF16 = 8,  /**< the upper half of an f32 */
  NOODLE_I8 = 9,
  NOODLE_C64 = 10, /**< complex<f32>: real, then imaginary part */
  NOODLE_C128 = 11 /**< complex<f64> */
} noodle_element;

typedef enum noodle_layout {
  NOODLE_SCALAR = 0, /**< `values` points at one element */
  NOODLE_DENSE = 1,  /**< strided */
  NOODLE_CSR = 2,
  NOODLE_CSC = 3,
  NOODLE_COO = 4,
  NOODLE_DCSR = 5,
  NOODLE_BSR = 6
} noodle_layout;

/** Type of a parameter or result. Extents of -1 are dynamic. */
typedef struct noodle_type {
  size_t struct_size;
  uint8_t layout;
  uint8_t element;
  uint8_t rank;
  uint8_t position_width;   /**< bytes, 4 or 8; 0 when dense */
  uint8_t coordinate_width; /**< bytes, 4 or 8; 0 when dense */
  uint8_t block_rows;       /**< BSR, else 0 */
  uint8_t block_columns;    /**< BSR, else 0 */
  uint8_t reserved[1];
  int64_t extents[NOODLE_MAX_RANK];
} noodle_type;

NOODLE_API size_t noodle_program_parameter_count(const noodle_program *program);
NOODLE_API size_t noodle_program_result_count(const noodle_program *program);
NOODLE_API noodle_status *
noodle_program_parameter(const noodle_program *program, size_t index,
                         noodle_type *type);
NOODLE_API noodle_status *noodle_program_result(const noodle_program *program,
                                                size_t index,
                                                noodle_type *type);

/*===- Tensors ------------------------------------------------------------===*/

/** A borrowed view of host memory, or a result.
 *
 *  Dense: element (i0, i1, ..) is at values + sum(ik * strides[k]) elements;
 *  any strides, negative and 0 too; those that are not row-major are copied
 *  first. CSR of m x n: positions has m + 1 entries, coordinates and values
 *  have `stored`; row i owns [positions[i], positions[i + 1]) with increasing
 *  coordinates. CSR of rank 1 is a sparse vector: positions are 0 and `stored`.
 *  CSC is as CSR with columns. COO: rows, coordinates and values
 *  have `stored` entries that increase by row and then by column; there are no
 *  positions. DCSR: rows has `stored_rows` increasing entries and positions one
 *  more; rows[k] owns [positions[k], positions[k + 1]). Rows are as wide as
 *  coordinates. Calls compute with CSR: of COO and DCSR they share coordinates
 *  and values and make positions, m + 1 of them. BSR of m x n: positions and
 *  coordinates are those of CSR over blocks of block_rows x block_columns, of
 *  which m and n are multiples; values are the blocks, each row-major, all of
 *  whose entries count as stored, zeros too; `stored` counts values.
 *  Sparse views are validated at each call in O(stored), and in O(m) where
 *  there are m + 1 positions, unless call options say trusted. */
typedef struct noodle_tensor {
  uint8_t layout;
  uint8_t element;
  uint8_t rank;
  uint8_t position_width;
  uint8_t coordinate_width;
  uint8_t block_rows;    /**< BSR */
  uint8_t block_columns; /**< BSR */
  uint8_t reserved[1];
  int64_t stored;
  void *values;
  void *positions;
  void *coordinates;
  void *rows;          /**< COO and DCSR */
  int64_t stored_rows; /**< DCSR */
  int64_t extents[NOODLE_MAX_RANK];
  int64_t strides[NOODLE_MAX_RANK];
} noodle_tensor;

/** A row-major dense view. */
NOODLE_API noodle_tensor noodle_tensor_dense(noodle_element element,
                                             size_t rank,
                                             const int64_t *extents,
                                             const void *values);
/** A CSR view; `width` bytes in positions and coordinates alike. */
NOODLE_API noodle_tensor noodle_tensor_csr(noodle_element element, int64_t rows,
                                           int64_t columns, int64_t stored,
                                           size_t width, const void *positions,
                                           const void *coordinates,
                                           const void *values);
/** A sparse vector; `positions` are 0 and `stored`, `width` bytes each as
 *  coordinates are. */
NOODLE_API noodle_tensor noodle_tensor_vector(
    noodle_element element, int64_t extent, int64_t stored, size_t width,
    const void *positions, const void *coordinates, const void *values);
/** A COO view; `width` bytes in row and column coordinates alike. */
NOODLE_API noodle_tensor noodle_tensor_coo(noodle_element element, int64_t rows,
                                           int64_t columns, int64_t stored,
                                           size_t width,
                                           const void *row_coordinates,
                                           const void *column_coordinates,
                                           const void *values);
/** A DCSR view of which `stored_rows` rows hold entries; `width` bytes in all
 *  indices. */
NOODLE_API noodle_tensor noodle_tensor_dcsr(
    noodle_element element, int64_t rows, int64_t columns, int64_t stored_rows,
    int64_t stored, size_t width, const void *row_coordinates,
    const void *positions, const void *column_coordinates, const void *values);
/** A BSR view of `blocks` blocks of `block_rows` x `block_columns`; `width`
 *  bytes in positions and coordinates alike. */
NOODLE_API noodle_tensor noodle_tensor_bsr(noodle_element element, int64_t rows,
                                           int64_t columns, size_t block_rows,
                                           size_t block_columns, int64_t blocks,
                                           size_t width, const void *positions,
                                           const void *coordinates,
                                           const void *values);
/** A scalar; `value` is borrowed. */
NOODLE_API noodle_tensor noodle_tensor_scalar(noodle_element element,
                                              const void *value);

/*===- Residents ----------------------------------------------------------===*/

/** A tensor in host memory with a copy on the engine's device that stays from
 *  call to call: calls whose arguments lie in it move nothing. The host keeps
 *  the buffers alive and unchanged until it is released, but for changes that
 *  noodle_resident_update tells of; no call may be running then. */
typedef struct noodle_resident noodle_resident;

/** `tensor` is sparse, or dense and row-major; its buffers are host memory.
 *  NOODLE_DEVICE_FAILED where the device has no room. Where the engine has no
 * device the handle is valid and does nothing. */
NOODLE_API noodle_status *noodle_resident_create(noodle_engine *engine,
                                                 const noodle_tensor *tensor,
                                                 noodle_resident **resident);
/** Whether there is a copy on a device: 1 or 0. */
NOODLE_API int32_t noodle_resident_on_device(const noodle_resident *resident);
/** The host has written to the buffers: the next call moves them anew. */
NOODLE_API noodle_status *noodle_resident_update(noodle_resident *resident);
NOODLE_API void noodle_resident_release(noodle_resident *resident);

/** Host memory that is page-locked, so that transfers of calls read and write
 * it directly. Costs about a second for 1 to 2 GB: for memory that many calls
 * use. The host frees the memory after the handle, and releases the handle
 * while no call uses the memory. Without a device the handle is valid and does
 * nothing. NOODLE_DEVICE_FAILED where the system refuses, or part of it is
 * locked already. */
typedef struct noodle_pinned noodle_pinned;
NOODLE_API noodle_status *noodle_pinned_create(noodle_engine *engine,
                                               void *address, size_t bytes,
                                               noodle_pinned **pinned);
NOODLE_API void noodle_pinned_release(noodle_pinned *pinned);

/*===- Regions ------------------------------------------------------------===*/

typedef struct noodle_region noodle_region;

/** Owner of results. `byte_budget` 0: no limit. A child dies before its parent
 *  and counts against the parent's budget; `parent` may be NULL. */
NOODLE_API noodle_status *noodle_region_create(noodle_engine *engine,
                                               int64_t byte_budget,
                                               noodle_region *parent,
                                               noodle_region **region);
NOODLE_API int64_t noodle_region_used_bytes(const noodle_region *region);
/** Frees every result in it; the region stays usable. */
NOODLE_API void noodle_region_clear(noodle_region *region);
NOODLE_API void noodle_region_release(noodle_region *region);

/*===- Calls --------------------------------------------------------------===*/

typedef struct noodle_cancel noodle_cancel;
NOODLE_API noodle_status *noodle_cancel_create(noodle_cancel **cancel);
/** Ends the calls that were given this handle; later ones end at once. */
NOODLE_API void noodle_cancel_trigger(noodle_cancel *cancel);
NOODLE_API void noodle_cancel_release(noodle_cancel *cancel);

typedef struct noodle_receipt noodle_receipt;

typedef struct noodle_call_options {
  size_t struct_size;
  int64_t memory_limit; /**< bytes of host memory alive in the call at once; a
                             device's memory is its own; 0: none */
  int64_t deadline_ms;  /**< 0: none */
  noodle_cancel *cancel;
  int32_t trusted;          /**< skip the validation of sparse views */
  noodle_receipt **receipt; /**< where to put the receipt; released by host */
} noodle_call_options;

/** Calls the program's entry. `results` has result_count slots, filled with
 *  tensors in `region`. `options` may be NULL. */
NOODLE_API noodle_status *
noodle_program_call(noodle_program *program, const noodle_tensor *arguments,
                    size_t argument_count, noodle_region *region,
                    noodle_tensor *results, size_t result_count,
                    const noodle_call_options *options);

/** A call with its arguments validated once, for programs called often. */
typedef struct noodle_call noodle_call;
NOODLE_API noodle_status *noodle_call_bind(noodle_program *program,
                                           const noodle_tensor *arguments,
                                           size_t argument_count,
                                           const noodle_call_options *options,
                                           noodle_call **call);
/** The same with results in the host's memory: dense row-major tensors and
 *  scalars, which overlap no argument and no other result. They are written in
 *  place where they are aligned to 64 bytes, else copied after each run; after
 *  a failed run their contents are undefined. The quickest way to call small
 *  programs again and again: nothing is allocated. */
NOODLE_API noodle_status *
noodle_call_bind_into(noodle_program *program, const noodle_tensor *arguments,
                      size_t argument_count, const noodle_tensor *results,
                      size_t result_count, const noodle_call_options *options,
                      noodle_call **call);
/** Runs it on the buffers as they are now; their contents may have changed,
 *  their shapes and patterns not. Results as in noodle_program_call; of a call
 *  that has memory for them, `region` and `results` are NULL. */
NOODLE_API noodle_status *noodle_call_run(noodle_call *call,
                                          noodle_region *region,
                                          noodle_tensor *results,
                                          size_t result_count);
NOODLE_API void noodle_call_release(noodle_call *call);

/*===- Receipts -----------------------------------------------------------===*/

/** One op of the program. Seconds are -1 where they were not measured. */
typedef struct noodle_receipt_site {
  size_t struct_size;
  int64_t id;
  const char *op;
  const char *text;
  const char *place;
  const char *strategy;
  const char *why;
  const char *lost; /**< what a permission not given would have bought, or "" */
  double predicted_seconds;
  double measured_seconds;
  double flops;
  double bytes;
  int64_t calls;
  const char *ran; /**< "cpu", "device", or "device and cpu" */
  int64_t launches;
  int64_t fallbacks;     /**< launches that the CPU did */
  double device_seconds; /**< of its kernels, on the device's clock; -1 where
                              they were not measured */
} noodle_receipt_site;

/** What a call did on the device. */
typedef struct noodle_receipt_device {
  size_t struct_size;
  const char *target; /**< as asked for: cpu, cuda, auto */
  const char *name;   /**< "" where there was none */
  const char *chip;   /**< its compute capability, such as "sm_90" */
  const char *code;   /**< the chip that the kernels are made for, or "" */
  int64_t launches;
  int64_t fallbacks;
  int64_t bytes_in;     /**< moved to the device */
  int64_t bytes_out;    /**< moved back */
  int64_t bytes_reused; /**< found there */
  double kernel_seconds;
  double seconds_in;
  double seconds_out;
  double share;   /**< of the program's operations, 0 to 1; -1: not measured */
  int32_t redone; /**< the device died, and the call was made again without */
  int32_t reserved;
  size_t step_count; /**< steps down from the device, in order */
} noodle_receipt_device;

/** One step: what failed, why, and the op's site or -1. */
typedef struct noodle_receipt_step {
  size_t struct_size;
  const char *step;
  const char *reason;
  int64_t site;
  int64_t count; /**< how often; the reason is that of the first time */
} noodle_receipt_step;

NOODLE_API size_t noodle_receipt_site_count(const noodle_receipt *receipt);
NOODLE_API noodle_status *noodle_receipt_get_site(const noodle_receipt *receipt,
                                                  size_t index,
                                                  noodle_receipt_site *site);
NOODLE_API noodle_status *
noodle_receipt_get_device(const noodle_receipt *receipt,
                          noodle_receipt_device *device);
NOODLE_API noodle_status *noodle_receipt_get_step(const noodle_receipt *receipt,
                                                  size_t index,
                                                  noodle_receipt_step *step);
/** The whole receipt, as JSON or as a table for people. */
NOODLE_API const char *noodle_receipt_json(const noodle_receipt *receipt);
NOODLE_API const char *noodle_receipt_text(const noodle_receipt *receipt);
NOODLE_API void noodle_receipt_release(noodle_receipt *receipt);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* NOODLE_C_NOODLE_H */
