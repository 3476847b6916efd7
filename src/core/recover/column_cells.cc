#include "core/recover/column_cells.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/buffer_builder.h>
#include <arrow/memory_pool.h>

#include <algorithm>

#include "core/util/limits.h"

namespace usdparquet {
namespace {

/// `data` as `type`, which differs in nothing but in what may be null.
std::shared_ptr<arrow::ArrayData> Relabelled(const arrow::ArrayData& data,
                                             const std::shared_ptr<arrow::DataType>& type) {
  auto labelled = data.Copy();
  labelled->type = type;
  if (type->id() == arrow::Type::STRUCT) {
    for (size_t i = 0; i < labelled->child_data.size(); ++i) {
      labelled->child_data[i] =
          Relabelled(*labelled->child_data[i], type->field(static_cast<int>(i))->type());
    }
  }
  return labelled;
}

/// Adds `count` nulls. Long values are as many references to few of them: a damaged schema can
/// claim any length.
arrow::Status AddNulls(const std::shared_ptr<arrow::DataType>& type, int64_t count,
                       arrow::ArrayVector* pieces) {
  constexpr int64_t kMostBytes = int64_t{1} << 20;
  int64_t at_once = count;
  if (type->id() == arrow::Type::FIXED_SIZE_BINARY) {
    const int64_t width = static_cast<const arrow::FixedSizeBinaryType&>(*type).byte_width();
    if (width > kMaxSmallPage) {
      return arrow::Status::CapacityError("values of a column are said to have ", width,
                                          " bytes each, more than ", kMaxSmallPage);
    }
    at_once = std::min(count, std::max<int64_t>(kMostBytes / std::max<int64_t>(width, 1), 1));
  }
  ARROW_ASSIGN_OR_RAISE(const auto nulls,
                        arrow::MakeArrayOfNull(type, at_once, arrow::system_memory_pool()));
  for (; count > 0; count -= at_once) {
    pieces->push_back(nulls->Slice(0, std::min(count, at_once)));
  }
  return arrow::Status::OK();
}

/// The kept cells of one part, lost ones as nulls.
arrow::Result<arrow::ArrayVector> KeptCells(const PartCells& part,
                                            const std::vector<RowRange>& kept) {
  arrow::ArrayVector pieces;
  for (const CellRun& run : part.runs) {
    for (const auto& [begin, end] : Within(kept, run.begin, run.end)) {
      if (run.cells) {
        const auto cells = run.cells->Slice(begin - run.begin, end - begin);
        pieces.insert(pieces.end(), cells->chunks().begin(), cells->chunks().end());
      } else {
        ARROW_RETURN_NOT_OK(AddNulls(part.field->type(), end - begin, &pieces));
      }
    }
  }
  return pieces;
}

/// A part on the way down through the structs around it.
struct Descent {
  const std::vector<int>* steps;
  std::shared_ptr<arrow::Array> cells;  // at the depth that was reached
  const std::vector<bool>* is_lost;     // by kept row
};

/// The array of `type` that `parts` make together. REQUIRES: they have the same `depth` first
/// steps.
arrow::Result<std::shared_ptr<arrow::ArrayData>> Merge(
    const std::vector<Descent>& parts, size_t depth, const std::shared_ptr<arrow::DataType>& type) {
  if (parts[0].steps->size() == depth) return Relabelled(*parts[0].cells->data(), type);
  const int64_t length = parts[0].cells->length();
  arrow::TypedBufferBuilder<bool> validity;
  ARROW_RETURN_NOT_OK(validity.Reserve(length));
  for (int64_t i = 0; i < length; ++i) {
    // Every sound field knows whether its struct is null.
    const bool is_valid = std::any_of(parts.begin(), parts.end(), [i](const Descent& part) {
      return !(*part.is_lost)[static_cast<size_t>(i)] && part.cells->IsValid(i);
    });
    validity.UnsafeAppend(is_valid);
  }
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  for (int child = 0; child < type->num_fields(); ++child) {
    std::vector<Descent> below;
    for (const Descent& part : parts) {
      if ((*part.steps)[depth] != child) continue;
      // A field keeps no place of its own for rows before a slice.
      const auto& around = static_cast<const arrow::StructArray&>(*part.cells);
      below.push_back({part.steps, around.field(0), part.is_lost});
    }
    if (below.empty()) return arrow::Status::UnknownError("a struct has a field without leaves");
    ARROW_ASSIGN_OR_RAISE(auto merged, Merge(below, depth + 1, type->field(child)->type()));
    children.push_back(std::move(merged));
  }
  const int64_t nulls = validity.false_count();
  ARROW_ASSIGN_OR_RAISE(auto bits, validity.Finish());
  return arrow::ArrayData::Make(type, length, {std::move(bits)}, std::move(children), nulls);
}

std::vector<bool> LostBits(const PartCells& part, const std::vector<RowRange>& kept) {
  std::vector<bool> is_lost;
  for (const CellRun& run : part.runs) {
    for (const auto& [begin, end] : Within(kept, run.begin, run.end)) {
      is_lost.insert(is_lost.end(), static_cast<size_t>(end - begin), run.cells == nullptr);
    }
  }
  return is_lost;
}

}  // namespace

int64_t LostRows(const PartCells& part) {
  int64_t lost = 0;
  for (const CellRun& run : part.runs) lost += run.cells ? 0 : run.end - run.begin;
  return lost;
}

std::vector<RowRange> Intersect(const std::vector<RowRange>& ranges,
                                const std::vector<RowRange>& others) {
  std::vector<RowRange> common;
  size_t a = 0, b = 0;
  while (a < ranges.size() && b < others.size()) {
    const int64_t begin = std::max(ranges[a].first, others[b].first);
    const int64_t end = std::min(ranges[a].second, others[b].second);
    if (begin < end) common.emplace_back(begin, end);
    ranges[a].second < others[b].second ? ++a : ++b;
  }
  return common;
}

std::vector<RowRange> Within(const std::vector<RowRange>& ranges, int64_t begin, int64_t end) {
  std::vector<RowRange> within;
  auto range = std::upper_bound(ranges.begin(), ranges.end(), begin,
                                [](int64_t row, const RowRange& r) { return row < r.second; });
  for (; range != ranges.end() && range->first < end; ++range) {
    within.emplace_back(std::max(begin, range->first), std::min(end, range->second));
  }
  return within;
}

std::vector<RowRange> SoundRows(const std::vector<PartCells>& parts) {
  std::vector<RowRange> sound;
  for (size_t i = 0; i < parts.size(); ++i) {
    std::vector<RowRange> ranges;
    for (const CellRun& run : parts[i].runs) {
      if (run.cells) ranges.emplace_back(run.begin, run.end);
    }
    sound = i == 0 ? std::move(ranges) : Intersect(sound, ranges);
  }
  return sound;
}

arrow::Result<std::shared_ptr<arrow::ChunkedArray>> JoinParts(const std::vector<PartCells>& parts,
                                                              const arrow::Field& field,
                                                              const std::vector<RowRange>& kept) {
  const auto& type = field.type();
  arrow::ArrayVector joined;
  if (parts.size() == 1 && parts[0].steps.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto pieces, KeptCells(parts[0], kept));
    for (const auto& piece : pieces) {
      joined.push_back(arrow::MakeArray(Relabelled(*piece->data(), type)));
    }
    return arrow::ChunkedArray::Make(std::move(joined), type);
  }
  std::vector<std::vector<bool>> is_lost;
  for (const PartCells& part : parts) is_lost.push_back(LostBits(part, kept));
  std::vector<Descent> descents;
  for (size_t i = 0; i < parts.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto pieces, KeptCells(parts[i], kept));
    if (pieces.empty()) return arrow::ChunkedArray::MakeEmpty(type);
    ARROW_ASSIGN_OR_RAISE(auto cells, arrow::Concatenate(pieces, arrow::system_memory_pool()));
    descents.push_back({&parts[i].steps, std::move(cells), &is_lost[i]});
  }
  ARROW_ASSIGN_OR_RAISE(auto merged, Merge(descents, 0, type));
  joined.push_back(arrow::MakeArray(std::move(merged)));
  return arrow::ChunkedArray::Make(std::move(joined), type);
}

}  // namespace usdparquet
