#include "plugin/values/column_builder.h"

#include <arrow/builder.h>
#include <pxr/base/gf/half.h>
#include <pxr/base/gf/matrix2d.h>
#include <pxr/base/gf/matrix3d.h>
#include <pxr/base/gf/matrix4d.h>
#include <pxr/base/gf/quatd.h>
#include <pxr/base/gf/quatf.h>
#include <pxr/base/gf/quath.h>
#include <pxr/base/gf/vec2d.h>
#include <pxr/base/gf/vec2f.h>
#include <pxr/base/gf/vec2h.h>
#include <pxr/base/gf/vec2i.h>
#include <pxr/base/gf/vec3d.h>
#include <pxr/base/gf/vec3f.h>
#include <pxr/base/gf/vec3h.h>
#include <pxr/base/gf/vec3i.h>
#include <pxr/base/gf/vec4d.h>
#include <pxr/base/gf/vec4f.h>
#include <pxr/base/gf/vec4h.h>
#include <pxr/base/gf/vec4i.h>
#include <pxr/base/tf/token.h>
#include <pxr/base/vt/array.h>
#include <pxr/usd/sdf/assetPath.h>
#include <pxr/usd/sdf/pathExpression.h>
#include <pxr/usd/sdf/timeCode.h>

#include <string>
#include <typeinfo>

#include "core/schema/type_table.h"
#include "core/util/block_memory.h"
#include "core/util/utf8.h"
#include "plugin/values/value_types.h"

PXR_NAMESPACE_OPEN_SCOPE

using usdparquet::Scalar;

namespace {

// --- elements: one value of a Gf or Sdf type into a builder -------------------------------------

/// Fixed-size scalars and tuples: the components in the order in which Gf keeps them in memory.
template <typename ArrowType, typename C, int kTuple>
struct Numbers {
  using Builder = arrow::NumericBuilder<ArrowType>;
  static std::shared_ptr<arrow::DataType> Type() {
    auto scalar = arrow::TypeTraits<ArrowType>::type_singleton();
    if constexpr (kTuple == 1) return scalar;
    return arrow::fixed_size_list(arrow::field("element", scalar, false), kTuple);
  }
  template <typename T>
  static arrow::Status Append(const T* values, size_t count, Builder* builder) {
    static_assert(sizeof(T) == sizeof(C) * kTuple);
    if (count == 0) return arrow::Status::OK();  // an empty array has no address to copy from
    return builder->AppendValues(reinterpret_cast<const C*>(values),
                                 static_cast<int64_t>(count * kTuple));
  }
  template <typename T>
  static bool CanHold(const T&) {
    return true;
  }
  template <typename T>
  static size_t SizeOf(const T*, size_t count) {
    return count * sizeof(T);
  }
};

struct Bools {
  using Builder = arrow::BooleanBuilder;
  static std::shared_ptr<arrow::DataType> Type() { return arrow::boolean(); }
  static arrow::Status Append(const bool* values, size_t count, Builder* builder) {
    for (size_t i = 0; i < count; ++i) ARROW_RETURN_NOT_OK(builder->Append(values[i]));
    return arrow::Status::OK();
  }
  static bool CanHold(bool) { return true; }
  static size_t SizeOf(const bool*, size_t count) { return count; }
};

const std::string& Text(const std::string& text) { return text; }
const std::string& Text(const TfToken& token) { return token.GetString(); }
const std::string& Text(const SdfAssetPath& path) { return path.GetAssetPath(); }
std::string Text(const SdfPathExpression& expression) { return expression.GetText(); }

struct Texts {
  using Builder = arrow::StringBuilder;
  static std::shared_ptr<arrow::DataType> Type() { return arrow::utf8(); }
  template <typename T>
  static arrow::Status Append(const T* values, size_t count, Builder* builder) {
    for (size_t i = 0; i < count; ++i) ARROW_RETURN_NOT_OK(builder->Append(Text(values[i])));
    return arrow::Status::OK();
  }
  template <typename T>
  static bool CanHold(const T& value) {
    // What is read back is made of the text: an expression's may be normalized.
    const auto& text = Text(value);
    return usdparquet::IsUtf8(text) && T(std::string(text)) == value;
  }
  template <typename T>
  static size_t SizeOf(const T* values, size_t count) {
    size_t size = 0;
    for (size_t i = 0; i < count; ++i) size += Text(values[i]).size() + sizeof(int32_t);
    return size;
  }
};

// --- columns ------------------------------------------------------------------------------------

template <typename T, typename Element, int kTuple>
class Builder final : public UsdParquetColumnBuilder {
 public:
  explicit Builder(bool is_array)
      : values_(std::make_shared<typename Element::Builder>(usdparquet::BlockPool())) {
    std::shared_ptr<arrow::ArrayBuilder> cell = values_;
    if constexpr (kTuple > 1) {
      tuples_ = std::make_shared<arrow::FixedSizeListBuilder>(usdparquet::BlockPool(), values_,
                                                              Element::Type());
      cell = tuples_;
    }
    if (is_array) {
      lists_ = std::make_shared<arrow::ListBuilder>(
          usdparquet::BlockPool(), cell,
          arrow::list(arrow::field("element", Element::Type(), false)));
      cell = lists_;
    }
    cells_ = std::move(cell);
  }

