// RUN: noodle-opt --noodle-lower-runtime-calls --split-input-file %s | FileCheck %s

// A failing check calls the runtime in a block of its own and returns.

// CHECK: llvm.func @noodle_ir_fail(!llvm.ptr, i32, !llvm.ptr, i64) -> i32
// CHECK: llvm.mlir.global internal constant @noodle.message.0("{{.*}}lower-runtime-calls.mlir:[[#@LINE+5]]:3: weights must not be negative")
// CHECK-LABEL: func.func private @noodle.main(
// CHECK-SAME:    %[[CTX:.*]]: !llvm.ptr, %[[OK:.*]]: i1) -> i32
// CHECK-SAME:    llvm.linkage = #llvm.linkage<internal>
func.func @main(%ok: i1) {
  noodle.check %ok, "weights must not be negative"
// CHECK:       cf.cond_br %[[OK]], ^[[REST:.*]], ^[[BAD:.*]]
// CHECK:     ^[[REST]]:
// CHECK:       return %{{.*}} : i32
// CHECK:     ^[[BAD]]:
// CHECK:       %[[STATUS:.*]] = llvm.call @noodle_ir_fail(%[[CTX]],
// CHECK:       cf.br ^[[OUT:.*]](%[[STATUS]] : i32)
// CHECK:     ^[[OUT]](%[[S:.*]]: i32):
// CHECK:       return %[[S]] : i32
  return
}
// CHECK-LABEL: func.func @noodle_entry_main(
// CHECK-SAME:    %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) -> i32

// -----

// Values of the message go by an array on the stack.

// CHECK-LABEL: func.func private @noodle.at(
// CHECK-SAME:    %[[CTX:.*]]: !llvm.ptr, %{{.*}}: i1, %[[NODE:.*]]: index) -> i32
func.func @at(%ok: i1, %node: index) {
// CHECK:       %[[VALUES:.*]] = llvm.alloca
// CHECK:       llvm.store %{{.*}}, %[[VALUES]]
// CHECK:       llvm.call @noodle_ir_fail_at(%[[CTX]], %{{.*}}, %{{.*}}, %{{.*}}, %[[VALUES]],
  noodle.check %ok, "node {0}" (%node)
  return
}

// -----

// Sizes that overflow ask for -1 bytes; no memory is a status.

// CHECK-LABEL: func.func private @noodle.alloc(
// CHECK-SAME:    %[[CTX:.*]]: !llvm.ptr, %{{.*}}: index) -> (i32, memref<?x4xf64>)
func.func @alloc(%n: index) -> memref<?x4xf64> {
// CHECK:       "llvm.intr.umul.with.overflow"
// CHECK:       llvm.select
// CHECK:       %[[P:.*]] = llvm.call @noodle_ir_result(%[[CTX]],
// CHECK:       llvm.icmp "ne" %[[P]]
// CHECK:       cf.cond_br
// CHECK-NOT:   memref.alloc
  %m = memref.alloc(%n) : memref<?x4xf64>
  return %m : memref<?x4xf64>
}

// -----

// Buffers of results by their number; not what is returned a second time, or
// allocated more than once, or by a function that the program calls.

// CHECK-LABEL: func.func private @noodle.results(
// CHECK:       llvm.call @noodle_ir_alloc(%{{.*}}, %{{.*}})
// CHECK:       llvm.call @noodle_ir_free(
// CHECK:       %[[ONE:.*]] = llvm.mlir.constant(1 : i64)
// CHECK-NEXT:  llvm.call @noodle_ir_result(%{{.*}}, %{{.*}}, %[[ONE]])
// CHECK:       llvm.call @noodle_ir_alloc(%{{.*}}, %{{.*}})
func.func @results(%x: memref<2xf64>, %more: i1) -> (memref<2xf64>, memref<2xf64>, memref<2xf64>, memref<2xf64>, f64) {
  %c0 = arith.constant 0 : index
  %other = memref.alloc() : memref<2xf64>
  %s = memref.load %other[%c0] : memref<2xf64>
  memref.dealloc %other : memref<2xf64>
  %m = memref.alloc() : memref<2xf64>
  cf.br ^loop
^loop:
  %again = memref.alloc() : memref<2xf64>
  cf.cond_br %more, ^loop, ^end
^end:
  return %x, %m, %m, %again, %s : memref<2xf64>, memref<2xf64>, memref<2xf64>, memref<2xf64>, f64
}

// -----

// CHECK-LABEL: func.func private @noodle.callee(
// CHECK:       llvm.call @noodle_ir_alloc(
func.func @callee() -> memref<2xf64> {
  %m = memref.alloc() : memref<2xf64>
  return %m : memref<2xf64>
}

// CHECK-LABEL: func.func private @noodle.caller(
// CHECK-NOT:   noodle_ir_result
func.func @caller() -> memref<2xf64> {
  %m = call @callee() : () -> memref<2xf64>
  return %m : memref<2xf64>
}

// -----

// A poll is a volatile load and a branch; calls pass the status on.

// CHECK-LABEL: func.func private @noodle.poll(
// CHECK:         llvm.load volatile %{{.*}} : !llvm.ptr -> i32
func.func private @poll() {
  noodle.poll
  return
}
// CHECK-LABEL: func.func private @noodle.calls(
// CHECK:         %[[S:.*]] = call @noodle.poll(%{{.*}}) : (!llvm.ptr) -> i32
// CHECK:         llvm.icmp "eq" %[[S]]
func.func private @calls() {
  call @poll() : () -> ()
  return
}

// -----

// A reference declaration gets a body that asks the interpreter.

// CHECK-LABEL: func.func private @noodle.__noodle_reference_7(
// CHECK:         %[[SITE:.*]] = llvm.mlir.constant(7 : i64) : i64
// CHECK:         llvm.call @noodle_ir_reference_call(%{{.*}}, %[[SITE]],
func.func private @__noodle_reference_7(memref<?xf32>) -> memref<?xf32>
  attributes {noodle.reference_site = 7 : i64,
              noodle.signature = (tensor<?xf32>) -> tensor<?xf32>}

// -----

// Marks pass their sizes in memory.

// CHECK-LABEL: func.func private @noodle.mark(
// CHECK:         llvm.alloca
// CHECK:         llvm.call @noodle_ir_mark(
func.func private @mark(%n: index) {
  noodle.mark begin 3 (%n)
  return
}

// -----

// Names of the runtime, of the C library and of other entries are free to use.

// CHECK-LABEL: func.func private @noodle.exp(
// CHECK-LABEL: func.func private @noodle.noodle.exp(
// CHECK-LABEL: func.func private @noodle.noodle_entry_exp(
// CHECK-LABEL: func.func private @noodle.noodle_ir_alloc(
func.func @exp() {
  return
}
func.func @noodle.exp() {
  return
}
func.func @noodle_entry_exp() {
  return
}
func.func @noodle_ir_alloc() {
  return
}
