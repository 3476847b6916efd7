#pragma once

/// \file
/// The cells of single pages as Arrow arrays, whatever the column's type.

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/result.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/recover/column_parts.h"

namespace usdparquet {

/// Stored pages of one leaf.
struct StoredPages {
  parquet::Compression::type codec = parquet::Compression::UNCOMPRESSED;
  std::string created_by;                     ///< of the file: what it says of pages depends on it
  std::shared_ptr<arrow::Buffer> dictionary;  ///< the page with its header; may be null
  std::vector<std::shared_ptr<arrow::Buffer>> pages;
};

/// Checks the header of a dictionary page, and its checksum if it has one. Arrow's Parquet classes
/// may throw.
arrow::Status CheckDictionary(const std::shared_ptr<arrow::Buffer>& page,
                              const parquet::ColumnDescriptor& descriptor,
                              parquet::Compression::type codec);

/// The cells of `part` in pages of its leaves (of each the same rows, `num_rows`), as an array of
/// the type of part.field, or with the values of its dictionaries instead, where they have entries
/// that are no UTF-8. Fails if a page has a wrong checksum, does not decode, or does not hold
/// that many rows. Arrow's Parquet classes may throw.
arrow::Result<std::shared_ptr<arrow::Array>> ReadPages(const ColumnPart& part,
                                                       std::span<const StoredPages> leaves,
                                                       int64_t num_rows);

}  // namespace usdparquet
