#pragma once
/// The processes ("ranks") that mpirun started together: who they are, what one tells all, and how an error of one ends
/// all with one message.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "launch.hpp"
#include "mpi.hpp"

namespace rcar::cluster {

/// What ranks say to whoever started them; rank 0 says it for all.
struct Voice {
  std::function<void(const std::string&)> error = [](const std::string& text) {
    std::fprintf(stderr, "error: %s\n", text.c_str());
  };
  std::function<void(const std::string&)> warn = [](const std::string& text) {
    std::fprintf(stderr, "warning: %s\n", text.c_str());
  };
};

/// A message to rank 0.
struct Message {
  int from = 0, tag = 0;
  std::vector<std::byte> bytes;
};

/// Joins the ranks on construction and parts from them in leave(). A process that was started alone is rank 0 of 1, and
/// MPI is not started.
///
///     cluster::Session session;
///     if (session.first()) model.save("model.rcar");
///     session.leave();
///
/// On rank 0 a thread listens for what the others send while it computes.
class Session {
 public:
  /// Throws UsageError when this MPI cannot be used by several threads.
  explicit Session(Voice voice = {}) : voice_(std::move(voice)) {
    if (launched_rank() < 0) return;
    int support = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &support);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks_);
    joined_ = true;
    if (support < MPI_THREAD_MULTIPLE)
      throw UsageError("This MPI does not support MPI_THREAD_MULTIPLE; use Open MPI 3 or later.");
    for (MPI_Comm* communicator : {&all_, &alarm_, &work_}) MPI_Comm_dup(MPI_COMM_WORLD, communicator);
    if (first() && !alone()) listener_ = std::thread([this] { listen(); });
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() {
    if (joined_ && std::uncaught_exceptions() > 0) MPI_Abort(MPI_COMM_WORLD, 1);  // others may be waiting for this one
    leave();
  }

  int rank() const { return rank_; }
  int ranks() const { return ranks_; }
  bool first() const { return rank_ == 0; }
  bool alone() const { return ranks_ == 1; }
  /// Of collective operations.
  MPI_Comm communicator() const { return all_; }

  /// Waits, asleep, for all ranks.
  void wait_for_all() const {
    if (alone()) return;
    MPI_Request request;
    MPI_Ibarrier(all_, &request);
    wait_asleep(request);
  }

  /// Rank 0's text, in every rank.
  std::string broadcast(std::string text) const {
    if (alone()) return text;
    unsigned long long size = text.size();
    broadcast_bytes(std::as_writable_bytes(std::span(&size, 1)), all_);
    text.resize(size);
    broadcast_bytes(std::as_writable_bytes(std::span(text.data(), text.size())), all_);
    return text;
  }

  /// The sum of all ranks' numbers, in every rank.
  std::size_t sum(std::size_t number) const {
    if (alone()) return number;
    unsigned long long mine = number, all = 0;
    MPI_Allreduce(&mine, &all, 1, MPI_UNSIGNED_LONG_LONG, MPI_SUM, all_);
    return all;
  }

  /// Throws DataError, in every rank, when the ranks' texts differ; `what` begins the sentence: "The lists of clips".
  void require_same(const std::string& text, const std::string& what) const {
    const std::size_t others = sum(broadcast(text) == text ? 0 : 1);
    if (others > 0)
      throw DataError(what + " of " + std::to_string(others) + " of " + std::to_string(ranks_) +
                      " ranks differ from the first rank's; start all on the same files, program and kind of CPU.");
  }

  /// Says a warning by rank 0's voice.
  void warn(const std::string& text) const {
    if (first())
      voice_.warn(text);
    else
      MPI_Send(text.data(), static_cast<int>(text.size()), MPI_BYTE, 0, warning_tag, alarm_);
  }

