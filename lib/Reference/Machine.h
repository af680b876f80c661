//===- Machine.h - the state of one interpretation ------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_REFERENCE_MACHINE_H
#define NOODLE_LIB_REFERENCE_MACHINE_H

#include "Arithmetic.h"

#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/DenseMap.h"

namespace mlir::noodle::reference {

using TensorRef = std::shared_ptr<Tensor>;
/// What an SSA value holds while interpreted. Tensors are shared: an op never
/// writes to one that it did not make.
using Slot = std::variant<Scalar, TensorRef>;

class Machine;

/// The SSA values of one function call or isolated region.
class Frame {
public:
  const Slot &get(mlir::Value value) const {
    return values.find(value)->second;
  }
  const Scalar &scalar(mlir::Value value) const {
    return std::get<Scalar>(get(value));
  }
  int64_t integer(mlir::Value value) const {
    return std::get<int64_t>(scalar(value));
  }
  const Tensor &tensor(mlir::Value value) const {
    return *std::get<TensorRef>(get(value));
  }
  void set(mlir::Value value, Slot slot) { values[value] = std::move(slot); }
  void bind(ValueRange names, ArrayRef<Slot> slots) {
    for (auto [name, slot] : llvm::zip_equal(names, slots))
      set(name, slot);
  }
  SmallVector<Slot> gather(ValueRange names) const {
    return llvm::map_to_vector(names, [&](mlir::Value v) { return get(v); });
  }

private:
  DenseMap<mlir::Value, Slot> values;
};

using Handler = LogicalResult (*)(Machine &, Frame &, Operation *);

/// Handlers by op class.
class Handlers {
public:
  template <typename OpT, LogicalResult (*fn)(Machine &, Frame &, OpT)>
  void add() {
    addAll<OpT>([](Machine &m, Frame &f, Operation *op) {
      return fn(m, f, cast<OpT>(op));
    });
  }
  template <typename... OpTs> void addAll(Handler handler) {
    (put(TypeID::get<OpTs>(), handler), ...);
  }
  Handler lookup(Operation *op) const {
    return table.lookup(op->getName().getTypeID());
  }

private:
  void put(TypeID type, Handler handler) {
    [[maybe_unused]] bool isNew = table.try_emplace(type, handler).second;
    assert(isNew && "an op has one handler");
  }

  DenseMap<TypeID, Handler> table;
};

void addContractHandlers(Handlers &handlers);
void addMapHandlers(Handlers &handlers);
void addReduceHandlers(Handlers &handlers);
void addMovementHandlers(Handlers &handlers);
void addArithHandlers(Handlers &handlers);
void addMathHandlers(Handlers &handlers);
void addComplexHandlers(Handlers &handlers);
void addTensorHandlers(Handlers &handlers);
void addSliceHandlers(Handlers &handlers);
void addControlHandlers(Handlers &handlers);
void addLinalgHandlers(Handlers &handlers);
void addFusedContractHandlers(Handlers &handlers);
void addCategoryHandlers(Handlers &handlers);
void addSolverHandlers(Handlers &handlers);
void addSparseHandlers(Handlers &handlers);
void addBlockHandlers(Handlers &handlers);

class Machine {
public:
  explicit Machine(const Options &options);

  /// Ends the run. The first failure counts. Always returns failure.
  LogicalResult fail(Operation *at, noodle_rt_status status,
                     const Twine &message);
  LogicalResult uncovered(Operation *at, const Twine &what);
  bool failed() const { return !outcome.ok(); }
  const Outcome &result() const { return outcome; }

  /// Asks whether the run may go on.
  LogicalResult poll(Operation *at);
  /// The same, asked once in 1024 calls; also notices a failure recorded by
  /// code that could not return it (the regions of user semirings).
  LogicalResult step(Operation *at) {
    if (failed())
      return failure();
    return ++steps % 1024 ? success() : poll(at);
  }

  /// Bytes that count against the limit until released.
  LogicalResult charge(Operation *at, int64_t bytes);
  void release(int64_t bytes) { *alive -= bytes; }

  /// A dense tensor of zero bits; null, with the failure recorded, where it
  /// is too large.
  TensorRef dense(Operation *at, noodle_rt_type type,
                  ArrayRef<int64_t> extents);
  /// A sparse tensor without values for `stored` entries, positions all 0.
  TensorRef sparse(Operation *at, noodle_rt_type type, noodle_rt_layout layout,
                   ArrayRef<int64_t> extents, int64_t stored);
  TensorRef copy(Operation *at, const Tensor &tensor);
  /// Takes a tensor over, counting its bytes.
  TensorRef adopt(Operation *at, Tensor tensor);

