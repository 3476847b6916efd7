#include "core/table/table.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <utility>

#include "core/table/child_check.h"
#include "core/table/index_loader.h"
#include "core/table/part_files.h"
#include "core/table/table_warnings.h"
#include "core/util/file_name.h"
#include "core/util/guard.h"
#include "core/util/message_text.h"
#include "core/util/raw_vector.h"

namespace usdparquet {
namespace {

/// Copies a name and a NUL behind it. Most are short, and a call would take longer than the copy.
void CopyName(std::string_view name, char* to) {
  constexpr size_t kWord = sizeof(uint64_t);
  if (name.size() >= kWord && name.size() <= 2 * kWord) {
    uint64_t first, last;
    std::memcpy(&first, name.data(), kWord);
    std::memcpy(&last, name.data() + name.size() - kWord, kWord);
    std::memcpy(to, &first, kWord);
    std::memcpy(to + name.size() - kWord, &last, kWord);
  } else {
    std::memcpy(to, name.data(), name.size());
  }
  to[name.size()] = '\0';
}

}  // namespace

Table::Table(TableFile file, std::string name, TableOptions options)
    : file_(std::move(file)),
      name_(std::move(name)),
      options_(std::move(options)),
      source_(file_, options_.cache ? *options_.cache : PageCache::Instance(), name_,
              options_.report) {}

arrow::Result<std::shared_ptr<Table>> Table::Open(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                                  const std::string& name, TableOptions options) {
  const auto warn = [report = options.report, name](const std::string& message) {
    if (report) report(false, name + ": " + message);
  };
  auto opened =
      Guarded([&] { return TableFile::Open(std::move(file), warn); }, "the file is damaged: ");
  if (!opened.ok()) return WithFileName(opened.status(), name);
  return Open(std::move(*opened), name, std::move(options));
}

arrow::Result<std::shared_ptr<Table>> Table::Open(TableFile file, const std::string& name,
                                                  TableOptions options) {
  const auto open = [&]() -> arrow::Result<std::shared_ptr<Table>> {
    std::shared_ptr<Table> table(new Table(std::move(file), name, std::move(options)));
    ARROW_RETURN_NOT_OK(table->ReadColumns());
    ARROW_RETURN_NOT_OK(table->OpenIndex());
    return table;
  };
  return WithFileName(Guarded(open, "the file is damaged: "), name);
}

/// Makes a reader for each column that the file and the options present.
arrow::Status Table::ReadColumns() {
  ARROW_ASSIGN_OR_RAISE(entry_, SchemaEntryOf(metadata().key_value_metadata()));
  // What is said where the layer is used, in the manifest, in the files.
  const PartList no_parts;
  const PartList& manifest = file_.parts() ? file_.parts()->list() : no_parts;
  const auto first = [](const std::string& a, const std::string& b, const std::string& c) {
    return !a.empty() ? a : !b.empty() ? b : c;
  };
  std::string path_column = first(options_.path_column, manifest.path_column, entry_.path_column);
  if (path_column.empty()) path_column = "path";
  if (options_.ids || !options_.has_paths) path_column.clear();
  const std::string time_column =
      first(options_.time_column, manifest.time_column, entry_.time_column);
  if (file_.parts()) ARROW_RETURN_NOT_OK(file_.parts()->CheckPartitions(path_column, time_column));
  ARROW_ASSIGN_OR_RAISE(schema_, ReadSchema(metadata(), entry_, path_column, time_column,
                                            options_.columns, options_.unicode_test, options_.use));
  for (ColumnInfo& column : schema_.columns) {
    const auto said = entry_.columns.find(column.column_name);
    const bool is_said = said != entry_.columns.end() && said->second.null;
    if (options_.declares_nulls && !is_said) column.null = NullMeaning::kNoValue;
    if (column.role == ColumnRole::kRelationship) column.text_test = options_.target_test;
    if (column.sdf_type.starts_with("pathExpression")) column.text_test = options_.expression_test;
  }
  properties_ = std::make_unique<ColumnReader[]>(schema_.columns.size());
  for (size_t i = 0; i < schema_.columns.size(); ++i) {
    properties_[i].Init(source_, schema_.columns[i]);
  }
  nulls_.Init(source_, schema_.columns, properties_.get());
  if (schema_.path) path_.Init(source_, *schema_.path);
  return arrow::Status::OK();
}

std::string Table::damage() const {
  if (names_ && names_->has_damage()) return names_->damage();
  if (path_.has_damage()) return path_.damage();
  if (index_.has_damage()) return index_.damage();
  for (size_t i = 0; i < schema_.columns.size(); ++i) {
    if (properties_[i].has_damage()) return properties_[i].damage();
  }
  return {};
}

bool Table::IsSamePath(uint32_t a, uint32_t b) {
  EpochGuard guard;
  const Page* page = path_.Fetch(a, guard);
  const std::string first(page->String(a - page->first_row));
  page = path_.Fetch(b, guard);
  return page->String(b - page->first_row) == first;
}

void Table::VisitNameLists(PrimId prim,
                           const std::function<void(std::span<const std::string_view>)>& f) {
  if (names_) return names_->VisitNameLists(prim, f);
  if (!prim.is_parent()) return;
  const PathIndex& index = paths();
  ChildCheck check(index, prim, options_.unicode_test);
  // Copies: `f` may take long, and look into pages itself, so that none may be needed then.
  std::array<std::string_view, 256> names;
  RawVector<char> chars;
  for (const ChildRun& run : index.Children(prim)) {
    const uint32_t end = run.first_row + run.count;
    for (uint32_t row = run.first_row; row < end;) {
      size_t count = 0, size = 0;
      {
        EpochGuard guard;
        const Page* const page = path_.Fetch(row, guard);
        const uint32_t in_page = page->num_rows - (row - page->first_row);
        const uint32_t stop = row + std::min({end - row, in_page, uint32_t{names.size()}});
        for (; row < stop; ++row) {
          const uint32_t i = row - page->first_row;
          if (!page->IsPresent(i)) continue;  // damaged since the open
          const auto name = check.NameOf(row, page->String(i));
          if (!name) continue;
          const size_t next = size + name->size() + 1;
          if (next > chars.size()) chars.resize(2 * next);
          CopyName(*name, chars.data() + size);
          size = next;
          names[count++] = *name;
        }
      }
      const char* copied = chars.data();
      for (std::string_view& name : std::span(names).first(count)) {
        name = {copied, name.size()};
        copied += name.size() + 1;
      }
      f(std::span(names).first(count));
    }
  }
}

std::string Table::QuotedPathAt(uint32_t row) {
  const auto path = PathAt(row);
  return path ? QuotedValue(*path) : "null";
}

std::optional<std::string> Table::PathAt(uint32_t row) {
  EpochGuard guard;
  const Page* page = path_.Fetch(row, guard);
  const uint32_t i = row - page->first_row;
  if (!page->IsPresent(i)) return std::nullopt;
  return std::string(page->String(i));
}

arrow::Status Table::OpenIndex() {
  ARROW_ASSIGN_OR_RAISE(time_,
                        FindTimeColumn(schema_, metadata(), options_.time_start.has_value()));
  if (const PartFiles* const parts = file_.parts(); parts && time_) {
    if (const Part* const other = parts->FindStoredOtherwise(time_->info.column_name)) {
      return arrow::Status::Invalid("the time column '", time_->info.column_name,
                                    "' has another type in '", other->name,
                                    "' than in files before; write it again with the same");
    }
  }
  for (size_t i = 0; time_ && i < schema_.columns.size(); ++i) properties_[i].ExpectPlayback();
  IndexOptions options;
  options.unicode_test = options_.unicode_test;
  options.num_threads = options_.num_threads;
  options.codes_per_second = options_.time_codes_per_second.value_or(
      TimeCodesPerSecondOf(entry_).value_or(TimeScale().codes_per_second));
  options.time_start = options_.time_start;
  if (!file_.locations_warning().empty()) index_warnings_.push_back(file_.locations_warning());
  if (options_.ids) return OpenJoin(options);
  if (!options_.has_paths) {
    index_.Take({});
    return arrow::Status::OK();
  }
  IndexLoader loader(
      {source_, path_, time_ ? &*time_ : nullptr,
       [this](uint32_t a, uint32_t b) { return IsSamePath(a, b); }, options_.kept_rows.get()},
      std::move(options));
  ARROW_RETURN_NOT_OK(index_.Open(std::move(loader), options_.ignore_embedded_index, name_,
                                  options_.report, &index_warnings_));
  warnings_ =
      DescribeProblems(name_, schema_, {path_column(), "the path"}, time_ ? &*time_ : nullptr,
                       index_.current(), [this](uint32_t row) { return QuotedPathAt(row); });
  for (std::string& warning : DescribeFooterProblems(name_, schema_, file_)) {
    warnings_.push_back(std::move(warning));
  }
  for (std::string& warning : index_warnings_) warning.insert(0, name_ + ": ");
  warnings_.insert(warnings_.begin(), index_warnings_.begin(), index_warnings_.end());
  return arrow::Status::OK();
}

}  // namespace usdparquet
