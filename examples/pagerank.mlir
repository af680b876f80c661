// PageRank of a directed graph.
//
//   noodle-jit examples/pagerank.mlir --arg links.mtx --out rank.npy
//
// Every stored entry (i, j) of the matrix is a link from page i to page j of
// weight 1, whatever its value. A reader follows a link of the page with
// probability 0.85 and jumps to any page otherwise; from a page without links
// always. The ranks are the long-run shares of visits; they sum to 1.
#csr = #sparse_tensor.encoding<{
  map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32
}>

func.func @main(%links: tensor<?x?xf64, #csr>) -> tensor<?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %one = arith.constant 1.0 : f64
  %damping = arith.constant 0.85 : f64
  %tolerance = arith.constant 1.0e-9 : f64
  %infinity = arith.constant 0x7FF0000000000000 : f64
  %cap = arith.constant 1000 : index

  %n = tensor.dim %links, %c0 : tensor<?x?xf64, #csr>
  %columns = tensor.dim %links, %c1 : tensor<?x?xf64, #csr>
  %square = arith.cmpi eq, %n, %columns : index
  noodle.check %square, "the matrix of links must be square"

  // Weight 1 per link, and each page's number of links.
  %weight = noodle.map (%links) {over = #noodle.over<stored>}
      : (tensor<?x?xf64, #csr>) -> tensor<?x?xf64, #csr> {
  ^bb0(%v: f64):
    %w = arith.constant 1.0 : f64
    noodle.yield %w : f64
  }
  %degree = noodle.reduce %weight {dims = array<i64: 1>}
      : tensor<?x?xf64, #csr> -> tensor<?xf64>

  %int = arith.index_cast %n : index to i64
  %count = arith.sitofp %int : i64 to f64
  %uniform = arith.divf %one, %count : f64
  %start = tensor.splat %uniform[%n] : tensor<?xf64>

  %ranks, %change, %steps = scf.while (%rank = %start, %delta = %infinity, %step = %c0)
      : (tensor<?xf64>, f64, index) -> (tensor<?xf64>, f64, index) {
    %moving = arith.cmpf oge, %delta, %tolerance : f64
    %below = arith.cmpi ult, %step, %cap : index
    %go = arith.andi %moving, %below : i1
    scf.condition(%go) %rank, %delta, %step : tensor<?xf64>, f64, index
  } do {
  ^bb0(%rank: tensor<?xf64>, %delta: f64, %step: index):
    // What each page hands to every page it links to.
    %share = noodle.map (%rank, %degree)
        : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64> {
    ^bb0(%r: f64, %d: f64):
      %z = arith.constant 0.0 : f64
      %has = arith.cmpf ogt, %d, %z : f64
      %q = arith.divf %r, %d : f64
      %s = arith.select %has, %q, %z : f64
      noodle.yield %s : f64
    }
    // The rank of pages without links goes to all pages evenly.
    %stuck = noodle.map (%rank, %degree)
        : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64> {
    ^bb0(%r: f64, %d: f64):
      %z = arith.constant 0.0 : f64
      %has = arith.cmpf ogt, %d, %z : f64
      %s = arith.select %has, %z, %r : f64
      noodle.yield %s : f64
    }
    %dangling_tensor = noodle.reduce %stuck {dims = array<i64: 0>}
        : tensor<?xf64> -> tensor<f64>
    %dangling = tensor.extract %dangling_tensor[] : tensor<f64>

    %followed = noodle.contract "ij,i->j" (%weight, %share)
        : (tensor<?x?xf64, #csr>, tensor<?xf64>) -> tensor<?xf64>

    // damping * (followed + dangling / n) + (1 - damping) / n
    %spread = arith.mulf %dangling, %uniform : f64
    %jump = arith.subf %one, %damping : f64
    %floor = arith.mulf %jump, %uniform : f64
    %next = noodle.map (%followed, %spread, %damping, %floor)
        : (tensor<?xf64>, f64, f64, f64) -> tensor<?xf64> {
    ^bb0(%f: f64, %s: f64, %d: f64, %b: f64):
      %t = arith.addf %f, %s : f64
      %m = arith.mulf %d, %t : f64
      %r = arith.addf %m, %b : f64
      noodle.yield %r : f64
    }

    %moved = noodle.map (%next, %rank)
        : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64> {
    ^bb0(%a: f64, %b: f64):
      %d = arith.subf %a, %b : f64
      %m = math.absf %d : f64
      noodle.yield %m : f64
    }
    %sum = noodle.reduce %moved {dims = array<i64: 0>}
        : tensor<?xf64> -> tensor<f64>
    %new_delta = tensor.extract %sum[] : tensor<f64>
    %new_step = arith.addi %step, %c1 : index
    scf.yield %next, %new_delta, %new_step : tensor<?xf64>, f64, index
  }
  %settled = arith.cmpf olt, %change, %tolerance : f64
  noodle.check %settled, "the ranks did not settle in 1000 steps"
  return %ranks : tensor<?xf64>
}
