// Page headers: what is read of them, which claims are refused, and the walk from one to the next.

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/util/crc32.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "core/pages/page_header.h"
#include "status_assertions.h"
#include "thrift_bytes.h"
#include "walked_pages.h"

namespace usdparquet {
namespace {

using namespace usdparquet_test;

std::string DataPage(int64_t stored, int64_t size, int64_t values) {
  return I32(1, 0) + I32(1, size) + I32(1, stored) +
         Struct(2, I32(1, values) + I32(1, 0) + I32(1, 3) + I32(1, 3)) + kStop;
}

arrow::Status CheckPage(int64_t stored, int64_t size, int64_t values, bool has_lists = false) {
  const auto header = ReadPageHeader(Bytes(DataPage(stored, size, values)));
  return header.ok() ? CheckPageHeader(*header, has_lists) : header.status();
}

TEST(PageHeader, IsReadAsItIs) {
  const std::string bytes = DataPage(1000, 5000, 77);
  const auto header = ReadPageHeader(Bytes(bytes + "behind"));
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->type, parquet::PageType::DATA_PAGE);
  EXPECT_EQ(header->stored_size, 1000);
  EXPECT_EQ(header->size, 5000);
  EXPECT_EQ(header->num_values, 77);
  EXPECT_EQ(header->header_size, bytes.size());
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_TRUE(ReadPageHeader(Bytes(bytes.substr(0, cut))).status().IsIndexError()) << cut;
  }
}

TEST(PageHeader, NegativeNumbersAreDamage) {
  EXPECT_TRUE(IsRefused(CheckPage(-1, 1, 1), "negative"));
  EXPECT_TRUE(IsRefused(CheckPage(1, -1, 1), "negative"));
  EXPECT_TRUE(IsRefused(CheckPage(1, 1, -1), "negative"));
  EXPECT_FALSE(CheckPage(int64_t{1} << 32, 1, 1).ok());
}

TEST(PageHeader, NeedsItsFields) {
  const std::string sizes = I32(1, 0) + I32(1, 8) + I32(1, 8);
  const std::string kind = I32(1, 1) + I32(1, 0) + I32(1, 3);
  const auto read = [](const std::string& bytes) {
    return ReadPageHeader(Bytes(bytes + kStop)).status();
  };
  EXPECT_TRUE(IsRead(read(sizes + Field(2, 12, kind + I32(1, 3) + kStop))));
  EXPECT_TRUE(IsRefused(read(sizes + Field(2, 12, kind + kStop)), "damaged"));
  EXPECT_TRUE(IsRefused(read(I32(1, 0) + I32(1, 8)), "damaged"));
  EXPECT_TRUE(IsRefused(read(sizes + Field(4, 12, I32(1, 1) + kStop)), "damaged"));
  EXPECT_TRUE(IsRefused(read(sizes + Field(5, 12, kind + kStop)), "damaged"));
}

TEST(PageHeader, OfTheSecondVersionTellsRowsAndLevels) {
  // Values, nulls, rows, encoding, bytes of definition and repetition levels.
  const std::string numbers =
      I32(1, 50) + I32(1, 3) + I32(1, 20) + I32(1, 8) + I32(1, 7) + I32(1, 9);
  for (const bool is_compressed : {false, true}) {
    const std::string bytes = I32(1, 3) + I32(1, 90) + I32(1, 80) + I32(1, -5) +
                              Struct(4, numbers + Field(1, is_compressed ? 1 : 2, "")) + kStop;
    const auto header = ReadPageHeader(Bytes(bytes));
    ASSERT_TRUE(header.ok()) << header.status();
    EXPECT_EQ(header->type, parquet::PageType::DATA_PAGE_V2);
    EXPECT_EQ(header->num_values, 50);
    EXPECT_EQ(header->num_rows, 20);
    EXPECT_EQ(header->encoding, 8);
    EXPECT_EQ(header->def_size, 7);
    EXPECT_EQ(header->rep_size, 9);
    EXPECT_EQ(header->is_compressed, is_compressed);
    EXPECT_EQ(header->crc, static_cast<uint32_t>(-5));
  }
  // Compressed, where it is not said otherwise; a number there says nothing.
  const std::string bytes =
      I32(1, 3) + I32(1, 90) + I32(1, 80) + Struct(5, numbers + I32(1, 0)) + kStop;
  EXPECT_TRUE(ReadPageHeader(Bytes(bytes))->is_compressed);
}

TEST(PageHeader, OfAnotherKindOfPageHasNoValues) {
  const auto header = ReadPageHeader(Bytes(I32(1, 99) + I32(1, 5) + I32(1, 5) + kStop));
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->type, parquet::PageType::UNDEFINED);
  EXPECT_FALSE(header->is_data());
  EXPECT_EQ(header->num_values, 0);
  EXPECT_TRUE(IsRefused(ReadPageHeader(Bytes(I32(1, -1) + I32(1, 5) + I32(1, 5) + kStop)).status(),
                        "damaged"));
}

