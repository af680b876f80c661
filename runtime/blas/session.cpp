//===- session.cpp - the products of one call -----------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "blas_api.h"
#include "form.h"

#include "noodle-rt/ir.h"

#include <algorithm>
#include <complex>
#include <cstring>

namespace noodle::rt {
namespace {

/// Operations that are worth a task of their own: about 20 us of one core.
constexpr double kTaskFlops = 4e6;
/// Rows or columns of a part. Each part packs the whole other operand, which at
/// 512 is a few per cent of its work. A guess.
constexpr int64_t kPartExtent = 512;

/// One product, cut into tasks whose number depends on its shape alone, so that
/// the bits do not depend on the number of threads.
template <typename T> class Runner {
public:
  Runner(const Blas::Impl &blas, const noodle_rt_product &product,
         const BlasForm &form)
      : blas(blas), product(product), form(form) {
    for (const auto &loop : form.outer)
      settings *= loop.extent;
    for (const auto &loop : form.sums)
      sums *= loop.extent;
    byRows = form.m >= form.n;
    int64_t extent = std::max(form.m, form.n);
    if (flops() >= 2 * kTaskFlops)
      parts = extent >= 2 * kPartExtent ? extent / kPartExtent
              : extent >= 64            ? 2
                                        : 1;
  }

  noodle_rt_status run(noodle_rt_context *context) {
    double each = flops() * double(sums) / double(parts);
    auto grain = int64_t(std::clamp(kTaskFlops / each, 1.0, 1e9));
    return noodle_ir_parallel_for(context, settings * parts, grain, tasks,
                                  this);
  }

private:
  double flops() const {
    return 2.0 * double(form.m) * double(form.n) *
           double(std::max<int64_t>(form.k, 1));
  }

  static noodle_rt_status tasks(noodle_rt_context *, int64_t begin, int64_t end,
                                void *self) {
    for (int64_t task = begin; task < end; ++task)
      static_cast<Runner *>(self)->task(task);
    return NOODLE_RT_OK;
  }

  struct Place {
    const T *lhs, *rhs;
    T *out;
  };
  /// Moves to setting `number` of some loops.
  static void step(Place &place,
                   const std::vector<noodle_rt_product_loop> &loops,
                   int64_t number) {
    for (const auto &loop : loops) {
      int64_t at = number % loop.extent;
      number /= loop.extent;
      place.lhs += at * loop.strides[0];
      place.rhs += at * loop.strides[1];
      place.out += at * loop.strides[2];
    }
  }

  void task(int64_t number) const {
    Place start = {static_cast<const T *>(product.lhs),
                   static_cast<const T *>(product.rhs),
                   static_cast<T *>(product.out)};
    step(start, form.outer, number / parts);
    int64_t part = number % parts;
    int64_t extent = byRows ? form.m : form.n;
    // Whole vectors but at the end.
    int64_t size = (extent / parts + (extent % parts != 0) + 15) / 16 * 16;
    int64_t from = std::min(part * size, extent);
    int64_t count = std::min(size, extent - from);
    if (count == 0)
      return;
    for (int64_t sum = 0; sum < sums; ++sum) {
      Place place = start;
      step(place, form.sums, sum);
      const T *left = form.swapped ? place.rhs : place.lhs;
      const T *right = form.swapped ? place.lhs : place.rhs;
      T *out = place.out;
      (byRows ? left : right) +=
          from * (byRows ? form.leftRow : form.rightColumn);
      out += from * (byRows ? form.outRow : form.outColumn);
      int m = int(byRows ? count : form.m), n = int(byRows ? form.n : count);
      call(m, n, left, right, out, T(sum > 0 || product.accumulate ? 1 : 0));
    }
  }

  void call(int m, int n, const T *a, const T *b, T *c, T beta) const {
    const T one = 1;
    int opA = form.leftTransposed ? kTranspose : kNoTranspose;
    int opB = form.rightTransposed ? kTranspose : kNoTranspose;
    int k = int(form.k), lda = int(form.leftLeading),
        ldb = int(form.rightLeading), ldc = int(form.outLeading);
    // gemv's sizes are those of the matrix as it is stored.
    int rows = form.leftTransposed ? k : m,
        columns = form.leftTransposed ? m : k;
    if constexpr (std::is_same_v<T, float>)
      form.vector ? blas.gemv32(kRowMajor, opA, rows, columns, one, a, lda, b,
                                ldb, beta, c, ldc)
                  : blas.gemm32(kRowMajor, opA, opB, m, n, k, one, a, lda, b,
                                ldb, beta, c, ldc);
    else if constexpr (std::is_same_v<T, double>)
      form.vector ? blas.gemv64(kRowMajor, opA, rows, columns, one, a, lda, b,
                                ldb, beta, c, ldc)
                  : blas.gemm64(kRowMajor, opA, opB, m, n, k, one, a, lda, b,
                                ldb, beta, c, ldc);
    else {
      constexpr bool narrow = sizeof(T) == sizeof(std::complex<float>);
      auto *gemv = narrow ? blas.complexGemv32 : blas.complexGemv64;
      auto *gemm = narrow ? blas.complexGemm32 : blas.complexGemm64;
      form.vector ? gemv(kRowMajor, opA, rows, columns, &one, a, lda, b, ldb,
                         &beta, c, ldc)
                  : gemm(kRowMajor, opA, opB, m, n, k, &one, a, lda, b, ldb,
                         &beta, c, ldc);
    }
  }

  const Blas::Impl &blas;
  const noodle_rt_product &product;
  const BlasForm &form;
  int64_t settings = 1, sums = 1, parts = 1;
  bool byRows = true;
};

/// A sum of nothing.
void clear(const noodle_rt_product &product, int64_t bytes, int64_t first,
           char *out) {
  int64_t loop = first;
  while (loop < product.loop_count && !(product.loops[loop].in & NOODLE_RT_OUT))
    ++loop;
  if (loop == product.loop_count) {
    std::memset(out, 0, size_t(bytes));
    return;
  }
  const noodle_rt_product_loop &each = product.loops[loop];
  for (int64_t k = 0; k < each.extent; ++k)
    clear(product, bytes, loop + 1, out + k * each.strides[2] * bytes);
}

/// NOODLE_RT_FALLBACK where no routine computes in `product.type`.
noodle_rt_status runProduct(noodle_rt_context *context, const Blas::Impl &blas,
                            const noodle_rt_product &product,
                            const BlasForm &form) {
  if (form.empty) {
    if (!product.accumulate)
      clear(product, noodle_rt_element_bytes(noodle_rt_type(product.type)), 0,
            static_cast<char *>(product.out));
    return NOODLE_RT_OK;
  }
  switch (product.type) {
  case NOODLE_RT_F32:
    return Runner<float>(blas, product, form).run(context);
  case NOODLE_RT_F64:
    return Runner<double>(blas, product, form).run(context);
  case NOODLE_RT_C64:
    return Runner<std::complex<float>>(blas, product, form).run(context);
  case NOODLE_RT_C128:
    return Runner<std::complex<double>>(blas, product, form).run(context);
  default:
    return NOODLE_RT_FALLBACK;
  }
}

} // namespace

BlasSession::BlasSession(std::shared_ptr<LazyBlas> source, bool strict)
    : source(std::move(source)), strict(strict) {}

BlasSession::~BlasSession() = default;

BlasReceipt BlasSession::receipt() const {
  std::lock_guard lock(mutex);
  return used;
}

noodle_rt_status BlasSession::refuse(noodle_rt_context *context, int64_t site,
                                     const std::string &reason) {
  {
    std::lock_guard lock(mutex);
    ++used.fallbacks;
    auto known = std::find_if(
        used.refusals.begin(), used.refusals.end(),
        [&](const BlasReceipt::Refusal &each) { return each.site == site; });
    if (known == used.refusals.end())
      used.refusals.push_back({reason, site, 1});
    else
      ++known->count;
  }
  if (!strict)
    return NOODLE_RT_FALLBACK;
  std::string text = "library: " + reason;
  return noodle_ir_fail(context, NOODLE_RT_HOST_CALL_FAILED, text.data(),
                        int64_t(text.size()));
}

noodle_rt_status BlasSession::product(noodle_rt_context *context,
                                      const noodle_rt_product &product) {
  std::string whyNot = "the call was made without a BLAS";
  std::shared_ptr<const Blas> blas = source ? source->get(whyNot) : nullptr;
  if (!blas)
    return refuse(context, product.site, whyNot);
  BlasForm form;
  if (!findForm(product, form, whyNot))
    return refuse(context, product.site, whyNot);
  noodle_rt_status status = runProduct(context, blas->impl(), product, form);
  if (status == NOODLE_RT_FALLBACK)
    return refuse(context, product.site, "BLAS has no such element type");
  if (status != NOODLE_RT_OK)
    return status;
  std::lock_guard lock(mutex);
  if (used.products++ == 0)
    used.name = blas->name();
  for (BlasReceipt::SiteUse &known : used.sites)
    if (known.site == product.site) {
      ++known.products;
      return NOODLE_RT_OK;
    }
  used.sites.push_back({product.site, 1});
  return NOODLE_RT_OK;
}

} // namespace noodle::rt
