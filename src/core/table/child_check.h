#pragma once

/// \file
/// What an index says of a prim's children, held against the path column.

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "core/index/path_index.h"
#include "core/schema/ascii_identifier.h"
#include "core/schema/property_name.h"
#include "core/util/limits.h"
#include "core/util/path_hash.h"

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
  std::optional<std::string_view> NameOf(uint32_t row, std::string_view path) {
    // Mostly the row is that of a child without children, below the same parent as the row before.
    if (is_embedded_ && !prefix_.empty() && path.size() > prefix_.size() &&
        path.size() <= kMaxPathLength &&
        std::memcmp(path.data(), prefix_.data(), prefix_.size()) == 0) {
      const std::string_view name = path.substr(prefix_.size());
      if (IsAsciiIdentifier(name) && met_.empty() &&
          index_.Find(ChildPathHash(hash_, name)) == PrimId::Row(row)) {
        return name;
      }
    }
    return NameOfAny(row, path);
  }

 private:
  std::optional<std::string_view> NameOfAny(uint32_t row, std::string_view path);
  bool FindParent(std::string_view prefix);
  bool IsChild(uint32_t row, std::string_view name);
  std::nullopt_t Reject() const;

  const PathIndex& index_;
  const PrimId parent_;
  const IdentifierTest& unicode_test_;
  const bool is_embedded_;
  const uint32_t depth_;
  std::string prefix_;  ///< the parent's path with a slash at the end, once one was found
  uint64_t hash_ = 0;   ///< of the parent's path
  /// Children met so far, but for those with the number of the row that lists them.
  std::unordered_set<uint32_t> met_;
};

}  // namespace usdparquet
