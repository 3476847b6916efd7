// Rows of lists by the runs of their levels, against each level looked at by itself.

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "core/pages/list_rows.h"
#include "core/pages/row_assembly.h"

namespace usdparquet {
namespace {

using Bytes = std::vector<uint8_t>;
using Random = std::mt19937;

/// Where every list and every value may be null, as most writers have it.
ColumnInfo Column(bool is_array, uint8_t tuple) {
  ColumnInfo column;
  column.type.is_array = is_array;
  column.type.tuple = tuple;
  int16_t level = 0;
  if (is_array) column.list_def = level += 2;
  if (tuple > 1) column.tuple_def = level += 2;
  column.max_def = level + 1;
  column.max_rep = is_array && tuple > 1 ? 2 : 1;
  return column;
}

/// Levels of random rows: values, nulls and empty arrays, and with `has_holes` now and then a value
/// that is null.
Levels RandomLevels(const ColumnInfo& column, uint32_t rows, bool has_holes, Random& random) {
  Levels levels;
  const auto add = [&](int def, int rep) {
    levels.def.push_back(static_cast<int16_t>(def));
    levels.rep.push_back(static_cast<int16_t>(rep));
    ++levels.count;
  };
  const uint32_t kind = random() % 4;  // no row without a value, or some, or many
  for (uint32_t row = 0; row < rows; ++row) {
    const bool is_array = column.type.is_array;
    if (kind > 0 && random() % (kind == 1 ? 100 : 3) == 0) {
      add(is_array ? static_cast<int>(random() % 2) : 0, 0);
      continue;
    }
    const uint32_t longest = random() % 5 == 0 ? 500 : 5;
    const uint32_t elements = is_array ? random() % longest : 1;
    if (elements == 0) add(1, 0);
    for (uint32_t i = 0; i < elements; ++i) {
      for (uint32_t k = 0; k < column.type.tuple; ++k) {
        const bool is_hole = has_holes && random() % 1000 == 0;
        add(column.max_def - is_hole, k > 0 ? column.max_rep : i > 0 ? 1 : 0);
      }
    }
  }
  return levels;
}

/// Levels [begin, end) as runs and packed groups, chosen at random.
Bytes Encode(const std::vector<int16_t>& levels, size_t begin, size_t end, int width,
             Random& random) {
  Bytes bytes;
  const auto put_varint = [&bytes](uint32_t value) {
    for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<uint8_t>(value | 0x80));
    bytes.push_back(static_cast<uint8_t>(value));
  };
  while (begin < end) {
    if (random() % 2 == 0) {
      size_t run = 1;
      while (begin + run < end && levels[begin + run] == levels[begin]) ++run;
      if (random() % 4 == 0) run = 1 + random() % run;
      put_varint(static_cast<uint32_t>(run << 1));
      bytes.push_back(static_cast<uint8_t>(levels[begin]));
      begin += run;
      continue;
    }
    const size_t groups = std::min<size_t>(1 + random() % 20, (end - begin + 7) / 8);
    put_varint(static_cast<uint32_t>(groups << 1 | 1));
    uint64_t packed = 0;
    int bits = 0;
    for (size_t i = 0; i < groups * 8; ++i) {
      if (begin < end) packed |= static_cast<uint64_t>(levels[begin++]) << bits;
      for (bits += width; bits >= 8; bits -= 8, packed >>= 8) {
        bytes.push_back(static_cast<uint8_t>(packed));
      }
    }
  }
  return bytes;
}

struct EncodedPage {
  PageHeader header;
  Bytes body;
};

EncodedPage MakePage(const ColumnInfo& column, const Levels& levels, size_t begin, size_t end,
                     bool is_version_2, Random& random) {
  EncodedPage page;
  page.header.type = is_version_2 ? parquet::PageType::DATA_PAGE_V2 : parquet::PageType::DATA_PAGE;
  page.header.num_values = static_cast<int32_t>(end - begin);
  page.header.rep_encoding = page.header.def_encoding = parquet::Encoding::RLE;
  const auto put = [&](const std::vector<int16_t>& from, int16_t highest) {
    const int width = highest > 3 ? 3 : highest > 1 ? 2 : 1;
    const Bytes bytes = Encode(from, begin, end, width, random);
    for (int i = 0; i < 4 && !is_version_2; ++i) {
      page.body.push_back(static_cast<uint8_t>(bytes.size() >> (8 * i)));
    }
    page.body.insert(page.body.end(), bytes.begin(), bytes.end());
    return static_cast<int32_t>(bytes.size());
  };
  page.header.rep_size = put(levels.rep, column.max_rep);
  page.header.def_size = put(levels.def, column.max_def);
  page.body.push_back(42);  // the values
  return page;
}

void ExpectSameRows(const std::vector<RowSpan>& rows, const std::vector<RowSpan>& expected) {
  ASSERT_EQ(rows.size(), expected.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(rows[i].state, expected[i].state) << "row " << i;
    ASSERT_EQ(rows[i].begin, expected[i].begin) << "row " << i;
    ASSERT_EQ(rows[i].count, expected[i].count) << "row " << i;
  }
}

class ListRows : public testing::Test {
 protected:
  /// Adds the levels in `pages` pages, which begin anywhere.
  std::optional<std::vector<RowSpan>> Read(const ColumnInfo& column, const Levels& levels,
                                           uint32_t most_rows, size_t pages) {
    usdparquet::ListRows rows(column, most_rows);
    size_t begin = 0;
    for (size_t i = 1; i <= pages; ++i) {
      const size_t end = i == pages ? levels.count : begin + random_() % (levels.count - begin + 1);
      if (begin == end) continue;
      const EncodedPage page = MakePage(column, levels, begin, end, random_() % 2, random_);
      const auto section = rows.Append(page.header, page.body);
      if (!section) return std::nullopt;
      EXPECT_EQ(section->size, 1);
      EXPECT_EQ(*section->data, 42);
      EXPECT_EQ(section->count,
                std::count(levels.def.begin() + static_cast<ptrdiff_t>(begin),
                           levels.def.begin() + static_cast<ptrdiff_t>(end), column.max_def));
      begin = end;
    }
    return rows.Finish();
  }

