# Installs what C++ programs outside of this project use of the core: its public headers and
# find_package(usdparquet), which gives usdparquet::core (docs/cpp.md).
#
# Public is a header whose comment says so, and all that it includes is public too
# (tests/python/test_cpp_package.py). Where they are installed, "core/" is "usdparquet/".

# usdparquet_install_cpp_package(<folder of the headers> <folder of the CMake files>
#                                <folder of the library> <folder of Arrow's libraries>)
# The last one may begin with ${PACKAGE_PREFIX_DIR}; it is where pyarrow is looked for.
function(usdparquet_install_cpp_package include_folder cmake_folder library_folder arrow_folder)
  set(mark "/// Part of the C++ interface, which is installed (docs/cpp.md).")
  set(headers_dir "${PROJECT_BINARY_DIR}/cpp_package/include/usdparquet")
  file(REMOVE_RECURSE "${headers_dir}")
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/src/core"
       "${PROJECT_SOURCE_DIR}/src/core/*.h")
  foreach(header IN LISTS headers)
    file(READ "${PROJECT_SOURCE_DIR}/src/core/${header}" text)
    string(FIND "${text}" "${mark}" at)
    if(NOT at EQUAL -1)
      string(REPLACE "#include \"core/" "#include \"usdparquet/" text "${text}")
      file(WRITE "${headers_dir}/${header}" "${text}")
      # A change of the header configures anew.
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "src/core/${header}")
    endif()
  endforeach()
  install(DIRECTORY "${headers_dir}" DESTINATION "${include_folder}")

  include(CMakePackageConfigHelpers)
  set(config_dir "${PROJECT_BINARY_DIR}/cpp_package/cmake")
  set(LIBRARY_FOLDER "${library_folder}")
  set(INCLUDE_FOLDER "${include_folder}")
  set(ARROW_FOLDER "${arrow_folder}")
  configure_package_config_file(
    "${PROJECT_SOURCE_DIR}/cmake/usdparquetConfig.cmake.in" "${config_dir}/usdparquetConfig.cmake"
    INSTALL_DESTINATION "${cmake_folder}" PATH_VARS LIBRARY_FOLDER INCLUDE_FOLDER
    NO_CHECK_REQUIRED_COMPONENTS_MACRO)
  write_basic_package_version_file("${config_dir}/usdparquetConfigVersion.cmake"
                                   COMPATIBILITY SameMinorVersion)
  install(FILES "${config_dir}/usdparquetConfig.cmake" "${config_dir}/usdparquetConfigVersion.cmake"
          DESTINATION "${cmake_folder}")
endfunction()
