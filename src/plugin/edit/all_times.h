#pragma once

/// \file
/// The times at which any attribute of an edited layer has a sample.

#include <pxr/pxr.h>

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>

PXR_NAMESPACE_OPEN_SCOPE

/// Counts the attributes that have a sample at each time, so that an edit knows when the last
/// sample at a time goes. Nothing is counted until somebody asks after an edit; then each edit
/// changes the counts.
///
/// Thread-safety: Ask may be called from any number of threads while nobody edits.
class UsdParquetAllTimes {
 public:
  using Counts = std::map<double, size_t>;

  /// Whether any edit was about samples. Until then the times are the file's.
  bool is_edited() const { return is_edited_; }
  bool is_counted() const { return counts_.has_value(); }

  void MarkEdited() { is_edited_ = true; }
  void Add(double time) {
    is_edited_ = true;
    if (counts_) ++(*counts_)[time];
  }
  void Remove(double time) {
    is_edited_ = true;
    if (!counts_) return;
    const auto found = counts_->find(time);
    if (found != counts_->end() && --found->second == 0) counts_->erase(found);
  }
  void Clear() {
    is_edited_ = false;
    counts_.reset();
  }

  /// Returns `use(counts)`. `count()` counts, if nobody has.
  template <typename Count, typename Use>
  auto Ask(const Count& count, const Use& use) const {
    const std::lock_guard lock(mutex_);
    if (!counts_) counts_ = count();
    return use(*counts_);
  }

 private:
  bool is_edited_ = false;
  mutable std::mutex mutex_;
  mutable std::optional<Counts> counts_;
};

PXR_NAMESPACE_CLOSE_SCOPE
