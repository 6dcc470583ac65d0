// rcar completion: what a shell needs to complete rcar's command lines.
#include "completion.hpp"

#include <cstdio>
#include <rcar/core/error.hpp>

#include "commands.hpp"
#include "option_facts.hpp"
#include "program.hpp"

namespace rcar::tools {

namespace {

std::string joined(const std::vector<std::string>& words, const std::string& separator) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : separator) + word;
  return text;
}

/// 'text' for a shell, whatever it holds.
std::string single_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// The first sentence of a description, which is what fits into a list.
std::string first_clause(const std::string& text) { return text.substr(0, text.find_first_of(";\n(")); }

std::vector<OptionFacts> options_of(const CLI::App& app) {
  auto facts = all_facts(app);
  std::erase_if(facts, [](const OptionFacts& each) { return each.positional; });
  return facts;
}

std::vector<OptionFacts> arguments_of(const CLI::App& app) {
  auto facts = all_facts(app);
  std::erase_if(facts, [](const OptionFacts& each) { return !each.positional; });
  return facts;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto& option : options_of(app)) names.insert(names.end(), option.names.begin(), option.names.end());
  return names;
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
  std::string values, names, arguments, commands;
  for (const CLI::App* command : app.get_subcommands({})) {
    const std::string& name = command->get_name();
    commands += (commands.empty() ? "" : " ") + name;
    for (const auto& option : options_of(*command)) {
      if (option.value.empty()) continue;
      std::vector<std::string> patterns;
      for (const auto& each : option.names) patterns.push_back(name + "," + each);
      values += "    " + joined(patterns, "|") + ") ";
      if (!option.choices.empty())
        values += "COMPREPLY=($(compgen -W '" + joined(option.choices, " ") + "' -- \"$cur\")); ";
      else if (option.takes_files())
        values += "_rcar_files; ";
      values += "return ;;\n";
    }
    names +=
        "      " + name + ") COMPREPLY=($(compgen -W '" + joined(option_names(*command), " ") + "' -- \"$cur\")) ;;\n";
    for (const auto& argument : arguments_of(*command))
      if (!argument.choices.empty())
        arguments +=
            "      " + name + ") COMPREPLY=($(compgen -W '" + joined(argument.choices, " ") + "' -- \"$cur\")) ;;\n";
  }
  return R"(# Completion of rcar for bash: source <(rcar completion bash)
_rcar_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}
_rcar() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command='' word
  COMPREPLY=()
  if [[ $cur == '=' ]]; then  # --option=
    cur=''
  elif [[ $prev == '=' ]]; then  # --option=value
    prev=${COMP_WORDS[COMP_CWORD-2]}
  fi
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] || { command=$word; break; }
  done
  case $command,$prev in
)" + values +
         R"(  esac
  if [[ $cur == -* ]]; then
    case $command in
      '') COMPREPLY=($(compgen -W ')" +
         joined(option_names(app), " ") + R"(' -- "$cur")) ;;
)" + names +
         R"(    esac
  elif [[ -z $command ]]; then
    COMPREPLY=($(compgen -W ')" +
         commands + R"(' -- "$cur"))
  else
    case $command in
)" + arguments +
         R"(      *) _rcar_files ;;
    esac
  fi
}
complete -F _rcar rcar
)";
}

