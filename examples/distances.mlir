// Cheapest distances from one node of a directed graph.
//
//   noodle-jit examples/distances.mlir --arg costs.mtx --arg 1 --out d.npy
//
// A stored entry (i, j) is an edge from i to j at that cost; costs may be
// negative. Over min_plus one step of the cheapest paths is a product of matrix
// and vector: d[j] = min(d[j], min over i of d[i] + cost[i, j]). Nodes are
// counted from 0; nodes out of reach are at infinity.
#csr = #sparse_tensor.encoding<{
  map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32
}>

func.func @main(%costs: tensor<?x?xf64, #csr>, %source: i64) -> tensor<?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %none = arith.constant -1 : i64
  %zero = arith.constant 0.0 : f64
  %infinity = arith.constant 0x7FF0000000000000 : f64

  %n = tensor.dim %costs, %c0 : tensor<?x?xf64, #csr>
  %columns = tensor.dim %costs, %c1 : tensor<?x?xf64, #csr>
  %square = arith.cmpi eq, %n, %columns : index
  noodle.check %square, "the matrix of costs must be square"
  %from = arith.index_cast %source : i64 to index
  // Unsigned, so that a negative source is out of range too.
  %inside = arith.cmpi ult, %from, %n : index
  noodle.check %inside, "the source is not a node of the graph"

  %unreached = tensor.splat %infinity[%n] : tensor<?xf64>
  %start = tensor.insert %zero into %unreached[%from] : tensor<?xf64>

  %nodes = tensor.generate %n {
  ^bb0(%i: index):
    %node = arith.index_cast %i : index to i64
    tensor.yield %node : i64
  } : tensor<?xi64>

  // Without a negative cycle n steps reach the fixed point: n - 1 for the
  // longest path and one that changes nothing. What is carried besides the
  // distances is the last node whose distance changed, or -1.
  %size = arith.index_cast %n : index to i64
  %one = arith.constant 1 : i64
  %any = arith.subi %size, %one : i64
  %distances, %changed, %steps = scf.while (%d = %start, %moved = %any, %step = %c0)
      : (tensor<?xf64>, i64, index) -> (tensor<?xf64>, i64, index) {
    %below = arith.cmpi ult, %step, %n : index
    %moving = arith.cmpi ne, %moved, %none : i64
    %go = arith.andi %moving, %below : i1
    scf.condition(%go) %d, %moved, %step : tensor<?xf64>, i64, index
  } do {
  ^bb0(%d: tensor<?xf64>, %moved: i64, %step: index):
    %next = noodle.contract "ij,i->j" (%costs, %d) into (%d : tensor<?xf64>)
        {semiring = #noodle.semiring<min_plus>}
        : (tensor<?x?xf64, #csr>, tensor<?xf64>) -> tensor<?xf64>
    %differs = noodle.map (%next, %d, %nodes)
        : (tensor<?xf64>, tensor<?xf64>, tensor<?xi64>) -> tensor<?xi64> {
    ^bb0(%a: f64, %b: f64, %node: i64):
      %ne = arith.cmpf une, %a, %b : f64
      %no = arith.constant -1 : i64
      %is = arith.select %ne, %node, %no : i64
      noodle.yield %is : i64
    }
    %last = noodle.reduce %differs
        {dims = array<i64: 0>, semiring = #noodle.semiring<max_plus>}
        : tensor<?xi64> -> tensor<i64>
    %again = tensor.extract %last[] : tensor<i64>
    %following = arith.addi %step, %c1 : index
    scf.yield %next, %again, %following : tensor<?xf64>, i64, index
  }
  %settled = arith.cmpi eq, %changed, %none : i64
  %node = arith.index_cast %changed : i64 to index
  noodle.check %settled, "no cheapest distances: a cycle of negative cost leads to node {0}, or a cost that is not a number" (%node)
  return %distances : tensor<?xf64>
}
