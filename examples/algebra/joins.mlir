// Joins: a table of two columns is a matrix that counts its rows, sparse where
// few pairs occur. A join on a shared column composes, or meets in a spider;
// counting its rows needs no row of it.
//
//   noodle-jit examples/algebra/joins.mlir --arg orders.mtx --arg products.mtx
//
// orders(customer, product) and products(product, maker), bags of rows.
#csr = #sparse_tensor.encoding<{
  map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32
}>
!orders = !noodle.hom<[?] -> [?], i64>
!products = !noodle.hom<[?] -> [?], i64>
!all = !noodle.hom<[?] -> [], i64>
!any = !noodle.hom<[] -> [?], i64>
!number = !noodle.hom<[] -> [], i64>

func.func @main(%o: tensor<?x?xi64, #csr>, %p: tensor<?x?xi64, #csr>) -> (tensor<i64>, tensor<?xi64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %customers = tensor.dim %o, %c0 : tensor<?x?xi64, #csr>
  %makers = tensor.dim %p, %c1 : tensor<?x?xi64, #csr>
  %orders = noodle.from_tensor %o : tensor<?x?xi64, #csr> -> !orders
  %products = noodle.from_tensor %p : tensor<?x?xi64, #csr> -> !products

  // select count(*) from orders join products using (product)
  %customer = noodle.wires discard (%customers) : !all
  %from = noodle.dagger %customer : !all -> !any
  %maker = noodle.wires discard (%makers) : !all
  %count = noodle.compose %from, %orders, %products, %maker : (!any, !orders, !products, !all) -> !number
  // ... group by maker
  %by_maker = noodle.compose %from, %orders, %products : (!any, !orders, !products) -> !any

  %a = noodle.to_tensor %count : !number -> tensor<i64>
  %b = noodle.to_tensor %by_maker : !any -> tensor<?xi64>
  return %a, %b : tensor<i64>, tensor<?xi64>
}
