//===- Passes.td - from structured IR to the LLVM dialect ------*- td -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TRANSFORMS_PASSES
#define NOODLE_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def NoodleLowerRuntimeCallsPass
    : Pass<"noodle-lower-runtime-calls", "::mlir::ModuleOp"> {
  let summary = "thread context and status through functions";
  let description = [{
    What may fail leads out of the kernel, and what needs the runtime calls it.

    Precondition: func, cf, arith, math, memref, vector and llvm ops; of noodle
    check, poll, mark, launch and host_access. Buffers have row-major layouts
    where they are allocated, where they cross functions and where kernels take
    them. Sparse tensors are three buffers and an LLVM struct.

    Postcondition: every function takes the context first and returns a status
    first; is internal and named `noodle.<name>`. A public function F has an
    entry `noodle_entry_F` of type `noodle_rt_entry`. Declarations with
    `noodle.reference_site` have bodies that call the interpreter. No
    `memref.alloc`, `memref.dealloc` or noodle op is left.

    Example:

    ```mlir
    func.func @main(%ok: i1) {
      noodle.check %ok, "weights must not be negative"
      return
    }
    ```

    becomes

    ```mlir
    func.func private @noodle.main(%ctx: !llvm.ptr, %ok: i1) -> i32 {
      %zero = llvm.mlir.constant(0 : i32) : i32
      cf.cond_br %ok, ^rest, ^fail
    ^rest:
      return %zero : i32
    ^fail:
      %text = llvm.mlir.addressof @noodle.message.0 : !llvm.ptr
      ...
      %status = llvm.call @noodle_ir_fail(%ctx, %code, %text, %length)
      cf.br ^out(%status : i32)
    ^out(%s: i32):
      return %s : i32
    }
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
                           "::mlir::cf::ControlFlowDialect",
                           "::mlir::func::FuncDialect"];
}

def NoodleConvertToLLVMPass
    : Pass<"noodle-convert-to-llvm", "::mlir::ModuleOp"> {
  let summary = "convert func, cf, arith, math, memref, vector to llvm";
  let description = [{
    One dialect conversion; `reconcile-unrealized-casts` comes behind it.

    Precondition: what `noodle-lower-runtime-calls` leaves.
    Postcondition: the LLVM dialect and unrealized casts in pairs that cancel.

    Example: `%c = arith.addf %a, %b : f32` becomes
    `%c = llvm.fadd %a, %b : f32`.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def NoodleInsertPollsPass
    : Pass<"noodle-insert-polls", "::mlir::func::FuncOp"> {
  let summary = "let deadlines and cancellation end generated loops";
  let description = [{
    Puts a `noodle.poll` at the head of every loop that holds another loop and
    has none yet. Nests of a small constant number of iterations are left alone,
    and so are bodies of parallel loops that hold no loop.

    Precondition: scf loops. Postcondition: the same loops with polls.

    Example:

    ```mlir
    scf.for %i = %c0 to %n step %c1 {
      scf.for %j = %c0 to %n step %c1 {
        memref.store %zero, %m[%i, %j] : memref<?x?xf32>
      }
    }
    ```

    gets a `noodle.poll` as the first op of the outer loop's body.
  }];
  let dependentDialects = ["::mlir::noodle::NoodleDialect"];
}

def NoodleExpandCopiesPass
    : Pass<"noodle-expand-copies", "::mlir::func::FuncOp"> {
  let summary = "make strided copies loops";
  let description = [{
    `memref.copy` between contiguous buffers stays and becomes one memcpy; any
    other would call a function of MLIR's runner library, so it becomes a loop
    nest.

    Precondition: memref ops. Postcondition: every `memref.copy` left is between
    row-major buffers.

    Example: `memref.copy %a, %b : memref<4x4xf32, strided<[8, 1], offset: ?>>
    to memref<4x4xf32>` becomes two loops around a load and a store.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
}

def NoodleEmitRowProductsPass
    : Pass<"noodle-emit-row-products", "::mlir::ModuleOp"> {
  let summary = "parallel loops for products of a CSR matrix";
  let description = [{
    Each `noodle.fused_contract` on tensors with one CSR matrix among its lhs
    operands, that sums over the matrix's columns and over nothing else, becomes
    loops over its stored entries: y = A x and Y = A X over any semiring, with
    their epilogues. Others are left alone.

    The rows and their entries, as one path, are cut into chunks of equal length
    that run at once; a row that several chunks share is added up afterwards, in
    order. Chunks depend on the matrix alone, so results have the same bits with
    any number of threads. Columns of Y are vectors where they are adjacent.

    Precondition: tensors. Postcondition: no such op; its result lies in a buffer
    of its own.

    Example: the product of a CSR matrix and a vector,

    ```mlir
    %y = noodle.fused_contract lhs(%a : tensor<?x?xf64, #csr>)
      rhs(%x : tensor<?xf64>) outs(%init : tensor<?xf64>) ...
    ```

    becomes a search for the bounds of chunks, an `scf.parallel` over chunks
    around loops over rows and entries, and a loop over the rows that are shared.
  }];
  let options = [
    Option<"vectorBytes", "vector-bytes", "int64_t", /*default=*/"32",
           "bytes of a vector register">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::bufferization::BufferizationDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::sparse_tensor::SparseTensorDialect",
                           "::mlir::tensor::TensorDialect",
                           "::mlir::vector::VectorDialect"];
}

def NoodleEmitSparseProductsPass
    : Pass<"noodle-emit-sparse-products", "::mlir::ModuleOp"> {
  let summary = "parallel loops for products of sparse matrices";
  let description = [{
    Each `noodle.sparse_product` becomes loops over stored entries. Two CSR
    matrices are multiplied row by row in a dense row of sums; the entries of
    each row are counted first, so that the result's memory is exact. A mask is
    asked before a term is formed. Two dense matrices are multiplied at the
    mask's entries alone.

    Rows are cut into chunks by their terms, or entries, that run at once; no
    sum crosses a row, and totals are added in the order of chunks, so results
    have the same bits with any number of threads. A chunk takes 4 bytes, the
    size of a sum and a bit for each column of rhs.

    Precondition: tensors. Postcondition: no such op; a sparse result is a cast
    of its buffers, which `noodle-sparsify` resolves.

    Example: `noodle.sparse_product (%a, %b) from(%zero : f64) mul ...` becomes a
    loop that counts terms, an `scf.parallel` over chunks that counts entries,
    and one that forms them.
  }];
  let options = [
    Option<"vectorBytes", "vector-bytes", "int64_t", /*default=*/"32",
           "bytes of a vector register">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::bufferization::BufferizationDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::sparse_tensor::SparseTensorDialect",
                           "::mlir::tensor::TensorDialect",
                           "::mlir::vector::VectorDialect"];
}

def NoodleSparsifyPass : Pass<"noodle-sparsify", "::mlir::ModuleOp"> {
  let summary = "loops over the stored entries of sparse tensors";
  let description = [{
    Runs upstream's sparsifier by its code generation path over modules that
    hold a sparse tensor, and does nothing to others. An op with sparse operands
    and a dense result first gets a buffer of its own for the result.

    Precondition: func, scf, arith, math, tensor, linalg, sparse_tensor.
    Postcondition: no tensor type has an encoding; a sparse tensor is three
    buffers (positions, coordinates, values) and a storage specifier. Dense
    tensors are tensors still.

    Example: the product of a CSR matrix and a vector,

    ```mlir
    %y = linalg.generic ... ins(%a, %x : tensor<?x?xf64, #csr>, tensor<?xf64>)
                            outs(%zero : tensor<?xf64>)
    ```

    becomes a loop over rows around a loop over the entries of a row.
  }];
}

def NoodleTileContractionsPass
    : Pass<"noodle-tile-contractions", "::mlir::func::FuncOp"> {
  let summary = "register tiles of vectors for dense contractions";
  let description = [{
    Each `noodle.fused_contract` on buffers becomes loops over blocks, over
    register tiles in a block and over the sum, as `planProduct` cuts it
    (include/noodle/Cost/DensePlan.h). Its loops are grouped by the operands that
    have them into a batch, rows, columns and the sum; strides, transposes,
    diagonals and broadcasts are read in place or packed straight from memory.
    The bodies of lhs and rhs run while a factor is packed, or read where it is
    not packed, and the epilogue on the tile before it is stored.

    The order in which sums are formed depends on shape, types and CPU level
    alone, whatever the number of threads.

    Precondition: fused contractions on buffers with strided layouts.
    Postcondition: none is left; scf, memref, vector, math and arith ops. Blocks
    are one `scf.parallel`, unless the op is known to be small or stands inside
    another.

    Example: a 256 x 256 product of f32 with 64-byte registers becomes loops
    around a tile of 8 rows by 2 vectors of 16 lanes.
  }];
  let options = [
    Option<"vectorBytes", "vector-bytes", "int64_t", /*default=*/"32",
           "bytes of a vector register">,
    Option<"features", "features", "std::string", /*default=*/"",
           "CPU features beyond the level: avx512bf16, avx512vnni">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::LLVM::LLVMDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

def NoodleCallBlasPass : Pass<"noodle-call-blas", "::mlir::func::FuncOp"> {
  let summary = "contractions of strategy library ask a BLAS";
  let description = [{
    A `noodle.fused_contract` on buffers whose `noodle.schedule` is `library`
    becomes a `noodle.blas_product`, and stays as what happens where that forms
    nothing. Factors that are computed are written to buffers in front, and the
    epilogue is a pass behind: a BLAS has neither.

    Precondition: contractions on buffers. Postcondition: none is of schedule
    `library`.

    Example:

    ```mlir
    noodle.fused_contract lhs(%a : memref<?x?xf32>) rhs(%b : memref<?x?xf32>)
      outs(%c : memref<?x?xf32>) {noodle.schedule = "library", ...} ...
    ```

    becomes

    ```mlir
    %formed = noodle.blas_product lhs(%a : memref<?x?xf32>) rhs(%b : memref<?x?xf32>)
      outs(%c : memref<?x?xf32>) {...}
    scf.if %formed {
    } else {
      noodle.fused_contract ...
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
}

def NoodleExpandStrassenPass
    : Pass<"noodle-expand-strassen", "::mlir::ModuleOp"> {
  let summary = "contractions of strategy strassen halve their matrices";
  let description = [{
    A `noodle.fused_contract` on buffers whose `noodle.schedule` is `strassen`
    and which is a product of matrices over a ring becomes calls of functions
    that form it in Winograd's way: seven products of quarters instead of eight,
    at up to three levels. On the innermost level sums of quarters of lhs are
    contractions with several operands, and all sums of products but one are
    epilogues, so that it needs two temporaries of a quarter's size; levels
    around it have three. What no power of two divides is done by thin products. Where
    extents are unknown, how often they are halved is decided when it runs. All
    temporaries are one `noodle.optional` block: refused, the product is tiled.

    Precondition: contractions on buffers. Postcondition: none is of schedule
    `strassen`; one whose extents are less than `from`, or that is no such
    product, stays as it is.

    Example: with `from=64` a product of 100 x 100 becomes

    ```mlir
    call @main.strassen(%a, %b, %c, %scratch, %zero) : (memref<100x100xf32, strided<[?, 1], offset: ?>>, ...) -> ()
    ```
  }];
  let options = [
    Option<"from", "from", "int64_t", /*default=*/"0",
           "least extent that is halved; 0: as measured">,
    Option<"vectorBytes", "vector-bytes", "int64_t", /*default=*/"32",
           "bytes of a vector register">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::complex::ComplexDialect",
    "::mlir::func::FuncDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"];
}

def NoodleFreeBuffersPass
    : Pass<"noodle-free-buffers", "::mlir::ModuleOp"> {
  let summary = "free buffers where they die";
  let description = [{
    Where every buffer of a program stays in the block that allocates it, or is
    returned by the function that does, those that are not returned are freed
    behind their last use in that block. Any other program gets upstream's
    ownership-based deallocation.

    Precondition: memref ops without `memref.dealloc` and `memref.realloc`.
    Postcondition: every buffer that does not escape is freed.

    Example: behind the last op that uses `%b = memref.alloc() : memref<4xf32>`
    or a view of it comes `memref.dealloc %b : memref<4xf32>`.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::bufferization::BufferizationDialect",
                           "::mlir::func::FuncDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
}

def NoodlePrepareBuffersPass
    : Pass<"noodle-prepare-buffers", "::mlir::ModuleOp"> {
  let summary = "say who may write what before bufferization";
  let description = [{
    Arguments of public functions belong to the caller and are not writable;
    those of reference declarations are only read. A tensor that a public
    function returns twice is copied for the second result, so that each result
    owns its buffer.

    Precondition: tensors. Postcondition: the same with
    `bufferization.writable` and `bufferization.access`.

    Example: `func.func @main(%a: tensor<4xf32>)` becomes
    `func.func @main(%a: tensor<4xf32> {bufferization.writable = false})`.
  }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect"];
}

def NoodleFuseContractionsPass
    : Pass<"noodle-fuse-contractions", "::mlir::ModuleOp"> {
  let summary = "elementwise neighbours into contractions";
  let description = [{
    The one elementwise consumer of a `noodle.fused_contract` moves into its
    epilogue, if it reads each sum once: its other operands become extras,
    whatever they broadcast, and its result becomes out, of its own type and
    order of dimensions. Sums that started from out are then added to it there.

    Elementwise producers that only contractions use move into the body of the
    operand they make: transposes and broadcasts, which change maps alone, and
    conversions, scales and shifts, which are done again wherever the element is
    read. Longer ones move into the epilogue alone, where an extra's element is
    read once. A fill of what sums do not start from is dropped.

    The scalar code is the same before and after, so the bits are.

    Precondition: linalg and fused contractions on tensors. Postcondition: the
    same, with fewer ops between contractions.

    Example:

    ```mlir
    %c = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>)
      outs(%e : tensor<4x16xf32>) {...} ... epilogue {
    ^bb0(%sum: f32):
      noodle.yield %sum : f32
    } : tensor<4x16xf32>
    %r = linalg.generic {indexing_maps = [(i, j) -> (i, j), (i, j) -> (j), (i, j) -> (i, j)],
                         iterator_types = ["parallel", "parallel"]}
      ins(%c, %bias : tensor<4x16xf32>, tensor<16xf32>) outs(%o : tensor<4x16xf32>) {
    ^bb0(%x: f32, %y: f32, %z: f32):
      %s = arith.addf %x, %y : f32
      linalg.yield %s : f32
    } -> tensor<4x16xf32>
    ```

    becomes one op with `extras(%bias : tensor<16xf32>) outs(%o : tensor<4x16xf32>)`
    and the epilogue

    ```mlir
    ^bb0(%sum: f32, %y: f32):
      %s = arith.addf %sum, %y : f32
      noodle.yield %s : f32
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::noodle::NoodleDialect"];
}

def NoodleFuseElementwisePass
    : Pass<"noodle-fuse-elementwise", "::mlir::ModuleOp"> {
  let summary = "elementwise producers into their one consumer";
  let description = [{
    Upstream's elementwise fusion of `linalg.generic` ops, where producer and
    consumer have the same loops, the producer has no other consumer, and it
    does not read its init: a producer that adds into its init, fused into a
    consumer with more loops, adds too often.

    Precondition: linalg on tensors. Postcondition: the same, with fewer
    temporaries.

    Example: y = exp(a * x) as two ops becomes one op and no temporary for a * x.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

def NoodleExpandElementTypesPass
    : Pass<"noodle-expand-element-types", "::mlir::ModuleOp"> {
  let summary = "f16, bf16 and complex arithmetic as that of f32 and f64";
  let description = [{
    Ops of arith and math on f16 and bf16, and vector's products and reductions,
    are those of f32 with their results rounded; select, constants and bitcasts
    stay. Conversions from and to bf16 become integer code, so that they round
    to nearest on every CPU, and with `expand-half` those of f16 too, for CPUs
    without F16C; f64 reaches both through an f32 rounded to odd, so that it is
    rounded once. Arithmetic of complex numbers becomes that of their parts,
    products and quotients the textbook's.

    Precondition: any. Postcondition: no arithmetic on f16 or bf16; of complex
    only constant, create, re and im.

    Example: `arith.addf %a, %b : f16` becomes

    ```mlir
    %x = arith.extf %a : f16 to f32
    %y = arith.extf %b : f16 to f32
    %s = arith.addf %x, %y : f32
    %r = arith.truncf %s : f32 to f16
    ```
  }];
  let options = [
    Option<"expandHalf", "expand-half", "bool", /*default=*/"false",
           "conversions of f16 as integer code">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::complex::ComplexDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

def NoodleStoreNarrowTypesPass
    : Pass<"noodle-store-narrow-types", "::mlir::ModuleOp"> {
  let summary = "f16 and bf16 that are only moved become integers";
  let description = [{
    In the LLVM dialect bf16 becomes i16 everywhere, and with `store-half` f16
    too: in types, constants and signatures. Intrinsics that take such values
    get them through a bitcast.

    Precondition: `noodle-expand-element-types` and the conversion to LLVM, so
    that values of these types are loaded, stored, chosen and cast alone.
    Postcondition: none of them outside intrinsics.

    Example: `llvm.load %p : !llvm.ptr -> bf16` becomes
    `llvm.load %p : !llvm.ptr -> i16`.
  }];
  let options = [
    Option<"storeHalf", "store-half", "bool", /*default=*/"false",
           "f16 too: the CPU has no F16C">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def NoodleExpandMathPass : Pass<"noodle-expand-math", "::mlir::ModuleOp"> {
  let summary = "polynomials or library calls for transcendental functions";
  let description = [{
    f32 functions with an accurate enough polynomial in MLIR become that, the
    same ones of f64 our own; the others call the C library, by symbols that
    `ir_symbols.def` lists. `docs/Rationale.md` states the errors.

    Precondition: `noodle-lower-runtime-calls` has renamed the program's
    functions. Postcondition: of the math dialect only what LLVM has
    instructions for.

    Example: `%e = math.sin %x : f64` becomes
    `%e = llvm.call @sin(%x) : (f64) -> f64`.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::LLVM::LLVMDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

def NoodleSplitElementwisePass
    : Pass<"noodle-split-elementwise", "::mlir::func::FuncOp"> {
  let summary = "cut large linalg ops into blocks that may run at once";
  let description = [{
    A `linalg.generic` on buffers with a parallel dimension becomes an
    `scf.parallel` over blocks of that dimension around the same op on subviews.
    A large reduction without one becomes sums over blocks of a fixed size, kept
    in a buffer, and the sum of those. Ops known to do less than `serial-work`
    iterations are left alone, and so are those over vectors of unknown length.

    The blocks depend on the extents alone, so the result does not depend on the
    threads.

    Precondition: linalg ops on buffers. Postcondition: the same, and scf.

    Example: a map over `memref<100000xf32>` becomes
    `scf.parallel (%i) = (%c0) to (%c100000) step (%c8192)` around the map of
    `memref.subview %a[%i] [%count] [1]`.
  }];
  let options = [
    Option<"serialWork", "serial-work", "int64_t", /*default=*/"1 << 16",
           "iterations below which an op stays whole">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
}

def NoodleFuseRowsPass : Pass<"noodle-fuse-rows", "::mlir::func::FuncOp"> {
  let summary = "ops that share rows run block of rows by block of rows";
  let description = [{
    A group of `linalg.generic` and `noodle.fused_contract` ops that hand each
    other tensors and share dimensions that none of them sums over (the rows)
    becomes one `scf.forall` over blocks of rows around the same ops on slices,
    if a tensor of the group is larger than half of the second-level cache. What
    passes between them then stays in a cache: a row of a softmax or a layer
    norm is read from memory once. A contraction joins only if the operand that
    all rows share fits that half.

    Sums are within a row, so results do not depend on the blocks.

    Precondition: linalg and fused contractions on tensors. Postcondition: the
    same, and scf.

    Example: the maximum, the powers, their sum and the quotient of a softmax
    over `tensor<4096x1024xf32>` become

    ```mlir
    %y = scf.forall (%i) = (0) to (4096) step (4) shared_outs(%o = %e) -> (tensor<4096x1024xf32>) {
      %rows = tensor.extract_slice %x[%i, 0] [4, 1024] [1, 1] : tensor<4096x1024xf32> to tensor<4x1024xf32>
      ...
      scf.forall.in_parallel {
        tensor.parallel_insert_slice %quotient into %o[%i, 0] [4, 1024] [1, 1] : tensor<4x1024xf32> into tensor<4096x1024xf32>
      }
    }
    ```
  }];
  let options = [
    Option<"l1Bytes", "l1-bytes", "int64_t", /*default=*/"32 << 10",
           "bytes of the first-level data cache">,
    Option<"l2Bytes", "l2-bytes", "int64_t", /*default=*/"1 << 20",
           "bytes of the second-level cache">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect"];
}

def NoodlePlaceScratchPass
    : Pass<"noodle-place-scratch", "::mlir::func::FuncOp"> {
  let summary = "small buffers of a parallel loop's body go on the stack";
  let description = [{
    A `memref.alloc` of constant size that stands in the body of an
    `scf.parallel` becomes a `memref.alloca`, up to `most-bytes` per loop. An
    iteration's buffers end with it, so none of them is seen outside; what
    outlines the loop makes them once per chunk of iterations.

    Precondition: buffers without deallocations. Postcondition: the same.

    Example: `%s = memref.alloc() : memref<4x1024xf32>` in a loop over blocks of
    rows becomes `%s = memref.alloca() : memref<4x1024xf32>`.
  }];
  let options = [
    // Workers have stacks of 8 MB unless the host has other ideas.
    Option<"mostBytes", "most-bytes", "int64_t", /*default=*/"64 << 10",
           "bytes on the stack per loop">];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

def NoodleCollapseLoopsPass
    : Pass<"noodle-collapse-loops", "::mlir::func::FuncOp"> {
  let summary = "loops that walk memory without a gap become one";
  let description = [{
    Adjacent loops of a `linalg.generic` on buffers become one where every
    operand that has one of them has both, side by side, and no gap between
    rows. `linalg.fill` becomes a `linalg.generic` before. Ops with a loop of no
    iterations go.

    Precondition: linalg ops on buffers. Postcondition: the same, with fewer
    loops.

    Example: a map over `memref<100x3xf32>` becomes `memref.collapse_shape` of
    its operands and a map over `memref<300xf32>`.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::tensor::TensorDialect"];
}

def NoodleVectorizeRowsPass
    : Pass<"noodle-vectorize-rows", "::mlir::func::FuncOp"> {
  let summary = "maps, reductions and transposes as loops over vectors";
  let description = [{
    A `linalg.generic` on buffers becomes loops around vectors that run along a
    dimension that is contiguous in every operand that has it. A reduction along
    the vectors has several vectors of partial sums, which are added up pair by
    pair and then half by half; one along another dimension takes several rows
    per pass, and adds them in order. What does not change along the vectors is
    computed once in front. Elements that fill no vector are masked, or done one
    by one where the registers have no masks. An op that writes along another
    dimension than it reads along is done in square tiles, transposed in
    registers. Other ops are left alone.

    Within parallel loops, whole vectors of a large result that the op does not
    read are stored past the caches.

    The order of each sum depends on the extents and the register width alone.

    Precondition: linalg ops on buffers. Postcondition: scf, memref and vector
    ops in place of what has a form over vectors.

    Example:

    ```mlir
    linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : memref<4096xf32>) outs(%y : memref<4096xf32>) {
    ^bb0(%a: f32, %o: f32):
      %s = arith.addf %a, %a : f32
      linalg.yield %s : f32
    }
    ```

    becomes, with 64-byte registers,

    ```mlir
    scf.for %i = %c0 to %c4096 step %c64 {
      %a0 = vector.load %x[%i] : memref<4096xf32>, vector<16xf32>
      %s0 = arith.addf %a0, %a0 : vector<16xf32>
      vector.store %s0, %y[%i] : memref<4096xf32>, vector<16xf32>
      ...
    }
    ```
  }];
  let options = [
    Option<"vectorBytes", "vector-bytes", "int64_t", /*default=*/"32",
           "bytes of a vector register">,
    // A copy of 16 MB took 0.6 ms with stores past the caches and 1.5 ms with
    // plain ones, of 64 MB 4.8 and 7.9 (one core of Zen 4, 32 MB of third
    // level).
    Option<"streamBytes", "stream-bytes", "int64_t", /*default=*/"8 << 20",
           "bytes from which a buffer is written past the caches, 0 for none">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

def NoodleOutlineParallelPass
    : Pass<"noodle-outline-parallel", "::mlir::ModuleOp"> {
  let summary = "make outermost parallel loops functions for the scheduler";
  let description = [{
    The body of each outermost `scf.parallel` without reductions becomes a
    function of type `noodle_rt_body`: context, range of iterations, captures.
    The loop becomes a call that stands for `noodle_ir_parallel_for`, with a
    grain computed from the work of an iteration, so that small loops stay on
    the calling thread. Inner parallel loops stay loops.

    Precondition: scf and buffers, deallocation done. Postcondition: no
    outermost `scf.parallel`.

    Example:

    ```mlir
    scf.parallel (%i) = (%c0) to (%n) step (%c64) {
      ...
    }
    ```

    becomes

    ```mlir
    %body = func.constant @main.parallel : (!llvm.ptr, i64, i64, !llvm.ptr) -> i32
    ...
    call @parallel_for(%count, %grain, %address, %captures)
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::func::FuncDialect",
                           "::mlir::LLVM::LLVMDialect",
                           "::mlir::scf::SCFDialect"];
}

//===----------------------------------------------------------------------===//
// Devices
//===----------------------------------------------------------------------===//

def NoodleOffloadOpsPass : Pass<"noodle-offload-ops", "::mlir::ModuleOp"> {
  let summary = "ops of strategy gpu become kernels and launches";
  let description = [{
    Each op of strategy `gpu` becomes a kernel, together with the maps behind it
    that have the same strategy and shape where each is the only user of the one
    before. The kernel goes to `gpu.module @noodle_device`; equal kernels are
    one. In the op's place stands a launch and the ops themselves, with the
    strategy that `noodle.fallback` names, for the case that the launch is
    refused. Dynamic extents that the kernel relies on are checked before.

    Precondition: strategies are selected; every op of strategy `gpu` has
    `noodle.fallback`. Postcondition: no op has the strategy `gpu`.

    Example:

    ```mlir
    %y = noodle.map (%x) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>}
      : (tensor<64xf32>) -> tensor<64xf32> { ... }
    ```

    becomes

    ```mlir
    %ran, %out = noodle.launch @elementwise_0 grid(%blocks, %c1, %c1)
      ins(%x : tensor<64xf32>) outs(%init : tensor<64xf32>) : tensor<64xf32>
    %y = scf.if %ran -> (tensor<64xf32>) {
      scf.yield %out : tensor<64xf32>
    } else {
      %h = noodle.map (%x) {strategy = #noodle.strategy<loops>}
        : (tensor<64xf32>) -> tensor<64xf32> { ... }
      scf.yield %h : tensor<64xf32>
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::sparse_tensor::SparseTensorDialect",
    "::mlir::tensor::TensorDialect", "::mlir::vector::VectorDialect"];
}

def NoodlePackDeviceCodePass
    : Pass<"noodle-pack-device-code", "::mlir::ModuleOp"> {
  let summary = "kernels leave the program's module as text";
  let description = [{
    `gpu.module @noodle_device` becomes the attribute `noodle.device`, the text
    of a module that holds it, and `noodle.kernels` lists its kernels with their
    threads per block and bytes of shared memory. A launch's kernel is known to
    the runtime by its position in that list.

    Precondition: any module. Postcondition: no `gpu` op.

    Example: a module whose device module holds the kernel `@elementwise_0` gets

    ```mlir
    noodle.kernels = [{name = "elementwise_0", kind = "elementwise", text = "...",
                       threads = 256 : i64, shared = 0 : i64} ]
    ```
  }];
}

def NoodleInsertHostAccessPass
    : Pass<"noodle-insert-host-access", "::mlir::ModuleOp"> {
  let summary = "the host asks before it touches what a device may hold";
  let description = [{
    In modules that launch kernels, every op that reads or writes buffers gets a
    `noodle.host_access` in front for each of them. Loops without a launch count
    as one op; loops with one, and branches, are entered. What was asked for is
    not asked for again until something launches. Buffers just allocated, those
    on the stack, and reads of what no kernel writes need nothing.

    Precondition: buffers, deallocation done. Postcondition: the same with
    `noodle.host_access`.

    Example:

    ```mlir
    %ran = noodle.launch @k grid(%n, %c1, %c1) ins(%x : memref<4xf32>) outs(%y : memref<4xf32>)
    %v = memref.load %y[%c0] : memref<4xf32>
    ```

    gets `noodle.host_access read %y : memref<4xf32>` before the load.
  }];
  let dependentDialects = ["::mlir::noodle::NoodleDialect"];
}

#endif // NOODLE_TRANSFORMS_PASSES
