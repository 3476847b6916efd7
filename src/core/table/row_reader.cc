#include "core/table/row_reader.h"

#include <arrow/builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/memory_pool.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>

#include <algorithm>
#include <unordered_map>

#include "core/index/arrow_columns.h"
#include "core/index/path_index.h"
#include "core/pages/page_gather.h"
#include "core/schema/schema.h"
#include "core/schema/without_views.h"
#include "core/table/table.h"
#include "core/util/guard.h"
#include "core/util/message_text.h"
#include "core/util/path_hash.h"

namespace usdparquet {
namespace {

using parquet::arrow::SchemaField;

/// A column of the answer, and where it is in the file.
struct Source {
  std::string name;                       ///< in the answer
  const SchemaField* field;               ///< the column, or the field of a struct
  std::vector<std::string> steps;         ///< names from the column down to the field
  std::vector<int> leaves;                ///< Parquet columns below
  std::shared_ptr<arrow::DataType> type;  ///< in the answer
  const ColumnInfo* info = nullptr;  ///< what it is to a layer, if it is one leaf and has a place
};

void CollectLeaves(const SchemaField& field, std::vector<int>* leaves) {
  if (field.is_leaf()) leaves->push_back(field.column_index);
  for (const SchemaField& child : field.children) CollectLeaves(child, leaves);
}

/// The part of `column` that `source` stands for: of structs, the field.
arrow::Result<std::shared_ptr<arrow::ChunkedArray>> Descend(
    std::shared_ptr<arrow::ChunkedArray> column, const Source& source) {
  for (size_t step = 1; step < source.steps.size(); ++step) {
    const auto& type = static_cast<const arrow::StructType&>(*column->type());
    const int i = type.GetFieldIndex(source.steps[step]);
    if (i < 0) return arrow::Status::Invalid("a struct has no field '", source.steps[step], "'");
    arrow::ArrayVector chunks;
    for (const auto& chunk : column->chunks()) {
      ARROW_ASSIGN_OR_RAISE(auto field,
                            static_cast<const arrow::StructArray&>(*chunk).GetFlattenedField(i));
      chunks.push_back(std::move(field));
    }
    column = std::make_shared<arrow::ChunkedArray>(std::move(chunks), type.field(i)->type());
  }
  return column;
}

class Reader {
 public:
  Reader(std::shared_ptr<arrow::io::RandomAccessFile> file, const ReadRequest& request)
      : file_(std::move(file)), request_(request) {}

  arrow::Status Open(const std::string& name) {
    TableOptions options;
    options.path_column = request_.path_column;
    options.time_column = request_.time_column;
    options.unicode_test = request_.unicode_test;
    ARROW_ASSIGN_OR_RAISE(table_, Table::Open(file_, name, std::move(options)));
    ARROW_ASSIGN_OR_RAISE(arrow_, parquet::arrow::OpenFile(file_, arrow::system_memory_pool()));
    arrow_->set_use_threads(true);
    path_column_ = table_->path_column();
    // The times too are a column like any.
    ARROW_ASSIGN_OR_RAISE(schema_,
                          ReadSchema(table_->metadata(), table_->schema_entry(), path_column_, "",
                                     std::nullopt, request_.unicode_test));
    uint32_t row = 0;
    for (int g = 0; g < table_->metadata().num_row_groups(); ++g) {
      group_first_rows_.push_back(row);
      row += static_cast<uint32_t>(table_->metadata().RowGroup(g)->num_rows());
    }
    group_first_rows_.push_back(row);
    return Choose();
  }

  arrow::Result<ReadAnswer> Read() {
    ReadAnswer answer;
    if (!request_.paths && !request_.under) {
      ARROW_ASSIGN_OR_RAISE(answer.table, ReadAll());
      return answer;
    }
    Wanted wanted;
    if (request_.under) {
      ARROW_ASSIGN_OR_RAISE(const auto first_rows, RowsUnder(*request_.under));
      for (const uint32_t row : first_rows) AddRows(row, 0, &wanted);
    } else {
      for (uint32_t i = 0; i < request_.paths->size(); ++i) {
        AddRows(RowOf((*request_.paths)[i]), i, &wanted);
      }
    }
    std::vector<uint32_t> rows = wanted.rows;
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    if (!rows.empty() && rows.back() == PrimId::kNone) rows.pop_back();

    ARROW_ASSIGN_OR_RAISE(auto columns, ReadColumns(rows));
    if (request_.paths) {
      ARROW_RETURN_NOT_OK(DropOtherPaths(*columns[0], rows, &wanted, &answer));
    }
    ARROW_ASSIGN_OR_RAISE(answer.table, Arrange(std::move(columns), rows, wanted));
    return answer;
  }

