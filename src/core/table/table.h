#pragma once

/// \file
/// An open Parquet file as a table of prims and properties.

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <parquet/file_reader.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/index/index_builder.h"
#include "core/index/path_index.h"
#include "core/index/time_codes.h"
#include "core/index/time_index.h"
#include "core/pages/column_chunk.h"
#include "core/pages/page_cache.h"
#include "core/schema/schema.h"
#include "core/util/export.h"

namespace usdparquet {

class IndexLoader;

/// How to open a file.
struct TableOptions {
  /// The column with the prim paths; empty: the one that the footer names, else `path`.
  std::string path_column;
  /// The columns to present; all, if not given. A struct's name stands for all its fields.
  std::optional<std::vector<std::string>> columns;
  /// The column with the times of the rows, of which several then share a path. If empty, what the
  /// file says; if that is nothing either, there is none.
  std::string time_column;
  /// What time code 0 stands for, where the times are timestamps. If not given, what the file says,
  /// or else the earliest.
  std::optional<Nanoseconds> time_start;
  /// Of timestamps. If not given, what the file says of its layer, or else 24.
  std::optional<double> time_codes_per_second;
  /// OpenUSD's test for identifiers beyond ASCII.
  IdentifierTest unicode_test;
  /// Called for what goes wrong after the open, once a column and kind: `is_error` for damage, else
  /// for cells that are left without a value. May be called from any thread that reads.
  std::function<void(bool is_error, const std::string& message)> report;
  /// Build the path index in memory even where the file has one.
  bool ignore_embedded_index = false;
  /// Threads that build the path index; 0 for one a core.
  unsigned num_threads = 0;
};

/// A Parquet file: its columns, its namespace and its values, which are decoded
/// page by page when they are first asked for.
///
/// Thread-safety: after Open, all functions may be called from any number of threads.
class USDPARQUET_API Table {
 public:
  /// Opens `file`. Reads the footer and builds the path index; decodes no
  /// property. `name` is what messages call the file. Every error message
  /// starts with it. With a time column, its times are read as well.
  static arrow::Result<std::shared_ptr<Table>> Open(
      std::shared_ptr<arrow::io::RandomAccessFile> file, const std::string& name,
      TableOptions options = {});
  ~Table();

  const std::string& name() const { return name_; }
  const std::vector<ColumnInfo>& columns() const { return schema_.columns; }
  const std::vector<LeftOutColumn>& left_out() const { return schema_.left_out; }
  /// The names of the path column and, if there is one, of the time column.
  const std::string& path_column() const { return schema_.path->column_name; }
  std::string time_column() const { return schema_.time ? schema_.time->column_name : ""; }
  const PathIndex& paths() const { return index_.paths; }
  /// Rows without a prim path, and paths with more than one row.
  const PathIndexReport& path_report() const { return index_.path_report; }
  /// Which rows of a prim hold which time; null without a time column. A prim's row in `paths()` is
  /// its first one where there is a time column, else its only (or last) one.
  const TimeIndex* times() const { return index_.times ? &*index_.times : nullptr; }
  const TimeIndexReport& time_report() const { return index_.time_report; }
  uint32_t num_rows() const { return num_rows_; }
  const parquet::FileMetaData& metadata() const { return *metadata_; }
  /// What the file says of its columns and its layer.
  const TableFooter& footer() const { return footer_; }
  arrow::io::RandomAccessFile& file() const { return *file_; }

  /// What the open found: rows without a prim path, duplicate paths, columns without a place.
  const std::vector<std::string>& warnings() const { return warnings_; }

  /// The page with `row` of column number `column`; valid as long as `guard`. Never
  /// null: a page that can't be decoded is reported once and has no values.
  /// REQUIRES: column < columns().size(), row < num_rows().
  const Page* Fetch(size_t column, uint32_t row, EpochGuard& guard) {
    return FetchFrom(properties_[column], row, guard);
  }

  /// Whether the cell has a value. Decodes nothing where the chunk's statistics tell.
  bool HasValue(size_t column, uint32_t row);

  /// Whether the statistics of the column's chunks tell that every cell has a value.
  bool IsFull(size_t column) {
    const Fullness known = properties_[column].fullness.load(std::memory_order_relaxed);
    return known == Fullness::kUnknown ? FindFullness(column) : known == Fullness::kFull;
  }

  /// Calls `f(name)` for each child of `prim`, in file order. Reads the path column.
  void VisitChildNames(PrimId prim, const std::function<void(std::string_view)>& f);

