#pragma once

/// \file
/// Writes pages of lists so that their numbers may be used where the file is mapped.

#include <parquet/column_writer.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <functional>
#include <memory>

namespace usdparquet {

/// Makes Arrow's writer of the pages of one column chunk, to that stream. A null builder is one
/// that nobody needs.
using PageWriterMaker = std::function<std::unique_ptr<parquet::PageWriter>(
    std::shared_ptr<arrow::io::OutputStream> sink, parquet::ColumnIndexBuilder* column_index,
    parquet::OffsetIndexBuilder* offset_index)>;

/// Whether the pages of a column have numbers in lists as they lie in memory, unless they are
/// encoded otherwise or come from a dictionary.
bool CanAlignPages(const parquet::ColumnDescriptor& leaf,
                   const parquet::WriterProperties& properties);

/// A writer that hands pages to `writer`, Arrow's own, which writes to `sink`. The levels of those
/// of version 1 with PLAIN numbers are padded (PadBody), so that the numbers begin at a multiple of
/// their size in the file: then arrays that are read need no copy. The other pages, and the few
/// whose levels or checksum do not allow it, are written as they come. `make` makes writers like
/// `writer`, which tell how long the header of a page will be.
std::unique_ptr<parquet::PageWriter> AlignPages(std::unique_ptr<parquet::PageWriter> writer,
                                                std::shared_ptr<arrow::io::OutputStream> sink,
                                                const parquet::ColumnDescriptor& leaf,
                                                PageWriterMaker make);

}  // namespace usdparquet
