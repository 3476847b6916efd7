#include "core/dataset/manifest_cache.h"

#include <chrono>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <thread>
#include <utility>

#include "core/dataset/folder_files.h"
#include "core/dataset/hive_keys.h"
#include "core/util/limits.h"
#include "core/util/path_hash.h"
#include "core/util/system_calls.h"

namespace usdparquet {
namespace {

constexpr char kCacheMagic[8] = {'U', 'P', 'Q', 'P', 'A', 'R', 'T', 'S'};
constexpr uint16_t kCacheMajor = 1, kCacheMinor = 0;

struct CacheHeader {
  char magic[8];
  uint16_t major_version;
  uint16_t minor_version;
  uint32_t header_size;
  uint64_t body_size;
  uint64_t manifest_size;
  uint64_t manifest_hash;  ///< XXH3_64 of the text
  uint64_t body_hash;
  uint64_t names_sum;
  uint32_t covers_folder;
  uint32_t reserved;
  int64_t folder_seconds;  ///< FolderTime
  int64_t folder_nanoseconds;
  uint64_t header_hash;  ///< of all before
};
static_assert(sizeof(CacheHeader) == 88);

/// Times of folders are those of the last tick of the system's clock, 10 ms or less; a folder that
/// was not changed for that long has another time once it is.
constexpr auto kTick = std::chrono::milliseconds(50);

uint64_t HashOf(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

uint64_t HeaderHash(const CacheHeader& header) {
  return XXH3_64bits(&header, offsetof(CacheHeader, header_hash));
}

class CacheWriter {
 public:
  template <typename T>
  void Number(T number) {
    bytes_.append(reinterpret_cast<const char*>(&number), sizeof(number));
  }
  void Text(std::string_view text) {
    Number(static_cast<uint32_t>(text.size()));
    bytes_ += text;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// Reads what CacheWriter wrote; false once there is not enough of it.
class CacheBytes {
 public:
  explicit CacheBytes(std::string_view bytes) : left_(bytes) {}

  template <typename T>
  bool Number(T* number) {
    if (left_.size() < sizeof(T)) return false;
    std::memcpy(number, left_.data(), sizeof(T));
    left_.remove_prefix(sizeof(T));
    return true;
  }
  /// A number of things that take `least` bytes each.
  bool Count(size_t least, uint32_t* count) {
    return Number(count) && *count <= left_.size() / least;
  }
  bool Text(std::string* text) {
    uint32_t size;
    if (!Count(1, &size)) return false;
    text->assign(left_.substr(0, size));
    left_.remove_prefix(size);
    return true;
  }
  bool Numbers(std::vector<uint32_t>* numbers) {
    uint32_t count;
    if (!Count(sizeof(uint32_t), &count)) return false;
    numbers->resize(count);
    const size_t size = count * sizeof(uint32_t);
    if (size > 0) std::memcpy(numbers->data(), left_.data(), size);  // of nothing, no address
    left_.remove_prefix(size);
    return true;
  }
  bool is_done() const { return left_.empty(); }

 private:
  std::string_view left_;
};

bool ReadCachedPart(CacheBytes& bytes, const CachedManifest& cached, Part* part) {
  if (!bytes.Text(&part->name) || !bytes.Number(&part->bytes) || !bytes.Number(&part->digest) ||
      !bytes.Number(&part->schema) || !bytes.Numbers(&part->group_rows) ||
      part->schema >= cached.schemas.size() || part->bytes < 0) {
    return false;
  }
  for (const uint32_t rows : part->group_rows) {
    if (rows > kMaxRows) return false;
  }
  for (const PartitionColumn& column : cached.list.partitions) {
    uint32_t is_there;
    std::string text;
    if (!bytes.Number(&is_there)) return false;
    if (is_there && (!bytes.Text(&text) || !IsOfType(text, column.type))) return false;
    part->keys.push_back(is_there ? std::optional(std::move(text)) : std::nullopt);
  }
  return true;
}

bool ReadCachedBody(CacheBytes bytes, CachedManifest* cached) {
  uint32_t count;
  PartList& list = cached->list;
  if (!bytes.Text(&cached->index_file) || !bytes.Text(&list.path_column) ||
      !bytes.Text(&list.time_column) || !bytes.Count(sizeof(uint32_t), &count)) {
    return false;
  }
  cached->schemas.resize(count);
  for (std::string& schema : cached->schemas) {
    if (!bytes.Text(&schema)) return false;
  }
  if (!bytes.Count(2 * sizeof(uint32_t), &count)) return false;
  cached->list.partitions.resize(count);
  for (PartitionColumn& column : cached->list.partitions) {
    uint32_t type;
    if (!bytes.Text(&column.name) || !bytes.Number(&type) || type > 2) return false;
    column.type = static_cast<PartitionColumn::Type>(type);
  }
  if (!bytes.Count(6 * sizeof(uint32_t), &count) || count > kMaxParts) return false;
  cached->list.parts.resize(count);
  for (Part& part : cached->list.parts) {
    if (!ReadCachedPart(bytes, *cached, &part)) return false;
  }
  return bytes.is_done() && cached->index_file.find('/') == std::string::npos;
}

}  // namespace

uint64_t NameHash(std::string_view name) { return HashOf(name); }

FolderTime TimeOf(const std::string& folder) {
  std::error_code error;
  const auto of_file = std::filesystem::last_write_time(folder, error);
  if (error) return {};
  const auto time = std::chrono::file_clock::to_sys(of_file).time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return {seconds.count(), std::chrono::nanoseconds(time - seconds).count()};
}

void NoteFolderTime(const std::string& folder) {
  const FolderTime time = TimeOf(folder);
  if (time.nanoseconds == 0) return;  // a file system whose ticks are longer
  const auto since = std::chrono::system_clock::now().time_since_epoch() -
                     std::chrono::seconds(time.seconds) -
                     std::chrono::nanoseconds(time.nanoseconds);
  if (since < -kTick) return;  // another clock
  if (since < kTick) std::this_thread::sleep_for(kTick - since);
  const int descriptor = OpenToChange(folder + "/" + kManifestCacheName);
  if (descriptor < 0) return;
  CacheHeader header;
  const bool is_read = ReadAt(descriptor, &header, sizeof(header), 0) == sizeof(header) &&
                       header.header_hash == HeaderHash(header);
  const auto sum = SumOfFiles(folder, &NameHash);
  const auto folders = FoldersIn(folder);  // whose own times nobody would look at
  if (is_read && header.covers_folder && sum.ok() && *sum == header.names_sum && folders.ok() &&
      folders->empty() && TimeOf(folder) == time) {
    header.folder_seconds = time.seconds;
    header.folder_nanoseconds = time.nanoseconds;
    header.header_hash = HeaderHash(header);
    // In place, which is no change of the folder. Half a header would be none.
    WriteAt(descriptor, {reinterpret_cast<const char*>(&header), sizeof(header)}, 0);
  }
  CloseFile(descriptor);
}

std::string SerializeManifestCache(const Manifest& manifest, std::string_view text,
                                   const std::string& first_schema) {
  CacheHeader header{};
  CacheWriter body;
  body.Text(manifest.index ? manifest.index->file : "");
  body.Text(manifest.path_column);
  body.Text(manifest.time_column);
  body.Number(static_cast<uint32_t>(manifest.schemas.size()));
  for (size_t i = 0; i < manifest.schemas.size(); ++i) {
    body.Text(i == 0 ? first_schema : manifest.schemas[i]);
  }
  body.Number(static_cast<uint32_t>(manifest.partitions.size()));
  for (const PartitionColumn& column : manifest.partitions) {
    body.Text(column.name);
    body.Number(static_cast<uint32_t>(column.type));
  }
  body.Number(static_cast<uint32_t>(manifest.parts.size()));
  for (const ManifestPart& part : manifest.parts) {
    header.names_sum += NameHash(part.file);
    body.Text(part.file);
    body.Number(part.description.bytes);
    body.Number(part.description.digest);
    body.Number(part.schema);
    body.Number(static_cast<uint32_t>(part.description.group_rows.size()));
    for (const uint32_t rows : part.description.group_rows) body.Number(rows);
    for (const auto& key : part.keys) {
      body.Number(static_cast<uint32_t>(key.has_value()));
      if (key) body.Text(*key);
    }
  }
  std::memcpy(header.magic, kCacheMagic, sizeof(kCacheMagic));
  header.major_version = kCacheMajor;
  header.minor_version = kCacheMinor;
  header.header_size = sizeof(CacheHeader);
  header.body_size = body.bytes().size();
  header.manifest_size = text.size();
  header.manifest_hash = HashOf(text);
  header.body_hash = HashOf(body.bytes());
  header.covers_folder = manifest.covers_folder;
  header.header_hash = HeaderHash(header);
  return std::string(reinterpret_cast<const char*>(&header), sizeof(header)) + body.bytes();
}

std::optional<CachedManifest> ReadManifestCache(std::string_view bytes, std::string_view text) {
  CacheHeader header;
  if (bytes.size() < sizeof(header)) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (std::memcmp(header.magic, kCacheMagic, sizeof(kCacheMagic)) != 0 ||
      header.major_version != kCacheMajor || header.header_hash != HeaderHash(header) ||
      header.header_size != sizeof(header) || header.body_size != bytes.size() - sizeof(header) ||
      header.manifest_size != text.size() || header.manifest_hash != HashOf(text)) {
    return std::nullopt;
  }
  const std::string_view body = bytes.substr(sizeof(header));
  CachedManifest cached;
  cached.covers_folder = header.covers_folder != 0;
  cached.names_sum = header.names_sum;
  cached.folder_time = {header.folder_seconds, header.folder_nanoseconds};
  if (header.body_hash != HashOf(body) || !ReadCachedBody(CacheBytes(body), &cached)) {
    return std::nullopt;
  }
  return cached;
}

}  // namespace usdparquet
