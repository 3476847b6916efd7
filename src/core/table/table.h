#pragma once

/// \file
/// An open Parquet file as a table of prims and properties.

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <parquet/metadata.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/index/index_builder.h"
#include "core/index/path_index.h"
#include "core/index/time_codes.h"
#include "core/index/time_index.h"
#include "core/pages/page_cache.h"
#include "core/schema/schema.h"
#include "core/table/column_reader.h"
#include "core/table/live_index.h"
#include "core/table/null_map.h"
#include "core/table/table_file.h"
#include "core/util/export.h"

namespace usdparquet {

/// How to open a file.
struct TableOptions {
  /// The column with the prim paths; empty: the one that the footer names, else `path`.
  std::string path_column;
  /// Whether rows stand for prims. If not, there are columns alone: no prim is found, and a column
  /// of that name is one like any other.
  bool has_paths = true;
  /// The columns to present; all, if not given. A struct's name stands for all its fields.
  std::optional<std::vector<std::string>> columns;
  /// What they are wanted as. Cells of a table that is no layer can be read all the same.
  WantedAs use = WantedAs::kProperties;
  /// A null stands for a property without a value, unless the file says something else of the
  /// column.
  bool declares_nulls = false;
  /// The column with the times of the rows, of which several then share a path. If empty, what the
  /// file says; if that is nothing either, there is none.
  std::string time_column;
  /// What time code 0 stands for, where the times are timestamps. If not given, what the file says,
  /// or else the earliest.
  std::optional<Nanoseconds> time_start;
  /// The rate at which timestamps become time codes. If not given, that of the file's layer, or
  /// else 24.
  std::optional<double> time_codes_per_second;
  /// OpenUSD's test for identifiers beyond ASCII.
  IdentifierTest unicode_test;
  /// OpenUSD's tests of the texts of relationships' targets and of path expressions; may be null.
  TextTest target_test = nullptr;
  TextTest expression_test = nullptr;
  /// Called for what goes wrong after the open, once a column and kind.
  ReadReport report;
  /// Keeps the decoded pages and must outlive the table; null for the cache of the process.
  PageCache* cache = nullptr;
  /// Rows that stand for prims by an id instead of by a path.
  struct Ids {
    std::string key;  ///< the column with the ids of the rows
    /// A Parquet file with the paths and the ids of prims in its columns `path` and `id`, and what
    /// messages call it.
    std::shared_ptr<arrow::io::RandomAccessFile> file;
    std::string file_name;
  };
  std::optional<Ids> ids;
  /// For a file of ids: whether each row is a prim; all are, if null.
  std::shared_ptr<const std::vector<bool>> kept_rows;
  /// Build the path index in memory even where the file has one.
  bool ignore_embedded_index = false;
  /// Threads that build the path index; 0 for one a core.
  unsigned num_threads = 0;
};

/// A Parquet file: its columns, its namespace and its values, which are decoded
/// page by page when they are first asked for.
///
/// Its rows stand for the prims whose paths they hold. With TableOptions::ids they are joined, once
/// and at the open, with the prims of another file by their ids: prims may share a row then, and
/// the namespace is that of the prims that have one.
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

  /// The same of a file or a dataset that was opened; of a dataset, messages also name its files.
  static arrow::Result<std::shared_ptr<Table>> Open(TableFile file, const std::string& name,
                                                    TableOptions options = {});

