#pragma once

/// \file
/// What a file may claim. A layer format opens files from anywhere, so every count, size and depth
/// that a file states is held to one of these before memory or time is spent on it.
/// docs/limits.md lists them for users; tests are at each limit and one beyond it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace usdparquet {

// --- The footer. ---------------------------------------------------------------------------------

/// Groups within groups of the Parquet schema. Arrow walks the schema by recursion.
inline constexpr size_t kMaxSchemaDepth = 64;
/// Leaf columns.
inline constexpr size_t kMaxColumns = 100'000;
/// Bytes of a column's full name, from the root of the schema.
inline constexpr size_t kMaxColumnName = 64 * 1024;
/// Bytes of the full names of all columns together: a long group name counts for each leaf below.
inline constexpr size_t kMaxColumnNames = size_t{64} << 20;
/// Row groups.
inline constexpr size_t kMaxRowGroups = 100'000;
/// Files of datasets that are open at a time, in all layers of the process together; those that
/// threads are just reading come on top. Half of what many systems let a process have would be 512.
inline constexpr size_t kMaxOpenParts = 48;
/// Bytes of a dataset's manifest, and files that a dataset may have.
inline constexpr int64_t kMaxManifest = int64_t{256} << 20;
inline constexpr size_t kMaxParts = 100'000;
/// Rows: the path index counts them in 32 bits with a sign.
inline constexpr int64_t kMaxRows = std::numeric_limits<int32_t>::max();
/// A file may claim this many rows, however few bytes it has ...
inline constexpr int64_t kMaxSmallFileRows = int64_t{1} << 20;
/// ... or else this many for each of them: a row takes some 80 bytes of memory. Pages of 1,024 rows
/// that are all the same have eight rows a byte and column, those of 12,288 some forty.
inline constexpr int64_t kMaxRowsPerByte = 64;
/// Structs and lists within each other in Thrift, the encoding of the footer and of page headers.
inline constexpr int kMaxThriftDepth = 32;

/// Bytes of the JSON in `usdparquet:schema`. In memory it takes about ten times as much.
inline constexpr size_t kMaxSchemaEntry = size_t{16} << 20;
/// Objects and lists within each other in it; a list of tokens in a column's metadata is the sixth.
inline constexpr int kMaxJsonDepth = 16;
/// Fields of the layer, or of a property, that it gives. OpenUSD asks for each by name.
inline constexpr size_t kMaxMetadataFields = 4'096;

// --- Prim paths. ---------------------------------------------------------------------------------

/// Elements of a prim path. OpenUSD composes and destroys prims by recursion over their depth.
inline constexpr size_t kMaxPathDepth = 1'000;
/// Bytes of a prim path.
inline constexpr size_t kMaxPathLength = 64 * 1024;

// --- Pages. --------------------------------------------------------------------------------------

/// Bytes of a page header, with its statistics.
inline constexpr size_t kMaxPageHeader = size_t{16} << 20;
/// A page may decompress to this many bytes, however few it is stored in ...
inline constexpr int64_t kMaxSmallPage = int64_t{128} << 20;
/// ... or else to this many times its stored size. (Parquet itself ends at 2 GiB.)
inline constexpr int64_t kMaxPageExpansion = 64;
/// A page of a column without lists may hold this many rows, however few bytes it is stored in ...
inline constexpr int64_t kMaxPageRows = int64_t{1} << 24;
/// ... and one of lists this many values, ...
inline constexpr int64_t kMaxPageValues = int64_t{1} << 25;
/// ... or else this many for each stored byte: eight take a bit each.
inline constexpr int64_t kMaxValuesPerByte = 16;
/// Bytes of text that a page may decode to, or else kMaxPageExpansion times its size:
/// DELTA_BYTE_ARRAY and dictionaries repeat what is stored once.
inline constexpr int64_t kMaxPageText = int64_t{128} << 20;
/// Values of a fixed length of no more than this many bytes are taken as numbers are. Pages of
/// longer ones are decoded before memory is reserved for the length that the schema claims, and all
/// values of a chunk may have MaxPageSize bytes of what its pages decode to, nulls included.
inline constexpr int32_t kMaxNarrowValue = 32;

/// The rows that a file of `size` bytes may have, or a dataset whose files have so many together.
constexpr int64_t MaxFileRows(int64_t size) {
  return std::min(kMaxRows,
                  std::max(kMaxSmallFileRows, std::min(size, kMaxRows) * kMaxRowsPerByte));
}

/// The bytes that a page of `stored` bytes may decompress to.
constexpr int64_t MaxPageSize(int64_t stored) {
  return std::max(kMaxSmallPage, stored * kMaxPageExpansion);
}

/// The values that a page of `stored` bytes may hold, those of nulls included; without lists they
/// are its rows. It is asked for a chunk of lists as a whole where no offset index tells its pages.
constexpr int64_t MaxPageValues(int64_t stored, bool has_lists) {
  return std::max(has_lists ? kMaxPageValues : kMaxPageRows, stored * kMaxValuesPerByte);
}

/// The bytes of text that `size` bytes of a page may decode to.
constexpr int64_t MaxPageText(int64_t size) {
  return std::min<int64_t>(std::max(kMaxPageText, size * kMaxPageExpansion),
                           std::numeric_limits<uint32_t>::max());
}

/// Bytes of a packed residual. Writers make a crate file of 8 KiB and more.
inline constexpr int64_t kMaxPackedResidual = int64_t{64} << 10;

/// Different texts of a column that each get a colour, and their bytes: they are held in memory.
inline constexpr size_t kMaxColorTexts = 65'536;
inline constexpr size_t kMaxColorTextBytes = size_t{16} << 20;

/// Names that one message lists before it ends with how many more there are.
inline constexpr size_t kMaxListedNames = 20;

}  // namespace usdparquet
