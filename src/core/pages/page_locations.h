#pragma once

/// \file
/// The page locations embedded in a Parquet file: where every page lies, in fixed width, and the
/// checksum of its header, which the page's own checksum does not cover. docs/file-format.md
/// describes the format.

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <parquet/metadata.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/sections/section_blocks.h"
#include "core/util/export.h"

namespace usdparquet {

/// The footer's key whose value says where the page locations are.
inline constexpr char kPagesKey[] = "usdparquet:pages";

/// One page, as it is stored.
struct ListedPage {
  int64_t offset;      ///< of its header, in the file
  uint32_t size;       ///< of header and body
  uint32_t first_row;  ///< counted from the start of the row group; 0 for a dictionary page
  uint32_t header_size;
  uint32_t header_checksum;  ///< PageHeaderChecksum
};

/// One column chunk, as it is stored.
struct ListedChunk {
  static constexpr uint32_t kHasDictionary = 1;  ///< its first page is a dictionary page

  int64_t begin;
  int64_t size;
  uint32_t first_page;  ///< number among the pages of all chunks
  uint32_t num_pages;   ///< 0 where it is not known which rows a page has
  uint32_t flags;
  uint32_t reserved;
};

/// The locations that lie in a file. Every block is verified before it is first used, and what a
/// sound one claims is checked. Thread-safe.
class USDPARQUET_API PageLocations {
 public:
  struct Opened {
    std::shared_ptr<const PageLocations> locations;  ///< null: there are none that can be used
    std::string warning;                             ///< why not, if that is worth a warning
    bool is_unreadable = false;                      ///< the file could not be read there
  };

  /// Opens those of a file at a cost that does not depend on their number. `on_damage` is called
  /// once, with a message that does not name the file, if some turn out to be damaged.
  static Opened Open(arrow::io::RandomAccessFile& file, const parquet::FileMetaData& metadata,
                     std::function<void(const std::string&)> on_damage);

  /// The bytes of a section of those chunks, row group by row group, and their pages.
  static std::string Serialize(std::span<const ListedChunk> chunks,
                               std::span<const ListedPage> pages,
                               const parquet::FileMetaData& metadata, uint64_t fingerprint);

  struct ChunkPages {
    const ListedPage* dictionary;  ///< null: there is none
    std::span<const ListedPage> data;
  };

  /// The pages of leaf `leaf` in row group `row_group`, whose footer says that it has the `size`
  /// bytes from `begin` on and `num_rows` rows. They lie in these bytes one behind the other, and
  /// each has rows. Nothing if they are not listed, or not for such a chunk, or are damaged.
  std::optional<ChunkPages> Find(int row_group, int leaf, int64_t begin, int64_t size,
                                 int64_t num_rows) const;

 private:
  PageLocations() = default;

  std::span<const ListedChunk> chunks_;
  std::span<const ListedPage> pages_;
  size_t num_leaves_ = 0;
  std::shared_ptr<const SectionBlocks> blocks_;
};

/// The bytes of the section with the page locations of a file that is written but for it. Reads the
/// header of every page, and the offset indexes. Holds 100 bytes a page or less. Fails if a page is
/// not where the footer and the offset index say; Arrow's Parquet classes may throw.
USDPARQUET_API arrow::Result<std::string> SerializePageLocations(
    arrow::io::RandomAccessFile& file, const parquet::FileMetaData& metadata, uint64_t fingerprint);

}  // namespace usdparquet
