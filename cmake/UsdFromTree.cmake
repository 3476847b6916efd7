# usdparquet_usd_from_tree(<suffix> <tree> <library>)
#
# Makes usdparquet::usd_headers<suffix>, all that a plugin needs, from a tree with OpenUSD's headers
# (a checkout of its repository, or an installed OpenUSD) for the OpenUSD that <library> is of: its
# libusd_ms or libusd_sdf, as a wheel or an application has it. Sets USDPARQUET_USD_FOLDER<suffix>.
#
# The library tells the namespace, which an application may have renamed. Headers of another version
# in that namespace would compile and load, and read wrong values: tokens, members and virtual
# functions have other places. So the tree must be of the library's version.

# Sets minor and patch in the caller.
function(usdparquet_version_of_tree tree)
  if(EXISTS "${tree}/cmake/defaults/Version.cmake")  # a checkout
    file(STRINGS "${tree}/cmake/defaults/Version.cmake" lines REGEX "PXR_(MINOR|PATCH)_VERSION \"")
  elseif(EXISTS "${tree}/include/pxr/pxr.h")
    file(STRINGS "${tree}/include/pxr/pxr.h" lines REGEX "#define PXR_(MINOR|PATCH)_VERSION ")
  endif()
  if(NOT "${lines}" MATCHES "PXR_MINOR_VERSION \"?([0-9]+).*PXR_PATCH_VERSION \"?([0-9]+)")
    message(FATAL_ERROR
      "${tree} is neither a checkout of OpenUSD (cmake/defaults/Version.cmake) nor an installed one "
      "(include/pxr/pxr.h)")
  endif()
  set(minor ${CMAKE_MATCH_1} PARENT_SCOPE)
  set(patch ${CMAKE_MATCH_2} PARENT_SCOPE)
endfunction()

# Sets namespace, and its parts name, library_minor and library_patch, in the caller.
function(usdparquet_namespace_of_library library)
  if(NOT EXISTS "${library}" OR IS_DIRECTORY "${library}")
    message(FATAL_ERROR "USDPARQUET_USD_LIBRARY has to name the library with OpenUSD's Sdf that the "
                        "plugin is for (libusd_ms or libusd_sdf), for each tree one: \"${library}\"")
  endif()
  # As the selector finds it. OpenUSD's own is pxrInternal_v0_26_8, Blender's is pxrBlender_v25_08.
  file(STRINGS "${library}" symbol LIMIT_COUNT 1
       REGEX "^_ZN[0-9]+[A-Za-z0-9_]+13SdfFileFormat8FindByIdERKNS_7TfTokenE$")
  if(NOT "${symbol}" MATCHES
     "^_ZN[0-9]+(([A-Za-z0-9_]+)_v(0_)?([0-9]+)_0?([0-9]+)__pxrReserved__)13SdfFileFormat")
    message(FATAL_ERROR "${library} does not show OpenUSD's Sdf: no plugin can use it")
  endif()
  set(namespace "${CMAKE_MATCH_1}" PARENT_SCOPE)
  set(name "${CMAKE_MATCH_2}" PARENT_SCOPE)
  set(library_minor ${CMAKE_MATCH_4} PARENT_SCOPE)
  set(library_patch ${CMAKE_MATCH_5} PARENT_SCOPE)
  file(STRINGS "${library}" python LIMIT_COUNT 1 REGEX "__pxrReserved__8TfPyLockC1E")
  if(NOT python)
    # VtValue has members for Python or has them not.
    message(FATAL_ERROR "${library} is of an OpenUSD without Python, which is not supported")
  endif()
endfunction()

