#include "fuzz/reading.h"

#include <arrow/io/memory.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <utility>

#include "core/dataset/dataset.h"
#include "core/pages/page_cache.h"
#include "core/schema/type_table.h"
#include "core/sections/residual_blob.h"
#include "core/table/file_check.h"
#include "core/table/file_storage.h"
#include "core/table/read_columns.h"
#include "core/table/wanted_rows.h"
#include "core/util/epoch.h"
#include "core/util/path_hash.h"
#include "fuzz/check.h"

namespace usdparquet_fuzz {
namespace {

using usdparquet::ColumnInfo;
using usdparquet::EpochGuard;
using usdparquet::Page;
using usdparquet::PrimId;
using usdparquet::ReadRequest;
using usdparquet::Table;
using usdparquet::TableOpener;
using usdparquet::TableOptions;

// A file of a few bytes can have 2^31 rows: of a larger one only some are asked for.
constexpr uint32_t kMaxRows = 2'000;
constexpr size_t kMaxPrims = 20'000;
constexpr size_t kMaxColumns = 200;
constexpr uint64_t kCacheBytes = uint64_t{1} << 20;

/// Memory of exactly that size, so that a read beyond the end is seen: Arrow's own is padded.
class ExactBuffer : public arrow::Buffer {
 public:
  explicit ExactBuffer(std::string_view bytes) : ExactBuffer(bytes, new uint8_t[bytes.size()]) {}

 private:
  ExactBuffer(std::string_view bytes, uint8_t* memory)
      : arrow::Buffer(memory, static_cast<int64_t>(bytes.size())), memory_(memory) {
    if (!bytes.empty()) std::memcpy(memory, bytes.data(), bytes.size());
  }

  const std::unique_ptr<uint8_t[]> memory_;
};

/// As a file that is read, not mapped: gives copies.
class CopiedFile : public arrow::io::RandomAccessFile {
 public:
  explicit CopiedFile(std::shared_ptr<arrow::Buffer> bytes) : file_(std::move(bytes)) {}

  arrow::Status Close() override { return file_.Close(); }
  bool closed() const override { return file_.closed(); }
  arrow::Result<int64_t> Tell() const override { return file_.Tell(); }
  arrow::Status Seek(int64_t position) override { return file_.Seek(position); }
  arrow::Result<int64_t> GetSize() override { return file_.GetSize(); }
  arrow::Result<int64_t> Read(int64_t size, void* out) override { return file_.Read(size, out); }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t size) override {
    return Copy(file_.Read(size));
  }
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t size, void* out) override {
    return file_.ReadAt(position, size, out);
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t size) override {
    return Copy(file_.ReadAt(position, size));
  }

 private:
  static arrow::Result<std::shared_ptr<arrow::Buffer>> Copy(
      const arrow::Result<std::shared_ptr<arrow::Buffer>>& bytes) {
    if (!bytes.ok()) return bytes;
    const std::string_view view(**bytes);
    return std::make_shared<ExactBuffer>(view);
  }

  arrow::io::BufferReader file_;
};

/// The rows to ask for.
std::vector<uint32_t> Rows(uint32_t num_rows) {
  std::vector<uint32_t> rows;
  const uint32_t head = std::min(num_rows, kMaxRows);
  for (uint32_t row = 0; row < head; ++row) rows.push_back(row);
  for (uint32_t i = 1; i <= 16 && num_rows > head; ++i) {
    rows.push_back(head + static_cast<uint32_t>(uint64_t{num_rows - head - 1} * i / 16));
  }
  return rows;
}

/// Row `i` of a page.
Cell CellOf(const Page& page, const ColumnInfo& column, uint32_t i) {
  if (!page.IsPresent(i)) return std::nullopt;
  uint32_t begin = i, end = i + 1;
  if (column.type.is_array) {
    begin = page.offsets[i];
    end = page.offsets[i + 1];
  }
  std::string bytes;
  if (column.type.scalar == usdparquet::Scalar::kString) {
    const uint32_t count = column.type.is_array ? end - begin : 1;
    for (uint32_t k = 0; k < count; ++k) {
      bytes += page.String(begin + k);
      bytes.push_back('\0');
    }
    return bytes;
  }
  const size_t stride = usdparquet::ScalarSize(column.type.scalar) * column.type.tuple;
  if (end > begin) {
    bytes.assign(reinterpret_cast<const char*>(page.cells) + begin * stride,
                 (end - begin) * stride);
  }
  return bytes;
}

