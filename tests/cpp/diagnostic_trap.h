#pragma once

/// \file
/// Collects what OpenUSD reports, for tests.

#include <mutex>
#include <string>
#include <vector>

#include "pxr/base/tf/callContext.h"
#include "pxr/base/tf/diagnosticMgr.h"
#include "pxr/base/tf/error.h"
#include "pxr/base/tf/status.h"
#include "pxr/base/tf/warning.h"
#include "pxr/pxr.h"

/// Takes the errors and warnings of all threads from its construction to its destruction.
///
/// In place of TfErrorMark, which runs inline code of a TBB that usd-core does not have (see
/// cmake/CheckTbb.cmake).
class DiagnosticTrap final : public PXR_NS::TfDiagnosticMgr::Delegate {
 public:
  DiagnosticTrap() { PXR_NS::TfDiagnosticMgr::GetInstance().AddDelegate(this); }
  ~DiagnosticTrap() override { PXR_NS::TfDiagnosticMgr::GetInstance().RemoveDelegate(this); }
  DiagnosticTrap(const DiagnosticTrap&) = delete;
  DiagnosticTrap& operator=(const DiagnosticTrap&) = delete;

  std::vector<std::string> Errors() const { return Copy(errors_); }
  std::vector<std::string> Warnings() const { return Copy(warnings_); }
  bool IsClean() const { return Errors().empty() && Warnings().empty(); }
  void Clear() {
    const std::lock_guard lock(mutex_);
    errors_.clear();
    warnings_.clear();
  }

  void IssueError(const PXR_NS::TfError& error) override { Add(errors_, error.GetCommentary()); }
  void IssueWarning(const PXR_NS::TfWarning& warning) override {
    Add(warnings_, warning.GetCommentary());
  }
  void IssueStatus(const PXR_NS::TfStatus&) override {}
  void IssueFatalError(const PXR_NS::TfCallContext&, const std::string& message) override {
    Add(errors_, message);
  }

 private:
  void Add(std::vector<std::string>& list, const std::string& message) {
    const std::lock_guard lock(mutex_);
    list.push_back(message);
  }
  std::vector<std::string> Copy(const std::vector<std::string>& list) const {
    const std::lock_guard lock(mutex_);
    return list;
  }

  mutable std::mutex mutex_;
  std::vector<std::string> errors_;
  std::vector<std::string> warnings_;
};
