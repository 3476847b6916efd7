#include "plugin/values/text_tests.h"

#include <pxr/base/tf/errorMark.h>
#include <pxr/usd/sdf/path.h>
#include <pxr/usd/sdf/pathExpression.h>

#include <string>

PXR_NAMESPACE_OPEN_SCOPE

namespace {

/// Whether a text is an absolute path of ASCII names, of a prim or of a property: for a quick
/// answer to most.
bool IsPlainPath(std::string_view text) {
  if (!text.starts_with('/')) return false;
  bool is_name_begun = false, is_property = false;
  for (const char c : text.substr(1)) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool is_digit = c >= '0' && c <= '9';
    if (is_letter || (is_digit && is_name_begun)) {
      is_name_begun = true;
      continue;
    }
    const bool separates = is_property ? c == ':' : c == '/' || c == '.';
    if (!separates || !is_name_begun) return false;
    is_property |= c == '.';
    is_name_begun = false;
  }
  return is_name_begun;
}

}  // namespace

const char* UsdParquetProblemOfTarget(std::string_view text) {
  if (IsPlainPath(text) || SdfPath::IsValidPathString(std::string(text))) return nullptr;
  return "has a target that is no path";
}

const char* UsdParquetProblemOfExpression(std::string_view text) {
  if (text.empty()) return nullptr;
  const TfErrorMark mark;
  const SdfPathExpression expression{std::string(text)};
  // What OpenUSD has to say of it is taken from its list. (Whatever else a mark can do is TBB's.)
  mark.Transport();
  return expression.IsEmpty() ? "is no path expression" : nullptr;
}

PXR_NAMESPACE_CLOSE_SCOPE
