#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <optional>
#include <rcar/core/hash.hpp>
#include <rcar/weights/safetensors.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/skip.hpp"
#include "tests/support/torch_file.hpp"

namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

/// What a server does with one request.
struct Reply {
  int status = 200;
  std::string body;
  std::size_t cut_after = std::string::npos;  // bytes of the body, then the connection breaks
};

/// A file server on localhost, one connection at a time.
class Server {
 public:
  /// `answer` gets the first byte that the client asks for, none when it asks for the whole file.
  explicit Server(std::function<Reply(std::optional<std::size_t> from)> answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(listener_, 8) == 0);
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    ::shutdown(listener_, SHUT_RDWR);  // wakes accept
    thread_.join();
    ::close(listener_);
  }

  const std::string& url() const { return url_; }
  /// The Range that each request asked for, "" for none.
  std::vector<std::string> ranges() {
    std::lock_guard lock(mutex_);
    return ranges_;
  }

 private:
  void serve() {
    for (int client; (client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
      converse(client);
      ::close(client);
    }
  }

  void converse(int client) {
    std::string request;
    char buffer[4096];
    while (request.find("\r\n\r\n") == std::string::npos) {
      const ssize_t got = ::recv(client, buffer, sizeof buffer, 0);
      if (got <= 0) return;
      request.append(buffer, static_cast<std::size_t>(got));
    }
    std::string range;
    if (const auto at = request.find("Range: bytes="); at != std::string::npos)
      range = request.substr(at + 13, request.find("\r\n", at) - at - 13);
    {
      std::lock_guard lock(mutex_);
      ranges_.push_back(range);
    }
    const Reply reply = answer_(range.empty() ? std::nullopt : std::optional(std::stoul(range)));
    std::string head = "HTTP/1.1 " + std::to_string(reply.status) +
                       " x\r\nConnection: close\r\nContent-Length: " + std::to_string(reply.body.size()) + "\r\n";
    if (reply.status == 206) {
      const std::size_t from = std::stoul(range), end = from + reply.body.size();
      head += "Content-Range: bytes " + std::to_string(from) + "-" + std::to_string(end - 1) + "/" +
              std::to_string(end) + "\r\n";
    }
    const std::string all = head + "\r\n" + reply.body.substr(0, reply.cut_after);
    for (std::size_t at = 0; at < all.size();) {
      const ssize_t sent = ::send(client, all.data() + at, all.size() - at, MSG_NOSIGNAL);
      if (sent <= 0) return;
      at += static_cast<std::size_t>(sent);
    }
  }

  std::function<Reply(std::optional<std::size_t>)> answer_;
  int listener_ = -1;
  std::string url_;
  std::mutex mutex_;
  std::vector<std::string> ranges_;
  std::thread thread_;
};

/// A server's answer with the file, or the rest of it.
Reply rest_of(const std::string& content, std::optional<std::size_t> from) {
  if (!from) return {200, content};
  if (*from >= content.size()) return {416, "", std::string::npos};
  return {206, content.substr(*from)};
}

/// A folder with a manifest of one entry, in which the tool runs.
struct Workplace {
  fs::path folder = [] {
    std::string name = (fs::temp_directory_path() / "rcar_get_weights_XXXXXX").string();
    return fs::path(::mkdtemp(name.data()));
  }();
  ~Workplace() { fs::remove_all(folder); }

  fs::path source() const { return folder / "lite0.pth"; }
  fs::path part() const { return folder / "lite0.pth.part"; }
  fs::path native() const { return folder / "lite0.safetensors"; }

  void write(const fs::path& path, const std::string& content) const {
    std::ofstream(path, std::ios::binary) << content;
  }
  std::string read(const fs::path& path) const {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream content;
    content << file.rdbuf();
    return content.str();
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
    std::erase_if(names,
                  [](const std::string& name) { return name == "manifest.json" || name == "err" || name == "out"; });
    std::sort(names.begin(), names.end());
    return names;
  }

  void manifest(const std::string& url, const std::string& content) const {
    write(folder / "manifest.json",
          R"({"format": "rcar-weights-manifest", "version": 1, "weights": [{"name": "efficientnetlite0", )"
          R"("file": "lite0.pth", "licence": "MIT", "source": "a test", "url": ")" +
              url + R"(/lite0.pth", "sha256": ")" + rcar::Sha256().add(content).hex() + "\"}]}");
  }

  struct Outcome {
    int code;
    std::string errors;
  };
  Outcome run(const std::string& options = "--source-only") const {
    const std::string command = "cd '" + folder.string() + "' && env -u http_proxy -u HTTP_PROXY '" + RCAR_TOOLS_DIR +
                                "/get_weights' efficientnetlite0 --manifest manifest.json --out '" + native().string() +
                                "' " + options + " >out 2>err";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read(folder / "err")};
  }
};

