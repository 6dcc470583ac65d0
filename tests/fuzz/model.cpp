// Model files, up to a head that has taken its parameters. What is read and written again is the same model.

#include <rcar/backend/reference.hpp>
#include <rcar/heads/cell.hpp>
#include <rcar/heads/original.hpp>
#include <rcar/heads/sequence_head.hpp>
#include <rcar/model_file.hpp>

#include "safetensors_text.hpp"
#include "target.hpp"

namespace rcar::fuzz {
namespace {

weights::Store store_of(const OwnBytes& own) {
  try {
    return weights::parse_safetensors(own.bytes(), own.owner(), "model.rcar", "train again");
  } catch (const WeightsError& error) {
    throw ModelError(error.what());
  }
}

/// The head that the file's words describe takes its parameters and gives them back.
template <class Cell>
void load_head(const ModelFile& model) {
  using Head = SequenceHead<4, 3, Cell, backend::Reference>;
  if (model.cell != Cell::name || model.classes.size() > 1000) return;
  Head head(static_cast<int>(model.classes.size()));
  if (taken_unless_refused([&] { head.load(model.parameters); }) == Outcome::refused) return;
  weights::Store back;
  head.store(back);
  for (const weights::Tensor& tensor : back.tensors()) {
    const auto read = model.parameters.find(tensor.name)->values;
    law(std::memcmp(read.data(), tensor.values.data(), read.size_bytes()) == 0, "a head keeps its parameters");
  }
}

Outcome read(std::string_view input) {
  const OwnBytes own(input);
  return taken_unless_refused([&] {
    const ModelFile model = model_in(store_of(own), "model.rcar");
    law(model.classes.size() >= 2, "a model has two classes or more");
    weights::Store again = model.parameters;
    again.metadata = model_metadata(model);
    const ModelFile second = model_in(again, "again.rcar");
    law(model_metadata(second) == again.metadata, "a model that was written reads back as the same");
    load_head<GRU>(model);
    load_head<LSTM>(model);
  });
}

std::string mend(std::string_view input) {
  return mended_safetensors(input, [](weights::Store& store) {
    store.metadata["head_sha256"] = weights::weights_hash(store);
    store.metadata["checksum"] = weights::file_checksum(store);
  });
}

const Registered target({"model", "", read, 300, std::size_t{1} << 20, mend});

}  // namespace
}  // namespace rcar::fuzz
