// Matching ids, and putting rows in the order of a match.

#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <nanobind/stl/string.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bindings/bindings.h"
#include "core/table/id_codes.h"
#include "core/write/rearranged_rows.h"
#include "core/write/table_writer.h"

namespace nb = nanobind;

namespace usdparquet::bindings {
namespace {

arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> ReaderOf(const nb::capsule& stream) {
  auto* const c_stream = static_cast<ArrowArrayStream*>(stream.data("arrow_array_stream"));
  if (!c_stream) throw nb::type_error("the object gives no Arrow C stream");
  return arrow::ImportRecordBatchReader(c_stream);
}

/// The cells of the only column of a stream.
arrow::Result<std::shared_ptr<arrow::ChunkedArray>> CellsOf(arrow::RecordBatchReader& reader) {
  ARROW_ASSIGN_OR_RAISE(const auto table, reader.ToTable());
  if (table->num_columns() == 1) return table->column(0);
  return arrow::Status::Invalid("needs one column");
}

nb::bytes ToBytes(const std::vector<int32_t>& codes) {
  return nb::bytes(static_cast<const void*>(codes.data()), codes.size() * sizeof(int32_t));
}

nb::bytes AddIds(IdCodes& ids, const nb::capsule& stream) {
  const auto reader = ValueOrRaise(ReaderOf(stream));
  return ToBytes(CallUnlocked([&]() -> arrow::Result<std::vector<int32_t>> {
    ARROW_ASSIGN_OR_RAISE(const auto cells, CellsOf(*reader));
    return ids.Add(*cells);
  }));
}

nb::bytes FindIds(const IdCodes& ids, const nb::capsule& stream) {
  const auto reader = ValueOrRaise(ReaderOf(stream));
  return ToBytes(CallUnlocked([&]() -> arrow::Result<std::vector<int32_t>> {
    ARROW_ASSIGN_OR_RAISE(const auto cells, CellsOf(*reader));
    return ids.Find(*cells);
  }));
}

nb::capsule Rearrange(const nb::capsule& stream, const nb::bytes& order, const nb::object& file,
                      int64_t memory, bool is_held) {
  const auto reader = ValueOrRaise(ReaderOf(stream));
  std::vector<uint32_t> rows(order.size() / sizeof(uint32_t));
  std::memcpy(rows.data(), order.c_str(), rows.size() * sizeof(uint32_t));
  const std::string target = FileName(file);
  return ToStream(CallUnlocked(
      [&] { return RearrangedRows::Make(*reader, std::move(rows), memory, is_held, target); }));
}

}  // namespace

void AddJoining(nb::module_& m) {
  nb::class_<IdCodes>(m, "IdCodes",
                      "Numbers for ids: two that write the same text have the same number, from 0 "
                      "on in the order in which they come. For one thread at a time.")
      .def(nb::init<>())
      .def("add", &AddIds, nb::arg("stream"),
           "The numbers of the ids in the column of an `arrow_array_stream` capsule, int32 each; "
           "-1 where there is no id. ValueError if its type can hold none; the text goes on after "
           "the name of the column.")
      .def("find", &FindIds, nb::arg("stream"), "The same, but -2 for ids that were not added.");
  m.def("rearrange", &Rearrange, nb::arg("stream"), nb::arg("order"), nb::arg("file"),
        nb::arg("memory") = WriteOptions::kDefaultMemory, nb::arg("is_held") = false,
        "Reads the rows of an `arrow_array_stream` capsule and gives such a capsule of the rows "
        "whose numbers `order` has, uint32 each, as often as it has them. `memory` is that of the "
        "writer of these rows, of which it holds a part; or all rows if they are in memory anyway "
        "(`is_held`). The rest lies in a nameless file beside `file`.");
}

}  // namespace usdparquet::bindings
