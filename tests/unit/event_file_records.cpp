#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <rcar/core/crc32c.hpp>
#include <rcar/report/tensorboard/event_file.hpp>
#include <rcar/report/tensorboard/run_events.hpp>
#include <string>
#include <vector>

#include "tests/support/clips.hpp"

using namespace rcar;
using namespace rcar::tensorboard;

namespace {

std::uint64_t little_endian(const std::string& bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

/// The records of a file, each checked; the number of bytes behind the last whole one is left in `rest`.
std::vector<std::string> records(const std::string& file, std::size_t* rest = nullptr) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while (file.size() - at >= 16) {
    const std::uint64_t size = little_endian(file.substr(at, 8));
    CHECK(little_endian(file.substr(at + 8, 4)) == masked_crc32c(file.substr(at, 8)));
    if (file.size() - at - 16 < size) break;
    out.push_back(file.substr(at + 12, size));
    CHECK(little_endian(file.substr(at + 12 + size, 4)) == masked_crc32c(out.back()));
    at += 16 + size;
  }
  if (rest) *rest = file.size() - at;
  return out;
}

}  // namespace

TEST_CASE("the checksum has the published values") {
  // RFC 3720, appendix B.4.
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aau);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43u);
  std::string rising;
  for (int i = 0; i < 32; ++i) rising += static_cast<char>(i);
  CHECK(crc32c(rising) == 0x46dd794eu);
  CHECK(masked_crc32c("") == 0xa282ead8u);
}

TEST_CASE("fields are encoded as protoc encodes them") {
  const auto bytes = [](const Message& message) { return message.bytes(); };
  CHECK(bytes(Message().integer(1, 150)) == std::string("\x08\x96\x01"));  // the documentation's first example
  CHECK(bytes(Message().text(2, "testing")) == std::string("\x12\x07testing"));
  CHECK(bytes(Message().message(3, Message().integer(1, 150))) == std::string("\x1a\x03\x08\x96\x01"));
  CHECK(bytes(Message().integer(16, 1)) == std::string("\x80\x01\x01"));
  CHECK(bytes(Message().number(2, 1.5f)) == std::string("\x15\x00\x00\xc0\x3f", 5));
  CHECK(bytes(Message().number(1, -2.0)) == std::string("\x09\x00\x00\x00\x00\x00\x00\x00\xc0", 9));
  CHECK(bytes(Message().integer(2, ~std::uint64_t{0})) == "\x10" + std::string(9, '\xff') + "\x01");
}

TEST_CASE("an event file begins with its version and holds whole records after every flush") {
  const test::TempFolder folder;
  EventFile file(folder / "events");
  CHECK(file.path().filename().string().starts_with("events.out.tfevents."));
  const auto first = records(test::read_text(file.path()));
  REQUIRE(first.size() == 1);
  CHECK(first[0].ends_with("brain.Event:2"));
  file.add_value(scalar_value("loss", 0.5), 1);
  file.add_value(scalar_value("accuracy", 0.25), 1);
  CHECK(records(test::read_text(file.path())).size() == 1);
  file.flush();
  std::size_t rest = 1;
  CHECK(records(test::read_text(file.path()), &rest).size() == 3);
  CHECK(rest == 0);
}

TEST_CASE("two files of one process in one folder have names of their own") {
  const test::TempFolder folder;
  const EventFile one(folder.path()), other(folder.path());
  CHECK(one.path() != other.path());
}

TEST_CASE("a file that cannot grow is refused, and ends with its last whole record") {
  const test::TempFolder folder;
  EventFile file(folder.path());
  const auto size = std::filesystem::file_size(file.path());
  struct rlimit before {};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto signal = std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit small = before;
  small.rlim_cur = size + 20;  // room for half a record
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  file.add_value(scalar_value("a tag that takes more than twenty bytes", 1), 1);
  CHECK_THROWS_AS(file.flush(), FileError);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, signal);
  CHECK(std::filesystem::file_size(file.path()) == size);
  file.add_value(scalar_value("later", 1), 2);
  file.flush();
  CHECK(records(test::read_text(file.path())).size() == 2);
}

TEST_CASE("a folder that cannot be made is refused") {
  const test::TempFolder folder;
  test::write_text(folder / "file", "");
  CHECK_THROWS_AS(EventFile(folder / "file/events"), FileError);
}

TEST_CASE("each epoch stands in the file when its call returns; a run that breaks off is marked as failed") {
  const test::TempFolder folder;
  History history;
  std::filesystem::path path;
  {
    RunEvents events(folder.path(), {.learning_rate = 0.01});
    path = events.path();
    events.start({{"cell", "lstm"}, {"epochs", 3}, {"shuffle", true}});
    const std::size_t before = records(test::read_text(path)).size();
    CHECK(before == 4);  // version, experiment, session start, charts
    for (int epoch = 1; epoch <= 3; ++epoch) {
      history.loss.push_back(1.0 / epoch);
      history.accuracy.push_back(0.5);
      events.epoch(epoch, history);
      CHECK(records(test::read_text(path)).size() == before + 1 + 3 * static_cast<std::size_t>(epoch));
    }
  }
  const auto all = records(test::read_text(path));
  CHECK(all.size() == 4 + 1 + 9 + 1);  // and the end
  CHECK(all.back().find("_hparams_/session_end_info") != std::string::npos);
}

TEST_CASE("a run that is gone on with tells the epochs behind it too") {
  const test::TempFolder folder;
  History history;
  history.loss = {3, 2, 1};
  history.accuracy = {0.1, 0.2, 0.3};
  RunEvents events(folder.path());
  events.epoch(3, history);
  CHECK(records(test::read_text(events.path())).size() == 1 + 1 + 9);  // version, start, three scalars an epoch
  events.epoch(3, history);
  CHECK(records(test::read_text(events.path())).size() == 1 + 1 + 9);
}
