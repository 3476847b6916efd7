#include "plugin/resolve/stage_columns.h"

#include <arrow/array/concatenate.h>
#include <arrow/builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/datum.h>
#include <pxr/base/vt/array.h>
#include <pxr/base/vt/value.h>
#include <pxr/usd/pcp/layerStack.h>
#include <pxr/usd/pcp/primIndex.h>
#include <pxr/usd/sdf/assetPath.h>
#include <pxr/usd/sdf/layer.h>
#include <pxr/usd/sdf/pathExpression.h>
#include <pxr/usd/sdf/schema.h>
#include <pxr/usd/sdf/timeCode.h>

#include <algorithm>
#include <limits>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>

#include "core/util/block_memory.h"
#include "core/util/parallel_for.h"
#include "core/util/raw_vector.h"
#include "plugin/format/layer_columns.h"
#include "plugin/resolve/prim_sites.h"
#include "plugin/values/column_builder.h"

PXR_NAMESPACE_OPEN_SCOPE

using usdparquet::PrimId;

namespace {

using Found = UsdParquetFound;

/// Where the value of an attribute of a prim is.
enum class Place : uint8_t {
  kNowhere,
  kAsk,    ///< OpenUSD has to be asked
  kField,  ///< the next of the values that were read from fields
  kRow,    ///< the row of the prim in the first table that has one
  kOther,  ///< the next of the range's `others`
};

/// A row of a layer's table.
struct Row {
  uint16_t layer;
  uint32_t number;
};

/// Values that were read from fields, in the order of their prims.
struct Values {
  std::string sdf_type;
  std::unique_ptr<UsdParquetColumnBuilder> builder;
  uint32_t count = 0;
  std::shared_ptr<arrow::Array> cells;
  std::vector<Row> others;  // where a value is in a row of a weaker table
};

/// Prims [begin, end), which one thread resolves.
struct Range {
  size_t begin, end;
  std::vector<Values> values;  // by column
};

/// The columns of a prim that are not settled yet.
struct Open {
  std::vector<uint32_t> columns;
  /// By column, the type that a layer says the attribute has, without a value.
  std::vector<TfToken> declared;
  bool has_declared = false;

  void Start(size_t count) {
    columns.clear();
    for (uint32_t i = 0; i < count; ++i) columns.push_back(i);
    if (has_declared || declared.size() != count) declared.assign(count, TfToken());
    has_declared = false;
  }
  void Declare(size_t i, const TfToken& type) {
    if (declared[i].IsEmpty()) declared[i] = type;
    has_declared = true;
  }
  bool IsOtherType(size_t i, const TfToken& type) const {
    return !declared[i].IsEmpty() && declared[i] != type;
  }
};

constexpr uint16_t kNoLayer = 0xffff;

struct LayerInStack {
  UsdParquetLayerColumns* columns;
  uint16_t number;
  bool has_offset;
};
using Stack = std::vector<LayerInStack>;

class Resolver {
 public:
  Resolver(const PcpCache& cache, UsdParquetStagePrims* prims, const UsdParquetWanted& wanted)
      : prims_(*prims), wanted_(wanted), types_(wanted.names.size()) {
    cache.ForEachLayerStack([this](const PcpLayerStackPtr& stack) { AddStack(stack); });
    places_.resize(wanted.names.size());
    for (auto& places : places_) places.assign(prims->indexes.size(), Place::kNowhere);
    first_layers_.assign(prims->indexes.size(), kNoLayer);
    first_rows_.resize(prims->indexes.size());
  }

  arrow::Result<std::vector<UsdParquetResolvedColumn>> Run() {
    if (layers_.size() >= kNoLayer) {
      return arrow::Status::CapacityError("the stage has too many layers");
    }
    ARROW_RETURN_NOT_OK(ReadUsedColumns());
    MakeRanges();
    ARROW_RETURN_NOT_OK(usdparquet::ParallelFor(0, ranges_.size(), [this](size_t i) {
      Range& range = ranges_[i];
      for (size_t prim = range.begin; prim < range.end; ++prim) {
        ARROW_RETURN_NOT_OK(ResolvePrim(prim, &range));
      }
      for (Values& values : range.values) {
        if (!values.builder) continue;
        ARROW_ASSIGN_OR_RAISE(values.cells, values.builder->Finish(values.count));
        values.builder.reset();
      }
      return arrow::Status::OK();
    }));
    decltype(prims_.indexes)().swap(prims_.indexes);  // assigning {} would keep the memory
    std::vector<UsdParquetResolvedColumn> columns(wanted_.names.size());
    // One after the other: each has its values twice meanwhile.
    for (size_t i = 0; i < columns.size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(columns[i], Collect(i));
    }
    return columns;
  }

