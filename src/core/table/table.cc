#include "core/table/table.h"

#include <arrow/memory_pool.h>
#include <parquet/page_index.h>
#include <parquet/properties.h>

#include <algorithm>
#include <limits>
#include <thread>

#include "core/index/path_index_file.h"
#include "core/pages/page_decoder.h"
#include "core/util/message_text.h"

namespace usdparquet {
namespace {

parquet::ReaderProperties FileProperties() {
  return parquet::ReaderProperties(arrow::system_memory_pool());
}

/// The reason why the bytes are no Parquet file, said before Arrow says it less plainly.
arrow::Status CheckMagic(arrow::io::RandomAccessFile& file) {
  constexpr int64_t kSmallestFile = 12;  // magic, footer length, magic
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file.GetSize());
  if (size == 0) return arrow::Status::Invalid("the file is empty (0 bytes); write it again");
  char head[4] = {}, tail[4] = {};
  const int64_t shown = std::min<int64_t>(size, 4);
  ARROW_RETURN_NOT_OK(file.ReadAt(0, shown, head).status());
  ARROW_RETURN_NOT_OK(file.ReadAt(size - shown, shown, tail).status());
  const std::string_view first(head, shown), last(tail, shown);
  if (last == "PARE" || first == "PARE") {
    return arrow::Status::Invalid(
        "the file is encrypted, which is not supported; write it without encryption");
  }
  if (first != "PAR1") {
    return arrow::Status::Invalid("this is not a Parquet file (it does not start with 'PAR1')");
  }
  if (size < kSmallestFile || last != "PAR1") {
    return arrow::Status::Invalid(
        "the file is truncated: it starts as Parquet, but does not end with 'PAR1'; "
        "copy or write it again");
  }
  return arrow::Status::OK();
}

}  // namespace

Table::Table(std::shared_ptr<arrow::io::RandomAccessFile> file, std::string name,
             TableOptions options)
    : file_(std::move(file)), name_(std::move(name)), options_(std::move(options)) {}

Table::~Table() {
  const size_t groups = group_first_rows_.empty() ? 0 : group_first_rows_.size() - 1;
  const auto drop = [groups](Column& column) {
    for (size_t g = 0; column.own_chunks && g < groups; ++g) delete column.own_chunks[g].load();
  };
  for (size_t i = 0; properties_ && i < schema_.columns.size(); ++i) drop(properties_[i]);
  drop(path_);
}

arrow::Result<std::shared_ptr<Table>> Table::Open(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                                  const std::string& name, TableOptions options) {
  std::shared_ptr<Table> table(new Table(std::move(file), name, std::move(options)));
  arrow::Status status;
  try {
    status = table->ReadFooter();
    if (status.ok()) status = table->OpenIndex();
  } catch (const std::exception& e) {  // Arrow's Parquet classes throw
    status = arrow::Status::IOError("the file is damaged: ", MessageText(e.what()));
  }
  if (!status.ok())
    return arrow::Status(status.code(), MessageText(name + ": " + status.message()));
  return table;
}

void Table::InitColumn(Column* column, const ColumnInfo& info) const {
  column->info = &info;
  column->chunks.store(no_chunks_.get(), std::memory_order_relaxed);
}

/// REQUIRES: no other thread adds a chunk to the column at the time.
void Table::AddChunk(Column& column, uint32_t group, std::unique_ptr<ColumnChunk> chunk) const {
  if (!column.own_chunks) {
    column.own_chunks = std::make_unique<std::atomic<ColumnChunk*>[]>(group_first_rows_.size());
    column.chunks.store(column.own_chunks.get(), std::memory_order_release);
  }
  column.own_chunks[group].store(chunk.release(), std::memory_order_release);
}

