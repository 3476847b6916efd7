#pragma once

/// \file
/// The SdfFileFormat that OpenUSD finds for `.parquet`.

#include <pxr/base/tf/declarePtrs.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/fileFormat.h>

#include <set>
#include <string>

PXR_NAMESPACE_OPEN_SCOPE

TF_DECLARE_WEAK_AND_REF_PTRS(UsdParquetFileFormat);

/// Opens, writes and saves layers as Parquet files. Text goes through the usda format, as for
/// every binary layer.
class UsdParquetFileFormat : public SdfFileFormat {
 public:
  SdfAbstractDataRefPtr InitData(const FileFormatArguments& arguments) const override;
  bool CanRead(const std::string& file) const override;
  bool Read(SdfLayer* layer, const std::string& resolved_path, bool metadata_only) const override;
  bool WriteToFile(const SdfLayer& layer, const std::string& file, const std::string& comment,
                   const FileFormatArguments& arguments) const override;
  /// As WriteToFile; the layer's data then is that file, and its edits are gone from memory.
  bool SaveToFile(const SdfLayer& layer, const std::string& file, const std::string& comment,
                  const FileFormatArguments& arguments) const override;
  /// The file of ids that the format argument `ids` names: the layer is read anew when it changes.
  std::set<std::string> GetExternalAssetDependencies(const SdfLayer& layer) const override;
  bool ReadFromString(SdfLayer* layer, const std::string& text) const override;
  bool WriteToString(const SdfLayer& layer, std::string* text,
                     const std::string& comment) const override;
  bool WriteToStream(const SdfSpecHandle& spec, std::ostream& out, size_t indent) const override;

 protected:
  SDF_FILE_FORMAT_FACTORY_ACCESS;
  UsdParquetFileFormat();
  ~UsdParquetFileFormat() override;

  bool _ReadDetached(SdfLayer* layer, const std::string& resolved_path,
                     bool metadata_only) const override;
};

PXR_NAMESPACE_CLOSE_SCOPE
