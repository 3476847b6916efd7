#include "selector/process.h"

#include <dirent.h>
#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace usdparquet::selector {

namespace {

// SdfFileFormat::FindById(const TfToken&), which every OpenUSD has: as it stands in mangled names
// behind the namespace. It is no inline function, so that one library alone defines it.
constexpr std::string_view kMarker = "13SdfFileFormat8FindByIdERKNS_7TfTokenE";
constexpr std::string_view kNested = "_ZN";
// What OpenUSD's namespaces begin with where nobody renamed them.
constexpr std::string_view kUsualName = "pxrInternal";

/// The names of the symbols that a library defines or uses, each with a null behind it.
std::string_view SymbolNames(const dl_phdr_info& library) {
  const char* names = nullptr;
  size_t size = 0;
  for (int i = 0; i < library.dlpi_phnum; ++i) {
    if (library.dlpi_phdr[i].p_type != PT_DYNAMIC) continue;
    const ElfW(Addr) address = library.dlpi_addr + library.dlpi_phdr[i].p_vaddr;
    for (auto* entry = reinterpret_cast<const ElfW(Dyn)*>(address); entry->d_tag != DT_NULL;
         ++entry) {
      if (entry->d_tag == DT_STRSZ) size = entry->d_un.d_val;
      if (entry->d_tag != DT_STRTAB) continue;
      // The loader makes an address of the offset in most libraries, not in the kernel's.
      ElfW(Addr) table = entry->d_un.d_ptr;
      if (table < library.dlpi_addr) table += library.dlpi_addr;
      names = reinterpret_cast<const char*>(table);
    }
  }
  return names == nullptr ? std::string_view() : std::string_view(names, size);
}

/// A library that knows an OpenUSD, and the mangled name by which it does.
struct UsdMention {
  std::string library;
  std::string symbol;
};

int FindMention(dl_phdr_info* library, size_t /*size*/, void* data) {
  const std::string_view names = SymbolNames(*library);
  if (names.empty()) return 0;
  const void* found = memmem(names.data(), names.size(), kMarker.data(), kMarker.size());
  if (found == nullptr) return 0;
  const size_t begin = names.rfind('\0', static_cast<const char*>(found) - names.data()) + 1;
  const std::string_view symbol(names.data() + begin);
  if (!symbol.starts_with(kNested) || !symbol.ends_with(kMarker)) return 0;
  static_cast<std::vector<UsdMention>*>(data)->push_back({library->dlpi_name, std::string(symbol)});
  return 0;
}

/// What LoadedUsd::version is for a namespace: pxrInternal_v0_26_8, or pxrBlender_v25_08.
std::string VersionOf(const std::string& scope) {
  const size_t end = scope.rfind("_v");
  if (end == std::string::npos) return {};
  const char* numbers = scope.c_str() + end + 2;
  if (std::strncmp(numbers, "0_", 2) == 0) numbers += 2;
  unsigned minor = 0, patch = 0;
  if (std::sscanf(numbers, "%u_%u__", &minor, &patch) != 2) return {};
  const std::string version = std::to_string(minor) + "." + std::to_string(patch);
  const size_t begin = scope.find_first_not_of("0123456789");  // behind its length
  const std::string name = scope.substr(begin, end - begin);
  return name == kUsualName ? version : version + "-" + name;
}

/// A loaded library by its path; empty: the program.
void* Loaded(const std::string& path, int flags) {
  return dlopen(path.empty() ? nullptr : path.c_str(), RTLD_NOLOAD | flags);
}

/// The namespace in the symbol.
std::string ScopeOf(const UsdMention& mention) {
  const size_t around = kNested.size() + kMarker.size();
  return mention.symbol.substr(kNested.size(), mention.symbol.size() - around);
}

/// The OpenUSD that a library knows, if that is loaded.
std::optional<LoadedUsd> UsdOf(const UsdMention& mention) {
  void* library = Loaded(mention.library, RTLD_LAZY);
  if (library == nullptr) return std::nullopt;
  Dl_info definition = {};
  const void* address = dlsym(library, mention.symbol.c_str());
  const bool is_defined = address != nullptr && dladdr(address, &definition) != 0;
  dlclose(library);
  if (!is_defined) return std::nullopt;
  LoadedUsd usd;
  usd.scope = ScopeOf(mention);
  usd.path = definition.dli_fname;
  usd.version = VersionOf(usd.scope);
  return usd;
}

struct LibrarySearch {
  std::string_view prefix;
  std::string path;
};

int FindByFileName(dl_phdr_info* library, size_t /*size*/, void* data) {
  auto* search = static_cast<LibrarySearch*>(data);
  const std::string_view path = library->dlpi_name;
  if (!path.substr(path.rfind('/') + 1).starts_with(search->prefix)) return 0;
  search->path = path;
  return 1;
}

}  // namespace

void* LoadedUsd::Find(std::string name) const {
  for (size_t at = 0; (at = name.find("{}", at)) != std::string::npos; at += scope.size()) {
    name.replace(at, 2, scope);
  }
  void* library = Loaded(path, RTLD_LAZY);
  if (library == nullptr) library = Loaded("", RTLD_LAZY);
  void* address = dlsym(library, name.c_str());
  if (library != nullptr) dlclose(library);  // Loaded() counted it once more
  return address;
}

std::span<void* const> LoadedUsd::FindTable(const std::string& name) const {
  void* address = Find(name);
  Dl_info library = {};
  void* symbol = nullptr;
  if (address == nullptr || dladdr1(address, &library, &symbol, RTLD_DL_SYMENT) == 0 ||
      symbol == nullptr) {
    return {};
  }
  const auto size = static_cast<const ElfW(Sym)*>(symbol)->st_size;
  return {static_cast<void* const*>(address), size / sizeof(void*)};
}

std::vector<LoadedUsd> FindLoadedUsds() {
  std::vector<UsdMention> mentions;
  dl_iterate_phdr(FindMention, &mentions);
  std::vector<LoadedUsd> found;
  for (const UsdMention& mention : mentions) {
    const std::string scope = ScopeOf(mention);
    const auto is_known = [&](const LoadedUsd& usd) { return usd.scope == scope; };
    if (std::any_of(found.begin(), found.end(), is_known)) continue;
    if (std::optional<LoadedUsd> usd = UsdOf(mention)) found.push_back(*std::move(usd));
  }
  return found;
}

std::string FindLoadedLibrary(const std::string& prefix) {
  LibrarySearch search{prefix, {}};
  dl_iterate_phdr(FindByFileName, &search);
  return search.path;
}

void ShareSymbols(const std::string& path) {
  // The symbols of the program itself, where there is no such library, are shared anyway.
  Loaded(path, RTLD_NOW | RTLD_GLOBAL);
}

std::string OpenLibrary(const std::string& path) {
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr) return {};
  const char* error = dlerror();
  return error == nullptr ? "unknown error" : error;
}

std::string OwnFolder() {
  Dl_info self = {};
  if (dladdr(reinterpret_cast<const void*>(&OwnFolder), &self) == 0) return ".";
  const std::string path = self.dli_fname;
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::string RealPath(const std::string& path) {
  char* resolved = realpath(path.c_str(), nullptr);
  const std::string text = resolved == nullptr ? path : resolved;
  std::free(resolved);
  return text;
}

std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  DIR* open = opendir(folder.c_str());
  if (open == nullptr) return names;
  while (const dirent* entry = readdir(open)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  closedir(open);
  std::sort(names.begin(), names.end(), [](const std::string& left, const std::string& right) {
    return strverscmp(left.c_str(), right.c_str()) < 0;
  });
  return names;
}

}  // namespace usdparquet::selector
