// RUN: noodle-opt --noodle-verify-border=phase=llvm --split-input-file --verify-diagnostics %s

// expected-error @below {{'llvm.func' must not leave phase 'llvm': 'puts' is not in the list of symbols that kernels may call}}
llvm.func @puts(!llvm.ptr) -> i32

// -----

llvm.func @noodle_ir_alloc(!llvm.ptr, i64) -> !llvm.ptr

// -----

// expected-error @below {{'func.func' must not leave phase 'llvm': dialect 'func' is not accepted}}
func.func @main() {
  return
}

// -----

llvm.func @cast(%x: i64) -> i64 {
  // expected-error @below {{a conversion was left unfinished}}
  %y = builtin.unrealized_conversion_cast %x : i64 to index
  %z = builtin.unrealized_conversion_cast %y : index to i64
  llvm.return %z : i64
}

// -----

// expected-error @below {{'gpu.module' must not leave phase 'llvm': dialect 'gpu' is not accepted}}
gpu.module @noodle_device {
}
