// Ops on stored entries, executed beside the interpreter; --strict refuses an
// op that has no compiled form.
// REQUIRES: noodle-jit
// DEFINE: %{run} = noodle-jit %s --check --strict
// RUN: %{run} -e flip --arg %S/Inputs/a34.mtx | FileCheck %s --check-prefix=SPARSE
// RUN: %{run} -e flip --arg rand:7:90x140 | FileCheck %s --check-prefix=SPARSE
// RUN: %{run} -e flip --arg zeros:5x0 | FileCheck %s --check-prefix=SPARSE
// RUN: %{run} -e union --arg %S/Inputs/a34.mtx --arg %S/Inputs/a34.mtx | FileCheck %s --check-prefix=SPARSE
// RUN: %{run} -e union --arg rand:1:40x70 --arg rand:2:40x70 | FileCheck %s --check-prefix=SPARSE
// RUN: %{run} -e union --arg zeros:0x20 --arg zeros:0x20 | FileCheck %s --check-prefix=SPARSE
// RUN: %{run} -e meet --arg rand:1:40x70 --arg rand:2:40x70 | FileCheck %s --check-prefix=SPARSE
// RUN: %{run} -e meet --arg ones:9x7 --arg rand:2:9x7 | FileCheck %s --check-prefix=SPARSE
// RUN: %{run} -e three --arg rand:1:40x70 --arg rand:2:40x70 --arg rand:3:40x70 --arg rand:1:40x1 --arg 3.0 | FileCheck %s --check-prefix=SPARSE
// RUN: %{run} -e select --arg %S/Inputs/a34.mtx --arg 0.5 | FileCheck %s --check-prefix=SPARSE
// RUN: %{run} -e select --arg rand:4:50x60 --arg 0.25 | FileCheck %s --check-prefix=SPARSE
// RUN: %{run} -e kron --arg rand:3:12x20 --arg rand:4:9x11 | FileCheck %s --check-prefix=SPARSE
// RUN: %{run} -e kron --arg zeros:0x5 --arg rand:1:4x4 | FileCheck %s --check-prefix=SPARSE
// RUN: %{run} -e extract --arg rand:5:7x6 --arg rand:6:7x6 | FileCheck %s --check-prefix=SPARSE
// RUN: %{run} -e extract --arg ones:3x4 --arg ones:3x4 | FileCheck %s --check-prefix=SPARSE
// RUN: %{run} -e assign --arg rand:5:30x4 --arg rand:6:30x4 | FileCheck %s --check-prefix=SPARSE
// RUN: %{run} -e assign --arg ones:3x4 --arg ones:3x4 | FileCheck %s --check-prefix=SPARSE
// RUN: %{run} -e join --arg %S/Inputs/a34.mtx --arg %S/Inputs/a34.mtx | FileCheck %s --check-prefix=SPARSE
// RUN: %{run} -e join --arg rand:1:40x40 --arg rand:2:40x40 | FileCheck %s --check-prefix=SPARSE
// RUN: %{run} -e sparsify --arg rand:1:30x20 | FileCheck %s --check-prefix=SPARSE
// RUN: %{run} -e sparsify --arg ones:6x7 | FileCheck %s --check-prefix=SPARSE
// RUN: %{run} -e sparsify --arg zeros:0x20 | FileCheck %s --check-prefix=SPARSE
// RUN: %{run} -e dense_kron --arg rand:1:2x4 --arg rand:2:5x3 | FileCheck %s --check-prefix=KRON
// SPARSE: {{cs[rc]}} tensor<
// KRON: tensor<10x12xf64>

