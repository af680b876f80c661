// Betweenness centrality by Brandes' algorithm (J. Math. Sociology 2001), summed
// over the sources given: for each node the sum over pairs (source, target) of
// the share of shortest paths that pass through it.
//
//   noodle-jit examples/graphs/betweenness.mlir --arg graph.mtx --arg sources.npy
//
// Paths are counted by products along the edges, masked by the nodes that have
// been seen; what depends on each node comes back by products against them.
#csr = #sparse_tensor.encoding<{
  map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32
}>

func.func @main(%graph: tensor<?x?xf64, #csr>, %sources: tensor<?xi64>) -> tensor<?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %one = arith.constant 1.0 : f64
  %none = arith.constant -1 : i64
  %k0 = arith.constant 0 : i64
  %k1 = arith.constant 1 : i64
  %true = arith.constant true
  %n = tensor.dim %graph, %c0 : tensor<?x?xf64, #csr>
  %columns = tensor.dim %graph, %c1 : tensor<?x?xf64, #csr>
  %square = arith.cmpi eq, %n, %columns : index
  noodle.check %square, "the matrix of edges must be square"
  %batch = tensor.dim %sources, %c0 : tensor<?xi64>
  %edges = noodle.map (%graph) {over = #noodle.over<stored>}
      : (tensor<?x?xf64, #csr>) -> tensor<?x?xf64, #csr> {
  ^bb0(%v: f64):
    %c = arith.constant 1.0 : f64
    noodle.yield %c : f64
  }
  %nothing = tensor.splat %zero[%n] : tensor<?xf64>
  %unseen = tensor.splat %none[%n] : tensor<?xi64>
  %total = scf.for %e = %c0 to %batch step %c1 iter_args(%sum = %nothing) -> (tensor<?xf64>) {
    %source = tensor.extract %sources[%e] : tensor<?xi64>
    %s = arith.index_cast %source : i64 to index
    // Unsigned, so that a negative source is out of range too.
    %inside = arith.cmpi ult, %s, %n : index
    noodle.check %inside, "a source is not a node of the graph"
    %paths0 = tensor.insert %one into %nothing[%s] : tensor<?xf64>
    %depth0 = tensor.insert %k0 into %unseen[%s] : tensor<?xi64>
    %paths, %depth, %f, %deepest, %any = scf.while
        (%p = %paths0, %d = %depth0, %f = %paths0, %k = %k0, %go = %true)
        : (tensor<?xf64>, tensor<?xi64>, tensor<?xf64>, i64, i1)
        -> (tensor<?xf64>, tensor<?xi64>, tensor<?xf64>, i64, i1) {
      scf.condition(%go) %p, %d, %f, %k, %go
          : tensor<?xf64>, tensor<?xi64>, tensor<?xf64>, i64, i1
    } do {
    ^bb0(%p: tensor<?xf64>, %d: tensor<?xi64>, %f: tensor<?xf64>, %k: i64, %go: i1):
      %next = arith.addi %k, %k1 : i64
      %seen = noodle.map (%d) : (tensor<?xi64>) -> tensor<?xi1> {
      ^bb0(%x: i64):
        %z = arith.constant 0 : i64
        %y = arith.cmpi sge, %x, %z : i64
        noodle.yield %y : i1
      }
      %new = noodle.contract "i,ij->j" (%f, %edges) mask(%seen : tensor<?xi1>)
          {mask_valued, mask_complement}
          : (tensor<?xf64>, tensor<?x?xf64, #csr>) -> tensor<?xf64>
      %deeper = noodle.map (%new, %d, %next)
          : (tensor<?xf64>, tensor<?xi64>, i64) -> tensor<?xi64> {
      ^bb0(%x: f64, %old: i64, %here: i64):
        %z = arith.constant 0.0 : f64
        %y = arith.cmpf ogt, %x, %z : f64
        %r = arith.select %y, %here, %old : i64
        noodle.yield %r : i64
      }
      %more = noodle.map (%p, %new) : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64> {
      ^bb0(%x: f64, %y: f64):
        %r = arith.addf %x, %y : f64
        noodle.yield %r : f64
      }
      %t = noodle.reduce %new {dims = array<i64: 0>} : tensor<?xf64> -> tensor<f64>
      %v = tensor.extract %t[] : tensor<f64>
      %again = arith.cmpf ogt, %v, %zero : f64
      scf.yield %more, %deeper, %new, %next, %again
          : tensor<?xf64>, tensor<?xi64>, tensor<?xf64>, i64, i1
    }
    %depends, %level = scf.while (%b = %nothing, %k = %deepest)
        : (tensor<?xf64>, i64) -> (tensor<?xf64>, i64) {
      %go = arith.cmpi sgt, %k, %k0 : i64
      scf.condition(%go) %b, %k : tensor<?xf64>, i64
    } do {
    ^bb0(%b: tensor<?xf64>, %k: i64):
      %before = arith.subi %k, %k1 : i64
      %share = noodle.map (%b, %paths, %depth, %k)
          : (tensor<?xf64>, tensor<?xf64>, tensor<?xi64>, i64) -> tensor<?xf64> {
      ^bb0(%x: f64, %p: f64, %d: i64, %here: i64):
        %u = arith.constant 1.0 : f64
        %z = arith.constant 0.0 : f64
        %at = arith.cmpi eq, %d, %here : i64
        %y = arith.addf %u, %x : f64
        %q = arith.divf %y, %p : f64
        %r = arith.select %at, %q, %z : f64
        noodle.yield %r : f64
      }
      %back = noodle.contract "ij,j->i" (%edges, %share)
          : (tensor<?x?xf64, #csr>, tensor<?xf64>) -> tensor<?xf64>
      %more = noodle.map (%b, %back, %paths, %depth, %before)
          : (tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xi64>, i64) -> tensor<?xf64> {
      ^bb0(%x: f64, %y: f64, %p: f64, %d: i64, %here: i64):
        %at = arith.cmpi eq, %d, %here : i64
        %q = arith.mulf %p, %y : f64
        %t = arith.addf %x, %q : f64
        %r = arith.select %at, %t, %x : f64
        noodle.yield %r : f64
      }
      scf.yield %more, %before : tensor<?xf64>, i64
    }
    // Paths that start at a node do not pass through it.
    %through = tensor.insert %zero into %depends[%s] : tensor<?xf64>
    %sums = noodle.map (%sum, %through) : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64> {
    ^bb0(%x: f64, %y: f64):
      %r = arith.addf %x, %y : f64
      noodle.yield %r : f64
    }
    scf.yield %sums : tensor<?xf64>
  }
  return %total : tensor<?xf64>
}
