#pragma once

/// \file
/// Whether a section that the footer names is sound as a whole: for code that is to report damage,
/// or to copy a file, and does not wait for a block to be used.

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <parquet/metadata.h>

#include <string>

#include "core/util/export.h"

namespace usdparquet {

enum class SectionState {
  kAbsent,     ///< the file has no such section, or the entry is that of another file
  kSound,      ///< all checksums are right
  kBadHeader,  ///< the section is not used; readers do without it
  kBadBody,    ///< a block, or a block's checksum, is damaged
};

/// Verifies the section (section.h) whose footer entry is called `key`, block by block. An error if
/// the file can't be read. Linear in the size of the section; holds a block at a time. Thread-safe.
USDPARQUET_API arrow::Result<SectionState> CheckSection(arrow::io::RandomAccessFile& file,
                                                        const parquet::FileMetaData& metadata,
                                                        const std::string& key);

}  // namespace usdparquet
