#include "core/sections/fingerprint.h"

#include "core/util/path_hash.h"

namespace usdparquet {

void Fingerprint::Add(int64_t rows, int64_t offset, int64_t size) {
  const int64_t parts[] = {rows, offset, size};
  hash_ = XXH3_64bits_withSeed(parts, sizeof(parts), hash_);
}

uint64_t FingerprintOf(const parquet::FileMetaData& metadata, int path_leaf, int time_leaf) {
  Fingerprint fingerprint;
  for (const int leaf : {path_leaf, time_leaf}) {
    for (int g = 0; leaf >= 0 && g < metadata.num_row_groups(); ++g) {
      const auto chunk = metadata.RowGroup(g)->ColumnChunk(leaf);
      fingerprint.Add(metadata.RowGroup(g)->num_rows(), chunk->data_page_offset(),
                      chunk->total_compressed_size());
    }
  }
  return fingerprint.value();
}

}  // namespace usdparquet
