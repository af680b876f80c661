// A sparse row times a sparse matrix, beside the interpreter: few terms, which
// are kept sorted (the files), and many (random rows).
// REQUIRES: noodle-jit
// DEFINE: %{run} = noodle-jit %s --check --strict
// DEFINE: %{files} = --arg %S/Inputs/frontier.mtx --arg %S/Inputs/edges.mtx --arg %S/Inputs/seen.mtx
// RUN: %{run} -e push %{files} | FileCheck %s --check-prefix=FEW
// RUN: %{run} -e push --arg rand:1:1x900 --arg rand:2:900x900 --arg rand:3:1x900 | FileCheck %s
// RUN: %{run} -e push --arg zeros:1x9 --arg rand:2:9x70 --arg rand:3:1x70 | FileCheck %s --check-prefix=EMPTY
// RUN: %{run} -e push --arg rand:1:1x0 --arg zeros:0x5 --arg rand:3:1x5 | FileCheck %s --check-prefix=EMPTY
// RUN: %{run} -e push --arg rand:1:1x7 --arg zeros:7x0 --arg zeros:1x0 | FileCheck %s --check-prefix=EMPTY
// RUN: %{run} -e into --arg rand:1:20x30 --arg rand:2:30x25 --arg rand:3:20x25 --arg rand:4:20x30 | FileCheck %s --check-prefix=INTO
// RUN: %{run} -e into --arg zeros:0x3 --arg rand:2:3x4 --arg zeros:0x4 --arg zeros:0x3 | FileCheck %s --check-prefix=NOTHING

// Terms meet in column 17 (0-based), where the mask has an entry.
// FEW: csr tensor<1x400xf64>, 5 stored
// FEW-NEXT: (0, 2) 1.5
// FEW-NEXT: (0, 5) 3
// FEW-NEXT: (0, 17) 0
// FEW-NEXT: (0, 300) 8
// FEW-NEXT: (0, 399) 0
// FEW-NEXT: csr tensor<1x400xf64>, 3 stored
// FEW-NEXT: (0, 2) 3.5
// FEW-NEXT: (0, 17) 0
// FEW-NEXT: (0, 399) 0.5
// FEW-NEXT: csr tensor<1x400xf64>, 2 stored
// FEW-NEXT: (0, 5) 3.5
// FEW-NEXT: (0, 300) 6
// FEW-NEXT: csr tensor<1x400xf64>, 3 stored
// FEW-NEXT: (0, 2) 1.5
// FEW-NEXT: (0, 5) 3
// FEW-NEXT: (0, 300) 8
// FEW-NEXT: csr tensor<1x400xf64>, 2 stored
// FEW-NEXT: (0, 17) 0
// FEW-NEXT: (0, 399) 0
// FEW-NEXT: csr tensor<1x400xf64>, 5 stored
// CHECK: csr tensor<1x900xf64>, {{[89][0-9][0-9]}} stored
// EMPTY-COUNT-6: csr tensor<1x{{[0-9]+}}xf64>, 0 stored
// INTO-COUNT-3: {{cs[rc]}} tensor<20x
// INTO: tensor<20x25xf64>, {{[1-9]}}
// NOTHING-COUNT-5: 0 stored

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
#csr64 = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
#csc = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : dense, d0 : compressed)}>
!x = tensor<1x?xf64, #csr>
!x64 = tensor<1x?xf64, #csr64>
!a = tensor<?x?xf64, #csr>
!c = tensor<?x?xf64, #csc>
func.func @push(%x: !x, %a: !a, %m: !x) -> (!x, !x, !x, !x, !x, !x64) {
  %0 = noodle.matmul %x, %a : !x, !a -> !x
  %1 = noodle.contract "ai,ij->aj" (%x, %a) mask(%m : !x) {semiring = #noodle.semiring<min_plus>} : (!x, !a) -> !x
  %2 = noodle.contract "ai,ij->aj" (%x, %a) mask(%m : !x) {mask_complement, semiring = #noodle.semiring<max_plus>} : (!x, !a) -> !x
  %3 = noodle.contract "ai,ij->aj" (%x, %a) mask(%m : !x) {mask_complement, mask_valued} : (!x, !a) -> !x
  %4 = noodle.contract "ai,ij->aj" (%x, %a) mask(%m : !x) {mask_valued} : (!x, !a) -> !x
  %5 = noodle.contract "ai,ij->aj" (%x, %a) : (!x, !a) -> !x64
  return %0, %1, %2, %3, %4, %5 : !x, !x, !x, !x, !x, !x64
}

// Sums added to what a sparse result holds already: both patterns, once each.
func.func @into(%a: !a, %b: !a, %c: !a, %d: !a) -> (!a, !a, !a, !c, !a) {
  %0 = noodle.contract "ij,jk->ik" (%a, %b) into(%c : !a) : (!a, !a) -> !a
  %1 = noodle.contract "ij,jk->ik" (%a, %b) mask(%0 : !a) into(%c : !a) {mask_complement, semiring = #noodle.semiring<min_plus>} : (!a, !a) -> !a
  %2 = noodle.contract "ij,ij->ij" (%a, %d) into(%d : !a) {semiring = #noodle.semiring<max_plus>} : (!a, !a) -> !a
  %t = noodle.convert %c : !a -> !c
  %3 = noodle.contract "ij,jk->ik" (%a, %b) into(%t : !c) {semiring = #noodle.semiring<max_times>} : (!a, !a) -> !c
  %4 = noodle.contract "ij,jk->ik" (%a, %b) into(%c : !a) {semiring = #noodle.semiring<@bottleneck>} : (!a, !a) -> !a
  return %0, %1, %2, %3, %4 : !a, !a, !a, !c, !a
}
noodle.semiring @bottleneck : f64
  traits <associative, distributive, annihilating>
  zero {
    %z = arith.constant 0xFFF0000000000000 : f64
    noodle.yield %z : f64
  } one {
    %o = arith.constant 0x7FF0000000000000 : f64
    noodle.yield %o : f64
  } add {
  ^bb0(%a: f64, %b: f64):
    %m = arith.maximumf %a, %b : f64
    noodle.yield %m : f64
  } mul {
  ^bb0(%a: f64, %b: f64):
    %m = arith.minimumf %a, %b : f64
    noodle.yield %m : f64
  }

