#include "core/pages/handle_table.h"

#include <algorithm>
#include <bit>

#include "core/util/system_calls.h"

namespace usdparquet {
namespace {

using Slot = std::atomic<uint64_t>;

/// Additions to wait for after there was no room, at least.
constexpr size_t kPatience = 64;

/// The slots of a table when it begins: what the system gives at least.
size_t FirstSlots() {
  static const size_t slots =
      std::bit_ceil(std::max<size_t>(4096, MemoryPageSize())) / sizeof(Slot);
  return slots;
}

/// Half full when every handle was added. Addresses are reserved for no more than a table may take
/// `budget`, which is that of now, or under the default one if that is more.
size_t MaxSlots(size_t num_handles, uint64_t budget) {
  if (num_handles == 0) return 0;
  budget = std::max<uint64_t>(budget, PageCache::kDefaultBudget);
  const uint64_t wanted = std::bit_ceil(uint64_t{2} * num_handles);
  const uint64_t affordable = std::bit_floor(budget / 4 / sizeof(Slot));
  return std::max<size_t>(FirstSlots(), std::min({wanted, affordable, uint64_t{1} << 34}));
}

}  // namespace

HandleTables& HandleTables::Instance() {
  // Never destroyed: layers may outlive static destruction.
  static auto* tables = new HandleTables(PageCache::Instance());
  return *tables;
}

HandleTables::HandleTables(PageCache& cache) : cache_(cache) {
  cache_.OnBudgetChange([this] { FitLimit(); });
}

HandleTables::~HandleTables() { cache_.OnBudgetChange(nullptr); }

void HandleTables::Add(HandleTable* table) {
  std::lock_guard lock(mutex_);
  tables_.push_back(table);
}

void HandleTables::Remove(HandleTable* table) {
  std::lock_guard lock(mutex_);
  Drop(table);
  std::erase(tables_, table);
}

bool HandleTables::Grow(HandleTable* table, size_t slots) {
  std::lock_guard lock(mutex_);
  // Another thread was first.
  if (table->num_slots_.load(std::memory_order_relaxed) != slots) return true;
  const size_t grown = table->GrownSize();
  if (grown > table->max_slots_ || !table->Reserve()) return false;
  const uint64_t more = (grown - slots) * sizeof(Slot);
  if (more > limit()) return false;
  const uint64_t target = limit() - more;
  TurnClock(table, target);
  while (bytes() > target) {
    HandleTable* const largest = Largest(table);
    if (!largest || largest->bytes() < 4 * grown * sizeof(Slot)) return false;
    Halve(largest);
  }
  cache_.Charge(more);
  bytes_ += more;
  table->Double();
  return true;
}

void HandleTables::FitLimit() {
  std::lock_guard lock(mutex_);
  TurnClock(nullptr, limit());
  while (bytes() > limit()) {
    HandleTable* const largest = Largest(nullptr);
    if (largest->bytes() > FirstSlots() * sizeof(Slot)) {
      Halve(largest);
    } else {
      Drop(largest);
    }
  }
  for (HandleTable* table : tables_) table->AskAgain();  // there may be more room now
}

/// Goes around once, at most: a table that was just laid aside has the time until the next call to
/// be read.
void HandleTables::TurnClock(const HandleTable* growing, uint64_t target) {
  for (size_t looked = 0; looked < tables_.size() && bytes() > target; ++looked) {
    hand_ = hand_ < tables_.size() ? hand_ : 0;
    HandleTable* const table = tables_[hand_++];
    if (table == growing || table->bytes() == 0) continue;
    if (table->IsAside()) {
      Drop(table);
    } else {
      table->LayAside();
    }
  }
}

HandleTable* HandleTables::Largest(const HandleTable* growing) const {
  HandleTable* largest = nullptr;
  for (HandleTable* table : tables_) {
    if (table != growing && table->bytes() > (largest ? largest->bytes() : 0)) largest = table;
  }
  return largest;
}

void HandleTables::Drop(HandleTable* table) {
  const size_t slots = table->num_slots_.load(std::memory_order_relaxed);
  if (slots == 0) return;
  table->Drop();
  TakeBack(slots);
}

void HandleTables::Halve(HandleTable* table) {
  table->Halve();
  TakeBack(table->num_slots_.load(std::memory_order_relaxed));
}

void HandleTables::TakeBack(size_t slots) {
  bytes_ -= slots * sizeof(Slot);
  cache_.Release(slots * sizeof(Slot));
}

HandleTable::HandleTable(HandleTables& tables, size_t num_handles, ReleaseHandle release)
    : tables_(tables),
      release_(release),
      max_slots_(MaxSlots(num_handles, tables.cache_.budget())) {
  tables_.Add(this);
}

HandleTable::~HandleTable() {
  tables_.Remove(this);
  if (memory_) UnmapMemory(memory_, max_slots_ * sizeof(Slot));
}

bool HandleTable::FindAside(uint32_t handle, uint32_t* number) {
  if (!IsAside() || num_slots_.load(std::memory_order_relaxed) == 0) return false;
  {
    std::lock_guard lock(mutex_);
    if (num_slots_.load(std::memory_order_relaxed) == 0) return false;
    slots_.store(memory_, std::memory_order_release);
  }
  return Find(handle, number);
}

void HandleTable::Add(uint32_t handle, uint32_t number) {
  uint32_t to_release = handle;
  {
    std::unique_lock lock(mutex_);
    if (patience_ > 0) {
      --patience_;
    } else if (WantsToGrow(handle)) {
      const size_t slots = num_slots_.load(std::memory_order_relaxed);
      lock.unlock();
      const bool has_grown = tables_.Grow(this, slots);
      lock.lock();
      if (!has_grown) patience_ = std::max(kPatience, slots / 2);
    }
    if (num_slots_.load(std::memory_order_relaxed) > 0) to_release = Put(handle, number);
  }
  if (to_release != 0) release_(to_release);
}

bool HandleTable::WantsToGrow(uint32_t handle) const {
  const size_t slots = num_slots_.load(std::memory_order_relaxed);
  if (4 * count_ < slots || GrownSize() > max_slots_) return false;
  if (2 * count_ >= slots) return true;
  const Slot* bucket = Bucket(BucketOf(handle, bucket_mask_.load(std::memory_order_relaxed)));
  return std::all_of(bucket, bucket + kWays,
                     [](const Slot& slot) { return slot.load(std::memory_order_relaxed) != 0; });
}

uint32_t HandleTable::Put(uint32_t handle, uint32_t number) {
  slots_.store(memory_, std::memory_order_release);
  Slot* bucket = Bucket(BucketOf(handle, bucket_mask_.load(std::memory_order_relaxed)));
  size_t victim = kWays;
  for (size_t i = kWays; i-- > 0;) {
    const size_t way = FirstWayOf(handle) ^ i;
    const uint64_t entry = bucket[way].load(std::memory_order_relaxed);
    if (static_cast<uint32_t>(entry >> 32) == handle) return handle;  // another thread was first
    if (entry == 0) victim = way;  // in the end the empty one that is looked into first
  }
  if (victim == kWays) {
    victim = (handle >> 10) % kWays;
  } else {
    ++count_;
  }
  const uint64_t old =
      bucket[victim].exchange(uint64_t{handle} << 32 | number, std::memory_order_acq_rel);
  return static_cast<uint32_t>(old >> 32);
}

size_t HandleTable::EmptyWay(const Slot* bucket, uint32_t handle) {
  for (size_t i = 0; i < kWays; ++i) {
    const size_t way = FirstWayOf(handle) ^ i;
    if (bucket[way].load(std::memory_order_relaxed) == 0) return way;
  }
  return kWays;
}

size_t HandleTable::GrownSize() const {
  const size_t slots = num_slots_.load(std::memory_order_relaxed);
  return slots == 0 ? FirstSlots() : 2 * slots;
}

bool HandleTable::Reserve() {
  std::lock_guard lock(mutex_);
  if (memory_) return true;
  const size_t size = max_slots_ * sizeof(Slot);
  void* const memory = ReserveMemory(size);
  if (!memory) return false;
  // A huge page would be more than what is charged.
  AvoidHugePages(memory, size);
  memory_ = static_cast<Slot*>(memory);
  return true;
}

void HandleTable::SetSize(size_t slots) {
  num_slots_.store(slots, std::memory_order_relaxed);
  bucket_mask_.store(slots == 0 ? 0 : static_cast<uint32_t>(slots / kWays - 1),
                     std::memory_order_relaxed);
}

void HandleTable::Double() {
  std::lock_guard lock(mutex_);
  const size_t old_buckets = num_slots_.load(std::memory_order_relaxed) / kWays;
  SetSize(GrownSize());
  const uint32_t mask = bucket_mask_.load(std::memory_order_relaxed);
  for (size_t b = 0; b < old_buckets; ++b) {
    for (Slot* slot = Bucket(b); slot < Bucket(b + 1); ++slot) {
      const uint64_t entry = slot->load(std::memory_order_relaxed);
      const auto handle = static_cast<uint32_t>(entry >> 32);
      Slot* const bucket = Bucket(BucketOf(handle, mask));
      if (entry == 0 || bucket == Bucket(b)) continue;
      // The bucket was empty, and no more come than there are here.
      bucket[EmptyWay(bucket, handle)].store(entry, std::memory_order_release);
      slot->store(0, std::memory_order_relaxed);
    }
  }
  slots_.store(memory_, std::memory_order_release);
}

void HandleTable::Halve() {
  std::lock_guard lock(mutex_);
  const size_t slots = num_slots_.load(std::memory_order_relaxed) / 2;
  SetSize(slots);
  const size_t buckets = slots / kWays;
  for (size_t b = 0; b < buckets; ++b) {
    Slot* const into = Bucket(b);
    for (Slot* slot = Bucket(b + buckets); slot < Bucket(b + buckets + 1); ++slot) {
      const uint64_t entry = slot->exchange(0, std::memory_order_acq_rel);
      if (entry == 0) continue;
      const auto handle = static_cast<uint32_t>(entry >> 32);
      const size_t way = EmptyWay(into, handle);
      if (way < kWays) {
        into[way].store(entry, std::memory_order_release);
      } else {
        --count_;
        release_(handle);
      }
    }
  }
  EmptyMemory(memory_ + slots, slots * sizeof(Slot));
}

void HandleTable::Drop() {
  std::lock_guard lock(mutex_);
  const size_t slots = num_slots_.load(std::memory_order_relaxed);
  slots_.store(nullptr, std::memory_order_release);
  for (size_t i = 0; i < slots; ++i) {
    const uint64_t entry = memory_[i].exchange(0, std::memory_order_acq_rel);
    if (entry != 0) release_(static_cast<uint32_t>(entry >> 32));
  }
  SetSize(0);
  count_ = 0;
  EmptyMemory(memory_, slots * sizeof(Slot));
}

void HandleTable::AskAgain() {
  std::lock_guard lock(mutex_);
  patience_ = 0;
}

void HandleTable::LayAside() { slots_.store(nullptr, std::memory_order_relaxed); }

}  // namespace usdparquet
