#include "core/table/child_check.h"

namespace usdparquet {

ChildCheck::ChildCheck(const PathIndex& index, PrimId parent, const IdentifierTest& unicode_test)
    : index_(index),
      parent_(parent),
      unicode_test_(unicode_test),
      is_embedded_(index.is_embedded()),
      depth_(index.Depth(parent)),
      hash_(index.root_hash()) {}

std::optional<std::string_view> ChildCheck::NameOfAny(uint32_t row, std::string_view path) {
  const bool is_known = !prefix_.empty() && path.starts_with(prefix_);
  size_t begin = is_known ? prefix_.size() : 1;
  for (uint32_t d = 0; !is_known && d < depth_; ++d) {
    const size_t slash = path.find('/', begin);
    if (slash == std::string_view::npos) return Reject();
    begin = slash + 1;
  }
  if (begin >= path.size()) return Reject();
  const std::string_view name = path.substr(begin, path.find('/', begin) - begin);
  if (!is_known) {
    // One in memory was made of these paths.
    if (is_embedded_ && !FindParent(path.substr(0, begin))) return Reject();
    prefix_ = path.substr(0, begin);
  }
  if (is_embedded_ && (path.size() > kMaxPathLength || !IsChild(row, name))) return Reject();
  return name;
}

/// Whether `prefix` ("/" or "/a/b/") is the path of the parent.
bool ChildCheck::FindParent(std::string_view prefix) {
  if (!prefix_.empty() || prefix[0] != '/' || prefix.size() > kMaxPathLength) return false;
  uint64_t hash = index_.root_hash();
  for (size_t begin = 1; begin < prefix.size();) {
    const size_t end = prefix.find('/', begin);
    hash = ChildPathHash(hash, prefix.substr(begin, end - begin));
    begin = end + 1;
  }
  if (index_.Find(hash) != parent_) return false;
  hash_ = hash;
  return true;
}

bool ChildCheck::IsChild(uint32_t row, std::string_view name) {
  if (!IsIdentifier(name, unicode_test_)) return false;
  const PrimId child = index_.Find(ChildPathHash(hash_, name));
  if (!child || (child.is_parent() && index_.Depth(child) != depth_ + 1)) return false;
  // Most children are the rows that list them, and rows rise. Where a path is repeated, the first
  // row lists it and the last one is found.
  if (!child.is_parent() && child.bits() < row) return false;
  if (child == PrimId::Row(row)) return met_.empty() || !met_.contains(row);
  return met_.insert(child.bits()).second;
}

std::nullopt_t ChildCheck::Reject() const {
  index_.Reject("it lists a child that its row's path does not have, or that is not found");
  return std::nullopt;
}

}  // namespace usdparquet
