// RUN: noodle-opt --noodle-lower-runtime-calls --split-input-file --verify-diagnostics %s

// expected-error @below {{function has no body: kernels call nothing but functions of their own module}}
func.func private @puts(i32)

// -----

func.func @strided() -> memref<4x4xf32, strided<[8, 1]>> {
  // expected-error @below {{its layout is not row-major}}
  %m = memref.alloc() : memref<4x4xf32, strided<[8, 1]>>
  return %m : memref<4x4xf32, strided<[8, 1]>>
}

// -----

// expected-error @below {{type 'f128' of the signature has no form at the runtime's border}}
func.func @quad(%x: f128) {
  return
}
