#include "core/pages/page_locations.h"

#include <atomic>
#include <memory>

#include "core/sections/section.h"

namespace usdparquet {
namespace {

constexpr SectionKind kKind{kPagesKey, "UPQPAGES", "list of pages"};

/// The first bytes of the section.
struct Header {
  char magic[8];
  uint16_t major_version;
  uint16_t minor_version;
  uint32_t header_size;
  uint64_t total_size;
  uint64_t fingerprint;
  uint32_t num_rows;
  uint32_t num_groups;
  uint32_t num_leaves;
  uint32_t num_chunks;
  uint32_t num_pages;
  uint32_t num_blocks;
  uint64_t blocks_checksum;
  uint32_t reserved[30];
  uint64_t header_checksum;  ///< of all before
};
static_assert(sizeof(Header) == 192 && sizeof(ListedChunk) == 32 && sizeof(ListedPage) == 24);

constexpr char kInstead[] =
    "; pages are found by the page index or their headers instead. 'usdparquet optimize' writes a "
    "good one";

constexpr char kImpossible[] = "it lists pages that can't be those of their column chunk";

/// Whether the pages are whole and one behind the other in [begin, end), and the data pages among
/// them have rows, all rows of the chunk.
bool AreSound(const PageLocations::ChunkPages& pages, int64_t begin, int64_t end,
              int64_t num_rows) {
  // Without branches, as a chunk may have hundreds of pages. What is no sound page's end is used
  // for nothing, but may not overflow.
  const auto lies_behind = [end](const ListedPage& page, int64_t previous_end) {
    return (page.offset >= previous_end) & (page.header_size > 0) &
           (page.header_size <= page.size) & (page.offset <= end - page.size);
  };
  const auto end_of = [](const ListedPage& page) {
    return static_cast<int64_t>(static_cast<uint64_t>(page.offset) + page.size);
  };
  int64_t previous_end = begin;
  if (pages.dictionary) {
    const ListedPage& page = *pages.dictionary;
    if (page.offset != begin || page.first_row != 0 || !lies_behind(page, begin)) return false;
    previous_end = end_of(page);
  }
  if (pages.data.empty()) return num_rows == 0;
  bool are_sound = pages.data.front().first_row == 0 && pages.data.back().first_row < num_rows;
  int64_t previous_row = -1;
  for (const ListedPage& page : pages.data) {
    are_sound &= (page.first_row > previous_row) & lies_behind(page, previous_end);
    previous_end = end_of(page);
    previous_row = page.first_row;
  }
  return are_sound;
}

}  // namespace

PageLocations::Opened PageLocations::Open(arrow::io::RandomAccessFile& file,
                                          const parquet::FileMetaData& metadata,
                                          std::function<void(const std::string&)> on_damage) {
  Opened opened;
  SectionReader<Header> section(
      kKind, file, metadata, metadata.num_rows(),
      [&](const Header& h) {
        return h.num_groups == static_cast<uint32_t>(metadata.num_row_groups()) &&
               h.num_leaves == static_cast<uint32_t>(metadata.num_columns());
      },
      [](const Header& h) { return h.num_chunks == uint64_t{h.num_groups} * h.num_leaves; });
  if (const Header* header = section.header()) {
    std::shared_ptr<PageLocations> locations(new PageLocations);
    locations->chunks_ = section.Take<ListedChunk>(header->num_chunks);
    locations->pages_ = section.Take<ListedPage>(header->num_pages);
    locations->num_leaves_ = header->num_leaves;
    locations->blocks_ = section.Finish(
        [on_damage = std::move(on_damage),
         is_told = std::make_shared<std::atomic<bool>>(false)](const std::string& what) {
          if (on_damage && !is_told->exchange(true)) on_damage(what + kInstead);
        });
    if (locations->blocks_) opened.locations = std::move(locations);
  }
  opened.warning = section.warning();
  opened.is_unreadable = section.is_unreadable();
  return opened;
}

std::string PageLocations::Serialize(std::span<const ListedChunk> chunks,
                                     std::span<const ListedPage> pages,
                                     const parquet::FileMetaData& metadata, uint64_t fingerprint) {
  Header header{};
  header.fingerprint = fingerprint;
  header.num_rows = static_cast<uint32_t>(metadata.num_rows());
  header.num_groups = static_cast<uint32_t>(metadata.num_row_groups());
  header.num_leaves = static_cast<uint32_t>(metadata.num_columns());
  header.num_chunks = static_cast<uint32_t>(chunks.size());
  header.num_pages = static_cast<uint32_t>(pages.size());
  SectionWriter writer;
  writer.Add(chunks);
  writer.Add(pages);
  return writer.Finish(kKind, header);
}

std::optional<PageLocations::ChunkPages> PageLocations::Find(int row_group, int leaf, int64_t begin,
                                                             int64_t size, int64_t num_rows) const {
  const auto verified = [this](const auto& items) {
    return blocks_->Verify(items.data(), items.data() + items.size());
  };
  const auto place =
      chunks_.subspan(static_cast<size_t>(row_group) * num_leaves_ + static_cast<size_t>(leaf), 1);
  if (!verified(place)) return std::nullopt;
  const ListedChunk& chunk = place[0];
  if (chunk.begin != begin || chunk.size != size) return std::nullopt;
  const bool has_dictionary = chunk.flags & ListedChunk::kHasDictionary;
  if (uint64_t{chunk.first_page} + chunk.num_pages > pages_.size() ||
      (has_dictionary && chunk.num_pages == 0)) {
    blocks_->Reject(kImpossible);
    return std::nullopt;
  }
  if (chunk.num_pages == 0 && num_rows > 0) return std::nullopt;
  const auto listed = pages_.subspan(chunk.first_page, chunk.num_pages);
  if (!verified(listed)) return std::nullopt;
  const ChunkPages pages{has_dictionary ? listed.data() : nullptr,
                         listed.subspan(has_dictionary ? 1 : 0)};
  if (!AreSound(pages, begin, begin + size, num_rows)) {
    blocks_->Reject(kImpossible);
    return std::nullopt;
  }
  return pages;
}

}  // namespace usdparquet
