#include "core/pages/page_gather.h"

#include <arrow/buffer_builder.h>
#include <arrow/builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/cast.h>
#include <arrow/type.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <ranges>
#include <span>

#include "core/pages/page_decoder.h"
#include "core/pages/verify_chunk.h"
#include "core/schema/column_convert.h"
#include "core/util/block_memory.h"
#include "core/util/guard.h"

namespace usdparquet {
namespace {

/// Collects cells of one column from pages.
class CellCollector {
 public:
  explicit CellCollector(const ColumnInfo& column,
                         arrow::MemoryPool* pool = arrow::default_memory_pool())
      : column_(column), pool_(pool) {}

  arrow::Status Append(const Page& page, uint32_t i) {
    const bool is_present = page.IsPresent(i);
    ARROW_RETURN_NOT_OK(validity_.Append(is_present));
    ++length_;
    if (column_.type.is_array) {
      const uint32_t count = is_present ? page.offsets[i + 1] - page.offsets[i] : 0;
      if (is_present) ARROW_RETURN_NOT_OK(AppendScalars(page, page.offsets[i], count));
      total_ += count;
      return offsets_.Append(total_);
    }
    return is_present ? AppendScalars(page, i, 1) : AppendNothing();
  }

  /// The collected cells; their scalars are of type `scalar`, which has the layout of the column's
  /// stored scalar.
  arrow::Result<std::shared_ptr<arrow::Array>> Finish(
      const std::shared_ptr<arrow::DataType>& scalar) {
    const bool is_nested = column_.type.is_array || column_.type.tuple > 1;
    std::shared_ptr<arrow::Buffer> validity;
    const int64_t nulls = validity_.false_count();
    if (nulls > 0) {
      ARROW_ASSIGN_OR_RAISE(validity, validity_.Finish());
    }
    ARROW_ASSIGN_OR_RAISE(auto array, FinishScalars(scalar, is_nested ? nullptr : validity));
    if (column_.type.tuple > 1) {
      const int64_t tuples = array->length() / column_.type.tuple;
      array = std::make_shared<arrow::FixedSizeListArray>(
          arrow::fixed_size_list(array->type(), column_.type.tuple), tuples, array,
          column_.type.is_array ? nullptr : validity);
    }
    if (column_.type.is_array) {
      ARROW_ASSIGN_OR_RAISE(auto offsets, offsets_.Finish());
      array = std::make_shared<arrow::LargeListArray>(arrow::large_list(array->type()), length_,
                                                      offsets, array, validity);
    }
    return array;
  }

  arrow::Status Start() { return offsets_.Append(0); }

  /// Makes room for the cells of so many rows: growing would take twice the memory.
  arrow::Status Reserve(int64_t num_rows) {
    ARROW_RETURN_NOT_OK(validity_.Reserve(num_rows));
    if (column_.type.is_array) return offsets_.Reserve(num_rows);
    if (is_string()) return strings_.Reserve(num_rows);
    const size_t element = ScalarSize(column_.type.scalar) * column_.type.tuple;
    return values_.Reserve(num_rows * static_cast<int64_t>(element));
  }

 private:
  bool is_string() const { return column_.type.scalar == Scalar::kString; }

  /// Elements [first, first + count) of a page, each of as many scalars as a tuple has.
  arrow::Status AppendScalars(const Page& page, uint32_t first, uint32_t count) {
    if (is_string()) {
      for (uint32_t i = first; i < first + count; ++i) {
        ARROW_RETURN_NOT_OK(strings_.Append(page.String(i)));
      }
      return arrow::Status::OK();
    }
    const size_t element = ScalarSize(column_.type.scalar) * column_.type.tuple;
    return values_.Append(page.cells + first * element, static_cast<int64_t>(count * element));
  }

  arrow::Status AppendNothing() {
    if (is_string()) return strings_.AppendNull();
    return values_.Append(
        static_cast<int64_t>(ScalarSize(column_.type.scalar) * column_.type.tuple), 0);
  }

