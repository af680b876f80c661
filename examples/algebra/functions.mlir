// Functions: a vector of indices. Composing gathers; a row vector that meets a
// function is added up by its values, which is a group by.
//
//   noodle-jit examples/algebra/functions.mlir
//
// Six orders, each with a customer; four customers, each with a country.
!customer = !noodle.hom<[6] -> [4], i64>
!country = !noodle.hom<[4] -> [3], i64>
!amounts = !noodle.hom<[] -> [6], i64>
!totals = !noodle.hom<[] -> [3], i64>
!rates = !noodle.hom<[3] -> [], i64>
!taxes = !noodle.hom<[6] -> [], i64>

func.func @main() -> (tensor<3xi64>, tensor<6xi64>) {
  %0 = arith.constant dense<[2, 0, 1, 1, 3, 2]> : tensor<6xi64>
  %1 = arith.constant dense<[0, 2, 0, 1]> : tensor<4xi64>
  %2 = arith.constant dense<[10, 20, 30, 40, 50, 60]> : tensor<6xi64>
  %3 = arith.constant dense<[19, 7, 0]> : tensor<3xi64>
  %customer = noodle.function %0 : tensor<6xi64> -> !customer
  %country = noodle.function %1 : tensor<4xi64> -> !country
  %amounts = noodle.from_tensor %2 : tensor<6xi64> -> !amounts
  %rates = noodle.from_tensor %3 : tensor<3xi64> -> !rates

  // Amounts by country.
  %totals = noodle.compose %amounts, %customer, %country : (!amounts, !customer, !country) -> !totals
  // The tax rate of each order.
  %taxes = noodle.compose %customer, %country, %rates : (!customer, !country, !rates) -> !taxes

  %a = noodle.to_tensor %totals : !totals -> tensor<3xi64>
  %b = noodle.to_tensor %taxes : !taxes -> tensor<6xi64>
  return %a, %b : tensor<3xi64>, tensor<6xi64>
}
