#pragma once

/// \file
/// A file format for an OpenUSD that no plugin was built for. Reading and writing it raise one
/// error. Without it OpenUSD would know no reason, and would export USDC under the name of a
/// Parquet file.

#include <string>

#include "selector/process.h"

namespace usdparquet::selector {

/// Whether this OpenUSD has read a plugInfo.json of usdparquet; true if it does not tell.
bool HasDeclaredFormat(const LoadedUsd& usd);

/// Registers the stand-in as the factory of UsdParquetFileFormat, a type that OpenUSD has declared.
/// Each read and each write from then on raises `sentence`. Returns false, and has done nothing,
/// if the classes of this OpenUSD are not those that are known since 26.3.
bool RegisterStandIn(const LoadedUsd& usd, const std::string& sentence);

}  // namespace usdparquet::selector
