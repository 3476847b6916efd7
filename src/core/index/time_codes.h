#pragma once

/// \file
/// Turns the cells of a time column into USD time codes.

#include <arrow/result.h>
#include <parquet/schema.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/pages/page.h"
#include "core/schema/schema.h"
#include "core/util/export.h"

namespace usdparquet {

/// A moment, in nanoseconds since 1970-01-01T00:00 UTC. Wide enough for any tick of any unit.
using Nanoseconds = __int128;

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

/// Parses an ISO 8601 date or timestamp (`2024-05-01`, `2024-05-01T12:30:00.5Z`,
/// `2024-05-01 12:30+02:00`). Without a zone it is UTC. Returns nothing if the text is neither.
USDPARQUET_API std::optional<Nanoseconds> ParseTimestamp(std::string_view text);

/// The time of one row, as stored.
struct RowTime {
  enum class Kind : uint8_t {
    kDefault,  ///< null: the row holds defaults
    kSample,
    kBad,  ///< no time code can hold it
  };
  Kind kind = Kind::kDefault;
  /// For samples: ticks, or the bits of a double. Equal times have equal bits.
  int64_t raw = 0;

  // The time of a cell that holds a time code. A bad integer keeps its bits, for the message.
  static RowTime Of(double code);
  static RowTime Of(int64_t code);
  static RowTime Of(uint64_t code);
};

/// How a time column is decoded and what its cells mean. Immutable.
struct TimeColumn {
  ColumnInfo info;  ///< decodes to numbers; dates and timestamps to their ticks
  /// The unit of dates and timestamps; 0 if the cells are time codes themselves.
  int64_t nanoseconds_per_tick = 0;

  bool has_timestamps() const { return nanoseconds_per_tick != 0; }

  /// Describes `column` as a time column. Fails unless it holds numbers, dates or timestamps; the
  /// message does not name the file.
  USDPARQUET_API static arrow::Result<TimeColumn> Make(const ColumnInfo& column,
                                                       const parquet::ColumnDescriptor& leaf);

  /// The time in cell `i` of a page of this column.
  USDPARQUET_API RowTime Read(const Page& page, uint32_t i) const;

  /// The cell as a message shows it.
  USDPARQUET_API std::string Describe(const RowTime& time) const;

  Nanoseconds Moment(int64_t ticks) const { return Nanoseconds{ticks} * nanoseconds_per_tick; }
};

/// How stored times become time codes.
struct TimeScale {
  Nanoseconds start = 0;  ///< what time code 0 stands for, if the times are timestamps
  double codes_per_second = 24;

  bool operator==(const TimeScale&) const = default;

  /// The time code of a stored time. Never NaN or infinite, never -0.
  /// REQUIRES: `raw` is that of a sample of `column`.
  USDPARQUET_API double CodeOf(const TimeColumn& column, int64_t raw) const;
};

}  // namespace usdparquet
