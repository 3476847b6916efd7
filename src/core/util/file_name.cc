#include "core/util/file_name.h"

#include "core/util/message_text.h"

namespace usdparquet {

std::string PathFrom(const std::string& folder, const std::string& name) {
  return name.starts_with('/') ? name : folder + "/" + name;
}

arrow::Status WithFileName(const arrow::Status& status, const std::string& name) {
  if (status.ok()) return status;
  std::string message = name + ": " + status.message();
  if (status.detail()) {  // of an error of the system: its reason
    const std::string reason = status.detail()->ToString();
    if (message.find(reason) == std::string::npos) message += ": " + reason;
  }
  return status.WithMessage(MessageText(message));
}

}  // namespace usdparquet
