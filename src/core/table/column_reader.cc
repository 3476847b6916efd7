#include "core/table/column_reader.h"

#include <parquet/statistics.h>

#include <utility>

#include "core/pages/page_decoder.h"
#include "core/pages/page_memory.h"
#include "core/pages/page_nulls.h"
#include "core/util/guard.h"
#include "core/util/message_text.h"

namespace usdparquet {

ColumnSource::ColumnSource(const TableFile& table_file, PageCache& page_cache,
                           std::string file_name, ReadReport read_report)
    : file(table_file),
      cache(page_cache),
      name(std::move(file_name)),
      report(std::move(read_report)),
      no_chunks(std::make_unique<std::atomic<ColumnChunk*>[]>(table_file.num_groups())) {}

ColumnReader::~ColumnReader() {
  delete damage_.load();
  for (uint32_t group = 0; own_chunks_ && group < source_->file.num_groups(); ++group) {
    const std::unique_ptr<ColumnChunk> chunk(own_chunks_[group].load());
    if (!chunk) continue;
    cache_->Drop(chunk->slots.get(), chunk->pages.size());
    cache_->Drop(chunk->null_slots.get(), chunk->pages.size());
  }
}

void ColumnReader::Init(const ColumnSource& source, const ColumnInfo& info) {
  info_ = &info;
  source_ = &source;
  cache_ = &source.cache;
  rows_per_group_ = source.file.rows_per_group();
  chunks_.store(source.no_chunks.get(), std::memory_order_relaxed);
  if (source.file.parts()) parts_ = std::make_unique<PartColumn>(*source.file.parts(), info);
}

arrow::Result<std::unique_ptr<ColumnChunk>> ColumnReader::LocateUncached(uint32_t group) const {
  if (parts_) return parts_->Locate(group, *cache_);
  ARROW_ASSIGN_OR_RAISE(auto chunk, Guarded([&] {
                          return LocatePages(source_->Pages(), *info_, static_cast<int>(group));
                        }));
  chunk->group = group;
  return chunk;
}

arrow::Status ColumnReader::DecodeInto(ColumnChunk& chunk, uint32_t index, Page* page,
                                       BadCells* bad) const {
  return parts_ ? parts_->Decode(chunk, index, *cache_, page, bad)
                : DecodePage(source_->Pages(), *info_, chunk, index, page, bad);
}

arrow::Status ColumnReader::DecodeNullsInto(const ColumnChunk& chunk, uint32_t index,
                                            Page* page) const {
  return parts_ ? parts_->DecodeNulls(chunk, index, *cache_, page)
                : DecodeNulls(source_->Pages(), *info_, chunk, index, page);
}

ChunkNulls ColumnReader::NullsOf(uint32_t group) const {
  return parts_ ? parts_->NullsOf(group)
                : NullsOfChunk(*source_->file.metadata(), source_->file.is_sealed(), *info_,
                               static_cast<int>(group));
}

arrow::Result<ColumnChunk*> ColumnReader::Locate(uint32_t group) {
  std::lock_guard lock(mutex_);
  if (ColumnChunk* chunk = LocatedChunk(group)) return chunk;
  ARROW_ASSIGN_OR_RAISE(auto chunk, LocateUncached(group));
  return Keep(group, std::move(chunk));
}

ColumnChunk* ColumnReader::LocateOrReport(uint32_t group) {
  std::lock_guard lock(mutex_);
  if (ColumnChunk* chunk = LocatedChunk(group)) return chunk;
  auto located = LocateUncached(group);
  if (located.ok()) return Keep(group, std::move(*located));
  // Pages that will fail to decode stand for the chunk, so that readers need no other case.
  const auto& first_rows = source_->file.group_first_rows();
  ReportError(group, first_rows[group], located.status().message());
  auto chunk = std::make_unique<ColumnChunk>();
  chunk->first_row = first_rows[group];
  chunk->num_rows = first_rows[group + 1] - chunk->first_row;
  chunk->row_group = static_cast<int>(group);
  chunk->group = group;
  constexpr uint32_t kRows = 1 << 20;  // no row may be there, so that memory for it waits
  chunk->rows_per_page = RowDivider(kRows);
  for (uint32_t done = 0; done == 0 || done < chunk->num_rows; done += kRows) {
    chunk->pages.push_back({0, 0, chunk->first_row + done});
  }
  chunk->slots = std::make_unique<PageSlot[]>(chunk->pages.size());
  return Keep(group, std::move(chunk));
}

/// REQUIRES: the caller holds `mutex_`, and the chunk was not located before.
ColumnChunk* ColumnReader::Keep(uint32_t group, std::unique_ptr<ColumnChunk> chunk) {
  if (!own_chunks_) {
    own_chunks_ = std::make_unique<std::atomic<ColumnChunk*>[]>(source_->file.num_groups());
    chunks_.store(own_chunks_.get(), std::memory_order_release);
  }
  chunk->null_slots = std::make_unique<PageSlot[]>(chunk->pages.size());
  ColumnChunk* const kept = chunk.release();
  own_chunks_[group].store(kept, std::memory_order_release);
  return kept;
}

arrow::Result<std::unique_ptr<Page>> ColumnReader::Decode(ColumnChunk& chunk,
                                                          uint32_t index) const {
  auto page = std::make_unique<Page>();
  BadCells bad;
  ARROW_RETURN_NOT_OK(DecodeInto(chunk, index, page.get(), &bad));
  return page;
}

const Page* ColumnReader::FetchMissing(ColumnChunk* chunk, uint32_t index) {
  return cache_->Miss(chunk->slots[index], [&](CachedPage* entry) { Load(*chunk, index, entry); });
}

void ColumnReader::Load(ColumnChunk& chunk, uint32_t index, CachedPage* entry) {
  DecodeOrReport(chunk, index, &entry->page);
  if (info_->type.is_array && info_->type.scalar != Scalar::kString) {
    PageMemory::Share(&entry->page, info_->type.tuple * ScalarSize(info_->type.scalar), *cache_,
                      source_->file.mapped_memory());
  }
  entry->use = &use_;
  entry->previous = SlotBefore(chunk, index, &ColumnChunk::slots);
}

void ColumnReader::LoadNulls(const ColumnChunk& chunk, uint32_t index, CachedPage* entry) {
  const auto decoded = DecodeNullsInto(chunk, index, &entry->page);
  if (!decoded.ok()) Fail(chunk, index, decoded, &entry->page);
  KeepNulls(chunk, index, entry);
}

void ColumnReader::KeepNulls(const ColumnChunk& chunk, uint32_t index, CachedPage* entry) {
  entry->use = &null_use_;
  entry->previous = SlotBefore(chunk, index, &ColumnChunk::null_slots);
}

const Page* ColumnReader::TryFetchNulls(uint32_t row, const EpochGuard& guard) {
  struct Damaged {};
  const auto located = Locate(GroupOf(row));
  if (!located.ok()) return nullptr;
  const ColumnChunk& chunk = **located;
  const uint32_t index = chunk.PageOf(row);
  const Page* const whole = PageCache::Find(chunk.slots[index], guard);
  if (whole && whole->tells_nulls) return whole;
  try {
    return cache_->Get(chunk.null_slots[index], guard, [&](CachedPage* entry) {
      // Thrown, so that the cache keeps nothing and whoever asks next decodes it again.
      if (!DecodeNullsInto(chunk, index, &entry->page).ok()) throw Damaged();
      KeepNulls(chunk, index, entry);
    });
  } catch (const Damaged&) {
    return nullptr;
  }
}

void ColumnReader::DecodeOrReport(ColumnChunk& chunk, uint32_t index, Page* page) {
  BadCells bad;
  const auto decoded = DecodeInto(chunk, index, page, &bad);
  if (!decoded.ok()) return Fail(chunk, index, decoded, page);
  if (bad.count > 0) ReportBadCell(bad.first);
}

void ColumnReader::Fail(const ColumnChunk& chunk, uint32_t index, const arrow::Status& status,
                        Page* page) {
  ReportError(chunk.group, chunk.pages[index].first_row, status.message());
  *page = Page();
  page->first_row = chunk.pages[index].first_row;
  page->num_rows = chunk.PageRows(index);
  page->presence.assign((page->num_rows + 63) / 64, 0);
  page->tells_nulls = false;
}

/// The slot of the page before page `index` of the chunk; null if there is none or nothing of the
/// row group before was read yet.
const PageSlot* ColumnReader::SlotBefore(const ColumnChunk& chunk, uint32_t index,
                                         std::unique_ptr<PageSlot[]> ColumnChunk::* slots) const {
  if (index > 0) return &(chunk.*slots)[index - 1];
  for (uint32_t group = chunk.group; group-- > 0;) {
    const ColumnChunk* before = LocatedChunk(group);
    if (!before) return nullptr;
    if (!before->pages.empty()) return &(before->*slots)[before->pages.size() - 1];
  }
  return nullptr;
}

void ColumnReader::ReportError(uint32_t group, uint32_t first_row, const std::string& reason) {
  if (has_damage()) return;
  const std::string file = PartName(&group, &first_row);
  // What is wrong with a file of a dataset as a whole names it already.
  const std::string why = reason.starts_with(file) ? reason.substr(file.size()) : reason;
  auto damage = std::make_unique<const std::string>(
      MessageText(file + "column '" + info_->column_name + "', row group " + std::to_string(group) +
                  ", from row " + std::to_string(first_row) + ": " + why));
  const std::string* none = nullptr;
  if (!damage_.compare_exchange_strong(none, damage.get(), std::memory_order_acq_rel)) return;
  const std::string& found = *damage.release();
  if (!source_->report) return;
  source_->report(true, source_->name + ": " + found +
                            "; its values there read as none (further errors of this column are "
                            "not shown)");
}

/// Makes row group and row those of the file of a dataset that has them, and returns its name and a
/// colon; nothing of a file by itself.
std::string ColumnReader::PartName(uint32_t* group, uint32_t* row) const {
  const PartFiles* const parts = source_->file.parts();
  if (!parts) return {};
  const PartFiles::Group& at = parts->GroupAt(*group);
  *group = static_cast<uint32_t>(at.number);
  *row -= parts->FirstRowOf(at.part);
  return parts->list().parts[at.part].name + ": ";
}

void ColumnReader::ReportBadCell(const UnpresentableCell& bad) {
  if (has_bad_cells_.exchange(true, std::memory_order_acq_rel)) return;
  fullness_.store(Fullness::kNotFull);
  if (!source_->report) return;
  source_->report(false, source_->name + ": " + Describe(bad) +
                             "; it is presented without a value (further such cells of this "
                             "column are not shown)");
}

std::string ColumnReader::Describe(const UnpresentableCell& cell) const {
  uint32_t row = cell.row, group = source_->file.parts() ? source_->file.GroupOf(row) : 0;
  const std::string file = PartName(&group, &row);
  return MessageText(file + "column '" + info_->column_name + "', row " + std::to_string(row) +
                     ": the cell " + cell.reason);
}

arrow::Result<std::vector<UnpresentableCell>> ColumnReader::UnpresentableCells() const {
  std::vector<UnpresentableCell> cells;
  if (!has_bad_cells_.load(std::memory_order_acquire)) return cells;
  for (uint32_t group = 0; group < source_->file.num_groups(); ++group) {
    ARROW_ASSIGN_OR_RAISE(const auto chunk, LocateUncached(group));
    for (uint32_t i = 0; i < chunk->pages.size(); ++i) {
      Page page;
      BadCells bad;
      bad.all = &cells;
      ARROW_RETURN_NOT_OK(DecodeInto(*chunk, i, &page, &bad));
    }
  }
  return cells;
}

/// Whether a chunk's null count is that of its cells: it counts null leaves, which says less where
/// the column is nested or converted, or has cells that can't be presented.
bool ColumnReader::CountsNulls() const {
  return info_->max_rep == 0 && !info_->text_test &&
         !has_bad_cells_.load(std::memory_order_acquire) &&
         !(info_->conversion != Conversion::kNone && info_->stored_scalar == Scalar::kString);
}

bool ColumnReader::FindFullness() {
  const parquet::FileMetaData& metadata = *source_->file.metadata();
  bool is_full = CountsNulls() && !parts_;  // not asked of the footers of all parts
  const auto ask = [&] {
    for (int g = 0; is_full && info_->max_def > 0 && g < metadata.num_row_groups(); ++g) {
      const auto statistics = metadata.RowGroup(g)->ColumnChunk(info_->leaf)->encoded_statistics();
      is_full = statistics && statistics->has_null_count && statistics->null_count == 0;
    }
    return arrow::Status::OK();
  };
  // Damaged statistics tell nothing. The chunk's pages can't be located then, which is reported.
  if (!Guarded(ask).ok()) is_full = false;
  // Not over what a cell without a value, which was met meanwhile, has made of it.
  Fullness known = Fullness::kUnknown;
  const Fullness found = is_full ? Fullness::kFull : Fullness::kNotFull;
  if (fullness_.compare_exchange_strong(known, found)) return is_full;
  return known == Fullness::kFull;
}

bool ColumnReader::HasValue(uint32_t row) {
  const ColumnChunk* chunk = ChunkOf(row);
  if (CountsNulls()) {
    if (info_->max_def == 0 || chunk->null_count == 0) return true;
    if (chunk->null_count == chunk->num_rows) return false;
  }
  EpochGuard guard;
  const Page* page = Fetch(row, guard);
  return page->IsPresent(row - page->first_row);
}

}  // namespace usdparquet
