//===- RowKernels.cpp - rows, the threads that share one, tensors ---------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "RowKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::noodle;

MemRefType noodle::sharedBuffer(int64_t size, Type element) {
  return MemRefType::get(
      {size}, element, MemRefLayoutAttrInterface(),
      gpu::AddressSpaceAttr::get(element.getContext(),
                                 gpu::AddressSpace::Workgroup));
}

std::string noodle::mapsText(const Cluster &cluster) {
  size_t maps = cluster.maps.size();
  if (!maps)
    return "";
  return " and " + std::to_string(maps) + (maps == 1 ? " map" : " maps");
}

SmallVector<Value> noodle::delinearize(KernelCode &code, Value linear,
                                       ValueRange extents) {
  SmallVector<Value> indices(extents.size());
  for (size_t d = extents.size(); d-- > 0;) {
    if (d == 0) {
      indices[d] = linear;
      break;
    }
    // Nothing is divided by the extent of an empty shape.
    Value extent =
        code.b.createOrFold<arith::MaxUIOp>(extents[d], code.index(1));
    indices[d] = code.rem(linear, extent);
    linear = code.div(linear, extent);
  }
  return indices;
}

//===----------------------------------------------------------------------===//
// RowTensors
//===----------------------------------------------------------------------===//

RowTensors::RowTensors(Offload &offload, KernelSpec &spec,
                       const Epilogue &epilogue, int64_t columnsFrom)
    : epilogue(epilogue), result(offload.cluster.resultType()),
      columnsFrom(columnsFrom), buffers(spec.inputs.size()) {
  bool some = llvm::any_of(epilogue.tensors(), [&](const auto *operand) {
    return alongRows(*operand) == Along::Some;
  });
  if (some)
    for (int64_t d = 0; d < columnsFrom; ++d)
      rowExtents.emplace_back(offload, spec, spec.extents[d]);
}

RowTensors::Along
RowTensors::alongRows(const Epilogue::Operand &operand) const {
  bool any = false, all = true;
  for (int64_t d = 0; d < columnsFrom; ++d) {
    if (result.getDimSize(d) == 1)
      continue;
    any |= !operand.broadcast[d];
    all &= !operand.broadcast[d];
  }
  return !any ? Along::None : all ? Along::All : Along::Some;
}

bool RowTensors::alongColumns(const Epilogue::Operand &operand) const {
  for (int64_t d = columnsFrom; d < result.getRank(); ++d)
    if (result.getDimSize(d) != 1)
      return !operand.broadcast[d];
  return true;
}

bool RowTensors::appendCuts(SmallVectorImpl<int64_t> &cuts) const {
  for (const Epilogue::Operand *operand : epilogue.tensors()) {
    if (alongRows(*operand) == Along::Some)
      return false;
    cuts.push_back(alongRows(*operand) == Along::All);
  }
  return true;
}

RowTensors::Row RowTensors::at(KernelCode &code, Value row, Value width,
                               ValueRange arguments, ValueRange scalars) const {
  Row result{SmallVector<Value>(buffers),
             SmallVector<KernelCode::Values>(buffers)};
  SmallVector<Value> extents;
  for (const KernelNumber &extent : rowExtents)
    extents.push_back(extent.get(code, scalars));
  SmallVector<Value> indices = delinearize(code, row, extents);
  for (const Epilogue::Operand *operand : epilogue.tensors()) {
    Value at = row;
    Along along = alongRows(*operand);
    if (along != Along::All)
      at = code.index(0);
    if (along == Along::Some)
      for (int64_t d = 0; d < columnsFrom; ++d)
        if (!operand->broadcast[d])
          at = code.add(code.mul(at, extents[d]), indices[d]);
    if (alongColumns(*operand))
      result.starts[operand->number] = code.mul(at, width);
    else
      result.entries[operand->number] =
          code.load(arguments[operand->number], at, 1);
  }
  return result;
}

void RowTensors::load(KernelCode &code, Row &row, Value column, int64_t lanes,
                      ValueRange arguments) const {
  for (auto [k, start] : llvm::enumerate(row.starts))
    if (start)
      row.entries[k] = code.load(arguments[k], code.add(start, column), lanes);
}

//===----------------------------------------------------------------------===//
// RowGroups
//===----------------------------------------------------------------------===//

RowGroups::RowGroups(Offload &offload, KernelSpec &spec, Value rowCount,
                     Value columns, Type element, int64_t warpWidth,
                     int64_t slots)
    : warpWidth(warpWidth), threads(spec.threads),
      widthNumber(offload, spec, columns) {
  bool fixed = !ShapedType::isDynamic(known());
  // A block has as many rows as warps, whether a warp or the whole block does
  // one; in the second case the grid's y spreads them.
  blockRows = fixed && known() > warpWidth ? 1 : warps();
  spec.gridX = gridExtent(offload, offload.ceilDiv(rowCount, blockRows));
  if (!fixed) {
    ImplicitLocOpBuilder &host = offload.host;
    Value isShort = arith::CmpIOp::create(host, arith::CmpIPredicate::ule,
                                          columns, offload.index(warpWidth));
    spec.gridY = arith::SelectOp::create(host, isShort, offload.index(1),
                                         offload.index(blockRows));
  }
  rowsAt = spec.scalars.size();
  spec.scalars.push_back(offload.scalar(rowCount));
  spec.splitScalar = rowsAt;
  spec.splitRows = blockRows;
  if (!fixed || known() > warpWidth)
    spec.workgroup.push_back(sharedBuffer(slots * warps(), element));
}

void RowGroups::begin(KernelCode &code, ValueRange scalars,
                      ValueRange workgroup) {
  if (ShapedType::isDynamic(known()) || known() > warpWidth)
    partials = workgroup.front();
  rows = unpackScalar(code.b, scalars[rowsAt], code.b.getIndexType());
  width = widthNumber.get(code, scalars);
  isWarp = code.less(width, code.index(warpWidth + 1));
  Value thread = code.thread();
  warp = code.div(thread, kWarp);
  Value lane = code.rem(thread, kWarp);
  member = code.select(isWarp, lane, thread);
  size = code.select(isWarp, code.index(kWarp), code.index(threads));
  row = code.mul(code.blockX(), blockRows);
  if (blockRows > 1)
    row =
        code.add(row, code.select(isWarp, warp,
                                  getConstantIntValue(isWarp) ? code.index(0)
                                                              : code.blockY()));
}

Value RowGroups::fold(KernelCode &code, Value value, int64_t slot,
                      llvm::function_ref<Value(Value, Value)> fold) const {
  value = code.overWarp(value, fold);
  return code
      .choose(
          isWarp, [&] { return KernelCode::Values{value}; },
          [&] {
            Value lane = code.rem(code.thread(), kWarp);
            int64_t first = slot * warps();
            code.when(code.equal(lane, code.index(0)), [&] {
              code.store(value, partials, code.add(warp, first));
            });
            code.barrier();
            if (warps() == kWarp)
              return KernelCode::Values{code.overWarp(
                  code.load(partials, code.add(lane, first)), fold)};
            Value all = code.load(partials, code.index(first));
            for (int64_t k = 1; k < warps(); ++k)
              all = fold(all, code.load(partials, code.index(first + k)));
            return KernelCode::Values{all};
          })
      .front();
}
