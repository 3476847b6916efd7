// Recovering damaged files from Python.

#include <nanobind/stl/function.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <string>
#include <vector>

#include "bindings/bindings.h"
#include "core/recover/recover_file.h"
#include "core/write/layout_names.h"

namespace nb = nanobind;

namespace usdparquet::bindings {
namespace {

nb::list RangeList(const std::vector<LostRange>& ranges) {
  nb::list out;
  for (const LostRange& range : ranges) {
    nb::dict entry;
    entry["column"] = ToStr(range.column);
    entry["first_row"] = range.first_row;
    entry["count"] = range.count;
    entry["reason"] = ToStr(range.reason);
    out.append(entry);
  }
  return out;
}

nb::dict ReportDict(const RecoveryReport& report) {
  nb::dict out;
  out["rows"] = report.rows;
  out["rows_written"] = report.rows_written;
  out["bytes"] = report.bytes;
  out["columns"] = report.columns;
  out["lost_rows"] = RangeList(report.lost_rows);
  out["lost_cells"] = RangeList(report.lost_cells);
  out["has_residual"] = report.has_residual;
  out["residual_problem"] = ToStr(report.residual_problem);
  out["schema_problem"] = ToStr(report.schema_problem);
  out["footer_problem"] = ToStr(report.footer_problem);
  out["is_complete"] = report.is_complete();
  return out;
}

nb::dict Recover(const nb::object& input, const nb::object& output, const std::string& path_column,
                 const std::optional<std::string>& compression, bool keep_pathless,
                 Progress::Function progress) {
  Progress reported(std::move(progress));
  RecoverOptions options;
  options.write.path_column = path_column;
  if (compression) options.write.codec = ValueOrRaise(ParseCodec(*compression));
  options.write.unicode_test = IsPythonIdentifier;
  options.write.progress = reported.Callback();
  options.keep_pathless = keep_pathless;
  const std::string from = FileName(input), to = FileName(output);
  return ReportDict(reported.Run([&] { return RecoverFile(from, to, options); }));
}

}  // namespace

void AddRecovering(nb::module_& m) {
  m.def("recover", &Recover, nb::arg("input"), nb::arg("output"), nb::kw_only(),
        nb::arg("path_column") = "", nb::arg("compression") = nb::none(),
        nb::arg("keep_pathless") = false, nb::arg("progress") = nb::none(),
        "Writes what can be read of the Parquet file `input` to `output`, another file. Returns "
        "rows (of the input), rows_written, bytes, columns, lost_rows and lost_cells (lists of "
        "column, first_row, count, reason; rows are those of the input), has_residual, "
        "residual_problem, schema_problem and footer_problem (texts, empty if there is none), "
        "is_complete (nothing is lost). `progress(done, all)` is called with numbers of rows. "
        "Raises ValueError or OSError if nothing can be recovered; the output is then as it was.");
}

}  // namespace usdparquet::bindings
