#include "core/schema/path_problem.h"

#include <algorithm>

#include "core/util/limits.h"
#include "core/util/message_text.h"
#include "core/util/utf8.h"

namespace usdparquet {
namespace {

/// What is wrong with one element of a path. REQUIRES: !IsIdentifier(element).
std::string ElementProblem(std::string_view element, const IdentifierTest& unicode_test) {
  const std::string quoted = QuotedValue(element);
  if (element == "." || element == "..") return "it has the relative element " + quoted;
  for (size_t i = 0; i < element.size();) {
    const size_t length = Utf8Length(element, i);
    if (length == 0) return "its element " + quoted + " is no valid UTF-8";
    const std::string_view character = element.substr(i, length);
    // Behind a '_' a character is judged as one that continues a name.
    if (!IsIdentifier("_" + std::string(character), unicode_test)) {
      if (character == "{") return "it has a variant selection, " + quoted;
      if (character == "." && i > 0) {
        return "it is the path of a property, or has a '.' in the name " + quoted;
      }
      return "the name " + quoted + " has the character " + QuotedValue(character) +
             "; names are made of letters, digits and '_'";
    }
    i += length;
  }
  return "the name " + quoted +
         " starts with a digit or another character that no name starts with";
}

}  // namespace

std::string PathProblem(std::string_view path, const IdentifierTest& unicode_test) {
  if (path.empty()) return "it is empty";
  if (path[0] != '/') return "it does not start with '/'";
  if (path == "/") return "it is the root of the layer, which is no prim";
  if (path.size() > kMaxPathLength) {
    return "it has " + std::to_string(path.size()) + " bytes, and a layer reads paths of " +
           std::to_string(kMaxPathLength);
  }
  if (const auto depth = std::count(path.begin(), path.end(), '/');
      depth > static_cast<std::ptrdiff_t>(kMaxPathDepth)) {
    return "it is " + std::to_string(depth) + " prims deep, and a layer reads paths of " +
           std::to_string(kMaxPathDepth);
  }
  for (size_t begin = 1;;) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view element = path.substr(begin, end - begin);
    if (element.empty()) {
      return end == path.size() ? "it ends with '/'" : "it has '//' in it, a name is missing";
    }
    if (!IsIdentifier(element, unicode_test)) return ElementProblem(element, unicode_test);
    if (end == path.size()) return {};
    begin = end + 1;
  }
}

}  // namespace usdparquet
