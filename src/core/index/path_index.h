#pragma once

/// \file
/// The namespace of a file: the row of a prim path, and its children.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/index/path_table.h"
#include "core/util/export.h"
#include "core/util/path_hash.h"

namespace usdparquet {

/// Names a prim of one file: by its row if it has no children, else by its number among the
/// parents. Small enough to be kept for every path that was ever looked up.
class PrimId {
 public:
  static constexpr uint32_t kNone = 0xffffffffu;

  PrimId() = default;
  static PrimId Row(uint32_t row) { return PrimId(row); }
  static PrimId Parent(uint32_t number) { return PrimId(number | kParentFlag); }
  static PrimId FromBits(uint32_t bits) { return PrimId(bits); }

  explicit operator bool() const { return bits_ != kNone; }
  bool is_parent() const { return bits_ & kParentFlag; }
  uint32_t parent_number() const { return bits_ & ~kParentFlag; }
  uint32_t bits() const { return bits_; }
  bool operator==(const PrimId&) const = default;

 private:
  static constexpr uint32_t kParentFlag = 0x80000000u;
  explicit PrimId(uint32_t bits) : bits_(bits) {}
  uint32_t bits_ = kNone;
};

/// Consecutive rows that are children of one prim, or lie below them. Row r stands for the child
/// whose name is element number `depth` of its path, where `depth` is that of the parent.
struct ChildRun {
  uint32_t first_row = 0;
  uint32_t count = 0;
};

/// A prim with children, with or without a row of its own. The pseudo-root is always number 0.
struct ParentPrim {
  uint32_t row = PrimId::kNone;  ///< its own row, or kNone
  uint32_t depth = 0;            ///< elements of its path: 0 for the pseudo-root
  uint32_t runs_begin = 0;       ///< its children: runs [runs_begin, runs_begin of the next)
};

/// An immutable index of all prim paths of a file, in memory or in the file, of 8 to 9 bytes per
/// row plus 20 bytes per prim with children. It keeps no path and no name: names are read from the
/// path column.
///
/// What lies in a file is checked when it is used, its numbers too: one that can't be is rejected
/// (SectionBlocks), and what it stands for is not found. Any id may be asked for, also one of
/// another index.
///
/// Thread-safety: immutable once built.
class USDPARQUET_API PathIndex {
 public:
  /// The hash of the pseudo-root: where to start hashing a path from.
  uint64_t root_hash() const { return RootPathHash(seed_); }

  /// The prim whose path has `hash`, or a null id.
  PrimId Find(uint64_t hash) const {
    const uint32_t parent = parent_table_.Find(hash);
    if (parent != PathTable::kNotFound) {
      return IsGoodParent(parent) ? PrimId::Parent(parent) : PrimId();
    }
    const uint32_t row = row_table_.Find(hash);
    if (row < num_rows_) return PrimId::Row(row);
    if (row != PathTable::kNotFound && blocks_) RejectRow();
    return PrimId();
  }

  static PrimId root() { return PrimId::Parent(0); }

  /// The row of a prim, or PrimId::kNone for an ancestor that has none.
  uint32_t RowOf(PrimId prim) const {
    if (!prim.is_parent()) return prim.bits();
    const uint32_t number = prim.parent_number();
    return IsGoodParent(number) ? parents_[number].row : PrimId::kNone;
  }

  /// Whether a prim has children.
  bool HasChildren(PrimId prim) const {
    if (!prim.is_parent()) return false;
    const uint32_t number = prim.parent_number();
    return IsGoodParent(number) && parents_[number].runs_begin < parents_[number + 1].runs_begin;
  }

  /// The children of a prim in the order in which the file first names them: their rows rise.
  std::span<const ChildRun> Children(PrimId prim) const {
    if (!prim.is_parent() || !IsGoodParent(prim.parent_number())) return {};
    const uint32_t begin = parents_[prim.parent_number()].runs_begin;
    const uint32_t end = parents_[prim.parent_number() + 1].runs_begin;
    if (blocks_ && !AreGoodRuns(prim, begin, end)) return {};
    return runs_.subspan(begin, end - begin);
  }

  /// The number of elements of a parent's path, at most kMaxPathDepth. REQUIRES: prim.is_parent().
  uint32_t Depth(PrimId prim) const {
    const uint32_t number = prim.parent_number();
    return IsGoodParent(number) ? parents_[number].depth : 0;
  }

  /// Calls `f(row)` for every prim with a row, in no order.
  template <typename F>
  void VisitRows(const F& f) const {
    row_table_.VisitIds([&](uint32_t row) {
      if (row < num_rows_) {
        f(row);
      } else if (blocks_) {
        RejectRow();
      }
    });
  }

  /// Whether all of an embedded index is undamaged and could be that of a file: every row that has
  /// an entry is the child of one prim, or a prim with children. Reads all of it. True for an
  /// index in memory.
  bool Check() const;

  /// Whether both say the same of the same rows. REQUIRES: Check() of each.
  bool IsSameAs(const PathIndex& other) const;

  /// To be called where the path column shows that an embedded index is wrong.
  void Reject(const char* what) const {
    if (blocks_) blocks_->Reject(what);
  }

  /// The number of prims with a row; those of one path count once.
  size_t num_row_prims() const { return row_table_.size(); }
  /// The number of prims with children, the pseudo-root included.
  size_t num_parents() const { return parents_.size() - 1; }
  /// The number of rows of the file that it indexes.
  uint32_t num_rows() const { return num_rows_; }
  /// Whether the index lies in the file.
  bool is_embedded() const { return blocks_ != nullptr; }

  /// Bytes on the heap.
  size_t MemoryUsage() const {
    return row_table_.MemoryUsage() + parent_table_.MemoryUsage() +
           (owned_ ? owned_->parents.capacity() * sizeof(ParentPrim) +
                         owned_->runs.capacity() * sizeof(ChildRun)
                   : 0);
  }

 private:
  friend class PathIndexBuilder;
  friend class PathIndexFile;

  struct Owned {
    std::vector<ParentPrim> parents;
    std::vector<ChildRun> runs;
  };

  /// Whether a parent (and the next one, where its runs end) may be read.
  bool IsGoodParent(uint32_t number) const {
    if (size_t{number} + 1 >= parents_.size()) {
      return false;
    }
    const ParentPrim* parent = parents_.data() + number;
    return !blocks_ || (blocks_->Verify(parent, parent + 2) && CanBe(number, *parent));
  }
  bool CanBe(uint32_t number, const ParentPrim& parent) const;
  bool AreGoodRuns(PrimId prim, uint32_t begin, uint32_t end) const;
  void RejectRow() const;

  uint64_t seed_ = 0;
  uint32_t num_rows_ = 0;
  PathTable row_table_;
  PathTable parent_table_;
  std::span<const ParentPrim> parents_;  // and one more, where the runs of the last one end
  std::span<const ChildRun> runs_;
  std::shared_ptr<const Owned> owned_;
  std::shared_ptr<const SectionBlocks> blocks_;  // null unless the index lies in a file
};

}  // namespace usdparquet
