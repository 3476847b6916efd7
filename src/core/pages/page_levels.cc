#include "core/pages/page_levels.h"

#include <arrow/io/memory.h>
#include <parquet/column_reader.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "core/pages/page_body.h"
#include "core/util/block_memory.h"

namespace usdparquet {
namespace {

std::vector<int16_t>::iterator Extend(std::vector<int16_t>* levels, int count) {
  levels->resize(levels->size() + count);
  return levels->end() - count;
}

}  // namespace

arrow::Result<ValueSection> DecodeLevels(int16_t max_def, int16_t max_rep,
                                         const parquet::DataPage& page,
                                         std::span<const uint8_t> body, Levels* levels) {
  const int n = page.num_values();
  const uint8_t* data = body.data();
  int size = static_cast<int>(body.size());
  parquet::LevelDecoder rep, def;
  if (page.type() == parquet::PageType::DATA_PAGE) {
    const auto& v1 = static_cast<const parquet::DataPageV1&>(page);
    if (max_rep > 0) {
      const int used = rep.SetData(v1.repetition_level_encoding(), max_rep, n, data, size);
      data += used;
      size -= used;
    }
    if (max_def > 0) {
      const int used = def.SetData(v1.definition_level_encoding(), max_def, n, data, size);
      data += used;
      size -= used;
    }
  } else {
    const auto& v2 = static_cast<const parquet::DataPageV2&>(page);
    const int64_t rep_size = v2.repetition_levels_byte_length();
    const int64_t def_size = v2.definition_levels_byte_length();
    if (rep_size < 0 || def_size < 0 || rep_size + def_size > size) {
      return arrow::Status::IOError("a page is smaller than its levels");
    }
    if (max_rep > 0) rep.SetDataV2(static_cast<int32_t>(rep_size), max_rep, n, data);
    if (max_def > 0) {
      def.SetDataV2(static_cast<int32_t>(def_size), max_def, n, data + rep_size);
    }
    data += rep_size + def_size;
    size -= static_cast<int>(rep_size + def_size);
  }
  int count = n;
  if (max_rep > 0 && n > 0 && rep.Decode(n, &*Extend(&levels->rep, n)) != n) {
    return arrow::Status::IOError("a page has too few repetition levels");
  }
  if (max_def > 0 && n > 0) {
    const auto begin = Extend(&levels->def, n);
    if (def.Decode(n, &*begin) != n) {
      return arrow::Status::IOError("a page has too few definition levels");
    }
    count = static_cast<int>(std::count(begin, levels->def.end(), max_def));
  }
  levels->count += n;
  return ValueSection{data, size, count};
}

arrow::Result<PageRows> CountRows(std::shared_ptr<arrow::Buffer> bytes,
                                  const parquet::ColumnDescriptor& descriptor,
                                  arrow::Compression::type codec, bool is_always_compressed) {
  parquet::ReaderProperties properties(BlockPool());
  properties.set_page_checksum_verification(true);
  const auto reader =
      parquet::PageReader::Open(std::make_shared<arrow::io::BufferReader>(std::move(bytes)),
                                std::numeric_limits<int64_t>::max(), PageReaderCodec(codec),
                                properties, descriptor, is_always_compressed);
  const auto stored = reader->NextPage();
  if (!stored || (stored->type() != parquet::PageType::DATA_PAGE &&
                  stored->type() != parquet::PageType::DATA_PAGE_V2)) {
    return arrow::Status::IOError("there is no data page");
  }
  const auto& page = static_cast<const parquet::DataPage&>(*stored);
  ARROW_ASSIGN_OR_RAISE(const PageBody body, DecompressPage(page, codec));
  Levels levels;
  ARROW_RETURN_NOT_OK(
      DecodeLevels(0, descriptor.max_repetition_level(), page, body.bytes, &levels).status());
  return PageRows{std::count(levels.rep.begin(), levels.rep.end(), 0),
                  levels.rep.empty() || levels.rep[0] == 0};
}

}  // namespace usdparquet
