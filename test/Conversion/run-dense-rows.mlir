// Products of sparse matrices whose rows have more terms than columns, beside
// rows that have none: odd extents, one column, none.
// REQUIRES: noodle-jit
// RUN: noodle-jit --check --strict --threads 2 %s --arg rand:1:37x29 --arg rand:2:29x53
// RUN: noodle-jit --check --strict --threads 2 %s --arg rand:1:300x20 --arg rand:2:20x1
// RUN: noodle-jit --check --strict --threads 2 %s --arg zeros:5x0 --arg zeros:0x9
// RUN: noodle-jit --check --strict --threads 2 -e ints %s --arg rand:1:65x17 --arg rand:2:17x8
// RUN: noodle-jit --check --strict --threads 2 %s --arg %S/Inputs/a34.mtx --arg rand:2:4x2
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
!s = tensor<?x?xf64, #csr>
!i = tensor<?x?xi64, #csr>
func.func @main(%a: !s, %b: !s) -> (!s, !s) {
  %0 = noodle.contract "ij,jk->ik" (%a, %b) : (!s, !s) -> !s
  %1 = noodle.contract "ij,jk->ik" (%a, %b) {semiring = #noodle.semiring<min_plus>} : (!s, !s) -> !s
  return %0, %1 : !s, !s
}
func.func @ints(%a: !i, %b: !i) -> (!i, !i) {
  %0 = noodle.contract "ij,jk->ik" (%a, %b) : (!i, !i) -> !i
  %1 = noodle.contract "ij,jk->ik" (%a, %b) {semiring = #noodle.semiring<max_plus>} : (!i, !i) -> !i
  return %0, %1 : !i, !i
}
