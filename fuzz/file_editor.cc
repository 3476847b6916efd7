#include "fuzz/file_editor.h"

#include <arrow/util/compression.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <utility>

#include "core/index/path_index_file.h"
#include "core/index/time_index_file.h"
#include "core/pages/page_header.h"
#include "core/pages/page_locations.h"
#include "core/schema/schema_entry.h"
#include "core/sections/residual_blob.h"

namespace usdparquet_fuzz {
namespace {

constexpr size_t kMaxFile = size_t{1} << 20;
constexpr size_t kMaxPages = 4096;

constexpr std::array<int64_t, 34> kInteresting{0,          1,
                                               -1,         2,
                                               3,          7,
                                               8,          16,
                                               31,         32,
                                               33,         63,
                                               64,         127,
                                               128,        255,
                                               256,        1000,
                                               4095,       4096,
                                               32767,      32768,
                                               65535,      65536,
                                               1 << 20,    1 << 24,
                                               1 << 30,    2147483647,
                                               2147483648, 4294967295,
                                               4294967296, 1ll << 40,
                                               1ll << 62,  std::numeric_limits<int64_t>::max()};

/// All values of a tree that `f` is true for, in their order.
void Collect(ThriftValue* value, const std::function<bool(const ThriftValue&)>& f,
             std::vector<ThriftValue*>* found) {
  if (f(*value)) found->push_back(value);
  for (ThriftValue& item : value->items) Collect(&item, f, found);
}

std::vector<ThriftValue*> NumbersOf(ThriftValue* tree) {
  std::vector<ThriftValue*> numbers;
  Collect(tree, [](const ThriftValue& v) { return v.is_number(); }, &numbers);
  return numbers;
}

int64_t Changed(int64_t number, const Edit& edit, const std::vector<ThriftValue*>& others) {
  const auto value = static_cast<int64_t>(edit.value);
  switch (static_cast<NumberChange>(edit.change % kNumNumberChanges)) {
    case NumberChange::kAdd:
      return static_cast<int64_t>(static_cast<uint64_t>(number) +
                                  static_cast<uint64_t>(static_cast<int8_t>(value)));
    case NumberChange::kFlipBit:
      return static_cast<int64_t>(static_cast<uint64_t>(number) ^ uint64_t{1} << edit.value % 64);
    case NumberChange::kInteresting:
      return kInteresting[edit.value % kInteresting.size()];
    case NumberChange::kOther:
      return others[edit.value % others.size()]->number;
    default:
      return value;
  }
}

/// Changes number `place` of a tree.
void ChangeNumber(const Edit& edit, size_t place, ThriftValue* tree) {
  const auto numbers = NumbersOf(tree);
  if (numbers.empty()) return;
  ThriftValue* number = numbers[place % numbers.size()];
  const int64_t changed = Changed(number->number, edit, numbers);
  // What Thrift's smaller types can't hold is for other fuzzers.
  number->number = number->type == ThriftType::kI32    ? static_cast<int32_t>(changed)
                   : number->type == ThriftType::kI16  ? static_cast<int16_t>(changed)
                   : number->type == ThriftType::kByte ? static_cast<int8_t>(changed)
                                                       : changed;
}

/// Overwrites, inserts, removes or flips bytes.
void ChangeBytes(const Edit& edit, std::string* bytes) {
  const std::string payload = PayloadOf(edit);
  const size_t at = bytes->empty() ? 0 : edit.where % bytes->size();
  switch (edit.change % 5) {
    case 1:
      bytes->insert(at, payload);
      break;
    case 2:
      bytes->erase(at, payload.size());
      break;
    case 3:
      for (size_t i = 0; i < payload.size() && at + i < bytes->size(); ++i) {
        (*bytes)[at + i] = static_cast<char>((*bytes)[at + i] ^ payload[i]);
      }
      break;
    default:
      bytes->replace(at, std::min(payload.size(), bytes->size() - at), payload);
  }
}

/// Arrow's name for a codec of parquet.thrift; nothing if there is none.
std::unique_ptr<arrow::util::Codec> CodecOf(const ThriftValue& chunk) {
  static constexpr std::array kCodecs{
      arrow::Compression::UNCOMPRESSED, arrow::Compression::SNAPPY, arrow::Compression::GZIP,
      arrow::Compression::LZO,          arrow::Compression::BROTLI, arrow::Compression::LZ4_HADOOP,
      arrow::Compression::ZSTD,         arrow::Compression::LZ4};
  const int64_t number = chunk.Find(chunk_field::kMeta)->NumberAt(meta_field::kCodec);
  if (number <= 0 || number >= static_cast<int64_t>(kCodecs.size()) || number == 3) return nullptr;
  auto codec = arrow::util::Codec::Create(kCodecs[static_cast<size_t>(number)]);
  return codec.ok() ? std::move(*codec) : nullptr;
}

/// Has `f` change what a page's body was before it was compressed. Returns its new size, or -1 if
/// it can't be decompressed.
template <typename F>
int64_t ChangeValues(const ThriftValue& chunk, FilePage* page, const F& f) {
  const size_t levels = page->LevelBytes();
  const ThriftValue* v2 = page->header.Find(page_field::kDataV2);
  const ThriftValue* flag = v2 ? v2->Find(page_v2_field::kIsCompressed) : nullptr;
  const bool is_stored = flag && flag->type == ThriftType::kFalse;
  const auto codec = is_stored ? nullptr : CodecOf(chunk);
  const auto size = page->header.NumberAt(page_field::kUncompressed);
  if (size < 0 || size > static_cast<int64_t>(kMaxFile)) return -1;
  std::string plain = page->body;
  if (codec) {
    plain.resize(std::max(levels, static_cast<size_t>(size)));
    const auto done =
        codec->Decompress(static_cast<int64_t>(page->body.size() - levels),
                          reinterpret_cast<const uint8_t*>(page->body.data()) + levels,
                          static_cast<int64_t>(plain.size() - levels),
                          reinterpret_cast<uint8_t*>(plain.data()) + levels);
    if (!done.ok()) return -1;
  }
  f(&plain);
  page->body = plain;
  if (codec && plain.size() >= levels) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(plain.data()) + levels;
    const auto count = static_cast<int64_t>(plain.size() - levels);
    std::string coded(static_cast<size_t>(codec->MaxCompressedLen(count, bytes)), '\0');
    const auto done = codec->Compress(count, bytes, static_cast<int64_t>(coded.size()),
                                      reinterpret_cast<uint8_t*>(coded.data()));
    if (!done.ok()) return -1;
    page->body = plain.substr(0, levels) + coded.substr(0, static_cast<size_t>(*done));
  }
  return static_cast<int64_t>(plain.size());
}

std::vector<std::string> SectionKeys(const ParquetFile& file) {
  std::vector<std::string> keys;
  for (const char* key : {usdparquet::kIndexKey, usdparquet::kPagesKey, usdparquet::kTimesKey}) {
    if (file.FindSection(key)) keys.emplace_back(key);
  }
  return keys;
}

std::string BytesOf(const ParquetFile& file, const SectionPlace& place) {
  return file.body.substr(static_cast<size_t>(place.offset), static_cast<size_t>(place.length));
}

}  // namespace

