// RUN: noodle-opt %s -noodle-store-narrow-types | FileCheck %s
// RUN: noodle-opt %s -noodle-store-narrow-types=store-half | FileCheck %s --check-prefix=HALF

// CHECK-LABEL: llvm.func @moves(%{{.*}}: !llvm.ptr, %{{.*}}: i16, %{{.*}}: i1) -> i16
// CHECK: llvm.mlir.constant(16320 : i16) : i16
// CHECK: llvm.load %{{.*}} : !llvm.ptr -> i16
// CHECK: llvm.select %{{.*}} : i1, i16
llvm.func @moves(%p: !llvm.ptr, %x: bf16, %c: i1) -> bf16 {
  %k = llvm.mlir.constant(1.5 : bf16) : bf16
  %l = llvm.load %p : !llvm.ptr -> bf16
  llvm.store %x, %p : bf16, !llvm.ptr
  %s = llvm.select %c, %k, %l : i1, bf16
  llvm.return %s : bf16
}

// CHECK-LABEL: llvm.func @vectors
// CHECK: llvm.mlir.constant(dense<[16256, -16384]> : vector<2xi16>) : vector<2xi16>
// CHECK: llvm.shufflevector %{{.*}} : vector<2xi16>
llvm.func @vectors() -> vector<2xbf16> {
  %k = llvm.mlir.constant(dense<[1.0, -2.0]> : vector<2xbf16>) : vector<2xbf16>
  %s = llvm.shufflevector %k, %k [1, 0] : vector<2xbf16>
  llvm.return %s : vector<2xbf16>
}

// An instruction that takes bf16 still gets it.
// CHECK-LABEL: llvm.func @dot(%{{.*}}: vector<16xf32>, %{{.*}}: vector<32xi16>)
// CHECK-COUNT-2: llvm.bitcast %{{.*}} : vector<32xi16> to vector<32xbf16>
// CHECK: llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"(%{{.*}}, %{{.*}}, %{{.*}}) : (vector<16xf32>, vector<32xbf16>, vector<32xbf16>) -> vector<16xf32>
llvm.func @dot(%a: vector<16xf32>, %b: vector<32xbf16>) -> vector<16xf32> {
  %r = llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"(%a, %b, %b) : (vector<16xf32>, vector<32xbf16>, vector<32xbf16>) -> vector<16xf32>
  llvm.return %r : vector<16xf32>
}

// f16 has conversions from AVX2 on.
// CHECK-LABEL: llvm.func @half(%{{.*}}: f16) -> f16
// HALF-LABEL: llvm.func @half(%{{.*}}: i16) -> i16
llvm.func @half(%x: f16) -> f16 {
  llvm.return %x : f16
}
