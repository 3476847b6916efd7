#pragma once

/// \file
/// Where the opinions about a prim are: the nodes of its index, and their layers.

#include <pxr/pxr.h>
#include <pxr/usd/pcp/iterator.h>
#include <pxr/usd/pcp/node.h>
#include <pxr/usd/pcp/primIndex.h>

PXR_NAMESPACE_OPEN_SCOPE

/// Calls `f(node)` for each node with opinions, the strongest first, until it returns false: those
/// that UsdAttribute::Get looks at.
template <typename F>
void UsdParquetVisitNodes(const PcpPrimIndex& index, const F& f) {
  const PcpNodeRange range = index.GetNodeRange();
  for (PcpNodeIterator it = range.first; it != range.second; ++it) {
    const PcpNodeRef node = *it;
    if (node.HasSpecs() && !node.IsInert() && !f(node)) return;
  }
}

PXR_NAMESPACE_CLOSE_SCOPE
