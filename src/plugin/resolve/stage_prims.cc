#include "plugin/resolve/stage_prims.h"

#include <arrow/builder.h>
#include <pxr/base/tf/token.h>
#include <pxr/usd/pcp/layerStack.h>
#include <pxr/usd/pcp/primIndex.h>
#include <pxr/usd/sdf/layer.h>
#include <pxr/usd/sdf/schema.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/util/block_memory.h"
#include "core/util/parallel_for.h"
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

constexpr uint32_t kNone = 0xffffffffu;

/// The prim indexes of a cache at and below a prim, as a tree; those of prims that the stage does
/// not have are there too.
class Tree {
 public:
  struct Node {
    const PcpPrimIndex* index;
    uint32_t next_sibling = kNone;
    /// First any child; once they are in order, the place of the first one in `children()`.
    uint32_t first_child = kNone;
    uint32_t num_children = 0;
  };

  Tree(const PcpCache& cache, const SdfPath& top) {
    // The cache is gone through rather than asked for each child: that would make each path anew.
    // A prim comes before those below it, and they before the next one.
    std::vector<uint32_t> above;
    size_t count = 0;
    cache.ForEachPrimIndex([&](const PcpPrimIndex&) { ++count; });
    nodes_.reserve(count);  // growing would take twice the memory
    cache.ForEachPrimIndex([&](const PcpPrimIndex& index) {
      const SdfPath& path = index.GetPath();
      while (!above.empty() && nodes_[above.back()].index->GetPath().GetPathElementCount() >=
                                   path.GetPathElementCount()) {
        above.pop_back();
      }
      const uint32_t number = static_cast<uint32_t>(nodes_.size());
      if (above.empty()) {
        if (path != top || number > 0) return;
      } else {
        Node& parent = nodes_[above.back()];
        if (path.GetParentPath() != parent.index->GetPath()) return;
      }
      nodes_.push_back({&index});
      if (!above.empty()) {
        Node& parent = nodes_[above.back()];
        nodes_[number].next_sibling = parent.first_child;
        parent.first_child = number;
        if (++parent.num_children == 1) parents_.push_back(above.back());
      }
      above.push_back(number);
    });
  }

  /// Puts the children of each prim in order, and leaves out those that the stage does not have.
  arrow::Status Order() {
    // Where the children of each are to be, if all are there.
    usdparquet::RawVector<uint32_t> places;
    uint32_t place = 0;
    for (const uint32_t parent : parents_) {
      places.push_back(place);
      place += nodes_[parent].num_children;
    }
    children_.resize(place);
    constexpr size_t kStep = 16;
    return usdparquet::ParallelFor(0, (parents_.size() + kStep - 1) / kStep, [&](size_t step) {
      const size_t end = std::min(parents_.size(), (step + 1) * kStep);
      for (size_t i = step * kStep; i < end; ++i) OrderChildren(&nodes_[parents_[i]], places[i]);
      return arrow::Status::OK();
    });
  }

  const usdparquet::RawVector<Node>& nodes() const { return nodes_; }
  const usdparquet::RawVector<uint32_t>& children() const { return children_; }

 private:
  void OrderChildren(Node* parent, uint32_t place) {
    uint32_t child = parent->first_child;
    parent->first_child = place;
    parent->num_children = 0;
    const PcpPrimIndex& index = *parent->index;
    if ((index.IsInstanceable() && !index.GetPath().IsAbsoluteRootPath()) || !IsActive(index))
      return;
    TfTokenVector names;
    PcpTokenSet prohibited;
    index.ComputePrimChildNames(&names, &prohibited);
    std::unordered_map<TfToken, uint32_t, TfToken::HashFunctor> numbers;
    for (; child != kNone; child = nodes_[child].next_sibling) {
      numbers.emplace(nodes_[child].index->GetPath().GetNameToken(), child);
    }
    for (const TfToken& name : names) {
      const auto it = numbers.find(name);
      if (it != numbers.end()) children_[place + parent->num_children++] = it->second;
    }
  }

  // Of a million prims, these are half as large as the answer: they are given back at once.
  usdparquet::RawVector<Node> nodes_;
  usdparquet::RawVector<uint32_t> parents_;  // those with children
  usdparquet::RawVector<uint32_t> children_;
};

/// Walks down the tree and notes the prims in order.
arrow::Status Visit(const Tree& tree, bool needs_clips, bool has_clips_above,
                    UsdParquetStagePrims* prims) {
  struct Step {
    uint32_t node;
    uint32_t text_size;  // of the parent's path
    bool has_clips;      // above
  };
  arrow::StringBuilder paths(usdparquet::BlockPool());
  ARROW_RETURN_NOT_OK(paths.Reserve(static_cast<int64_t>(tree.nodes().size())));
  prims->indexes.reserve(tree.nodes().size());
  std::string text;
  std::vector<Step> steps = {{0, 0, has_clips_above}};
  while (!steps.empty()) {
    const Step step = steps.back();
    steps.pop_back();
    const Tree::Node& node = tree.nodes()[step.node];
    const SdfPath& path = node.index->GetPath();
    const bool has_clips = step.has_clips || (needs_clips && HasClips(*node.index));
    if (!path.IsAbsoluteRootPath()) {
      if (step.node == 0) {
        text = path.GetString();
      } else {
        text.resize(step.text_size);
        text += '/';
        text += path.GetName();
      }
      ARROW_RETURN_NOT_OK(paths.Append(text));
      prims->indexes.push_back(node.index);
      prims->is_instance.push_back(node.index->IsInstanceable());
      prims->has_clips.push_back(has_clips);
    }
    for (uint32_t i = node.num_children; i-- > 0;) {
      steps.push_back(
          {tree.children()[node.first_child + i], static_cast<uint32_t>(text.size()), has_clips});
    }
  }
  return paths.Finish(&prims->paths);
}

}  // namespace

arrow::Result<UsdParquetStagePrims> UsdParquetFindPrims(const PcpCache& cache, const SdfPath& top,
                                                        bool needs_clips) {
  Tree tree(cache, top);
  if (tree.nodes().empty()) {
    return arrow::Status::KeyError("the stage has no prim index of <", top.GetString(), ">");
  }
  ARROW_RETURN_NOT_OK(tree.Order());
  UsdParquetStagePrims prims;
  ARROW_RETURN_NOT_OK(Visit(tree, needs_clips, needs_clips && HasClipsAbove(cache, top), &prims));
  return prims;
}

arrow::Result<UsdParquetStagePrims> UsdParquetPrimsAt(const PcpCache& cache,
                                                      const SdfPathVector& paths) {
  UsdParquetStagePrims prims;
  arrow::StringBuilder texts(usdparquet::BlockPool());
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
