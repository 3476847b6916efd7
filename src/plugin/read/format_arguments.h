#pragma once

/// \file
/// The format arguments of a layer (`file.parquet:SDF_FORMAT_ARGS:name=value&…`).

#include <arrow/result.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/fileFormat.h>
#include <pxr/usd/sdf/path.h>

#include <optional>
#include <string>
#include <vector>

#include "core/color/color_scale.h"
#include "core/index/time_codes.h"

PXR_NAMESPACE_OPEN_SCOPE

struct UsdParquetArguments {
  std::string path_column;  ///< `path`: the column with the prim paths; empty: as the file says
  std::string key;          ///< `key`: the column with the ids of the rows; empty: they have paths
  std::string ids;          ///< `ids`: the file with the paths and ids of prims, as it was given
  std::string time_column;  ///< `time`: the column with the times; empty: as the file says
  std::optional<usdparquet::Nanoseconds> time_start;  ///< `start`: the moment of time code 0
  std::optional<double> time_codes_per_second;        ///< `timeCodesPerSecond`
  std::optional<std::vector<std::string>>
      columns;                                   ///< `columns`: those to present, comma-separated
  SdfPath prefix = SdfPath::AbsoluteRootPath();  ///< `prefix`: the prim to root the table under
  bool declares_nulls = false;                   ///< `nulls=declare`
  /// `color`, `ramp`, `range`: the column whose values are shown as colours; none if it is empty
  usdparquet::ColorRequest colors;
  std::optional<uint64_t> cache_bytes;  ///< `cache_mb`: sets the process-wide budget
  std::vector<std::string> unknown;     ///< arguments that this format does not know
};

/// The names of the arguments, as a message lists them.
extern const char kUsdParquetArgumentNames[];

/// Parses `arguments`. Fails on a bad value, with a message that names the argument.
arrow::Result<UsdParquetArguments> UsdParquetParseArguments(
    const SdfFileFormat::FileFormatArguments& arguments);

PXR_NAMESPACE_CLOSE_SCOPE
