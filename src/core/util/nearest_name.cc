#include "core/util/nearest_name.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace usdparquet {
namespace {

constexpr size_t kMaxComparedName = 64;

char LowerCaseOf(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

/// How many letters are to be changed, added or left out to make `b` of `a`.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t k = 0; k < b.size(); ++k) {
      const bool is_same = LowerCaseOf(a[i]) == LowerCaseOf(b[k]);
      const size_t changed = diagonal + (is_same ? 0 : 1);
      diagonal = row[k + 1];
      row[k + 1] = std::min({changed, row[k] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string NearestName(std::string_view name, std::span<const std::string> names) {
  if (name.size() > kMaxComparedName) return {};
  std::string nearest;
  size_t least = std::max<size_t>(name.size() / 3, 1) + 1;
  for (const std::string& each : names) {
    if (each.size() > kMaxComparedName) continue;
    const size_t distance = EditDistance(name, each);
    if (distance >= least) continue;
    least = distance;
    nearest = each;
  }
  return nearest;
}

}  // namespace usdparquet