function(usdparquet_usd_from_tree suffix tree library)
  usdparquet_version_of_tree("${tree}")
  usdparquet_namespace_of_library("${library}")
  if(NOT "${minor}.${patch}" STREQUAL "${library_minor}.${library_patch}")
    message(FATAL_ERROR
      "The headers in ${tree} are of OpenUSD ${minor}.${patch}, ${library} is OpenUSD "
      "${library_minor}.${library_patch}: give the headers of ${library_minor}.${library_patch}, "
      "since a plugin built with others would read wrong values")
  endif()
  math(EXPR version_number "${minor} * 100 + ${patch}")
  # As the selector names it.
  set(folder "${minor}.${patch}")
  if(NOT name STREQUAL "pxrInternal")
    string(APPEND folder "-${name}")
  endif()
  message(STATUS "OpenUSD ${folder}: the headers in ${tree}, for ${library}")

  set(own_dir "${PROJECT_BINARY_DIR}/usd_headers${suffix}")
  configure_file("${PROJECT_SOURCE_DIR}/cmake/pxr_of_tree.h.in" "${own_dir}/pxr/pxr.h" @ONLY)
  set(include_dir "${tree}")
  if(EXISTS "${tree}/include/pxr/pxr.h")
    set(include_dir "${tree}/include")
  endif()
  set(tbb_dir "${include_dir}")
  if(NOT EXISTS "${include_dir}/tbb")
    usdparquet_python_package_info(tbb)
    set(tbb_dir "${USDPARQUET_USD_TBB_INCLUDE_DIR}")
  endif()
  add_library(usdparquet_usd_headers${suffix} INTERFACE)
  add_library(usdparquet::usd_headers${suffix} ALIAS usdparquet_usd_headers${suffix})
  # Its own folder first: an installed tree has a pxr.h too.
  target_include_directories(usdparquet_usd_headers${suffix} SYSTEM INTERFACE
    "${own_dir}" "${include_dir}" "${tbb_dir}" ${Python_INCLUDE_DIRS})
  target_compile_options(usdparquet_usd_headers${suffix} INTERFACE -Wno-deprecated)
  add_library(usdparquet::usd_pcp_headers${suffix} ALIAS usdparquet_usd_headers${suffix})
  set(USDPARQUET_USD_FOLDER${suffix} "${folder}" PARENT_SCOPE)
endfunction()

# What is given: trees, and a library for each. The first one is what tests are built for, unless
# there is an OpenUSD from elsewhere.
list(LENGTH USDPARQUET_USD_SOURCE num_trees)
list(LENGTH USDPARQUET_USD_LIBRARY num_libraries)
if(NOT num_trees EQUAL num_libraries)
  message(FATAL_ERROR "USDPARQUET_USD_SOURCE names ${num_trees} trees with OpenUSD's headers, "
                      "USDPARQUET_USD_LIBRARY ${num_libraries} libraries: each tree needs the one "
                      "library (libusd_ms or libusd_sdf) that the plugin is for")
endif()
foreach(tree library IN ZIP_LISTS USDPARQUET_USD_SOURCE USDPARQUET_USD_LIBRARY)
  if(NOT TARGET usdparquet_usd_headers)
    usdparquet_usd_from_tree("" "${tree}" "${library}")
    get_filename_component(folder "${library}" DIRECTORY)
    file(GLOB tbb_libraries "${folder}/libtbb[-.]*")
    set(tbb_library "")
    if(tbb_libraries)
      list(GET tbb_libraries 0 tbb_library)
    endif()
    usdparquet_add_usd("${library}" "${tbb_library}")
  else()
    list(LENGTH USDPARQUET_USD_SUFFIXES suffix)
    usdparquet_usd_from_tree("_${suffix}" "${tree}" "${library}")
    foreach(other "" ${USDPARQUET_USD_SUFFIXES})
      if("${USDPARQUET_USD_FOLDER${other}}" STREQUAL "${USDPARQUET_USD_FOLDER_${suffix}}")
        message(FATAL_ERROR "OpenUSD ${USDPARQUET_USD_FOLDER${other}} is given twice")
      endif()
    endforeach()
    list(APPEND USDPARQUET_USD_SUFFIXES "_${suffix}")
  endif()
endforeach()