arrow::Status Table::ReadFooter() {
  ARROW_RETURN_NOT_OK(CheckMagic(*file_));
  reader_ = parquet::ParquetFileReader::Open(file_, FileProperties());
  metadata_ = reader_->metadata();
  if (metadata_->is_encryption_algorithm_set()) {
    return arrow::Status::Invalid(
        "columns of the file are encrypted, which is not supported; "
        "write it without encryption");
  }

  if (metadata_->num_rows() > std::numeric_limits<int32_t>::max()) {
    return arrow::Status::CapacityError("the file has ", metadata_->num_rows(),
                                        " rows; one layer can hold 2,147,483,647: split it");
  }
  int64_t row = 0;
  for (int g = 0; g < metadata_->num_row_groups(); ++g) {
    group_first_rows_.push_back(static_cast<uint32_t>(row));
    const int64_t rows = metadata_->RowGroup(g)->num_rows();
    if (rows < 0 || row + rows > metadata_->num_rows()) {
      return arrow::Status::IOError(
          "the file is damaged: its row groups have other numbers of rows than its footer says");
    }
    row += rows;
  }
  if (row != metadata_->num_rows()) {
    return arrow::Status::IOError(
        "the file is damaged: its row groups have other numbers of rows than its footer says");
  }
  group_first_rows_.push_back(static_cast<uint32_t>(row));
  num_rows_ = static_cast<uint32_t>(row);

  const size_t groups = group_first_rows_.size() - 1;
  if (groups > 0) {
    rows_per_group_ = group_first_rows_[1];
    for (size_t g = 0; g < groups; ++g) {
      const uint32_t rows = group_first_rows_[g + 1] - group_first_rows_[g];
      if (g + 1 < groups ? rows != rows_per_group_ : rows > rows_per_group_) rows_per_group_ = 0;
      if (rows_per_group_ == 0) break;
    }
  }

  ARROW_ASSIGN_OR_RAISE(entry_, SchemaEntryOf(metadata_->key_value_metadata()));
  std::string path_column = options_.path_column;
  if (path_column.empty()) path_column = entry_.path_column;
  if (path_column.empty()) path_column = "path";
  ARROW_ASSIGN_OR_RAISE(schema_, ReadSchema(*metadata_, entry_, path_column, TimeColumnName(),
                                            options_.columns, options_.unicode_test));
  no_chunks_ = std::make_unique<std::atomic<ColumnChunk*>[]>(group_first_rows_.size());
  properties_ = std::make_unique<Column[]>(schema_.columns.size());
  for (size_t i = 0; i < schema_.columns.size(); ++i)
    InitColumn(&properties_[i], schema_.columns[i]);
  InitColumn(&path_, *schema_.path);
  return PrepareTimes();
}

arrow::Result<std::unique_ptr<ColumnChunk>> Table::MakeChunk(const Column& column, uint32_t group) {
  try {
    ARROW_ASSIGN_OR_RAISE(const auto offsets, ReadOffsetIndex(*file_, *metadata_, *column.info,
                                                              static_cast<int>(group)));
    return LocatePages(*file_, *metadata_, *column.info, static_cast<int>(group),
                       group_first_rows_[group], offsets.get());
  } catch (const std::exception& e) {
    return arrow::Status::IOError(MessageText(e.what()));
  }
}

ColumnChunk* Table::LocateChunk(Column& column, uint32_t group) {
  std::lock_guard lock(column.mutex);
  if (column.own_chunks) {
    if (ColumnChunk* chunk = column.own_chunks[group].load(std::memory_order_acquire)) return chunk;
  }
  auto located = MakeChunk(column, group);
  std::unique_ptr<ColumnChunk> chunk;
  if (located.ok()) {
    chunk = std::move(*located);
  } else {
    // One page that will fail to decode stands for the chunk, so that readers need no other case.
    ReportError(column, group, group_first_rows_[group], located.status().message());
    chunk = std::make_unique<ColumnChunk>();
    chunk->first_row = group_first_rows_[group];
    chunk->num_rows = group_first_rows_[group + 1] - chunk->first_row;
    chunk->row_group = static_cast<int>(group);
    chunk->pages.push_back({0, 0, chunk->first_row});
    chunk->slots = std::make_unique<PageSlot[]>(1);
  }
  ColumnChunk* raw = chunk.get();
  AddChunk(column, group, std::move(chunk));
  return raw;
}

void Table::ReportError(Column& column, uint32_t group, uint32_t first_row,
                        const std::string& reason) {
  if (column.has_reported_error.exchange(true) || !options_.report) return;
  options_.report(true, MessageText(name_ + ": column '" + column.info->column_name +
                                    "', row group " + std::to_string(group) + ", from row " +
                                    std::to_string(first_row) + ": " + reason +
                                    "; its values there read as none (further errors of "
                                    "this column are not shown)"));
}

std::unique_ptr<Page> Table::LoadPage(Column& column, ColumnChunk& chunk, uint32_t index) {
  auto page = DecodeOrReport(column, chunk, index);
  page->use = &column.use;
  page->previous = SlotBefore(column, chunk, index);
  return page;
}

/// The slot of the page before page `index` of the chunk; null if there is none or nothing of the
/// row group before was read yet.
const PageSlot* Table::SlotBefore(const Column& column, const ColumnChunk& chunk, uint32_t index) {
  if (index > 0) return &chunk.slots[index - 1];
  for (int group = chunk.row_group; group-- > 0;) {
    const ColumnChunk* before =
        column.chunks.load(std::memory_order_acquire)[group].load(std::memory_order_acquire);
    if (!before) return nullptr;
    if (!before->pages.empty()) return &before->slots[before->pages.size() - 1];
  }
  return nullptr;
}