  const std::string& name() const { return name_; }
  /// Whether the rows are those of several files; then file() and metadata() are none of theirs.
  bool is_dataset() const { return file_.parts() != nullptr; }
  const std::vector<ColumnInfo>& columns() const { return schema_.columns; }
  const std::vector<LeftOutColumn>& left_out() const { return schema_.left_out; }
  /// The names of the path column (where rows are joined by ids, the one of the other file) and, if
  /// there is one, of the time column.
  const std::string& path_column() const {
    return names_ ? names_->path_column() : schema_.path->column_name;
  }
  std::string time_column() const { return schema_.time ? schema_.time->column_name : ""; }
  /// The path index and the time index of now, which others replace when damage shows: what is
  /// found through one of them is right at the end of Ask.
  const PathIndex& paths() const { return prim_index_->current().paths; }
  /// Both indexes of now, to be written. REQUIRES: !is_joined().
  const TableIndex& index() const { return index_.current(); }
  /// The prim whose path has `hash`, or a null id. Unlike that of paths(), the id of a prim without
  /// children names its row in this table, also where rows are joined by ids: whoever keeps it
  /// reads as if the rows had paths. Prims that share a row share the id.
  PrimId Find(uint64_t hash) const {
    const PrimId prim = paths().Find(hash);
    return prim.is_parent() || !is_joined() ? prim : PrimId::FromBits(RowOfName(prim.bits()));
  }
  /// The row of a prim that Find gave, or the first one of several; PrimId::kNone if it has none.
  uint32_t RowOf(PrimId prim) const {
    return prim.is_parent() ? RowOfName(paths().RowOf(prim)) : prim.bits();
  }
  /// Calls `f(row)` for every prim with a row, in no order; prims may share rows if is_joined().
  template <typename F>
  void VisitRows(const F& f) const {
    paths().VisitRows([&](uint32_t name) { f(RowOfName(name)); });
  }
  /// Whether rows stand for prims by their ids.
  bool is_joined() const { return names_ != nullptr; }
  /// Rows without a prim path, and paths with more than one row.
  const PathIndexReport& path_report() const { return index_.current().path_report; }
  /// Which rows of a prim hold which time; null without a time column. A prim's row in `paths()` is
  /// its first one where there is a time column, else its only (or last) one.
  const TimeIndex* times() const {
    const std::optional<TimeIndex>& times = index_.current().times;
    return times ? &*times : nullptr;
  }
  /// Whether there is a time column; never changes.
  bool is_long() const { return time_.has_value(); }
  const TimeIndexReport& time_report() const { return index_.current().time_report; }

  /// What `f()` returns, which asks the indexes: damage that it meets is mended, and `f` called
  /// again. Ids of prims are to be found and used within one `f`.
  template <typename F>
  [[gnu::always_inline]] auto Ask(const F& f) const {
    return prim_index_->Ask(f);
  }
  /// Changes when other indexes take the place of damaged ones: 0, then 1. Ids of prims that were
  /// kept beyond an Ask are good for the version that they were found in.
  uint32_t index_version() const { return prim_index_->version(); }
  /// Whether damage showed in one of them, which the next Ask will mend.
  bool is_index_doubted() const { return prim_index_->is_doubted(); }
  /// Whether the indexes in the file are undamaged, every block of them, and say nothing that can't
  /// be. True if the file has none. Reads them whole.
  bool CouldHaveSoundIndex() const { return index_.CouldBeSound(); }
  /// Whether they may be copied to another file: they are those that the path column and the time
  /// column give. True if the file has none. Builds them anew.
  bool HasSoundIndex() const { return index_.CheckEmbedded(); }

  uint32_t num_rows() const { return file_.num_rows(); }
  const parquet::FileMetaData& metadata() const { return *file_.metadata(); }
  /// What the file says about its columns and its layer.
  const SchemaEntry& schema_entry() const { return entry_; }
  arrow::io::RandomAccessFile& file() const { return *file_.file(); }
  /// The file and its footer, for code that reads it past the table.
  const TableFile& table_file() const { return file_; }
  const TableSchema& schema() const { return schema_; }
  /// To read pages past the cache; valid as long as the table.
  PageSource Pages() const { return source_.Pages(); }

  /// What the open found: rows without a prim path, duplicate paths, columns without a place.
  const std::vector<std::string>& warnings() const { return warnings_; }

  /// Those of them that say why an index in the file is not used.
  const std::vector<std::string>& index_warnings() const { return index_warnings_; }

