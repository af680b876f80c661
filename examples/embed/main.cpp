// A host program: one step of cheapest paths, y[i] = min over j of A[i,j] +
// x[j].
//
//   cmake -S examples/embed -B build-embed -DCMAKE_PREFIX_PATH=<where
//   installed> c++ -std=c++20 examples/embed/main.cpp $(pkg-config --cflags
//   --libs noodle)
#include <noodle-c/noodle.hpp>

#include <cstdio>
#include <vector>

int main() {
  try {
    noodle::Engine engine;
    // 3 x 3, stored entries (0,1)=2 (0,2)=7 (1,2)=3 (2,0)=1.
    std::vector<int32_t> positions{0, 2, 3, 4}, columns{1, 2, 2, 0};
    std::vector<double> weights{2, 7, 3, 1}, distance{5, 1, 0};
    auto A = engine.csr(3, 3, positions, columns, weights);
    auto x = engine.dense(distance, {3});
    noodle::Array y = noodle::contract("ij,j->i", A, x, noodle::min_plus);
    for (double value : y.values<double>())
      std::printf("%g\n", value); // 3 3 6
  } catch (const noodle::Error &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
