#pragma once

/// \file
/// Adds rows and columns to a file of a dataset.

#include <arrow/result.h>
#include <pxr/pxr.h>

#include <memory>
#include <optional>
#include <string>

#include "core/table/table.h"
#include "core/write/file_patch.h"
#include "core/write/table_writer.h"
#include "plugin/format/dataset_additions.h"

PXR_NAMESPACE_OPEN_SCOPE

/// Writes the file `source`, which is number `part` of `dataset`, to `target`, which may be the
/// same, with the rows and columns that are added to it and with the new cells. Holds the file in
/// memory. Errors do not name it.
arrow::Status UsdParquetWriteAdditions(const UsdParquetAdditions& additions, uint32_t part,
                                       const usdparquet::Table& dataset, const std::string& source,
                                       const std::string& target,
                                       const usdparquet::WriteOptions& options);

/// That PatchFile can't set a cell, which lies at `place`.
arrow::Status UsdParquetRefused(const std::optional<usdparquet::RefusedCell>& refused,
                                const std::string& place);

/// A file as columns, also of rows that a layer does not show.
arrow::Result<std::shared_ptr<usdparquet::Table>> UsdParquetOpenCells(const std::string& file);

PXR_NAMESPACE_CLOSE_SCOPE
