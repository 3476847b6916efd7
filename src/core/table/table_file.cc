#include "core/table/table_file.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/pages/verify_chunk.h"
#include "core/sections/footer_seal.h"
#include "core/table/part_files.h"
#include "core/util/limits.h"
#include "core/util/message_text.h"
#include "core/util/path_hash.h"

namespace usdparquet {
namespace {

/// The reason why the bytes are no Parquet file, said before Arrow says it less plainly.
arrow::Status CheckMagic(arrow::io::RandomAccessFile& file) {
  constexpr int64_t kSmallestFile = 12;  // magic, footer length, magic
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file.GetSize());
  if (size == 0) return arrow::Status::Invalid("the file is empty (0 bytes); write it again");
  char head[4] = {}, tail[4] = {};
  const int64_t shown = std::min<int64_t>(size, 4);
  ARROW_RETURN_NOT_OK(file.ReadAt(0, shown, head).status());
  ARROW_RETURN_NOT_OK(file.ReadAt(size - shown, shown, tail).status());
  const std::string_view first(head, shown), last(tail, shown);
  if (last == "PARE" || first == "PARE") return arrow::Status::Invalid(kEncryptedFile);
  if (first != "PAR1") {
    return arrow::Status::Invalid("this is not a Parquet file (it does not start with 'PAR1')");
  }
  if (size < kSmallestFile || last != "PAR1") {
    return arrow::Status::Invalid(
        "the file is truncated: it starts as Parquet, but does not end with 'PAR1'; "
        "copy or write it again");
  }
  return arrow::Status::OK();
}

/// A row group that claims to have no rows: its columns must have no values, which all readers
/// would pass over without a word.
arrow::Status CheckEmptyGroup(const parquet::FileMetaData& metadata, int group) {
  const auto row_group = metadata.RowGroup(group);
  for (int leaf = 0; leaf < row_group->num_columns(); ++leaf) {
    const int64_t values = row_group->ColumnChunk(leaf)->num_values();
    if (values == 0) continue;
    return arrow::Status::IOError("the file is damaged: row group ", group,
                                  " claims no rows, but column '",
                                  MessageText(ColumnNameOf(metadata, leaf)), "' has ", values,
                                  " values there; 'usdparquet recover' can save the others");
  }
  return arrow::Status::OK();
}

}  // namespace

arrow::Result<TableFile> TableFile::Open(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                         std::function<void(const std::string&)> on_damage) {
  ARROW_RETURN_NOT_OK(CheckMagic(*file));
  ARROW_ASSIGN_OR_RAISE(const FooterBytes footer, ReadFooter(*file));
  TableFile table;
  ARROW_ASSIGN_OR_RAISE(table.is_sealed_, CheckFooterSeal(footer.offset, footer.span()));
  table.footer_digest_ = XXH3_64bits(footer.bytes->data(), footer.span().size());
  ARROW_ASSIGN_OR_RAISE(ParsedFooter parsed, ParseFooter(footer));
  table.metadata_ = std::move(parsed.metadata);
  table.bad_statistics_ = std::move(parsed.bad_statistics);
  table.file_ = std::move(file);
  if (table.metadata_->is_encryption_algorithm_set()) {
    return arrow::Status::Invalid(
        "columns of the file are encrypted, which is not supported; "
        "write it without encryption");
  }
  ARROW_RETURN_NOT_OK(table.CountRows());
  table.locations_ = PageLocations::Open(*table.file_, *table.metadata_, std::move(on_damage));
  // A reader can do without them, but could not tell this file from one that never had any.
  if (table.locations_.is_unreadable) {
    return arrow::Status::IOError("its list of pages can't be read");
  }
  return table;
}

arrow::Status TableFile::CountRows() {
  // Some writers say another number for the whole file: Arrow's reader goes by the row groups too.
  int64_t row = 0;
  for (int g = 0; g < metadata_->num_row_groups(); ++g) {
    first_rows_.push_back(static_cast<uint32_t>(row));
    const int64_t rows = metadata_->RowGroup(g)->num_rows();
    if (rows < 0) {
      return arrow::Status::IOError("the file is damaged: row group ", g, " claims ", rows,
                                    " rows");
    }
    if (rows > kMaxRows - row) {
      return arrow::Status::CapacityError("the file has more than ", row, " rows, ", rows,
                                          " in row group ", g,
                                          "; one layer can hold 2,147,483,647: split it");
    }
    if (rows == 0) ARROW_RETURN_NOT_OK(CheckEmptyGroup(*metadata_, g));
    row += rows;
  }
  first_rows_.push_back(static_cast<uint32_t>(row));
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file_->GetSize());
  if (row > MaxFileRows(size)) {
    return arrow::Status::CapacityError("the file claims ", row, " rows in ", size,
                                        " bytes, more than ", MaxFileRows(size),
                                        ": write it with smaller pages");
  }
  FindRowsPerGroup();
  return arrow::Status::OK();
}

void TableFile::FindRowsPerGroup() {
  const uint32_t groups = num_groups();
  uint32_t uniform = groups > 0 ? first_rows_[1] : 0;
  for (uint32_t g = 0; g < groups && uniform != 0; ++g) {
    const uint32_t rows = first_rows_[g + 1] - first_rows_[g];
    if (g + 1 < groups ? rows != uniform : rows > uniform) uniform = 0;
  }
  rows_per_group_ = RowDivider(uniform);
}

TableFile TableFile::OfParts(std::shared_ptr<const PartFiles> parts,
                             std::shared_ptr<parquet::FileMetaData> metadata,
                             std::shared_ptr<arrow::io::RandomAccessFile> index_file) {
  TableFile table;
  table.file_ = std::move(index_file);
  table.metadata_ = std::move(metadata);
  table.first_rows_ = parts->group_first_rows();
  table.parts_ = std::move(parts);
  table.FindRowsPerGroup();
  return table;
}

uint32_t TableFile::GroupOf(uint32_t row) const {
  uint32_t low = 0, high = num_groups();
  while (high - low > 1) {
    const uint32_t middle = (low + high) / 2;
    (first_rows_[middle] <= row ? low : high) = middle;
  }
  return low;
}

}  // namespace usdparquet
