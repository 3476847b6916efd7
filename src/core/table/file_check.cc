#include "core/table/file_check.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/index/path_index_file.h"
#include "core/index/time_index_file.h"
#include "core/pages/page_locations.h"
#include "core/sections/residual_blob.h"
#include "core/sections/section_check.h"
#include "core/table/bulk_reader.h"
#include "core/util/guard.h"
#include "core/util/message_text.h"
#include "core/util/open_file.h"
#include "core/util/parallel_for.h"

namespace usdparquet {
namespace {

constexpr std::array<std::pair<const char*, const char*>, 3> kSections{{
    {kIndexKey, "path index"},
    {kTimesKey, "time index"},
    {kPagesKey, "page locations"},
}};

}  // namespace

arrow::Result<TableFile> OpenTableFile(const std::string& path) {
  auto opened = Guarded([&]() -> arrow::Result<TableFile> {
    ARROW_ASSIGN_OR_RAISE(auto file, OpenFile(path));
    return TableFile::Open(std::move(file));
  });
  if (opened.ok()) return opened;
  return opened.status().WithMessage(MessageText(path + ": " + opened.status().message()));
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
  const auto leaves = static_cast<size_t>(file.metadata()->num_columns());
  std::vector<std::string> found(leaves * file.num_groups());
  ARROW_RETURN_NOT_OK(ParallelFor(0, found.size(), [&](size_t i) -> arrow::Status {
    const arrow::Status status = VerifyChunk(file.Pages(), static_cast<int>(i % leaves),
                                             static_cast<int>(i / leaves), ChunkCheck::kValues);
    if (status.IsOutOfMemory()) return status;
    if (!status.ok()) found[i] = status.message();
    return arrow::Status::OK();
  }));
  std::erase(found, std::string());
  return found;
}

arrow::Status VerifyColumns(const TableFile& file,
                            const std::optional<std::vector<std::string>>& names, ChunkCheck check,
                            std::optional<int> row_group) {
  if (row_group && (*row_group < 0 || *row_group >= file.metadata()->num_row_groups())) {
    return arrow::Status::Invalid("there is no row group ", *row_group);
  }
  std::vector<int> leaves = AllLeaves(*file.metadata());
  if (names) {
    std::erase_if(leaves, [&](int leaf) {
      return std::ranges::find(*names, ColumnNameOf(*file.metadata(), leaf)) == names->end();
    });
  }
  const std::vector<int> row_groups =
      row_group ? std::vector<int>{*row_group} : AllRowGroups(*file.metadata());
  return VerifyChunks(file.Pages(), leaves, row_groups, check);
}

}  // namespace usdparquet
