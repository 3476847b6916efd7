#include "core/schema/schema.h"

#include <arrow/type.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "core/schema/leaf_type.h"
#include "core/util/message_text.h"
#include "core/util/utf8.h"

namespace usdparquet {
namespace {

using parquet::arrow::SchemaField;

int32_t FixedSize(const arrow::DataType& type) {
  if (type.id() != arrow::Type::FIXED_SIZE_LIST) return 0;
  return static_cast<const arrow::FixedSizeListType&>(type).list_size();
}

const char* ProblemOfAsset(std::string_view text) {
  return HasControlCharacter(text) ? "has a control character, which an asset path cannot have"
                                   : nullptr;
}

const char* ProblemOfSpecifier(std::string_view text) {
  return text == "def" || text == "over" || text == "class"
             ? nullptr
             : "is none of 'def', 'over' and 'class', which a specifier is";
}

/// The test of a column's texts, as far as it can be told without OpenUSD.
TextTest TextTestOf(const ColumnInfo& column) {
  if (column.type.scalar != Scalar::kString) return nullptr;
  if (column.role == ColumnRole::kPrimMetadata && column.field == "specifier") {
    return &ProblemOfSpecifier;
  }
  if (column.sdf_type.starts_with("asset")) return &ProblemOfAsset;
  return nullptr;
}

/// Gives a column the role and type that the footer says.
arrow::Status ApplyEntry(const ColumnEntry& entry, const IdentifierTest& unicode_test,
                         ColumnInfo* column) {
  const auto fail = [&](auto&&... parts) {
    return arrow::Status::Invalid("column '", column->column_name, "': the footer's '", kSchemaKey,
                                  "' ", parts...);
  };
  column->role = entry.role;
  column->field = entry.field;
  column->is_uniform = entry.is_uniform;
  column->is_custom = entry.is_custom;
  column->metadata = entry.metadata;
  if (!entry.property.empty()) {
    if (MakePropertyName(entry.property, unicode_test) != entry.property) {
      return fail("calls it ", QuotedValue(entry.property), ", which is no property name");
    }
    column->property_name = entry.property;
    column->display_name.clear();
  }
  if (!entry.type.empty()) {
    const auto shape = ShapeOfSdfType(entry.type);
    if (!shape) return fail("gives it the type ", QuotedValue(entry.type), ", which Sdf has not");
    if (*shape != column->type) {
      return fail("gives it the Sdf type '", entry.type, "', but it holds ", column->storage,
                  ", which is laid out as '", column->sdf_type, "'");
    }
    column->sdf_type = entry.type;
  }
  if (entry.role == ColumnRole::kRelationship &&
      (column->type.scalar != Scalar::kString || column->conversion != Conversion::kNone)) {
    return fail("makes it a relationship, but it holds ", column->storage,
                "; targets are a string or a list of strings");
  }
  if (entry.role == ColumnRole::kRelationship && column->sdf_type != SdfTypeName(column->type)) {
    return fail("makes it a relationship of the Sdf type '", column->sdf_type,
                "'; targets are a string or a list of strings");
  }
  return arrow::Status::OK();
}

class SchemaReader {
 public:
  SchemaReader(const parquet::SchemaDescriptor& descriptor, const SchemaEntry& entry,
               const IdentifierTest& unicode_test)
      : descriptor_(descriptor), entry_(entry), unicode_test_(unicode_test) {}

  /// Adds column `top` of the file, or, of a struct, its fields.
  void Add(const SchemaField& field, int top, TableSchema* out) {
    Add(field, top, field.field->name(), out);
  }

  /// Fails for the first column of `columns` that the footer makes what it can't be.
  arrow::Status CheckEntries(const std::vector<ColumnInfo>& columns) const {
    for (const ColumnInfo& column : columns) {
      const auto found = problems_.find(column.leaf);
      if (found != problems_.end()) return found->second;
    }
    return arrow::Status::OK();
  }

 private:
  void Add(const SchemaField& field, int top, const std::string& name, TableSchema* out) {
    const arrow::DataType& type = *field.field->type();
    if (!IsUtf8(field.field->name())) {
      out->left_out.push_back({top, WithValidUtf8(name), "its name is no valid UTF-8"});
      return;
    }
    if (type.id() == arrow::Type::STRUCT) {
      if (field.children.empty()) out->left_out.push_back({top, name, "a struct without fields"});
      for (const SchemaField& child : field.children) {
        Add(child, top, name + ":" + child.field->name(), out);
      }
      return;
    }
    ColumnInfo column;
    column.top = top;
    column.column_name = name;
    column.property_name = MakePropertyName(name, unicode_test_);
    if (column.property_name != name) column.display_name = name;
    column.storage = type.ToString();
    if (!SetShape(field, &column)) {
      out->left_out.push_back({top, name,
                               WithValidUtf8("type " + type.ToString() + " has no Sdf type"),
                               type.id() == arrow::Type::NA});
      return;
    }
    column.sdf_type = SdfTypeName(column.type);
    column.null = NullMeaningOf(entry_, name);
    const auto found = entry_.columns.find(name);
    if (found != entry_.columns.end()) {
      const arrow::Status applied = ApplyEntry(found->second, unicode_test_, &column);
      if (!applied.ok()) problems_.emplace(column.leaf, applied);
    }
    column.text_test = TextTestOf(column);
    out->columns.push_back(std::move(column));
  }

