#include "core/table/live_index.h"

#include <utility>

#include "core/util/guard.h"
#include "core/util/message_text.h"

namespace usdparquet {

arrow::Status LiveIndex::Open(IndexLoader loader, bool ignores_embedded, std::string name,
                              ReadReport report, std::vector<std::string>* warnings) {
  loader_.emplace(std::move(loader));
  name_ = std::move(name);
  report_ = std::move(report);
  std::vector<std::string> reasons;
  auto embedded = loader_->LoadEmbedded([this](const std::string& why) { Doubt(why); }, &reasons);
  has_rejected_ = !reasons.empty();
  warnings->insert(warnings->end(), reasons.begin(), reasons.end());
  if (embedded && !ignores_embedded) {
    opened_ = std::move(*embedded);
  } else {
    ARROW_ASSIGN_OR_RAISE(opened_, loader_->Build());
    state_ = State::kOpened;  // a doubt was about what is not used
  }
  current_.store(&opened_, std::memory_order_release);
  return arrow::Status::OK();
}

/// Called by the parts of the opened index. Only the first doubt counts.
void LiveIndex::Doubt(const std::string& why) {
  std::lock_guard lock(reason_mutex_);
  if (state_.load() != State::kOpened) return;
  reason_ = why;
  state_.store(State::kDoubted, std::memory_order_release);
}

void LiveIndex::Settle() {
  std::string message;
  bool is_error = false;
  {
    std::lock_guard lock(building_);
    if (state_.load() != State::kDoubted) return;  // others waited for it
    auto built = Guarded([this] { return loader_->Build(); });
    {
      std::lock_guard reading(reason_mutex_);
      message = name_ + ": " + reason_;
    }
    if (built.ok()) {
      built_ = std::move(*built);
      message += "; it was built anew from " + loader_->ColumnNames() + ". Write it again with " +
                 loader_->Remedy();
      current_.store(&built_, std::memory_order_release);
      state_.store(State::kReplaced, std::memory_order_release);
    } else {
      is_error = true;
      message += ", and it can't be built anew: " + built.status().message() +
                 "; prims and times there are not found";
      damage_ = MessageText(reason_ + ": " + built.status().message());
      state_.store(State::kDamaged, std::memory_order_release);
    }
  }
  // Without the lock: whoever is told may ask the table.
  if (report_) report_(is_error, MessageText(message));
}

bool LiveIndex::CouldBeSound() {
  return Ask([this] {
    const TableIndex& index = current();
    return !has_rejected_ && version() == 0 && !has_damage() && index.paths.Check() &&
           (!index.times || index.times->Check());
  });
}

bool LiveIndex::CheckEmbedded() {
  if (!CouldBeSound()) return false;
  if (!current().paths.is_embedded()) return true;
  return Ask([this] {
    const TableIndex& index = current();
    if (version() != 0) return false;
    const auto built = Guarded([this] { return loader_->Build(); });
    if (!built.ok()) return false;  // whoever reads the columns is told
    if (!index.paths.IsSameAs(built->paths)) index.paths.Reject("it is not that of the paths");
    if (index.times && !(built->times && index.times->IsSameAs(*built->times))) {
      index.times->Reject("it is not that of the times");
    }
    return state_.load(std::memory_order_acquire) == State::kOpened;
  });
}

}  // namespace usdparquet