 private:
  /// The rows of the answer, in its order; kNone where a path has none.
  struct Wanted {
    std::vector<uint32_t> rows;
    std::vector<uint32_t> paths;  ///< for each row, the number of the path in the request
  };

  /// Adds the rows of the prim whose row in the index is `row`.
  void AddRows(uint32_t row, uint32_t path, Wanted* wanted) const {
    const auto add = [&](uint32_t r) {
      wanted->rows.push_back(r);
      wanted->paths.push_back(path);
    };
    if (row == PrimId::kNone || !table_->times()) return add(row);
    const PrimTimes times = table_->times()->Find(row);
    const bool has_default = times.default_row() != PrimTimes::kNoRow;
    if (has_default) add(times.default_row());
    for (uint32_t i = 0; i < times.size(); ++i) add(times.RowOf(i));
    if (!has_default && times.size() == 0) add(PrimId::kNone);
  }

  void Enumerate(const SchemaField& field, const std::string& name, std::vector<std::string> steps,
                 std::vector<Source>* all) const {
    steps.push_back(field.field->name());
    Source source{name, &field, steps, {}, WithoutViews(field.field->type())};
    CollectLeaves(field, &source.leaves);
    const auto info = infos_.find(name);
    if (info != infos_.end() && source.leaves.size() == 1) source.info = info->second;
    all->push_back(source);
    if (field.field->type()->id() != arrow::Type::STRUCT) return;
    for (const SchemaField& child : field.children) {
      Enumerate(child, name + ":" + child.field->name(), steps, all);
    }
  }

  /// Finds the columns of the request: by name, else by the property that they become.
  arrow::Status Choose() {
    for (const ColumnInfo& column : schema_.columns) infos_.emplace(column.column_name, &column);
    infos_.emplace(path_column_, &*schema_.path);
    std::vector<Source> all;
    for (const SchemaField& field : arrow_->manifest().schema_fields) {
      Enumerate(field, field.field->name(), {}, &all);
    }
    const auto is_path = [&](const Source& source) { return source.name == path_column_; };
    const auto path = std::find_if(all.begin(), all.end(), is_path);
    if (path == all.end() || !path->info) {
      return arrow::Status::UnknownError("the path column is nowhere");
    }
    sources_.push_back(*path);
    if (!request_.columns) {
      for (const Source& source : all) {
        if (source.steps.size() == 1 && !is_path(source)) sources_.push_back(source);
      }
      return arrow::Status::OK();
    }
    for (const std::string& name : *request_.columns) {
      if (name == path_column_) continue;  // is there already
      const auto is_named = [&](const Source& source) { return source.name == name; };
      const auto is_property = [&](const Source& source) {
        return source.info && source.info != path->info && source.info->property_name == name &&
               source.info->role != ColumnRole::kPrimMetadata;
      };
      auto found = std::find_if(all.begin(), all.end(), is_named);
      if (found == all.end()) found = std::find_if(all.begin(), all.end(), is_property);
      if (found == all.end()) return NoColumn(name);
      sources_.push_back(*found);
      sources_.back().name = name;
    }
    return arrow::Status::OK();
  }

  arrow::Status NoColumn(const std::string& name) const {
    std::string names;
    for (const SchemaField& field : arrow_->manifest().schema_fields) {
      if (names.size() > 400) {
        names += ", …";
        break;
      }
      names += (names.empty() ? "'" : ", '") + field.field->name() + "'";
    }
    return arrow::Status::KeyError("there is no column or property '", name, "' (the file has ",
                                   names, ")");
  }

  /// The row of a prim; kNone if it has none. Another path of the same hash is possible.
  uint32_t RowOf(std::string_view path) const {
    const PrimId prim = FindPrim(path, nullptr);
    return prim ? table_->paths().RowOf(prim) : PrimId::kNone;
  }

  PrimId FindPrim(std::string_view path, uint64_t* hash_out) const {
    if (path.empty() || path[0] != '/') return {};
    uint64_t hash = table_->paths().root_hash();
    if (path.size() > 1) {
      for (size_t begin = 1; begin <= path.size();) {
        const size_t end = std::min(path.find('/', begin), path.size());
        hash = ChildPathHash(hash, path.substr(begin, end - begin));
        begin = end + 1;
      }
    }
    if (hash_out) *hash_out = hash;
    return table_->paths().Find(hash);
  }

