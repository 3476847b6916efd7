#include "core/index/time_index_file.h"

#include <cmath>

#include "core/sections/section.h"

namespace usdparquet {
namespace {

constexpr SectionKind kTimeIndexKind{kTimesKey, "UPQTIMES", "time index"};

/// The minor version of an index that tells of rows whose time no time code can hold.
constexpr uint16_t kVersionWithBadTimes = 1;

/// The first bytes of an index.
struct TimeIndexHeader {
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
  // From version 1.1 on, which is written where there are any; before, these were zero.
  uint32_t num_bad;
  uint32_t bad_rows[TimeIndexBuilder::kMaxReported];
  uint32_t reserved[2];
  uint64_t header_checksum;  ///< of all before
};
static_assert(sizeof(TimeIndexHeader) == 192);

bool IsSaneTimeIndex(const TimeIndexHeader& h) {
  return h.num_rows < (1u << 31) && h.directory_shift < 32 && h.num_runs <= h.num_rows &&
         h.num_schedules <= h.num_rows && h.num_codes <= h.num_rows &&
         h.num_offsets <= h.num_rows && uint64_t{h.num_duplicates} + h.num_bad <= h.num_rows &&
         h.num_directory == (h.num_rows >> h.directory_shift) + 2 &&
         std::isfinite(h.codes_per_second) && h.codes_per_second > 0 &&
         h.start_nanoseconds < kNanosecondsPerSecond;
}

}  // namespace

std::string TimeIndexFile::Serialize(const TimeIndex& index, const TimeIndexReport& report,
                                     uint64_t fingerprint) {
  TimeIndexHeader header{};
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
  if (report.num_bad > 0) header.minor_version = kVersionWithBadTimes;
  header.num_bad = report.num_bad;
  for (size_t i = 0; i < report.bad.size(); ++i) header.bad_rows[i] = report.bad[i].row;

  SectionWriter writer;
  writer.Add(index.directory_);
  writer.Add(index.runs_);
  writer.Add(index.schedules_);
  writer.Add(index.codes_);
  writer.Add(index.offsets_);
  return writer.Finish(kTimeIndexKind, header);
}

TimeIndexFile::Opened TimeIndexFile::Open(arrow::io::RandomAccessFile& file,
                                          const parquet::FileMetaData& metadata,
                                          const IndexOwner& owner,
                                          std::function<void(const std::string&)> on_damage) {
  Opened opened;
  SectionReader<TimeIndexHeader> section(
      kTimeIndexKind, file, metadata, owner.num_rows,
      [&](const TimeIndexHeader& h) { return h.fingerprint == owner.fingerprint(); },
      IsSaneTimeIndex);
  const auto give_up = [&] {
    opened.warning = section.warning();
    return opened;
  };
  if (!section.header()) return give_up();
  const TimeIndexHeader& header = *section.header();
  TimeIndex index;
  index.num_rows_ = header.num_rows;
  index.directory_shift_ = header.directory_shift;
  index.first_code_ = header.first_code;
  index.last_code_ = header.last_code;
  index.scale_.codes_per_second = header.codes_per_second;
  index.scale_.start =
      Nanoseconds{header.start_seconds} * kNanosecondsPerSecond + header.start_nanoseconds;
  index.directory_ = section.Take<uint32_t>(header.num_directory);
  index.runs_ = section.Take<TimeIndex::Run>(header.num_runs);
  index.schedules_ = section.Take<TimeIndex::Schedule>(header.num_schedules);
  index.codes_ = section.Take<double>(header.num_codes);
  index.offsets_ = section.Take<uint32_t>(header.num_offsets);
  index.blocks_ = section.Finish(std::move(on_damage));
  if (!index.blocks_) return give_up();
  opened.report.num_duplicates = header.num_duplicates;
  for (size_t i = 0; i < TimeIndexBuilder::kMaxReported && i < header.num_duplicates; ++i) {
    const uint32_t earlier = header.duplicate_rows[2 * i], later = header.duplicate_rows[2 * i + 1];
    if (earlier < header.num_rows && later < header.num_rows) {
      opened.report.duplicates.push_back({earlier, later});
    }
  }
  opened.report.num_bad = header.num_bad;
  for (size_t i = 0; i < TimeIndexBuilder::kMaxReported && i < header.num_bad; ++i) {
    if (header.bad_rows[i] < header.num_rows) opened.report.bad.push_back({header.bad_rows[i], {}});
  }
  opened.index = std::move(index);
  return opened;
}

}  // namespace usdparquet
