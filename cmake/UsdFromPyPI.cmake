# Makes usdparquet::usd_headers from the wheels pxr-*-dev, all that the plugin needs, and
# usdparquet::usd, which has the libraries of usd-core too, for programs. Where usd-core is not
# installed, usdparquet::usd has the headers alone.
#
# The libraries of the pxr-*-dev packages are never linked: usd-core's libusd_ms holds the same
# code, and two copies of USD in one process do not know each other's types.
#
# The wheels keep their headers at pxr/sdf/x.h, a stock SDK at pxr/usd/sdf/x.h.  The sources are
# written for the stock layout; forwarding headers made here lead from it to the wheels' files.

usdparquet_python_package_info(usd tbb)
message(STATUS "OpenUSD ${USDPARQUET_USD_VERSION}: the headers of pxr-sdf-dev")
if(USDPARQUET_USD_LIBRARY_FILE)
  message(STATUS "OpenUSD ${USDPARQUET_USD_VERSION} of usd-core: ${USDPARQUET_USD_LIBRARY_FILE}")
elseif(USDPARQUET_BUILD_TESTS OR USDPARQUET_BUILD_BENCHMARKS OR USDPARQUET_FUZZ)
  message(FATAL_ERROR "Tests, benchmarks and fuzzers need usd-core: "
                      "pip install 'usd-core==${USDPARQUET_USD_VERSION}'")
endif()

if(NOT USDPARQUET_USD_VERSION MATCHES "^([0-9]+)\\.([0-9]+)(\\.([0-9]+))?")
  message(FATAL_ERROR "Cannot read the version of pxr-sdf-dev: ${USDPARQUET_USD_VERSION}")
endif()
set(USD_MINOR ${CMAKE_MATCH_1})
set(USD_PATCH ${CMAKE_MATCH_2})
math(EXPR USD_VERSION_NUMBER "${USD_MINOR} * 100 + ${USD_PATCH}")
# As the selector names a version, from the namespace of OpenUSD's symbols.
set(USDPARQUET_USD_FOLDER "${USD_MINOR}.${USD_PATCH}")

set(usd_forward_dir "${PROJECT_BINARY_DIR}/usd_headers")
configure_file("${PROJECT_SOURCE_DIR}/cmake/pxr.h.in" "${usd_forward_dir}/pxr/pxr.h" @ONLY)

# usdparquet_forward_usd_headers(<package> <its include folder> <folder in the stock layout>)
function(usdparquet_forward_usd_headers package include_dir stock_folder)
  file(GLOB_RECURSE headers RELATIVE "${include_dir}/pxr/${package}"
       "${include_dir}/pxr/${package}/*.h" "${include_dir}/pxr/${package}/*.hpp")
  foreach(header IN LISTS headers)
    # file(CONFIGURE) leaves an unchanged file alone, so a new configure rebuilds nothing.
    file(CONFIGURE OUTPUT "${stock_folder}/${header}"
         CONTENT "#include <pxr/pxr.h>\n#include <pxr/${package}/${header}>\n" @ONLY)
  endforeach()
endfunction()

foreach(package include_dir IN ZIP_LISTS USDPARQUET_USD_PACKAGES USDPARQUET_USD_INCLUDE_DIRS)
  if(package MATCHES "^(ar|sdf)$")
    set(stock_folder "pxr/usd/${package}")
  elseif(package STREQUAL "boost")
    set(stock_folder "pxr/external/${package}")
  else()
    set(stock_folder "pxr/base/${package}")
  endif()
  usdparquet_forward_usd_headers(
    ${package} "${include_dir}" "${usd_forward_dir}/${stock_folder}")
endforeach()

add_library(usdparquet_usd_headers INTERFACE)
add_library(usdparquet::usd_headers ALIAS usdparquet_usd_headers)
target_include_directories(usdparquet_usd_headers SYSTEM INTERFACE
  "${usd_forward_dir}" ${USDPARQUET_USD_INCLUDE_DIRS} "${USDPARQUET_USD_TBB_INCLUDE_DIR}"
  ${Python_INCLUDE_DIRS})
target_compile_definitions(usdparquet_usd_headers INTERFACE PXR_PYTHON_SUPPORT_ENABLED)
# USD's headers include <ext/hash_set>, which warns unless this is given (OpenUSD gives it too).
target_compile_options(usdparquet_usd_headers INTERFACE -Wno-deprecated)

# usdparquet::usd_pcp_headers: usdparquet::usd_headers with those of Pcp, for plugin/resolve and the
# tests. The plugin knows Sdf alone.
add_library(usdparquet_usd_pcp_headers INTERFACE)
add_library(usdparquet::usd_pcp_headers ALIAS usdparquet_usd_pcp_headers)
usdparquet_forward_usd_headers(pcp "${USDPARQUET_USD_PCP_INCLUDE_DIR}"
                               "${PROJECT_BINARY_DIR}/usd_pcp_headers/pxr/usd/pcp")
target_include_directories(usdparquet_usd_pcp_headers SYSTEM INTERFACE
  "${PROJECT_BINARY_DIR}/usd_pcp_headers" "${USDPARQUET_USD_PCP_INCLUDE_DIR}")
target_link_libraries(usdparquet_usd_pcp_headers INTERFACE usdparquet_usd_headers)

usdparquet_add_usd("${USDPARQUET_USD_LIBRARY_FILE}" "${USDPARQUET_USD_TBB_LIBRARY}")