  /// The rows of a prim and of all below it, in namespace order.
  arrow::Result<std::vector<uint32_t>> RowsUnder(const std::string& path) const {
    struct Visit {
      PrimId prim;
      uint64_t hash;
    };
    Visit first{};
    first.prim = FindPrim(path, &first.hash);
    if (!first.prim) {
      return arrow::Status::KeyError("column '", path_column_, "' has no row for ",
                                     QuotedValue(path), " or a prim below it");
    }
    std::vector<uint32_t> rows;
    std::vector<Visit> stack{first}, children;
    while (!stack.empty()) {
      const Visit visit = stack.back();
      stack.pop_back();
      const uint32_t row = table_->paths().RowOf(visit.prim);
      if (row != PrimId::kNone) rows.push_back(row);
      children.clear();
      table_->VisitChildNames(visit.prim, [&](std::string_view name) {
        const uint64_t hash = ChildPathHash(visit.hash, name);
        if (const PrimId child = table_->paths().Find(hash)) children.push_back({child, hash});
      });
      stack.insert(stack.end(), children.rbegin(), children.rend());
    }
    return rows;
  }

  /// Notes the paths of the request that have no row: the path column itself tells.
  arrow::Status DropOtherPaths(const arrow::ChunkedArray& paths, const std::vector<uint32_t>& rows,
                               Wanted* wanted, ReadAnswer* answer) const {
    constexpr size_t kMaxShown = 5;
    ARROW_ASSIGN_OR_RAISE(const auto views, StringViews(paths));
    Wanted found;
    for (size_t i = 0; i < wanted->rows.size(); ++i) {
      uint32_t row = wanted->rows[i];
      const uint32_t number = wanted->paths[i];
      const std::string& path = (*request_.paths)[number];
      if (row != PrimId::kNone) {
        const auto at = std::lower_bound(rows.begin(), rows.end(), row) - rows.begin();
        if (views[at] != path) row = PrimId::kNone;
      }
      if (row == PrimId::kNone) {
        if (!found.paths.empty() && found.paths.back() == number) continue;  // is noted already
        if (answer->missing.size() < kMaxShown) answer->missing.push_back(path);
        ++answer->num_missing;
      }
      found.rows.push_back(row);
      found.paths.push_back(number);
    }
    *wanted = std::move(found);
    return arrow::Status::OK();
  }

  arrow::Result<std::shared_ptr<arrow::Table>> ReadAll() const {
    std::vector<const Source*> all;
    for (const Source& source : sources_) all.push_back(&source);
    ARROW_ASSIGN_OR_RAISE(auto read, arrow_->ReadTable(LeavesOf(all)));
    ARROW_ASSIGN_OR_RAISE(read, WithoutViews(std::move(read)));
    arrow::ChunkedArrayVector columns;
    for (const Source& source : sources_) {
      ARROW_ASSIGN_OR_RAISE(auto column, Descend(read->GetColumnByName(source.steps[0]), source));
      columns.push_back(std::move(column));
    }
    return MakeTable(std::move(columns));
  }

  /// The cells of all columns at `rows`, ascending.
  arrow::Result<arrow::ChunkedArrayVector> ReadColumns(const std::vector<uint32_t>& rows) const {
    const PageSource pages{*file_, table_->metadata(), table_->table_file().group_first_rows(),
                           table_->cache()};
    // Where most pages are wanted anyway, Arrow reads columns in parallel.
    const bool is_sparse = rows.size() < table_->num_rows() / 4;
    arrow::ChunkedArrayVector columns(sources_.size());
    std::vector<const Source*> others;
    for (size_t i = 0; i < sources_.size(); ++i) {
      const Source& source = sources_[i];
      if (is_sparse && source.info && CanGather(*source.info, table_->metadata(), *source.type)) {
        auto cells = GatherCells(pages, *source.info, source.type, rows);
        if (!cells.ok()) {
          return cells.status().WithMessage("column '", source.name,
                                            "': ", cells.status().message());
        }
        if (*cells) columns[i] = std::make_shared<arrow::ChunkedArray>(std::move(*cells));
      }
      if (!columns[i]) others.push_back(&source);
    }
    ARROW_RETURN_NOT_OK(ReadGroups(others, rows, &columns));
    return columns;
  }

