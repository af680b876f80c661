// RUN: noodle-opt --noodle-free-buffers %s | FileCheck %s --check-prefix=PLAIN
// RUN: noodle-opt --noodle-free-buffers --split-input-file %s | FileCheck %s

// A buffer dies behind its last use, also by a view or in a loop; one that is
// returned does not.
// PLAIN-LABEL: func.func @plain
// CHECK-LABEL: func.func @plain
// CHECK:         %[[KEPT:.*]] = memref.alloc() : memref<8xf32>
// CHECK:         %[[OUTER:.*]] = memref.alloc() : memref<4xf32>
// CHECK:         %[[VIEW:.*]] = memref.subview %[[OUTER]]
// CHECK:         scf.for
// CHECK:           %[[INNER:.*]] = memref.alloc() : memref<2xf32>
// CHECK-NEXT:      memref.store
// CHECK-NEXT:      memref.dealloc %[[INNER]]
// CHECK-NEXT:      memref.store %{{.*}}, %[[VIEW]]
// CHECK-NEXT:    }
// CHECK-NEXT:    memref.dealloc %[[OUTER]]
// CHECK-NEXT:    memref.store %{{.*}}, %[[KEPT]]
// CHECK-NEXT:    return %[[KEPT]]
func.func @plain(%n: index, %x: f32) -> memref<8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %kept = memref.alloc() : memref<8xf32>
  %outer = memref.alloc() : memref<4xf32>
  %view = memref.subview %outer[1] [2] [1]
      : memref<4xf32> to memref<2xf32, strided<[1], offset: 1>>
  scf.for %i = %c0 to %n step %c1 {
    %inner = memref.alloc() : memref<2xf32>
    memref.store %x, %inner[%c0] : memref<2xf32>
    memref.store %x, %view[%c0] : memref<2xf32, strided<[1], offset: 1>>
  }
  memref.store %x, %kept[%c0] : memref<8xf32>
  return %kept : memref<8xf32>
}

// -----

// Which of two buffers a branch yields is only known when it runs: upstream's
// deallocation decides. With such a function the module is not plain.
// CHECK-LABEL: func.func @either
// CHECK:         scf.if
// CHECK:         memref.dealloc
// CHECK:         return
func.func @either(%c: i1, %n: index) -> f32 {
  %c0 = arith.constant 0 : index
  %b = scf.if %c -> memref<?xf32> {
    %x = memref.alloc(%n) : memref<?xf32>
    scf.yield %x : memref<?xf32>
  } else {
    %m = arith.addi %n, %n : index
    %y = memref.alloc(%m) : memref<?xf32>
    scf.yield %y : memref<?xf32>
  }
  %r = memref.load %b[%c0] : memref<?xf32>
  return %r : f32
}

// -----

// An argument that is returned becomes a copy, which the caller owns.
// CHECK-LABEL: func.func @copied
// CHECK:         bufferization.clone
func.func @copied(%a: memref<4xf32>) -> memref<4xf32> {
  return %a : memref<4xf32>
}
