#include "core/table/table.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

#include "core/index/path_index_file.h"
#include "core/util/guard.h"
#include "core/util/message_text.h"

namespace usdparquet {
Table::Table(TableFile file, std::string name, TableOptions options)
    : file_(std::move(file)),
      name_(std::move(name)),
      options_(std::move(options)),
      source_(file_, options_.cache ? *options_.cache : PageCache::Instance(), name_,
              options_.report) {}

arrow::Result<std::shared_ptr<Table>> Table::Open(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                                  const std::string& name, TableOptions options) {
  const auto open = [&]() -> arrow::Result<std::shared_ptr<Table>> {
    ARROW_ASSIGN_OR_RAISE(TableFile opened, TableFile::Open(std::move(file)));
    std::shared_ptr<Table> table(new Table(std::move(opened), name, std::move(options)));
    ARROW_RETURN_NOT_OK(table->ReadColumns());
    ARROW_RETURN_NOT_OK(table->OpenIndex());
    return table;
  };
  const auto with_name = [&name](const arrow::Status& status) {
    return arrow::Status(status.code(), MessageText(name + ": " + status.message()));
  };
  auto table = Guarded(open, "the file is damaged: ");
  return table.ok() ? table : with_name(table.status());
}

/// Makes a reader for each column that the file and the options present.
arrow::Status Table::ReadColumns() {
  ARROW_ASSIGN_OR_RAISE(entry_, SchemaEntryOf(metadata().key_value_metadata()));
  std::string path_column = options_.path_column;
  if (path_column.empty()) path_column = entry_.path_column;
  if (path_column.empty()) path_column = "path";
  ARROW_ASSIGN_OR_RAISE(schema_, ReadSchema(metadata(), entry_, path_column, TimeColumnName(),
                                            options_.columns, options_.unicode_test));
  properties_ = std::make_unique<ColumnReader[]>(schema_.columns.size());
  for (size_t i = 0; i < schema_.columns.size(); ++i) {
    properties_[i].Init(source_, schema_.columns[i]);
  }
  path_.Init(source_, *schema_.path);
  return PrepareTimes();
}

bool Table::has_damage() const {
  if (path_.has_damage()) return true;
  for (size_t i = 0; i < schema_.columns.size(); ++i) {
    if (properties_[i].has_damage()) return true;
  }
  return false;
}

bool Table::has_unpresentable_cells() const {
  for (size_t i = 0; i < schema_.columns.size(); ++i) {
    if (properties_[i].has_unpresentable_cells()) return true;
  }
  return false;
}

bool Table::IsSamePath(uint32_t a, uint32_t b) {
  EpochGuard guard;
  const Page* page = path_.Fetch(a, guard);
  const std::string first(page->String(a - page->first_row));
  page = path_.Fetch(b, guard);
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
        const Page* page = path_.Fetch(row, guard);
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
  const Page* page = path_.Fetch(row, guard);
  const uint32_t i = row - page->first_row;
  return page->IsPresent(i) ? QuotedValue(page->String(i)) : "null";
}

arrow::Status Table::OpenIndex() {
  const auto on_damage = [this](const std::string& message) {
    if (options_.report) options_.report(true, name_ + ": " + message);
  };
  auto opened = PathIndexFile::Open(file(), metadata(), schema_.path->leaf,
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
  const std::vector<uint32_t>& first_rows = file_.group_first_rows();
  for (uint32_t g = 0; g < file_.num_groups(); ++g) {
    if (first_rows[g] == first_rows[g + 1]) continue;  // has no pages to locate
    const auto located = path_.Locate(g);
    if (!located.ok()) {
      return arrow::Status::IOError("the path column '", schema_.path->column_name,
                                    "' can't be read in row group ", g, ": ",
                                    located.status().message());
    }
    ColumnChunk* chunk = *located;
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
    std::vector<uint64_t> hashes(num_rows(), 0);
    std::vector<PathScan> scans(stretches.size(),
                                PathScan(RootPathHash(seed), options_.unicode_test));
    std::atomic<size_t> next{0};
    std::mutex failure_mutex;
    arrow::Status failure;
    const auto work = [&] {
      for (size_t i = next++; i < stretches.size(); i = next++) {
        const auto [chunk, index] = stretches[i];
        auto page = path_.Decode(*chunk, index);
        if (!page.ok()) {
          std::lock_guard lock(failure_mutex);
          failure = arrow::Status::IOError(
              "the path column '", path_.info().column_name, "' can't be read from row ",
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
