#pragma once

/// \file
/// Prims that were removed from the layer of a dataset.

#include <pxr/pxr.h>
#include <pxr/usd/sdf/path.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "plugin/edit/layer_data.h"

PXR_NAMESPACE_OPEN_SCOPE

/// Prims that were removed, and all other edits. Not thread-safe.
class UsdParquetRemovedPrims {
 public:
  /// REQUIRES: `data` outlives this, and is not edited meanwhile.
  explicit UsdParquetRemovedPrims(const UsdParquetLayerData& data);

  bool empty() const { return paths_.empty(); }

  /// The edits that are about other prims. False if a list of children is not what the removed
  /// prims leave, with new ones behind.
  bool KeepOthers(UsdParquetLayerEdits* others) const;

  /// Whether a row with that path is one of a removed prim. REQUIRES: MakeTexts was called.
  bool Has(std::string_view path) const;

  /// Makes the texts of the paths, which OpenUSD keeps for good.
  void MakeTexts();

 private:
  bool IsBelow(const SdfPath& path) const;
  bool IsLeft(const SdfPath& parent, const VtValue& children) const;

  const UsdParquetLayerData& data_;
  std::set<SdfPath> paths_;
  std::set<std::string, std::less<>> texts_;
};

/// Tells whether prims that stay owe themselves, or their place among their siblings, to a row that
/// goes: the place of a prim without an earlier row is that of the first row below it. Not
/// thread-safe.
class UsdParquetStayingPrims {
 public:
  explicit UsdParquetStayingPrims(const UsdParquetRemovedPrims& removed) : removed_(removed) {}

  /// To be called with the paths of all rows first,
  void NoteAncestors(std::string_view path);
  /// and then with all again, in their order. False if one of them is such a row.
  bool MayGo(std::string_view path);

 private:
  const UsdParquetRemovedPrims& removed_;
  std::map<std::string, bool, std::less<>> is_named_;
};

PXR_NAMESPACE_CLOSE_SCOPE
