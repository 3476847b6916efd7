#include "core/write/aligned_pages.h"

#include <arrow/io/memory.h>
#include <parquet/column_page.h>
#include <parquet/exception.h>
#include <parquet/page_index.h>
#include <parquet/schema.h>

#include <span>
#include <utility>

#include "core/util/block_memory.h"
#include "core/write/level_padding.h"

namespace usdparquet {
namespace {

/// The size of a number, or 0 for what is no number.
size_t NumberSize(parquet::Type::type type) {
  switch (type) {
    case parquet::Type::INT32:
    case parquet::Type::FLOAT:
      return 4;
    case parquet::Type::INT64:
    case parquet::Type::DOUBLE:
      return 8;
    default:
      return 0;
  }
}

std::span<const uint8_t> BodyOf(const parquet::DataPage& page) {
  return {page.data(), static_cast<size_t>(page.size())};
}

class AlignedPageWriter : public parquet::PageWriter {
 public:
  AlignedPageWriter(std::unique_ptr<parquet::PageWriter> writer,
                    std::shared_ptr<arrow::io::OutputStream> sink,
                    const parquet::ColumnDescriptor& leaf, PageWriterMaker make)
      : writer_(std::move(writer)), sink_(std::move(sink)), leaf_(leaf), make_(std::move(make)) {}

  void Close(bool has_dictionary, bool fallback) override {
    writer_->Close(has_dictionary, fallback);
  }

  int64_t WriteDataPage(const parquet::DataPage& page) override {
    if (page.type() == parquet::PageType::DATA_PAGE &&
        page.encoding() == parquet::Encoding::PLAIN) {
      const auto& plain = static_cast<const parquet::DataPageV1&>(page);
      if (const auto aligned = Align(plain)) return writer_->WriteDataPage(*aligned);
    }
    return writer_->WriteDataPage(page);
  }

  int64_t WriteDictionaryPage(const parquet::DictionaryPage& page) override {
    return writer_->WriteDictionaryPage(page);
  }

  int64_t total_compressed_bytes_written() const override {
    return writer_->total_compressed_bytes_written();
  }

  bool has_compressor() override { return writer_->has_compressor(); }

  void Compress(const arrow::Buffer& from, arrow::ResizableBuffer* to) override {
    writer_->Compress(from, to);
  }

 private:
  /// By how many bytes the values would miss their place, if the page were written now.
  size_t Missing(const parquet::DataPage& page, size_t values, size_t alignment) const {
    PARQUET_ASSIGN_OR_THROW(const int64_t position, sink_->Tell());
    const size_t begin = static_cast<size_t>(position) + HeaderSize(page) + values;
    return (alignment - begin % alignment) % alignment;
  }

  size_t HeaderSize(const parquet::DataPage& page) const {
    PARQUET_ASSIGN_OR_THROW(const auto sink,
                            arrow::io::BufferOutputStream::Create(page.size() + 256, BlockPool()));
    // Whether there is an index decides what the header says.
    const auto column_index = parquet::ColumnIndexBuilder::Make(&leaf_);
    const auto offset_index = parquet::OffsetIndexBuilder::Make();
    make_(sink, column_index.get(), offset_index.get())->WriteDataPage(page);
    PARQUET_ASSIGN_OR_THROW(const int64_t size, sink->Tell());
    return static_cast<size_t>(size - page.size());
  }

  /// The page with padded levels. Null if it is aligned as it is, or can't be.
  std::unique_ptr<parquet::DataPageV1> Align(const parquet::DataPageV1& page) const {
    const size_t alignment = NumberSize(leaf_.physical_type());
    const auto values = ValuesBegin(BodyOf(page));
    if (!values) return nullptr;
    size_t rest = Missing(page, *values, alignment);
    if (rest == 0) return nullptr;
    // A header may have another size with another checksum, one in eight: then once more.
    constexpr size_t kTries = 5;
    for (size_t i = 0; i < kTries; ++i) {
      const auto body = PadBody(BodyOf(page), static_cast<uint32_t>(leaf_.max_definition_level()),
                                {.least = 1 + i * alignment, .rest = rest, .alignment = alignment});
      if (!body) return nullptr;
      auto padded = std::make_unique<parquet::DataPageV1>(
          body, page.num_values(), page.encoding(), page.definition_level_encoding(),
          page.repetition_level_encoding(), page.uncompressed_size() + body->size() - page.size(),
          page.statistics(), page.first_row_index(), page.size_statistics());
      const size_t missing = Missing(*padded, *ValuesBegin(BodyOf(*padded)), alignment);
      if (missing == 0) return padded;
      rest = (rest + missing) % alignment;
    }
    return nullptr;
  }

  const std::unique_ptr<parquet::PageWriter> writer_;
  const std::shared_ptr<arrow::io::OutputStream> sink_;
  const parquet::ColumnDescriptor& leaf_;
  const PageWriterMaker make_;
};

}  // namespace

bool CanAlignPages(const parquet::ColumnDescriptor& leaf,
                   const parquet::WriterProperties& properties) {
  return leaf.max_repetition_level() > 0 && NumberSize(leaf.physical_type()) > 0 &&
         properties.compression(leaf.path()) == arrow::Compression::UNCOMPRESSED;
}

std::unique_ptr<parquet::PageWriter> AlignPages(std::unique_ptr<parquet::PageWriter> writer,
                                                std::shared_ptr<arrow::io::OutputStream> sink,
                                                const parquet::ColumnDescriptor& leaf,
                                                PageWriterMaker make) {
  return std::make_unique<AlignedPageWriter>(std::move(writer), std::move(sink), leaf,
                                             std::move(make));
}

}  // namespace usdparquet
