#include "core/write/batch_spool.h"

#include <arrow/io/memory.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/util/byte_size.h>

#include <string_view>

#include "core/util/block_memory.h"
#include "core/util/limits.h"
#include "core/write/dictionary_pool.h"

namespace usdparquet {
namespace {

/// Lists in structs in lists: as deep as a file may have them, and two levels for each list.
constexpr int kMaxNesting = 2 * static_cast<int>(kMaxSchemaDepth);

arrow::ipc::IpcWriteOptions SpoolWriting() {
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.max_recursion_depth = kMaxNesting;
  options.memory_pool = BlockPool();
  options.use_threads = false;
  return options;
}

arrow::ipc::IpcReadOptions SpoolReading() {
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.max_recursion_depth = kMaxNesting;
  options.memory_pool = BlockPool();
  options.use_threads = false;
  return options;
}

}  // namespace

int64_t SizeOf(const arrow::RecordBatch& batch) {
  const auto size = arrow::util::ReferencedBufferSize(batch);
  return size.ok() ? *size : arrow::util::TotalBufferSize(batch);
}

arrow::Status BatchSpool::Append(const std::shared_ptr<arrow::RecordBatch>& batch) {
  if (!schema_) {
    schema_ = batch->schema();
    has_dictionaries_ = DictionaryPool::IsNeeded(*schema_);
  }
  Place place;
  place.first_row = num_rows_;
  if (!file_) held_bytes_ -= SizeOf(*batch);
  if (held_bytes_ >= 0) {
    place.batch = batch;
  } else {
    if (!file_) {
      ARROW_ASSIGN_OR_RAISE(file_, SpillFile::Make(target_));
    }
    std::shared_ptr<arrow::Buffer> bytes;
    if (has_dictionaries_) {  // which belong to the batch
      ARROW_ASSIGN_OR_RAISE(const auto sink,
                            arrow::io::BufferOutputStream::Create(1 << 16, BlockPool()));
      ARROW_ASSIGN_OR_RAISE(const auto writer,
                            arrow::ipc::MakeStreamWriter(sink, schema_, SpoolWriting()));
      ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*batch));
      ARROW_RETURN_NOT_OK(writer->Close());
      ARROW_ASSIGN_OR_RAISE(bytes, sink->Finish());
    } else {
      ARROW_ASSIGN_OR_RAISE(bytes, arrow::ipc::SerializeRecordBatch(*batch, SpoolWriting()));
    }
    place.size = bytes->size();
    ARROW_ASSIGN_OR_RAISE(place.offset, file_->Append(std::string_view(*bytes)));
  }
  num_rows_ += batch->num_rows();
  places_.push_back(std::move(place));
  return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> BatchSpool::Read(size_t i) const {
  const Place& place = places_[i];
  if (place.batch) return place.batch;
  ARROW_ASSIGN_OR_RAISE(auto bytes, file_->ReadAt(place.offset, place.size));
  const auto source = std::make_shared<arrow::io::BufferReader>(std::move(bytes));
  if (has_dictionaries_) {
    ARROW_ASSIGN_OR_RAISE(const auto reader,
                          arrow::ipc::RecordBatchStreamReader::Open(source, SpoolReading()));
    return reader->Next();
  }
  arrow::ipc::DictionaryMemo none;
  return arrow::ipc::ReadRecordBatch(schema_, &none, SpoolReading(), source.get());
}

}  // namespace usdparquet
