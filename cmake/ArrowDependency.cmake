# Makes usdparquet::arrow: the Arrow and Parquet C++ headers and libraries.

add_library(usdparquet_arrow INTERFACE)
add_library(usdparquet::arrow ALIAS usdparquet_arrow)

if(USDPARQUET_ARROW_FROM_PYARROW)
  usdparquet_python_package_info(arrow)
  message(STATUS "Arrow ${USDPARQUET_ARROW_VERSION} of pyarrow: ${USDPARQUET_ARROW_LIBRARY}")
  # The folder of all packages, OpenUSD's headers and nanobind too.
  get_filename_component(packages "${USDPARQUET_ARROW_INCLUDE_DIR}/../.." ABSOLUTE)
  usdparquet_hide_folder("${packages}" "")
  # By their full names: the wheel has no unversioned libarrow.so to find.
  add_library(usdparquet_libarrow SHARED IMPORTED)
  set_target_properties(usdparquet_libarrow PROPERTIES
    IMPORTED_LOCATION "${USDPARQUET_ARROW_LIBRARY}")
  add_library(usdparquet_libparquet SHARED IMPORTED)
  set_target_properties(usdparquet_libparquet PROPERTIES
    IMPORTED_LOCATION "${USDPARQUET_PARQUET_LIBRARY}")
  target_include_directories(usdparquet_arrow SYSTEM INTERFACE "${USDPARQUET_ARROW_INCLUDE_DIR}")
  target_link_libraries(usdparquet_arrow INTERFACE usdparquet_libparquet usdparquet_libarrow)
else()
  find_package(Arrow REQUIRED CONFIG)
  find_package(Parquet REQUIRED CONFIG)
  message(STATUS "Arrow ${Arrow_VERSION}: ${Arrow_DIR}")
  if(USDPARQUET_ARROW_STATIC)
    target_link_libraries(usdparquet_arrow INTERFACE Parquet::parquet_static Arrow::arrow_static)
    # Another Arrow in the process, pyarrow's say, neither sees this one nor is it seen by it.
    target_link_options(usdparquet_arrow INTERFACE
      "LINKER:--exclude-libs,ALL"
      "LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/hidden_arrow.map")
  else()
    target_link_libraries(usdparquet_arrow INTERFACE Parquet::parquet_shared Arrow::arrow_shared)
  endif()
endif()

# USDPARQUET_ARROW_SO_VERSION is the number in the names of Arrow's libraries, 2600 of 26.0, and
# USDPARQUET_ARROW_FOLDER where they are; 0 and nothing where Arrow is within the plugin.
if(USDPARQUET_ARROW_STATIC)
  set(USDPARQUET_ARROW_SO_VERSION 0)
  set(USDPARQUET_ARROW_FOLDER "")
  return()
endif()
if(USDPARQUET_ARROW_FROM_PYARROW)
  set(arrow_version "${USDPARQUET_ARROW_VERSION}")
  set(arrow_library "${USDPARQUET_ARROW_LIBRARY}")
else()
  set(arrow_version "${Arrow_VERSION}")
  get_target_property(arrow_library Arrow::arrow_shared LOCATION)
endif()
if(NOT arrow_version MATCHES "^([0-9]+)\\.([0-9]+)")
  message(FATAL_ERROR "Cannot read the version of Arrow: ${arrow_version}")
endif()
math(EXPR USDPARQUET_ARROW_SO_VERSION "${CMAKE_MATCH_1} * 100 + ${CMAKE_MATCH_2}")
get_filename_component(USDPARQUET_ARROW_FOLDER "${arrow_library}" DIRECTORY)
