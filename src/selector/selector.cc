/// \file
/// What runs when OpenUSD loads the plugin, which is when a Parquet file is first asked for.

#include "selector/process.h"
#include "selector/sentence.h"
#include "selector/stand_in.h"
#include "selector/usd_error.h"

namespace usdparquet::selector {

namespace {

void Select() {
  const std::optional<LoadedUsd> usd = FindLoadedUsd();
  if (!usd) return;
  const std::string folder = OwnFolder();
  const Package package{folder, NamesIn(folder + "/usd")};
  std::string loader_error;
  if (package.Supports(usd->version)) {
    ShareSymbols(usd->path);
    loader_error = OpenLibrary(folder + "/usd/" + usd->version + "/libusdparquet_usd.so");
    if (loader_error.empty()) return;
  }
  const std::string sentence = WhyNotHere(*usd, package, loader_error);
  if (!RegisterStandIn(*usd, sentence)) RaiseUsdError(*usd, sentence);
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
