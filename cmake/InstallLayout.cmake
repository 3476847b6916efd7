# Where things are installed, and the plugInfo.json files that lead OpenUSD to the plugin.
#
# plugInfo.json names libusdparquet.so, the selector. It opens usd/<version>/libusdparquet_usd.so
# beside itself: the plugin that was built for that version of OpenUSD. Where an application renamed
# OpenUSD's namespace, its name is in the folder's: usd/26.8-pxrBlender.
#
# Wheel (the prefix is site-packages):
#   usdparquet/                            the package, its libraries beside __init__.py
#   usdparquet/licences/                   those of what is compiled into the libraries
#   usdparquet/cmake/, usdparquet/include/ for C++ programs (CppPackage.cmake)
#   usdparquet/plugin/                     libusdparquet.so, usd/<version>/libusdparquet_usd.so
#                                          and libusdparquet_resolve.so, which Python loads
#   usdparquet/plugin/plugInfo.json        for usdparquet.register() and PXR_PLUGINPATH_NAME
#   pxr/pluginfo/usdparquet/resources/     plugInfo.json, found by usd-core with no configuration
# Stock SDK (any prefix; an SDK's own prefix needs no configuration either):
#   lib/libusdparquet_core.so
#   lib/cmake/usdparquet/, include/        for C++ programs
#   plugin/usd/usdparquet/                 libusdparquet.so, usd/<version>/libusdparquet_usd.so
#   plugin/usd/usdparquet/resources/       plugInfo.json

# usdparquet_configure_plug_info(<output> <path of the library, from the output's folder>)
function(usdparquet_configure_plug_info output library_path)
  set(PLUGIN_LIBRARY_PATH "${library_path}")
  configure_file("${PROJECT_SOURCE_DIR}/src/plugin/format/plugInfo.json.in" "${output}" @ONLY)
endfunction()

# usdparquet_install_plugin(<folder of the selector> <rpath of the plugin> [<suffix>...])
# The suffixes are those of further plugins, as usdparquet_add_plugin has them.
function(usdparquet_install_plugin folder rpath)
  install(TARGETS usdparquet_selector DESTINATION "${folder}")
  foreach(suffix "" ${ARGN})
    set(targets usdparquet_plugin${suffix})
    if(NOT USDPARQUET_ARROW_STATIC)
      list(APPEND targets usdparquet_resolve${suffix})
      set_target_properties(usdparquet_plugin${suffix} PROPERTIES INSTALL_RPATH "${rpath}")
      set_target_properties(usdparquet_resolve${suffix} PROPERTIES INSTALL_RPATH "$ORIGIN:${rpath}")
    endif()
    set(usd_folder "usd/${USDPARQUET_USD_FOLDER${suffix}}")
    set_target_properties(${targets} PROPERTIES
      LIBRARY_OUTPUT_DIRECTORY "${USDPARQUET_BUILD_PLUGIN_DIR}/${usd_folder}")
    install(TARGETS ${targets} DESTINATION "${folder}/${usd_folder}")
  endforeach()
endfunction()

