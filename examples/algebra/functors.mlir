// One diagram, three meanings. A journey is a flight, then a train; a functor
// says what cities, flights and trains are, and in which semiring.
//
//   noodle-jit examples/algebra/functors.mlir -e cheapest
//   noodle-jit examples/algebra/functors.mlir -e how_many
//   noodle-jit examples/algebra/functors.mlir -e reachable
noodle.diagram @leg : !noodle.arrow<[City] -> [City]> {
  %train = noodle.generator @train : !noodle.arrow<[City] -> [City]>
  %bus = noodle.generator @bus : !noodle.arrow<[City] -> [City]>
  %either = noodle.add %train, %bus
    : (!noodle.arrow<[City] -> [City]>, !noodle.arrow<[City] -> [City]>) -> !noodle.arrow<[City] -> [City]>
  noodle.return %either : !noodle.arrow<[City] -> [City]>
}
noodle.diagram @journey : !noodle.arrow<[City] -> [City]> {
  %flight = noodle.generator @flight : !noodle.arrow<[City] -> [City]>
  %leg = noodle.apply @leg : () -> !noodle.arrow<[City] -> [City]>
  %both = noodle.compose %flight, %leg
    : (!noodle.arrow<[City] -> [City]>, !noodle.arrow<[City] -> [City]>) -> !noodle.arrow<[City] -> [City]>
  noodle.return %both : !noodle.arrow<[City] -> [City]>
}

!cost = !noodle.hom<[3] -> [3], i64, #noodle.semiring<min_plus>>
!ways = !noodle.hom<[3] -> [3], i64>
!can = !noodle.hom<[3] -> [3], i1, #noodle.semiring<or_and>>
noodle.functor @costs : i64, #noodle.semiring<min_plus>
  objects {City = [3]} generators {flight = !cost, train = !cost, bus = !cost}
noodle.functor @counts : i64, #noodle.semiring<plus_times>
  objects {City = [3]} generators {flight = !ways, train = !ways, bus = !ways}
noodle.functor @reach : i1, #noodle.semiring<or_and>
  objects {City = [3]} generators {flight = !can, train = !can, bus = !can}

// 9223372036854775807 is no connection: min_plus' zero.
func.func private @prices() -> (tensor<3x3xi64>, tensor<3x3xi64>, tensor<3x3xi64>) {
  %flights = arith.constant dense<[[9223372036854775807, 50, 90], [50, 9223372036854775807, 9223372036854775807],
                                   [9223372036854775807, 9223372036854775807, 9223372036854775807]]> : tensor<3x3xi64>
  %trains = arith.constant dense<[[9223372036854775807, 9, 9223372036854775807], [9, 9223372036854775807, 8],
                                  [9223372036854775807, 8, 9223372036854775807]]> : tensor<3x3xi64>
  %buses = arith.constant dense<[[9223372036854775807, 4, 9223372036854775807], [9223372036854775807, 9223372036854775807, 5],
                                 [9223372036854775807, 9223372036854775807, 9223372036854775807]]> : tensor<3x3xi64>
  return %flights, %trains, %buses : tensor<3x3xi64>, tensor<3x3xi64>, tensor<3x3xi64>
}

func.func @cheapest() -> tensor<3x3xi64> {
  %0:3 = func.call @prices() : () -> (tensor<3x3xi64>, tensor<3x3xi64>, tensor<3x3xi64>)
  %f = noodle.from_tensor %0#0 : tensor<3x3xi64> -> !cost
  %t = noodle.from_tensor %0#1 : tensor<3x3xi64> -> !cost
  %b = noodle.from_tensor %0#2 : tensor<3x3xi64> -> !cost
  %j = noodle.apply @costs to @journey (flight = %f, train = %t, bus = %b) : (!cost, !cost, !cost) -> !cost
  %r = noodle.to_tensor %j : !cost -> tensor<3x3xi64>
  return %r : tensor<3x3xi64>
}

// Which connections there are: a change of base, from costs to booleans. Being
// finite is a homomorphism: the sum of two costs is finite where both are.
func.func @reachable() -> tensor<3x3xi1> {
  %0:3 = func.call @prices() : () -> (tensor<3x3xi64>, tensor<3x3xi64>, tensor<3x3xi64>)
  %f = noodle.from_tensor %0#0 : tensor<3x3xi64> -> !cost
  %t = noodle.from_tensor %0#1 : tensor<3x3xi64> -> !cost
  %b = noodle.from_tensor %0#2 : tensor<3x3xi64> -> !cost
  %j = noodle.apply @costs to @journey (flight = %f, train = %t, bus = %b) : (!cost, !cost, !cost) -> !cost
  %k = noodle.hom_map %j {homomorphism} : !cost -> !can {
  ^bb0(%x: i64):
    %none = arith.constant 9223372036854775807 : i64
    %y = arith.cmpi ne, %x, %none : i64
    noodle.return %y : i1
  }
  %r = noodle.to_tensor %k : !can -> tensor<3x3xi1>
  return %r : tensor<3x3xi1>
}

func.func @how_many() -> tensor<3x3xi64> {
  %0:3 = func.call @prices() : () -> (tensor<3x3xi64>, tensor<3x3xi64>, tensor<3x3xi64>)
  %f = noodle.from_tensor %0#0 : tensor<3x3xi64> -> !cost
  %t = noodle.from_tensor %0#1 : tensor<3x3xi64> -> !cost
  %b = noodle.from_tensor %0#2 : tensor<3x3xi64> -> !cost
  // 1 for each connection: no homomorphism, for 1 + 1 is 2.
  %f1 = noodle.hom_map %f : !cost -> !ways {
  ^bb0(%x: i64):
    %none = arith.constant 9223372036854775807 : i64
    %is = arith.cmpi ne, %x, %none : i64
    %y = arith.extui %is : i1 to i64
    noodle.return %y : i64
  }
  %t1 = noodle.hom_map %t : !cost -> !ways {
  ^bb0(%x: i64):
    %none = arith.constant 9223372036854775807 : i64
    %is = arith.cmpi ne, %x, %none : i64
    %y = arith.extui %is : i1 to i64
    noodle.return %y : i64
  }
  %b1 = noodle.hom_map %b : !cost -> !ways {
  ^bb0(%x: i64):
    %none = arith.constant 9223372036854775807 : i64
    %is = arith.cmpi ne, %x, %none : i64
    %y = arith.extui %is : i1 to i64
    noodle.return %y : i64
  }
  %j = noodle.apply @counts to @journey (flight = %f1, train = %t1, bus = %b1) : (!ways, !ways, !ways) -> !ways
  %r = noodle.to_tensor %j : !ways -> tensor<3x3xi64>
  return %r : tensor<3x3xi64>
}