std::string PayloadOf(const Edit& edit) {
  if (!edit.payload.empty()) return edit.payload;
  const size_t size = size_t{1} << (edit.change >> 4) % 4;
  return {reinterpret_cast<const char*>(&edit.value), size};
}

FileEditor::FileEditor(std::string_view file) : file_(*ParquetFile::Parse(file)) {
  for (ThriftValue* chunk : file_.Chunks()) chunks_.push_back({chunk, {}, {}, false});
}

void FileEditor::EditPages(const Edit& edit) {
  if (chunks_.empty()) return;
  const bool is_of_page = edit.kind == EditKind::kPageNumber || edit.kind == EditKind::kPageBody ||
                          edit.kind == EditKind::kPageValues || edit.kind == EditKind::kPageList;
  if (!is_of_page) return;
  Chunk& chunk = chunks_[edit.which % chunks_.size()];
  if (!chunk.is_changed) {
    chunk.pages = file_.Pages(*chunk.chunk);
    chunk.coded.resize(chunk.pages.size());
    for (size_t i = 0; i < chunk.pages.size(); ++i) {
      chunk.coded[i] = chunk.pages[i].BytesAsClaimed();
    }
    chunk.is_changed = true;
  }
  if (chunk.pages.empty()) return;
  const size_t page = edit.which / chunks_.size() % chunk.pages.size();
  edit.kind == EditKind::kPageList ? EditPageList(edit, &chunk, page)
                                   : EditPage(edit, &chunk, page);
}

