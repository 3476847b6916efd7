#include "fuzz/saving.h"

#include <arrow/builder.h>

#include <memory>
#include <vector>

#include "core/recover/recover_file.h"
#include "core/table/table.h"
#include "core/write/file_patch.h"
#include "core/write/table_writer.h"
#include "fuzz/check.h"
#include "fuzz/scratch.h"

namespace usdparquet_fuzz {
namespace {

using usdparquet::Table;

constexpr double kNewValue = 1234.5;
constexpr size_t kMaxCells = 200'000;

const Scratch& Folder() {
  static const Scratch scratch;
  return scratch;
}

std::string Store(const char* name, std::string_view bytes) {
  const std::string path = Folder() / name;
  StoreFile(path, bytes);
  return path;
}

Answers ReadBack(const std::string& path) {
  ReadingOptions options;
  options.with_nulls = false;
  return ReadAll(LoadFile(path), options);
}

}  // namespace

void CheckSameCells(const Answers& before, const Answers& now, bool allows_loss, const char* what) {
  size_t cells = 0;
  for (const auto& each : before.columns) {
    const std::string& name = each.first;
    // Each field of a struct says by itself where the struct is null. Where a damaged one says it
    // differently, Arrow takes the word of the first.
    if (before.fields.contains(name)) continue;
    const std::vector<Cell>& column = each.second;
    const auto found = now.columns.find(name);
    if (found == now.columns.end()) {
      FUZZ_CHECK(allows_loss, std::string(what) + ": no column " + name);
      continue;
    }
    const auto check = [&](const std::string& path, uint32_t row_before, uint32_t row_now) {
      if (row_before >= column.size() || row_now >= found->second.size()) return;
      const Cell& old_cell = column[row_before];
      const Cell& new_cell = found->second[row_now];
      FUZZ_CHECK(old_cell == new_cell || (allows_loss && !new_cell),
                 std::string(what) + ": column " + name + ", " + path + ", row " +
                     std::to_string(row_before) + " of before, " + std::to_string(row_now) +
                     " of now");
    };
    for (const auto& [path, row] : before.rows) {
      if (++cells > kMaxCells) return;
      if (!before.is_long) {
        const auto row_now = now.rows.find(path);
        if (row_now != now.rows.end()) check(path, row, row_now->second);
        continue;
      }
      const auto times = before.times.find(path), times_now = now.times.find(path);
      if (times == before.times.end() || times_now == now.times.end()) continue;
      if (times->second.size() != times_now->second.size()) continue;
      for (size_t i = 0; i < times->second.size(); ++i) {
        check(path, times->second[i].second, times_now->second[i].second);
      }
    }
  }
}

void CheckPatch(std::string_view bytes, const Answers& before) {
  const std::string path = Folder() / "patched.parquet";
  usdparquet::PageCache cache(uint64_t{1} << 20);
  usdparquet::TableOptions options;
  options.cache = &cache;
  options.num_threads = 1;
  const auto opened = Table::Open(MemoryFile(bytes, true), "fuzz", options);
  if (!opened.ok() || (*opened)->num_rows() == 0) return;
  Table& table = **opened;
  if (!table.HasSoundIndex()) return;
  size_t column = 0;
  const usdparquet::ValueType wanted{usdparquet::Scalar::kDouble, 1, false};
  while (column < table.columns().size() && !(table.columns()[column].type == wanted)) ++column;
  if (column == table.columns().size()) return;
  const uint32_t row = table.num_rows() / 2;
  arrow::DoubleBuilder builder;
  usdparquet::ColumnPatch patch{column, {row}, nullptr};
  if (!builder.Append(kNewValue).ok() || !builder.Finish(&patch.values).ok()) return;
  const auto done = usdparquet::PatchFile(table, {patch}, path, {});
  if (!done.ok() || !*done) return;

  const std::string& name = table.columns()[column].property_name + table.columns()[column].field;
  const Answers now = ReadBack(path);
  FUZZ_CHECK(now.error.empty(), "a patched file does not open: " + now.error);
  // A page whose checksums are right is copied as it is, also if it can't be decoded.
  if (before.has_damage) return;
  FUZZ_CHECK(!now.has_damage, "a patched file is damaged");
  Answers expected = before;
  auto& cells = expected.columns[name];
  if (row < cells.size()) {
    cells[row] = std::string(reinterpret_cast<const char*>(&kNewValue), sizeof(kNewValue));
  }
  FUZZ_CHECK(now.prims == before.prims, "a patched file has other prims");
  FUZZ_CHECK(now.columns == expected.columns, "a patched file has other cells");
}

void CheckRewrite(std::string_view bytes) {
  const std::string input = Store("input.parquet", bytes);
  const std::string output = Folder() / "rewritten.parquet";
  usdparquet::WriteOptions options;
  options.codec = arrow::Compression::UNCOMPRESSED;
  const auto done = usdparquet::OptimizeFile(input, output, options);
  if (!done.ok()) return;
  // An index that lies under right checksums is believed by who only reads: docs/limits.md.
  ReadingOptions reading;
  reading.with_nulls = false;
  reading.ignores_index = true;
  const Answers before = ReadAll(bytes, reading);
  const Answers now = ReadBack(output);
  FUZZ_CHECK(now.error.empty() || !before.error.empty(),
             "a file that was written anew does not open: " + now.error);
  FUZZ_CHECK(!now.has_damage, "a file that was written anew is damaged");
  if (!before.error.empty() || before.has_damage) return;
  FUZZ_CHECK(now.num_rows == before.num_rows, "a file that was written anew has other rows");
  CheckSameCells(before, now, false, "written anew");
}

void CheckRecovery(std::string_view bytes, const Answers* sound) {
  const std::string input = Store("damaged.parquet", bytes);
  const std::string output = Folder() / "recovered.parquet";
  usdparquet::RecoverOptions options;
  options.write.path_column.clear();
  options.write.codec = arrow::Compression::UNCOMPRESSED;
  const auto report = usdparquet::RecoverFile(input, output, options);
  if (!report.ok()) return;
  const Answers now = ReadBack(output);
  FUZZ_CHECK(now.error.empty(), "a recovered file does not open: " + now.error);
  FUZZ_CHECK(!now.has_damage, "a recovered file is damaged");
  if (!sound || !report->footer_problem.empty()) return;
  for (const auto& [path, row] : now.rows) {
    FUZZ_CHECK(sound->rows.contains(path), "a recovered file has the new prim " + path);
  }
  CheckSameCells(*sound, now, !report->is_complete(), "recovered");
}

}  // namespace usdparquet_fuzz
