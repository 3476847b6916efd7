#pragma once

/// \file
/// What one layer can say of the columns: whole columns of its table, or its fields.

#include <arrow/array.h>
#include <pxr/base/tf/token.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/abstractData.h>
#include <pxr/usd/sdf/layer.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/read/source.h"
#include "plugin/values/column_builder.h"

PXR_NAMESPACE_OPEN_SCOPE

/// A layer, and the columns of its table that are attributes of the wanted names.
///
/// Shown to the library beside the plugin that knows Pcp (plugin/resolve).
///
/// Thread-safety: all functions but Forget may be called from any number of threads.
class [[gnu::visibility("default")]] UsdParquetLayerColumns {
 public:
  /// A column of the table, read whole when it is first wanted.
  struct Column {
    const UsdParquetColumns::Property* property = nullptr;  ///< null: the table has none
    std::string sdf_type;
    /// Null if the column can't be taken whole: OpenUSD is to be asked.
    std::shared_ptr<arrow::Array> cells;
    std::once_flag once;
  };

  /// As UsdParquetColumnBuilder::Make, for the library that asks.
  static std::unique_ptr<UsdParquetColumnBuilder> MakeBuilder(std::string_view sdf_type);

  /// Of a layer that is used for about `num_prims` prims: where its table has many more rows, it is
  /// asked like any other layer.
  UsdParquetLayerColumns(const SdfLayerRefPtr& layer, const TfTokenVector& names, size_t num_prims);
  ~UsdParquetLayerColumns();
  UsdParquetLayerColumns(const UsdParquetLayerColumns&) = delete;
  UsdParquetLayerColumns& operator=(const UsdParquetLayerColumns&) = delete;

  /// Whether the table's columns can be taken whole.
  bool has_table() const { return source_ != nullptr; }
  /// Whether the layer has opinions beside those of the table.
  bool has_fields() const { return has_prims_ && (!source_ || source_->residual()); }
  const SdfAbstractData& fields() const { return *data_; }

  /// The row of the prim at `path`; PrimId::kNone if there is none. REQUIRES: has_table().
  uint32_t RowAt(const SdfPath& path) const;
  /// The column of name `i`, whose cells are read. REQUIRES: has_table().
  const Column& Read(size_t i) {
    std::call_once(columns_[i].once, [&] { Load(&columns_[i]); });
    return columns_[i];
  }
  bool HasColumn(size_t i) const { return has_table() && columns_[i].property; }
  const std::string& TypeOf(size_t i) const { return columns_[i].sdf_type; }
  /// Frees the cells of the column. No other thread may use them.
  void Forget(size_t i) { columns_[i].cells.reset(); }

 private:
  void Load(Column* column) const;

  SdfAbstractDataConstPtr data_;
  const bool has_prims_;                      // whether it says anything of any prim
  const uint64_t serial_;                     // no other object has had it
  const UsdParquetSource* source_ = nullptr;  // null: the layer is asked field by field
  std::vector<Column> columns_;
};

PXR_NAMESPACE_CLOSE_SCOPE
