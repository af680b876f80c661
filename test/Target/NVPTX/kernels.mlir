// What kernels are made of becomes the PTX that one would write by hand.
// RUN: %noodle_build/test/lib/noodle-ptx --chip=sm_80 %s | FileCheck %s

// No access goes through a generic address, no thread has memory of its own,
// nothing is called, and denormal numbers are kept.
// RUN: %noodle_build/test/lib/noodle-ptx --chip=sm_80 %s | FileCheck %s --check-prefix=NONE
// NONE-NOT: ld.{{[bfsuv][0-9]}}
// NONE-NOT: st.{{[bfsuv][0-9]}}
// NONE-NOT: .local
// NONE-NOT: call
// NONE-NOT: .extern
// NONE-NOT: .ftz
// NONE-NOT: .approx

// CHECK: .version 7.0
// CHECK: .target sm_80
// CHECK: .address_size 64

gpu.module @noodle_device {
  // Four elements an access: in device memory, and in shared memory.
  // CHECK-LABEL: .entry copy
  // CHECK: .maxntid 128, 1, 1
  // CHECK: .shared .align 16 .b8 {{.*}}[2048];
  // CHECK: ld.global.nc.v4.b32
  // CHECK: st.shared.v4.b32
  // CHECK: bar.sync 0
  // CHECK: ld.shared.v4.b32
  // CHECK: st.global.v4.b32
  gpu.func @copy(%in: memref<?xf32>, %out: memref<?xf32>, %n: i64)
      workgroup(%tile: memref<512xf32, #gpu.address_space<workgroup>> {llvm.align = 16 : i64})
      kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
    %c4 = arith.constant 4 : index
    %last = arith.constant 127 : index
    %t = gpu.thread_id x
    %b = gpu.block_id x
    %d = gpu.block_dim x
    %base = arith.muli %b, %d : index
    %at = arith.addi %base, %t : index
    %from = arith.muli %at, %c4 : index
    %mine = arith.muli %t, %c4 : index
    %other = arith.subi %last, %t : index
    %theirs = arith.muli %other, %c4 : index
    %bound = arith.index_cast %n : i64 to index
    %in_range = arith.cmpi slt, %from, %bound : index
    %zero = arith.constant dense<0.0> : vector<4xf32>
    %v = scf.if %in_range -> vector<4xf32> {
      %loaded = vector.load %in[%from] {alignment = 16 : i64} : memref<?xf32>, vector<4xf32>
      scf.yield %loaded : vector<4xf32>
    } else {
      scf.yield %zero : vector<4xf32>
    }
    vector.store %v, %tile[%mine] {alignment = 16 : i64} : memref<512xf32, #gpu.address_space<workgroup>>, vector<4xf32>
    gpu.barrier
    %w = vector.load %tile[%theirs] {alignment = 16 : i64} : memref<512xf32, #gpu.address_space<workgroup>>, vector<4xf32>
    scf.if %in_range {
      vector.store %w, %out[%from] {alignment = 16 : i64} : memref<?xf32>, vector<4xf32>
    }
    gpu.return
  }

  // A sum over a warp, with an exponential in front, and over the warps.
  // CHECK-LABEL: .entry sum
  // CHECK: .maxntid 256, 1, 1
  // Loads of the partial sums are combined, so that the buffer is aligned.
  // CHECK: .shared .align 16 .b8 {{.*}}[32]
  // CHECK: ld.global.nc.b32
  // CHECK: fma.rn.f32
  // CHECK: shfl.sync.bfly.b32 {{.*}}, 16, 31, -1
  // CHECK: shfl.sync.bfly.b32 {{.*}}, 1, 31, -1
  // CHECK: bar.sync 0
  // CHECK: ld.shared.v4.b32
  // CHECK: add.rn.f32
  // CHECK: sqrt.rn.f32
  // CHECK: div.rn.f32
  gpu.func @sum(%in: memref<?xf32>, %out: memref<?xf32>, %n: i64)
      workgroup(%part: memref<8xf32, #gpu.address_space<workgroup>>)
      kernel attributes {known_block_size = array<i32: 256, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %c32 = arith.constant 32 : index
    %c256 = arith.constant 256 : index
    %zero = arith.constant 0.0 : f32
    %i1 = arith.constant 1 : i32
    %i16 = arith.constant 16 : i32
    %width = arith.constant 32 : i32
    %t = gpu.thread_id x
    %row = gpu.block_id x
    %bound = arith.index_cast %n : i64 to index
    %first = arith.muli %row, %bound : index
    %sum = scf.for %k = %t to %bound step %c256 iter_args(%acc = %zero) -> f32 {
      %at = arith.addi %first, %k : index
      %x = memref.load %in[%at] : memref<?xf32>
      %e = math.exp %x : f32
      %next = arith.addf %acc, %e : f32
      scf.yield %next : f32
    }
    %o16, %v16 = gpu.shuffle xor %sum, %i16, %width : f32
    %s16 = arith.addf %sum, %o16 : f32
    %o1, %v1 = gpu.shuffle xor %s16, %i1, %width : f32
    %s1 = arith.addf %s16, %o1 : f32
    %lane = arith.remui %t, %c32 : index
    %warp = arith.divui %t, %c32 : index
    %leads = arith.cmpi eq, %lane, %c0 : index
    scf.if %leads {
      memref.store %s1, %part[%warp] : memref<8xf32, #gpu.address_space<workgroup>>
    }
    gpu.barrier
    %is_first = arith.cmpi eq, %t, %c0 : index
    scf.if %is_first {
      %total = scf.for %w = %c0 to %c8 step %c1 iter_args(%acc = %zero) -> f32 {
        %p = memref.load %part[%w] : memref<8xf32, #gpu.address_space<workgroup>>
        %next = arith.addf %acc, %p : f32
        scf.yield %next : f32
      }
      %root = math.sqrt %total : f32
      %mean = arith.divf %root, %total : f32
      memref.store %mean, %out[%row] : memref<?xf32>
    }
    gpu.return
  }
}
