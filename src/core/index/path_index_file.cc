#include "core/index/path_index_file.h"

#include <algorithm>
#include <bit>

#include "core/sections/section.h"

namespace usdparquet {
namespace {

constexpr SectionKind kPathIndexKind{kIndexKey, "UPQINDEX", "path index"};

/// The first bytes of an index.
struct PathIndexHeader {
  char magic[8];
  uint16_t major_version;
  uint16_t minor_version;
  uint32_t header_size;
  uint64_t total_size;
  uint64_t seed;
  uint64_t fingerprint;
  uint32_t num_rows;
  uint32_t num_row_entries;
  uint32_t row_id_bits;
  uint32_t row_bucket_bits;
  uint32_t num_parents;
  uint32_t num_runs;
  uint32_t num_parent_entries;
  uint32_t parent_id_bits;
  uint32_t parent_bucket_bits;
  uint32_t num_blocks;
  uint64_t blocks_checksum;
  uint32_t num_invalid;
  uint32_t num_duplicates;
  uint32_t invalid_rows[PathIndexBuilder::kMaxReported];
  uint32_t duplicate_rows[2 * PathIndexBuilder::kMaxReported];
  uint32_t reserved[7];
  uint64_t header_checksum;  ///< of all before
};
static_assert(sizeof(PathIndexHeader) == 192 && sizeof(ParentPrim) == 12 && sizeof(ChildRun) == 8);

/// What PathTable makes of the ids below `count`.
uint32_t IdBits(uint32_t count) { return std::max(1, static_cast<int>(std::bit_width(count))); }
uint32_t BucketBits(uint32_t count) {
  return std::max(0, static_cast<int>(std::bit_width(count)) - 4);
}

/// Whether a header can be that of an index; in a long table several rows are one prim.
bool IsSanePathIndex(const PathIndexHeader& h, bool is_long) {
  if (h.num_rows >= (1u << 31) || h.num_parents < 1 || h.num_parents >= (1u << 31)) return false;
  const uint64_t others = uint64_t{h.num_invalid} + h.num_duplicates;
  const uint64_t prims = h.num_rows - std::min<uint64_t>(h.num_rows, others);
  return others <= h.num_rows &&
         (is_long ? h.num_row_entries <= prims : h.num_row_entries == prims) &&
         h.row_id_bits == IdBits(h.num_rows) && h.row_bucket_bits <= BucketBits(h.num_rows) &&
         h.parent_id_bits == IdBits(h.num_parents) &&
         h.parent_bucket_bits == BucketBits(h.num_parents) && h.num_parent_entries == h.num_parents;
}

/// The length of the array with the bounds of a table's buckets.
size_t NumOffsets(uint32_t bucket_bits) { return (size_t{1} << bucket_bits) + 1; }

}  // namespace

std::string PathIndexFile::Serialize(const PathIndex& index, const PathIndexReport& report,
                                     uint64_t fingerprint) {
  const PathTable::Parts rows = index.row_table_.parts(), parents = index.parent_table_.parts();
  PathIndexHeader header{};
  header.seed = index.seed_;
  header.fingerprint = fingerprint;
  header.num_rows = index.num_rows_;
  header.num_row_entries = static_cast<uint32_t>(rows.entries.size());
  header.row_id_bits = rows.id_bits;
  header.row_bucket_bits = rows.bucket_bits;
  header.num_parents = static_cast<uint32_t>(index.parents_.size() - 1);
  header.num_runs = static_cast<uint32_t>(index.runs_.size());
  header.num_parent_entries = static_cast<uint32_t>(parents.entries.size());
  header.parent_id_bits = parents.id_bits;
  header.parent_bucket_bits = parents.bucket_bits;
  header.num_invalid = report.num_invalid;
  header.num_duplicates = report.num_duplicates;
  for (size_t i = 0; i < report.invalid_rows.size(); ++i)
    header.invalid_rows[i] = report.invalid_rows[i];
  for (size_t i = 0; i < report.duplicates.size(); ++i) {
    header.duplicate_rows[2 * i] = report.duplicates[i].first;
    header.duplicate_rows[2 * i + 1] = report.duplicates[i].second;
  }

  SectionWriter writer;
  writer.Add(rows.offsets);
  writer.Add(rows.entries);
  writer.Add(parents.offsets);
  writer.Add(parents.entries);
  writer.Add(index.parents_);
  writer.Add(index.runs_);
  return writer.Finish(kPathIndexKind, header);
}

PathIndexFile::Opened PathIndexFile::Open(arrow::io::RandomAccessFile& file,
                                          const parquet::FileMetaData& metadata,
                                          const IndexOwner& owner,
                                          std::function<void(const std::string&)> on_damage) {
  Opened opened;
  SectionReader<PathIndexHeader> section(
      kPathIndexKind, file, metadata, owner.num_rows,
      [&](const PathIndexHeader& h) { return h.fingerprint == owner.fingerprint(); },
      [&](const PathIndexHeader& h) { return IsSanePathIndex(h, owner.is_long); });
  const auto give_up = [&] {
    opened.warning = section.warning();
    return opened;
  };
  if (!section.header()) return give_up();
  const PathIndexHeader& header = *section.header();
  const auto row_offsets = section.Take<uint32_t>(NumOffsets(header.row_bucket_bits));
  const auto row_entries = section.Take<uint64_t>(header.num_row_entries);
  const auto parent_offsets = section.Take<uint32_t>(NumOffsets(header.parent_bucket_bits));
  const auto parent_entries = section.Take<uint64_t>(header.num_parent_entries);
  PathIndex index;
  index.seed_ = header.seed;
  index.num_rows_ = header.num_rows;
  index.parents_ = section.Take<ParentPrim>(size_t{header.num_parents} + 1);
  index.runs_ = section.Take<ChildRun>(header.num_runs);
  index.blocks_ = section.Finish(std::move(on_damage));
  if (!index.blocks_) return give_up();
  index.row_table_ = PathTable::Map(
      {row_entries, row_offsets, header.row_id_bits, header.row_bucket_bits}, index.blocks_);
  index.parent_table_ = PathTable::Map(
      {parent_entries, parent_offsets, header.parent_id_bits, header.parent_bucket_bits},
      index.blocks_);

  opened.report.num_invalid = header.num_invalid;
  opened.report.num_duplicates = header.num_duplicates;
  for (size_t i = 0; i < PathIndexBuilder::kMaxReported; ++i) {
    if (i < header.num_invalid && header.invalid_rows[i] < header.num_rows) {
      opened.report.invalid_rows.push_back(header.invalid_rows[i]);
    }
    const uint32_t earlier = header.duplicate_rows[2 * i], later = header.duplicate_rows[2 * i + 1];
    if (i < header.num_duplicates && earlier < header.num_rows && later < header.num_rows) {
      opened.report.duplicates.emplace_back(earlier, later);
    }
  }
  opened.index = std::move(index);
  return opened;
}

}  // namespace usdparquet
