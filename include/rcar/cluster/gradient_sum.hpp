#pragma once
/// Gradients of one batch, summed over the ranks.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "../core/error.hpp"
#include "../train/group_exchange.hpp"
#include "mpi.hpp"
#include "session.hpp"

namespace rcar::cluster {

/// How the groups' gradients are added: in the order in which one process adds them, which gives its bits, or as MPI
/// likes, which moves fewer bytes and changes last bits.
enum class Reduction { ordered, fast };

/// Throws UsageError for another word.
inline Reduction parse_reduction(const std::string& word) {
  if (word == "ordered") return Reduction::ordered;
  if (word == "fast") return Reduction::fast;
  throw UsageError("There is no reduction " + quoted(word) + "; choose ordered or fast.");
}

/// Groups are divided evenly, in order. Ordered: each rank receives its slice of the parameters of every group, adds
/// them in the groups' order, and all slices are gathered. A rank sends its groups' gradients once and receives as much
/// for its slice, and then every other slice.
class GradientSum final : public GroupExchange {
 public:
  explicit GradientSum(const Session& session, Reduction reduction = Reduction::ordered)
      : communicator_(session.communicator()),
        rank_(static_cast<std::size_t>(session.rank())),
        ranks_(static_cast<std::size_t>(session.ranks())),
        reduction_(reduction) {}

  ItemRange share(std::size_t groups) const override { return share_of(rank_, ranks_, groups); }

  std::string order() const override {
    return reduction_ == Reduction::ordered ? in_order : "by MPI, of " + std::to_string(ranks_) + " ranks";
  }

  void meet(const GroupSums& sums) override {
    gather_clips(sums);
    if (reduction_ == Reduction::ordered)
      add_in_order(sums);
    else
      add_by_mpi(sums);
  }

 private:
  ItemRange clips_of(std::size_t rank, const GroupSums& sums) const {
    const ItemRange groups = share_of(rank, ranks_, sums.groups());
    return {std::min(groups.first * sums.group_clips, sums.clips), std::min(groups.end * sums.group_clips, sums.clips)};
  }
  ItemRange slice_of(std::size_t rank, const GroupSums& sums) const { return share_of(rank, ranks_, sums.parameters); }

  /// Counts and places of an exchange in which `count_of(rank)` floats belong to each rank, one after another.
  struct Layout {
    std::vector<int> counts, places;

    template <class CountOf>
    void set(std::size_t ranks, CountOf count_of) {
      counts.resize(ranks);
      places.resize(ranks);
      std::size_t place = 0;
      for (std::size_t rank = 0; rank < ranks; place += count_of(rank), ++rank) {
        counts[rank] = static_cast<int>(count_of(rank));
        places[rank] = static_cast<int>(place);
      }
    }
  };

  /// Losses, and whether they were right, of each rank's clips.
  void gather_clips(const GroupSums& sums) {
    outcomes_.resize(2 * sums.clips);
    received_.set(ranks_, [&](std::size_t rank) { return 2 * clips_of(rank, sums).count(); });
    const ItemRange mine = clips_of(rank_, sums);
    for (std::size_t i = mine.first; i < mine.end; ++i) {
      outcomes_[2 * i] = sums.losses[i];
      outcomes_[2 * i + 1] = sums.correct[i];
    }
    MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, outcomes_.data(), received_.counts.data(),
                   received_.places.data(), MPI_FLOAT, communicator_);
    for (std::size_t i = 0; i < sums.clips; ++i) {
      sums.losses[i] = outcomes_[2 * i];
      sums.correct[i] = outcomes_[2 * i + 1] != 0;
    }
  }

  void add_in_order(const GroupSums& sums) {
    const ItemRange mine = share(sums.groups()), slice = slice_of(rank_, sums);
    sent_.set(ranks_, [&](std::size_t rank) { return mine.count() * slice_of(rank, sums).count(); });
    outgoing_.resize(mine.count() * sums.parameters);
    float* out = outgoing_.data();
    for (std::size_t rank = 0; rank < ranks_; ++rank)
      for (std::size_t group = mine.first; group < mine.end; ++group) {
        const ItemRange of = slice_of(rank, sums);
        out = std::copy_n(sums.gradients + group * sums.stride + of.first, of.count(), out);
      }
    received_.set(ranks_,
                  [&](std::size_t rank) { return share_of(rank, ranks_, sums.groups()).count() * slice.count(); });
    incoming_.resize(sums.groups() * slice.count());  // (groups, slice)
    MPI_Alltoallv(outgoing_.data(), sent_.counts.data(), sent_.places.data(), MPI_FLOAT, incoming_.data(),
                  received_.counts.data(), received_.places.data(), MPI_FLOAT, communicator_);
    for (std::size_t group = 1; group < sums.groups(); ++group)
      sums.add(slice.count(), incoming_.data() + group * slice.count(), incoming_.data());

    received_.set(ranks_, [&](std::size_t rank) { return slice_of(rank, sums).count(); });
    MPI_Allgatherv(incoming_.data(), static_cast<int>(slice.count()), MPI_FLOAT, sums.gradients,
                   received_.counts.data(), received_.places.data(), MPI_FLOAT, communicator_);
  }

  void add_by_mpi(const GroupSums& sums) {
    const ItemRange mine = share(sums.groups());
    outgoing_.assign(sums.parameters, 0.0f);
    for (std::size_t group = mine.first; group < mine.end; ++group)
      sums.add(sums.parameters, sums.gradients + group * sums.stride, outgoing_.data());
    MPI_Allreduce(outgoing_.data(), sums.gradients, static_cast<int>(sums.parameters), MPI_FLOAT, MPI_SUM,
                  communicator_);
  }

  MPI_Comm communicator_;
  const std::size_t rank_, ranks_;
  const Reduction reduction_;
  Layout sent_, received_;
  std::vector<float> outgoing_, incoming_, outcomes_;
};

}  // namespace rcar::cluster