  /// Runs the ops of a block up to its terminator, whose operands are returned.
  LogicalResult run(Frame &frame, Block &block, SmallVectorImpl<Slot> &yielded);
  /// Runs a region of one block on arguments.
  LogicalResult run(Operation *at, Frame &frame, Region &region,
                    ArrayRef<Slot> arguments, SmallVectorImpl<Slot> &yielded);
  /// Runs the ops of a block, but not the terminator.
  LogicalResult runBody(Frame &frame, Block &block);
  LogicalResult call(Operation *at, func::FuncOp function,
                     ArrayRef<Slot> arguments, SmallVectorImpl<Slot> &results);
  LogicalResult call(Operation *at, FlatSymbolRefAttr callee,
                     ArrayRef<Slot> arguments, SmallVectorImpl<Slot> &results);

  /// The semiring of an op at an element type.
  LogicalResult algebra(Operation *at, SemiringAttr semiring,
                        noodle_rt_type type, Algebra &algebra);

  /// Whether a slot has a type; the failure says what is wrong with `what`.
  LogicalResult conforms(Operation *at, const Slot &slot, Type type,
                         noodle_rt_status status, const Twine &what);

private:
  LogicalResult execute(Frame &frame, Operation &op);
  LogicalResult resolve(Operation &op, Handler &handler);

  const Options &options;
  Outcome outcome;
  Handlers table;
  DenseMap<Operation *, Handler> resolved;
  SymbolTableCollection symbols;
  uint64_t steps = 0;
  unsigned depth = 0;
  /// Shared with the tensors' deleters, which may outlive the machine.
  std::shared_ptr<int64_t> alive = std::make_shared<int64_t>(0);
};

/// Bytes charged for the length of a scope.
class Charge {
public:
  explicit Charge(Machine &machine) : machine(machine) {}
  ~Charge() { machine.release(bytes); }
  Charge(const Charge &) = delete;
  LogicalResult add(Operation *at, int64_t more) {
    if (mlir::failed(machine.charge(at, more)))
      return failure();
    bytes += more;
    return success();
  }

private:
  Machine &machine;
  int64_t bytes = 0;
};

/// Layout of a tensor type; nothing for encodings other than CSR and CSC.
std::optional<noodle_rt_layout> layoutOf(RankedTensorType type);

inline bool isSparse(const Tensor &tensor) {
  return tensor.layout != NOODLE_RT_DENSE;
}

/// Text of extents, as in 2x3.
std::string shapeText(ArrayRef<int64_t> extents);

Scalar scalarFromFloat(const APFloat &value);
Scalar scalarFromComplex(const std::complex<APFloat> &value);
/// The scalar of a FloatAttr, IntegerAttr or complex::NumberAttr.
Scalar scalarFromAttr(Attribute attr);
/// A static or dynamic index operand.
int64_t indexOf(const Frame &frame, OpFoldResult value);
SmallVector<int64_t> indicesOf(const Frame &frame,
                               ArrayRef<OpFoldResult> values);
/// Writes `source` into `target` at offsets and strides; refuses to write
/// outside. `source` may lack extents of 1 that `sizes` has.
LogicalResult writeSlice(Machine &machine, Operation *op, const Tensor &source,
                         Tensor &target, ArrayRef<int64_t> offsets,
                         ArrayRef<int64_t> sizes, ArrayRef<int64_t> strides);

/// Row-major strides.
SmallVector<int64_t> stridesOf(ArrayRef<int64_t> extents);
/// The odometer: advances `index` within `extents`, last dimension fastest;
/// false after the last.
bool next(MutableArrayRef<int64_t> index, ArrayRef<int64_t> extents);
inline bool isEmpty(ArrayRef<int64_t> extents) {
  return llvm::is_contained(extents, 0);
}
int64_t offsetOf(ArrayRef<int64_t> index, ArrayRef<int64_t> strides);

//===----------------------------------------------------------------------===//
// Sparse tensors as lists of entries
//===----------------------------------------------------------------------===//

struct Entry {
  int64_t row, column;
  Scalar value;
};

/// The stored entries in storage order.
LogicalResult entriesOf(Machine &machine, Operation *at, Charge &charge,
                        const Tensor &tensor, std::vector<Entry> &entries);
/// Sorts entries by row and then column.
void sortByRow(std::vector<Entry> &entries);
/// A sparse tensor of distinct entries in any order.
TensorRef fromEntries(Machine &machine, Operation *at, noodle_rt_type type,
                      noodle_rt_layout layout, ArrayRef<int64_t> extents,
                      std::vector<Entry> &entries);
/// Where entry (row, column) is stored; -1 where absent.
int64_t findEntry(const Tensor &tensor, int64_t row, int64_t column);

//===----------------------------------------------------------------------===//
// Element by element
//===----------------------------------------------------------------------===//

/// Computes one element; false, with the failure recorded, ends the run.
using ElementFn = llvm::function_ref<bool(ArrayRef<Scalar>, Scalar &)>;
/// The single result of an op on scalars, or on dense tensors of one shape.
LogicalResult elementwise(Machine &machine, Frame &frame, Operation *op,
                          ElementFn fn);

} // namespace mlir::noodle::reference

#endif // NOODLE_LIB_REFERENCE_MACHINE_H
