// RUN: noodle-opt %s --noodle-insert-host-access --split-input-file | FileCheck %s

// The pass description's example. What was asked for stays known until the next
// launch; a write needs a stronger question than a read.
// CHECK-LABEL: func.func @again(
// CHECK-SAME: %[[X:[^:]*]]: memref<4xf32>, %[[Y:[^:]*]]: memref<4xf32>
// CHECK: noodle.launch
// CHECK-NEXT: noodle.host_access read %[[Y]] : memref<4xf32>
// CHECK-NEXT: memref.load %[[Y]]
// CHECK-NEXT: memref.load %[[Y]]
// CHECK-NEXT: noodle.host_access write %[[Y]]
// CHECK-NEXT: memref.store %{{.*}}, %[[Y]]
// CHECK-NEXT: memref.load %[[Y]]
// CHECK: noodle.launch
// CHECK-NEXT: noodle.host_access read %[[Y]]
// CHECK-NEXT: memref.load %[[Y]]
// CHECK-NEXT: return
func.func @again(%x: memref<4xf32>, %y: memref<4xf32>, %i: index) -> f32 {
  %c1 = arith.constant 1 : index
  %r0 = noodle.launch @k grid(%c1, %c1, %c1) ins(%x : memref<4xf32>) outs(%y : memref<4xf32>)
  %a = memref.load %y[%i] : memref<4xf32>
  %b = memref.load %y[%c1] : memref<4xf32>
  memref.store %b, %y[%i] : memref<4xf32>
  %c = memref.load %y[%i] : memref<4xf32>
  %r1 = noodle.launch @k grid(%c1, %c1, %c1) ins(%x : memref<4xf32>) outs(%y : memref<4xf32>)
  %d = memref.load %y[%c1] : memref<4xf32>
  return %d : f32
}

// -----

// A loop nest asks once, for each buffer from outside, views through their
// base; what it allocates itself nobody else has seen, and what kernels only
// read needs no question before the host reads it.
// CHECK-LABEL: func.func @nest(
// CHECK-SAME: %[[X:[^:]*]]: memref<8xf32>, %[[Y:[^:]*]]: memref<8xf32>
// CHECK: noodle.launch
// CHECK: noodle.host_access read %[[X]]
// CHECK-NEXT: noodle.host_access write %[[Y]]
// CHECK-NEXT: scf.for
// CHECK-NOT: noodle.host_access
// CHECK: return
func.func @nest(%x: memref<8xf32>, %y: memref<8xf32>, %z: memref<8xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %view = memref.subview %x[2] [4] [1] : memref<8xf32> to memref<4xf32, strided<[1], offset: 2>>
  %r = noodle.launch @k grid(%c1, %c1, %c1) ins(%z, %y : memref<8xf32>, memref<8xf32>) outs(%x : memref<8xf32>)
  scf.for %i = %c0 to %n step %c1 {
    %own = memref.alloc() : memref<8xf32>
    scf.for %j = %c0 to %n step %c1 {
      %v = memref.load %view[%j] : memref<4xf32, strided<[1], offset: 2>>
      %w = memref.load %z[%j] : memref<8xf32>
      memref.store %v, %own[%j] : memref<8xf32>
      %part = memref.subview %y[%j] [1] [1] : memref<8xf32> to memref<1xf32, strided<[1], offset: ?>>
      memref.store %v, %part[%c0] : memref<1xf32, strided<[1], offset: ?>>
    }
    memref.dealloc %own : memref<8xf32>
  }
  return
}

// -----

// A carried buffer may be any of those it starts as or is yielded.
// CHECK-LABEL: func.func @carried(
// CHECK-SAME: %[[X:[^:]*]]: memref<8xf32>, %[[Y:[^:]*]]: memref<8xf32>
// CHECK: noodle.launch
// CHECK-DAG: noodle.host_access write %[[X]]
// CHECK-DAG: noodle.host_access write %[[Y]]
// CHECK: scf.for
// CHECK-NOT: noodle.host_access
// CHECK: }
// CHECK: noodle.host_access read %[[R:[0-9]+]]
// CHECK-NEXT: memref.load %[[R]]
func.func @carried(%x: memref<8xf32>, %y: memref<8xf32>, %n: index, %f: f32) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = noodle.launch @k grid(%c1, %c1, %c1) ins(%x : memref<8xf32>) outs(%y : memref<8xf32>)
  %z = scf.for %i = %c0 to %n step %c1 iter_args(%m = %x) -> memref<8xf32> {
    memref.store %f, %m[%i] : memref<8xf32>
    scf.yield %y : memref<8xf32>
  }
  %v = memref.load %z[%c0] : memref<8xf32>
  return %v : f32
}

// -----

