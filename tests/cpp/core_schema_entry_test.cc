// The footer's entry about the layer: what it keeps, versions, damage.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "core/schema/schema_entry.h"

namespace usdparquet {
namespace {

SchemaEntry FullEntry() {
  SchemaEntry entry;
  entry.path_column = "prim";
  entry.time_column = "frame";
  entry.is_exact = true;
  entry.layer = {{"defaultPrim", {"token", std::string("A")}},
                 {"metersPerUnit", {"double", 0.1}},
                 {"quote \" \\ \n ü", {"string", std::string("\" \\ \n ü \x01")}}};
  ColumnEntry size;
  size.property = "geo:size";
  size.type = "float3";
  size.is_uniform = size.is_custom = true;
  size.null = NullMeaning::kNoProperty;
  size.metadata = {{"hidden", {"bool", true}},
                   {"smallest", {"int", int64_t{INT32_MIN}}},
                   {"largest", {"int64", int64_t{INT64_MAX}}},
                   {"half", {"float", 0.5}},
                   {"file", {"asset", std::string("a.png")}},
                   {"names", {"token[]", std::vector<std::string>{"", "b"}}},
                   {"none", {"string[]", std::vector<std::string>{}}}};
  ColumnEntry kind;
  kind.role = ColumnRole::kPrimMetadata;
  kind.field = "kind";
  ColumnEntry targets;
  targets.role = ColumnRole::kRelationship;
  entry.columns = {{"size", size}, {"kind", kind}, {"targets", targets}};
  return entry;
}

TEST(SchemaEntry, ComesBack) {
  const SchemaEntry entry = FullEntry();
  const auto parsed = ParseSchemaEntry(SerializeSchemaEntry(entry));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, entry);
  const auto empty = ParseSchemaEntry(SerializeSchemaEntry({}));
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_EQ(*empty, SchemaEntry());
}

TEST(SchemaEntry, EveryDoubleComesBack) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    const uint64_t bits = random();
    double number;
    std::memcpy(&number, &bits, sizeof(number));
    if (!std::isfinite(number)) continue;
    SchemaEntry entry;
    entry.layer = {{"x", {"double", number}}};
    const auto parsed = ParseSchemaEntry(SerializeSchemaEntry(entry));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(std::get<double>(parsed->layer[0].second.value), number);
  }
}

TEST(SchemaEntry, ANewerMinorVersionIsRead) {
  const auto parsed =
      ParseSchemaEntry(R"({"version": "1.7", "new": {}, "columns": {"x": {"new": 1}}})");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->columns.size(), 1u);
}

TEST(SchemaEntry, ANewerMajorVersionIsRefused) {
  const auto parsed = ParseSchemaEntry(R"({"version": "2.0"})");
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.status().message(),
            "the footer's 'usdparquet:schema' is of version '2.0', which a newer usdparquet wrote; "
            "this one reads version 1: upgrade it");
}

// Of two some readers take the first and others the last.
TEST(SchemaEntry, AKeyThatIsThereTwiceIsRefused) {
  for (
      const char* text : {
          R"({"version": "1.0", "path": "x", "y": 1, "path": "y"})",
          R"({"version": "1.0", "columns": {"path": {}, "y": {}, "path": {"custom": true}}})",
          R"({"version": "1.0", "columns": {"x": {"path": "x", "type": "int", "path": 1}}})",
          R"({"version": "1.0", "layer": {"path": {"int": 1}, "a": {"int": 2}, "path": {"int": 1}}})",
          R"({"version": "1.0", "columns": {"x": {"metadata": {"path": {"int": 1}, "path": {"int": 2}}}}})",
      }) {
    const auto parsed = ParseSchemaEntry(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_NE(parsed.status().message().find("'path' is there twice"), std::string::npos)
        << parsed.status();
  }
}

TEST(SchemaEntry, AnyDamageIsAnErrorOrAnotherEntry) {
  const std::string good = SerializeSchemaEntry(FullEntry());
  std::mt19937 random(7);
  int refused = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string text = good;
    for (unsigned n = 0, flips = 1 + random() % 4; n < flips; ++n) {
      const size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, 1 + random() % 20);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 20));
      }
      if (text.empty()) text = "{";
    }
    const auto parsed = ParseSchemaEntry(text);
    if (parsed.ok()) continue;
    ++refused;
    EXPECT_NE(parsed.status().message().find("usdparquet:schema"), std::string::npos);
    EXPECT_LT(parsed.status().message().size(), 2000u);
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace usdparquet
