//===- TestPrograms.h - programs and views for engine tests -----*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_ENGINE_TESTPROGRAMS_H
#define NOODLE_TEST_ENGINE_TESTPROGRAMS_H

#include "noodle/Engine/Engine.h"

#include <cstdio>
#include <cstdlib>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace noodle::engine::test {

inline const char *const kAdd = R"(
func.func @main(%a: f64, %b: f64) -> f64 {
  %c = arith.addf %a, %b : f64
  return %c : f64
})";

/// Allocates: the first result is a changed copy, the second aliases the
/// argument and the third the first.
inline const char *const kSetFirst = R"(
func.func @main(%a: tensor<?x4xf64>, %v: f64)
    -> (tensor<?x4xf64>, tensor<?x4xf64>, tensor<?x4xf64>) {
  %c0 = arith.constant 0 : index
  %c = tensor.insert %v into %a[%c0, %c0] : tensor<?x4xf64>
  return %c, %a, %c : tensor<?x4xf64>, tensor<?x4xf64>, tensor<?x4xf64>
})";

/// Runs until it is stopped.
inline const char *const kForever = R"(
func.func @main(%a: i64) -> i64 {
  %c1 = arith.constant 1 : i64
  %r = scf.while (%i = %a) : (i64) -> i64 {
    %t = arith.constant true
    scf.condition(%t) %i : i64
  } do {
  ^bb0(%i: i64):
    %n = arith.addi %i, %c1 : i64
    scf.yield %n : i64
  }
  return %r : i64
})";

inline noodle_rt_tensor scalar(noodle_rt_type type, void *value) {
  noodle_rt_tensor view{};
  view.layout = NOODLE_RT_SCALAR;
  view.type = type;
  view.values = value;
  return view;
}

inline noodle_rt_tensor dense(noodle_rt_type type, void *values,
                              std::vector<int64_t> extents) {
  noodle_rt_tensor view{};
  view.layout = NOODLE_RT_DENSE;
  view.type = type;
  view.rank = uint8_t(extents.size());
  view.values = values;
  int64_t stride = 1;
  for (size_t k = extents.size(); k-- > 0;) {
    view.extents[k] = extents[k];
    view.strides[k] = stride;
    stride *= extents[k];
  }
  return view;
}

inline const double *doubles(const noodle_rt_tensor &tensor) {
  return static_cast<const double *>(tensor.values);
}

/// A folder that is gone at the end.
class Folder {
public:
  Folder() {
    char name[] = "/tmp/noodle-engine-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() {
    std::string command = "rm -rf '" + path + "'";
    if (std::system(command.c_str()) != 0)
      std::fprintf(stderr, "cannot remove %s\n", path.c_str());
  }
  std::string path;
};

inline std::shared_ptr<Engine> makeEngine(EngineOptions options = {}) {
  options.threads = 1;
  std::shared_ptr<Engine> engine;
  Status status = Engine::create(options, engine);
  EXPECT_TRUE(status.ok()) << status.str();
  return engine;
}

inline std::shared_ptr<Program> makeProgram(std::shared_ptr<Engine> engine,
                                            const char *text) {
  CompileOptions options;
  options.strict = true;
  std::shared_ptr<Program> program;
  Status status = Program::compile(std::move(engine), text, options, program);
  EXPECT_TRUE(status.ok()) << status.str();
  return program;
}

} // namespace noodle::engine::test

#endif // NOODLE_TEST_ENGINE_TESTPROGRAMS_H
