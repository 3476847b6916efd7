#include "core/schema/leaf_type.h"

namespace usdparquet {
namespace {

int TickDigits(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 0;
    case arrow::TimeUnit::MILLI:
      return 3;
    case arrow::TimeUnit::MICRO:
      return 6;
    case arrow::TimeUnit::NANO:
      return 9;
  }
  return 0;
}

/// The unit in which Parquet stores the ticks; Arrow's own may differ (it has seconds, Parquet does
/// not).
int StoredTickDigits(const parquet::ColumnDescriptor& leaf, arrow::TimeUnit::type fallback) {
  if (leaf.physical_type() == parquet::Type::INT96) return 9;
  const auto digits = [&](parquet::LogicalType::TimeUnit::unit unit) {
    switch (unit) {
      case parquet::LogicalType::TimeUnit::MILLIS:
        return 3;
      case parquet::LogicalType::TimeUnit::MICROS:
        return 6;
      case parquet::LogicalType::TimeUnit::NANOS:
        return 9;
      default:
        return TickDigits(fallback);
    }
  };
  const auto& logical = leaf.logical_type();
  if (logical && logical->is_timestamp()) {
    return digits(static_cast<const parquet::TimestampLogicalType&>(*logical).time_unit());
  }
  if (logical && logical->is_time()) {
    return digits(static_cast<const parquet::TimeLogicalType&>(*logical).time_unit());
  }
  return TickDigits(fallback);
}

}  // namespace

bool SetLeafType(const arrow::DataType& type, const parquet::ColumnDescriptor& leaf,
                 ColumnInfo* column) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      column->stored_scalar = Scalar::kBool;
      return true;
    case arrow::Type::UINT8:
      column->stored_scalar = Scalar::kUChar;
      return true;
    case arrow::Type::INT8:
      column->stored_scalar = Scalar::kInt;
      column->conversion = Conversion::kNarrow8;
      return true;
    case arrow::Type::INT16:
      column->stored_scalar = Scalar::kInt;
      column->conversion = Conversion::kNarrow16;
      return true;
    case arrow::Type::INT32:
      column->stored_scalar = Scalar::kInt;
      return true;
    case arrow::Type::UINT16:
      column->stored_scalar = Scalar::kUInt;
      column->conversion = Conversion::kNarrow16;
      return true;
    case arrow::Type::UINT32:
      column->stored_scalar = Scalar::kUInt;
      return true;
    case arrow::Type::INT64:
      column->stored_scalar = Scalar::kInt64;
      return true;
    case arrow::Type::UINT64:
      column->stored_scalar = Scalar::kUInt64;
      return true;
    case arrow::Type::HALF_FLOAT:
      column->stored_scalar = Scalar::kHalf;
      return true;
    case arrow::Type::FLOAT:
      column->stored_scalar = Scalar::kFloat;
      return true;
    case arrow::Type::DOUBLE:
      column->stored_scalar = Scalar::kDouble;
      return true;
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:
      column->stored_scalar = Scalar::kDouble;
      column->conversion = Conversion::kDecimal;
      column->decimal_scale = static_cast<const arrow::DecimalType&>(type).scale();
      return true;
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
      column->stored_scalar = Scalar::kString;
      return true;
    case arrow::Type::DICTIONARY:
      return SetLeafType(*static_cast<const arrow::DictionaryType&>(type).value_type(), leaf,
                         column);
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
      column->stored_scalar = Scalar::kString;
      column->conversion = Conversion::kDate;
      return true;
    case arrow::Type::TIMESTAMP: {
      const auto& timestamp = static_cast<const arrow::TimestampType&>(type);
      column->stored_scalar = Scalar::kString;
      column->conversion = Conversion::kTimestamp;
      column->ticks_per_second_log10 = StoredTickDigits(leaf, timestamp.unit());
      column->is_utc = !timestamp.timezone().empty();
      return true;
    }
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
      column->stored_scalar = Scalar::kString;
      column->conversion = Conversion::kTime;
      column->ticks_per_second_log10 =
          StoredTickDigits(leaf, static_cast<const arrow::TimeType&>(type).unit());
      return true;
    default:
      return false;
  }
}

}  // namespace usdparquet
