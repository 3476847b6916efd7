// Target: page headers, offset indexes and pages of one column, through Table. The column stands
// beside a sound path column, in a file without any checksum.
//
// The input is three lengths (16 bits each), and then
//   - the SchemaElements of the column (Thrift), a tree in depth-first order;
//   - its ColumnMetaData (Thrift), in which places, sizes and name are made right;
//   - its OffsetIndex as it is, with offsets that count from the column's first page; if it is
//     empty, there is none;
//   - its pages, as they are: the rest.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/parquet_file.h"
#include "fuzz/reading.h"

namespace {

using namespace usdparquet_fuzz;

constexpr size_t kLengths = 3 * sizeof(uint16_t);
constexpr int16_t kPageLocations = 1, kOffset = 1;

const ParquetFile& PathsAlone() {
  static const ParquetFile file = *ParquetFile::Parse(ReadSeed("paths.parquet"));
  return file;
}

/// The structs at the start of `bytes`, all of it.
std::vector<ThriftValue> ReadElements(std::string_view bytes) {
  std::vector<ThriftValue> elements;
  while (!bytes.empty()) {
    auto element = ReadThrift(bytes);
    if (!element || element->second == 0) break;
    bytes.remove_prefix(element->second);
    elements.push_back(std::move(element->first));
  }
  return elements;
}

/// The names from the column to its only leaf.
ThriftValue PathOf(const std::vector<ThriftValue>& elements) {
  ThriftValue path = ThriftValue::List(ThriftType::kBinary);
  for (const ThriftValue& element : elements) {
    const ThriftValue* name = element.Find(element_field::kName);
    path.items.push_back(ThriftValue::Binary(name ? name->bytes : ""));
  }
  return path;
}

/// An offset index with offsets from the start of the file; as it is if it can't be read.
std::string Moved(std::string_view bytes, int64_t start) {
  auto index = ReadThrift(bytes);
  if (!index) return std::string(bytes);
  if (ThriftValue* list = index->first.Find(kPageLocations)) {
    for (ThriftValue& page : list->items) {
      if (ThriftValue* offset = page.Find(kOffset)) {
        offset->number = static_cast<int64_t>(static_cast<uint64_t>(offset->number) +
                                              static_cast<uint64_t>(start));
      }
    }
  }
  return WriteThrift(index->first);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < kLengths) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data) + kLengths, size - kLengths);
  const auto take = [&](size_t number) {
    uint16_t length;
    std::memcpy(&length, data + number * sizeof(length), sizeof(length));
    const std::string_view part = rest.substr(0, length);
    rest.remove_prefix(part.size());
    return part;
  };
  const std::vector<ThriftValue> elements = ReadElements(take(0));
  auto meta = ReadThrift(take(1));
  const std::string_view offset_index = take(2);
  if (elements.empty() || !meta) return 0;

  ParquetFile file = PathsAlone();
  file.footer.Drop(footer_field::kColumnOrders);  // or there would have to be one more
  ThriftValue* schema = file.footer.Find(footer_field::kSchema);
  schema->items[0].PutI32(element_field::kNumChildren, 2);
  schema->items.insert(schema->items.end(), elements.begin(), elements.end());
  const auto start = static_cast<int64_t>(file.body.size());
  file.body += rest;
  ThriftValue& column = meta->first;
  column.Put(meta_field::kPath, PathOf(elements));
  const int64_t dictionary = column.NumberAt(meta_field::kDictionaryPage, -1);
  if (dictionary >= 0) column.PutI64(meta_field::kDictionaryPage, start);
  const int64_t data_page = column.NumberAt(meta_field::kDataPage);
  column.PutI64(meta_field::kDataPage,
                start + std::clamp<int64_t>(data_page, 0, static_cast<int64_t>(rest.size())));
  column.PutI64(meta_field::kCompressed, static_cast<int64_t>(rest.size()));
  ThriftValue chunk = ThriftValue::Struct();
  chunk.PutI64(chunk_field::kFileOffset, 0);
  chunk.Put(chunk_field::kMeta, std::move(column));
  if (!offset_index.empty()) {
    const std::string moved = Moved(offset_index, start);
    chunk.PutI64(chunk_field::kOffsetIndex, static_cast<int64_t>(file.body.size()));
    chunk.PutI32(chunk_field::kOffsetIndexBytes, static_cast<int64_t>(moved.size()));
    file.body += moved;
  }
  ThriftValue& group = file.footer.Find(footer_field::kRowGroups)->items[0];
  group.Find(group_field::kColumns)->items.push_back(std::move(chunk));

  ReadingOptions options;
  // Any bit of the input will do, so that both come up for every kind of page.
  const size_t salt = rest.size() + (rest.empty() ? 0 : static_cast<uint8_t>(rest.back()));
  options.is_mapped = salt % 2 == 0;
  options.with_walk = false;
  options.with_nulls = salt % 3 != 0;
  options.with_checks = salt % 4 == 1;
  options.with_columns = salt % 4 == 3;
  (void)ReadAll(file.Bytes(), options);
  return 0;
}
