// Breadth-first levels: how many edges lie between the source and each node; -1
// where no path leads. A stored entry (i, j) is an edge from i to j.
//
//   noodle-jit examples/graphs/bfs.mlir --arg graph.mtx --arg 0 --out levels.npy
//
// Over or_and the nodes that a frontier leads to are its product with the graph,
// masked by those that have no level yet.
#csr = #sparse_tensor.encoding<{
  map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32
}>

func.func @main(%graph: tensor<?x?xf64, #csr>, %source: i64) -> tensor<?xi64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %none = arith.constant -1 : i64
  %true = arith.constant true
  %false = arith.constant false
  %n = tensor.dim %graph, %c0 : tensor<?x?xf64, #csr>
  %columns = tensor.dim %graph, %c1 : tensor<?x?xf64, #csr>
  %square = arith.cmpi eq, %n, %columns : index
  noodle.check %square, "the matrix of edges must be square"
  %from = arith.index_cast %source : i64 to index
  %inside = arith.cmpi ult, %from, %n : index
  noodle.check %inside, "the source is not a node of the graph"
  %edges = noodle.map (%graph) {over = #noodle.over<stored>}
      : (tensor<?x?xf64, #csr>) -> tensor<?x?xi1, #csr> {
  ^bb0(%v: f64):
    %t = arith.constant true
    noodle.yield %t : i1
  }

  %unreached = tensor.splat %none[%n] : tensor<?xi64>
  %levels0 = tensor.insert %zero into %unreached[%from] : tensor<?xi64>
  %nowhere = tensor.splat %false[%n] : tensor<?xi1>
  %seen0 = tensor.insert %true into %nowhere[%from] : tensor<?xi1>
  %levels, %seen, %frontier, %level, %any = scf.while
      (%l = %levels0, %s = %seen0, %f = %seen0, %k = %one, %go = %true)
      : (tensor<?xi64>, tensor<?xi1>, tensor<?xi1>, i64, i1)
      -> (tensor<?xi64>, tensor<?xi1>, tensor<?xi1>, i64, i1) {
    scf.condition(%go) %l, %s, %f, %k, %go
        : tensor<?xi64>, tensor<?xi1>, tensor<?xi1>, i64, i1
  } do {
  ^bb0(%l: tensor<?xi64>, %s: tensor<?xi1>, %f: tensor<?xi1>, %k: i64, %go: i1):
    %next = noodle.contract "i,ij->j" (%f, %edges) mask(%s : tensor<?xi1>)
        {mask_valued, mask_complement, semiring = #noodle.semiring<or_and>}
        : (tensor<?xi1>, tensor<?x?xi1, #csr>) -> tensor<?xi1>
    %reached = noodle.map (%next, %l, %k)
        : (tensor<?xi1>, tensor<?xi64>, i64) -> tensor<?xi64> {
    ^bb0(%is: i1, %old: i64, %here: i64):
      %r = arith.select %is, %here, %old : i64
      noodle.yield %r : i64
    }
    %known = noodle.map (%next, %s) : (tensor<?xi1>, tensor<?xi1>) -> tensor<?xi1> {
    ^bb0(%a: i1, %b: i1):
      %o = arith.ori %a, %b : i1
      noodle.yield %o : i1
    }
    %more = noodle.reduce %next
        {dims = array<i64: 0>, semiring = #noodle.semiring<or_and>}
        : tensor<?xi1> -> tensor<i1>
    %again = tensor.extract %more[] : tensor<i1>
    %following = arith.addi %k, %one : i64
    scf.yield %reached, %known, %next, %following, %again
        : tensor<?xi64>, tensor<?xi1>, tensor<?xi1>, i64, i1
  }
  return %levels : tensor<?xi64>
}
