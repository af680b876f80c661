//===- Kernel.cpp - a loaded program ----------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "KernelImpl.h"

namespace noodle::engine {

Kernel::Kernel() : self(std::make_unique<Impl>()) {}
Kernel::~Kernel() = default;

const Artifact &Kernel::artifact() const { return self->artifact; }

const Signature *Kernel::find(std::string_view name) const {
  return self->artifact.find(name);
}

int64_t Kernel::footprint() const {
  // Pages of code, constants and tables besides what the artifact takes.
  constexpr int64_t kPages = 5 * 4096;
  // What the optimised code is to be made of: LLVM IR in a context.
  constexpr int64_t kPending = 256 << 10;
  return self->artifact.footprint() + kPages +
         (self->promotion ? kPending : 0) +
         (self->code ? self->code->bytes() : 0) +
         (self->deviceCode ? int64_t(self->deviceCode->image.size()) : 0);
}

std::shared_ptr<rt::DeviceModule>
Kernel::Impl::moduleOn(const std::shared_ptr<rt::Device> &device) const {
  if (!device || !deviceCode)
    return nullptr;
  std::lock_guard lock(mutex);
  for (const auto &module : modules)
    if (&module->device() == device.get())
      return module;
  return modules.emplace_back(
      std::make_shared<rt::DeviceModule>(device, deviceCode));
}

Status Kernel::load(Artifact artifact, std::shared_ptr<const Kernel> &kernel,
                    std::shared_ptr<Promotion> promotion) {
  std::shared_ptr<Kernel> loaded(new Kernel);
  Impl &impl = *loaded->self;
  impl.promotion = std::move(promotion);
  impl.artifact = std::move(artifact);
  Artifact &held = impl.artifact;
  for (const std::string &text : held.references)
    impl.references.emplace_back(text, held.name);
  if (!held.fallback.empty()) {
    impl.whole = std::make_unique<ReferenceModule>(held.id.program, held.name);
    impl.entries.resize(held.functions.size());
  } else if (held.planOnly) {
    impl.entries.resize(held.functions.size());
  } else {
    if (Status status = LoadedCode::load(held.object, impl.code); !status.ok())
      return status;
    for (const Signature &function : held.functions) {
      void *entry = impl.code->find("noodle_entry_" + function.name);
      if (!entry)
        return Status::error(Code::Internal,
                             "the kernel has no code for @" + function.name);
      impl.entries.push_back(reinterpret_cast<noodle_rt_entry>(entry));
    }
    held.object = std::string();
    if (!held.device.kernels.empty()) {
      // The table of kernels stays with the artifact, the image moves.
      auto code = std::make_shared<rt::DeviceCode>(held.device);
      held.device.image = std::string();
      impl.deviceCode = std::move(code);
    }
  }
  kernel = std::move(loaded);
  return {};
}

} // namespace noodle::engine