 private:
  void AddStack(const PcpLayerStackPtr& stack) {
    if (!stack) return;
    Stack& layers = stacks_[get_pointer(stack)];
    for (size_t i = 0; i < stack->GetLayers().size(); ++i) {
      const SdfLayerRefPtr& layer = stack->GetLayers()[i];
      const auto [it, is_new] =
          numbers_.try_emplace(get_pointer(layer), static_cast<uint16_t>(layers_.size()));
      if (is_new) {
        layers_.push_back(
            std::make_unique<UsdParquetLayerColumns>(layer, wanted_.names, prims_.indexes.size()));
      }
      layers.push_back(
          {layers_[it->second].get(), it->second, stack->GetLayerOffsetForLayer(i) != nullptr});
    }
  }

  /// Reads the columns that some prims here and there have cells of, all at once; others are read
  /// when they are met.
  arrow::Status ReadUsedColumns() {
    constexpr size_t kProbes = 64;
    const size_t count = prims_.indexes.size();
    std::vector<std::pair<UsdParquetLayerColumns*, size_t>> used;
    for (size_t probe = 0; probe < kProbes && probe < count; ++probe) {
      const size_t prim = probe * count / std::min(kProbes, count);
      if (!prims_.indexes[prim]) continue;
      UsdParquetVisitNodes(*prims_.indexes[prim], [&](const PcpNodeRef& node) {
        const Stack* const stack = StackOf(node);
        if (!stack) return true;
        for (const LayerInStack& layer : *stack) {
          if (!layer.columns->has_table() ||
              layer.columns->RowAt(node.GetPath()) == PrimId::kNone) {
            continue;
          }
          for (size_t i = 0; i < wanted_.names.size(); ++i) {
            if (!layer.columns->HasColumn(i)) continue;
            const std::pair column(layer.columns, i);
            if (std::ranges::find(used, column) == used.end()) used.push_back(column);
            if (types_[i].empty()) types_[i] = layer.columns->TypeOf(i);
          }
        }
        return true;
      });
    }
    return usdparquet::ParallelFor(0, used.size(), [&](size_t i) {
      used[i].first->Read(used[i].second);
      return arrow::Status::OK();
    });
  }

  void MakeRanges() {
    const size_t count = prims_.indexes.size();
    const size_t threads = std::max(1u, std::thread::hardware_concurrency());
    const size_t parts = std::max<size_t>(1, std::min(count / 1024, threads));
    for (size_t i = 0; i < parts; ++i) {
      ranges_.push_back({count * i / parts, count * (i + 1) / parts, {}});
      ranges_.back().values.resize(wanted_.names.size());
    }
  }

  const Stack* StackOf(const PcpNodeRef& node) const {
    const auto it = stacks_.find(get_pointer(node.GetLayerStack()));
    return it == stacks_.end() ? nullptr : &it->second;
  }

  arrow::Status ResolvePrim(size_t prim, Range* range) {
    const size_t count = wanted_.names.size();
    const bool has_clips = !wanted_.is_default_time && prims_.has_clips[prim];
    if (!prims_.indexes[prim] || has_clips) {
      for (usdparquet::RawVector<Place>& places : places_) places[prim] = Place::kAsk;
      return arrow::Status::OK();
    }
    static thread_local Open open;
    open.Start(count);
    arrow::Status status;
    const PcpPrimIndex& index = *prims_.indexes[prim];
    UsdParquetVisitNodes(index, [&](const PcpNodeRef& node) {
      const Stack* const stack = StackOf(node);
      if (!stack) {
        for (const uint32_t i : open.columns) places_[i][prim] = Place::kAsk;
        return false;
      }
      for (const LayerInStack& layer : *stack) {
        if (layer.columns->has_table()) FindInTable(layer, node, prim, range, &open);
        if (!open.columns.empty() && layer.columns->has_fields()) {
          status = FindInFields(layer, node, prim, range, &open);
        }
        if (!status.ok() || open.columns.empty()) return false;
      }
      return true;
    });
    ARROW_RETURN_NOT_OK(status);
    bool has_type = false, knows_type = false;
    for (size_t i = 0; i < count; ++i) {
      if (places_[i][prim] != Place::kNowhere || !wanted_.can_fall_back[i]) continue;
      if (!knows_type) has_type = HasSchema(index);
      knows_type = true;
      if (has_type) places_[i][prim] = Place::kAsk;
    }
    return arrow::Status::OK();
  }

