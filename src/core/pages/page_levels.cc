#include "core/pages/page_levels.h"

#include <parquet/column_reader.h>

#include <algorithm>
#include <vector>

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
  if (max_rep > 0 && rep.Decode(n, &*Extend(&levels->rep, n)) != n) {
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

}  // namespace usdparquet
