#include "core/recover/group_writer.h"

namespace usdparquet {

arrow::Status GroupWriter::Add(const std::shared_ptr<arrow::Table>& rows) {
  ARROW_ASSIGN_OR_RAISE(pending_, arrow::ConcatenateTables({pending_, rows}));
  return pending_->num_rows() >= options_.rows_per_group ? Write(false) : arrow::Status::OK();
}

arrow::Result<WriteSummary> GroupWriter::Finish(const TableFileWriter::Ending& ending) {
  ARROW_RETURN_NOT_OK(Write(true));
  return writer_->Finish(ending);
}

/// Writes the full row groups of what is pending, and the rest too if it `is_end`.
arrow::Status GroupWriter::Write(bool is_end) {
  if (!writer_) {
    ARROW_ASSIGN_OR_RAISE(writer_, TableFileWriter::Open(path_, *pending_, options_));
  }
  int64_t at = 0;
  while (pending_->num_rows() - at >= options_.rows_per_group ||
         (is_end && at < pending_->num_rows())) {
    const auto rows = pending_->Slice(at, options_.rows_per_group);
    ARROW_RETURN_NOT_OK(writer_->WriteGroup(*rows));
    at += rows->num_rows();
  }
  pending_ = pending_->Slice(at);
  return arrow::Status::OK();
}

}  // namespace usdparquet
