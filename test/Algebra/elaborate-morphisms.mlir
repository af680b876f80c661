// RUN: noodle-opt %s --noodle-inline-diagrams --noodle-elaborate-morphisms --split-input-file | FileCheck %s

// The pass's example. The factors of a tensor product take part one by one.
// CHECK-LABEL: @kronecker
// CHECK: %[[T:.*]] = noodle.contract "ab,ac,bd->cd"(%arg0, %arg1, %arg2) : (tensor<2x4xf64>, tensor<2x3xf64>, tensor<4x5xf64>) -> tensor<3x5xf64>
// CHECK-NEXT: return %[[T]]
func.func @kronecker(%0: tensor<2x4xf64>, %1: tensor<2x3xf64>, %2: tensor<4x5xf64>) -> tensor<3x5xf64> {
  %x = noodle.from_tensor %0 : tensor<2x4xf64> -> !noodle.hom<[] -> [2, 4], f64>
  %a = noodle.from_tensor %1 : tensor<2x3xf64> -> !noodle.hom<[2] -> [3], f64>
  %b = noodle.from_tensor %2 : tensor<4x5xf64> -> !noodle.hom<[4] -> [5], f64>
  %ab = noodle.tensor %a, %b
    : (!noodle.hom<[2] -> [3], f64>, !noodle.hom<[4] -> [5], f64>) -> !noodle.hom<[2, 4] -> [3, 5], f64>
  %y = noodle.compose %x, %ab
    : (!noodle.hom<[] -> [2, 4], f64>, !noodle.hom<[2, 4] -> [3, 5], f64>) -> !noodle.hom<[] -> [3, 5], f64>
  %t = noodle.to_tensor %y : !noodle.hom<[] -> [3, 5], f64> -> tensor<3x5xf64>
  return %t : tensor<3x5xf64>
}

// -----

// Three at once are one contraction; nested ones stay two.
!m = !noodle.hom<[4] -> [4], f64>
// CHECK-LABEL: @grouping
// CHECK-DAG: noodle.contract "ab,bc,cd->ad"(%arg0, %arg0, %arg0)
// CHECK-DAG: %[[AA:.*]] = noodle.contract "ab,bc->ac"(%arg0, %arg0)
// CHECK: noodle.contract "ab,bc->ac"(%[[AA]], %arg0)
func.func @grouping(%0: tensor<4x4xf64>) -> (tensor<4x4xf64>, tensor<4x4xf64>) {
  %a = noodle.from_tensor %0 : tensor<4x4xf64> -> !m
  %n = noodle.compose %a, %a, %a : (!m, !m, !m) -> !m
  %aa = noodle.compose %a, %a : (!m, !m) -> !m
  %aaa = noodle.compose %aa, %a : (!m, !m) -> !m
  %t = noodle.to_tensor %n : !m -> tensor<4x4xf64>
  %u = noodle.to_tensor %aaa : !m -> tensor<4x4xf64>
  return %t, %u : tensor<4x4xf64>, tensor<4x4xf64>
}

// -----

// A morphism with two uses is formed once.
!m = !noodle.hom<[4] -> [4], f64>
// CHECK-LABEL: @shared
// CHECK: %[[AB:.*]] = noodle.contract "ab,bc->ac"(%arg0, %arg1)
// CHECK: %[[S:.*]] = noodle.contract "aa->"(%[[AB]])
// CHECK: return %[[AB]], %[[S]]
func.func @shared(%0: tensor<4x4xf64>, %1: tensor<4x4xf64>) -> (tensor<4x4xf64>, tensor<f64>) {
  %a = noodle.from_tensor %0 : tensor<4x4xf64> -> !m
  %b = noodle.from_tensor %1 : tensor<4x4xf64> -> !m
  %ab = noodle.compose %a, %b : (!m, !m) -> !m
  %tr = noodle.trace %ab : !m -> !noodle.hom<[] -> [], f64>
  %t = noodle.to_tensor %ab : !m -> tensor<4x4xf64>
  %u = noodle.to_tensor %tr : !noodle.hom<[] -> [], f64> -> tensor<f64>
  return %t, %u : tensor<4x4xf64>, tensor<f64>
}

// -----

