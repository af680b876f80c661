// RUN: noodle-opt --noodle-sparsify %s | FileCheck %s

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
#M = affine_map<(i, j) -> (i, j)>
#J = affine_map<(i, j) -> (j)>
#I = affine_map<(i, j) -> (i)>

// The result gets a buffer of its own; operands are only read.

// CHECK-LABEL: func.func @matvec(
// CHECK-SAME:    %[[POS:.*]]: memref<?xi32>, %[[CRD:.*]]: memref<?xi32>, %[[VAL:.*]]: memref<?xf64>, %{{.*}}: !sparse_tensor.storage_specifier
// CHECK-SAME:    %[[X:.*]]: tensor<?xf64>, %[[Y:.*]]: tensor<?xf64>
// CHECK-SAME:    noodle.signature
func.func @matvec(%a: tensor<?x?xf64, #csr>, %x: tensor<?xf64>, %y: tensor<?xf64>) -> tensor<?xf64> {
// CHECK:       %[[OWN:.*]] = bufferization.alloc_tensor() copy(%[[Y]])
// CHECK:       bufferization.to_buffer %[[X]] read_only
// CHECK:       %[[OUT:.*]] = bufferization.to_buffer %[[OWN]] :
// CHECK:       scf.for
// CHECK:         scf.for
// CHECK:         memref.store %{{.*}}, %[[OUT]]
// CHECK:       bufferization.to_tensor %[[OUT]] restrict writable
  %r = linalg.generic {indexing_maps = [#M, #J, #I], iterator_types = ["parallel", "reduction"]}
    ins(%a, %x : tensor<?x?xf64, #csr>, tensor<?xf64>) outs(%y : tensor<?xf64>) {
  ^bb0(%p: f64, %q: f64, %o: f64):
    %m = arith.mulf %p, %q : f64
    %s = arith.addf %o, %m : f64
    linalg.yield %s : f64
  } -> tensor<?xf64>
  return %r : tensor<?xf64>
}

// Insertion is inlined: no helper is left.

// CHECK-NOT: func.func private
// CHECK-LABEL: func.func @scale(
func.func @scale(%a: tensor<?x?xf64, #csr>) -> tensor<?x?xf64, #csr> {
// CHECK:       memref.realloc
// CHECK-NOT:   call
// CHECK-NOT:   memref.dealloc
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %a, %c0 : tensor<?x?xf64, #csr>
  %n = tensor.dim %a, %c1 : tensor<?x?xf64, #csr>
  %e = tensor.empty(%m, %n) : tensor<?x?xf64, #csr>
  %r = linalg.generic {indexing_maps = [#M, #M], iterator_types = ["parallel", "parallel"]}
    ins(%a : tensor<?x?xf64, #csr>) outs(%e : tensor<?x?xf64, #csr>) {
  ^bb0(%p: f64, %o: f64):
    %t = arith.mulf %p, %p : f64
    linalg.yield %t : f64
  } -> tensor<?x?xf64, #csr>
  return %r : tensor<?x?xf64, #csr>
}
