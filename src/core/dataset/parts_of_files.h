#pragma once

/// \file
/// From the files of a dataset to the list of its parts.

#include <arrow/result.h>

#include <memory>
#include <string>
#include <vector>

#include "core/dataset/dataset.h"
#include "core/dataset/manifest.h"
#include "core/table/part_files.h"
#include "core/table/part_list.h"

namespace usdparquet {

/// Adds the schemas in their bytes, each checked as a footer is.
arrow::Status ReadSchemas(const std::vector<std::string>& schemas, PartList* list);

/// A footer without row groups with the entries that say where an index is.
std::shared_ptr<parquet::FileMetaData> WithIndexEntries(const parquet::FileMetaData& footer,
                                                        const ManifestIndex& index);

/// Describes the files that are not described yet, in several threads. Errors name a file by its
/// entry in `names`. `damage`, if given, has an entry for each file: what is wrong with a damaged
/// one, which then is no error and stays without a description.
arrow::Status DescribeFiles(const std::vector<std::string>& names, std::vector<ListedFile>* files,
                            bool reads_paths, const std::string& path_column,
                            std::vector<arrow::Status>* damage = nullptr);

/// Looks into the files that are listed without rows, which nobody else opens: fails if one has
/// some. One that can't be read is an error too; if `warnings` is given, it gets that instead. A
/// file that is gone has no rows.
arrow::Status CheckEmptyParts(const PartFiles& parts, std::vector<std::string>* warnings);

/// The parts of described files, with the partition columns that are in their names, or, if `old`
/// is given, those that this manifest has for the same files. `schemas` gets the bytes of their
/// schemas.
arrow::Result<PartList> PartsOfFiles(const std::vector<std::string>& names,
                                     const std::vector<ListedFile>& files,
                                     std::vector<std::string>* schemas,
                                     const Manifest* old = nullptr);

}  // namespace usdparquet
