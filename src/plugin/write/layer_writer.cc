#include "plugin/write/layer_writer.h"

#include <arrow/builder.h>
#include <arrow/memory_pool.h>
#include <pxr/usd/sdf/listOp.h>
#include <pxr/usd/sdf/schema.h>
#include <pxr/usd/sdf/types.h>

#include <future>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/schema/schema_entry.h"
#include "core/util/file_name.h"
#include "core/write/table_file_writer.h"
#include "plugin/read/guarded.h"
#include "plugin/values/column_builder.h"
#include "plugin/values/metadata_value.h"
#include "plugin/values/packed_specs.h"
#include "plugin/write/export_plan.h"
#include "plugin/write/prim_walk.h"
#include "plugin/write/residual_builder.h"

PXR_NAMESPACE_OPEN_SCOPE

using usdparquet::TableFileWriter;

namespace {

constexpr uint32_t kResidual = UsdParquetExportPlan::kResidual;
/// A row group ends with this many bytes of values, even if it could have more rows: arrays and
/// long texts get there first.
constexpr uint64_t kMaxGroupBytes = 32 << 20;

/// A layer with fewer bytes of values is not compressed: the frames of its pages would make it
/// larger, and take a third of the time of a save.
constexpr uint64_t kMinCompressed = 2 << 10;

/// The second pass: fills the columns and the residual.
class LayerWriter {
 public:
  LayerWriter(const SdfAbstractData& data, const std::string& file,
              const UsdParquetColumnNames& names, const usdparquet::WriteOptions& options)
      : data_(data),
        file_(file),
        options_(options),
        plan_(UsdParquetExportPlan::Make(data, names)),
        residual_(data),
        paths_(arrow::system_memory_pool()),
        times_(arrow::system_memory_pool()) {
    options_.path_column = plan_.path_column();
    options_.time_column = plan_.time_column();
  }

  arrow::Result<usdparquet::WriteSummary> Write(const UsdParquetCrateWriter& write_crate,
                                                const std::function<arrow::Status()>& is_complete) {
    ARROW_RETURN_NOT_OK(MakeBuilders());
    WriteRoot();
    arrow::Status status;
    UsdParquetWalkPrims(data_, [&](const SdfPath& path) {
      status = WritePrim(path);
      return status.ok();
    });
    if (status.ok()) status = Flush(/*is_last=*/true);
    const arrow::Status written = pending_.valid() ? pending_.get() : arrow::Status::OK();
    ARROW_RETURN_NOT_OK(written);
    ARROW_RETURN_NOT_OK(status);
    if (is_complete) ARROW_RETURN_NOT_OK(is_complete());
    if (has_variants_) residual_.AddVariants();

    TableFileWriter::Ending ending;
    ending.schema_json = usdparquet::SerializeSchemaEntry(entry_);
    if (!residual_.empty()) {
      if (auto packed = UsdParquetPackSpecs(*residual_.data())) {
        ending.residual = std::move(*packed);
      } else {
        ARROW_ASSIGN_OR_RAISE(
            ending.residual,
            usdparquet::WithFileName(
                write_crate(residual_.data(), writer_->SidePath("residual.usdc")), file_));
      }
    }
    return writer_->Finish(ending);
  }

 private:
  arrow::Status MakeBuilders() {
    std::vector<std::shared_ptr<arrow::Field>> schema{
        arrow::field(plan_.path_column(), arrow::utf8(), false)};
    if (has_times()) schema.push_back(arrow::field(plan_.time_column(), arrow::float64()));
    const auto add = [&](const std::string& name, const usdparquet::ColumnEntry& column) {
      auto builder = UsdParquetColumnBuilder::Make(column.type);
      builder->CountInto(&group_bytes_);
      schema.push_back(arrow::field(name, builder->type()));
      entry_.columns[name] = column;
      return builder;
    };
    for (const auto& field : plan_.fields()) fields_.push_back(add(field.name, field.entry));
    for (const auto& column : plan_.columns()) columns_.push_back(add(column.name, column.entry));
    entry_.is_exact = true;
    entry_.time_column = plan_.time_column();
    if (plan_.path_column() != "path") entry_.path_column = plan_.path_column();
    schema_ = arrow::schema(std::move(schema));
    return arrow::Status::OK();
  }

