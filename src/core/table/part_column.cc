#include "core/table/part_column.h"

#include <charconv>
#include <cstring>

#include "core/pages/page_nulls.h"
#include "core/util/file_name.h"
#include "core/util/guard.h"

namespace usdparquet {
namespace {

/// Rows of a page whose cells are all the same.
constexpr uint32_t kRowsOfSame = 8192;

template <typename T>
void FillNumbers(const std::string& text, Page* page) {
  T number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);  // checked when it was listed
  page->values.resize(page->num_rows * sizeof(T));
  for (uint32_t i = 0; i < page->num_rows; ++i) {
    std::memcpy(page->values.data() + i * sizeof(T), &number, sizeof(T));
  }
  page->cells = page->values.data();
}

void FillTexts(const std::string& text, Page* page) {
  auto dictionary = std::make_shared<Dictionary>();
  dictionary->strings.Append(text);
  dictionary->size = 1;
  dictionary->has_nul = dictionary->strings.HasNul();
  page->codes.resize(page->num_rows);
  std::memset(page->codes.data(), 0, page->num_rows * sizeof(uint32_t));
  page->dictionary = std::move(dictionary);
}

}  // namespace

PartColumn::PartColumn(const PartFiles& parts, const ColumnInfo& column)
    : parts_(parts),
      column_(column),
      local_(parts.Localize(column)),
      partition_(parts.PartitionOf(column.column_name)) {}

const ColumnInfo* PartColumn::InfoAt(uint32_t group) const {
  if (partition_) return nullptr;
  const std::optional<ColumnInfo>& local = local_[parts_.PartOf(group).schema];
  return local ? &*local : nullptr;
}

std::optional<std::string> PartColumn::ValueAt(uint32_t group) const {
  if (!partition_) return std::nullopt;
  return parts_.PartOf(group).keys[*partition_];
}

arrow::Result<std::unique_ptr<ColumnChunk>> PartColumn::Locate(uint32_t group,
                                                               PageCache& cache) const {
  const std::vector<uint32_t>& first_rows = parts_.group_first_rows();
  const uint32_t num_rows = first_rows[group + 1] - first_rows[group];
  const ColumnInfo* const info = InfoAt(group);
  if (info) {
    const PartFiles::Group& at = parts_.GroupAt(group);
    ARROW_ASSIGN_OR_RAISE(const auto part, parts_.Open(at.part));
    ARROW_ASSIGN_OR_RAISE(
        auto chunk, Guarded([&] { return LocatePages(part->Pages(cache), *info, at.number); }));
    chunk->group = group;
    return chunk;
  }
  auto chunk = std::make_unique<ColumnChunk>();
  chunk->first_row = first_rows[group];
  chunk->num_rows = num_rows;
  chunk->group = group;
  chunk->null_count = ValueAt(group) ? 0 : num_rows;
  chunk->rows_per_page = RowDivider(kRowsOfSame);
  for (uint32_t done = 0; done < num_rows; done += kRowsOfSame) {
    chunk->pages.push_back({0, 0, chunk->first_row + done});
  }
  chunk->slots = std::make_unique<PageSlot[]>(chunk->pages.size());
  return chunk;
}

void PartColumn::Fill(const ColumnChunk& chunk, uint32_t index, Page* page) const {
  page->first_row = chunk.pages[index].first_row;
  page->num_rows = chunk.PageRows(index);
  const std::optional<std::string> value = ValueAt(chunk.group);
  if (!value) {
    page->presence.assign((page->num_rows + 63) / 64, 0);
    return;
  }
  switch (parts_.list().partitions[*partition_].type) {
    case PartitionColumn::Type::kInt32:
      return FillNumbers<int32_t>(*value, page);
    case PartitionColumn::Type::kInt64:
      return FillNumbers<int64_t>(*value, page);
    case PartitionColumn::Type::kString:
      return FillTexts(*value, page);
  }
}

arrow::Status PartColumn::Decode(ColumnChunk& chunk, uint32_t index, PageCache& cache, Page* page,
                                 BadCells* bad) const {
  const ColumnInfo* const info = InfoAt(chunk.group);
  if (!info) {
    Fill(chunk, index, page);
    return arrow::Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(const auto part, parts_.Open(parts_.GroupAt(chunk.group).part));
  return DecodePage(part->Pages(cache), *info, chunk, index, page, bad);
}

arrow::Status PartColumn::DecodeNulls(const ColumnChunk& chunk, uint32_t index, PageCache& cache,
                                      Page* page) const {
  const ColumnInfo* const info = InfoAt(chunk.group);
  if (!info) {
    Fill(chunk, index, page);
    return arrow::Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(const auto part, parts_.Open(parts_.GroupAt(chunk.group).part));
  return usdparquet::DecodeNulls(part->Pages(cache), *info, chunk, index, page);
}

ChunkNulls PartColumn::NullsOf(uint32_t group) const {
  const ColumnInfo* const info = InfoAt(group);
  if (!info) return ValueAt(group) ? ChunkNulls::kNone : ChunkNulls::kAll;
  const auto part = parts_.Open(parts_.GroupAt(group).part);
  if (!part.ok()) return ChunkNulls::kSome;
  const TableFile& file = (*part)->file;
  return NullsOfChunk(*file.metadata(), file.is_sealed(), *info, parts_.GroupAt(group).number);
}

}  // namespace usdparquet