std::string zsh_completion(const CLI::App& app) {
  // In a specification of _arguments, brackets and colons have meanings.
  const auto plain = [](const std::string& text) {
    std::string out;
    for (const char c : text) out += (c == '[' || c == ']' || c == ':' || c == '\\' ? "\\" : "") + std::string(1, c);
    return out;
  };
  const auto value_of = [&](const OptionFacts& each) {
    if (!each.choices.empty()) return "(" + joined(each.choices, " ") + ")";
    return std::string(each.takes_files() ? "_files" : " ");
  };
  std::string commands, cases;
  for (const CLI::App* command : app.get_subcommands({})) {
    commands += "    " + single_quoted(command->get_name() + ":" + plain(command->get_description())) + "\n";
    cases += "    " + command->get_name() + ")\n      _arguments";
    for (const auto& option : options_of(*command))
      for (const auto& name : option.names)
        cases += " \\\n        " + single_quoted("(" + joined(option.names, " ") + ")" + name + "[" +
                                                 plain(first_clause(option.description)) + "]" +
                                                 (option.value.empty() ? "" : ":value:" + value_of(option)));
    for (const auto& argument : arguments_of(*command))
      cases += " \\\n        " + single_quoted((argument.several    ? "*:"
                                                : argument.required ? ":"
                                                                    : "::") +
                                               argument.names.front() + ":" + value_of(argument));
    cases += " ;;\n";
  }
  return "#compdef rcar\n# Completion of rcar for zsh: rcar completion zsh >FOLDER_OF_FPATH/_rcar\n_rcar() {\n"
         "  local -a commands=(\n" +
         commands +
         "  )\n  if (( CURRENT == 2 )); then\n    _describe -t commands 'rcar command' commands\n    return\n  fi\n"
         "  shift words\n  (( CURRENT-- ))\n  case $words[1] in\n" +
         cases +
         "  esac\n}\n"
         "if [[ $funcstack[1] == _rcar ]]; then\n  _rcar \"$@\"\nelse\n  compdef _rcar rcar\nfi\n";
}

std::string fish_completion(const CLI::App& app) {
  std::string out = "# Completion of rcar for fish: rcar completion fish | source\ncomplete -c rcar -f\n";
  const auto value_of = [](const OptionFacts& each) -> std::string {
    if (each.value.empty()) return "";
    if (!each.choices.empty()) return " -x -a " + single_quoted(joined(each.choices, " "));
    return each.takes_files() ? " -r -F" : " -x";
  };
  for (const auto& option : options_of(app))
    for (const auto& name : option.names)
      out += "complete -c rcar -n __fish_use_subcommand " +
             (name.starts_with("--") ? "-l " + name.substr(2) : "-s " + name.substr(1)) + " -d " +
             single_quoted(first_clause(option.description)) + "\n";
  for (const CLI::App* command : app.get_subcommands({})) {
    out += "complete -c rcar -n __fish_use_subcommand -a " + command->get_name() + " -d " +
           single_quoted(command->get_description()) + "\n";
    const std::string here = "complete -c rcar -n '__fish_seen_subcommand_from " + command->get_name() + "'";
    for (const auto& option : options_of(*command)) {
      out += here;
      for (const auto& name : option.names)
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      out += value_of(option) + " -d " + single_quoted(first_clause(option.description)) + "\n";
    }
    for (const auto& argument : arguments_of(*command)) {
      if (!argument.choices.empty()) out += here + " -a " + single_quoted(joined(argument.choices, " ")) + "\n";
      if (argument.takes_files()) out += here + " -F\n";
    }
  }
  return out;
}

void add_completion(Program& program) {
  const auto shell = std::make_shared<std::string>();
  CLI::App& app =
      program.add("completion", "Prints a completion script for a shell",
                  "  source <(rcar completion bash)                       # this shell; or put it into ~/.bashrc\n"
                  "  rcar completion zsh >~/.zsh/completions/_rcar        # a folder of $fpath\n"
                  "  rcar completion fish >~/.config/fish/completions/rcar.fish",
                  [shell, &program](Console& console) {
                    const std::string script = *shell == "bash"  ? bash_completion(program.app())
                                               : *shell == "zsh" ? zsh_completion(program.app())
                                                                 : fish_completion(program.app());
                    if (!console.wants_json())
                      std::fputs(script.c_str(), stdout);  // what was asked for, --quiet or not
                    console.json({{"shell", *shell}, {"script", script}});
                    return exit_code::done;
                  });
  app.add_option("SHELL", *shell, "The shell: bash, zsh or fish")->required()->check(one_of({"bash", "zsh", "fish"}));
}

}  // namespace rcar::tools
