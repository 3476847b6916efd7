#include "core/table/part_files.h"

#include <algorithm>
#include <atomic>
#include <list>
#include <map>
#include <mutex>
#include <utility>

#include "core/schema/schema_entry.h"
#include "core/util/claimed_sum.h"
#include "core/util/file_name.h"
#include "core/util/guard.h"
#include "core/util/limits.h"
#include "core/util/message_text.h"
#include "core/util/open_file.h"
#include "core/util/path_hash.h"

namespace usdparquet {
namespace {

/// The files that were used last, of all datasets.
class PartPool {
 public:
  using Key = std::pair<uint64_t, uint32_t>;  // the dataset and the part

  static PartPool& Instance() {
    static PartPool& pool = *new PartPool();  // layers may outlive what is static
    return pool;
  }

  std::shared_ptr<const OpenPart> Find(const Key& key) {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return nullptr;
    recent_.splice(recent_.begin(), recent_, found->second.at);
    return found->second.part;
  }

  void Add(const Key& key, std::shared_ptr<const OpenPart> part) {
    std::shared_ptr<const OpenPart> closed;  // without the lock
    std::lock_guard lock(mutex_);
    if (entries_.contains(key)) return;
    if (entries_.size() >= kMaxOpenParts) {
      const auto oldest = entries_.find(recent_.back());
      closed = std::move(oldest->second.part);
      entries_.erase(oldest);
      recent_.pop_back();
    }
    recent_.push_front(key);
    entries_.emplace(key, Entry{std::move(part), recent_.begin()});
  }

  void Drop(uint64_t dataset) {
    std::lock_guard lock(mutex_);
    auto it = entries_.lower_bound({dataset, 0});
    while (it != entries_.end() && it->first.first == dataset) {
      recent_.erase(it->second.at);
      it = entries_.erase(it);
    }
  }

 private:
  struct Entry {
    std::shared_ptr<const OpenPart> part;
    std::list<Key>::iterator at;
  };

