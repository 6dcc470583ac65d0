#include "program.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <rcar/cluster/launch.hpp>
#include <rcar/core/version.hpp>
#include <string_view>
#include <thread>

#include "completion.hpp"
#include "help.hpp"
#include "option_facts.hpp"

namespace rcar::tools {

namespace {

/// "train", "evaluate", ...
std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

std::string perhaps(const std::string& name) { return name.empty() ? "" : ", perhaps " + name + " is meant"; }

std::string no_command(const CLI::App& app, const std::string& word) {
  return "There is no command " + quoted(std::string(word)) + perhaps(nearest(word, command_names(app))) +
         "; rcar --help lists them.";
}

/// Says what is wrong with a command line. A mistyped option explains whatever else is missing, so it comes first.
std::string advice(const CLI::App& app, const CLI::ParseError& wrong) {
  const auto used = app.get_subcommands();
  const std::string name = used.empty() ? "rcar" : "rcar " + used.front()->get_name();
  const std::string help = "; " + name + " --help tells the options.";
  const auto rest = app.remaining(true);
  const auto option = std::find_if(rest.begin(), rest.end(), [](const auto& word) { return word.starts_with("-"); });
  if (option != rest.end()) {
    std::vector<std::string> names;
    for (const auto& each : all_facts(used.empty() ? app : *used.front()))
      if (!each.positional) names.insert(names.end(), each.names.begin(), each.names.end());
    const std::string word = option->substr(0, option->find('='));
    return name + " has no option " + quoted(std::string(word)) + perhaps(nearest(word, names)) + help;
  }
  if (used.empty() && !rest.empty()) return no_command(app, rest.front());
  if (used.empty()) return "A command is missing; rcar --help lists them.";
  if (!rest.empty() && dynamic_cast<const CLI::ExtrasError*>(&wrong))
    return name + " takes no further argument such as " + quoted(std::string(rest.front())) + help;
  return wrong.what() + help;
}

}  // namespace

Program::Program() : app_("rcar trains, evaluates and runs CNN + RNN video classifiers.", "rcar") {
  app_.formatter(std::make_shared<HelpFormatter>());  // sub-commands inherit it
  app_.set_help_flag("-h,--help", "Print this help");
  app_.require_subcommand(1);
  app_.set_version_flag("--version", std::string("rcar ") + version, "Print the version");
  app_.footer(
      "`rcar COMMAND --help` tells a command's options and shows examples.\n"
      "Exit code: 0 done, 1 error, 2 wrong usage, 3 done with findings.");
}

CLI::App& Program::add(const std::string& name, const std::string& what, const std::string& examples,
                       std::function<int(Console&)> work) {
  CLI::App& app = *app_.add_subcommand(name, what);
  app.get_help_ptr()->group("Output");
  console_.add_options(app);
  app.footer("Examples:\n" + examples +
             "\n\nExit code: 0 done, 1 error, 2 wrong usage, 3 done with findings (what they are is said).");
  app.callback([this, work = std::move(work)] { work_ = work; });
  return app;
}

int Program::run(int argc, char** argv) {
  if (cluster::launched_rank() > 0) {  // the first rank speaks for all
    console_.silence();
    if (!std::freopen("/dev/null", "w", stdout)) return exit_code::error;
  }
  if (argc < 2) {
    std::fputs(app_.help().c_str(), stdout);
    return exit_code::usage;
  }
  std::vector<char*> words(argv, argv + argc);
  std::string help = "--help";
  if (std::string_view(words[1]) == "help") {  // `rcar help train` is `rcar train --help`
    words.erase(words.begin() + 1);
    words.resize(std::min<std::size_t>(words.size(), 2));
    words.push_back(help.data());
  }
  bool began = false;
  const int code = run_program(
      app_, static_cast<int>(words.size()), words.data(),
      [&] {
        began = true;
        return work_(console_);
      },
      advice);
  // mpirun ends all ranks when the first of them ends with an error: the one that says it is to be that one.
  if (!began && code != exit_code::done && cluster::launched_rank() > 0)
    std::this_thread::sleep_for(std::chrono::seconds(5));
  return code;
}

}  // namespace rcar::tools
