#include "core/sections/footer_seal.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/util/message_text.h"
#include "core/util/path_hash.h"
#include "core/util/thrift_reader.h"

namespace usdparquet {
namespace {

using Type = ThriftReader::Type;

constexpr size_t kChecksumSize = 16;     // letters
constexpr int16_t kKeyValues = 5;        // of FileMetaData in parquet.thrift
constexpr int16_t kKey = 1, kValue = 2;  // of KeyValue

constexpr std::string_view kVersion = "version=1.0";

/// A seal between its version and its checksum. Both numbers have a fixed width.
std::string PlaceText(int64_t offset, size_t length) {
  char text[80];
  std::snprintf(text, sizeof(text), " offset=%020" PRId64 " length=%010zu checksum=", offset,
                length);
  return text;
}

/// The XXH3 of a footer with the letters of its checksum, which begin at `at`, counted as '0'.
uint64_t ChecksumOf(std::span<const uint8_t> footer, size_t at) {
  static constexpr std::string_view kZeros = "0000000000000000";
  static_assert(kZeros.size() == kChecksumSize);
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  XXH3_64bits_update(&state, footer.data(), at);
  XXH3_64bits_update(&state, kZeros.data(), kZeros.size());
  const auto rest = footer.subspan(at + kChecksumSize);
  XXH3_64bits_update(&state, rest.data(), rest.size());
  return XXH3_64bits_digest(&state);
}

std::string Hexadecimal(uint64_t number) {
  char text[kChecksumSize + 1];
  std::snprintf(text, sizeof(text), "%016" PRIx64, number);
  return text;
}

std::string_view TextOf(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

enum class Reading { kNone, kReadable, kOtherVersion, kUnreadable };

/// What the seal's entry is, whichever footer it may be of.
Reading ReadEntry(const std::optional<std::string_view>& entry) {
  if (!entry) return Reading::kNone;
  const std::string text(*entry);
  unsigned major = 0, minor = 0;
  int end = 0;
  if (std::sscanf(text.c_str(), "version=%5u.%5u%n", &major, &minor, &end) != 2) {
    return Reading::kUnreadable;
  }
  if (major != 1) return Reading::kOtherVersion;
  std::string_view rest = std::string_view(text).substr(static_cast<size_t>(end));
  const auto take = [&rest](std::string_view name, size_t size, std::string_view letters) {
    if (!rest.starts_with(name)) return false;
    rest.remove_prefix(name.size());
    const std::string_view value = rest.substr(0, size);
    rest.remove_prefix(value.size());
    return value.size() == size && value.find_first_not_of(letters) == std::string_view::npos;
  };
  const bool is_readable = take(" offset=", 20, "0123456789") &&
                           take(" length=", 10, "0123456789") &&
                           take(" checksum=", kChecksumSize, "0123456789abcdef");
  return is_readable ? Reading::kReadable : Reading::kUnreadable;
}

}  // namespace

std::string FixedWidthLocator(int64_t offset, size_t length, uint64_t checksum) {
  return std::string(kVersion) + PlaceText(offset, length) + Hexadecimal(checksum);
}

std::optional<std::string_view> FindFooterEntry(std::span<const uint8_t> footer,
                                                std::string_view wanted) {
  std::optional<std::string_view> found;
  ThriftReader reader(footer);
  const auto read_entry = [&] {
    std::string_view key, value;
    reader.ReadStruct([&](int16_t id, Type type) {
      if ((id != kKey && id != kValue) || type != Type::kBinary) return false;
      (id == kKey ? key : value) = reader.ReadBinary();
      return true;
    });
    if (reader.ok() && !found && key == wanted) found = value;
  };
  reader.ReadStruct([&](int16_t id, Type type) {
    if (id != kKeyValues || type != Type::kList) return false;
    reader.ReadList([&](Type element, size_t count) {
      for (size_t i = 0; i < count && reader.ok(); ++i) {
        element == Type::kStruct ? read_entry() : reader.Skip(element, true);
      }
    });
    return true;
  });
  return found;
}

arrow::Status SealFooter(int64_t offset, std::span<uint8_t> footer) {
  const auto entry = FindFooterEntry(footer, kSealKey);
  if (!entry || entry->size() != FixedWidthLocator(0, 0, 0).size()) {
    return arrow::Status::UnknownError("the footer was written without the entry '", kSealKey, "'");
  }
  const std::string text = std::string(kVersion) + PlaceText(offset, footer.size());
  const auto at = static_cast<size_t>(entry->data() - TextOf(footer).data());
  std::copy(text.begin(), text.end(), footer.begin() + static_cast<ptrdiff_t>(at));
  const size_t checksum_at = at + text.size();
  const std::string checksum = Hexadecimal(ChecksumOf(footer, checksum_at));
  std::copy(checksum.begin(), checksum.end(), footer.begin() + static_cast<ptrdiff_t>(checksum_at));
  return arrow::Status::OK();
}

arrow::Result<bool> CheckFooterSeal(int64_t offset, std::span<const uint8_t> footer) {
  // It is searched for in all of the footer: a flipped bit before the entry, in its key or in the
  // list that it is in, hides the entry from the parser, and all other entries with it.
  const std::string text = PlaceText(offset, footer.size());
  const size_t found = TextOf(footer).find(text);
  if (found != std::string_view::npos && footer.size() - found - text.size() >= kChecksumSize) {
    const size_t at = found + text.size();
    const std::string checksum = Hexadecimal(ChecksumOf(footer, at));
    if (TextOf(footer.subspan(at, kChecksumSize)) == checksum) return true;
  }
  // Without a seal: not parsed, which takes longer than the search.
  if (found == std::string_view::npos && TextOf(footer).find(kSealKey) == std::string_view::npos) {
    return false;
  }
  const auto entry = FindFooterEntry(footer, kSealKey);
  const Reading reading = ReadEntry(entry);
  if (reading == Reading::kOtherVersion) return false;
  if (reading == Reading::kUnreadable) {
    return arrow::Status::IOError("the footer is damaged: its '", kSealKey,
                                  "' can't be read: ", QuotedValue(*entry));
  }
  if (found == std::string_view::npos) return false;
  return arrow::Status::IOError(
      "the footer is damaged: its checksum is another one; copy or write the file again");
}

}  // namespace usdparquet
