//===- noodle-ptx.cpp - kernels to PTX and to what ptxas says -------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   noodle-ptx [--chip=sm_80] [--emit=nvvm|ptx|resources] [--ptxas=PATH]
//              [--level=0..3] program.mlir|-
//
// Takes the gpu.module out of a module, or the one that phase `scheduled` has
// packed into an attribute of it, and leaves the rest. `resources` prints a
// line a kernel: name, registers, shared bytes, stack bytes, spilled bytes.
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/Noodle.h"
#include "noodle/Target/Nvptx.h"
#include "noodle/Target/Target.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/raw_ostream.h"

namespace cl = llvm::cl;
using namespace mlir;
using namespace mlir::noodle;

static cl::opt<std::string> input(cl::Positional, cl::init("-"));
static cl::opt<std::string> chip("chip", cl::init("sm_80"));
static cl::opt<std::string> stage("emit", cl::init("ptx"));
static cl::opt<std::string> ptxas("ptxas");
static cl::opt<int> level("level", cl::init(3));

static int fail(llvm::Error error) {
  llvm::errs() << "noodle-ptx: error: " << llvm::toString(std::move(error))
               << '\n';
  return 1;
}

/// The kernels of the file alone.
static OwningOpRef<ModuleOp> readKernels(MLIRContext &context) {
  OwningOpRef<ModuleOp> file = parseSourceFile<ModuleOp>(input, &context);
  if (!file)
    return nullptr;
  if (auto packed = (*file)->getAttrOfType<StringAttr>("noodle.device"))
    return parseSourceString<ModuleOp>(packed.getValue(), &context);
  OwningOpRef<ModuleOp> kernels(ModuleOp::create(file->getLoc()));
  for (auto module :
       llvm::make_early_inc_range(file->getOps<gpu::GPUModuleOp>()))
    module->moveBefore(kernels->getBody(), kernels->getBody()->end());
  return kernels;
}

static int assembleAll(llvm::StringRef ptx) {
  auto assembled = assemble(ptx, chip, ptxas);
  if (!assembled)
    return fail(assembled.takeError());
  for (const KernelResources &kernel : assembled->kernels)
    llvm::outs() << kernel.name << " registers=" << kernel.registers
                 << " shared=" << kernel.shared << " stack=" << kernel.stack
                 << " spills=" << kernel.spillStores + kernel.spillLoads
                 << '\n';
  return 0;
}

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "kernels to PTX\n");
  DialectRegistry registry;
  registerAllDialects(registry);
  registerAllExtensions(registry);
  registry.insert<NoodleDialect>();
  registerTranslations(registry);
  registerDeviceTranslations(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  auto target = GpuTarget::get(chip);
  if (!target)
    return fail(target.takeError());
  OwningOpRef<ModuleOp> module = readKernels(context);
  if (!module)
    return 1;
  PassManager passes(&context);
  buildDevicePipeline(passes, *target);
  if (failed(passes.run(*module)))
    return 1;
  if (stage == "nvvm") {
    module->print(llvm::outs());
    return 0;
  }
  auto ptx = translateDeviceToPTX(*module, *target, level);
  if (!ptx)
    return fail(ptx.takeError());
  if (stage == "resources")
    return assembleAll(*ptx);
  llvm::outs() << *ptx;
  return 0;
}
