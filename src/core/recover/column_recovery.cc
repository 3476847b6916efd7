#include "core/recover/column_recovery.h"

#include <arrow/compute/cast.h>
#include <arrow/table.h>
#include <parquet/schema.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <string>
#include <utility>

#include "core/pages/page_header.h"
#include "core/pages/verify_chunk.h"
#include "core/recover/chunk_pages.h"
#include "core/recover/column_parts.h"
#include "core/recover/page_rows.h"
#include "core/schema/text_check.h"
#include "core/util/guard.h"
#include "core/util/message_text.h"

namespace usdparquet {
namespace {

using PageFinder = arrow::Result<FoundPages> (*)(const PageSource&, const ColumnInfo&, int);

/// The bytes of a page; its header is verified if it has a checksum.
arrow::Result<std::shared_ptr<arrow::Buffer>> ReadPage(const DamagedFile& file,
                                                       const FoundPage& page) {
  ARROW_ASSIGN_OR_RAISE(auto bytes, file.file->ReadAt(page.offset, page.size));
  if (bytes->size() != page.size || page.size < page.header_size) {
    return arrow::Status::IOError("the file ends within a page at byte ", page.offset);
  }
  if (page.header_size > 0 &&
      PageHeaderChecksum(std::span(bytes->data(), page.header_size)) != page.header_checksum) {
    return arrow::Status::IOError("the checksum of its header is wrong");
  }
  return bytes;
}

/// What locating pages needs to know of a leaf.
ColumnInfo InfoOf(const DamagedFile& file, int leaf) {
  const parquet::ColumnDescriptor& descriptor = *file.metadata->schema()->Column(leaf);
  ColumnInfo info;
  info.leaf = leaf;
  info.max_def = descriptor.max_definition_level();
  info.max_rep = descriptor.max_repetition_level();
  return info;
}

/// Why cells are lost, in a few words.
std::string ReasonOf(const arrow::Status& status) {
  const std::string& message = status.message();
  for (const char* what : {"CRC checksum verification failed", "its checksum is another one"}) {
    if (message.find(what) != std::string::npos) return "its checksum is wrong";
  }
  return MessageText(message);
}

/// One part of a column in a row group, page by page.
class PartReader {
 public:
  PartReader(const DamagedFile& file, const ColumnPart& part, int row_group)
      : file_(file), part_(part), row_group_(row_group) {}

  /// Whether where the pages are is beyond doubt, once they were read.
  bool is_certain() const {
    return !leaves_.empty() && std::all_of(leaves_.begin(), leaves_.end(),
                                           [](const Leaf& leaf) { return leaf.found.is_certain; });
  }

  /// The runs of all rows. Fails if the pages cannot be told apart. May throw.
  arrow::Result<std::vector<CellRun>> Read(PageFinder find) {
    leaves_.clear();
    for (const int leaf : part_.leaves) {
      ARROW_ASSIGN_OR_RAISE(auto found, OpenLeaf(leaf, find));
      leaves_.push_back(std::move(found));
    }
    std::vector<CellRun> runs;
    const std::vector<int64_t> bounds = CommonBounds();
    for (size_t i = 0; i + 1 < bounds.size(); ++i) {
      ARROW_RETURN_NOT_OK(ReadRun(bounds[i], bounds[i + 1], &runs));
    }
    return runs;
  }

 private:
  struct Leaf {
    FoundPages found;
    StoredPages stored;  // codec and dictionary
    std::string dictionary_problem;
    size_t next = 0;  // of the pages to read
  };

  arrow::Result<Leaf> OpenLeaf(int leaf, PageFinder find) const {
    Leaf opened;
    ARROW_ASSIGN_OR_RAISE(opened.found, find(file_.Pages(), InfoOf(file_, leaf), row_group_));
    const auto group = file_.metadata->RowGroup(row_group_);
    opened.stored.codec = group->ColumnChunk(leaf)->compression();
    opened.stored.created_by = file_.metadata->created_by();
    const FoundPages& found = opened.found;
    int64_t row = 0;
    for (const FoundPage& page : found.pages) {
      if (page.begin != row || page.end < row) return arrow::Status::IOError("pages overlap");
      row = page.end;
    }
    if (row != group->num_rows()) return arrow::Status::IOError("pages are missing");
    if (found.dictionary.size == 0) return opened;
    const arrow::Status status = Guarded([&]() -> arrow::Status {
      ARROW_ASSIGN_OR_RAISE(auto page, ReadPage(file_, found.dictionary));
      ARROW_RETURN_NOT_OK(
          CheckDictionary(page, *file_.metadata->schema()->Column(leaf), opened.stored.codec));
      opened.stored.dictionary = std::move(page);
      return arrow::Status::OK();
    });
    if (status.IsOutOfMemory()) return status;
    if (!status.ok()) opened.dictionary_problem = "dictionary page: " + ReasonOf(status);
    return opened;
  }