  std::shared_ptr<arrow::DataType> type() const override { return cells_->type(); }

  bool CanHoldAll() const override { return !std::is_same_v<Element, Texts>; }

  bool CanHold(const VtValue& value) const override {
    if (lists_ ? !value.IsHolding<VtArray<T>>() : !value.IsHolding<T>()) return false;
    const auto [begin, count] = Elements(value);
    for (size_t i = 0; i < count; ++i) {
      if (!Element::CanHold(begin[i])) return false;
    }
    return true;
  }

  arrow::Status Append(uint32_t row, const VtValue& value) override {
    // The layer of a file with wrong statistics may have a value when asked whether it has, and
    // none when asked for it.
    if (!(lists_ ? value.IsHolding<VtArray<T>>() : value.IsHolding<T>())) {
      return arrow::Status::OK();
    }
    const auto [begin, count] = Elements(value);
    if (bytes_) *bytes_ += Element::SizeOf(begin, count);
    ARROW_RETURN_NOT_OK(FillTo(row));
    if (lists_) ARROW_RETURN_NOT_OK(lists_->Append());
    if constexpr (kTuple > 1) {
      ARROW_RETURN_NOT_OK(tuples_->AppendValues(static_cast<int64_t>(count), nullptr));
    }
    return Element::Append(begin, count, values_.get());
  }

  arrow::Result<std::shared_ptr<arrow::Array>> Finish(uint32_t num_rows) override {
    ARROW_RETURN_NOT_OK(FillTo(num_rows));
    return cells_->Finish();
  }

 private:
  std::pair<const T*, size_t> Elements(const VtValue& value) const {
    if (!lists_) return {&value.UncheckedGet<T>(), 1};
    const auto& array = value.UncheckedGet<VtArray<T>>();
    return {array.cdata(), array.size()};
  }

  arrow::Status FillTo(uint32_t row) {
    const int64_t missing = row - cells_->length();
    return missing > 0 ? cells_->AppendNulls(missing) : arrow::Status::OK();
  }

