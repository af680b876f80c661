//===- Bufferization.h - our ops in one-shot bufferization ------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TRANSFORMS_BUFFERIZATION_H
#define NOODLE_TRANSFORMS_BUFFERIZATION_H

namespace mlir {
class DialectRegistry;

namespace noodle {

/// Lets one-shot bufferization handle noodle.launch.
void registerLaunchBufferization(DialectRegistry &registry);
/// Lets one-shot bufferization handle noodle.fused_contract.
void registerContractionBufferization(DialectRegistry &registry);

} // namespace noodle
} // namespace mlir

#endif // NOODLE_TRANSFORMS_BUFFERIZATION_H
