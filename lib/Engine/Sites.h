//===- Sites.h - what a module says of itself -------------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ENGINE_SITES_H
#define NOODLE_LIB_ENGINE_SITES_H

#include "Job.h"

#include "noodle/Engine/Compiler.h"
#include "noodle/Target/Target.h"

namespace noodle::engine {

/// Signatures of the public functions of a parsed program. Refuses what cannot
/// be called: types no host can pass, functions without a body, a missing
/// entry; and attributes that are not for programs.
Status readSignatures(mlir::ModuleOp module, const CompileOptions &options,
                      std::vector<Signature> &functions);

/// Puts #noodle.stats on the entry's arguments.
Status attachStats(mlir::ModuleOp module, const CompileOptions &options);

/// Of the module attributes noodle.sites and noodle.reference.
/// `target`: the CPU that code is for.
std::vector<Site> readSites(mlir::ModuleOp module,
                            const mlir::noodle::CpuTarget &target);
/// What laws say of functions: they left no op to say it of.
std::vector<std::string> readLaws(mlir::ModuleOp module);
std::vector<std::string> readReferences(mlir::ModuleOp module);

} // namespace noodle::engine

#endif // NOODLE_LIB_ENGINE_SITES_H