// A loop that launches is entered, and so is a branch: the side that the host
// does not take must not wait.
// CHECK-LABEL: func.func @entered(
// CHECK-SAME: %[[X:[^:]*]]: memref<8xf32>, %[[Y:[^:]*]]: memref<8xf32>
// CHECK-NOT: noodle.host_access
// CHECK: scf.for
// CHECK: %[[RAN:.*]] = noodle.launch
// CHECK-NEXT: scf.if %[[RAN]] {
// CHECK-NEXT: } else {
// CHECK-NEXT: noodle.host_access write %[[Y]]
// CHECK-NEXT: memref.copy
// CHECK-NEXT: }
// CHECK-NEXT: noodle.host_access read %[[Y]]
// CHECK-NEXT: memref.load
func.func @entered(%x: memref<8xf32>, %y: memref<8xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %ran = noodle.launch @k grid(%c1, %c1, %c1) ins(%x : memref<8xf32>) outs(%y : memref<8xf32>)
    scf.if %ran {
    } else {
      memref.copy %x, %y : memref<8xf32> to memref<8xf32>
    }
    %v = memref.load %y[%i] : memref<8xf32>
  }
  return
}

// -----

// A while loop's two regions.
// CHECK-LABEL: func.func @while(
// CHECK: scf.while (%[[M:.*]] = %{{.*}})
// CHECK-NEXT: noodle.host_access read %[[M]]
// CHECK-NEXT: memref.load %[[M]]
// CHECK: ^bb0(%[[N:[^:]*]]: memref<8xi1>):
// CHECK: noodle.launch @k {{.*}}ins(%[[N]]
// CHECK-NEXT: scf.yield
func.func @while(%x: memref<8xi1>, %y: memref<8xi1>) -> memref<8xi1> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = scf.while (%m = %x) : (memref<8xi1>) -> memref<8xi1> {
    %go = memref.load %m[%c0] : memref<8xi1>
    scf.condition(%go) %m : memref<8xi1>
  } do {
  ^bb0(%m: memref<8xi1>):
    %ran = noodle.launch @k grid(%c1, %c1, %c1) ins(%m : memref<8xi1>) outs(%y : memref<8xi1>)
    scf.yield %y : memref<8xi1>
  }
  return %z : memref<8xi1>
}

// -----

// Functions ask for themselves, and a call of one that launches may have
// changed what is known; the interpreter reads what it is given.
// CHECK-LABEL: func.func @caller(
// CHECK-SAME: %[[X:[^:]*]]: memref<8xf32>
// CHECK: noodle.host_access read %[[X]]
// CHECK-NEXT: memref.load %[[X]]
// CHECK-NEXT: call @launches
// CHECK-NEXT: noodle.host_access read %[[X]]
// CHECK-NEXT: memref.load %[[X]]
// CHECK-NEXT: call @computes
// CHECK-NEXT: noodle.host_access read %[[Y:[^ ]*]] :
// CHECK-NEXT: call @__noodle_reference_0(%[[X]], %[[Y]])
// CHECK: func.func private @computes(%[[A:[^:]*]]: memref<8xf32>)
// CHECK: noodle.host_access write %[[A]]
// CHECK-NEXT: memref.store
func.func @caller(%x: memref<8xf32>, %y: memref<8xf32>, %i: index) {
  %a = memref.load %x[%i] : memref<8xf32>
  call @launches(%x, %y) : (memref<8xf32>, memref<8xf32>) -> ()
  %b = memref.load %x[%i] : memref<8xf32>
  call @computes(%x) : (memref<8xf32>) -> ()
  %r = call @__noodle_reference_0(%x, %y) : (memref<8xf32>, memref<8xf32>) -> memref<8xf32>
  return
}
func.func private @launches(%x: memref<8xf32>, %y: memref<8xf32>) {
  %c1 = arith.constant 1 : index
  %ran = noodle.launch @k grid(%c1, %c1, %c1) ins(%x : memref<8xf32>) outs(%y : memref<8xf32>)
  %again = noodle.launch @k grid(%c1, %c1, %c1) ins(%y : memref<8xf32>) outs(%x : memref<8xf32>)
  return
}
func.func private @computes(%x: memref<8xf32>) {
  %c0 = arith.constant 0 : index
  %f = arith.constant 0.0 : f32
  memref.store %f, %x[%c0] : memref<8xf32>
  return
}
func.func private @__noodle_reference_0(memref<8xf32>, memref<8xf32>) -> memref<8xf32> attributes {noodle.reference_site = 0 : i64}

// -----

