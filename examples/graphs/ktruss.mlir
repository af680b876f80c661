// The k-truss of an undirected graph without loops, stored on both sides of the
// diagonal: the greatest subgraph of whose edges each lies in k - 2 triangles or
// more of the subgraph. The result's values are the numbers of these triangles.
//
//   noodle-jit examples/graphs/ktruss.mlir --arg graph.mtx --arg 4 --out truss.mtx
//
// The triangles on each edge are one product, formed where there are edges
// alone; edges on too few are dropped until none is.
#csr = #sparse_tensor.encoding<{
  map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32
}>

func.func private @ones(%g: tensor<?x?xi64, #csr>) -> tensor<?x?xi64, #csr> {
  %one = noodle.map (%g) {over = #noodle.over<stored>}
      : (tensor<?x?xi64, #csr>) -> tensor<?x?xi64, #csr> {
  ^bb0(%v: i64):
    %c = arith.constant 1 : i64
    noodle.yield %c : i64
  }
  return %one : tensor<?x?xi64, #csr>
}

func.func private @count(%g: tensor<?x?xi64, #csr>) -> i64 {
  %total = noodle.reduce %g {dims = array<i64: 0, 1>}
      : tensor<?x?xi64, #csr> -> tensor<i64>
  %t = tensor.extract %total[] : tensor<i64>
  return %t : i64
}

func.func @main(%graph: tensor<?x?xf64, #csr>, %k: i64) -> tensor<?x?xi64, #csr> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %two = arith.constant 2 : i64
  %three = arith.constant 3 : i64
  %none = arith.constant -1 : i64
  %true = arith.constant true
  %n = tensor.dim %graph, %c0 : tensor<?x?xf64, #csr>
  %columns = tensor.dim %graph, %c1 : tensor<?x?xf64, #csr>
  %square = arith.cmpi eq, %n, %columns : index
  noodle.check %square, "the matrix of edges must be square"
  %wide = arith.cmpi sge, %k, %three : i64
  noodle.check %wide, "k must be 3 or more"
  %least = arith.subi %k, %two : i64
  %start = noodle.map (%graph) {over = #noodle.over<stored>}
      : (tensor<?x?xf64, #csr>) -> tensor<?x?xi64, #csr> {
  ^bb0(%v: f64):
    %c = arith.constant 1 : i64
    noodle.yield %c : i64
  }
  %truss, %size, %again = scf.while (%g = %start, %s = %none, %go = %true)
      : (tensor<?x?xi64, #csr>, i64, i1) -> (tensor<?x?xi64, #csr>, i64, i1) {
    scf.condition(%go) %g, %s, %go : tensor<?x?xi64, #csr>, i64, i1
  } do {
  ^bb0(%g: tensor<?x?xi64, #csr>, %s: i64, %go: i1):
    %edges = func.call @ones(%g) : (tensor<?x?xi64, #csr>) -> tensor<?x?xi64, #csr>
    %support = noodle.contract "ij,jk->ik" (%edges, %edges)
        mask(%edges : tensor<?x?xi64, #csr>)
        : (tensor<?x?xi64, #csr>, tensor<?x?xi64, #csr>) -> tensor<?x?xi64, #csr>
    %kept = noodle.select (%support, %least)
        : (tensor<?x?xi64, #csr>, i64) -> tensor<?x?xi64, #csr> {
    ^bb0(%value: i64, %row: i64, %column: i64, %bound: i64):
      %keep = arith.cmpi sge, %value, %bound : i64
      noodle.keep %keep
    }
    %left = func.call @ones(%kept) : (tensor<?x?xi64, #csr>) -> tensor<?x?xi64, #csr>
    %now = func.call @count(%left) : (tensor<?x?xi64, #csr>) -> i64
    %fewer = arith.cmpi ne, %now, %s : i64
    scf.yield %kept, %now, %fewer : tensor<?x?xi64, #csr>, i64, i1
  }
  return %truss : tensor<?x?xi64, #csr>
}
