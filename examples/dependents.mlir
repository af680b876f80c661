// Who depends on what. A stored entry (i, j): i depends on j, whatever its value.
//
//   noodle-jit examples/dependents.mlir --arg deps.mtx --out direct.npy
//   noodle-jit examples/dependents.mlir -e all_dependents --arg deps.mtx --arg 7 --out all.npy
#csr = #sparse_tensor.encoding<{
  map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32
}>

// For each node the number of nodes that depend on it directly.
func.func @main(%depends: tensor<?x?xf64, #csr>) -> tensor<?xi64> {
  %one = noodle.map (%depends) {over = #noodle.over<stored>}
      : (tensor<?x?xf64, #csr>) -> tensor<?x?xi64, #csr> {
  ^bb0(%v: f64):
    %c = arith.constant 1 : i64
    noodle.yield %c : i64
  }
  %direct = noodle.reduce %one {dims = array<i64: 0>}
      : tensor<?x?xi64, #csr> -> tensor<?xi64>
  return %direct : tensor<?xi64>
}

// The nodes that depend on `target` directly or through others, target itself
// included, and their number.
func.func @all_dependents(%depends: tensor<?x?xf64, #csr>, %target: i64)
    -> (tensor<?xi1>, i64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %true = arith.constant true
  %false = arith.constant false
  %n = tensor.dim %depends, %c0 : tensor<?x?xf64, #csr>
  %columns = tensor.dim %depends, %c1 : tensor<?x?xf64, #csr>
  %square = arith.cmpi eq, %n, %columns : index
  noodle.check %square, "the matrix of dependencies must be square"
  %at = arith.index_cast %target : i64 to index
  %inside = arith.cmpi ult, %at, %n : index
  noodle.check %inside, "the target is not a node of the graph"

  %edge = noodle.map (%depends) {over = #noodle.over<stored>}
      : (tensor<?x?xf64, #csr>) -> tensor<?x?xi1, #csr> {
  ^bb0(%v: f64):
    %t = arith.constant true
    noodle.yield %t : i1
  }
  %none = tensor.splat %false[%n] : tensor<?xi1>
  %start = tensor.insert %true into %none[%at] : tensor<?xi1>

  // Each step adds the nodes that depend on one already found.
  %found, %grew = scf.while (%set = %start, %moving = %true)
      : (tensor<?xi1>, i1) -> (tensor<?xi1>, i1) {
    scf.condition(%moving) %set, %moving : tensor<?xi1>, i1
  } do {
  ^bb0(%set: tensor<?xi1>, %moving: i1):
    %next = noodle.contract "ij,j->i" (%edge, %set) into (%set : tensor<?xi1>)
        {semiring = #noodle.semiring<or_and>}
        : (tensor<?x?xi1, #csr>, tensor<?xi1>) -> tensor<?xi1>
    // xor of old and new: what this step added.
    %new = noodle.map (%next, %set)
        : (tensor<?xi1>, tensor<?xi1>) -> tensor<?xi1> {
    ^bb0(%a: i1, %b: i1):
      %x = arith.xori %a, %b : i1
      noodle.yield %x : i1
    }
    %any = noodle.reduce %new
        {dims = array<i64: 0>, semiring = #noodle.semiring<or_and>}
        : tensor<?xi1> -> tensor<i1>
    %again = tensor.extract %any[] : tensor<i1>
    scf.yield %next, %again : tensor<?xi1>, i1
  }
  %ones = noodle.convert %found : tensor<?xi1> -> tensor<?xi64>
  %sum = noodle.reduce %ones {dims = array<i64: 0>} : tensor<?xi64> -> tensor<i64>
  %number = tensor.extract %sum[] : tensor<i64>
  return %found, %number : tensor<?xi1>, i64
}
