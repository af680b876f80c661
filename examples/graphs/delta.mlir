// Cheapest distances from a node where no cost is negative, by delta-stepping
// (Meyer and Sanders, J. Algorithms 2003).
//
//   noodle-jit examples/graphs/delta.mlir --arg costs.mtx --arg 0 --arg 1.0 --out d.npy
//
// Edges that cost at most delta are light. Nodes are settled in buckets, delta
// wide: light edges may lead back into the bucket and are followed until none
// does, heavy ones lead beyond it and are followed once. Unreached nodes are at
// infinity. An entry of 0 is an edge that costs nothing.
#csr = #sparse_tensor.encoding<{
  map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32
}>

// Distances within [from, to), all others infinite.
func.func private @within(%d: tensor<?xf64>, %from: f64, %to: f64) -> tensor<?xf64> {
  %r = noodle.map (%d, %from, %to) : (tensor<?xf64>, f64, f64) -> tensor<?xf64> {
  ^bb0(%v: f64, %f: f64, %t: f64):
    %infinity = arith.constant 0x7FF0000000000000 : f64
    %above = arith.cmpf oge, %v, %f : f64
    %below = arith.cmpf olt, %v, %t : f64
    %inside = arith.andi %above, %below : i1
    %s = arith.select %inside, %v, %infinity : f64
    noodle.yield %s : f64
  }
  return %r : tensor<?xf64>
}

func.func @main(%costs: tensor<?x?xf64, #csr>, %source: i64, %delta: f64) -> tensor<?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %true = arith.constant true
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
  %wide = arith.cmpf ogt, %delta, %zero : f64
  noodle.check %wide, "delta must be positive"
  %refused = noodle.map (%costs) {over = #noodle.over<stored>}
      : (tensor<?x?xf64, #csr>) -> tensor<?x?xi1, #csr> {
  ^bb0(%v: f64):
    %z = arith.constant 0.0 : f64
    %not = arith.cmpf ult, %v, %z : f64
    noodle.yield %not : i1
  }
  %refusals = noodle.reduce %refused
      {dims = array<i64: 0, 1>, semiring = #noodle.semiring<or_and>}
      : tensor<?x?xi1, #csr> -> tensor<i1>
  %bad = tensor.extract %refusals[] : tensor<i1>
  %fine = arith.xori %bad, %true : i1
  noodle.check %fine, "a cost is negative or not a number: see distances.mlir for negative ones"

  %light = noodle.select (%costs, %delta) : (tensor<?x?xf64, #csr>, f64) -> tensor<?x?xf64, #csr> {
  ^bb0(%value: f64, %row: i64, %column: i64, %d: f64):
    %keep = arith.cmpf ole, %value, %d : f64
    noodle.keep %keep
  }
  %heavy = noodle.select (%costs, %delta) : (tensor<?x?xf64, #csr>, f64) -> tensor<?x?xf64, #csr> {
  ^bb0(%value: f64, %row: i64, %column: i64, %d: f64):
    %keep = arith.cmpf ogt, %value, %d : f64
    noodle.keep %keep
  }
  %unreached = tensor.splat %infinity[%n] : tensor<?xf64>
  %start = tensor.insert %zero into %unreached[%from] : tensor<?xf64>

  %distances, %last = scf.while (%d = %start, %low = %zero)
      : (tensor<?xf64>, f64) -> (tensor<?xf64>, f64) {
    %go = arith.cmpf olt, %low, %infinity : f64
    scf.condition(%go) %d, %low : tensor<?xf64>, f64
  } do {
  ^bb0(%d: tensor<?xf64>, %low: f64):
    %high = arith.addf %low, %delta : f64
    %settled, %moved = scf.while (%s = %d, %moving = %true)
        : (tensor<?xf64>, i1) -> (tensor<?xf64>, i1) {
      scf.condition(%moving) %s, %moving : tensor<?xf64>, i1
    } do {
    ^bb0(%s: tensor<?xf64>, %moving: i1):
      %bucket = func.call @within(%s, %low, %high) : (tensor<?xf64>, f64, f64) -> tensor<?xf64>
      %next = noodle.contract "ij,i->j" (%light, %bucket) into (%s : tensor<?xf64>)
          {semiring = #noodle.semiring<min_plus>}
          : (tensor<?x?xf64, #csr>, tensor<?xf64>) -> tensor<?xf64>
      %differs = noodle.map (%next, %s) : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xi1> {
      ^bb0(%a: f64, %b: f64):
        %ne = arith.cmpf une, %a, %b : f64
        noodle.yield %ne : i1
      }
      %any = noodle.reduce %differs
          {dims = array<i64: 0>, semiring = #noodle.semiring<or_and>}
          : tensor<?xi1> -> tensor<i1>
      %again = tensor.extract %any[] : tensor<i1>
      scf.yield %next, %again : tensor<?xf64>, i1
    }
    %bucket = func.call @within(%settled, %low, %high) : (tensor<?xf64>, f64, f64) -> tensor<?xf64>
    %next = noodle.contract "ij,i->j" (%heavy, %bucket) into (%settled : tensor<?xf64>)
        {semiring = #noodle.semiring<min_plus>}
        : (tensor<?x?xf64, #csr>, tensor<?xf64>) -> tensor<?xf64>
    // The next bucket begins at the nearest node beyond this one.
    %beyond = func.call @within(%next, %high, %infinity) : (tensor<?xf64>, f64, f64) -> tensor<?xf64>
    %nearest = noodle.reduce %beyond
        {dims = array<i64: 0>, semiring = #noodle.semiring<min_plus>}
        : tensor<?xf64> -> tensor<f64>
    %following = tensor.extract %nearest[] : tensor<f64>
    // A delta too small for the distances would never leave a bucket.
    %rises = arith.cmpf ogt, %high, %low : f64
    noodle.check %rises, "delta is too small beside the distances"
    scf.yield %next, %following : tensor<?xf64>, f64
  }
  return %distances : tensor<?xf64>
}
