#include "core/check/cell_check.h"

#include <arrow/array.h>
#include <arrow/type.h>

#include "core/schema/value_convert.h"

namespace usdparquet {
namespace {

constexpr char kNullInside[] =
    "has a null inside its array or tuple, which a USD value cannot have";
constexpr char kNoDate[] = "is a date or time that ISO 8601 cannot write";

int Digits(arrow::TimeUnit::type unit) { return static_cast<int>(unit) * 3; }

/// Whether the date or time at `i` has a text. REQUIRES: array.IsValid(i).
bool HasTimeText(const arrow::Array& array, int64_t i) {
  constexpr int64_t kMillisecondsADay = 86400000;
  char text[kMaxTimeText];
  switch (array.type_id()) {
    case arrow::Type::DATE32:
      return FormatDate(static_cast<const arrow::Date32Array&>(array).Value(i), text) > 0;
    case arrow::Type::DATE64: {
      const int64_t value = static_cast<const arrow::Date64Array&>(array).Value(i);
      return FormatDate(value / kMillisecondsADay, text) > 0;
    }
    case arrow::Type::TIMESTAMP: {
      const auto unit = static_cast<const arrow::TimestampType&>(*array.type()).unit();
      const int64_t value = static_cast<const arrow::TimestampArray&>(array).Value(i);
      return FormatTimestamp(value, Digits(unit), false, text) > 0;
    }
    case arrow::Type::TIME32: {
      const auto unit = static_cast<const arrow::Time32Type&>(*array.type()).unit();
      return FormatTime(static_cast<const arrow::Time32Array&>(array).Value(i), Digits(unit), text);
    }
    case arrow::Type::TIME64: {
      const auto unit = static_cast<const arrow::Time64Type&>(*array.type()).unit();
      return FormatTime(static_cast<const arrow::Time64Array&>(array).Value(i), Digits(unit), text);
    }
    default:
      return true;
  }
}

bool IsTime(const arrow::DataType& type) {
  return arrow::is_temporal(type.id()) && type.id() != arrow::Type::DURATION;
}

bool IsList(const arrow::DataType& type) {
  return type.id() == arrow::Type::LIST || type.id() == arrow::Type::LARGE_LIST ||
         type.id() == arrow::Type::FIXED_SIZE_LIST;
}

/// Whether nothing below `array` can be bad, as its type and its counts of nulls tell.
bool IsGoodBelow(const arrow::Array& values) {
  if (values.null_count() > 0 || IsTime(*values.type())) return false;
  switch (values.type_id()) {
    case arrow::Type::LIST:
      return IsGoodBelow(*static_cast<const arrow::ListArray&>(values).values());
    case arrow::Type::LARGE_LIST:
      return IsGoodBelow(*static_cast<const arrow::LargeListArray&>(values).values());
    case arrow::Type::FIXED_SIZE_LIST:
      return IsGoodBelow(*static_cast<const arrow::FixedSizeListArray&>(values).values());
    default:
      return true;
  }
}

std::optional<BadCell> Find(const arrow::Array& array);

/// The first bad element of a list, nulls included.
const char* ProblemInside(const arrow::Array& elements) {
  if (elements.null_count() > 0) return kNullInside;
  const auto bad = Find(elements);
  if (!bad) return nullptr;
  return IsList(*elements.type()) ? kNullInside : kNoDate;
}

template <typename List>
std::optional<BadCell> FindInLists(const List& list) {
  if (IsGoodBelow(*list.values())) return std::nullopt;
  for (int64_t i = 0; i < list.length(); ++i) {
    if (list.IsNull(i)) continue;
    if (const char* reason = ProblemInside(*list.value_slice(i))) return BadCell{i, reason};
  }
  return std::nullopt;
}

/// Fields of a struct are columns of their own.
std::optional<BadCell> FindInFields(const arrow::StructArray& array) {
  for (int i = 0; i < array.num_fields(); ++i) {
    // Where the struct is null, its fields are, whatever lies there.
    const auto field = array.GetFlattenedField(i);
    if (!field.ok()) continue;
    if (auto bad = Find(**field)) return bad;
  }
  return std::nullopt;
}

std::optional<BadCell> Find(const arrow::Array& array) {
  switch (array.type_id()) {
    case arrow::Type::LIST:
      return FindInLists(static_cast<const arrow::ListArray&>(array));
    case arrow::Type::LARGE_LIST:
      return FindInLists(static_cast<const arrow::LargeListArray&>(array));
    case arrow::Type::FIXED_SIZE_LIST:
      return FindInLists(static_cast<const arrow::FixedSizeListArray&>(array));
    case arrow::Type::STRUCT:
      return FindInFields(static_cast<const arrow::StructArray&>(array));
    default:
      break;
  }
  if (!IsTime(*array.type())) return std::nullopt;
  for (int64_t i = 0; i < array.length(); ++i) {
    if (array.IsValid(i) && !HasTimeText(array, i)) return BadCell{i, kNoDate};
  }
  return std::nullopt;
}

}  // namespace

std::optional<BadCell> FindBadCell(const arrow::ChunkedArray& column) {
  int64_t first_row = 0;
  for (const auto& chunk : column.chunks()) {
    if (auto bad = Find(*chunk)) {
      bad->row += first_row;
      return bad;
    }
    first_row += chunk->length();
  }
  return std::nullopt;
}

}  // namespace usdparquet
