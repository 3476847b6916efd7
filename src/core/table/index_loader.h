#pragma once

/// \file
/// The index of a file: taken from the file, or built from its columns.

#include <arrow/result.h>
#include <parquet/metadata.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/index/index_builder.h"
#include "core/index/time_codes.h"
#include "core/schema/schema.h"
#include "core/table/column_reader.h"

namespace usdparquet {

/// The columns of a file that its index is built from. What is referred to must outlive the loader.
struct IndexColumns {
  const ColumnSource& source;
  ColumnReader& path;
  const TimeColumn* time = nullptr;  ///< null unless the table is a long one
  /// Whether two rows have the same path. May be asked for every row of the table.
  PathTable::SamePath is_same_path = {};
  /// If given, whether each row is a prim; not for a long table.
  const std::vector<bool>* kept_rows = nullptr;
};

/// Describes the time column of a table; nothing if it has none. Fails if the column holds no
/// times, or if `has_start` and its times do not count from a start. The message does not name the
/// file.
arrow::Result<std::optional<TimeColumn>> FindTimeColumn(const TableSchema& schema,
                                                        const parquet::FileMetaData& metadata,
                                                        bool has_start);

/// Thread-safety: the functions may be called at any time and from any thread, if the functions of
/// IndexColumns may.
class IndexLoader {
 public:
  /// `options.time_start` is what the user asked for, if anything.
  IndexLoader(IndexColumns columns, IndexOptions options)
      : columns_(std::move(columns)), options_(std::move(options)) {}

  /// Takes the index that lies in the file; nothing if there is none, if it can't be used, or if
  /// its time codes are not those that the options ask for. Appends to `warnings` why one that is
  /// there can't be used. Its blocks are verified when first used; `on_damage` is called
  /// by each thread that finds either index to be damaged or wrong, with what is wrong.
  std::optional<TableIndex> LoadEmbedded(std::function<void(const std::string&)> on_damage,
                                         std::vector<std::string>* warnings) const;

  /// Builds the index from the columns. Messages name column and row, not the file.
  arrow::Result<TableIndex> Build() const;

  /// The columns that Build reads, as a message names them.
  std::string ColumnNames() const;
  /// What writes a good index, as a message says it.
  std::string Remedy() const;

 private:
  void ReadBadTimes(TimeIndexReport* report) const;

  const IndexColumns columns_;
  const IndexOptions options_;
};

}  // namespace usdparquet
