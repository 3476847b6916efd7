#include "core/index/time_index_file.h"

#include <arrow/util/key_value_metadata.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "core/sections/index_section.h"
#include "core/util/path_hash.h"

namespace usdparquet {
namespace {

static_assert(std::endian::native == std::endian::little, "the index is mapped as it is stored");

constexpr char kMagic[8] = {'U', 'P', 'Q', 'T', 'I', 'M', 'E', 'S'};
constexpr uint16_t kMajor = 1, kMinor = 0;
constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

/// The first bytes of an index. A newer minor version may have a longer one.
struct Header {
  char magic[8];
  uint16_t major_version;
  uint16_t minor_version;
  uint32_t header_size;
  uint64_t total_size;
  uint64_t fingerprint;
  uint32_t num_rows;
  uint32_t directory_shift;
  uint32_t num_directory;
  uint32_t num_runs;
  uint32_t num_schedules;
  uint32_t num_codes;
  uint32_t num_offsets;
  uint32_t num_blocks;
  uint64_t blocks_checksum;
  double first_code;
  double last_code;
  double codes_per_second;
  int64_t start_seconds;
  uint32_t start_nanoseconds;
  uint32_t num_duplicates;
  uint32_t duplicate_rows[2 * TimeIndexBuilder::kMaxReported];
  uint32_t reserved[8];
  uint64_t header_checksum;  ///< of all before
};
static_assert(sizeof(Header) == 192);

uint64_t HeaderChecksum(const Header& header) {
  return XXH3_64bits(&header, offsetof(Header, header_checksum));
}

/// The sections of the body in their order, each on a multiple of 8 bytes.
struct Sections {
  size_t directory = 0, runs = 0, schedules = 0, codes = 0, offsets = 0, end = 0;