  std::shared_ptr<typename Element::Builder> values_;
  std::shared_ptr<arrow::FixedSizeListBuilder> tuples_;
  std::shared_ptr<arrow::ListBuilder> lists_;
  std::shared_ptr<arrow::ArrayBuilder> cells_;
};

struct BuilderRow {
  Scalar scalar;
  uint8_t tuple;
  const std::type_info* type;
  std::unique_ptr<UsdParquetColumnBuilder> (*make)(bool is_array);
};

template <typename T, typename Element, int kTuple = 1>
BuilderRow MakeRow(Scalar scalar) {
  return {
      scalar, kTuple, &typeid(T), [](bool is_array) {
        return std::unique_ptr<UsdParquetColumnBuilder>(new Builder<T, Element, kTuple>(is_array));
      }};
}

template <typename T, typename ArrowType, typename C, int kTuple = 1>
BuilderRow NumberRow(Scalar scalar) {
  return MakeRow<T, Numbers<ArrowType, C, kTuple>, kTuple>(scalar);
}

const BuilderRow kBuilders[] = {
    MakeRow<bool, Bools>(Scalar::kBool),
    NumberRow<unsigned char, arrow::UInt8Type, uint8_t>(Scalar::kUChar),
    NumberRow<int, arrow::Int32Type, int32_t>(Scalar::kInt),
    NumberRow<GfVec2i, arrow::Int32Type, int32_t, 2>(Scalar::kInt),
    NumberRow<GfVec3i, arrow::Int32Type, int32_t, 3>(Scalar::kInt),
    NumberRow<GfVec4i, arrow::Int32Type, int32_t, 4>(Scalar::kInt),
    NumberRow<unsigned int, arrow::UInt32Type, uint32_t>(Scalar::kUInt),
    NumberRow<int64_t, arrow::Int64Type, int64_t>(Scalar::kInt64),
    NumberRow<uint64_t, arrow::UInt64Type, uint64_t>(Scalar::kUInt64),
    NumberRow<GfHalf, arrow::HalfFloatType, uint16_t>(Scalar::kHalf),
    NumberRow<GfVec2h, arrow::HalfFloatType, uint16_t, 2>(Scalar::kHalf),
    NumberRow<GfVec3h, arrow::HalfFloatType, uint16_t, 3>(Scalar::kHalf),
    NumberRow<GfVec4h, arrow::HalfFloatType, uint16_t, 4>(Scalar::kHalf),
    NumberRow<GfQuath, arrow::HalfFloatType, uint16_t, 4>(Scalar::kHalf),
    NumberRow<float, arrow::FloatType, float>(Scalar::kFloat),
    NumberRow<GfVec2f, arrow::FloatType, float, 2>(Scalar::kFloat),
    NumberRow<GfVec3f, arrow::FloatType, float, 3>(Scalar::kFloat),
    NumberRow<GfVec4f, arrow::FloatType, float, 4>(Scalar::kFloat),
    NumberRow<GfQuatf, arrow::FloatType, float, 4>(Scalar::kFloat),
    NumberRow<double, arrow::DoubleType, double>(Scalar::kDouble),
    NumberRow<SdfTimeCode, arrow::DoubleType, double>(Scalar::kDouble),
    NumberRow<GfVec2d, arrow::DoubleType, double, 2>(Scalar::kDouble),
    NumberRow<GfVec3d, arrow::DoubleType, double, 3>(Scalar::kDouble),
    NumberRow<GfVec4d, arrow::DoubleType, double, 4>(Scalar::kDouble),
    NumberRow<GfQuatd, arrow::DoubleType, double, 4>(Scalar::kDouble),
    NumberRow<GfMatrix2d, arrow::DoubleType, double, 4>(Scalar::kDouble),
    NumberRow<GfMatrix3d, arrow::DoubleType, double, 9>(Scalar::kDouble),
    NumberRow<GfMatrix4d, arrow::DoubleType, double, 16>(Scalar::kDouble),
    MakeRow<std::string, Texts>(Scalar::kString),
    MakeRow<TfToken, Texts>(Scalar::kString),
    MakeRow<SdfAssetPath, Texts>(Scalar::kString),
    MakeRow<SdfPathExpression, Texts>(Scalar::kString),
};

}  // namespace

std::unique_ptr<UsdParquetColumnBuilder> UsdParquetColumnBuilder::Make(std::string_view sdf_type) {
  const auto shape = usdparquet::ShapeOfSdfType(sdf_type);
  if (!shape) return nullptr;
  if (shape->is_array) sdf_type.remove_suffix(2);
  const UsdParquetValueType* type = UsdParquetFindValueType(sdf_type);
  for (const BuilderRow& row : kBuilders) {
    if (type && row.scalar == shape->scalar && row.tuple == shape->tuple &&
        *row.type == *type->type) {
      return row.make(shape->is_array);
    }
  }
  return nullptr;
}

PXR_NAMESPACE_CLOSE_SCOPE
