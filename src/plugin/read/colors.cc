#include "plugin/read/colors.h"

#include <utility>

PXR_NAMESPACE_OPEN_SCOPE

using usdparquet::ColorScale;
using usdparquet::Page;

namespace {

const UsdParquetColors& ColorsOf(const UsdParquetValueType& self) {
  return static_cast<const UsdParquetColors&>(self);
}

bool StoreColor(const UsdParquetValueType& self, const Page& page, uint32_t i,
                SdfAbstractDataValue* value) {
  const UsdParquetColors& colors = ColorsOf(self);
  const uint32_t color = colors.scale->Find(page, i);
  return color != ColorScale::kNone && value->StoreValue(colors.values[color]);
}

VtValue GetColor(const UsdParquetValueType& self, const Page& page, uint32_t i) {
  const UsdParquetColors& colors = ColorsOf(self);
  const uint32_t color = colors.scale->Find(page, i);
  return color == ColorScale::kNone ? VtValue() : VtValue(colors.values[color]);
}

}  // namespace

UsdParquetColors::UsdParquetColors(std::shared_ptr<const ColorScale> color_scale)
    : UsdParquetValueType{&typeid(VtVec3fArray), &StoreColor, &GetColor},
      scale(std::move(color_scale)) {
  for (const usdparquet::SrgbColor color : scale->ramp().colors) {
    const auto [red, green, blue] = usdparquet::LinearColorOf(color);
    values.emplace_back(size_t{1}, GfVec3f(red, green, blue));
  }
}

PXR_NAMESPACE_CLOSE_SCOPE
