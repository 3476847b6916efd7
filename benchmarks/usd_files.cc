#include "usd_files.h"

#include <pxr/base/gf/vec3f.h>
#include <pxr/base/vt/array.h>
#include <pxr/base/vt/value.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/attributeSpec.h>
#include <pxr/usd/sdf/changeBlock.h>
#include <pxr/usd/sdf/layer.h>
#include <pxr/usd/sdf/primSpec.h>
#include <pxr/usd/sdf/schema.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>

#include "usd_values.h"

PXR_NAMESPACE_USING_DIRECTIVE

namespace usdparquet_bench {
namespace {

SdfValueTypeName TypeName(Kind kind) {
  switch (kind) {
    case Kind::kDouble:
      return SdfValueTypeNames->Double;
    case Kind::kInt:
      return SdfValueTypeNames->Int;
    case Kind::kBool:
      return SdfValueTypeNames->Bool;
    case Kind::kString:
      return SdfValueTypeNames->String;
    case Kind::kFloat3:
      return SdfValueTypeNames->Float3;
    case Kind::kFloatArray:
      return SdfValueTypeNames->FloatArray;
  }
  throw std::logic_error("a kind of column without a type name");
}

VtValue MakeValue(uint64_t key, size_t column) {
  VtValue value;
  WithValue(key, column, [&](auto&& typed) { value = VtValue(typed); });
  return value;
}

/// Makes a prim of every row, the ancestors with the same specifier, and saves the layer.
void WriteLayer(const std::string& file, const Scene& scene, SdfSpecifier specifier,
                const std::string& type_name,
                const std::function<void(const SdfPrimSpecHandle&, int64_t)>& author) {
  const SdfLayerRefPtr layer = SdfLayer::CreateNew(file);
  if (!layer) throw std::runtime_error(file + ": the layer can't be made");
  {
    const SdfChangeBlock one_change;
    for (const std::string& inner : scene.InnerPaths()) {
      const SdfPrimSpecHandle prim = SdfCreatePrimInLayer(layer, SdfPath(inner));
      prim->SetSpecifier(specifier);
      prim->SetTypeName(type_name);
    }
    SdfPath parent_path;
    SdfPrimSpecHandle parent;
    for (int64_t row = 0; row < scene.prims; ++row) {
      const SdfPath path(scene.PrimPath(row));
      if (path.GetParentPath() != parent_path) {
        parent_path = path.GetParentPath();
        parent = layer->GetPrimAtPath(parent_path);
      }
      author(SdfPrimSpec::New(parent, path.GetName(), specifier, type_name), row);
    }
    if (specifier == SdfSpecifierDef) layer->SetDefaultPrim(TfToken("World"));
  }
  if (!layer->Save()) throw std::runtime_error(file + ": the layer can't be saved");
}

}  // namespace

void WriteUsdc(const std::string& file, const Scene& scene, size_t first_column,
               size_t column_count) {
  WriteLayer(file, scene, SdfSpecifierOver, "", [&](const SdfPrimSpecHandle& prim, int64_t row) {
    for (size_t column = first_column; column < first_column + column_count; ++column) {
      const auto attribute = SdfAttributeSpec::New(
          prim, kColumns[column].name, TypeName(kColumns[column].kind), SdfVariabilityVarying);
      attribute->SetDefaultValue(MakeValue(static_cast<uint64_t>(row), column));
    }
  });
}

void WriteSamplesUsdc(const std::string& file, const Scene& scene) {
  WriteLayer(file, scene, SdfSpecifierOver, "", [&](const SdfPrimSpecHandle& prim, int64_t row) {
    for (const size_t column : kPlaybackColumns) {
      SdfTimeSampleMap samples;
      for (int frame = 0; frame < kFrames; ++frame) {
        samples.emplace(frame, VtValue(SampleValue(static_cast<uint64_t>(row), frame, column)));
      }
      const auto attribute = SdfAttributeSpec::New(
          prim, kColumns[column].name, TypeName(kColumns[column].kind), SdfVariabilityVarying);
      attribute->SetField(SdfFieldKeys->TimeSamples, VtValue::Take(samples));
    }
  });
}

void WriteBase(const std::string& file, const Scene& scene) {
  WriteLayer(file, scene, SdfSpecifierDef, "Xform", [](const SdfPrimSpecHandle&, int64_t) {});
}

void WriteStage(const std::string& file, const std::vector<std::string>& sublayers) {
  std::ofstream out(file);
  out << "#usda 1.0\n(\n    defaultPrim = \"World\"\n    subLayers = [\n";
  for (size_t i = 0; i < sublayers.size(); ++i) {
    const std::string name = std::filesystem::path(sublayers[i]).filename().string();
    out << "        @./" << name << (i + 1 < sublayers.size() ? "@,\n" : "@\n");
  }
  out << "    ]\n)\n";
  if (!out.flush()) throw std::runtime_error(file + ": the stage can't be written");
}

}  // namespace usdparquet_bench
