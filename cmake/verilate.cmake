# SPDX-License-Identifier: Apache-2.0
# Verilator in CMake. Two functions for users:
#
#   verilate_config(<config>)
#     Static library `verilated_<config>`: the whole machine in one configuration. Header Vmillrace_<config>.h.
#
#   verilate_module(<name> TOP <module> SOURCES <file>... [CONFIG <config>] [PARAMS <P=value>...] [ARGS <verilator argument>...]
#                   [BENCH <file.cc>...] [LIBS <target>...] [LABELS <label>...])
#     Static library `V<name>`: one module (paths relative to the repository root; with CONFIG its millrace_pkg comes
#     first). Header V<name>.h. With BENCH also a GoogleTest executable and ctest entry called <name>.
#
# All Verilator output is built by scripts/verilate.sh when its sources change, at most one machine at a time.
find_program(VERILATOR verilator REQUIRED)
find_package(GTest REQUIRED)
execute_process(COMMAND ${VERILATOR} --getenv VERILATOR_ROOT OUTPUT_VARIABLE VERILATOR_ROOT
                OUTPUT_STRIP_TRAILING_WHITESPACE)
set(VERILATOR_INC ${VERILATOR_ROOT}/include)
set_property(GLOBAL PROPERTY JOB_POOLS verilate=1)

add_library(verilated_runtime STATIC ${VERILATOR_INC}/verilated.cpp ${VERILATOR_INC}/verilated_fst_c.cpp
            ${VERILATOR_INC}/verilated_threads.cpp ${VERILATOR_INC}/verilated_cov.cpp)
target_include_directories(verilated_runtime SYSTEM PUBLIC ${VERILATOR_INC} ${VERILATOR_INC}/vltstd)
target_compile_options(verilated_runtime PRIVATE -w)
target_compile_definitions(verilated_runtime PUBLIC VM_COVERAGE=$<BOOL:${MILLRACE_COVERAGE}> VM_TRACE=1 VM_TRACE_FST=1
                           VM_SC=0)
target_link_libraries(verilated_runtime PUBLIC ZLIB::ZLIB Threads::Threads)

# Sources of the whole core in one configuration; the package first.
function(millrace_rtl_sources config out)
  file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/rtl/lib/*.sv ${PROJECT_SOURCE_DIR}/rtl/dma/*.sv
       ${PROJECT_SOURCE_DIR}/rtl/core/*.sv ${PROJECT_SOURCE_DIR}/rtl/bus/*.sv)
  set(${out} ${PROJECT_SOURCE_DIR}/rtl/gen/${config}/millrace_pkg.sv ${found} ${PROJECT_SOURCE_DIR}/rtl/millrace.sv
      PARENT_SCOPE)
endfunction()

# Library <target> from Verilator output with class prefix <prefix>.
function(millrace_verilate target prefix top)
  cmake_parse_arguments(ARG "BUILD_ID" "" "SOURCES;ARGS" ${ARGN})
  set(dir ${PROJECT_BINARY_DIR}/verilated/${prefix})
  set(args --trace-fst --x-assign unique --x-initial unique ${ARG_ARGS})
  if(ARG_BUILD_ID)
    list(PREPEND args --build-id)
  endif()
  add_custom_command(
    OUTPUT ${dir}/${prefix}__ALL.a ${dir}/${prefix}.h
    COMMAND ${CMAKE_COMMAND} -E env CXX=${CMAKE_CXX_COMPILER} OBJCACHE=${CMAKE_CXX_COMPILER_LAUNCHER}
            ${PROJECT_SOURCE_DIR}/scripts/verilate.sh ${dir} ${prefix} ${top} ${args} ${ARG_SOURCES}
    DEPENDS ${ARG_SOURCES} ${PROJECT_SOURCE_DIR}/scripts/verilate.sh ${PROJECT_SOURCE_DIR}/sim/verilator/observe.vlt
    COMMENT "Verilating ${prefix}" JOB_POOL verilate VERBATIM)
  add_custom_target(${target}_build DEPENDS ${dir}/${prefix}__ALL.a)
  file(MAKE_DIRECTORY ${dir})
  add_library(${target} STATIC IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${dir}/${prefix}__ALL.a)
  target_include_directories(${target} SYSTEM INTERFACE ${dir})
  target_link_libraries(${target} INTERFACE verilated_runtime)
  add_dependencies(${target} ${target}_build)
endfunction()

function(verilate_config config)
  millrace_rtl_sources(${config} sources)
  set(args ${PROJECT_SOURCE_DIR}/sim/verilator/observe.vlt)
  if(config STREQUAL "large")
    list(APPEND args --output-split 5000 --output-split-cfuncs 500)
  endif()
  if(MILLRACE_COVERAGE)
    list(APPEND args --coverage-line --coverage-toggle)
  endif()
  millrace_verilate(verilated_${config} Vmillrace_${config} millrace BUILD_ID SOURCES ${sources} ARGS ${args})
endfunction()

function(verilate_module name)
  cmake_parse_arguments(ARG "" "TOP;CONFIG" "SOURCES;PARAMS;ARGS;BENCH;LIBS;LABELS" ${ARGN})
  list(TRANSFORM ARG_SOURCES PREPEND ${PROJECT_SOURCE_DIR}/)
  if(ARG_CONFIG)
    list(PREPEND ARG_SOURCES ${PROJECT_SOURCE_DIR}/rtl/gen/${ARG_CONFIG}/millrace_pkg.sv)
  endif()
  list(TRANSFORM ARG_PARAMS PREPEND -G)
  millrace_verilate(V${name} V${name} ${ARG_TOP} SOURCES ${ARG_SOURCES} ARGS ${ARG_PARAMS} ${ARG_ARGS})
  if(ARG_BENCH)
    millrace_test(${name} SOURCES ${ARG_BENCH} LIBS V${name} ${ARG_LIBS} LABELS ${ARG_LABELS})
  endif()
endfunction()

# millrace_test(<name> SOURCES <file.cc>... [LIBS <target>...] [LABELS <label>...]): a GoogleTest executable in
# build/tests and its ctest entry, run in the repository root. Label `long` keeps it out of `make test`.
function(millrace_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  if(ARG_LABELS)
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}")
  endif()
endfunction()
