/// \file
/// ColorScale::Make: what a request for colours means for a column.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>
#include <utility>

#include "core/color/color_bounds.h"
#include "core/color/color_scale.h"
#include "core/color/color_values.h"
#include "core/util/guard.h"
#include "core/util/message_text.h"
#include "core/util/nearest_name.h"

namespace usdparquet {
namespace {

std::string_view TrimBlanks(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::optional<double> ParseFiniteNumber(std::string_view text) {
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_all = read.ec == std::errc() && read.ptr == text.data() + text.size();
  return is_all && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::string NamesOfRamps() {
  std::string names;
  for (const ColorRamp& ramp : ColorRamps()) {
    if (!names.empty()) names += ", ";
    names += ramp.name;
  }
  return names;
}

}  // namespace

/// Makes a scale in steps, each of which looks at a part of the request.
class ColorScaleMaker {
 public:
  ColorScaleMaker(Table& table, const ColorRequest& request) : table_(table), request_(request) {}

  arrow::Result<std::shared_ptr<const ColorScale>> Make() {
    std::shared_ptr<ColorScale> made(new ColorScale());
    scale_ = made.get();
    ARROW_RETURN_NOT_OK(FindColumn());
    ARROW_RETURN_NOT_OK(ChooseRamp());
    scale_->find_ = FinderOf(*column_);
    scale_->has_all_ = !IsText() && column_->type.scalar != Scalar::kHalf &&
                       column_->type.scalar != Scalar::kFloat &&
                       column_->type.scalar != Scalar::kDouble;
    ARROW_RETURN_NOT_OK(IsText() ? ReadTexts() : SetRange());
    return std::shared_ptr<const ColorScale>(std::move(made));
  }

 private:
  bool IsText() const {
    return column_->type.scalar == Scalar::kString && !HoldsMoments(column_->conversion);
  }
  template <typename... Words>
  arrow::Status Refuse(const Words&... words) const {
    return arrow::Status::Invalid("column '", request_.column, "' ", words...);
  }

  arrow::Status FindColumn() {
    const std::vector<ColumnInfo>& columns = table_.columns();
    const auto has_name = [&](const ColumnInfo& each) {
      return each.column_name == request_.column;
    };
    const auto found = std::ranges::find_if(columns, has_name);
    if (found == columns.end()) return RefuseName();
    column_ = &*found;
    scale_->column_ = static_cast<size_t>(found - columns.begin());
    scale_->type_ = column_->type;
    scale_->conversion_ = column_->conversion;
    scale_->is_utc_ = column_->is_utc;
    if (column_->role != ColumnRole::kAttribute) {
      return Refuse("has no colours: it holds ", column_->role == ColumnRole::kRelationship
                                                     ? "the targets of a relationship"
                                                     : "what prims are, no values");
    }
    if (column_->type.is_array || column_->type.tuple != 1) {
      return Refuse("has no colours: values of type ", column_->sdf_type, " have no order");
    }
    for (const ColumnInfo& each : columns) {
      if (each.role == ColumnRole::kPrimMetadata || each.property_name != kColorProperty) continue;
      return Refuse("can't be shown as colours: column '", each.column_name, "' is '",
                    kColorProperty, "' already; leave it out with the format argument 'columns'");
    }
    return arrow::Status::OK();
  }

  /// Why there is no column of that name.
  arrow::Status RefuseName() const {
    const TableSchema& schema = table_.schema();
    if (schema.path && schema.path->column_name == request_.column) {
      return Refuse("has no colours: it holds the prim paths");
    }
    if (schema.time && schema.time->column_name == request_.column) {
      return Refuse("has no colours: it holds the times");
    }
    for (const LeftOutColumn& each : schema.left_out) {
      if (each.column_name == request_.column) return Refuse("has no colours: ", each.reason);
    }
    std::vector<std::string> names;
    const std::string fields = request_.column + ":";
    for (const ColumnInfo& each : schema.columns) {
      if (each.column_name.starts_with(fields)) {
        return Refuse("has no colours: it is a struct; name a field of it, such as '",
                      each.column_name, "'");
      }
      names.push_back(each.column_name);
    }
    const std::string near = NearestName(request_.column, names);
    std::string shown;
    for (size_t i = 0; near.empty() && i < names.size() && shown.size() < 400; ++i) {
      shown += (shown.empty() ? "'" : ", '") + names[i] + "'";
    }
    return arrow::Status::Invalid(
        "there is no column ", QuotedValue(request_.column), " to be shown as colours; ",
        near.empty() ? "the layer has " + (shown.empty() ? std::string("none") : shown)
                     : "the nearest is '" + near + "'");
  }

  arrow::Status ChooseRamp() {
    const auto& ramps = ColorRamps();
    if (request_.ramp.empty()) {
      scale_->ramp_ = IsText() ? &ramps.back() : &ramps.front();
      return arrow::Status::OK();
    }
    scale_->ramp_ = FindColorRamp(request_.ramp);
    if (!scale_->ramp_) {
      return Refuse("can't be shown by the ramp ", QuotedValue(request_.ramp), "; there are ",
                    NamesOfRamps());
    }
    if (scale_->ramp_->is_categorical && !IsText()) {
      return Refuse("can't be shown by the ramp '", scale_->ramp_->name,
                    "', which is for texts: it holds ", column_->storage);
    }
    return arrow::Status::OK();
  }

  arrow::Status ReadTexts() {
    if (!request_.range.empty()) {
      return Refuse("holds texts, which the range ", QuotedValue(request_.range),
                    " says nothing of");
    }
    scale_->range_from_ = ColorScale::RangeFrom::kValues;
    auto texts = TextsOf(table_, scale_->column_);
    if (!texts.ok()) return Refuse(texts.status().message(), ", too many for colours");
    scale_->texts_.assign(texts->begin(), texts->end());
    return arrow::Status::OK();
  }

  arrow::Status SetRange() {
    std::optional<ColorBounds> bounds;
    if (!request_.range.empty()) {
      ARROW_ASSIGN_OR_RAISE(bounds, ParseRange());
      scale_->range_from_ = ColorScale::RangeFrom::kRequest;
    } else if (column_->type.scalar == Scalar::kBool) {
      bounds = {0, 1};
      scale_->range_from_ = ColorScale::RangeFrom::kType;
    } else {
      bounds = BoundsInFooter(table_, *column_);
      scale_->range_from_ = ColorScale::RangeFrom::kStatistics;
      if (!bounds) {
        bounds = BoundsOfValues(table_, scale_->column_, NumberReaderOf(*column_));
        scale_->range_from_ = ColorScale::RangeFrom::kValues;
      }
    }
    if (!bounds) return arrow::Status::OK();
    scale_->has_range_ = true;
    scale_->low_ = bounds->low;
    scale_->high_ = bounds->high;
    scale_->scale_ = std::isfinite(bounds->high - bounds->low) ? 1 : 0.5;
    return arrow::Status::OK();
  }

  arrow::Result<ColorBounds> ParseRange() const {
    const bool is_moment = HoldsMoments(column_->conversion);
    const auto parse = [&](std::string_view text) {
      text = TrimBlanks(text);
      return is_moment ? ParseMoment(column_->conversion, text) : ParseFiniteNumber(text);
    };
    const std::string_view text = request_.range;
    const size_t comma = text.find(',');
    std::optional<double> low, high;
    if (comma != std::string_view::npos) {
      low = parse(text.substr(0, comma));
      high = parse(text.substr(comma + 1));
    }
    const char* const wanted = column_->conversion == Conversion::kTime
                                   ? "times, such as 08:00,17:30"
                               : is_moment ? "dates or timestamps, such as 2024-01-01,2024-12-31"
                                           : "finite numbers, such as 0,100";
    if (!low || !high) {
      return Refuse("can't be shown in the range ", QuotedValue(text), "; give two ", wanted);
    }
    if (*low >= *high) {
      return Refuse("can't be shown in the range ", QuotedValue(text),
                    ", which is empty; give the lower value first: two ", wanted);
    }
    return ColorBounds{*low, *high};
  }

  template <typename T>
  static uint32_t FindNumberInCell(const ColorScale& scale, const Page& page, uint32_t i) {
    return scale.FindNumber(NumberInCell<T>(page, i));
  }

  using Finder = uint32_t (*)(const ColorScale&, const Page&, uint32_t);
  using NumberReader = double (*)(const Page&, uint32_t);

  static Finder FinderOf(const ColumnInfo& column) {
    if (column.type.scalar == Scalar::kString && !HoldsMoments(column.conversion)) {
      return [](const ColorScale& scale, const Page& page, uint32_t i) {
        return scale.FindText(page.String(i));
      };
    }
    return OfScalar(
        column, []<typename T>(T) -> Finder { return &FindNumberInCell<T>; },
        [](const ColorScale& scale, const Page& page, uint32_t i) {
          return scale.FindNumber(SecondsOfText(page.String(i)));
        });
  }

  static NumberReader NumberReaderOf(const ColumnInfo& column) {
    return OfScalar(
        column, []<typename T>(T) -> NumberReader { return &NumberInCell<T>; },
        [](const Page& page, uint32_t i) { return SecondsOfText(page.String(i)); });
  }

  /// What `of_type` returns for the type of numbers that pages of the column hold; `of_moments` for
  /// dates, timestamps and times.
  template <typename F, typename G>
  static auto OfScalar(const ColumnInfo& column, const F& of_type, const G& of_moments)
      -> decltype(of_type(0)) {
    switch (column.type.scalar) {
      case Scalar::kBool:
      case Scalar::kUChar:
        return of_type(uint8_t{});
      case Scalar::kInt:
        return of_type(int32_t{});
      case Scalar::kUInt:
        return of_type(uint32_t{});
      case Scalar::kInt64:
        return of_type(int64_t{});
      case Scalar::kUInt64:
        return of_type(uint64_t{});
      case Scalar::kHalf:
        return of_type(HalfBits{});
      case Scalar::kFloat:
        return of_type(float{});
      case Scalar::kDouble:
        return of_type(double{});
      case Scalar::kString:
        break;
    }
    return of_moments;
  }

  Table& table_;
  const ColorRequest& request_;
  ColorScale* scale_ = nullptr;
  const ColumnInfo* column_ = nullptr;
};

arrow::Result<std::shared_ptr<const ColorScale>> ColorScale::Make(Table& table,
                                                                  const ColorRequest& request) {
  return Guarded([&] { return ColorScaleMaker(table, request).Make(); });
}

}  // namespace usdparquet