  Sections(const Header& h, size_t run_size, size_t schedule_size) {
    const auto add = [this](size_t count, size_t width) {
      const size_t begin = end;
      end += (count * width + 7) / 8 * 8;
      return begin;
    };
    directory = add(h.num_directory, sizeof(uint32_t));
    runs = add(h.num_runs, run_size);
    schedules = add(h.num_schedules, schedule_size);
    codes = add(h.num_codes, sizeof(double));
    offsets = add(h.num_offsets, sizeof(uint32_t));
  }
};

template <typename T>
void Copy(std::string* out, size_t at, std::span<const T> values) {
  if (!values.empty()) std::memcpy(out->data() + at, values.data(), values.size_bytes());
}

bool IsSane(const Header& h) {
  return h.num_rows < (1u << 31) && h.directory_shift < 32 && h.num_runs <= h.num_rows &&
         h.num_schedules <= h.num_rows && h.num_codes <= h.num_rows &&
         h.num_offsets <= h.num_rows && h.num_duplicates <= h.num_rows &&
         h.num_directory == (h.num_rows >> h.directory_shift) + 2 &&
         std::isfinite(h.codes_per_second) && h.codes_per_second > 0 &&
         h.start_nanoseconds < kNanosecondsPerSecond;
}

}  // namespace

std::string TimeIndexFile::Serialize(const TimeIndex& index, const TimeIndexReport& report,
                                     uint64_t fingerprint) {
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.major_version = kMajor;
  header.minor_version = kMinor;
  header.header_size = sizeof(Header);
  header.fingerprint = fingerprint;
  header.num_rows = index.num_rows_;
  header.directory_shift = index.directory_shift_;
  header.num_directory = static_cast<uint32_t>(index.directory_.size());
  header.num_runs = static_cast<uint32_t>(index.runs_.size());
  header.num_schedules = static_cast<uint32_t>(index.schedules_.size());
  header.num_codes = static_cast<uint32_t>(index.codes_.size());
  header.num_offsets = static_cast<uint32_t>(index.offsets_.size());
  header.first_code = index.first_code_;
  header.last_code = index.last_code_;
  header.codes_per_second = index.scale_.codes_per_second;
  Nanoseconds fraction = index.scale_.start % kNanosecondsPerSecond;
  if (fraction < 0) fraction += kNanosecondsPerSecond;
  header.start_nanoseconds = static_cast<uint32_t>(fraction);
  header.start_seconds =
      static_cast<int64_t>((index.scale_.start - fraction) / kNanosecondsPerSecond);
  header.num_duplicates = report.num_duplicates;
  for (size_t i = 0; i < report.duplicates.size(); ++i) {
    header.duplicate_rows[2 * i] = report.duplicates[i].earlier;
    header.duplicate_rows[2 * i + 1] = report.duplicates[i].later;
  }

  const Sections sections(header, sizeof(TimeIndex::Run), sizeof(TimeIndex::Schedule));
  std::string body(sections.end, '\0');
  Copy(&body, sections.directory, index.directory_);
  Copy(&body, sections.runs, index.runs_);
  Copy(&body, sections.schedules, index.schedules_);
  Copy(&body, sections.codes, index.codes_);
  Copy(&body, sections.offsets, index.offsets_);

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

std::string TimeIndexFile::Locator(int64_t offset, const std::string& bytes) {
  Header header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  return IndexLocator{kMajor, kMinor, offset, static_cast<int64_t>(bytes.size()),
                      header.header_checksum}
      .Text();
}

TimeIndexFile::Opened TimeIndexFile::Open(arrow::io::RandomAccessFile& file,
                                          const parquet::FileMetaData& metadata,
                                          uint64_t fingerprint,
                                          std::function<void(const std::string&)> on_damage) {
  Opened opened;
  const auto& pairs = metadata.key_value_metadata();
  const int key = pairs ? pairs->FindKey(kTimesKey) : -1;
  if (key < 0) return opened;
  const auto give_up = [&opened](const std::string& why) {
    opened.warning = "the embedded time index is not used: " + why +
                     "; it is built in memory instead. 'usdparquet optimize' writes a good one";
    return opened;
  };
  const auto locator = IndexLocator::Parse(pairs->value(key));
  if (!locator) return give_up("its key-value entry '" + pairs->value(key) + "' can't be read");
  if (locator->major != kMajor) {
    return give_up("its version is " + std::to_string(locator->major) + "." +
                   std::to_string(locator->minor) + ", and this software reads 1.x");
  }
  // As with the path index: what is not there, or of another file, is not worth a word.
  if (locator->length < static_cast<int64_t>(sizeof(Header))) return opened;
  const std::shared_ptr<const SectionBytes> section = locator->Read(file);
  if (!section || !section->Load(section->data(), sizeof(Header))) return opened;
  Header header;
  std::memcpy(&header, section->data(), sizeof(header));
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0) return opened;
  if (header.header_checksum != HeaderChecksum(header) ||
      header.header_checksum != locator->checksum) {
    return give_up("its header is damaged");
  }
  if (header.fingerprint != fingerprint || header.num_rows != metadata.num_rows()) return opened;
  if (!IsSane(header)) return give_up("its header is damaged");
  const Sections sections(header, sizeof(TimeIndex::Run), sizeof(TimeIndex::Schedule));
  const size_t body_end = header.header_size + sections.end;
  if (header.header_size < sizeof(Header) || header.header_size % 8 != 0 ||
      header.total_size != static_cast<uint64_t>(locator->length) ||
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

  const auto at = [body]<typename T>(size_t section, size_t count, T) {
    return std::span<const T>(reinterpret_cast<const T*>(body + section), count);
  };
  TimeIndex index;
  index.num_rows_ = header.num_rows;
  index.directory_shift_ = header.directory_shift;
  index.first_code_ = header.first_code;
  index.last_code_ = header.last_code;
  index.scale_.codes_per_second = header.codes_per_second;
  index.scale_.start =
      Nanoseconds{header.start_seconds} * kNanosecondsPerSecond + header.start_nanoseconds;
  index.directory_ = at(sections.directory, header.num_directory, uint32_t{});
  index.runs_ = at(sections.runs, header.num_runs, TimeIndex::Run{});
  index.schedules_ = at(sections.schedules, header.num_schedules, TimeIndex::Schedule{});
  index.codes_ = at(sections.codes, header.num_codes, double{});
  index.offsets_ = at(sections.offsets, header.num_offsets, uint32_t{});
  index.blocks_ =
      std::make_shared<IndexBlocks>(std::as_bytes(std::span(body, sections.end)), checksums,
                                    section, "time index", "time samples", std::move(on_damage));
  opened.report.num_duplicates = header.num_duplicates;
  for (size_t i = 0; i < TimeIndexBuilder::kMaxReported && i < header.num_duplicates; ++i) {
    const uint32_t earlier = header.duplicate_rows[2 * i], later = header.duplicate_rows[2 * i + 1];
    if (earlier < header.num_rows && later < header.num_rows) {
      opened.report.duplicates.push_back({earlier, later});
    }
  }
  opened.index = std::move(index);
  return opened;
}

}  // namespace usdparquet