  /// The rows at which a page of every leaf begins, and the one behind the last.
  std::vector<int64_t> CommonBounds() const {
    std::vector<int64_t> common;
    for (size_t i = 0; i < leaves_.size(); ++i) {
      std::vector<int64_t> bounds;
      for (const FoundPage& page : leaves_[i].found.pages) {
        if (page.begin < page.end) bounds.push_back(page.begin);
      }
      bounds.push_back(file_.metadata->RowGroup(row_group_)->num_rows());
      if (i == 0) {
        common = std::move(bounds);
        continue;
      }
      std::vector<int64_t> both;
      std::set_intersection(bounds.begin(), bounds.end(), common.begin(), common.end(),
                            std::back_inserter(both));
      common = std::move(both);
    }
    return common;
  }

  /// Reads the rows [begin, end), whose pages hold no others; to be called in their order. Fails if
  /// memory runs out.
  arrow::Status ReadRun(int64_t begin, int64_t end, std::vector<CellRun>* runs) {
    CellRun run{begin, end, nullptr, {}};
    bool is_last_cut = false;
    std::vector<StoredPages> stored;
    std::string dictionary_problem;
    const auto read = [&]() -> arrow::Result<std::shared_ptr<arrow::Array>> {
      for (const Leaf& leaf : leaves_) {
        StoredPages& pages = stored.emplace_back(leaf.stored);
        if (!leaf.dictionary_problem.empty()) dictionary_problem = leaf.dictionary_problem;
        for (size_t i = leaf.next; i < leaf.found.pages.size(); ++i) {
          const FoundPage& page = leaf.found.pages[i];
          if (page.end > end) break;
          if (page.begin == page.end) continue;
          if (!page.problem.empty()) return arrow::Status::IOError(page.problem);
          is_last_cut = is_last_cut || (page.is_last_cut && page.end == end);
          ARROW_ASSIGN_OR_RAISE(auto bytes, ReadPage(file_, page));
          pages.pages.push_back(std::move(bytes));
        }
      }
      return ReadPages(part_, stored, end - begin);
    };
    auto cells = Guarded(read);
    for (Leaf& leaf : leaves_) {
      const auto& pages = leaf.found.pages;
      while (leaf.next < pages.size() && pages[leaf.next].end <= end) ++leaf.next;
    }
    if (cells.status().IsOutOfMemory()) return cells.status();
    if (!cells.ok()) {
      run.reason = dictionary_problem.empty() ? ReasonOf(cells.status()) : dictionary_problem;
    } else {
      run.cells = std::make_shared<arrow::ChunkedArray>(std::move(*cells));
      if (is_last_cut) {
        run.end = end - 1;
        run.cells = run.cells->Slice(0, end - 1 - begin);
      }
    }
    runs->push_back(std::move(run));
    if (runs->back().end < end) {
      runs->push_back({end - 1, end, nullptr, "its row goes on in a damaged page"});
    }
    return arrow::Status::OK();
  }

