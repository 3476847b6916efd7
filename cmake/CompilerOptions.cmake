# Language level, warnings and sanitizers, for every target of the project.

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_package(Threads REQUIRED)

# usdparquet_hide_folder(<folder> <name>): what __FILE__ gives of files there begins with the name,
# so that libraries are the same wherever they are built.
function(usdparquet_hide_folder folder name)
  add_compile_options("-fmacro-prefix-map=${folder}/=${name}")
endfunction()
usdparquet_hide_folder("${PROJECT_SOURCE_DIR}" "")
usdparquet_hide_folder("${PROJECT_BINARY_DIR}" "build/")

# Linked PRIVATE by the project's own targets, so that nothing leaks to a consumer.
add_library(usdparquet_options INTERFACE)
if(USDPARQUET_WARNINGS)
  target_compile_options(usdparquet_options INTERFACE -Wall -Wextra)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees overlaps in std::string operations of C++20 that are not there (its bug 105651).
  target_compile_options(usdparquet_options INTERFACE -Wno-restrict)
endif()
if(USDPARQUET_COMPILE_FOLDERS AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # A folder's templates fill more memory than GCC likes to have, and it looks for what it could free
  # again and again, in vain: a tenth of the time.
  target_compile_options(usdparquet_options INTERFACE "SHELL:--param ggc-min-heapsize=1000000")
endif()
if(USDPARQUET_WERROR)
  target_compile_options(usdparquet_options INTERFACE -Werror)
endif()

if(USDPARQUET_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(USDPARQUET_SANITIZE)
  add_compile_options("-fsanitize=${USDPARQUET_SANITIZE}" -fno-omit-frame-pointer)
  add_link_options("-fsanitize=${USDPARQUET_SANITIZE}")
endif()
if(USDPARQUET_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # The thread sanitizer does not follow the fences in OpenUSD's headers (of VtValue), and GCC says
  # so at each.
  target_compile_options(usdparquet_options INTERFACE -Wno-tsan)
endif()

# usdparquet_compile_folders(<target>): with USDPARQUET_COMPILE_FOLDERS, each folder of its sources
# is one unit for the compiler. Most of the time goes into the headers of Arrow and OpenUSD, which
# are then read once a folder. Names in the anonymous namespaces of a folder have to differ.
function(usdparquet_compile_folders target)
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources INCLUDE REGEX "^${PROJECT_SOURCE_DIR}/src/.*\\.cc$")
  foreach(source IN LISTS sources)
    get_filename_component(folder "${source}" DIRECTORY)
    get_filename_component(group "${folder}" NAME)
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP ${group})
  endforeach()
  set_target_properties(${target} PROPERTIES
    UNITY_BUILD ${USDPARQUET_COMPILE_FOLDERS} UNITY_BUILD_MODE GROUP)
endfunction()
