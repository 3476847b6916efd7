#include "plugin/resolve/stage_prims.h"

#include <arrow/builder.h>
#include <pxr/base/tf/token.h>
#include <pxr/usd/pcp/layerStack.h>
#include <pxr/usd/pcp/primIndex.h>
#include <pxr/usd/sdf/layer.h>
#include <pxr/usd/sdf/schema.h>

#include <string>
#include <unordered_set>
#include <utility>

#include "plugin/resolve/prim_sites.h"

PXR_NAMESPACE_OPEN_SCOPE

namespace {

bool IsActive(const PcpPrimIndex& index) {
  bool is_active = true;
  UsdParquetVisitNodes(index, [&](const PcpNodeRef& node) {
    for (const SdfLayerRefPtr& layer : node.GetLayerStack()->GetLayers()) {
      if (layer->HasField(node.GetPath(), SdfFieldKeys->Active, &is_active)) return false;
    }
    return true;
  });
  return is_active;
}

bool HasClips(const PcpPrimIndex& index) {
  bool has_clips = false;
  UsdParquetVisitNodes(index, [&](const PcpNodeRef& node) {
    has_clips = node.HasValueClips();
    return !has_clips;
  });
  return has_clips;
}

bool HasClipsAbove(const PcpCache& cache, const SdfPath& path) {
  for (SdfPath above = path.GetParentPath(); above.IsPrimPath(); above = above.GetParentPath()) {
    const PcpPrimIndex* const index = cache.FindPrimIndex(above);
    if (index && HasClips(*index)) return true;
  }
  return false;
}

/// Walks down from a prim as UsdStage composes its prims.
class Walk {
 public:
  explicit Walk(const PcpCache& cache) : cache_(cache) {
    // A prim of the stage has its index in the cache, and asking for the children of each of
    // many leaves would take longer than all the rest.
    cache.ForEachPrimIndex([this](const PcpPrimIndex& index) {
      if (!index.IsValid() || index.GetPath().IsAbsoluteRootPath()) return;
      SdfPath parent = index.GetPath().GetParentPath();
      if (parent == last_parent_) return;
      parents_.insert(parent);
      last_parent_ = std::move(parent);
    });
  }

  arrow::Status Run(const SdfPath& top) {
    const PcpPrimIndex* const index = cache_.FindPrimIndex(top);
    if (!index)
      return arrow::Status::KeyError("the stage has no prim index of <", top.GetString(), ">");
    const bool has_clips = HasClipsAbove(cache_, top);
    if (top.IsAbsoluteRootPath()) {
      ARROW_RETURN_NOT_OK(Enter(*index, 0, has_clips));
    } else {
      ARROW_RETURN_NOT_OK(Add(*index, top.GetString(), has_clips));
    }
    while (!open_.empty()) {
      Level& level = open_.back();
      if (level.next == level.names.size()) {
        open_.pop_back();
        continue;
      }
      const TfToken& name = level.names[level.next++];
      const PcpPrimIndex* const child = cache_.FindPrimIndex(level.path.AppendChild(name));
      if (!child) continue;
      text_.resize(level.text_size);
      text_ += '/';
      text_ += name.GetString();
      ARROW_RETURN_NOT_OK(Add(*child, text_, level.has_clips));
    }
    return paths_.Finish(&prims_.paths);
  }

  UsdParquetStagePrims& prims() { return prims_; }

 private:
  /// A prim whose children are being added.
  struct Level {
    SdfPath path;
    size_t text_size;  // of the path, in `text_`
    TfTokenVector names;
    size_t next = 0;
    bool has_clips;
  };

  arrow::Status Add(const PcpPrimIndex& index, const std::string& path, bool is_below_clips) {
    const bool has_clips = is_below_clips || HasClips(index);
    const bool is_instance = index.IsInstanceable();
    prims_.indexes.push_back(&index);
    prims_.is_instance.push_back(is_instance);
    prims_.has_clips.push_back(has_clips);
    ARROW_RETURN_NOT_OK(paths_.Append(path));
    if (is_instance) return arrow::Status::OK();
    text_ = path;
    return Enter(index, path.size(), has_clips);
  }

  arrow::Status Enter(const PcpPrimIndex& index, size_t text_size, bool has_clips) {
    const SdfPath& path = index.GetPath();
    if (!parents_.contains(path) || !IsActive(index)) return arrow::Status::OK();
    Level level{path, text_size, {}, 0, has_clips};
    PcpTokenSet prohibited;
    index.ComputePrimChildNames(&level.names, &prohibited);
    open_.push_back(std::move(level));
    return arrow::Status::OK();
  }

  const PcpCache& cache_;
  SdfPath last_parent_;
  std::unordered_set<SdfPath, SdfPath::Hash> parents_;  // of prims with an index
  std::vector<Level> open_;
  std::string text_;
  UsdParquetStagePrims prims_;
  arrow::StringBuilder paths_;
};

}  // namespace

arrow::Result<UsdParquetStagePrims> UsdParquetFindPrims(const PcpCache& cache, const SdfPath& top) {
  Walk walk(cache);
  ARROW_RETURN_NOT_OK(walk.Run(top));
  return std::move(walk.prims());
}

arrow::Result<UsdParquetStagePrims> UsdParquetPrimsAt(const PcpCache& cache,
                                                      const SdfPathVector& paths) {
  UsdParquetStagePrims prims;
  arrow::StringBuilder texts;
  SdfPath parent;
  bool has_clips_above = false;
  for (const SdfPath& path : paths) {
    ARROW_RETURN_NOT_OK(texts.Append(path.GetString()));
    const PcpPrimIndex* const index = path.IsEmpty() ? nullptr : cache.FindPrimIndex(path);
    prims.indexes.push_back(index);
    prims.is_instance.push_back(index && index->IsInstanceable());
    if (path.GetParentPath() != parent) {
      parent = path.GetParentPath();
      has_clips_above = HasClipsAbove(cache, path);
    }
    prims.has_clips.push_back(index && (has_clips_above || HasClips(*index)));
  }
  ARROW_RETURN_NOT_OK(texts.Finish(&prims.paths));
  return prims;
}

PXR_NAMESPACE_CLOSE_SCOPE
