#pragma once

/// \file
/// Whole columns of the files of a dataset as Arrow tables.

#include <arrow/memory_pool.h>
#include <arrow/result.h>
#include <arrow/table.h>
#include <parquet/arrow/schema.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "core/table/part_files.h"

namespace usdparquet {

/// The columns of all rows that have any of `leaves`, whole and in the types of `manifest`, both
/// those of the dataset. Errors name the file, column and row. Thread-safe.
arrow::Result<std::shared_ptr<arrow::Table>> ReadAllParts(
    const PartFiles& parts, const parquet::arrow::SchemaManifest& manifest,
    const std::vector<int>& leaves, arrow::MemoryPool* pool);

/// The same of one row group.
arrow::Result<std::shared_ptr<arrow::Table>> ReadPartGroup(
    const PartFiles& parts, uint32_t group, const parquet::arrow::SchemaManifest& manifest,
    const std::vector<int>& leaves, arrow::MemoryPool* pool);

}  // namespace usdparquet
