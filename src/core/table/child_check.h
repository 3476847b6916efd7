#pragma once

/// \file
/// What an index says of a prim's children, held against the path column.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "core/index/path_index.h"
#include "core/schema/property_name.h"

namespace usdparquet {

/// Gives the names of one prim's children. An index that lies in a file may say anything: a row
/// below another prim, a child that no lookup finds, the same child again. That is rejected, and is
/// no child; so a walk over all prims meets each once. Not thread-safe.
class ChildCheck {
 public:
  /// REQUIRES: parent.is_parent(). What is referred to must outlive this.
  ChildCheck(const PathIndex& index, PrimId parent, const IdentifierTest& unicode_test);

  /// The name of the child for which `row` stands, whose path is `path`; a part of that. Nothing if
  /// it stands for none. Rows must rise.
  std::optional<std::string_view> NameOf(uint32_t row, std::string_view path);

 private:
  bool FindParent(std::string_view prefix);
  bool IsChild(uint32_t row, std::string_view name);
  std::nullopt_t Reject() const;

  const PathIndex& index_;
  const PrimId parent_;
  const IdentifierTest& unicode_test_;
  const uint32_t depth_;
  std::string prefix_;  ///< the parent's path with a slash at the end, once one was found
  uint64_t hash_ = 0;   ///< of the parent's path
  /// Children met so far, but for those with the number of the row that lists them.
  std::unordered_set<uint32_t> met_;
};

}  // namespace usdparquet
