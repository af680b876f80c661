// RUN: noodle-opt --noodle-lower-runtime-calls --split-input-file --verify-diagnostics %s | FileCheck %s

// Buffers go as a table on the stack: data, count, bytes of an element, whether
// it is written, how it may be cut. The kernel goes as its position.
module attributes {noodle.kernels = [{name = "other"}, {name = "k"}]} {
// CHECK-LABEL: func.func private @noodle.launch(
// CHECK-SAME: %[[CTX:[^:]*]]: !llvm.ptr, %[[X:[^:]*]]: memref<?x3xf32>, %[[Y:[^:]*]]: memref<5xi1>,
// CHECK-DAG: %[[TWO:.*]] = llvm.mlir.constant(6 : i64)
// CHECK-DAG: %[[TABLE:.*]] = llvm.alloca %[[TWO]] x i64
// CHECK-DAG: %[[ELEVEN:.*]] = llvm.mlir.constant(11 : i64)
// CHECK-DAG: %[[LAUNCH:.*]] = llvm.alloca %[[ELEVEN]] x i64
// CHECK: %[[ROWS:.*]] = llvm.extractvalue %{{.*}}[3, 0]
// CHECK: %[[THREE:.*]] = llvm.mlir.constant(3 : i64)
// CHECK: %[[COUNT:.*]] = llvm.mul %[[ROWS]], %[[THREE]]
// CHECK: llvm.store %[[COUNT]]
// CHECK: %[[FOUR:.*]] = llvm.mlir.constant(4 : i32)
// CHECK: llvm.store %[[FOUR]]
// CHECK: llvm.mlir.constant(0 : i8)
// CHECK: llvm.mlir.constant(1 : i8)
// CHECK: llvm.mlir.constant(5 : i64)
// CHECK: %[[BYTE:.*]] = llvm.mlir.constant(1 : i32)
// CHECK: llvm.store %[[BYTE]]
// CHECK: llvm.mlir.constant(1 : i8)
// CHECK: llvm.mlir.constant(0 : i8)
// CHECK: %[[KERNEL:.*]] = llvm.mlir.constant(1 : i64)
// CHECK-NEXT: llvm.store %[[KERNEL]], %[[LAUNCH]]
// CHECK: %[[SITE:.*]] = llvm.mlir.constant(7 : i64)
// CHECK: llvm.store %[[SITE]]
// CHECK: %[[STATUS:.*]] = llvm.call @noodle_ir_launch(%[[CTX]], %[[LAUNCH]])
// A positive status leads out; a negative one says that it did not run.
// CHECK: %[[GOOD:.*]] = llvm.icmp "sle" %[[STATUS]]
// CHECK: cf.cond_br %[[GOOD]], ^[[REST:.*]], ^[[OUT:.*]](%[[STATUS]] : i32)
// CHECK: ^[[REST]]:
// CHECK: %[[RAN:.*]] = llvm.icmp "eq" %[[STATUS]]
// CHECK: return %{{.*}}, %[[RAN]]
func.func @launch(%x: memref<?x3xf32>, %y: memref<5xi1>, %n: index, %s: i64) -> i1 {
  %ran = noodle.launch @k grid(%n, %n, %n) ins(%x : memref<?x3xf32>) outs(%y : memref<5xi1>) scalars(%s) {site = 7 : i64, split = array<i64: 0, 4, 1, 0>}
  return %ran : i1
}
}

// -----

// CHECK-LABEL: func.func private @noodle.access(
// CHECK: %[[P:.*]] = llvm.extractvalue %{{.*}}[0]
// CHECK: %[[W:.*]] = llvm.mlir.constant(1 : i32)
// CHECK: %[[S:.*]] = llvm.call @noodle_ir_host_access(%{{.*}}, %[[P]], %[[W]])
// CHECK: llvm.icmp "eq" %[[S]]
// CHECK: cf.cond_br
func.func @access(%y: memref<?xf32>) {
  noodle.host_access write %y : memref<?xf32>
  return
}

// -----

module attributes {noodle.kernels = [{name = "other"}]} {
func.func @unknown(%y: memref<?xf32>, %n: index) {
  // expected-error @below {{no kernel 'k' is in the module's noodle.kernels}}
  %ran = noodle.launch @k grid(%n, %n, %n) outs(%y : memref<?xf32>)
  return
}
}

// -----

module attributes {noodle.kernels = [{name = "k"}]} {
func.func @strided(%n: index) {
  %m = memref.alloc() : memref<8x8xf32>
  %v = memref.subview %m[0, 0] [8, 4] [1, 1] : memref<8x8xf32> to memref<8x4xf32, strided<[8, 1]>>
  // expected-error @below {{kernels take row-major buffers}}
  %ran = noodle.launch @k grid(%n, %n, %n) outs(%v : memref<8x4xf32, strided<[8, 1]>>)
  return
}
}
