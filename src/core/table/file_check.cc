#include "core/table/file_check.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "core/index/path_index_file.h"
#include "core/index/time_index_file.h"
#include "core/pages/chunk_range.h"
#include "core/pages/column_chunk.h"
#include "core/pages/page_header.h"
#include "core/pages/page_locations.h"
#include "core/schema/text_check.h"
#include "core/schema/timed_cells.h"
#include "core/sections/residual_blob.h"
#include "core/sections/section_check.h"
#include "core/table/bulk_reader.h"
#include "core/util/file_name.h"
#include "core/util/guard.h"
#include "core/util/open_file.h"
#include "core/util/parallel_for.h"

namespace usdparquet {
namespace {

constexpr std::array<std::pair<const char*, const char*>, 3> kSections{{
    {kIndexKey, "path index"},
    {kTimesKey, "time index"},
    {kPagesKey, "page locations"},
}};

bool AreSame(const std::vector<PageLocation>& a, const std::vector<PageLocation>& b) {
  return std::ranges::equal(a, b, [](const PageLocation& x, const PageLocation& y) {
    return x.offset == y.offset && x.size == y.size && x.first_row == y.first_row;
  });
}

/// Whether the headers of a chunk's pages, as far as they tell, count the rows that `chunk` says.
arrow::Result<bool> MatchesHeaders(const PageSource& source, int leaf, const ColumnChunk& chunk) {
  const auto meta = source.metadata.RowGroup(chunk.row_group)->ColumnChunk(leaf);
  const bool has_lists = source.metadata.schema()->Column(leaf)->max_repetition_level() > 0;
  ARROW_ASSIGN_OR_RAISE(const int64_t file_size, source.file.GetSize());
  ARROW_ASSIGN_OR_RAISE(const ChunkRange range, RangeOfChunk(source.metadata, *meta, file_size));
  int64_t row = chunk.first_row;
  size_t next = 0;
  PageHeaderScan scan(source.file, range.begin, range.limit, meta->num_values());
  while (!scan.is_done()) {
    const int64_t offset = scan.position();
    ARROW_ASSIGN_OR_RAISE(const PageHeader header, scan.Next());
    if (!header.is_data()) continue;
    const int64_t rows = header.NumRows(has_lists);
    if (rows < 0) return true;  // its header does not tell
    if (rows == 0) continue;
    if (next == chunk.pages.size()) return false;
    const PageLocation& page = chunk.pages[next++];
    if (page.offset != offset || page.size != scan.position() - offset || page.first_row != row) {
      return false;
    }
    row += rows;
  }
  return next == chunk.pages.size();
}

arrow::Result<bool> IsOffsetIndexRight(const TableFile& file, int leaf, int row_group) {
  const parquet::FileMetaData& metadata = *file.metadata();
  const auto group = metadata.RowGroup(row_group);
  if (group->num_rows() == 0 || !group->ColumnChunk(leaf)->GetOffsetIndexLocation()) return true;
  ColumnInfo column;
  column.leaf = leaf;
  column.max_rep = metadata.schema()->Column(leaf)->max_repetition_level();
  const PageSource source = file.Pages();
  const auto by_index = Guarded([&] { return PagesByIndex(source, column, row_group); });
  if (!by_index.ok()) return false;
  ARROW_ASSIGN_OR_RAISE(const auto listed, LocatePages(source, column, row_group));
  if (!AreSame((*by_index)->pages, listed->pages)) return false;
  return MatchesHeaders(source, leaf, **by_index);
}

/// What `find(leaf, row_group)` says of each chunk of a file, if that is anything; in several
/// threads.
template <typename F>
arrow::Result<std::vector<std::string>> FindInChunks(const TableFile& file, const F& find) {
  const auto leaves = static_cast<size_t>(file.metadata()->num_columns());
  std::vector<std::string> found(leaves * file.num_groups());
  ARROW_RETURN_NOT_OK(ParallelFor(0, found.size(), [&](size_t i) -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(found[i],
                          find(static_cast<int>(i % leaves), static_cast<int>(i / leaves)));
    return arrow::Status::OK();
  }));
  std::erase(found, std::string());
  return found;
}

}  // namespace

arrow::Result<TableFile> OpenTableFile(const std::string& path) {
  const auto open = [&]() -> arrow::Result<TableFile> {
    ARROW_ASSIGN_OR_RAISE(auto file, OpenFile(path));
    return TableFile::Open(std::move(file));
  };
  return WithFileName(Guarded(open), path);
}

arrow::Result<std::vector<DamagedSection>> FindDamagedSections(const TableFile& file) {
  return Guarded([&]() -> arrow::Result<std::vector<DamagedSection>> {
    std::vector<DamagedSection> damaged;
    for (const auto& [key, name] : kSections) {
      ARROW_ASSIGN_OR_RAISE(const SectionState state,
                            CheckSection(*file.file(), *file.metadata(), key));
      if (state != SectionState::kBadHeader && state != SectionState::kBadBody) continue;
      damaged.push_back({name, std::string("the embedded ") + name +
                                   " is damaged; 'usdparquet optimize' writes a good one"});
    }
    const auto residual = FindResidual(*file.file(), *file.metadata());
    if (!residual.ok()) damaged.push_back({kResidualName, residual.status().message()});
    return damaged;
  });
}

