// The bodies of pages. Those of zstd are decompressed with a context that a thread keeps.

#include <arrow/util/compression.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/pages/page_body.h"
#include "thrift_bytes.h"

namespace usdparquet {
namespace {

using arrow::Compression;

std::string Text(size_t size) {
  std::string text;
  for (size_t i = 0; text.size() < size; ++i) text += "value " + std::to_string(i * i) + ", ";
  text.resize(size);
  return text;
}

std::string Compress(std::string_view from, Compression::type type = Compression::ZSTD) {
  const auto codec = *arrow::util::Codec::Create(type);
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

/// A page and its bytes.
struct Stored {
  std::string bytes;
  PageHeader header;

  StoredPage page() const { return {header, usdparquet_test::Bytes(bytes)}; }
};

Stored PageV1(std::string bytes, int32_t size) {
  PageHeader header;
  header.type = parquet::PageType::DATA_PAGE;
  header.stored_size = static_cast<int32_t>(bytes.size());
  header.size = size;
  return {std::move(bytes), header};
}

Stored PageV2(std::string bytes, int32_t def, int32_t rep, int32_t size, bool is_compressed) {
  Stored page = PageV1(std::move(bytes), size);
  page.header.type = parquet::PageType::DATA_PAGE_V2;
  page.header.def_size = def;
  page.header.rep_size = rep;
  page.header.is_compressed = is_compressed;
  return page;
}

std::string Body(const Stored& stored, Compression::type codec = Compression::ZSTD,
                 bool is_always_compressed = false) {
  const auto body = DecompressPage(stored.page(), codec, is_always_compressed);
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

TEST(PageBody, OldArrowSaidThatItDidNotCompress) {
  const std::string text = Text(5'000);
  const Stored page = PageV2("defrep" + Compress(text), 3, 3, 5'006, false);
  EXPECT_EQ(Body(page, Compression::ZSTD, true), "defrep" + text);
  EXPECT_EQ(Body(page), page.bytes);
}

TEST(PageBody, OtherCodecs) {
  const std::string text = Text(20'000);
  EXPECT_EQ(Body(PageV1("as it is", 8), Compression::UNCOMPRESSED), "as it is");
  for (const auto codec : {Compression::SNAPPY, Compression::GZIP, Compression::BROTLI}) {
    const std::string stored = Compress(text, codec);
    EXPECT_EQ(Body(PageV1(stored, 20'000), codec), text);
    EXPECT_EQ(Body(PageV2("def" + stored, 3, 0, 20'003, true), codec), "def" + text);
    EXPECT_EQ(Body(PageV2("def", 3, 0, 3, true), codec), "def");
    EXPECT_EQ(Body(PageV1(stored.substr(0, 100), 20'000), codec).substr(0, 6), "error:");
    EXPECT_EQ(Body(PageV1(stored, 20'001), codec).substr(0, 6), "error:");
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
}

TEST(PageBody, EachThreadHasItsOwnContext) {
  std::vector<std::thread> threads;
  std::vector<int> good(8);
  for (size_t t = 0; t < good.size(); ++t) {
    threads.emplace_back([&good, t] {
      const std::string text = Text(1'000 * (t + 1));
      const auto page = PageV1(Compress(text), static_cast<int32_t>(text.size()));
      for (int i = 0; i < 200; ++i) good[t] += Body(page) == text;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, std::vector<int>(8, 200));
}

}  // namespace
}  // namespace usdparquet