  /// Tells whether `field` is a leaf with a place, and describes it in `column`.
  bool SetLeaf(const SchemaField& field, ColumnInfo* column) const {
    if (!field.is_leaf()) return false;
    const parquet::ColumnDescriptor& leaf = *descriptor_.Column(field.column_index);
    column->leaf = field.column_index;
    column->max_def = leaf.max_definition_level();
    column->max_rep = leaf.max_repetition_level();
    return SetLeafType(*field.field->type(), leaf, column);
  }

  /// Makes `column` one of tuples of `size`, if Sdf has that type.
  static bool SetTuple(int32_t size, ColumnInfo* column) {
    if (size < 2 || size > 16) return false;
    const auto storage = TupleStorage(column->stored_scalar, static_cast<uint8_t>(size));
    if (!storage) return false;
    column->type.scalar = *storage;
    column->type.tuple = static_cast<uint8_t>(size);
    return true;
  }

  bool SetShape(const SchemaField& field, ColumnInfo* column) const {
    const arrow::DataType& type = *field.field->type();
    if (!IsList(type)) {
      if (!SetLeaf(field, column)) return false;
      column->type = {column->stored_scalar, 1, false};
      return true;
    }
    const SchemaField& element = field.children.at(0);
    if (!IsList(*element.field->type())) {
      if (!SetLeaf(element, column)) return false;
      column->type = {column->stored_scalar, 1, false};
      if (SetTuple(FixedSize(type), column)) {
        column->tuple_def = field.level_info.def_level;
      } else {
        column->type.is_array = true;
        column->list_def = field.level_info.def_level;
      }
      return true;
    }
    // A list of tuples is an array of them; no other nesting has an Sdf type.
    const SchemaField& component = element.children.at(0);
    if (IsList(*component.field->type()) || !SetLeaf(component, column)) return false;
    if (!SetTuple(FixedSize(*element.field->type()), column)) return false;
    column->type.is_array = true;
    column->list_def = field.level_info.def_level;
    column->tuple_def = element.level_info.def_level;
    return true;
  }

