// The SdfFileFormat of `.benchfloor`: a line `<hierarchy> <prims> <first column>`.

#include <pxr/base/tf/declarePtrs.h>
#include <pxr/base/tf/diagnostic.h>
#include <pxr/base/tf/registryManager.h>
#include <pxr/base/tf/staticTokens.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/fileFormat.h>
#include <pxr/usd/sdf/layer.h>

#include <fstream>
#include <string>

#include "floor/floor_data.h"

PXR_NAMESPACE_OPEN_SCOPE

TF_DEFINE_PRIVATE_TOKENS(_tokens, ((id, "benchfloor"))((version, "1.0"))((target, "usd")));

TF_DECLARE_WEAK_AND_REF_PTRS(BenchFloorFileFormat);

class BenchFloorFileFormat : public SdfFileFormat {
 public:
  bool CanRead(const std::string&) const override { return true; }

  bool Read(SdfLayer* layer, const std::string& file, bool /*metadata_only*/) const override {
    std::ifstream in(file);
    std::string hierarchy;
    usdparquet_bench::Scene scene;
    size_t first_column = 0;
    if (!(in >> hierarchy >> scene.prims >> first_column)) {
      TF_RUNTIME_ERROR("%s: not a line of the floor format", file.c_str());
      return false;
    }
    scene.hierarchy = usdparquet_bench::ParseHierarchy(hierarchy);
    SdfAbstractDataRefPtr data = BenchFloorData::New(scene, first_column);
    _SetLayerData(layer, data);
    return true;
  }

 protected:
  SDF_FILE_FORMAT_FACTORY_ACCESS;
  BenchFloorFileFormat()
      : SdfFileFormat(_tokens->id, _tokens->version, _tokens->target, _tokens->id.GetString()) {}

  bool _ReadDetached(SdfLayer* layer, const std::string& file, bool metadata_only) const override {
    return _ReadAndCopyLayerDataToMemory(layer, file, metadata_only);
  }
};

TF_REGISTRY_FUNCTION(TfType) { SDF_DEFINE_FILE_FORMAT(BenchFloorFileFormat, SdfFileFormat); }

PXR_NAMESPACE_CLOSE_SCOPE