TEST(PageHeader, ClaimsThatCannotBeAreRefused) {
  PageHeader good;
  good.type = parquet::PageType::DATA_PAGE_V2;
  good.stored_size = 100;
  good.size = 200;
  good.num_values = good.num_rows = 30;
  good.def_size = 10;
  const auto check = [&](const auto& edit, bool has_lists = false) {
    PageHeader header = good;
    edit(&header);
    return CheckPageHeader(header, has_lists);
  };
  EXPECT_TRUE(IsRead(check([](PageHeader*) {})));
  EXPECT_TRUE(IsRead(check([](PageHeader* header) { header->num_rows = 20; }, true)));
  EXPECT_TRUE(IsRefused(check([](PageHeader* header) { header->num_rows = 20; }),
                        "a page has 20 rows, but 30 values"));
  EXPECT_TRUE(IsRefused(check([](PageHeader* header) { header->num_rows = 31; }, true),
                        "a page has more rows than values"));
  EXPECT_TRUE(IsRefused(check([](PageHeader* header) { header->num_rows = -2; }), "negative"));
  EXPECT_TRUE(IsRefused(check([](PageHeader* header) { header->def_size = 101; }),
                        "a page is smaller than its levels"));
  EXPECT_TRUE(IsRefused(check([](PageHeader* header) { header->rep_size = -1; }),
                        "a page is smaller than its levels"));
  const auto dictionary = [&](int32_t encoding, int32_t entries) {
    return check([&](PageHeader* header) {
      *header = {};
      header->type = parquet::PageType::DICTIONARY_PAGE;
      header->stored_size = header->size = 50;
      header->encoding = encoding;
      header->num_values = entries;
    });
  };
  EXPECT_TRUE(IsRead(dictionary(parquet::Encoding::PLAIN, 50)));
  EXPECT_TRUE(IsRead(dictionary(parquet::Encoding::PLAIN_DICTIONARY, 50)));
  EXPECT_TRUE(IsRefused(dictionary(parquet::Encoding::PLAIN, 51),
                        "a dictionary of 50 bytes claims 51 entries"));
  EXPECT_TRUE(IsRefused(dictionary(parquet::Encoding::RLE_DICTIONARY, 5),
                        "a dictionary page has the encoding RLE_DICTIONARY"));
}

TEST(PageHeader, BodiesAreHeldToTheirChecksum) {
  PageHeader header;
  EXPECT_TRUE(CheckPageBody(header, Bytes("any")).ok());  // has none
  header.crc = arrow::internal::crc32(0, "body", 4);
  EXPECT_TRUE(CheckPageBody(header, Bytes("body")).ok());
  EXPECT_TRUE(IsRefused(CheckPageBody(header, Bytes("bodY")), "its checksum is another one"));
}

/// Pages of 3 values, the second of which has a header longer than what is read at first.
std::string ThreePages() {
  std::string wide = DataPage(10, 10, 3);
  wide.pop_back();
  wide += Text(10, std::string(5000, 'x')) + kStop;
  const std::string body(10, 'b');
  return DataPage(10, 10, 3) + body + wide + body + DataPage(10, 10, 3) + body;
}

TEST(PageHeader, ScansGoFromPageToPage) {
  const std::string bytes = ThreePages();
  const auto size = static_cast<int64_t>(bytes.size());
  arrow::io::BufferReader file(arrow::Buffer::FromString(bytes));
  PageHeaderScan scan(file, 0, size);
  int pages = 0;
  for (; !scan.is_done(); ++pages) {
    const auto header = scan.Next();
    ASSERT_TRUE(header.ok()) << header.status();
    EXPECT_EQ(header->num_values, 3);
    EXPECT_EQ(scan.header_bytes().size(), header->header_size);
  }
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(scan.position(), size);
  EXPECT_TRUE(IsRead(WalkPages(Bytes(bytes), false)));
}

TEST(PageHeader, ScansEndWithTheLastValue) {
  const std::string bytes = ThreePages();
  const auto size = static_cast<int64_t>(bytes.size());
  arrow::io::BufferReader file(arrow::Buffer::FromString(bytes));
  PageHeaderScan scan(file, 0, size, 4);
  ASSERT_TRUE(scan.Next().ok());
  EXPECT_FALSE(scan.is_done());
  ASSERT_TRUE(scan.Next().ok());
  EXPECT_TRUE(scan.is_done());
  // What lies behind may be anything but a page with values.
  EXPECT_TRUE(IsRefused(CheckBehindPages(file, scan.position(), size),
                        "its pages hold more values than the footer says"));
  const std::string other = I32(1, 1) + I32(1, 2) + I32(1, 2) + kStop + "ii";
  arrow::io::BufferReader behind(arrow::Buffer::FromString(other + "no page"));
  EXPECT_TRUE(IsRead(CheckBehindPages(behind, 0, static_cast<int64_t>(other.size()) + 7)));
}

TEST(PageHeader, PagesThatAreCutOffAreRefused) {
  const std::string bytes = ThreePages(), cut = bytes.substr(0, bytes.size() - 1);
  EXPECT_TRUE(IsRefused(WalkPages(Bytes(cut), false), "a page is cut off"));
  const auto last = [](const std::string& file_bytes, int64_t end) {
    arrow::io::BufferReader file(arrow::Buffer::FromString(file_bytes));
    PageHeaderScan scan(file, 0, end);
    arrow::Result<PageHeader> header = PageHeader();
    while (header.ok() && !scan.is_done()) header = scan.Next();
    return header.status();
  };
  const auto size = static_cast<int64_t>(bytes.size());
  EXPECT_TRUE(IsRead(last(bytes, size)));
  EXPECT_TRUE(IsRefused(last(bytes, size - 1), "is cut off"));
  EXPECT_TRUE(IsRefused(last(bytes, 30), "a page ends within its header"));
  EXPECT_TRUE(IsRefused(last(cut, size), "the file ends within a page"));
}

}  // namespace
}  // namespace usdparquet
