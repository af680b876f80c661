// Relations: matrices of booleans over or_and. Composing asks "is there
// something in between", the dagger is the converse.
//
//   noodle-jit examples/algebra/relations.mlir
//
// Four students, three courses, two teachers.
!attends = !noodle.hom<[4] -> [3], i1, #noodle.semiring<or_and>>
!attended = !noodle.hom<[3] -> [4], i1, #noodle.semiring<or_and>>
!taught = !noodle.hom<[3] -> [2], i1, #noodle.semiring<or_and>>
!knows = !noodle.hom<[4] -> [4], i1, #noodle.semiring<or_and>>
!hears = !noodle.hom<[4] -> [2], i1, #noodle.semiring<or_and>>

func.func @main() -> (tensor<4x4xi1>, tensor<4x2xi1>) {
  %a = arith.constant dense<[[true, false, false], [true, true, false],
                             [false, false, true], [false, true, false]]> : tensor<4x3xi1>
  %t = arith.constant dense<[[true, false], [true, false], [false, true]]> : tensor<3x2xi1>
  %attends = noodle.from_tensor %a : tensor<4x3xi1> -> !attends
  %taught = noodle.from_tensor %t : tensor<3x2xi1> -> !taught

  // Who shares a course with whom.
  %attended = noodle.dagger %attends : !attends -> !attended
  %shares = noodle.compose %attends, %attended : (!attends, !attended) -> !knows
  // Who hears which teacher.
  %hears = noodle.compose %attends, %taught : (!attends, !taught) -> !hears

  %0 = noodle.to_tensor %shares : !knows -> tensor<4x4xi1>
  %1 = noodle.to_tensor %hears : !hears -> tensor<4x2xi1>
  return %0, %1 : tensor<4x4xi1>, tensor<4x2xi1>
}
