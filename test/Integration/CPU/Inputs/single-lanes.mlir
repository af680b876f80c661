func.func @main(%a: tensor<?x?x1xbf16>, %b: tensor<?x1xi64>, %c: tensor<?x1xi32>) -> (tensor<?x?x1xbf16>, tensor<?x1xi32>, tensor<?x1xi8>) {
  %s = noodle.softmax %a {axis = 0 : i64} : tensor<?x?x1xbf16>
  %r = noodle.map (%b) : (tensor<?x1xi64>) -> tensor<?x1xi32> {
  ^bb0(%x: i64):
    %y = arith.trunci %x : i64 to i32
    noodle.yield %y : i32
  }
  %t = noodle.map (%c) : (tensor<?x1xi32>) -> tensor<?x1xi8> {
  ^bb0(%x: i32):
    %y = arith.trunci %x : i32 to i8
    noodle.yield %y : i8
  }
  return %s, %r, %t : tensor<?x?x1xbf16>, tensor<?x1xi32>, tensor<?x1xi8>
}
