//===- Compiler.h - program text to artifact --------------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Pure functions of text and options. Each compilation has its own context and
// runs on its own thread with a stack of a known size, so several may run at
// once and none depends on the caller's stack. Running out of memory while
// compiling is fatal, as in any LLVM program: compile what is not trusted with
// Worker.h.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_ENGINE_COMPILER_H
#define NOODLE_ENGINE_COMPILER_H

#include "noodle/Engine/Artifact.h"

namespace noodle::engine {

struct DeviceImageExtender; // DeviceImage.h

/// Larger programs are refused unread.
inline constexpr size_t kMaxProgramBytes = size_t(64) << 20;
/// Deeper brackets are refused before the parser sees them: it recurses.
inline constexpr int kMaxNesting = 1000;
/// Longer chains of operators in an affine expression, likewise.
inline constexpr int kMaxOperators = 1000;

/// What is known of one argument; -1 is unknown.
struct ArgumentStats {
  std::vector<int64_t> extents;
  int64_t stored = -1;
  int64_t longest = -1; ///< greatest number stored in a row (CSR), column (CSC)
  bool operator==(const ArgumentStats &) const = default;
};

struct CompileOptions {
  std::string name = "program"; ///< file name in messages
  std::string entry = "main";   ///< must exist in the program
  /// auto, reference, loops, tiled, strassen, sparse, gpu, library
  std::string strategy = "auto";
  std::string fp; ///< strict, reassoc, fast; empty: the program's
  /// "native", "x86-64", "avx2" or "avx512"; no more than this machine has.
  std::string cpu = "native";
  /// Where ops may run: "cpu"; "cuda": on a CUDA device whatever has a kernel;
  /// "auto": each op where it is predicted to be done first.
  std::string target = "cpu";
  /// What device code is made for: "sm_80" and so on, or "native". An engine
  /// makes that its device's; the functions here, which know of no device,
  /// take it for kDefaultChip.
  std::string chip = "native";
  /// Null but in tests. Not sent to a worker, which needs its own.
  std::shared_ptr<const DeviceImageExtender> extender;
  int optLevel = 2; ///< 0 to 3
  /// "optimised"; "0": the lowest level of code generation; "auto": an engine
  /// runs the first calls by tier-0 and optimises in the background what turns
  /// out hot. All three give the same bits. The functions here take "auto" for
  /// "optimised".
  std::string tier = "optimised";
  /// Bytes that planning keeps what a contraction makes within; 0: no limit.
  int64_t memoryLimit = 0;
  /// Least extent that strategy strassen halves; 0: as measured.
  int64_t strassenFrom = 0;
  /// A fallback is an error: to the interpreter, from a device to the CPU, or
  /// from a BLAS to our own code.
  bool strict = false;
  bool profile = false; ///< mark op sites for measured times
  /// No machine code of a program whose plan rests on guesses: Program has it
  /// made for the arguments of calls.
  bool skipGuessed = false;
  /// Of the entry's arguments, in order; attached as #noodle.stats.
  std::vector<ArgumentStats> stats;
};

/// The chip that device code is made for where no device is at hand.
inline constexpr const char kDefaultChip[] = "sm_80";

/// The chip "native" stands for with CUDA device `device` at hand; kDefaultChip
/// where there is none. Fails for an index beyond those that there are.
Status nativeChip(int device, std::string &chip);

/// InvalidArgument for what is no target.
Status checkTarget(const std::string &target);

/// InvalidArgument for options that are not in the lists above.
Status checkOptions(const CompileOptions &options);

/// Identification of what compileArtifact would make of these. Cheap: the
/// program is not parsed.
Identification identify(std::string_view program,
                        const CompileOptions &options);

/// What compilations leave for those after them: loaded dialects, passes, code
/// generators. Changes how long a compilation takes, never what it makes.
/// Thread-safe.
class CompileTools {
public:
  CompileTools();
  ~CompileTools();
  CompileTools(const CompileTools &) = delete;
  CompileTools &operator=(const CompileTools &) = delete;

  struct Impl;
  Impl &impl() { return *self; }

private:
  std::unique_ptr<Impl> self;
};

/// The second half of a compilation: LLVM IR that tier-0 was made of. May be
/// finished on any thread, once. Owns all it needs.
class PendingCompile {
public:
  PendingCompile();
  ~PendingCompile();
  PendingCompile(const PendingCompile &) = delete;
  PendingCompile &operator=(const PendingCompile &) = delete;

  /// The artifact that compileArtifact would have made.
  Status finish(Artifact &artifact, CompileTools *tools = nullptr);

  struct Impl;
  Impl &impl() { return *self; }

private:
  std::unique_ptr<Impl> self;
};

/// Compiles. Where lowering fails, the artifact says so in `fallback` and the
/// program is interpreted, unless `options.strict`.
Status compileArtifact(std::string_view program, const CompileOptions &options,
                       Artifact &artifact, CompileTools *tools = nullptr);

/// The same at the lowest level of code generation, with the same bits in all
/// results; `pending` makes the optimised one of the same IR. Null where
/// nothing would be gained: the program is interpreted or has device code, or
/// options.optLevel is 0.
Status compileTierZero(std::string_view program, const CompileOptions &options,
                       Artifact &artifact,
                       std::unique_ptr<PendingCompile> &pending,
                       CompileTools *tools = nullptr);

/// The program for the interpreter alone: the oracle that --check asks.
Status interpretedArtifact(std::string_view program,
                           const CompileOptions &options, Artifact &artifact);

/// Names of the phases emitPhase prints, in order.
const std::vector<std::string> &phaseNames();

/// The program after `phase`, as text.
Status emitPhase(std::string_view program, const CompileOptions &options,
                 std::string_view phase, std::string &text);

/// The program with the pass pipeline of its compilation, in the form that
/// `noodle-opt --run-reproducer` takes.
Status makeReproducer(std::string_view program, const CompileOptions &options,
                      std::string &text);

/// Size and nesting limits; part of everything above.
Status checkLimits(std::string_view program, std::string_view name);

/// Such as "0.1.0 (LLVM 22.1.8)".
const char *versionString();

} // namespace noodle::engine

#endif // NOODLE_ENGINE_COMPILER_H
