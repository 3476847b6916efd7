#pragma once

/// \file
/// The namespace of a file: which row a prim path has, and which children.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/index/path_table.h"
#include "core/util/export.h"
#include "core/util/path_hash.h"

namespace usdparquet {

/// Names a prim of one file: either a row without children, or an inner prim.
/// Small enough to be kept for every path that was ever looked up.
class PrimId {
 public:
  static constexpr uint32_t kNone = 0xffffffffu;

  PrimId() = default;
  static PrimId Row(uint32_t row) { return PrimId(row); }
  static PrimId Inner(uint32_t inner) { return PrimId(inner | kInnerFlag); }
  static PrimId FromBits(uint32_t bits) { return PrimId(bits); }

  explicit operator bool() const { return bits_ != kNone; }
  bool is_inner() const { return bits_ & kInnerFlag; }
  uint32_t inner() const { return bits_ & ~kInnerFlag; }
  uint32_t bits() const { return bits_; }
  bool operator==(const PrimId&) const = default;

 private:
  static constexpr uint32_t kInnerFlag = 0x80000000u;
  explicit PrimId(uint32_t bits) : bits_(bits) {}
  uint32_t bits_ = kNone;
};

/// Consecutive rows that are, or lie below, children of one prim. The name of the child that
/// row r stands for is element number `depth` of the path of row r, where `depth` is that of the
/// parent.
struct ChildRun {
  uint32_t first_row = 0;
  uint32_t count = 0;
};

/// Prims with children: the pseudo-root (always number 0), and every other prim that has any,
/// with or without a row of its own.
struct InnerPrim {
  uint32_t row = PrimId::kNone;  ///< its own row, or kNone
  uint32_t depth = 0;            ///< elements of its path: 0 for the pseudo-root
  uint32_t runs_begin = 0;       ///< its children: runs [runs_begin, runs_begin of the next)
};

/// An immutable index of all prim paths of a file at 8 to 9 bytes a row plus 20
/// bytes an inner prim, in memory or in a file. It keeps no path and no name: names are read from
/// the path column.
///
/// Thread-safety: immutable once built.
class USDPARQUET_API PathIndex {
 public:
  /// The hash of the pseudo-root: where to start hashing a path from.
  uint64_t root_hash() const { return RootPathHash(seed_); }

  /// The prim whose path has `hash`, or a null id.
  PrimId Find(uint64_t hash) const {
    const uint32_t inner = inner_table_.Find(hash);
    if (inner != PathTable::kNotFound) return IsGoodInner(inner) ? PrimId::Inner(inner) : PrimId();
    const uint32_t row = row_table_.Find(hash);
    return row < num_rows_ ? PrimId::Row(row) : PrimId();
  }

  PrimId root() const { return PrimId::Inner(0); }

  /// The row of a prim, or PrimId::kNone for an ancestor that has none.
  uint32_t RowOf(PrimId prim) const {
    return prim.is_inner() ? inners_[prim.inner()].row : prim.bits();
  }

  /// The children of a prim in the order in which the file first names them.
  std::span<const ChildRun> Children(PrimId prim) const {
    if (!prim.is_inner() || !IsGoodInner(prim.inner())) return {};
    const uint32_t begin = inners_[prim.inner()].runs_begin;
    const uint32_t end = inners_[prim.inner() + 1].runs_begin;
    if (blocks_ && !AreGoodRuns(begin, end)) return {};
    return runs_.subspan(begin, end - begin);
  }

  /// The number of elements of an inner prim's path. REQUIRES: prim.is_inner().
  uint32_t Depth(PrimId prim) const { return inners_[prim.inner()].depth; }

  /// Calls `f(row)` for every prim with a row, in no order.
  template <typename F>
  void VisitRows(const F& f) const {
    row_table_.VisitIds([&](uint32_t row) {
      if (row < num_rows_) f(row);
    });
  }

  /// Prims with a row, duplicates counted once.
  size_t num_row_prims() const { return row_table_.size(); }
  /// Prims with children, the pseudo-root included.
  size_t num_inner_prims() const { return inners_.size() - 1; }
  /// Rows of the file that it indexes.
  uint32_t num_rows() const { return num_rows_; }
  /// Whether the index lies in the file itself.
  bool is_embedded() const { return blocks_ != nullptr; }

  /// Bytes on the heap.
  size_t MemoryUsage() const {
    return row_table_.MemoryUsage() + inner_table_.MemoryUsage() +
           (owned_ ? owned_->inners.capacity() * sizeof(InnerPrim) +
                         owned_->runs.capacity() * sizeof(ChildRun)
                   : 0);
  }

 private:
  friend class PathIndexBuilder;
  friend class PathIndexFile;

  struct Owned {
    std::vector<InnerPrim> inners;
    std::vector<ChildRun> runs;
  };

  /// Whether an inner prim (and the one behind it, for the end of its runs) may be read.
  bool IsGoodInner(uint32_t inner) const {
    if (!blocks_) return true;
    return inner + 1 < inners_.size() && blocks_->Verify(&inners_[inner], &inners_[inner] + 2) &&
           (inners_[inner].row < num_rows_ || inners_[inner].row == PrimId::kNone);
  }
  bool AreGoodRuns(uint32_t begin, uint32_t end) const;

  uint64_t seed_ = 0;
  uint32_t num_rows_ = 0;
  PathTable row_table_;
  PathTable inner_table_;
  std::span<const InnerPrim> inners_;  // one more than there are, for the last one's runs
  std::span<const ChildRun> runs_;
  std::shared_ptr<const Owned> owned_;
  std::shared_ptr<const IndexBlocks> blocks_;  // of an index that lies in a file
};

}  // namespace usdparquet