/// Tells whoever looks into one input what is said of it.
void Say(const std::string& message) {
  static const bool is_asked = std::getenv("USDPARQUET_FUZZ_VERBOSE") != nullptr;
  if (is_asked) std::fprintf(stderr, "%s\n", message.c_str());
}

void ReadCells(Table& table, const ReadingOptions& options, Answers* answers) {
  const std::vector<uint32_t> rows = Rows(table.num_rows());
  const size_t num_columns = std::min(table.columns().size(), kMaxColumns);
  if (options.with_nulls) {
    for (const uint32_t row : rows) {
      EpochGuard guard;
      if (const uint64_t* bits = table.PropertiesIn(row, guard)) {
        volatile uint64_t last = bits[(table.columns().size() - 1) / 64];
        (void)last;
      }
    }
  }
  for (size_t column = 0; column < num_columns; ++column) {
    const ColumnInfo& info = table.columns()[column];
    std::vector<Cell>& cells = answers->columns[info.property_name + info.field];
    if (info.column_name.find(':') != std::string::npos) answers->fields.insert(info.property_name);
    if (options.with_nulls) (void)table.IsFull(column);
    for (const uint32_t row : rows) {
      if (options.with_nulls) {
        (void)table.IsNull(column, row);
        (void)table.HasValue(column, row);
      }
      EpochGuard guard;
      const Page* page = table.Fetch(column, row, guard);
      FUZZ_CHECK(page && row >= page->first_row && row - page->first_row < page->num_rows,
                 "the page of row " + std::to_string(row) + " does not hold it");
      cells.push_back(CellOf(*page, info, row - page->first_row));
    }
  }
}

/// Walks the namespace from the root, as the plugin does.
bool Walk(Table& table, Answers* answers) {
  struct Step {
    std::string path;
    PrimId prim;
  };
  std::vector<Step> steps{{"", table.paths().root()}};
  size_t visited = 0;
  while (!steps.empty()) {
    const Step step = std::move(steps.back());
    steps.pop_back();
    std::vector<std::string> names;
    table.VisitChildNames(step.prim, [&](std::string_view name) { names.emplace_back(name); });
    for (const std::string& name : names) {
      std::string path = step.path + "/" + name;
      const PrimId child = FindPrim(table, path);
      answers->prims.insert(path);
      const uint32_t row = table.paths().RowOf(child);
      if (row != PrimId::kNone) answers->rows[path] = row;
      if (++visited > kMaxPrims) return false;
      steps.push_back({std::move(path), child});
    }
  }
  return visited == answers->prims.size();
}

void ReadTimes(Table& table, Answers* answers) {
  for (const std::string& path : answers->prims) {
    const uint32_t row = table.paths().RowOf(FindPrim(table, path));
    if (row == PrimId::kNone) continue;
    const usdparquet::PrimTimes times = table.times()->Find(row);
    std::vector<std::pair<double, uint32_t>> samples;
    (void)times.HasGoodCodes();
    for (uint32_t i = 0; i < std::min(times.size(), kMaxRows); ++i) {
      const double code = times.codes()[i];
      samples.emplace_back(code, times.RowOf(i));
      FUZZ_CHECK(samples.back().second < table.num_rows(), "a row beyond the table");
      (void)times.CountUpTo(code + 0.5);
    }
    const uint32_t defaults = times.default_row();
    FUZZ_CHECK(defaults == usdparquet::PrimTimes::kNoRow || defaults < table.num_rows(),
               "a default row beyond the table");
    answers->times[path] = std::move(samples);
  }
}

void ReadNamespace(Table& table, Answers* answers) {
  const bool is_whole = table.Ask([&] {
    answers->prims.clear();
    answers->rows.clear();
    return Walk(table, answers);
  });
  FUZZ_CHECK(is_whole || table.num_rows() > kMaxRows || table.has_damage(),
             "a walk finds prims again and again");
  if (table.is_long()) {
    table.Ask([&] {
      answers->times.clear();
      ReadTimes(table, answers);
      return true;
    });
  }
  size_t visited = 0;
  table.Ask([&] {
    visited = 0;
    table.paths().VisitRows([&](uint32_t row) {
      FUZZ_CHECK(row < table.num_rows(), "a row beyond the table");
      ++visited;
    });
    return true;
  });
}

