#pragma once

/// \file
/// Lists of rows and times that grow row by row, with each different list kept once.

#include <cstdint>
#include <vector>

#include "core/index/time_codes.h"

namespace usdparquet {

/// A tree in which every node stands for a list: that of its parent and one more arrival. Prims
/// whose rows come at the same distances and with the same times share a node, so a regular table
/// needs only as many nodes as one prim has rows, however many prims there are.
class ArrivalTree {
 public:
  static constexpr uint32_t kRoot = 0;  ///< the empty list

  /// One row of a prim.
  struct Arrival {
    uint32_t offset = 0;  ///< from the prim's first row
    RowTime time;
  };

  ArrivalTree() : nodes_(1) {}

  /// The node whose list is that of `node` with `arrival` at the end.
  uint32_t Append(uint32_t node, const Arrival& arrival);

  /// The list of a node, in the order of arrival.
  void List(uint32_t node, std::vector<Arrival>* arrivals) const;

  size_t size() const { return nodes_.size(); }

 private:
  static constexpr uint32_t kNone = 0xffffffffu;

  struct Node {
    Arrival arrival;
    uint32_t parent = kNone;
    uint32_t last_child = kNone;  ///< the last one that Append returned
    bool has_one_child = false;   ///< an only child is not in the table
  };

  bool IsSame(uint32_t node, uint32_t parent, const Arrival& arrival) const {
    const Node& n = nodes_[node];
    return n.parent == parent && n.arrival.offset == arrival.offset &&
           n.arrival.time.raw == arrival.time.raw && n.arrival.time.kind == arrival.time.kind;
  }
  size_t SlotOf(uint32_t parent, const Arrival& arrival) const;
  void Insert(uint32_t node);
  uint32_t Find(uint32_t parent, const Arrival& arrival) const;

  std::vector<Node> nodes_;
  std::vector<uint32_t> table_;  ///< open addressing; the nodes with siblings
  size_t num_in_table_ = 0;
};

}  // namespace usdparquet
