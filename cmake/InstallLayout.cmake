# Where things are installed, and the plugInfo.json files that lead OpenUSD to the plugin.
#
# Wheel (the prefix is site-packages):
#   usdparquet/                            the package, its libraries beside __init__.py
#   usdparquet/plugin/plugInfo.json        for usdparquet.register() and PXR_PLUGINPATH_NAME
#   pxr/pluginfo/usdparquet/resources/     found by usd-core with no configuration
# Stock SDK (any prefix; an SDK's own prefix needs no configuration either):
#   lib/libusdparquet_core.so
#   plugin/usd/libusdparquet.so, plugin/usd/usdparquet/resources/plugInfo.json

# usdparquet_configure_plug_info(<output> <path of the library, from the output's folder>)
function(usdparquet_configure_plug_info output library_path)
  set(PLUGIN_LIBRARY_PATH "${library_path}")
  configure_file("${PROJECT_SOURCE_DIR}/src/plugin/format/plugInfo.json.in" "${output}" @ONLY)
endfunction()

macro(usdparquet_install_layout)
  # For programs of the build tree; the folder that PXR_PLUGINPATH_NAME takes.
  set(USDPARQUET_BUILD_PLUGIN_DIR "${PROJECT_BINARY_DIR}/plugin")
  usdparquet_configure_plug_info("${USDPARQUET_BUILD_PLUGIN_DIR}/plugInfo.json"
                                 "../${CMAKE_SHARED_LIBRARY_PREFIX}usdparquet.so")

  set(plug_info_dir "${PROJECT_BINARY_DIR}/plug_info")
  if(USDPARQUET_STOCK_USD)
    usdparquet_configure_plug_info("${plug_info_dir}/sdk/plugInfo.json"
                                   "../../libusdparquet.so")
    set_target_properties(usdparquet_core PROPERTIES
      INSTALL_RPATH "$ORIGIN" INSTALL_RPATH_USE_LINK_PATH ON)
    install(TARGETS usdparquet_core DESTINATION lib)
    if(TARGET usdparquet_plugin)
      set_target_properties(usdparquet_plugin PROPERTIES
        INSTALL_RPATH "$ORIGIN/../../lib" INSTALL_RPATH_USE_LINK_PATH ON)
      install(TARGETS usdparquet_plugin DESTINATION plugin/usd)
      install(FILES "${plug_info_dir}/sdk/plugInfo.json"
              DESTINATION plugin/usd/usdparquet/resources)
    endif()
  else()
    usdparquet_configure_plug_info("${plug_info_dir}/package/plugInfo.json"
                                   "../libusdparquet.so")
    usdparquet_configure_plug_info("${plug_info_dir}/pxr/plugInfo.json"
                                   "../../../../usdparquet/libusdparquet.so")
    set(wheel_targets usdparquet_core)
    foreach(target IN ITEMS usdparquet_plugin _core)
      if(TARGET ${target})
        list(APPEND wheel_targets ${target})
      endif()
    endforeach()
    set_target_properties(${wheel_targets} PROPERTIES
      INSTALL_RPATH "$ORIGIN:$ORIGIN/../usd_core.libs:$ORIGIN/../pyarrow")
    install(TARGETS ${wheel_targets} DESTINATION usdparquet)
    if(TARGET usdparquet_plugin)
      install(FILES "${plug_info_dir}/package/plugInfo.json" DESTINATION usdparquet/plugin)
      install(FILES "${plug_info_dir}/pxr/plugInfo.json"
              DESTINATION pxr/pluginfo/usdparquet/resources)
    endif()
  endif()
endmacro()