  /// Finds open columns in the row of a prim; those that are found are open no more.
  void FindInTable(const LayerInStack& layer, const PcpNodeRef& node, size_t prim, Range* range,
                   Open* open) {
    uint32_t row = PrimId::kNone;
    bool knows_row = false, is_first = false;
    std::erase_if(open->columns, [&](uint32_t i) {
      if (!layer.columns->HasColumn(i)) return false;
      if (!knows_row) row = layer.columns->RowAt(node.GetPath());
      if (row == PrimId::kNone) return false;
      if (!knows_row) is_first = first_layers_[prim] == kNoLayer;
      knows_row = true;
      if (is_first) {
        first_layers_[prim] = layer.number;
        first_rows_[prim] = row;
      }
      const UsdParquetLayerColumns::Column& column = layer.columns->Read(i);
      const bool can_take = column.cells && !open->IsOtherType(i, column.property->type_name) &&
                            (!column.sdf_type.starts_with("timecode") || !IsShifted(layer, node));
      if (can_take && column.cells->IsNull(row)) return false;
      places_[i][prim] = !can_take ? Place::kAsk : is_first ? Place::kRow : Place::kOther;
      if (can_take && !is_first) range->values[i].others.push_back({layer.number, row});
      return true;
    });
  }

  /// Finds open columns in the fields of a layer, as FindInTable does.
  arrow::Status FindInFields(const LayerInStack& layer, const PcpNodeRef& node, size_t prim,
                             Range* range, Open* open) {
    static thread_local TfTokenVector names;
    const SdfAbstractData& fields = layer.columns->fields();
    SdfAbstractDataTypedValue<TfTokenVector> out(&names);
    if (!fields.Has(node.GetPath(), SdfChildrenKeys->PropertyChildren, &out)) {
      return arrow::Status::OK();
    }
    arrow::Status status;
    std::erase_if(open->columns, [&](uint32_t i) {
      if (!status.ok() || std::ranges::find(names, wanted_.names[i]) == names.end()) return false;
      const SdfPath path = node.GetPath().AppendProperty(wanted_.names[i]);
      return FindInField(layer, node, path, i, prim, range, open, &status);
    });
    return status;
  }

  /// Whether what the layer says of an attribute settles its value, at the place that is set then.
  bool FindInField(const LayerInStack& layer, const PcpNodeRef& node, const SdfPath& path, size_t i,
                   size_t prim, Range* range, Open* open, arrow::Status* status) {
    const SdfAbstractData& fields = layer.columns->fields();
    Place& place = places_[i][prim];
    VtValue value;
    const bool is_timed =
        !wanted_.is_default_time &&
        (fields.Has(path, SdfFieldKeys->TimeSamples, static_cast<VtValue*>(nullptr)) ||
         fields.Has(path, SdfFieldKeys->Spline, static_cast<VtValue*>(nullptr)));
    if (is_timed) {
      place = Place::kAsk;
      return true;
    }
    if (!fields.Has(path, SdfFieldKeys->Default, &value)) {
      open->Declare(i, TypeNameOf(fields, path));
      return false;
    }
    if (value.IsHolding<SdfValueBlock>()) return true;  // as if there were no more layers
    const bool is_other_type =
        !open->declared[i].IsEmpty() && open->IsOtherType(i, TypeNameOf(fields, path));
    if (is_other_type || NeedsContext(value) || !CanHold(value, i, range) ||
        (IsTimeCode(value) && IsShifted(layer, node))) {
      place = Place::kAsk;
      return true;
    }
    Values& values = range->values[i];
    *status = values.builder->Append(values.count, value);
    place = Place::kField;
    ++values.count;
    return true;
  }

