#pragma once

/// \file
/// New files of a dataset that take the place of old ones together.

#include <arrow/result.h>

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "core/dataset/manifest.h"
#include "core/schema/property_name.h"
#include "core/table/table_file.h"
#include "core/util/export.h"

namespace usdparquet {

/// Finishes what a save of the dataset in `folder` left when its process ended: if it had written
/// its journal, the new files and the manifest take their names. Does nothing, at the cost of one
/// question to the system, where there is no journal. Errors do not name the folder.
USDPARQUET_API arrow::Status FinishSave(const std::string& folder);

/// A save of some parts of a dataset with a manifest. The new files are written under hidden names
/// beside the old ones, then a journal that lists them, and then they take their names, the
/// manifest last. Whoever opens the dataset in between finishes that (FinishSave). Before the
/// journal is there, nothing is changed; a save that is not committed removes what it wrote.
///
/// Not thread-safe; of several processes one saves at a time.
class USDPARQUET_API DatasetSave {
 public:
  /// Fails if the dataset has no manifest, or another process is saving it. Errors do not name the
  /// folder.
  static arrow::Result<std::unique_ptr<DatasetSave>> Begin(const std::string& folder);
  ~DatasetSave();
  DatasetSave(const DatasetSave&) = delete;
  DatasetSave& operator=(const DatasetSave&) = delete;

  const Manifest& manifest() const { return manifest_; }
  /// The file of a part.
  std::string FileOf(size_t part) const;
  /// Where its new file is to be written, which counts as written from now on. Fails for a part
  /// outside of the folder.
  arrow::Result<std::string> NewFileOf(size_t part);

  /// Puts the new files in place of the old ones, with a manifest and an index of all. `check`, if
  /// given, is asked before with the dataset as it will be; if it fails, nothing is changed.
  arrow::Status Commit(const IdentifierTest& unicode_test,
                       const std::function<arrow::Status(TableFile)>& check = {});

 private:
  explicit DatasetSave(std::string folder) : folder_(std::move(folder)) {}
  void RemoveNewFiles() const;

  const std::string folder_;
  int lock_ = -1;  // a descriptor
  Manifest manifest_;
  std::set<size_t> replaced_;
  std::string new_index_;  // the name of an index that the old manifest does not have
  bool has_journal_ = false;
};

}  // namespace usdparquet
