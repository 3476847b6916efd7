#include "core/table/null_map.h"

#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>

#include <algorithm>
#include <bit>

#include "core/util/bit_matrix.h"
#include "core/util/parallel_for.h"

namespace usdparquet {
namespace {

constexpr uint32_t kTile = 64;
/// A block is about that large, unless the table is very wide or very narrow.
constexpr uint64_t kBlockBytes = uint64_t{128} << 10;
constexpr uint64_t kMinBlockRows = 256, kMaxBlockRows = 8192;

}  // namespace

NullMap::~NullMap() {
  for (uint32_t group = 0; groups_ && group < file_->num_groups(); ++group) {
    const std::unique_ptr<Group> made(groups_[group].load());
    if (made) cache_->Drop(made->blocks.get(), NumBlocks(group));
  }
}

void NullMap::Init(const ColumnSource& source, const std::vector<ColumnInfo>& columns,
                   ColumnReader* readers) {
  columns_ = &columns;
  readers_ = readers;
  file_ = &source.file;
  cache_ = &source.cache;
  rows_per_group_ = file_->rows_per_group();
  groups_ = std::make_unique<std::atomic<Group*>[]>(file_->num_groups());
  all_.assign((columns.size() + kTile - 1) / kTile, 0);
  declared_ = all_;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].role == ColumnRole::kPrimMetadata) continue;
    const uint64_t bit = uint64_t{1} << i % kTile;
    all_[i / kTile] |= bit;
    if (columns[i].null == NullMeaning::kNoValue) declared_[i / kTile] |= bit;
  }
  const uint64_t rows = std::bit_floor(kBlockBytes / 8 / std::max<size_t>(all_.size(), 1));
  rows_per_block_ = static_cast<uint32_t>(std::clamp(rows, kMinBlockRows, kMaxBlockRows));
}

NullMap::Group& NullMap::GroupAt(uint32_t group) {
  if (Group* const known = groups_[group].load(std::memory_order_acquire)) return *known;
  std::lock_guard lock(mutex_);
  if (Group* const known = groups_[group].load(std::memory_order_acquire)) return *known;
  auto made = std::make_unique<Group>();
  made->chunks = std::make_unique<std::atomic<ChunkNulls>[]>(columns_->size());
  made->blocks = std::make_unique<PageSlot[]>(NumBlocks(group));
  groups_[group].store(made.get(), std::memory_order_release);
  return *made.release();
}

ChunkNulls NullMap::NullsOf(size_t column, uint32_t group) {
  std::atomic<ChunkNulls>& known = GroupAt(group).chunks[column];
  ChunkNulls nulls = known.load(std::memory_order_relaxed);
  if (nulls == ChunkNulls::kUnasked) {
    nulls = readers_[column].NullsOf(group);
    known.store(nulls, std::memory_order_relaxed);
  }
  return nulls;
}

/// Whether the footer tells that every row of the group has all properties.
bool NullMap::IsFull(uint32_t group) {
  std::atomic<Fullness>& known = GroupAt(group).fullness;
  Fullness fullness = known.load(std::memory_order_relaxed);
  if (fullness == Fullness::kUnasked) {
    fullness = Fullness::kFull;
    for (size_t i = 0; i < columns_->size() && fullness == Fullness::kFull; ++i) {
      const ColumnInfo& column = (*columns_)[i];
      if (column.role == ColumnRole::kPrimMetadata || column.null == NullMeaning::kNoValue)
        continue;
      if (NullsOf(i, group) != ChunkNulls::kNone) fullness = Fullness::kNotFull;
    }
    known.store(fullness, std::memory_order_relaxed);
  }
  return fullness == Fullness::kFull;
}

bool NullMap::AskPage(size_t column, uint32_t row, uint32_t group) {
  const ChunkNulls nulls = NullsOf(column, group);
  if (nulls != ChunkNulls::kSome) return nulls == ChunkNulls::kAll;
  EpochGuard guard;
  const Page* const page = readers_[column].FetchNulls(row, guard);
  return !page->IsPresent(row - page->first_row);
}

