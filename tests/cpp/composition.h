#pragma once

/// \file
/// Values composed from layers, for tests.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pxr/base/tf/notice.h"
#include "pxr/base/tf/weakBase.h"
#include "pxr/pxr.h"
#include "pxr/usd/pcp/cache.h"
#include "pxr/usd/pcp/changes.h"
#include "pxr/usd/pcp/errors.h"
#include "pxr/usd/pcp/iterator.h"
#include "pxr/usd/pcp/layerStack.h"
#include "pxr/usd/pcp/node.h"
#include "pxr/usd/pcp/primIndex.h"
#include "pxr/usd/sdf/layer.h"
#include "pxr/usd/sdf/notice.h"
#include "pxr/usd/sdf/schema.h"

/// What a stage does with layers: a PcpCache over a root layer, which follows the notices of one of
/// its layers, and reads of the strongest opinion.
///
/// One thread makes it, calls it and edits that layer; the other layers do not change.
class Composition final : public PXR_NS::TfWeakBase {
 public:
  /// Opens the layers that `root` names. Of them `edited` may change.
  Composition(const PXR_NS::SdfLayerRefPtr& root, const PXR_NS::SdfLayerHandle& edited)
      : root_(root),
        cache_(PXR_NS::PcpLayerStackIdentifier(root), /*fileFormatTarget=*/"usd", /*usd=*/true) {
    PXR_NS::PcpErrorVector errors;
    cache_.ComputeLayerStack(cache_.GetLayerStackIdentifier(), &errors);
    Note(errors);
    key_ = PXR_NS::TfNotice::Register(PXR_NS::TfCreateWeakPtr(this), &Composition::Follow, edited);
  }
  ~Composition() { PXR_NS::TfNotice::Revoke(key_); }
  Composition(const Composition&) = delete;
  Composition& operator=(const Composition&) = delete;

  /// The layers of the root layer stack, the strongest first.
  const PXR_NS::SdfLayerRefPtrVector& Layers() const { return cache_.GetLayerStack()->GetLayers(); }

  /// Opens the payload of `prim`, or lets go of it.
  void SetLoaded(const PXR_NS::SdfPath& prim, bool is_loaded) {
    const PXR_NS::SdfPathSet paths = {prim};
    cache_.RequestPayloads(is_loaded ? paths : PXR_NS::SdfPathSet(),
                           is_loaded ? PXR_NS::SdfPathSet() : paths);
  }

  /// The strongest default of that attribute; false, and `value` as it was, if there is none.
  template <typename T>
  bool Get(const PXR_NS::SdfPath& attribute, T* value) {
    const PXR_NS::PcpPrimIndex& index = Index(attribute.GetPrimPath());
    for (const PXR_NS::PcpNodeRef& node : index.GetNodeRange()) {
      const PXR_NS::SdfPath path = node.GetPath().AppendProperty(attribute.GetNameToken());
      for (const PXR_NS::SdfLayerRefPtr& layer : node.GetLayerStack()->GetLayers()) {
        if (layer->HasField(path, PXR_NS::SdfFieldKeys->Default, value)) return true;
      }
    }
    return false;
  }

  /// Whether a layer says anything of that prim. Remembered from the first question on, until a
  /// notice tells otherwise.
  bool Exists(const PXR_NS::SdfPath& prim) { return Index(prim).HasSpecs(); }

  /// The names of the prims directly below.
  PXR_NS::TfTokenVector Children(const PXR_NS::SdfPath& prim) {
    PXR_NS::TfTokenVector names;
    PXR_NS::PcpTokenSet prohibited;
    Index(prim).ComputePrimChildNames(&names, &prohibited);
    return names;
  }

  /// What could not be composed so far, as Pcp says it.
  const std::vector<std::string>& Errors() const { return errors_; }

 private:
  const PXR_NS::PcpPrimIndex& Index(const PXR_NS::SdfPath& prim) {
    PXR_NS::PcpErrorVector errors;
    const PXR_NS::PcpPrimIndex& index = cache_.ComputePrimIndex(prim, &errors);
    Note(errors);
    return index;
  }
  void Follow(const PXR_NS::SdfNotice::LayersDidChangeSentPerLayer& notice) {
    PXR_NS::PcpChanges changes;
    changes.DidChange(&cache_, notice.GetChangeListVec());
    changes.Apply();
  }
  void Note(const PXR_NS::PcpErrorVector& errors) {
    for (const PXR_NS::PcpErrorBasePtr& error : errors) errors_.push_back(error->ToString());
  }

  const PXR_NS::SdfLayerRefPtr root_;
  PXR_NS::PcpCache cache_;
  PXR_NS::TfNotice::Key key_;
  std::vector<std::string> errors_;
};
