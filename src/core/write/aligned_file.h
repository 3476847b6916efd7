#pragma once

/// \file
/// Arrow's writer of Parquet files, with pages that are aligned.

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <arrow/type.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include <memory>

#include "core/util/export.h"

namespace usdparquet {

/// What parquet::arrow::FileWriter::Open opens, but that pages of lists of numbers are aligned
/// (AlignPages). Row groups are written one column after the other, not buffered; nothing is
/// encrypted, and there are no Bloom filters. Memory comes from BlockPool. Arrow's classes may
/// throw.
USDPARQUET_API arrow::Result<std::unique_ptr<parquet::arrow::FileWriter>> OpenAlignedFile(
    const std::shared_ptr<arrow::Schema>& schema, std::shared_ptr<arrow::io::OutputStream> sink,
    const std::shared_ptr<parquet::WriterProperties>& properties,
    const std::shared_ptr<parquet::ArrowWriterProperties>& arrow_properties =
        parquet::default_arrow_writer_properties());

}  // namespace usdparquet