  Random random_{7};
};

TEST_F(ListRows, AreThoseThatTheLevelsTellOneByOne) {
  for (int round = 0; round < 3000; ++round) {
    const bool is_array = random_() % 3 > 0;
    constexpr uint8_t kTuples[] = {2, 3, 4, 9, 16};
    const auto column =
        Column(is_array, is_array && random_() % 2 ? 1 : kTuples[random_() % std::size(kTuples)]);
    const uint32_t num_rows = 1 + random_() % 200;
    const Levels levels = RandomLevels(column, num_rows, false, random_);
    const auto rows = Read(column, levels, num_rows, 1 + random_() % 3);
    ASSERT_TRUE(rows) << "round " << round;
    ExpectSameRows(*rows, AssembleRows(column, levels));
    if (HasFatalFailure()) return;
  }
}

TEST_F(ListRows, NullsWithinAValueAreLeftToWhoLooksAtEachLevel) {
  int left = 0;
  for (int round = 0; round < 500; ++round) {
    const auto column = Column(round % 3 > 0, round % 3 == 1 ? 1 : 3);
    const uint32_t num_rows = 1 + random_() % 100;
    const Levels levels = RandomLevels(column, num_rows, true, random_);
    const auto rows = Read(column, levels, num_rows, 1);
    const auto expected = AssembleRows(column, levels);
    const bool has_bad = std::ranges::any_of(
        expected, [](const RowSpan& row) { return row.state == RowSpan::State::kBad; });
    ASSERT_EQ(!rows, has_bad) << "round " << round;
    if (rows) ExpectSameRows(*rows, expected);
    left += has_bad;
  }
  EXPECT_GT(left, 50);
  EXPECT_LT(left, 450);
}

TEST_F(ListRows, DenseRowsAreCountedOnly) {
  const auto column = Column(false, 3);
  Levels levels;
  for (int i = 0; i < 300; ++i) {
    levels.def.push_back(column.max_def);
    levels.rep.push_back(i % 3 > 0);
  }
  levels.count = 300;
  const EncodedPage page = MakePage(column, levels, 0, 300, false, random_);
  usdparquet::ListRows rows(column, 100);
  ASSERT_TRUE(rows.Append(page.header, page.body));
  EXPECT_EQ(rows.DenseRows(), 100u);
  levels.def[150] = 0;  // a null where a row goes on
  levels.rep[150] = 0;
  usdparquet::ListRows others(column, 100);
  const EncodedPage other = MakePage(column, levels, 0, 300, false, random_);
  EXPECT_FALSE(others.Append(other.header, other.body));
}

TEST_F(ListRows, NoMoreRowsThanThereMayBe) {
  for (const bool is_array : {false, true}) {
    const auto column = Column(is_array, is_array ? 1 : 2);
    for (int round = 0; round < 50; ++round) {
      const Levels levels = RandomLevels(column, 20, false, random_);
      EXPECT_TRUE(Read(column, levels, 20, 1));
      EXPECT_FALSE(Read(column, levels, 19, 1));
    }
  }
}

TEST_F(ListRows, DamagedLevelsAreRefused) {
  const auto column = Column(true, 3);
  const Levels levels = RandomLevels(column, 50, false, random_);
  for (const bool is_version_2 : {false, true}) {
    const EncodedPage page = MakePage(column, levels, 0, levels.count, is_version_2, random_);
    for (size_t i = 0; i < page.body.size(); ++i) {  // none may read beyond its bytes
      EncodedPage damaged = page;
      damaged.body[i] ^= static_cast<uint8_t>(1 + random_() % 255);
      (void)usdparquet::ListRows(column, 50).Append(damaged.header, damaged.body);
      damaged = page;
      damaged.body.resize(i);
      const bool has_levels = is_version_2 ? i >= static_cast<size_t>(page.header.rep_size) +
                                                      static_cast<size_t>(page.header.def_size)
                                           : i + 1 == page.body.size();
      EXPECT_EQ(usdparquet::ListRows(column, 50).Append(damaged.header, damaged.body).has_value(),
                has_levels);
    }
    EncodedPage longer = page;
    ++longer.header.num_values;  // one more than there are, or a level of the padding
    const auto rows = usdparquet::ListRows(column, 50).Append(longer.header, longer.body);
    if (rows) EXPECT_LE(rows->count, static_cast<int>(levels.count) + 1);
  }
  // Levels as old writers packed them.
  EncodedPage old = MakePage(column, levels, 0, levels.count, false, random_);
  old.header.rep_encoding = parquet::Encoding::BIT_PACKED;
  EXPECT_FALSE(usdparquet::ListRows(column, 50).Append(old.header, old.body));
}

}  // namespace
}  // namespace usdparquet
