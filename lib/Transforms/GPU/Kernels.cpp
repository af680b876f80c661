//===- Kernels.cpp - what the kernel emitters share -----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Kernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/OperationSupport.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

/// Of a shared buffer; the conversion to LLVM reads it.
static constexpr llvm::StringLiteral kAlignAttr = "llvm.align";

//===----------------------------------------------------------------------===//
// The host's side
//===----------------------------------------------------------------------===//

Offload::Offload(const Cluster &cluster, gpu::GPUModuleOp module)
    : cluster(cluster), host(cluster.last()->getLoc(), cluster.last()),
      module(module) {}

Value Offload::dim(Value tensor, int64_t d) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(d))
    return index(type.getDimSize(d));
  return tensor::DimOp::create(host, tensor, d);
}

Value Offload::index(int64_t value) {
  return arith::ConstantIndexOp::create(host, value);
}

Value Offload::ceilDiv(Value a, int64_t b) {
  return host.createOrFold<arith::CeilDivUIOp>(a, index(b));
}

Value Offload::product(ValueRange values) {
  Value result = index(1);
  for (Value value : values)
    result = host.createOrFold<arith::MulIOp>(result, value);
  return result;
}

Value Offload::scalar(Value value) {
  Type i64 = host.getI64Type();
  Type type = value.getType();
  if (type.isIndex())
    return host.createOrFold<arith::IndexCastOp>(i64, value);
  if (isa<FloatType>(type)) {
    type = host.getIntegerType(type.getIntOrFloatBitWidth());
    value = arith::BitcastOp::create(host, type, value);
  }
  if (type == i64)
    return value;
  return arith::ExtUIOp::create(host, i64, value);
}

/// An equal kernel of the module; null where there is none.
static gpu::GPUFuncOp findEqual(gpu::GPUModuleOp module, gpu::GPUFuncOp made) {
  for (auto known : module.getOps<gpu::GPUFuncOp>())
    if (known != made && known.getFunctionType() == made.getFunctionType() &&
        known->getAttr(kKernelAttr) == made->getAttr(kKernelAttr) &&
        OperationEquivalence::isRegionEquivalentTo(
            &known.getBody(), &made.getBody(),
            OperationEquivalence::IgnoreLocations))
      return known;
  return nullptr;
}

LaunchOp Offload::launch(const KernelSpec &spec, KernelBody body) {
  RankedTensorType result = cluster.resultType();
  // The kernel: flat buffers, then scalars.
  SmallVector<Type> parameters;
  auto flat = [](Type type) {
    return MemRefType::get({ShapedType::kDynamic}, getElementTypeOrSelf(type));
  };
  for (Value input : spec.inputs)
    parameters.push_back(flat(input.getType()));
  parameters.push_back(flat(result));
  unsigned buffers = parameters.size();
  parameters.append(spec.scalars.size(), host.getI64Type());
  auto b = ImplicitLocOpBuilder::atBlockEnd(host.getLoc(), module.getBody());
  SmallVector<Type> workgroup(spec.workgroup.begin(), spec.workgroup.end());
  std::string stem = spec.kind + "_", name;
  if (!spec.routine.empty())
    stem += spec.routine + "_";
  llvm::replace(stem, '-', '_');
  unsigned number = 0;
  do
    name = stem + std::to_string(number++);
  while (module.lookupSymbol(name));
  auto kernel =
      gpu::GPUFuncOp::create(b, name, b.getFunctionType(parameters, {}),
                             TypeRange(workgroup), TypeRange());
  kernel->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
  kernel.setKnownBlockSize(ArrayRef<int32_t>{int32_t(spec.threads), 1, 1});
  NamedAttrList notes;
  notes.set("kind", b.getStringAttr(spec.kind));
  notes.set("text", b.getStringAttr(spec.text));
  if (!spec.routine.empty())
    notes.set(kRoutineAttr, b.getStringAttr(spec.routine));
  kernel->setAttr(kKernelAttr, notes.getDictionary(b.getContext()));
  // Accesses to shared buffers are as wide as a thread's can be.
  for (unsigned at = 0; at < workgroup.size(); ++at)
    kernel.setWorkgroupAttributionAttr(at, kAlignAttr, b.getI64IntegerAttr(16));
  Block &entry = kernel.getBody().front();
  b.setInsertionPointToStart(&entry);
  ValueRange arguments = entry.getArguments();
  body(b, arguments.take_front(buffers),
       arguments.drop_front(buffers).take_front(spec.scalars.size()),
       kernel.getWorkgroupAttributions());
  gpu::ReturnOp::create(b);
  if (gpu::GPUFuncOp known = findEqual(module, kernel)) {
    kernel.erase();
    kernel = known;
  }
  // The launch.
  SmallVector<Value> dynamic;
  for (auto [d, extent] : llvm::enumerate(spec.extents))
    if (result.isDynamicDim(d))
      dynamic.push_back(extent);
  Value out = tensor::EmptyOp::create(host, result, dynamic);
  auto grid = [&](Value blocks) { return blocks ? blocks : index(1); };
  DenseI64ArrayAttr split;
  if (spec.splitScalar >= 0) {
    SmallVector<int64_t> how = {spec.splitScalar, spec.splitRows};
    llvm::append_range(how, spec.cuts);
    split = host.getDenseI64ArrayAttr(how);
  }
  return LaunchOp::create(
      host, host.getI1Type(), result, FlatSymbolRefAttr::get(kernel),
      grid(spec.gridX), grid(spec.gridY), grid(spec.gridZ), spec.inputs, out,
      spec.scalars, cluster.root->getAttrOfType<IntegerAttr>("noodle.site"),
      split);
}

//===----------------------------------------------------------------------===//
// The kernel's side
//===----------------------------------------------------------------------===//

Value noodle::unpackScalar(ImplicitLocOpBuilder &b, Value scalar, Type type) {
  if (type.isIndex())
    return arith::IndexCastOp::create(b, type, scalar);
  if (type == scalar.getType())
    return scalar;
  unsigned width = type.getIntOrFloatBitWidth();
  if (width < 64)
    scalar = arith::TruncIOp::create(b, b.getIntegerType(width), scalar);
  if (isa<FloatType>(type))
    return arith::BitcastOp::create(b, type, scalar);
  return scalar;
}

Value noodle::linearIndex(ImplicitLocOpBuilder &b, ValueRange indices,
                          ValueRange extents) {
  if (indices.empty())
    return arith::ConstantIndexOp::create(b, 0);
  Value position = indices.front();
  for (auto [index, extent] :
       llvm::zip(indices.drop_front(), extents.drop_front())) {
    position = b.createOrFold<arith::MulIOp>(position, extent);
    position = b.createOrFold<arith::AddIOp>(position, index);
  }
  return position;
}

unsigned KernelExtents::add(Offload &offload, KernelSpec &spec, Value tensor,
                            int64_t d) {
  int64_t fixed = cast<RankedTensorType>(tensor.getType()).getDimSize(d);
  Entry entry{fixed, 0};
  if (ShapedType::isDynamic(fixed)) {
    entry.scalar = spec.scalars.size();
    spec.scalars.push_back(offload.scalar(offload.dim(tensor, d)));
  }
  entries.push_back(entry);
  return entries.size() - 1;
}

Value KernelExtents::get(ImplicitLocOpBuilder &b, ValueRange scalars,
                         unsigned number) const {
  const Entry &entry = entries[number];
  if (!ShapedType::isDynamic(entry.fixed))
    return arith::ConstantIndexOp::create(b, entry.fixed);
  return arith::IndexCastOp::create(b, b.getIndexType(), scalars[entry.scalar]);
}
