// RUN: noodle-opt %s | noodle-opt | FileCheck %s
// RUN: noodle-opt %s --mlir-print-op-generic | noodle-opt | FileCheck %s
// RUN: noodle-opt %s --emit-bytecode | noodle-opt | FileCheck %s

// CHECK-LABEL: noodle.diagram @two_hops : !noodle.arrow<[City] -> [City]> {
// CHECK: noodle.generator @road : !noodle.arrow<[City] -> [City]>
// CHECK: noodle.return %{{.*}} : !noodle.arrow<[City] -> [City]>
noodle.diagram @two_hops : !noodle.arrow<[City] -> [City]> {
  %road = noodle.generator @road : !noodle.arrow<[City] -> [City]>
  %two = noodle.compose %road, %road
    : (!noodle.arrow<[City] -> [City]>, !noodle.arrow<[City] -> [City]>) -> !noodle.arrow<[City] -> [City]>
  noodle.return %two : !noodle.arrow<[City] -> [City]>
}

// CHECK: noodle.functor @costs : f64, #noodle.semiring<min_plus> objects {City = [3]} generators {road = !noodle.hom<[3] -> [3], f64, #noodle.semiring<min_plus>>}
// CHECK: noodle.functor @detour objects {City = ["City"]} generators {road = @two_hops}
noodle.functor @costs : f64, #noodle.semiring<min_plus>
  objects {City = [3]}
  generators {road = !noodle.hom<[3] -> [3], f64, #noodle.semiring<min_plus>>}
noodle.functor @detour objects {City = ["City"]} generators {road = @two_hops}

// CHECK-LABEL: noodle.diagram @four_hops
noodle.diagram @four_hops : !noodle.arrow<[City] -> [City]> {
  // CHECK: noodle.apply @detour to @two_hops : () -> !noodle.arrow<[City] -> [City]>
  %f = noodle.apply @detour to @two_hops : () -> !noodle.arrow<[City] -> [City]>
  // CHECK: noodle.apply @two_hops : () -> !noodle.arrow<[City] -> [City]>
  %g = noodle.apply @two_hops : () -> !noodle.arrow<[City] -> [City]>
  noodle.return %f : !noodle.arrow<[City] -> [City]>
}

// CHECK-LABEL: @apply
func.func @apply(%r: !noodle.hom<[3] -> [3], f64, #noodle.semiring<min_plus>>) {
  // CHECK: noodle.apply @costs to @two_hops (road = %{{.*}}) : (!noodle.hom<[3] -> [3], f64, #noodle.semiring<min_plus>>) -> !noodle.hom<[3] -> [3], f64, #noodle.semiring<min_plus>>
  %far = noodle.apply @costs to @two_hops (road = %r)
    : (!noodle.hom<[3] -> [3], f64, #noodle.semiring<min_plus>>) -> !noodle.hom<[3] -> [3], f64, #noodle.semiring<min_plus>>
  return
}

// CHECK-LABEL: @tensors
func.func @tensors(%t: tensor<2x3x4xf64>) -> tensor<2x3x4xf64> {
  // CHECK: noodle.from_tensor %{{.*}} : tensor<2x3x4xf64> -> !noodle.hom<[2, 3] -> [4], f64>
  %f = noodle.from_tensor %t : tensor<2x3x4xf64> -> !noodle.hom<[2, 3] -> [4], f64>
  // CHECK: noodle.to_tensor %{{.*}} : !noodle.hom<[2, 3] -> [4], f64> -> tensor<2x3x4xf64>
  %u = noodle.to_tensor %f : !noodle.hom<[2, 3] -> [4], f64> -> tensor<2x3x4xf64>
  return %u : tensor<2x3x4xf64>
}

// CHECK-LABEL: @to_tensor
func.func @to_tensor(%f: !noodle.hom<[2, 3] -> [4], f64>) -> tensor<2x3x4xf64> {
  %t = noodle.to_tensor %f : !noodle.hom<[2, 3] -> [4], f64> -> tensor<2x3x4xf64>
  return %t : tensor<2x3x4xf64>
}

// CHECK-LABEL: @wires
func.func @wires(%n: index) {
  // CHECK: noodle.wires copy : !noodle.hom<[3] -> [3, 3], f64>
  // CHECK: noodle.wires perm {permutation = array<i64: 2, 0, 1>} : !noodle.hom<[2, 3, 4] -> [4, 2, 3], f64>
  // CHECK: noodle.wires id(%{{.*}}) : !noodle.hom<[?] -> [?], f64>
  %copy = noodle.wires copy : !noodle.hom<[3] -> [3, 3], f64>
  %cross = noodle.wires perm {permutation = array<i64: 2, 0, 1>}
    : !noodle.hom<[2, 3, 4] -> [4, 2, 3], f64>
  %same = noodle.wires id (%n) : !noodle.hom<[?] -> [?], f64>
  // CHECK: noodle.wires merge : !noodle.hom<[3, 3] -> [3], f64>
  %merge = noodle.wires merge : !noodle.hom<[3, 3] -> [3], f64>
  // CHECK: noodle.wires swap : !noodle.hom<[3, 4] -> [4, 3], f64>
  %swap = noodle.wires swap : !noodle.hom<[3, 4] -> [4, 3], f64>
  // CHECK: noodle.wires discard : !noodle.hom<[3, 4] -> [], f64>
  %discard = noodle.wires discard : !noodle.hom<[3, 4] -> [], f64>
  // CHECK: noodle.wires cup : !noodle.hom<[3, 4, 3, 4] -> [], f64>
  %cup = noodle.wires cup : !noodle.hom<[3, 4, 3, 4] -> [], f64>
  // CHECK: noodle.wires cap(%{{.*}}) : !noodle.hom<[] -> [?, ?], f64>
  %cap = noodle.wires cap(%n) : !noodle.hom<[] -> [?, ?], f64>
  // CHECK: noodle.wires spider : !noodle.hom<[3, 3] -> [3, 3, 3], f64>
  %spider = noodle.wires spider : !noodle.hom<[3, 3] -> [3, 3, 3], f64>
  return
}

// CHECK-LABEL: @composition
func.func @composition(%f: !noodle.hom<[2] -> [3], f64>, %g: !noodle.hom<[3] -> [4], f64>) {
  // CHECK: noodle.compose %{{.*}}, %{{.*}} : (!noodle.hom<[2] -> [3], f64>, !noodle.hom<[3] -> [4], f64>) -> !noodle.hom<[2] -> [4], f64>
  %h = noodle.compose %f, %g
    : (!noodle.hom<[2] -> [3], f64>, !noodle.hom<[3] -> [4], f64>) -> !noodle.hom<[2] -> [4], f64>
  // CHECK: noodle.add %{{.*}}, %{{.*}} : (!noodle.hom<[2] -> [3], f64>, !noodle.hom<[2] -> [3], f64>) -> !noodle.hom<[2] -> [3], f64>
  %s = noodle.add %f, %f
    : (!noodle.hom<[2] -> [3], f64>, !noodle.hom<[2] -> [3], f64>) -> !noodle.hom<[2] -> [3], f64>
  // CHECK: noodle.add : () -> !noodle.hom<[2] -> [3], f64>
  %z = noodle.add : () -> !noodle.hom<[2] -> [3], f64>
  // CHECK: noodle.dagger %{{.*}} : !noodle.hom<[2] -> [3], f64> -> !noodle.hom<[3] -> [2], f64>
  %t = noodle.dagger %f : !noodle.hom<[2] -> [3], f64> -> !noodle.hom<[3] -> [2], f64>
  return
}

// CHECK-LABEL: @side_by_side
func.func @side_by_side(%f: !noodle.hom<[2] -> [3], f64>, %g: !noodle.hom<[4] -> [5], f64>) {
  // CHECK: noodle.tensor %{{.*}}, %{{.*}} : (!noodle.hom<[2] -> [3], f64>, !noodle.hom<[4] -> [5], f64>) -> !noodle.hom<[2, 4] -> [3, 5], f64>
  %h = noodle.tensor %f, %g
    : (!noodle.hom<[2] -> [3], f64>, !noodle.hom<[4] -> [5], f64>) -> !noodle.hom<[2, 4] -> [3, 5], f64>
  return
}

// CHECK-LABEL: @blocks
func.func @blocks(%f: !noodle.hom<[2] -> [3], f64>, %g: !noodle.hom<[2] -> [4], f64>) {
  // CHECK: noodle.block [
  // CHECK-SAME: [%[[F:.*]], %[[G:.*]]], [%[[F]], %[[G]]]] : (!noodle.hom<[2] -> [3], f64>, !noodle.hom<[2] -> [4], f64>, !noodle.hom<[2] -> [3], f64>, !noodle.hom<[2] -> [4], f64>) -> !noodle.hom<[4] -> [7], f64>
  %b = noodle.block [[%f, %g], [%f, %g]]
    : (!noodle.hom<[2] -> [3], f64>, !noodle.hom<[2] -> [4], f64>,
       !noodle.hom<[2] -> [3], f64>, !noodle.hom<[2] -> [4], f64>) -> !noodle.hom<[4] -> [7], f64>
  return
}

// CHECK-LABEL: @trace
func.func @trace(%f: !noodle.hom<[2, 3] -> [4, 3], f64>, %v: !noodle.hom<[] -> [3], f64>) {
  // CHECK: noodle.trace %{{.*}} : !noodle.hom<[2, 3] -> [4, 3], f64> -> !noodle.hom<[2] -> [4], f64>
  %t = noodle.trace %f : !noodle.hom<[2, 3] -> [4, 3], f64> -> !noodle.hom<[2] -> [4], f64>
  // CHECK: noodle.diag %{{.*}} : !noodle.hom<[] -> [3], f64> -> !noodle.hom<[3] -> [3], f64>
  %d = noodle.diag %v : !noodle.hom<[] -> [3], f64> -> !noodle.hom<[3] -> [3], f64>
  return
}

// CHECK-LABEL: @hom_map
func.func @hom_map(%f: !noodle.hom<[2] -> [3], f64, #noodle.semiring<max_min>>) {
  // CHECK: noodle.hom_map %{{.*}} {homomorphism} : !noodle.hom<[2] -> [3], f64, #noodle.semiring<max_min>> -> !noodle.hom<[2] -> [3], i1, #noodle.semiring<or_and>> {
  // CHECK: noodle.return %{{.*}} : i1
  %known = noodle.hom_map %f {homomorphism}
    : !noodle.hom<[2] -> [3], f64, #noodle.semiring<max_min>> -> !noodle.hom<[2] -> [3], i1, #noodle.semiring<or_and>> {
  ^bb0(%x: f64):
    %c = arith.constant 0.0 : f64
    %y = arith.cmpf ogt, %x, %c : f64
    noodle.return %y : i1
  }
  return
}

// CHECK-LABEL: @function
func.func @function(%v: tensor<9xi64>, %n: index) {
  // CHECK: noodle.function %{{.*}} : tensor<9xi64> -> !noodle.hom<[9] -> [4], f64>
  %f = noodle.function %v : tensor<9xi64> -> !noodle.hom<[9] -> [4], f64>
  // CHECK: noodle.function %{{.*}} size(%{{.*}}) : tensor<9xi64> -> !noodle.hom<[9] -> [?], f64>
  %g = noodle.function %v size(%n) : tensor<9xi64> -> !noodle.hom<[9] -> [?], f64>
  return
}

// CHECK-LABEL: @powers
func.func @powers(%a: !noodle.hom<[3] -> [3], f64>, %k: i64) {
  // CHECK: noodle.power %{{.*}} {n = 10 : i64} : !noodle.hom<[3] -> [3], f64>
  // CHECK: noodle.power %{{.*}}, %{{.*}} : !noodle.hom<[3] -> [3], f64>
  %p = noodle.power %a {n = 10 : i64} : !noodle.hom<[3] -> [3], f64>
  %q = noodle.power %a, %k : !noodle.hom<[3] -> [3], f64>
  // CHECK: noodle.star %{{.*}} : !noodle.hom<[3] -> [3], f64>
  %s = noodle.star %a : !noodle.hom<[3] -> [3], f64>
  // CHECK: noodle.inverse %{{.*}} : !noodle.hom<[3] -> [3], f64> -> !noodle.hom<[3] -> [3], f64>
  %i = noodle.inverse %a : !noodle.hom<[3] -> [3], f64> -> !noodle.hom<[3] -> [3], f64>
  return
}
