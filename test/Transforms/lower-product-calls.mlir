// RUN: noodle-opt --noodle-lower-runtime-calls --split-input-file --verify-diagnostics %s | FileCheck %s

// The loops go as a table on the stack: extent, steps through lhs, rhs and out,
// and which of them have it (bits 1, 2 and 4).

// CHECK-LABEL: func.func private @noodle.product(
// CHECK-SAME: %[[CTX:[^:]*]]: !llvm.ptr
// CHECK-DAG: %[[LOOPS:.*]] = llvm.alloca %{{.*}} x i64
// CHECK: %[[STEP:.*]] = llvm.extractvalue %{{.*}}[4, 0]
// CHECK: llvm.store %[[STEP]]
// CHECK: llvm.mlir.constant(5 : i64)
// CHECK: llvm.mlir.constant(6 : i64)
// CHECK: llvm.mlir.constant(3 : i64)
// CHECK: %[[STATUS:.*]] = llvm.call @noodle_ir_product(%[[CTX]], %{{.*}})
// A positive status leads out; a negative one says that it did not run.
// CHECK: %[[GOOD:.*]] = llvm.icmp "sle" %[[STATUS]]
// CHECK: cf.cond_br %[[GOOD]], ^[[REST:.*]], ^[[OUT:.*]](%[[STATUS]] : i32)
// CHECK: ^[[REST]]:
// CHECK: %[[FORMED:.*]] = llvm.icmp "eq" %[[STATUS]]
// CHECK: return %{{.*}}, %[[FORMED]]
func.func @product(%a: memref<?x?xf32>, %b: memref<?x?xf32>, %c: memref<?x?xf32>) -> i1 {
  %formed = noodle.blas_product lhs(%a : memref<?x?xf32>) rhs(%b : memref<?x?xf32>) outs(%c : memref<?x?xf32>)
    {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>], accumulate, site = 3 : i64}
  return %formed : i1
}

// -----

func.func @element(%a: memref<?xi16>, %c: memref<?xi16>) {
  // expected-error @below {{elements of 'i16' have no form at the runtime's border}}
  %formed = noodle.blas_product lhs(%a : memref<?xi16>) rhs(%a : memref<?xi16>) outs(%c : memref<?xi16>)
    {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>]}
  return
}