  void WriteRoot() {
    const SdfPath& root = SdfPath::AbsoluteRootPath();
    for (const TfToken& field : data_.List(root)) {
      if (field == SdfChildrenKeys->PrimChildren) continue;
      const VtValue value = data_.Get(root, field);
      if (const auto text = UsdParquetToFooter(value)) {
        entry_.layer.emplace_back(field.GetString(), *text);
      } else {
        residual_.AddField(root, field, value);
      }
    }
  }

  arrow::Status WritePrim(const SdfPath& path) {
    const size_t prim = next_prim_++;
    if (prim >= plan_.num_prims()) {
      return arrow::Status::Invalid(file_, ": the layer was edited while it was written");
    }
    // The text of an SdfPath is kept by OpenUSD for good: not asked for.
    const size_t depth = path.GetPathElementCount();
    ends_.resize(depth);
    text_.resize(depth > 1 ? ends_[depth - 2] : 0);
    text_ += '/';
    text_ += path.GetName();
    ends_[depth - 1] = text_.size();

    samples_.clear();
    ARROW_RETURN_NOT_OK(WriteFields(path));
    ARROW_RETURN_NOT_OK(WriteProperties(path, plan_.PatternOf(prim)));
    if (!plan_.HasRow(prim)) return arrow::Status::OK();
    ARROW_RETURN_NOT_OK(EndRow(std::nullopt));
    return WriteSamples();
  }

  bool has_times() const { return !plan_.time_column().empty(); }

  /// Completes a row of the prim at hand; that without a time has its defaults.
  arrow::Status EndRow(std::optional<double> time) {
    ARROW_RETURN_NOT_OK(paths_.Append(text_));
    if (has_times()) {
      ARROW_RETURN_NOT_OK(time ? times_.Append(*time) : times_.AppendNull());
    }
    const bool is_full = ++row_ == options_.rows_per_group || group_bytes_ >= kMaxGroupBytes;
    return is_full ? Flush() : arrow::Status::OK();
  }

  /// A row for each time at which any attribute of the prim has a sample.
  arrow::Status WriteSamples() {
    std::set<double> times;
    for (const auto& [column, map] : samples_) {
      for (const auto& [time, value] : map) times.insert(time);
    }
    for (const double time : times) {
      for (const auto& [column, map] : samples_) {
        const auto sample = map.find(time);
        if (sample == map.end()) continue;
        ARROW_RETURN_NOT_OK(columns_[column]->Append(row_, sample->second));
      }
      ARROW_RETURN_NOT_OK(EndRow(time));
    }
    return arrow::Status::OK();
  }

  arrow::Status WriteFields(const SdfPath& path) {
    for (const TfToken& field : data_.List(path)) {
      if (field == SdfChildrenKeys->PrimChildren || field == SdfChildrenKeys->PropertyChildren) {
        continue;
      }
      has_variants_ |= field == SdfChildrenKeys->VariantSetChildren;
      VtValue value = data_.Get(path, field);
      if (field == SdfFieldKeys->Specifier && value == SdfSpecifierOver) continue;
      UsdParquetColumnBuilder* column = nullptr;
      for (size_t i = 0; i < fields_.size(); ++i) {
        if (plan_.fields()[i].field == field) column = fields_[i].get();
      }
      const VtValue cell = column ? UsdParquetCellOfField(field, value) : VtValue();
      if (!cell.IsEmpty() && column->CanHold(cell)) {
        ARROW_RETURN_NOT_OK(column->Append(row_, cell));
      } else {
        residual_.AddField(path, field, value);
      }
    }
    return arrow::Status::OK();
  }

