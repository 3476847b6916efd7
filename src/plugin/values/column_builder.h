#pragma once

/// \file
/// From Sdf values to the cells of Arrow columns.

#include <arrow/array.h>
#include <arrow/result.h>
#include <arrow/type.h>
#include <pxr/base/vt/value.h>
#include <pxr/pxr.h>

#include <cstdint>
#include <memory>
#include <string_view>

PXR_NAMESPACE_OPEN_SCOPE

/// Builds one column, row group by row group. A row without an Append is null. Not thread-safe.
class UsdParquetColumnBuilder {
 public:
  /// A builder for values of an Sdf type, such as `color3f[]`; null if no column can hold them.
  static std::unique_ptr<UsdParquetColumnBuilder> Make(std::string_view sdf_type);
  virtual ~UsdParquetColumnBuilder() = default;

  virtual std::shared_ptr<arrow::DataType> type() const = 0;

  /// Whether a cell can hold exactly that value. It can't hold a value of another type, nor text
  /// that is not UTF-8.
  virtual bool CanHold(const VtValue& value) const = 0;
  /// Whether CanHold is true of every value of the column's C++ type.
  virtual bool CanHoldAll() const = 0;

  /// Puts `value` into `row` of the group. REQUIRES: CanHold(value), and rows come in ascending
  /// order.
  virtual arrow::Status Append(uint32_t row, const VtValue& value) = 0;

  /// From now on adds the approximate size of what is appended to `*bytes`. REQUIRES: that outlives
  /// the builder.
  void CountInto(uint64_t* bytes) { bytes_ = bytes; }

  /// The column of a group of `num_rows` rows; the next group starts at row 0.
  virtual arrow::Result<std::shared_ptr<arrow::Array>> Finish(uint32_t num_rows) = 0;

 protected:
  uint64_t* bytes_ = nullptr;
};

PXR_NAMESPACE_CLOSE_SCOPE
