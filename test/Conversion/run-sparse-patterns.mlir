// Sums and products of matrices whose entries are at the same places, which
// need no merging, beside those that differ at the last place of all, where
// looking at the first few does not tell.
// REQUIRES: noodle-jit
// DEFINE: %{run} = noodle-jit %s --check --strict --arg %S/Inputs/pattern.mtx
// RUN: %{run} -e same | FileCheck %s
// RUN: %{run} -e same --threads 3 | FileCheck %s
// RUN: %{run} -e both --arg %S/Inputs/pattern.mtx | FileCheck %s --check-prefix=BOTH
// RUN: %{run} -e both --arg %S/Inputs/pattern-late.mtx | FileCheck %s --check-prefix=LATE
// RUN: noodle-jit %s --check --strict -e same --arg %S/Inputs/empty.mtx | FileCheck %s --check-prefix=EMPTY
// CHECK: csr tensor<20x40xf64>, 100 stored
// CHECK: csc tensor<20x40xf64>, 100 stored
// CHECK: csr tensor<20x40xf64>, 100 stored
// BOTH: csr tensor<20x40xf64>, 100 stored
// BOTH: csr tensor<20x40xf64>, 100 stored
// LATE: csr tensor<20x40xf64>, 101 stored
// LATE: csr tensor<20x40xf64>, 99 stored
// EMPTY: csr tensor<4x5xf64>, 0 stored
// EMPTY: csc tensor<4x5xf64>, 0 stored
// EMPTY: csr tensor<4x5xf64>, 0 stored

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
#csc = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : dense, d0 : compressed), posWidth = 32, crdWidth = 32}>
#wide = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
!a = tensor<?x?xf64, #csr>
!c = tensor<?x?xf64, #csc>
!w = tensor<?x?xf64, #wide>

// One of a pattern by storage, one by columns, one with indices of other widths.
func.func @same(%a: !a) -> (!a, !c, !w) {
  %b = noodle.map (%a) {over = #noodle.over<stored>} : (!a) -> !a {
  ^bb0(%v: f64):
    %m = arith.mulf %v, %v : f64
    noodle.yield %m : f64
  }
  %y = noodle.merge union (%a, %b) : (!a, !a) -> !a {
  ^bb0(%u: f64, %v: f64):
    %s = arith.subf %u, %v : f64
    noodle.entry %s : f64
  }
  %ac = noodle.convert %a : !a -> !c
  %bc = noodle.convert %b : !a -> !c
  %z = noodle.merge intersection (%ac, %bc) : (!c, !c) -> !c {
  ^bb0(%u: f64, %v: f64):
    %s = arith.divf %u, %v : f64
    noodle.entry %s : f64
  }
  %w = noodle.merge union (%a, %b) : (!a, !a) -> !w {
  ^bb0(%u: f64, %v: f64):
    %s = arith.subf %v, %u : f64
    noodle.entry %s : f64
  }
  return %y, %z, %w : !a, !c, !w
}
func.func @both(%a: !a, %b: !a) -> (!a, !a) {
  %y = noodle.merge union (%a, %b) : (!a, !a) -> !a {
  ^bb0(%u: f64, %v: f64):
    %s = arith.subf %u, %v : f64
    noodle.entry %s : f64
  }
  %z = noodle.merge intersection (%a, %b) : (!a, !a) -> !a {
  ^bb0(%u: f64, %v: f64):
    %s = arith.subf %u, %v : f64
    noodle.entry %s : f64
  }
  return %y, %z : !a, !a
}