  std::mutex mutex_;
  std::list<Key> recent_;  // the last one used first
  std::map<Key, Entry> entries_;
};

std::atomic<uint64_t> g_next_dataset{1};

}  // namespace

arrow::Result<std::shared_ptr<const PartFiles>> PartFiles::Make(PartList list) {
  return Guarded([&]() -> arrow::Result<std::shared_ptr<const PartFiles>> {
    ARROW_ASSIGN_OR_RAISE(UnifiedSchema schema, UnifySchemas(list));
    std::shared_ptr<PartFiles> files(new PartFiles(std::move(list), std::move(schema)));
    ARROW_RETURN_NOT_OK(files->CountRows());
    ARROW_RETURN_NOT_OK(files->CheckNamedPartitions());
    return files;
  });
}

PartFiles::PartFiles(PartList list, UnifiedSchema schema)
    : list_(std::move(list)), schema_(std::move(schema)), serial_(g_next_dataset.fetch_add(1)) {}

PartFiles::~PartFiles() { PartPool::Instance().Drop(serial_); }

arrow::Status PartFiles::CountRows() {
  int64_t row = 0;
  for (uint32_t p = 0; p < list_.parts.size(); ++p) {
    const Part& part = list_.parts[p];
    part_first_rows_.push_back(static_cast<uint32_t>(row));
    for (size_t g = 0; g < part.group_rows.size(); ++g) {
      const uint32_t rows = part.group_rows[g];
      if (rows == 0) continue;
      if (rows > kMaxRows - row) {
        return arrow::Status::CapacityError("the dataset has more than ", row, " rows, ", rows,
                                            " more in '", part.name,
                                            "'; one layer can hold 2,147,483,647: split it");
      }
      if (groups_.size() == kMaxRowGroups) {
        return arrow::Status::CapacityError(
            "the dataset has more than ", kMaxRowGroups, " row groups, the next one in '",
            part.name, "'; write larger ones, or make it one file with 'usdparquet convert'");
      }
      groups_.push_back({p, static_cast<int>(g)});
      first_rows_.push_back(static_cast<uint32_t>(row));
      row += rows;
    }
  }
  first_rows_.push_back(static_cast<uint32_t>(row));
  int64_t size = 0;
  for (const Part& part : list_.parts) size = ClaimedSum(size, part.bytes);
  if (row > MaxFileRows(size)) {
    return arrow::Status::CapacityError("the dataset claims ", row, " rows in files of ", size,
                                        " bytes together, more than ", MaxFileRows(size),
                                        ": write them with smaller pages");
  }
  return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<const OpenPart>> PartFiles::Open(uint32_t part) const {
  const PartPool::Key key(serial_, part);
  if (auto open = PartPool::Instance().Find(key)) return open;
  ARROW_ASSIGN_OR_RAISE(
      auto open, WithFileName(Guarded([&] { return OpenFresh(part); }), list_.parts[part].name));
  PartPool::Instance().Add(key, open);
  return open;
}

arrow::Result<std::shared_ptr<const OpenPart>> PartFiles::OpenFresh(uint32_t number) const {
  const Part& part = list_.parts[number];
  const auto is_other = [](const auto&... what) {
    return arrow::Status::IOError(
        "this is not the file that the dataset was opened with: ", what...,
        "; reload the layer, and where the dataset has a manifest, write it again with "
        "'usdparquet dataset'");
  };
  ARROW_ASSIGN_OR_RAISE(auto bytes, OpenFile(FileOf(part)));
  ARROW_ASSIGN_OR_RAISE(const int64_t size, bytes->GetSize());
  if (size != part.bytes) return is_other("it has ", size, " bytes, not ", part.bytes);
  auto open = std::make_shared<OpenPart>();
  ARROW_ASSIGN_OR_RAISE(open->file, TableFile::Open(std::move(bytes)));
  if (open->file.footer_digest() != part.digest) return is_other("its footer is another one");
  const std::vector<uint32_t>& own = open->file.group_first_rows();
  bool is_same = own.size() == part.group_rows.size() + 1 &&
                 open->file.metadata()->schema()->Equals(*list_.schemas[part.schema]->schema());
  for (size_t g = 0; is_same && g + 1 < own.size(); ++g) {
    is_same = own[g + 1] - own[g] == part.group_rows[g];
  }
  if (!is_same) return is_other("its rows or columns are not those that are listed");
  open->first_rows.reserve(own.size());
  for (const uint32_t row : own) open->first_rows.push_back(part_first_rows_[number] + row);
  return open;
}

std::string PartFiles::FileOf(const Part& part) const {
  return part.file.empty() ? PathFrom(list_.folder, part.name) : part.file;
}

std::vector<std::optional<ColumnInfo>> PartFiles::Localize(const ColumnInfo& column) const {
  std::vector<std::optional<ColumnInfo>> local(list_.schemas.size());
  const auto all = schema_.columns.find(column.column_name);
  for (size_t i = 0; i < local.size(); ++i) {
    const auto found = schema_.of_schemas[i].find(column.column_name);
    if (found == schema_.of_schemas[i].end() || all == schema_.columns.end()) continue;
    const ColumnInfo& own = found->second;
    ColumnInfo info = column;
    info.leaf = own.leaf;
    info.top = own.top;
    info.max_def = own.max_def;
    info.max_rep = own.max_rep;
    info.list_def = own.list_def;
    info.tuple_def = own.tuple_def;
    if (!AreStoredAlike(own, all->second)) {
      info.stored_scalar = own.stored_scalar;
      info.conversion = own.conversion;
      info.ticks_per_second_log10 = own.ticks_per_second_log10;
      info.is_utc = own.is_utc;
      info.decimal_scale = own.decimal_scale;
    }
    local[i] = std::move(info);
  }
  return local;
}

std::optional<size_t> PartFiles::PartitionOf(const std::string& column) const {
  for (size_t i = 0; i < list_.partitions.size(); ++i) {
    if (list_.partitions[i].name == column) return i;
  }
  return std::nullopt;
}

arrow::Result<PartFiles::NamedColumns> PartFiles::FindNamedColumns() const {
  ARROW_ASSIGN_OR_RAISE(SchemaEntry entry, SchemaEntryOf(metadata()->key_value_metadata()));
  NamedColumns named{list_.path_column, list_.time_column};
  if (named.path.empty()) named.path = std::move(entry.path_column);
  if (named.time.empty()) named.time = std::move(entry.time_column);
  return named;
}

/// The first file that has a column of that name itself.
const Part* PartFiles::FindWith(const std::string& column) const {
  for (const Part& part : list_.parts) {
    if (list_.schemas[part.schema]->schema()->group_node()->FieldIndex(column) >= 0) return &part;
  }
  return nullptr;
}

arrow::Status PartFiles::CheckPartitions(const std::string& path_column,
                                         const std::string& time_column) const {
  if (const auto path = PartitionOf(path_column); path && !path_column.empty()) {
    const auto has_key = [&](const Part& part) { return part.keys[*path].has_value(); };
    const auto found = std::ranges::find_if(list_.parts, has_key);
    const Part& part = found == list_.parts.end() ? list_.parts.front() : *found;
    return arrow::Status::Invalid(MessageText(
        "the folder of '" + part.name + "', or the manifest, gives it a column '" + path_column +
        "', the name of the column with the prim paths, which only files can have; "
        "rename that part of the folder's name, or name another column with the "
        "paths; where there is a manifest, write it again with 'usdparquet dataset'"));
  }
  const Part* const own = PartitionOf(time_column) ? FindWith(time_column) : nullptr;
  if (!own) return arrow::Status::OK();
  return arrow::Status::Invalid(MessageText(
      "the folder of '" + own->name + "', or the manifest, gives it a column '" + time_column +
      "', which would hide the column of that name in the file, with the times; rename "
      "that part of the folder's name, or name another column with the times; where "
      "there is a manifest, write it again with 'usdparquet dataset'"));
}

/// The same for what the dataset says itself, so that no reader takes what folders say for it.
arrow::Status PartFiles::CheckNamedPartitions() const {
  if (list_.partitions.empty()) return arrow::Status::OK();
  ARROW_ASSIGN_OR_RAISE(NamedColumns named, FindNamedColumns());
  if (named.path.empty() && FindWith("path")) named.path = "path";
  return CheckPartitions(named.path, named.time);
}

const Part* PartFiles::FindStoredOtherwise(const std::string& column) const {
  const auto all = schema_.columns.find(column);
  for (const Part& part : list_.parts) {
    const auto& own = schema_.of_schemas[part.schema];
    const auto found = own.find(column);
    if (found == own.end() || all == schema_.columns.end()) continue;
    if (!AreStoredAlike(found->second, all->second)) return &part;
  }
  return nullptr;
}

uint64_t PartFiles::Fingerprint(const std::string& path_column,
                                const std::string& time_column) const {
  uint64_t hash = 0;
  const auto add = [&hash](const void* data, size_t size) {
    hash = XXH3_64bits_withSeed(data, size, hash);
  };
  for (const std::string* name : {&path_column, &time_column}) add(name->data(), name->size());
  for (const Part& part : list_.parts) {
    uint64_t rows = 0;
    for (const uint32_t count : part.group_rows) rows += count;
    const uint64_t numbers[] = {rows, static_cast<uint64_t>(part.bytes), part.digest};
    add(numbers, sizeof(numbers));
  }
  return hash;
}

}  // namespace usdparquet