  /// Whether a page that was read so far was damaged: its values read as none.
  bool has_damage() const;
  /// Whether a cell that was read so far holds what a USD value can't, and reads as none.
  bool has_unpresentable_cells() const;

  /// Bytes that the table holds outside the page cache, about.
  size_t MemoryUsage() const {
    return paths().MemoryUsage() + (times() ? times()->MemoryUsage() : 0);
  }

 private:
  enum class Fullness : uint8_t { kUnknown, kFull, kNotFull };

  /// A column and its chunks, which are located when first touched.
  struct Column {
    const ColumnInfo* info = nullptr;
    std::atomic<Fullness> fullness{Fullness::kUnknown};
    /// By row group. The table's `no_chunks_` until a chunk is located, then `own_chunks`.
    std::atomic<std::atomic<ColumnChunk*>*> chunks{nullptr};
    std::unique_ptr<std::atomic<ColumnChunk*>[]> own_chunks;
    std::mutex mutex;  // for locating
    std::atomic<bool> has_reported_bad{false};
    std::atomic<bool> has_reported_error{false};
    ColumnUse use;
  };

  Table(std::shared_ptr<arrow::io::RandomAccessFile> file, std::string name, TableOptions options);

  arrow::Status ReadFooter();
  arrow::Status OpenIndex();
  IndexLoader MakeIndexLoader();
  std::string PathAt(uint32_t row);
  bool FindFullness(size_t column);
  /// Whether a chunk's null count is that of its cells: it counts null leaves, which of a nested or
  /// converted column says less.
  static bool CountsNulls(const ColumnInfo& info);

  uint32_t RowGroupOf(uint32_t row) const {
    if (rows_per_group_ != 0) return row / rows_per_group_;
    uint32_t low = 0, high = static_cast<uint32_t>(group_first_rows_.size()) - 1;
    while (high - low > 1) {
      const uint32_t middle = (low + high) / 2;
      (group_first_rows_[middle] <= row ? low : high) = middle;
    }
    return low;
  }

  ColumnChunk* ChunkOf(Column& column, uint32_t row) {
    const uint32_t group = RowGroupOf(row);
    ColumnChunk* chunk =
        column.chunks.load(std::memory_order_acquire)[group].load(std::memory_order_acquire);
    return chunk ? chunk : LocateChunk(column, group);
  }

  const Page* FetchFrom(Column& column, uint32_t row, EpochGuard& guard) {
    ColumnChunk* chunk = ChunkOf(column, row);
    const uint32_t index = chunk->PageOf(row);
    return PageCache::Instance().Get(chunk->slots[index], guard,
                                     [&] { return LoadPage(column, *chunk, index); });
  }

  ColumnChunk* LocateChunk(Column& column, uint32_t group);
  arrow::Result<std::unique_ptr<ColumnChunk>> MakeChunk(const Column& column, uint32_t group);
  std::unique_ptr<Page> LoadPage(Column& column, ColumnChunk& chunk, uint32_t index);
  std::unique_ptr<Page> DecodeOrReport(Column& column, ColumnChunk& chunk, uint32_t index);
  static const PageSlot* SlotBefore(const Column& column, const ColumnChunk& chunk, uint32_t index);
  void ReportError(Column& column, uint32_t group, uint32_t first_row, const std::string& reason);
  bool IsSamePath(uint32_t a, uint32_t b);
  void InitColumn(Column* column, const ColumnInfo& info) const;
  void AddChunk(Column& column, uint32_t group, std::unique_ptr<ColumnChunk> chunk) const;

  const std::shared_ptr<arrow::io::RandomAccessFile> file_;
  const std::string name_;
  const TableOptions options_;
  std::unique_ptr<parquet::ParquetFileReader> reader_;
  std::shared_ptr<parquet::FileMetaData> metadata_;

  TableFooter footer_;
  TableSchema schema_;
  uint32_t num_rows_ = 0;
  std::vector<uint32_t> group_first_rows_;  // with num_rows_ behind
  uint32_t rows_per_group_ = 0;             // if all groups but the last have as many; else 0
  /// Null for every row group, for all columns that were not read yet: a wide file has thousands of
  /// columns and of row groups.
  std::unique_ptr<std::atomic<ColumnChunk*>[]> no_chunks_;
  std::unique_ptr<Column[]> properties_;
  Column path_;
  std::optional<TimeColumn> time_;
  TableIndex index_;
  std::vector<std::string> warnings_;
};

}  // namespace usdparquet
