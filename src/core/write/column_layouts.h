#pragma once

/// \file
/// How the columns of a written file are laid out: encoding, codec and pages.

#include <arrow/result.h>
#include <arrow/table.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <cstdint>
#include <memory>

#include "core/write/table_writer.h"

namespace usdparquet {

/// So many rows, or all, are needed to choose.
inline constexpr int64_t kLayoutSample = 10'000;

/// The properties with which `table`, or one that begins like it, is written: pages, checksums, and
/// for each of its `leaves` an encoding and a codec. They go by the leaf's type, by
/// `options.layout` and by its values: rows of `table` are written in each way in question, to
/// memory. The rule is in docs/file-format.md. Arrow's Parquet classes may throw.
arrow::Result<std::shared_ptr<parquet::WriterProperties>> ChooseLayouts(
    const arrow::Table& table, const parquet::SchemaDescriptor& leaves,
    const WriteOptions& options);

/// The properties with which `table`, the only column of which is a new `stored`, is written to
/// take the place of that: its codec, and integers packed if they were.
arrow::Result<std::shared_ptr<parquet::WriterProperties>> LayoutLike(
    const parquet::ColumnChunkMetaData& stored, const arrow::Table& table,
    const parquet::SchemaDescriptor& leaves, const WriteOptions& options);

}  // namespace usdparquet
