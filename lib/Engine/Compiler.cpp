//===- Compiler.cpp - program text to artifact ------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Engine/Compiler.h"

#include "DeviceCode.h"
#include "Sites.h"

#include "noodle/Pipelines/Pipelines.h"
#include "noodle/Target/Target.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Transforms/Utils/Cloning.h"

#include <chrono>

namespace noodle::engine {

struct PendingCompile::Impl {
  // In this order: the module goes before its context.
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module;
  Artifact artifact; ///< all but the object
  mlir::noodle::CpuTarget target;
  int optLevel = 0;
};

PendingCompile::PendingCompile() : self(std::make_unique<Impl>()) {}
PendingCompile::~PendingCompile() = default;

namespace {

using mlir::noodle::CpuTarget;
using mlir::noodle::Phase;

/// Names the phases of one compilation and what each took.
class Stopwatch {
public:
  explicit Stopwatch(std::vector<PhaseTime> &times) : times(times) {}
  void lap(const char *phase) {
    auto now = std::chrono::steady_clock::now();
    times.push_back({phase, std::chrono::duration<double>(now - last).count()});
    last = now;
  }

private:
  std::vector<PhaseTime> &times;
  std::chrono::steady_clock::time_point last = std::chrono::steady_clock::now();
};

void setOptions(mlir::noodle::PipelineOptions &pipeline,
                const CompileOptions &options, const CpuTarget &target) {
  pipeline.strategy = options.strategy;
  if (!options.fp.empty())
    pipeline.fp = options.fp;
  pipeline.memoryLimit = options.memoryLimit;
  pipeline.strassenFrom = options.strassenFrom;
  pipeline.profile = options.profile;
  pipeline.vectorBytes = target.vectorBytes;
  pipeline.features = target.kernelFeatures;
  pipeline.target = options.target;
  if (options.target != "cpu")
    pipeline.chip = chipOf(options);
}

/// Parses, checks what hosts may call, attaches statistics.
Status prepare(Job &job, std::string_view program,
               const CompileOptions &options,
               std::vector<Signature> &functions) {
  if (Status status = job.parse(program, options.name); !status.ok())
    return status;
  if (Status status = readSignatures(*job.module, options, functions);
      !status.ok())
    return status;
  return attachStats(*job.module, options);
}

/// What tells the pipelines of one phase apart.
std::string pipelineKey(Phase phase, mlir::noodle::PipelineOptions &pipeline) {
  std::string key = mlir::noodle::phaseName(phase).str();
  llvm::raw_string_ostream stream(key);
  stream << ' ';
  pipeline.print(stream);
  return key;
}

Status runPhase(Job &job, Phase phase, const CompileOptions &options,
                const CpuTarget &target) {
  mlir::noodle::PipelineOptions pipeline;
  setOptions(pipeline, options, target);
  ToolSet &tools = *job.tools;
  std::string key = pipelineKey(phase, pipeline);
  if (!tools.passes || tools.passesKey != key) {
    tools.passes = std::make_unique<mlir::PassManager>(
        &job.context, mlir::ModuleOp::getOperationName());
    // The parser verified the program, phases check their borders, and LLVM
    // verifies what comes out. Between passes it is what developers want:
    // noodle-opt does it.
    tools.passes->enableVerifier(false);
    pipeline.orders = tools.orders;
    mlir::noodle::buildPipeline(phase, *tools.passes, pipeline);
    tools.passesKey = std::move(key);
  }
  if (mlir::failed(tools.passes->run(*job.module)))
    return job.errors.status(Code::InvalidProgram,
                             "the program cannot be brought to phase " +
                                 mlir::noodle::phaseName(phase).str());
  return {};
}

/// LLVM IR of a module at phase llvm.
Status toLLVM(Job &job, llvm::LLVMContext &context,
              std::unique_ptr<llvm::Module> &module, Stopwatch &watch) {
  auto translated = mlir::noodle::translateToLLVMIR(*job.module, context);
  if (!translated)
    return job.errors.status(Code::Internal,
                             llvm::toString(translated.takeError()));
  watch.lap("translate");
  module = std::move(*translated);
  return {};
}

Status toObject(ToolSet &tools, llvm::Module &module, const CpuTarget &target,
                int optLevel, Artifact &artifact, Stopwatch &watch) {
  auto failed = [](llvm::Error error) {
    return Status::error(Code::Internal, llvm::toString(std::move(error)));
  };
  auto generator = tools.generator(target, optLevel);
  if (!generator)
    return failed(generator.takeError());
  if (auto error = (*generator)->optimise(module))
    return failed(std::move(error));
  watch.lap("optimise");
  auto object = (*generator)->emitObject(module);
  if (!object)
    return failed(object.takeError());
  watch.lap("emit");
  artifact.object.assign(object->data(), object->size());
  return {};
}

/// Whether what a program leaves in a context is small. Resources stay in it
/// with all their bytes.
bool leavesLittle(std::string_view program) {
  constexpr size_t kSmall = 64 << 10;
  return program.size() <= kSmall && program.find("resource") == program.npos;
}

/// Under strict, the first op that only the interpreter executes.
Status refuseReferences(const Artifact &artifact) {
  if (artifact.references.empty())
    return {};
  for (const Site &site : artifact.sites)
    if (site.strategy == "reference")
      return Status::error(Code::Unsupported,
                           "noodle." + site.op +
                               " has no compiled form here: " + site.why,
                           site.place);
  return Status::error(Code::Unsupported, "an op has no compiled form");
}

/// Under strict, device code that cannot be made.
Status deviceFailed(const Status &status) {
  return Status::error(Code::DeviceFailed,
                       "no device code can be made: " + status.message,
                       status.place);
}

/// The whole way. Does not tell whose fault a failure is. With `pending`, to
/// tier-0, where that makes sense.
Status compileJob(std::string_view program, const CompileOptions &options,
                  const CpuTarget &target, Artifact &artifact,
                  CompileTools *tools,
                  std::unique_ptr<PendingCompile> *pending) {
  Stopwatch watch(artifact.phases);
  Job job(tools);
  watch.lap("context");
  if (Status status = prepare(job, program, options, artifact.functions);
      !status.ok())
    return status;
  watch.lap("parse");
  if (Status status = runPhase(job, Phase::LLVM, options, target); !status.ok())
    return status;
  watch.lap("lower");
  artifact.sites = readSites(*job.module, target);
  artifact.laws = readLaws(*job.module);
  artifact.guessed = (*job.module)->hasAttr("noodle.guessed");
  artifact.references = readReferences(*job.module);
  if (options.strict)
    if (Status status = refuseReferences(artifact); !status.ok())
      return status;
  if (artifact.guessed && options.skipGuessed) {
    artifact.planOnly = true;
    return {};
  }
  if (DevicePart part = takeDevicePart(*job.module); !part.text.empty()) {
    Status status = compileDevice(part, options, artifact.device);
    if (!status.ok() && options.strict)
      return deviceFailed(status);
    artifact.deviceFailure = status.str();
    watch.lap("device");
  }
  auto half = std::make_unique<PendingCompile>();
  PendingCompile::Impl &rest = half->impl();
  if (Status status = toLLVM(job, rest.context, rest.module, watch);
      !status.ok())
    return status;
  bool split = pending && options.optLevel > 0 && artifact.device.image.empty();
  Status status;
  if (split) {
    // Code generation changes IR.
    std::unique_ptr<llvm::Module> copy = llvm::CloneModule(*rest.module);
    rest.artifact = artifact;
    rest.target = target;
    rest.optLevel = options.optLevel;
    status = toObject(*job.tools, *copy, target, 0, artifact, watch);
    if (status.ok())
      *pending = std::move(half);
  } else {
    status = toObject(*job.tools, *rest.module, target, options.optLevel,
                      artifact, watch);
  }
  if (status.ok() && leavesLittle(program))
    job.tools.keep();
  return status;
}

/// Whether the program itself is at fault: it does not reach the first phase.
Status checkProgram(std::string_view program, const CompileOptions &options,
                    const CpuTarget &target) {
  Job job;
  std::vector<Signature> functions;
  if (Status status = prepare(job, program, options, functions); !status.ok())
    return status;
  return runPhase(job, Phase::Elaborated, options, target);
}

/// A program whose way to the device fails goes without.
Status compileForHost(std::string_view program, const CompileOptions &options,
                      const CpuTarget &target, const Status &failure,
                      Artifact &artifact) {
  CompileOptions host = options;
  host.target = "cpu";
  if (host.strategy == "gpu" || host.strategy == "library")
    host.strategy = "auto";
  Artifact made;
  made.id = std::move(artifact.id);
  made.name = std::move(artifact.name);
  Status status = compileJob(program, host, target, made, nullptr, nullptr);
  if (status.ok() && options.strict)
    return deviceFailed(failure);
  made.deviceFailure = failure.str();
  artifact = std::move(made);
  return status;
}

Status targetOf(const CompileOptions &options, CpuTarget &target) {
  auto found = CpuTarget::get(options.cpu);
  if (!found)
    return Status::error(Code::InvalidArgument,
                         llvm::toString(found.takeError()));
  target = std::move(*found);
  return {};
}

Status precheck(std::string_view program, const CompileOptions &options,
                CpuTarget &target) {
  if (Status status = checkOptions(options); !status.ok())
    return status;
  if (Status status = checkLimits(program, options.name); !status.ok())
    return status;
  return targetOf(options, target);
}

} // namespace

static Status compileTo(std::string_view program, const CompileOptions &options,
                        Artifact &artifact, CompileTools *tools,
                        std::unique_ptr<PendingCompile> *pending) {
  CpuTarget target;
  if (Status status = precheck(program, options, target); !status.ok())
    return status;
  return runOnLargeStack([&]() -> Status {
    Artifact made;
    made.id = identify(program, options);
    made.name = options.name;
    Status status = compileJob(program, options, target, made, tools, pending);
    bool refused =
        status.code == Code::Unsupported || status.code == Code::DeviceFailed;
    if (!status.ok() && !refused && options.target != "cpu") {
      status = compileForHost(program, options, target, status, made);
      refused = status.code == Code::DeviceFailed;
    }
    if (refused)
      return status;
    if (!status.ok()) {
      if (Status fault = checkProgram(program, options, target); !fault.ok())
        return fault;
      if (options.strict)
        return Status::error(Code::Unsupported,
                             "the program has no compiled form: " +
                                 status.message,
                             status.place);
      made.fallback = status.str();
      made.references.clear();
    }
    artifact = std::move(made);
    return {};
  });
}

Status compileArtifact(std::string_view program, const CompileOptions &options,
                       Artifact &artifact, CompileTools *tools) {
  return compileTo(program, options, artifact, tools, nullptr);
}

Status compileTierZero(std::string_view program, const CompileOptions &options,
                       Artifact &artifact,
                       std::unique_ptr<PendingCompile> &pending,
                       CompileTools *tools) {
  pending.reset();
  return compileTo(program, options, artifact, tools, &pending);
}

Status PendingCompile::finish(Artifact &artifact, CompileTools *tools) {
  if (!self->module)
    return Status::error(Code::Internal, "a compilation is finished twice");
  return runOnLargeStack([&]() -> Status {
    BorrowedTools set(tools);
    Artifact made = std::move(self->artifact);
    Stopwatch watch(made.phases);
    Status status = toObject(*set, *self->module, self->target, self->optLevel,
                             made, watch);
    self->module.reset();
    if (!status.ok())
      return status;
    set.keep();
    artifact = std::move(made);
    return {};
  });
}

Status interpretedArtifact(std::string_view program,
                           const CompileOptions &options, Artifact &artifact) {
  CpuTarget target;
  if (Status status = precheck(program, options, target); !status.ok())
    return status;
  return runOnLargeStack([&]() -> Status {
    Artifact made;
    made.id = identify(program, options);
    made.name = options.name;
    made.fallback = "as asked";
    Job job;
    if (Status status = prepare(job, program, options, made.functions);
        !status.ok())
      return status;
    artifact = std::move(made);
    return {};
  });
}

const std::vector<std::string> &phaseNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (Phase phase :
         {Phase::Elaborated, Phase::Planned, Phase::Selected, Phase::Structured,
          Phase::Scheduled, Phase::Buffers, Phase::LLVM})
      all.push_back(mlir::noodle::phaseName(phase).str());
    for (const char *name : {"llvm-ir", "asm", "gpu", "nvvm", "ptx"})
      all.push_back(name);
    return all;
  }();
  return names;
}

