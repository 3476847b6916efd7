#include "core/table/index_loader.h"

#include "core/index/path_index_file.h"
#include "core/index/time_index_file.h"
#include "core/sections/fingerprint.h"
#include "core/table/part_files.h"
#include "core/table/time_reader.h"
#include "core/util/guard.h"

namespace usdparquet {
namespace {

/// The path and time columns of a file.
class FileSource : public IndexSource {
 public:
  explicit FileSource(const IndexColumns& columns) : columns_(columns) {
    if (columns_.time) times_.emplace(columns_.source, *columns_.time);
  }

  /// Locates the pages of the path column. Call first.
  arrow::Status LocatePages() {
    const std::vector<uint32_t>& rows = columns_.source.file.group_first_rows();
    for (uint32_t g = 0; g + 1 < rows.size(); ++g) {
      if (rows[g] == rows[g + 1]) continue;  // has no pages to locate
      const auto chunk = columns_.path.Locate(g);
      if (!chunk.ok()) return CannotLocate(g, chunk.status());
      for (uint32_t p = 0; p < (*chunk)->pages.size(); ++p) pages_.push_back({*chunk, p});
    }
    return arrow::Status::OK();
  }

  arrow::Status CannotLocate(uint32_t group, const arrow::Status& status) const {
    const std::string path = "the path column '" + columns_.path.info().column_name + "'";
    if (const PartFiles* const parts = columns_.source.file.parts()) {
      const std::string file = parts->list().parts[parts->GroupAt(group).part].name + ": ";
      const bool is_named = status.message().starts_with(file);
      return arrow::Status::IOError(path, " can't be read: ", is_named ? "" : file,
                                    status.message());
    }
    return arrow::Status::IOError(path, " can't be read in row group ", group, ", from row ",
                                  columns_.source.file.group_first_rows()[group], ": ",
                                  status.message());
  }

  uint32_t num_rows() const override { return columns_.source.file.num_rows(); }
  size_t num_pages() const override { return pages_.size(); }
  PathPage PageAt(size_t page) const override {
    const auto [chunk, index] = pages_[page];
    return {chunk->pages[index].first_row, chunk->PageRows(index)};
  }
  arrow::Result<PagePaths> ReadPaths(size_t page) const override {
    const auto [chunk, index] = pages_[page];
    auto paths = columns_.path.Decode(*chunk, index);
    if (paths.ok()) return PagePaths(std::move(*paths));
    return IndexColumnError("path", columns_.path.info(), chunk->pages[index].first_row,
                            paths.status());
  }
  bool IsSamePath(uint32_t a, uint32_t b) override { return columns_.is_same_path(a, b); }
  const std::vector<bool>* kept_rows() const override { return columns_.kept_rows; }

  const TimeColumn* time_column() const override { return columns_.time; }
  arrow::Status ReadTimes(uint32_t first_row, std::span<RowTime> times) override {
    return times_->Read(first_row, times);
  }

 private:
  struct Place {
    ColumnChunk* chunk;
    uint32_t page;
  };

  const IndexColumns& columns_;
  std::vector<Place> pages_;         // of the path column
  std::optional<TimeReader> times_;  // of a long table
};

}  // namespace

arrow::Result<std::optional<TimeColumn>> FindTimeColumn(const TableSchema& schema,
                                                        const parquet::FileMetaData& metadata,
                                                        bool has_start) {
  if (!schema.time) {
    if (!has_start) return std::nullopt;
    return arrow::Status::Invalid(
        "the argument 'start' needs a time column, which the argument 'time' names");
  }
  ARROW_ASSIGN_OR_RAISE(
      TimeColumn time,
      TimeColumn::Make(*schema.time, *metadata.schema()->Column(schema.time->leaf)));
  if (has_start && !time.has_timestamps()) {
    return arrow::Status::Invalid("the time column '", schema.time->column_name, "' has type ",
                                  schema.time->storage,
                                  "; the argument 'start' is for dates and timestamps");
  }
  return time;
}

std::optional<TableIndex> IndexLoader::LoadEmbedded(
    std::function<void(const std::string&)> on_damage, std::vector<std::string>* warnings) const {
  arrow::io::RandomAccessFile& file = *columns_.source.file.file();
  const parquet::FileMetaData& metadata = *columns_.source.file.metadata();
  const int path_leaf = columns_.path.info().leaf;
  const TimeColumn* const time = columns_.time;
  const int time_leaf = time ? time->info.leaf : -1;
  const PartFiles* const parts = columns_.source.file.parts();
  IndexOwner owner;
  owner.num_rows = columns_.source.file.num_rows();
  owner.is_long = time != nullptr;
  owner.fingerprint = [&] {
    return parts ? parts->Fingerprint(columns_.path.info().column_name,
                                      time ? time->info.column_name : "")
                 : FingerprintOf(metadata, path_leaf, time_leaf);
  };
  if (!parts) owner.num_rows = metadata.num_rows();
  auto paths = PathIndexFile::Open(file, metadata, owner, on_damage);
  if (!paths.warning.empty()) warnings->push_back(paths.warning);
  TableIndex index;
  if (time) {
    auto times = TimeIndexFile::Open(file, metadata, owner, std::move(on_damage));
    if (!times.warning.empty()) warnings->push_back(times.warning);
    if (!times.index) return std::nullopt;
    const TimeScale& scale = times.index->scale();
    const bool is_other_scale =
        time->has_timestamps() && (scale.codes_per_second != options_.codes_per_second ||
                                   scale.start != options_.time_start.value_or(scale.start));
    if (is_other_scale) return std::nullopt;
    index.times = std::move(times.index);
    index.time_report = std::move(times.report);
    ReadBadTimes(&index.time_report);
  }
  if (!paths.index) return std::nullopt;
  index.paths = std::move(*paths.index);
  index.path_report = std::move(paths.report);
  if (time) {
    const uint64_t left_out = uint64_t{index.path_report.num_invalid} +
                              index.time_report.num_duplicates + index.time_report.num_bad;
    index.times->CheckOnlySchedule(index.paths.num_row_prims(), index.paths.num_rows() - left_out);
  }
  return index;
}

/// Reads the times that no time code can hold, of which an index has the rows alone. Those that
/// can't be read are not named.
void IndexLoader::ReadBadTimes(TimeIndexReport* report) const {
  if (report->bad.empty()) return;
  TimeReader reader(columns_.source, *columns_.time);
  std::erase_if(report->bad, [&](TimeIndexReport::BadTime& bad) {
    const auto read = Guarded([&] { return reader.Read(bad.row, std::span(&bad.time, 1)); });
    return !read.ok() || bad.time.kind != RowTime::Kind::kBad;
  });
}

std::string IndexLoader::ColumnNames() const {
  const std::string path = "'" + columns_.path.info().column_name + "'";
  return columns_.time ? "the columns " + path + " and '" + columns_.time->info.column_name + "'"
                       : "the column " + path;
}

std::string IndexLoader::Remedy() const {
  return columns_.source.file.parts() ? "'usdparquet dataset'"
                                      : "'usdparquet optimize' or by saving the layer";
}

arrow::Result<TableIndex> IndexLoader::Build() const {
  FileSource source(columns_);
  ARROW_RETURN_NOT_OK(source.LocatePages());
  return BuildIndex(source, options_);
}

}  // namespace usdparquet
