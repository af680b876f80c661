//===- DeviceCode.cpp - the device's part of a compilation ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "DeviceCode.h"

#include "noodle/Engine/DeviceImage.h"
#include "noodle/Target/Nvptx.h"

#include "mlir/Pass/PassManager.h"

namespace noodle::engine {

using mlir::noodle::GpuTarget;

//===----------------------------------------------------------------------===//
// Chips and devices
//===----------------------------------------------------------------------===//

std::string chipOf(const CompileOptions &options) {
  return options.chip == "native" ? kDefaultChip : options.chip;
}

Status checkChip(const std::string &chip) {
  if (chip == "native")
    return {};
  auto target = GpuTarget::get(chip);
  return target ? Status()
                : Status::error(Code::InvalidArgument,
                                llvm::toString(target.takeError()));
}

std::string chipFor(const rt::DeviceInfo &device) {
  return GpuTarget::forDevice(device.major, device.minor);
}

Status checkDeviceIndex(int index) {
  rt::DeviceStep none;
  int count = rt::countCudaDevices(none);
  if (count <= 0 || index < count)
    return {};
  return Status::error(
      Code::InvalidArgument,
      "there is no device " + std::to_string(index) + ": this machine has " +
          (count == 1 ? std::string("one, number 0")
                      : std::to_string(count) + ", numbers 0 to " +
                            std::to_string(count - 1)));
}

Status nativeChip(int device, std::string &chip) {
  rt::DeviceStep whyNot;
  chip = kDefaultChip;
  auto opened = rt::openCudaDevice(device, whyNot);
  if (!opened)
    return checkDeviceIndex(device);
  if (std::string own = chipFor(opened->info()); !own.empty())
    chip = own;
  return {};
}

//===----------------------------------------------------------------------===//
// Compiling
//===----------------------------------------------------------------------===//

DevicePart takeDevicePart(mlir::ModuleOp module) {
  DevicePart part;
  if (auto text = module->getAttrOfType<mlir::StringAttr>("noodle.device"))
    part.text = text.getValue().str();
  if (auto kernels = module->getAttrOfType<mlir::ArrayAttr>("noodle.kernels"))
    for (auto from : kernels.getAsRange<mlir::DictionaryAttr>()) {
      rt::KernelInfo &kernel = part.kernels.emplace_back();
      if (auto name = from.getAs<mlir::StringAttr>("name"))
        kernel.name = name.getValue().str();
      if (auto threads = from.getAs<mlir::IntegerAttr>("threads"))
        kernel.threads = threads.getInt();
      if (auto shared = from.getAs<mlir::IntegerAttr>("shared"))
        kernel.sharedBytes = shared.getInt();
      if (auto routine = from.getAs<mlir::StringAttr>("routine"))
        kernel.routine = routine.getValue().str();
    }
  module->removeAttr("noodle.device");
  module->removeAttr("noodle.kernels");
  if (!part.kernels.empty())
    return part;
  part.text.clear();
  auto sites = module->getAttrOfType<mlir::ArrayAttr>("noodle.sites");
  if (!sites)
    return part;
  for (auto site : sites.getAsRange<mlir::DictionaryAttr>()) {
    for (const char *word : {"place", "op", "text", "why"})
      if (auto value = site.getAs<mlir::StringAttr>(word))
        part.whyNone += (word == llvm::StringRef("place") ? "// " : " ") +
                        value.getValue().str() +
                        (word == llvm::StringRef("text") ? ":" : "");
    part.whyNone += '\n';
  }
  return part;
}

static Status parsePart(const DevicePart &part, const CompileOptions &options,
                        Job &job, GpuTarget &target) {
  auto found = GpuTarget::get(chipOf(options));
  if (!found)
    return Status::error(Code::InvalidArgument,
                         llvm::toString(found.takeError()));
  target = std::move(*found);
  return job.parse(part.text, "device code");
}

static Status lower(Job &job, const GpuTarget &target) {
  mlir::PassManager passes(&job.context, mlir::ModuleOp::getOperationName());
  mlir::noodle::buildDevicePipeline(passes, target);
  if (mlir::failed(passes.run(*job.module)))
    return job.errors.status(
        Code::Internal, "the kernels cannot be lowered for " + target.chip);
  return {};
}

/// PTX and the NUL that ends it. Kernels are optimised fully unless less is
/// asked for than by default.
static Status toImage(Job &job, const GpuTarget &target, int optLevel,
                      std::string &image) {
  if (Status status = lower(job, target); !status.ok())
    return status;
  auto ptx = mlir::noodle::translateDeviceToPTX(*job.module, target,
                                                optLevel < 2 ? optLevel : 3);
  if (!ptx)
    return job.errors.status(Code::Internal, llvm::toString(ptx.takeError()));
  image = std::move(*ptx);
  image.push_back('\0');
  return {};
}

/// Where the toolkit was found, machine code beside the PTX: drivers then
/// compile nothing. Without it, or where it is gone, the PTX does.
static void addMachineCode(const GpuTarget &target, std::string &image) {
  llvm::StringRef ptxas = mlir::noodle::configuredPtxas();
  if (ptxas.empty())
    return;
  auto fatbin =
      mlir::noodle::makeFatbin(llvm::StringRef(image).drop_back(), target,
                               mlir::noodle::configuredChips(), ptxas);
  if (fatbin)
    image = std::move(*fatbin);
  else
    llvm::consumeError(fatbin.takeError());
}

Status compileDevice(const DevicePart &part, const CompileOptions &options,
                     rt::DeviceCode &code) {
  Job job;
  GpuTarget target;
  if (Status status = parsePart(part, options, job, target); !status.ok())
    return status;
  mlir::OwningOpRef<mlir::ModuleOp> untouched;
  if (options.extender)
    untouched = job.module->clone();
  rt::DeviceCode made;
  made.chip = target.chip;
  made.kernels = part.kernels;
  if (Status status = toImage(job, target, options.optLevel, made.image);
      !status.ok())
    return status;
  if (!options.extender) {
    addMachineCode(target, made.image);
  } else if (auto error = options.extender->extend(*untouched, target.chip,
                                                   made.image)) {
    return Status::error(Code::Internal, llvm::toString(std::move(error)));
  }
  code = std::move(made);
  return {};
}

Status emitDevice(const DevicePart &part, const CompileOptions &options,
                  llvm::StringRef stage, std::string &text) {
  Job job;
  GpuTarget target;
  if (Status status = parsePart(part, options, job, target); !status.ok())
    return status;
  if (part.text.empty()) {
    text = "// no op of the program has a kernel\n" + part.whyNone;
    if (stage == "ptx")
      text += mlir::noodle::emptyPtx(target);
    return {};
  }
  if (stage == "ptx") {
    if (Status status = toImage(job, target, options.optLevel, text);
        !status.ok())
      return status;
    text.pop_back();
    return {};
  }
  if (stage == "nvvm")
    if (Status status = lower(job, target); !status.ok())
      return status;
  llvm::raw_string_ostream stream(text);
  job.module->print(stream);
  stream << '\n';
  return {};
}

} // namespace noodle::engine
