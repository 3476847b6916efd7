#pragma once

/// \file
/// The files of a dataset, opened when they are first read.

#include <arrow/result.h>
#include <parquet/metadata.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/pages/page_cache.h"
#include "core/schema/schema.h"
#include "core/table/part_list.h"
#include "core/table/part_schema.h"
#include "core/table/table_file.h"
#include "core/util/export.h"

namespace usdparquet {

/// A file of a dataset while it is open. It is read, never mapped, so that what was read of it
/// stays when it is closed. Immutable; thread-safe.
struct OpenPart {
  TableFile file;
  std::vector<uint32_t> first_rows;  ///< of its row groups, counted from the start of the dataset

  /// To read its pages, whose rows count from the start of the dataset.
  PageSource Pages(PageCache& cache) const {
    return {*file.file(), *file.metadata(), first_rows, cache, file.locations(), file.is_sealed()};
  }
};

/// The rows of all files, one file behind the other, and the files that are open. At most
/// kMaxOpenParts are, in all datasets of the process, and those that others are reading.
///
/// Thread-safety: immutable but for what is open; all functions may be called from any thread.
class USDPARQUET_API PartFiles {
 public:
  /// A row group with rows, and where it is.
  struct Group {
    uint32_t part;
    int number;  ///< in the part
  };

  /// Puts the schemas together; opens nothing. Fails if they do not fit, or if there are too many
  /// rows or row groups for a layer. Messages name the parts, not the dataset.
  static arrow::Result<std::shared_ptr<const PartFiles>> Make(PartList list);
  ~PartFiles();
  PartFiles(const PartFiles&) = delete;
  PartFiles& operator=(const PartFiles&) = delete;

  const PartList& list() const { return list_; }
  /// The columns of the dataset; it has no row groups.
  const std::shared_ptr<parquet::FileMetaData>& metadata() const { return schema_.metadata; }
  /// The first row of each of the groups, then the number of all rows.
  const std::vector<uint32_t>& group_first_rows() const { return first_rows_; }
  size_t num_groups() const { return groups_.size(); }
  const Group& GroupAt(size_t group) const { return groups_[group]; }
  const Part& PartOf(size_t group) const { return list_.parts[groups_[group].part]; }
  uint32_t FirstRowOf(uint32_t part) const { return part_first_rows_[part]; }
  /// Where the file of a part lies.
  std::string FileOf(const Part& part) const;

  /// The file, which stays open as long as it is held. Fails if it can't be read or is another one
  /// than was listed; the message names it.
  arrow::Result<std::shared_ptr<const OpenPart>> Open(uint32_t part) const;

  /// What `column`, one of the dataset, is in the files of each schema; nothing where they have
  /// none.
  std::vector<std::optional<ColumnInfo>> Localize(const ColumnInfo& column) const;
  /// The partition column of that name.
  std::optional<size_t> PartitionOf(const std::string& column) const;
  /// The columns with the paths and the times that the manifest names, or else the files; empty if
  /// nobody does.
  struct NamedColumns {
    std::string path, time;
  };
  arrow::Result<NamedColumns> FindNamedColumns() const;
  /// Fails if folders name the column with the paths, or one with times that files have: their
  /// values would hide those of the files, which a save goes by. The message names a file.
  arrow::Status CheckPartitions(const std::string& path_column,
                                const std::string& time_column) const;
  /// The first file whose column is stored otherwise than in the first one that has it.
  const Part* FindStoredOtherwise(const std::string& column) const;

  /// What ties an index to these files.
  uint64_t Fingerprint(const std::string& path_column, const std::string& time_column) const;

 private:
  PartFiles(PartList list, UnifiedSchema schema);

  arrow::Status CountRows();
  arrow::Status CheckNamedPartitions() const;
  const Part* FindWith(const std::string& column) const;
  arrow::Result<std::shared_ptr<const OpenPart>> OpenFresh(uint32_t part) const;

  const PartList list_;
  const UnifiedSchema schema_;
  const uint64_t serial_;  ///< tells the parts of one dataset from those of another
  std::vector<Group> groups_;
  std::vector<uint32_t> first_rows_;
  std::vector<uint32_t> part_first_rows_;
};

}  // namespace usdparquet
