#pragma once
// Ctrl-C, and SIGTERM, as the wish to end: the work is told, and finishes what it writes. A second one ends at once.

#include <csignal>

#include <atomic>

namespace rcar::tools {

class EndingOnSignal {
 public:
  EndingOnSignal() {
    signal_number() = 0;
    struct sigaction action {};
    action.sa_handler = [](int number) { signal_number() = number; };
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigemptyset(&action.sa_mask);
    ::sigaction(SIGINT, &action, &interrupt_);
    ::sigaction(SIGTERM, &action, &terminate_);
  }
  EndingOnSignal(const EndingOnSignal&) = delete;
  EndingOnSignal& operator=(const EndingOnSignal&) = delete;
  ~EndingOnSignal() { restore(); }

  static bool wanted() { return signal_number() != 0; }

  /// Ends the program by the signal, as whoever sent it expects: for work whose results are not whole.
  void die() {
    const int number = signal_number();
    restore();
    if (number != 0) std::raise(number);
  }

 private:
  static std::atomic<int>& signal_number() {
    static std::atomic<int> number{0};
    static_assert(std::atomic<int>::is_always_lock_free);
    return number;
  }
  void restore() {
    ::sigaction(SIGINT, &interrupt_, nullptr);
    ::sigaction(SIGTERM, &terminate_, nullptr);
  }

  struct sigaction interrupt_ {
  }, terminate_{};
};

}  // namespace rcar::tools