// The trace joins the ends of one contraction, and a dagger turns letters round.
!m = !noodle.hom<[4] -> [5], f64>
!n = !noodle.hom<[5] -> [4], f64>
!e = !noodle.hom<[4] -> [4], f64>
// CHECK-LABEL: @trace
// CHECK: noodle.contract "ab,ab->"(%arg0, %arg1) : (tensor<4x5xf64>, tensor<4x5xf64>) -> tensor<f64>
// CHECK-NEXT: return
func.func @trace(%0: tensor<4x5xf64>, %1: tensor<4x5xf64>) -> tensor<f64> {
  %a = noodle.from_tensor %0 : tensor<4x5xf64> -> !m
  %b = noodle.from_tensor %1 : tensor<4x5xf64> -> !m
  %bt = noodle.dagger %b : !m -> !n
  %ab = noodle.compose %a, %bt : (!m, !n) -> !e
  %tr = noodle.trace %ab : !e -> !noodle.hom<[] -> [], f64>
  %u = noodle.to_tensor %tr : !noodle.hom<[] -> [], f64> -> tensor<f64>
  return %u : tensor<f64>
}

// -----

// Spiders are hyperedges: no tensor of ones and zeros.
!a = !noodle.hom<[2] -> [3], f64>
!ab = !noodle.hom<[2, 4] -> [3, 3], f64>
!b = !noodle.hom<[4] -> [3], f64>
!s = !noodle.hom<[3, 3] -> [3], f64>
// CHECK-LABEL: @spider
// CHECK: noodle.contract "ab,cb->acb"(%arg0, %arg1)
// CHECK-NEXT: return
func.func @spider(%0: tensor<2x3xf64>, %1: tensor<4x3xf64>) -> tensor<2x4x3xf64> {
  %a = noodle.from_tensor %0 : tensor<2x3xf64> -> !a
  %b = noodle.from_tensor %1 : tensor<4x3xf64> -> !b
  %ab = noodle.tensor %a, %b : (!a, !b) -> !ab
  %s = noodle.wires spider : !s
  %r = noodle.compose %ab, %s : (!ab, !s) -> !noodle.hom<[2, 4] -> [3], f64>
  %t = noodle.to_tensor %r : !noodle.hom<[2, 4] -> [3], f64> -> tensor<2x4x3xf64>
  return %t : tensor<2x4x3xf64>
}

// -----

// Long functions are composed from the last back, over 32 bits.
// CHECK-LABEL: @chain
// CHECK-SAME: (%[[F:.*]]: tensor<131072xi64>, %[[G:.*]]: tensor<131072xi64>, %[[H:.*]]: tensor<131072xi64>, %[[V:.*]]: tensor<1000xf64>)
// CHECK: %[[N:.*]] = noodle.map (%[[H]]) : (tensor<131072xi64>) -> tensor<131072xi32>
// CHECK: %[[GH:.*]] = noodle.gather %[[N]][%[[G]]]
// CHECK: %[[FGH:.*]] = noodle.gather %[[GH]][%[[F]]] {{.*}}law 17, Function_Associativity: 3 functions from the last back
// CHECK: noodle.gather %[[V]][%[[FGH]]]
!long = !noodle.hom<[131072] -> [131072], f64>
!short = !noodle.hom<[131072] -> [1000], f64>
func.func @chain(%0: tensor<131072xi64>, %1: tensor<131072xi64>, %2: tensor<131072xi64>, %3: tensor<1000xf64>) -> tensor<131072xf64> {
  %f = noodle.function %0 : tensor<131072xi64> -> !long
  %g = noodle.function %1 : tensor<131072xi64> -> !long
  %h = noodle.function %2 : tensor<131072xi64> -> !short
  %v = noodle.from_tensor %3 : tensor<1000xf64> -> !noodle.hom<[1000] -> [], f64>
  %m = noodle.compose %f, %g, %h, %v : (!long, !long, !short, !noodle.hom<[1000] -> [], f64>) -> !noodle.hom<[131072] -> [], f64>
  %t = noodle.to_tensor %m : !noodle.hom<[131072] -> [], f64> -> tensor<131072xf64>
  return %t : tensor<131072xf64>
}

// -----