  /// Whether a value is one of the column that the range reads; the first one decides which.
  bool CanHold(const VtValue& value, size_t i, Range* range) const {
    Values& values = range->values[i];
    if (!values.builder) {
      values.sdf_type = !types_[i].empty()
                            ? types_[i]
                            : SdfSchema::GetInstance().FindType(value).GetAsToken().GetString();
      values.builder = UsdParquetLayerColumns::MakeBuilder(values.sdf_type);
    }
    return values.builder && values.builder->CanHold(value);
  }

  static TfToken TypeNameOf(const SdfAbstractData& fields, const SdfPath& attribute) {
    VtValue type;
    const bool has_type = fields.Has(attribute, SdfFieldKeys->TypeName, &type);
    return has_type ? type.GetWithDefault<TfToken>() : TfToken();
  }

  static bool IsTimeCode(const VtValue& value) {
    return value.IsHolding<SdfTimeCode>() || value.IsHolding<VtArray<SdfTimeCode>>();
  }

  /// Whether OpenUSD may make another value of it, by where it is.
  static bool NeedsContext(const VtValue& value) {
    const auto is_expression = [](const SdfAssetPath& path) {
      return path.GetAssetPath().starts_with('`');
    };
    if (value.IsHolding<SdfAssetPath>()) return is_expression(value.UncheckedGet<SdfAssetPath>());
    if (value.IsHolding<VtArray<SdfAssetPath>>()) {
      return std::ranges::any_of(value.UncheckedGet<VtArray<SdfAssetPath>>(), is_expression);
    }
    return value.IsHolding<SdfPathExpression>() || value.IsHolding<VtArray<SdfPathExpression>>();
  }

  /// Whether the times of a layer are not those of the stage.
  static bool IsShifted(const LayerInStack& layer, const PcpNodeRef& node) {
    return layer.has_offset || !node.GetMapToRoot().GetTimeOffset().IsIdentity();
  }

  /// Whether a prim has a type or applied schemas.
  bool HasSchema(const PcpPrimIndex& index) const {
    static const TfToken kSchemas("apiSchemas");
    bool has_schema = false;
    UsdParquetVisitNodes(index, [&](const PcpNodeRef& node) {
      const Stack* const stack = StackOf(node);
      if (!stack) return true;
      for (const LayerInStack& layer : *stack) {
        const SdfAbstractData& fields = layer.columns->fields();
        for (const TfToken& field : {SdfFieldKeys->TypeName, kSchemas}) {
          if (fields.Has(node.GetPath(), field, static_cast<VtValue*>(nullptr))) has_schema = true;
        }
      }
      return !has_schema;
    });
    return has_schema;
  }

  /// The row of a prim that has a place in a table; `other` is the next one of `others`.
  Row RowOf(Place place, size_t prim, const Row*& other) const {
    return place == Place::kRow ? Row{first_layers_[prim], first_rows_[prim]} : *other++;
  }

  /// Calls `f(place, row)` for the attribute of each prim of a range; `row` is where it is in
  /// a table, if it is there.
  template <typename F>
  void VisitPlaces(size_t i, const Range& range, const F& f) const {
    const Row* other = range.values[i].others.data();
    for (size_t prim = range.begin; prim < range.end; ++prim) {
      const Place place = places_[i][prim];
      const bool is_in_table = place == Place::kRow || place == Place::kOther;
      f(place, is_in_table ? RowOf(place, prim, other) : Row{kNoLayer, 0});
    }
  }

