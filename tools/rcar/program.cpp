#include "program.hpp"

#include <chrono>
#include <cstdio>
#include <rcar/cluster/launch.hpp>
#include <rcar/core/version.hpp>
#include <thread>

namespace rcar::tools {

Program::Program() : app_("rcar: trains, evaluates and runs CNN + RNN video classifiers.", "rcar") {
  app_.require_subcommand(1);
  app_.set_version_flag("--version", std::string("rcar ") + version);
  app_.footer(
      "`rcar COMMAND --help` tells a command's options and shows examples.\n"
      "Exit code: 0 done, 1 error, 2 wrong usage, 3 done with findings.");
}

CLI::App& Program::add(const std::string& name, const std::string& what, const std::string& examples,
                       std::function<int(Console&)> work) {
  CLI::App& app = *app_.add_subcommand(name, what);
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
  bool began = false;
  const int code = run_program(app_, argc, argv, [&] {
    began = true;
    return work_(console_);
  });
  // mpirun ends all ranks when the first of them ends with an error: the one that says it is to be that one.
  if (!began && code != exit_code::done && cluster::launched_rank() > 0)
    std::this_thread::sleep_for(std::chrono::seconds(5));
  return code;
}

}  // namespace rcar::tools
