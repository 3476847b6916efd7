#include "core/index/path_index_file.h"

#include <arrow/util/key_value_metadata.h>

#include <bit>
#include <cstring>

#include "core/sections/index_section.h"

namespace usdparquet {
namespace {

static_assert(std::endian::native == std::endian::little, "the index is mapped as it is stored");

constexpr char kMagic[8] = {'U', 'P', 'Q', 'I', 'N', 'D', 'E', 'X'};
constexpr uint16_t kMajor = 1, kMinor = 0;

/// The first bytes of an index. A newer minor version may have a longer one.
struct Header {
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
  uint32_t num_inners;
  uint32_t num_runs;
  uint32_t num_inner_entries;
  uint32_t inner_id_bits;
  uint32_t inner_bucket_bits;
  uint32_t num_blocks;
  uint64_t blocks_checksum;
  uint32_t num_invalid;
  uint32_t num_duplicates;
  uint32_t invalid_rows[PathIndexBuilder::kMaxReported];
  uint32_t duplicate_rows[2 * PathIndexBuilder::kMaxReported];
  uint32_t reserved[7];
  uint64_t header_checksum;  ///< of all before
};
static_assert(sizeof(Header) == 192 && sizeof(InnerPrim) == 12 && sizeof(ChildRun) == 8);

uint64_t HeaderChecksum(const Header& header) {
  return XXH3_64bits(&header, offsetof(Header, header_checksum));
}

/// The sections of the body in their order, each on a multiple of 8 bytes.
struct Sections {
  size_t row_offsets = 0, row_entries = 0, inner_offsets = 0, inner_entries = 0, inners = 0,
         runs = 0;
  size_t end = 0;

  explicit Sections(const Header& h) {
    const auto add = [this](size_t count, size_t width) {
      const size_t begin = end;
      end += (count * width + 7) / 8 * 8;
      return begin;
    };
    row_offsets = add((size_t{1} << h.row_bucket_bits) + 1, sizeof(uint32_t));
    row_entries = add(h.num_row_entries, sizeof(uint64_t));
    inner_offsets = add((size_t{1} << h.inner_bucket_bits) + 1, sizeof(uint32_t));
    inner_entries = add(h.num_inner_entries, sizeof(uint64_t));
    inners = add(size_t{h.num_inners} + 1, sizeof(InnerPrim));
    runs = add(h.num_runs, sizeof(ChildRun));
  }
};

bool IsSane(const Header& h) {
  return h.row_id_bits >= 1 && h.row_id_bits <= 32 && h.inner_id_bits >= 1 &&
         h.inner_id_bits <= 32 && h.row_bucket_bits < 32 && h.inner_bucket_bits < 32 &&
         h.num_inners >= 1 && h.num_inners < (1u << 31) && h.num_rows < (1u << 31) &&
         h.num_row_entries <= h.num_rows && h.num_invalid <= h.num_rows &&
         h.num_duplicates <= h.num_rows;
}

template <typename T>
void Copy(std::string* out, size_t at, std::span<const T> values) {
  if (!values.empty()) std::memcpy(out->data() + at, values.data(), values.size_bytes());
}

}  // namespace

void PathIndexFile::Fingerprint::Add(int64_t rows, int64_t offset, int64_t size) {
  const int64_t parts[] = {rows, offset, size};
  hash_ = XXH3_64bits_withSeed(parts, sizeof(parts), hash_);
}

uint64_t PathIndexFile::FingerprintOf(const parquet::FileMetaData& metadata, int path_leaf,
                                      int time_leaf) {
  Fingerprint fingerprint;
  for (const int leaf : {path_leaf, time_leaf}) {
    for (int g = 0; leaf >= 0 && g < metadata.num_row_groups(); ++g) {
      const auto chunk = metadata.RowGroup(g)->ColumnChunk(leaf);
      fingerprint.Add(metadata.RowGroup(g)->num_rows(), chunk->data_page_offset(),
                      chunk->total_compressed_size());
    }
  }
  return fingerprint.value();
}

std::string PathIndexFile::Serialize(const PathIndex& index, const PathIndexReport& report,
                                     uint64_t fingerprint) {
  const PathTable::Parts rows = index.row_table_.parts(), inners = index.inner_table_.parts();
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.major_version = kMajor;
  header.minor_version = kMinor;
  header.header_size = sizeof(Header);
  header.seed = index.seed_;
  header.fingerprint = fingerprint;
  header.num_rows = index.num_rows_;
  header.num_row_entries = static_cast<uint32_t>(rows.entries.size());
  header.row_id_bits = rows.id_bits;
  header.row_bucket_bits = rows.bucket_bits;
  header.num_inners = static_cast<uint32_t>(index.inners_.size() - 1);
  header.num_runs = static_cast<uint32_t>(index.runs_.size());
  header.num_inner_entries = static_cast<uint32_t>(inners.entries.size());
  header.inner_id_bits = inners.id_bits;
  header.inner_bucket_bits = inners.bucket_bits;
  header.num_invalid = report.num_invalid;
  header.num_duplicates = report.num_duplicates;
  for (size_t i = 0; i < report.invalid_rows.size(); ++i)
    header.invalid_rows[i] = report.invalid_rows[i];
  for (size_t i = 0; i < report.duplicates.size(); ++i) {
    header.duplicate_rows[2 * i] = report.duplicates[i].first;
    header.duplicate_rows[2 * i + 1] = report.duplicates[i].second;
  }

  const Sections sections(header);
  std::string body(sections.end, '\0');
  Copy(&body, sections.row_offsets, rows.offsets);
  Copy(&body, sections.row_entries, rows.entries);
  Copy(&body, sections.inner_offsets, inners.offsets);
  Copy(&body, sections.inner_entries, inners.entries);
  Copy(&body, sections.inners, index.inners_);
  Copy(&body, sections.runs, index.runs_);

  const std::vector<uint32_t> checksums = BlockChecksums(body);
  header.num_blocks = static_cast<uint32_t>(checksums.size());
  header.blocks_checksum = XXH3_64bits(checksums.data(), checksums.size() * sizeof(uint32_t));
  header.total_size = sizeof(Header) + body.size() + checksums.size() * sizeof(uint32_t);
  header.header_checksum = HeaderChecksum(header);

  std::string bytes(reinterpret_cast<const char*>(&header), sizeof(header));
  bytes += body;
  bytes.append(reinterpret_cast<const char*>(checksums.data()),
               checksums.size() * sizeof(uint32_t));
  return bytes;
}

std::string PathIndexFile::Locator(int64_t offset, const std::string& bytes) {
  Header header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  return IndexLocator{kMajor, kMinor, offset, static_cast<int64_t>(bytes.size()),
                      header.header_checksum}
      .Text();
}

PathIndexFile::Opened PathIndexFile::Open(arrow::io::RandomAccessFile& file,
                                          const parquet::FileMetaData& metadata, int path_leaf,
                                          int time_leaf,
                                          std::function<void(const std::string&)> on_damage) {
  Opened opened;
  const auto& pairs = metadata.key_value_metadata();
  const int key = pairs ? pairs->FindKey(kIndexKey) : -1;
  if (key < 0) return opened;

  const auto give_up = [&opened](const std::string& why) {
    opened.warning = "the embedded path index is not used: " + why +
                     "; it is built in memory instead. 'usdparquet optimize' writes a good one";
    return opened;
  };
  const auto locator = IndexLocator::Parse(pairs->value(key));
  if (!locator) return give_up("its key-value entry '" + pairs->value(key) + "' can't be read");
  if (locator->major != kMajor) {
    return give_up("its version is " + std::to_string(locator->major) + "." +
                   std::to_string(locator->minor) + ", and this software reads 1.x");
  }
  // A table that was read and written again by other software keeps the key, but not the index:
  // whatever lies at its place now is not worth a word.
  const int64_t length = locator->length;
  if (length < static_cast<int64_t>(sizeof(Header))) return opened;
  const std::shared_ptr<const SectionBytes> section = locator->Read(file);
  if (!section || !section->Load(section->data(), sizeof(Header))) return opened;
  Header header;
  std::memcpy(&header, section->data(), sizeof(header));
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0) return opened;
  if (header.header_checksum != HeaderChecksum(header) ||
      header.header_checksum != locator->checksum) {
    return give_up("its header is damaged");
  }
  if (header.fingerprint != FingerprintOf(metadata, path_leaf, time_leaf) ||
      header.num_rows != metadata.num_rows()) {
    return opened;
  }
  if (!IsSane(header)) return give_up("its header is damaged");
  const Sections sections(header);
  const size_t body_end = header.header_size + sections.end;
  if (header.header_size < sizeof(Header) || header.total_size != static_cast<uint64_t>(length) ||
      header.num_blocks != (sections.end + IndexBlocks::kBlockSize - 1) / IndexBlocks::kBlockSize ||
      body_end + header.num_blocks * sizeof(uint32_t) != header.total_size) {
    return give_up("its header is damaged");
  }

