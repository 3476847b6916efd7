// Reading tables into Python.

#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "bindings/bindings.h"
#include "core/dataset/dataset.h"
#include "core/dataset/folder_files.h"
#include "core/schema/property_name.h"
#include "core/schema/schema_entry.h"
#include "core/schema/text_check.h"
#include "core/sections/residual_blob.h"
#include "core/table/file_check.h"
#include "core/table/file_storage.h"
#include "core/table/read_columns.h"
#include "core/table/row_group_reader.h"
#include "core/table/table.h"
#include "core/table/table_warnings.h"
#include "core/util/file_name.h"
#include "core/util/open_file.h"

namespace nb = nanobind;

namespace usdparquet::bindings {
namespace {

arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenNamed(const std::string& file) {
  return WithFileName(OpenFile(file), file);
}

/// A file or the folder of a dataset.
arrow::Result<std::shared_ptr<Table>> OpenTable(const std::string& file, TableOptions options,
                                                DamagedParts damaged = DamagedParts::kAreErrors) {
  if (IsFolder(file)) {
    options.unicode_test = IsPythonIdentifier;
    ARROW_ASSIGN_OR_RAISE(auto opened, WithFileName(OpenDataset(file, damaged), file));
    return Table::Open(std::move(opened.file), file, std::move(options));
  }
  ARROW_ASSIGN_OR_RAISE(auto opened, OpenNamed(file));
  options.unicode_test = IsPythonIdentifier;
  return Table::Open(std::move(opened), file, std::move(options));
}

const char* RoleName(ColumnRole role) {
  switch (role) {
    case ColumnRole::kRelationship:
      return "relationship";
    case ColumnRole::kPrimMetadata:
      return "metadata";
    default:
      return "attribute";
  }
}

nb::list ToList(const std::vector<std::string>& texts) {
  nb::list list;
  for (const std::string& text : texts) list.append(ToStr(text));
  return list;
}

nb::dict Describe(const nb::object& source, const std::string& path_column,
                  const std::string& time_column) {
  const std::string file = FileName(source);
  TableOptions options;
  options.path_column = path_column;
  options.time_column = time_column;
  const auto opened = CallUnlocked(  // as OpenUSD does
      [&] { return OpenTable(file, std::move(options), DamagedParts::kAreLeftOut); });
  const Table& table = *opened;
  nb::list columns;
  for (const auto& column : table.columns()) {
    nb::dict entry;
    entry["column"] = column.top;
    entry["name"] = ToStr(column.column_name);
    entry["property"] = ToStr(column.property_name);
    entry["storage"] = ToStr(column.storage);
    entry["sdf_type"] = column.sdf_type;
    entry["role"] = RoleName(column.role);
    entry["field"] = ToStr(column.field);
    columns.append(entry);
  }
  nb::list left_out;
  for (const auto& column : table.left_out()) {
    nb::dict entry;
    entry["column"] = column.top;
    entry["name"] = ToStr(column.column_name);
    entry["reason"] = ToStr(column.reason);
    left_out.append(entry);
  }
  nb::dict out;
  int64_t residual_bytes = 0;
  const auto residual = FindResidual(table.file(), table.metadata());
  if (residual.ok() && *residual) residual_bytes = (*residual)->length;
  out["path_column"] = ToStr(table.path_column());
  out["path"] = table.schema().path->top;
  out["time"] = table.schema().time ? table.schema().time->top : -1;
  out["residual_bytes"] = residual_bytes;
  out["rows"] = table.num_rows();
  out["row_groups"] = table.table_file().num_groups();
  out["prims"] = table.paths().num_row_prims();
  out["index_memory"] = table.paths().MemoryUsage();
  out["has_embedded_index"] = table.paths().is_embedded();
  out["created_by"] = ToStr(table.metadata().created_by());
  out["columns"] = columns;
  out["left_out"] = left_out;
  std::vector<std::string> warnings = table.warnings();
  const std::string statistics = DescribeBadStatistics(file, table.table_file());
  if (!statistics.empty()) warnings.push_back(statistics);
  out["warnings"] = ToList(warnings);
  return out;
}

nb::dict Storage(const nb::object& source) {
  const std::string file = FileName(source);
  const auto storage = CallUnlocked([&]() -> arrow::Result<FileStorage> {
    ARROW_ASSIGN_OR_RAISE(auto opened, OpenNamed(file));
    return WithFileName(ReadFileStorage(std::move(opened)), file);
  });
  nb::list columns;
  for (const ColumnStorage& column : storage.columns) {
    nb::dict entry;
    entry["name"] = ToStr(column.name);
    entry["type"] = ToStr(column.type);
    entry["compression"] = std::vector(column.codecs.begin(), column.codecs.end());
    entry["encodings"] = std::vector(column.encodings.begin(), column.encodings.end());
    entry["bytes"] = column.stored_bytes;
    entry["uncompressed_bytes"] = column.decompressed_bytes;
    entry["page_index"] = column.has_offset_index;
    entry["problem"] = column.problem;
    columns.append(entry);
  }
  nb::dict key_values;
  for (const auto& [key, value] : storage.key_values) {
    key_values[nb::bytes(key.data(), key.size())] = nb::bytes(value.data(), value.size());
  }
  nb::dict out;
  out["rows"] = storage.num_rows;
  out["row_groups"] = storage.num_row_groups;
  out["created_by"] = ToStr(storage.created_by);
  out["sealed"] = storage.is_sealed;
  out["page_locations"] = storage.has_page_locations;
  out["columns"] = columns;
  out["key_values"] = key_values;
  return out;
}

nb::object StreamOf(const std::shared_ptr<arrow::Table>& table) {
  return ToStream(std::make_shared<arrow::TableBatchReader>(table));
}

nb::dict Read(const nb::object& source, const std::string& path_column,
              const std::string& time_column, std::optional<std::vector<std::string>> columns,
              std::optional<std::vector<std::string>> paths, std::optional<std::string> under,
              bool has_paths) {
  const std::string file = FileName(source);
  ReadRequest request;
  request.path_column = path_column;
  request.has_paths = has_paths;
  request.time_column = time_column;
  request.columns = std::move(columns);
  request.paths = std::move(paths);
  request.under = std::move(under);
  request.unicode_test = IsPythonIdentifier;
  const auto answer = CallUnlocked([&]() -> arrow::Result<ReadAnswer> {
    if (IsFolder(file)) {
      const auto open = [&](TableOptions options) { return OpenTable(file, std::move(options)); };
      return ReadColumns(TableOpener(open), file, request);
    }
    ARROW_ASSIGN_OR_RAISE(auto opened, OpenNamed(file));
    return ReadColumns(std::move(opened), file, request);
  });
  nb::dict out;
  out["stream"] = StreamOf(answer.table);
  out["has_times"] = answer.has_times;
  out["missing"] = ToList(answer.missing);
  out["num_missing"] = answer.num_missing;
  out["warnings"] = ToList(answer.warnings);
  return out;
}

std::unique_ptr<RowGroupReader> OpenRowGroups(const nb::object& source) {
  const std::string file = FileName(source);
  return CallUnlocked([&]() -> arrow::Result<std::unique_ptr<RowGroupReader>> {
    ARROW_ASSIGN_OR_RAISE(auto opened, WithFileName(OpenTableFileOrDataset(file), file));
    return RowGroupReader::Open(std::move(opened), file);
  });
}

nb::object RowGroupSchema(const RowGroupReader& reader) {
  return StreamOf(ValueOrRaise(arrow::Table::MakeEmpty(reader.schema())));
}

nb::dict KeyValues(const RowGroupReader& reader) {
  nb::dict out;
  const auto& pairs = reader.metadata().key_value_metadata();
  for (int64_t i = 0; pairs && i < pairs->size(); ++i) {
    const std::string &key = pairs->key(i), &value = pairs->value(i);
    out[nb::bytes(key.data(), key.size())] = nb::bytes(value.data(), value.size());
  }
  return out;
}

nb::object ReadRowGroup(const RowGroupReader& reader, int row_group,
                        const std::vector<int>& columns) {
  return StreamOf(CallUnlocked([&] { return reader.Read(row_group, columns); }));
}

nb::list CheckPages(const nb::object& source) {
  const std::string file = FileName(source);
  return ToList(CallUnlocked([&]() -> arrow::Result<std::vector<std::string>> {
    ARROW_ASSIGN_OR_RAISE(const TableFile opened, OpenTableFile(file));
    return FindDamage(opened, file);
  }));
}

/// Cells that no USD value can hold, and damage that the pages alone do not show. `leaves` are
/// those that were looked at.
arrow::Status CheckCells(const std::string& file, TableOptions options,
                         std::vector<std::string>* errors, std::vector<std::string>* bad_cells,
                         std::unordered_set<int>* leaves) {
  options.report = [&](bool is_error, const std::string& message) {
    (is_error ? errors : bad_cells)->push_back(message);
  };
  ARROW_ASSIGN_OR_RAISE(const auto table,
                        OpenTable(file, std::move(options), DamagedParts::kAreLeftOut));
  table->HasSoundIndex();                      // is reported, if not
  leaves->insert(table->schema().path->leaf);  // the open judged it
  for (size_t column = 0; column < table->columns().size(); ++column) {
    leaves->insert(table->columns()[column].leaf);
    for (uint32_t row = 0; row < table->num_rows();) {
      EpochGuard guard;
      const Page* page = table->Fetch(column, row, guard);
      row = page->first_row + page->num_rows;
    }
  }
  if (table->is_dataset()) return arrow::Status::OK();
  auto lost = FindTimedCells(table->table_file(), table->schema(), table->schema_entry());
  if (!lost.ok()) return arrow::Status::OK();  // damaged pages are told by now
  for (const std::string& message : *lost) bad_cells->push_back(file + ": " + message);
  return arrow::Status::OK();
}

nb::list CheckValues(const nb::object& source, const std::string& path_column,
                     const std::string& time_column) {
  const std::string file = FileName(source);
  TableOptions options;
  options.path_column = path_column;
  options.time_column = time_column;
  return ToList(CallUnlocked([&]() -> arrow::Result<std::vector<std::string>> {
    if (IsFolder(file)) {
      std::vector<std::string> errors, bad_cells;
      std::unordered_set<int> leaves;
      ARROW_RETURN_NOT_OK(CheckCells(file, options, &errors, &bad_cells, &leaves));
      errors.insert(errors.end(), bad_cells.begin(), bad_cells.end());
      return errors;
    }
    ARROW_ASSIGN_OR_RAISE(const TableFile opened, OpenTableFile(file));
    ARROW_ASSIGN_OR_RAISE(std::vector<std::string> found, FindDamage(opened, file));
    std::vector<std::string> errors, bad_cells;
    std::unordered_set<int> leaves;
    ARROW_RETURN_NOT_OK(CheckCells(file, options, &errors, &bad_cells, &leaves));
    ARROW_ASSIGN_OR_RAISE(const auto bad_texts, WithFileName(FindBadTexts(opened, leaves), file));
    for (const std::string& message : bad_texts) bad_cells.push_back(file + ": " + message);
    // A damaged page is told once.
    if (found.empty()) found = std::move(errors);
    found.insert(found.end(), bad_cells.begin(), bad_cells.end());
    return found;
  }));
}

nb::dict CheckSections(const nb::object& source) {
  const std::string file = FileName(source);
  const auto damaged = CallUnlocked([&]() -> arrow::Result<std::vector<DamagedSection>> {
    ARROW_ASSIGN_OR_RAISE(const TableFile opened, OpenTableFile(file));
    return WithFileName(FindDamagedSections(opened), file);
  });
  nb::dict out;
  for (const DamagedSection& section : damaged) {
    out[section.name.c_str()] = ToStr(file + ": " + section.message);
  }
  return out;
}

/// The first bad row of anything with `__arrow_c_array__`.
std::optional<int64_t> BadText(const nb::object& array) {
  const auto capsules = nb::cast<nb::tuple>(array.attr("__arrow_c_array__")());
  const auto part = [&](size_t i, const char* name) {
    void* const pointer = PyCapsule_GetPointer(capsules[i].ptr(), name);
    if (!pointer) throw nb::python_error();
    return pointer;
  };
  auto* const type = static_cast<ArrowSchema*>(part(0, "arrow_schema"));
  auto* const cells = static_cast<ArrowArray*>(part(1, "arrow_array"));
  return CallUnlocked([&]() -> arrow::Result<std::optional<int64_t>> {
    ARROW_ASSIGN_OR_RAISE(const auto imported, arrow::ImportArray(cells, type));
    return FindBadText(*imported);
  });
}

/// Raises ValueError for an entry `usdparquet:schema` that can't be read.
void CheckEntry(const nb::bytes& text) {
  const auto entry = ParseSchemaEntry({text.c_str(), text.size()});
  if (!entry.ok()) Raise(entry.status());
}

/// Raises ValueError for names that are no UTF-8 in anything with `__arrow_c_schema__`.
void CheckNames(const nb::object& schema) {
  const nb::object capsule = schema.attr("__arrow_c_schema__")();
  void* const pointer = PyCapsule_GetPointer(capsule.ptr(), "arrow_schema");
  if (!pointer) throw nb::python_error();
  const auto imported = ValueOrRaise(arrow::ImportSchema(static_cast<ArrowSchema*>(pointer)));
  const arrow::Status status = CheckNamesAreText(*imported);
  if (!status.ok()) Raise(status);
}

nb::list CheckTexts(const nb::object& source) {
  const std::string file = FileName(source);
  return ToList(CallUnlocked([&]() -> arrow::Result<std::vector<std::string>> {
    ARROW_ASSIGN_OR_RAISE(const TableFile opened, OpenTableFile(file));
    ARROW_ASSIGN_OR_RAISE(std::vector<std::string> found,
                          WithFileName(FindBadTexts(opened, {}), file));
    for (std::string& message : found) message = file + ": " + message;
    return found;
  }));
}

}  // namespace

arrow::Result<std::vector<std::string>> FindDamage(const TableFile& file, const std::string& name) {
  ARROW_ASSIGN_OR_RAISE(std::vector<std::string> found, WithFileName(FindDamagedPages(file), name));
  if (found.empty()) {
    ARROW_ASSIGN_OR_RAISE(found, WithFileName(FindWrongOffsetIndexes(file), name));
  }
  for (std::string& message : found) message = name + ": " + message;
  return found;
}

void AddReading(nb::module_& m) {
  nb::class_<RowGroupReader>(
      m, "RowGroups",
      "A Parquet file as a table that is read by row group, verified, whether it is a layer or "
      "not. `open_row_groups` makes one. For one thread at a time.")
      .def("schema", &RowGroupSchema,
           "An `arrow_array_stream` capsule without rows: the columns in the types of `read`.")
      .def("key_values", &KeyValues, "The file's metadata, bytes to bytes.")
      .def("first_rows", &RowGroupReader::group_first_rows,
           "The first row of each row group, then the number of all rows.")
      .def("read", &ReadRowGroup, nb::arg("row_group"), nb::arg("columns"),
           "An `arrow_array_stream` capsule of the columns of these numbers in one row group. "
           "Raises OSError for damage, with the row. Text may be no UTF-8 (`bad_text`).");
  m.def("open_row_groups", &OpenRowGroups, nb::arg("file"),
        "Reads the footer of the Parquet file. Raises OSError where the file can't be read or is "
        "damaged, ValueError where it is no Parquet file that this version reads.");
  m.def("describe", &Describe, nb::arg("file"), nb::arg("path_column") = "",
        nb::arg("time_column") = "",
        "What the Parquet file is as a layer: rows, row_groups, prims, path_column, path and time "
        "(the "
        "numbers of the columns with the paths and the times; -1: none), columns (column, the "
        "number of the column that it is or is a field of; "
        "name, property, storage, sdf_type, role, field), left_out (column, name, reason), "
        "residual_bytes, "
        "index_memory (bytes of the path index on the heap), has_embedded_index, created_by, "
        "warnings. Raises ValueError or OSError with the reason if it is no layer.");
  m.def(
      "storage", &Storage, nb::arg("file"),
      "How the Parquet file is stored, whether it is a layer or not: rows, row_groups, created_by, "
      "columns (name, type, compression, encodings, bytes, uncompressed_bytes, page_index, "
      "problem: a sentence if what the footer says of it is damaged), "
      "key_values (bytes to bytes). Reads the footer alone. Raises OSError where the file can't be "
      "read or is damaged, ValueError where it is no Parquet file that this version reads.");
  m.def(
      "property_name",
      [](const std::string& column) { return MakePropertyName(column, IsPythonIdentifier); },
      nb::arg("column"), "The name of the property that a column of that name becomes.");
  m.def("check_values", &CheckValues, nb::arg("file"), nb::arg("path_column") = "",
        nb::arg("time_column") = "",
        "Decodes every page of the file, with its checksum, and returns a message for each column "
        "of a row group with damage and for each column with cells that no USD value can hold. "
        "Raises as `describe` does.");
  m.def("check_pages", &CheckPages, nb::arg("file"),
        "Decodes every page of a file and returns a message for each column of a row group with "
        "damage. Raises OSError or ValueError where the file can't be read.");
  m.def("check_texts", &CheckTexts, nb::arg("file"),
        "Reads every column with text and returns a message for each that has text which is no "
        "UTF-8. Raises OSError where the file can't be read.");
  m.def(
      "check_names", &CheckNames, nb::arg("schema"),
      "Raises ValueError if a column of an Arrow schema (`__arrow_c_schema__`), or a field within "
      "one, has a name that is no UTF-8.");
  m.def("bad_text", &BadText, nb::arg("array"),
        "The first row of an Arrow array (`__arrow_c_array__`) with text, at any depth, that is no "
        "UTF-8; None if there is none.");
  m.def(
      "bad_text_message",
      [](const std::string& column, int64_t row, const std::string& advice) {
        const std::string_view what_to_do =
            advice.empty() ? std::string_view(kRecoverText) : advice;
        return ToStr(BadTextError(column, row, what_to_do).message());
      },
      nb::arg("column"), nb::arg("row"), nb::arg("advice") = "",
      "What to say of it behind the file's name; by default with the advice for Parquet files.");
  m.def("check_schema_entry", &CheckEntry, nb::arg("text"),
        "Raises ValueError if the text of the key-value entry `usdparquet:schema` can't be read; "
        "the message does not name the file.");
  m.def("check_sections", &CheckSections, nb::arg("file"),
        "Verifies the path index, the time index, the page locations and the residual whole, and "
        "returns a message for each that is damaged, by its name. Raises OSError where the file "
        "can't be read.");
  m.def("read_rows", &Read, nb::arg("file"), nb::kw_only(), nb::arg("path_column") = "",
        nb::arg("time_column") = "", nb::arg("columns") = nb::none(), nb::arg("paths") = nb::none(),
        nb::arg("under") = nb::none(), nb::arg("has_paths") = true,
        "Reads columns of all rows, of those of `paths` or of those `under` a prim. Returns "
        "`stream` (an `arrow_array_stream` capsule), `has_times` (whether its second column has "
        "the times), `missing` (the first few paths without a "
        "row), `num_missing` and `warnings` (of an index that is damaged). Raises ValueError for "
        "what is wrong with the request, OSError for what "
        "is wrong with the file.");
}

}  // namespace usdparquet::bindings