Status emitPhase(std::string_view program, const CompileOptions &options,
                 std::string_view phase, std::string &text) {
  CpuTarget target;
  if (Status status = precheck(program, options, target); !status.ok())
    return status;
  llvm::StringRef name(phase.data(), phase.size());
  bool device = name == "gpu" || name == "nvvm" || name == "ptx";
  bool machine = name == "llvm-ir" || name == "asm";
  auto known = machine || device ? Phase::LLVM : mlir::noodle::parsePhase(name);
  if (!known) {
    std::string names;
    for (const std::string &each : phaseNames())
      names += (names.empty() ? "" : ", ") + each;
    return Status::error(Code::InvalidArgument,
                         "phase '" + name.str() + "' is not one of " + names);
  }
  if (device && options.target == "cpu")
    return Status::error(Code::InvalidArgument,
                         "phase '" + name.str() +
                             "' is of device code: it needs the target cuda");
  return runOnLargeStack([&]() -> Status {
    Job job;
    std::vector<Signature> functions;
    if (Status status = prepare(job, program, options, functions); !status.ok())
      return status;
    if (Status status = runPhase(job, *known, options, target); !status.ok())
      return status;
    if (device)
      return emitDevice(takeDevicePart(*job.module), options, name, text);
    llvm::raw_string_ostream stream(text);
    if (!machine) {
      job.module->print(stream);
      stream << '\n';
      return {};
    }
    llvm::LLVMContext context;
    std::unique_ptr<llvm::Module> module;
    std::vector<PhaseTime> unused;
    Stopwatch watch(unused);
    if (Status status = toLLVM(job, context, module, watch); !status.ok())
      return status;
    if (auto error = mlir::noodle::optimise(*module, target, options.optLevel))
      return Status::error(Code::Internal, llvm::toString(std::move(error)));
    if (name == "llvm-ir") {
      module->print(stream, nullptr);
      return {};
    }
    auto assembly =
        mlir::noodle::emitAssembly(*module, target, options.optLevel);
    if (!assembly)
      return Status::error(Code::Internal,
                           llvm::toString(assembly.takeError()));
    stream << *assembly;
    return {};
  });
}

Status makeReproducer(std::string_view program, const CompileOptions &options,
                      std::string &text) {
  CpuTarget target;
  if (Status status = targetOf(options, target); !status.ok())
    return status;
  mlir::noodle::PipelineOptions pipeline;
  setOptions(pipeline, options, target);
  Job job;
  mlir::PassManager passes(&job.context, mlir::ModuleOp::getOperationName());
  mlir::noodle::buildPipeline(Phase::LLVM, passes, pipeline);
  llvm::raw_string_ostream stream(text);
  stream << llvm::StringRef(program.data(), program.size())
         << "\n{-#\n  external_resources: {\n    mlir_reproducer: {\n"
            "      pipeline: \"";
  std::string passText;
  llvm::raw_string_ostream passStream(passText);
  passes.printAsTextualPipeline(passStream);
  llvm::printEscapedString(passText, stream);
  stream << "\",\n      disable_threading: true,\n      verify_each: true\n"
            "    }\n  }\n#-}\n";
  return {};
}

} // namespace noodle::engine