  /// Puts together what was found of a column, and frees what it was found in.
  arrow::Result<UsdParquetResolvedColumn> Collect(size_t i) {
    std::vector<bool> is_used(layers_.size());
    for (const Range& range : ranges_) {
      VisitPlaces(i, range, [&](Place, const Row& row) {
        if (row.layer != kNoLayer) is_used[row.layer] = true;
      });
    }
    arrow::ArrayVector parts;
    std::vector<int64_t> starts(layers_.size(), -1);  // in all parts; -1: OpenUSD has to be asked
    int64_t length = 0;
    const auto add = [&](const std::shared_ptr<arrow::Array>& cells) -> int64_t {
      if (!cells || (!parts.empty() && !parts[0]->type()->Equals(*cells->type()))) return -1;
      parts.push_back(cells);
      length += cells->length();
      return length - cells->length();
    };
    for (size_t layer = 0; layer < layers_.size(); ++layer) {
      if (!is_used[layer]) continue;
      starts[layer] = add(layers_[layer]->Read(i).cells);
      layers_[layer]->Forget(i);
    }
    UsdParquetResolvedColumn column;
    ARROW_ASSIGN_OR_RAISE(const auto order, OrderOf(i, starts, add, &column));
    usdparquet::RawVector<Place>().swap(places_[i]);
    if (parts.empty()) {
      ARROW_ASSIGN_OR_RAISE(column.cells, arrow::MakeArrayOfNull(arrow::null(), order->length()));
      return column;
    }
    if (length > std::numeric_limits<uint32_t>::max()) {
      return arrow::Status::CapacityError("too many values");
    }
    std::shared_ptr<arrow::Array> cells = parts[0];
    if (parts.size() > 1) {
      ARROW_ASSIGN_OR_RAISE(cells, arrow::Concatenate(parts, usdparquet::BlockPool()));
    }
    parts.clear();
    arrow::compute::ExecContext context(usdparquet::BlockPool());
    ARROW_ASSIGN_OR_RAISE(
        const arrow::Datum taken,
        arrow::compute::Take(cells, order, arrow::compute::TakeOptions::Defaults(), &context));
    column.cells = taken.make_array();
    return column;
  }

  /// The places of the values of a column in all parts, of which `starts` are those of layers;
  /// `add` adds the values of a range, and gives its start. Sets how each was found.
  template <typename Add>
  arrow::Result<std::shared_ptr<arrow::Array>> OrderOf(size_t i, const std::vector<int64_t>& starts,
                                                       const Add& add,
                                                       UsdParquetResolvedColumn* column) {
    arrow::UInt8Builder found;
    arrow::UInt32Builder order(usdparquet::BlockPool());
    ARROW_RETURN_NOT_OK(found.Reserve(static_cast<int64_t>(places_[i].size())));
    ARROW_RETURN_NOT_OK(order.Reserve(static_cast<int64_t>(places_[i].size())));
    for (Range& range : ranges_) {
      const int64_t values_start = add(range.values[i].cells);
      uint32_t value = 0;
      VisitPlaces(i, range, [&](Place place, const Row& row) {
        const bool is_field = place == Place::kField;
        const int64_t start = is_field                ? values_start
                              : row.layer != kNoLayer ? starts[row.layer]
                                                      : -1;
        const uint32_t offset = is_field ? value++ : row.number;
        const Found how = start >= 0                 ? (is_field ? Found::kSingle : Found::kWhole)
                          : place == Place::kNowhere ? Found::kNothing
                                                     : Found::kAsk;
        found.UnsafeAppend(static_cast<uint8_t>(how));
        if (start < 0) {
          order.UnsafeAppendNull();
        } else {
          order.UnsafeAppend(static_cast<uint32_t>(start + offset));
        }
      });
      range.values[i] = {};
    }
    ARROW_RETURN_NOT_OK(found.Finish(&column->found));
    return order.Finish();
  }

  UsdParquetStagePrims& prims_;
  const UsdParquetWanted& wanted_;
  std::vector<std::unique_ptr<UsdParquetLayerColumns>> layers_;
  std::unordered_map<const SdfLayer*, uint16_t> numbers_;
  std::unordered_map<const PcpLayerStack*, Stack> stacks_;
  std::vector<std::string> types_;                    // of the columns, as far as tables tell
  std::vector<usdparquet::RawVector<Place>> places_;  // by column, then by prim
  // By prim, the row in the strongest table that has one.
  usdparquet::RawVector<uint16_t> first_layers_;
  usdparquet::RawVector<uint32_t> first_rows_;
  std::vector<Range> ranges_;
};

}  // namespace

arrow::Result<std::vector<UsdParquetResolvedColumn>> UsdParquetResolveColumns(
    const PcpCache& cache, UsdParquetStagePrims* prims, const UsdParquetWanted& wanted) {
  return Resolver(cache, prims, wanted).Run();
}

PXR_NAMESPACE_CLOSE_SCOPE
