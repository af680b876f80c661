# One verb per concept.
#   add_noodle_dialect(NAME)              TableGen of ops, types, attributes
#   add_noodle_ops(NAME [TYPES])          TableGen of a further family of ops
#   add_noodle_passes(NAME)               TableGen of a folder's Passes.td
#   add_noodle_library(NAME src... [DEPENDS t...])          compiler code
#   add_noodle_runtime_library(NAME src...)          code free of LLVM headers
#   add_noodle_tool(NAME src... [LIBS l...] [STATIC_LLVM])  a program
#   add_noodle_unittest(NAME src... [LIBS l...])            GoogleTest program
#
# A library is compiled once, position-independent, as obj.NAME; NAME is the
# archive of the same objects. Tools link archives with the shared LLVM;
# libnoodle.so and tools that users start link them with LLVM's archives.

add_library(NoodleFlags INTERFACE)
target_compile_options(NoodleFlags INTERFACE
  -Wall -Wextra -Wno-unused-parameter -Werror=return-type
  -ffunction-sections -fdata-sections)
if(NOODLE_ASSERTIONS)
  target_compile_options(NoodleFlags INTERFACE -UNDEBUG)
endif()
if(NOODLE_SANITIZE)
  target_compile_options(NoodleFlags INTERFACE
    -fsanitize=${NOODLE_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(NoodleFlags INTERFACE -fsanitize=${NOODLE_SANITIZE})
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  target_link_options(NoodleFlags INTERFACE -fuse-ld=lld -Wl,--gc-sections)
endif()

find_program(NOODLE_CCACHE ccache)
if(NOODLE_CCACHE)
  # The precompiled header is only cacheable under these settings.
  set(noodle_launcher ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${NOODLE_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${noodle_launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${noodle_launcher})
endif()

# Compiler flags of code that includes MLIR: RTTI on as in the package, no
# exceptions.
function(noodle_compiler_flags target)
  target_link_libraries(${target} PRIVATE NoodleFlags)
  target_compile_options(${target} PRIVATE -fno-exceptions)
  # Programs too are compiled as -fPIC, or the precompiled header is refused.
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${target} PRIVATE -fPIC)
  if(NOT TARGET NoodlePCH)
    add_library(NoodlePCH OBJECT ${PROJECT_SOURCE_DIR}/cmake/pch.cpp)
    target_link_libraries(NoodlePCH PRIVATE NoodleFlags)
    target_compile_options(NoodlePCH PRIVATE -fno-exceptions)
    target_compile_options(NoodlePCH PUBLIC
      $<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>)
    target_precompile_headers(NoodlePCH PRIVATE
      ${PROJECT_SOURCE_DIR}/cmake/pch.h)
  endif()
  target_compile_options(${target} PRIVATE
    $<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>)
  target_precompile_headers(${target} REUSE_FROM NoodlePCH)
endfunction()

function(add_noodle_dialect name)
  set(LLVM_TARGET_DEFINITIONS ${name}Ops.td)
  mlir_tablegen(${name}Ops.h.inc -gen-op-decls)
  mlir_tablegen(${name}Ops.cpp.inc -gen-op-defs)
  mlir_tablegen(${name}Dialect.h.inc -gen-dialect-decls -dialect=noodle)
  mlir_tablegen(${name}Dialect.cpp.inc -gen-dialect-defs -dialect=noodle)
  set(LLVM_TARGET_DEFINITIONS ${name}Attributes.td)
  mlir_tablegen(${name}Enums.h.inc -gen-enum-decls)
  mlir_tablegen(${name}Enums.cpp.inc -gen-enum-defs)
  mlir_tablegen(${name}Attributes.h.inc -gen-attrdef-decls -attrdefs-dialect=noodle)
  mlir_tablegen(${name}Attributes.cpp.inc -gen-attrdef-defs -attrdefs-dialect=noodle)
  add_public_tablegen_target(${name}IncGen)
  add_dependencies(noodle-headers ${name}IncGen)
endfunction()

# NAMEOps.td becomes headers of its own, so that only who includes them is
# rebuilt when it changes.
function(add_noodle_ops name)
  cmake_parse_arguments(arg "TYPES" "" "" ${ARGN})
  set(LLVM_TARGET_DEFINITIONS ${name}Ops.td)
  mlir_tablegen(${name}Ops.h.inc -gen-op-decls)
  mlir_tablegen(${name}Ops.cpp.inc -gen-op-defs)
  if(arg_TYPES)
    mlir_tablegen(${name}Types.h.inc -gen-typedef-decls -typedefs-dialect=noodle)
    mlir_tablegen(${name}Types.cpp.inc -gen-typedef-defs -typedefs-dialect=noodle)
  endif()
  add_public_tablegen_target(${name}IncGen)
  add_dependencies(noodle-headers ${name}IncGen)
endfunction()

# Passes.td of this folder becomes Passes.h.inc; group names the registration
# function: register<group>Passes().
function(add_noodle_passes group)
  set(LLVM_TARGET_DEFINITIONS Passes.td)
  mlir_tablegen(Passes.h.inc -gen-pass-decls -name=${group})
  add_public_tablegen_target(Noodle${group}PassIncGen)
  add_dependencies(noodle-headers Noodle${group}PassIncGen)
endfunction()

# Compiler libraries in the order they were declared; libnoodle.so takes them.
set_property(GLOBAL PROPERTY NOODLE_LIBRARIES "")
set_property(GLOBAL PROPERTY NOODLE_RUNTIME_LIBRARIES "")

function(add_noodle_library name)
  cmake_parse_arguments(arg "" "" "DEPENDS" ${ARGN})
  add_library(obj.${name} OBJECT ${arg_UNPARSED_ARGUMENTS})
  noodle_compiler_flags(obj.${name})
  add_dependencies(obj.${name} noodle-headers ${arg_DEPENDS})
  add_library(${name} STATIC $<TARGET_OBJECTS:obj.${name}>)
  set_property(GLOBAL APPEND PROPERTY NOODLE_LIBRARIES ${name})
endfunction()

function(add_noodle_runtime_library name)
  add_library(obj.${name} OBJECT ${ARGN})
  target_link_libraries(obj.${name} PRIVATE NoodleFlags)
  add_library(${name} STATIC $<TARGET_OBJECTS:obj.${name}>)
  target_link_libraries(${name} INTERFACE pthread)
  set_property(GLOBAL APPEND PROPERTY NOODLE_RUNTIME_LIBRARIES ${name})
endfunction()

# LLVM's archives and the few system libraries they need.
function(noodle_link_static_llvm target)
  target_link_libraries(${target} PRIVATE
    -Wl,--start-group ${NOODLE_LLVM_STATIC} -Wl,--end-group
    -Wl,--push-state,--as-needed z zstd -Wl,--pop-state pthread dl m)
endfunction()

function(add_noodle_tool name)
  cmake_parse_arguments(arg "STATIC_LLVM" "" "LIBS" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  noodle_compiler_flags(${name})
  add_dependencies(${name} noodle-headers)
  target_link_libraries(${name} PRIVATE ${arg_LIBS})
  if(arg_STATIC_LLVM)
    noodle_link_static_llvm(${name})
  else()
    target_link_libraries(${name} PRIVATE ${NOODLE_LLVM_SHARED})
    set_target_properties(${name} PROPERTIES
      BUILD_RPATH ${NOODLE_LLVM_LIBDIR} INSTALL_RPATH ${NOODLE_LLVM_LIBDIR})
  endif()
endfunction()

find_package(GTest)

# LIBS may name compiler libraries: the test is then compiled as compiler code
# and linked with the shared LLVM.
function(add_noodle_unittest name)
  cmake_parse_arguments(arg "" "" "LIBS" ${ARGN})
  if(NOT GTest_FOUND)
    message(FATAL_ERROR "GoogleTest is missing: run tools/dev setup")
  endif()
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  get_property(compiler GLOBAL PROPERTY NOODLE_LIBRARIES)
  set(uses_llvm FALSE)
  foreach(lib IN LISTS arg_LIBS)
    if(lib IN_LIST compiler)
      set(uses_llvm TRUE)
    endif()
  endforeach()
  if(uses_llvm)
    noodle_compiler_flags(${name})
    add_dependencies(${name} noodle-headers)
    target_link_libraries(${name} PRIVATE ${arg_LIBS} ${NOODLE_LLVM_SHARED})
    set_target_properties(${name} PROPERTIES BUILD_RPATH ${NOODLE_LLVM_LIBDIR})
  else()
    target_link_libraries(${name} PRIVATE NoodleFlags ${arg_LIBS})
  endif()
  target_compile_definitions(${name} PRIVATE
    NOODLE_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    NOODLE_BINARY_DIR="${PROJECT_BINARY_DIR}")
  target_link_libraries(${name} PRIVATE GTest::gtest GTest::gtest_main pthread)
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test/unit)
  add_test(NAME ${name} COMMAND ${name})
endfunction()

if(NOT NOODLE_RUNTIME_ONLY)
  add_custom_target(noodle-headers)
endif()
