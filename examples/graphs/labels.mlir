// Label propagation: in each step every node takes the label that most of its
// neighbours have, of several such the least; nodes without a neighbour keep
// theirs. At first each node's label is its own number. `own` is the identity,
// whose row k is label k; a stored entry (i, j) makes j a neighbour of i.
//
//   noodle-jit examples/graphs/labels.mlir --arg graph.mtx --arg own.mtx --arg 10 --out labels.npy
//
// Rows of `own` chosen by the labels say who has which. Their product with the
// graph counts labels among neighbours, and over max_plus the most frequent one
// wins: a count weighs 2^32, the labels themselves less than that.
#csr = #sparse_tensor.encoding<{
  map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32
}>

func.func @main(%graph: tensor<?x?xf64, #csr>, %own: tensor<?x?xi64, #csr>,
                %steps: i64) -> tensor<?xi64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %graph, %c0 : tensor<?x?xf64, #csr>
  %columns = tensor.dim %graph, %c1 : tensor<?x?xf64, #csr>
  %square = arith.cmpi eq, %n, %columns : index
  noodle.check %square, "the matrix of edges must be square"
  %names = tensor.dim %own, %c0 : tensor<?x?xi64, #csr>
  %named = arith.cmpi eq, %n, %names : index
  noodle.check %named, "own must have a row for each node"
  %edges = noodle.map (%graph) {over = #noodle.over<stored>}
      : (tensor<?x?xf64, #csr>) -> tensor<?x?xi64, #csr> {
  ^bb0(%v: f64):
    %weight = arith.constant 0x100000000 : i64
    noodle.yield %weight : i64
  }
  %start = tensor.generate %n {
  ^bb0(%i: index):
    %label = arith.index_cast %i : index to i64
    tensor.yield %label : i64
  } : tensor<?xi64>
  // The least label weighs most.
  %last = arith.constant 0xFFFFFFFF : i64
  %weights = tensor.generate %n {
  ^bb0(%i: index):
    %label = arith.index_cast %i : index to i64
    %w = arith.subi %last, %label : i64
    tensor.yield %w : i64
  } : tensor<?xi64>
  %count = arith.index_cast %steps : i64 to index
  %labels = scf.for %step = %c0 to %count step %c1 iter_args(%l = %start)
      -> (tensor<?xi64>) {
    %has = noodle.extract %own rows(%l : tensor<?xi64>)
        : tensor<?x?xi64, #csr> -> tensor<?x?xi64, #csr>
    %among = noodle.contract "ij,jk->ik" (%edges, %has)
        : (tensor<?x?xi64, #csr>, tensor<?x?xi64, #csr>) -> tensor<?x?xi64, #csr>
    %best = noodle.contract "ik,k->i" (%among, %weights)
        {semiring = #noodle.semiring<max_plus>}
        : (tensor<?x?xi64, #csr>, tensor<?xi64>) -> tensor<?xi64>
    %next = noodle.map (%best, %l)
        : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64> {
    ^bb0(%b: i64, %old: i64):
      %zero = arith.constant 0 : i64
      %most = arith.constant 0xFFFFFFFF : i64
      %none = arith.cmpi slt, %b, %zero : i64
      %rest = arith.andi %b, %most : i64
      %new = arith.subi %most, %rest : i64
      %r = arith.select %none, %old, %new : i64
      noodle.yield %r : i64
    }
    scf.yield %next : tensor<?xi64>
  }
  return %labels : tensor<?xi64>
}
