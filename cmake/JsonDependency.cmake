# Makes usdparquet::json: the headers of nlohmann/json, from the Python package where Arrow is taken
# from one too, else from an installed nlohmann_json.

add_library(usdparquet_json INTERFACE)
add_library(usdparquet::json ALIAS usdparquet_json)

if(USDPARQUET_ARROW_FROM_PYARROW)
  usdparquet_python_package_info(json)
  target_include_directories(usdparquet_json SYSTEM INTERFACE "${USDPARQUET_JSON_INCLUDE_DIR}")
else()
  find_package(nlohmann_json REQUIRED CONFIG)
  target_link_libraries(usdparquet_json INTERFACE nlohmann_json::nlohmann_json)
endif()
