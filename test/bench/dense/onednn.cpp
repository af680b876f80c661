//===- onednn.cpp - matrix products as oneDNN's primitives ----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include <deque>
#include <oneapi/dnnl/dnnl.hpp>

namespace {
struct Product {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  dnnl::matmul primitive;
  dnnl::memory a, b, c;
  dnnl_exec_arg_t arguments[3];
};
std::deque<Product> products; // lives as long as the process
} // namespace

/// C = A B on row-major arrays; types as dnnl_data_type_t. Fills {primitive,
/// stream, arguments, dnnl_primitive_execute, dnnl_stream_wait}; 0 on success.
extern "C" int onednn_product(int from, int to, int64_t m, int64_t n, int64_t k,
                              void *a, void *b, void *c, void **out) try {
  using Tag = dnnl::memory::format_tag;
  auto given = static_cast<dnnl::memory::data_type>(from);
  auto made = static_cast<dnnl::memory::data_type>(to);
  Product &p = products.emplace_back();
  dnnl::memory::desc left({m, k}, given, Tag::ab);
  dnnl::memory::desc right({k, n}, given, Tag::ab);
  dnnl::memory::desc result({m, n}, made, Tag::ab);
  p.primitive =
      dnnl::matmul({p.engine, left, right, result, dnnl::primitive_attr()});
  p.a = dnnl::memory(left, p.engine, a);
  p.b = dnnl::memory(right, p.engine, b);
  p.c = dnnl::memory(result, p.engine, c);
  p.arguments[0] = {DNNL_ARG_SRC, p.a.get()};
  p.arguments[1] = {DNNL_ARG_WEIGHTS, p.b.get()};
  p.arguments[2] = {DNNL_ARG_DST, p.c.get()};
  out[0] = p.primitive.get();
  out[1] = p.stream.get();
  out[2] = p.arguments;
  out[3] = reinterpret_cast<void *>(dnnl_primitive_execute);
  out[4] = reinterpret_cast<void *>(dnnl_stream_wait);
  return 0;
} catch (...) {
  return 1;
}