  /// Ends all ranks with `code` after one message, whichever ranks fail at once.
  [[noreturn]] void fail(const std::string& text, int code) {
    if (alone() || first()) end_all(text, code);
    std::string message(reinterpret_cast<const char*>(&code), sizeof code);
    message += text;
    MPI_Request request;
    MPI_Isend(message.data(), static_cast<int>(message.size()), MPI_BYTE, 0, error_tag, alarm_, &request);
    for (int done = 0, tenths = 0; tenths < 100; ++tenths) {  // for rank 0 to say it and end this process
      MPI_Test(&request, &done, MPI_STATUS_IGNORE);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    end_all(text, code);  // rank 0 does not hear
  }

  /// Rank 0: hands messages of the ranks to `take`, on the listening thread, until serve({}). What it throws is
  /// rethrown by require_served().
  void serve(std::function<void(const Message&)> take) {
    std::lock_guard lock(take_mutex_);
    take_ = std::move(take);
  }
  void require_served() {
    std::lock_guard lock(take_mutex_);
    if (take_failure_) std::rethrow_exception(take_failure_);
  }

  /// Sends to rank 0's serve(); returns once it has been taken up, so that messages do not pile up there.
  void send(int tag, std::span<const std::byte> bytes) const {
    MPI_Request request;
    MPI_Issend(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, 0, tag, work_, &request);
    wait_asleep(request);
  }
  /// Rank 0's answer to a message, and how a rank waits for it.
  void answer(int to, int tag, std::span<const std::byte> bytes) const {
    MPI_Send(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, to, tag, all_);
  }
  void receive_answer(int tag, std::span<std::byte> bytes) const {
    MPI_Request request;
    MPI_Irecv(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, 0, tag, all_, &request);
    wait_asleep(request);
  }

  /// Parts from the others once all have come to this.
  void leave() {
    if (!std::exchange(joined_, false)) return;
    wait_for_all();
    stop_ = true;
    if (listener_.joinable()) listener_.join();
    for (MPI_Comm* communicator : {&all_, &alarm_, &work_}) MPI_Comm_free(communicator);
    MPI_Finalize();
  }

 private:
  static constexpr int error_tag = 1, warning_tag = 2;

  /// Says it and ends all: the first caller only, whatever thread it is; others wait for their end.
  [[noreturn]] void end_all(const std::string& text, int code) {
    if (!ending_.exchange(true)) {
      voice_.error(text);
      if (!joined_) std::exit(code);
      MPI_Abort(MPI_COMM_WORLD, code);
    }
    for (;;) std::this_thread::sleep_for(std::chrono::seconds(1));
  }

  void listen() {
    while (!stop_) {
      Message message;
      if (take_message(alarm_, message)) {
        std::string text(reinterpret_cast<const char*>(message.bytes.data()), message.bytes.size());
        if (message.tag == warning_tag) {
          voice_.warn(text);
          continue;
        }
        int code = 1;
        std::memcpy(&code, text.data(), sizeof code);
        end_all(text.substr(sizeof code), code);
      }
      if (!serve_one()) std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
  }

  bool serve_one() {
    std::lock_guard lock(take_mutex_);
    Message message;
    if (!take_ || !take_message(work_, message)) return false;
    try {
      if (!take_failure_) take_(message);
    } catch (...) {
      take_failure_ = std::current_exception();
    }
    return true;
  }

  static bool take_message(MPI_Comm communicator, Message& message) {
    int there = 0, bytes = 0;
    MPI_Status status;
    MPI_Message handle;
    MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, communicator, &there, &handle, &status);
    if (!there) return false;
    MPI_Get_count(&status, MPI_BYTE, &bytes);
    message.from = status.MPI_SOURCE;
    message.tag = status.MPI_TAG;
    message.bytes.resize(static_cast<std::size_t>(bytes));
    MPI_Mrecv(message.bytes.data(), bytes, MPI_BYTE, &handle, MPI_STATUS_IGNORE);
    return true;
  }

  Voice voice_;
  int rank_ = 0, ranks_ = 1;
  bool joined_ = false;
  MPI_Comm all_ = MPI_COMM_NULL, alarm_ = MPI_COMM_NULL, work_ = MPI_COMM_NULL;
  std::atomic<bool> stop_{false}, ending_{false};
  std::mutex take_mutex_;
  std::function<void(const Message&)> take_;
  std::exception_ptr take_failure_;
  std::thread listener_;
};

}  // namespace rcar::cluster
