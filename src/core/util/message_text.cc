#include "core/util/message_text.h"

#include <algorithm>

#include "core/util/utf8.h"

namespace usdparquet {

std::string MessageText(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const size_t length = Utf8Length(text, i);
    const auto lead = static_cast<unsigned char>(text[i]);
    const bool is_shown = length > 1 || (lead >= 0x20 && lead < 0x7f);
    out += is_shown ? text.substr(i, length) : std::string_view(lead == '\n' ? " " : "?");
    i += length > 0 ? length : 1;
  }
  return out;
}

std::string QuotedValue(std::string_view value) {
  constexpr size_t kMaxShown = 80;
  size_t shown = 0;
  while (shown < value.size()) {
    const size_t next = shown + std::max<size_t>(Utf8Length(value, shown), 1);
    if (next > kMaxShown) break;
    shown = next;
  }
  std::string text(value.substr(0, shown));
  std::replace(text.begin(), text.end(), '\n', '?');  // in a value a line break is worth seeing
  return "'" + MessageText(text) + (shown < value.size() ? "…'" : "'");
}

}  // namespace usdparquet
