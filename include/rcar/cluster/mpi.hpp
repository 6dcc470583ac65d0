#pragma once
/// The one place that includes MPI, by its C interface.

#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1
#endif
#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <span>
#include <thread>

namespace rcar::cluster {

/// Waits for a request asleep: MPI's own waiting takes a whole core, which other ranks may compute on.
inline void wait_asleep(MPI_Request request) {
  for (int done = 0, pauses = 0;; ++pauses) {
    MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (done) return;
    std::this_thread::sleep_for(std::chrono::microseconds(pauses < 100 ? 50 : 1000));
  }
}

/// Gives every rank what rank 0 has, in pieces that MPI can count.
inline void broadcast_bytes(std::span<std::byte> bytes, MPI_Comm communicator) {
  constexpr std::size_t piece = std::size_t{1} << 28;
  for (std::size_t done = 0; done < bytes.size(); done += piece)
    MPI_Bcast(bytes.data() + done, static_cast<int>(std::min(piece, bytes.size() - done)), MPI_BYTE, 0, communicator);
}

}  // namespace rcar::cluster
