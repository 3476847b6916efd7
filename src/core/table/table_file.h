#pragma once

/// \file
/// The footer of a Parquet file, checked: its row groups and their rows.

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <parquet/metadata.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/pages/column_chunk.h"
#include "core/pages/page_cache.h"
#include "core/pages/page_locations.h"
#include "core/pages/page_memory.h"
#include "core/schema/footer.h"
#include "core/util/export.h"
#include "core/util/row_divider.h"

namespace usdparquet {

class PartFiles;

/// What is wrong with a file whose footer is encrypted.
inline constexpr char kEncryptedFile[] =
    "the file is encrypted, which is not supported; write it without encryption";

/// A Parquet file whose footer was read, or the files of a dataset as if they were one. Immutable;
/// thread-safe.
class TableFile {
 public:
  /// Reads the footer of `file`. Fails with the reason if that is no whole, plain Parquet file, or
  /// has more rows than a layer can hold, or if its footer is sealed and damaged. `on_damage` is
  /// called once, from any thread, if some of the page locations turn out to be damaged, with a
  /// message that does not name the file. Arrow's Parquet classes may throw.
  static arrow::Result<TableFile> Open(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                       std::function<void(const std::string&)> on_damage = {});
  /// The rows of all `parts`. `metadata` has no row groups, and `index_file` is what its entries
  /// for the indexes are about.
  static TableFile OfParts(std::shared_ptr<const PartFiles> parts,
                           std::shared_ptr<parquet::FileMetaData> metadata,
                           std::shared_ptr<arrow::io::RandomAccessFile> index_file);

  /// The files whose row groups these are; null for a file by itself. Where there are some, file(),
  /// Pages() and the row groups of metadata() are none of theirs.
  const PartFiles* parts() const { return parts_.get(); }

  const std::shared_ptr<arrow::io::RandomAccessFile>& file() const { return file_; }
  const std::shared_ptr<parquet::FileMetaData>& metadata() const { return metadata_; }

  /// What values hold of the file where it is mapped.
  MappedMemory& mapped_memory() const { return *mapped_memory_; }

  /// To read pages with the cache of the process; valid as long as the file.
  PageSource Pages() const { return Pages(PageCache::Instance()); }
  /// The same with another cache, which must outlive what is returned.
  PageSource Pages(PageCache& cache) const {
    return {*file_, *metadata_, first_rows_, cache, locations(), is_sealed_};
  }

  /// Statistics that the footer has, but `metadata()` has not.
  const std::vector<BadStatistics>& bad_statistics() const { return bad_statistics_; }
  /// Whether the footer has a checksum, which is right.
  bool is_sealed() const { return is_sealed_; }
  /// The XXH3_64 of the footer's Thrift; 0 for a dataset.
  uint64_t footer_digest() const { return footer_digest_; }
  /// Where the pages are; null if the file does not say, or what it says can't be used.
  const PageLocations* locations() const { return locations_.locations.get(); }
  /// Why the locations that the file has can't be used; empty if there is no reason to warn.
  const std::string& locations_warning() const { return locations_.warning; }

  uint32_t num_rows() const { return first_rows_.back(); }
  uint32_t num_groups() const { return static_cast<uint32_t>(first_rows_.size() - 1); }
  /// The first row of each row group, then the total number of rows.
  const std::vector<uint32_t>& group_first_rows() const { return first_rows_; }
  /// By the rows of a group, if all but the last have as many; else by nothing.
  RowDivider rows_per_group() const { return rows_per_group_; }

  /// The row group that holds `row`. REQUIRES: row < num_rows().
  USDPARQUET_API uint32_t GroupOf(uint32_t row) const;

 private:
  arrow::Status CountRows();
  void FindRowsPerGroup();

  std::shared_ptr<arrow::io::RandomAccessFile> file_;
  std::shared_ptr<MappedMemory> mapped_memory_ = std::make_shared<MappedMemory>();
  std::shared_ptr<parquet::FileMetaData> metadata_;
  std::vector<BadStatistics> bad_statistics_;
  PageLocations::Opened locations_;
  bool is_sealed_ = false;
  uint64_t footer_digest_ = 0;
  std::shared_ptr<const PartFiles> parts_;
  std::vector<uint32_t> first_rows_;
  RowDivider rows_per_group_;
};

}  // namespace usdparquet
