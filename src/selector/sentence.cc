#include "selector/sentence.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace usdparquet::selector {

namespace {

constexpr std::string_view kArrowPrefix = "libarrow.so.";
constexpr int kArrow = USDPARQUET_ARROW_SO_VERSION;
// The plugin holds its Arrow, and no other matters.
constexpr bool kIsArrowWithin = kArrow == 0;

/// An Arrow library; Arrow 26.1 has 2601 in its file name.
struct FoundArrow {
  std::string path;
  int so_version = 0;
};

std::string VersionText(int so_version) {
  return std::to_string(so_version / 100) + "." + std::to_string(so_version % 100);
}

/// The Arrow that is loaded, or else the one in `folder`.
FoundArrow FindArrow(const std::string& folder) {
  std::string path = FindLoadedLibrary(std::string(kArrowPrefix));
  if (path.empty()) {
    for (const std::string& name : NamesIn(folder)) {
      if (name.starts_with(kArrowPrefix)) path = folder + "/" + name;
    }
  }
  if (path.empty()) return {};
  return {path, std::atoi(path.c_str() + path.rfind('/') + 1 + kArrowPrefix.size())};
}

/// Where the plugin looks for Arrow.
std::string ArrowFolder(const Package& package) {
#ifdef USDPARQUET_ARROW_FOLDER
  static_cast<void>(package);
  return USDPARQUET_ARROW_FOLDER;
#else
  return RealPath(package.folder + "/../..") + "/pyarrow";
#endif
}

/// Whether the loader's error is about Arrow's own libraries: one is missing or damaged, or lacks
/// what another Arrow of the same version has. It begins with the file that it is about.
bool IsAboutArrow(const std::string& loader_error) {
  const std::string file = loader_error.substr(0, loader_error.find(": "));
  std::string_view name = std::string_view(file).substr(file.rfind('/') + 1);
  const size_t symbol = loader_error.find("undefined symbol: ");
  if (symbol != std::string::npos) {
    const std::string_view mangled = std::string_view(loader_error).substr(symbol);
    return mangled.find("5arrow") != std::string_view::npos ||
           mangled.find("7parquet") != std::string_view::npos;
  }
  if (!name.starts_with("lib")) return false;
  name.remove_prefix(3);
  return name.starts_with("arrow") || name.starts_with("parquet");
}

/// How the user gets Arrow whole, where a part of it is missing.
std::string WholeArrow() {
#ifdef USDPARQUET_ARROW_FOLDER
  return "install Arrow " + VersionText(kArrow) + " anew";
#else
  return "pip install --force-reinstall 'pyarrow==" + VersionText(kArrow) + ".*'";
#endif
}

/// How the user gets what is supported.
std::string WhatToDo(const Package& package) {
  if (package.usd_versions.empty()) return "install usdparquet anew";
#ifdef USDPARQUET_ARROW_FOLDER
  return "install these versions, or build usdparquet for what is here";
#else
  std::string install = "install";
  for (const std::string& version : package.usd_versions) {
    // Others are of applications, and on no index of packages.
    if (version.find('-') == std::string::npos) install = "pip install usd-core==" + version;
  }
  return install + " 'pyarrow==" + VersionText(kArrow) +
         ".*', or install a usdparquet for what is here";
#endif
}

}  // namespace

bool Package::Supports(const std::string& usd_version) const {
  return std::find(usd_versions.begin(), usd_versions.end(), usd_version) != usd_versions.end();
}

std::string WhyNotHere(const LoadedUsd& usd, const Package& package,
                       const std::string& loader_error) {
  std::string supported;
  for (const std::string& version : package.usd_versions) {
    supported += (supported.empty() ? "" : " or ") + version;
  }
  std::string text = "usdparquet " USDPARQUET_VERSION " opens Parquet layers with OpenUSD " +
                     (supported.empty() ? "of no version" : supported) +
                     (kIsArrowWithin ? "" : " and Arrow " + VersionText(kArrow)) +
                     ", but finds OpenUSD " +
                     (usd.version.empty() ? "of an unknown version" : usd.version) + " (" +
                     RealPath(usd.path) + ")";
  const std::string damaged =
      " and cannot load its library (" + loader_error + "): install usdparquet anew";
  if (kIsArrowWithin) {
    return text + (package.Supports(usd.version) ? damaged : ": " + WhatToDo(package));
  }
  text += " and ";
  const std::string arrow_folder = ArrowFolder(package);
  const FoundArrow arrow = FindArrow(arrow_folder);
  if (arrow.path.empty()) {
    text += "no Arrow (none is loaded, none is in " + arrow_folder + ")";
  } else {
    text += "Arrow " + VersionText(arrow.so_version) + " (" + RealPath(arrow.path) + ")";
  }
  // A pyarrow that is there without it is not whole: pip would leave it as it is.
  if (package.Supports(usd.version) && arrow.path.empty() && !NamesIn(arrow_folder).empty()) {
    return text + ": " + WholeArrow();
  }
  if (package.Supports(usd.version) && arrow.so_version == kArrow) {
    if (IsAboutArrow(loader_error)) {
      return text + ", of which a part is missing or damaged (" + loader_error +
             "): " + WholeArrow();
    }
    return text + damaged;
  }
  return text + ": " + WhatToDo(package);
}

}  // namespace usdparquet::selector
