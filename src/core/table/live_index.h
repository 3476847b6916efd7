#pragma once

/// \file
/// The index of an open table, which a sound one replaces if it turns out to be damaged.

#include <arrow/result.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/table/index_loader.h"
#include "core/util/export.h"

namespace usdparquet {

/// Holds the index that readers use. One that lies in the file is verified as it is used, so that
/// damage shows at any time after the open, and so does a number in it that can't be. Then the
/// thread that ends its query first builds the index anew from the columns, others wait for it, and
/// all ask again. The old index stays alive as long as this: readers may hold parts of it.
///
/// Thread-safety: after Open, every function may be called from any number of threads.
class USDPARQUET_API LiveIndex {
 public:
  LiveIndex() = default;
  LiveIndex(const LiveIndex&) = delete;
  LiveIndex& operator=(const LiveIndex&) = delete;

  /// Takes the index that lies in the file, or builds one if there is none that can be used or
  /// `ignores_embedded`. Appends to `warnings` why one that is there is not used. `name` is what
  /// messages call the file, `report` is told once if the index is replaced, or can't be. Messages
  /// of errors do not name the file. To be called first, and once.
  arrow::Status Open(IndexLoader loader, bool ignores_embedded, std::string name, ReadReport report,
                     std::vector<std::string>* warnings);

  /// Takes an index that was built, instead of Open: there is nothing to replace.
  void Take(TableIndex index) {
    opened_ = std::move(index);
    current_.store(&opened_, std::memory_order_release);
  }

  /// The index of now. What it says is known to be right only at the end of Ask.
  const TableIndex& current() const { return *current_.load(std::memory_order_acquire); }
  /// 0, or 1 once the index was replaced: ids of prims are those of one version.
  uint32_t version() const { return state_.load(std::memory_order_acquire) == State::kReplaced; }

  /// Whether damage showed, of which nothing was made yet.
  bool is_doubted() const { return state_.load(std::memory_order_acquire) == State::kDoubted; }

  /// What `f()` returns, which asks the current index, once that is not found to be damaged by it.
  /// `f` is called again if the index was replaced meanwhile. May be called within `f`.
  /// Inlined, as it is around every read.
  template <typename F>
  [[gnu::always_inline]] auto Ask(const F& f) {
    for (;;) {
      const State before = state_.load(std::memory_order_acquire);
      if (before == State::kDoubted) [[unlikely]] {
        Settle();
        continue;
      }
      auto answer = f();
      if (state_.load(std::memory_order_acquire) == before) [[likely]]
        return answer;
    }
  }

  /// Whether the index is damaged and can't be built anew: prims may not be found.
  bool has_damage() const { return state_.load(std::memory_order_acquire) == State::kDamaged; }
  /// Why, with column and row. REQUIRES: has_damage().
  const std::string& damage() const { return damage_; }

  /// Whether the indexes in the file are undamaged, all of them, and could be those of a file.
  /// Reads all of them, and replaces the index if one is not. True if the file has none.
  bool CouldBeSound();
  /// Whether the indexes in the file may be copied as they are: they are those that the columns
  /// give. Builds them from the columns, and replaces the index if it is another. True if the file
  /// has none.
  bool CheckEmbedded();

 private:
  enum class State : uint8_t {
    kOpened,    ///< as it was opened
    kDoubted,   ///< a query met damage
    kReplaced,  ///< by one that was built
    kDamaged,   ///< and nothing to build another one from
  };

  void Doubt(const std::string& why);
  void Settle();

  std::atomic<const TableIndex*> current_{nullptr};
  std::atomic<State> state_{State::kOpened};
  std::optional<IndexLoader> loader_;
  std::string name_;
  ReadReport report_;
  TableIndex opened_;
  bool has_rejected_ = false;  ///< an index in the file was not used, because it is damaged
  std::mutex reason_mutex_;    ///< held shortly: doubts come from within queries
  std::string reason_;
  std::string damage_;  ///< once kDamaged
  std::mutex building_;
  TableIndex built_;
};

}  // namespace usdparquet
