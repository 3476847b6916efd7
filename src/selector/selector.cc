/// \file
/// What runs when OpenUSD loads the plugin, which is when a Parquet file is first asked for.

#include "selector/process.h"
#include "selector/sentence.h"
#include "selector/stand_in.h"
#include "selector/usd_error.h"

namespace usdparquet::selector {

namespace {

/// Gives an OpenUSD its plugin. Returns why there is none, or an empty string.
std::string OpenPlugin(const LoadedUsd& usd, const Package& package) {
  std::string loader_error;
  if (package.Supports(usd.version)) {
    ShareSymbols(usd.path);
    loader_error = OpenLibrary(package.folder + "/usd/" + usd.version + "/libusdparquet_usd.so");
    if (loader_error.empty()) return {};
  }
  return WhyNotHere(usd, package, loader_error);
}

/// Which of several OpenUSDs asks is not told, and the others cannot ask later, since this library
/// is loaded once: all that are there get their plugins.
void Select() {
  const std::string folder = OwnFolder();
  const Package package{folder, NamesIn(folder + "/usd")};
  bool has_stand_in = false;
  for (const LoadedUsd& usd : FindLoadedUsds()) {
    const std::string sentence = OpenPlugin(usd, package);
    // One that does not know of the plugin does not ask. There is one stand-in.
    if (sentence.empty() || has_stand_in || !HasDeclaredFormat(usd)) continue;
    has_stand_in = RegisterStandIn(usd, sentence);
    if (!has_stand_in) RaiseUsdError(usd, sentence);
  }
}

[[maybe_unused]] const bool is_selected = [] {
  try {
    Select();
  } catch (...) {
    // For want of memory; OpenUSD then says that it knows no such format.
  }
  return true;
}();

}  // namespace

}  // namespace usdparquet::selector