  const DamagedFile& file_;
  const ColumnPart& part_;
  const int row_group_;
  std::vector<Leaf> leaves_;
};

/// The whole column, if every page of it is sound.
arrow::Result<std::shared_ptr<arrow::ChunkedArray>> ReadWhole(const DamagedFile& file,
                                                              const std::vector<int>& leaves,
                                                              const arrow::DataType& type,
                                                              int row_group) {
  for (const int leaf : leaves) {
    ARROW_RETURN_NOT_OK(
        VerifyChunk(file.Pages(), leaf, row_group, ChunkCheck::kForReader, nullptr));
  }
  ARROW_ASSIGN_OR_RAISE(const auto table, file.reader->ReadRowGroup(row_group, leaves));
  const int64_t rows = file.metadata->RowGroup(row_group)->num_rows();
  if (table->num_columns() != 1 || table->column(0)->length() != rows) {
    return arrow::Status::IOError("the column has another number of rows");
  }
  ARROW_RETURN_NOT_OK(table->Validate());
  if (!table->column(0)->type()->Equals(type)) {
    return arrow::Status::IOError("the column has another type");
  }
  return table->column(0);
}

/// `runs` with each cell lost that has text which is no UTF-8.
std::vector<CellRun> WithoutBadTexts(std::vector<CellRun> runs) {
  std::vector<CellRun> split;
  const auto add = [&split](CellRun run) {
    CellRun* const last = split.empty() ? nullptr : &split.back();
    if (last && !last->cells && !run.cells && last->reason == run.reason) {
      last->end = run.end;
    } else if (run.begin < run.end) {
      split.push_back(std::move(run));
    }
  };
  for (CellRun& run : runs) {
    if (!run.cells) {
      add(std::move(run));
      continue;
    }
    int64_t done = 0;  // of the cells
    for (auto bad = FindBadText(*run.cells); bad; bad = FindBadText(*run.cells->Slice(done))) {
      const int64_t row = done + *bad;
      add({run.begin + done, run.begin + row, run.cells->Slice(done, row - done), {}});
      add({run.begin + row, run.begin + row + 1, nullptr, "its text is no valid UTF-8"});
      done = row + 1;
    }
    add({run.begin + done, run.end, run.cells->Slice(done), {}});
  }
  return split;
}

/// `runs` with all cells in the type `type`; those that can't be are lost. Fails if memory runs
/// out.
arrow::Result<std::vector<CellRun>> WithType(std::vector<CellRun> runs,
                                             const std::shared_ptr<arrow::DataType>& type) {
  for (CellRun& run : runs) {
    if (!run.cells || run.cells->type()->Equals(*type)) continue;
    const auto cast = arrow::compute::Cast(arrow::Datum(run.cells), type);
    if (cast.status().IsOutOfMemory()) return cast.status();
    run.cells = cast.ok() ? cast->chunked_array() : nullptr;
    if (!cast.ok()) run.reason = ReasonOf(cast.status());
  }
  return runs;
}

int64_t LostRows(const std::vector<CellRun>& runs) {
  return usdparquet::LostRows(PartCells{{}, {}, nullptr, runs});
}

/// The cells of a part, with the pages found in the way that loses less.
arrow::Result<std::vector<CellRun>> ReadPart(const DamagedFile& file, const ColumnPart& part,
                                             int row_group) {
  const int64_t rows = file.metadata->RowGroup(row_group)->num_rows();
  std::vector<CellRun> best;
  arrow::Status problem;
  for (const PageFinder find : {&ListedPages, &ScannedPages}) {
    PartReader reader(file, part, row_group);
    auto runs = Guarded([&] { return reader.Read(find); });
    if (runs.status().IsOutOfMemory()) return runs.status();
    if (!runs.ok()) {
      if (problem.ok()) problem = runs.status();
      continue;
    }
    if (best.empty() || LostRows(*runs) < LostRows(best)) best = std::move(*runs);
    // A header that has a checksum and is damaged is not to be believed.
    if (LostRows(best) == 0 || reader.is_certain()) break;
  }
  if (best.empty() && rows > 0) best = {{0, rows, nullptr, ReasonOf(problem)}};
  return best;
}

}  // namespace

arrow::Result<std::vector<PartCells>> RecoverColumn(const DamagedFile& file, int column,
                                                    int row_group) {
  const parquet::arrow::SchemaField& field = file.fields()[static_cast<size_t>(column)];
  const std::vector<int> leaves = LeavesOf(field);
  const int64_t rows = file.metadata->RowGroup(row_group)->num_rows();
  const auto whole =
      Guarded([&] { return ReadWhole(file, leaves, *field.field->type(), row_group); });
  if (whole.status().IsOutOfMemory()) return whole.status();
  // Of a struct, a field can be lost by itself.
  const bool has_parts = field.field->type()->id() == arrow::Type::STRUCT;
  if (whole.ok() && (!has_parts || !FindBadText(**whole))) {
    return std::vector<PartCells>{
        {field.field->name(), {}, field.field, WithoutBadTexts({{0, rows, *whole, {}}})}};
  }
  const auto parts = [&]() -> arrow::Result<std::vector<ColumnPart>> {
    return PartsOf(field, *file.metadata->schema()->group_node()->field(column));
  };
  auto split = Guarded(parts);
  if (!split.ok()) {
    return std::vector<PartCells>{
        {field.field->name(), {}, field.field, {{0, rows, nullptr, ReasonOf(whole.status())}}}};
  }
  std::vector<PartCells> cells;
  for (const ColumnPart& part : *split) {
    ARROW_ASSIGN_OR_RAISE(auto runs, ReadPart(file, part, row_group));
    ARROW_ASSIGN_OR_RAISE(runs, WithType(WithoutBadTexts(std::move(runs)), part.field->type()));
    cells.push_back({part.name, part.steps, part.field, std::move(runs)});
  }
  return cells;
}

}  // namespace usdparquet