// Nobody else touches the stack or a block just allocated; casts, extents and
// frees touch nothing.
// CHECK-LABEL: func.func @own(
// CHECK-NOT: noodle.host_access
// CHECK: return
func.func @own(%x: memref<8xf32>, %i: index) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %f = arith.constant 0.0 : f32
  %ran = noodle.launch @k grid(%c1, %c1, %c1) outs(%x : memref<8xf32>)
  %s = memref.alloca() : memref<4xf32>
  memref.store %f, %s[%i] : memref<4xf32>
  %m = memref.alloc() : memref<8xf32>
  memref.store %f, %m[%i] : memref<8xf32>
  %v = memref.load %m[%i] : memref<8xf32>
  memref.dealloc %m : memref<8xf32>
  %q = memref.cast %x : memref<8xf32> to memref<?xf32>
  %d = memref.dim %q, %c0 : memref<?xf32>
  return %v : f32
}

// -----

// Buffers that no kernel sees are nobody's concern, also where a callee or a
// loop has another name for them; those that kernels only read are when the
// host writes them.
// CHECK-LABEL: func.func @unseen(
// CHECK-SAME: %[[X:[^:]*]]: memref<8xf32>, %[[Y:[^:]*]]: memref<8xf32>, %[[Z:[^:]*]]: memref<8xf32>
// CHECK: noodle.launch
// CHECK-NEXT: memref.load %[[X]]
// CHECK-NEXT: memref.store %{{.*}}, %[[Z]]
// CHECK-NEXT: call @reads
// CHECK-NEXT: scf.for
// CHECK-NOT: noodle.host_access
// CHECK: }
// CHECK-NEXT: noodle.host_access write %[[X]]
// CHECK-NEXT: memref.store %{{.*}}, %[[X]]
// CHECK-LABEL: func.func private @reads
// CHECK-NOT: noodle.host_access
// CHECK: return
func.func @unseen(%x: memref<8xf32>, %y: memref<8xf32>, %z: memref<8xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %ran = noodle.launch @k grid(%n, %n, %n) ins(%x : memref<8xf32>) outs(%y : memref<8xf32>)
  %v = memref.load %x[%n] : memref<8xf32>
  memref.store %v, %z[%n] : memref<8xf32>
  call @reads(%z, %n) : (memref<8xf32>, index) -> ()
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%m = %z) -> memref<8xf32> {
    memref.store %v, %m[%i] : memref<8xf32>
    scf.yield %m : memref<8xf32>
  }
  memref.store %v, %x[%n] : memref<8xf32>
  return
}
func.func private @reads(%z: memref<8xf32>, %n: index) {
  %v = memref.load %z[%n] : memref<8xf32>
  return
}

// -----

// What the device wrote may come by another name: through a callee's result, a
// branch, a loop.
// CHECK-LABEL: func.func @renamed(
// CHECK: %[[A:.*]] = call @same
// CHECK: noodle.host_access read %[[A]]
// CHECK-NEXT: memref.load %[[A]]
// CHECK: %[[B:.*]] = scf.if
// CHECK: noodle.host_access read %[[B]]
// CHECK-NEXT: memref.load %[[B]]
// CHECK: %[[C:.*]] = scf.while
// CHECK: noodle.host_access read %[[C]]
// CHECK-NEXT: memref.load %[[C]]
// CHECK: %[[D:.*]] = arith.select
// CHECK: noodle.host_access read %[[D]]
// CHECK-NEXT: memref.load %[[D]]
func.func @renamed(%x: memref<8xf32>, %y: memref<8xf32>, %n: index, %p: i1) {
  %ran = noodle.launch @k grid(%n, %n, %n) outs(%y : memref<8xf32>)
  %a = call @same(%y) : (memref<8xf32>) -> memref<8xf32>
  %v = memref.load %a[%n] : memref<8xf32>
  %b = scf.if %p -> memref<8xf32> {
    scf.yield %a : memref<8xf32>
  } else {
    scf.yield %x : memref<8xf32>
  }
  %w = memref.load %b[%n] : memref<8xf32>
  %c = scf.while (%m = %b) : (memref<8xf32>) -> memref<8xf32> {
    scf.condition(%p) %m : memref<8xf32>
  } do {
  ^bb0(%m: memref<8xf32>):
    scf.yield %x : memref<8xf32>
  }
  %u = memref.load %c[%n] : memref<8xf32>
  %d = arith.select %p, %c, %x : memref<8xf32>
  %t = memref.load %d[%n] : memref<8xf32>
  return
}
func.func private @same(%z: memref<8xf32>) -> memref<8xf32> {
  return %z : memref<8xf32>
}

// -----

// Programs that never launch ask nothing.
// CHECK-LABEL: func.func @host(
// CHECK-NOT: noodle.host_access
func.func @host(%x: memref<8xf32>, %i: index) -> f32 {
  %v = memref.load %x[%i] : memref<8xf32>
  return %v : f32
}
