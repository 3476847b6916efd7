// The bodies of zstd pages, which are decompressed with a context that a thread keeps.

#include <arrow/buffer.h>
#include <arrow/util/compression.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/pages/page_body.h"

namespace usdparquet {
namespace {

using arrow::Compression;

std::string Text(size_t size) {
  std::string text;
  for (size_t i = 0; text.size() < size; ++i) text += "value " + std::to_string(i * i) + ", ";
  text.resize(size);
  return text;
}

std::string Compress(std::string_view from) {
  const auto codec = *arrow::util::Codec::Create(Compression::ZSTD);
  const auto size = static_cast<int64_t>(from.size());
  const auto* data = reinterpret_cast<const uint8_t*>(from.data());
  std::string out(codec->MaxCompressedLen(size, data), '\0');
  out.resize(*codec->Compress(size, data, static_cast<int64_t>(out.size()),
                              reinterpret_cast<uint8_t*>(out.data())));
  return out;
}

/// As parquet-java writes it: the frame does not say how much is in it.
std::string CompressAsStream(std::string_view from) {
  const auto codec = *arrow::util::Codec::Create(Compression::ZSTD);
  const auto compressor = *codec->MakeCompressor();
  std::string out(from.size() + 1000, '\0');
  auto* begin = reinterpret_cast<uint8_t*>(out.data());
  const auto first = *compressor->Compress(static_cast<int64_t>(from.size()),
                                           reinterpret_cast<const uint8_t*>(from.data()),
                                           static_cast<int64_t>(out.size()), begin);
  EXPECT_EQ(first.bytes_read, static_cast<int64_t>(from.size()));
  const auto last = *compressor->End(static_cast<int64_t>(out.size()) - first.bytes_written,
                                     begin + first.bytes_written);
  EXPECT_FALSE(last.should_retry);
  out.resize(first.bytes_written + last.bytes_written);
  return out;
}

parquet::DataPageV1 PageV1(const std::string& stored, int64_t size) {
  return {arrow::Buffer::FromString(stored),
          1,
          parquet::Encoding::PLAIN,
          parquet::Encoding::RLE,
          parquet::Encoding::RLE,
          size};
}

parquet::DataPageV2 PageV2(const std::string& stored, int32_t def, int32_t rep, int64_t size,
                           bool is_compressed) {
  return {arrow::Buffer::FromString(stored),
          1,
          0,
          1,
          parquet::Encoding::PLAIN,
          def,
          rep,
          size,
          is_compressed};
}

std::string Body(const parquet::DataPage& page, Compression::type codec = Compression::ZSTD) {
  const auto body = DecompressPage(page, codec);
  if (!body.ok()) return "error: " + body.status().message();
  return {reinterpret_cast<const char*>(body->bytes.data()), body->bytes.size()};
}

TEST(PageBody, FirstVersionIsCompressedAsAWhole) {
  const std::string text = Text(10'000);
  EXPECT_EQ(Body(PageV1(Compress(text), 10'000)), text);
  // The context of the thread serves the next page, also after one of another size.
  EXPECT_EQ(Body(PageV1(Compress(Text(3)), 3)), Text(3));
  EXPECT_EQ(Body(PageV1(Compress(Text(3'000'000)), 3'000'000)), Text(3'000'000));
}

TEST(PageBody, LevelsOfTheSecondVersionAreNotCompressed) {
  const std::string text = Text(5'000);
  EXPECT_EQ(Body(PageV2("defrep" + Compress(text), 3, 3, 5'006, true)), "defrep" + text);
  EXPECT_EQ(Body(PageV2("defrep" + text, 3, 3, 5'006, false)), "defrep" + text);
}

TEST(PageBody, AllNullMayHaveNoFrameAtAll) {
  EXPECT_EQ(Body(PageV2("def", 3, 0, 3, true)), "def");
  EXPECT_EQ(Body(PageV1("", 0)), "");
}

TEST(PageBody, FramesThatDoNotTellTheirSize) {
  const std::string text = Text(500'000);
  const std::string frame = CompressAsStream(text);
  ASSERT_EQ(frame[4] & 0xe0, 0) << "a frame header without a content size";
  EXPECT_EQ(Body(PageV1(frame, 500'000)), text);
}

TEST(PageBody, OtherCodecsAreLeftToTheReader) {
  EXPECT_EQ(PageReaderCodec(Compression::ZSTD), Compression::UNCOMPRESSED);
  for (const auto codec : {Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::GZIP}) {
    EXPECT_EQ(PageReaderCodec(codec), codec);
    EXPECT_EQ(Body(PageV1("as it is", 8), codec), "as it is");
  }
}

TEST(PageBody, DamageIsAnErrorAndTheNextPageIsFine) {
  const std::string text = Text(10'000);
  const std::string frame = Compress(text);
  for (const std::string& stored :
       {frame.substr(0, frame.size() / 2), frame.substr(0, 6), frame.substr(0, 3), std::string(),
        std::string(100, 'x'), frame.substr(0, 20) + std::string(20, '\xff') + frame.substr(40)}) {
    EXPECT_EQ(Body(PageV1(stored, 10'000)).substr(0, 6), "error:") << stored.size();
    EXPECT_EQ(Body(PageV1(frame, 10'000)), text);
  }
  EXPECT_EQ(Body(PageV1(frame, 9'999)).substr(0, 6), "error:");
  EXPECT_EQ(Body(PageV1(frame, 10'001)).substr(0, 6), "error:");
  EXPECT_EQ(Body(PageV1(CompressAsStream(text), 10'001)).substr(0, 6), "error:");
  EXPECT_EQ(Body(PageV2("def", 4, 0, 10, true)).substr(0, 6), "error:");
  EXPECT_EQ(Body(PageV2("def", 3, 0, 2, true)).substr(0, 6), "error:");
  EXPECT_EQ(Body(PageV2("def", -1, 0, 10, true)).substr(0, 6), "error:");
}

TEST(PageBody, EachThreadHasItsOwnContext) {
  std::vector<std::thread> threads;
  std::vector<int> good(8);
  for (size_t t = 0; t < good.size(); ++t) {
    threads.emplace_back([&good, t] {
      const std::string text = Text(1'000 * (t + 1));
      const auto page = PageV1(Compress(text), static_cast<int64_t>(text.size()));
      for (int i = 0; i < 200; ++i) good[t] += Body(page) == text;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, std::vector<int>(8, 200));
}

}  // namespace
}  // namespace usdparquet
