// The sections that indexes are embedded in, and the entries that say where they lie.

#include <arrow/io/memory.h>
#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>
#include <parquet/file_writer.h>
#include <parquet/schema.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/sections/section.h"
#include "core/sections/section_locator.h"

namespace usdparquet {
namespace {

TEST(Section, LocatorsAreReadAsTheyAreWritten) {
  const SectionLocator locator{1, 2, "", 64, 4096, 0xabcdef};
  EXPECT_EQ(locator.Text(), "version=1.2 offset=64 length=4096 checksum=0000000000abcdef");
  const SectionLocator with_format{1, 0, "usdc", 64, 4096, 0xabcdef};
  EXPECT_EQ(with_format.Text(),
            "version=1.0 format=usdc offset=64 length=4096 checksum=0000000000abcdef");
  for (const SectionLocator& each : {locator, with_format}) {
    const auto parsed = SectionLocator::Parse(each.Text());
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->Text(), each.Text());
  }
  for (const char* text : {"", "version=1", "version=1.0", "version=1.0 format=usdc",
                           "version=1.0 offset=64 length=1", "offset=1 length=1 checksum=1"}) {
    EXPECT_FALSE(SectionLocator::Parse(text)) << text;
  }
}

struct TestHeader {
  char magic[8];
  uint16_t major_version;
  uint16_t minor_version;
  uint32_t header_size;
  uint64_t total_size;
  uint32_t num_rows;
  uint32_t reserved;
  uint32_t num_values;
  uint32_t num_blocks;
  uint64_t blocks_checksum;
  uint64_t header_checksum;
};
constexpr SectionKind kTestKind{"test:section", "TESTTEST", "test section"};

/// A section that holds `values` twice and lies at byte 64 of its file.
struct SectionFile {
  explicit SectionFile(const std::vector<uint32_t>& values) {
    TestHeader header{};
    header.num_values = static_cast<uint32_t>(values.size());
    SectionWriter writer;
    writer.Add(std::span<const uint32_t>(values));
    writer.Add(std::span<const uint32_t>(values));
    const std::string section = writer.Finish(kTestKind, header);
    entry = SectionEntry(64, section);
    bytes = std::string(64, 'x') + section;
  }

  std::shared_ptr<parquet::FileMetaData> Metadata() const {
    auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
    const auto schema = parquet::schema::GroupNode::Make(
        "schema", parquet::Repetition::REQUIRED,
        {parquet::schema::PrimitiveNode::Make("a", parquet::Repetition::REQUIRED,
                                              parquet::Type::INT32)});
    auto writer = parquet::ParquetFileWriter::Open(
        sink, std::static_pointer_cast<parquet::schema::GroupNode>(schema),
        parquet::default_writer_properties(),
        arrow::key_value_metadata({std::string(kTestKind.key)}, {entry}));
    writer->Close();
    return writer->metadata();
  }

  /// The values, or what went wrong.
  std::vector<uint32_t> Read(std::string* warning, std::string* damage = nullptr) const {
    arrow::io::BufferReader file(arrow::Buffer::FromString(bytes));
    const auto metadata = Metadata();
    const auto always = [](const TestHeader&) { return true; };
    SectionReader<TestHeader> reader(kTestKind, file, *metadata, metadata->num_rows(), always,
                                     always);
    *warning = reader.warning();
    if (!reader.header()) return {};
    const auto first = reader.Take<uint32_t>(reader.header()->num_values);
    const auto second = reader.Take<uint32_t>(reader.header()->num_values);
    const auto blocks = reader.Finish([&](const std::string& message) {
      if (damage) *damage += message;
    });
    *warning = reader.warning();
    if (!blocks || !blocks->Verify(first.data(), second.data() + second.size())) return {};
    EXPECT_TRUE(std::equal(first.begin(), first.end(), second.begin(), second.end()));
    return {first.begin(), first.end()};
  }

  std::string bytes, entry;
};

TEST(Section, IsReadAsItIsWritten) {
  std::string warning;
  for (const size_t count : {0u, 1u, 5u, 20000u}) {
    std::vector<uint32_t> values(count);
    for (size_t i = 0; i < count; ++i) values[i] = static_cast<uint32_t>(3 * i + 1);
    EXPECT_EQ(SectionFile(values).Read(&warning), values);
    EXPECT_EQ(warning, "");
  }
}

TEST(Section, SaysWhatIsDamagedAndIsSilentAboutWhatIsNotThere) {
  const std::vector<uint32_t> values(20000, 7);
  const SectionFile good(values);
  std::string warning, damage;
  const auto why = [](const std::string& reason) {
    return "the embedded test section is not used: " + reason +
           "; it is built in memory instead. 'usdparquet optimize' writes a good one";
  };

  SectionFile file = good;
  file.bytes[64 + 30] ^= 1;  // in the header
  EXPECT_TRUE(file.Read(&warning).empty());
  EXPECT_EQ(warning, why("its header is damaged"));

  file = good;
  file.bytes.back() ^= 1;  // in the checksums
  EXPECT_TRUE(file.Read(&warning).empty());
  EXPECT_EQ(warning, why("its checksums are damaged"));

  file = good;
  file.bytes[64 + sizeof(TestHeader) + 40000] ^= 1;  // in the second block
  EXPECT_TRUE(file.Read(&warning, &damage).empty());
  EXPECT_EQ(warning, "");
  EXPECT_EQ(damage, "the embedded test section is damaged at its byte 32768");

  file = good;
  file.entry.replace(8, 1, "2");  // its major version
  EXPECT_TRUE(file.Read(&warning).empty());
  EXPECT_EQ(warning, why("its version is 2.0, and this software reads 1.x"));

  file = good;
  file.entry = "somewhere";
  EXPECT_TRUE(file.Read(&warning).empty());
  EXPECT_EQ(warning, why("its key-value entry 'somewhere' can't be read"));

  file = good;
  file.bytes.resize(1000);
  EXPECT_TRUE(file.Read(&warning).empty());
  EXPECT_EQ(warning, "");

  file = good;
  file.bytes[64] ^= 1;  // other bytes lie there
  EXPECT_TRUE(file.Read(&warning).empty());
  EXPECT_EQ(warning, "");
}

}  // namespace
}  // namespace usdparquet
