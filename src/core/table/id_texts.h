#pragma once

/// \file
/// Ids as texts: those that write the same are the same, whatever their types.

#include <arrow/chunked_array.h>
#include <arrow/result.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/util/export.h"
#include "core/util/raw_vector.h"

namespace usdparquet {

/// The texts of a column of ids. Those of numbers without a fraction are integers, so that a column
/// of integers that a missing cell has turned into doubles matches too; other numbers are written
/// as shortly as they are read back in their type: the float 0.1 is the text "0.1".
///
/// Thread-safety: immutable.
class USDPARQUET_API IdTexts {
 public:
  /// Fails if the type of `cells` can hold no ids; the message goes on after the column's name.
  static arrow::Result<IdTexts> Make(const arrow::ChunkedArray& cells);

  uint32_t size() const { return static_cast<uint32_t>(texts_.size()); }
  /// The text of a row; without a data pointer where there is no id: a null, an empty text, NaN.
  std::string_view operator[](uint32_t row) const { return texts_[row]; }

 private:
  arrow::Status Add(const arrow::Array& cells);
  template <typename Array>
  void AddStrings(const Array& cells);
  template <typename Array, typename Write>
  void AddWritten(const Array& cells, const Write& write);

  // Of mapped memory: they are large and live shortly.
  RawVector<std::string_view> texts_;
  std::vector<std::shared_ptr<arrow::ArrayData>> held_;        ///< what texts refer to
  std::vector<std::unique_ptr<RawVector<std::string>>> made_;  ///< likewise
};

}  // namespace usdparquet
