#pragma once

/// \file
/// Carries out the edits of a recipe, and makes checksums right again.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/parquet_file.h"
#include "fuzz/recipe.h"

namespace usdparquet_fuzz {

/// The bytes that an edit puts.
std::string PayloadOf(const Edit& edit);

/// A file under edits: first those of pages, then those of sections, then those of the footer. Each
/// function passes over edits of another kind.
class FileEditor {
 public:
  explicit FileEditor(std::string_view file);

  void EditPages(const Edit& edit);
  /// Puts the pages of the chunks that were edited into the file.
  void FinishPages();
  void EditSections(const Edit& edit);
  void EditFooter(const Edit& edit);
  std::string Bytes() const { return file_.Bytes(); }

 private:
  /// A chunk whose pages are edited.
  struct Chunk {
    ThriftValue* chunk = nullptr;
    std::vector<FilePage> pages;
    std::vector<std::string> coded;  ///< empty where the page is unchanged
    bool is_changed = false;
  };

  void EditPage(const Edit& edit, Chunk* chunk, size_t page);
  void EditPageList(const Edit& edit, Chunk* chunk, size_t page);
  void EditOffsetIndex(const Edit& edit);
  void EditList(const Edit& edit);
  void RenewPageLocations();

  ParquetFile file_;
  std::vector<Chunk> chunks_;
};

}  // namespace usdparquet_fuzz
