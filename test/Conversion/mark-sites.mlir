// RUN: noodle-opt %s --noodle-mark-sites | FileCheck %s

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
// CHECK-LABEL: func.func @main
// CHECK-DAG: %[[M:.*]] = tensor.dim %arg0, %c0
// CHECK-DAG: %[[N:.*]] = tensor.dim %arg0, %c1
// CHECK-DAG: %[[NNZ:.*]] = sparse_tensor.number_of_entries %arg0
// CHECK: noodle.mark begin 4(%[[M]], %[[N]], %[[NNZ]])
// CHECK-NEXT: noodle.contract
// CHECK-NEXT: noodle.mark end 4
func.func @main(%a: tensor<?x?xf64, #csr>, %x: tensor<?xf64>) -> tensor<?xf64> {
  %y = noodle.contract "ij,j->i" (%a, %x) {noodle.site = 4 : i64} : (tensor<?x?xf64, #csr>, tensor<?xf64>) -> tensor<?xf64>
  return %y : tensor<?xf64>
}