void RunChecks(const Table& table) {
  (void)table.CouldHaveSoundIndex();
  (void)table.HasSoundIndex();
  const usdparquet::TableFile& file = table.table_file();
  (void)usdparquet::FindDamagedSections(file);
  (void)usdparquet::FindDamagedPages(file);
  (void)usdparquet::FindBadTexts(file, {});
  (void)usdparquet::FindWrongOffsetIndexes(file);
  (void)usdparquet::FindResidual(table.file(), table.metadata());
}

/// Whether Arrow may be given the table. Cells are stored as they are found: also times beyond
/// midnight, and decimals of more digits than their type has.
void CheckTable(const arrow::Table& table) {
  const arrow::Status valid = table.ValidateFull();
  const std::string why = valid.ToString();
  FUZZ_CHECK(valid.ok() || why.find("is not within the acceptable range") != std::string::npos ||
                 why.find("does not fit in precision") != std::string::npos,
             why);
}

using Reader = std::function<arrow::Result<usdparquet::ReadAnswer>(const ReadRequest&)>;

void RunReadColumns(const Reader& read, const Answers& answers) {
  ReadRequest request;
  const auto all = read(request);
  if (all.ok()) CheckTable(*all->table);
  request.paths.emplace();
  for (const std::string& path : answers.prims) {
    if (request.paths->size() < 20) request.paths->push_back(path);
  }
  request.paths->push_back("/not/there");
  const auto some = read(request);
  if (some.ok()) CheckTable(*some->table);
  request.paths.reset();
  request.under = "/";
  (void)read(request);
}

/// What the table says that `open` opens.
Answers ReadTable(const TableOpener& open, const ReadingOptions& options) {
  Answers answers;
  usdparquet::PageCache cache(kCacheBytes);
  TableOptions table_options;
  table_options.cache = &cache;
  table_options.num_threads = 1;
  table_options.ignore_embedded_index = options.ignores_index;
  std::mutex mutex;
  table_options.report = [&](bool is_error, const std::string& message) {
    std::lock_guard lock(mutex);
    answers.has_damage |= is_error;
    Say(message);
  };
  const auto opened = open(std::move(table_options));
  if (!opened.ok()) {
    answers.error = opened.status().ToString();
    Say(answers.error);
    return answers;
  }
  Table& table = **opened;
  answers.is_long = table.is_long();
  answers.num_rows = table.num_rows();
  if (options.with_walk) ReadNamespace(table, &answers);
  if (options.with_cells && table.num_rows() > 0 && !table.columns().empty()) {
    ReadCells(table, options, &answers);
  }
  if (options.with_checks) RunChecks(table);
  answers.has_damage |= table.has_damage();
  return answers;
}

}  // namespace

std::shared_ptr<arrow::io::RandomAccessFile> MemoryFile(std::string_view bytes, bool is_mapped) {
  auto buffer = std::make_shared<ExactBuffer>(bytes);
  if (is_mapped) return std::make_shared<arrow::io::BufferReader>(std::move(buffer));
  return std::make_shared<CopiedFile>(std::move(buffer));
}

PrimId FindPrim(const Table& table, std::string_view path) {
  uint64_t hash = table.paths().root_hash();
  for (size_t begin = 1; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    hash = usdparquet::ChildPathHash(hash, path.substr(begin, end - begin));
    begin = end + 1;
  }
  return table.paths().Find(hash);
}

Answers ReadAll(std::string_view bytes, const ReadingOptions& options) {
  const auto file = MemoryFile(bytes, options.is_mapped);
  Answers answers = ReadTable(
      [&](TableOptions table) { return Table::Open(file, "fuzz", std::move(table)); }, options);
  if (options.with_checks) (void)usdparquet::ReadFileStorage(file);
  if (options.with_columns) {
    RunReadColumns([&](const ReadRequest& request) { return ReadColumns(file, "fuzz", request); },
                   answers);
  }
  return answers;
}

Answers ReadDataset(const std::string& folder, const ReadingOptions& options) {
  const TableOpener open = [&](TableOptions table) -> arrow::Result<std::shared_ptr<Table>> {
    ARROW_ASSIGN_OR_RAISE(auto opened, usdparquet::OpenDataset(folder));
    return Table::Open(std::move(opened.file), "fuzz", std::move(table));
  };
  const Answers answers = ReadTable(open, options);
  if (options.with_columns) {
    RunReadColumns([&](const ReadRequest& request) { return ReadColumns(open, "fuzz", request); },
                   answers);
  }
  return answers;
}

}  // namespace usdparquet_fuzz
