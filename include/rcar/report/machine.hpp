#pragma once
/// What a run ran on, in words: the machine, and the versions of what computed.

#include <sys/utsname.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <fstream>
#include <opencv2/core/version.hpp>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../backend/cpu.hpp"
#include "../core/threads.hpp"
#include "../core/version.hpp"
#include "../video/libav.hpp"

namespace rcar {

/// Lines of a table under a heading: names and values, as people read them.
struct Facts {
  std::string heading;
  std::vector<std::pair<std::string, std::string>> rows;
};

namespace detail {

#if defined(__clang__)
inline constexpr const char* compiler = "clang " __clang_version__;
#else
inline constexpr const char* compiler = "g++ " __VERSION__;
#endif

/// The value behind the first `name : value` line of a file of /proc; empty when there is none.
inline std::string proc_value(const char* path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || !line.starts_with(name)) continue;
    const std::size_t start = line.find_first_not_of(" \t", colon + 1);
    return start == std::string::npos ? std::string() : line.substr(start);
  }
  return {};
}

}  // namespace detail

/// This machine: processor, threads that rcar uses, memory, system, host.
inline Facts machine_facts() {
  Facts facts{"Machine", {}};
  const std::string processor = detail::proc_value("/proc/cpuinfo", "model name");
  facts.rows.emplace_back("Processor", processor.empty() ? "unknown" : processor);
  facts.rows.emplace_back("Instruction set", backend::instruction_set());
  facts.rows.emplace_back(
      "Threads", std::to_string(thread_count()) + " of " + std::to_string(std::thread::hardware_concurrency()));
  if (const long pages = ::sysconf(_SC_PHYS_PAGES), bytes = ::sysconf(_SC_PAGESIZE); pages > 0 && bytes > 0) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f GiB", static_cast<double>(pages) * static_cast<double>(bytes) / (1 << 30));
    facts.rows.emplace_back("Memory", text);
  }
  utsname system{};
  if (::uname(&system) == 0) {
    facts.rows.emplace_back("System", std::string(system.sysname) + " " + system.release + " " + system.machine);
    facts.rows.emplace_back("Host", system.nodename);
  }
  return facts;
}

/// The versions of rcar and of what it computes and decodes with.
inline Facts version_facts() {
  return {"Versions",
          {{"rcar", version},
           {"Engine", std::to_string(engine_version)},
           {"Compiler", detail::compiler},
           {"OpenCV", CV_VERSION},
           {"FFmpeg", av_version_info()}}};
}

/// A command line, quoted for a shell where a word needs it.
inline std::string command_line(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) {
    const bool plain = !word.empty() && word.find_first_not_of(
                                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "0123456789_@%+=:,./-") == std::string::npos;
    if (!text.empty()) text += ' ';
    if (plain) {
      text += word;
      continue;
    }
    text += '\'';
    for (const char c : word) text += c == '\'' ? "'\\''" : std::string(1, c);
    text += '\'';
  }
  return text;
}

/// The command line that this process was started with, as Linux remembers it; empty where it does not.
inline std::string this_command_line() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> words;
  for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
  return command_line(words);
}

}  // namespace rcar
