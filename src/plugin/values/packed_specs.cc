#include "plugin/values/packed_specs.h"

#include <pxr/usd/sdf/data.h>
#include <pxr/usd/sdf/path.h>
#include <pxr/usd/sdf/types.h>

#include <algorithm>
#include <vector>

#include "plugin/values/packed_value.h"
#include "plugin/values/token_text.h"

PXR_NAMESPACE_OPEN_SCOPE

namespace {

/// Names that most residuals have, which take a byte each. Their places are in files: a change is
/// another version of the format.
constexpr const char* kKnownTexts[] = {"/",          "token",       "typeName",    "specifier",
                                       "properties", "custom",      "variability", "default",
                                       "references", "double",      "timeSamples", "targetPaths",
                                       "apiSchemas", "variantSets", "primChildren"};

/// The paths of all specs, until there are more than could be packed.
class PathCollector final : public SdfAbstractDataSpecVisitor {
 public:
  bool VisitSpec(const SdfAbstractData&, const SdfPath& path) override {
    paths_.push_back(path);
    return paths_.size() <= kUsdParquetMaxPacked / 4;
  }
  void Done(const SdfAbstractData&) override {}

  std::vector<SdfPath>& paths() { return paths_; }

 private:
  std::vector<SdfPath> paths_;
};

}  // namespace

std::optional<std::string> UsdParquetPackSpecs(const SdfAbstractData& data) {
  PathCollector collector;
  data.VisitSpecs(&collector);
  std::vector<SdfPath>& paths = collector.paths();
  std::sort(paths.begin(), paths.end());
  UsdParquetPacker packer;
  for (const char* text : kKnownTexts) packer.KnowText(text);
  packer.AddNumber(paths.size());
  for (const SdfPath& path : paths) {
    packer.AddPath(path);
    packer.AddNumber(data.GetSpecType(path));
    std::vector<TfToken> fields = data.List(path);
    std::sort(fields.begin(), fields.end());
    packer.AddNumber(fields.size());
    for (const TfToken& field : fields) {
      packer.AddText(field.GetString());
      packer.AddValue(data.Get(path, field));
      if (!packer.ok()) return std::nullopt;
    }
  }
  return packer.ok() ? std::optional(packer.bytes()) : std::nullopt;
}

SdfAbstractDataRefPtr UsdParquetUnpackSpecs(std::string_view bytes) {
  UsdParquetUnpacker unpacker(bytes);
  for (const char* text : kKnownTexts) unpacker.KnowText(text);
  const SdfAbstractDataRefPtr data = TfCreateRefPtr(new SdfData);
  data->CreateSpec(SdfPath::AbsoluteRootPath(), SdfSpecTypePseudoRoot);
  for (size_t specs = unpacker.TakeCount(); specs > 0; --specs) {
    const SdfPath path = unpacker.TakePath();
    const uint64_t type = unpacker.TakeNumber();
    if (!path.IsAbsolutePath() || type == SdfSpecTypeUnknown || type >= SdfNumSpecTypes) return {};
    data->CreateSpec(path, static_cast<SdfSpecType>(type));
    for (size_t fields = unpacker.TakeCount(); fields > 0; --fields) {
      const TfToken field = UsdParquetToken(unpacker.TakeText());
      const VtValue value = unpacker.TakeValue();
      if (!unpacker.ok()) return {};
      data->Set(path, field, value);
    }
  }
  return unpacker.ok() && unpacker.is_at_end() ? data : SdfAbstractDataRefPtr();
}

PXR_NAMESPACE_CLOSE_SCOPE
