#include "plugin/resolve/python_cache.h"

#include <dlfcn.h>
#include <pxr/usd/pcp/cache.h>

#include <string>
#include <typeinfo>

PXR_NAMESPACE_OPEN_SCOPE

#define USDPARQUET_TEXT_OF(name) #name
#define USDPARQUET_TEXT(name) USDPARQUET_TEXT_OF(name)

namespace {

/// A function of the converters in pxr_boost::python; its headers would need Python's.
void* FindConverter(const char* mangled_rest) {
  const std::string space = USDPARQUET_TEXT(PXR_INTERNAL_NS);
  const std::string symbol =
      "_ZN" + std::to_string(space.size()) + space + "9pxr_boost6python9converter" + mangled_rest;
  return dlsym(RTLD_DEFAULT, symbol.c_str());
}

}  // namespace

PcpCache* UsdParquetCacheOf(void* python_object) {
  // A type_info of pxr_boost::python is a pointer to the mangled name, with GCC and Clang.
  using Query = const void* (*)(const char* type_name);
  using Extract = void* (*)(void* python_object, const void* registration);
  static const auto query =
      reinterpret_cast<Query>(FindConverter("8registry5queryENS1_9type_infoE"));
  static const auto extract = reinterpret_cast<Extract>(
      FindConverter("22get_lvalue_from_pythonEP7_objectRKNS2_12registrationE"));
  if (!query || !extract || !python_object) return nullptr;
  const void* const registration = query(typeid(PcpCache).name());
  return registration ? static_cast<PcpCache*>(extract(python_object, registration)) : nullptr;
}

PXR_NAMESPACE_CLOSE_SCOPE