macro(usdparquet_install_layout)
  # The build tree has the layout of a wheel, so that the libraries find each other and pyarrow
  # there as they do once they are installed.
  set(build_package_dir "${PROJECT_BINARY_DIR}/site/usdparquet")
  # For programs of the build tree; the folder that PXR_PLUGINPATH_NAME takes.
  set(USDPARQUET_BUILD_PLUGIN_DIR "${build_package_dir}/plugin")
  usdparquet_configure_plug_info("${USDPARQUET_BUILD_PLUGIN_DIR}/plugInfo.json" "libusdparquet.so")
  if(TARGET usdparquet_plugin)
    set_target_properties(usdparquet_selector PROPERTIES
      LIBRARY_OUTPUT_DIRECTORY "${USDPARQUET_BUILD_PLUGIN_DIR}")
  endif()

  set(plug_info_dir "${PROJECT_BINARY_DIR}/plug_info")
  if(USDPARQUET_STOCK_USD)
    # INSTALL_RPATH_USE_LINK_PATH would leave out an Arrow of this folder's .venv.
    if(NOT USDPARQUET_ARROW_STATIC)
      set_target_properties(usdparquet_core PROPERTIES
        INSTALL_RPATH "$ORIGIN:${USDPARQUET_ARROW_FOLDER}")
      install(TARGETS usdparquet_core DESTINATION lib)
      usdparquet_install_cpp_package(include lib/cmake/usdparquet lib "${USDPARQUET_ARROW_FOLDER}")
    endif()
    if(TARGET usdparquet_plugin)
      usdparquet_install_plugin(plugin/usd/usdparquet
                                "$ORIGIN/../../../../../lib:${USDPARQUET_ARROW_FOLDER}"
                                ${USDPARQUET_USD_SUFFIXES})
      usdparquet_configure_plug_info("${plug_info_dir}/sdk/plugInfo.json" "../libusdparquet.so")
      install(FILES "${plug_info_dir}/sdk/plugInfo.json"
              DESTINATION plugin/usd/usdparquet/resources)
    endif()
  else()
    set(wheel_targets usdparquet_core)
    if(TARGET _core)
      list(APPEND wheel_targets _core)
    endif()
    install(TARGETS ${wheel_targets} DESTINATION usdparquet)
    if(TARGET _core_abi3)
      list(APPEND wheel_targets _core_abi3)
      install(TARGETS _core_abi3 DESTINATION usdparquet COMPONENT abi3 EXCLUDE_FROM_ALL)
    endif()
    set_target_properties(${wheel_targets} PROPERTIES
      INSTALL_RPATH "$ORIGIN:$ORIGIN/../pyarrow"
      LIBRARY_OUTPUT_DIRECTORY "${build_package_dir}")
    file(CREATE_LINK "${USDPARQUET_ARROW_FOLDER}" "${PROJECT_BINARY_DIR}/site/pyarrow" SYMBOLIC)
    usdparquet_install_cpp_package(usdparquet/include usdparquet/cmake usdparquet
                                   "\${PACKAGE_PREFIX_DIR}/pyarrow")
    if(USDPARQUET_ARROW_FROM_PYARROW)
      execute_process(
        COMMAND "${Python_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/cmake/licence_texts.py"
                "${PROJECT_BINARY_DIR}/licences"
        ERROR_VARIABLE error RESULT_VARIABLE status)
      if(NOT status EQUAL 0)
        message(FATAL_ERROR "${error}")
      endif()
      install(DIRECTORY "${PROJECT_BINARY_DIR}/licences" DESTINATION usdparquet)
    endif()
    if(TARGET usdparquet_plugin)
      usdparquet_install_plugin(usdparquet/plugin
                                "$ORIGIN/../../..:$ORIGIN/../../../../pyarrow"
                                ${USDPARQUET_USD_SUFFIXES})
      foreach(suffix "" ${USDPARQUET_USD_SUFFIXES})
        list(APPEND wheel_targets usdparquet_plugin${suffix} usdparquet_resolve${suffix})
      endforeach()
      usdparquet_configure_plug_info("${plug_info_dir}/package/plugInfo.json" "libusdparquet.so")
      install(FILES "${plug_info_dir}/package/plugInfo.json" DESTINATION usdparquet/plugin)
      usdparquet_configure_plug_info("${plug_info_dir}/pxr/plugInfo.json"
                                     "../../../../usdparquet/plugin/libusdparquet.so")
      install(FILES "${plug_info_dir}/pxr/plugInfo.json"
              DESTINATION pxr/pluginfo/usdparquet/resources)
    endif()
    # Nothing is changed in a library when it is installed, and where it was built does not show.
    set_target_properties(${wheel_targets} PROPERTIES BUILD_WITH_INSTALL_RPATH ON)
  endif()
endmacro()
