#include "core/check/time_check.h"

#include "core/util/message_text.h"

namespace usdparquet {

arrow::Status CheckTimes(const std::string& name, const RowOrdering& rows,
                         const PathOfRow& path_of) {
  const auto repeated = rows.FirstRepeatedTime();
  if (!repeated) return arrow::Status::OK();
  const auto [earlier, later] = *repeated;
  ARROW_ASSIGN_OR_RAISE(const std::string path, path_of(later));
  return arrow::Status::Invalid("column '", name, "', row ", later, ": ", QuotedValue(path),
                                " has this time in row ", earlier,
                                " already; a prim has one row a time");
}

}  // namespace usdparquet
