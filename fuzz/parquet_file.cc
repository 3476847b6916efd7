#include "fuzz/parquet_file.h"

#include <arrow/util/crc32.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "core/sections/footer_seal.h"
#include "core/util/path_hash.h"
#include "fuzz/raw_values.h"

namespace usdparquet_fuzz {
namespace {

constexpr char kMagic[] = "PAR1";
constexpr size_t kMagicSize = 4, kTailSize = 8;
constexpr size_t kSectionHeader = 192, kHeaderChecksumAt = 184, kBlock = 32 * 1024;
constexpr size_t kAlignment = 64;
constexpr int16_t kKey = 1, kValue = 2;
constexpr char kResidualKey[] = "usdparquet:residual";

/// Where the header of a section has the number of its blocks; their checksum is behind it.
size_t NumBlocksAt(std::string_view section) {
  switch (section[3]) {
    case 'I':
      return 76;  // UPQINDEX
    case 'T':
      return 60;  // UPQTIMES
    default:
      return 52;  // UPQPAGES
  }
}

}  // namespace

size_t FilePage::LevelBytes() const {
  const ThriftValue* v2 = header.Find(page_field::kDataV2);
  if (!v2) return 0;
  const int64_t bytes =
      v2->NumberAt(page_v2_field::kDefinitionBytes) + v2->NumberAt(page_v2_field::kRepetitionBytes);
  return bytes < 0 ? 0 : std::min(body.size(), static_cast<size_t>(bytes));
}

std::string FilePage::Bytes(int64_t uncompressed_size) {
  header.PutI32(page_field::kCompressed, static_cast<int64_t>(body.size()));
  header.PutI32(page_field::kUncompressed, uncompressed_size);
  return BytesAsClaimed();
}

std::string FilePage::BytesAsClaimed() {
  if (ThriftValue* crc = header.Find(page_field::kCrc)) {
    crc->number = static_cast<int32_t>(arrow::internal::crc32(0, body.data(), body.size()));
  }
  return WriteThrift(header) + body;
}

std::optional<ParquetFile> ParquetFile::Parse(std::string_view bytes) {
  if (bytes.size() < kMagicSize + kTailSize) return std::nullopt;
  const size_t size = Get<uint32_t>(bytes, bytes.size() - kTailSize);
  if (size > bytes.size() - kMagicSize - kTailSize) return std::nullopt;
  const size_t at = bytes.size() - kTailSize - size;
  auto footer = ReadThrift(bytes.substr(at, size));
  if (!footer) return std::nullopt;
  return ParquetFile{std::string(bytes.substr(0, at)), std::move(footer->first)};
}

std::string ParquetFile::Bytes() const {
  std::string thrift = WriteThrift(footer);
  // Fails where the entry is not there, or is not one that could be filled in.
  (void)usdparquet::SealFooter(static_cast<int64_t>(body.size()),
                               {reinterpret_cast<uint8_t*>(thrift.data()), thrift.size()});
  const auto size = static_cast<uint32_t>(thrift.size());
  std::string bytes = body + thrift;
  Append(&bytes, size);
  return bytes + kMagic;
}

std::vector<ThriftValue*> ParquetFile::Chunks() {
  std::vector<ThriftValue*> chunks;
  ThriftValue* groups = footer.Find(footer_field::kRowGroups);
  if (!groups) return chunks;
  for (ThriftValue& group : groups->items) {
    ThriftValue* columns = group.Find(group_field::kColumns);
    if (!columns) continue;
    for (ThriftValue& chunk : columns->items) {
      const ThriftValue* meta = chunk.Find(chunk_field::kMeta);
      if (meta && meta->type == ThriftType::kStruct) chunks.push_back(&chunk);
    }
  }
  return chunks;
}

namespace {

/// Where a chunk's pages begin and end.
std::pair<int64_t, int64_t> RangeOf(const ThriftValue& meta) {
  int64_t begin = meta.NumberAt(meta_field::kDataPage);
  const int64_t dictionary = meta.NumberAt(meta_field::kDictionaryPage);
  if (dictionary > 0) begin = std::min(begin, dictionary);
  const int64_t size = meta.NumberAt(meta_field::kCompressed);
  return {begin, size < 0 || begin > INT64_MAX - size ? begin : begin + size};
}

}  // namespace

std::vector<FilePage> ParquetFile::Pages(const ThriftValue& chunk) const {
  std::vector<FilePage> pages;
  auto [at, end] = RangeOf(*chunk.Find(chunk_field::kMeta));
  while (at >= 0 && at < end && static_cast<size_t>(at) < body.size()) {
    auto header = ReadThrift(std::string_view(body).substr(static_cast<size_t>(at)));
    if (!header) break;
    at += static_cast<int64_t>(header->second);
    const int64_t size = header->first.NumberAt(page_field::kCompressed, -1);
    if (size < 0 || size > static_cast<int64_t>(body.size()) - at) break;
    pages.push_back({std::move(header->first),
                     body.substr(static_cast<size_t>(at), static_cast<size_t>(size))});
    at += size;
  }
  return pages;
}

void ParquetFile::SetPages(ThriftValue* chunk, const std::vector<std::string>& pages,
                           bool has_dictionary) {
  std::string bytes;
  for (const std::string& page : pages) bytes += page;
  ThriftValue* meta = chunk->Find(chunk_field::kMeta);
  const auto [begin, end] = RangeOf(*meta);
  if (begin >= 0 && end - begin == static_cast<int64_t>(bytes.size()) &&
      end <= static_cast<int64_t>(body.size())) {
    body.replace(static_cast<size_t>(begin), bytes.size(), bytes);
    return;
  }
  const auto start = static_cast<int64_t>(body.size());
  body += bytes;
  if (has_dictionary && !pages.empty()) {
    meta->PutI64(meta_field::kDictionaryPage, start);
    meta->PutI64(meta_field::kDataPage, start + static_cast<int64_t>(pages[0].size()));
  } else {
    meta->Drop(meta_field::kDictionaryPage);
    meta->PutI64(meta_field::kDataPage, start);
  }
  meta->PutI64(meta_field::kCompressed, static_cast<int64_t>(bytes.size()));
  for (const int16_t id : {chunk_field::kOffsetIndex, chunk_field::kOffsetIndexBytes,
                           chunk_field::kColumnIndex, chunk_field::kColumnIndexBytes}) {
    chunk->Drop(id);
  }
}

std::optional<std::string> ParquetFile::Entry(std::string_view key) const {
  const ThriftValue* entries = footer.Find(footer_field::kEntries);
  if (!entries) return std::nullopt;
  for (const ThriftValue& entry : entries->items) {
    const ThriftValue* name = entry.Find(kKey);
    const ThriftValue* value = entry.Find(kValue);
    if (name && value && name->bytes == key) return value->bytes;
  }
  return std::nullopt;
}

void ParquetFile::SetEntry(const std::string& key, const std::string& value) {
  if (!footer.Find(footer_field::kEntries)) {
    footer.Put(footer_field::kEntries, ThriftValue::List(ThriftType::kStruct));
  }
  ThriftValue* entries = footer.Find(footer_field::kEntries);
  for (ThriftValue& entry : entries->items) {
    const ThriftValue* name = entry.Find(kKey);
    if (name && name->bytes == key) return entry.Put(kValue, ThriftValue::Binary(value));
  }
  ThriftValue entry = ThriftValue::Struct();
  entry.Put(kKey, ThriftValue::Binary(key));
  entry.Put(kValue, ThriftValue::Binary(value));
  entries->items.push_back(std::move(entry));
}

std::optional<SectionPlace> ParquetFile::FindSection(std::string_view key) const {
  const auto entry = Entry(key);
  if (!entry) return std::nullopt;
  const size_t at = entry->find(" offset=");
  SectionPlace place;
  if (at == std::string::npos ||
      std::sscanf(entry->c_str() + at, " offset=%" SCNd64 " length=%" SCNd64, &place.offset,
                  &place.length) != 2 ||
      place.offset < 0 || place.length < 0 ||
      place.offset > static_cast<int64_t>(body.size()) - place.length) {
    return std::nullopt;
  }
  return place;
}

namespace {

/// Where to put a section: at its place if it fits, else behind everything.
size_t MakeRoom(ParquetFile* file, std::string_view key, size_t size) {
  const auto place = file->FindSection(key);
  if (place && static_cast<size_t>(place->length) == size) {
    return static_cast<size_t>(place->offset);
  }
  file->body.resize((file->body.size() + kAlignment - 1) / kAlignment * kAlignment);
  const size_t at = file->body.size();
  file->body.resize(at + size);
  return at;
}

std::string LocatorText(const char* format, size_t offset, size_t length, uint64_t checksum) {
  char text[160];
  std::snprintf(text, sizeof(text),
                "version=1.0 %soffset=%020zu length=%010zu checksum=%016" PRIx64, format, offset,
                length, checksum);
  return text;
}

}  // namespace

void ParquetFile::SetSection(const std::string& key, std::string bytes) {
  const uint64_t checksum = SealSection(&bytes);
  const size_t at = MakeRoom(this, key, bytes.size());
  body.replace(at, bytes.size(), bytes);
  SetEntry(key, LocatorText("", at, bytes.size(), checksum));
}

void ParquetFile::SetResidual(const std::string& bytes) {
  const auto entry = Entry(kResidualKey);
  const bool is_packed = entry && entry->find("format=packed") != std::string::npos;
  const size_t at = MakeRoom(this, kResidualKey, bytes.size());
  body.replace(at, bytes.size(), bytes);
  SetEntry(kResidualKey, LocatorText(is_packed ? "format=packed " : "format=usdc ", at,
                                     bytes.size(), XXH3_64bits(bytes.data(), bytes.size())));
}

uint64_t SealSection(std::string* bytes) {
  if (bytes->size() < kSectionHeader) bytes->resize(kSectionHeader);
  const size_t begin = std::clamp<size_t>(Get<uint32_t>(*bytes, 12), kSectionHeader, bytes->size());
  const size_t with_checksum = kBlock + sizeof(uint32_t);
  const size_t blocks = (bytes->size() - begin + with_checksum - 1) / with_checksum;
  const size_t sums_size = blocks * sizeof(uint32_t);
  if (bytes->size() - begin >= sums_size) {
    const size_t sums = bytes->size() - sums_size;
    for (size_t i = 0; i < blocks; ++i) {
      const size_t at = begin + i * kBlock;
      const size_t size = std::min(kBlock, sums - std::min(sums, at));
      Set(bytes, sums + i * sizeof(uint32_t),
          static_cast<uint32_t>(XXH3_64bits(bytes->data() + std::min(sums, at), size)));
    }
    Set(bytes, NumBlocksAt(*bytes) + sizeof(uint32_t),
        XXH3_64bits(bytes->data() + sums, sums_size));
  }
  const uint64_t checksum = XXH3_64bits(bytes->data(), kHeaderChecksumAt);
  Set(bytes, kHeaderChecksumAt, checksum);
  return checksum;
}

std::string ReadSeed(const std::string& name) {
  std::ifstream file(std::filesystem::path(USDPARQUET_FUZZ_SEEDS) / name, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "no seed %s in %s\n", name.c_str(), USDPARQUET_FUZZ_SEEDS);
    std::abort();
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> SeedNames() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(USDPARQUET_FUZZ_SEEDS)) {
    if (entry.path().extension() == ".parquet") names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace usdparquet_fuzz
