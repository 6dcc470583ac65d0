// Teams where rcar is built without MPI.
#include <rcar/cluster/launch.hpp>

#include "team.hpp"
#include "team_of_one.hpp"

namespace rcar::tools {

int run_in_team(const Console&, const std::function<int(Team&)>& work) {
  if (cluster::launched_rank() >= 0)
    throw UsageError(
        "This rcar was built without MPI, so mpirun cannot start it; build it where Open MPI is installed "
        "(apt install libopenmpi-dev openmpi-bin).");
  TeamOfOne team;
  return work(team);
}

}  // namespace rcar::tools