  arrow::Result<std::shared_ptr<arrow::Array>> FinishScalars(
      const std::shared_ptr<arrow::DataType>& type, std::shared_ptr<arrow::Buffer> validity) {
    if (is_string()) return strings_.Finish();
    const int64_t count = values_.length() / static_cast<int64_t>(ScalarSize(column_.type.scalar));
    ARROW_ASSIGN_OR_RAISE(auto values, values_.Finish());
    const bool is_bool = column_.type.scalar == Scalar::kBool;
    const auto array = arrow::MakeArray(arrow::ArrayData::Make(
        is_bool ? arrow::uint8() : type, count, {std::move(validity), std::move(values)}));
    arrow::compute::ExecContext context(pool_);
    return is_bool
               ? arrow::compute::Cast(*array, type, arrow::compute::CastOptions::Safe(), &context)
               : array;
  }

  const ColumnInfo& column_;
  arrow::MemoryPool* const pool_;
  int64_t length_ = 0;
  int64_t total_ = 0;  // elements of all arrays
  arrow::TypedBufferBuilder<bool> validity_{pool_};
  arrow::TypedBufferBuilder<int64_t> offsets_{pool_};
  arrow::BufferBuilder values_{pool_};
  arrow::LargeStringBuilder strings_{pool_};
};

parquet::Type::type PhysicalType(const ColumnInfo& column, const parquet::FileMetaData& metadata) {
  return metadata.schema()->Column(column.leaf)->physical_type();
}

bool IsTime(Conversion conversion) {
  return conversion == Conversion::kDate || conversion == Conversion::kTime ||
         conversion == Conversion::kTimestamp;
}

/// The column with dates and times as the integers that they are stored as.
ColumnInfo WithoutConversion(const ColumnInfo& column, const parquet::FileMetaData& metadata) {
  ColumnInfo raw = column;
  if (!IsTime(column.conversion)) return raw;
  raw.conversion = Conversion::kNone;
  raw.stored_scalar =
      PhysicalType(column, metadata) == parquet::Type::INT32 ? Scalar::kInt : Scalar::kInt64;
  raw.type.scalar = raw.stored_scalar;
  return raw;
}

/// The type of a column's scalars as Parquet stores them.
std::shared_ptr<arrow::DataType> StoredType(const ColumnInfo& column) {
  const auto unit = static_cast<arrow::TimeUnit::type>(column.ticks_per_second_log10 / 3);
  switch (column.conversion) {
    case Conversion::kDate:
      return arrow::date32();
    case Conversion::kTimestamp:
      return column.is_utc ? arrow::timestamp(unit, "UTC") : arrow::timestamp(unit);
    case Conversion::kTime:
      return unit == arrow::TimeUnit::MILLI ? arrow::time32(unit) : arrow::time64(unit);
    default:
      return ArrowTypeOf(column.type.scalar);
  }
}

arrow::Result<std::shared_ptr<arrow::Array>> As(const std::shared_ptr<arrow::Array>& array,
                                                const std::shared_ptr<arrow::DataType>& type) {
  if (array->type()->Equals(*type)) return array;
  if (type->id() != arrow::Type::DICTIONARY) return arrow::compute::Cast(*array, type);
  const auto& dictionary = static_cast<const arrow::DictionaryType&>(*type);
  ARROW_ASSIGN_OR_RAISE(const auto values, arrow::compute::Cast(*array, dictionary.value_type()));
  ARROW_ASSIGN_OR_RAISE(const arrow::Datum encoded, arrow::compute::DictionaryEncode(values));
  return encoded.make_array();
}

int GroupOf(std::span<const uint32_t> first_rows, uint32_t row) {
  const auto behind = std::upper_bound(first_rows.begin(), first_rows.end(), row);
  return static_cast<int>(behind - first_rows.begin()) - 1;
}

/// Calls `f(page, i)` for the cell of each row, ascending; decodes the pages with these rows.
/// `column` says how to decode. False if a page has a cell that decoded pages have no place for.
template <typename Rows, typename F>
arrow::Result<bool> VisitCells(const PageSource& source, const ColumnInfo& column, const Rows& rows,
                               const F& f) {
  std::unique_ptr<ColumnChunk> chunk;
  std::optional<Page> page;
  for (const uint32_t row : rows) {
    if (!chunk || row >= chunk->first_row + chunk->num_rows) {
      page.reset();
      const int group = GroupOf(source.group_first_rows, row);
      auto located = Guarded([&] { return LocatePages(source, column, group); });
      if (!located.ok()) {
        return AtRow(located.status(), column.column_name, group,
                     source.group_first_rows[static_cast<size_t>(group)]);
      }
      chunk = std::move(*located);
    }
    if (!page || row >= page->first_row + page->num_rows) {
      BadCells bad;
      const uint32_t index = chunk->PageOf(row);
      const arrow::Status decoded =
          DecodePage(source, column, *chunk, index, &page.emplace(), &bad);
      if (!decoded.ok()) {
        return AtRow(decoded, column.column_name, chunk->row_group, chunk->pages[index].first_row);
      }
      if (bad.count > 0) return false;
    }
    ARROW_RETURN_NOT_OK(f(*page, row - page->first_row));
  }
  return true;
}

/// `data` as `type`, which differs in nothing but names and the width of offsets; null if these are
/// too wide.
std::shared_ptr<arrow::ArrayData> WithType(const std::shared_ptr<arrow::ArrayData>& data,
                                           const std::shared_ptr<arrow::DataType>& type) {
  auto out = std::make_shared<arrow::ArrayData>(*data);
  out->type = type;
  const bool has_wide =
      data->type->id() == arrow::Type::LARGE_STRING || data->type->id() == arrow::Type::LARGE_LIST;
  if (has_wide) {
    const int64_t* const wide = data->GetValues<int64_t>(1);
    if (wide[data->length] > std::numeric_limits<int32_t>::max()) return nullptr;
    arrow::TypedBufferBuilder<int32_t> narrow(BlockPool());
    if (!narrow.Reserve(data->length + 1).ok()) return nullptr;
    for (int64_t i = 0; i <= data->length; ++i) narrow.UnsafeAppend(static_cast<int32_t>(wide[i]));
    auto offsets = narrow.Finish();
    if (!offsets.ok()) return nullptr;
    out->buffers[1] = std::move(*offsets);
  }
  for (auto& child : out->child_data) {
    child = WithType(child, type->field(0)->type());
    if (!child) return nullptr;
  }
  return out;
}

}  // namespace

bool CanGather(const ColumnInfo& column, const parquet::FileMetaData& metadata,
               const arrow::DataType& type) {
  if (column.conversion == Conversion::kDecimal) return false;
  if (IsTime(column.conversion) && PhysicalType(column, metadata) == parquet::Type::INT96) {
    return false;
  }
  // Arrow encodes dictionaries with 32-bit indices.
  if (type.id() == arrow::Type::DICTIONARY) {
    const auto& dictionary = static_cast<const arrow::DictionaryType&>(type);
    return dictionary.index_type()->id() == arrow::Type::INT32 && !dictionary.ordered();
  }
  return true;
}

arrow::Result<std::shared_ptr<arrow::Array>> GatherCells(
    const PageSource& source, const ColumnInfo& column,
    const std::shared_ptr<arrow::DataType>& type, const std::vector<uint32_t>& rows) {
  const ColumnInfo raw = WithoutConversion(column, source.metadata);
  CellCollector cells(raw);
  ARROW_RETURN_NOT_OK(cells.Start());
  const auto append = [&](const Page& page, uint32_t at) { return cells.Append(page, at); };
  ARROW_ASSIGN_OR_RAISE(const bool has_all, VisitCells(source, raw, rows, append));
  if (!has_all) return nullptr;
  ARROW_ASSIGN_OR_RAISE(const auto array, cells.Finish(StoredType(column)));
  return As(array, type);
}

arrow::Result<std::shared_ptr<arrow::Array>> ReadValues(
    const PageSource& source, const ColumnInfo& column,
    const std::shared_ptr<arrow::DataType>& type) {
  CellCollector cells(column, BlockPool());
  ARROW_RETURN_NOT_OK(cells.Start());
  const auto append = [&](const Page& page, uint32_t at) { return cells.Append(page, at); };
  const auto rows = std::views::iota(uint32_t{0}, source.group_first_rows.back());
  ARROW_RETURN_NOT_OK(cells.Reserve(source.group_first_rows.back()));
  ARROW_ASSIGN_OR_RAISE(const bool has_all, VisitCells(source, column, rows, append));
  if (!has_all) return nullptr;
  ARROW_ASSIGN_OR_RAISE(const auto array, cells.Finish(ArrowTypeOf(column.type.scalar)));
  const auto data = WithType(array->data(), type);
  return data ? arrow::MakeArray(data) : nullptr;
}

}  // namespace usdparquet
