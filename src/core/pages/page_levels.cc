#include "core/pages/page_levels.h"

#include <parquet/column_reader.h>

#include <algorithm>
#include <vector>

#include "core/pages/level_bits.h"
#include "core/pages/page_body.h"

namespace usdparquet {
namespace {

std::vector<int16_t>::iterator Extend(std::vector<int16_t>* levels, int count) {
  levels->resize(levels->size() + count);
  return levels->end() - count;
}

}  // namespace

arrow::Result<ValueSection> DecodeLevels(int16_t max_def, int16_t max_rep, const PageHeader& header,
                                         std::span<const uint8_t> body, Levels* levels) {
  const int n = header.num_values;
  if (max_rep == 0 && max_def == 1 && levels->def.empty()) {
    if (const auto size = SizeOfOnes(header, body)) {
      levels->count += n;
      const auto values = body.subspan(*size);
      return ValueSection{values.data(), static_cast<int>(values.size()), n};
    }
  }
  const uint8_t* data = body.data();
  int size = static_cast<int>(body.size());
  parquet::LevelDecoder rep, def;
  if (header.type == parquet::PageType::DATA_PAGE) {
    const auto set = [&](parquet::LevelDecoder* decoder, int32_t encoding, int16_t max) {
      if (max == 0) return;
      const int used = decoder->SetData(PageHeader::EncodingOf(encoding), max, n, data, size);
      data += used;
      size -= used;
    };
    set(&rep, header.rep_encoding, max_rep);
    set(&def, header.def_encoding, max_def);
  } else {
    const int64_t levels_size = int64_t{header.rep_size} + header.def_size;
    if (levels_size > size) return arrow::Status::IOError("a page is smaller than its levels");
    if (max_rep > 0) rep.SetDataV2(header.rep_size, max_rep, n, data);
    if (max_def > 0) def.SetDataV2(header.def_size, max_def, n, data + header.rep_size);
    data += levels_size;
    size -= static_cast<int>(levels_size);
  }
  int count = n;
  if (max_rep > 0 && n > 0 && rep.Decode(n, &*Extend(&levels->rep, n)) != n) {
    return arrow::Status::IOError("a page has too few repetition levels");
  }
  if (max_def > 0 && n > 0) {
    levels->def.resize(levels->count, max_def);  // of pages before without nulls
    const auto begin = Extend(&levels->def, n);
    if (def.Decode(n, &*begin) != n) {
      return arrow::Status::IOError("a page has too few definition levels");
    }
    count = static_cast<int>(std::count(begin, levels->def.end(), max_def));
  }
  levels->count += n;
  return ValueSection{data, size, count};
}

arrow::Result<PageRows> CountRows(std::span<const uint8_t> bytes,
                                  const parquet::ColumnDescriptor& descriptor,
                                  arrow::Compression::type codec, bool is_always_compressed) {
  ARROW_ASSIGN_OR_RAISE(const StoredPage page, PageWalk(bytes, true).Next());
  if (!page.header.is_data()) return arrow::Status::IOError("there is no data page");
  ARROW_RETURN_NOT_OK(CheckPageBody(page.header, page.body));
  ARROW_ASSIGN_OR_RAISE(const PageBody body, DecompressPage(page, codec, is_always_compressed));
  Levels levels;
  ARROW_RETURN_NOT_OK(
      DecodeLevels(0, descriptor.max_repetition_level(), page.header, body.bytes, &levels)
          .status());
  return PageRows{std::count(levels.rep.begin(), levels.rep.end(), 0),
                  levels.rep.empty() || levels.rep[0] == 0};
}

}  // namespace usdparquet
