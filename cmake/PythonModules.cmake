# The Python module: usdparquet_add_module, and usdparquet_add_abi3_module where it is to be made for
# the stable ABI by an older Python.

usdparquet_python_package_info(nanobind)
find_package(nanobind CONFIG REQUIRED PATHS "${USDPARQUET_NANOBIND_CMAKE_DIR}" NO_DEFAULT_PATH)

# usdparquet_add_module(<target> <sources>...): for this Python; from 3.12 on, for the stable ABI.
function(usdparquet_add_module target)
  nanobind_add_module(${target} STABLE_ABI NB_STATIC NB_DOMAIN usdparquet ${ARGN})
  target_compile_definitions(${target} PRIVATE USDPARQUET_VERSION="${PROJECT_VERSION}")
  target_link_libraries(${target} PRIVATE usdparquet_core usdparquet_options)
  usdparquet_compile_folders(${target})
  foreach(library nanobind-static nanobind-static-abi3)
    if(TARGET ${library})
      set_target_properties(${library} PROPERTIES
        UNITY_BUILD ${USDPARQUET_COMPILE_FOLDERS} UNITY_BUILD_BATCH_SIZE 0)
    endif()
  endforeach()
endfunction()

# usdparquet_add_abi3_module(<target> <sources>...): _core for the stable ABI of Python 3.12, with
# the headers in USDPARQUET_ABI3_INCLUDE_DIR. One build of core and plugin then serves the wheels of
# all Pythons.
function(usdparquet_add_abi3_module target)
  # All that nanobind asks of find_package(Python), which knows one Python a project.
  set(Python_VERSION 3.12)
  set(Python_INCLUDE_DIRS "${USDPARQUET_ABI3_INCLUDE_DIR}")
  if(NOT TARGET Python::SABIModule)
    add_library(Python::SABIModule INTERFACE IMPORTED)
  endif()
  usdparquet_add_module(${target} ${ARGN})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME _core EXCLUDE_FROM_ALL ON)
endfunction()
