#pragma once

/// \file
/// What was changed in a layer since its file was read.

#include <pxr/base/tf/token.h>
#include <pxr/base/vt/value.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/path.h>
#include <pxr/usd/sdf/types.h>

#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

PXR_NAMESPACE_OPEN_SCOPE

/// Edited specs over those of a file: each holds the fields that were set or erased, and says
/// whether the file's spec of that path still counts.
///
/// Thread-safety: as a layer's, reading from many threads or editing from one.
class UsdParquetLayerEdits {
 public:
  struct Spec {
    SdfSpecType type = SdfSpecTypeUnknown;  ///< unknown: there is no such spec any more
    bool hides_file = false;                ///< nothing of the file's spec shows through
    /// Set fields; an empty value is an erased one. `timeSamples` are a UsdParquetSampleList.
    std::vector<std::pair<TfToken, VtValue>> fields;

    const VtValue* Find(const TfToken& field) const {
      for (const auto& [name, value] : fields) {
        if (name == field) return &value;
      }
      return nullptr;
    }
    VtValue* Find(const TfToken& field) {
      return const_cast<VtValue*>(std::as_const(*this).Find(field));
    }
    void Set(const TfToken& field, VtValue value) {
      for (auto& [name, old] : fields) {
        if (name == field) {
          old = std::move(value);
          return;
        }
      }
      fields.emplace_back(field, std::move(value));
    }
  };

  bool empty() const { return specs_.empty(); }
  void clear() {
    specs_.clear();
    moved_.clear();
  }
  const Spec* Find(const SdfPath& path) const {
    const auto it = specs_.find(path);
    return it == specs_.end() ? nullptr : &it->second;
  }
  Spec& operator[](const SdfPath& path) { return specs_[path]; }
  void Erase(const SdfPath& path) { specs_.erase(path); }

  /// Notes that a spec of the file was moved away.
  void NoteMoved(const SdfPath& path) { moved_.insert(path); }
  bool IsMoved(const SdfPath& path) const { return moved_.contains(path); }

  auto begin() const { return specs_.begin(); }
  auto end() const { return specs_.end(); }

 private:
  std::unordered_map<SdfPath, Spec, SdfPath::Hash> specs_;
  std::unordered_set<SdfPath, SdfPath::Hash> moved_;
};

PXR_NAMESPACE_CLOSE_SCOPE
