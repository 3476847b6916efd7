# Makes usdparquet::usd from a stock OpenUSD SDK: -Dpxr_DIR=<folder of pxrConfig.cmake>.

find_package(pxr REQUIRED CONFIG)
message(STATUS "OpenUSD ${PXR_VERSION} of the SDK: ${pxr_DIR}")

add_library(usdparquet_usd INTERFACE)
add_library(usdparquet::usd ALIAS usdparquet_usd)
target_include_directories(usdparquet_usd SYSTEM INTERFACE ${PXR_INCLUDE_DIRS})
target_compile_options(usdparquet_usd INTERFACE -Wno-deprecated)
target_link_options(usdparquet_usd INTERFACE "LINKER:--no-as-needed")
if(TARGET usd_ms)
  target_link_libraries(usdparquet_usd INTERFACE usd_ms)
else()
  target_link_libraries(usdparquet_usd INTERFACE usd sdf ar plug vt gf work trace tf arch)
endif()

add_library(usdparquet::usd_program ALIAS usdparquet_usd)
set(USDPARQUET_USD_PROGRAMS TRUE)

# An SDK's headers and libraries are of one TBB; see UsdFromPyPI.cmake.
function(usdparquet_check_usd target)
endfunction()