  const parquet::SchemaDescriptor& descriptor_;
  const SchemaEntry& entry_;
  const IdentifierTest& unicode_test_;
  std::unordered_map<int, arrow::Status> problems_;  // by leaf
};

std::string JoinNames(const parquet::arrow::SchemaManifest& manifest) {
  std::string names;
  for (const SchemaField& field : manifest.schema_fields) {
    if (names.size() > 400) return names + ", …";
    if (!names.empty()) names += ", ";
    names += "'" + field.field->name() + "'";
  }
  return names;
}

arrow::Status Select(const std::vector<std::string>& selected, TableSchema* schema) {
  std::unordered_map<std::string_view, bool> is_used;  // by selection
  for (const std::string& name : selected) is_used.emplace(name, false);
  const auto is_unwanted = [&](const auto& column) {
    // The column itself, or a struct that it is a field of, can be selected.
    const std::string_view name = column.column_name;
    bool is_wanted = false;
    for (size_t end = name.find(':');; end = name.find(':', end + 1)) {
      const auto selection = is_used.find(name.substr(0, end));
      if (selection != is_used.end()) is_wanted = selection->second = true;
      if (end == std::string_view::npos) return !is_wanted;
    }
  };
  std::erase_if(schema->columns, is_unwanted);
  std::erase_if(schema->left_out, is_unwanted);
  for (const std::string& name : selected) {
    // These two are always read, and never a property.
    if (schema->path && name == schema->path->column_name) continue;
    if (schema->time && name == schema->time->column_name) continue;
    if (!is_used[name]) {
      return arrow::Status::Invalid("argument 'columns' names '", name,
                                    "', which is no column of the file");
    }
  }
  return arrow::Status::OK();
}

/// Moves the time column out of the properties.
arrow::Status TakeTimeColumn(const std::string& name,
                             const parquet::arrow::SchemaManifest& manifest, TableSchema* schema) {
  const auto column =
      std::find_if(schema->columns.begin(), schema->columns.end(),
                   [&name](const ColumnInfo& each) { return each.column_name == name; });
  if (column != schema->columns.end()) {
    schema->time = std::move(*column);
    schema->columns.erase(column);
    for (const ColumnInfo& other : schema->columns) {
      if (other.column_name == name) {
        return arrow::Status::Invalid("two columns are named '", name, "'");
      }
    }
    return arrow::Status::OK();
  }
  if (schema->path && name == schema->path->column_name) {
    return arrow::Status::Invalid("the column '", name,
                                  "' can't hold both the prim paths and the times");
  }
  for (const LeftOutColumn& left_out : schema->left_out) {
    if (left_out.column_name != name) continue;
    return arrow::Status::Invalid("the time column '", name, "' can't be read: ", left_out.reason,
                                  "; it must hold numbers, dates or timestamps");
  }
  return arrow::Status::Invalid("there is no column '", name,
                                "' with the times, which the format argument 'time' names (the "
                                "file has ",
                                JoinNames(manifest), ")");
}

}  // namespace

std::string TwoColumns(const ColumnName& one, const ColumnName& other) {
  if (one.name != other.name) return "columns '" + one.name + "' and '" + other.name + "'";
  const auto in_words = [](const ColumnName& column) {
    if (column.top == column.name) return "column '" + column.name + "'";
    return "field '" + column.name.substr(column.top.size() + 1) + "' of column '" + column.top +
           "'";
  };
  return in_words(one) + " and " + in_words(other);
}

arrow::Result<TableSchema> ReadSchema(const parquet::FileMetaData& metadata,
                                      const SchemaEntry& entry, const std::string& path_column,
                                      const std::string& time_column,
                                      const std::optional<std::vector<std::string>>& selected,
                                      const IdentifierTest& unicode_test, WantedAs use) {
  parquet::arrow::SchemaManifest manifest;
  ARROW_RETURN_NOT_OK(
      parquet::arrow::SchemaManifest::Make(metadata.schema(), metadata.key_value_metadata(),
                                           parquet::ArrowReaderProperties(), &manifest));
  TableSchema schema;
  SchemaReader reader(*metadata.schema(), entry, unicode_test);
  int top = -1;
  for (const SchemaField& field : manifest.schema_fields) {
    ++top;
    if (path_column.empty() || field.field->name() != path_column) {
      reader.Add(field, top, &schema);
      continue;
    }
    if (schema.path) {
      return arrow::Status::Invalid("two columns are named '", path_column, "'");
    }
    TableSchema own;
    reader.Add(field, top, &own);
    if (own.columns.size() != 1 || own.columns[0].type != ValueType{Scalar::kString, 1, false} ||
        own.columns[0].conversion != Conversion::kNone) {
      return arrow::Status::Invalid("the path column '", path_column, "' has type ",
                                    field.field->type()->ToString(),
                                    "; it must hold strings (in Parquet: BYTE_ARRAY with logical "
                                    "type String)");
    }
    schema.path = std::move(own.columns[0]);
    schema.path->is_path = true;
  }
  if (!schema.path && !path_column.empty()) {
    return arrow::Status::Invalid("there is no column '", path_column,
                                  "' with the prim paths; the format argument 'path' names "
                                  "another one (the file has ",
                                  JoinNames(manifest), ")");
  }
  if (!time_column.empty()) ARROW_RETURN_NOT_OK(TakeTimeColumn(time_column, manifest, &schema));
  if (!entry.columns.empty()) {
    std::unordered_set<std::string_view> present{path_column, time_column};
    for (const ColumnInfo& column : schema.columns) present.insert(column.column_name);
    for (const LeftOutColumn& column : schema.left_out) present.insert(column.column_name);
    for (const auto& [name, column] : entry.columns) {
      if (!present.contains(name)) schema.missing.push_back(name);
    }
  }
  if (selected) ARROW_RETURN_NOT_OK(Select(*selected, &schema));
  if (use == WantedAs::kCells) return schema;

  for (const auto& role : {schema.path, schema.time}) {
    if (role) ARROW_RETURN_NOT_OK(reader.CheckEntries({*role}));
  }
  ARROW_RETURN_NOT_OK(reader.CheckEntries(schema.columns));
  std::unordered_map<std::string_view, const ColumnInfo*> by_property;
  for (const ColumnInfo& column : schema.columns) {
    if (column.role == ColumnRole::kPrimMetadata) continue;
    const auto [it, inserted] = by_property.emplace(column.property_name, &column);
    if (!inserted) {
      const auto named = [&](const ColumnInfo& info) {
        const auto& top_field = manifest.schema_fields[static_cast<size_t>(info.top)];
        return ColumnName{top_field.field->name(), info.column_name};
      };
      return arrow::Status::Invalid(TwoColumns(named(*it->second), named(column)),
                                    " both become the property '", column.property_name,
                                    "'; rename one, or choose columns with the format argument "
                                    "'columns'");
    }
  }
  return schema;
}

}  // namespace usdparquet
