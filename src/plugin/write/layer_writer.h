#pragma once

/// \file
/// Writing a layer as a Parquet file.

#include <arrow/result.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/abstractData.h>
#include <pxr/usd/sdf/layer.h>

#include <functional>
#include <string>

#include "core/write/table_writer.h"
#include "plugin/write/export_plan.h"

PXR_NAMESPACE_OPEN_SCOPE

/// The bytes of a crate file with `data` in it, for which a file `temporary` may be made. The
/// caller gives it, since only file formats may fill layers.
using UsdParquetCrateWriter = std::function<arrow::Result<std::string>(
    const SdfAbstractDataRefPtr& data, const std::string& temporary)>;

/// Writes all of `data` to `file`: what many prims share as columns, the rest as the residual.
/// Reads the data twice and holds one row group, so that memory does not grow with the table. A
/// file of that name is replaced whole or not at all: `is_complete`, if given, is asked when all of
/// `data` was read, and its error leaves the old file. Errors name the file.
arrow::Result<usdparquet::WriteSummary> UsdParquetWriteLayer(
    const SdfAbstractData& data, const std::string& file, const UsdParquetColumnNames& names,
    const usdparquet::WriteOptions& options, const UsdParquetCrateWriter& write_crate,
    const std::function<arrow::Status()>& is_complete = {});

PXR_NAMESPACE_CLOSE_SCOPE
