// RUN: noodle-opt %s --noodle-elaborate --noodle-select-strategy --split-input-file | FileCheck %s
// RUN: noodle-opt %s --noodle-elaborate --noodle-select-strategy=strategy=loops --split-input-file | FileCheck %s --check-prefix=LOOPS
// RUN: noodle-opt %s --noodle-elaborate --noodle-select-strategy=strategy=reference --split-input-file | FileCheck %s --check-prefix=REFERENCE
// RUN: not noodle-opt %s --noodle-select-strategy=strategy=fastest --split-input-file 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// UNKNOWN: error: noodle-select-strategy: no strategy 'fastest': use auto, reference, loops, tiled, strassen, sparse, gpu or library

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), crdWidth = 32}>

// Sizes are named once, cost terms refer to them: 2 flops for each stored
// entry; 12 bytes for each, 8 for each entry of vector and result.
// CHECK: noodle.sites = [{bytes = {{\[\[}}12, 2], [8, 1], [8, 0]], flops = {{\[\[}}2, 2]], id = 0 : i64, op = "contract"
// CHECK-SAME: place = "{{.*}}select.mlir:[[@LINE+8]]:8", sizes = ["m", "k", "stored(A)"], strategy = "sparse", text = "mk,k->m min_plus f64 csr", why = "operand 0 is sparse"}]
// CHECK-LABEL: func.func @spmv
// CHECK: noodle.contract {{.*}}noodle.why = "operand 0 is sparse"{{.*}}strategy = #noodle.strategy<sparse>
// LOOPS-LABEL: func.func @spmv
// LOOPS: noodle.why = "operand 0 is sparse (the option asks for loops, but that is for dense tensors)"{{.*}}strategy = #noodle.strategy<sparse>
// REFERENCE-LABEL: func.func @spmv
// REFERENCE: noodle.why = "the option asks for it"{{.*}}strategy = #noodle.strategy<reference>
func.func @spmv(%a: tensor<?x?xf64, #csr>, %x: tensor<?xf64>) -> tensor<?xf64> {
  %y = noodle.matmul %a, %x {semiring = #noodle.semiring<min_plus>} : tensor<?x?xf64, #csr>, tensor<?xf64> -> tensor<?xf64>
  return %y : tensor<?xf64>
}

// -----

// CHECK: flops = {{\[\[}}2, 0, 2, 1]]
// CHECK-LABEL: func.func @dense
// CHECK: noodle.contract {{.*}}noodle.why = "a dense contraction of two operands"{{.*}}strategy = #noodle.strategy<tiled>
// CHECK: noodle.softmax {{.*}}noodle.why = "one pass over the entries"{{.*}}strategy = #noodle.strategy<loops>
// LOOPS-LABEL: func.func @dense
// LOOPS: noodle.contract {{.*}}noodle.why = "the option asks for it"{{.*}}strategy = #noodle.strategy<loops>
func.func @dense(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c = noodle.contract "ij,jk->ik" (%a, %b) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %d = noodle.softmax %c {axis = 1 : i64} : tensor<?x?xf32>
  return %d : tensor<?x?xf32>
}

// -----

// An op's own wish stands before the option's.
// CHECK-LABEL: func.func @named
// CHECK: noodle.why = "the op asks for it"{{.*}}strategy = #noodle.strategy<loops>
// REFERENCE-LABEL: func.func @named
// REFERENCE: noodle.why = "the op asks for it"{{.*}}strategy = #noodle.strategy<loops>
func.func @named(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c = noodle.contract "ij,jk->ik" (%a, %b) {strategy = #noodle.strategy<loops>} : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %c : tensor<?x?xf32>
}

// -----

// Only what has no compiled form goes to the interpreter, and says why.
// CHECK-LABEL: func.func @references
// CHECK: noodle.map {{.*}}noodle.why = "the body divides integers, which may fail"{{.*}}strategy = #noodle.strategy<reference>
func.func @references(%n: tensor<?xi64>) -> tensor<?xi64> {
  %q = noodle.map (%n, %n) : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64> {
  ^bb0(%x: i64, %y: i64):
    %z = arith.divsi %x, %y : i64
    noodle.yield %z : i64
  }
  return %q : tensor<?xi64>
}
