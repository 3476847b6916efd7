# cmake -DFILE=<library or program> -DNM=<nm> -P CheckTbb.cmake
#
# Fails if FILE holds TBB code of its own. usd-core 26.8 brings libtbb.so.2 (TBB 2020) while the
# headers of pxr-sdf-dev are oneTBB's: inline TBB code of USD's headers compiles, then crashes or
# does not load. What is known to hold some: TfErrorMark, TfScoped/TfStacked, pxr/base/work,
# the TRACE_ macros, ArThreadLocalScopedCache.
execute_process(COMMAND "${NM}" -C "${FILE}" OUTPUT_VARIABLE symbols RESULT_VARIABLE status
                ERROR_VARIABLE error)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${NM} ${FILE}: ${error}")
endif()
string(REGEX MATCH "[^\n]*tbb::[^\n]*" symbol "${symbols}")
if(symbol)
  file(REMOVE "${FILE}")
  message(FATAL_ERROR
    "${FILE} uses TBB inline, which does not match the TBB of usd-core:\n  ${symbol}\n"
    "Do without TfErrorMark, TfStacked, pxr/base/work and TRACE_ macros (see cmake/CheckTbb.cmake)")
endif()
