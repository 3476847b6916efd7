#pragma once

/// \file
/// The order of columns in which most prims find theirs.

#include <pxr/pxr.h>

#include <cstdint>
#include <span>
#include <vector>

PXR_NAMESPACE_OPEN_SCOPE

/// A list of properties, by number, and how many prims have it.
struct UsdParquetPropertyList {
  std::span<const uint32_t> properties;
  uint64_t num_prims = 0;
};

/// Numbers for `chosen` properties, in an order that as many lists as possible follow: if there is
/// one that all follow, it is such a one. Properties that no list tells apart are in the order of
/// `preferred`, and then in that in which the lists that most prims have name them. Linear in the
/// lists together, but for sorting.
std::vector<uint32_t> UsdParquetColumnOrder(std::vector<UsdParquetPropertyList> lists,
                                            const std::vector<uint32_t>& chosen,
                                            const std::vector<uint32_t>& preferred);

PXR_NAMESPACE_CLOSE_SCOPE