  arrow::Status WriteProperties(const SdfPath& path, const UsdParquetExportPlan::Pattern& pattern) {
    for (size_t i = 0; i < pattern.names.size(); ++i) {
      const SdfPath property = path.AppendProperty(pattern.names[i]);
      const uint32_t column = pattern.columns[i];
      if (column == kResidual) {
        residual_.AddProperty(property);
        continue;
      }
      if (pattern.contents[i] & UsdParquetExportPlan::kValue) {
        const bool is_relationship =
            plan_.columns()[column].entry.role == usdparquet::ColumnRole::kRelationship;
        ARROW_RETURN_NOT_OK(columns_[column]->Append(
            row_, is_relationship
                      ? UsdParquetCellOfTargets(data_.Get(property, SdfFieldKeys->TargetPaths))
                      : data_.Get(property, SdfFieldKeys->Default)));
      }
      if (pattern.contents[i] & UsdParquetExportPlan::kSamples) {
        VtValue samples = data_.Get(property, SdfFieldKeys->TimeSamples);
        samples_.emplace_back(column, SdfTimeSampleMap());
        samples.UncheckedSwap(samples_.back().second);
      }
    }
    if (!pattern.is_in_column_order) {
      residual_.AddField(path, SdfChildrenKeys->PropertyChildren, VtValue(pattern.names));
    }
    return arrow::Status::OK();
  }

  /// Gives the rows at hand to the file. A thread of its own encodes them while the next ones fill.
  arrow::Status Flush(bool is_last = false) {
    if (row_ == 0 && writer_) return arrow::Status::OK();
    std::vector<std::shared_ptr<arrow::Array>> arrays(1);
    const uint64_t size = group_bytes_ + static_cast<uint64_t>(paths_.value_data_length());
    if (is_last && !writer_ && size < kMinCompressed && !options_.codec) {
      options_.codec = arrow::Compression::UNCOMPRESSED;
    }
    ARROW_RETURN_NOT_OK(paths_.Finish(&arrays[0]));
    if (has_times()) {
      arrays.emplace_back();
      ARROW_RETURN_NOT_OK(times_.Finish(&arrays.back()));
    }
    for (const auto* builders : {&fields_, &columns_}) {
      for (const auto& builder : *builders) {
        ARROW_ASSIGN_OR_RAISE(auto array, builder->Finish(row_));
        arrays.push_back(std::move(array));
      }
    }
    const auto table = arrow::Table::Make(schema_, std::move(arrays), row_);
    row_ = 0;
    group_bytes_ = 0;
    if (pending_.valid()) ARROW_RETURN_NOT_OK(pending_.get());
    if (!writer_) {
      ARROW_ASSIGN_OR_RAISE(writer_, TableFileWriter::Open(file_, *table, options_));
    }
    if (table->num_rows() == 0) return arrow::Status::OK();
    if (is_last) return writer_->WriteGroup(*table);
    // Where the system gives no thread, when its result is asked for.
    pending_ = std::async(std::launch::async | std::launch::deferred,
                          [this, table] { return writer_->WriteGroup(*table); });
    return arrow::Status::OK();
  }

  const SdfAbstractData& data_;
  const std::string file_;
  usdparquet::WriteOptions options_;
  const UsdParquetExportPlan plan_;
  UsdParquetResidualBuilder residual_;
  usdparquet::SchemaEntry entry_;
  std::shared_ptr<arrow::Schema> schema_;
  arrow::StringBuilder paths_;
  arrow::DoubleBuilder times_;  // where there are samples
  std::vector<std::unique_ptr<UsdParquetColumnBuilder>> fields_;
  std::vector<std::unique_ptr<UsdParquetColumnBuilder>> columns_;
  std::unique_ptr<TableFileWriter> writer_;
  std::future<arrow::Status> pending_;                          // the group being written
  std::vector<std::pair<uint32_t, SdfTimeSampleMap>> samples_;  // of the prim at hand, by column
  std::string text_;                                            // of the path of the last prim
  std::vector<size_t> ends_;  // of the texts of its ancestors and itself
  size_t next_prim_ = 0;
  uint32_t row_ = 0;
  uint64_t group_bytes_ = 0;
  bool has_variants_ = false;
};

}  // namespace

arrow::Result<usdparquet::WriteSummary> UsdParquetWriteLayer(
    const SdfAbstractData& data, const std::string& file, const UsdParquetColumnNames& names,
    const usdparquet::WriteOptions& options, const UsdParquetCrateWriter& write_crate,
    const std::function<arrow::Status()>& is_complete) {
  const UsdParquetUnguarded unguarded;
  auto written = LayerWriter(data, file, names, options).Write(write_crate, is_complete);
  // What Arrow's builders say names no file.
  if (written.ok() || written.status().message().starts_with(file)) return written;
  return usdparquet::WithFileName(std::move(written), file);
}

PXR_NAMESPACE_CLOSE_SCOPE
