#pragma once

/// \file
/// The colours of a column: what the layer of a table presents as `primvars:displayColor`.

#include <arrow/result.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/color/color_ramp.h"
#include "core/pages/page.h"
#include "core/schema/schema.h"
#include "core/table/table.h"
#include "core/util/export.h"

namespace usdparquet {

/// The property that colours are presented as.
inline constexpr char kColorProperty[] = "primvars:displayColor";

/// Which colours are wanted, as it is given.
struct ColorRequest {
  std::string column;  ///< `column:field` for a field of a struct
  std::string ramp;    ///< empty: the default of the column's type
  std::string range;   ///< the values at both ends of the ramp, `low,high`; empty: the column's own
};

/// Gives each value of one column a colour of a ramp.
///
/// Numbers, booleans, dates and times lie on the ramp between two values, and have the colour at
/// its end where they lie beyond: infinities too. NaN has none. Texts have a colour each, in the
/// order of their bytes.
///
/// Thread-safety: immutable; all functions may be called from any number of threads.
class USDPARQUET_API ColorScale {
 public:
  /// What Find returns for a value without a colour.
  static constexpr uint32_t kNone = 0xffffffffu;

  /// Where the values at the ends of the ramp come from.
  enum class RangeFrom : uint8_t {
    kRequest,
    kType,        ///< booleans: false and true
    kStatistics,  ///< the footer, which has a seal that is right
    kValues,      ///< all values of the column were read
  };

  /// A value and its colour, as a legend shows them.
  struct Mark {
    std::string text;
    bool is_number = false;
    double number = 0;  ///< the same, if it is one
    SrgbColor color = 0;
  };

  /// The colours of a column of `table`. Reads the column, unless `range` is given or the footer is
  /// sealed and tells the smallest and the largest value; texts are always read. Pages that are
  /// damaged have no values, and are reported when their cells are read. Fails if there is no such
  /// column, if it has no order, if the ramp or the range can't be used, if there are too many
  /// texts, or if the table has a property kColorProperty itself. The message does not name the
  /// file.
  static arrow::Result<std::shared_ptr<const ColorScale>> Make(Table& table,
                                                               const ColorRequest& request);

  /// The number of the column in Table::columns().
  size_t column() const { return column_; }
  const ColorRamp& ramp() const { return *ramp_; }
  RangeFrom range_from() const { return range_from_; }
  /// Whether every value has a colour: NaN and texts do not.
  bool has_all() const { return has_all_; }

  /// The colour of cell `i` of a page of the column: its place in ramp().colors, or kNone.
  /// REQUIRES: the cell has a value.
  uint32_t Find(const Page& page, uint32_t i) const { return find_(*this, page, i); }

  /// Up to `count` values in even steps over the ramp, the ends included; all texts, whatever
  /// `count`. Empty if the column has no values. REQUIRES: count > 1.
  std::vector<Mark> Legend(size_t count) const;

 private:
  friend class ColorScaleMaker;

  ColorScale() = default;

  uint32_t FindNumber(double value) const;
  uint32_t FindText(std::string_view text) const;
  uint32_t ColorOfText(size_t number) const;
  Mark MarkAt(double value) const;

  size_t column_ = 0;
  ValueType type_;
  Conversion conversion_ = Conversion::kNone;
  bool is_utc_ = false;
  const ColorRamp* ramp_ = nullptr;
  RangeFrom range_from_ = RangeFrom::kRequest;
  bool has_all_ = false;
  uint32_t (*find_)(const ColorScale&, const Page&, uint32_t) = nullptr;

  // Numbers: dates and timestamps are seconds since 1970, times seconds since midnight.
  bool has_range_ = false;  // false if the column has no finite value
  double low_ = 0, high_ = 0;
  double scale_ = 1;                // what values are multiplied by, so that the span is finite
  std::vector<std::string> texts_;  // in order
};

}  // namespace usdparquet
