// RUN: noodle-opt --noodle-select-pipeline="strategy=strassen fp=fast" %s | FileCheck %s
// RUN: noodle-opt --noodle-select-pipeline="strategy=strassen" %s | FileCheck %s --check-prefix=STRICT
// RUN: noodle-opt --noodle-select-pipeline="fp=fast vector-bytes=64" %s | FileCheck %s --check-prefix=AUTO
// RUN: noodle-opt --noodle-select-pipeline="vector-bytes=64" %s | FileCheck %s --check-prefix=NEVER
// RUN: noodle-opt --noodle-select-pipeline="strategy=library" %s | FileCheck %s --check-prefix=LIBRARY

// Floats only where the policy allows a larger error, which is stated.

// CHECK-LABEL: func.func @floats
// CHECK: noodle.why = "the option asks for it: 2 levels of Strassen-Winograd, error bound 2.04e+01 (with max|lhs| max|rhs| = 1)"
// CHECK-SAME: strategy = #noodle.strategy<strassen>
// STRICT-LABEL: func.func @floats
// STRICT: noodle.why = "{{.*}}the option asks for strassen, but sums of floats need the policy fast: its error bound is larger)"
// STRICT-SAME: strategy = #noodle.strategy<tiled>
// AUTO-LABEL: func.func @floats
// AUTO: noodle.why = "halving is predicted to end first: 2 levels of Strassen-Winograd, error bound 2.04e+01 (with max|lhs| max|rhs| = 1)"
// AUTO-SAME: strategy = #noodle.strategy<strassen>
// NEVER-LABEL: func.func @floats
// NEVER: strategy = #noodle.strategy<tiled>
// LIBRARY-LABEL: func.func @floats
// LIBRARY: noodle.why = "the option asks for it"
// LIBRARY-SAME: strategy = #noodle.strategy<library>
func.func @floats(%a: tensor<4096x4096xf32>, %b: tensor<4096x4096xf32>) -> tensor<4096x4096xf32> {
  %c = noodle.matmul %a, %b : tensor<4096x4096xf32>, tensor<4096x4096xf32> -> tensor<4096x4096xf32>
  return %c : tensor<4096x4096xf32>
}

// Integers are exact: no permission is needed.

// STRICT-LABEL: func.func @integers
// STRICT: noodle.why = "the option asks for it: 2 levels of Strassen-Winograd, exact"
// NEVER-LABEL: func.func @integers
// LIBRARY-LABEL: func.func @integers
// LIBRARY: the option asks for library, but a BLAS computes in f32 and f64, and complex numbers of those)
func.func @integers(%a: tensor<4096x4096xi32>, %b: tensor<4096x4096xi32>) -> tensor<4096x4096xi32> {
  %c = noodle.matmul %a, %b : tensor<4096x4096xi32>, tensor<4096x4096xi32> -> tensor<4096x4096xi32>
  return %c : tensor<4096x4096xi32>
}

// A semiring that is no ring, whatever the policy.

// CHECK-LABEL: func.func @semiring
// CHECK: the option asks for strassen, but min_plus has no subtraction: only rings have)
// CHECK-SAME: strategy = #noodle.strategy<tiled>
// AUTO-LABEL: func.func @semiring
// AUTO: strategy = #noodle.strategy<tiled>
// LIBRARY-LABEL: func.func @semiring
// LIBRARY: the option asks for library, but a BLAS knows the semiring plus_times alone)
func.func @semiring(%a: tensor<4096x4096xf32>, %b: tensor<4096x4096xf32>) -> tensor<4096x4096xf32> {
  %c = noodle.matmul %a, %b {semiring = #noodle.semiring<min_plus>} : tensor<4096x4096xf32>, tensor<4096x4096xf32> -> tensor<4096x4096xf32>
  return %c : tensor<4096x4096xf32>
}

// CHECK-LABEL: func.func @small
// CHECK: the option asks for strassen, but an extent of 64 is not halved: that pays from 2048)
func.func @small(%a: tensor<64x4096xf32>, %b: tensor<4096x4096xf32>) -> tensor<64x4096xf32> {
  %c = noodle.matmul %a, %b : tensor<64x4096xf32>, tensor<4096x4096xf32> -> tensor<64x4096xf32>
  return %c : tensor<64x4096xf32>
}

// A batch of vectors, a sum over two letters, and sums that are wider than
// their operands.

// CHECK-LABEL: func.func @forms
// CHECK: the option asks for strassen, but the product has no columns)
// CHECK: the option asks for strassen, but several letters make its sum)
// CHECK: the option asks for strassen, but sums of the operands would not fit their type)
// LIBRARY-LABEL: func.func @forms
// LIBRARY: the option asks for library, but a BLAS's matrices are contiguous, these are apart by batch)
func.func @forms(%a: tensor<8x4096x4096xf32>, %b: tensor<8x4096xf32>, %c: tensor<4096x64x64xf32>,
                 %d: tensor<64x64x4096xf32>, %e: tensor<4096x4096xbf16>, %f: tensor<16x16x8xf32>) {
  %0 = noodle.contract "bij,bj->bi" (%a, %b) : (tensor<8x4096x4096xf32>, tensor<8x4096xf32>) -> tensor<8x4096xf32>
  %1 = noodle.contract "ijk,jkl->il" (%c, %d) : (tensor<4096x64x64xf32>, tensor<64x64x4096xf32>) -> tensor<4096x4096xf32>
  %2 = noodle.matmul %e, %e : tensor<4096x4096xbf16>, tensor<4096x4096xbf16> -> tensor<4096x4096xbf16>
  %3 = noodle.contract "ikb,kjb->ijb" (%f, %f) : (tensor<16x16x8xf32>, tensor<16x16x8xf32>) -> tensor<16x16x8xf32>
  return
}

// RUN: not noodle-opt --noodle-elaborate=fp=loose %s 2>&1 | FileCheck %s --check-prefix=POLICY
// POLICY: error: noodle-elaborate: no float policy 'loose': use strict, reassoc or fast
