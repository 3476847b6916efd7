# usdparquet_python_package_info(<topic>...)
#
# Asks the interpreter where installed Python packages keep what a C++ build needs, and sets one
# variable USDPARQUET_<KEY> in the caller's scope for each `KEY=VALUE` line that it prints.
# The topics are those of cmake/python_packages.py.
function(usdparquet_python_package_info)
  execute_process(
    COMMAND "${Python_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/cmake/python_packages.py" ${ARGN}
    OUTPUT_VARIABLE output ERROR_VARIABLE error RESULT_VARIABLE status
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_STRIP_TRAILING_WHITESPACE)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${error}")
  endif()
  string(REPLACE "\n" "@NEXT@" output "${output}")
  string(REPLACE ";" "@ITEM@" output "${output}")
  string(REPLACE "@NEXT@" ";" lines "${output}")
  foreach(line IN LISTS lines)
    if(line MATCHES "^([A-Z_]+)=(.*)$")
      string(REPLACE "@ITEM@" ";" value "${CMAKE_MATCH_2}")
      set(USDPARQUET_${CMAKE_MATCH_1} "${value}" PARENT_SCOPE)
    endif()
  endforeach()
endfunction()
