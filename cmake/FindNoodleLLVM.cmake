# LLVM and MLIR as Noodle uses them.
#
# The packaged CMake targets of MLIR's archives pull libMLIR.so in beside
# them: two copies of LLVM in one process, which crash. So tools name the shared
# libraries and libnoodle.so names the archives, both by path.
find_package(MLIR REQUIRED CONFIG)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)

set(NOODLE_LLVM_LIBDIR ${LLVM_LIBRARY_DIRS})
set(NOODLE_LLVM_BINDIR ${LLVM_TOOLS_BINARY_DIR})
set(NOODLE_LLVM_SHARED ${NOODLE_LLVM_LIBDIR}/libMLIR.so
                       ${NOODLE_LLVM_LIBDIR}/libLLVM.so)

# Every archive but those of tests, the C bindings and executables' mains: the
# linker takes from them only what is referenced.
file(GLOB NOODLE_LLVM_STATIC CONFIGURE_DEPENDS
     ${NOODLE_LLVM_LIBDIR}/libMLIR*.a ${NOODLE_LLVM_LIBDIR}/libLLVM*.a)
list(FILTER NOODLE_LLVM_STATIC EXCLUDE REGEX
     "Test|CAPI|MLIRLsp|MLIRPDLL|LLVMExegesis|MLIRSparseTensorRuntime|Main\\.a")

add_definitions(${LLVM_DEFINITIONS})
include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
