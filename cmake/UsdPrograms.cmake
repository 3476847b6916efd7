# usdparquet_add_usd(<library> <library of TBB>)
#
# Makes of usdparquet::usd_headers, for tests and benchmarks:
#   usdparquet::usd              with the libraries too; where <library> is empty, the headers alone
#   usdparquet::usd_program      for executables
#   usdparquet::usd_composition  with the headers of Pcp
# and sets USDPARQUET_USD_PROGRAMS, which says whether executables can be linked.
macro(usdparquet_add_usd library tbb_library)
  add_library(usdparquet_usd INTERFACE)
  add_library(usdparquet::usd ALIAS usdparquet_usd)
  target_link_libraries(usdparquet_usd INTERFACE usdparquet_usd_headers)
  if(NOT "${library}" STREQUAL "")
    # USD's headers use TBB inline, so libtbb must be named even where the linker sees no use of it.
    target_link_options(usdparquet_usd INTERFACE "LINKER:--no-as-needed")
    foreach(file "${library}" "${tbb_library}")
      if(file)
        get_filename_component(name "${file}" NAME)
        add_library("usdparquet_${name}" SHARED IMPORTED)
        set_target_properties("usdparquet_${name}" PROPERTIES IMPORTED_LOCATION "${file}")
        target_link_libraries(usdparquet_usd INTERFACE "usdparquet_${name}")
      endif()
    endforeach()
  endif()

  # libusd_ms leaves Python's symbols to the interpreter that loads it; a program of its own has to
  # bring them.
  add_library(usdparquet_usd_program INTERFACE)
  add_library(usdparquet::usd_program ALIAS usdparquet_usd_program)
  target_link_libraries(usdparquet_usd_program INTERFACE usdparquet_usd)
  if(TARGET Python::Python)
    target_link_libraries(usdparquet_usd_program INTERFACE Python::Python)
    set(USDPARQUET_USD_PROGRAMS TRUE)
  else()
    set(USDPARQUET_USD_PROGRAMS FALSE)
    message(WARNING "Python's shared library (libpython) was not found: "
                    "C++ programs that use OpenUSD cannot be linked and are left out")
  endif()

  add_library(usdparquet_usd_composition INTERFACE)
  add_library(usdparquet::usd_composition ALIAS usdparquet_usd_composition)
  target_link_libraries(usdparquet_usd_composition INTERFACE
    usdparquet_usd_program usdparquet::usd_pcp_headers)
endmacro()

# usdparquet_check_usd(<target>): refuse a target that USD's headers gave inline TBB code. An SDK's
# headers and libraries are of one TBB.
function(usdparquet_check_usd target)
  if(NOT USDPARQUET_STOCK_USD)
    add_custom_command(TARGET ${target} POST_BUILD VERBATIM
      COMMAND "${CMAKE_COMMAND}" "-DFILE=$<TARGET_FILE:${target}>" "-DNM=${CMAKE_NM}"
              -P "${PROJECT_SOURCE_DIR}/cmake/CheckTbb.cmake")
  endif()
endfunction()
