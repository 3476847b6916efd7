#pragma once

/// \file
/// Parquet files for tests, written with Arrow's own writer.

#include <arrow/table.h>
#include <parquet/properties.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace usdparquet_test {

/// How to lay out a file. The defaults give many small pages.
struct Layout {
  int64_t rows_per_group = 1000;
  int64_t rows_per_page = 100;
  bool has_page_index = true;
  bool has_dictionary = true;
  parquet::ParquetDataPageVersion page_version = parquet::ParquetDataPageVersion::V1;
  parquet::Compression::type codec = parquet::Compression::ZSTD;
  parquet::Encoding::type encoding = parquet::Encoding::UNDEFINED;  ///< UNDEFINED: as Arrow has it
};

/// A file of that name in a folder that the running test alone uses: tests may run at the same
/// time.
std::string ScratchPath(const std::string& name);

/// Writes `table` to ScratchPath(name), which it returns.
std::string WriteFile(const std::string& name, const arrow::Table& table,
                      const Layout& layout = {});

/// All of a file's table, as Arrow reads it.
std::shared_ptr<arrow::Table> ReadFile(const std::string& path);

/// All bytes of a file.
std::string ReadBytes(const std::string& path);

/// Writes the bytes as they are to ScratchPath(name), which it returns.
std::string WriteBytes(const std::string& name, std::string_view bytes);

std::shared_ptr<arrow::Array> Strings(const std::vector<std::string>& values,
                                      const std::vector<bool>& is_valid = {});
std::shared_ptr<arrow::Array> Doubles(const std::vector<double>& values,
                                      const std::vector<bool>& is_valid = {});

/// A table of `rows` prims /World/Zone_z/Prim_i with the columns cost (double, every 7th null),
/// lifespan (int32), is_active (bool), supplier (string, few distinct), note (string, all distinct,
/// every 5th null), size (fixed_size_list<float, 3>) and samples (list<int32> of 0 to 4).
std::shared_ptr<arrow::Table> MixedTable(int64_t rows);

// The values of MixedTable at one row.
std::string MixedPath(int64_t row);
bool MixedHasCost(int64_t row);
double MixedCost(int64_t row);
int32_t MixedLifespan(int64_t row);
bool MixedIsActive(int64_t row);
std::string MixedSupplier(int64_t row);
bool MixedHasNote(int64_t row);
std::string MixedNote(int64_t row);
float MixedSize(int64_t row, int component);
std::vector<int32_t> MixedSamples(int64_t row);

}  // namespace usdparquet_test