  /// Reads columns by whole row groups, one group at a time.
  arrow::Status ReadGroups(const std::vector<const Source*>& sources,
                           const std::vector<uint32_t>& rows,
                           arrow::ChunkedArrayVector* columns) const {
    if (sources.empty()) return arrow::Status::OK();
    const std::vector<int> leaves = LeavesOf(sources);
    std::vector<arrow::ArrayVector> parts(sources.size());
    for (size_t group = 0; group + 1 < group_first_rows_.size(); ++group) {
      const uint32_t first_row = group_first_rows_[group];
      const auto begin = std::lower_bound(rows.begin(), rows.end(), first_row);
      const auto end = std::lower_bound(begin, rows.end(), group_first_rows_[group + 1]);
      if (begin == end) continue;
      arrow::UInt32Builder local;
      for (auto it = begin; it != end; ++it) ARROW_RETURN_NOT_OK(local.Append(*it - first_row));
      ARROW_ASSIGN_OR_RAISE(const auto indices, local.Finish());
      ARROW_ASSIGN_OR_RAISE(auto read, arrow_->ReadRowGroup(static_cast<int>(group), leaves));
      ARROW_ASSIGN_OR_RAISE(read, WithoutViews(std::move(read)));
      for (size_t i = 0; i < sources.size(); ++i) {
        ARROW_ASSIGN_OR_RAISE(const auto column,
                              Descend(read->GetColumnByName(sources[i]->steps[0]), *sources[i]));
        ARROW_ASSIGN_OR_RAISE(const auto taken, arrow::compute::Take(column, indices));
        for (const auto& chunk : taken.chunked_array()->chunks()) parts[i].push_back(chunk);
      }
    }
    for (size_t i = 0; i < sources.size(); ++i) {
      (*columns)[sources[i] - sources_.data()] =
          std::make_shared<arrow::ChunkedArray>(std::move(parts[i]), sources[i]->type);
    }
    return arrow::Status::OK();
  }

  static std::vector<int> LeavesOf(const std::vector<const Source*>& sources) {
    std::vector<int> leaves;
    for (const Source* source : sources) {
      leaves.insert(leaves.end(), source->leaves.begin(), source->leaves.end());
    }
    std::sort(leaves.begin(), leaves.end());
    leaves.erase(std::unique(leaves.begin(), leaves.end()), leaves.end());
    return leaves;
  }

  /// Puts cells read at `rows` into the order of `wanted`.
  arrow::Result<std::shared_ptr<arrow::Table>> Arrange(arrow::ChunkedArrayVector columns,
                                                       const std::vector<uint32_t>& rows,
                                                       const Wanted& wanted) const {
    if (rows != wanted.rows) {
      arrow::Int64Builder order;
      for (const uint32_t row : wanted.rows) {
        const auto at = std::lower_bound(rows.begin(), rows.end(), row);
        ARROW_RETURN_NOT_OK(row == PrimId::kNone ? order.AppendNull()
                                                 : order.Append(at - rows.begin()));
      }
      ARROW_ASSIGN_OR_RAISE(const auto indices, order.Finish());
      for (auto& column : columns) {
        ARROW_ASSIGN_OR_RAISE(const auto taken, arrow::compute::Take(column, indices));
        column = taken.chunked_array();
      }
    }
    if (request_.paths) {  // prims without a row have a path too
      arrow::StringBuilder paths;
      for (const uint32_t number : wanted.paths) {
        ARROW_RETURN_NOT_OK(paths.Append((*request_.paths)[number]));
      }
      ARROW_ASSIGN_OR_RAISE(const auto array, paths.Finish());
      columns[0] = std::make_shared<arrow::ChunkedArray>(array);
    }
    return MakeTable(std::move(columns));
  }

  std::shared_ptr<arrow::Table> MakeTable(arrow::ChunkedArrayVector columns) const {
    arrow::FieldVector fields;
    for (size_t i = 0; i < sources_.size(); ++i) {
      fields.push_back(arrow::field(sources_[i].name, columns[i]->type()));
    }
    return arrow::Table::Make(arrow::schema(std::move(fields)), std::move(columns));
  }

  const std::shared_ptr<arrow::io::RandomAccessFile> file_;
  const ReadRequest& request_;
  std::string path_column_;
  std::shared_ptr<Table> table_;
  std::unique_ptr<parquet::arrow::FileReader> arrow_;
  TableSchema schema_;
  std::unordered_map<std::string, const ColumnInfo*> infos_;  // by column name
  std::vector<uint32_t> group_first_rows_;
  std::vector<Source> sources_;
};

}  // namespace

arrow::Result<ReadAnswer> ReadRows(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                   const std::string& name, const ReadRequest& request) {
  auto answer = Guarded([&]() -> arrow::Result<ReadAnswer> {
    Reader reader(std::move(file), request);
    ARROW_RETURN_NOT_OK(reader.Open(name));
    return reader.Read();
  });
  if (answer.ok() || answer.status().message().starts_with(name)) return answer;  // of Table::Open
  return answer.status().WithMessage(MessageText(name + ": " + answer.status().message()));
}

}  // namespace usdparquet
