#pragma once

/// \file
/// Which parts of a layer become columns: the first pass of writing it.

#include <pxr/base/tf/token.h>
#include <pxr/base/vt/value.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/abstractData.h>
#include <pxr/usd/sdf/path.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/schema/schema_entry.h"
#include "plugin/values/column_builder.h"

PXR_NAMESPACE_OPEN_SCOPE

/// The names of the columns that are no properties, unless a property needs the name.
struct UsdParquetColumnNames {
  std::string path = "path";
  std::string time = "time";
  TfTokenVector order;      ///< properties, in the order that columns are to have if nothing speaks
                            ///< against it
  bool keeps_time = false;  ///< whether there is a time column also where no column has samples
  bool has_rare = false;    ///< whether what few prims have gets columns, too
};

/// The columns that a layer is written as, and which of each prim's properties go into them.
///
/// An attribute can be in a column if it has a value (or none) of its own type and otherwise only
/// fields that the footer can hold for the whole column; a relationship, if its targets are an
/// explicit list. Properties of one name share a column if they are declared as in most prims; all
/// others go to the residual, whole.
class UsdParquetExportPlan {
 public:
  static constexpr uint32_t kResidual = 0xffffffffu;
  static constexpr uint8_t kValue = 1;    ///< a default, or targets
  static constexpr uint8_t kSamples = 2;  ///< time samples

  /// A column of attributes, or of relationships.
  struct Column {
    std::string name;  ///< in the file
    TfToken property;
    TfToken type_name;  ///< of the cells: those of relationships are `string[]`
    usdparquet::ColumnEntry entry;
  };
  /// A column of prim fields.
  struct FieldColumn {
    std::string name;
    TfToken field;
    usdparquet::ColumnEntry entry;
  };
  /// The properties of many prims: what they are and where they go.
  struct Pattern {
    std::vector<TfToken> names;          ///< in the prim's order
    std::vector<uint32_t> declarations;  ///< of each name, or kResidual
    std::vector<uint8_t> contents;       ///< what each has: kValue, kSamples, both or none
    uint64_t num_prims = 0;
    // Filled when the columns are known.
    std::vector<uint32_t> columns;   ///< of each name, or kResidual
    bool is_in_column_order = true;  ///< whether a reader would list the same names in that order
  };

  /// Reads all of `data` once, except for values.
  static UsdParquetExportPlan Make(const SdfAbstractData& data, const UsdParquetColumnNames& names);

  const std::string& path_column() const { return path_column_; }
  /// The column with the times; empty if no column has samples.
  const std::string& time_column() const { return time_column_; }
  const std::vector<Column>& columns() const { return columns_; }
  const std::vector<FieldColumn>& fields() const { return fields_; }
  /// The pattern of the n-th prim, depth first in the layer's order.
  const Pattern& PatternOf(size_t prim) const { return patterns_[prim_patterns_[prim]]; }
  size_t num_prims() const { return prim_patterns_.size(); }
  /// Whether the n-th prim gets a row; an `over` that only has children needs none.
  bool HasRow(size_t prim) const { return has_row_[prim]; }
  /// The number of prims with a row. With samples, a prim can have several rows.
  uint64_t num_rows() const { return num_rows_; }

 private:
  /// How attributes of one name may be declared, so that they can share a column.
  struct Declaration {
    TfToken name;
    TfToken type_name;  // empty for relationships
    bool is_uniform = false;
    bool is_custom = false;
    std::vector<std::pair<TfToken, VtValue>> metadata;
    uint64_t num_with_value = 0;
    uint64_t num_prims = 0;
  };

  void ScanPrim(const SdfAbstractData& data, const SdfPath& path);
  bool ScanFields(const SdfAbstractData& data, const SdfPath& path, bool has_properties);
  uint32_t DeclarationOf(const SdfAbstractData& data, const SdfPath& path, const TfToken& name,
                         uint8_t* contents);
  bool CanHold(const SdfAbstractData& data, const SdfPath& path, const TfToken& type_name);
  bool CanHoldSamples(const VtValue& samples, const TfToken& type_name);
  const UsdParquetColumnBuilder* BuilderOf(const TfToken& type_name);
  uint32_t InternDeclaration(Declaration declaration);
  uint32_t InternPattern(Pattern pattern);
  std::string FreeName(const std::string& wanted);
  void ChooseColumns(const UsdParquetColumnNames& names);
  void ChooseFields(const UsdParquetColumnNames& names);
  void CompletePatterns(const UsdParquetColumnNames& names);

  std::unordered_map<TfToken, std::unique_ptr<UsdParquetColumnBuilder>, TfToken::HashFunctor>
      builders_;  // of the types met
  std::vector<Declaration> declarations_;
  std::unordered_map<TfToken, std::vector<uint32_t>, TfToken::HashFunctor> declarations_by_name_;
  std::vector<Pattern> patterns_;
  std::unordered_map<uint64_t, std::vector<uint32_t>> patterns_by_hash_;
  std::vector<uint32_t> prim_patterns_;
  std::vector<bool> has_row_;
  uint64_t num_rows_ = 0;
  std::map<TfToken, uint64_t> field_counts_;
  std::map<std::string, bool> names_;  // of columns
  std::string path_column_;
  std::string time_column_;
  std::vector<Column> columns_;
  std::vector<FieldColumn> fields_;
  std::vector<uint32_t> column_of_declaration_;
};

/// Whether a prim's field can be a column; its cells then have the Sdf type `type`.
bool UsdParquetIsFieldColumn(const TfToken& field, const VtValue& value, std::string* type);

/// A prim field's value as a cell of its column; empty if the column can't hold it.
VtValue UsdParquetCellOfField(const TfToken& field, const VtValue& value);

/// A relationship's target list as a cell, `string[]`; empty if it is no plain, explicit list.
VtValue UsdParquetCellOfTargets(const VtValue& targets);

PXR_NAMESPACE_CLOSE_SCOPE
