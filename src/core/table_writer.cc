#include "table_writer.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/io/file.h>
#include <arrow/memory_pool.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>

#include <algorithm>

#include "message_text.h"
#include "namespace_order.h"
#include "plain_types.h"
#include "residual_blob.h"
#include "table_file_writer.h"
#include "table_footer.h"

namespace usdparquet {
namespace {

/// Rows [begin, begin + count) of `order`, gathered from `table`; a slice where nothing moves.
arrow::Result<std::shared_ptr<arrow::Table>> Gather(const arrow::Table& table,
                                                    const std::vector<uint32_t>& order,
                                                    bool is_reordered, int64_t begin,
                                                    int64_t count) {
  if (!is_reordered) return table.Slice(begin, count);
  const arrow::UInt32Array indices(
      count, arrow::Buffer::Wrap(order.data() + begin, static_cast<size_t>(count)));
  ARROW_ASSIGN_OR_RAISE(const arrow::Datum taken,
                        arrow::compute::Take(arrow::Datum(table), arrow::Datum(indices.data())));
  return taken.table();
}

arrow::Status WithFile(const arrow::Status& status, const std::string& path) {
  return status.WithMessage(path, ": ", status.message());
}

arrow::Result<WriteSummary> Write(const arrow::Table& given, const std::string& path,
                                  const WriteOptions& options, std::string residual) {
  auto plain = WithPlainTypes(given.Slice(0), options.path_column);
  if (!plain.ok()) return WithFile(plain.status(), path);
  const arrow::Table& table = **plain;
  const int path_field = table.schema()->GetFieldIndex(options.path_column);
  if (path_field < 0) {
    return arrow::Status::Invalid(path, ": the table has no column '", options.path_column,
                                  "' with the prim paths");
  }
  auto paths_or = StringViews(*table.column(path_field));
  if (!paths_or.ok()) {
    return arrow::Status::Invalid(path, ": the path column '", options.path_column, "' ",
                                  paths_or.status().message());
  }
  const std::vector<std::string_view> paths = std::move(*paths_or);
  ARROW_ASSIGN_OR_RAISE(IndexedPaths indexed, IndexPaths(paths, options.unicode_test));
  const std::vector<uint32_t> order = NamespaceOrder(paths, indexed);
  const bool is_reordered = !std::is_sorted(order.begin(), order.end());

  TableFileWriter::Ending ending;
  ending.schema_json = options.schema_json;
  if (ending.schema_json.empty() && table.schema()->metadata()) {
    ending.schema_json = table.schema()->metadata()->Get(kSchemaKey).ValueOr("");
  }
  ending.residual = std::move(residual);

  ARROW_ASSIGN_OR_RAISE(const auto writer, TableFileWriter::Open(path, table, options));
  for (int64_t begin = 0; begin < table.num_rows(); begin += options.rows_per_group) {
    const int64_t count = std::min(options.rows_per_group, table.num_rows() - begin);
    ARROW_ASSIGN_OR_RAISE(const auto group, Gather(table, order, is_reordered, begin, count));
    ARROW_RETURN_NOT_OK(writer->WriteGroup(*group));
    if (options.progress) options.progress(begin + count, table.num_rows());
  }
  // Of a table that was reordered, the index at hand is of the old row numbers.
  if (!is_reordered) ending.index = &indexed;
  ARROW_ASSIGN_OR_RAISE(WriteSummary summary, writer->Finish(ending));
  summary.was_reordered = is_reordered;
  summary.num_invalid = indexed.report.num_invalid;
  summary.num_duplicates = indexed.report.num_duplicates;
  return summary;
}

/// The bytes of a file's residual.
arrow::Result<std::string> ReadResidual(arrow::io::RandomAccessFile& file,
                                        const parquet::FileMetaData& metadata) {
  ARROW_ASSIGN_OR_RAISE(const auto blob, FindResidual(file, metadata));
  if (!blob) return std::string();
  ARROW_ASSIGN_OR_RAISE(const auto bytes, file.ReadAt(blob->offset, blob->length));
  return bytes->ToString();
}

}  // namespace

arrow::Result<WriteSummary> WriteTable(const arrow::Table& table, const std::string& path,
                                       const WriteOptions& options) {
  return Write(table, path, options, {});
}

arrow::Result<WriteSummary> OptimizeFile(const std::string& input, const std::string& output,
                                         const WriteOptions& options) {
  std::shared_ptr<arrow::Table> table;
  std::string residual;
  const auto read = [&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(input));
    ARROW_ASSIGN_OR_RAISE(auto reader, parquet::arrow::OpenFile(file, arrow::system_memory_pool()));
    ARROW_ASSIGN_OR_RAISE(residual, ReadResidual(*file, *reader->parquet_reader()->metadata()));
    ARROW_ASSIGN_OR_RAISE(table, reader->ReadTable());
    return arrow::Status::OK();
  };
  try {
    const arrow::Status status = read();
    if (!status.ok()) return WithFile(status, input);
  } catch (const std::exception& e) {  // Arrow's Parquet classes throw
    return arrow::Status::IOError(input, ": ", MessageText(e.what()));
  }
  return Write(*table, output, options, std::move(residual));
}

}  // namespace usdparquet
