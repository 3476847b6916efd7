# Makes usdparquet::usd, and usdparquet::usd_headers, from a stock OpenUSD SDK:
# -Dpxr_DIR=<folder of pxrConfig.cmake>.

find_package(pxr REQUIRED CONFIG)
message(STATUS "OpenUSD ${PXR_VERSION} of the SDK: ${pxr_DIR}")

# As the selector names a version, from the namespace of OpenUSD's symbols.
set(USDPARQUET_USD_FOLDER "${PXR_MINOR_VERSION}.${PXR_PATCH_VERSION}")

if(TARGET usd_ms)
  set(usd_libraries usd_ms)
else()
  set(usd_libraries usd pcp sdf ar plug vt gf work trace tf arch)
endif()

add_library(usdparquet_usd_headers INTERFACE)
add_library(usdparquet::usd_headers ALIAS usdparquet_usd_headers)
target_include_directories(usdparquet_usd_headers SYSTEM INTERFACE ${PXR_INCLUDE_DIRS})
foreach(library IN LISTS usd_libraries)
  # With what they take from their own libraries (TBB, Python), but for the linker.
  target_include_directories(usdparquet_usd_headers SYSTEM INTERFACE
    $<TARGET_PROPERTY:${library},INTERFACE_INCLUDE_DIRECTORIES>)
  target_compile_definitions(usdparquet_usd_headers INTERFACE
    $<TARGET_PROPERTY:${library},INTERFACE_COMPILE_DEFINITIONS>)
endforeach()
target_compile_options(usdparquet_usd_headers INTERFACE -Wno-deprecated)

add_library(usdparquet_usd INTERFACE)
add_library(usdparquet::usd ALIAS usdparquet_usd)
target_link_options(usdparquet_usd INTERFACE "LINKER:--no-as-needed")
target_link_libraries(usdparquet_usd INTERFACE usdparquet_usd_headers ${usd_libraries})

add_library(usdparquet::usd_program ALIAS usdparquet_usd)
add_library(usdparquet::usd_pcp_headers ALIAS usdparquet_usd_headers)
add_library(usdparquet::usd_composition ALIAS usdparquet_usd)
set(USDPARQUET_USD_PROGRAMS TRUE)
