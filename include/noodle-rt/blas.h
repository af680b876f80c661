//===- blas.h - products by a BLAS of this machine ------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A BLAS with the C interface, opened at run time, forms the products of
// noodle_ir_product. No header of it is needed. Nothing here throws, prints or
// exits.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RT_BLAS_H
#define NOODLE_RT_BLAS_H

#include "noodle-rt/runtime.h"

#include <vector>

namespace noodle::rt {

/// An open BLAS. Thread-safe. It is never closed: OpenBLAS has threads of its
/// own.
class Blas {
public:
  /// Opens the library at `path`, or where that is empty OpenBLAS or whatever
  /// BLAS the system has. Null, with the reason in one line, where there is
  /// none, where it lacks a routine, or where its integers have 64 bits.
  ///
  /// It is told to run each call on the thread that makes it, in the whole
  /// process: products are cut here, for the call's executor.
  static std::shared_ptr<const Blas> open(const std::string &path,
                                          std::string &whyNot);
  /// As it calls itself, such as "OpenBLAS 0.3.29 ...", or its file's name.
  const std::string &name() const;
  ~Blas();
  Blas(const Blas &) = delete;
  Blas &operator=(const Blas &) = delete;

  struct Impl; // runtime/blas
  const Impl &impl() const { return *self; }

private:
  Blas();
  std::unique_ptr<Impl> self;
};

/// A BLAS that is opened when a product first asks for it. Thread-safe.
class LazyBlas {
public:
  /// As Blas::open takes it.
  explicit LazyBlas(std::string path) : path(std::move(path)) {}
  /// Null, with the reason, where there is none.
  std::shared_ptr<const Blas> get(std::string &whyNot);

private:
  const std::string path;
  std::once_flag once; // guards what follows
  std::shared_ptr<const Blas> blas;
  std::string absent;
};

/// What a BLAS did in one call, and why it did not do the rest.
struct BlasReceipt {
  std::string name; ///< of the library; empty: none
  int64_t products = 0, fallbacks = 0;
  struct Refusal {
    std::string reason; ///< of the first time
    int64_t site = -1;
    int64_t count = 0;
  };
  std::vector<Refusal> refusals; ///< one for each site
  struct SiteUse {
    int64_t site = -1, products = 0;
  };
  std::vector<SiteUse> sites;
};

/// The products of one call.
class BlasSession final : public ProductCalls {
public:
  /// Under `strict` a product that the BLAS does not form ends the call. With
  /// null it forms none.
  BlasSession(std::shared_ptr<LazyBlas> source, bool strict);
  ~BlasSession() override;

  noodle_rt_status product(noodle_rt_context *context,
                           const noodle_rt_product &product) override;
  BlasReceipt receipt() const;

private:
  noodle_rt_status refuse(noodle_rt_context *context, int64_t site,
                          const std::string &reason);

  const std::shared_ptr<LazyBlas> source;
  const bool strict;
  mutable std::mutex mutex; // guards used
  BlasReceipt used;
};

} // namespace noodle::rt

#endif // NOODLE_RT_BLAS_H
