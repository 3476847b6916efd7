#pragma once

/// \file
/// Rows in portions, as they come to be sorted or put aside.

#include <arrow/table.h>

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

namespace usdparquet_test {

using TablePtr = std::shared_ptr<arrow::Table>;

/// Rows of every kind of column, cut into portions of random sizes, each with a dictionary of its
/// own.
std::vector<TablePtr> RandomPortions(int64_t rows, std::mt19937* chance);

/// The same with plain columns, so that it does not matter which dictionaries they had.
TablePtr Plain(const TablePtr& table);

/// All portions, with plain columns.
TablePtr Joined(const std::vector<TablePtr>& portions);

/// The rows of a table that are asked for, in that order.
TablePtr Taken(const TablePtr& table, const std::vector<uint32_t>& rows);

/// Expects that both say the same.
void ExpectSame(const TablePtr& found, const TablePtr& expected);

}  // namespace usdparquet_test
