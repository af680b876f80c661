//===- Sites.cpp - what a module says of itself -----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Sites.h"

#include "noodle/Algebra/IndexSpaces.h"
#include "noodle/Cost/DenseCost.h"
#include "noodle/Dialect/Noodle.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/raw_ostream.h"

namespace noodle::engine {

using mlir::func::FuncOp;

static Status refuse(FuncOp function, const std::string &what) {
  return Status::error(Code::InvalidProgram,
                       "function @" + function.getSymName().str() + " " + what,
                       placeOf(function.getLoc()));
}

static Status readTypes(FuncOp function, mlir::TypeRange types,
                        const char *role, std::vector<TensorType> &result) {
  for (auto [index, type] : llvm::enumerate(types)) {
    auto known = toTensorType(type);
    if (!known) {
      std::string text;
      llvm::raw_string_ostream(text) << type;
      return refuse(function, "has a " + std::string(role) + " " +
                                  std::to_string(index) + " of type " + text +
                                  ", which no host can pass; private functions "
                                  "may have such types");
    }
    result.push_back(std::move(*known));
  }
  return {};
}

/// A program states what to compute. Attributes of the dialects it is lowered
/// through could undo what keeps it safe, such as that arguments are only read;
/// ops of those dialects are refused by the elaboration. So could device code
/// that the compiler did not write.
static Status checkAttributes(mlir::ModuleOp module) {
  Status status;
  auto refuse = [&](mlir::Operation *op, const std::string &what) {
    status = Status::error(Code::InvalidProgram, what, placeOf(op->getLoc()));
    return mlir::WalkResult::interrupt();
  };
  auto foreign = [](mlir::DictionaryAttr attributes) {
    if (attributes)
      for (mlir::NamedAttribute attribute : attributes)
        if (auto [prefix, rest] = attribute.getName().getValue().split('.');
            !rest.empty() && (prefix != "noodle" || rest == "device" ||
                              rest == "kernels" || rest == "fallback"))
          return attribute.getName().str();
    return std::string();
  };
  module->walk([&](mlir::Operation *op) {
    std::string name = foreign(op->getDiscardableAttrDictionary());
    if (auto function = llvm::dyn_cast<FuncOp>(op)) {
      for (unsigned k = 0; name.empty() && k < function.getNumArguments(); ++k)
        name = foreign(function.getArgAttrDict(k));
      for (unsigned k = 0; name.empty() && k < function.getNumResults(); ++k)
        name = foreign(function.getResultAttrDict(k));
    }
    if (!name.empty())
      return refuse(op, "attribute '" + name + "' is not for programs");
    return mlir::WalkResult::advance();
  });
  return status;
}

Status readSignatures(mlir::ModuleOp module, const CompileOptions &options,
                      std::vector<Signature> &functions) {
  if (Status status = checkAttributes(module); !status.ok())
    return status;
  std::string names;
  for (auto function : module.getOps<FuncOp>()) {
    if (function.isDeclaration())
      return refuse(function, "has no body");
    if (!function.isPublic())
      continue;
    Signature &signature = functions.emplace_back();
    signature.name = function.getSymName().str();
    names += (names.empty() ? "@" : ", @") + signature.name;
    if (Status status = readTypes(function, function.getArgumentTypes(),
                                  "parameter", signature.parameters);
        !status.ok())
      return status;
    if (Status status = readTypes(function, function.getResultTypes(), "result",
                                  signature.results);
        !status.ok())
      return status;
    auto found = mlir::noodle::findIndexSpaces(function);
    signature.rowsNeeded = std::move(found.whyNot);
    for (const auto &space : found.spaces) {
      auto &members = signature.spaces.emplace_back();
      for (const auto &member : space)
        members.push_back(
            {uint8_t(member.isResult), member.index, member.dimension});
    }
  }
  for (const Signature &signature : functions)
    if (signature.name == options.entry)
      return {};
  if (mlir::Operation *other = module.lookupSymbol(options.entry);
      other && !llvm::isa<FuncOp>(other))
    return Status::error(Code::InvalidProgram,
                         "@" + options.entry + " is an '" +
                             other->getName().getStringRef().str() +
                             "'; functions of a program are 'func.func'",
                         placeOf(other->getLoc()));
  return Status::error(Code::InvalidProgram,
                       "the program has no function @" + options.entry +
                           (names.empty()
                                ? std::string()
                                : "; its public functions are " + names),
                       placeOf(module.getLoc()));
}

Status attachStats(mlir::ModuleOp module, const CompileOptions &options) {
  if (options.stats.empty())
    return {};
  auto function = module.lookupSymbol<FuncOp>(options.entry);
  if (!function || function.getNumArguments() != options.stats.size())
    return Status::error(
        Code::InvalidArgument,
        "statistics are given for " + std::to_string(options.stats.size()) +
            " arguments of @" + options.entry + ", which has another number");
  module.getContext()->getOrLoadDialect<mlir::noodle::NoodleDialect>();
  for (auto [index, stats] : llvm::enumerate(options.stats)) {
    auto type = llvm::dyn_cast<mlir::RankedTensorType>(
        function.getArgumentTypes()[index]);
    if (!type || size_t(type.getRank()) != stats.extents.size())
      continue; // scalars have no statistics
    // A static extent is known without rounding.
    auto extents = stats.extents;
    for (auto [extent, known] : llvm::zip(extents, type.getShape()))
      if (!mlir::ShapedType::isDynamic(known))
        extent = known;
    // Each is rounded by itself: the longest row may come to be more than all.
    int64_t longest = stats.stored < 0
                          ? stats.longest
                          : std::min<int64_t>(stats.longest, stats.stored);
    function.setArgAttr(unsigned(index), "noodle.stats",
                        mlir::noodle::StatsAttr::get(module.getContext(),
                                                     extents, stats.stored,
                                                     longest));
  }
  return {};
}

static std::string stringOf(mlir::DictionaryAttr from, llvm::StringRef name) {
  auto text = from.getAs<mlir::StringAttr>(name);
  return text ? text.getValue().str() : std::string();
}

/// [[coefficient, factor, ..], ..]; factors are numbers.
static std::vector<CostTerm> readTerms(mlir::ArrayAttr terms) {
  std::vector<CostTerm> result;
  if (!terms)
    return result;
  auto number = [](mlir::Attribute attribute) {
    if (auto real = llvm::dyn_cast<mlir::FloatAttr>(attribute))
      return real.getValueAsDouble();
    if (auto integer = llvm::dyn_cast<mlir::IntegerAttr>(attribute))
      return double(integer.getInt());
    return 0.0;
  };
  for (auto term : terms.getAsRange<mlir::ArrayAttr>()) {
    if (term.empty())
      continue;
    CostTerm &read = result.emplace_back();
    read.coefficient = number(term[0]);
    for (mlir::Attribute factor : term.getValue().drop_front())
      read.factors.push_back(uint32_t(number(factor)));
  }
  return result;
}

static ProductSite readProduct(mlir::DictionaryAttr from,
                               const mlir::noodle::CpuTarget &target) {
  auto list = [&](llvm::StringRef name) -> llvm::ArrayRef<int64_t> {
    auto numbers = from.getAs<mlir::DenseI64ArrayAttr>(name);
    return numbers ? numbers.asArrayRef() : llvm::ArrayRef<int64_t>();
  };
  auto sizes = [&](llvm::StringRef name) {
    llvm::ArrayRef<int64_t> numbers = list(name);
    return std::vector<uint32_t>(numbers.begin(), numbers.end());
  };
  // Products that this CPU adds up several at a time take less.
  mlir::noodle::ProductTerms terms;
  std::vector<int64_t> traits;
  if (mlir::noodle::readProductTraits(list("traits"), terms)) {
    terms.shape.stepCost = terms.stepCost(mlir::noodle::MachineModel::of(
        target.vectorBytes, target.kernelFeatures));
    auto numbers = mlir::noodle::productTraits(terms);
    traits.assign(numbers.begin(), numbers.end());
  }
  return {sizes("batch"), sizes("rows"),     sizes("columns"),
          sizes("inner"), std::move(traits), target.vectorBytes};
}

/// Attribute `order` of the planner: pairs of before and after, and nodes as
/// [letters, entries, products, left, right].
static void readOrder(mlir::DictionaryAttr from, SitePlan &plan) {
  auto pair = [&](llvm::StringRef name, double &before, double &after) {
    auto numbers = from.getAs<mlir::DenseF64ArrayAttr>(name);
    if (numbers && numbers.size() == 2) {
      before = numbers[0];
      after = numbers[1];
    }
  };
  pair("products", plan.productsBefore, plan.productsAfter);
  pair("bytes", plan.bytesBefore, plan.bytesAfter);
  pair("peak", plan.peakBefore, plan.peakAfter);
  auto names = from.getAs<mlir::ArrayAttr>("letters");
  auto numbers = from.getAs<mlir::DenseF64ArrayAttr>("nodes");
  if (!names || !numbers || numbers.size() != int64_t(4 * names.size()))
    return;
  for (auto [k, name] : llvm::enumerate(names.getAsRange<mlir::StringAttr>())) {
    llvm::ArrayRef<double> its = numbers.asArrayRef().slice(4 * k, 4);
    plan.nodes.push_back({name.getValue().str(), its[0], its[1],
                          int32_t(its[2]), int32_t(its[3])});
  }
}

std::vector<std::string> readLaws(mlir::ModuleOp module) {
  std::vector<std::string> laws;
  for (auto function : module.getOps<FuncOp>())
    if (auto text = function->getAttrOfType<mlir::StringAttr>("noodle.plan"))
      laws.push_back("@" + function.getSymName().str() + ": " +
                     text.getValue().str());
  return laws;
}

std::vector<Site> readSites(mlir::ModuleOp module,
                            const mlir::noodle::CpuTarget &target) {
  std::vector<Site> result;
  auto sites = module->getAttrOfType<mlir::ArrayAttr>("noodle.sites");
  if (!sites)
    return result;
  for (auto from : sites.getAsRange<mlir::DictionaryAttr>()) {
    Site &site = result.emplace_back();
    if (auto id = from.getAs<mlir::IntegerAttr>("id"))
      site.id = id.getInt();
    site.op = stringOf(from, "op");
    site.text = stringOf(from, "text");
    site.place = stringOf(from, "place");
    site.strategy = stringOf(from, "strategy");
    site.why = stringOf(from, "why");
    site.lost = stringOf(from, "lost");
    site.plan.text = stringOf(from, "plan");
    if (auto order = from.getAs<mlir::DictionaryAttr>("order"))
      readOrder(order, site.plan);
    site.flops = readTerms(from.getAs<mlir::ArrayAttr>("flops"));
    site.bytes = readTerms(from.getAs<mlir::ArrayAttr>("bytes"));
    if (auto sizes = from.getAs<mlir::ArrayAttr>("sizes"))
      for (auto name : sizes.getAsRange<mlir::StringAttr>())
        site.sizes.push_back(name.getValue().str());
    if (auto product = from.getAs<mlir::DictionaryAttr>("product"))
      site.product = readProduct(product, target);
  }
  return result;
}

std::vector<std::string> readReferences(mlir::ModuleOp module) {
  std::vector<std::string> result;
  if (auto texts = module->getAttrOfType<mlir::ArrayAttr>("noodle.reference"))
    for (auto text : texts.getAsRange<mlir::StringAttr>())
      result.push_back(text.getValue().str());
  return result;
}

} // namespace noodle::engine
