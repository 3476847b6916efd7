#pragma once

/// \file
/// The smallest and the largest value of a column.

#include <arrow/status.h>

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "core/schema/schema.h"
#include "core/table/table.h"

namespace usdparquet {

/// The smallest and the largest finite value of a column; nothing in an empty one.
struct ColorBounds {
  double low, high;
};

/// As the statistics in the footer say. Nothing if they do not, or can't be relied on: only the
/// seal of the footer tells that they are as they were written, and an infinity hides what else
/// there is.
std::optional<ColorBounds> BoundsInFooter(const Table& table, const ColumnInfo& column);

/// As the values themselves say, of which `number` gives each as a number. Nothing if none is
/// finite. Reads all pages, past the cache, and leaves out those that are damaged: whoever reads
/// their cells is told.
std::optional<ColorBounds> BoundsOfValues(
    Table& table, size_t column, const std::function<double(const Page& page, uint32_t i)>& number);

/// All different texts of a column, read likewise. Fails if there are too many of them.
arrow::Result<std::set<std::string, std::less<>>> TextsOf(Table& table, size_t column);

}  // namespace usdparquet