  /// The page with `row` of column number `column`; valid as long as `guard`. Never
  /// null: a page that can't be decoded is reported once and has no values.
  /// REQUIRES: column < columns().size(), row < num_rows().
  const Page* Fetch(size_t column, uint32_t row, const EpochGuard& guard) {
    return properties_[column].Fetch(row, guard);
  }
  /// Reads column number `column`, as Fetch does; valid as long as the table.
  ColumnReader& reader(size_t column) { return properties_[column]; }

  /// Whether the cell is null; decodes no value. What is not null has a value, unless it is damaged
  /// or none that USD can hold.
  bool IsNull(size_t column, uint32_t row) { return nulls_.IsNull(column, row); }

  /// As NullMap has it: the properties that a prim has by a row.
  const uint64_t* PropertiesIn(uint32_t row, EpochGuard& guard) {
    return nulls_.PropertiesIn(row, guard);
  }
  const std::vector<uint64_t>& all_properties() const { return nulls_.all_properties(); }
  const std::vector<uint64_t>& declared_properties() const { return nulls_.declared_properties(); }

  /// Whether the cell has a value. Decodes nothing where the chunk's statistics tell.
  bool HasValue(size_t column, uint32_t row) { return properties_[column].HasValue(row); }

  /// Whether the statistics of the column's chunks tell that every cell has a value.
  bool IsFull(size_t column) { return properties_[column].IsFull(); }

  /// Calls `f(name)` for each child of `prim`, in file order; a NUL is behind the name. Reads the
  /// path column. What an index in the file lists as a child is one by the path of its row, and is
  /// found by its path.
  template <typename F>
  void VisitChildNames(PrimId prim, const F& f) {
    VisitNameLists(prim, [&f](std::span<const std::string_view> names) {
      for (const std::string_view name : names) f(name);
    });
  }

  /// Whether a page that was read so far was damaged: its values read as none. Or the index is,
  /// and can't be built anew.
  bool has_damage() const { return !damage().empty(); }
  /// What is wrong with the index, or with the first such page of the first such column; empty if
  /// nothing is.
  std::string damage() const;

  /// The path in a row as it is stored, if the row has one. REQUIRES: !is_joined().
  std::optional<std::string> PathAt(uint32_t row);

  /// Bytes that the table holds outside the page cache, about.
  size_t MemoryUsage() const {
    return paths().MemoryUsage() + (times() ? times()->MemoryUsage() : 0) +
           joined_rows_.capacity() * sizeof(uint32_t);
  }

 private:
  Table(TableFile file, std::string name, TableOptions options);

  arrow::Status ReadColumns();
  arrow::Status OpenIndex();
  arrow::Status OpenJoin(const IndexOptions& index_options);
  /// The row that belongs to row `name` of the path column: the same, unless rows are joined by
  /// ids. PrimId::kNone if there is none.
  uint32_t RowOfName(uint32_t name) const {
    if (!is_joined()) return name;
    return name < joined_rows_.size() ? joined_rows_[name] : PrimId::kNone;
  }
  /// Calls `f` with the names of some children at a time.
  void VisitNameLists(PrimId prim, const std::function<void(std::span<const std::string_view>)>& f);
  std::string QuotedPathAt(uint32_t row);
  bool IsSamePath(uint32_t a, uint32_t b);

  const TableFile file_;
  const std::string name_;
  const TableOptions options_;
  const ColumnSource source_;

  SchemaEntry entry_;
  TableSchema schema_;
  std::unique_ptr<ColumnReader[]> properties_;
  ColumnReader path_;
  NullMap nulls_;
  std::optional<TimeColumn> time_;
  mutable LiveIndex index_;          // what it says stays the same
  LiveIndex* prim_index_ = &index_;  // the one with the prims: that of `names_`, if there is one
  // Where rows are joined by ids: the file with the prims, and the row for each of its rows.
  std::shared_ptr<Table> names_;
  std::vector<uint32_t> joined_rows_;
  std::vector<std::string> warnings_;
  std::vector<std::string> index_warnings_;
};

}  // namespace usdparquet
