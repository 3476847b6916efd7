#pragma once

/// \file
/// The leaf columns of a field.

#include <parquet/arrow/schema.h>

#include <vector>

namespace usdparquet {

/// Appends the numbers of the leaf columns of `field`, in their order.
inline void CollectLeaves(const parquet::arrow::SchemaField& field, std::vector<int>* leaves) {
  if (field.is_leaf()) leaves->push_back(field.column_index);
  for (const parquet::arrow::SchemaField& child : field.children) CollectLeaves(child, leaves);
}

}  // namespace usdparquet
