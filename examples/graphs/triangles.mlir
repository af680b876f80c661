// Triangles of an undirected graph: a stored entry (i, j) is an edge, whatever
// its value; loops, where there are some, are no edges.
//
//   noodle-jit examples/graphs/triangles.mlir --arg graph.mtx
//   noodle-jit examples/graphs/triangles.mlir -e clustering --arg graph.mtx --out lcc.npy
//
// With L the entries below the diagonal, a triangle i > j > k is counted once, by
// L[i, j] L[j, k] L[i, k]. The sum is formed where L has entries, and nothing
// else is.
#csr = #sparse_tensor.encoding<{
  map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32
}>

func.func private @edges(%graph: tensor<?x?xf64, #csr>) -> tensor<?x?xi64, #csr> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %graph, %c0 : tensor<?x?xf64, #csr>
  %columns = tensor.dim %graph, %c1 : tensor<?x?xf64, #csr>
  %square = arith.cmpi eq, %n, %columns : index
  noodle.check %square, "the matrix of edges must be square"
  %one = noodle.map (%graph) {over = #noodle.over<stored>}
      : (tensor<?x?xf64, #csr>) -> tensor<?x?xi64, #csr> {
  ^bb0(%v: f64):
    %c = arith.constant 1 : i64
    noodle.yield %c : i64
  }
  return %one : tensor<?x?xi64, #csr>
}

func.func @main(%graph: tensor<?x?xf64, #csr>) -> tensor<i64> {
  %edges = func.call @edges(%graph) : (tensor<?x?xf64, #csr>) -> tensor<?x?xi64, #csr>
  %below = noodle.select (%edges) {part = "lower", diagonal = -1 : i64}
      : (tensor<?x?xi64, #csr>) -> tensor<?x?xi64, #csr>
  %count = noodle.contract "ij,jk,ik->" (%below, %below, %below)
      : (tensor<?x?xi64, #csr>, tensor<?x?xi64, #csr>, tensor<?x?xi64, #csr>) -> tensor<i64>
  return %count : tensor<i64>
}

// For each node the share of the ordered pairs of its neighbours with an edge
// from one to the other; 0 where there is no pair. Edges may be directed:
// neighbours are those on either end of one.
func.func @clustering(%graph: tensor<?x?xf64, #csr>) -> tensor<?xf64> {
  %edges = func.call @edges(%graph) : (tensor<?x?xf64, #csr>) -> tensor<?x?xi64, #csr>
  %simple = noodle.select (%edges) {part = "off_diagonal"}
      : (tensor<?x?xi64, #csr>) -> tensor<?x?xi64, #csr>
  %back = noodle.transpose %simple {permutation = array<i64: 1, 0>}
      : tensor<?x?xi64, #csr> -> tensor<?x?xi64, #csr>
  %near = noodle.merge union (%simple, %back)
      : (tensor<?x?xi64, #csr>, tensor<?x?xi64, #csr>) -> tensor<?x?xi64, #csr> {
  ^bb0(%x: i64, %y: i64):
    %one = arith.constant 1 : i64
    noodle.entry %one : i64
  }
  %closed = noodle.contract "ij,jk,ik->i" (%near, %simple, %near)
      : (tensor<?x?xi64, #csr>, tensor<?x?xi64, #csr>, tensor<?x?xi64, #csr>) -> tensor<?xi64>
  %degree = noodle.reduce %near {dims = array<i64: 1>}
      : tensor<?x?xi64, #csr> -> tensor<?xi64>
  %share = noodle.map (%closed, %degree)
      : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xf64> {
  ^bb0(%t: i64, %d: i64):
    %one = arith.constant 1 : i64
    %zero = arith.constant 0.0 : f64
    %less = arith.subi %d, %one : i64
    %pairs = arith.muli %d, %less : i64
    %x = arith.sitofp %t : i64 to f64
    %y = arith.sitofp %pairs : i64 to f64
    %q = arith.divf %x, %y : f64
    %some = arith.cmpi sgt, %pairs, %one : i64
    %r = arith.select %some, %q, %zero : f64
    noodle.yield %r : f64
  }
  return %share : tensor<?xf64>
}
