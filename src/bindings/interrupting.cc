// Ending the process on Ctrl-C while its only Python thread is within a long call.

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <utility>

#include "bindings/bindings.h"
#include "core/util/temporary_files.h"

namespace nb = nanobind;

namespace usdparquet::bindings {
namespace {

/// As shells have it: 128 and the number of the signal.
constexpr int kInterrupted = 128 + SIGINT;

/// Reads one byte. Returns whether there was one.
bool ReadByte(int descriptor, unsigned char* byte) {
  for (;;) {
    const ssize_t count = ::read(descriptor, byte, 1);
    if (count == 1) return true;
    if (count == 0 || errno != EINTR) return false;
  }
}

/// Waits until a byte can be read, at most so many milliseconds.
void WaitForByte(int descriptor, int milliseconds) {
  pollfd waited{descriptor, POLLIN, 0};
  ::poll(&waited, 1, milliseconds);
}

[[noreturn]] void EndProcess(const std::string& farewell) {
  TemporaryFiles::RemoveAll();
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, farewell.data(), farewell.size());
  ::_exit(kInterrupted);
}

void Watch(int descriptor, int patience, const std::string& farewell) {
  unsigned char signal = 0;
  while (ReadByte(descriptor, &signal)) {
    if (signal != SIGINT) continue;
    WaitForByte(descriptor, patience);  // the next Ctrl-C is not waited for
    EndProcess(farewell);
  }
}

void EndOnInterrupt(int descriptor, double patience, std::string farewell) {
  sigset_t all, before;
  ::sigfillset(&all);
  // The thread inherits the mask: signals are for Python's thread.
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const int milliseconds = static_cast<int>(patience * 1000);
  std::thread([descriptor, milliseconds, farewell = std::move(farewell)] {
    Watch(descriptor, milliseconds, farewell);
  }).detach();
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

void AddInterrupting(nb::module_& m) {
  m.def("end_on_interrupt", &EndOnInterrupt, nb::arg("descriptor"), nb::arg("patience"),
        nb::arg("farewell"),
        "Has a thread of its own, which needs no GIL, read the numbers of signals from "
        "`descriptor`, the other end of a pipe that is signal.set_wakeup_fd's. `patience` seconds "
        "after a SIGINT, or at the next one, it removes the process's temporary files, writes "
        "`farewell` to the standard error and ends the process with exit code 130. Ends with the "
        "pipe.");
  m.def(
      "add_temporary", [](const nb::object& file) { TemporaryFiles::Add(FileName(file)); },
      nb::arg("file"),
      "Says that `file`, and all in its folder whose name begins with its name, is to be removed "
      "if the process ends in the middle of its work. Thread-safe.");
  m.def(
      "forget_temporary", [](const nb::object& file) { TemporaryFiles::Forget(FileName(file)); },
      nb::arg("file"), "Takes back what add_temporary said. Thread-safe.");
}

}  // namespace usdparquet::bindings
