// The colours of a column, for a legend.

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "bindings/bindings.h"
#include "core/color/color_scale.h"
#include "core/table/table.h"
#include "core/util/file_name.h"
#include "core/util/open_file.h"

namespace nb = nanobind;

namespace usdparquet::bindings {
namespace {

constexpr size_t kMarks = 5;

const char* NameOf(ColorScale::RangeFrom from) {
  switch (from) {
    case ColorScale::RangeFrom::kRequest:
      return "range";
    case ColorScale::RangeFrom::kType:
      return "type";
    case ColorScale::RangeFrom::kStatistics:
      return "statistics";
    default:
      return "values";
  }
}

nb::dict DescribeMark(const ColorScale::Mark& mark) {
  char code[8];
  std::snprintf(code, sizeof(code), "#%06x", mark.color);
  const auto [red, green, blue] = LinearColorOf(mark.color);
  nb::dict out;
  out["value"] = mark.is_number ? nb::object(nb::float_(mark.number)) : ToStr(mark.text);
  out["srgb"] = code;
  out["color"] = nb::make_tuple(red, green, blue);
  return out;
}

nb::dict Legend(const nb::object& source, const std::string& column, const std::string& ramp,
                const std::string& range, const std::string& time_column) {
  const std::string file = FileName(source);
  std::shared_ptr<Table> table;
  const auto scale = CallUnlocked([&]() -> arrow::Result<std::shared_ptr<const ColorScale>> {
    ARROW_ASSIGN_OR_RAISE(auto opened, WithFileName(OpenFile(file), file));
    TableOptions options;
    options.has_paths = false;  // prims have no say in the colours
    options.time_column = time_column;
    options.unicode_test = IsPythonIdentifier;
    ARROW_ASSIGN_OR_RAISE(table, Table::Open(std::move(opened), file, std::move(options)));
    return WithFileName(ColorScale::Make(*table, {column, ramp, range}), file);
  });
  nb::list marks;
  for (const ColorScale::Mark& mark : scale->Legend(kMarks)) marks.append(DescribeMark(mark));
  nb::dict out;
  out["column"] = column;
  out["ramp"] = std::string(scale->ramp().name);
  out["range_from"] = NameOf(scale->range_from());
  out["marks"] = marks;
  return out;
}

}  // namespace

void AddColoring(nb::module_& m) {
  m.def("color_legend", &Legend, nb::arg("file"), nb::arg("column"), nb::arg("ramp") = "",
        nb::arg("range") = "", nb::arg("time_column") = "",
        "The colours that the format arguments `color`, `ramp` and `range` give the values of a "
        "column: column, ramp, range_from ('range', 'type', 'statistics' or 'values') and marks "
        "(value, a float or a text; srgb, such as '#440154'; color, the three floats of the "
        "displayColor). Of numbers, booleans, dates and times a few marks in even "
        "steps, of texts all. Raises ValueError for what can't be shown, OSError where the file "
        "can't be read.");
}

}  // namespace usdparquet::bindings
