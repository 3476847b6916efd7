#include "core/table/table.h"

#include <arrow/memory_pool.h>
#include <parquet/page_index.h>
#include <parquet/properties.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <limits>

#include "core/pages/page_decoder.h"
#include "core/table/index_loader.h"
#include "core/table/table_warnings.h"
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

  ARROW_ASSIGN_OR_RAISE(footer_, FooterOf(metadata_->key_value_metadata()));
  std::string path_column = options_.path_column;
  if (path_column.empty()) path_column = footer_.path_column;
  if (path_column.empty()) path_column = "path";
  const std::string& time_column =
      options_.time_column.empty() ? footer_.time_column : options_.time_column;
  ARROW_ASSIGN_OR_RAISE(schema_, ReadSchema(*metadata_, footer_, path_column, time_column,
                                            options_.columns, options_.unicode_test));
  no_chunks_ = std::make_unique<std::atomic<ColumnChunk*>[]>(group_first_rows_.size());
  properties_ = std::make_unique<Column[]>(schema_.columns.size());
  for (size_t i = 0; i < schema_.columns.size(); ++i)
    InitColumn(&properties_[i], schema_.columns[i]);
  InitColumn(&path_, *schema_.path);
  return arrow::Status::OK();
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

bool Table::FindFullness(size_t column) {
  const ColumnInfo& info = schema_.columns[column];
  bool is_full = CountsNulls(info);
  for (int g = 0; is_full && info.max_def > 0 && g < metadata_->num_row_groups(); ++g) {
    const auto chunk = metadata_->RowGroup(g)->ColumnChunk(info.leaf);
    const auto statistics = chunk->encoded_statistics();
    is_full = statistics && statistics->has_null_count && statistics->null_count == 0;
  }
  properties_[column].fullness.store(is_full ? Fullness::kFull : Fullness::kNotFull,
                                     std::memory_order_relaxed);
  return is_full;
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
  if (!prim.is_parent()) return;
  const uint32_t depth = paths().Depth(prim);
  std::string name;
  for (const ChildRun& run : paths().Children(prim)) {
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

IndexLoader Table::MakeIndexLoader() {
  IndexColumns columns{*file_, *metadata_, group_first_rows_, *schema_.path,
                       time_ ? &*time_ : nullptr};
  columns.path_chunk = [this](uint32_t group) -> arrow::Result<ColumnChunk*> {
    std::lock_guard lock(path_.mutex);
    if (!path_.own_chunks || !path_.own_chunks[group].load()) {
      ARROW_ASSIGN_OR_RAISE(auto located, MakeChunk(path_, group));
      AddChunk(path_, group, std::move(located));
    }
    return path_.own_chunks[group].load();
  };
  columns.locate_chunk = [this](const ColumnInfo& info, uint32_t group) {
    Column column;
    InitColumn(&column, info);
    return MakeChunk(column, group);
  };
  columns.is_same_path = [this](uint32_t a, uint32_t b) { return IsSamePath(a, b); };
  IndexOptions options;
  options.unicode_test = options_.unicode_test;
  options.num_threads = options_.num_threads;
  options.codes_per_second = options_.time_codes_per_second.value_or(
      TimeCodesPerSecondOf(footer_).value_or(TimeScale().codes_per_second));
  options.time_start = options_.time_start;
  return IndexLoader(std::move(columns), std::move(options));
}

arrow::Status Table::OpenIndex() {
  ARROW_ASSIGN_OR_RAISE(time_,
                        FindTimeColumn(schema_, *metadata_, options_.time_start.has_value()));
  const IndexLoader loader = MakeIndexLoader();
  const auto on_damage = [this](const std::string& message) {
    if (options_.report) options_.report(true, name_ + ": " + message);
  };
  std::vector<std::string> reasons;
  auto embedded = loader.LoadEmbedded(on_damage, &reasons);
  if (embedded && !options_.ignore_embedded_index) {
    index_ = std::move(*embedded);
  } else {
    ARROW_ASSIGN_OR_RAISE(index_, loader.Build());
  }
  warnings_ = TableWarnings(name_, schema_, time_ ? &*time_ : nullptr, index_,
                            [this](uint32_t row) { return PathAt(row); });
  for (std::string& reason : reasons) reason.insert(0, name_ + ": ");
  warnings_.insert(warnings_.begin(), reasons.begin(), reasons.end());
  return arrow::Status::OK();
}

}  // namespace usdparquet