// RUN: not noodle-jit %s -e disagree --arg zeros:3x4 --arg zeros:4x4 2>&1 | FileCheck %s --check-prefix=EXTENTS
// EXTENTS: run-sparse-ops.mlir:{{[0-9]+}}:{{[0-9]+}}: {{.*}}extents of dimension 0 disagree: operand 1 and the sparse operands before it
// RUN: not noodle-jit %s -e outside --arg zeros:3x4 2>&1 | FileCheck %s --check-prefix=RANGE
// RANGE: run-sparse-ops.mlir:{{[0-9]+}}:{{[0-9]+}}: {{.*}}an index is out of range for dimension 0
// RUN: not noodle-jit %s -e falling --arg zeros:3x4 --arg zeros:2x4 2>&1 | FileCheck %s --check-prefix=ORDER
// ORDER: run-sparse-ops.mlir:{{[0-9]+}}:{{[0-9]+}}: {{.*}}indices of dimension 0 do not increase strictly

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
#csc = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : dense, d0 : compressed)}>
!R = tensor<?x?xf64, #csr>
!C = tensor<?x?xf64, #csc>
func.func @flip(%a: !R) -> (!C, !R) {
  %c = noodle.convert %a : !R -> !C
  %t = noodle.transpose %a {permutation = array<i64: 1, 0>} : !R -> !R
  return %c, %t : !C, !R
}
func.func @union(%a: !R, %b: !C) -> !R {
  %c = noodle.merge union (%a, %b) {absent = 2.0 : f64} : (!R, !C) -> !R {
  ^bb0(%x: f64, %y: f64):
    %m = arith.addf %x, %y : f64
    noodle.entry %m : f64
  }
  return %c : !R
}
func.func @meet(%a: !R, %b: !C) -> !C {
  %c = noodle.merge intersection (%a, %b) : (!R, !C) -> !C {
  ^bb0(%x: f64, %y: f64):
    %m = arith.subf %x, %y : f64
    noodle.entry %m : f64
  }
  return %c : !C
}
func.func @three(%a: !R, %b: !C, %c: !R, %d: tensor<?x1xf64>, %s: f64) -> (!R, !R) {
  %u = noodle.merge union (%a, %b, %c, %d, %s) : (!R, !C, !R, tensor<?x1xf64>, f64) -> !R {
  ^bb0(%x: f64, %y: f64, %z: f64, %e: f64, %k: f64):
    %m = arith.subf %x, %y : f64
    %n = arith.mulf %m, %e : f64
    %o = arith.addf %n, %k : f64
    %p = arith.addf %o, %z : f64
    noodle.entry %p : f64
  }
  %i = noodle.merge intersection (%a, %b, %c) : (!R, !C, !R) -> !R {
  ^bb0(%x: f64, %y: f64, %z: f64):
    %m = arith.subf %x, %y : f64
    %n = arith.mulf %m, %z : f64
    noodle.entry %n : f64
  }
  return %u, %i : !R, !R
}
func.func @select(%a: !R, %least: f64) -> (!R, !C, !R, !R, !R) {
  %t = noodle.select (%a, %least) : (!R, f64) -> !R {
  ^bb0(%value: f64, %row: i64, %column: i64, %bound: f64):
    %keep = arith.cmpf oge, %value, %bound : f64
    noodle.keep %keep
  }
  %l = noodle.select (%a) {part = "lower", diagonal = -1 : i64} : (!R) -> !C
  %u = noodle.select (%a) {part = "upper"} : (!R) -> !R
  %d = noodle.select (%a) {part = "diagonal", diagonal = 1} : (!R) -> !R
  %o = noodle.select (%a) {part = "off_diagonal"} : (!R) -> !R
  return %t, %l, %u, %d, %o : !R, !C, !R, !R, !R
}
func.func @kron(%a: !R, %b: !C) -> (!R, !C) {
  %k = noodle.kron %a, %b {semiring = #noodle.semiring<max_plus>} : !R, !C -> !R
  %l = noodle.kron %a, %b : !R, !C -> !C
  return %k, %l : !R, !C
}
func.func @dense_kron(%a: tensor<?x?xf64>, %b: tensor<?x3xf64>) -> tensor<?x?xf64> {
  %k = noodle.kron %a, %b {semiring = #noodle.semiring<max_plus>} : tensor<?x?xf64>, tensor<?x3xf64> -> tensor<?x?xf64>
  return %k : tensor<?x?xf64>
}
func.func @extract(%a: !R, %b: !C) -> (!R, !C, !R, !R) {
  %i = arith.constant dense<[2, 0, 2]> : tensor<3xi64>
  %j = arith.constant dense<[3, 1, 0, 0, 2]> : tensor<5xi32>
  %0 = noodle.extract %a rows(%i : tensor<3xi64>) columns(%j : tensor<5xi32>) : !R -> !R
  %1 = noodle.extract %a rows(%i : tensor<3xi64>) : !R -> !C
  %2 = noodle.extract %b columns(%j : tensor<5xi32>) : !C -> !R
  %3 = noodle.extract %b rows(%i : tensor<3xi64>) columns(%j : tensor<5xi32>) : !C -> !R
  return %0, %1, %2, %3 : !R, !C, !R, !R
}
func.func @assign(%a: !R, %b: !C) -> (!R, !C, !R) {
  %i = arith.constant dense<[0, 2]> : tensor<2xi64>
  %j = arith.constant dense<[1, 2, 3]> : tensor<3xi32>
  %s = noodle.extract %b rows(%i : tensor<2xi64>) columns(%j : tensor<3xi32>) : !C -> !R
  %0 = noodle.assign %s into %a rows(%i : tensor<2xi64>) columns(%j : tensor<3xi32>) : !R, !R
  %t = noodle.extract %a columns(%j : tensor<3xi32>) : !R -> !R
  %1 = noodle.assign %t into %b columns(%j : tensor<3xi32>) : !R, !C
  %2 = noodle.assign %b into %a : !C, !R
  return %0, %1, %2 : !R, !C, !R
}
func.func @join(%a: !R, %b: !C) -> (!R, !R, !C, !C) {
  %0 = noodle.concat (%a, %b, %a) {axis = 0} : (!R, !C, !R) -> !R
  %1 = noodle.concat (%a, %b, %a) {axis = 1} : (!R, !C, !R) -> !R
  %2 = noodle.concat (%a, %b) {axis = 0} : (!R, !C) -> !C
  %3 = noodle.concat (%a, %b) {axis = 1} : (!R, !C) -> !C
  return %0, %1, %2, %3 : !R, !R, !C, !C
}
func.func @sparsify(%d: tensor<?x?xf64>) -> (!R, !C, tensor<?x?xf64>) {
  %0 = noodle.convert %d : tensor<?x?xf64> -> !R
  %1 = noodle.convert %d {absent = 1.0 : f64} : tensor<?x?xf64> -> !C
  %2 = noodle.convert %1 {absent = 1.0 : f64} : !C -> tensor<?x?xf64>
  return %0, %1, %2 : !R, !C, tensor<?x?xf64>
}

func.func @types(%a: tensor<?x?xi64, #csc>, %b: tensor<?x?xi64, #csc>) -> (tensor<?x?xi64, #csr>, tensor<?x?xi1, #csc>, tensor<?x?xf32, #csr>) {
  %0 = noodle.merge union (%a, %b) {absent = 9223372036854775807 : i64} : (tensor<?x?xi64, #csc>, tensor<?x?xi64, #csc>) -> tensor<?x?xi64, #csr> {
  ^bb0(%x: i64, %y: i64):
    %m = arith.minsi %x, %y : i64
    noodle.entry %m : i64
  }
  %1 = noodle.merge intersection (%a, %b) : (tensor<?x?xi64, #csc>, tensor<?x?xi64, #csc>) -> tensor<?x?xi1, #csc> {
  ^bb0(%x: i64, %y: i64):
    %m = arith.cmpi slt, %x, %y : i64
    noodle.entry %m : i1
  }
  %2 = noodle.convert %0 : tensor<?x?xi64, #csr> -> tensor<?x?xf32, #csr>
  return %0, %1, %2 : tensor<?x?xi64, #csr>, tensor<?x?xi1, #csc>, tensor<?x?xf32, #csr>
}
// RUN: %{run} -e types --arg rand:1:20x33 --arg rand:2:20x33 | FileCheck %s --check-prefix=SPARSE

func.func @disagree(%a: !R, %b: !R) -> !R {
  %c = noodle.merge union (%a, %b) : (!R, !R) -> !R {
  ^bb0(%x: f64, %y: f64):
    noodle.entry %x : f64
  }
  return %c : !R
}
func.func @outside(%a: !R) -> !R {
  %i = arith.constant dense<[0, 3]> : tensor<2xi64>
  %c = noodle.extract %a rows(%i : tensor<2xi64>) : !R -> !R
  return %c : !R
}
func.func @falling(%a: !R, %s: !R) -> !R {
  %i = arith.constant dense<[1, 0]> : tensor<2xi64>
  %c = noodle.assign %s into %a rows(%i : tensor<2xi64>) : !R, !R
  return %c : !R
}