std::unique_ptr<Page> Table::DecodeOrReport(Column& column, ColumnChunk& chunk, uint32_t index) {
  BadCells bad;
  auto decoded = DecodePage(*file_, *metadata_, *column.info, chunk, index, &bad);
  if (!decoded.ok()) {
    ReportError(column, chunk.row_group, chunk.pages[index].first_row, decoded.status().message());
    auto page = std::make_unique<Page>();
    page->first_row = chunk.pages[index].first_row;
    page->num_rows = chunk.PageRows(index);
    page->presence.assign((page->num_rows + 63) / 64, 0);
    return page;
  }
  if (bad.count > 0 && options_.report && !column.has_reported_bad.exchange(true)) {
    options_.report(false, name_ + ": column '" + column.info->column_name + "', row " +
                               std::to_string(bad.first_row) + ": the cell " + bad.reason +
                               "; it is presented without a value (further such cells of this "
                               "column are not shown)");
  }
  return std::move(*decoded);
}

bool Table::CountsNulls(const ColumnInfo& info) {
  return info.max_rep == 0 &&
         !(info.conversion != Conversion::kNone && info.stored_scalar == Scalar::kString);
}

bool Table::has_damage() const {
  if (path_.has_reported_error) return true;
  for (size_t i = 0; i < schema_.columns.size(); ++i) {
    if (properties_[i].has_reported_error) return true;
  }
  return false;
}

bool Table::has_unpresentable_cells() const {
  for (size_t i = 0; i < schema_.columns.size(); ++i) {
    if (properties_[i].has_reported_bad) return true;
  }
  return false;
}

bool Table::HasValue(size_t column, uint32_t row) {
  const ColumnInfo& info = schema_.columns[column];
  ColumnChunk* chunk = ChunkOf(properties_[column], row);
  if (CountsNulls(info)) {
    if (info.max_def == 0 || chunk->null_count == 0) return true;
    if (chunk->null_count == chunk->num_rows) return false;
  }
  EpochGuard guard;
  const Page* page = Fetch(column, row, guard);
  return page->IsPresent(row - page->first_row);
}

bool Table::IsSamePath(uint32_t a, uint32_t b) {
  EpochGuard guard;
  const Page* page = FetchFrom(path_, a, guard);
  const std::string first(page->String(a - page->first_row));
  page = FetchFrom(path_, b, guard);
  return page->String(b - page->first_row) == first;
}

void Table::VisitChildNames(PrimId prim, const std::function<void(std::string_view)>& f) {
  if (!prim.is_inner()) return;
  const uint32_t depth = paths_.Depth(prim);
  std::string name;
  for (const ChildRun& run : paths_.Children(prim)) {
    for (uint32_t row = run.first_row; row < run.first_row + run.count; ++row) {
      {
        // One guard a name: `f` may take long.
        EpochGuard guard;
        const Page* page = FetchFrom(path_, row, guard);
        if (!page->IsPresent(row - page->first_row)) continue;  // damaged since the open
        const std::string_view path = page->String(row - page->first_row);
        size_t begin = 1;
        for (uint32_t d = 0; d < depth; ++d) begin = path.find('/', begin) + 1;
        name = path.substr(begin, path.find('/', begin) - begin);
      }
      f(name);
    }
  }
}

std::string Table::PathAt(uint32_t row) {
  EpochGuard guard;
  const Page* page = FetchFrom(path_, row, guard);
  const uint32_t i = row - page->first_row;
  return page->IsPresent(i) ? QuotedValue(page->String(i)) : "null";
}

arrow::Status Table::OpenIndex() {
  const auto on_damage = [this](const std::string& message) {
    if (options_.report) options_.report(true, name_ + ": " + message);
  };
  auto opened = PathIndexFile::Open(*file_, *metadata_, schema_.path->leaf,
                                    time_ ? time_->info.leaf : -1, on_damage);
  if (!opened.warning.empty()) warnings_.push_back(name_ + ": " + opened.warning);
  if (time_) {
    ARROW_RETURN_NOT_OK(OpenLongIndex(std::move(opened), on_damage));
  } else if (opened.index && !options_.ignore_embedded_index) {
    paths_ = std::move(*opened.index);
    report_ = std::move(opened.report);
  } else {
    ARROW_RETURN_NOT_OK(BuildIndex());
  }
  CollectWarnings();
  CollectTimeWarnings();
  return arrow::Status::OK();
}

arrow::Result<std::vector<Table::PathPage>> Table::LocatePathPages() {
  std::vector<PathPage> pages;
  for (uint32_t g = 0; g + 1 < group_first_rows_.size(); ++g) {
    if (group_first_rows_[g] == group_first_rows_[g + 1]) continue;  // has no pages to locate
    auto located = MakeChunk(path_, g);
    if (!located.ok()) {
      return arrow::Status::IOError("the path column '", schema_.path->column_name,
                                    "' can't be read in row group ", g, ": ",
                                    located.status().message());
    }
    ColumnChunk* chunk = located->get();
    AddChunk(path_, g, std::move(*located));
    for (uint32_t p = 0; p < chunk->pages.size(); ++p) pages.push_back({chunk, p});
  }
  return pages;
}

