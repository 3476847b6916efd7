#include "core/color/color_scale.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <system_error>

#include "core/color/color_values.h"
#include "core/schema/value_convert.h"

namespace usdparquet {
namespace {

/// The shortest text of a number that reads back as the same number.
template <typename T>
std::string ShortestText(T value) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  return std::string(text, end);
}

/// The text of a moment, in the same form as the layer's.
std::string TextOfMoment(Conversion conversion, bool is_utc, double seconds) {
  constexpr int kDigits = 6;
  char text[kMaxTimeText];
  const int64_t ticks = std::llround(seconds * 1e6);
  const int length = conversion == Conversion::kDate
                         ? FormatDate(static_cast<int64_t>(std::floor(seconds / 86400)), text)
                     : conversion == Conversion::kTime
                         ? FormatTime(ticks, kDigits, text)
                         : FormatTimestamp(ticks, kDigits, is_utc, text);
  return std::string(text, static_cast<size_t>(length));
}

bool IsInteger(Scalar scalar) {
  return scalar == Scalar::kUChar || scalar == Scalar::kInt || scalar == Scalar::kUInt ||
         scalar == Scalar::kInt64 || scalar == Scalar::kUInt64;
}

}  // namespace

uint32_t ColorScale::FindNumber(double value) const {
  if (std::isnan(value)) return kNone;
  const auto last = static_cast<uint32_t>(ramp_->colors.size() - 1);
  if (value <= low_ || value >= high_) {
    // All values are the same: neither end of the ramp says more of them than the other.
    if (low_ == high_ && value == low_) return (last + 1) / 2;
    return value <= low_ ? 0 : last;
  }
  const double place = (value * scale_ - low_ * scale_) / (high_ * scale_ - low_ * scale_);
  return std::min(static_cast<uint32_t>(place * (last + 1)), last);
}

uint32_t ColorScale::FindText(std::string_view text) const {
  const auto found = std::ranges::lower_bound(texts_, text);
  // What is not among the texts was in a page that could not be read then.
  if (found == texts_.end() || *found != text) return kNone;
  return ColorOfText(static_cast<size_t>(found - texts_.begin()));
}

uint32_t ColorScale::ColorOfText(size_t number) const {
  const size_t count = ramp_->colors.size();
  if (ramp_->is_categorical) return static_cast<uint32_t>(number % count);
  if (texts_.size() == 1) return static_cast<uint32_t>(count / 2);
  return static_cast<uint32_t>(number * (count - 1) / (texts_.size() - 1));
}

ColorScale::Mark ColorScale::MarkAt(double value) const {
  Mark mark;
  mark.color = ramp_->colors[FindNumber(value)];
  if (HoldsMoments(conversion_)) {
    mark.text = TextOfMoment(conversion_, is_utc_, value);
    return mark;
  }
  if (type_.scalar == Scalar::kBool) {
    mark.text = value == 0 ? "false" : "true";
    return mark;
  }
  const bool is_narrow = type_.scalar == Scalar::kFloat || type_.scalar == Scalar::kHalf;
  mark.text = is_narrow ? ShortestText(static_cast<float>(value)) : ShortestText(value);
  mark.is_number = true;
  mark.number = std::strtod(mark.text.c_str(), nullptr);
  return mark;
}

std::vector<ColorScale::Mark> ColorScale::Legend(size_t count) const {
  std::vector<Mark> marks;
  if (type_.scalar == Scalar::kString && !HoldsMoments(conversion_)) {
    for (size_t i = 0; i < texts_.size(); ++i) {
      marks.push_back({.text = texts_[i], .color = ramp_->colors[ColorOfText(i)]});
    }
    return marks;
  }
  if (!has_range_) return marks;
  if (type_.scalar == Scalar::kBool) count = 2;
  for (size_t i = 0; i < count; ++i) {
    const double place = static_cast<double>(i) / static_cast<double>(count - 1);
    double value = std::lerp(low_, high_, place);
    if (IsInteger(type_.scalar) && i > 0 && i + 1 < count) value = std::round(value);
    Mark mark = MarkAt(value);
    if (marks.empty() || marks.back().text != mark.text) marks.push_back(std::move(mark));
  }
  return marks;
}

}  // namespace usdparquet
