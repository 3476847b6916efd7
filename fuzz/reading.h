#pragma once

/// \file
/// Reading all of a file in every way that core has, with bounds on what a hostile file can cost.

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/table/table.h"

namespace usdparquet_fuzz {

/// A file in memory. `is_mapped` files give their own bytes (as a mapped file does), others copies.
std::shared_ptr<arrow::io::RandomAccessFile> MemoryFile(std::string_view bytes, bool is_mapped);

/// A cell's bytes; nothing where it has no value.
using Cell = std::optional<std::string>;

/// What a file says, by names.
struct Answers {
  std::string error;        ///< why it does not open; empty: it does
  bool has_damage = false;  ///< something was reported as damaged
  bool is_long = false;
  uint32_t num_rows = 0;
  std::set<std::string> prims;                       ///< all paths that a walk from the root finds
  std::map<std::string, uint32_t> rows;              ///< of those prims that have one
  std::map<std::string, std::vector<Cell>> columns;  ///< by property name, the cells of all rows
  std::set<std::string> fields;  ///< those of `columns` that are fields of structs
  /// Of a long table, for each prim the rows of its times.
  std::map<std::string, std::vector<std::pair<double, uint32_t>>> times;
};

struct ReadingOptions {
  bool is_mapped = true;
  bool ignores_index = false;  ///< builds the indexes, also where the file has them
  bool with_walk = true;       ///< the namespace, and times
  bool with_cells = true;      ///< of all columns
  bool with_nulls = true;      ///< ask for nulls and properties first
  bool with_checks = false;    ///< what `validate` does
  bool with_columns = false;   ///< read_columns
};

/// Reads the file. Checks what has to hold of any file: a walk ends, lists agree with each other.
Answers ReadAll(std::string_view bytes, const ReadingOptions& options);

/// Reads the dataset in `folder` the same way, but for what `validate` does of a file.
Answers ReadDataset(const std::string& folder, const ReadingOptions& options);

/// The prim at `path`, by the index of now.
usdparquet::PrimId FindPrim(const usdparquet::Table& table, std::string_view path);

}  // namespace usdparquet_fuzz
