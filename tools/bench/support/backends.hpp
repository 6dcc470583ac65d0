#pragma once
/// The one place that says which back ends the benchmarks can measure.

#include <CLI/CLI.hpp>
#include <rcar/backend/blas.hpp>
#include <rcar/backend/default.hpp>
#include <rcar/backend/native.hpp>
#include <rcar/core/error.hpp>

#include <string>
#include <type_traits>

namespace rcar::bench {

struct BackendChoice {
  std::string backend = "default";
  std::string numerics = "fast";
};

/// Calls run(std::type_identity<B>{}) with the back end B that was chosen. Throws UsageError when there is none.
/// A new back end is a line here, and its name in the message.
template <class Run>
auto with_backend(const BackendChoice& choice, Run&& run) {
  if (choice.numerics != "fast" && choice.numerics != "exact")
    throw UsageError("There are no numerics " + quoted(choice.numerics) + "; choose fast or exact.");
  if ((choice.backend == "default" || choice.backend == "native") && choice.numerics == "exact")
    return run(std::type_identity<backend::Native<backend::numerics::exact>>{});
  if (choice.backend == "default") return run(std::type_identity<backend::Default>{});
  if (choice.backend == "native") return run(std::type_identity<backend::Native<>>{});
  if (choice.backend == "blas") return run(std::type_identity<backend::Blas>{});
  throw UsageError("This build measures no back end " + quoted(choice.backend) + "; choose default, native or blas.");
}

inline void add_backend_options(CLI::App& app, BackendChoice& choice) {
  app.add_option("--backend", choice.backend, "default, or the name of a back end: native, blas")
      ->capture_default_str();
  app.add_option("--numerics", choice.numerics, "fast or exact, for back ends that have both")->capture_default_str();
}

}  // namespace rcar::bench