size_t Table::NumThreads(size_t num_tasks) const {
  const size_t wanted =
      options_.num_threads ? options_.num_threads : std::thread::hardware_concurrency();
  return std::min(std::max<size_t>(wanted, 1), num_tasks);
}

arrow::Status Table::BuildIndex() {
  ARROW_ASSIGN_OR_RAISE(const std::vector<PathPage> stretches, LocatePathPages());
  // A seed is tried again only after two paths of one file shared 60 bits of hash.
  for (uint64_t seed = 0; seed < 8; ++seed) {
    std::vector<uint64_t> hashes(num_rows_, 0);
    std::vector<PathScan> scans(stretches.size(),
                                PathScan(RootPathHash(seed), options_.unicode_test));
    std::atomic<size_t> next{0};
    std::mutex failure_mutex;
    arrow::Status failure;
    const auto work = [&] {
      for (size_t i = next++; i < stretches.size(); i = next++) {
        const auto [chunk, index] = stretches[i];
        BadCells bad;
        auto page = DecodePage(*file_, *metadata_, *path_.info, *chunk, index, &bad);
        if (!page.ok()) {
          std::lock_guard lock(failure_mutex);
          failure = arrow::Status::IOError(
              "the path column '", path_.info->column_name, "' can't be read from row ",
              chunk->pages[index].first_row, " on: ", page.status().message());
          return;
        }
        const Page& paths = **page;
        for (uint32_t k = 0; k < paths.num_rows; ++k) {
          const uint32_t row = paths.first_row + k;
          if (paths.IsPresent(k)) {
            hashes[row] = scans[i].Add(row, paths.String(k));
          } else {
            scans[i].AddNull(row);
          }
        }
      }
    };
    std::vector<std::thread> threads;
    for (size_t t = 1; t < NumThreads(stretches.size()); ++t) threads.emplace_back(work);
    work();
    for (std::thread& thread : threads) thread.join();
    ARROW_RETURN_NOT_OK(failure);

    const auto same_path = [this](uint32_t a, uint32_t b) { return IsSamePath(a, b); };
    if (PathIndexBuilder::Build(seed, hashes, scans, same_path, &paths_, &report_)) {
      return arrow::Status::OK();
    }
  }
  return arrow::Status::Invalid(
      "different paths share their hashes with every seed; the file seems made for that");
}

void Table::CollectWarnings() {
  const std::string where = name_ + ": column '" + schema_.path->column_name + "': ";
  if (report_.num_invalid > 0) {
    const bool is_one = report_.num_invalid == 1;
    std::string text = where + std::to_string(report_.num_invalid) +
                       (is_one ? " row has" : " rows have") + " no valid absolute prim path and " +
                       (is_one ? "is" : "are") + " left out: ";
    for (size_t i = 0; i < report_.invalid_rows.size(); ++i) {
      const uint32_t row = report_.invalid_rows[i];
      text += (i ? ", row " : "row ") + std::to_string(row) + ": " + PathAt(row);
    }
    if (report_.num_invalid > report_.invalid_rows.size()) text += ", …";
    warnings_.push_back(std::move(text));
  }
  if (report_.num_duplicates > 0) {
    std::string text = where + std::to_string(report_.num_duplicates) +
                       (report_.num_duplicates == 1 ? " row repeats" : " rows repeat") +
                       " the path of an earlier row; the later row wins: ";
    for (size_t i = 0; i < report_.duplicates.size(); ++i) {
      const auto [earlier, later] = report_.duplicates[i];
      text += (i ? ", row " : "row ") + std::to_string(later) + " repeats row " +
              std::to_string(earlier) + ": " + PathAt(later);
    }
    if (report_.num_duplicates > report_.duplicates.size()) text += ", …";
    warnings_.push_back(std::move(text));
  }
  if (!schema_.missing.empty()) {
    std::string text = name_ + ": the footer's '" + kSchemaKey +
                       "' describes columns that the file " + "does not have: ";
    for (size_t i = 0; i < schema_.missing.size(); ++i) {
      text += (i ? ", '" : "'") + schema_.missing[i] + "'";
    }
    warnings_.push_back(MessageText(text));
  }
  if (!schema_.left_out.empty()) {
    std::string text = name_ + ": left out, because USD has no place for them: ";
    for (size_t i = 0; i < schema_.left_out.size(); ++i) {
      text += (i ? ", column '" : "column '") + schema_.left_out[i].column_name + "' (" +
              schema_.left_out[i].reason + ")";
    }
    warnings_.push_back(std::move(text));
  }
}

}  // namespace usdparquet