const uint64_t* NullMap::PropertiesIn(uint32_t row, EpochGuard& guard) {
  const uint32_t group = GroupOf(row);
  if (IsFull(group)) return nullptr;
  const uint32_t block = (row - file_->group_first_rows()[group]) / rows_per_block_;
  const Page* const page = cache_->Get(GroupAt(group).blocks[block], guard,
                                       [&](CachedPage* entry) { LoadBlock(group, block, entry); });
  return page->presence.data() + size_t{row - page->first_row} * all_.size();
}

void NullMap::LoadBlock(uint32_t group, uint32_t block, CachedPage* entry) {
  Page& page = entry->page;
  const uint32_t begin = block * rows_per_block_;
  page.first_row = file_->group_first_rows()[group] + begin;
  page.num_rows = std::min(rows_per_block_, RowsOf(group) - begin);
  const size_t num_tiles = (page.num_rows + kTile - 1) / kTile, width = all_.size();
  page.presence.resize(num_tiles * kTile * width);
  // Many columns are read in several threads. What is wrong with one is left to this thread, whose
  // caller hears what is reported.
  std::vector<uint8_t> is_filled(width, 0);
  const auto fill = [&](size_t word) {
    is_filled[word] = FillWord(word, group, /*reports=*/false, &page);
    return arrow::Status::OK();
  };
  if (width > 1) (void)ParallelFor(0, width, fill);
  for (size_t word = 0; word < width; ++word) {
    if (!is_filled[word]) FillWord(word, group, /*reports=*/true, &page);
  }
  entry->use = &use_;
  entry->previous = block > 0 ? &GroupAt(group).blocks[block - 1] : nullptr;
}

/// Sets one word of each row of a block: the columns are read one by one and turned, 64 of them by
/// 64 rows. False if one could not be read, which is not reported then, and nothing was set.
bool NullMap::FillWord(size_t word, uint32_t group, bool reports, Page* block) {
  const size_t num_tiles = (block->num_rows + kTile - 1) / kTile, width = all_.size();
  std::vector<uint64_t> bits(kTile * num_tiles);
  for (size_t i = 0; i < kTile && word * kTile + i < columns_->size(); ++i) {
    if (!FillColumn(word * kTile + i, group, block->first_row, block->num_rows, reports,
                    &bits[i * num_tiles])) {
      return false;
    }
  }
  for (size_t tile = 0; tile < num_tiles; ++tile) {
    uint64_t turned[kTile];
    for (size_t i = 0; i < kTile; ++i) turned[i] = bits[i * num_tiles + tile];
    TransposeBits(turned);
    for (size_t i = 0; i < kTile; ++i) {
      block->presence[(tile * kTile + i) * width + word] = turned[i];
    }
  }
  return true;
}

/// Sets the bits of the rows in [row, row + count) that have the column's property. False if it
/// can't be read, unless that is reported: then the cells there are null.
bool NullMap::FillColumn(size_t column, uint32_t group, uint32_t row, uint32_t count, bool reports,
                         uint64_t* bits) {
  const ColumnInfo& info = (*columns_)[column];
  if (info.role == ColumnRole::kPrimMetadata) return true;
  auto* const bytes = reinterpret_cast<uint8_t*>(bits);
  const ChunkNulls nulls =
      info.null == NullMeaning::kNoValue ? ChunkNulls::kNone : NullsOf(column, group);
  if (nulls == ChunkNulls::kAll) return true;
  for (uint32_t done = 0; done < count;) {
    uint32_t run = count - done;
    if (nulls == ChunkNulls::kNone) {
      arrow::bit_util::SetBitsTo(bytes, done, run, true);
    } else {
      EpochGuard guard;
      ColumnReader& reader = readers_[column];
      const Page* const page =
          reports ? reader.FetchNulls(row + done, guard) : reader.TryFetchNulls(row + done, guard);
      if (!page) return false;
      const uint32_t at = row + done - page->first_row;
      run = std::min(run, page->num_rows - at);
      if (page->presence.empty()) {
        arrow::bit_util::SetBitsTo(bytes, done, run, true);
      } else {
        arrow::internal::CopyBitmap(reinterpret_cast<const uint8_t*>(page->presence.data()), at,
                                    run, bytes, done);
      }
    }
    done += run;
  }
  return true;
}

}  // namespace usdparquet
