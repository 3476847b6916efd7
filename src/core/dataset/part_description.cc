#include "core/dataset/part_description.h"

#include <parquet/arrow/schema.h>
#include <parquet/schema.h>

#include <algorithm>
#include <utility>

#include "core/dataset/manifest_json.h"
#include "core/index/arrow_columns.h"
#include "core/schema/schema_entry.h"
#include "core/schema/without_views.h"
#include "core/sections/residual_blob.h"
#include "core/table/bulk_reader.h"
#include "core/table/part_schema.h"
#include "core/table/table_file.h"
#include "core/util/file_name.h"
#include "core/util/guard.h"
#include "core/util/utf8.h"

namespace usdparquet {
namespace {

/// The least and the greatest path of a file.
arrow::Status ReadRange(const TableFile& file, const std::string& wanted, PartDescription* part) {
  ARROW_ASSIGN_OR_RAISE(const SchemaEntry entry,
                        SchemaEntryOf(file.metadata()->key_value_metadata()));
  const std::string named = !wanted.empty()              ? wanted
                            : !entry.path_column.empty() ? entry.path_column
                                                         : std::string("path");
  const parquet::SchemaDescriptor& schema = *file.metadata()->schema();
  const int leaf = schema.ColumnIndex(named);
  if (leaf < 0 || schema.Column(leaf)->physical_type() != parquet::Type::BYTE_ARRAY) {
    return arrow::Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(const auto reader, BulkReader::Open(file));
  for (uint32_t group = 0; group < file.num_groups(); ++group) {
    ARROW_ASSIGN_OR_RAISE(auto table, reader->ReadGroup(static_cast<int>(group), {leaf}));
    ARROW_ASSIGN_OR_RAISE(table, WithoutViews(std::move(table)));
    const auto paths = StringViews(*table->column(0));
    if (!paths.ok()) return arrow::Status::OK();  // whoever opens it as a layer says why
    for (const std::string_view path : *paths) {
      if (!path.data() || !IsUtf8(path)) continue;
      if (!part->first || path < *part->first) part->first = path;
      if (!part->last || path > *part->last) part->last = path;
    }
  }
  return arrow::Status::OK();
}

}  // namespace

arrow::Result<PartDescription> DescribePart(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                            const std::string& name, bool reads_paths,
                                            const std::string& path_column) {
  const auto describe = [&]() -> arrow::Result<PartDescription> {
    PartDescription part;
    ARROW_ASSIGN_OR_RAISE(part.bytes, file->GetSize());
    ARROW_ASSIGN_OR_RAISE(const TableFile opened, TableFile::Open(std::move(file)));
    part.digest = opened.footer_digest();
    const std::vector<uint32_t>& rows = opened.group_first_rows();
    for (size_t g = 0; g + 1 < rows.size(); ++g) part.group_rows.push_back(rows[g + 1] - rows[g]);
    const auto& entries = opened.metadata()->key_value_metadata();
    if (entries && entries->FindKey(kResidualKey) >= 0) {
      return arrow::Status::Invalid(
          "it is a layer with more than its table, which a dataset can't have; write its table "
          "alone with 'usdparquet convert'");
    }
    part.schema = SchemaFooter(*opened.metadata())->SerializeToString();
    if (reads_paths) ARROW_RETURN_NOT_OK(ReadRange(opened, path_column, &part));
    return part;
  };
  return WithFileName(Guarded(describe, "the file is damaged: "), name);
}

std::string SerializePartDescription(const PartDescription& part) {
  nlohmann::ordered_json json;
  json["version"] = ManifestVersion();
  AddPartNumbers(part, &json);
  json["schema"] = SchemaText(part.schema);
  return json.dump();
}

arrow::Result<PartDescription> ParsePartDescription(std::string_view text) {
  const auto read = [&]() -> arrow::Result<PartDescription> {
    ARROW_ASSIGN_OR_RAISE(const nlohmann::json json, ParseJsonObject(text));
    ARROW_ASSIGN_OR_RAISE(PartDescription part, ReadPartNumbers(json));
    ARROW_ASSIGN_OR_RAISE(const std::string schema, JsonText(json, "schema"));
    ARROW_ASSIGN_OR_RAISE(part.schema, SchemaOfText(schema));
    return part;
  };
  auto part = read();
  if (part.ok()) return part;
  return part.status().WithMessage("the description of a part can't be read: ",
                                   part.status().message());
}

}  // namespace usdparquet