  const uint8_t* body = section->data() + header.header_size;
  const std::span checksums(reinterpret_cast<const uint32_t*>(body + sections.end),
                            header.num_blocks);
  if (!section->Load(checksums.data(), checksums.size_bytes()) ||
      XXH3_64bits(checksums.data(), checksums.size_bytes()) != header.blocks_checksum) {
    return give_up("its checksums are damaged");
  }
  const auto blocks =
      std::make_shared<IndexBlocks>(std::as_bytes(std::span(body, sections.end)), checksums,
                                    section, "path index", "prims", std::move(on_damage));

  const auto at = [body]<typename T>(size_t section, size_t count, T) {
    return std::span<const T>(reinterpret_cast<const T*>(body + section), count);
  };
  PathIndex index;
  index.seed_ = header.seed;
  index.num_rows_ = header.num_rows;
  index.row_table_ = PathTable::Map(
      {at(sections.row_entries, header.num_row_entries, uint64_t{}),
       at(sections.row_offsets, (size_t{1} << header.row_bucket_bits) + 1, uint32_t{}),
       header.row_id_bits, header.row_bucket_bits},
      blocks);
  index.inner_table_ = PathTable::Map(
      {at(sections.inner_entries, header.num_inner_entries, uint64_t{}),
       at(sections.inner_offsets, (size_t{1} << header.inner_bucket_bits) + 1, uint32_t{}),
       header.inner_id_bits, header.inner_bucket_bits},
      blocks);
  index.inners_ = at(sections.inners, size_t{header.num_inners} + 1, InnerPrim{});
  index.runs_ = at(sections.runs, header.num_runs, ChildRun{});
  index.blocks_ = blocks;
  // The pseudo-root is looked at without being found first.
  if (!section->is_whole() && !index.IsGoodInner(0)) return give_up("it can't be read");

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