arrow::Result<std::vector<std::string>> FindDamagedPages(const TableFile& file) {
  return FindInChunks(file, [&](int leaf, int row_group) -> arrow::Result<std::string> {
    const arrow::Status status = VerifyChunks(file.Pages(), std::span(&leaf, 1),
                                              std::span(&row_group, 1), ChunkCheck::kStatistics);
    if (status.IsOutOfMemory()) return status;
    return status.message();
  });
}

namespace {

/// The leaves of a field with text in them.
void CollectTexts(const parquet::arrow::SchemaField& field, std::vector<int>* leaves) {
  if (field.is_leaf() && HoldsText(*field.field->type())) leaves->push_back(field.column_index);
  for (const auto& child : field.children) CollectTexts(child, leaves);
}

}  // namespace

arrow::Result<std::vector<std::string>> FindBadTexts(const TableFile& file,
                                                     const std::unordered_set<int>& known) {
  return Guarded([&]() -> arrow::Result<std::vector<std::string>> {
    ARROW_ASSIGN_OR_RAISE(const auto reader, BulkReader::Open(file));
    std::vector<std::string> found;
    for (const auto& field : reader->manifest().schema_fields) {
      std::vector<int> leaves;
      CollectTexts(field, &leaves);
      std::erase_if(leaves, [&](int leaf) { return known.contains(leaf); });
      std::optional<int64_t> first;
      for (uint32_t group = 0; group < file.num_groups() && !first; ++group) {
        for (const int leaf : leaves) {
          const auto row = reader->FindBadText(static_cast<int>(group), leaf);
          if (!row.ok() || !*row) continue;  // damage is told elsewhere
          first = std::min(first.value_or(**row), **row);
        }
      }
      if (first) {
        found.push_back(BadTextError(field.field->name(), *first, kRecoverText).message());
      }
    }
    return found;
  });
}

arrow::Result<std::vector<std::string>> FindTimedCells(const TableFile& file,
                                                       const TableSchema& schema,
                                                       const SchemaEntry& entry) {
  return Guarded([&]() -> arrow::Result<std::vector<std::string>> {
    std::vector<std::string> found;
    std::vector<int> leaves;
    for (const ColumnInfo& column : schema.columns) {
      if (column.role != ColumnRole::kAttribute) leaves.push_back(column.leaf);
    }
    if (!schema.time || leaves.empty()) return found;
    leaves.push_back(schema.time->leaf);
    ARROW_ASSIGN_OR_RAISE(const auto reader, BulkReader::Open(file));
    std::map<std::string, TimedCells> all;
    for (uint32_t group = 0; group < file.num_groups(); ++group) {
      ARROW_ASSIGN_OR_RAISE(const auto rows, reader->ReadGroup(static_cast<int>(group), leaves));
      ARROW_ASSIGN_OR_RAISE(const auto lost, FindTimedCells(*rows, schema.path->column_name,
                                                            schema.time->column_name, entry));
      for (const TimedCells& cells : lost) {
        const auto [at, is_new] = all.emplace(cells.column, cells);
        if (is_new) at->second.first_row += file.group_first_rows()[group];
        if (!is_new) at->second.count += cells.count;
      }
    }
    for (const auto& [column, cells] : all) found.push_back(DescribeTimedCells(cells));
    return found;
  });
}

arrow::Result<std::vector<std::string>> FindWrongOffsetIndexes(const TableFile& file) {
  return FindInChunks(file, [&](int leaf, int row_group) -> arrow::Result<std::string> {
    ARROW_ASSIGN_OR_RAISE(const bool is_right, IsOffsetIndexRight(file, leaf, row_group));
    if (is_right) return std::string();
    return "column '" + ColumnNameOf(*file.metadata(), leaf) + "', row group " +
           std::to_string(row_group) + ": its offset index is not that of its pages; " +
           "'usdparquet optimize' writes a good one";
  });
}

arrow::Status VerifyColumns(const TableFile& file,
                            const std::optional<std::vector<std::string>>& names, ChunkCheck check,
                            std::optional<int> row_group) {
  if (row_group && (*row_group < 0 || *row_group >= file.metadata()->num_row_groups())) {
    return arrow::Status::Invalid("there is no row group ", *row_group);
  }
  std::vector<int> leaves = AllLeaves(*file.metadata());
  if (names) {
    const std::unordered_set<std::string> wanted(names->begin(), names->end());
    std::erase_if(leaves,
                  [&](int leaf) { return !wanted.contains(ColumnNameOf(*file.metadata(), leaf)); });
  }
  const std::vector<int> row_groups =
      row_group ? std::vector<int>{*row_group} : AllRowGroups(*file.metadata());
  return VerifyChunks(file.Pages(), leaves, row_groups, check);
}

}  // namespace usdparquet
