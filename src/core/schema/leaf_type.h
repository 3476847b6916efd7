#pragma once

/// \file
/// From the type of a leaf column, as Arrow and Parquet have it, to a scalar.

#include <arrow/type.h>
#include <parquet/schema.h>

#include "core/schema/schema.h"

namespace usdparquet {

/// Whether `type` is a list of any kind whose elements have a place in USD.
inline bool IsList(const arrow::DataType& type) {
  return type.id() == arrow::Type::LIST || type.id() == arrow::Type::LARGE_LIST ||
         type.id() == arrow::Type::FIXED_SIZE_LIST;
}

/// Sets `stored_scalar`, `conversion` and what the conversion needs in `column`, from the Arrow
/// type of the leaf. False if the type has no place in USD.
///
/// Thread-safety: may be called from any thread.
bool SetLeafType(const arrow::DataType& type, const parquet::ColumnDescriptor& leaf,
                 ColumnInfo* column);

}  // namespace usdparquet
