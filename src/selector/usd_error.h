#pragma once

/// \file
/// Errors of OpenUSD, raised without its headers.

#include <string>

#include "selector/process.h"

namespace usdparquet::selector {

/// Raises `sentence` as TF_RUNTIME_ERROR would. Does nothing in an OpenUSD that has no such call.
void RaiseUsdError(const LoadedUsd& usd, const std::string& sentence);

}  // namespace usdparquet::selector
