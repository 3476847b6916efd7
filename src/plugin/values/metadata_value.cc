#include "plugin/values/metadata_value.h"

#include <pxr/base/tf/diagnostic.h>
#include <pxr/base/vt/array.h>
#include <pxr/usd/sdf/assetPath.h>
#include <pxr/usd/sdf/schema.h>

#include <cmath>

#include "core/util/utf8.h"
#include "plugin/values/token_text.h"

PXR_NAMESPACE_OPEN_SCOPE

using usdparquet::MetadataValue;

namespace {

// JSON has only text in UTF-8.
bool IsText(const std::string& text) { return usdparquet::IsUtf8(text); }

template <typename T, typename ToString>
std::optional<MetadataValue> FromArray(const char* type, const VtArray<T>& array,
                                       const ToString& to_string) {
  std::vector<std::string> texts;
  for (const T& element : array) {
    texts.push_back(to_string(element));
    if (!IsText(texts.back())) return std::nullopt;
  }
  return MetadataValue{type, std::move(texts)};
}

}  // namespace

std::optional<MetadataValue> UsdParquetToFooter(const VtValue& value) {
  const auto text = [](const char* type, const std::string& s) -> std::optional<MetadataValue> {
    if (!IsText(s)) return std::nullopt;
    return MetadataValue{type, s};
  };
  const auto real = [](const char* type, double d) -> std::optional<MetadataValue> {
    // Declarations are compared with ==, for which -0.0 is 0.0.
    if (!std::isfinite(d) || (d == 0 && std::signbit(d))) return std::nullopt;
    return MetadataValue{type, d};
  };
  if (value.IsHolding<bool>()) return MetadataValue{"bool", value.UncheckedGet<bool>()};
  if (value.IsHolding<int>()) return MetadataValue{"int", int64_t{value.UncheckedGet<int>()}};
  if (value.IsHolding<int64_t>()) return MetadataValue{"int64", value.UncheckedGet<int64_t>()};
  if (value.IsHolding<double>()) return real("double", value.UncheckedGet<double>());
  if (value.IsHolding<float>()) return real("float", value.UncheckedGet<float>());
  if (value.IsHolding<std::string>()) return text("string", value.UncheckedGet<std::string>());
  if (value.IsHolding<TfToken>()) return text("token", value.UncheckedGet<TfToken>().GetString());
  if (value.IsHolding<SdfAssetPath>()) {
    return text("asset", value.UncheckedGet<SdfAssetPath>().GetAssetPath());
  }
  if (value.IsHolding<VtTokenArray>()) {
    return FromArray("token[]", value.UncheckedGet<VtTokenArray>(),
                     [](const TfToken& token) { return token.GetString(); });
  }
  if (value.IsHolding<VtStringArray>()) {
    return FromArray("string[]", value.UncheckedGet<VtStringArray>(),
                     [](const std::string& s) { return s; });
  }
  return std::nullopt;
}

VtValue UsdParquetFromFooter(const MetadataValue& value) {
  const std::string& type = value.type;
  if (const auto* b = std::get_if<bool>(&value.value)) return VtValue(*b);
  if (const auto* i = std::get_if<int64_t>(&value.value)) {
    return type == "int64" ? VtValue(*i) : VtValue(static_cast<int>(*i));
  }
  if (const auto* d = std::get_if<double>(&value.value)) {
    return type == "double" ? VtValue(*d) : VtValue(static_cast<float>(*d));
  }
  if (const auto* s = std::get_if<std::string>(&value.value)) {
    if (type == "token") return VtValue(UsdParquetToken(*s));
    if (type == "asset") return VtValue(SdfAssetPath(*s));
    return VtValue(*s);
  }
  const auto& texts = std::get<std::vector<std::string>>(value.value);
  if (type == "token[]") {
    VtTokenArray tokens;
    for (const std::string& text : texts) tokens.push_back(UsdParquetToken(text));
    return VtValue(tokens);
  }
  return VtValue(VtStringArray(texts.begin(), texts.end()));
}

std::vector<std::pair<TfToken, VtValue>> UsdParquetFieldsFromFooter(
    const usdparquet::MetadataFields& fields, SdfSpecType spec_type, const std::string& file,
    const std::string& owner, std::vector<std::string>* left_out) {
  std::vector<std::pair<TfToken, VtValue>> values;
  const SdfSchema& schema = SdfSchema::GetInstance();
  const auto* spec = schema.GetSpecDefinition(spec_type);
  for (const auto& [name, footer_value] : fields) {
    const TfToken field = UsdParquetToken(name);
    VtValue value = UsdParquetFromFooter(footer_value);
    // What the schema does not know is somebody's own metadata.
    const auto* known = schema.GetFieldDefinition(field);
    if (known && (spec->IsRequiredField(field) || known->HoldsChildren() ||
                  known->GetFallbackValue().GetTypeid() != value.GetTypeid())) {
      TF_WARN("%s: %s: the footer's '%s' of type '%s' is no metadata of that type; it is left out",
              file.c_str(), owner.c_str(), name.c_str(), footer_value.type.c_str());
      left_out->push_back("the footer's '" + name + "' of " + owner + ", which is no metadata of " +
                          "type '" + footer_value.type + "', would be lost");
      continue;
    }
    values.emplace_back(field, std::move(value));
  }
  return values;
}

PXR_NAMESPACE_CLOSE_SCOPE
