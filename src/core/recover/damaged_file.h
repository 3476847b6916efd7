#pragma once

/// \file
/// Opening a file whose footer, or what it names beside the rows, may be damaged.

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <parquet/arrow/reader.h>
#include <parquet/metadata.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/pages/column_chunk.h"
#include "core/pages/page_locations.h"
#include "core/schema/property_name.h"
#include "core/schema/schema_entry.h"

namespace usdparquet {

/// What can be said of a file, and what of it is lost.
struct DamagedFile {
  std::shared_ptr<arrow::io::RandomAccessFile> file;
  std::shared_ptr<parquet::FileMetaData> metadata;
  std::vector<uint32_t> group_first_rows;              ///< with the number of rows behind
  std::unique_ptr<parquet::arrow::FileReader> reader;  ///< verifies checksums
  PageLocations::Opened locations;
  bool is_sealed = false;      ///< whether the footer has a checksum, which is right
  std::string footer_problem;  ///< why the footer cannot be relied on; empty: it can

  PageSource Pages() const;
  int64_t num_rows() const { return group_first_rows.back(); }
  int num_groups() const { return static_cast<int>(group_first_rows.size()) - 1; }
  const std::vector<parquet::arrow::SchemaField>& fields() const {
    return reader->manifest().schema_fields;
  }
};

/// Opens a file as far as its footer can be parsed at all. Fails with the reason if not: without it
/// nothing is known of the bytes. Arrow's Parquet classes may throw.
arrow::Result<DamagedFile> OpenDamaged(std::shared_ptr<arrow::io::RandomAccessFile> file);

/// What a file says of its columns and its layer, as far as it can be used.
struct FoundEntry {
  SchemaEntry entry;
  std::string json;     ///< empty: there is none
  std::string problem;  ///< why it was dropped; empty: it was not
  std::string missing;  ///< what columns it describes that the file does not have; empty: none
};

/// The entry `usdparquet:schema`. `path_column` is the one that was asked for, if not empty.
FoundEntry FindEntry(const parquet::FileMetaData& metadata, const std::string& path_column,
                     const IdentifierTest& unicode_test);

/// The bytes of the residual.
struct FoundResidual {
  std::string bytes;    ///< empty: there is none
  std::string problem;  ///< why it is lost; empty: it is not
};

FoundResidual ReadResidual(const DamagedFile& file);

}  // namespace usdparquet
