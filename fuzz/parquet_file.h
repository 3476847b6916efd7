#pragma once

/// \file
/// A Parquet file taken apart and put together again, with offsets and checksums made right.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/thrift_tree.h"

namespace usdparquet_fuzz {

// Fields of the structs in parquet.thrift.
namespace footer_field {
inline constexpr int16_t kSchema = 2, kNumRows = 3, kRowGroups = 4, kEntries = 5, kColumnOrders = 7;
}
namespace element_field {
inline constexpr int16_t kType = 1, kName = 4, kNumChildren = 5;
}
namespace group_field {
inline constexpr int16_t kColumns = 1, kBytes = 2, kNumRows = 3;
}
namespace chunk_field {
inline constexpr int16_t kFileOffset = 2, kMeta = 3, kOffsetIndex = 4, kOffsetIndexBytes = 5,
                         kColumnIndex = 6, kColumnIndexBytes = 7;
}
namespace meta_field {
inline constexpr int16_t kType = 1, kPath = 3, kCodec = 4, kNumValues = 5, kUncompressed = 6,
                         kCompressed = 7, kDataPage = 9, kDictionaryPage = 11;
}
namespace page_field {
inline constexpr int16_t kType = 1, kUncompressed = 2, kCompressed = 3, kCrc = 4, kData = 5,
                         kDictionary = 7, kDataV2 = 8;
}
namespace page_v2_field {
inline constexpr int16_t kDefinitionBytes = 5, kRepetitionBytes = 6, kIsCompressed = 7;
}

/// A page: its header, and its body as it is stored.
struct FilePage {
  ThriftValue header;
  std::string body;
  bool is_dictionary() const { return header.Find(page_field::kDictionary) != nullptr; }
  /// Bytes at the start of the body that are never compressed: the levels of a page of version 2.
  size_t LevelBytes() const;
  /// Header and body, with their sizes and, if there is one, the checksum made right.
  std::string Bytes(int64_t uncompressed_size);
  /// The same with sizes as they are.
  std::string BytesAsClaimed();
};

/// Where an embedded section lies.
struct SectionPlace {
  int64_t offset = 0;
  int64_t length = 0;
};

/// A file. What is changed in `footer`, or put behind `body`, is in Bytes().
struct ParquetFile {
  std::string body;    ///< what lies before the footer
  ThriftValue footer;  ///< FileMetaData

  /// Nothing if the bytes are no Parquet file.
  static std::optional<ParquetFile> Parse(std::string_view bytes);
  /// The file, its footer's seal made right if it has one.
  std::string Bytes() const;

  /// The column chunks, row group by row group.
  std::vector<ThriftValue*> Chunks();
  /// The pages of a chunk, up to the first one that is damaged.
  std::vector<FilePage> Pages(const ThriftValue& chunk) const;
  /// Puts the bytes of pages where the chunk's pages are, if they have the same size, else behind
  /// everything. The chunk's page index goes if they are behind.
  void SetPages(ThriftValue* chunk, const std::vector<std::string>& pages, bool has_dictionary);

  /// The value of a key-value entry; nothing if there is none.
  std::optional<std::string> Entry(std::string_view key) const;
  void SetEntry(const std::string& key, const std::string& value);

  /// Where the section of that key is; nothing if its entry, or the section, is not there.
  std::optional<SectionPlace> FindSection(std::string_view key) const;
  /// Puts the bytes of a section of ours, header, body and room for the block checksums, where the
  /// section is if they have its size, else behind everything. Makes its checksums right.
  void SetSection(const std::string& key, std::string bytes);
  /// The same of the residual, which has only one checksum.
  void SetResidual(const std::string& bytes);
};

/// Makes the checksums of a section right: of its blocks, as many as there are by its size, and of
/// its header. Returns that of the header.
uint64_t SealSection(std::string* bytes);

/// The bytes of one of the seeds; ends the process if it is not there.
std::string ReadSeed(const std::string& name);
/// The names of the seeds that are whole files, sorted.
std::vector<std::string> SeedNames();

}  // namespace usdparquet_fuzz
