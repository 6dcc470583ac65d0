#pragma once
/// Whether this process is one of several that mpirun started, as its environment says; no MPI is needed to know.

#include <cstdlib>
#include <initializer_list>

namespace rcar::cluster {

/// This process's number among those that mpirun, or Slurm's srun, started together: -1 when it was started alone.
inline int launched_rank() {
  for (const char* const name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"})
    if (const char* const rank = std::getenv(name); rank && *rank) return std::atoi(rank);
  return -1;
}

}  // namespace rcar::cluster
