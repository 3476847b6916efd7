#include "core/schema/column_convert.h"

#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <optional>
#include <vector>

#include "core/schema/leaf_type.h"
#include "core/util/message_text.h"

namespace usdparquet {

std::shared_ptr<arrow::DataType> ArrowTypeOf(Scalar scalar) {
  switch (scalar) {
    case Scalar::kBool:
      return arrow::boolean();
    case Scalar::kUChar:
      return arrow::uint8();
    case Scalar::kInt:
      return arrow::int32();
    case Scalar::kUInt:
      return arrow::uint32();
    case Scalar::kInt64:
      return arrow::int64();
    case Scalar::kUInt64:
      return arrow::uint64();
    case Scalar::kHalf:
      return arrow::float16();
    case Scalar::kFloat:
      return arrow::float32();
    case Scalar::kDouble:
      return arrow::float64();
    case Scalar::kString:
      return arrow::utf8();
  }
  return arrow::null();
}

namespace {

std::shared_ptr<arrow::DataType> ArrowType(const ValueType& shape) {
  auto type = ArrowTypeOf(shape.scalar);
  if (shape.tuple > 1) type = arrow::fixed_size_list(arrow::field("element", type), shape.tuple);
  if (shape.is_array) type = arrow::list(arrow::field("element", type));
  return type;
}

/// How many lists are around the scalars of `type`, which is set to that of the scalars.
int ListDepth(std::shared_ptr<arrow::DataType>* type) {
  int depth = 0;
  for (; IsList(**type); ++depth) *type = (*type)->field(0)->type();
  return depth;
}

struct WrongLength {
  int64_t row;
  int64_t length;
};

template <typename List>
std::optional<WrongLength> FindWrongLength(const List& list, int64_t wanted) {
  for (int64_t i = 0; i < list.length(); ++i) {
    if (list.IsValid(i) && list.value_length(i) != wanted)
      return WrongLength{i, list.value_length(i)};
  }
  return std::nullopt;
}

/// The first list of another length than `wanted`.
std::optional<WrongLength> FindWrongLength(const arrow::Array& array, int64_t wanted) {
  switch (array.type_id()) {
    case arrow::Type::LIST:
      return FindWrongLength(static_cast<const arrow::ListArray&>(array), wanted);
    case arrow::Type::LARGE_LIST:
      return FindWrongLength(static_cast<const arrow::LargeListArray&>(array), wanted);
    default:
      return FindWrongLength(static_cast<const arrow::FixedSizeListArray&>(array), wanted);
  }
}

template <typename List>
std::optional<WrongLength> FindWrongInnerLength(const List& list, int64_t wanted) {
  for (int64_t i = 0; i < list.length(); ++i) {
    if (list.IsNull(i)) continue;
    if (const auto wrong = FindWrongLength(*list.value_slice(i), wanted)) {
      return WrongLength{i, wrong->length};
    }
  }
  return std::nullopt;
}

/// The first row whose list has a list of another length than `wanted`.
std::optional<WrongLength> FindWrongInnerLength(const arrow::Array& array, int64_t wanted) {
  switch (array.type_id()) {
    case arrow::Type::LIST:
      return FindWrongInnerLength(static_cast<const arrow::ListArray&>(array), wanted);
    case arrow::Type::LARGE_LIST:
      return FindWrongInnerLength(static_cast<const arrow::LargeListArray&>(array), wanted);
    default:
      return FindWrongInnerLength(static_cast<const arrow::FixedSizeListArray&>(array), wanted);
  }
}

/// The first row of `array` that alone cannot be cast. REQUIRES: all of it cannot.
int64_t FirstFailure(const arrow::Array& array, const std::shared_ptr<arrow::DataType>& type) {
  int64_t good = 0, bad = array.length();  // rows before `good` can be cast, those before `bad` not
  while (bad - good > 1) {
    const int64_t middle = good + (bad - good) / 2;
    const auto cast = arrow::compute::Cast(*array.Slice(good, middle - good), type);
    (cast.ok() ? good : bad) = middle;
  }
  return good;
}

std::string CellText(const arrow::Array& array, int64_t row) {
  const auto cell = array.GetScalar(row);
  return cell.ok() ? QuotedValue((*cell)->ToString()) : "the cell";
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::ChunkedArray>> ConvertColumn(
    const std::string& name, const std::shared_ptr<arrow::ChunkedArray>& column,
    const ValueType& shape, std::string_view sdf_type, int64_t first_row) {
  const auto type = ArrowType(shape);
  auto scalar = column->type();
  const int depth = ListDepth(&scalar);
  const int wanted_depth = (shape.tuple > 1 ? 1 : 0) + (shape.is_array ? 1 : 0);
  const bool is_castable = arrow::compute::CanCast(*scalar, *ArrowTypeOf(shape.scalar));
  if (depth != wanted_depth || !is_castable) {
    return arrow::Status::Invalid("column '", name, "' has type ", column->type()->ToString(),
                                  ", which cannot become ", sdf_type, "; that needs ",
                                  type->ToString());
  }
  arrow::ArrayVector chunks;
  for (const auto& chunk : column->chunks()) {
    if (shape.tuple > 1) {
      const auto wrong = shape.is_array ? FindWrongInnerLength(*chunk, shape.tuple)
                                        : FindWrongLength(*chunk, shape.tuple);
      if (wrong) {
        return arrow::Status::Invalid("column '", name, "', row ", first_row + wrong->row,
                                      ": a list of ", wrong->length, ", but ", sdf_type, " needs ",
                                      shape.is_array ? "lists of " : "", int{shape.tuple});
      }
    }
    auto cast = arrow::compute::Cast(*chunk, type);
    if (!cast.ok()) {
      const int64_t row = FirstFailure(*chunk, type);
      const auto alone = arrow::compute::Cast(*chunk->Slice(row, 1), type);
      return arrow::Status::Invalid("column '", name, "', row ", first_row + row, ": ",
                                    CellText(*chunk, row), " cannot become ", sdf_type, ": ",
                                    MessageText((alone.ok() ? cast : alone).status().message()));
    }
    chunks.push_back(std::move(*cast));
    first_row += chunk->length();
  }
  return arrow::ChunkedArray::Make(std::move(chunks), type);
}

}  // namespace usdparquet
