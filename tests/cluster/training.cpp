// One head trained by all ranks that mpirun started, on features drawn by a formula; the first rank writes the head's
// values and the losses of every epoch.
//   training OUT ordered|fast CLIPS BATCH   (alone, or under mpirun)
//   training OUT fail RANK                  the ranks of number RANK and above throw; the others wait for them
//   training OUT differ RANK                rank RANK brings other clips

#include <cstddef>
#include <exception>
#include <fstream>
#include <rcar/backend/default.hpp>
#include <rcar/cluster/gradient_sum.hpp>
#include <rcar/cluster/session.hpp>
#include <rcar/heads/sequence_head.hpp>
#include <rcar/train/fit.hpp>
#include <string>
#include <vector>

#include "tests/support/toy_features.hpp"

namespace {

using Head = rcar::SequenceHead<40, 6, rcar::LSTM, rcar::backend::Default>;

void train(rcar::cluster::Session& session, const std::string& out, const std::string& reduction, std::size_t clips,
           int batch) {
  rcar::cluster::GradientSum sum(session, rcar::cluster::parse_reduction(reduction));
  const auto set = rcar::test::random_features(clips, 6, 40, 3),
             validation = rcar::test::random_features(9, 6, 40, 3, 2);
  Head head(3, 5);
  rcar::FitOptions options{.epochs = 6, .batch_size = batch};
  if (!session.alone()) options.exchange = &sum;
  const rcar::History history = rcar::fit(head, set, validation, options);
  if (!session.first()) return;
  std::ofstream file(out, std::ios::binary);
  const std::vector<float> values = head.values();
  file.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(float)));
  for (const auto& column : {history.loss, history.accuracy, history.val_loss})
    file.write(reinterpret_cast<const char*>(column.data()),
               static_cast<std::streamsize>(column.size() * sizeof(double)));
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 3) return 2;
  rcar::cluster::Session session;
  try {
    if (words[1] == "fail") {
      if (session.rank() >= std::stoi(words[2])) throw rcar::DataError("There is no clip.");
      session.wait_for_all();
    } else if (words[1] == "differ") {
      session.require_same(session.rank() == std::stoi(words[2]) ? "other" : "same", "The lists");
    } else {
      train(session, words[0], words[1], std::stoul(words[2]), std::stoi(words[3]));
    }
    session.leave();
  } catch (const std::exception& error) {
    session.fail(error.what(), 1);
  }
  return 0;
}
