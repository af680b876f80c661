// RUN: noodle-opt %s --noodle-offload-ops --split-input-file --verify-diagnostics

func.func @no_fallback(%x: tensor<64xf32>) -> tensor<64xf32> {
  // expected-error @below {{'noodle.softmax' op has the strategy gpu but no 'noodle.fallback'}}
  %y = noodle.softmax %x {axis = 0 : i64, strategy = #noodle.strategy<gpu>} : tensor<64xf32>
  return %y : tensor<64xf32>
}

// -----

func.func @interpreter(%x: tensor<64xf32>) -> tensor<64xf32> {
  // expected-error @below {{'noodle.softmax' op cannot fall back to the strategy reference}}
  %y = noodle.softmax %x {axis = 0 : i64, noodle.fallback = #noodle.strategy<reference>, strategy = #noodle.strategy<gpu>} : tensor<64xf32>
  return %y : tensor<64xf32>
}

// -----

func.func @not_lowered(%x: tensor<64xi64>) -> tensor<64xi64> {
  // expected-error @below {{'noodle.map' op cannot fall back to the host: the body divides integers, which may fail}}
  %y = noodle.map (%x, %x) {noodle.fallback = #noodle.strategy<loops>, strategy = #noodle.strategy<gpu>} : (tensor<64xi64>, tensor<64xi64>) -> tensor<64xi64> {
  ^bb0(%a: i64, %b: i64):
    %q = arith.divsi %a, %b : i64
    noodle.yield %q : i64
  }
  return %y : tensor<64xi64>
}

// -----

func.func @no_kernel(%x: tensor<64xf32>) -> tensor<128xf32> {
  // expected-error @below {{'noodle.concat' op has no kernel: }}
  %y = noodle.concat (%x, %x) {axis = 0 : i64, noodle.fallback = #noodle.strategy<loops>, strategy = #noodle.strategy<gpu>} : (tensor<64xf32>, tensor<64xf32>) -> tensor<128xf32>
  return %y : tensor<128xf32>
}