bool one_line(const std::string& text) {
  return text.starts_with("error: ") && text.ends_with(".\n") && std::count(text.begin(), text.end(), '\n') == 1;
}

bool no_tool() {
  if (fs::exists(fs::path(RCAR_TOOLS_DIR) / "get_weights")) return false;
  rcar::test::skip("the tools are not built (RCAR_BUILD_TOOLS)");
  return true;
}

/// 300 kB that no compression shortens and no part of which repeats.
std::string some_content() {
  std::string content;
  for (std::uint64_t i = 0; content.size() < 300'000; ++i) content += rcar::test::raw_bytes(i * 0x9e3779b97f4a7c15ULL);
  return content;
}

TEST_CASE("get_weights fetches a whole file and verifies it") {
  if (no_tool()) return;
  const std::string content = some_content();
  Server server([&](auto from) { return rest_of(content, from); });
  Workplace place;
  place.manifest(server.url(), content);
  const auto outcome = place.run();
  CHECK(outcome.code == 0);
  CHECK(outcome.errors.empty());
  CHECK(place.read(place.source()) == content);
  CHECK(place.files() == std::vector<std::string>{"lite0.pth"});
  CHECK(server.ranges() == std::vector<std::string>{""});
}

TEST_CASE("get_weights goes on where an earlier run stopped") {
  if (no_tool()) return;
  const std::string content = some_content();
  Server server([&](auto from) { return rest_of(content, from); });
  Workplace place;
  place.manifest(server.url(), content);
  place.write(place.part(), content.substr(0, 100'000));
  CHECK(place.run().code == 0);
  CHECK(place.read(place.source()) == content);
  CHECK(server.ranges() == std::vector<std::string>{"100000-"});

  fs::rename(place.source(), place.part());  // as when it was stopped just before the last step
  CHECK(place.run().code == 0);
  CHECK(place.read(place.source()) == content);
}

TEST_CASE("get_weights starts again where the server knows no ranges or the part is of another file") {
  if (no_tool()) return;
  const std::string content = some_content();
  Workplace place;
  {
    Server server([&](auto) { return Reply{200, content}; });
    place.manifest(server.url(), content);
    place.write(place.part(), content.substr(0, 1000));
    CHECK(place.run().code == 0);
    CHECK(place.read(place.source()) == content);
    CHECK(server.ranges() == std::vector<std::string>{"1000-"});
    fs::remove(place.source());
  }
  Server server([&](auto from) { return rest_of(content, from); });
  place.manifest(server.url(), content);
  for (const std::size_t size : {std::size_t{1000}, content.size(), content.size() + 1}) {
    place.write(place.part(), std::string(size, 'x'));
    CHECK(place.run().code == 0);
    CHECK(place.read(place.source()) == content);
    fs::remove(place.source());
  }
}

TEST_CASE("get_weights takes a broken connection up again, and keeps the part when it stays broken") {
  if (no_tool()) return;
  const std::string content = some_content();
  Workplace place;
  {
    int requests = 0;
    Server server([&](auto from) {
      Reply reply = rest_of(content, from);
      if (++requests == 1) reply.cut_after = 120'000;
      return reply;
    });
    place.manifest(server.url(), content);
    CHECK(place.run().code == 0);
    CHECK(place.read(place.source()) == content);
    CHECK(server.ranges() == std::vector<std::string>{"", "120000-"});
    fs::remove(place.source());
  }
  {
    int requests = 0;
    Server server([&](auto from) {
      Reply reply = rest_of(content, from);
      reply.cut_after = ++requests == 1 ? 120'000 : 0;
      return reply;
    });
    place.manifest(server.url(), content);
    const auto outcome = place.run();
    CHECK(outcome.code == 1);
    CHECK(one_line(outcome.errors));
    CHECK_THAT(outcome.errors, Contains("go on from '" + place.part().string() + "'"));
    CHECK(place.files() == std::vector<std::string>{"lite0.pth.part"});
    CHECK(place.read(place.part()) == content.substr(0, 120'000));
  }
  Server server([&](auto from) { return rest_of(content, from); });
  place.manifest(server.url(), content);
  CHECK(place.run().code == 0);
  CHECK(place.read(place.source()) == content);
}

TEST_CASE("get_weights keeps nothing of a file with another hash") {
  if (no_tool()) return;
  Server server([&](auto from) { return rest_of("something else", from); });
  Workplace place;
  place.manifest(server.url(), "what was promised");
  const auto outcome = place.run();
  CHECK(outcome.code == 1);
  CHECK(one_line(outcome.errors));
  CHECK_THAT(outcome.errors, Contains(rcar::Sha256().add("something else").hex()) &&
                                 Contains(rcar::Sha256().add("what was promised").hex()));
  CHECK(place.files().empty());
}

TEST_CASE("get_weights says where to put which file when it cannot be fetched") {
  if (no_tool()) return;
  Workplace place;
  const auto refused = [&](const std::string& options, const std::string& why) {
    const auto outcome = place.run(options);
    CHECK(outcome.code == 1);
    CHECK(one_line(outcome.errors));
    CHECK_THAT(outcome.errors,
               Contains(why) && Contains("put 'lite0.pth' (the SHA-256 " + rcar::Sha256().add("content").hex() +
                                         ") at '" + place.source().string() + "'"));
    CHECK(place.files().empty());
  };
  std::string gone;
  {
    Server server([&](auto) { return Reply{404, "not here"}; });
    place.manifest(server.url(), "content");
    refused("", "404");
    place.manifest("http://127.0.0.1:1", "content");
    refused("--base-url " + server.url() + "/mirror", server.url() + "/mirror/lite0.pth");
    gone = server.url();
  }
  place.manifest(gone, "content");
  refused("", "Cannot fetch " + gone);
  place.manifest("file://" + place.folder.string(), "content");  // HTTP only
  refused("", "Cannot fetch file:");
}

TEST_CASE("get_weights uses the file that a user put there, when its hash is right") {
  if (no_tool()) return;
  Workplace place;
  place.manifest("http://127.0.0.1:1", "content");
  place.write(place.source(), "content");
  CHECK(place.run().code == 0);
  place.write(place.source(), "another");
  const auto outcome = place.run();
  CHECK(outcome.code == 1);
  CHECK(one_line(outcome.errors));
  CHECK_THAT(outcome.errors, Contains("remove it, or put the right file there"));
  CHECK(place.read(place.source()) == "another");
}

TEST_CASE("get_weights turns what it fetched into native weights and leaves nothing else") {
  if (no_tool()) return;
  std::vector<rcar::test::TorchName> names;
  std::ifstream list(fs::path(RCAR_TEST_DATA) / "lite0_names_package.txt");
  for (std::string line; std::getline(list, line);) {
    std::istringstream words(line);
    rcar::test::TorchName name;
    words >> name.name;
    for (std::int64_t extent; words >> extent;) name.shape.push_back(extent);
    if (!name.name.starts_with("_fc.")) names.push_back(std::move(name));
  }
  const std::string content = rcar::test::torch_state_dict(names);
  Server server([&](auto from) { return rest_of(content, from); });
  Workplace place;
  place.manifest(server.url(), content);
  const auto outcome = place.run("");
  CHECK(outcome.code == 0);
  CHECK(place.files() == std::vector<std::string>{"lite0.safetensors"});
  const auto store = rcar::weights::read_safetensors(place.native());
  CHECK(store.parameters() == 3'413'024);
  CHECK(store.metadata.at("backbone") == "efficientnetlite0");
  CHECK(store.metadata.at("source_sha256") == rcar::Sha256().add(content).hex());

  CHECK(place.run("").code == 0);  // it is there: nothing is fetched again
  CHECK(server.ranges().size() == 1);
  place.write(place.native(), "mine");
  CHECK(place.run("").code == 1);  // and a file that is something else is not overwritten
  CHECK(place.read(place.native()) == "mine");
}

TEST_CASE("get_weights leaves no output when the fetched file is no weights") {
  if (no_tool()) return;
  Server server([&](auto from) { return rest_of("no checkpoint", from); });
  Workplace place;
  place.manifest(server.url(), "no checkpoint");
  const auto outcome = place.run("");
  CHECK(outcome.code == 1);
  CHECK(one_line(outcome.errors));
  CHECK_FALSE(fs::exists(place.native()));
}

TEST_CASE("get_weights tells wrong use from failure by its exit code") {
  if (no_tool()) return;
  const std::string tool = std::string("'") + RCAR_TOOLS_DIR + "/get_weights' ";
  const auto code = [&](const std::string& options) {
    const int status = std::system((tool + options + " >/dev/null 2>&1").c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  const std::string manifest = std::string("--manifest '") + RCAR_SOURCE_DIR + "/weights/manifest.json' ";
  CHECK(code("--help") == 0);
  CHECK(code(manifest + "--list") == 0);
  CHECK(code("") == 2);
  CHECK(code("--frobnicate") == 2);
  CHECK(code(manifest + "resnet50") == 2);
  CHECK(code("--manifest /nowhere/manifest.json efficientnetb0") == 1);
}

}  // namespace