void FileEditor::EditPage(const Edit& edit, Chunk* chunk, size_t number) {
  FilePage& page = chunk->pages[number];
  if (edit.kind == EditKind::kPageNumber) {
    ChangeNumber(edit, edit.where, &page.header);
    chunk->coded[number] = page.BytesAsClaimed();
    return;
  }
  int64_t size = page.header.NumberAt(page_field::kUncompressed);
  if (edit.kind == EditKind::kPageBody) {
    ChangeBytes(edit, &page.body);
  } else {
    size =
        ChangeValues(*chunk->chunk, &page, [&](std::string* plain) { ChangeBytes(edit, plain); });
    if (size < 0) return;
  }
  if (page.body.size() < kMaxFile) chunk->coded[number] = page.Bytes(size);
}

void FileEditor::EditPageList(const Edit& edit, Chunk* chunk, size_t page) {
  auto& pages = chunk->pages;
  auto& coded = chunk->coded;
  const auto at = static_cast<ptrdiff_t>(page);
  switch (edit.change % 4) {
    case 0:
      pages.erase(pages.begin() + at);
      coded.erase(coded.begin() + at);
      break;
    case 1:
      if (pages.size() >= kMaxPages) break;
      pages.insert(pages.begin() + at, FilePage(pages[page]));
      coded.insert(coded.begin() + at, std::string(coded[page]));
      break;
    case 2:
      coded[page].resize(edit.where % (coded[page].size() + 1));
      break;
    default: {
      const size_t other = edit.value % pages.size();
      std::swap(pages[page], pages[other]);
      std::swap(coded[page], coded[other]);
    }
  }
}

void FileEditor::FinishPages() {
  for (Chunk& chunk : chunks_) {
    if (!chunk.is_changed) continue;
    const bool has_dictionary = !chunk.pages.empty() && chunk.pages[0].is_dictionary();
    file_.SetPages(chunk.chunk, chunk.coded, has_dictionary);
  }
  RenewPageLocations();
}

void FileEditor::RenewPageLocations() {
  constexpr size_t kHeader = 192, kChunksAt = 44, kPagesAt = 48;
  const auto place = file_.FindSection(usdparquet::kPagesKey);
  if (!place) return;
  std::string section = BytesOf(file_, *place);
  uint32_t chunks = 0, pages = 0;
  std::memcpy(&chunks, section.data() + kChunksAt, sizeof(chunks));
  std::memcpy(&pages, section.data() + kPagesAt, sizeof(pages));
  for (uint32_t i = 0; i < pages; ++i) {
    const size_t at =
        kHeader + chunks * sizeof(usdparquet::ListedChunk) + i * sizeof(usdparquet::ListedPage);
    usdparquet::ListedPage page;
    std::memcpy(&page, section.data() + at, sizeof(page));
    const auto begin = std::string_view(file_.body).substr(static_cast<size_t>(page.offset));
    const auto header = ReadThrift(begin.substr(0, page.size));
    if (!header) continue;
    page.header_size = static_cast<uint32_t>(header->second);
    page.header_checksum = usdparquet::PageHeaderChecksum(
        {reinterpret_cast<const uint8_t*>(begin.data()), header->second});
    std::memcpy(section.data() + at, &page, sizeof(page));
  }
  file_.SetSection(usdparquet::kPagesKey, std::move(section));
}

