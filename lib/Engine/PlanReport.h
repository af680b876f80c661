//===- PlanReport.h - what planning made of an op -------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ENGINE_PLANREPORT_H
#define NOODLE_LIB_ENGINE_PLANREPORT_H

#include "Json.h"

#include "noodle/Engine/Types.h"

namespace noodle::engine {

/// Lines for under the op; empty where no law had to do with it.
std::string planText(const SitePlan &plan);
/// What the order of products changed: multiplications, bytes moved and alive.
std::string planChange(const SitePlan &plan);
void planJson(Json &json, const SitePlan &plan);
/// The tree of products as a picture, an SVG element; empty where there is
/// none.
std::string planSvg(const SitePlan &plan);
/// With & < > and quotes as entities, for HTML and SVG.
std::string escaped(const std::string &text);

} // namespace noodle::engine

#endif // NOODLE_LIB_ENGINE_PLANREPORT_H
