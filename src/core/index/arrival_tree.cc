#include "core/index/arrival_tree.h"

#include <algorithm>

namespace usdparquet {

size_t ArrivalTree::SlotOf(uint32_t parent, const Arrival& arrival) const {
  // splitmix64 over the parts.
  uint64_t z = (uint64_t{parent} << 32 | arrival.offset) * 0x9e3779b97f4a7c15u;
  z ^= static_cast<uint64_t>(arrival.time.raw) + static_cast<uint64_t>(arrival.time.kind);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (z ^ (z >> 31)) & (table_.size() - 1);
}

uint32_t ArrivalTree::Find(uint32_t parent, const Arrival& arrival) const {
  if (table_.empty()) return kNone;
  for (size_t slot = SlotOf(parent, arrival); table_[slot] != kNone;
       slot = (slot + 1) & (table_.size() - 1)) {
    if (IsSame(table_[slot], parent, arrival)) return table_[slot];
  }
  return kNone;
}

void ArrivalTree::Insert(uint32_t node) {
  if (2 * (num_in_table_ + 1) > table_.size()) {
    std::vector<uint32_t> old(std::max<size_t>(64, 2 * table_.size()), kNone);
    old.swap(table_);
    num_in_table_ = 0;
    for (uint32_t each : old) {
      if (each != kNone) Insert(each);
    }
  }
  size_t slot = SlotOf(nodes_[node].parent, nodes_[node].arrival);
  while (table_[slot] != kNone) slot = (slot + 1) & (table_.size() - 1);
  table_[slot] = node;
  ++num_in_table_;
}

uint32_t ArrivalTree::Append(uint32_t parent, const Arrival& arrival) {
  const uint32_t last = nodes_[parent].last_child;
  const auto next = static_cast<uint32_t>(nodes_.size());
  if (last == kNone) {
    nodes_[parent].last_child = next;
    nodes_[parent].has_one_child = true;
  } else {
    if (IsSame(last, parent, arrival)) return last;
    if (nodes_[parent].has_one_child) {
      Insert(last);
      nodes_[parent].has_one_child = false;
    }
    const uint32_t found = Find(parent, arrival);
    nodes_[parent].last_child = found == kNone ? next : found;
    if (found != kNone) return found;
  }
  Node node;
  node.arrival = arrival;
  node.parent = parent;
  nodes_.push_back(node);
  if (last != kNone) Insert(next);
  return next;
}

void ArrivalTree::List(uint32_t node, std::vector<Arrival>* arrivals) const {
  arrivals->clear();
  for (; node != kRoot; node = nodes_[node].parent) arrivals->push_back(nodes_[node].arrival);
  std::reverse(arrivals->begin(), arrivals->end());
}

}  // namespace usdparquet
