#include "core/table/null_map.h"

namespace usdparquet {

NullMap::~NullMap() {
  for (uint32_t group = 0; groups_ && group < file_->num_groups(); ++group) {
    delete groups_[group].load();
  }
}

void NullMap::Init(const ColumnSource& source, const std::vector<ColumnInfo>& columns,
                   ColumnReader* readers) {
  columns_ = &columns;
  readers_ = readers;
  file_ = &source.file;
  rows_per_group_ = file_->rows_per_group();
  groups_ = std::make_unique<std::atomic<Group*>[]>(file_->num_groups());
}

NullMap::Group& NullMap::GroupAt(uint32_t group) {
  if (Group* const known = groups_[group].load(std::memory_order_acquire)) return *known;
  std::lock_guard lock(mutex_);
  if (Group* const known = groups_[group].load(std::memory_order_acquire)) return *known;
  auto made = std::make_unique<Group>();
  made->chunks = std::make_unique<std::atomic<ChunkNulls>[]>(columns_->size());
  groups_[group].store(made.get(), std::memory_order_release);
  return *made.release();
}

ChunkNulls NullMap::NullsOf(size_t column, uint32_t group) {
  std::atomic<ChunkNulls>& known = GroupAt(group).chunks[column];
  ChunkNulls nulls = known.load(std::memory_order_relaxed);
  if (nulls == ChunkNulls::kUnasked) {
    nulls = NullsOfChunk(*file_->metadata(), (*columns_)[column], static_cast<int>(group));
    known.store(nulls, std::memory_order_relaxed);
  }
  return nulls;
}

bool NullMap::AskPage(size_t column, uint32_t row, uint32_t group) {
  const ChunkNulls nulls = NullsOf(column, group);
  if (nulls != ChunkNulls::kSome) return nulls == ChunkNulls::kAll;
  EpochGuard guard;
  const Page* const page = readers_[column].FetchNulls(row, guard);
  return !page->IsPresent(row - page->first_row);
}

}  // namespace usdparquet
