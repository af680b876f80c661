// Connected components of an undirected graph: for each node the least node of
// its component. Entries may be stored on one side of the diagonal or on both.
//
//   noodle-jit examples/graphs/components.mlir --arg graph.mtx --out least.npy
//
// Over min_plus a graph whose edges cost 0 hands on the least label of the
// neighbours, in both directions, until none changes.
#csr = #sparse_tensor.encoding<{
  map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32
}>

func.func @main(%graph: tensor<?x?xf64, #csr>) -> tensor<?xi64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %true = arith.constant true
  %n = tensor.dim %graph, %c0 : tensor<?x?xf64, #csr>
  %columns = tensor.dim %graph, %c1 : tensor<?x?xf64, #csr>
  %square = arith.cmpi eq, %n, %columns : index
  noodle.check %square, "the matrix of edges must be square"
  %free = noodle.map (%graph) {over = #noodle.over<stored>}
      : (tensor<?x?xf64, #csr>) -> tensor<?x?xi64, #csr> {
  ^bb0(%v: f64):
    %c = arith.constant 0 : i64
    noodle.yield %c : i64
  }
  %start = tensor.generate %n {
  ^bb0(%i: index):
    %label = arith.index_cast %i : index to i64
    tensor.yield %label : i64
  } : tensor<?xi64>
  %labels, %changed = scf.while (%l = %start, %go = %true)
      : (tensor<?xi64>, i1) -> (tensor<?xi64>, i1) {
    scf.condition(%go) %l, %go : tensor<?xi64>, i1
  } do {
  ^bb0(%l: tensor<?xi64>, %go: i1):
    %out = noodle.contract "ij,j->i" (%free, %l) into (%l : tensor<?xi64>)
        {semiring = #noodle.semiring<min_plus>}
        : (tensor<?x?xi64, #csr>, tensor<?xi64>) -> tensor<?xi64>
    %both = noodle.contract "ij,i->j" (%free, %out) into (%out : tensor<?xi64>)
        {semiring = #noodle.semiring<min_plus>}
        : (tensor<?x?xi64, #csr>, tensor<?xi64>) -> tensor<?xi64>
    %differs = noodle.map (%both, %l) : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi1> {
    ^bb0(%a: i64, %b: i64):
      %ne = arith.cmpi ne, %a, %b : i64
      noodle.yield %ne : i1
    }
    %any = noodle.reduce %differs
        {dims = array<i64: 0>, semiring = #noodle.semiring<or_and>}
        : tensor<?xi1> -> tensor<i1>
    %again = tensor.extract %any[] : tensor<i1>
    scf.yield %both, %again : tensor<?xi64>, i1
  }
  return %labels : tensor<?xi64>
}