// Functions gather what follows and scatter what precedes them.
!f = !noodle.hom<[9] -> [4], f64>
!g = !noodle.hom<[4] -> [5], f64>
// CHECK-LABEL: @functions
// CHECK: %[[FG:.*]] = noodle.gather %arg2[%arg1] : tensor<4xi64>, tensor<9xi64> -> tensor<9xi64>
// CHECK: noodle.scatter %arg0[%[[FG]]] into %{{.*}} : tensor<9xf64>, tensor<9xi64>, tensor<5xf64>
// CHECK: %[[Y:.*]] = noodle.gather %arg3[%{{.*}}] : tensor<5x7xf64>
// CHECK: return %{{.*}}, %[[Y]]
func.func @functions(%0: tensor<9xf64>, %1: tensor<9xi64>, %2: tensor<4xi64>, %3: tensor<5x7xf64>) -> (tensor<5xf64>, tensor<9x7xf64>) {
  %x = noodle.from_tensor %0 : tensor<9xf64> -> !noodle.hom<[] -> [9], f64>
  %f = noodle.function %1 : tensor<9xi64> -> !f
  %g = noodle.function %2 : tensor<4xi64> -> !g
  %a = noodle.from_tensor %3 : tensor<5x7xf64> -> !noodle.hom<[5] -> [7], f64>
  %y = noodle.compose %x, %f, %g : (!noodle.hom<[] -> [9], f64>, !f, !g) -> !noodle.hom<[] -> [5], f64>
  %z = noodle.compose %f, %g, %a : (!f, !g, !noodle.hom<[5] -> [7], f64>) -> !noodle.hom<[9] -> [7], f64>
  %t = noodle.to_tensor %y : !noodle.hom<[] -> [5], f64> -> tensor<5xf64>
  %u = noodle.to_tensor %z : !noodle.hom<[9] -> [7], f64> -> tensor<9x7xf64>
  return %t, %u : tensor<5xf64>, tensor<9x7xf64>
}

// -----

// A diagram, inlined.
noodle.diagram @two_hops : !noodle.arrow<[City] -> [City]> {
  %road = noodle.generator @road : !noodle.arrow<[City] -> [City]>
  %two = noodle.compose %road, %road
    : (!noodle.arrow<[City] -> [City]>, !noodle.arrow<[City] -> [City]>) -> !noodle.arrow<[City] -> [City]>
  noodle.return %two : !noodle.arrow<[City] -> [City]>
}
noodle.functor @detour objects {City = ["City"]} generators {road = @two_hops}
noodle.diagram @four_hops : !noodle.arrow<[City] -> [City]> {
  %four = noodle.apply @detour to @two_hops : () -> !noodle.arrow<[City] -> [City]>
  noodle.return %four : !noodle.arrow<[City] -> [City]>
}
!r = !noodle.hom<[2, 3] -> [2, 3], f64, #noodle.semiring<min_plus>>
noodle.functor @costs : f64, #noodle.semiring<min_plus> objects {City = [2, 3]} generators {road = !r}
// CHECK-NOT: noodle.diagram
// CHECK-NOT: noodle.functor
// CHECK-LABEL: @far
// CHECK: %[[TWO:.*]] = noodle.contract "abcd,cdef->abef"(%arg0, %arg0) {semiring = #noodle.semiring<min_plus>}
// CHECK-NEXT: noodle.contract "abcd,cdef->abef"(%[[TWO]], %[[TWO]]) {semiring = #noodle.semiring<min_plus>}
// CHECK-NEXT: return
func.func @far(%0: tensor<2x3x2x3xf64>) -> tensor<2x3x2x3xf64> {
  %r = noodle.from_tensor %0 : tensor<2x3x2x3xf64> -> !r
  %far = noodle.apply @costs to @four_hops (road = %r) : (!r) -> !r
  %t = noodle.to_tensor %far : !r -> tensor<2x3x2x3xf64>
  return %t : tensor<2x3x2x3xf64>
}

// -----

// More letters than there are letters.
!w = !noodle.hom<[2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2] -> [], f64>
!ww = !noodle.hom<[2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
                   2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2] -> [], f64>
!up = !noodle.hom<[] -> [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
                   2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2], f64>
// CHECK-LABEL: @names
// CHECK: noodle.contract "w0 w1 w2 {{.*}}w27, w28 w29 {{.*}}w55 -> "(
func.func @names(%0: tensor<2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2xf64>) -> tensor<f64> {
  %a = noodle.from_tensor %0 : tensor<2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2x2xf64> -> !w
  %aa = noodle.tensor %a, %a : (!w, !w) -> !ww
  %d = noodle.wires discard : !ww
  %up = noodle.dagger %d : !ww -> !up
  %r = noodle.compose %up, %aa : (!up, !ww) -> !noodle.hom<[] -> [], f64>
  %t = noodle.to_tensor %r : !noodle.hom<[] -> [], f64> -> tensor<f64>
  return %t : tensor<f64>
}
