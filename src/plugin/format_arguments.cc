#include "plugin/format_arguments.h"

#include <pxr/base/tf/stringUtils.h>

#include <cmath>
#include <cstdlib>

#include "plugin/prim_lookup.h"

PXR_NAMESPACE_OPEN_SCOPE

namespace {

arrow::Result<SdfPath> ParsePrefix(const std::string& text) {
  std::string why;
  if (SdfPath::IsValidPathString(text, &why)) {
    const SdfPath path(text);
    if (path.IsAbsoluteRootOrPrimPath() && path.IsAbsolutePath() &&
        !path.ContainsPrimVariantSelection() &&
        path.GetPathElementCount() <= UsdParquetPrimLookup::kMaxPrefixDepth) {
      return path;
    }
  }
  return arrow::Status::Invalid("format argument prefix='", text,
                                "' is no absolute prim path, such as /World/Building");
}

arrow::Result<uint64_t> ParseMegabytes(const std::string& text) {
  char* end = nullptr;
  const double megabytes = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !std::isfinite(megabytes) || megabytes < 0 ||
      megabytes > 1e9) {
    return arrow::Status::Invalid("format argument cache_mb='", text,
                                  "' is no number of mebibytes, such as 64");
  }
  return static_cast<uint64_t>(megabytes * (1 << 20));
}

}  // namespace

arrow::Result<UsdParquetArguments> UsdParquetParseArguments(
    const SdfFileFormat::FileFormatArguments& arguments) {
  UsdParquetArguments parsed;
  for (const auto& [name, value] : arguments) {
    if (name == "path") {
      if (value.empty()) return arrow::Status::Invalid("format argument 'path' names no column");
      parsed.path_column = value;
    } else if (name == "columns") {
      parsed.columns.emplace();
      for (const std::string& column : TfStringSplit(value, ",")) {
        const std::string trimmed = TfStringTrim(column);
        if (trimmed.empty()) {
          return arrow::Status::Invalid(
              "format argument columns='", value,
              "' has an empty name; give column names with commas between");
        }
        parsed.columns->push_back(trimmed);
      }
      if (parsed.columns->empty()) {
        return arrow::Status::Invalid("format argument 'columns' names no column");
      }
    } else if (name == "prefix") {
      ARROW_ASSIGN_OR_RAISE(parsed.prefix, ParsePrefix(value));
    } else if (name == "cache_mb") {
      ARROW_ASSIGN_OR_RAISE(parsed.cache_bytes, ParseMegabytes(value));
    } else if (name != SdfFileFormatTokens->TargetArg.GetString()) {
      parsed.unknown.push_back(name);
    }
  }
  return parsed;
}

PXR_NAMESPACE_CLOSE_SCOPE