void FileEditor::EditOffsetIndex(const Edit& edit) {
  const auto chunks = file_.Chunks();
  if (chunks.empty()) return;
  ThriftValue* chunk = chunks[edit.which % chunks.size()];
  const int64_t at = chunk->NumberAt(chunk_field::kOffsetIndex, -1);
  if (at < 0 || at >= static_cast<int64_t>(file_.body.size())) return;
  auto index = ReadThrift(std::string_view(file_.body).substr(static_cast<size_t>(at)));
  if (!index) return;
  ChangeNumber(edit, edit.where, &index->first);
  const std::string bytes = WriteThrift(index->first);
  if (bytes.size() == index->second) {
    file_.body.replace(static_cast<size_t>(at), bytes.size(), bytes);
    return;
  }
  chunk->PutI64(chunk_field::kOffsetIndex, static_cast<int64_t>(file_.body.size()));
  chunk->PutI32(chunk_field::kOffsetIndexBytes, static_cast<int64_t>(bytes.size()));
  file_.body += bytes;
}

void FileEditor::EditSections(const Edit& edit) {
  if (edit.kind == EditKind::kOffsetIndex) return EditOffsetIndex(edit);
  if (edit.kind == EditKind::kResidual) {
    const auto place = file_.FindSection(usdparquet::kResidualKey);
    if (!place) return;
    std::string bytes = BytesOf(file_, *place);
    ChangeBytes(edit, &bytes);
    return file_.SetResidual(bytes);
  }
  if (edit.kind == EditKind::kSchemaEntry) {
    auto entry = file_.Entry(usdparquet::kSchemaKey);
    if (!entry) return;
    ChangeBytes(edit, &*entry);
    return file_.SetEntry(usdparquet::kSchemaKey, *entry);
  }
  if (edit.kind != EditKind::kSection && edit.kind != EditKind::kSectionSize) return;
  const auto keys = SectionKeys(file_);
  if (keys.empty()) return;
  const std::string& key = keys[edit.which % keys.size()];
  std::string bytes = BytesOf(file_, *file_.FindSection(key));
  if (edit.kind == EditKind::kSection) {
    const std::string payload = PayloadOf(edit);
    const size_t at = edit.where % bytes.size();
    for (size_t i = 0; i < payload.size() && at + i < bytes.size(); ++i) {
      bytes[at + i] = static_cast<char>(edit.change % 2 ? payload[i] : bytes[at + i] ^ payload[i]);
    }
  } else {
    bytes.resize(bytes.size() + edit.where % 256 - std::min<size_t>(bytes.size(), 128));
  }
  if (bytes.size() < 8) return;
  file_.SetSection(key, std::move(bytes));
}

void FileEditor::EditList(const Edit& edit) {
  std::vector<ThriftValue*> lists;
  Collect(&file_.footer, [](const ThriftValue& v) { return v.type == ThriftType::kList; }, &lists);
  if (lists.empty()) return;
  ThriftValue* list = lists[edit.which % lists.size()];
  auto& items = list->items;
  const size_t item = items.empty() ? 0 : edit.where % items.size();
  switch (edit.change % 4) {
    case 0:
      if (!items.empty()) items.erase(items.begin() + static_cast<ptrdiff_t>(item));
      break;
    case 1:
      if (!items.empty()) {
        items.insert(items.begin() + static_cast<ptrdiff_t>(item), ThriftValue(items[item]));
      }
      break;
    case 2:
      list->claimed = edit.value;
      break;
    default:
      if (!items.empty()) std::swap(items[item], items[edit.value % items.size()]);
  }
}

void FileEditor::EditFooter(const Edit& edit) {
  if (edit.kind == EditKind::kFooterNumber) {
    ChangeNumber(edit, edit.which, &file_.footer);
  } else if (edit.kind == EditKind::kFooterText) {
    std::vector<ThriftValue*> texts;
    Collect(
        &file_.footer, [](const ThriftValue& v) { return v.type == ThriftType::kBinary; }, &texts);
    if (!texts.empty()) ChangeBytes(edit, &texts[edit.which % texts.size()]->bytes);
  } else if (edit.kind == EditKind::kFooterList) {
    EditList(edit);
  } else if (edit.kind == EditKind::kFooterField) {
    std::vector<ThriftValue*> structs;
    Collect(&file_.footer, [](const ThriftValue& v) { return !v.ids.empty(); }, &structs);
    if (structs.empty()) return;
    ThriftValue* found = structs[edit.which % structs.size()];
    found->Drop(found->ids[edit.where % found->ids.size()]);
  }
}

}  // namespace usdparquet_fuzz
