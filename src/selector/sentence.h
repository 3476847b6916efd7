#pragma once

/// \file
/// Why no Parquet file can be opened in this process, in one sentence.

#include <string>
#include <vector>

#include "selector/process.h"

namespace usdparquet::selector {

/// What this package holds.
struct Package {
  /// The folder of the selector.
  std::string folder;
  /// The versions of OpenUSD that a plugin was built for.
  std::vector<std::string> usd_versions;

  bool Supports(const std::string& usd_version) const;
};

/// What is there, what is supported and what to do. `loader_error` says why the plugin for `usd`
/// did not load; it is told where neither OpenUSD's version nor Arrow's explains it.
std::string WhyNotHere(const LoadedUsd& usd, const Package& package,
                       const std::string& loader_error);

}  // namespace usdparquet::selector
